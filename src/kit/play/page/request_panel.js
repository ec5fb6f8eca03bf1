// The request: its body, and what comes with it as fields.
import { $, element } from "./dom.js";
import { Editor } from "./editor.js";
import { formatText } from "./json_text.js";

const CALL = [["method", "Method", "POST"], ["url", "URL", "/v1/webhook?…"], ["id", "Request id", ""], ["received_at", "Received at", "epoch seconds"]];

export class RequestPanel {
  #onChange;
  #pairs = { headers: null, query: null };
  #settings = new Map();
  #call = new Map();
  #config = {};

  constructor(onChange) {
    this.#onChange = onChange;
    this.body = new Editor("Request body", onChange);
    $("body").append(this.body.root);
    $("format").addEventListener("click", () => { this.body.text = formatText(this.body.text); onChange(); });
    this.settingsBox = element("details", { "data-part": "config" }, element("summary", {}, "Settings"));
    const fields = CALL.map(([name, label, placeholder]) => this.#field(this.#call, name, label, placeholder));
    $("fields").append(this.#pairsBox("headers", "Headers", "header"), this.#pairsBox("query", "Query", "query value"),
      this.settingsBox, element("details", { "data-part": "call" }, element("summary", {}, "Method, URL, id, time"), ...fields));
  }

  get value() {
    const call = Object.fromEntries([...this.#call].map(([name, input]) => [name, input.value]));
    const received = call.received_at.trim() === "" ? null : Number(call.received_at);
    const settings = [...this.#settings].filter(([, input]) => input.value !== "");
    const config = { ...this.#config, ...Object.fromEntries(settings.map(([name, input]) => [name, jsonOrText(input.value)])) };
    return {
      body: this.body.text, headers: this.#read("headers"), query: this.#read("query"), config,
      method: call.method || "POST", url: call.url, id: call.id, received_at: Number.isFinite(received) ? received : null,
    };
  }

  set value(request) {
    this.body.text = request.body;
    for (const part of ["headers", "query"]) {
      this.#pairs[part].replaceChildren();
      for (const [name, value] of Object.entries(request[part] ?? {})) for (const text of [value].flat()) this.#addPair(part, name, text);
      this.#count(part);
      this.#pairs[part].parentElement.open ||= this.#pairs[part].childElementCount > 0;
    }
    for (const [name, input] of this.#call) input.value = name === "method" && request.method === "POST" ? "" : request[name] ?? "";
    this.#config = { ...request.config };
    const names = [...this.#settings.keys()];
    this.#settings.clear();
    for (const field of this.settingsBox.querySelectorAll("label")) field.remove();
    this.showSettings(names, false);
    this.settingsBox.open ||= Object.keys(request.config ?? {}).length > 0;
  }

  // Shows a field for each setting that the source reads.
  showSettings(names, isSigned) {
    const all = [...new Set([...names, ...(isSigned ? ["signing_secret"] : []), ...Object.keys(this.#config)])];
    for (const name of all) {
      if (this.#settings.has(name)) continue;
      const field = this.#field(this.#settings, name, name, name === "redact" ? "off, secrets or pii" : "");
      const value = this.#config[name];
      this.#settings.get(name).value = value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
      delete this.#config[name];
      this.settingsBox.append(field);
    }
  }

  // Lights up a place that a value is from.
  light({ part, at, line }) {
    if (part === "body") return this.body.light(at, line);
    const box = $("fields").querySelector(`[data-part="${CSS.escape(part)}"]`) ?? $("fields").querySelector('[data-part="call"]');
    box.classList.add("lit");
    for (const row of box.querySelectorAll("[data-name]")) row.classList.toggle("lit", this.#nameOf(row, part) === (at || part));
    return true;
  }

  unlight() {
    this.body.unlight();
    for (const lit of $("fields").querySelectorAll(".lit")) lit.classList.remove("lit");
  }

  #nameOf(row, part) {
    const name = row.matches(".pair") ? row.querySelector("input").value : row.dataset.name;
    return part === "headers" ? name.toLowerCase() : name;
  }

  #field(inputs, name, label, placeholder) {
    const input = element("input", { placeholder, autocomplete: "off", spellcheck: "false", oninput: this.#onChange });
    inputs.set(name, input);
    return element("label", { "data-name": name }, element("span", {}, label), input);
  }

  #pairsBox(part, title, noun) {
    this.#pairs[part] = element("div", {});
    const add = element("button", { class: "plain", onclick: () => { this.#addPair(part, "", "").querySelector("input").focus(); } }, `+ ${noun}`);
    return element("details", { "data-part": part }, element("summary", {}, title, " ", element("span", { class: "soft" })), this.#pairs[part], add);
  }

  #addPair(part, name, value) {
    const changed = () => { this.#count(part); this.#onChange(); };
    const noun = part === "headers" ? "Header" : "Query";
    const input = (label, text) => {
      const field = element("input", { "aria-label": label, placeholder: label.split(" ").at(-1), autocomplete: "off", spellcheck: "false", oninput: changed });
      field.value = text;
      return field;
    };
    const remove = () => {
      const next = row.nextElementSibling ?? row.previousElementSibling ?? row.parentElement.parentElement;
      row.remove();
      changed();
      next.querySelector("input, summary").focus();
    };
    const row = element("div", { class: "pair", "data-name": "" }, input(`${noun} name`, name), input(`${noun} value`, value),
      element("button", { class: "plain", "aria-label": "Remove", title: "Remove", onclick: remove }, "×"));
    this.#pairs[part].append(row);
    return row;
  }

  #read(part) {
    const values = Object.create(null);  // a header may be called "constructor"
    for (const row of this.#pairs[part].children) {
      const [name, value] = [...row.querySelectorAll("input")].map((input) => input.value);
      if (name) values[name] = name in values ? [values[name], value].flat() : value;
    }
    return values;
  }

  #count(part) {
    const count = Object.keys(this.#read(part)).length;
    this.#pairs[part].parentElement.querySelector("summary span").textContent = count ? String(count) : "";
  }
}

// As --set does: what parses as JSON is JSON, else it is text.
function jsonOrText(text) {
  try { return JSON.parse(text); } catch { return text; }
}
