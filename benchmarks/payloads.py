"""Makes the webhooks that benchmarks post."""

from __future__ import annotations

STREAM = "90020240315101531004" + "0" * 28
"""The beginning of all log ids of a stream."""


def log(number: int, stream: str = STREAM) -> dict[str, object]:
    """Make a log stream item of about 2 KB, as for a login."""
    log_id = f"{stream}{number:08}"
    user = f"auth0|{number % 500:024}"
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
        "log_id": log_id,
        "data": {
            "date": "2024-03-15T10:15:31.004Z",
            "type": "s",
            "description": "Successful login",
            "connection": "members",
            "connection_id": "con_example01",
            "client_id": "exampleClient01",
            "client_name": "Example Shop",
            "ip": "192.0.2.10",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Example/120.0.0.0 Safari/537.36",
            "hostname": "login.example.com",
            "user_id": user,
            "user_name": "ada@example.com",
            "strategy": "auth0",
            "strategy_type": "database",
            "environment_name": "prod-us-1",
            "tenant_name": "example-tenant",
            "log_id": log_id,
            "details": {
                "prompts": [prompt | {"flow": f"step-{step}"} for step in range(4)],
                "session_id": "exampleSession0000000000000000001",
                "stats": {"loginsCount": number % 90},
            },
        },
    }
