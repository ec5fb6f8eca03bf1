// Puts the page together: what is typed is tried, reviewed a little later, and saved when asked.
import { call, takeToken } from "./api.js";
import { address, choose } from "./chooser.js";
import { $, ask, element, setText } from "./dom.js";
import { FilesPanel } from "./files_panel.js";
import { OutcomePanel } from "./outcome_panel.js";
import { RequestPanel } from "./request_panel.js";
import { save, saveCopy, updateExpected } from "./saving.js";

const TRY_MS = 150, REVIEW_MS = 700;

// Runs a task a while after the last request for it; never twice at once.
function debounced(delay, task) {
  let timer = 0, isRunning = false, isWanted = false;
  const run = async () => {
    if (isRunning) { isWanted = true; return; }
    isRunning = true;
    try { await task(); } finally { isRunning = false; }
    if (isWanted) { isWanted = false; run(); }
  };
  return () => { clearTimeout(timer); timer = setTimeout(run, delay); };
}

async function work(name, { sources, into }) {
  let source = await call("source", { source: name });
  $("work").hidden = false;
  document.title = `${name} · springhead playground`;

  const files = new FilesPanel({ onChange: () => { drawState(); tryIt(); review(); }, openFailing });
  const request = new RequestPanel(() => tryIt());
  const outcome = new OutcomePanel({
    show(origin) {
      request.unlight();
      files.unlight();
      if (origin?.row) files.lightRow(origin.row.pointer);
      for (const place of origin?.places ?? []) request.light(place);
    },
    goTo: (place) => files.goTo("mapping.json", place),
  });

  const tryIt = debounced(TRY_MS, async () => {
    const result = await call("try", { source: name }, { files: files.texts, request: request.value }).catch(failed);
    outcome.show(result);
    if (result.problems) files.showProblems(result.problems);
    if (result.settings) request.showSettings(result.settings, result.signed);
    request.body.mark(bodyMarks(result.rejections ?? []));
  });
  const review = debounced(REVIEW_MS, async () => {
    const result = await call("review", { source: name }, { files: files.texts }).catch(failed);
    if (result.findings) files.showReview(result);
  });

  function drawState(text = "") {
    const count = files.changes.length;
    files.changed();
    $("save").disabled = source.writable && !count;
    setText($("save"), source.writable ? "Save" : "Save a copy…");
    const state = source.writable ? (count ? `${count} not saved` : "") : "installed: changes stay on this page";
    setText($("state"), text || state);
  }

  async function onSave() {
    if (!source.writable) {
      const copy = await saveCopy(name, files, into);
      if (copy) { isLeaving = true; location.assign(address(copy)); }
      return;
    }
    drawState(await save(name, files));
    tryIt();
    review();
  }

  async function onKeep() {
    $("keep-unsaved").hidden = !files.changes.length;
    setText($("keep-problem"), "");
    while (await ask($("keep-dialog")) === "keep") {
      try {
        const written = await call("keep", { source: name }, { name: $("keep-name").value, files: files.texts, request: request.value });
        showFixtures(written.fixtures, $("keep-name").value);
        drawState(`Kept as ${written.folder}`);
        review();
        return;
      } catch (error) { setText($("keep-problem"), error.message); }
    }
  }

  async function openFailing(fixture) {
    const canUpdate = source.writable && fixture.after;
    const answer = canUpdate ? await updateExpected(name, fixture, files.changes.length > 0) : "open";
    if (answer === "updated") { drawState(`Updated fixtures/${fixture.name}/expected.json`); review(); }
    if (answer === "open") { $("fixture").value = fixture.name; await show(fixture.name); }
  }

  function showFixtures(names, chosen = "") {
    const option = (value, text) => element("option", { value, selected: value === chosen }, text);
    $("fixture").replaceChildren(option("", names.length ? "Choose a fixture" : "No fixture yet"), ...names.map((fixture) => option(fixture, fixture)));
    $("fixture").disabled = !names.length;
  }

  async function load(fixture) {
    setText($("trouble"), "");
    request.value = await call("fixture", { source: name, name: fixture });
    tryIt();
  }

  const show = (fixture) => load(fixture).catch((error) => setText($("trouble"), error.message));

  let isLeaving = false;
  showSources(sources, name);
  setText($("folder"), source.folder);
  files.open(source.files);
  showFixtures(source.fixtures, source.example);
  if (source.example) await load(source.example);
  else request.value = { body: "{\n}\n" };
  $("fixture").addEventListener("change", () => { if ($("fixture").value) show($("fixture").value); });
  $("keep").hidden = !source.writable;
  $("save").hidden = false;
  $("keep").addEventListener("click", onKeep);
  $("save").addEventListener("click", onSave);
  addEventListener("keydown", (event) => {
    if (event.key !== "s" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    event.preventDefault();
    if (!document.querySelector("dialog[open]")) onSave();
  });
  addEventListener("beforeunload", (event) => { if (!isLeaving && files.changes.length) event.preventDefault(); });
  addEventListener("focus", async () => {
    const latest = await call("source", { source: name }).catch(() => null);
    if (!latest) return;
    source = latest;
    const changed = files.open(latest.files);
    drawState(changed.length ? `${changed.join(", ")} changed on disk` : "");
    tryIt();
    review();
  });
  drawState();
  showGuesses();
  review();
}

// The body's line at which it does not parse, as the rejection says.
function bodyMarks(rejections) {
  return rejections.filter(({ rule }) => rule.startsWith("json/")).map(({ reason, place }) => {
    const line = place.line ?? Number(/\(line (\d+), column \d+\)$/.exec(reason)?.[1] ?? 1);
    return { line, kind: "error", message: reason };
  });
}

function showSources(sources, name) {
  const options = sources.map((source) => element("option", { value: source.name, selected: source.name === name }, source.name));
  $("source").replaceChildren(...options, element("option", { value: "" }, "Open or draft another…"));
  $("source").hidden = false;
  $("source").addEventListener("change", () => location.assign($("source").value ? address($("source").value) : "?choose"));
}

// Shows what a draft guesses, until the page is opened again.
function showGuesses() {
  const guesses = JSON.parse(sessionStorage.getItem("springhead-guesses") ?? "[]");
  sessionStorage.removeItem("springhead-guesses");
  $("guesses").querySelector("ul").replaceChildren(...guesses.map((guess) => element("li", {}, guess)));
  $("guesses").hidden = !guesses.length;
}

const failed = (error) => ({ error: error.message });

takeToken();
try {
  const listed = await call("sources");
  const parameters = new URLSearchParams(location.search), name = parameters.get("source") ?? listed.start;
  if (name === null || parameters.has("choose")) choose(listed);
  else await work(name, listed);
} catch (error) { setText($("trouble"), error.message); }
