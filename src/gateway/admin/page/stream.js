"use strict";

// The stream. The browser reconnects by itself, except where a stream was refused or went silent.
let stream;
let lastMessageAt = Date.now();
let connectedAt = 0;

function connect() {
  stream?.close();
  stream = new EventSource("api/events");
  const on = (name, show) =>
    stream.addEventListener(name, ({ data }) => {
      lastMessageAt = Date.now();
      setConnected(true);
      show(JSON.parse(data));
    });
  on("status", showStatus);
  on("trouble", ({ error }) => setText($("trouble"), error));
  on("accepted", showRequest);
  on("skipped", ({ requests }) => {
    skippedCount += requests;
    setText($("skipped"), `${number.format(skippedCount)} requests came too fast to be shown`);
  });
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
  if (!isLive) {
    const figures = latestStatus ? " The figures are from then." : "";
    setText($("trouble"), `The gateway has not answered since ${clock.format(lastMessageAt)}.${figures}`);
  } else if (wasGone && $("result").textContent === NO_ANSWER) setText($("result"), "");
}

setInterval(() => {
  if (stream.readyState === EventSource.CLOSED) call("api/status").then(connect, () => {});
  else if (Date.now() - Math.max(lastMessageAt, connectedAt) > 8000) {
    setConnected(false);
    connect();
  }
}, 2000);
connect();
