"""The mapper: one mapping, compiled for each combination of settings that changes what it does."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from .compile import Run, compile_spec
from .interpret import Scope, reply_body
from .mask import Mask
from .model import ReplyRule, Spec
from .pattern import Equals
from .redact import redacted
from .specialize import answers, questions, settled

REDACT = ("off", "secrets", "pii")
"""Levels of redaction, each covering the one before it."""


class Mapper:
    """A mapping, ready to run. The variants are made when first asked for, the default one at once."""

    __slots__ = ("_asked", "_default", "_flags", "_masks", "_variants", "reads_request", "settings", "spec")

    def __init__(self, spec: Spec, masks: dict[str, tuple[Mask, Mask]]) -> None:
        """`masks` gives, for `secrets` and `pii`, what is masked in the record and in the item."""
        self.spec = spec
        paths = list(spec.paths())
        self.reads_request = any(path.root == "$request" for path in paths)
        read = {path.keys[0] for path in paths if path.root == "$config" and path.keys}
        self.settings = tuple(sorted({"redact", *read}))
        self._flags = {
            path.keys[0]
            for pattern in questions(spec)
            for path, matcher in pattern.entries
            if isinstance(matcher, Equals) and isinstance(matcher.value, bool)
        }
        self._masks = masks
        self._asked = questions(spec)
        self._variants: dict[tuple[Any, ...], Run] = {}
        self._default = self._variant("off", answers(self._asked, {}))

    def for_config(self, config: dict[str, Any]) -> Run:
        """The rules for an operator's settings.

        Raises:
            ValueError: `redact` is none of its values, a setting that is true or false is neither, or a name
                is nearly that of a setting: no slip lets anything through unmasked. Others are not looked at.
        """
        if not config:
            return self._default
        level = config.get("redact", "off")
        if level not in REDACT:
            raise ValueError(f"redact is {level!r}: use one of {', '.join(REDACT)}")
        for name in config.keys() - set(self.settings):
            if close := get_close_matches(name.lower(), self.settings, 1, 0.8):
                raise ValueError(f"there is no {name!r}: did you mean {close[0]}?")
        for name in self._flags & config.keys():
            if not isinstance(config[name], bool):
                raise ValueError(f"{name} is {config[name]!r}: use true or false")  # noqa: TRY004 - as above
        return self._variant(level, answers(self._asked, config))

    def variant_spec(self, config: dict[str, Any]) -> Spec:
        """The mapping as the interpreter reads it, for the same settings as `for_config`."""
        return self._spec(config.get("redact", "off"), answers(self._asked, config))

    def reply(
        self, record: Any, item: Any, request: dict[str, Any], config: dict[str, Any]
    ) -> tuple[ReplyRule, Any] | None:
        """The rule that answers this record, with its answer; None where none does."""
        scope = Scope(record, item, request, config)
        for rule in self.spec.replies:
            body = reply_body(rule, scope)
            if body is not None:
                return rule, body
        return None

    def _variant(self, level: str, answered: tuple[bool, ...]) -> Run:
        key = (level, answered)
        run = self._variants.get(key)
        if run is None:
            run = self._variants[key] = compile_spec(self._spec(level, answered))
        return run

    def _spec(self, level: str, answered: tuple[bool, ...]) -> Spec:
        spec = settled(self.spec, self._asked, answered)
        return redacted(spec, *self._masks[level]) if level in self._masks else spec
