// Headers or query values, which may have any name and come several times.
import { element, setText } from "./dom.js";
import { lightFields, textField } from "./fields.js";

export class PairsBox {
  #noun;
  #onEdit;
  #rows = element("div");
  #count = element("span", { class: "soft" });

  // `part` is "headers" or "query"; `addition` names what the button below adds.
  constructor(part, title, addition, onEdit) {
    this.part = part;
    this.#noun = part === "headers" ? "Header" : "Query";
    this.#onEdit = onEdit;
    const onclick = () => this.#add("", "").querySelector("input").focus();
    const add = element("button", { class: "plain", onclick }, `+ ${addition}`);
    const summary = element("summary", {}, title, " ", this.#count);
    this.root = element("details", {}, summary, this.#rows, add);
  }

  get values() {
    const values = Object.create(null);  // a header may be called "constructor"
    for (const row of this.#rows.children) {
      const [name, value] = [...row.querySelectorAll("input")].map((input) => input.value);
      if (name) values[name] = name in values ? [values[name], value].flat() : value;
    }
    return values;
  }

  set values(values) {
    this.#rows.replaceChildren();
    for (const [name, value] of Object.entries(values)) {
      for (const text of [value].flat()) this.#add(name, text);
    }
    this.#showCount();
    this.root.open ||= this.#rows.childElementCount > 0;
  }

  light(name) {
    lightFields(this.root, (row) => {
      const own = row.querySelector("input").value;
      return (this.part === "headers" ? own.toLowerCase() : own) === name;
    });
  }

  #add(name, value) {
    const row = element("div", { class: "pair", "data-name": "" },
      this.#field("name", name),
      this.#field("value", value),
      element("button", {
        class: "plain",
        "aria-label": "Remove",
        title: "Remove",
        onclick: () => this.#remove(row),
      }, "×"));
    this.#rows.append(row);
    return row;
  }

  #field(kind, text) {
    const oninput = () => this.#changed();
    return textField({ "aria-label": `${this.#noun} ${kind}`, placeholder: kind, oninput }, text);
  }

  #remove(row) {
    const next = row.nextElementSibling ?? row.previousElementSibling ?? this.root;
    row.remove();
    this.#changed();
    next.querySelector("input, summary").focus();
  }

  #changed() {
    this.#showCount();
    this.#onEdit();
  }

  #showCount() {
    setText(this.#count, String(Object.keys(this.values).length || ""));
  }
}
