"""The settings: springhead.toml and the environment in, one frozen value or all that is wrong with them out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, PrivateAttr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from ...core.suggest import suggest
from .model import (
    DeliverySettings,
    GatewaySettings,
    LimitSettings,
    Retention,
    SourceSettings,
    at_least_one,
    listed,
)
from .toml_file import InvalidSettings, SettingsFile, Slip, Steps, read_settings_file, titled

PREFIX = "SPRINGHEAD_"
"""What the overriding variables begin with: `SPRINGHEAD_GATEWAY__PORT`."""


class Settings(BaseSettings):
    """All a gateway is told. Made by `load_settings`."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        env_prefix=PREFIX,
        env_nested_delimiter="__",
    )

    gateway: GatewaySettings = Field(default_factory=GatewaySettings)
    delivery: DeliverySettings = Field(default_factory=DeliverySettings)
    limits: LimitSettings = Field(default_factory=LimitSettings)
    store: Retention = Field(default_factory=Retention)
    source: Annotated[tuple[SourceSettings, ...], AfterValidator(at_least_one)]

    _file: SettingsFile | None = PrivateAttr(default=None)

    def invalid(self, problems: Sequence[tuple[Steps, str]]) -> InvalidSettings:
        """The error that says what is wrong at these steps, with the file and line they were read from."""
        file = self._file or SettingsFile("springhead.toml", "settings", {}, {})
        slips = [Slip(file.place(where), titled(where), reason) for where, reason in problems]
        return InvalidSettings(file.path, slips)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the three below are named by pydantic
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment before the file, and nothing else."""
        return _Environment(settings_cls), init_settings


class _Environment(EnvSettingsSource):
    """`SPRINGHEAD_SECTION__KEY` only: a name without `__` is the host's own, or another program's."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        return {section: keys for section, keys in super().__call__().items() if section != "source"}


_SECTIONS: dict[str, type[BaseModel]] = {
    "gateway": GatewaySettings,
    "delivery": DeliverySettings,
    "limits": LimitSettings,
    "store": Retention,
    "source": SourceSettings,
}


def load_settings(path: str | Path) -> Settings:
    """Read springhead.toml, with `SPRINGHEAD_SECTION__KEY` variables of the environment put over it.

    Relative paths are relative to the file, those from the environment too.

    Raises:
        InvalidSettings: the settings have problems; the error holds all of them, and no value.
    """
    path = Path(path)
    file = read_settings_file(path)
    problems = [*file.problems, *_stray_variables(), *_shared(file)]
    try:
        settings = Settings(**file.values)
    except ValidationError as error:
        found = ((tuple(one["loc"]), one["type"], one["msg"]) for one in error.errors(include_input=False))
        problems += [
            _slip(file, *one) for one in found if not any(one[0][: len(unset)] == unset for unset in file.unset)
        ]
    if problems:
        raise InvalidSettings(file.path, problems)
    rooted = _rooted(settings, path.resolve().parent)
    rooted._file = file  # noqa: SLF001 - it is ours: a model's private value is no field
    return rooted


def _rooted(settings: Settings, folder: Path) -> Settings:
    gateway, delivery = settings.gateway, settings.delivery
    if delivery.to.startswith("file:"):
        to = f"file:{folder / delivery.to.removeprefix('file:')}"
        delivery = delivery.model_copy(update={"to": to})
    folders = tuple(folder / one for one in gateway.folders)
    gateway = gateway.model_copy(update={"data": folder / gateway.data, "folders": folders})
    return settings.model_copy(update={"gateway": gateway, "delivery": delivery})


def _slip(file: SettingsFile, where: Steps, rule: str, message: str) -> Slip:
    variable = PREFIX + "__".join(map(str, where)).upper()
    place = f"the environment's {variable}" if variable in os.environ else file.place(where)
    if rule == "extra_forbidden":
        section = Settings if len(where) == 1 else _SECTIONS[str(where[0])]
        return Slip(
            place, titled(where), "there is no such key", suggest(str(where[-1]), list(section.model_fields))
        )
    if where == ("source",) and rule == "missing":
        return Slip(
            place, "source", "there is none", "add a [[source]], or write a file: springhead gateway init"
        )
    reason = (
        message.removeprefix("Value error, ").replace("Input should", "must").replace("Value should", "must")
    )
    return Slip(place, titled(where), "is missing" if rule == "missing" else reason)


def _stray_variables() -> list[Slip]:
    """Variables that look like settings, of sections there are not: they would be overlooked in silence."""
    sections = [name for name in _SECTIONS if name != "source"]
    names = (name for name in sorted(os.environ) if name.startswith(PREFIX) and "__" in name)
    given = ((name, name.removeprefix(PREFIX).split("__")[0].lower()) for name in names)
    return [
        Slip(
            f"the environment's {name}", "", f"[{section}] is no section it can set", suggest(section, sections)
        )
        for name, section in given
        if section not in sections
    ]


def _shared(file: SettingsFile) -> list[Slip]:
    """Names and write keys that stand in the file twice: each tells which source is meant."""
    sources = file.values.get("source")
    problems: list[Slip] = []
    seen: dict[tuple[str, str], int] = {}
    for index, source in enumerate(sources if isinstance(sources, list) else ()):
        given = source if isinstance(source, dict) else {}
        keys = listed(given.get("write_key"))
        names = [
            ("name", given.get("name")),
            *(("write_key", key) for key in keys or () if isinstance(keys, list)),
        ]
        for what, value in names:
            if isinstance(value, str) and value and seen.setdefault((what, value), index) != index:
                reason = f"the same {what} stands in [[source]] {seen[what, value] + 1}"
                where = ("source", index, what)
                problems.append(Slip(file.place(where), titled(where), reason, "give each source its own"))
    return problems
