"use strict";

// Elements are created here only, and what a sender sent goes into them as text.
const $ = (id) => document.getElementById(id);
const element = (tag, attributes = {}, ...children) => {
  const isSvg = ["svg", "polyline", "polygon"].includes(tag);
  const created = isSvg
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) created.setAttribute(name, value);
  created.append(...children);
  return created;
};
const setText = (target, text) => {
  if (target.textContent !== text) target.textContent = text;
};

const number = new Intl.NumberFormat("en");
const clock = new Intl.DateTimeFormat([], {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hour12: false,
});
const day = new Intl.DateTimeFormat([], { month: "short", day: "numeric" });
const perSecond = (value) =>
  value === 0 ? "0" : value < 0.05 ? "< 0.1" : value < 10 ? value.toFixed(1) : number.format(Math.round(value));
const scaled = (value, units) => {
  let unit = units[0][1];
  for (const [factor, name] of units)
    if (value >= factor) [value, unit] = [value / factor, name];
    else break;
  return `${value < 10 && unit !== units[0][1] ? value.toFixed(1) : Math.round(value)} ${unit}`;
};
const duration = (seconds) =>
  scaled(seconds, [
    [1, "s"],
    [60, "min"],
    [60, "h"],
    [24, "d"],
  ]);
const size = (bytes) =>
  scaled(bytes, [
    [1, "B"],
    [1000, "kB"],
    [1000, "MB"],
    [1000, "GB"],
  ]);
const plural = (count, noun) => `${number.format(count)} ${noun}${count === 1 ? "" : "s"}`;
const timeElement = (at) => {
  const date = new Date(at * 1000);
  const isToday = new Date().toDateString() === date.toDateString();
  return element(
    "time",
    { datetime: date.toISOString() },
    isToday ? clock.format(date) : `${day.format(date)} ${clock.format(date)}`,
  );
};

function addOptions(select, values) {
  const known = new Set([...select.options].map((option) => option.value));
  for (const value of new Set(values))
    if (!known.has(value)) select.append(element("option", { value }, value));
  select.hidden = select.options.length < 3;
}

// A command to copy. Where the browser lets no page write to the clipboard, as over plain HTTP,
// the command is selected.
function commandLine(command) {
  const code = element("code", { title: command }, command);
  const button = element("button", { class: "quiet", "aria-label": `Copy: ${command}` }, "Copy");
  button.addEventListener("click", async () => {
    const copied = await navigator.clipboard?.writeText(code.textContent).then(
      () => true,
      () => false,
    );
    getSelection().selectAllChildren(code);
    setText(button, copied || document.execCommand("copy") ? "Copied" : "Selected");
    setTimeout(() => setText(button, "Copy"), 2000);
  });
  return element("div", { class: "command" }, code, button);
}
const springhead = (...words) =>
  ["springhead", ...words, "--config", latestStatus.config].map(shellQuoted).join(" ");
const shellQuoted = (text) => (/^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
