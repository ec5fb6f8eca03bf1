"""`springhead sources` lists what is there, and why something is not."""

from __future__ import annotations

import json
from pathlib import Path

from support.commands import springhead
from support.folders import source_folder


def test_plugins_are_listed_for_people_and_for_scripts(tmp_path: Path) -> None:
    """Status, version and origin; a reason if one is not active."""
    broken = source_folder(tmp_path, mapping={})

    people = springhead(tmp_path, "sources", "--folder", str(broken))
    scripts = springhead(tmp_path, "sources", "--json", "--folder", str(broken))

    plugins = {plugin["name"]: plugin for plugin in json.loads(scripts.stdout)["plugins"]}
    auth0, acme = plugins["auth0"], plugins["acme"]
    assert ["auth0", "active", "auth0", "1.0.0"] in [line.split()[:4] for line in people.stdout.splitlines()]
    assert "mapping.json:1: events is missing [missing-key]" in people.stdout
    assert (auth0["status"], auth0["sources"][0]["title"]) == ("active", "Auth0")
    assert (acme["status"], acme["sources"]) == ("failed", [])


def test_sources_whose_vendor_signs_are_named(tmp_path: Path) -> None:
    """Without a secret, their requests are not verified."""
    folder = str(source_folder(tmp_path, source={"name": "acme", "signature": {"scheme": "standard-webhooks"}}))

    people = springhead(tmp_path, "sources", "--folder", folder)
    scripts = springhead(tmp_path, "sources", "--json", "--folder", folder)

    signed = {
        source["name"]: source["signed"]
        for plugin in json.loads(scripts.stdout)["plugins"]
        for source in plugin["sources"]
    }
    (line,) = [line for line in people.stdout.splitlines() if line.startswith("signed by the vendor: ")]
    assert line.removeprefix("signed by the vendor: ").split(", ") == sorted(filter(signed.get, signed))
    assert (signed["acme"], signed["auth0"]) == (True, False)
