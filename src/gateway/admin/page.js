"use strict";

// Elements are made here only, and what a sender sent goes into them as text.
const $ = (id) => document.getElementById(id);
const element = (tag, attributes = {}, ...children) => {
  const isSvg = ["svg", "polyline", "polygon"].includes(tag);
  const made = isSvg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};
const setText = (target, text) => { if (target.textContent !== text) target.textContent = text; };

const number = new Intl.NumberFormat("en");
const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const day = new Intl.DateTimeFormat([], { month: "short", day: "numeric" });
const perSecond = (value) => (value === 0 ? "0" : value < 10 ? value.toFixed(1) : number.format(Math.round(value)));
const scaled = (value, units) => {
  let unit = units[0][1];
  for (const [factor, name] of units) if (value >= factor) [value, unit] = [value / factor, name]; else break;
  return `${value < 10 && unit !== units[0][1] ? value.toFixed(1) : Math.round(value)} ${unit}`;
};
const duration = (seconds) => scaled(seconds, [[1, "s"], [60, "min"], [60, "h"], [24, "d"]]);
const size = (bytes) => scaled(bytes, [[1, "B"], [1000, "kB"], [1000, "MB"], [1000, "GB"]]);
const plural = (count, noun) => `${number.format(count)} ${noun}${count === 1 ? "" : "s"}`;
const timeElement = (at) => {
  const date = new Date(at * 1000), isToday = new Date().toDateString() === date.toDateString();
  return element("time", { datetime: date.toISOString() }, isToday ? clock.format(date) : `${day.format(date)} ${clock.format(date)}`);
};

// A command to copy. Where the browser lets no page write to the clipboard, as over plain HTTP, the command is selected.
function commandLine(command) {
  const code = element("code", { title: command }, command), button = element("button", { class: "quiet", "aria-label": `Copy: ${command}` }, "Copy");
  button.addEventListener("click", async () => {
    const copied = await navigator.clipboard?.writeText(code.textContent).then(() => true, () => false);
    getSelection().selectAllChildren(code);
    setText(button, copied || document.execCommand("copy") ? "Copied" : "Selected");
    setTimeout(() => setText(button, "Copy"), 2000);
  });
  return element("div", { class: "command" }, code, button);
}
const springhead = (...words) => ["springhead", ...words, "--config", latestStatus.config].map(shellQuoted).join(" ");
const shellQuoted = (text) => (/^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

// Status: figures and sources.
let latestStatus, letterState = "";
const cards = new Map();

function showStatus(status) {
  const { destination, oldest_undelivered_seconds: lag } = latestStatus = status;
  setText($("version"), status.version);
  setText($("rate"), perSecond(status.sources.reduce((sum, source) => sum + source.rate_10s, 0)));
  setText($("undelivered"), number.format(status.undelivered));
  setText($("lag"), duration(lag ?? 0));
  $("lag").className = lag > 60 ? "warn" : "";
  setText($("dead"), number.format(status.dead_letters));
  $("dead").className = status.dead_letters ? "warn" : "";
  setText($("store"), size(status.store_bytes));
  setText($("to"), `Delivers to ${destination.to}`);
  const reason = destination.reason ? `: ${destination.reason.replace(/\.$/, "")}.` : ".";
  setText($("trouble"), destination.down ? `The destination is down${reason} Events are kept, and delivered when it is back.` : "");
  if (!$("no-events").querySelector("code")) $("no-events").append(commandLine(`curl --data @payload.json '${status.webhook}?writeKey=…'`));
  status.sources.forEach(showSource);
  for (const [name, card] of cards) if (!status.sources.some((source) => source.name === name)) { card.root.remove(); cards.delete(name); }
  addOptions($("event-source"), status.sources.map((source) => source.name));
  addOptions($("source"), status.sources.filter((source) => source.dead_letters).map((source) => source.name));
  // A rejection that is like a dead letter changes no number but that letter's own.
  const state = [status.dead_letters, ...status.sources.map((source) => source.rejections.at(-1)?.at)].join();
  if (letterState !== state) { letterState = state; loadLetters(); }
}

function newCard(name) {
  const card = {
    type: element("span", { class: "soft" }), rate: element("span"), line: element("polyline"), area: element("polygon"),
    counts: element("p", { class: "counts soft" }), held: element("p", { class: "held", hidden: "" }),
  };
  card.root = element("li", { class: "panel card" },
    element("div", { class: "title" }, element("h3", {}, name), card.type),
    element("p", { class: "rate" }, card.rate, " ", element("small", {}, "events / s")),
    element("svg", { viewBox: "0 0 118 30", preserveAspectRatio: "none", "aria-hidden": "true" }, card.area, card.line), card.counts, card.held);
  $("cards").append(card.root);
  return card;
}

function showSource(source) {
  if (!cards.has(source.name)) cards.set(source.name, newCard(source.name));
  const card = cards.get(source.name);
  card.root.classList.toggle("off", !source.enabled);
  setText(card.type, source.type === null ? "not configured" : source.enabled ? source.type : `${source.type} · disabled`);
  card.held.hidden = !source.held;
  if (source.held) setText(card.held, heldText(source));
  setText(card.rate, perSecond(source.rate_10s));
  const highest = Math.max(1, ...source.last_60s);
  const points = source.last_60s.map((count, second) => `${second * 2},${(29 - 27 * count / highest).toFixed(1)}`);
  card.line.setAttribute("points", points.join(" "));
  card.area.setAttribute("points", points.length ? `0,29 ${points.join(" ")} 118,29` : "");
  const lag = source.oldest_undelivered_seconds;
  const counts = [`${number.format(source.undelivered)} undelivered${lag == null ? "" : `, for ${duration(lag)}`}`, plural(source.dead_letters, "dead letter"), `${perSecond(source.rate_60s)} / s over 60 s`];
  counts.forEach((text, index) => setText(card.counts.children[index] || card.counts.appendChild(element("span")), text));
  card.counts.children[1].className = source.dead_letters ? "warn" : "";
}

const heldText = ({ held, type }) => `${type === null ?
  `Held: ${held}. Add its [[source]] again, with enabled = false if it should accept nothing more.` :
  `Held: the destination refuses this source's events (${held}). Check delivery.to and the source's destination_write_key.`
} Its events are kept, and delivery is retried.`;

// Events, the newest first. Rows that do not match the filters are remembered, too.
const ROWS = 50, REMEMBERED = 500;
let rows = [], pendingRows = [], skippedCount = 0;
const seen = new Set();

function showRequest(request) {
  const key = `${request.at} ${request.source}`;
  if (seen.has(key)) return;
  seen.add(key);
  const duplicates = new Set(request.duplicate_events);
  pendingRows.push(...request.events.map((event, position) => eventRow(event, request, duplicates.has(position))));
  const hidden = request.accepted - request.events.length, hiddenDuplicates = request.duplicates - duplicates.size;
  if (hidden) pendingRows.push(noteRow(request, `${number.format(hidden)} more in the same request to ${request.source}${
    hiddenDuplicates ? `, ${number.format(hiddenDuplicates)} of them duplicates` : ""}`));
  pendingRows = pendingRows.slice(-REMEMBERED);
  if ($("pause").getAttribute("aria-pressed") === "false") flush();
}

function flush() {
  for (const row of pendingRows.filter(matches)) $("feed").prepend(row.root);
  rows = [...pendingRows.reverse(), ...rows].slice(0, REMEMBERED);
  pendingRows = [];
  for (const root of [...$("feed").children].slice(ROWS)) if (!root.open && !root.contains(document.activeElement)) root.remove();
  if (seen.size > 5000) seen.clear();
  showWhetherEmpty();
}

function filterEvents() {
  const shown = rows.filter(matches).slice(0, ROWS).map((row) => row.root);
  for (const root of shown) root.classList.remove("new");
  $("feed").replaceChildren(...shown);
  showWhetherEmpty();
}

const matches = ({ source, text }) => [source, ""].includes($("event-source").value) &&
  $("event-text").value.toLowerCase().split(" ").every((word) => text.includes(word));

function showWhetherEmpty() {
  $("no-events").hidden = rows.length > 0;
  $("no-match").hidden = !rows.length || $("feed").childElementCount > 0;
}

const noteRow = (request, text) => ({ source: request.source, text: "", root: element("p", { class: "row flat soft" }, text) });

function eventRow(event, request, isDuplicate) {
  const traits = `traits: ${Object.keys(event.traits ?? event.context?.traits ?? {}).join(", ")}`;
  const name = { group: event.groupId, identify: traits }[event.type] ?? event.event ?? event.name ?? "";
  const root = element("details", { class: isDuplicate ? "row duplicate" : request.past ? "row" : "row new" }, element("summary", {},
    timeElement(request.at), element("span", { class: `type ${event.type}` }, event.type),
    element("span", { class: "name" }, String(name), ...(isDuplicate ? [" ", element("small", { title: "Accepted before: it is not delivered again" }, "duplicate")] : [])),
    element("span", { class: "user" }, `${event.userId ?? event.anonymousId ?? ""} · ${request.source}`)));
  root.addEventListener("toggle", () => {
    if (root.open && root.childElementCount === 1) root.append(element("pre", { tabindex: "0", "aria-label": "The event, masked" }, JSON.stringify(event, null, 2)));
  });
  return { root, source: request.source, text: `${JSON.stringify(event)} ${request.source}${isDuplicate ? " duplicate" : ""}`.toLowerCase() };
}

$("event-source").addEventListener("change", filterEvents);
$("event-text").addEventListener("input", filterEvents);
$("pause").addEventListener("click", () => {
  const pauses = $("pause").getAttribute("aria-pressed") === "false";
  $("pause").setAttribute("aria-pressed", pauses);
  setText($("pause"), pauses ? "Resume" : "Pause");
  if (!pauses) flush();
});

// Dead letters of the chosen source and rule, the newest first.
const PAGE = 10, LIMIT = 100;
let shownCount = PAGE, isLoading = false, reload = false;

function addOptions(select, values) {
  const known = new Set([...select.options].map((option) => option.value));
  for (const value of new Set(values)) if (!known.has(value)) select.append(element("option", { value }, value));
  select.hidden = select.options.length < 3;
}

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

// The stream. The browser reconnects by itself, except where a stream was refused or went silent.
let stream, lastMessageAt = Date.now(), connectedAt = 0;

function connect() {
  stream?.close();
  stream = new EventSource("api/events");
  const on = (name, show) => stream.addEventListener(name, ({ data }) => { lastMessageAt = Date.now(); setConnected(true); show(JSON.parse(data)); });
  on("status", showStatus);
  on("trouble", ({ error }) => setText($("trouble"), error));
  on("accepted", showRequest);
  on("skipped", ({ requests }) => { skippedCount += requests; setText($("skipped"), `${number.format(skippedCount)} requests came too fast to be shown`); });
  stream.addEventListener("open", startOver);
  stream.addEventListener("error", () => setConnected(false));
  connectedAt = Date.now();
}

function startOver() {
  letterState = "";
  $("feed").replaceChildren();
  seen.clear();
  rows = [];
  pendingRows = [];
  skippedCount = 0;
  setText($("skipped"), "");
  flush();
}

function setConnected(isLive) {
  const wasGone = document.body.classList.contains("gone");
  document.body.classList.toggle("gone", !isLive);
  $("connection").classList.toggle("live", isLive);
  setText($("connection"), isLive ? "live" : "reconnecting");
  if (!isLive) setText($("trouble"), `The gateway has not answered since ${clock.format(lastMessageAt)}.${latestStatus ? " The figures are from then." : ""}`);
  else if (wasGone && $("result").textContent === NO_ANSWER) setText($("result"), "");
}

setInterval(() => {
  if (stream.readyState === EventSource.CLOSED) call("api/status").then(connect, () => {});
  else if (Date.now() - Math.max(lastMessageAt, connectedAt) > 8000) { setConnected(false); connect(); }
}, 2000);
connect();
