// Writes files when asked: shows what changes on disk, and never overwrites what changed there meanwhile.
import { call } from "./api.js";
import { $, ask, plural, setText } from "./dom.js";
import { askAboutChanges, askForCopy } from "./save_dialog.js";

const UNSAVED = "The files have changes that are not saved. Until they are, springhead test fails.";

// Saves the files that changed, once that is confirmed; returns what was done.
export async function save(source, files) {
  let problem = "", conflicts = [];
  for (;;) {
    const changes = files.changes;
    if (!changes.length) return "Nothing to save.";
    const answer = await askToSave(changes, problem, conflicts);
    if (answer === "other") return takeDisk(files, conflicts);
    if (answer !== "save") return "";
    try {
      await write(source, files, changes);
      return `Saved ${plural(changes.length, "file")}.`;
    } catch (error) {
      ({ message: problem, conflicts } = error);
      if (!conflicts.length) continue;
      files.open((await call("source", { source })).files, { keep: () => true });
      problem += ". This is what saving would change now.";
    }
  }
}

function askToSave(changes, problem, conflicts) {
  const hasConflicts = conflicts.length > 0;
  return askAboutChanges(changes, {
    title: `Save ${plural(changes.length, "file")}`,
    confirm: hasConflicts ? "Save over it" : "Save",
    other: hasConflicts ? "Take what is on disk" : "",
    problem,
  });
}

function takeDisk(files, names) {
  for (const name of names) files.takeDisk(name);
  return `Took ${names.join(", ")} from disk.`;
}

async function write(source, files, changes) {
  const edits = changes.map(({ name, after, digest }) => [name, { text: after, digest }]);
  const saved = await call("save", { source }, { edits: Object.fromEntries(edits) });
  files.open(saved.files, { keep: (name) => changes.some((change) => change.name === name) });
}

// Shows how the outcome of a fixture differs from its expected.json, which is updated if asked.
// Returns "updated", "open" if the fixture is to be shown, or "".
export async function updateExpected(source, { name, reason, before, after, digest }, hasUnsaved) {
  let problem = "";
  for (;;) {
    const answer = await askAboutChanges([{ name: `${name}/expected.json`, before, after }], {
      title: `fixtures/${name} ${reason}`,
      text: hasUnsaved ? UNSAVED : "",
      confirm: "Update expected.json",
      other: "Open the fixture",
      problem,
    });
    if (answer === "other") return "open";
    if (answer !== "save") return "";
    try {
      await call("update", { source }, { name, expected: { text: after, digest } });
      return "updated";
    } catch (error) {
      problem = error.message;
    }
  }
}

// Saves the files of an installed source to a new folder; returns the name it is open under, or null.
export async function saveCopy(source, files, into) {
  let problem = "";
  $("copy-name").value = source.split("/").at(-1);
  for (;;) {
    if (await askForCopy(into, problem) !== "save") return null;
    try {
      const data = { name: $("copy-name").value, files: files.texts };
      return (await call("copy", { source }, data)).source;
    } catch (error) {
      problem = error.message;
    }
  }
}

// Keeps the request as a fixture; returns { name, folder, fixtures }, or null.
export async function keepFixture(source, files, request) {
  $("keep-unsaved").hidden = !files.changes.length;
  setText($("keep-problem"), "");
  while (await ask($("keep-dialog")) === "keep") {
    const name = $("keep-name").value;
    try {
      return { name, ...await call("keep", { source }, { name, files: files.texts, request }) };
    } catch (error) {
      setText($("keep-problem"), error.message);
    }
  }
  return null;
}
