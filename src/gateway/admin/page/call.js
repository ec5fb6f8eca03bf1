"use strict";

// Calls of the gateway's API.
const NO_ANSWER = "The gateway does not answer. Try again when it is back.";

async function call(path, method = "GET") {
  const options = { method, headers: { "X-Springhead": "1" }, signal: AbortSignal.timeout(30000) };
  const response = await fetch(path, options).catch(() => {
    throw new Error(NO_ANSWER);
  });
  if (response.status === 401) location.reload();
  const data = await response.json().catch(() => {
    return { error: `The response (status ${response.status}) is not the gateway's, or is cut off.` };
  });
  if (!response.ok || data.error) throw new Error(data.error);
  return data;
}
