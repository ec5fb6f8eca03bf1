// The files of the source: an editor for each, in tabs, and the problems in them.
import { $, ask, element, plural } from "./dom.js";
import { Editor } from "./editor.js";

export class FilesPanel {
  #onChange;
  #openFailing;
  #files = new Map();
  #active = "";
  #findings = [];
  #failing = [];
  #uncovered = [];
  #isReviewed = false;

  // `openFailing` gets a fixture that fails, as the review lists it.
  constructor({ onChange, openFailing }) {
    this.#onChange = onChange;
    this.#openFailing = openFailing;
    $("tabs").addEventListener("keydown", (event) => this.#moveTab(event));
    $("new-table").addEventListener("click", () => this.#addTable());
  }

  // The texts as they stand on the page, by name.
  get texts() { return Object.fromEntries([...this.#files].map(([name, { editor }]) => [name, editor.text])); }

  // The files that differ from those on disk: [{ name, before, after, digest }].
  get changes() {
    return [...this.#files].map(([name, { editor, disk }]) => ({ name, before: disk?.text ?? "", after: editor.text, digest: disk?.digest ?? null, isNew: !disk }))
      .filter(({ before, after, isNew }) => isNew || before !== after);
  }

  // Shows files as they are on disk. An edited one stays as it is, unless it is in `overwrite` or was just saved.
  open(files, { keep = () => false } = {}) {
    const changed = [];
    for (const [name, disk] of Object.entries(files)) {
      if (!this.#files.has(name)) this.#add(name);
      const file = this.#files.get(name), isEdited = file.disk !== null && file.editor.text !== file.disk.text;
      if (file.disk?.digest === disk.digest) continue;
      if (isEdited && file.editor.text !== disk.text && !keep(name)) { changed.push(name); continue; }
      if (!isEdited || !keep(name)) file.editor.text = disk.text;
      file.disk = disk;
    }
    if (!this.#files.has(this.#active)) this.show(this.#files.keys().next().value ?? "");
    this.#drawTabs();
    return changed;
  }

  takeDisk(name) {
    const file = this.#files.get(name);
    if (file.disk) file.editor.text = file.disk.text;
    this.#onChange();
  }

  show(name) {
    this.#active = name;
    for (const [other, { editor }] of this.#files) editor.root.hidden = other !== name;
    this.#drawTabs();
    this.#tab(name)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  goTo(name, place) {
    if (!this.#files.has(name)) return;
    this.show(name);
    this.#files.get(name).editor.goTo(place);
  }

  // Lights up a row of mapping.json; where another file is shown, its tab.
  lightRow(pointer) {
    this.#files.get("mapping.json")?.editor.light(pointer, null, true);
    if (this.#active !== "mapping.json") this.#tab("mapping.json")?.classList.add("lit");
  }

  unlight() {
    for (const { editor } of this.#files.values()) editor.unlight();
    for (const tab of $("tabs").children) tab.classList.remove("lit");
  }

  // Marks what keeps the source from loading at once, and what a review finds when that is done.
  showProblems(problems) {
    const others = this.#findings.filter(({ severity }) => severity !== "error");
    this.#findings = [...problems.map((problem) => ({ ...problem, severity: "error" })), ...(problems.length ? [] : others)];
    if (problems.length) this.#failing = this.#uncovered = [];
    this.#draw();
  }

  showReview({ findings, failing, uncovered }) {
    this.#findings = findings;
    this.#failing = failing;
    this.#uncovered = uncovered;
    this.#isReviewed = true;
    this.#draw();
  }

  changed() { this.#drawTabs(); }

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

  #tab(name) { return [...$("tabs").children].find((tab) => tab.dataset.name === name); }

  #drawTabs() {
    const hasFocus = $("tabs").contains(document.activeElement);
    const edited = new Set(this.changes.map(({ name }) => name));
    $("tabs").replaceChildren(...[...this.#files.keys()].map((name) => {
      const errors = this.#findings.filter((finding) => finding.file === name && finding.severity === "error").length;
      return element("button", {
        role: "tab", "data-name": name, "aria-selected": String(name === this.#active), "aria-controls": `file-${name}`,
        tabindex: name === this.#active ? "0" : "-1", class: errors ? "bad" : null, onclick: () => this.show(name),
      }, name.replace(/\.json$/, ""), ...(edited.has(name) ? [element("span", { class: "edited", title: "not saved", "aria-label": "not saved" }, "●")] : []));
    }));
    if (hasFocus) this.#tab(this.#active)?.focus();
  }

  #moveTab(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key], names = [...this.#files.keys()];
    if (!step) return;
    this.show(names.at((names.indexOf(this.#active) + step) % names.length));
    event.preventDefault();
  }

  #draw() {
    for (const [name, { editor }] of this.#files) {
      const marks = this.#findings.filter((finding) => finding.file === name).map(({ line, severity, reason }) => ({ line, kind: severity, message: reason }));
      const places = this.#uncovered.filter(({ file }) => file === name);
      editor.mark([...marks, ...places.map(({ pointer, reason }) => ({ line: editor.lineOf(pointer), kind: "uncovered", message: reason }))]);
    }
    this.#drawTabs();
    this.#drawList();
  }

  #drawList() {
    const errors = this.#findings.filter(({ severity }) => severity === "error"), advice = this.#findings.filter(({ severity }) => severity !== "error");
    const failing = this.#failing.map((fixture) => this.#item("error", `fixtures/${fixture.name}`, fixture.reason, () => this.#openFailing(fixture)));
    const items = [...errors.map((finding) => this.#finding(finding)), ...failing, ...advice.map((finding) => this.#finding(finding))];
    const rows = this.#uncovered.filter(({ file }) => this.#files.has(file)).map((place) => this.#uncoveredPlace(place));
    $("problems").replaceChildren(
      ...(items.length ? [element("ul", {}, ...items)] : [element("p", { class: "soft" }, this.#isReviewed ? "No problems." : "Checking…")]),
      ...(rows.length ? [element("details", {}, element("summary", {}, `${plural(rows.length, "place")} that no fixture runs`), element("ul", {}, ...rows))] : []));
  }

  #uncoveredPlace({ file, pointer, reason }) {
    const line = this.#files.get(file).editor.lineOf(pointer);
    return this.#item("uncovered", `${file}:${line}`, reason, () => this.goTo(file, { pointer }));
  }

  #finding({ file, line, pointer, severity, reason, advice }) {
    const isHere = this.#files.has(file);
    const go = isHere ? () => this.goTo(file, severity === "error" ? { line } : { pointer, line }) : null;
    return this.#item(severity, `${file}:${line}`, advice ? `${reason} — ${advice}` : reason, go);
  }

  #item(kind, place, text, go) {
    const parts = [element("code", {}, place), " ", text];
    return element("li", { class: kind }, go ? element("button", { class: "plain", onclick: go }, ...parts) : element("span", {}, ...parts));
  }
}
