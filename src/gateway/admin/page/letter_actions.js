"use strict";

// Replaying and dropping a dead letter, once that is confirmed.
async function replay(id) {
  const explanation = "Checking what a replay would change…";
  const confirmed = confirmation(`Replay dead letter ${id}?`, explanation, "Replay", "main", false);
  try {
    const result = await call(`api/dead/${id}/replay?dry_run=1`, "POST");
    const becomes = result.gone ? "It would become" : "Nothing would change";
    setText($("explanation"), `${becomes}: ${result.summary}.`);
    $("confirm").disabled = !result.gone;
    $(result.gone ? "confirm" : "cancel").focus();
  } catch (error) {
    setText($("explanation"), error.message);
  }
  if (await confirmed)
    change(id, async () => `#${id}: ${(await call(`api/dead/${id}/replay`, "POST")).summary}`);
}

async function drop(id) {
  const explanation = "What was sent will be deleted for good.";
  if (!(await confirmation(`Drop dead letter ${id}?`, explanation, "Drop", "risk", true))) return;
  change(id, async () => {
    await call(`api/dead/${id}`, "DELETE");
    return `#${id} dropped`;
  });
}

async function change(id, action) {
  const row = $(`letter-${id}`);
  const neighbour = row?.nextElementSibling ?? row?.previousElementSibling;
  try {
    setText($("result"), await action());
  } catch (error) {
    setText($("result"), error.message);
  }
  await loadLetters();
  if (!row?.isConnected) (neighbour?.querySelector("button") ?? $("letters")).focus();
}

function confirmation(question, explanation, label, style, isReady) {
  setText($("question"), question);
  setText($("explanation"), explanation);
  setText($("confirm"), label);
  $("confirm").className = style;
  $("confirm").disabled = !isReady;
  $("dialog").returnValue = "";
  $("dialog").showModal();
  return new Promise((resolve) => {
    const closed = () => resolve($("dialog").returnValue === "confirmed");
    $("dialog").addEventListener("close", closed, { once: true });
  });
}
$("confirm").addEventListener("click", () => $("dialog").close("confirmed"));
$("cancel").addEventListener("click", () => $("dialog").close("cancelled"));
