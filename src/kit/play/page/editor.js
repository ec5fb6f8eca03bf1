// A text field with line numbers, colours and marks: the text is drawn behind a transparent textarea of the same size.
import { element } from "./dom.js";
import { findValue, parseText } from "./json_text.js";

const COLOURS = ["key", "string", "scalar", "light"];
const highlights = new Map(COLOURS.map((name) => [name, globalThis.Highlight ? new Highlight() : new Set()]));
if (globalThis.Highlight) {
  highlights.get("light").priority = 1;
  for (const [name, highlight] of highlights) CSS.highlights.set(name, highlight);
}

export class Editor {
  #text = new Text();
  #ranges = [];
  #lit = [];
  #parsed = null;
  #lines = element("div", { class: "lines" });
  #gutter = element("div", { class: "gutter", "aria-hidden": "true" });
  #marks = new Map();
  #drawn = "";

  constructor(label, onInput) {
    this.area = element("textarea", {
      "aria-label": label, spellcheck: "false", autocapitalize: "off", autocomplete: "off", wrap: "off",
      oninput: () => { this.#changed(); onInput(); },
    });
    const code = element("div", { class: "code" }, this.#lines, element("pre", { "aria-hidden": "true" }, this.#text, "\n"), this.area);
    this.root = element("div", { class: "editor" }, this.#gutter, code);
    this.#changed();
  }

  get text() { return this.area.value; }

  // Replaces the text; the browser can undo it where the field is shown.
  set text(text) {
    if (text === this.area.value) return;
    this.area.value = text;
    this.#changed();
  }

  // Marks lines, each with a class and a message: [{ line, kind, message }].
  mark(marks) {
    this.#marks = new Map(marks.map((mark) => [`${mark.line} ${mark.kind} ${mark.message}`, mark]));
    this.#drawMarks();
  }

  // Lights up what a pointer leads to, and shows it; false if there is nothing.
  light(pointer, line = null, wholeLines = false) {
    const span = findValue(this.#parsed, pointer, line);
    if (!span) return false;
    if (wholeLines) {
      const [first, last] = [this.#lineAt(span.start), this.#lineAt(span.end)];
      const box = element("div", { class: "row lit" });
      box.style.setProperty("--line", first);
      box.style.setProperty("--count", last - first + 1);
      this.#lines.append(box);
      this.#lit.push(() => box.remove());
    } else {
      const range = this.#range(span), light = highlights.get("light");
      light.add(range);
      this.#lit.push(() => light.delete(range));
    }
    this.reveal(span.start);
    return true;
  }

  unlight() {
    for (const undo of this.#lit.splice(0)) undo();
  }

  reveal(offset) {
    const height = parseFloat(getComputedStyle(this.root).getPropertyValue("--line-height"));
    const top = (this.#lineAt(offset) - 1) * height, { scrollTop, clientHeight } = this.root;
    if (top < scrollTop || top > scrollTop + clientHeight - 3 * height) this.root.scrollTop = top - clientHeight / 3;
  }

  // Puts the cursor where a pointer leads, or at the start of a line.
  goTo({ pointer = null, line = null }) {
    const span = pointer === null ? null : findValue(this.#parsed, pointer);
    const offset = span?.start ?? this.text.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    this.area.focus({ preventScroll: true });
    this.area.setSelectionRange(offset, offset);
    this.reveal(offset);
    this.root.scrollLeft = 0;
  }

  lineOf(pointer) {
    const span = findValue(this.#parsed, pointer);
    return span ? this.#lineAt(span.start) : 1;
  }

  #changed() {
    this.unlight();
    for (const [name, range] of this.#ranges.splice(0)) highlights.get(name).delete(range);
    this.#text.data = this.text;
    this.#parsed = parseText(this.text);
    for (const token of this.#parsed.tokens) {
      const range = this.#range(token);
      highlights.get(token.kind).add(range);
      this.#ranges.push([token.kind, range]);
    }
    this.#drawMarks();
  }

  #drawMarks() {
    const lines = this.text.split("\n"), count = lines.length;
    const byLine = Map.groupBy([...this.#marks.values()].filter(({ line }) => line <= count), ({ line }) => line);
    this.#drawGutter(count, byLine);
    for (const box of this.#lines.querySelectorAll(".mark")) box.remove();
    for (const [line, marks] of byLine) {
      const error = marks.find(({ kind }) => kind === "error");
      if (!error) continue;
      const box = element("div", { class: "row mark error" }, element("span", {}, error.message));
      box.style.setProperty("--line", line);
      box.style.setProperty("--length", lines[line - 1].length);
      this.#lines.append(box);
    }
  }

  // A long text has many lines: they are drawn again only where they change.
  #drawGutter(count, byLine) {
    const wanted = `${count} ${[...this.#marks.keys()]}`;
    if (wanted === this.#drawn) return;
    this.#drawn = wanted;
    this.#gutter.replaceChildren(...Array.from({ length: count }, (_, index) => {
      const marks = byLine.get(index + 1) ?? [];
      const kinds = marks.map(({ kind }) => kind).join(" "), title = marks.map(({ message }) => message).join("\n");
      return element("span", { class: kinds || null, title: title || null }, String(index + 1));
    }));
  }

  #range({ start, end }) {
    const length = this.#text.length;
    return new StaticRange({
      startContainer: this.#text, startOffset: Math.min(start, length), endContainer: this.#text, endOffset: Math.min(end, length),
    });
  }

  #lineAt(offset) {
    let line = 1;
    for (let at = this.text.indexOf("\n"); at >= 0 && at < offset; at = this.text.indexOf("\n", at + 1)) line++;
    return line;
  }
}
