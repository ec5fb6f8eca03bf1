"""Holds a mapping ready to run, compiled for each combination of settings that changes what it does."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from .compile import CompiledMapping, CompiledReplies, compile_mapping, compile_replies
from .interpret import interpret_mapping, interpret_replies
from .model import EventMapping
from .pattern import Equals
from .redact import Masks, redact
from .specialize import config_conditions, evaluate, specialize

REDACT = ("off", "secrets", "pii")
"""Levels of redaction; each covers what the one before it covers."""


class Mapper:
    """A mapping, ready to run. Variants of it are compiled when first used, the default one at once.

    Attributes:
        mapping: the mapping.
        settings: the names of the settings that it reads.
        reply: finds what a record is replied to.
    """

    __slots__ = (
        "_compile",
        "_conditions",
        "_default",
        "_flags",
        "_masks",
        "_variants",
        "mapping",
        "reply",
        "settings",
    )

    def __init__(self, mapping: EventMapping, masks: dict[str, Masks], *, interpret: bool = False) -> None:
        """`masks` holds what is masked at the levels `secrets` and `pii`; `interpret` compiles nothing."""
        self._compile = interpret_mapping if interpret else compile_mapping
        self.mapping: EventMapping = mapping
        names = {path.keys[0] for path in mapping.paths() if path.root == "$config" and path.keys}
        self.settings: tuple[str, ...] = tuple(sorted({"redact", *names}))
        self.reply: CompiledReplies = (interpret_replies if interpret else compile_replies)(mapping.replies)
        self._conditions = config_conditions(mapping)
        self._flags = {
            path.keys[0]
            for condition in self._conditions
            for path, matcher in condition.entries
            if path.keys and not path.stars
            if isinstance(matcher, Equals) and isinstance(matcher.value, bool)
        }
        self._masks = masks
        self._variants: dict[tuple[str, tuple[bool, ...]], CompiledMapping] = {}
        self._default = self._compiled("off", evaluate(self._conditions, {}))

    def config_problem(self, config: dict[str, Any]) -> str | None:
        """Say what is wrong with an operator's settings; None if nothing is.

        No slip may let a value through unmasked: a level of redaction that does not exist, a flag that is
        neither true nor false, and a name that is nearly a setting's are wrong. Other names are ignored.
        """
        if not config:
            return None
        level = config.get("redact", "off")
        if level not in REDACT:
            return f"redact is {level!r}: use one of {', '.join(REDACT)}"
        for name in config.keys() - set(self.settings):
            if close := get_close_matches(name.lower(), self.settings, 1, 0.8):
                return f"there is no {name!r}: did you mean {close[0]}?"
        for name in self._flags & config.keys():
            if not isinstance(config[name], bool):
                return f"{name} is {config[name]!r}: use true or false"
        return None

    def for_config(self, config: dict[str, Any]) -> CompiledMapping:
        """Return the compiled mapping for an operator's settings, which have no problem."""
        if not config:
            return self._default
        return self._compiled(config.get("redact", "off"), evaluate(self._conditions, config))

    def for_ids(self, config: dict[str, Any]) -> CompiledMapping | None:
        """Return what `for_config` would without any setting; None if these settings change nothing."""
        return None if self.for_config(config) is self._default else self._default

    def variant(self, config: dict[str, Any]) -> EventMapping:
        """Return what `for_config` compiles for these settings, for the interpreter."""
        return self._variant(config.get("redact", "off"), evaluate(self._conditions, config))

    def _compiled(self, level: str, results: tuple[bool, ...]) -> CompiledMapping:
        key = (level, results)
        compiled = self._variants.get(key)
        if compiled is None:
            compiled = self._variants[key] = self._compile(self._variant(level, results))
        return compiled

    def _variant(self, level: str, results: tuple[bool, ...]) -> EventMapping:
        mapping = specialize(self.mapping, self._conditions, results)
        return redact(mapping, self._masks[level]) if level in self._masks else mapping
