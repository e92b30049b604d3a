"""The facts of a running stack: containers, networks, where a server can be asked, and the outcome of each check."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct, field


class State(Enum):
    """What a check came to. `UNKNOWN` could not be found out from here: it is no success."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


class Check(Struct, frozen=True):
    """The outcome of one check: `id` names it, `words` say what was found, `todo` what to do about it."""

    id: str
    state: State
    words: str
    todo: str = ""


class Attachment(Struct, frozen=True):
    """A container's place on one network. `address` is empty where it has none (stopped, or the host's network).

    `ipv6` is its other address, where the network has both kinds.
    """

    network: str
    address: str = ""
    aliases: frozenset[str] = frozenset()
    gateway: str = ""
    ipv6: str = ""


class Mounted(Struct, frozen=True):
    """A path of the container and the path of the host that it is, where it is one."""

    source: str
    target: str


class Container(Struct, frozen=True):
    """One container as the engine describes it (Engine API, "Inspect a container")."""

    id: str
    name: str
    service: str
    project: str
    image: str
    status: str
    """created, running, paused, restarting, removing, exited or dead."""
    health: str = ""
    """starting, healthy or unhealthy; empty without a healthcheck."""
    health_output: str = ""
    """What the last healthcheck printed, one line."""
    health_test: str = ""
    exit_code: int = 0
    out_of_memory: bool = False
    """Whether the kernel killed it for want of memory."""
    started: str = ""
    """When it was started last (RFC 3339)."""
    environment: dict[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    network_of: str = ""
    """Identifier of the container whose network it uses (`network_mode: service:NAME`)."""
    directory: str = ""
    """The project directory that docker compose was run for."""
    files: tuple[str, ...] = ()
    """The compose files that docker compose was given."""
    compose: str = ""
    """The version of docker compose that made it."""
    mounts: tuple[Mounted, ...] = ()
    published: frozenset[int] = frozenset()
    """Its TCP ports that the host passes on to it."""
    pid: int = 0
    """Its first process, as the engine's machine counts them; 0 when it does not run."""

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return self.status == "running"

    @property
    def settled(self) -> bool:
        """Whether there is nothing to wait for: it runs and is healthy, or has no healthcheck."""
        return self.running and self.health in ("", "healthy")

    def on(self, network: str) -> Attachment | None:
        """Its place on a network."""
        return next((a for a in self.attachments if a.network == network), None)


class Network(Struct, frozen=True):
    """A network of the engine; `interface` is the bridge that it has on the engine's machine, when it is a bridge.

    `subnets` are its ranges of addresses (CIDR notation).
    """

    id: str
    name: str
    driver: str
    interface: str = ""
    subnets: tuple[str, ...] = ()


class Endpoint(Struct, frozen=True, order=True):
    """Where a server can be asked: a container, its address on a network, and a port."""

    container: str
    network: str
    address: str
    port: int
