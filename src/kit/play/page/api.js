// Calls the server that served this page.
// The token comes in the fragment of the address, which browsers never send.
const KEY = "springhead-token";
const NO_ANSWER = "springhead play does not answer: start it again. What you typed is still here.";

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

// Returns what a call answers; with data it is a POST.
export async function call(path, parameters = {}, data = null) {
  const response = await send(`/api/${path}?${new URLSearchParams(parameters)}`, data);
  const result = await response.json().catch(() => {
    return { error: `the response (status ${response.status}) is cut off` };
  });
  if (result.error) throw new CallFailed(result.error, result.conflicts);
  return result;
}

async function send(address, data) {
  const headers = { Authorization: `Bearer ${sessionStorage.getItem(KEY) ?? ""}`, "X-Springhead": "1" };
  const options = data === null ? { headers } : { headers, method: "POST", body: JSON.stringify(data) };
  try {
    return await fetch(address, options);
  } catch {
    throw new CallFailed(NO_ANSWER);
  }
}
