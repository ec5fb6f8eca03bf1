"""Loads the settings from the file and the environment, and finds all problems with them at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, Field, PrivateAttr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from ...core.suggest import suggest
from .duplicates import find_duplicates
from .model import DeliverySettings, GatewaySettings, LimitSettings, SourceSettings, StoreSettings
from .problems import InvalidSettings, KeyPath, SettingsProblem, describe_key
from .toml_file import SettingsFile, read_settings_file
from .values import not_empty

PREFIX = "SPRINGHEAD_"
"""What the names of overriding variables begin with: `SPRINGHEAD_GATEWAY__PORT`."""


class Settings(BaseSettings):
    """All settings of a gateway. Made by `load_settings`."""

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        env_prefix=PREFIX,
        env_nested_delimiter="__",
    )

    gateway: GatewaySettings = Field(default_factory=GatewaySettings)
    delivery: DeliverySettings = Field(default_factory=DeliverySettings)
    limits: LimitSettings = Field(default_factory=LimitSettings)
    store: StoreSettings = Field(default_factory=StoreSettings)
    source: Annotated[tuple[SourceSettings, ...], AfterValidator(not_empty)]

    _file: SettingsFile | None = PrivateAttr(default=None)

    def invalid(self, problems: Sequence[tuple[KeyPath, str]]) -> InvalidSettings:
        """The error for problems found after loading, with the file and line each key was read from."""
        file = self._file or SettingsFile("springhead.toml", "settings", {}, {})
        return InvalidSettings(file.path, [file.problem(path, reason) for path, reason in problems])

    @property
    def path(self) -> Path:
        """The file they were read from."""
        return Path(self._file.path if self._file else "springhead.toml")

    def with_sources_of(self, other: Settings) -> Settings:
        """These settings, with the sources of others."""
        settings = self.model_copy(update={"source": other.source})
        settings._file = other._file  # noqa: SLF001 - as in load_settings
        return settings

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic passes the three below by name
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment overrides the file; nothing else is read."""
        return _Environment(settings_cls), init_settings


class _Environment(EnvSettingsSource):
    """Reads `SPRINGHEAD_SECTION__KEY` only: a name without `__` is the host's own, or another program's."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        return {section: keys for section, keys in super().__call__().items() if section != "source"}


_SECTIONS: dict[str, type[BaseModel]] = {
    "gateway": GatewaySettings,
    "delivery": DeliverySettings,
    "limits": LimitSettings,
    "store": StoreSettings,
    "source": SourceSettings,
}


def load_settings(path: str | Path) -> Settings:
    """Read springhead.toml; `SPRINGHEAD_SECTION__KEY` variables of the environment override it.

    Relative paths are relative to the file, even those from the environment.

    Raises:
        InvalidSettings: the settings have problems; the error holds all of them, and no value.
    """
    path = Path(path)
    file = read_settings_file(path)
    problems = [*file.problems, *_unknown_variables(), *find_duplicates(file)]
    try:
        settings = Settings(**file.values)
    except ValidationError as error:
        problems += _invalid_values(error, file)
    else:
        problems += _worker_problems(settings, file)
    if problems:
        raise InvalidSettings(file.path, problems)
    settings = _with_absolute_paths(settings, path.resolve().parent)
    settings._file = file  # noqa: SLF001 - model_copy leaves private values out
    return settings


def _with_absolute_paths(settings: Settings, folder: Path) -> Settings:
    gateway, delivery = settings.gateway, settings.delivery
    if delivery.to.startswith("file:"):
        to = f"file:{folder / delivery.to.removeprefix('file:')}"
        delivery = delivery.model_copy(update={"to": to})
    folders = tuple(folder / relative for relative in gateway.folders)
    gateway = gateway.model_copy(update={"data": folder / gateway.data, "folders": folders})
    files = {name: getattr(settings.store, name) for name in ("credentials", "ca", "tls_cert", "tls_key")}
    store = settings.store.model_copy(update={name: str(folder / path) for name, path in files.items() if path})
    return settings.model_copy(update={"gateway": gateway, "delivery": delivery, "store": store})


def _invalid_values(error: ValidationError, file: SettingsFile) -> Iterator[SettingsProblem]:
    for details in error.errors(include_input=False):
        path = tuple(details["loc"])
        if not any(path[: len(unset)] == unset for unset in file.unset):
            yield _invalid_value(path, details["type"], details["msg"], file)


def _invalid_value(path: KeyPath, rule: str, message: str, file: SettingsFile) -> SettingsProblem:
    variable = PREFIX + "__".join(map(str, path)).upper()
    place = f"environment variable {variable}" if variable in os.environ else file.place(path)
    if rule == "extra_forbidden":
        section = Settings if len(path) == 1 else _SECTIONS[str(path[0])]
        advice = suggest(str(path[-1]), list(section.model_fields))
        return SettingsProblem(place, describe_key(path), "there is no such key", advice)
    if path == ("source",) and rule == "missing":
        advice = "add a [[source]], or write a file: springhead gateway init"
        return SettingsProblem(place, "source", "there is none", advice)
    reason = message.removeprefix("Value error, ")
    reason = reason.replace("Input should", "must").replace("Value should", "must")
    return SettingsProblem(place, describe_key(path), "is missing" if rule == "missing" else reason)


def _worker_problems(settings: Settings, file: SettingsFile) -> Iterator[SettingsProblem]:
    """What several workers cannot share."""
    if settings.gateway.workers == 1:
        return
    if not settings.store.url:
        reason = "SQLite serves one process: leave it at 1, or keep events in a NATS cluster with store.url"
        yield _invalid_value(("gateway", "workers"), "", reason, file)
    if settings.delivery.to == "stdout:":
        reason = "several workers would write into each other's lines: deliver to a file or a data plane"
        yield _invalid_value(("delivery", "to"), "", reason, file)


def _unknown_variables() -> Iterator[SettingsProblem]:
    """Variables that look like settings of a section that does not exist: nothing else would notice them."""
    sections = [name for name in _SECTIONS if name != "source"]
    for name in sorted(os.environ):
        section, nested, _ = name.removeprefix(PREFIX).lower().partition("__")
        if name.startswith(PREFIX) and nested and section not in sections:
            reason = f"it cannot set a section [{section}]"
            yield SettingsProblem(f"environment variable {name}", "", reason, suggest(section, sections))
