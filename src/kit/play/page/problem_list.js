// Lists what is wrong with the files and the fixtures, and what no fixture runs; an entry leads to its place.
import { $, element, plural, replaceChildren } from "./dom.js";

export class ProblemList {
  isReviewed = false;
  #goTo;
  #openFailing;

  constructor({ goTo, openFailing }) {
    this.#goTo = goTo;
    this.#openFailing = openFailing;
  }

  // `isShown` says whether a file of this name is on the page.
  draw(findings, failing, uncovered, isShown) {
    const item = (finding) => this.#finding(finding, isShown(finding.file));
    const items = [
      ...findings.filter(({ severity }) => severity === "error").map(item),
      ...failing.map((fixture) => this.#failing(fixture)),
      ...findings.filter(({ severity }) => severity !== "error").map(item),
    ];
    const nothing = element("p", { class: "soft" }, this.isReviewed ? "No problems." : "Checking…");
    const places = uncovered.map((place) => this.#uncovered(place));
    replaceChildren($("problems"), [
      items.length ? element("ul", {}, items) : nothing,
      places.length ? uncoveredBox(places) : null,
    ]);
  }

  #finding({ file, line, pointer, severity, reason, advice }, isShown) {
    const place = severity === "error" ? { line } : { pointer, line };
    const text = advice ? `${reason} — ${advice}` : reason;
    return problem(severity, `${file}:${line}`, text, isShown ? () => this.#goTo(file, place) : null);
  }

  #failing(fixture) {
    return problem("error", `fixtures/${fixture.name}`, fixture.reason, () => this.#openFailing(fixture));
  }

  #uncovered({ file, line, pointer, reason }) {
    return problem("uncovered", `${file}:${line}`, reason, () => this.#goTo(file, { pointer }));
  }
}

function problem(kind, place, text, onclick) {
  const parts = [element("code", {}, place), " ", text];
  const button = () => element("button", { class: "plain", onclick }, parts);
  return element("li", { class: kind }, onclick ? button() : element("span", {}, parts));
}

function uncoveredBox(places) {
  const title = `${plural(places.length, "place")} that no fixture runs`;
  return element("details", {}, element("summary", {}, title), element("ul", {}, places));
}
