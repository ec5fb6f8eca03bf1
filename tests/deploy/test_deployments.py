"""Compose, systemd and Kubernetes run the same gateway, with as few rights as it needs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from springhead.gateway.app import GRACE_SECONDS, check_sources
from springhead.gateway.settings import load_settings
from support.dockerfiles import read_dockerfile
from support.hosts import HOST
from support.paths import ROOT

DEPLOY = ROOT / "deploy"
SETTINGS = DEPLOY / "settings" / "springhead.toml"
VARIABLES = set(re.findall(r"\$\{(\w+)\}", SETTINGS.read_text()))
DATA = "/var/lib/springhead"
UNIT = DEPLOY / "systemd" / "springhead.service"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICE: dict[str, Any] = COMPOSE["services"]["gateway"]
MANIFESTS: dict[tuple[str, str], dict[str, Any]] = {
    (manifest["kind"], manifest["metadata"]["name"]): manifest
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for manifest in yaml.safe_load_all(path.read_text())
}
POD: dict[str, Any] = MANIFESTS["StatefulSet", "springhead"]["spec"]["template"]["spec"]
GATEWAY: dict[str, Any] = POD["containers"][0]
VERSIONS = ("1.29", "1.33", "1.37")
"""Releases of Kubernetes: the first in which a ReadWriteOncePod claim is stable, and later ones."""

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd checks its unit")


def test_the_settings_are_those_of_a_gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variables that they name."""
    for name in VARIABLES:
        monkeypatch.setenv(name, f"the-secret-called-{name.lower()}")
    copied = Path(shutil.copy(SETTINGS, tmp_path))

    settings = load_settings(copied)
    check_sources(HOST, settings)

    assert settings.gateway.data == Path(DATA)


def test_compose_builds_the_image_and_sets_every_variable() -> None:
    """Its files are there, and the settings and the store are where the gateway looks for them."""
    build = SERVICE["build"]
    context = (DEPLOY / build["context"]).resolve()
    mounts = dict(volume.split(":")[:2] for volume in SERVICE["volumes"])

    assert (context, (context / build["dockerfile"]).exists()) == (ROOT, True)
    assert SERVICE["environment"].keys() == VARIABLES
    assert mounts == {"./settings": "/etc/springhead", "store": DATA}
    assert COMPOSE["volumes"].keys() == {"store"}


def test_containers_have_as_few_rights_as_they_need() -> None:
    """A root file system that is read only, no capability, and no way to gain one."""
    context = GATEWAY["securityContext"]

    assert (SERVICE["read_only"], SERVICE["cap_drop"]) == (True, ["ALL"])
    assert SERVICE["security_opt"] == ["no-new-privileges:true"]
    assert (context["readOnlyRootFilesystem"], context["allowPrivilegeEscalation"]) == (True, False)
    assert (context["capabilities"], POD["securityContext"]["runAsNonRoot"]) == ({"drop": ["ALL"]}, True)


def test_a_stop_may_take_as_long_as_the_gateway_does() -> None:
    """It is killed after a minute by itself."""
    seconds = {
        int(SERVICE["stop_grace_period"].removesuffix("s")),
        POD["terminationGracePeriodSeconds"],
        int(unit()["Service"]["TimeoutStopSec"]),
    }

    assert seconds == {75}
    assert GRACE_SECONDS < 60


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=lambda manifest: manifest["kind"])
def test_a_manifest_is_what_kubernetes_knows(manifest: dict[str, Any], version: str) -> None:
    """Every key is one of its kind, in each of these releases."""
    kubernetes_validate.validate(manifest, version, strict=True)


def test_manifests_name_each_other() -> None:
    """What selects the pod finds it, and what is mounted is there."""
    labels = MANIFESTS["StatefulSet", "springhead"]["spec"]["template"]["metadata"]["labels"]
    stateful_set = MANIFESTS["StatefulSet", "springhead"]["spec"]
    services = [manifest["spec"] for (kind, _), manifest in MANIFESTS.items() if kind == "Service"]
    budget = MANIFESTS["PodDisruptionBudget", "springhead"]["spec"]
    ports = {port["name"] for port in GATEWAY["ports"]}
    volumes = [volume["name"] for volume in POD["volumes"]]
    claims = [claim["metadata"]["name"] for claim in stateful_set["volumeClaimTemplates"]]

    assert stateful_set["selector"]["matchLabels"] == budget["selector"]["matchLabels"] == labels
    assert [service["selector"] for service in services] == [labels, labels]
    assert {port["targetPort"] for service in services for port in service["ports"]} == ports
    assert ("Service", stateful_set["serviceName"]) in MANIFESTS
    assert {mount["name"] for mount in GATEWAY["volumeMounts"]} == {*volumes, *claims}
    assert MANIFESTS["ConfigMap", "springhead"]["data"]["springhead.toml"] == SETTINGS.read_text()


def test_a_pod_is_the_user_of_the_image() -> None:
    """And of the store."""
    (user,) = [
        instruction.value
        for instruction in read_dockerfile(DEPLOY / "Dockerfile")
        if instruction.name == "USER"
    ]
    context = POD["securityContext"]

    assert f"{context['runAsUser']}:{context['runAsGroup']}" == user
    assert context["fsGroup"] == context["runAsGroup"]


def test_the_store_has_one_pod() -> None:
    """Its lanes keep each user's events in order."""
    stateful_set = MANIFESTS["StatefulSet", "springhead"]["spec"]
    (claim,) = stateful_set["volumeClaimTemplates"]

    assert (stateful_set["replicas"], claim["spec"]["accessModes"]) == (1, ["ReadWriteOncePod"])


def test_a_probe_that_restarts_does_not_ask_about_the_store() -> None:
    """A restart mends no disk; readiness does ask."""
    paths = {name: GATEWAY[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")}

    assert paths == {"startup": "/version", "liveness": "/version", "readiness": "/ready"}


@needs_systemd
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """Without a warning, once the program is there."""
    copied = tmp_path / UNIT.name
    copied.write_text(UNIT.read_text().replace("/opt/springhead/bin/springhead", sys.executable))

    done = subprocess.run(
        ["systemd-analyze", "verify", str(copied)], capture_output=True, text=True, check=False
    )

    assert (done.returncode, [line for line in done.stderr.splitlines() if UNIT.name in line]) == (0, [])


@needs_systemd
def test_systemd_finds_the_unit_safe() -> None:
    """On its scale from 0.0 to 10.0, in tenths; the network alone is half a point."""
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=15", str(UNIT)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_the_unit_runs_the_server_with_its_settings() -> None:
    """From the folder with the file, as the user who owns the store."""
    service = unit()["Service"]

    assert service["ExecStart"].split()[1:3] == ["serve", "gateway"]
    assert f"/etc/{Path(service['WorkingDirectory']).name}" == "/etc/springhead"
    assert f"/var/lib/{service['StateDirectory']}" == DATA


class Unit(ConfigParser):
    """A unit of systemd; of a key that is repeated, the last value."""

    def optionxform(self, optionstr: str) -> str:
        """Keep the case of a key."""
        return optionstr


def unit() -> Unit:
    """The gateway's."""
    parsed = Unit(strict=False, interpolation=None)
    parsed.read(UNIT)
    return parsed
