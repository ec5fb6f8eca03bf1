// The dialog in which one sees what changes on disk, and confirms it.
import { $, ask, element, replaceChildren, setText } from "./dom.js";
import { diffLines } from "./diff.js";

const CONTEXT = 2;
const SIGNS = { same: " ", removed: "−", added: "+" };

// Shows changes, [{ name, before, after }]; resolves to "save", to "other", or to what cancels.
export function askAboutChanges(changes, { title, text = "", confirm, other = "", problem }) {
  prepare({ title, text, confirm, other, problem, isCopy: false });
  replaceChildren($("diff"), changes.map(change));
  const answer = ask($("save-dialog"));
  $("save-confirm").focus();
  return answer;
}

// Asks for the name of a new folder in another; resolves to "save", or to what cancels.
export function askForCopy(into, problem) {
  const text = `This source is installed, and stays as it is. The copy is a new folder in ${into}.`;
  prepare({ title: "Save a copy", text, confirm: "Save the copy", other: "", problem, isCopy: true });
  return ask($("save-dialog"));
}

function prepare({ title, text, confirm, other, problem, isCopy }) {
  setText($("save-title"), title);
  setText($("save-text"), text);
  setText($("save-confirm"), confirm);
  setText($("save-problem"), problem);
  setText($("save-other"), other);
  $("save-other").hidden = !other;
  $("diff").hidden = isCopy;
  $("copy-label").hidden = !isCopy;
  $("copy-name").required = isCopy;
  $("copy-name").disabled = !isCopy;
}

function change({ name, before, after }) {
  const lines = diffLines(before, after);
  const isNear = (index) => {
    const around = lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1);
    return around.some(({ kind }) => kind !== "same");
  };
  const shown = lines.filter((_, index) => isNear(index)).map(({ kind, text }) => {
    return element("span", { class: kind }, `${SIGNS[kind]} ${text}\n`);
  });
  return element("section", {}, element("h3", {}, name), element("pre", {}, shown));
}
