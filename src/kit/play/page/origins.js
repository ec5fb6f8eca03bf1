// Remembers where what an element shows came from.
const origins = new WeakMap();

// Says where an element's value came from: { path, row, places, text, isAdded }.
export function setOrigin(target, origin) {
  target.dataset.origin = "";
  origins.set(target, origin);
  return target;
}

export const originOf = (target) => origins.get(target) ?? null;

// The element around another one, or that one itself, that has an origin; null if there is none.
export const closestWithOrigin = (target) => target.closest("[data-origin]");
