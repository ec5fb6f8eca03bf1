"""Every command of the Dockerfile works in a folder that stands for the root of the image."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from support.dockerfiles import Image, Instruction, read_dockerfile
from support.nats_nodes import cluster
from support.paths import ROOT
from support.servers import LOCAL, free_port, serving

DOCKERFILE = ROOT / "deploy" / "Dockerfile"
INSTRUCTIONS = read_dockerfile(DOCKERFILE)
SETTINGS = ROOT / "deploy" / "settings" / "springhead.toml"
INDEX = re.compile("PIP_|HTTPS?_PROXY$", re.IGNORECASE)
"""Variables that say where the package index is."""
SECRETS = {
    "ADMIN_TOKEN": "the-token-of-the-operators",
    "AUTH0_WRITE_KEY": "the-write-key-of-the-sender",
    "AUTH0_DESTINATION_WRITE_KEY": "the-write-key-of-the-data-plane",
}


def only(name: str) -> Instruction:
    """The one instruction with this name."""
    (instruction,) = [instruction for instruction in INSTRUCTIONS if instruction.name == name]
    return instruction


def test_it_runs_as_a_user_without_rights() -> None:
    """Given by number, which Kubernetes can check."""
    user, _, group = only("USER").value.partition(":")

    assert int(user) > 0
    assert int(group) > 0


def test_it_holds_no_compiler() -> None:
    """Slim images have none, nothing is installed into them, and every dependency is a wheel."""
    bases = [instruction.value for instruction in INSTRUCTIONS if instruction.name == "FROM"]
    runs = [instruction.value for instruction in INSTRUCTIONS if instruction.name == "RUN"]

    assert all(re.match(r"python:3\.\d+-slim( AS \w+)?$", base) for base in bases)
    assert not any("apt" in run for run in runs)
    assert sum("--only-binary :all:" in run for run in runs) == sum(
        "pip" in run for run in runs if "install" in run
    )


def test_only_what_is_copied_is_sent_to_the_builder() -> None:
    """A build sees no .git, no environment and no secret of the folder."""
    copied = {
        path
        for instruction in INSTRUCTIONS
        if instruction.name == "COPY" and "from" not in instruction.options
        for path in instruction.value.split()[:-1]
    }
    passed = {
        line[1:] for line in Path(f"{DOCKERFILE}.dockerignore").read_text().splitlines() if line[0] == "!"
    }

    assert passed == copied


@pytest.mark.slow
def test_the_image_is_built_and_serves(tmp_path: Path) -> None:
    """From the package index, for either store. Nothing but the data is written, and its health is told."""
    image = Image(tmp_path / "root", ROOT)
    image.build(INSTRUCTIONS, **{name: os.environ[name] for name in os.environ if INDEX.match(name)})
    image.path("springhead.toml").write_text(image.rooted(SETTINGS.read_text()))
    before = written(image)
    (check,) = [instruction.words for instruction in INSTRUCTIONS if instruction.name == "HEALTHCHECK"]
    program, *arguments = image.command([*only("ENTRYPOINT").words, *only("CMD").words])
    port, options = free_port(), image.options(SECRETS)
    options["env"]["SPRINGHEAD_GATEWAY__ADMIN"] = f"127.0.0.1:{free_port()}"

    with serving(tmp_path, *arguments[1:], program=found(program, options), port=port, **options) as server:
        healthy = subprocess.run(
            [word.replace("8080", str(server.port)) for word in check], **options, check=False
        )
        server.stop()
        unhealthy = subprocess.run([word.replace("8080", str(port)) for word in check], **options, check=False)

    with cluster(tmp_path / "nats", count=1) as (node,):
        store = {"URL": node.url, "REPLICAS": "1", "MAX_BYTES": "100000000"}
        options["env"] |= {f"SPRINGHEAD_STORE__{key}": value for key, value in store.items()}
        with serving(tmp_path, *arguments[1:], program=found(program, options), **options) as server:
            ready = httpx.get(f"{server.url}/ready", **LOCAL)

    assert (healthy.returncode, unhealthy.returncode != 0) == (0, True)
    assert ready.status_code == 200
    assert written(image) == before
    assert (image.path("/var/lib/springhead") / "store.sqlite").exists()


def found(program: str, options: dict[str, dict[str, str]]) -> str:
    """A program as the image finds it on its path."""
    path = shutil.which(program, path=options["env"]["PATH"])
    assert path
    return path


def written(image: Image) -> dict[str, int]:
    """Every file of the image but for the data, with the time of its last change."""
    data = image.path("/var/lib/springhead")
    return {
        str(path): path.lstat().st_mtime_ns for path in image.root.rglob("*") if not path.is_relative_to(data)
    }
