"""Settings as an operator writes them, in springhead.toml and in the environment."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from springhead.gateway.settings import InvalidSettings, Settings, load_settings
from springhead.gateway.settings.model import GatewaySettings, LimitSettings

KEY = "an-invented-write-key"
SOURCE = f"""
[[source]]
name = "Auth0 production"
type = "auth0"
write_key = ["{KEY}"]
"""


def loaded(folder: Path, text: str) -> Settings:
    """The settings loaded from a file with this text."""
    path = folder / "springhead.toml"
    path.write_text(text)
    return load_settings(path)


def problems(folder: Path, text: str) -> list[str]:
    """The problems of a file with this text, as lines."""
    with pytest.raises(InvalidSettings) as error:
        loaded(folder, text)
    assert str(error.value).splitlines()[1:] == [f"  {problem}" for problem in error.value.problems]
    return [str(problem) for problem in error.value.problems]


def test_one_source_is_enough(tmp_path: Path) -> None:
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
    """The settings hold the values of the file."""
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
        signing_secret = "invented"
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
    assert [value.get_secret_value() for value in source.authorization] == ["Bearer invented"]
    assert (source.enabled, source.settings) == (False, {"redact": "pii"})
    assert source.verification == {"redact": "pii", "signing_secret": ["invented"]}


def test_relative_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the gateway is started; paths from the environment as well."""
    monkeypatch.setenv("SPRINGHEAD_GATEWAY__DATA", "elsewhere")

    settings = loaded(tmp_path, SOURCE)

    assert settings.gateway.data == tmp_path / "elsewhere"
    assert settings.delivery.to == f"file:{tmp_path}/delivered.jsonl"
    assert loaded(tmp_path, f'delivery.to = "file:/x.jsonl"\n{SOURCE}').delivery.to == "file:/x.jsonl"
    files = {"credentials": "a.creds", "ca": "b.pem", "tls_cert": "c.pem", "tls_key": "/d.key"}
    lines = "\n".join(f'store.{key} = "{file}"' for key, file in files.items())
    store = loaded(tmp_path, f"{lines}\n{SOURCE}").store
    assert {key: getattr(store, key) for key in files} == {
        key: str(tmp_path / file) for key, file in files.items()
    }


@pytest.mark.parametrize(
    ("url", "webhook", "prefix"),
    [
        ("", "http://[::1]:9000/v1/webhook", ""),
        ("https://hooks.example.com", "https://hooks.example.com/v1/webhook", ""),
        ("https://hooks.example.com:8443/", "https://hooks.example.com:8443/v1/webhook", ""),
        ("https://hooks.example.com/a/b-c/", "https://hooks.example.com/a/b-c/v1/webhook", "/a/b-c"),
    ],
)
def test_senders_post_to_the_public_url(tmp_path: Path, url: str, webhook: str, prefix: str) -> None:
    """By default to where the gateway listens."""
    gateway = loaded(tmp_path, f'[gateway]\nhost = "::1"\nport = 9000\npublic_url = "{url}"\n{SOURCE}').gateway

    assert (gateway.webhook_url, gateway.path_prefix) == (webhook, prefix)


def test_variables_are_substituted_in_every_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At any depth, and once: a value is not substituted again. `$$` is a dollar."""
    monkeypatch.setenv("INVENTED_KEY", KEY)
    monkeypatch.setenv("NESTED", "${INVENTED_KEY}")
    text = SOURCE.replace(KEY, "${INVENTED_KEY}")
    text += 'settings = {a = ["x-${NESTED}-y"], b = {c = "$$5 $${A} $6"}}'

    (source,) = loaded(tmp_path, text).source

    assert source.write_key[0].get_secret_value() == KEY
    assert source.settings == {"a": ["x-${INVENTED_KEY}-y"], "b": {"c": "$5 ${A} $6"}}


def test_an_unset_variable_is_a_problem_of_its_key(tmp_path: Path) -> None:
    """The value it would have been part of is not validated as well."""
    assert problems(tmp_path, SOURCE.replace(KEY, "${NO_SUCH_KEY}")) == [
        (
            "springhead.toml:5: [[source]] 1 write_key: the environment variable NO_SUCH_KEY is not set"
            " - set it, or write $$ for a dollar"
        )
    ]


def test_the_environment_overrides_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`SPRINGHEAD_SECTION__KEY` overrides one key."""
    monkeypatch.setenv("SPRINGHEAD_GATEWAY__PORT", "9009")
    monkeypatch.setenv("SPRINGHEAD_DELIVERY__GZIP", "false")
    monkeypatch.setenv("SPRINGHEAD_DELIVERY__LANES", "8")
    monkeypatch.setenv("SPRINGHEAD_STORE__REPLICAS", "1")

    settings = loaded(tmp_path, f'[gateway]\nport = 1\nhost = "::1"\n{SOURCE}')

    assert (settings.gateway.port, settings.gateway.host, settings.delivery.gzip) == (9009, "::1", False)
    assert (settings.delivery.lanes, settings.store.replicas) == (8, 1)


def test_the_hosts_own_variables_are_not_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`SPRINGHEAD_PLUGINS` and the like change nothing here, nor does a variable for a whole section."""
    for name in ("PLUGINS", "DISABLE_PLUGINS", "STRICT_PLUGINS", "GATEWAY", "STORE", "SOURCE"):
        monkeypatch.setenv(f"SPRINGHEAD_{name}", "1")

    assert loaded(tmp_path, SOURCE).gateway.port == GatewaySettings().port


def test_a_misspelt_variable_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that looks like a setting is never silently ignored."""
    monkeypatch.setenv("SPRINGHEAD_GATEWAI__PORT", "1")
    monkeypatch.setenv("SPRINGHEAD_GATEWAY__PROT", "1")
    monkeypatch.setenv("SPRINGHEAD_LIMITS__BODY", "much")

    assert problems(tmp_path, SOURCE) == [
        (
            "environment variable SPRINGHEAD_GATEWAI__PORT: it cannot set a section [gatewai]"
            " - did you mean gateway?"
        ),
        (
            "environment variable SPRINGHEAD_GATEWAY__PROT: [gateway] prot: there is no such key"
            " - did you mean port?"
        ),
        (
            "environment variable SPRINGHEAD_LIMITS__BODY: [limits] body: must be a valid integer,"
            " unable to parse string as an integer"
        ),
    ]


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    """Each with its line, its key, and advice."""
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
            "springhead.toml:11: [[source]] 2 write_key: [[source]] 1 has the same write_key"
            " - give each source its own"
        ),
        "springhead.toml:12: [[source]] 2 enable: there is no such key - did you mean enabled?",
        "springhead.toml:2: [gateway] prot: there is no such key - did you mean port?",
        "springhead.toml:3: [gateway] port: must be a valid integer, unable to parse string as an integer",
        "springhead.toml:4: deliver: there is no such key - did you mean delivery?",
        "springhead.toml:5: [[source]] 1 type: is missing",
        "springhead.toml:9: [[source]] 2 name: [[source]] 1 has the same name - give each source its own",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "source: there is none - add a [[source]]"),
        ("source = []", "source: needs at least one"),
        (SOURCE + "authorization = []", "[[source]] 1 authorization: needs at least one"),
        (SOURCE + 'authorization = ""', "[[source]] 1 authorization"),
        (SOURCE + 'authorization = ["Bearer invented", ""]', "[[source]] 1 authorization"),
        (SOURCE + "signing_secret = []", "springhead.toml:6: [[source]] 1 signing_secret: needs at least one"),
        (
            SOURCE + 'signing_secret = ""',
            "[[source]] 1 signing_secret: is blank: give the secret that the vendor",
        ),
        (SOURCE + 'signing_secret = ["a", " "]', "[[source]] 1 signing_secret: is blank"),
        (SOURCE + 'signing_secret = "a\\n"', "signing_secret: begins or ends with white space: remove it"),
        (SOURCE + "signing_secret = 7", "[[source]] 1 signing_secret: must be a valid string"),
        (SOURCE + 'signing_secert = "a"', "there is no such key - did you mean signing_secret?"),
        (
            SOURCE + '[source.settings]\nsigning_secret = "a"',
            "springhead.toml:6: [[source]] 1 settings: signing_secret belongs in [[source]]: move it above",
        ),
        ("source = 5", "source: must be a valid tuple"),
        ("gateway = 5" + SOURCE, "gateway: must be a valid dictionary or instance of GatewaySettings"),
        (SOURCE.replace(KEY, "short"), "[[source]] 1 write_key: must have at least 16 characters"),
        (SOURCE.replace(KEY, KEY + " "), "write_key: may hold visible ASCII characters only, and no colon"),
        (SOURCE.replace(KEY, "user:" + KEY), "write_key: may hold visible ASCII characters only, and no colon"),
        (SOURCE.replace(f'["{KEY}"]', "[]"), "write_key: needs at least one"),
        (SOURCE.replace(f'["{KEY}"]', "12345678"), "[[source]] 1 write_key: must be a valid string"),
        ('gateway.host = ""' + SOURCE, "[gateway] host: must be an address or the name of a host"),
        ('gateway.host = "a..b"' + SOURCE, "[gateway] host: must be an address or the name of a host"),
        ('gateway.public_url = "hooks.example.com"' + SOURCE, "public_url: must be https://host[:port][/path]"),
        ('gateway.public_url = "https://a/{b}"' + SOURCE, "public_url: must be https://host[:port][/path]"),
        ('gateway.public_url = "https://a/?b=1"' + SOURCE, "public_url: must be https://host[:port][/path]"),
        ('gateway.public_url = "https://a//b"' + SOURCE, "public_url: must be https://host[:port][/path]"),
        ('gateway.public_url = "https://a:b"' + SOURCE, "public_url: must be https://host[:port][/path]"),
        ('gateway.public_url = "https://a/v1/webhook"' + SOURCE, "public_url: must not end in /v1/webhook"),
        ('gateway.admin = "a..b:81"' + SOURCE, 'admin: must be host:port, as in "127.0.0.1:8081"'),
        ("gateway.port = 70000" + SOURCE, "[gateway] port: must be less than or equal to 65535"),
        ('gateway.admin = "8081"' + SOURCE, 'admin: must be host:port, as in "127.0.0.1:8081"'),
        (
            'gateway.admin = "0.0.0.0:1"' + SOURCE,
            "admin_token: is required unless admin is a loopback address",
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
        ('delivery.to = "https://dp.example.com/v1/batch/"' + SOURCE, "to: must not end in /v1/batch"),
        ('gateway.admin = "127.0.0.1:8080"' + SOURCE, "admin: must be a port other than `port`"),
        ("store.window_days = 367" + SOURCE, "window_days: must be less than or equal to 366"),
        ('store.url = "a:4222"' + SOURCE, 'url: must be as in "nats://a:4222,b:4222,c:4222"'),
        ('store.url = "nats://ada:x@a:4222"' + SOURCE, "names and passwords have keys of their own"),
        ('store.password = "x"' + SOURCE, "[store] password: needs a user: add user"),
        (
            'store.user = "ada"\nstore.credentials = "a.creds"' + SOURCE,
            "[store] credentials: cannot be combined with user and password",
        ),
        ('store.tls_key = "a.key"' + SOURCE, "[store] tls_key: needs a certificate: add tls_cert"),
        ("limits.body = 0" + SOURCE, "body: must be greater than 0"),
        ('x = "${not a name}"' + SOURCE, "x: ${...} must hold a variable's name"),
        ("[gateway\n", "springhead.toml:1: not valid TOML: Expected ']' at the end of a table declaration"),
    ],
)
def test_a_wrong_value_is_explained(tmp_path: Path, text: str, reason: str) -> None:
    """The problem names the key, and says what the key takes."""
    assert reason in problems(tmp_path, text)[0]


def test_workers_share_neither_a_file_nor_stdout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite is one process's, and lines on stdout would be mixed: both are said, and where."""
    workers, stdout = problems(tmp_path, f'delivery.to = "stdout:"\ngateway.workers = 2\n{SOURCE}')
    assert "[gateway] workers: SQLite serves one process: leave it at 1, or keep events in a NATS" in workers
    assert "[delivery] to: several workers would write into each other's lines: deliver to a file" in stdout

    monkeypatch.setenv("SPRINGHEAD_STORE__URL", "nats://127.0.0.1:4222")
    monkeypatch.setenv("SPRINGHEAD_GATEWAY__WORKERS", "2")
    assert loaded(tmp_path, SOURCE).gateway.workers == 2


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    """The error names its path."""
    with pytest.raises(InvalidSettings, match=r"nowhere.toml has 1 problem:\n.*there is no such file"):
        load_settings(tmp_path / "nowhere.toml")


def test_secrets_are_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in a repr nor in a problem."""
    monkeypatch.setenv("SPRINGHEAD_GATEWAY__ADMIN_TOKEN", "an-invented-admin-token")
    text = (
        SOURCE + 'authorization = "Bearer invented"\nsigning_secret = "an invented one"\n'
        'settings = {secret = "an invented secret"}\n'
    )

    shown = repr(loaded(tmp_path, text)) + str(
        loaded(tmp_path, text).model_dump(exclude={"source": {0: {"settings"}}})
    )
    reported = " ".join(problems(tmp_path, f'gateway.port = "{KEY}"\n{text}{text.replace(KEY, "invented")}'))

    assert not re.search("invented", shown + reported)


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    """Settings are a frozen value."""
    settings = loaded(tmp_path, SOURCE)

    with pytest.raises(ValidationError, match="frozen"):
        settings.gateway.port = 1
