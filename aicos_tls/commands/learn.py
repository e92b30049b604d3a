"""`learn`: watches the networks of a running stack, and writes who asks whom to `aicos-tls.toml`.

Nothing is asked and nothing is changed but that file. Of what goes by only its ends, its kind and its length are kept.
"""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import disk
from aicos_tls.commands.holding import holding
from aicos_tls.compose.discovery import select
from aicos_tls.compose.load import load
from aicos_tls.connections.model import PUBLISHED, Evidence, Strength
from aicos_tls.connections.seen import Seen, seen, unknown_services
from aicos_tls.connections.tables import with_tables
from aicos_tls.errors import TlsError
from aicos_tls.files import read_if_there, sha256
from aicos_tls.live.docker import Docker
from aicos_tls.live.flows import datagrams, leaving_too
from aicos_tls.live.following import Following
from aicos_tls.live.places import Places
from aicos_tls.live.probe import interfaces, reached_from_here
from aicos_tls.live.sidecars import VARIABLE
from aicos_tls.live.sniff import Sniffer
from aicos_tls.live.stack import check_own, look, project_name
from aicos_tls.plan.settingsfile import FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from aicos_tls.compose.model import Project
    from aicos_tls.live.flows import Datagrams, Flow
    from aicos_tls.live.stack import Stack

_LEAVE = 10.0
"""Seconds that a command has to end after an interrupt, before it is killed."""


class Options(Struct, frozen=True):
    """What a person asked for.

    `command` is theirs, as they typed it; `seconds` is how long to listen, counted from its end where there is one.
    With `aside`, what it prints goes to standard error.
    """

    project: str = ""
    seconds: float = 30
    command: tuple[str, ...] = ()
    dry_run: bool = False
    aside: bool = False


class Result(Struct, frozen=True):
    """What was seen in `seconds`, and what became of the file.

    `flows` are between services, or from `PUBLISHED`; `others` have somebody else at one end and are not written.
    `code` is the exit code of the command, None without one. `after` is what the file will hold, None where it stays as
    it is; `remarks` say what cannot be seen here, and what the file has that the project has not.
    """

    directory: Path
    project: str
    engine: str
    flows: tuple[Flow, ...]
    others: tuple[Flow, ...]
    datagrams: tuple[Datagrams, ...]
    known: frozenset[tuple[str, str, int]]
    before: bytes | None
    after: bytes | None
    seconds: float
    lost: int = 0
    crowded: bool = False
    code: int | None = None
    dry_run: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def new(self) -> tuple[Flow, ...]:
        """The flows that the file had not."""
        return tuple(flow for flow in self.flows if (flow.client, flow.server, flow.port) not in self.known)


def learn(
    named: Sequence[Path],
    options: Options,
    *,
    clock: Callable[[], datetime],
    environment: Mapping[str, str],
    progress: Callable[[str], None] = lambda _: None,
) -> Result:
    """Watch a running stack and write what is new. Raises `TlsError`; then nothing was written.

    `progress` is told what is being done.
    """
    project = load(select(named, environment).files)
    path = project.directory / FILE
    seen(path)  # what is wrong there is said before anybody waits
    docker = Docker(environment)
    engine = docker.engine()
    name = project_name(project, options.project, environment)
    stack = look(docker, name, tasks=True)
    check_own(docker, stack, project, named=bool(options.project))
    here = interfaces()
    places, began = Places(stack), time.monotonic()
    sniffer = Sniffer((n.interface for n in stack.networks.values() if reached_from_here(n, here)), "learn")
    with sniffer, Following(docker, name, places):
        progress("listening to the networks")
        code = _run(options.command, aside=options.aside) if options.command else None
        time.sleep(options.seconds)
    listened = time.monotonic() - began
    found = leaving_too(sniffer.streams, places)
    ours = tuple(flow for flow in found if _ours(flow, project))
    written = _write(named, options, path, [_seen(flow, clock()) for flow in ours], environment)
    return Result(
        project.directory,
        name,
        engine,
        ours,
        tuple(flow for flow in found if flow not in ours),
        datagrams(sniffer.streams, places),
        written.known,
        written.before,
        written.after,
        listened,
        sniffer.lost,
        sniffer.streams.crowded,
        code,
        options.dry_run,
        (*_unseen(stack, here), *(words for _, words in unknown_services(seen(path), project.services))),
    )


def _run(command: Sequence[str], *, aside: bool) -> int:
    """Run the person's command to its end, with their terminal; its exit code, or 128 and its signal as shells do."""
    try:
        running = subprocess.Popen(list(command), stdout=2 if aside else None)  # noqa: S603 - the person typed it
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise TlsError(f"{command[0]} cannot be run: {why}", hint="what stands after -- is a program") from None
    try:
        code = running.wait()
    except BaseException:
        _end(running)
        raise
    return code if code >= 0 else 128 - code


def _end(running: subprocess.Popen[bytes]) -> None:
    """Let the command end after an interrupt, which it got, too; then it is killed."""
    running.terminate()
    try:
        running.wait(_LEAVE)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()


def _ours(flow: Flow, project: Project) -> bool:
    return flow.server in project.services and (flow.client == PUBLISHED or flow.client in project.services)


def _seen(flow: Flow, now: datetime) -> Seen:
    words = f"{flow.client} → {flow.server}:{flow.port}"
    found = Evidence("network", words, None, Strength.SEEN, now.date().isoformat())
    return Seen(flow.client, flow.server, flow.port, flow.protocol, flow.tls > 0 and not flow.clear, found)


class _Written(Struct, frozen=True):
    """The file before and after, and the connections that it had."""

    known: frozenset[tuple[str, str, int]]
    before: bytes | None
    after: bytes | None


def _write(
    named: Sequence[Path], options: Options, path: Path, found: list[Seen], environment: Mapping[str, str]
) -> _Written:
    """Add what is new, unless it is a dry run. The file is read again: it may have been changed meanwhile."""
    if options.dry_run:
        return _merged(path, found)
    with holding(named, environment) as locked:
        written = _merged(path, found)
        if written.after is not None:
            expected = None if written.before is None else sha256(written.before)
            disk.commit([disk.Write(path, written.after, expected, owner=_owner(path.parent))], locked)
    return written


def _owner(directory: Path) -> tuple[int, int] | None:
    """Whose a new file is: by `sudo`, which listening needs, it would be root's in somebody else's project."""
    if os.geteuid():
        return None
    status = directory.stat()
    return status.st_uid, status.st_gid


def _merged(path: Path, found: list[Seen]) -> _Written:
    file = read_if_there(path)
    known = frozenset(each.key for each in seen(path))
    return _Written(known, file.raw if file else None, with_tables(file, path, found))


def _unseen(stack: Stack, here: frozenset[str]) -> Iterator[str]:
    """Yield what passes by where nobody listens, or under another's name."""
    for network in stack.networks.values():
        if network.driver == "host":
            names = sorted({c.service for c in stack.containers if c.on(network.id)})
            yield f"{', '.join(names)}: in the host's network, what it asks is seen as {PUBLISHED} or not at all"
        elif not reached_from_here(network, here):
            yield f"network {network.name} ({network.driver}) has no bridge on this machine: nobody listened there"
    for container in stack.containers:
        owner = stack.namespace(container)
        if owner is not container and owner.environment.get(VARIABLE) != container.service:
            yield f"{container.service} uses the network of {owner.service}: what it asks is seen as {owner.service}"
