// Colours a line of JSON, whatever state it is in.
import { element } from "./dom.js";

const TOKEN = /"(?:[^"\\]|\\.)*"?|[^\s{}[\],:"]+/g;
// Characters of the longest line that is coloured: a longer one is drawn again with each key typed.
const MAX_LENGTH = 5_000;

// Returns the parts of a line: texts, and elements of the classes key, string and scalar.
export function coloured(line) {
  if (line.length > MAX_LENGTH) return [line];
  const parts = [];
  let end = 0;
  for (const { 0: token, index } of line.matchAll(TOKEN)) {
    parts.push(line.slice(end, index));
    end = index + token.length;
    parts.push(element("span", { class: kindOf(token, line.slice(end)) }, token));
  }
  return [...parts, line.slice(end)];
}

function kindOf(token, rest) {
  if (token[0] !== '"') return "scalar";
  return rest.trimStart()[0] === ":" ? "key" : "string";
}
