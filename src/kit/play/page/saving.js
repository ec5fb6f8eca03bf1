// Writes files when asked: shows what changes on disk, and never overwrites what changed there meanwhile.
import { call } from "./api.js";
import { diffLines } from "./diff.js";
import { $, ask, element, plural, setText } from "./dom.js";

const CONTEXT = 2;

export async function save(source, files) {
  let problem = "", conflicts = [];
  for (;;) {
    const changes = files.changes;
    if (!changes.length) return "Nothing to save.";
    const answer = await askToSave(changes, problem, conflicts);
    if (answer === "other") {
      for (const name of conflicts) files.takeDisk(name);
      return `Took ${conflicts.join(", ")} from disk.`;
    }
    if (answer !== "save") return "";
    try {
      const edits = Object.fromEntries(changes.map(({ name, after, digest }) => [name, { text: after, digest }]));
      const saved = await call("save", { source }, { edits });
      files.open(saved.files, { keep: (name) => name in edits });
      return `Saved ${plural(changes.length, "file")}.`;
    } catch (error) {
      [problem, conflicts] = [error.message, error.conflicts];
      if (conflicts.length) {
        files.open((await call("source", { source })).files, { keep: () => true });
        problem = `${problem}. This is what saving would change now.`;
      }
    }
  }
}

// Shows how the outcome of a fixture differs from its expected.json, which is updated if asked; returns "updated",
// "open" if the fixture is to be shown, or "".
export async function updateExpected(source, { name, reason, before, after, digest }, isUnsaved) {
  let problem = "";
  for (;;) {
    const text = isUnsaved ? "The files have changes that are not saved. Until they are, springhead test fails." : "";
    prepare({ title: `fixtures/${name} ${reason}`, text, confirm: "Update expected.json", other: "Open the fixture", problem });
    const answer = await askAbout([{ name: `${name}/expected.json`, before, after }]);
    if (answer !== "save") return answer && "open";
    try {
      await call("update", { source }, { name, expected: { text: after, digest } });
      return "updated";
    } catch (error) { problem = error.message; }
  }
}

// Saves the files of an installed source to a new folder; returns the name it is open under.
export async function saveCopy(source, files, into) {
  let problem = "";
  $("copy-name").value = source.split("/").at(-1);
  for (;;) {
    prepare({ title: "Save a copy", text: `This source is installed, and stays as it is. The copy is a new folder in ${into}.`, confirm: "Save the copy", problem, isCopy: true });
    if (await ask($("save-dialog")) !== "save") return null;
    try {
      return (await call("copy", { source }, { name: $("copy-name").value, files: files.texts })).source;
    } catch (error) { problem = error.message; }
  }
}

async function askToSave(changes, problem, conflicts) {
  const hasConflicts = conflicts.length > 0;
  prepare({ title: `Save ${plural(changes.length, "file")}`, text: "", confirm: hasConflicts ? "Save over it" : "Save", other: hasConflicts ? "Take what is on disk" : "", problem });
  return askAbout(changes);
}

// Shows changes in the dialog that is prepared; resolves to the answer.
function askAbout(changes) {
  $("diff").replaceChildren(...changes.map(drawn));
  const answer = ask($("save-dialog"));
  $("save-confirm").focus();
  return answer;
}

function prepare({ title, text, confirm, problem, other = "", isCopy = false }) {
  setText($("save-title"), title);
  setText($("save-text"), text);
  setText($("save-confirm"), confirm);
  setText($("save-problem"), problem);
  $("diff").hidden = isCopy;
  $("copy-label").hidden = !isCopy;
  $("copy-name").required = isCopy;
  $("copy-name").disabled = !isCopy;
  setText($("save-other"), other);
  $("save-other").hidden = !other;
}

function drawn({ name, before, after }) {
  const lines = diffLines(before, after);
  const isNear = (index) => lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(({ kind }) => kind !== "same");
  const changed = lines.filter((_, index) => isNear(index));
  const signs = { same: " ", removed: "−", added: "+" };
  return element("section", {}, element("h3", {}, name),
    element("pre", {}, ...changed.map(({ kind, text }) => element("span", { class: kind }, `${signs[kind]} ${text}\n`))));
}
