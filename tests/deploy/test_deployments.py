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
NATS_CONF = DEPLOY / "nats" / "nats.conf"
VARIABLES = set(re.findall(r"\$\{(\w+)\}", SETTINGS.read_text()))
DATA = "/var/lib/springhead"
UNIT = DEPLOY / "systemd" / "springhead.service"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
COMPOSE_NATS: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.nats.yaml").read_text())
SERVICE: dict[str, Any] = COMPOSE["services"]["gateway"]
SHARING: list[dict[str, Any]] = [COMPOSE_NATS["services"][f"gateway-{number}"] for number in range(2)]
"""The gateways that share a cluster, and its servers."""
SERVERS: dict[str, dict[str, Any]] = {
    name: service for name, service in COMPOSE_NATS["services"].items() if name.startswith("nats-")
}
MANIFESTS: dict[tuple[str, str], dict[str, Any]] = {
    (manifest["kind"], manifest["metadata"]["name"]): manifest
    for path in sorted((DEPLOY / "kubernetes").rglob("*.yaml"))
    for manifest in yaml.safe_load_all(path.read_text())
}
WORKLOADS = [MANIFESTS["StatefulSet", "springhead"]["spec"], MANIFESTS["Deployment", "springhead"]["spec"]]
"""Of gateways: on SQLite, and on NATS."""
NATS: dict[str, Any] = MANIFESTS["StatefulSet", "springhead-nats"]["spec"]
MOVE: dict[str, Any] = MANIFESTS["Job", "springhead-move"]["spec"]
PODS: list[dict[str, Any]] = [workload["template"]["spec"] for workload in (*WORKLOADS, MOVE, NATS)]
GATEWAYS: list[dict[str, Any]] = [pod["containers"][0] for pod in PODS[:2]]
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


def test_compose_has_two_gateways_that_share_three_servers() -> None:
    """The same image with the same settings, and the cluster of the servers as its store."""
    urls = {service["environment"]["SPRINGHEAD_STORE__URL"] for service in SHARING}
    ports = [port.rpartition(":")[0] for service in SHARING for port in service["ports"]]

    assert [service["build"] for service in SHARING] == [SERVICE["build"]] * 2
    assert all(service["environment"].keys() > VARIABLES for service in SHARING)
    assert urls == {f"nats://{','.join(f'{name}:4222' for name in SERVERS)}"}
    assert [service["depends_on"].keys() for service in SHARING] == [SERVERS.keys()] * 2
    assert len(set(ports)) == 4
    assert all(volume.split(":")[0] in ("./settings", DATA) for one in SHARING for volume in one["volumes"])


def test_compose_gives_each_server_a_name_and_a_volume_of_its_own() -> None:
    """The name is the one by which the others reach it, and the store is on the volume."""
    config = NATS_CONF.read_text()
    names = {service["environment"]["NATS_NAME"] for service in SERVERS.values()}
    volumes = [dict(volume.split(":")[:2] for volume in service["volumes"]) for service in SERVERS.values()]

    assert names == set(SERVERS) == set(re.findall(r"nats-route://([\w-]+):6222", config))
    assert volumes == [{"./nats": "/etc/nats", name: "/data"} for name in SERVERS]
    assert COMPOSE_NATS["volumes"].keys() == SERVERS.keys()
    assert "store_dir: /data" in config


@pytest.mark.parametrize("service", [SERVICE, *SHARING, *SERVERS.values()])
def test_a_service_has_as_few_rights_as_it_needs(service: dict[str, Any]) -> None:
    """A root file system that is read only, no capability, and no way to gain one."""
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("pod", PODS)
def test_a_pod_has_as_few_rights_as_it_needs(pod: dict[str, Any]) -> None:
    """As a service of Compose."""
    (container,) = pod["containers"]
    context = container["securityContext"]

    assert (context["readOnlyRootFilesystem"], context["allowPrivilegeEscalation"]) == (True, False)
    assert (context["capabilities"], pod["securityContext"]["runAsNonRoot"]) == ({"drop": ["ALL"]}, True)


def test_a_stop_may_take_as_long_as_the_gateway_does() -> None:
    """It is killed after a minute by itself."""
    seconds = {
        *(int(service["stop_grace_period"].removesuffix("s")) for service in (SERVICE, *SHARING)),
        *(pod["terminationGracePeriodSeconds"] for pod in (*PODS[:2], PODS[-1])),
        int(unit()["Service"]["TimeoutStopSec"]),
    }

    assert seconds == {75}
    assert GRACE_SECONDS < 60


def test_a_gateway_accepts_calls_until_the_service_knows_that_it_stops() -> None:
    """And still has the time that its stop may take."""
    pod = PODS[1]
    (container,) = pod["containers"]
    command, seconds = container["lifecycle"]["preStop"]["exec"]["command"]

    assert command == "sleep"
    assert 0 < int(seconds) < pod["terminationGracePeriodSeconds"] - 60


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=lambda manifest: manifest["kind"])
def test_a_manifest_is_what_kubernetes_knows(manifest: dict[str, Any], version: str) -> None:
    """Every key is one of its kind, in each of these releases."""
    kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize(
    ("workload", "name"), [*((one, "springhead") for one in WORKLOADS), (NATS, "springhead-nats")]
)
def test_manifests_name_each_other(workload: dict[str, Any], name: str) -> None:
    """What selects the pods finds them, and what is mounted is there."""
    pod = workload["template"]
    (container,) = pod["spec"]["containers"]
    labels = {"app.kubernetes.io/name": name}
    budget = MANIFESTS["PodDisruptionBudget", name]["spec"]
    services = [
        manifest["spec"]
        for (kind, _), manifest in MANIFESTS.items()
        if kind == "Service" and manifest["spec"]["selector"] == labels
    ]
    volumes = [volume["name"] for volume in pod["spec"]["volumes"]]
    claims = [claim["metadata"]["name"] for claim in workload.get("volumeClaimTemplates", [])]

    assert pod["metadata"]["labels"] == labels
    assert workload["selector"]["matchLabels"] == budget["selector"]["matchLabels"] == labels
    assert {port["targetPort"] for service in services for port in service["ports"]} == {
        port["name"] for port in container["ports"]
    }
    assert ("Service", workload.get("serviceName", "springhead")) in MANIFESTS
    assert {mount["name"] for mount in container["volumeMounts"]} == {*volumes, *claims}


def test_config_maps_hold_the_files() -> None:
    """The settings, and the configuration of the servers with the names that they have in Kubernetes."""
    renamed = re.sub(
        r"nats-route://(nats-\d)", r"nats-route://springhead-\1.springhead-nats", NATS_CONF.read_text()
    )

    assert MANIFESTS["ConfigMap", "springhead"]["data"]["springhead.toml"] == SETTINGS.read_text()
    assert MANIFESTS["ConfigMap", "springhead-nats"]["data"]["nats.conf"] == renamed


def test_gateways_in_kubernetes_know_all_servers() -> None:
    """By the names that the routes of the servers have."""
    environment = {one["name"]: one.get("value") for one in GATEWAYS[1]["env"]}
    routes = re.findall(
        r"nats-route://(\S+):6222", MANIFESTS["ConfigMap", "springhead-nats"]["data"]["nats.conf"]
    )

    assert environment["SPRINGHEAD_STORE__URL"] == f"nats://{','.join(f'{name}:4222' for name in routes)}"
    assert len(routes) == NATS["replicas"]


def test_the_move_is_from_the_volume_of_the_one_to_the_servers_of_the_other() -> None:
    """With the settings of both, and by the network's leave."""
    (container,) = MOVE["template"]["spec"]["containers"]
    stateful_set, environment = WORKLOADS[0], {one["name"]: one for one in container["env"]}
    sharing = {one["name"]: one for one in GATEWAYS[1]["env"]}
    url = sharing.pop("SPRINGHEAD_STORE__URL")["value"]
    (claim,) = stateful_set["volumeClaimTemplates"]
    store, settings = MOVE["template"]["spec"]["volumes"]
    policy = MANIFESTS["NetworkPolicy", "springhead-nats"]["spec"]["ingress"][1]["from"][0]["podSelector"]

    assert container["args"] == ["gateway", "move", "--to", url]
    assert environment == sharing
    assert store["persistentVolumeClaim"]["claimName"] == f"{claim['metadata']['name']}-springhead-0"
    assert settings in PODS[0]["volumes"]
    assert container["volumeMounts"] == GATEWAYS[0]["volumeMounts"]
    assert (
        MOVE["template"]["metadata"]["labels"]["app.kubernetes.io/name"]
        in policy["matchExpressions"][0]["values"]
    )


def test_a_pod_is_the_user_of_the_image() -> None:
    """And of the store."""
    (user,) = [
        instruction.value
        for instruction in read_dockerfile(DEPLOY / "Dockerfile")
        if instruction.name == "USER"
    ]
    for pod in PODS[:3]:
        context = pod["securityContext"]
        assert f"{context['runAsUser']}:{context['runAsGroup']}" == user
        assert context["fsGroup"] == context["runAsGroup"]


def test_a_store_in_sqlite_has_one_pod() -> None:
    """Its lanes keep each user's events in order."""
    stateful_set = MANIFESTS["StatefulSet", "springhead"]["spec"]
    (claim,) = stateful_set["volumeClaimTemplates"]

    assert (stateful_set["replicas"], claim["spec"]["accessModes"]) == (1, ["ReadWriteOncePod"])


def test_a_probe_that_restarts_does_not_ask_about_the_store() -> None:
    """A restart mends no disk; readiness does ask."""
    for gateway in GATEWAYS:
        paths = {
            name: gateway[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")
        }
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
