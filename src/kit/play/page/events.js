// Draws an event, each of whose values knows its origin.
import { element } from "./dom.js";
import { setOrigin } from "./origins.js";

// Members of the longest list or object that are drawn: thousands would keep the page from answering.
const MAX_MEMBERS = 200;

// The scalars of an event are JSON texts, because a number may be longer than JavaScript can hold.
export function drawEvent({ rule, line, event, rows, origins }, goTo) {
  const type = JSON.parse(event.type);
  const name = { group: event.groupId }[type] ?? event.event ?? event.name ?? '""';
  const toRule = element("button", {
    class: "plain soft push",
    title: "Go to the rule",
    onclick: () => goTo({ line }),
  }, `rule ${rule}, line ${line}`);
  const title = element("p", { class: "line" },
    element("span", { class: `type ${type}` }, type), element("strong", {}, asName(name)), toRule);
  const label = `Values of the ${type} event; the arrow keys move`;
  const values = element("div", { class: "values", role: "group", "aria-label": label });
  values.append(...drawValue(event, "", (path) => originAt(path, rows, origins)));
  return element("article", { class: "event" }, title, values);
}

function originAt(path, rows, origins) {
  const origin = origins[path];
  const row = origin ? rows[origin.row] : null;
  return { path, row, places: origin?.places ?? [], isAdded: !origin };
}

function drawValue(value, path, findOrigin) {
  if (typeof value !== "object") return [drawScalar(value, findOrigin(path))];
  const isList = Array.isArray(value), [opening, closing] = isList ? "[]" : "{}";
  const entries = Object.entries(value), more = entries.length - MAX_MEMBERS;
  const members = entries.slice(0, MAX_MEMBERS).map(([key, member]) => {
    const name = isList ? [] : [element("span", { class: "key" }, JSON.stringify(key)), ": "];
    const inner = drawValue(member, path === "" ? key : `${path}.${key}`, findOrigin);
    return element("div", { class: "member" }, name, inner);
  });
  const rest = more > 0 ? [element("div", { class: "member soft" }, `… and ${more} more`)] : [];
  return [opening, ...members, ...rest, closing];
}

function drawScalar(text, origin) {
  const kind = text[0] === '"' ? "string" : "scalar";
  const button = element("button", { class: `value ${origin.isAdded ? "added" : kind}`, tabindex: "-1" }, text);
  return setOrigin(button, origin);
}

function asName(text) {
  return typeof text === "string" && text[0] === '"' ? JSON.parse(text) : String(text);
}
