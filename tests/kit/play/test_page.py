"""The playground in a real browser: by mouse, by keyboard, in the dark, on a small screen."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from support.browsers import CHROMIUM, CONTRAST, chromium, fresh_context, pictured, shared_profile
from support.paths import ROOT
from support.playgrounds import BODY, MAPPING, Playground, playground

HOSTILE = "<img src=x onerror=\"document.title='theirs'\"><script>document.title='theirs'</script>"
LIT_LINES = """() => {
  const lines = document.querySelectorAll("#editors .editor:not([hidden]) .code-line");
  return [...lines].flatMap((line, index) => line.matches(".lit") ? [index + 1] : []);
}"""
"""The lines of the file shown that are lit up."""
LIT_TEXTS = """() => [...CSS.highlights.get("light")].map(String)"""
"""The parts of the body that are lit up."""
VALUES_FOUND = """async (text) => {
  const { parseText, findValue } = await import("./json_text.js");
  const documents = parseText(text), pairs = [];
  for (const { line, values } of documents)
    for (const pointer of values.keys()) {
      const { start, end } = findValue(documents, pointer, line);
      pairs.push([line, pointer, text.slice(start, end)]);
    }
  return pairs;
}"""
"""Every value in a text, with its pointer and the line its document begins on."""

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


def opened(context: BrowserContext, one: Playground, **options: Any) -> Page:
    """The page, with an outcome on it."""
    page = context.new_page(**options)
    page.goto(one.url)
    expect(page.locator("#summary")).to_have_text("1 event, 0 rejected, 0 dropped", timeout=60_000)
    return page


def editor(page: Page, name: str) -> Locator:
    """The text field of a file, or of the body."""
    return page.get_by_label(name, exact=True)


def value(page: Page, text: str) -> Locator:
    """The first value of the events that reads so."""
    return page.locator("#outcome .value", has_text=text).first


def test_events_change_as_one_types(context: BrowserContext, acme: Playground) -> None:
    """In the body, in a file, in a header and in a setting."""
    page = opened(context, acme)
    outcome = page.locator("#outcome")
    expect(outcome.locator("strong")).to_have_text("order.paid")
    expect(value(page, "Leeds")).to_be_visible()

    editor(page, "Request body").fill(json.dumps({**BODY, "type": "order.refunded"}))
    expect(outcome.locator("strong")).to_have_text("order.refunded")
    editor(page, "mapping.json").fill(MAPPING.replace("properties.shop", "properties.branch"))
    expect(outcome).to_contain_text('"branch": "Leeds"')
    page.get_by_label("Header value").fill("York")
    expect(outcome).to_contain_text('"branch": "York"')
    page.get_by_text("Settings", exact=True).click()
    page.get_by_label("redact").fill("all")
    expect(page.locator("#summary")).to_have_text(
        "redact is 'all': use one of off, secrets, pii (the last outcome is shown)"
    )
    pictured(page, "settings")
    page.get_by_label("redact").fill("pii")
    expect(page.locator("#summary")).to_have_text("1 event, 0 rejected, 0 dropped")


def test_pointing_at_a_value_shows_its_row_and_its_place(context: BrowserContext, acme: Playground) -> None:
    """In the body, inside an `each`, or in a header; and what was made of it on the way."""
    page = opened(context, acme)

    value(page, "ada@example.com").hover()
    assert page.evaluate(LIT_LINES) == [6]
    assert page.evaluate(LIT_TEXTS) == ['"Ada@Example.com"']
    expect(page.locator("#origin")).to_contain_text("context.traits.email is written by line 6 of mapping.json")
    expect(page.locator("#origin")).to_contain_text('lower → "ada@example.com"')
    pictured(page, "value")
    value(page, "cup").hover()
    assert page.evaluate(LIT_LINES) == [8]
    assert page.evaluate(LIT_TEXTS) == ['"cup"']
    value(page, "Leeds").hover()
    assert page.evaluate(LIT_TEXTS) == []
    expect(page.locator("#fields .pair.lit input").first).to_have_value("X-Acme-Shop")
    page.locator("#outcome .value.added").first.hover()
    assert page.evaluate(LIT_LINES) == []
    expect(page.locator("#origin")).to_contain_text("springhead adds it")
    page.locator("h1").hover()
    expect(page.locator(".lit")).to_have_count(0)


def test_the_keyboard_is_enough(context: BrowserContext, acme: Playground) -> None:
    """Tab leads to the values, arrows from one to the next, and Enter to the row."""
    page = opened(context, acme)
    focused = page.locator(":focus")
    editor(page, "mapping.json").focus()

    for _ in range(50):
        page.keyboard.press("Tab")
        if focused.evaluate("one => one.matches('.value')"):
            break
    page.keyboard.press("ArrowDown")
    expect(focused).to_have_text('"order.paid"')
    page.keyboard.press("ArrowDown")
    expect(focused).to_have_text('"7"')
    assert page.evaluate(LIT_LINES) == [5]
    assert page.evaluate(LIT_TEXTS) == ["7"]
    assert focused.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    page.keyboard.press("Enter")

    expect(focused).to_have_attribute("aria-label", "mapping.json")
    line = "one => one.value.slice(0, one.selectionStart).split('\\n').length"
    assert focused.evaluate(line) == 5
    page.get_by_role("tab", name="mapping").focus()
    page.keyboard.press("ArrowRight")
    expect(editor(page, "schema.json")).to_be_visible()
    expect(focused).to_have_text("schema")


def test_a_file_that_does_not_parse_leaves_the_last_outcome(context: BrowserContext, acme: Playground) -> None:
    """Greyed, with the problem at its line; once it is mended all is as before."""
    page = opened(context, acme)
    mapping = editor(page, "mapping.json")

    mapping.fill(MAPPING.replace('"to": "userId"},', '"to": "userId"}'))

    expect(page.locator("#outcome .stale strong")).to_be_visible()
    expect(page.locator("#outcome strong")).to_have_text("order.paid")
    expect(page.locator("#summary")).to_have_text("mapping.json does not load (the last outcome is shown)")
    expect(page.locator("#editors .code-line.error")).to_have_attribute(
        "title", re.compile("a comma is missing")
    )
    expect(page.locator("#problems li")).to_have_count(1)
    expect(page.locator("#problems li")).to_contain_text("mapping.json:6")
    pictured(page, "broken")
    page.locator("#problems li button").click()
    expect(page.locator(":focus")).to_have_attribute("aria-label", "mapping.json")
    mapping.fill(MAPPING)
    expect(page.locator("#outcome .stale")).to_have_count(0)
    expect(page.locator("#editors .code-line.error")).to_have_count(0)


def test_a_body_half_typed_leaves_the_last_events(context: BrowserContext, acme: Playground) -> None:
    """Greyed, below the rejection that says what is wrong."""
    page = opened(context, acme)

    editor(page, "Request body").fill('{\n  "type": "order.pai')

    expect(page.locator("#outcome .rejection")).to_contain_text("not JSON")
    expect(page.locator("#outcome .stale strong")).to_have_text("order.paid")


def test_a_rejection_shows_where(context: BrowserContext, acme: Playground) -> None:
    """The value in the body that is wrong, or the line at which it is not JSON."""
    page = opened(context, acme)

    editor(page, "Request body").fill('{\n  "id": 1,\n  "type": 7\n}')
    expect(page.locator(".rejection")).to_contain_text("type must be text: it is a number")
    page.locator(".rejection button").hover()
    assert page.evaluate(LIT_TEXTS) == ["7"]
    editor(page, "Request body").fill('{\n  "id": 1,\n  "type": oops\n}')
    expect(page.locator("#body .code-line.error")).to_have_attribute("title", re.compile("not JSON"))
    expect(page.locator("#body .code-line.error")).to_have_text('  "type": oops')
    expect(page.locator("#outcome .rejection")).to_contain_text("not JSON")
    pictured(page, "rejected")


def test_advice_and_rows_no_fixture_ran_are_marked(context: BrowserContext, acme: Playground) -> None:
    """At their lines, and in the list, which leads there."""
    page = opened(context, acme)

    expect(page.locator("#editors .code-line.uncovered")).to_contain_text('{"from": "order.coupon"')
    page.get_by_text("1 place that no fixture runs").click()
    page.get_by_role("button", name="mapping.json:9 no fixture gives this row a value").click()
    focused = page.locator(":focus")
    assert focused.evaluate(
        'one => one.value.slice(one.selectionStart).startsWith(\'{"from": "order.coupon"\')'
    )
    expect(page.locator("#problems li.advice").first).to_be_visible()
    pictured(page, "review")


def test_a_save_shows_what_changes_and_needs_a_confirmation(
    context: BrowserContext, writable: Playground, folder: Path
) -> None:
    """Ctrl+S, then Enter; Escape writes nothing."""
    page = opened(context, writable)
    text = MAPPING.replace("properties.shop", "properties.branch")
    editor(page, "mapping.json").fill(text)
    expect(page.locator("#state")).to_have_text("1 not saved")
    expect(page.get_by_role("tab", name="mapping")).to_contain_text("●")

    page.keyboard.press("Control+s")
    expect(page.locator("#diff .removed")).to_contain_text("properties.shop")
    expect(page.locator("#diff .added")).to_contain_text("properties.branch")
    pictured(page, "save")
    assert page.evaluate(CONTRAST) == []
    page.keyboard.press("Escape")
    unsaved = (folder / "mapping.json").read_text()
    page.keyboard.press("Control+s")
    page.keyboard.press("Enter")

    expect(page.locator("#state")).to_have_text("Saved 1 file.")
    expect(page.locator("#save")).to_be_disabled()
    assert unsaved == MAPPING
    assert (folder / "mapping.json").read_text() == text


def test_a_change_on_disk_is_never_lost(context: BrowserContext, writable: Playground, folder: Path) -> None:
    """Saving over it takes a second look; what is on disk can be taken instead."""
    page = opened(context, writable)
    theirs = MAPPING.replace("Acme", "Theirs")
    editor(page, "mapping.json").fill(MAPPING.replace("Acme", "Ours"))
    (folder / "mapping.json").write_text(theirs)

    page.locator("#save").click()
    page.locator("#save-confirm").click()
    expect(page.locator("#save-problem")).to_contain_text("mapping.json changed on disk meanwhile")
    expect(page.locator("#diff .removed")).to_contain_text("Theirs")
    expect(page.locator("#diff .added")).to_contain_text("Ours")
    expect(page.locator("#save-confirm")).to_have_text("Save over it")
    pictured(page, "conflict")
    assert (folder / "mapping.json").read_text() == theirs
    page.get_by_role("button", name="Take what is on disk").click()

    expect(editor(page, "mapping.json")).to_have_value(theirs)
    expect(page.locator("#state")).to_have_text("Took mapping.json from disk.")


def test_a_file_changed_elsewhere_is_read_again(
    context: BrowserContext, writable: Playground, folder: Path
) -> None:
    """When one returns to the page, unless it was edited there as well."""
    page = opened(context, writable)
    theirs = MAPPING.replace("Acme", "Theirs")
    (folder / "mapping.json").write_text(theirs)
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(editor(page, "mapping.json")).to_have_value(theirs)

    editor(page, "mapping.json").fill(theirs.replace("Theirs", "Ours"))
    (folder / "mapping.json").write_text(MAPPING)
    page.evaluate("dispatchEvent(new Event('focus'))")

    expect(page.locator("#state")).to_have_text("mapping.json changed on disk")
    expect(editor(page, "mapping.json")).to_have_value(theirs.replace("Theirs", "Ours"))


def test_a_request_is_kept_as_a_fixture(context: BrowserContext, writable: Playground, folder: Path) -> None:
    """Under a name that is asked for; rows it runs are no longer marked."""
    page = opened(context, writable)
    editor(page, "Request body").fill(json.dumps({**BODY, "order": {"coupon": "SPRING"}}))
    expect(page.locator("#outcome")).to_contain_text('"coupon": "SPRING"')

    page.get_by_role("button", name="Keep as a fixture…").click()
    page.locator("#keep-name").fill("paid")
    pictured(page, "keep")
    page.keyboard.press("Enter")
    expect(page.locator("#keep-problem")).to_have_text("there is a fixture paid: choose another name")
    page.locator("#keep-name").fill("coupon")
    page.keyboard.press("Enter")

    expect(page.locator("#fixture")).to_have_value("coupon")
    expect(page.locator("#editors .code-line.uncovered")).to_have_count(0)
    expected = json.loads((folder / "fixtures" / "coupon" / "expected.json").read_text())
    assert expected["events"][0]["properties"]["coupon"] == "SPRING"


def test_a_fixture_that_fails_is_updated(context: BrowserContext, writable: Playground, folder: Path) -> None:
    """Once one has seen what changes; or it is opened."""
    page = opened(context, writable)
    editor(page, "mapping.json").fill(MAPPING.replace("properties.shop", "properties.branch"))
    failing = page.get_by_role("button", name="fixtures/paid expects another outcome")

    failing.click()
    expect(page.locator("#save-text")).to_contain_text("not saved")
    expect(page.locator("#diff .added").first).to_contain_text('"branch": "Leeds"')
    pictured(page, "failing")
    page.get_by_role("button", name="Open the fixture").click()
    expect(page.locator("#fixture")).to_have_value("paid")
    failing.click()
    page.get_by_role("button", name="Update expected.json").click()

    expect(page.locator("#state")).to_have_text("Updated fixtures/paid/expected.json")
    expect(failing).to_have_count(0)
    expected = json.loads((folder / "fixtures" / "paid" / "expected.json").read_text())
    assert expected["events"][0]["properties"]["branch"] == "Leeds"


def test_a_new_table_is_a_file_of_the_folder(
    context: BrowserContext, writable: Playground, folder: Path
) -> None:
    """It is written with the next save."""
    page = opened(context, writable)
    page.get_by_role("button", name="+ table").click()
    page.locator("#table-name").fill("names")
    page.keyboard.press("Enter")
    editor(page, "names.json").fill('{"order.paid": "Order Paid"}')
    row = '{"type": "track", "event": {"from": "type", "lookup": "names"}}'
    page.get_by_role("tab", name="mapping").click()
    editor(page, "mapping.json").fill(MAPPING.replace('{"type": "track", "event": {"from": "type"}}', row))
    expect(page.locator("#outcome strong")).to_have_text("Order Paid")

    page.locator("#save").click()
    page.locator("#save-confirm").click()

    expect(page.locator("#state")).to_have_text("Saved 2 files.")
    assert (folder / "names.json").read_text() == '{"order.paid": "Order Paid"}'


def test_a_newcomer_drafts_a_source_from_a_body(context: BrowserContext, tmp_path: Path) -> None:
    """Or looks at an installed one; either way there is an outcome at once."""
    with playground(tmp_path) as one:
        page = context.new_page()
        page.goto(one.url)
        expect(page.get_by_role("link", name="auth0")).to_be_visible()
        page.locator("#draft-name").fill("shop")
        page.locator("#draft-body").fill(json.dumps(BODY))
        page.locator("#draft-headers").fill("X-Acme-Delivery: d_1")
        pictured(page, "choose")
        assert page.evaluate(CONTRAST) == []
        page.get_by_role("button", name="Draft it").click()

        expect(page.locator("#outcome strong")).to_have_text("order.paid")
        expect(page.locator("#guesses")).to_contain_text("type names the event")
        expect(page.locator("#guesses")).to_contain_text("X-Acme-Delivery identifies the delivery")
        assert (tmp_path / "shop" / "mapping.json").exists()
        page.locator("#source").select_option("auth0")
        expect(page.locator("#state")).to_contain_text("installed")
        page.get_by_role("button", name="Save a copy…").click()
        page.locator("#copy-name").fill("mine")
        page.keyboard.press("Enter")
        expect(page.locator("#folder")).to_have_text(str(tmp_path / "mine"))
        expect(page.locator("#keep")).to_be_visible()


def test_a_page_without_the_token_says_where_to_find_it(context: BrowserContext, acme: Playground) -> None:
    """It shows nothing else; the token does not stay in the address."""
    page = context.new_page()
    page.goto(acme.url.partition("#")[0])
    expect(page.locator("#trouble")).to_contain_text("open the address that springhead play printed")
    expect(page.locator("#work")).to_be_hidden()

    other = opened(context, acme)
    assert acme.token not in other.url
    other.reload()
    expect(other.locator("#summary")).to_have_text("1 event, 0 rejected, 0 dropped")


def test_what_a_body_holds_stays_text(context: BrowserContext, acme: Playground) -> None:
    """Markup in a value, a key or a header is shown as text, and does nothing."""
    page = opened(context, acme)
    editor(page, "Request body").fill(
        json.dumps({**BODY, "type": HOSTILE, "order": {"coupon": {HOSTILE: HOSTILE}}})
    )

    expect(page.locator("#outcome strong")).to_have_text(HOSTILE)
    value(page, "theirs").hover()
    expect(page.locator("#origin")).to_contain_text("onerror")
    assert page.locator("img").count() == 0
    assert page.title() == "acme · springhead playground"


def test_numbers_are_shown_as_they_are_delivered(context: BrowserContext, acme: Playground) -> None:
    """Also those that JavaScript would round."""
    page = opened(context, acme)

    for number in ("12345678901234567890123", "1.10", "9007199254740993"):
        editor(page, "Request body").fill(f'{{"type": "a", "order": {{"coupon": {number}}}}}')
        shown = {"1.10": "1.1"}.get(number, number)
        expect(page.locator("#outcome .value.scalar")).to_have_text(shown)


def test_a_body_is_laid_out_when_asked(context: BrowserContext, acme: Playground) -> None:
    """Its numbers and texts stay as they are, and what is not JSON stays whole."""
    page = opened(context, acme)
    body, layout = editor(page, "Request body"), page.get_by_role("button", name="Format")

    body.fill('{"type":"a, {b}","id":12345678901234567890,"none":[ ],"list":[1e400,{}]}')
    layout.click()
    expect(body).to_have_value(
        '{\n  "type": "a, {b}",\n  "id": 12345678901234567890,\n  "none": [],\n'
        '  "list": [\n    1e400,\n    {}\n  ]\n}\n'
    )
    body.fill("name=Ada&list[]=1")
    layout.click()
    expect(body).to_have_value("name=Ada&list[]=1")


ALIGNED = """(one) => {
  const lines = one.closest(".code").querySelector("pre").offsetHeight;
  return [lines, one.scrollHeight, one.closest(".editor").scrollWidth - one.closest(".editor").clientWidth];
}"""
"""The heights of the lines drawn and of the text field over them, and how far both reach beyond the editor."""


LONG_LINES = (
    '{"short": 1, "sentence": "' + "several words " * 60 + '"}',
    "x" * 2_000,
    '["' + "\t" * 40 + "a-b/c.d " * 50 + '", 1.5, null]',
    '{"日本語": "' + "長い文字列" * 60 + '", "emoji": "' + "🫖 " * 90 + '"}',
    '{"blanks": "' + " " * 300 + '"}',
)


def test_long_lines_wrap_as_the_text_over_them(context: BrowserContext, acme: Playground) -> None:
    """So the cursor is where the letters are, and nothing needs scrolling sideways."""
    body = editor(opened(context, acme), "Request body")

    for line in LONG_LINES:
        body.fill("\n".join([line] * 40))

        drawn, wrapped, beyond = body.evaluate(ALIGNED)
        assert (drawn, beyond) == (wrapped, 0), line
        assert drawn > 2 * 40 * 19, line
        assert body.page.locator("#body .code-line").count() == 40, line


def test_a_line_that_changes_is_drawn_alone(context: BrowserContext, acme: Playground) -> None:
    """The others stay, however many there are, and marks stay with their lines."""
    page = opened(context, acme)
    body = editor(page, "Request body")
    lines = [f'{{"type": "a", "id": {number}}}' for number in range(600)]
    body.fill("\n".join(lines))
    count = """() => {
      window.drawn = 0;
      new MutationObserver((all) => { for (const one of all) window.drawn += one.addedNodes.length; })
        .observe(document.querySelector("#body pre"), {childList: true, subtree: true});
    }"""
    page.evaluate(count)

    body.evaluate("one => { one.focus(); one.setSelectionRange(14, 14); }")
    page.keyboard.press("Enter")
    page.keyboard.press("Backspace")

    expect(page.locator("#body .code-line")).to_have_count(600)
    assert page.locator("#body .code-line").all_text_contents()[:3] == lines[:3]
    assert page.evaluate("window.drawn") < 50


def test_a_long_list_of_an_event_is_cut(context: BrowserContext, acme: Playground) -> None:
    """The first 200 of its members are drawn, and the others counted."""
    page = opened(context, acme)

    editor(page, "Request body").fill(json.dumps({**BODY, "order": {"coupon": list(range(1_000))}}))

    expect(page.locator("#outcome")).to_contain_text("… and 800 more")
    assert page.locator("#outcome .value.scalar").count() == 200


def test_a_fixture_leaves_what_was_typed_in_the_list(
    context: BrowserContext, writable: Playground, folder: Path
) -> None:
    """So choosing one loses nothing; what was only looked at is not listed."""
    shutil.copytree(folder / "fixtures" / "paid", folder / "fixtures" / "paid-2")
    page = opened(context, writable)
    body, fixture = editor(page, "Request body"), page.get_by_label("Fixture", exact=True)
    typed = fixture.locator("option", has_text="What you typed")
    as_posted = body.input_value()
    fixture.select_option("paid-2")
    expect(body).to_have_value(as_posted)
    assert typed.count() == 0

    body.fill('{"type": "first"}')
    fixture.select_option("paid")
    expect(body).to_have_value(as_posted)
    body.fill('{"type": "second"}')
    fixture.select_option("What you typed")
    expect(body).to_have_value('{"type": "first"}')
    body.fill('{"type": "first, edited"}')
    fixture.select_option("What you typed (2)")
    expect(body).to_have_value('{"type": "second"}')

    fixture.select_option("What you typed")
    expect(body).to_have_value('{"type": "first, edited"}')
    assert typed.count() == 2


def test_a_signing_secret_is_hidden_until_asked_for(
    context: BrowserContext, writable: Playground, folder: Path
) -> None:
    """A button shows it, and hides it again."""
    page = opened(context, writable)
    about = json.loads((folder / "source.json").read_text())
    signature = {"header": "x-acme-signature", "hmac": "sha256", "format": "{hex}", "signed": "{body}"}
    page.get_by_role("tab", name="source").click()
    editor(page, "source.json").fill(json.dumps({**about, "signature": signature}))
    page.get_by_text("Settings", exact=True).click()
    secret = page.get_by_label("signing_secret", exact=True)
    expect(secret).to_have_attribute("type", "password")

    secret.fill("for-tests-only")
    expect(page.locator("#summary")).to_have_text("refused")
    pictured(page, "secret")
    page.get_by_role("button", name="Show signing_secret").click()
    expect(secret).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide signing_secret").click()
    expect(secret).to_have_attribute("type", "password")


def test_a_header_may_have_any_name(context: BrowserContext, acme: Playground) -> None:
    """Also one that every object of the page's language has."""
    page = opened(context, acme)
    page.get_by_label("Header name").fill("constructor")
    page.get_by_label("Header value").fill("x")

    expect(page.locator("#outcome")).not_to_contain_text("Leeds")
    expect(page.locator("#summary")).to_have_text("1 event, 0 rejected, 0 dropped")


def test_values_are_found_in_any_body(context: BrowserContext, acme: Playground) -> None:
    """What a pointer leads to is what Python's parser finds there, in every fixture that is JSON."""
    page = opened(context, acme)
    compared = 0
    for path in sorted((ROOT / "tests" / "fixtures" / "auth0").glob("*/request.json*")):
        try:
            text = path.read_bytes().decode("utf-8")
            documents = {1: json.loads(text)} if path.suffix == ".json" else by_line(text)
        except ValueError:
            continue
        for line, pointer, found in page.evaluate(VALUES_FOUND, text):
            if line in documents or path.suffix != ".json":
                assert json.loads(found) == at(documents[line], pointer), (path, pointer)
                compared += 1

    assert compared > 1_000


def by_line(text: str) -> dict[int, Any]:
    """The documents of JSON lines, by their lines."""
    return {number: json.loads(line) for number, line in enumerate(text.split("\n"), 1) if line.strip()}


def at(document: Any, pointer: str) -> Any:
    """What a JSON Pointer leads to."""
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document


@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1440), ("dark", 1440), ("light", 1024), ("dark", 1024)]
)
def test_the_page_is_readable_everywhere(browser: Browser, acme: Playground, scheme: Any, width: int) -> None:
    """Nothing is cut off, and contrast meets WCAG's AA, also where something is lit up or marked."""
    height = 900 if width > 1024 else 768
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height})
    page = opened(context, acme)
    expect(page.locator("#problems li").first).to_be_visible()
    value(page, "ada@example.com").hover()
    pictured(page, f"{scheme}-{width}")

    assert page.evaluate(CONTRAST) == []
    size = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert size == [width, height]
    editor(page, "mapping.json").fill(MAPPING.replace('"userId"},', '"userId"}'))
    expect(page.locator("#editors .code-line.error")).to_be_visible()
    page.locator("#outcome .stale").last.evaluate("one => one.classList.remove('stale')")
    assert page.evaluate(CONTRAST) == []
    context.close()
