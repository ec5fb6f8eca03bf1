// The fields in which what comes with a body is entered.
import { element } from "./dom.js";

export function textField(attributes, value = "") {
  const input = element("input", { autocomplete: "off", spellcheck: "false", ...attributes });
  input.value = value;
  return input;
}

// A field whose text is hidden until one asks to see it; returns the field, and what to put on the page.
export function secretField(name, attributes) {
  const input = textField({ ...attributes, type: "password", autocomplete: "new-password" });
  const toggle = element("button", {
    type: "button",
    class: "plain accent",
    "aria-label": `Show ${name}`,
    onclick() {
      const isShown = input.type === "text";
      input.type = isShown ? "password" : "text";
      toggle.textContent = isShown ? "show" : "hide";
      toggle.setAttribute("aria-label", `${isShown ? "Show" : "Hide"} ${name}`);
    },
  }, "show");
  return { input, root: element("span", { class: "secret" }, input, toggle) };
}

export function labelled(name, label, field) {
  return element("label", { "data-name": name }, element("span", {}, label), field);
}

// Lights up a box of fields, and those in it whose names are as wanted.
export function lightFields(box, isWanted) {
  box.classList.add("lit");
  for (const row of box.querySelectorAll("[data-name]")) row.classList.toggle("lit", isWanted(row));
}
