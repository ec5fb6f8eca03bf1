"use strict";

// Events, the newest first. Rows that do not match the filters are remembered, too.
const ROWS = 50;
const REMEMBERED = 500;
let rows = [];
let pendingRows = [];
let skippedCount = 0;
const seen = new Set();

function showRequest(request) {
  const key = `${request.at} ${request.source}`;
  if (seen.has(key)) return;
  seen.add(key);
  const duplicates = new Set(request.duplicate_events);
  pendingRows.push(
    ...request.events.map((event, position) => eventRow(event, request, duplicates.has(position))),
  );
  const hidden = request.accepted - request.events.length;
  const hiddenDuplicates = request.duplicates - duplicates.size;
  if (hidden)
    pendingRows.push(
      noteRow(
        request,
        `${number.format(hidden)} more in the same request to ${request.source}${
          hiddenDuplicates ? `, ${plural(hiddenDuplicates, "duplicate")} among them` : ""
        }`,
      ),
    );
  pendingRows = pendingRows.slice(-REMEMBERED);
  if ($("pause").getAttribute("aria-pressed") === "false") flush();
}

function flush() {
  for (const row of pendingRows.filter(matches)) $("feed").prepend(row.root);
  rows = [...pendingRows.reverse(), ...rows].slice(0, REMEMBERED);
  pendingRows = [];
  for (const root of [...$("feed").children].slice(ROWS))
    if (!root.open && !root.contains(document.activeElement)) root.remove();
  if (seen.size > 5000) seen.clear();
  showWhetherEmpty();
}

function filterEvents() {
  const shown = rows
    .filter(matches)
    .slice(0, ROWS)
    .map((row) => row.root);
  for (const root of shown) root.classList.remove("new");
  $("feed").replaceChildren(...shown);
  showWhetherEmpty();
}

const matches = ({ source, text }) =>
  [source, ""].includes($("event-source").value) &&
  $("event-text")
    .value.toLowerCase()
    .split(" ")
    .every((word) => text.includes(word));

function showWhetherEmpty() {
  $("no-events").hidden = rows.length > 0;
  $("no-match").hidden = !rows.length || $("feed").childElementCount > 0;
}

const noteRow = (request, text) => ({
  source: request.source,
  text: "",
  root: element("p", { class: "row flat soft" }, text),
});

function eventRow(event, request, isDuplicate) {
  const traits = `traits: ${Object.keys(event.traits ?? event.context?.traits ?? {}).join(", ")}`;
  const name = { group: event.groupId, identify: traits }[event.type] ?? event.event ?? event.name ?? "";
  const root = element(
    "details",
    { class: isDuplicate ? "row duplicate" : request.past ? "row" : "row new" },
    element(
      "summary",
      {},
      timeElement(request.at),
      element("span", { class: `type ${event.type}` }, event.type),
      element(
        "span",
        { class: "name" },
        String(name),
        ...(isDuplicate
          ? [" ", element("small", { title: "Accepted before: it is not delivered again" }, "duplicate")]
          : []),
      ),
      element("span", { class: "user" }, `${event.userId ?? event.anonymousId ?? ""} · ${request.source}`),
    ),
  );
  root.addEventListener("toggle", () => {
    if (root.open && root.childElementCount === 1)
      root.append(
        element("pre", { tabindex: "0", "aria-label": "The event, masked" }, JSON.stringify(event, null, 2)),
      );
  });
  return {
    root,
    source: request.source,
    text: `${JSON.stringify(event)} ${request.source}${isDuplicate ? " duplicate" : ""}`.toLowerCase(),
  };
}

$("event-source").addEventListener("change", filterEvents);
$("event-text").addEventListener("input", filterEvents);
$("pause").addEventListener("click", () => {
  const pauses = $("pause").getAttribute("aria-pressed") === "false";
  $("pause").setAttribute("aria-pressed", pauses);
  setText($("pause"), pauses ? "Resume" : "Pause");
  if (!pauses) flush();
});
