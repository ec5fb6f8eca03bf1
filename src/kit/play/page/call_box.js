// What else is known of a call: its method, its URL, its id, and when it came.
import { element } from "./dom.js";
import { labelled, lightFields, textField } from "./fields.js";

const FIELDS = [
  ["method", "Method", "POST"],
  ["url", "URL", "/v1/webhook?…"],
  ["id", "Request id", ""],
  ["received_at", "Received at", "epoch seconds"],
];

export class CallBox {
  part = "call";
  #inputs = new Map();

  constructor(onEdit) {
    this.root = element("details", {}, element("summary", {}, "Method, URL, id, time"));
    for (const [name, label, placeholder] of FIELDS) {
      const input = textField({ placeholder, oninput: onEdit });
      this.#inputs.set(name, input);
      this.root.append(labelled(name, label, input));
    }
  }

  get values() {
    const { method, url, id, received_at: at } = this.#texts;
    const seconds = at.trim() === "" ? NaN : Number(at);
    return { method: method || "POST", url, id, received_at: Number.isFinite(seconds) ? seconds : null };
  }

  set values(values) {
    for (const [name, input] of this.#inputs) input.value = values[name] ?? "";
    if (values.method === "POST") this.#inputs.get("method").value = "";
  }

  light(name) {
    lightFields(this.root, (row) => row.dataset.name === name);
  }

  get #texts() {
    return Object.fromEntries([...this.#inputs].map(([name, input]) => [name, input.value]));
  }
}
