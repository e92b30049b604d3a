"""A docker command line that knows what a test tells it, and containers that are processes on the loopback interface.

Their network's bridge is `lo`, so that the program asks them directly, as if the engine were on its machine.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from aicos_tls.live.docker import Docker

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """#!/bin/sh
case "$1" in
logs) for last; do :; done; name="logs-$last" ;;
*) name=$1 ;;
esac
if [ -f "$FAKE/$name.err" ]; then cat "$FAKE/$name.err" >&2; exit 1; fi
if [ -f "$FAKE/$name.next" ]; then cat "$FAKE/$name"; mv "$FAKE/$name.next" "$FAKE/$name"; exit; fi
case "$1" in
run | exec)
    echo "$*" | head -1 >>"$FAKE/asked"
    while [ "$1" != -c ] && [ "$1" != -e ]; do shift; done
    exec "$PYTHON" "$@" ;;
esac
cat "$FAKE/$name" 2>/dev/null || true
"""
NETWORK = "f" * 64
OWN = f"127.{64 + (os.getpid() >> 8) % 128}.{os.getpid() % 256}"
"""Addresses of the loopback interface that begin so are those of this process: others are on the interface as well."""


def container(service: str, **differs: Any) -> dict[str, Any]:
    """What the engine says of a healthy container of `service`, at 127.0.0.1; `differs` replaces parts of it.

    `status`, `health`, `output`, `code`, `env`, `aliases`, `address`, `networks`, `labels`, `mode`, `test`, `number`.
    """
    number = differs.get("number", 1)
    identifier = f"{service}{number}".encode().hex().ljust(64, "0")[:64]
    labels = {
        "com.docker.compose.project": "shop",
        "com.docker.compose.service": service,
        "com.docker.compose.version": "2.40.3",
        "com.docker.compose.oneoff": "False",
        **differs.get("labels", {}),
    }
    health = differs.get("health", "healthy")
    state: dict[str, Any] = {
        "Status": differs.get("status", "running"),
        "ExitCode": differs.get("code", 0),
        "StartedAt": "2026-01-01T00:00:00Z",
    }
    if health:
        state["Health"] = {"Status": health, "Log": [{"Output": differs.get("output", "")}]}
    aliases = differs.get("aliases", [service])
    place = {"NetworkID": NETWORK, "IPAddress": differs.get("address", "127.0.0.1"), "Aliases": aliases}
    return {
        "Id": identifier,
        "Name": f"/{differs.get('name', f'shop-{service}-{number}')}",
        "Image": f"sha256:{service}",
        "State": state,
        "Config": {
            "Labels": labels,
            "Env": [f"{key}={value}" for key, value in differs.get("env", {}).items()],
            "Healthcheck": {"Test": differs.get("test", ["CMD", "true"])},
        },
        "HostConfig": {"NetworkMode": differs.get("mode", "shop_default")},
        "NetworkSettings": {"Networks": differs.get("networks", {"shop_default": place})},
        "Mounts": [{"Source": "/srv/certs", "Destination": "/app/certs"}],
    }


class FakeDocker:
    """The command line in `folder`, and what it answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        script = folder / "docker"
        script.write_text(SCRIPT)
        script.chmod(0o755)
        self.environment = {
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "FAKE": str(folder),
            "PYTHON": sys.executable,
        }
        engine = {"Server": {"Version": "28.0", "Components": [{"Name": "Engine"}]}}
        self.says("version", json.dumps(engine))
        self.network()

    @property
    def docker(self) -> Docker:
        return Docker(self.environment)

    def says(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def fails(self, name: str, text: str) -> None:
        (self.folder / f"{name}.err").write_text(text)

    def network(self, *, driver: str = "bridge", interface: str = "lo") -> None:
        """The one network that there is."""
        options = {"com.docker.network.bridge.name": interface} if interface else None
        self.says(
            "network", json.dumps([{"Id": NETWORK, "Name": "shop_default", "Driver": driver, "Options": options}])
        )

    def runs(self, *containers: dict[str, Any], then: bool = False) -> None:
        """The containers that there are; with `then`, from the second look on."""
        ending = ".next" if then else ""
        self.says("ps", "\n".join(each["Id"] for each in containers))
        self.says(f"inspect{ending}", json.dumps(list(containers)))
        for each in containers:
            self.says(f"logs-{each['Id']}", "HTTPS server listening on port 1\n")
