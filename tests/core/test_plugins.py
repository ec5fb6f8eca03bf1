"""Plugins as packages really installed: found through their entry points, each on its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from springhead import Host, Plugin, PluginFailure, Request, UnknownSource
from springhead.core import hooks
from support.folders import source_folder
from support.paths import DOCS

Install = Callable[..., None]

SOURCE = """
from pathlib import Path
from springhead import hookimpl, load_source

@hookimpl
def springhead_sources():
    return [load_source(Path(__file__).parent / "acme")]
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a distribution: its metadata, its module, and a source folder `acme` beside it."""
    monkeypatch.delenv("SPRINGHEAD_PLUGINS", raising=False)

    def install(
        distribution: str, code: str, *, entry: str = "acme", source: str = "acme", api: int = 1
    ) -> None:
        site = tmp_path / distribution
        module = distribution.replace("-", "_")
        package = site / module
        source_folder(package, source={"api": api, "name": source})
        (package / "__init__.py").write_text(code)
        info = site / f"{module}-1.2.3.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2.3\n")
        (info / "entry_points.txt").write_text(f"[springhead]\n{entry} = {module}\n")
        monkeypatch.syspath_prepend(str(site))
        monkeypatch.delitem(sys.modules, module, raising=False)

    return install


def plugin(host: Host, plugin_id: str) -> Plugin:
    """One plugin of a host."""
    (found,) = (one for one in host.plugins if one.id == plugin_id)
    return found


def test_an_installed_package_brings_its_source(install: Install) -> None:
    """`pip install` is all an operator does."""
    install("springhead-source-acme", SOURCE)

    host = Host()

    found = plugin(host, "springhead-source-acme:acme")
    assert (found.status, found.version, found.sources) == ("active", "1.2.3", ["acme"])
    assert host.receive("acme", Request(body=b"{}")).events[0]["event"] == "E"


def test_a_bundled_source_is_a_plugin_like_any_other() -> None:
    """It is found, named and counted the same way."""
    found = plugin(Host(), "springhead:auth0")

    assert (found.status, found.sources, found.origin) == ("active", ["auth0"], "springhead.sources.auth0")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import nothing_of_this_name", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("raise SystemError('boom')", "SystemError: boom"),
        ("import sys; sys.exit('bye')", "SystemExit: bye"),
        ("def (", "SyntaxError"),
        (
            SOURCE.replace("sources", "surces"),
            "springhead_surces is not a hook: did you mean springhead_s",
        ),
        (SOURCE.replace("@hookimpl", ""), "springhead_sources is not marked: put @hookimpl above it"),
        (SOURCE.replace("sources()", "sources(host)"), "PluginValidationError"),
        (SOURCE.replace("/ 'acme'", "").replace('/ "acme"', '/ "nowhere"'), "there is no folder"),
        (SOURCE + "\n    1 / 0", None),
        (SOURCE.replace("return [", "return 1 / 0, ["), "ZeroDivisionError"),
        (
            SOURCE.replace("return [", "return ['acme'] or ["),
            "springhead_sources returned a str: return what load_source",
        ),
    ],
)
def test_a_plugin_that_fails_says_why_and_hurts_no_other(
    install: Install, code: str, reason: str | None
) -> None:
    """Whatever it does while loading is its own status."""
    install("springhead-source-bad", code, entry="bad")
    install("springhead-source-good", SOURCE, entry="good", source="good")

    host = Host()

    assert plugin(host, "springhead-source-good:good").status == "active"
    assert plugin(host, "springhead:auth0").status == "active"
    found = plugin(host, "springhead-source-bad:bad")
    assert found.status == ("active" if reason is None else "failed")
    assert (reason or "") in found.reason


def test_a_plugin_name_claimed_twice_disables_both(install: Install) -> None:
    """Which one is meant is not ours to guess; the reason names both and says what to do."""
    install("springhead-source-one", SOURCE, source="one")
    install("springhead-source-two", SOURCE, source="two")

    host = Host()

    for plugin_id in ("springhead-source-one:acme", "springhead-source-two:acme"):
        found = plugin(host, plugin_id)
        assert found.status == "conflict"
        assert "springhead-source-one 1.2.3 and springhead-source-two 1.2.3" in found.reason
        assert "SPRINGHEAD_DISABLE_PLUGINS=springhead-source-two:acme" in found.reason
    assert set(host.sources) == {"auth0"}


def test_a_source_name_claimed_twice_disables_both(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundled source is no exception; disabling one claimant gives the name to the other."""
    install("springhead-source-mine", SOURCE, entry="mine", source="auth0")

    with pytest.raises(UnknownSource, match="conflict: the source 'auth0' is claimed by springhead"):
        Host().receive("auth0", Request(body=b"{}"))

    monkeypatch.setenv("SPRINGHEAD_DISABLE_PLUGINS", "springhead:auth0")
    assert Host().sources["auth0"].title == "Acme"


def test_a_plugin_for_another_api_is_incompatible(install: Install) -> None:
    """The host refuses it by name, and names the range it takes."""
    install("springhead-source-new", SOURCE, api=99)

    found = plugin(Host(), "springhead-source-new:acme")

    assert found.status == "incompatible"
    assert "the folder is written for api 99, this host takes api 1" in found.reason


@pytest.mark.parametrize(
    ("variable", "value", "active"),
    [
        ("SPRINGHEAD_PLUGINS", "acme", {"acme"}),
        ("SPRINGHEAD_PLUGINS", "springhead-source-acme, auth0", {"acme", "auth0"}),
        ("SPRINGHEAD_PLUGINS", "", {"acme", "auth0"}),
        ("SPRINGHEAD_DISABLE_PLUGINS", "acme", {"auth0"}),
        ("SPRINGHEAD_DISABLE_PLUGINS", "springhead-source-acme:acme,auth0", set()),
    ],
)
def test_the_environment_chooses_plugins(
    install: Install, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, active: set[str]
) -> None:
    """By name, distribution or both; a plugin not chosen is not even imported."""
    install("springhead-source-acme", SOURCE)
    monkeypatch.setenv(variable, value)

    host = Host()

    assert set(host.sources) == active
    assert {one.status for one in host.plugins if one.name not in active} <= {"disabled"}


def test_strict_plugins_stop_the_start(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any failure is fatal then, and all are named."""
    install("springhead-source-bad", "import nothing_of_this_name", entry="bad")
    install("springhead-source-new", SOURCE, entry="new", api=99)
    monkeypatch.setenv("SPRINGHEAD_STRICT_PLUGINS", "1")

    with pytest.raises(PluginFailure) as error:
        Host()

    assert [failure.split(": ")[:2] for failure in error.value.failures] == [
        ["springhead-source-bad:bad", "failed"],
        ["springhead-source-new:new", "incompatible"],
    ]


def test_what_was_received_before_is_not_verified_or_told_again(
    install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    """A signature is of the whole body, and a plugin has counted its rejections already."""
    code = SOURCE + (
        "\n@hookimpl\ndef springhead_verify(source, request):\n    return 'never'\n"
        "@hookimpl\ndef springhead_rejected(rejection):\n    raise AssertionError('told')\n"
    )
    install("springhead-source-acme", code)

    outcome = Host().receiver("acme", replay=True)(Request(body=b"[{}, 7]"))

    assert len(outcome.events) == 1
    assert [one.rule for one in outcome.rejections] == ["item/object"]
    assert caplog.records == []  # where a plugin that is told would have raised


def test_verify_refuses_a_request(install: Install) -> None:
    """The first reason decides, nothing is decoded, and the request is kept."""
    code = SOURCE + (
        "\n@hookimpl\ndef springhead_verify(source, request):\n"
        "    return None if request.headers.get('x-key') == 'k' else f'{source.name} wants x-key'\n"
    )
    install("springhead-source-acme", code)
    host = Host()

    passed = host.receive("acme", Request(body=b"{}", headers={"x-key": "k"}))
    refused = host.receive("acme", Request(body=b"{}"))

    assert len(passed.events) == 1
    assert refused.events == []
    assert [(one.rule, one.reason, one.record) for one in refused.rejections] == [
        ("refused", "acme wants x-key", b"{}")
    ]


def test_a_request_that_a_verifier_accepted_is_not_verified_again(install: Install) -> None:
    """A caller verifies a form as posted, then gives the JSON of the form to a receiver."""
    code = SOURCE + (
        "\n@hookimpl\ndef springhead_verify(request):\n"
        "    return None if request.body == b'a=1' else 'not as posted'\n"
    )
    install("springhead-source-acme", code)
    host = Host()
    verify, receive = host.verifier("acme"), host.receiver("acme", verified=True)

    refused = verify(Request(body=b'{"a": ["1"]}'))

    assert verify(Request(body=b"a=1")) is None
    assert len(receive(Request(body=b'{"a": ["1"]}')).events) == 1
    assert refused is not None
    assert [(one.rule, one.reason) for one in refused.rejections] == [("refused", "not as posted")]


EVENTS = """
from springhead import hookimpl

@hookimpl
def springhead_event(source, event):
    match event.get("properties", {}).get("do"):
        case "change":
            event["context"]["seen_by"] = source.name
        case "replace":
            return {**event, "event": "Replaced"}
        case "drop":
            return False
        case "raise":
            event["properties"]["do"] = "changed"
            raise RuntimeError("secret in the message")
        case "exit":
            raise SystemExit(3)
        case "nonsense":
            return "an event"
"""


def test_an_event_hook_enriches_replaces_drops_or_rejects(install: Install, tmp_path: Path) -> None:
    """A hook that raises lets nothing through: the event may be what it should have redacted."""
    install("springhead-hooks", EVENTS, entry="hooks")
    folder = source_folder(
        tmp_path,
        mapping={
            "integration": "Acme",
            "events": [{"type": "track", "event": "E", "map": [{"from": "do", "to": "properties.do"}]}],
        },
    )
    body = json.dumps(
        [{"do": do} for do in ("change", "replace", "drop", "raise", "nothing", "nonsense", "exit")]
    ).encode()

    outcome = Host(folders=[folder]).receive("acme", Request(body=body))

    assert [(event["event"], event["context"].get("seen_by")) for event in outcome.events] == [
        ("E", "acme"),
        ("Replaced", None),
        ("E", None),
    ]
    assert outcome.dropped == 1
    raised, nonsense, left = outcome.rejections
    assert left.reason.startswith("plugin springhead-hooks:hooks raised SystemExit")
    assert (raised.pointer, raised.rule, raised.record) == ("/3", "plugin", {"do": "raise"})
    assert "secret" not in raised.reason
    assert nonsense.reason.startswith(
        "plugin springhead-hooks:hooks returned text: return an object, False or None"
    )


@pytest.mark.parametrize(
    ("left", "reason"),
    [
        (
            "event.update(properties=object())",
            "the plugins left an event that is not JSON (TypeError)",
        ),
        (
            "event.update(properties=event)",
            "the plugins left an event that is not JSON (RecursionError)",
        ),
        ("event.clear()", "the plugins left the event with neither userId nor anonymousId"),
        ("event.update(userId=' ', anonymousId=7)", "the plugins left the event with neither userId nor"),
    ],
)
def test_what_a_plugin_leaves_is_still_an_event(
    install: Install, tmp_path: Path, left: str, reason: str
) -> None:
    """It is a rejection before it could spoil the batch it would go out in."""
    code = f"from springhead import hookimpl\n@hookimpl\ndef springhead_event(event):\n    {left}\n"
    install("springhead-hooks", code, entry="hooks")

    outcome = Host(folders=[source_folder(tmp_path)]).receive("acme", Request(body=b"{}"))

    assert outcome.events == []
    assert outcome.rejections[0].rule == "plugin"
    assert outcome.rejections[0].reason.startswith(reason)


def test_numbers_a_plugin_leaves_are_numbers_downstream(install: Install, tmp_path: Path) -> None:
    """Not a number becomes null, and an integer beyond float64 its text, as in a body."""
    code = (
        "from springhead import hookimpl\n@hookimpl\ndef springhead_event(event):\n"
        "    event['properties'] = {'nan': float('nan'), 'huge': 10**400}\n"
    )
    install("springhead-hooks", code, entry="hooks")

    outcome = Host(folders=[source_folder(tmp_path)]).receive("acme", Request(body=b"{}"))

    assert outcome.events[0]["properties"] == {"nan": None, "huge": "1" + "0" * 400}


def test_a_rejected_hook_is_told_of_each_rejection(install: Install, tmp_path: Path) -> None:
    """One that raises keeps the others from nothing."""
    told = tmp_path / "told"
    listener = (
        "from springhead import hookimpl\n@hookimpl\ndef springhead_rejected(rejection):\n"
        f"    with open({str(told)!r}, 'a') as told:\n        told.write(rejection.rule + ' ')\n"
    )
    install(
        "springhead-a",
        "from springhead import hookimpl\n@hookimpl\ndef springhead_rejected():\n    1 / 0",
        entry="a",
    )
    install("springhead-b", listener, entry="b")

    Host().receive("auth0", Request(body=b'[7, {"type": ""}]'))

    assert told.read_text().split() == ["item/object", "schema/minLength"]


def test_every_hook_is_documented() -> None:
    """A hook without a docstring, or one the docs do not name, is not finished."""
    docs = (DOCS / "plugins.md").read_text()
    names = [name for name in vars(hooks) if name.startswith("springhead_")]

    assert len(names) == 4
    assert [name for name in names if not getattr(hooks, name).__doc__ or f"`{name}" not in docs] == []
