// The page while a source is open: what is typed is tried, reviewed a little later, and saved when asked.
import { call } from "./api.js";
import { address, showGuesses } from "./chooser.js";
import { debounced } from "./debounced.js";
import { $, element, replaceChildren, setText } from "./dom.js";
import { FilesPanel } from "./files_panel.js";
import { FixtureList } from "./fixture_list.js";
import { OutcomePanel } from "./outcome_panel.js";
import { RequestPanel } from "./request_panel.js";
import { keepFixture, save, saveCopy, updateExpected } from "./saving.js";

const TRY_MS = 150, REVIEW_MS = 700;

export async function openWorkbench(name, { sources, into }) {
  const workbench = new Workbench(name, into, await call("source", { source: name }));
  document.title = `${name} · springhead playground`;
  showSources(sources, name);
  showGuesses();
  await workbench.start();
}

class Workbench {
  #name;
  #into;
  #source;
  #files;
  #request;
  #fixtures;
  #outcome;
  #isLeaving = false;
  #try = debounced(TRY_MS, () => this.#showOutcome());
  #review = debounced(REVIEW_MS, () => this.#showReview());

  // `into` is the folder in which copies are made.
  constructor(name, into, source) {
    this.#name = name;
    this.#into = into;
    this.#source = source;
    this.#files = new FilesPanel({
      onChange: () => this.#filesChanged(),
      openFailing: (fixture) => this.#openFailing(fixture),
    });
    this.#request = new RequestPanel(() => {
      this.#fixtures.isEdited = true;
      this.#try();
    });
    this.#fixtures = new FixtureList(name, this.#request, this.#try);
    this.#outcome = new OutcomePanel({
      onPoint: (origin) => this.#light(origin),
      goTo: (place) => this.#files.goTo("mapping.json", place),
    });
  }

  async start() {
    $("work").hidden = false;
    $("keep").hidden = !this.#source.writable;
    $("save").hidden = false;
    setText($("folder"), this.#source.folder);
    this.#files.open(this.#source.files);
    this.#listen();
    this.#showState();
    await this.#fixtures.start(this.#source.fixtures, this.#source.example);
    this.#review();
  }

  #listen() {
    $("keep").addEventListener("click", () => this.#keep());
    $("save").addEventListener("click", () => this.#save());
    addEventListener("keydown", (event) => {
      if (event.key !== "s" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      event.preventDefault();
      if (!document.querySelector("dialog[open]")) this.#save();
    });
    addEventListener("beforeunload", (event) => {
      if (!this.#isLeaving && this.#files.changes.length) event.preventDefault();
    });
    addEventListener("focus", () => this.#readAgain());
  }

  #filesChanged() {
    this.#showState();
    this.#try();
    this.#review();
  }

  async #showOutcome() {
    const data = { files: this.#files.texts, request: this.#request.value };
    const result = await call("try", { source: this.#name }, data).catch(failed);
    this.#outcome.show(result);
    if (result.problems) this.#files.showProblems(result.problems);
    if (result.settings) this.#request.showSettings(result.settings, result.signed);
    this.#request.body.mark(bodyMarks(result.rejections ?? []));
  }

  async #showReview() {
    const data = { files: this.#files.texts };
    const result = await call("review", { source: this.#name }, data).catch(failed);
    if (result.findings) this.#files.showReview(result);
  }

  // Shows what was done, else whether there is something to save.
  #showState(done = "") {
    const count = this.#files.changes.length, isWritable = this.#source.writable;
    this.#files.drawTabs();
    $("save").disabled = isWritable && !count;
    setText($("save"), isWritable ? "Save" : "Save a copy…");
    const unsaved = count ? `${count} not saved` : "";
    setText($("state"), done || (isWritable ? unsaved : "installed: changes stay on this page"));
  }

  #light(origin) {
    this.#request.unlight();
    this.#files.unlight();
    if (origin?.row) this.#files.lightRow(origin.row.pointer);
    for (const place of origin?.places ?? []) this.#request.light(place);
  }

  async #save() {
    if (!this.#source.writable) return this.#saveCopy();
    this.#showState(await save(this.#name, this.#files));
    this.#try();
    this.#review();
  }

  async #saveCopy() {
    const copy = await saveCopy(this.#name, this.#files, this.#into);
    if (!copy) return;
    this.#isLeaving = true;
    location.assign(address(copy));
  }

  async #keep() {
    const kept = await keepFixture(this.#name, this.#files, this.#request.value);
    if (!kept) return;
    this.#fixtures.added(kept.fixtures, kept.name);
    this.#showState(`Kept as ${kept.folder}`);
    this.#review();
  }

  async #openFailing(fixture) {
    const canUpdate = this.#source.writable && fixture.after;
    const hasUnsaved = this.#files.changes.length > 0;
    const answer = canUpdate ? await updateExpected(this.#name, fixture, hasUnsaved) : "open";
    if (answer === "open") await this.#fixtures.open(fixture.name);
    if (answer !== "updated") return;
    this.#showState(`Updated fixtures/${fixture.name}/expected.json`);
    this.#review();
  }

  // Takes over what was changed on disk, but for files that were edited here as well.
  async #readAgain() {
    const latest = await call("source", { source: this.#name }).catch(() => null);
    if (!latest) return;
    this.#source = latest;
    const changed = this.#files.open(latest.files);
    this.#showState(changed.length ? `${changed.join(", ")} changed on disk` : "");
    this.#try();
    this.#review();
  }
}

function showSources(sources, name) {
  const options = sources.map((source) => {
    return element("option", { value: source.name, selected: source.name === name }, source.name);
  });
  const other = element("option", { value: "" }, "Open or draft another…");
  replaceChildren($("source"), [options, other]);
  $("source").hidden = false;
  $("source").addEventListener("change", () => {
    location.assign($("source").value ? address($("source").value) : "?choose");
  });
}

// The body's line at which it does not parse, as the rejection says.
function bodyMarks(rejections) {
  const unparsed = rejections.filter(({ rule }) => rule.startsWith("json/"));
  return unparsed.map(({ reason, place }) => {
    const line = place.line ?? Number(/\(line (\d+), column \d+\)$/.exec(reason)?.[1] ?? 1);
    return { line, kind: "error", message: reason };
  });
}

const failed = (error) => ({ error: error.message });
