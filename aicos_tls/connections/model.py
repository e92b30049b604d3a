"""The shapes: what a text says of a connection, and a connection with all that was found about it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aicos_tls.connections.protocols import Protocol
    from aicos_tls.errors import Where
    from aicos_tls.files import TextFile

PUBLISHED = "(published)"
"""The client of a published port: whoever reaches the host."""


class Strength(Enum):
    """How sure a piece of evidence is."""

    STATED = "stated"
    """A text gives the address."""
    LIKELY = "likely"
    """The compose file suggests it: one service waits for the other, which has a port."""
    SEEN = "seen"
    """It was seen on the network."""


class Evidence(Struct, frozen=True):
    """What says that a connection is there.

    `kind` is that of the reader, in a word or two (`compose`, `nginx`, `Java`). `text` is what is written, without
    credentials. `where` is the place, `seen` the date (ISO 8601) of what was seen on the network.
    """

    kind: str
    text: str
    where: Where | None
    strength: Strength = Strength.STATED
    seen: str = ""


class Destination(Struct, frozen=True):
    """What a text of a client says it asks, whatever service that is.

    `host` is as written and holds no variable any more; `port` is None where the text names none and the protocol has
    none by default. `tls`: as the text stands, the client asks over TLS. `remedy` is what makes a client ask over TLS
    that the program does not change: lines to paste, or words. In it `{ca}` stands for the path of the CA's certificate
    in the client's container; other braces mean themselves.
    """

    host: str
    port: int | None
    protocol: Protocol
    tls: bool
    evidence: Evidence
    remedy: str = ""


class Surroundings(Struct, frozen=True):
    """What is known of a client beside its files.

    `hosts` are the names that mean services of the project, in lower case, and the service that each means: a text
    without a scheme (`api:8080`) is an address only with one of these. `environment` has the variables of the container
    with their values, from the compose file, env files and the image, where they are known. A reader puts into `unread`
    what it leaves out because there is too much (`budgets.CODE`).
    """

    hosts: Mapping[str, str]
    environment: Mapping[str, str]
    service: str = ""
    unread: list[TextFile] = field(default_factory=list)


class State(Enum):
    """What a connection is after the run."""

    ENCRYPTED = "encrypted"
    PLAIN = "plain"
    OUTSIDE = "outside"
    """Its server is no container of the project."""


class Connection(Struct, frozen=True):
    """A connection: `client` and `server` are services, or `PUBLISHED`, or a host outside.

    `way` is how the server serves TLS where it is encrypted; `reason` says why it is plain, `remedy` the one command or
    line that would change it. `protocol` is the most exact one that was found. `waits`: its client asks over TLS, and
    is refused until the server serves it.
    """

    client: str
    server: str
    port: int | None
    protocol: Protocol
    state: State
    evidence: tuple[Evidence, ...]
    way: str = ""
    reason: str = ""
    remedy: str = ""
    waits: bool = False

    @property
    def name(self) -> str:
        """`web → api:8001`."""
        return f"{self.client} → {self.server}" + (f":{self.port}" if self.port is not None else "")
