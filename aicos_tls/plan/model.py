"""The plan as data: every intended difference, everything declined and why, new texts, certificates to issue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from aicos_tls.compose.dotenv import EnvFile
    from aicos_tls.compose.model import ComposeFile, Project
    from aicos_tls.errors import Where
    from aicos_tls.files import TextFile
    from aicos_tls.plan.policy import Policy
    from aicos_tls.plan.references import Reference
    from aicos_tls.plan.scope import Decision
    from aicos_tls.yamledit.apply import Edited
    from aicos_tls.yamledit.edits import Edit, Splice


class Change(Struct, frozen=True):
    """One intended difference: which rule, for which service, where, from what to what, and why."""

    rule: str
    service: str
    where: Where
    path: str
    before: str
    after: str
    why: str


def joined_networks(changes: Iterable[Change]) -> dict[str, str]:
    """The services that join the network of a sidecar, each with the sidecar's name."""
    return {
        change.service: change.after.removeprefix("service:")
        for change in changes
        if change.rule == "sidecar" and change.path == f"services.{change.service}.network_mode"
    }


FileEdit: TypeAlias = "tuple[ComposeFile, Edit] | tuple[EnvFile, Splice]"


class Proposal(Struct, frozen=True):
    """A change with the edits that make it; `paste` are the lines for a person, should they have no form."""

    change: Change
    edits: tuple[FileEdit, ...]
    paste: str = ""


class Declined(Struct, frozen=True):
    """What was not changed though it should be: `paste` are the lines to put there by hand.

    Not `safe`: the rest alone breaks.
    """

    rule: str
    service: str
    where: Where
    reason: str
    paste: str = ""
    safe: bool = True


class Note(Struct, frozen=True):
    """What a person should know or do. `topic` groups notes in reports."""

    topic: Literal["warning", "todo", "kept"]
    text: str
    service: str = ""
    where: Where | None = None


Outcome: TypeAlias = Proposal | Declined | Note


class Server(Struct, frozen=True):
    """A service that answers HTTP to others or to its healthcheck, with the evidence.

    `ports` are those at which texts beside the compose files say that it is asked.
    """

    service: str
    evidence: str
    ports: tuple[int, ...] = ()


class Edge(Struct, frozen=True):
    """Client to server, with the place that names it."""

    client: str
    server: str
    variable: str
    before: str
    after: str
    where: Where


class Certificate(Struct, frozen=True):
    """A leaf to issue: its files are named after `short_name`, its SANs are `dns_names` (localhost comes by itself)."""

    service: str
    short_name: str
    dns_names: tuple[str, ...]


class PlannedFile(Struct, frozen=True):
    """A file that will change. `before` is what was read, None for a new file. `kind` says how it may be recorded.

    `edited` is the new text of a compose file with its parse.
    """

    path: Path
    before: TextFile | None
    after: bytes
    kind: Literal["text", "env", "created"] = "text"
    edited: Edited | None = None


class Plan(Struct, frozen=True):
    """Everything a run will do. `files` are in the order in which they are shown."""

    project: Project
    policy: Policy
    decisions: dict[str, Decision]
    short_names: dict[str, str]
    servers: dict[str, Server]
    references: list[Reference]
    changes: list[Change]
    declined: list[Declined]
    notes: list[Note]
    edges: list[Edge]
    files: list[PlannedFile] = field(default_factory=list)
    certificates: list[Certificate] = field(default_factory=list)
