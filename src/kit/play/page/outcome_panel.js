// What becomes of the request: events, whose values say where they came from, and rejections.
import { $, element, plural, replaceChildren, setText } from "./dom.js";
import { explainOrigin } from "./origin_box.js";
import { closestWithOrigin, originOf } from "./origins.js";
import { drawRecord, drawRejection } from "./records.js";

export class OutcomePanel {
  #onPoint;
  #goTo;
  #current = null;
  #notes = element("div");
  #records = element("div");

  // `onPoint` gets the origin of what is pointed at, or null; `goTo` gets a place in mapping.json.
  constructor({ onPoint, goTo }) {
    this.#onPoint = onPoint;
    this.#goTo = goTo;
    $("outcome").append(this.#notes, this.#records);
    this.#listen($("outcome"));
    explainOrigin(null);
  }

  // Shows a result. One that says why there is no outcome leaves the last one there, greyed;
  // so does a body that is not JSON, which may be half typed.
  show(result) {
    const reason = noOutcome(result), isStale = Boolean(reason) || isHalfTyped(result);
    setText($("summary"), reason ? `${reason} (the last outcome is shown)` : summary(result));
    $("summary").title = reason;
    $("summary").classList.toggle("bad", Boolean(reason));
    this.#records.classList.toggle("stale", isStale);
    this.#notes.classList.toggle("stale", Boolean(reason));
    if (!reason) replaceChildren(this.#notes, notes(result));
    if (!isStale) this.#showRecords(result);
  }

  #showRecords({ records, refused }) {
    this.#point(null);
    const isOne = records.length === 1, isNothing = !records.length && !refused;
    const drawn = records.map((record, index) => drawRecord(record, isOne ? 0 : index + 1, this.#goTo));
    const nothing = element("p", { class: "empty" }, "Nothing came of this request.");
    replaceChildren(this.#records, [drawn, isNothing ? nothing : null]);
    for (const values of this.#records.querySelectorAll(".values")) {
      values.querySelector("[data-origin]")?.setAttribute("tabindex", "0");
    }
  }

  #listen(panel) {
    panel.addEventListener("mouseover", ({ target }) => this.#point(closestWithOrigin(target)));
    panel.addEventListener("mouseleave", () => {
      this.#point(panel.contains(document.activeElement) ? closestWithOrigin(document.activeElement) : null);
    });
    panel.addEventListener("focusin", ({ target }) => this.#point(closestWithOrigin(target)));
    panel.addEventListener("focusout", ({ relatedTarget }) => {
      if (!panel.contains(relatedTarget)) this.#point(null);
    });
    panel.addEventListener("keydown", (event) => moveFocus(event));
    panel.addEventListener("click", ({ target }) => {
      const clicked = closestWithOrigin(target), row = clicked && originOf(clicked)?.row;
      if (row) this.#goTo({ pointer: row.pointer });
    });
  }

  #point(target) {
    if (target === this.#current) return;
    this.#current?.classList.remove("lit");
    this.#current = target;
    target?.classList.add("lit");
    const origin = target && originOf(target);
    this.#onPoint(origin);
    explainOrigin(origin);
  }
}

// The arrow keys move from one value of an event to the next.
function moveFocus(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], values = event.target.closest(".values");
  if (!step || !values) return;
  event.preventDefault();
  const all = [...values.querySelectorAll("[data-origin]")], next = all[all.indexOf(event.target) + step];
  if (!next) return;
  event.target.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

function noOutcome({ error, config_problem: configProblem, problems }) {
  return error ?? configProblem ?? (problems.length ? `${problems[0].file} does not load` : "");
}

function isHalfTyped({ events, rejections }) {
  return !events && rejections.length > 0 && rejections.every(({ rule }) => rule.startsWith("json/"));
}

function notes({ refused, reply, rejections }) {
  return [
    refused ? note("Refused", refused) : null,
    reply === null ? null : note("Answered with", reply),
    ...rejections.map(drawRejection),
  ];
}

function note(title, text) {
  return element("p", { class: "line note" }, element("strong", {}, `${title} `), element("code", {}, text));
}

function summary({ events, rejected, dropped, records, has_more: hasMore, refused }) {
  if (refused) return "refused";
  const part = hasMore ? `; these are of the first ${plural(records.length, "record")}` : "";
  return `${plural(events, "event")}, ${rejected} rejected, ${dropped} dropped${part}`;
}
