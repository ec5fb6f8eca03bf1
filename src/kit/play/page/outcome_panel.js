// What becomes of the request: events, whose values say where they came from, and rejections.
import { $, element, plural, setText } from "./dom.js";

export class OutcomePanel {
  #lights;
  #origins = new Map();
  #current = null;

  // `lights.show` gets what to light up, or null: { row, places }. `lights.goTo` gets a place in mapping.json.
  constructor(lights) {
    this.#lights = lights;
    const panel = $("outcome");
    panel.addEventListener("mouseover", ({ target }) => this.#point(target.closest("[data-origin]")));
    panel.addEventListener("mouseleave", () => this.#point(panel.contains(document.activeElement) ? document.activeElement.closest("[data-origin]") : null));
    panel.addEventListener("focusin", ({ target }) => this.#point(target.closest("[data-origin]")));
    panel.addEventListener("focusout", ({ relatedTarget }) => { if (!panel.contains(relatedTarget)) this.#point(null); });
    panel.addEventListener("keydown", (event) => this.#move(event));
    panel.addEventListener("click", ({ target }) => this.#go(target.closest("[data-origin]")));
    this.#explain(null);
  }

  // Shows a result. One that says why there is no outcome leaves the last one there, greyed.
  show(result) {
    const isStale = result.problems?.length > 0 || Boolean(result.error) || Boolean(result.config_problem);
    $("outcome").classList.toggle("stale", isStale);
    const reason = result.error ?? result.config_problem ?? (isStale ? `${result.problems[0].file} does not load` : "");
    setText($("summary"), isStale ? `${reason}: this is from before` : summary(result));
    $("summary").classList.toggle("bad", isStale);
    if (isStale) return;
    this.#origins.clear();
    const several = result.records.length > 1;
    $("outcome").replaceChildren(
      ...(result.refused ? [note("Refused", result.refused)] : []),
      ...(result.reply === null ? [] : [note("Answered with", result.reply)]),
      ...result.rejections.map((rejection) => this.#rejection(rejection)),
      ...result.records.flatMap((record, index) => this.#record(record, several ? index + 1 : 0)),
      ...(result.records.length ? [] : [element("p", { class: "empty" }, "Nothing came of this request.")]));
    for (const values of $("outcome").querySelectorAll(".values")) values.querySelector("[data-origin]")?.setAttribute("tabindex", "0");
  }

  #record(record, number) {
    const parts = record.events.filter(({ event }) => event).map((event) => this.#event(event));
    const failed = record.events.filter(({ event }) => !event).map(({ rule, reason }) => element("p", { class: "soft line" }, `${rule}: ${reason}`));
    const tried = record.result === "unmatched" || record.result === "dropped" ? record.rules.filter(({ unmet }) => unmet) : [];
    const rules = tried.map(({ label, line, unmet }) => element("li", {}, element("code", {}, label), ` (line ${line}): ${unmet}`));
    if (!(parts.length + failed.length + rules.length + record.unused.length)) return [];
    return [element("section", { class: "record" },
      ...(number ? [element("h3", {}, `Record ${number} `, element("code", { class: "soft" }, record.place.line ? `line ${record.place.line}` : record.place.at || "/"))] : []),
      ...parts, ...failed,
      ...(rules.length ? [element("p", { class: "line" }, record.result === "dropped" ? "Dropped: no rule matches." : "No rule matches:"), element("ul", { class: "rules" }, ...rules)] : []),
      ...(record.unused.length ? [this.#unused(record.unused)] : []))];
  }

  #event({ rule, line, event, integration, rows, origins }) {
    const name = { group: event.groupId }[event.type] ?? event.event ?? event.name ?? "";
    const draw = (value, path) => {
      if (value !== null && typeof value === "object" && Object.keys(value).length) {
        const [opening, closing] = Array.isArray(value) ? "[]" : "{}";
        const members = Object.entries(value).map(([key, member]) => element("div", { class: "member" },
          ...(Array.isArray(value) ? [] : [element("span", { class: "key" }, JSON.stringify(key)), ": "]), ...draw(member, path === "" ? key : `${path}.${key}`)));
        return [opening, ...members, closing];
      }
      const origin = origins[path];
      const id = this.#remember({ path, ...origin, row: origin ? rows[origin.row] : null, places: origin?.places ?? [], isAdded: !origin, integration });
      return [element("button", { class: `value ${origin ? typeof value : "added"}`, tabindex: "-1", "data-origin": id }, JSON.stringify(value))];
    };
    return element("article", { class: "event" },
      element("p", { class: "line" }, element("span", { class: `type ${event.type}` }, event.type), element("strong", {}, String(name)), element("button", { class: "plain soft push", title: "Go to the rule", onclick: () => this.#lights.goTo({ line }) }, `rule ${rule}, line ${line}`)),
      element("div", { class: "values", role: "group", "aria-label": `Values of the ${event.type} event; the arrow keys move` }, ...draw(event, "")));
  }

  #rejection({ rule, reason, place }) {
    const id = this.#remember({ path: place.at || "the body", row: null, places: [place], text: reason });
    return element("article", { class: "rejection" },
      element("p", { class: "line" }, element("span", { class: "type bad" }, "rejected"), element("code", { class: "push" }, rule)),
      element("button", { class: "plain", "data-origin": id }, reason, ...(place.at || place.line ? [element("code", { class: "soft" }, ` ${place.line ? `line ${place.line} ` : ""}${place.at}`)] : [])));
  }

  #unused(unused) {
    return element("details", { class: "unused" }, element("summary", {}, `${plural(unused.length, "value")} in no event`),
      element("ul", { class: "values" }, ...unused.map(({ path, reason, line, places }) => {
        const id = this.#remember({ path, row: null, places, text: line ? `line ${line}: ${reason}` : reason });
        return element("li", {}, element("button", { class: "plain", tabindex: "-1", "data-origin": id }, element("code", {}, path), ` ${reason}`));
      })));
  }

  #remember(origin) {
    const id = String(this.#origins.size);
    this.#origins.set(id, origin);
    return id;
  }

  #point(target) {
    if (target === this.#current) return;
    this.#current?.classList.remove("lit");
    this.#current = target;
    const origin = target ? this.#origins.get(target.dataset.origin) : null;
    target?.classList.add("lit");
    this.#lights.show(origin ?? null);
    this.#explain(origin ?? null);
  }

  #go(target) {
    const origin = target && this.#origins.get(target.dataset.origin);
    if (origin?.row) this.#lights.goTo({ pointer: origin.row.pointer });
  }

  #move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], values = event.target.closest(".values");
    if (!step || !values) return;
    const all = [...values.querySelectorAll("[data-origin]")], next = all[all.indexOf(event.target) + step];
    event.preventDefault();
    if (!next) return;
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  #explain(origin) {
    const parts = [];
    if (!origin) parts.push(element("p", { class: "soft" }, "Point at a value, or move to it with Tab and the arrow keys, to see where it came from. A click goes to its row."));
    else {
      parts.push(element("p", {}, element("code", {}, origin.path), origin.row ? ` is written by line ${origin.row.line} of mapping.json` : ""));
      if (origin.text) parts.push(element("p", {}, origin.text));
      if (origin.isAdded) parts.push(element("p", { class: "soft" }, "springhead adds it: no row writes it."));
      for (const [path, value] of origin.row?.reads ?? []) parts.push(element("p", {}, "reads ", element("code", {}, path), " = ", element("code", { class: "soft" }, value)));
      for (const [word, , after] of origin.row?.changes ?? []) parts.push(element("p", {}, element("code", {}, word), " → ", element("code", { class: "soft" }, after)));
    }
    $("origin").replaceChildren(...parts);
  }
}

const note = (title, text) => element("p", { class: "line note" }, element("strong", {}, `${title} `), element("code", {}, text));

function summary({ events, rejected, dropped, records, refused }) {
  if (refused) return "refused";
  const more = records.length >= 30 && events > records.length ? `, the first ${records.length} records shown` : "";
  return `${plural(events, "event")}, ${rejected} rejected, ${dropped} dropped${more}`;
}
