"""Changes regular expressions: anchors and alternatives removed."""

from __future__ import annotations

from collections.abc import Iterator

_STARTS = (("^", ""), ("(?:^|/)", "/"))
_ENDS = (("$", ""), ("(?:/|$)", "/"))


def looser_expressions(expression: str) -> Iterator[tuple[str, str]]:
    """List changed expressions, each with what a text must look like to tell it from the one given."""
    for start, other in _STARTS:
        if expression.startswith(start):
            shown = (
                "begins with what it looks for" if other else "has what it looks for, but not at the beginning"
            )
            yield other + expression[len(start) :], shown
    for end, other in _ENDS:
        if expression.endswith(end) and not expression.endswith(f"\\{end}"):
            shown = "ends with what it looks for" if other else "has what it looks for, but not at the end"
            yield expression[: -len(end)] + other, shown
    alternatives = _alternatives(expression)
    for index, alternative in enumerate(alternatives if len(alternatives) > 1 else ()):
        others = alternatives[:index] + alternatives[index + 1 :]
        yield "|".join(others), f"matches {alternative} only"


def _alternatives(expression: str) -> list[str]:
    """Split an expression at the bars that are in no group, class or escape."""
    parts, depth, in_class, escaped = [""], 0, False, False
    for character in expression:
        if not escaped and not in_class:
            depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "|" and depth == 0 and not in_class and not escaped:
            parts.append("")
            continue
        if not escaped and character in "[]":
            in_class = character == "["
        escaped = character == "\\" and not escaped
        parts[-1] += character
    return parts
