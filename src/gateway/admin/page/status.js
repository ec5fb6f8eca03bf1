"use strict";

// Status: figures and sources.
let latestStatus;
let letterState = "";
const cards = new Map();

function showStatus(status) {
  const { destination, oldest_undelivered_seconds: lag } = (latestStatus = status);
  setText($("version"), status.version);
  setText($("rate"), perSecond(status.sources.reduce((sum, source) => sum + source.rate_10s, 0)));
  setText($("undelivered"), number.format(status.undelivered));
  setText($("lag"), duration(lag ?? 0));
  $("lag").className = lag > 60 ? "warn" : "";
  setText($("dead"), number.format(status.dead_letters));
  $("dead").className = status.dead_letters ? "warn" : "";
  setText($("store"), size(status.store_bytes));
  setText($("to"), `Delivers to ${destination.to}${sharing(status)}`);
  const reason = destination.reason ? `: ${destination.reason.replace(/\.$/, "")}.` : ".";
  setText(
    $("trouble"),
    destination.down
      ? `The destination is down${where(({ down }) => down !== null)}${reason} Events are kept, and delivered when it is back.`
      : "",
  );
  if (!$("no-events").querySelector("code"))
    $("no-events").append(commandLine(`curl --data @payload.json '${status.webhook}?writeKey=…'`));
  status.sources.forEach(showSource);
  for (const [name, card] of cards)
    if (!status.sources.some((source) => source.name === name)) {
      card.root.remove();
      cards.delete(name);
    }
  addOptions(
    $("event-source"),
    status.sources.map((source) => source.name),
  );
  addOptions(
    $("source"),
    status.sources.filter((source) => source.dead_letters).map((source) => source.name),
  );
  // A rejection that is like a dead letter changes no number but that letter's own.
  const state = [status.dead_letters, ...status.sources.map((source) => source.rejections.at(-1)?.at)].join();
  if (letterState !== state) {
    letterState = state;
    loadLetters();
  }
}

function newCard(name) {
  const card = {
    type: element("span", { class: "soft" }),
    rate: element("span"),
    line: element("polyline"),
    area: element("polygon"),
    counts: element("p", { class: "counts soft" }),
    held: element("p", { class: "held", hidden: "" }),
  };
  card.root = element(
    "li",
    { class: "panel card" },
    element("div", { class: "title" }, element("h3", {}, name), card.type),
    element("p", { class: "rate" }, card.rate, " ", element("small", {}, "events / s")),
    element(
      "svg",
      { viewBox: "0 0 118 30", preserveAspectRatio: "none", "aria-hidden": "true" },
      card.area,
      card.line,
    ),
    card.counts,
    card.held,
  );
  $("cards").append(card.root);
  return card;
}

function showSource(source) {
  if (!cards.has(source.name)) cards.set(source.name, newCard(source.name));
  const card = cards.get(source.name);
  card.root.classList.toggle("off", !source.enabled);
  setText(
    card.type,
    source.type === null ? "not configured" : source.enabled ? source.type : `${source.type} · disabled`,
  );
  card.held.hidden = !source.held;
  if (source.held) setText(card.held, heldText(source));
  setText(card.rate, perSecond(source.rate_10s));
  const highest = Math.max(1, ...source.last_60s);
  const points = source.last_60s.map(
    (count, second) => `${second * 2},${(29 - (27 * count) / highest).toFixed(1)}`,
  );
  card.line.setAttribute("points", points.join(" "));
  card.area.setAttribute("points", points.length ? `0,29 ${points.join(" ")} 118,29` : "");
  const lag = source.oldest_undelivered_seconds;
  const counts = [
    `${number.format(source.undelivered)} undelivered${lag == null ? "" : `, for ${duration(lag)}`}`,
    plural(source.dead_letters, "dead letter"),
    `${perSecond(source.rate_60s)} / s over 60 s`,
  ];
  counts.forEach((text, index) =>
    setText(card.counts.children[index] || card.counts.appendChild(element("span")), text),
  );
  card.counts.children[1].className = source.dead_letters ? "warn" : "";
}

function sharing({ gateway, gateways }) {
  if (gateways.length < 2) return "";
  const names = gateways.map(({ name, buckets }) => `${name} (${plural(buckets, "bucket")})`).join(", ");
  return ` · ${gateways.length} gateways share the store: ${names} · of what was accepted before, this page shows what ${gateway} remembers`;
}

// Which of several gateways these are.
function where(isAt) {
  const { gateways } = latestStatus;
  const names = gateways.filter(isAt).map(({ name }) => name);
  return gateways.length > 1 && names.length ? ` at ${names.join(", ")}` : "";
}

function heldText({ name, held, type }) {
  const unknown =
    `Held: ${held}. ` + "Add its [[source]] again, with enabled = false if it should accept nothing more.";
  const refused =
    `Held${where((gateway) => name in gateway.held)}: ` +
    `the destination refuses this source's events (${held}). ` +
    "Check delivery.to and the source's destination_write_key.";
  return `${type === null ? unknown : refused} Its events are kept, and delivery is retried.`;
}
