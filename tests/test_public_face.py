"""The public face: the modules whose names others import, each name listed and typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

MODULES = ["springhead", "springhead.http", "springhead.gateway", "springhead.transformer"]
TYPED = {*MODULES, "springhead.testing"}


@pytest.mark.parametrize("name", MODULES)
def test_all_lists_every_public_name(name: str) -> None:
    """In order, and nothing that is not there."""
    module = import_module(name)
    public = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }

    assert module.__all__ == sorted(public)


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_is_documented(name: str) -> None:
    """An editor shows it."""
    module = import_module(name)

    assert [name for name in module.__all__ if not getattr(module, name).__doc__] == []


def names_of(symbol: dict[str, Any]) -> list[str]:
    """The name by which a symbol is defined, and those by which it is imported."""
    return [symbol["name"], *symbol.get("alternateNames", [])]


@pytest.mark.slow
def test_the_public_face_is_completely_typed(tmp_path: Path) -> None:
    """As pyright sees it: a name, and all that it refers to, has a type that no checker needs to infer."""
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    command = ["basedpyright", "--verifytypes", "springhead", "--ignoreexternal", "--outputjson"]

    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    symbols = json.loads(done.stdout)["typeCompleteness"]["symbols"]
    public = {
        symbol["name"]: symbol["isTypeKnown"] and not symbol["isTypeAmbiguous"]
        for symbol in symbols
        if not {name.rpartition(".")[0] for name in names_of(symbol)}.isdisjoint(TYPED)
    }
    assert len(public) > len(MODULES)
    assert [name for name, is_complete in public.items() if not is_complete] == []
