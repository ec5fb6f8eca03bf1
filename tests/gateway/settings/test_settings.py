"""springhead.toml and the environment, as an operator writes them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from springhead.gateway.settings import InvalidSettings, Settings, first_settings, load_settings
from springhead.gateway.settings.model import DeliverySettings, GatewaySettings, LimitSettings, Retention

KEY = "an-invented-write-key"
SOURCE = f"""
[[source]]
name = "Auth0 production"
type = "auth0"
write_key = ["{KEY}"]
"""


def loaded(folder: Path, text: str) -> Settings:
    """The settings of a file with this text."""
    path = folder / "springhead.toml"
    path.write_text(text)
    return load_settings(path)


def problems(folder: Path, text: str) -> list[str]:
    """What is wrong with a file with this text, a line each."""
    with pytest.raises(InvalidSettings) as error:
        loaded(folder, text)
    assert str(error.value).splitlines()[1:] == [f"  {problem}" for problem in error.value.problems]
    return [str(problem) for problem in error.value.problems]


def test_a_source_is_all_that_is_needed(tmp_path: Path) -> None:
    """Every other key has a default."""
    settings = loaded(tmp_path, SOURCE)

    (source,) = settings.source
    assert (source.name, source.type, source.enabled, source.settings) == (
        "Auth0 production",
        "auth0",
        True,
        {},
    )
    assert source.destination_key.get_secret_value() == KEY
    assert settings.limits == LimitSettings()
    assert settings.gateway.admin_address == ("127.0.0.1", 8081)


def test_all_keys_are_read(tmp_path: Path) -> None:
    """The file's values stand in the settings."""
    settings = loaded(
        tmp_path,
        """
        [gateway]
        host = "0.0.0.0"
        port = 9000
        admin = "[::1]:9001"
        [delivery]
        to = "https://dataplane.example.com/base"
        gzip = false
        [store]
        window_days = 0
        [[source]]
        name = "A"
        type = "auth0"
        write_key = "one-write-key-of-two"
        destination_write_key = "its-own"
        authorization = "Bearer invented"
        enabled = false
        [source.settings]
        redact = "pii"
        """,
    )

    assert (settings.gateway.port, settings.gateway.admin_address) == (9000, ("::1", 9001))
    assert (settings.delivery.to, settings.delivery.gzip) == ("https://dataplane.example.com/base", False)
    assert settings.store.window_days == 0
    (source,) = settings.source
    assert [key.get_secret_value() for key in source.write_key] == ["one-write-key-of-two"]
    assert source.destination_key.get_secret_value() == "its-own"
    assert source.authorization is not None
    assert source.authorization.get_secret_value() == "Bearer invented"
    assert (source.enabled, source.settings) == (False, {"redact": "pii"})


def test_relative_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the gateway is started, and those from the environment too."""
    monkeypatch.setenv("SPRINGHEAD_GATEWAY__DATA", "elsewhere")

    settings = loaded(tmp_path, SOURCE)

    assert settings.gateway.data == tmp_path / "elsewhere"
    assert settings.delivery.to == f"file:{tmp_path}/delivered.jsonl"
    assert loaded(tmp_path, f'delivery.to = "file:/x.jsonl"\n{SOURCE}').delivery.to == "file:/x.jsonl"


def test_variables_are_filled_in_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In any text, at any depth, once; a dollar is written twice."""
    monkeypatch.setenv("INVENTED_KEY", KEY)
    monkeypatch.setenv("NESTED", "${INVENTED_KEY}")
    text = SOURCE.replace(KEY, "${INVENTED_KEY}")
    text += 'settings = {a = ["x-${NESTED}-y"], b = {c = "$$5 $${A} $6"}}'

    (source,) = loaded(tmp_path, text).source

    assert source.write_key[0].get_secret_value() == KEY
    assert source.settings == {"a": ["x-${INVENTED_KEY}-y"], "b": {"c": "$5 ${A} $6"}}


def test_an_unset_variable_is_told_by_file_key_and_name(tmp_path: Path) -> None:
    """And nothing more is said about the value it would have made."""
    assert problems(tmp_path, SOURCE.replace(KEY, "${NO_SUCH_KEY}")) == [
        (
            "springhead.toml:5: [[source]] 1 write_key: the environment variable NO_SUCH_KEY is not set"
            " - set it, or write $$ for a dollar"
        )
    ]


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`SPRINGHEAD_SECTION__KEY`, one key at a time."""
    monkeypatch.setenv("SPRINGHEAD_GATEWAY__PORT", "9009")
    monkeypatch.setenv("SPRINGHEAD_DELIVERY__GZIP", "false")

    settings = loaded(tmp_path, f'[gateway]\nport = 1\nhost = "::1"\n{SOURCE}')

    assert (settings.gateway.port, settings.gateway.host, settings.delivery.gzip) == (9009, "::1", False)


def test_the_hosts_own_variables_are_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`SPRINGHEAD_PLUGINS` and its like change nothing here, nor does a section given whole."""
    for name in ("PLUGINS", "DISABLE_PLUGINS", "STRICT_PLUGINS", "GATEWAY", "STORE", "SOURCE"):
        monkeypatch.setenv(f"SPRINGHEAD_{name}", "1")

    assert loaded(tmp_path, SOURCE).gateway.port == GatewaySettings().port


def test_a_misspelt_variable_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What looks like a setting is never overlooked in silence."""
    monkeypatch.setenv("SPRINGHEAD_GATEWAI__PORT", "1")
    monkeypatch.setenv("SPRINGHEAD_GATEWAY__PROT", "1")
    monkeypatch.setenv("SPRINGHEAD_LIMITS__BODY", "much")

    assert problems(tmp_path, SOURCE) == [
        (
            "the environment's SPRINGHEAD_GATEWAI__PORT: [gatewai] is no section it can set"
            " - did you mean gateway?"
        ),
        "the environment's SPRINGHEAD_GATEWAY__PROT: [gateway] prot: there is no such key - did you mean port?",
        (
            "the environment's SPRINGHEAD_LIMITS__BODY: [limits] body: must be a valid integer,"
            " unable to parse string as an integer"
        ),
    ]


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """Each with its line, its key and advice."""
    text = f"""\
[gateway]
prot = 80
port = "http"
[deliver]
[[source]]
name = "A"
write_key = "{KEY}"
[[source]]
name = "A"
type = "auth0"
write_key = ["other-invented-key", "{KEY}"]
enable = true
"""

    assert sorted(problems(tmp_path, text)) == [
        (
            "springhead.toml:11: [[source]] 2 write_key: the same write_key stands in [[source]] 1"
            " - give each source its own"
        ),
        "springhead.toml:12: [[source]] 2 enable: there is no such key - did you mean enabled?",
        "springhead.toml:2: [gateway] prot: there is no such key - did you mean port?",
        "springhead.toml:3: [gateway] port: must be a valid integer, unable to parse string as an integer",
        "springhead.toml:4: deliver: there is no such key - did you mean delivery?",
        "springhead.toml:5: [[source]] 1 type: is missing",
        "springhead.toml:9: [[source]] 2 name: the same name stands in [[source]] 1 - give each source its own",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "source: there is none - add a [[source]]"),
        ("source = []", "source: needs at least one"),
        ("source = 5", "source: must be a valid tuple"),
        ("gateway = 5" + SOURCE, "gateway: must be a valid dictionary or instance of GatewaySettings"),
        (SOURCE.replace(KEY, "short"), "[[source]] 1 write_key: must have at least 16 characters"),
        (SOURCE.replace(KEY, KEY + " "), "write_key: may hold visible ASCII characters only, and no colon"),
        (SOURCE.replace(KEY, "user:" + KEY), "write_key: may hold visible ASCII characters only, and no colon"),
        (SOURCE.replace(f'["{KEY}"]', "[]"), "write_key: needs at least one"),
        ("gateway.port = 70000" + SOURCE, "[gateway] port: must be less than or equal to 65535"),
        ('gateway.admin = "8081"' + SOURCE, 'admin: must be host:port, as in "127.0.0.1:8081"'),
        (
            'gateway.admin = "0.0.0.0:1"' + SOURCE,
            "admin_token: is needed where admin is not a loopback address",
        ),
        (
            'delivery.to = "out.jsonl"' + SOURCE,
            'to: must begin with "https://", "http://" or "file:"',
        ),
        (
            'delivery.to = "file:"' + SOURCE,
            'to: must begin with "https://", "http://" or "file:"',
        ),
        (
            'delivery.to = "https://k:@a.example.com"' + SOURCE,
            "to: must be https://host[:port][/path]; keys go into destination_write_key",
        ),
        ('delivery.to = "https:///x"' + SOURCE, "to: must be https://host[:port][/path]"),
        ('delivery.to = "https://["' + SOURCE, "[delivery] to: must be https://host[:port][/path]"),
        ('delivery.to = "https://a:b"' + SOURCE, "[delivery] to: must be https://host[:port][/path]"),
        ("delivery.batch_limit = 1000" + SOURCE, "batch_limit: must be at least batch_bytes"),
        ("delivery.retry_max = 0.1" + SOURCE, "retry_max: must be at least retry_min"),
        ("delivery.timeout = inf" + SOURCE, "timeout: must be a finite number"),
        ("delivery.lanes = 3" + SOURCE, "lanes: must be 1, 2, 4, 8 or 16"),
        ('delivery.to = "https://dp.example.com/v1/batch/"' + SOURCE, "to: must be without /v1/batch"),
        ('gateway.admin = "127.0.0.1:8080"' + SOURCE, "admin: must be another port than `port`"),
        ("store.window_days = 367" + SOURCE, "window_days: must be less than or equal to 366"),
        ("limits.body = 0" + SOURCE, "body: must be greater than 0"),
        ('x = "${not a name}"' + SOURCE, "x: ${...} holds no variable's name"),
        ("[gateway\n", "springhead.toml:1: no TOML: Expected ']' at the end of a table declaration"),
    ],
)
def test_a_slip_is_told(tmp_path: Path, text: str, reason: str) -> None:
    """In words that say which key, and what it takes."""
    assert reason in problems(tmp_path, text)[0]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """With its path."""
    with pytest.raises(InvalidSettings, match=r"nowhere.toml has 1 problem:\n.*there is no such file"):
        load_settings(tmp_path / "nowhere.toml")


def test_no_secret_is_ever_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in a repr nor in what is said of a mistake."""
    monkeypatch.setenv("SPRINGHEAD_GATEWAY__ADMIN_TOKEN", "an-invented-admin-token")
    text = SOURCE + 'authorization = "Bearer invented"\nsettings = {secret = "an invented secret"}\n'

    shown = repr(loaded(tmp_path, text)) + str(
        loaded(tmp_path, text).model_dump(exclude={"source": {0: {"settings"}}})
    )
    told = " ".join(problems(tmp_path, f'gateway.port = "{KEY}"\n{text}{text.replace(KEY, "invented")}'))

    assert not re.search("invented", shown + told)


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    """They are a value."""
    settings = loaded(tmp_path, SOURCE)

    with pytest.raises(ValidationError, match="frozen"):
        settings.gateway.port = 1


def test_a_first_file_loads_and_has_a_key_of_its_own(tmp_path: Path) -> None:
    """What is written for a new gateway is right as it stands."""
    settings = loaded(tmp_path, first_settings("auth0", 'Auth0 "production"'))

    (source,) = settings.source
    other = loaded(tmp_path, first_settings("auth0")).source[0]
    assert (source.name, source.type, other.name) == ('Auth0 "production"', "auth0", "auth0")
    assert source.write_key != other.write_key
    assert len(source.write_key[0]) >= 32


def test_a_first_file_takes_any_name(tmp_path: Path) -> None:
    """What is special to JSON, TOML or the settings themselves is just text in a name."""
    name = "Zoë's ${HOME} $$ 🚀 \\ shop"

    assert loaded(tmp_path, first_settings("auth0", name)).source[0].name == name


def test_a_first_file_shows_every_key_with_its_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is commented out says nothing but the truth."""
    for name in ("ADMIN_TOKEN", "AUTHORIZATION", "DESTINATION_WRITE_KEY"):
        monkeypatch.setenv(name, KEY)
    text = re.sub(r"^# (?=\w+ = )", "", first_settings("auth0"), flags=re.MULTILINE)

    settings = loaded(tmp_path, text)

    for section in (settings.gateway, settings.delivery, settings.limits, settings.store):
        assert section.model_fields_set == set(type(section).model_fields)
    assert settings.source[0].model_fields_set == set(type(settings.source[0]).model_fields)
    assert settings.delivery.model_copy(update={"to": DeliverySettings().to}) == DeliverySettings()
    assert (settings.limits, settings.store) == (LimitSettings(), Retention())
    default = GatewaySettings().model_copy(update={"data": tmp_path / "springhead-data"})
    assert settings.gateway.model_copy(update={"admin_token": None}) == default
