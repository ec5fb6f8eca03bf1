// The first page where no source was named: open one, or draft one from a body.
import { call } from "./api.js";
import { $, element, replaceChildren, setText } from "./dom.js";

const GUESSES = "springhead-guesses";

export const address = (source) => `?${new URLSearchParams({ source })}`;

export function choose({ sources, into }) {
  $("choose").hidden = false;
  const none = element("li", { class: "empty" }, "There is none yet.");
  replaceChildren($("choices"), sources.length ? sources.map(choice) : [none]);
  setText($("draft-into"), `It becomes a new folder in ${into}, with a first fixture.`);
  $("draft").addEventListener("submit", (event) => {
    event.preventDefault();
    draft();
  });
}

function choice({ name, writable }) {
  const state = writable ? "in this project" : "installed: look, try, save a copy";
  const parts = [element("strong", {}, name), element("span", { class: "soft" }, state)];
  return element("li", {}, element("a", { href: address(name) }, parts));
}

async function draft() {
  setText($("draft-problem"), "");
  const request = { body: $("draft-body").value, headers: parseHeaders($("draft-headers").value) };
  try {
    const { source, guesses } = await call("draft", {}, { name: $("draft-name").value, request });
    sessionStorage.setItem(GUESSES, JSON.stringify(guesses));
    location.assign(address(source));
  } catch (error) {
    setText($("draft-problem"), error.message);
  }
}

// Shows what a draft guesses, until the page is opened again.
export function showGuesses() {
  const guesses = JSON.parse(sessionStorage.getItem(GUESSES) ?? "[]");
  sessionStorage.removeItem(GUESSES);
  replaceChildren($("guesses").querySelector("ul"), guesses.map((guess) => element("li", {}, guess)));
  $("guesses").hidden = !guesses.length;
}

function parseHeaders(text) {
  const lines = text.split("\n").filter((line) => line.includes(":"));
  return Object.fromEntries(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  }));
}
