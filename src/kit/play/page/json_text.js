// Finds the values in a JSON text by their pointers, also while the text is being edited: what follows a mistake is
// found as well as it can be.
const TOKEN = /"(?:[^"\\\n]|\\.)*"?|[{}[\],:]|[^\s{}[\],:"]+/g;
const MAX_TOKENS = 30_000;

const escaped = (step) => String(step).replaceAll("~", "~0").replaceAll("/", "~1");

function unquoted(text) {
  try { return JSON.parse(text); } catch { return text.slice(1); }
}

// Returns the tokens with their kinds, and the documents in the text: the line each begins on, and the start and end
// of every value in it.
export function parseText(text) {
  const tokens = [], documents = [], open = [];
  let line = 1, counted = 0, document = null, key = null;

  const pointer = () => open.map(({ step }) => `/${escaped(step)}`).join("");
  const begin = (start) => {
    for (; counted < start; counted++) if (text[counted] === "\n") line++;
    if (!open.length) documents.push(document = { line, values: new Map() });
    return pointer();
  };
  const next = () => { const inner = open.at(-1); if (inner?.isList) inner.step++; };

  for (const match of text.matchAll(TOKEN)) {
    const token = match[0], start = match.index, end = start + token.length, inner = open.at(-1);
    if (token === "{" || token === "[") {
      const at = begin(start);
      open.push({ isList: token === "[", step: token === "[" ? 0 : "", at, start, document });
      document.values.set(at, { start, end });
      key = null;
    } else if (token === "}" || token === "]") {
      const closed = open.pop();
      closed?.document.values.set(closed.at, { start: closed.start, end });
    } else if (token === ",") {
      next();
      key = null;
    } else if (token === ":") {
      if (inner && key !== null) inner.step = key;
    } else if (inner && !inner.isList && token[0] === '"' && /^\s*:/.test(text.slice(end, end + 50))) {
      key = unquoted(token);
      tokens.push({ kind: "key", start, end });
    } else {
      begin(start);
      document.values.set(pointer(), { start, end });
      tokens.push({ kind: token[0] === '"' ? "string" : "scalar", start, end });
    }
    if (tokens.length > MAX_TOKENS) break;
  }
  return { tokens, documents };
}

// Lays JSON out, two spaces a level. Its numbers and texts stay as they are, and so does what is not JSON.
export function formatText(text) {
  try { JSON.parse(text); } catch { return text; }
  const parts = [];
  let indent = "\n", last = "";
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "{" || token === "[") parts.push(token, indent += "  ");
    else if (token === "}" || token === "]") {
      indent = indent.slice(0, -2);
      if (last === "{" || last === "[") parts.pop();
      else parts.push(indent);
      parts.push(token);
    } else parts.push(token, ...(token === "," ? [indent] : token === ":" ? [" "] : []));
    last = token;
  }
  return `${parts.join("")}\n`;
}

// Where a pointer leads, or the closest value around that: JSON inside a text is found as the text.
export function findValue(parsed, pointer, line = null) {
  const document = line === null ? parsed.documents[0] : parsed.documents.find((candidate) => candidate.line === line);
  for (let at = pointer; document; at = at.slice(0, at.lastIndexOf("/"))) {
    if (document.values.has(at)) return document.values.get(at);
    if (!at) return null;
  }
  return null;
}
