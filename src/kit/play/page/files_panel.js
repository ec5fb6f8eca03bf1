// The files of the source: an editor for each, in tabs, and the problems in them.
import { $, ask } from "./dom.js";
import { Editor } from "./editor.js";
import { ProblemList } from "./problem_list.js";
import { Tabs } from "./tabs.js";

const isError = ({ severity }) => severity === "error";

export class FilesPanel {
  #onChange;
  #tabs;
  #list;
  #files = new Map();
  #findings = [];
  #failing = [];
  #uncovered = [];

  // `openFailing` gets a fixture that fails, as the review lists it.
  constructor({ onChange, openFailing }) {
    this.#onChange = onChange;
    this.#tabs = new Tabs((name) => this.show(name));
    this.#list = new ProblemList({ goTo: (name, place) => this.goTo(name, place), openFailing });
    $("new-table").addEventListener("click", () => this.#addTable());
  }

  // The texts as they stand on the page, by name.
  get texts() {
    return Object.fromEntries([...this.#files].map(([name, { editor }]) => [name, editor.text]));
  }

  // The files that differ from those on disk: [{ name, before, after, digest }].
  get changes() {
    const edited = [...this.#files].filter(([, { editor, disk }]) => editor.text !== disk?.text);
    return edited.map(([name, { editor, disk }]) => {
      return { name, before: disk?.text ?? "", after: editor.text, digest: disk?.digest ?? null };
    });
  }

  // Shows files as they are on disk. An edited one stays as it is, and is returned, unless `keep` says that the
  // text on the page is to be held against what is on disk now.
  open(files, { keep = () => false } = {}) {
    const conflicts = [];
    for (const [name, disk] of Object.entries(files)) {
      if (!this.#files.has(name)) this.#add(name);
      const file = this.#files.get(name), isEdited = file.disk !== null && file.editor.text !== file.disk.text;
      if (file.disk?.digest === disk.digest) continue;
      if (isEdited && file.editor.text !== disk.text && !keep(name)) {
        conflicts.push(name);
        continue;
      }
      if (!isEdited || !keep(name)) file.editor.text = disk.text;
      file.disk = disk;
    }
    if (!this.#files.has(this.#tabs.active)) this.show(this.#files.keys().next().value ?? "");
    this.drawTabs();
    return conflicts;
  }

  takeDisk(name) {
    const { editor, disk } = this.#files.get(name);
    if (disk) editor.text = disk.text;
    this.#onChange();
  }

  show(name) {
    this.#tabs.active = name;
    for (const [other, { editor }] of this.#files) editor.root.hidden = other !== name;
    this.drawTabs();
    this.#tabs.reveal(name);
  }

  goTo(name, place) {
    if (!this.#files.has(name)) return;
    this.show(name);
    this.#files.get(name).editor.goTo(place);
  }

  // Lights up a row of mapping.json; where another file is shown, its tab.
  lightRow(pointer) {
    this.#files.get("mapping.json")?.editor.lightLines(pointer);
    if (this.#tabs.active !== "mapping.json") this.#tabs.light("mapping.json");
  }

  unlight() {
    for (const { editor } of this.#files.values()) editor.unlight();
    this.#tabs.unlight();
  }

  // Marks what keeps the source from loading at once, and what a review finds when that is done.
  showProblems(problems) {
    const errors = problems.map((problem) => ({ ...problem, severity: "error" }));
    const advice = this.#findings.filter((finding) => !isError(finding));
    this.#findings = problems.length ? errors : advice;
    if (problems.length) this.#failing = this.#uncovered = [];
    this.#draw();
  }

  showReview({ findings, failing, uncovered }) {
    this.#findings = findings;
    this.#failing = failing;
    this.#uncovered = uncovered;
    this.#list.isReviewed = true;
    this.#draw();
  }

  drawTabs() {
    const edited = new Set(this.changes.map(({ name }) => name));
    const broken = new Set(this.#findings.filter(isError).map(({ file }) => file));
    this.#tabs.draw([...this.#files.keys()].map((name) => {
      return { name, isEdited: edited.has(name), isBroken: broken.has(name) };
    }));
  }

  #add(name) {
    const editor = new Editor(name, () => this.#onChange());
    editor.root.hidden = true;
    editor.root.id = `file-${name}`;
    editor.root.setAttribute("role", "tabpanel");
    $("editors").append(editor.root);
    this.#files.set(name, { editor, disk: null });
  }

  async #addTable() {
    $("table-name").value = "";
    if (await ask($("table-dialog")) !== "add") return;
    const name = `${$("table-name").value}.json`;
    if (!this.#files.has(name)) {
      this.#add(name);
      this.#files.get(name).editor.text = "{\n}\n";
      this.#onChange();
    }
    this.goTo(name, { line: 1 });
  }

  #draw() {
    const uncovered = this.#uncovered.filter(({ file }) => this.#files.has(file));
    const places = uncovered.map((place) => {
      const line = this.#files.get(place.file).editor.lineOf(place.pointer);
      return { ...place, severity: "uncovered", line };
    });
    const all = [...this.#findings, ...places];
    for (const [name, { editor }] of this.#files) {
      const here = all.filter(({ file }) => file === name);
      editor.mark(here.map(({ line, severity, reason }) => ({ line, kind: severity, message: reason })));
    }
    this.drawTabs();
    this.#list.draw(this.#findings, this.#failing, places, (name) => this.#files.has(name));
  }
}
