"""Hooks: what each may do, and that none can break a request or another plugin."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from springhead import Host, Outcome, Request, VerificationFailed
from springhead.core import hooks
from support.distributions import SOURCE, Install
from support.folders import source_folder
from support.paths import DOCS

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


def test_a_replay_is_neither_verified_nor_reported(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    """Plugins saw the request when it was received first."""
    code = SOURCE + (
        "\n@hookimpl\ndef springhead_verify(source, request):\n    return 'never'\n"
        "@hookimpl\ndef springhead_rejected(rejection):\n    raise AssertionError('reported')\n"
    )
    install("springhead-source-acme", code)

    outcome = Host().receiver("acme", replay=True)(Request(body=b"[{}, 7]"))

    assert len(outcome.events) == 1
    assert [one.rule for one in outcome.rejections] == ["item/object"]
    assert caplog.records == []  # an exception in a hook would be logged


def test_verify_refuses_a_request(install: Install) -> None:
    """Nothing of it is decoded, reported or left in the outcome but why."""
    code = SOURCE + (
        "\n@hookimpl\ndef springhead_verify(source, request):\n"
        "    return None if request.headers.get('x-key') == 'k' else f'{source.name} wants x-key'\n"
        "@hookimpl\ndef springhead_rejected(rejection):\n    raise SystemExit(rejection.rule)\n"
    )
    install("springhead-source-acme", code)
    host = Host()

    passed = host.receive("acme", Request(body=b"{}", headers={"x-key": "k"}))
    refused = host.receive("acme", Request(body=b"[7, "))

    assert (len(passed.events), passed.refused) == (1, None)
    assert refused == Outcome(refused="acme wants x-key")


def test_verify_sees_the_settings_and_the_whole_request(install: Install) -> None:
    """A vendor may sign the URL and the method; the secret is in the operator's settings."""
    code = SOURCE + (
        "\n@hookimpl\ndef springhead_verify(config, source, request):\n"
        "    return f'{config} {request.method} {request.url} {request.headers} {request.query}'\n"
    )
    install("springhead-source-acme", code)
    request = Request(b"{}", {"Authorization": "a"}, {"token": "t"}, "PUT", "/?token=t")

    outcome = Host().receive("acme", request, {"secret": "s"})

    assert outcome.refused == "{'secret': 's'} PUT /?token=t {'Authorization': 'a'} {'token': 't'}"


@pytest.mark.parametrize(
    ("arguments", "seen"), [("config=None", {"k": 1}), ("config, later=7", {"k": 1}), ("", None)]
)
def test_an_implementation_takes_the_arguments_it_names(install: Install, arguments: str, seen: object) -> None:
    """Also those that it gives a default, so that it fits hosts which do not pass them."""
    code = SOURCE + (
        f"\n@hookimpl\ndef springhead_verify({arguments}):\n    return repr(locals().get('config'))\n"
    )
    install("springhead-source-acme", code)

    assert Host().receive("acme", Request(body=b"{}"), {"k": 1}).refused == repr(seen)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("raise ValueError(request.body)", "it raised ValueError"),
        ("raise SystemExit(3)", "it raised SystemExit"),
        ("return False", "it returned true or false: return why the request is refused, or None"),
        ("return True", "it returned true or false: return why the request is refused, or None"),
        ("return b'no'", "it returned a bytes, which JSON does not have: return why the request"),
        ("return ' '", "it returned blank text: return why the request is refused, or None"),
        ("return (lambda: (yield))()", "it returned a generator, which JSON does not have"),
    ],
)
def test_a_plugin_that_fails_to_verify_neither_accepts_nor_refuses(
    install: Install, line: str, reason: str
) -> None:
    """The host raises, so that the caller can have the sender try again. The message quotes nothing sent."""
    install("springhead-source-acme", f"{SOURCE}\n@hookimpl\ndef springhead_verify(request):\n    {line}\n")
    host = Host()

    with pytest.raises(VerificationFailed, match="could not verify the request") as error:
        host.receive("acme", Request(body=b"a secret"))

    assert error.value.plugin == "springhead-source-acme:acme"
    assert error.value.reason.startswith(reason.removeprefix("it "))
    assert "secret" not in str(error.value)


def test_a_request_that_a_verifier_accepted_is_not_verified_again(install: Install) -> None:
    """A caller verifies a form as posted, then gives the JSON of the form to a receiver."""
    code = SOURCE + (
        "\n@hookimpl\ndef springhead_verify(request, config):\n"
        "    return None if request.body == config['form'] else 'not as posted'\n"
    )
    install("springhead-source-acme", code)
    host = Host()
    config = {"form": b"a=1"}
    verify, receive = host.verifier("acme", config), host.receiver("acme", config, verified=True)
    assert verify is not None

    assert verify(Request(body=b"a=1")) is None
    assert verify(Request(body=b'{"a": ["1"]}')) == "not as posted"
    assert len(receive(Request(body=b'{"a": ["1"]}')).events) == 1


def test_a_source_that_nothing_verifies_has_no_verifier() -> None:
    """Callers need not prepare a request for one."""
    assert Host().verifier("auth0") is None


@pytest.mark.parametrize(
    ("marks", "order"), [(("", ""), "ab"), (("trylast=True", ""), "ba"), (("", "tryfirst=True"), "ba")]
)
def test_hooks_are_called_in_the_order_pluggy_promises(
    install: Install, tmp_path: Path, marks: tuple[str, str], order: str
) -> None:
    """First those marked `tryfirst`, last those marked `trylast`, and otherwise by the ids of the plugins."""
    for name, mark in zip("ab", marks, strict=True):
        code = (
            f"from springhead import hookimpl\n@hookimpl({mark})\ndef springhead_event(event):\n"
            f"    event.setdefault('properties', {{'order': ''}})['order'] += {name!r}\n"
        )
        install(f"springhead-{name}", code, entry=name)

    outcome = Host(folders=[source_folder(tmp_path)]).receive("acme", Request(body=b"{}"))

    assert outcome.events[0]["properties"] == {"order": order}


def test_an_event_hook_enriches_replaces_drops_or_rejects(install: Install, tmp_path: Path) -> None:
    """An event at which a hook raises is rejected, because it may be what should have been redacted."""
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
def test_what_plugins_make_of_an_event_must_be_an_event(
    install: Install, tmp_path: Path, left: str, reason: str
) -> None:
    """Otherwise it is rejected, before it can spoil the batch it would be sent in."""
    code = f"from springhead import hookimpl\n@hookimpl\ndef springhead_event(event):\n    {left}\n"
    install("springhead-hooks", code, entry="hooks")

    outcome = Host(folders=[source_folder(tmp_path)]).receive("acme", Request(body=b"{}"))

    assert outcome.events == []
    assert outcome.rejections[0].rule == "plugin"
    assert outcome.rejections[0].reason.startswith(reason)


def test_numbers_json_does_not_have_are_replaced(install: Install, tmp_path: Path) -> None:
    """A plugin's NaN becomes null, and an integer beyond float64 its text, as in a body."""
    code = (
        "from springhead import hookimpl\n@hookimpl\ndef springhead_event(event):\n"
        "    event['properties'] = {'nan': float('nan'), 'huge': 10**400}\n"
    )
    install("springhead-hooks", code, entry="hooks")

    outcome = Host(folders=[source_folder(tmp_path)]).receive("acme", Request(body=b"{}"))

    assert outcome.events[0]["properties"] == {"nan": None, "huge": "1" + "0" * 400}


def test_every_rejection_is_reported_to_every_plugin(install: Install, tmp_path: Path) -> None:
    """Also if another plugin raises."""
    reported = tmp_path / "reported"
    listener = (
        "from springhead import hookimpl\n@hookimpl\ndef springhead_rejected(rejection):\n"
        f"    with open({str(reported)!r}, 'a') as file:\n        file.write(rejection.rule + ' ')\n"
    )
    install(
        "springhead-a",
        "from springhead import hookimpl\n@hookimpl\ndef springhead_rejected():\n    1 / 0",
        entry="a",
    )
    install("springhead-b", listener, entry="b")

    Host().receive("auth0", Request(body=b'[7, {"type": ""}]'))

    assert reported.read_text().split() == ["item/object", "schema/minLength"]


def test_every_hook_is_documented() -> None:
    """A hook has a docstring, and the documents name it."""
    docs = (DOCS / "plugins.md").read_text()
    names = [name for name in vars(hooks) if name.startswith("springhead_")]

    assert len(names) == 4
    assert [name for name in names if not getattr(hooks, name).__doc__ or f"`{name}" not in docs] == []
