// The tabs of the files: a dot marks a file that is not saved.
import { $, element, replaceChildren } from "./dom.js";

export class Tabs {
  active = "";
  #onChoose;

  constructor(onChoose) {
    this.#onChoose = onChoose;
    $("tabs").addEventListener("keydown", (event) => this.#move(event));
  }

  // Draws a tab for each file: [{ name, isEdited, isBroken }].
  draw(files) {
    const hasFocus = $("tabs").contains(document.activeElement);
    replaceChildren($("tabs"), files.map((file) => this.#tab(file)));
    if (hasFocus) this.#find(this.active)?.focus();
  }

  reveal(name) {
    this.#find(name)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  light(name) {
    this.#find(name)?.classList.add("lit");
  }

  unlight() {
    for (const tab of $("tabs").children) tab.classList.remove("lit");
  }

  #find(name) {
    return [...$("tabs").children].find((tab) => tab.dataset.name === name);
  }

  #tab({ name, isEdited, isBroken }) {
    const isActive = name === this.active;
    return element("button", {
      role: "tab",
      "data-name": name,
      "aria-selected": String(isActive),
      "aria-controls": `file-${name}`,
      tabindex: isActive ? "0" : "-1",
      class: isBroken ? "bad" : null,
      onclick: () => this.#onChoose(name),
    }, name.replace(/\.json$/, ""), isEdited ? unsavedDot() : null);
  }

  #move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const names = [...$("tabs").children].map((tab) => tab.dataset.name);
    this.#onChoose(names.at((names.indexOf(this.active) + step) % names.length));
    event.preventDefault();
  }
}

function unsavedDot() {
  return element("span", { class: "edited", title: "not saved", "aria-label": "not saved" }, "●");
}
