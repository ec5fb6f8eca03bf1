// Elements are created here only, and whatever a body holds goes into them as text.
export const $ = (id) => document.getElementById(id);

export function element(tag, attributes = {}, ...children) {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) created.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) created.setAttribute(name, value === true ? "" : value);
  }
  created.append(...children);
  return created;
}

export const setText = (target, text) => { if (target.textContent !== text) target.textContent = text; };

export const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

// Opens a dialog with a form; resolves to the value of the button that closes it. Enter is the button that submits.
export function ask(dialog) {
  for (const button of dialog.querySelectorAll("button[type=button]")) button.onclick = () => dialog.close(button.value);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true }));
}
