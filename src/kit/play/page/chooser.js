// The first page where no source was named: open one, or draft one from a body.
import { call } from "./api.js";
import { $, element, setText } from "./dom.js";

export const address = (source) => `?${new URLSearchParams({ source })}`;

const headersOf = (text) => Object.fromEntries(text.split("\n").filter((line) => line.includes(":"))
  .map((line) => [line.slice(0, line.indexOf(":")).trim(), line.slice(line.indexOf(":") + 1).trim()]));

export function choose({ sources, into }) {
  $("choose").hidden = false;
  $("choices").replaceChildren(...sources.map(({ name, writable }) => element("li", {},
    element("a", { href: address(name) }, element("strong", {}, name), element("span", { class: "soft" }, writable ? "in this project" : "installed: look, try, save a copy")))));
  if (!sources.length) $("choices").append(element("li", { class: "empty" }, "There is none yet."));
  setText($("draft-into"), `It becomes a new folder in ${into}, with a first fixture.`);
  $("draft").addEventListener("submit", async (event) => {
    event.preventDefault();
    setText($("draft-problem"), "");
    try {
      const { source, guesses } = await call("draft", {}, { name: $("draft-name").value, request: { body: $("draft-body").value, headers: headersOf($("draft-headers").value) } });
      sessionStorage.setItem("springhead-guesses", JSON.stringify(guesses));
      location.assign(address(source));
    } catch (error) { setText($("draft-problem"), error.message); }
  });
}
