"""Makes the webhooks that benchmarks post: a tenant's logs, with the texts and sizes that Auth0 sends.

A fifth of them are group records. Texts hold escapes, quotes, brackets and letters beyond ASCII, as error
messages, names and templates do. Most logs have 0.8 to 2 KB; one in twenty has 8.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from springhead import Request
from springhead.kit.case import find_cases

Log: TypeAlias = dict[str, Any]

STREAM = "90020240315101531004" + "0" * 28
"""The beginning of all log ids of a stream."""

_FIXTURES = Path(__file__).parents[1] / "tests" / "fixtures"
_SCOPES = [f"update:example_{scope}" for scope in range(12)]
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0"
_PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"


def log(number: int, stream: str = STREAM) -> Log:
    """Make a log stream item; the same number makes the same item."""
    log_id = f"{stream}{number:08}"
    common = {
        "date": f"2024-03-15T10:{number // 60 % 60:02}:{number % 60:02}.004Z",
        "connection": "members",
        "connection_id": "con_example01",
        "client_id": "exampleClient01",
        "client_name": "Müller & Söhne [Shop]",
        "ip": "192.0.2.10",
        "user_agent": _PHONE if number % 3 else _BROWSER,
        "hostname": "login.example.com",
        "user_id": f"auth0|{number % 500:024}",
        "user_name": "ada@example.com",
        "strategy": "auth0",
        "strategy_type": "database",
        "environment_name": "prod-eu-1",
        "tenant_name": "example-tenant",
        "log_id": log_id,
    }
    kind = _CYCLE[number % len(_CYCLE)]
    return {"log_id": log_id, "data": common | kind(number)}


def single(logs: Sequence[Log]) -> bytes:
    """Serialise the only log, as Auth0 does: without blanks, and with letters beyond ASCII as they are."""
    (item,) = logs
    return _serialise(item)


def array(logs: Sequence[Log]) -> bytes:
    """Serialise logs as a JSON array."""
    return _serialise(logs)


def lines(logs: Sequence[Log]) -> bytes:
    """Serialise logs as JSON lines."""
    return b"\n".join(map(_serialise, logs))


def posted_in_fixtures(source: str) -> list[Request]:
    """Read the requests in the fixtures of a bundled source that need no settings."""
    return [case.request() for case in find_cases(_FIXTURES / source, source) if not case.config]


def describe(logs: Sequence[Log]) -> str:
    """Say what a benchmark posts, for the first line it prints."""
    sizes = [len(_serialise(item)) for item in logs]
    groups = sum("organizations" in item["data"]["details"].get("request", {}).get("path", "") for item in logs)
    return (
        f"payload: Auth0 logs of {sum(sizes) // len(sizes):,} bytes ({min(sizes):,} to {max(sizes):,}),"
        f" {groups / len(logs):.0%} group records; texts hold escapes, quotes, brackets and non-ASCII letters"
    )


def _serialise(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _login(number: int) -> Log:
    prompt = {
        "name": "prompt-authenticate",
        "initiatedAt": 1710497730000 + number,
        "completedAt": 1710497731000 + number,
        "connection": "members",
        "connection_id": "con_example01",
        "strategy": "auth0",
        "identity": f"{number % 500:024}",
        "stats": {"loginsCount": number % 90},
        "session_user": "0" * 24,
        "elapsedTime": None,
    }
    return {
        "type": "s",
        "description": "Successful login",
        "details": {
            "prompts": [prompt | {"flow": f'step {step} of "login" [universal]'} for step in range(4)],
            "session_id": "exampleSession0000000000000000001",
            "stats": {"loginsCount": number % 90},
        },
    }


def _failed_login(number: int) -> Log:
    message = (
        f'Wrong "email" or "password" (attempt {number % 9}).\n\tat verify [C:\\shop\\login.js:{number % 90}]'
    )
    return {
        "type": "fp",
        "description": message,
        "details": {
            "error": {"message": message, "oauthError": "access_denied", "type": "invalid_user_password"},
            "body": {"username": "ada@example.com", "tenant": "example-tenant", "client_id": "exampleClient01"},
            "qs": {
                "ui_locales": "de fr",
                "redirect_uri": "https://shop.example.com/{locale}/übersicht?tab=[1]",
            },
            "session_id": "exampleSession0000000000000000001",
        },
    }


def _token_exchange(number: int) -> Log:
    return {
        "type": "seacft",
        "description": "",
        "scope": "openid profile email",
        "audience": "https://api.example.com/",
        "details": {"code": f"****************{number % 1000:03}", "session_id": "exampleSession0001"},
    }


def _management_call(description: str, method: str, path: str, body: Log) -> Log:
    return {
        "type": "sapi",
        "description": description,
        "auth0_client": {"name": "auth0-react", "version": "2.2.4", "env": {"node": "20.11"}},
        "details": {
            "request": {
                "method": method,
                "path": path,
                "query": {},
                "userAgent": _BROWSER,
                "body": body,
                "channel": "https://manage.example.com/",
                "ip": "192.0.2.10",
                "auth": {
                    "user": {
                        "user_id": "google-oauth2|100000000000000000000",
                        "name": 'Zoë "Zo" Brontë',
                        "email": "zoe@example.com",
                    },
                    "strategy": "jwt",
                    "credentials": {
                        "jti": "0" * 32,
                        "scopes": [f"update:example_{scope}" for scope in range(12)],
                    },
                },
            },
            "response": {
                "statusCode": 200,
                "body": {"name": "Größe & Co. {Köln}", "display_name": "Größe\tKöln"},
            },
        },
    }


def _added_member(number: int) -> Log:
    path = f"/api/v2/organizations/org_{number % 50:016}/members"
    members = [f"auth0|{member:024}" for member in range(number % 500, number % 500 + 3)]
    return _management_call("Add members to an organization", "post", path, {"members": members})


def _changed_template(number: int) -> Log:
    row = '<p style="color: #333">Grüße, {{ user.name }}!\n\t<a href="{{ url }}">[bestätigen] »</a></p>\n'
    body = {
        "template": "verify_email",
        "body": row * 62,
        "from": f"shop-{number % 9}@example.com",
        "enabled": True,
    }
    return _management_call("Update an email template", "patch", "/api/v2/email-templates/verify_email", body)


_CYCLE: tuple[Callable[[int], Log], ...] = (
    *(_login, _token_exchange, _added_member, _login, _failed_login) * 3,
    *(_login, _token_exchange, _added_member, _login, _changed_template),
)
