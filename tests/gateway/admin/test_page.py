"""The admin page in a real browser: by mouse, by keyboard, on a phone, in the dark."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from support.admins import DISABLED, LOGIN, TOKEN, WRONG, Admin, admin_address
from support.browsers import CHROMIUM, CONTRAST, chromium, fresh_context, pictured, shared_profile
from support.dataplanes import data_plane_in_thread, refusing
from support.gateways import KEY
from support.servers import LOCAL, free_port, until

HOSTILE = "<img src=x onerror=\"document.title='theirs'\"><script>document.title='theirs'</script>"
NO_ANSWER = "The gateway does not answer. Try again when it is back."
WITH_PROBLEMS = """([why, held]) => {
  stream.close();
  stream = { close() {} };
  lastMessageAt = Infinity;
  const [first, ...others] = latestStatus.sources;
  const destination = { ...latestStatus.destination, down: true, reason: why };
  showStatus({ ...latestStatus, destination, sources: [{ ...first, held }, ...others] });
}"""
"""Makes the page show a status with these problems, and keep it."""
WITH_GATEWAYS = """() => {
  const held = { [latestStatus.sources[0].name]: "status 401" };
  const gateways = [{ name: "a", buckets: 9, down: null, held }, { name: "b", buckets: 7, down: "", held }];
  showStatus({ ...latestStatus, gateway: "a", gateways });
}"""
"""Makes the page show that status as one of several gateways would."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium was found: `apt-get install chromium`"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The installed Chromium."""
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def profile(browser: Browser) -> Iterator[BrowserContext]:
    """A browser profile."""
    with shared_profile(browser) as one:
        yield one


@pytest.fixture
def context(profile: BrowserContext) -> Iterator[BrowserContext]:
    """The profile as new. A script's error, or anything the policy blocked, fails the test."""
    with fresh_context(profile) as one:
        yield one


@pytest.fixture(scope="module")
def down(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    """A gateway whose destination is down, with events and a dead letter."""
    with admin_address(tmp_path_factory.mktemp("down"), to=f"http://127.0.0.1:{free_port()}") as one:
        signup = {"log_id": "4", "data": {"type": "ss", "user_id": "auth0|000000000000000000000ada1"}}
        one.post(
            LOGIN, WRONG, signup, {"log_id": "5", "data": {"type": HOSTILE, "user_id": f"auth0|{HOSTILE}"}}
        )
        yield one


def opened(context: BrowserContext, admin: Admin) -> Page:
    """The page, connected."""
    page = context.new_page()
    page.goto(admin.url)
    expect(page.locator("#connection")).to_have_text("live")
    return page


def test_the_page_works_behind_a_proxy_that_removes_its_path(context: BrowserContext, down: Admin) -> None:
    """Whatever it loads and calls is relative to it."""
    page = context.new_page()
    page.route(
        "**/springhead/**", lambda route: route.continue_(url=route.request.url.replace("/springhead", ""))
    )
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url.removeprefix(down.url)))

    page.goto(f"{down.url}/springhead/")

    expect(page.locator("#connection")).to_have_text("live")
    expect(page.locator("#letter-list")).to_contain_text("#1 · record of ")
    assert [path for path in requested if not path.startswith(("/springhead/", "data:"))] == []


def test_a_retry_is_marked_as_a_duplicate(context: BrowserContext, tmp_path: Path) -> None:
    """Also one in a request with new events."""
    with admin_address(tmp_path) as admin:
        page = opened(context, admin)
        rows = page.locator("#feed .row")
        admin.post(LOGIN)
        expect(rows).to_have_count(1)
        expect(rows.first).not_to_contain_text("duplicate")
        expect(page.locator("#cards")).to_contain_text("< 0.1 / s over 60 s")

        admin.post(LOGIN)
        expect(rows).to_have_count(2)
        expect(rows.first).to_contain_text("duplicate")
        expect(rows.first).not_to_have_class(re.compile("new"))

        admin.post(LOGIN, {**LOGIN, "log_id": "3"})
        expect(rows).to_have_count(4)
        expect(rows.first).not_to_contain_text("duplicate")
        expect(rows.nth(1)).to_contain_text("duplicate")

        admin.post(*[LOGIN] * 21, {**LOGIN, "log_id": "4"})
        expect(rows.first).to_have_text("2 more in the same request to Auth0, 1 duplicate among them")
        pictured(page, "duplicates")


def test_events_are_filtered_by_source_and_text(context: BrowserContext, tmp_path: Path) -> None:
    """Any value counts, and each word of the text; events that do not match are remembered."""
    with admin_address(tmp_path, {**DISABLED, "enabled": True}) as admin:
        page = opened(context, admin)
        rows, source = page.locator("#feed .row"), page.get_by_label("Source of events")
        text, no_match = page.get_by_label("Text in events"), page.locator("#no-match")
        signup = {"log_id": "2", "data": {"type": "ss", "user_id": "auth0|2", "connection": "Members"}}
        admin.post(LOGIN, signup)
        admin.server.post([{**LOGIN, "log_id": "3"}], key=DISABLED["write_key"][0])
        expect(rows).to_have_count(3)

        source.select_option(DISABLED["name"])
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text(DISABLED["name"])
        text.fill("signup")
        expect(rows).to_have_count(0)
        expect(no_match).to_be_visible()
        source.select_option("")
        text.fill("MEMBERS identify")
        expect(rows).to_have_count(1)
        admin.post({**LOGIN, "log_id": "4"}, {**signup, "log_id": "5"})
        expect(rows).to_have_count(2)
        assert page.evaluate(CONTRAST) == []
        pictured(page, "filtered")
        text.fill("")

        expect(rows).to_have_count(5)
        expect(no_match).to_be_hidden()


def test_a_row_shows_that_it_can_be_opened(context: BrowserContext, down: Admin) -> None:
    """An arrow points at its name, and down once it is open."""
    row = opened(context, down).locator("#feed .row").first
    arrow = "one => getComputedStyle(one.querySelector('summary'), '::before').transform"
    closed = row.evaluate(arrow)

    row.locator("summary").press("Enter")

    expect(row.locator("pre")).to_be_visible()
    assert closed not in ("none", row.evaluate(arrow))


def test_a_command_is_copied_with_its_settings_file(browser: Browser, down: Admin) -> None:
    """Where the page may not write to the clipboard, the command is selected and copied as text."""
    config = down.server.folder / "springhead.toml"
    command = f"springhead dead show 1 --config {config}"
    for permissions in (["clipboard-read", "clipboard-write"], ["clipboard-read"]):
        context = browser.new_context(permissions=permissions)
        page = opened(context, down)
        if "clipboard-write" not in permissions:
            page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
        button = page.get_by_role("button", name=f"Copy: {command}")

        button.click()

        expect(button).to_have_text("Copied")
        assert page.evaluate("getSelection().toString()") == command
        context.close()


def test_a_rejection_like_a_dead_letter_is_counted_at_once(context: BrowserContext, tmp_path: Path) -> None:
    """It adds no letter, and is shown in no other place."""
    with admin_address(tmp_path) as admin:
        page = opened(context, admin)
        admin.post(WRONG)
        expect(page.locator("#letter-1")).not_to_contain_text("times")

        admin.post(WRONG)

        expect(page.locator("#letter-1")).to_contain_text("2 times, the first at")
        expect(page.get_by_text("type must be text")).to_have_count(1)


def test_the_page_follows_a_reload(context: BrowserContext, tmp_path: Path) -> None:
    """A new source gets a card, and one that is gone, with nothing stored, loses it."""
    with admin_address(tmp_path) as admin:
        page = opened(context, admin)
        titles = page.locator(".card h3")
        expect(titles).to_have_text(["Auth0", "Auth0, old"])
        settings = tmp_path / "springhead.toml"
        settings.write_text(settings.read_text().replace('"Auth0, old"', '"Shop"'))

        admin.server.process.send_signal(signal.SIGHUP)

        expect(titles).to_have_text(["Auth0", "Shop"])


def test_the_page_shows_what_happens(context: BrowserContext, down: Admin) -> None:
    """Sources, rejections, dead letters, and an event as it is accepted, with its details masked."""
    page = opened(context, down)
    rows, card = page.locator("#feed .row"), page.locator(".card").first
    expect(card).to_contain_text("Auth0")
    expect(card).to_contain_text("1 dead letter")
    expect(page.locator(".card").last).to_contain_text("auth0 · disabled")
    expect(page.locator("#trouble")).to_contain_text("The destination is down", timeout=15_000)
    expect(page.locator("#letter-list")).to_contain_text("type must be text: it is a number")
    expect(page.locator("#letter-list")).to_contain_text("at /1/data/type")
    expect(page.locator("#letter-list")).to_contain_text("#1 · record of ")
    expect(rows).to_have_count(3)

    down.post({**LOGIN, "log_id": "3"})

    expect(rows).to_have_count(4)
    summary = rows.first.locator("summary")
    expect(summary).to_contain_text("Success Login")
    expect(summary).to_contain_text(re.compile("…ada1#[0-9a-f]{4} · Auth0"))
    summary.click()
    shown = json.loads(rows.first.locator("pre").inner_text())
    assert shown["properties"]["details"] == {"body": {"password": "*****"}}
    expect(page.locator("polyline").first).to_have_attribute("points", re.compile(r",2\.0"))
    pictured(page, "desktop")


def test_what_a_sender_sent_stays_text(context: BrowserContext, down: Admin) -> None:
    """Markup in a name or an id is shown as text, and does nothing."""
    page = opened(context, down)
    row = page.locator("#feed .row", has_text="<img")

    expect(row.locator(".name")).to_have_text(HOSTILE)
    row.locator("summary").click()
    expect(row.locator("pre")).to_contain_text("<img src=x")
    assert page.locator("img").count() == 0
    assert page.title() == "springhead"


def test_events_wait_while_paused(context: BrowserContext, down: Admin) -> None:
    """Whoever reads is not disturbed; new events are shown on resuming."""
    page = opened(context, down)
    rows = page.locator("#feed .row")
    expect(rows).not_to_have_count(0)
    before = rows.count()

    page.get_by_role("button", name="Pause").click()
    down.post({**LOGIN, "log_id": "6"})
    until(lambda: page.evaluate("pendingRows.length"))
    paused = rows.count()
    page.get_by_role("button", name="Resume").click()

    expect(rows).to_have_count(before + 1)
    assert paused == before


def test_the_keyboard_is_enough_to_replay(context: BrowserContext, tmp_path: Path) -> None:
    """Tab to the button, Enter, see what would change, Enter; the focus moves to the next letter."""
    refused = {"1", "2"}
    with data_plane_in_thread(refusing(refused)) as plane, admin_address(tmp_path, to=plane.url) as admin:
        admin.post(LOGIN, {**LOGIN, "log_id": "2"})
        admin.post_until(lambda: len(admin.letters()) == 2)
        refused.clear()
        accepted = len(plane.taken)
        page = opened(context, admin)
        expect(page.locator("#letter-2")).to_be_visible()
        focused = page.locator(":focus")

        page.keyboard.press("Tab")
        expect(focused).to_have_text("Skip to the events")
        page.keyboard.press("Enter")
        expect(focused).to_have_id("events")
        for _ in range(100):
            page.keyboard.press("Tab")
            if focused.get_attribute("aria-label") == "Replay dead letter 1":
                break
        assert focused.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
        page.keyboard.press("Enter")
        expect(page.locator("#explanation")).to_have_text(
            "It would become: 1 event (track), to be delivered again."
        )
        expect(focused).to_have_id("confirm")
        pictured(page, "replay")
        assert len(admin.letters()) == 2
        page.keyboard.press("Enter")

        expect(page.locator("#result")).to_have_text("#1: 1 event (track), to be delivered again")
        expect(page.locator("#letter-1")).to_have_count(0)
        expect(focused).to_have_attribute("aria-label", "Replay dead letter 2")
        until(lambda: len(plane.taken) > accepted)


def test_a_drop_needs_a_confirmation(context: BrowserContext, tmp_path: Path) -> None:
    """Escape keeps the letter; an empty list says what it is for."""
    with admin_address(tmp_path) as admin:
        admin.post(WRONG)
        page = opened(context, admin)
        drop = page.get_by_role("button", name="Drop dead letter 1")

        page.get_by_role("button", name="Replay dead letter 1").click()
        expect(page.locator("#explanation")).to_contain_text("Nothing would change: still schema/type")
        expect(page.locator("#confirm")).to_be_disabled()
        page.keyboard.press("Escape")
        drop.click()
        page.keyboard.press("Escape")
        kept = admin.letters()
        drop.click()
        page.locator("#confirm").click()

        expect(page.locator("#result")).to_have_text("#1 dropped")
        expect(page.locator("#letter-list")).to_contain_text("None. A record that does not match")
        assert len(kept) == 1
        assert admin.letters() == []


def test_the_newest_dead_letters_are_shown_first(context: BrowserContext, tmp_path: Path) -> None:
    """Up to a hundred, with the command that lists the others. They can be filtered by source and rule."""
    with admin_address(tmp_path) as admin:
        admin.post("no object", *[{**WRONG, "number": each} for each in range(104)], WRONG)
        admin.post(WRONG)
        page = opened(context, admin)
        rows, more, rest = page.locator("#letter-list .row"), page.locator("#more"), page.locator("#rest")

        expect(rows).to_have_count(10)
        expect(rows.first).to_have_id("letter-106")
        expect(rows.first).to_contain_text("2 times, the first at")
        expect(rows.nth(1)).not_to_contain_text("times")
        for _ in range(3):
            more.click()
        expect(rows).to_have_count(100)
        command = f"springhead dead list --config {tmp_path / 'springhead.toml'}"
        expect(rest).to_contain_text("These are the newest 100. To see 6 more:")
        expect(rest.locator("code")).to_have_text(command)
        pictured(page, "letters")
        admin.post("still no object")
        expect(rows.first).to_have_id("letter-107")
        page.get_by_label("Rule", exact=True).select_option("item/object")

        expect(rows).to_have_count(2)
        expect(rest).to_be_hidden()
        expect(more).to_be_hidden()
        page.get_by_label("Rule", exact=True).select_option("schema/type")
        for _ in range(3):
            more.click()
        expect(rest).to_contain_text("These are the newest 100. To see all:")
        expect(rest.locator("code")).to_have_text(command.replace("list", "list --rule schema/type"))
        expect(page.get_by_label("Source", exact=True)).to_be_hidden()  # there is one source


def test_the_line_of_a_record_is_shown_once(context: BrowserContext, tmp_path: Path) -> None:
    """A reason that counts within that line keeps its column only."""
    good, wrong = json.dumps(LOGIN), json.dumps(WRONG)
    with admin_address(tmp_path) as admin:
        bodies = f'{good}\n{{"log_id": "8", "data": oops}}\n{wrong}\n', '{"log_id":\n"9", "data": oops}'
        for body in bodies:
            url = f"{admin.server.url}/v1/webhook?writeKey={KEY}"
            httpx.post(url, content=body.encode(), **LOCAL)
        page = opened(context, admin)
        why = page.locator("#letter-list .reason")

        expect(why).to_have_text(
            [
                "not JSON: expecting value (line 2, column 14)",
                "line 3: type must be text: it is a number",
                "line 2: not JSON: expecting value (column 25)",
            ]
        )
        expect(page.locator("#letter-2")).to_contain_text("at /data/type")
        expect(page.locator("#letter-1")).not_to_contain_text("at /")


def test_the_page_reconnects_by_itself(context: BrowserContext, tmp_path: Path) -> None:
    """After a gateway was killed it shows what the new one remembers."""
    with admin_address(tmp_path) as admin:
        admin.post(LOGIN)
        page = opened(context, admin)
        expect(page.locator("#feed .row")).to_have_count(1)
        (worker,) = admin.server.workers()

        os.kill(worker, signal.SIGKILL)

        expect(page.locator("#connection")).to_have_text("reconnecting")
        expect(page.locator("#connection")).to_have_text("live", timeout=15_000)
        expect(page.locator("#feed .row")).to_have_count(0)


def test_the_page_explains_why_nothing_is_delivered(context: BrowserContext, tmp_path: Path) -> None:
    """The destination is down, or refuses one source; where no reason is known the page gives none."""
    with admin_address(tmp_path) as admin:
        page = opened(context, admin)
        trouble, card, other = page.locator("#trouble"), page.locator(".card").first, page.locator(".card").last
        expect(trouble).to_be_empty()
        expect(page.locator(".held")).to_have_text(["", ""])
        expect(card.locator(".held")).to_be_hidden()

        page.evaluate(WITH_PROBLEMS, ["status 503: out of order", "status 401: invalid write key"])
        expect(trouble).to_have_text(
            "The destination is down: status 503: out of order. Events are kept, and delivered when it is back."
        )
        expect(card).to_contain_text(
            "Held: the destination refuses this source's events (status 401: invalid write key). "
            "Check delivery.to and the source's destination_write_key."
        )
        expect(other.locator(".held")).to_be_hidden()
        assert page.evaluate(CONTRAST) == []
        pictured(page, "held")

        page.evaluate(WITH_GATEWAYS)
        expect(page.locator("#to")).to_contain_text("2 gateways share the store: a (9 buckets), b (7 buckets)")
        expect(trouble).to_contain_text("The destination is down at b: status 503: out of order.")
        expect(card).to_contain_text("Held at a, b: the destination refuses this source's events")
        assert page.evaluate(CONTRAST) == []

        page.evaluate(WITH_PROBLEMS, [None, None])
        expect(trouble).to_contain_text("Events are kept, and delivered when it is back.")
        expect(card.locator(".held")).to_be_hidden()


def test_the_page_says_that_the_gateway_is_gone(context: BrowserContext, tmp_path: Path) -> None:
    """Since when, and that the figures are from then; a button pressed meanwhile says it, too."""
    to, port = f"http://127.0.0.1:{free_port()}", free_port()
    with admin_address(tmp_path, to=to, port=port) as admin:
        admin.post(LOGIN, WRONG)
        page = opened(context, admin)
        trouble, result = page.locator("#trouble"), page.locator("#result")
        expect(trouble).to_contain_text("The destination is down", timeout=15_000)
        expect(page.locator("#letter-1")).to_be_visible()
        colour = "getComputedStyle(document.getElementById('dead')).color"
        warns = page.evaluate(colour)

        admin.server.kill()

        gone = r"^The gateway has not answered since \d\d:\d\d:\d\d\. The figures are from then\.$"
        expect(trouble).to_have_text(re.compile(gone))
        assert page.evaluate(colour) != warns
        page.get_by_role("button", name="Replay dead letter 1").click()
        expect(page.locator("#explanation")).to_have_text(NO_ANSWER)
        expect(page.locator("#confirm")).to_be_disabled()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Drop dead letter 1").click()
        page.locator("#confirm").click()
        expect(result).to_have_text(NO_ANSWER)
        assert page.evaluate(CONTRAST) == []
        pictured(page, "gone")

    with admin_address(tmp_path, to=to, port=port) as admin:
        expect(page.locator("#connection")).to_have_text("live", timeout=20_000)
        expect(trouble).not_to_contain_text("has not answered")
        expect(result).to_be_empty()
        assert page.evaluate(colour) == warns
        assert len(admin.letters()) == 1


def test_a_new_operator_signs_in_and_learns_what_to_do(context: BrowserContext, tmp_path: Path) -> None:
    """The token never becomes part of a URL, and an empty page says how to post a first event."""
    with admin_address(tmp_path, token=TOKEN) as admin:
        page = context.new_page()
        page.set_viewport_size({"width": 390, "height": 800})
        page.goto(admin.url)
        expect(page.get_by_label("Admin token")).to_be_focused()
        expect(page.get_by_role("alert")).to_have_count(0)
        page.keyboard.type("no-token-of-theirs")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("The token is wrong.")
        assert page.url == f"{admin.url}/"
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert page.evaluate(CONTRAST) == []
        pictured(page, "sign-in")
        page.get_by_label("Admin token").fill(TOKEN)
        page.get_by_role("button", name="Sign in").click()

        expect(page.locator("#connection")).to_have_text("live")
        assert page.url == f"{admin.url}/"
        expect(page.locator("#no-events")).to_contain_text("No event has been accepted")
        expect(page.locator("#no-events code")).to_contain_text(f"{admin.server.url}/v1/webhook?writeKey=")
        pictured(page, "empty")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 375), ("dark", 375)])
def test_the_page_is_readable_everywhere(browser: Browser, down: Admin, scheme: str, width: int) -> None:
    """Light, dark and on a phone: nothing is cut off, buttons can be hit, contrast meets WCAG's AA."""
    colours: dict[str, Any] = {"color_scheme": scheme, "viewport": {"width": width, "height": 812}}
    context = browser.new_context(**colours)
    page = opened(context, down)
    expect(page.locator("#letter-list .row")).to_have_count(1)
    expect(page.locator("#feed .row").first).to_be_visible()
    page.wait_for_timeout(100)
    pictured(page, f"{scheme}-{width}")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CONTRAST) == []
    heights = page.locator("button:visible").evaluate_all("all => all.map((one) => one.offsetHeight)")
    assert min(heights) >= (40 if width < 500 else 32)
    context.close()
