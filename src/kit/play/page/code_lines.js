// The lines of a text as they are drawn: numbered, coloured and marked.
// A line that has not changed is not drawn again.
import { coloured } from "./colours.js";
import { commonEnds } from "./diff.js";
import { element, replaceChildren } from "./dom.js";

const MARKS = ["error", "advice", "uncovered"];

export class CodeLines {
  root = element("pre", { "aria-hidden": "true" });
  #texts = [];
  #lines = [];
  #marked = [];

  get count() { return this.#lines.length; }

  draw(text) {
    const before = this.#texts, after = text.split("\n");
    const { start, end } = commonEnds(before, after);
    const stay = Math.max(start, Math.min(before.length, after.length) - end);
    this.#texts = after;
    for (let index = start; index < stay; index++) replaceChildren(this.#lines[index], coloured(after[index]));
    this.#replace(stay, before.length - end, after.slice(stay, after.length - end));
  }

  // Replaces all marks: [{ line, kind, message }], lines counted from 1.
  mark(marks) {
    for (const line of this.#marked.splice(0)) {
      line.classList.remove(...MARKS);
      line.removeAttribute("title");
    }
    const lines = Map.groupBy(marks, ({ line }) => this.#lines[line - 1]);
    lines.delete(undefined);
    for (const [line, found] of lines) {
      line.classList.add(...found.map(({ kind }) => kind));
      line.title = found.map(({ message }) => message).join("\n");
      this.#marked.push(line);
    }
  }

  // The elements of the lines from one offset in the text to another.
  linesOf({ start, end }) {
    return this.#lines.slice(this.#find(start).index, this.#find(end).index + 1);
  }

  range({ start, end }) {
    const range = new Range();
    range.setStart(...this.#node(start));
    range.setEnd(...this.#node(end));
    return range;
  }

  // Where on the screen an offset is.
  box(offset) {
    const range = this.range({ start: offset, end: offset });
    return range.getClientRects()[0] ?? this.#lines[this.#find(offset).index].getBoundingClientRect();
  }

  lineAt(offset) { return this.#find(offset).index + 1; }

  startOf(line) {
    return this.#texts.slice(0, line - 1).reduce((offset, text) => offset + text.length + 1, 0);
  }

  #replace(start, end, texts) {
    for (const line of this.#lines.slice(start, end)) line.remove();
    const added = texts.map((text) => element("div", { class: "code-line" }, coloured(text)));
    const fragment = new DocumentFragment();
    for (const line of added) fragment.append(line);
    this.root.insertBefore(fragment, this.#lines[end] ?? null);
    this.#lines = [...this.#lines.slice(0, start), ...added, ...this.#lines.slice(end)];
  }

  #find(offset) {
    let index = 0, rest = offset;
    while (index < this.#texts.length - 1 && rest > this.#texts[index].length) {
      rest -= this.#texts[index].length + 1;
      index++;
    }
    return { index, rest };
  }

  #node(offset) {
    const { index, rest } = this.#find(offset), line = this.#lines[index];
    const texts = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
    let left = rest;
    while (texts.nextNode()) {
      if (left <= texts.currentNode.length) return [texts.currentNode, left];
      left -= texts.currentNode.length;
    }
    return [line, line.childNodes.length];
  }
}
