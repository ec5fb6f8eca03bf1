// Opens the source that the address names, or the page on which one is chosen.
import { call, takeToken } from "./api.js";
import { choose } from "./chooser.js";
import { $, setText } from "./dom.js";
import { openWorkbench } from "./workbench.js";

async function start() {
  const listed = await call("sources");
  const parameters = new URLSearchParams(location.search);
  const name = parameters.get("source") ?? listed.start;
  if (name === null || parameters.has("choose")) choose(listed);
  else await openWorkbench(name, listed);
}

takeToken();
try {
  await start();
} catch (error) {
  setText($("trouble"), error.message);
}
