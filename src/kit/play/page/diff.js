// Finds the lines in which two texts differ.
const MAX_CELLS = 4_000_000;

// How many lines two lists have in common at the start, and at the end.
export function commonEnds(before, after) {
  const shorter = Math.min(before.length, after.length);
  let start = 0, end = 0;
  while (start < shorter && before[start] === after[start]) start++;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  return { start, end };
}

// Returns [{ kind: "same" | "removed" | "added", text }].
export function diffLines(before, after) {
  const old = before.split("\n"), now = after.split("\n");
  const { start, end } = commonEnds(old, now);
  const same = (lines) => lines.map((text) => ({ kind: "same", text }));
  const changed = diffMiddle(old.slice(start, old.length - end), now.slice(start, now.length - end));
  return [...same(now.slice(0, start)), ...changed, ...same(now.slice(now.length - end))];
}

function diffMiddle(old, now) {
  const lengths = old.length * now.length > MAX_CELLS ? null : commonLengths(old, now);
  const isRemoved = (i, j) => j === now.length || !lengths || lengths[i + 1][j] >= lengths[i][j + 1];
  const result = [];
  let i = 0, j = 0;
  while (i < old.length || j < now.length) {
    if (lengths && i < old.length && j < now.length && old[i] === now[j]) {
      result.push({ kind: "same", text: now[j] });
      i++;
      j++;
    } else if (i < old.length && isRemoved(i, j)) result.push({ kind: "removed", text: old[i++] });
    else result.push({ kind: "added", text: now[j++] });
  }
  return result;
}

// For every pair of positions, the length of the longest common subsequence of the lines from there on.
function commonLengths(old, now) {
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint32Array(now.length + 1));
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      const isSame = old[i] === now[j];
      lengths[i][j] = isSame ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  return lengths;
}
