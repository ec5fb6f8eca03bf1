"""The settings file that `gateway init` writes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from springhead.gateway.settings import Settings, load_settings, starter_settings
from springhead.gateway.settings.model import DeliverySettings, GatewaySettings, LimitSettings, StoreSettings


def loaded(folder: Path, text: str) -> Settings:
    """The settings loaded from a file with this text."""
    path = folder / "springhead.toml"
    path.write_text(text)
    return load_settings(path)


def test_the_file_loads_and_has_a_key_of_its_own(tmp_path: Path) -> None:
    """The file needs no editing before a gateway can start with it."""
    settings = loaded(tmp_path, starter_settings("auth0", 'Auth0 "production"'))

    (source,) = settings.source
    other = loaded(tmp_path, starter_settings("auth0")).source[0]
    assert (source.name, source.type, other.name) == ('Auth0 "production"', "auth0", "auth0")
    assert source.write_key != other.write_key
    assert len(source.write_key[0]) >= 32


def test_any_name_is_written_as_text(tmp_path: Path) -> None:
    """Characters that JSON, TOML or the settings treat specially are plain text in a name."""
    name = "Zoë's ${HOME} $$ 🚀 \\ shop"

    assert loaded(tmp_path, starter_settings("auth0", name)).source[0].name == name


def test_the_file_shows_every_key_with_its_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Uncommenting a line changes nothing."""
    for name in ("ADMIN_TOKEN", "AUTHORIZATION", "DESTINATION_WRITE_KEY", "SIGNING_SECRET"):
        monkeypatch.setenv(name, "an-invented-token")
    text = re.sub(r"^# (?=\w+ = )", "", starter_settings("auth0"), flags=re.MULTILINE)

    settings = loaded(tmp_path, text)

    for section in (settings.gateway, settings.delivery, settings.limits, settings.store):
        assert section.model_fields_set == set(type(section).model_fields)
    assert settings.source[0].model_fields_set == set(type(settings.source[0]).model_fields)
    assert settings.delivery.model_copy(update={"to": DeliverySettings().to}) == DeliverySettings()
    assert (settings.limits, settings.store) == (LimitSettings(), StoreSettings())
    default = GatewaySettings().model_copy(update={"data": tmp_path / "springhead-data"})
    assert settings.gateway.model_copy(update={"admin_token": None}) == default


def test_it_shows_what_suits_the_vendor(tmp_path: Path) -> None:
    """The line for `on_rejection` has the default of the source's type."""
    lines = starter_settings("acme", on_rejection="ok").splitlines()
    line = next(index for index, line in enumerate(lines) if line.startswith('# on_rejection = "ok" '))
    assert lines[line].rindex("#") == lines[line + 1].rindex("#")
    assert loaded(tmp_path, starter_settings("acme", on_rejection="ok")).source[0].on_rejection is None


def test_source_folders_are_registered(tmp_path: Path) -> None:
    """With their paths as text, whatever is in them."""
    folders = ["/etc/acme", '/srv/Zoë\'s "sources" $1']

    settings = loaded(tmp_path, starter_settings("acme", folders=folders))

    assert [str(folder) for folder in settings.gateway.folders] == folders
