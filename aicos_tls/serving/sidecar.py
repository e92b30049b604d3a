"""`sidecar`: haproxy in front of a service, in a network namespace that it owns and that the service joins.

For any service in any language. Address, port, image, command and healthcheck stay. The sidecar has the names, networks
and published ports of the service. Before anything else it redirects packets that come in on the service's ports to
haproxy's (`iptables`, table nat, PREROUTING), so that these ports are closed or speak TLS at every moment; the service
starts when haproxy is healthy, and may crash and restart as it likes, since the namespace stays. Packets within the
namespace do not pass there, so the healthcheck and haproxy itself reach the application in plain, and no other
container can. The pattern is that of service meshes; it was run with Docker 20.10 and Compose 2.40.

haproxy asks the application at the address that the client wanted, never at a loopback address, which programs trust:
the official Postgres image lets anybody in who comes from there (docker-library/docs, postgres, note on localhost).

haproxy speaks HTTP/1.1 to both sides by default, because only so it can tell the application that the request came
over https (X-Forwarded-Proto, unless a proxy before it has said so already) and from whom. `Mode.TCP` passes bytes
and offers the protocol that the application speaks: h2 for gRPC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls import budgets
from aicos_tls.compose.resolve import text_of
from aicos_tls.compose.sites import OWN_BLOCK
from aicos_tls.plan.scope import SIDECAR_OF as MARK
from aicos_tls.serving.model import How, Mode, Needs, Option, RuntimeFile, Sidecar
from aicos_tls.sources.templates import plain, render

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from aicos_tls.compose.model import Service

DIRECTORY = "runtime/sidecar"
"""Where its files are below the certificates directory: the image's build context, and one configuration a service."""

IMAGE_FILES = ("Dockerfile", "serve.sh", "redirect.sh", "healthy.sh")
"""What the image is built from."""

__all__ = ["Mode", "Sidecar", "files", "haproxy_config", "name_for", "port_pairs", "service_of", "sidecar"]

RUN_DIRECTORY = "/run/tls"
"""Where `serve.sh` puts certificate and key in one file, as haproxy wants them: in memory, in the sidecar alone."""

PROTOCOLS = {Mode.HTTP: ("http/1.1",), Mode.TCP: ()}
"""What it offers by ALPN (RFC 7301): of a protocol that it does not know, nothing."""
_HIGHEST = 65535
_OFFSET = 10000


_LIMITS = (
    "needs an engine that lets it have NET_ADMIN (not rootless); if the sidecar's container is restarted behind docker "
    "compose's back, the service is cut off until `docker compose restart` of it"
)
MEMORY = 192
"""Megabytes that the sidecar's container may use. haproxy itself is told to use two thirds, and then waits."""
PROCESSES = 64
"""How many processes its container may have; seven run."""
CAPABILITIES = ("NET_ADMIN", "NET_RAW", "DAC_OVERRIDE", "SETUID", "SETGID")
"""To set the redirect, to read keys that only their owner may read, and to run haproxy as another user without any."""


def sidecar(service: Service, ports: tuple[int, ...]) -> Option | str:
    """The option, or the reason why there is none."""
    mode = service.network_mode
    if mode:
        found = service.attribute("network_mode")
        written = (text_of(found[1].value) if found else None) or mode  # a variable may be a secret of `.env`
        return f"network_mode: {written} leaves it no network of its own that a sidecar could have"
    if _replicas(service) > 1:
        return "several containers of a service cannot each have a sidecar in one compose file"
    return Option(
        How.SIDECAR,
        "haproxy in front of it, in one network namespace",
        service.where,
        Needs(healthcheck_stays=True),
        source="inbound packets redirected to a proxy, as in service meshes",
        tried=True,
        renews=True,
        note=_LIMITS,
        ports=ports,
        asks_port=not ports,
    )


def _replicas(service: Service) -> int:
    """How many containers are asked for: `scale`, or `deploy.replicas` (compose specification)."""
    from aicos_tls.compose.resolve import text_of

    texts = [service.text("scale")]
    for layer, _ in service.effective("deploy"):
        entry = layer.sub("deploy").get("replicas")
        texts.append(text_of(entry.value) if entry else None)
    return max((count for text in texts if (count := budgets.number(text)) is not None), default=1)


def profiles(service: Service) -> tuple[str, ...]:
    """The profiles of a service: a sidecar that started without it would be an error (specification, "profiles")."""
    from aicos_tls.compose.resolve import texts_of

    return tuple(text for _, entry in service.effective("profiles") for text in texts_of(entry.value))


def port_pairs(ports: Collection[int], used: Collection[int] = ()) -> tuple[tuple[int, int], ...]:
    """For each port of the application one for haproxy that is free in the namespace: 10,000 higher if it can be."""
    taken = {*ports, *used}
    pairs: list[tuple[int, int]] = []
    for port in sorted(ports):
        first = port + _OFFSET if port + _OFFSET <= _HIGHEST else _OFFSET
        free = next(candidate for candidate in range(first, _HIGHEST + 1) if candidate not in taken)
        taken.add(free)
        pairs.append((port, free))
    return tuple(pairs)


def name_for(service: str, taken: Collection[str]) -> str:
    """A name for the sidecar that no service has: `api-tls`, else with a number."""
    suffixes = ("-tls", *(f"-tls{number}" for number in range(2, len(taken) + 3)))
    return next(service + suffix for suffix in suffixes if service + suffix not in taken)


def haproxy_config(one: Sidecar) -> str:
    """The configuration of haproxy. Which ports and protocols: those of the sidecar, nothing else listens."""
    values = {
        "mode": one.mode.value,
        "protocols": ",".join(one.protocols),
        "pem": f"{RUN_DIRECTORY}/server.pem",
        "ports": [{"port": port, "tls": tls} for port, tls in one.ports],
    }
    return render("sidecar/haproxy.cfg.j2", values)


def files(one: Sidecar) -> tuple[RuntimeFile, ...]:
    """What is written below the certificates directory: the configuration, and what the image is built from."""
    built = () if one.image else IMAGE_FILES
    return (
        RuntimeFile(f"{DIRECTORY}/{one.short_name}.cfg", haproxy_config(one)),
        *(RuntimeFile(f"{DIRECTORY}/{name}", plain(f"sidecar/{name}")) for name in built),
    )


def service_of(one: Sidecar) -> dict[str, object]:
    """The service to add to the compose file, as data, without what it takes over from the one that it stands before.

    It is built wherever it is used, and has no `image:` then: compose would try to pull that first.
    """
    found: dict[str, object] = {"image": one.image} if one.image else {"build": f"{one.certs_source}/{DIRECTORY}"}
    if one.profiles:
        found["profiles"] = list(one.profiles)
    return {
        **found,
        "restart": "unless-stopped",
        "command": [
            "serve.sh",
            f"{one.mount_path}/{DIRECTORY}/{one.short_name}.cfg",
            *(f"{port}:{tls}" for port, tls in one.ports),
        ],
        "environment": [
            f"TLS_SERVICE={one.service}",
            f"TLS_CERT_PATH={one.mount_path}",
            f"TLS_CERT_NAME={one.short_name}",
            f"TLS_MEMORY={MEMORY * 2 // 3}",
        ],
        "volumes": [f"{one.certs_source}:{one.mount_path}:ro"],
        "tmpfs": [RUN_DIRECTORY],
        "read_only": True,
        "cap_drop": ["ALL"],
        "cap_add": list(CAPABILITIES),
        "security_opt": ["no-new-privileges:true"],
        "mem_limit": f"{MEMORY}m",
        "pids_limit": PROCESSES,
        "healthcheck": {
            "test": ["CMD", "healthy.sh", *(str(tls) for _, tls in one.ports)],
            "interval": "2s",
            "timeout": "5s",
            "retries": 5,
            "start_period": "30s",
        },
        OWN_BLOCK: {MARK: one.service},
    }


DEPENDENCY: Mapping[str, object] = {"condition": "service_healthy", "restart": True}
"""How the service depends on its sidecar: it starts when that is healthy, and is started anew when compose does so.

`restart` is known from Compose 2.17 on (compose specification, "depends_on").
"""
