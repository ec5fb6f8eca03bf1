// Elements are created here only, and whatever a body holds goes into them as text.
export const $ = (id) => document.getElementById(id);

// Creates an element. A child may be a list of children, or null, which adds nothing.
export function element(tag, attributes = {}, ...children) {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) created.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) created.setAttribute(name, value === true ? "" : value);
  }
  replaceChildren(created, children);
  return created;
}

export function replaceChildren(parent, children) {
  const fragment = new DocumentFragment();
  for (const child of children.flat()) if (child !== null) fragment.append(child);
  parent.replaceChildren(fragment);
}

export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

export const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

let questions = 0;

// Opens a dialog with a form, in which Enter is the button that submits.
// Resolves to the value of the button that closes it.
export function ask(dialog) {
  const number = ++questions;
  for (const button of dialog.querySelectorAll("button[type=button]")) {
    button.onclick = () => dialog.close(button.value);
  }
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    const close = () => {
      if (dialog.open && number === questions) return; // the last question was closed, which is told late
      dialog.removeEventListener("close", close);
      resolve(dialog.returnValue);
    };
    dialog.addEventListener("close", close);
  });
}
