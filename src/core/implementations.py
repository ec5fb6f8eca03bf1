"""Checks the functions with which plugins implement hooks, and prepares them to be called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from pluggy import HookImpl

Implementations: TypeAlias = Sequence[tuple[str, Callable[..., Any]]]
"""The implementations of a hook, each with its plugin's id, in the order in which they are called.

Each takes all arguments of the hook by name.
"""


def check_implementation(hook: str, implementation: HookImpl) -> None:
    """Raise TypeError if the host cannot call a function, which it calls by itself and synchronously."""
    function = implementation.function
    if implementation.wrapper or implementation.hookwrapper:
        raise TypeError(f"{hook} is marked as a wrapper: hooks are not wrapped; return a result instead")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"{hook} is async: hooks are called synchronously; define it with def alone")
    if inspect.isgeneratorfunction(function) and hook != "springhead_sources":
        raise TypeError(f"{hook} is a generator function: return a result, do not yield it")
    try:
        inspect.signature(function).bind(*implementation.argnames, **dict.fromkeys(implementation.kwargnames))
    except TypeError as error:
        advice = "name only the hook's arguments; in a class, use @staticmethod"
        raise TypeError(f"{hook} cannot be called ({error}): {advice}") from None


def in_order(implementations: Iterable[HookImpl]) -> Implementations:
    """Order the implementations of a hook: `tryfirst`, then the others, then `trylast`, each by plugin id."""
    ordered = sorted(implementations, key=lambda impl: (impl.trylast - impl.tryfirst, impl.plugin_name))
    return [(impl.plugin_name, _with_arguments(impl)) for impl in ordered]


def _with_arguments(implementation: HookImpl) -> Callable[..., Any]:
    """Call an implementation with those arguments of the hook that it names."""
    function, required, optional = implementation.function, implementation.argnames, implementation.kwargnames

    def call(**arguments: Any) -> Any:
        by_name = {name: arguments[name] for name in optional if name in arguments}
        return function(*(arguments[name] for name in required), **by_name)

    return call
