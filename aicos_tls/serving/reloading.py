"""How a running server takes over renewed certificates: by itself, when told, or with a restart only.

A table of facts. What is not in it restarts: nothing is worse than a server that is believed to have the new files.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.plan.images import repository
from aicos_tls.serving.model import How

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from aicos_tls.serving.model import Choice


class Takeover(Enum):
    """What has to happen to a server; the values complete "it …"."""

    ITSELF = "takes the new files by itself"
    TOLD = "takes the new files when it is told to"
    RESTART = "takes the new files when it is restarted"


class Reloading(Struct, frozen=True, kw_only=True):
    """What is known of a server program.

    `repositories` are images without registry and tag. `signal` goes to the first process of the container, `command`
    runs in it; in both `{certificate}`, `{key}` and `{ca}` are paths in the container. `source` is where the fact is
    from, `tried` whether it was run for this project.
    """

    name: str
    repositories: tuple[str, ...]
    takeover: Takeover
    source: str
    signal: str = ""
    command: tuple[str, ...] = ()
    tried: bool = False


_FILES = ("tls-cert-file", "{certificate}", "tls-key-file", "{key}", "tls-ca-cert-file", "{ca}")
_CONFIG_SET = ("--tls", "--cacert", "{ca}", "CONFIG", "SET", *_FILES)
"""One CONFIG SET, so that certificate and key change together (Redis 7, CONFIG SET takes several)."""

PROGRAMS = (
    Reloading(
        name="nginx",
        repositories=("nginx", "nginxinc/nginx-unprivileged", "openresty/openresty", "bitnami/nginx"),
        takeover=Takeover.TOLD,
        signal="HUP",
        source="nginx documentation, 'Controlling nginx': HUP changes the configuration, old workers end gracefully",
        tried=True,
    ),
    Reloading(
        name="haproxy",
        repositories=("haproxy", "haproxytech/haproxy-alpine", "haproxytech/haproxy-debian"),
        takeover=Takeover.TOLD,
        signal="USR2",
        source="haproxy management guide, section 4: USR2 to the master reloads (its images start it with -W)",
        tried=True,
    ),
    Reloading(
        name="PostgreSQL",
        repositories=(
            "postgres",
            "postgis/postgis",
            "timescale/timescaledb",
            "pgvector/pgvector",
            "bitnami/postgresql",
        ),
        takeover=Takeover.TOLD,
        signal="HUP",
        source="PostgreSQL documentation, 19.9.4: since version 10 they are read on a reload (SIGHUP)",
    ),
    Reloading(
        name="Redis",
        repositories=("redis", "redis/redis-stack", "redis/redis-stack-server", "bitnami/redis"),
        takeover=Takeover.TOLD,
        command=("redis-cli", *_CONFIG_SET),
        source="Redis 7 configuration: tls-cert-file and tls-key-file may be set together while it runs",
    ),
    Reloading(
        name="Valkey",
        repositories=("valkey/valkey", "bitnami/valkey"),
        takeover=Takeover.TOLD,
        command=("valkey-cli", *_CONFIG_SET),
        source="Valkey configuration, as Redis 7",
    ),
    Reloading(
        name="Prometheus",
        repositories=("prom/prometheus",),
        takeover=Takeover.ITSELF,
        source="Prometheus, 'HTTPS and authentication': files are read at each handshake",
    ),
    Reloading(
        name="Apache httpd",
        repositories=("httpd", "bitnami/apache"),
        takeover=Takeover.TOLD,
        signal="USR1",
        source="Apache documentation, 'Stopping and Restarting': USR1 is a graceful restart",
    ),
    Reloading(
        name="MinIO",
        repositories=("minio/minio", "bitnami/minio"),
        takeover=Takeover.ITSELF,
        source="MinIO documentation, 'Network Encryption': certificates are reloaded when they change",
    ),
    Reloading(
        name="Grafana",
        repositories=("grafana/grafana", "grafana/grafana-oss", "grafana/grafana-enterprise"),
        takeover=Takeover.RESTART,
        source="Grafana documentation, certs_watch_interval is off by default",
    ),
    Reloading(
        name="MySQL",
        repositories=("mysql", "bitnami/mysql"),
        takeover=Takeover.RESTART,
        source="MySQL 8 manual, ALTER INSTANCE RELOAD TLS: it needs an account, which is not ours to use",
    ),
    Reloading(
        name="MariaDB",
        repositories=("mariadb", "bitnami/mariadb"),
        takeover=Takeover.RESTART,
        source="MariaDB documentation, FLUSH SSL: it needs an account, which is not ours to use",
    ),
    Reloading(
        name="RabbitMQ",
        repositories=("rabbitmq", "bitnami/rabbitmq"),
        takeover=Takeover.TOLD,
        command=("rabbitmqctl", "eval", "ssl:clear_pem_cache()."),
        source="RabbitMQ documentation, 'TLS Support', certificate rotation: clear the PEM cache",
    ),
)
"""Whoever adds a line says where the fact is from."""


class Advice(Struct, frozen=True):
    """What has to happen to one service, with the reason; `signal` or `command` tell it."""

    service: str
    takeover: Takeover
    why: str
    signal: str = ""
    command: tuple[str, ...] = ()


def facts_of(image: str) -> Reloading | None:
    """What the table has on an image reference, whatever its registry and tag."""
    wanted = "/".join(repository(image)[1]).lower().removeprefix("library/") if image else ""
    return next((facts for facts in PROGRAMS if wanted in facts.repositories), None)


def advise(
    service: str,
    image: str,
    *,
    choice: Choice | None = None,
    helper: bool = False,
    single_file: bool = False,
    paths: Mapping[str, str],
) -> Advice:
    """What a service needs to take new files over.

    `image` is what it is or is built on. `choice` is the way it serves TLS, where one was chosen; `helper` says that
    its code has the helper of `--code`; with `single_file` the certificate is mounted by itself, so that the container
    goes on seeing the old file. `paths` are certificate, key and ca in the container.
    """
    if single_file:
        return Advice(service, Takeover.RESTART, "its certificate is mounted as a single file, which stays the old one")
    if choice and choice.how in (How.PRELOAD, How.SIDECAR):
        what = "the sidecar before it" if choice.how is How.SIDECAR else "its preload"
        return Advice(service, Takeover.ITSELF, f"{what} looks at the files")
    if choice and choice.option.renews:
        return Advice(service, Takeover.ITSELF, f"{choice.option.reason}, and they are read anew")
    if helper:
        return Advice(service, Takeover.ITSELF, "its helper looks at the files")
    facts = facts_of(image)
    if facts is None:
        return Advice(service, Takeover.RESTART, "nothing is known of its server")
    command = tuple(_filled(word, paths) for word in facts.command)
    return Advice(service, facts.takeover, f"{facts.name}: {facts.source}", facts.signal, command)


def in_order(services: Iterable[str], edges: Collection[tuple[str, str]]) -> list[str]:
    """The services so that a server comes before its clients; `edges` are pairs of client and server.

    Within a circle of services that ask each other the first one that was given is the first.
    """
    wanted = list(services)
    servers: dict[str, list[str]] = {name: [] for name in wanted}
    for client, server in edges:
        if client in servers and server in servers:
            servers[client].append(server)
    found: dict[str, None] = {}
    begun: set[str] = set()

    def visit(name: str) -> None:
        if name in begun:
            return
        begun.add(name)
        for server in servers[name]:
            visit(server)
        found[name] = None

    for name in wanted:
        visit(name)
    return list(found)


def _filled(text: str, paths: Mapping[str, str]) -> str:
    for name, path in paths.items():
        text = text.replace(f"{{{name}}}", path)
    return text
