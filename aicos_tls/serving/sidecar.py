"""`sidecar`: haproxy in the service's own network namespace, and inbound packets redirected to it.

For any service in any language. Address, port, published ports, image, command and healthcheck stay. A helper that
runs once redirects packets that come in on the port to haproxy's (`iptables`, table nat, PREROUTING): packets within
the namespace do not pass there, so the healthcheck and haproxy itself reach the application in plain, and no other
container can. The pattern is that of service meshes. A first sketch of it was run with Docker 20.10 and compose 2.40;
these scripts and this configuration in a network namespace, the image that is built of them not yet.

haproxy speaks HTTP/1.1 to both sides by default, because only so it can tell the application that the request came
over https (X-Forwarded-Proto, unless a proxy before it has said so already) and from whom. `Mode.TCP` passes bytes
and offers the protocol that the application speaks: h2 for gRPC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls import budgets
from aicos_tls.compose.sites import OWN_BLOCK
from aicos_tls.plan.scope import SIDECAR_OF as MARK
from aicos_tls.serving.model import How, Mode, Needs, Option, RuntimeFile, Sidecar
from aicos_tls.sources.templates import plain, render

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from aicos_tls.compose.model import Service

DIRECTORY = "runtime/sidecar"
"""Where its files are below the certificates directory: the image's build context, and one configuration a service."""

IMAGE_FILES = ("Dockerfile", "serve.sh", "redirect.sh")
"""What the image is built from."""

__all__ = ["Mode", "Sidecar", "files", "haproxy_config", "names", "port_pairs", "services", "sidecar"]

RUN_DIRECTORY = "/run/tls"
"""Where `serve.sh` puts certificate and key in one file, as haproxy wants them: in memory, in the sidecar alone."""

_HIGHEST = 65535
_OFFSET = 10000


_LIMITS = (
    "needs an engine that lets the helper have NET_ADMIN (not rootless); when the engine itself restarts the service "
    "after a crash, the sidecar is left in the old namespace until `docker compose up -d --force-recreate`"
)


def sidecar(service: Service, ports: tuple[int, ...]) -> Option | str:
    """The option, or the reason why there is none."""
    mode = service.network_mode
    if mode:
        return f"network_mode: {mode} leaves no network namespace of its own to stand in"
    if _replicas(service) > 1:
        return "several containers of a service cannot each have a sidecar in one compose file"
    return Option(
        How.SIDECAR,
        "haproxy in its network namespace",
        service.where,
        Needs(healthcheck_stays=True),
        source="inbound packets redirected to a proxy, as in service meshes; tried in a namespace",
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


def names(service: str, taken: Collection[str]) -> tuple[str, str]:
    """Names for the sidecar and its helper that no service has: `api-tls` and `api-tls-init`, else with a number."""
    suffixes = ("-tls", *(f"-tls{number}" for number in range(2, len(taken) + 3)))
    base = next(
        service + suffix
        for suffix in suffixes
        if service + suffix not in taken and f"{service}{suffix}-init" not in taken
    )
    return base, f"{base}-init"


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
    built = IMAGE_FILES if one.build else ()
    return (
        RuntimeFile(f"{DIRECTORY}/{one.short_name}.cfg", haproxy_config(one)),
        *(RuntimeFile(f"{DIRECTORY}/{name}", plain(f"sidecar/{name}")) for name in built),
    )


def services(one: Sidecar) -> dict[str, Mapping[str, object]]:
    """The two services to add to the compose file, as data: the helper that runs once, and haproxy.

    `network_mode: service:…` makes compose start and restart them with the service (compose specification).
    """
    image: dict[str, object] = {"image": one.image}
    if one.profiles:
        image["profiles"] = list(one.profiles)
    mark: dict[str, object] = {OWN_BLOCK: {MARK: one.service}}
    build: dict[str, object] = {"build": f"{one.certs_source}/{DIRECTORY}"} if one.build else {}
    network = f"service:{one.service}"
    mount = f"{one.certs_source}:{one.mount_path}:ro"
    helper: dict[str, object] = {
        **image,
        **build,
        "network_mode": network,
        "cap_drop": ["ALL"],
        "cap_add": ["NET_ADMIN", "NET_RAW"],
        "command": ["redirect.sh", *(f"{port}:{tls}" for port, tls in one.ports)],
        **mark,
    }
    proxy: dict[str, object] = {
        **image,
        "restart": "unless-stopped",
        "network_mode": network,
        "command": ["serve.sh", f"{one.mount_path}/{DIRECTORY}/{one.short_name}.cfg"],
        "environment": [f"TLS_CERT_PATH={one.mount_path}", f"TLS_CERT_NAME={one.short_name}"],
        "tmpfs": [RUN_DIRECTORY],
        "volumes": [mount],
        "depends_on": {one.init_name: {"condition": "service_completed_successfully"}},
        **mark,
    }
    return {one.init_name: helper, one.name: proxy}
