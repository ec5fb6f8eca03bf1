"""Shows what springhead makes of a webhook, then runs a gateway to play with.

python examples/demo.py [SECONDS]

At a terminal the gateway runs until Enter is pressed, or until nothing was posted for a minute, or SECONDS.
"""

from __future__ import annotations

import json
import select
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.table import Table
from rich.text import Text

from demo_gateway import DemoGateway, running_gateway
from springhead import Host, Request


class Example(NamedTuple):
    """A file of one record, or of a list whose first record is shown, and what becomes of it."""

    heading: str
    source: str
    file: str


EXAMPLES = (
    Example("A signup at Auth0 becomes an identify event, with the password masked", "auth0", "auth0.json"),
    Example("An incident at PagerDuty becomes a track event, with its user", "pagerduty", "pagerduty.json"),
)
WIDTH = 110
"""Columns of the narrowest terminal that shows a record and its event side by side."""

console = Console(highlight=False)


def main() -> None:
    """Run the demo."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    host = Host()
    for example in EXAMPLES:
        show_heading(example.heading)
        show_events(host, example)
    with running_gateway() as gateway:
        show_heading("A gateway answers ok once events are on disk, and delivers each of them once")
        show_calls(gateway, read("auth0.json"))
        console.print(Text("\nkept as a dead letter, to be replayed once the cause is fixed", "dim"))
        console.print(Text(gateway.dead_letters()), soft_wrap=True)
        if sys.stdin.isatty() and sys.stdout.isatty():
            show_heading("Your turn")
            play(gateway, seconds)


def read(file: str) -> Any:
    """The JSON in a file of examples."""
    return json.loads(Path(__file__).with_name(file).read_text())


def show_heading(heading: str) -> None:
    """Print a heading."""
    console.rule(Text(heading, "bold"), align="left", style="dim")


def show_events(host: Host, example: Example) -> None:
    """Print a record and its events: side by side, or one below the other on a narrow terminal."""
    body = read(example.file)
    record = body[0] if isinstance(body, list) else body
    outcome = host.receive(example.source, Request(json.dumps(record).encode()), {"redact": "secrets"})
    if console.width < WIDTH:
        for label, values in (("in", [record]), ("out", outcome.events)):
            console.print(json_text(label, values, console.width), no_wrap=True, overflow="ellipsis")
    else:
        width = console.width // 2 - 2
        table = Table.grid(padding=(0, 4, 0, 0))
        for _ in range(2):
            table.add_column(max_width=width, no_wrap=True, overflow="ellipsis")
        table.add_row(json_text("in", [record], width), json_text("out", outcome.events, width))
        console.print(table)
    console.print()


def json_text(label: str, values: list[Any], width: int) -> Text:
    """JSON in colour, below a label."""
    return Text(f"{label}\n", "dim") + JSONHighlighter()(
        "\n".join(format_json(value, width) for value in values)
    )


def format_json(value: Any, width: int, start: str = "") -> str:
    """JSON with what fits into the width on one line; `start` stands before it on its first line."""
    text = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or len(start) + len(text) < width:
        return start + text
    indent = " " * (len(start) - len(start.lstrip()))
    if isinstance(value, dict):
        members = [(f"{json.dumps(name)}: ", member) for name, member in value.items()]
    else:
        members = [("", element) for element in value]
    lines = [format_json(member, width, f"{indent}  {name}") for name, member in members]
    return "\n".join([start + text[0], ",\n".join(lines), indent + text[-1]])


def show_calls(gateway: DemoGateway, logs: list[dict[str, Any]]) -> None:
    """Post as Auth0 does, and print each response and the events that are delivered."""
    calls = {
        "from the webhooks extension": [logs[0]["data"]],
        "from a log stream": logs[1:],
        "the same batch once more": logs[1:],
        "a log with a mistake": [{"log_id": "broken", "data": {"type": 7}}],
    }
    console.print(Text(f"{'posted':30}answered", "dim"))
    for posted, batch in calls.items():
        console.print(Text(f"{posted:30}{gateway.post(batch)}"), soft_wrap=True)
    console.print(Text("\ndelivered", "dim"))
    delivered = 0
    for _ in range(200):
        delivered += show_delivered(gateway)
        if delivered >= len(logs):
            break
        time.sleep(0.05)


def show_delivered(gateway: DemoGateway) -> int:
    """Print the events delivered since the last call, and return their number."""
    events = gateway.newly_delivered()
    for event in events:
        name = event.get("event") or event.get("groupId") or ""
        console.print(Text(f"{event['type']:9} {event.get('userId', ''):36} {name}".rstrip()), soft_wrap=True)
    return len(events)


def play(gateway: DemoGateway, seconds: float) -> None:
    """Print what is delivered, until Enter is pressed or nothing came for so many seconds."""
    call = f"""curl --data '{{"type": "s", "user_id": "auth0|you"}}' '{gateway.url}'"""
    lines = (
        f"Live page: {gateway.page}\n",
        'From another terminal post a login, or a mistake, with 7 in place of "s":',
        f"  {call}\n",
        f"Enter ends the gateway, as do {seconds:g} seconds without an event.",
    )
    for line in lines:
        console.print(Text(line), soft_wrap=True)
    with suppress(KeyboardInterrupt):
        end = time.monotonic() + seconds
        while time.monotonic() < end and not select.select([sys.stdin], [], [], 0.2)[0]:
            if show_delivered(gateway):
                end = time.monotonic() + seconds


if __name__ == "__main__":
    main()
