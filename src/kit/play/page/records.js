// Draws what became of one record: its events, the rules that did not match it, and what is in no event.
import { element, plural } from "./dom.js";
import { drawEvent } from "./events.js";
import { setOrigin } from "./origins.js";

// Returns the element, or null if there is nothing to say; `number` is 0 for the only record.
export function drawRecord(record, number, goTo) {
  const parts = [
    ...record.events.filter(({ event }) => event).map((event) => drawEvent(event, goTo)),
    ...record.events.filter(({ event }) => !event).map(failedEvent),
    ...unmetRules(record),
    ...(record.unused.length ? [unusedValues(record.unused)] : []),
  ];
  if (!parts.length) return null;
  return element("section", { class: "record" }, number ? heading(record.place, number) : null, parts);
}

export function drawRejection({ rule, reason, place }) {
  const where = place.line ? `line ${place.line} ${place.at}` : place.at;
  const at = where ? element("code", { class: "soft" }, ` ${where}`) : null;
  const button = element("button", { class: "plain" }, reason, at);
  const title = element("p", { class: "line" },
    element("span", { class: "type bad" }, "rejected"), element("code", { class: "push" }, rule));
  const origin = { path: place.at || "the body", row: null, places: [place], text: reason };
  return element("article", { class: "rejection" }, title, setOrigin(button, origin));
}

function heading(place, number) {
  const where = place.line ? `line ${place.line}` : place.at || "/";
  return element("h3", {}, `Record ${number} `, element("code", { class: "soft" }, where));
}

function failedEvent({ rule, reason }) {
  return element("p", { class: "soft line" }, `${rule}: ${reason}`);
}

function unmetRules({ result, rules }) {
  const unmet = rules.filter((rule) => rule.unmet);
  if (!unmet.length || !["unmatched", "dropped"].includes(result)) return [];
  const title = result === "dropped" ? "Dropped: no rule matches." : "No rule matches:";
  const items = unmet.map((rule) => {
    return element("li", {}, element("code", {}, rule.label), ` (line ${rule.line}): ${rule.unmet}`);
  });
  return [element("p", { class: "line" }, title), element("ul", { class: "rules" }, items)];
}

function unusedValues(unused) {
  const title = `${plural(unused.length, "value")} in no event`;
  const items = unused.map((value) => element("li", {}, unusedValue(value)));
  return element("details", { class: "unused" },
    element("summary", {}, title), element("ul", { class: "values" }, items));
}

function unusedValue({ path, reason, line, places }) {
  const parts = [element("code", {}, path), ` ${reason}`];
  const button = element("button", { class: "plain", tabindex: "-1" }, parts);
  return setOrigin(button, { path, row: null, places, text: line ? `line ${line}: ${reason}` : reason });
}
