// What becomes of the request: events, whose values say where they came from, and rejections.
import { $, element, plural, setText } from "./dom.js";

export class OutcomePanel {
  #lights;
  #origins = new Map();
  #current = null;
  #notes = element("div");
  #records = element("div");

  // `lights.show` gets what to light up, or null: { row, places }. `lights.goTo` gets a place in mapping.json.
  constructor(lights) {
    this.#lights = lights;
    const panel = $("outcome");
    panel.append(this.#notes, this.#records);
    panel.addEventListener("mouseover", ({ target }) => this.#point(target.closest("[data-origin]")));
    panel.addEventListener("mouseleave", () => this.#point(panel.contains(document.activeElement) ? document.activeElement.closest("[data-origin]") : null));
    panel.addEventListener("focusin", ({ target }) => this.#point(target.closest("[data-origin]")));
    panel.addEventListener("focusout", ({ relatedTarget }) => { if (!panel.contains(relatedTarget)) this.#point(null); });
    panel.addEventListener("keydown", (event) => this.#move(event));
    panel.addEventListener("click", ({ target }) => this.#go(target.closest("[data-origin]")));
    this.#explain(null);
  }

  // Shows a result. One that says why there is no outcome leaves the last one there, greyed; so does a body that is
  // not JSON, which may be half typed.
  show(result) {
    const reason = result.error ?? result.config_problem ?? (result.problems.length ? `${result.problems[0].file} does not load` : "");
    const isHalfTyped = !reason && !result.events && result.rejections.length > 0 && result.rejections.every(({ rule }) => rule.startsWith("json/"));
    const isStale = Boolean(reason) || isHalfTyped;
    setText($("summary"), reason ? `${reason} (the last outcome is shown)` : summary(result));
    $("summary").title = reason;
    $("summary").classList.toggle("bad", Boolean(reason));
    this.#records.classList.toggle("stale", isStale);
    this.#notes.classList.toggle("stale", Boolean(reason));
    if (!isStale) this.#origins.clear();
    if (!reason) this.#notes.replaceChildren(
      ...(result.refused ? [note("Refused", result.refused)] : []),
      ...(result.reply === null ? [] : [note("Answered with", result.reply)]),
      ...result.rejections.map((rejection) => this.#rejection(rejection)));
    if (isStale) return;
    this.#point(null);
    const several = result.records.length > 1;
    this.#records.replaceChildren(...result.records.flatMap((record, index) => this.#record(record, several ? index + 1 : 0)),
      ...(result.records.length || result.refused ? [] : [element("p", { class: "empty" }, "Nothing came of this request.")]));
    for (const values of this.#records.querySelectorAll(".values")) values.querySelector("[data-origin]")?.setAttribute("tabindex", "0");
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

  // The scalars of an event are JSON texts, because a number may be longer than this language can hold.
  #event({ rule, line, event, rows, origins }) {
    const type = JSON.parse(event.type), name = { group: event.groupId }[type] ?? event.event ?? event.name ?? '""';
    const draw = (value, path) => {
      if (typeof value === "object") {
        const [opening, closing] = Array.isArray(value) ? "[]" : "{}";
        const members = Object.entries(value).map(([key, member]) => element("div", { class: "member" },
          ...(Array.isArray(value) ? [] : [element("span", { class: "key" }, JSON.stringify(key)), ": "]), ...draw(member, path === "" ? key : `${path}.${key}`)));
        return [opening, ...members, closing];
      }
      const origin = origins[path];
      const id = this.#remember({ path, row: origin ? rows[origin.row] : null, places: origin?.places ?? [], isAdded: !origin });
      const kind = !origin ? "added" : value[0] === '"' ? "string" : "scalar";
      return [element("button", { class: `value ${kind}`, tabindex: "-1", "data-origin": id }, value)];
    };
    return element("article", { class: "event" },
      element("p", { class: "line" }, element("span", { class: `type ${type}` }, type), element("strong", {}, asName(name)), element("button", { class: "plain soft push", title: "Go to the rule", onclick: () => this.#lights.goTo({ line }) }, `rule ${rule}, line ${line}`)),
      element("div", { class: "values", role: "group", "aria-label": `Values of the ${type} event; the arrow keys move` }, ...draw(event, "")));
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

const asName = (text) => (typeof text === "string" && text[0] === '"' ? JSON.parse(text) : String(text));

const note = (title, text) => element("p", { class: "line note" }, element("strong", {}, `${title} `), element("code", {}, text));

function summary({ events, rejected, dropped, records, has_more: hasMore, refused }) {
  if (refused) return "refused";
  const part = hasMore ? `; these are of the first ${plural(records.length, "record")}` : "";
  return `${plural(events, "event")}, ${rejected} rejected, ${dropped} dropped${part}`;
}
