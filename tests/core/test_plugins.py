"""Plugins as packages that are really installed: found through their entry points, each loaded on its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from springhead import Host, InvalidSource, Plugin, PluginFailure, Request, UnknownSource, load_source
from springhead.core import loader
from support.distributions import SOURCE, Install
from support.folders import source_folder
from support.paths import DOCS


def plugin(host: Host, plugin_id: str) -> Plugin:
    """Find a plugin of a host by its id."""
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
    """It is found and named the same way."""
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
def test_a_plugin_that_fails_says_why_and_stops_no_other(
    install: Install, code: str, reason: str | None
) -> None:
    """Whatever it does while it is loaded affects only its own status."""
    install("springhead-source-bad", code, entry="bad")
    install("springhead-source-good", SOURCE, entry="good", source="good")

    host = Host()

    assert plugin(host, "springhead-source-good:good").status == "active"
    assert plugin(host, "springhead:auth0").status == "active"
    found = plugin(host, "springhead-source-bad:bad")
    assert found.status == ("active" if reason is None else "failed")
    assert (reason or "") in found.reason


HOOKS = {
    "springhead_sources": "",
    "springhead_verify": "source, request",
    "springhead_event": "source, event",
    "springhead_rejected": "source, rejection",
}
"""The hooks, with the arguments of an implementation."""


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("@hookimpl(wrapper=True)\ndef HOOK(ARGUMENTS):\n    return (yield)", "HOOK is marked as a wrapper"),
        ("@hookimpl(hookwrapper=True)\ndef HOOK(ARGUMENTS):\n    yield", "HOOK is marked as a wrapper"),
        ("@hookimpl\nasync def HOOK(ARGUMENTS):\n    pass", "HOOK is async"),
        ("@hookimpl\nasync def HOOK(ARGUMENTS):\n    yield", "HOOK is async"),
        ("@hookimpl(specname='HOOK')\nasync def mine(ARGUMENTS):\n    pass", "HOOK is async"),
        ("@hookimpl\ndef HOOK(*, missing):\n    pass", "HOOK cannot be called (missing a required"),
        ("@hookimpl(specname='HOOKS')\ndef mine():\n    pass", "HOOKS is not a hook: did you mean"),
    ],
    ids=["wrapper", "hookwrapper", "async", "async generator", "named async", "keyword", "misspelt name"],
)
def test_a_hook_that_cannot_be_called_is_refused_at_load(
    install: Install, hook: str, code: str, reason: str
) -> None:
    """Else it would fail, or do nothing, at every request."""
    code = f"from springhead import hookimpl\n{code}\n".replace("ARGUMENTS", HOOKS[hook])
    install("springhead-bad", code.replace("HOOK", hook), entry="bad")

    found = plugin(Host(), "springhead-bad:bad")

    assert found.status == "failed"
    assert reason.replace("HOOK", hook) in found.reason


@pytest.mark.parametrize("hook", [hook for hook in HOOKS if hook != "springhead_sources"])
def test_a_hook_that_yields_its_result_is_refused_at_load(install: Install, hook: str) -> None:
    """A generator is neither a reason nor an event."""
    code = f"from springhead import hookimpl\n@hookimpl\ndef {hook}({HOOKS[hook]}):\n    yield\n"
    install("springhead-bad", code, entry="bad")

    assert f"{hook} is a generator function: return a result" in plugin(Host(), "springhead-bad:bad").reason


IN_CLASS = """
class Plugin:
    @staticmethod
    @hookimpl
    def springhead_sources():
        yield load_source(Path(__file__).parent / "acme")

    @staticmethod
    @hookimpl(specname="springhead_event")
    def name(source, event):
        event["name"] = source.name
"""


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        (IN_CLASS, "active", ""),
        (
            IN_CLASS.replace("@staticmethod", "").replace("sources(", "sources(self"),
            "failed",
            "use @staticmethod",
        ),
        (IN_CLASS + "    @hookimpl(optionalhook=True)\n    def springhead_later(): pass\n", "active", ""),
    ],
    ids=["static", "instance", "optional"],
)
def test_a_class_can_be_a_plugin(install: Install, code: str, status: str, reason: str) -> None:
    """Its hooks are static methods, under any name with `specname`; those of a later host may be optional."""
    head = "from pathlib import Path\nfrom springhead import hookimpl, load_source\n"
    module = "springhead_source_acme"
    install("springhead-source-acme", head + code, entries=f"[springhead]\nacme = {module}:Plugin\n".encode())

    host = Host()

    found = plugin(host, "springhead-source-acme:acme")
    assert found.status == status
    assert reason in found.reason
    if found.sources:
        assert host.receive("acme", Request(body=b"{}")).events[0]["name"] == "acme"


def test_a_plugin_name_claimed_twice_disables_both(install: Install) -> None:
    """Which one is meant cannot be guessed; the reason names both, and says what to do."""
    install("springhead-source-one", SOURCE, source="one")
    install("springhead-source-two", SOURCE, source="two")

    host = Host()

    for plugin_id in ("springhead-source-one:acme", "springhead-source-two:acme"):
        found = plugin(host, plugin_id)
        assert found.status == "conflict"
        assert "springhead-source-one 1.2.3 and springhead-source-two 1.2.3" in found.reason
        assert "SPRINGHEAD_DISABLE_PLUGINS=springhead-source-two:acme" in found.reason
    assert not {"one", "two"} & set(host.sources)
    assert "auth0" in host.sources


def test_a_source_name_claimed_twice_disables_both(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundled source is no exception; disabling one claimant gives the name to the other."""
    install("springhead-source-mine", SOURCE, entry="mine", source="auth0")

    with pytest.raises(UnknownSource, match="conflict: the source 'auth0' is claimed by springhead"):
        Host().receive("auth0", Request(body=b"{}"))

    monkeypatch.setenv("SPRINGHEAD_DISABLE_PLUGINS", "springhead:auth0")
    assert Host().sources["auth0"].title == "Acme"


def test_a_plugin_for_another_api_is_incompatible(install: Install) -> None:
    """The reason names the version it needs, and those the host has."""
    install("springhead-source-new", SOURCE, api=99)

    found = plugin(Host(), "springhead-source-new:acme")

    assert found.status == "incompatible"
    assert "the folder is written for api 99, but this host supports api 1" in found.reason


def test_a_folder_that_states_no_api_is_written_for_api_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also for a host that no longer supports it."""
    folder = source_folder(tmp_path, source={"name": "acme"})
    assert load_source(folder).name == "acme"

    monkeypatch.setattr(loader, "API_VERSIONS", range(2, 4))

    with pytest.raises(InvalidSource, match="written for api 1, but this host supports api 2, 3"):
        load_source(folder)


def test_the_documents_name_the_supported_api() -> None:
    """They say so in one place, which changes with the host."""
    supported = " and ".join(map(str, loader.API_VERSIONS))

    assert f"This host supports api {supported};" in (DOCS / "plugins.md").read_text()


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
    """By name, distribution or both; all others are disabled."""
    install("springhead-source-acme", SOURCE)
    monkeypatch.setenv(variable, value)

    host = Host()

    statuses = {plugin.name: plugin.status for plugin in host.plugins if plugin.name in ("acme", "auth0")}
    assert {name for name, status in statuses.items() if status == "active"} == active
    assert {status for name, status in statuses.items() if name not in active} <= {"disabled"}
    assert set(host.sources) >= active


def test_strict_plugins_stop_the_start(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every failure is named."""
    install("springhead-source-bad", "import nothing_of_this_name", entry="bad")
    install("springhead-source-new", SOURCE, entry="new", api=99)
    monkeypatch.setenv("SPRINGHEAD_STRICT_PLUGINS", "1")

    with pytest.raises(PluginFailure) as error:
        Host()

    assert [failure.split(": ")[:2] for failure in error.value.failures] == [
        ["springhead-source-bad:bad", "failed"],
        ["springhead-source-new:new", "incompatible"],
    ]


@pytest.mark.parametrize(
    "entries", ["[console_scripts]\nno equals sign\n", "no heading\n", "[springhead2]\na\n", "\xff"]
)
def test_malformed_entry_points_of_another_package_change_nothing(install: Install, entries: str) -> None:
    """Anything may be installed beside a host."""
    install("springhead-source-acme", SOURCE)
    install("invented-package", "", source="other", entries=entries.encode("latin-1"))

    found = {plugin.id for plugin in Host().plugins if plugin.status == "active"}

    assert "springhead-source-acme:acme" in found
    assert not [plugin for plugin in found if "invented" in plugin]


def test_a_plugin_with_malformed_entry_points_has_failed(install: Install) -> None:
    """What it would have brought is unknown, so it is listed under its distribution's name."""
    install("springhead-source-good", SOURCE, entry="good", source="good")
    install("springhead-source-bad", SOURCE, entries=b"[springhead]\nacme springhead_source_bad\n")

    host = Host()

    found = plugin(host, "springhead-source-bad:springhead-source-bad")
    assert found.status == "failed"
    assert found.reason.startswith("ValueError: entry_points.txt is malformed: under [springhead]")
    assert plugin(host, "springhead-source-good:good").status == "active"


def test_the_first_installation_on_the_path_counts(install: Install) -> None:
    """An older one behind it is not a second claimant, however it spells the distribution's name."""
    install("springhead-source-acme", SOURCE, api=99)
    install("springhead_source_acme", SOURCE)

    found = [one for one in Host().plugins if one.name == "acme"]

    assert [(one.distribution, one.status) for one in found] == [("springhead_source_acme", "active")]
