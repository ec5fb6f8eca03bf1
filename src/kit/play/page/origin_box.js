// Explains where the value that one points at came from.
import { $, element, replaceChildren } from "./dom.js";

const HINT = "Point at a value, or move to it with Tab and the arrow keys, to see where it came from. "
  + "A click goes to its row.";

export function explainOrigin(origin) {
  replaceChildren($("origin"), origin ? explanation(origin) : [element("p", { class: "soft" }, HINT)]);
}

function explanation({ path, row, text, isAdded }) {
  const code = (shown) => element("code", {}, shown);
  const soft = (shown) => element("code", { class: "soft" }, shown);
  const reads = row?.reads ?? [], changes = row?.changes ?? [];
  return [
    element("p", {}, code(path), row ? ` is written by line ${row.line} of mapping.json` : ""),
    text ? element("p", {}, text) : null,
    isAdded ? element("p", { class: "soft" }, "springhead adds it: no row writes it.") : null,
    ...reads.map(([from, value]) => element("p", {}, "reads ", code(from), " = ", soft(value))),
    ...changes.map(([word, , after]) => element("p", {}, code(word), " → ", soft(after))),
  ];
}
