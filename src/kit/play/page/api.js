// Calls the server that served this page. The token comes in the fragment of the address, which no browser sends.
const KEY = "springhead-token";

export class CallFailed extends Error {
  constructor(message, conflicts = []) {
    super(message);
    this.conflicts = conflicts;
  }
}

export function takeToken() {
  if (location.hash.length < 2) return;
  sessionStorage.setItem(KEY, location.hash.slice(1));
  history.replaceState(null, "", location.pathname + location.search);
}

export async function call(path, parameters = {}, data = null) {
  const headers = { Authorization: `Bearer ${sessionStorage.getItem(KEY) ?? ""}`, "X-Springhead": "1" };
  const options = data === null ? { headers } : { headers, method: "POST", body: JSON.stringify(data) };
  const response = await fetch(`/api/${path}?${new URLSearchParams(parameters)}`, options)
    .catch(() => { throw new CallFailed("springhead play does not answer: start it again. What you typed is still here."); });
  const result = await response.json().catch(() => ({ error: `the response (status ${response.status}) is cut off` }));
  if (result.error) throw new CallFailed(result.error, result.conflicts);
  return result;
}
