// Lists the fixtures of the source. The one that is chosen fills the request;
// what was typed there stays in the list.
import { call } from "./api.js";
import { $, element, replaceChildren, setText } from "./dom.js";

const BLANK = { body: "{\n}\n" };

export class FixtureList {
  // Whether the request was edited since it was filled.
  isEdited = false;

  #source;
  #request;
  #onFill;
  #names = [];
  #typed = new Map();
  #chosen = "";

  constructor(source, request, onFill) {
    this.#source = source;
    this.#request = request;
    this.#onFill = onFill;
    $("fixture").addEventListener("change", () => this.open($("fixture").value));
  }

  // Fills the request with a fixture, or leaves it blank if there is none.
  async start(names, name) {
    this.#names = names;
    this.#request.value = BLANK;
    this.#draw();
    if (name) await this.open(name);
  }

  async open(choice) {
    if (!choice) return;
    setText($("trouble"), "");
    try {
      const request = this.#typed.get(choice) ?? await this.#read(choice);
      this.#keepTyped();
      this.#request.value = request;
      this.#select(choice);
      this.#onFill();
    } catch (error) {
      setText($("trouble"), error.message);
      this.#draw();
    }
  }

  // Lists a fixture that the request was just kept as.
  added(names, name) {
    this.#names = names;
    this.#select(name);
  }

  #read(name) {
    return call("fixture", { source: this.#source, name });
  }

  #keepTyped() {
    if (!this.isEdited) return;
    const count = this.#typed.size;
    const title = count ? `What you typed (${count + 1})` : "What you typed";
    this.#typed.set(this.#typed.has(this.#chosen) ? this.#chosen : title, this.#request.value);
  }

  #select(choice) {
    this.#chosen = choice;
    this.isEdited = false;
    this.#draw();
  }

  #draw() {
    const first = this.#names.length ? "Choose a fixture" : "No fixture yet";
    const option = (value, text = value) => {
      return element("option", { value, selected: value === this.#chosen }, text);
    };
    const choices = [...this.#names, ...this.#typed.keys()];
    replaceChildren($("fixture"), [option("", first), choices.map((choice) => option(choice))]);
    $("fixture").disabled = !this.#names.length;
  }
}
