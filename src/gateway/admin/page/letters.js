"use strict";

// Dead letters of the chosen source and rule, the newest first.
const PAGE = 10, LIMIT = 100;
let shownCount = PAGE, isLoading = false, reload = false;

const filters = () => ["source", "rule"].map((name) => [name, $(name).value]).filter(([, value]) => value);

function showRest(count, next) {
  const { source, rule } = Object.fromEntries(filters());
  const { dead_letters: total } = source ? latestStatus.sources.find(({ name }) => name === source) ?? { dead_letters: 0 } : latestStatus;
  const hasMore = next !== null && (rule || total > count);
  $("more").hidden = !hasMore || shownCount >= LIMIT;
  $("rest").hidden = !hasMore || shownCount < LIMIT;
  setText($("rest").children[0], `These are the newest ${count}. ${rule ? "To see all" : `To see ${number.format(total - count)} more`}:`);
  $("rest").replaceChildren($("rest").firstElementChild, commandLine(springhead("dead", "list", ...filters().flatMap(([name, value]) => [`--${name}`, value]))));
}

const NO_ANSWER = "The gateway does not answer. Try again when it is back.";

async function call(path, method = "GET") {
  const options = { method, headers: { "X-Springhead": "1" }, signal: AbortSignal.timeout(30000) };
  const response = await fetch(path, options).catch(() => { throw new Error(NO_ANSWER); });
  if (response.status === 401) location.reload();
  const data = await response.json().catch(() => ({ error: `The response (status ${response.status}) is not the gateway's, or is cut off.` }));
  if (!response.ok || data.error) throw new Error(data.error);
  return data;
}

async function loadLetters() {
  if (isLoading) { reload = true; return; }
  isLoading = true;
  try {
    const { letters, next } = await call(`api/dead?${new URLSearchParams([["order", "newest"], ["limit", shownCount], ...filters()])}`);
    addOptions($("rule"), letters.map((letter) => letter.rule));
    showLetters(letters);
    showRest(letters.length, next);
  } catch (error) { setText($("result"), error.message); }
  isLoading = false;
  if (reload) { reload = false; loadLetters(); }
}

function showLetters(letters) {
  const list = $("letter-list"), present = new Map([...list.children].map((row) => [row.id, row]));
  const rows = letters.map((letter) => {
    const row = present.get(`letter-${letter.id}`);
    return row?.dataset.count === String(letter.count) ? row : letterRow(letter);
  });
  for (const row of present.values()) if (!rows.includes(row)) row.remove();
  rows.forEach((row, index) => { if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null); });
  if (!rows.length) list.append(element("li", { class: "empty" }, filters().length ? "None of this source and rule." :
    "None. A record that does not match its source's schema, or an event the destination refuses, is kept here; replay it once the cause is fixed."));
}

const reasonLines = (letter) => [
  element("p", { class: "line" }, element("code", {}, letter.rule), element("span", { class: "soft" }, letter.source), element("span", { class: "push" }, timeElement(letter.at))),
  element("p", { class: "reason" }, letter.line ? `line ${letter.line}: ${withoutLine(letter.reason)}` : letter.reason),
  ...(letter.count > 1 ? [element("p", { class: "soft" }, `${number.format(letter.count)} times, the first at `, timeElement(letter.first_at))] : []),
  ...(letter.pointer ? [element("p", { class: "soft" }, "at ", element("code", {}, letter.pointer))] : []),
];

// A reason counts lines within its own document; in JSON lines that is always line 1.
const withoutLine = (reason) => reason.replace(/\(line 1, (column \d+)\)$/, "($1)");

function letterRow(letter) {
  const button = (text, style, action) => {
    const made = element("button", { class: style, "aria-label": `${text} dead letter ${letter.id}` }, text);
    made.addEventListener("click", action);
    return made;
  };
  return element("li", { class: "row flat", id: `letter-${letter.id}`, "data-count": letter.count }, ...reasonLines(letter),
    element("div", { class: "buttons" },
      element("span", { class: "soft" }, `#${letter.id} · ${letter.holds} of ${size(letter.bytes)}`),
      button("Replay", "push", () => replay(letter.id)), button("Drop", "risk", () => drop(letter.id))),
    commandLine(springhead("dead", "show", letter.id)));
}

async function replay(id) {
  const confirmed = confirmation(`Replay dead letter ${id}?`, "Checking what a replay would change…", "Replay", "main", false);
  try {
    const result = await call(`api/dead/${id}/replay?dry_run=1`, "POST");
    setText($("explanation"), result.gone ? `It would become: ${result.summary}.` : `Nothing would change: ${result.summary}.`);
    $("confirm").disabled = !result.gone;
    $(result.gone ? "confirm" : "cancel").focus();
  } catch (error) { setText($("explanation"), error.message); }
  if (await confirmed) change(id, async () => `#${id}: ${(await call(`api/dead/${id}/replay`, "POST")).summary}`);
}

async function drop(id) {
  if (await confirmation(`Drop dead letter ${id}?`, "What was sent will be deleted for good.", "Drop", "risk", true))
    change(id, async () => { await call(`api/dead/${id}`, "DELETE"); return `#${id} dropped`; });
}

async function change(id, action) {
  const row = $(`letter-${id}`), neighbour = row?.nextElementSibling ?? row?.previousElementSibling;
  try { setText($("result"), await action()); } catch (error) { setText($("result"), error.message); }
  await loadLetters();
  if (!row?.isConnected) (neighbour?.querySelector("button") ?? $("letters")).focus();
}

function confirmation(question, explanation, label, style, isReady) {
  setText($("question"), question); setText($("explanation"), explanation); setText($("confirm"), label);
  $("confirm").className = style; $("confirm").disabled = !isReady;
  $("dialog").returnValue = "";
  $("dialog").showModal();
  return new Promise((resolve) => $("dialog").addEventListener("close", () => resolve($("dialog").returnValue === "confirmed"), { once: true }));
}
$("confirm").addEventListener("click", () => $("dialog").close("confirmed"));
$("cancel").addEventListener("click", () => $("dialog").close("cancelled"));
$("more").addEventListener("click", () => { shownCount = Math.min(shownCount + 30, LIMIT); loadLetters(); });
for (const name of ["source", "rule"]) $(name).addEventListener("change", () => { shownCount = PAGE; loadLetters(); });
