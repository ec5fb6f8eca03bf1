// The request: its body, and what comes with it as fields.
import { CallBox } from "./call_box.js";
import { $ } from "./dom.js";
import { Editor } from "./editor.js";
import { formatText } from "./json_text.js";
import { PairsBox } from "./pairs_box.js";
import { SettingsBox } from "./settings_box.js";

export class RequestPanel {
  #headers;
  #query;
  #settings;
  #call;

  // `onEdit` is called when the user edits any part of the request.
  constructor(onEdit) {
    this.body = new Editor("Request body", onEdit);
    this.#headers = new PairsBox("headers", "Headers", "header", onEdit);
    this.#query = new PairsBox("query", "Query", "query value", onEdit);
    this.#settings = new SettingsBox(onEdit);
    this.#call = new CallBox(onEdit);
    $("body").append(this.body.root);
    $("fields").append(...this.#boxes.map(({ root }) => root));
    $("format").addEventListener("click", () => {
      this.body.text = formatText(this.body.text);
      onEdit();
    });
  }

  get value() {
    return {
      body: this.body.text,
      headers: this.#headers.values,
      query: this.#query.values,
      config: this.#settings.values,
      ...this.#call.values,
    };
  }

  set value(request) {
    this.body.text = request.body;
    this.#headers.values = request.headers ?? {};
    this.#query.values = request.query ?? {};
    this.#settings.values = request.config ?? {};
    this.#call.values = request;
  }

  // Shows a field for each setting that the source reads.
  showSettings(names, isSigned) {
    this.#settings.show(isSigned ? [...names, "signing_secret"] : names);
  }

  // Lights up a place that a value is from.
  light({ part, at, line }) {
    if (part === "body") this.body.lightValue(at, line);
    else (this.#boxes.find((box) => box.part === part) ?? this.#call).light(at || part);
  }

  unlight() {
    this.body.unlight();
    for (const lit of $("fields").querySelectorAll(".lit")) lit.classList.remove("lit");
  }

  get #boxes() { return [this.#headers, this.#query, this.#settings, this.#call]; }
}
