// A text field with line numbers, colours and marks: the lines are drawn behind a transparent textarea,
// and both wrap at the same places.
import { CodeLines } from "./code_lines.js";
import { element } from "./dom.js";
import { findValue, parseText } from "./json_text.js";

const MARGIN = 60;
const light = globalThis.Highlight ? new Highlight() : new Set();
if (globalThis.Highlight) CSS.highlights.set("light", light);

export class Editor {
  #lines = new CodeLines();
  #code;
  #marks = [];
  #documents = null;
  #litLines = [];
  #litRanges = [];

  constructor(label, onInput) {
    this.area = element("textarea", {
      "aria-label": label,
      spellcheck: "false",
      autocapitalize: "off",
      autocomplete: "off",
      oninput: () => {
        this.#changed();
        onInput();
      },
    });
    this.#code = element("div", { class: "code" }, this.#lines.root, this.area);
    this.root = element("div", { class: "editor" }, this.#code);
    this.#changed();
  }

  get text() { return this.area.value; }

  set text(text) {
    if (text === this.area.value) return;
    this.area.value = text;
    this.#changed();
  }

  // Marks lines, each with a class and a message: [{ line, kind, message }].
  mark(marks) {
    this.#marks = marks;
    this.#lines.mark(marks);
  }

  // Lights up what a pointer leads to in the document that begins on a line, or in the first one.
  lightValue(pointer, line = null) {
    const span = this.#find(pointer, line);
    if (!span) return;
    const range = this.#lines.range(span);
    light.add(range);
    this.#litRanges.push(range);
    this.#reveal(span.start);
  }

  // Lights up the lines of what a pointer leads to.
  lightLines(pointer) {
    const span = this.#find(pointer);
    if (!span) return;
    this.#litLines = this.#lines.linesOf(span);
    for (const line of this.#litLines) line.classList.add("lit");
    this.#reveal(span.start);
  }

  unlight() {
    for (const range of this.#litRanges.splice(0)) light.delete(range);
    for (const line of this.#litLines.splice(0)) line.classList.remove("lit");
  }

  // Puts the cursor where a pointer leads, or at the start of a line.
  goTo({ pointer = null, line = 1 }) {
    const span = pointer === null ? null : this.#find(pointer);
    const offset = span?.start ?? this.#lines.startOf(line);
    this.area.focus({ preventScroll: true });
    this.area.setSelectionRange(offset, offset);
    this.#reveal(offset);
  }

  lineOf(pointer) {
    const span = this.#find(pointer);
    return span ? this.#lines.lineAt(span.start) : 1;
  }

  #find(pointer, line = null) {
    this.#documents ??= parseText(this.text);
    return findValue(this.#documents, pointer, line);
  }

  #changed() {
    this.unlight();
    this.#documents = null;
    this.#lines.draw(this.text);
    this.#lines.mark(this.#marks);
    this.#code.style.setProperty("--digits", String(this.#lines.count).length);
  }

  #reveal(offset) {
    const { top } = this.#lines.box(offset), view = this.root.getBoundingClientRect();
    const isSeen = top >= view.top && top <= view.bottom - MARGIN;
    if (!isSeen) this.root.scrollTop += top - view.top - view.height / 3;
  }
}
