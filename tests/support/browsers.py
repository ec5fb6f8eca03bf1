"""Drives the Chromium that is installed, to test pages as people see them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, WebError, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_ALONE = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
_QUIET = ["--disable-component-update", "--disable-sync"]
CONTRAST = """() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[0-9.]+/g).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const colour = element ? getComputedStyle(element).backgroundColor : "rgb(255, 255, 255)";
    return colour.endsWith(", 0)") ? behind(element.parentElement) : colour;
  };
  const holdsText = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const all = [...document.querySelectorAll("body *")];
  const texts = all.filter((one) => one.checkVisibility() && holdsText(one));
  return texts.map((element) => {
    const [one, other] = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a);
    return [(one + 0.05) / (other + 0.05), element.textContent.slice(0, 40)];
  }).filter(([ratio]) => ratio < 4.5);
}"""
"""Finds texts with less contrast than WCAG's AA asks for."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the installed Chromium until the end of the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ALONE + _QUIET)
        yield browser
        browser.close()


@contextmanager
def shared_profile(browser: Browser) -> Iterator[BrowserContext]:
    """A browser profile with a page that stays open: later pages share its process, which is slow to start."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.route("**", lambda route: route.fulfill(body=""))
    page.goto("http://127.0.0.1/")
    yield context
    context.close()


@contextmanager
def fresh_context(profile: BrowserContext) -> Iterator[BrowserContext]:
    """The profile as new. A script's error, or anything the policy blocked, fails the test."""
    errors: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    def on_error(error: WebError) -> None:
        errors.append(str(error.error))

    profile.on("console", on_console)
    profile.on("weberror", on_error)
    yield profile
    for page in profile.pages[1:]:
        page.close()
    profile.clear_cookies()
    profile.remove_listener("console", on_console)
    profile.remove_listener("weberror", on_error)
    assert [text for text in errors if not text.startswith("Failed to load resource")] == []


def pictured(page: Page, name: str) -> None:
    """Save a screenshot where `SPRINGHEAD_SCREENSHOTS` names a folder."""
    if folder := os.environ.get("SPRINGHEAD_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
