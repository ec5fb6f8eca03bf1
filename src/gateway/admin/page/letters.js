"use strict";

// Dead letters of the chosen source and rule, the newest first.
const PAGE = 10;
const LIMIT = 100;
const NO_LETTERS =
  "None. A record that does not match its source's schema, or an event the destination refuses, " +
  "is kept here; replay it once the cause is fixed.";
let shownCount = PAGE;
let isLoading = false;
let reload = false;

const filters = () => ["source", "rule"].map((name) => [name, $(name).value]).filter(([, value]) => value);

function showRest(count, next) {
  const { source, rule } = Object.fromEntries(filters());
  const { dead_letters: total } = source
    ? (latestStatus.sources.find(({ name }) => name === source) ?? { dead_letters: 0 })
    : latestStatus;
  const hasMore = next !== null && (rule || total > count);
  $("more").hidden = !hasMore || shownCount >= LIMIT;
  $("rest").hidden = !hasMore || shownCount < LIMIT;
  const others = rule ? "To see all" : `To see ${number.format(total - count)} more`;
  const options = filters().flatMap(([name, value]) => [`--${name}`, value]);
  setText($("rest").children[0], `These are the newest ${count}. ${others}:`);
  $("rest").replaceChildren($("rest").firstElementChild, commandLine(springhead("dead", "list", ...options)));
}

async function loadLetters() {
  if (isLoading) {
    reload = true;
    return;
  }
  isLoading = true;
  try {
    const query = new URLSearchParams([["order", "newest"], ["limit", shownCount], ...filters()]);
    const { letters, next } = await call(`api/dead?${query}`);
    const rules = letters.map((letter) => letter.rule);
    addOptions($("rule"), rules);
    showLetters(letters);
    showRest(letters.length, next);
  } catch (error) {
    setText($("result"), error.message);
  }
  isLoading = false;
  if (reload) {
    reload = false;
    loadLetters();
  }
}

function showLetters(letters) {
  const list = $("letter-list");
  const present = new Map([...list.children].map((row) => [row.id, row]));
  const rows = letters.map((letter) => {
    const row = present.get(`letter-${letter.id}`);
    return row?.dataset.count === String(letter.count) ? row : letterRow(letter);
  });
  for (const row of present.values()) if (!rows.includes(row)) row.remove();
  rows.forEach((row, index) => {
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
  });
  if (!rows.length) {
    const reason = filters().length ? "None of this source and rule." : NO_LETTERS;
    list.append(element("li", { class: "empty" }, reason));
  }
}

const reasonLines = (letter) => [
  element(
    "p",
    { class: "line" },
    element("code", {}, letter.rule),
    element("span", { class: "soft" }, letter.source),
    element("span", { class: "push" }, timeElement(letter.at)),
  ),
  element(
    "p",
    { class: "reason" },
    letter.line ? `line ${letter.line}: ${withoutLine(letter.reason)}` : letter.reason,
  ),
  ...(letter.count > 1
    ? [
        element(
          "p",
          { class: "soft" },
          `${number.format(letter.count)} times, the first at `,
          timeElement(letter.first_at),
        ),
      ]
    : []),
  ...(letter.pointer ? [element("p", { class: "soft" }, "at ", element("code", {}, letter.pointer))] : []),
];

// A reason counts lines within its own document; in JSON lines that is always line 1.
const withoutLine = (reason) => reason.replace(/\(line 1, (column \d+)\)$/, "($1)");

function letterRow(letter) {
  const button = (text, style, action) => {
    const created = element("button", { class: style, "aria-label": `${text} dead letter ${letter.id}` }, text);
    created.addEventListener("click", action);
    return created;
  };
  return element(
    "li",
    { class: "row flat", id: `letter-${letter.id}`, "data-count": letter.count },
    ...reasonLines(letter),
    element(
      "div",
      { class: "buttons" },
      element("span", { class: "soft" }, `#${letter.id} · ${letter.holds} of ${size(letter.bytes)}`),
      button("Replay", "push", () => replay(letter.id)),
      button("Drop", "risk", () => drop(letter.id)),
    ),
    commandLine(springhead("dead", "show", letter.id)),
  );
}

$("more").addEventListener("click", () => {
  shownCount = Math.min(shownCount + 30, LIMIT);
  loadLetters();
});
for (const name of ["source", "rule"])
  $(name).addEventListener("change", () => {
    shownCount = PAGE;
    loadLetters();
  });
