// The operator's settings for the source. One has a field once the source is known to read it.
import { element } from "./dom.js";
import { labelled, lightFields, secretField, textField } from "./fields.js";

export class SettingsBox {
  part = "config";
  #onEdit;
  #fields = new Map();
  #hidden = {};

  constructor(onEdit) {
    this.#onEdit = onEdit;
    this.root = element("details", {}, element("summary", {}, "Settings"));
  }

  get values() {
    const filled = [...this.#fields].filter(([, input]) => input.value !== "");
    const shown = filled.map(([name, input]) => [name, jsonOrText(input.value)]);
    return { ...this.#hidden, ...Object.fromEntries(shown) };
  }

  set values(values) {
    const names = [...this.#fields.keys()];
    this.#hidden = { ...values };
    this.#fields.clear();
    for (const field of this.root.querySelectorAll("label")) field.remove();
    this.show(names);
    this.root.open ||= Object.keys(values).length > 0;
  }

  // Shows a field for each of these settings, and for each that has a value.
  show(names) {
    const wanted = new Set([...names, ...Object.keys(this.#hidden)]);
    for (const name of wanted) if (!this.#fields.has(name)) this.#add(name);
  }

  light(name) {
    lightFields(this.root, (row) => row.dataset.name === name);
  }

  #add(name) {
    const placeholder = name === "redact" ? "off, secrets or pii" : "";
    const attributes = { placeholder, "aria-label": name, oninput: this.#onEdit };
    const isSecret = name === "signing_secret";
    const secret = isSecret ? secretField(name, attributes) : null;
    const input = secret?.input ?? textField(attributes);
    input.value = asText(this.#hidden[name]);
    delete this.#hidden[name];
    this.#fields.set(name, input);
    this.root.append(labelled(name, name, secret?.root ?? input));
  }
}

function asText(value) {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

// As --set does: what parses as JSON is JSON, else it is text.
function jsonOrText(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
