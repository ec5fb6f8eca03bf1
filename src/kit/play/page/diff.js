// Finds the lines in which two texts differ.
const MAX_CELLS = 4_000_000;

// Returns [{ kind: "same" | "removed" | "added", text, line }], lines counted in the new text.
export function diffLines(before, after) {
  const [old, now] = [before.split("\n"), after.split("\n")];
  let start = 0, end = 0;
  while (start < Math.min(old.length, now.length) && old[start] === now[start]) start++;
  while (end < Math.min(old.length, now.length) - start && old.at(-1 - end) === now.at(-1 - end)) end++;
  const same = (lines, from) => lines.map((text, index) => ({ kind: "same", text, line: from + index + 1 }));
  return [...same(now.slice(0, start), 0), ...middle(old.slice(start, old.length - end), now.slice(start, now.length - end), start),
    ...same(now.slice(now.length - end), now.length - end)];
}

function middle(old, now, offset) {
  const result = [], lengths = old.length * now.length > MAX_CELLS ? null : commonLengths(old, now);
  let i = 0, j = 0;
  while (i < old.length || j < now.length) {
    const line = offset + j + 1;
    if (lengths && i < old.length && j < now.length && old[i] === now[j]) { result.push({ kind: "same", text: now[j++], line }); i++; }
    else if (i < old.length && (j === now.length || !lengths || lengths[i + 1][j] >= lengths[i][j + 1])) result.push({ kind: "removed", text: old[i++], line });
    else result.push({ kind: "added", text: now[j++], line });
  }
  return result;
}

// For every pair of positions, the length of the longest common subsequence of the lines from there on.
function commonLengths(old, now) {
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint32Array(now.length + 1));
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--)
      lengths[i][j] = old[i] === now[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
  return lengths;
}
