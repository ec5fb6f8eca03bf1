// Finds the values in a JSON text by their pointers, also while the text is being edited:
// what follows a mistake is found as well as it can be.
const TOKEN = /"(?:[^"\\\n]|\\.)*"?|[{}[\],:]|[^\s{}[\],:"]+/g;

const escaped = (step) => String(step).replaceAll("~", "~0").replaceAll("/", "~1");

function unquoted(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text.slice(1);
  }
}

// Returns the documents in a text: the line each begins on, and the start and end of its values, by pointer.
export function parseText(text) {
  const parser = new Parser();
  let counted = 0;
  for (const { 0: token, index: start } of text.matchAll(TOKEN)) {
    for (; counted < start; counted++) if (text[counted] === "\n") parser.line++;
    parser.read(token, start, isKey(text, start + token.length));
  }
  return parser.documents;
}

const isKey = (text, end) => /^\s*:/.test(text.slice(end, end + 50));

class Parser {
  documents = [];
  line = 1;
  #open = [];
  #key = null;

  read(token, start, isBeforeColon) {
    const end = start + token.length, inner = this.#open.at(-1);
    if (token === "{" || token === "[") this.#opened(token === "[", start, end);
    else if (token === "}" || token === "]") this.#closed(end);
    else if (token === ",") this.#next();
    else if (token === ":") this.#named();
    else if (inner && !inner.isList && token[0] === '"' && isBeforeColon) this.#key = unquoted(token);
    else this.#add(start, end);
  }

  #opened(isList, start, end) {
    const { document, pointer } = this.#add(start, end);
    this.#open.push({ isList, step: isList ? 0 : "", pointer, start, document });
    this.#key = null;
  }

  #closed(end) {
    const closed = this.#open.pop();
    closed?.document.values.set(closed.pointer, { start: closed.start, end });
  }

  #next() {
    const inner = this.#open.at(-1);
    if (inner?.isList) inner.step++;
    this.#key = null;
  }

  #named() {
    const inner = this.#open.at(-1);
    if (inner && this.#key !== null) inner.step = this.#key;
  }

  #add(start, end) {
    const inner = this.#open.at(-1);
    if (!inner) this.documents.push({ line: this.line, values: new Map() });
    const document = this.documents.at(-1);
    const pointer = inner ? `${inner.pointer}/${escaped(inner.step)}` : "";
    document.values.set(pointer, { start, end });
    return { document, pointer };
  }
}

// Lays JSON out, two spaces a level. Its numbers and texts stay as they are, and so does what is not JSON.
export function formatText(text) {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  const parts = [];
  let indent = "\n", last = "";
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "{" || token === "[") {
      indent += "  ";
      parts.push(token, indent);
    } else if (token === "}" || token === "]") {
      indent = indent.slice(0, -2);
      const isEmpty = last === "{" || last === "[";
      if (isEmpty) parts.pop();
      parts.push(...(isEmpty ? [token] : [indent, token]));
    } else if (token === ",") parts.push(token, indent);
    else parts.push(token === ":" ? ": " : token);
    last = token;
  }
  return `${parts.join("")}\n`;
}

// Where a pointer leads, or the closest value around that: JSON inside a text is found as the text.
// It is a pointer in the document that begins on a line, or in the first one.
export function findValue(documents, pointer, line = null) {
  const document = line === null ? documents[0] : documents.find((candidate) => candidate.line === line);
  for (let at = pointer; document; at = at.slice(0, at.lastIndexOf("/"))) {
    if (document.values.has(at)) return document.values.get(at);
    if (!at) return null;
  }
  return null;
}
