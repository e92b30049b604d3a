"""`verify`: every connection of the plan and every server in scope, as they are on the running stack."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aicos_tls.commands.enabled import as_enabled
from aicos_tls.commands.project import Prepared, certs_directory, relative
from aicos_tls.commands.proxied import with_proxied
from aicos_tls.commands.stock import with_edges
from aicos_tls.connections.model import State as Plainness
from aicos_tls.live.docker import Docker
from aicos_tls.live.flows import Flow, flows
from aicos_tls.live.imagekeys import image_keys
from aicos_tls.live.inside import Inside
from aicos_tls.live.judge import read_disk, served
from aicos_tls.live.model import State
from aicos_tls.live.packets import Side
from aicos_tls.live.places import ELSEWHERE, Places
from aicos_tls.live.probe import Answer, interfaces, probe, question, reached_from_here
from aicos_tls.live.questions import Questions
from aicos_tls.live.results import EdgeResult, ServiceResult, edge_result, service_results
from aicos_tls.live.sidecars import sidecars
from aicos_tls.live.sniff import Sniffer
from aicos_tls.live.stack import check_own, look, project_name
from aicos_tls.live.waiting import settled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from aicos_tls.connections.model import Connection
    from aicos_tls.live.addresses import Address
    from aicos_tls.live.judge import OnDisk, Served
    from aicos_tls.live.model import Container, Endpoint
    from aicos_tls.live.probe import Unreached
    from aicos_tls.live.stack import Stack

GOOD = frozenset({State.OK, State.SKIPPED})
"""States that leave nothing to do."""


class Options(Struct, frozen=True):
    """What a person asked for; times in seconds. `certs_dir` is needed for certificates outside of the project."""

    project: str = ""
    wait: float = 0
    timeout: float = 5
    sniff: bool = False
    sniff_seconds: float = 5
    certs_dir: str | None = None


class Result(Struct, frozen=True):
    """What was found. `flows` are what a sniffer saw in `seconds`, None when there was none.

    `compose` is how docker compose is called for this stack: with the override file, and the name that was given.
    """

    prepared: Prepared
    project: str
    engine: str
    edges: tuple[EdgeResult, ...]
    services: tuple[ServiceResult, ...]
    flows: tuple[Flow, ...] | None = None
    seconds: float = 0
    lost: int = 0
    compose: str = "docker compose"

    @property
    def good(self) -> bool:
        """Whether everything is as it should be; what could not be found out is not."""
        checks = [c for e in self.edges for c in e.checks] + [c for s in self.services for c in s.everything]
        clear = any(flow.http for flow in self.between) or any(map(self.betrays, self.unplanned))
        return not self.nothing and not clear and all(check.state in GOOD for check in checks)

    @property
    def nothing(self) -> bool:
        """Whether there is nothing that could be encrypted: no connection and no server is planned."""
        return not self.edges and not self.prepared.plan.servers

    @property
    def plain(self) -> tuple[Connection, ...]:
        """The connections that the plan leaves plain."""
        servers = self.prepared.plan.servers
        plain = (each for each in self.prepared.connections if each.state is Plainness.PLAIN)
        return tuple(each for each in plain if each.server not in servers)

    @property
    def between(self) -> list[Flow]:
        """What was seen on the edges, with services in scope at both ends."""
        return [flow for flow in self.flows or () if self._planned(flow)]

    @property
    def unplanned(self) -> list[Flow]:
        """What was seen between containers of the project beside the edges."""
        return [f for f in self.flows or () if f.client not in ELSEWHERE and not self._planned(f)]

    def betrays(self, flow: Flow) -> bool:
        """Whether bytes go in clear between two services in scope."""
        scope = self.prepared.plan.decisions
        ends = [scope.get(name) for name in (flow.client, flow.server)]
        return flow.clear > 0 and all(end is not None and end.in_scope for end in ends)

    def _planned(self, flow: Flow) -> bool:
        on = ((edge.client, edge.server, flow.port if edge.port is None else edge.port) for edge in self.edges)
        return (flow.client, flow.server, flow.port) in on


def verify(
    named: Sequence[Path],
    options: Options,
    *,
    clock: Callable[[], datetime],
    environment: Mapping[str, str],
    progress: Callable[[str], None] = lambda _: None,
) -> Result:
    """Look at the running stack of a project. Reads only; raises `TlsError` when there is nothing to look at.

    `progress` is told what is being done.
    """
    given = {"certs_dir": options.certs_dir} if options.certs_dir else {}
    prepared = as_enabled(named, environment, given, code=())
    prepared = replace(prepared, plan=with_proxied(with_edges(prepared.plan, prepared.connections)))
    plan = prepared.plan
    docker = Docker(environment)
    engine = docker.engine()
    name = project_name(plan.project, options.project, environment)
    progress("looking at the containers")
    stack = look(docker, name)
    check_own(docker, stack, plan.project, named=bool(options.project))
    stack = settled(docker, stack, plan, options.wait, progress)
    questions = Questions.of(plan, stack)
    heard = _ask(docker, stack, prepared, questions, options, progress)
    progress("looking into images")
    images = image_keys(docker, plan, stack)
    progress("reading logs")
    judged = _judge(questions, heard, sidecars(plan), clock())
    return Result(
        prepared,
        name,
        engine,
        tuple(edge_result(asking, judged, heard.flows) for asking in questions.asking),
        tuple(service_results(docker, plan, stack, questions, judged, options.timeout, images)),
        heard.flows,
        time.monotonic() - heard.began,
        heard.lost,
        _compose(prepared, options),
    )


def _compose(prepared: Prepared, options: Options) -> str:
    files = (f"-f {relative(prepared.directory, path)}" for path in prepared.compose_files if prepared.override)
    return " ".join(["docker compose", *([f"-p {options.project}"] if options.project else []), *files])


class _Heard(Struct, frozen=True):
    """What the servers said, the files as they were `before` and `after`, and what a sniffer saw since `began`."""

    answers: dict[Endpoint, Answer | Unreached]
    before: dict[str, OnDisk]
    after: dict[str, OnDisk]
    began: float
    flows: tuple[Flow, ...] | None = None
    lost: int = 0


def _ask(
    docker: Docker,
    stack: Stack,
    prepared: Prepared,
    questions: Questions,
    options: Options,
    progress: Callable[[str], None],
) -> _Heard:
    """Ask every server, while a sniffer listens to the networks that reach here, where one is wanted."""
    here = interfaces()
    inside = Inside(docker, stack.containers)
    bridges = [n.interface for n in stack.networks.values() if reached_from_here(n, here)]
    began = time.monotonic()
    with Sniffer(bridges) if options.sniff else nullcontext() as sniffer:
        progress(f"asking {len(questions.wanted)} servers")
        before = on_disk(prepared)
        ca = next((disk.ca for disk in before.values()), "")
        answers = probe(stack, questions.wanted, inside, ca=ca, timeout=options.timeout, here=here)
        after = on_disk(prepared)
        if sniffer:
            progress("listening to the networks")
            _as_clients(inside, questions, ca, options.timeout)
            time.sleep(max(0.0, options.sniff_seconds - (time.monotonic() - began)))
    if sniffer is None:
        return _Heard(answers, before, after, began)
    ours = {(Side(e.address, e.port), a.plain.port) for e, a in answers.items() if isinstance(a, Answer)}
    return _Heard(answers, before, after, began, flows(sniffer.streams, Places(stack), ours), sniffer.lost)


def _judge(questions: Questions, heard: _Heard, behind: Mapping[str, str], now: datetime) -> dict[Endpoint, Served]:
    """What the answer of each server comes to; `behind` are those with a sidecar, and its name."""
    return {
        end: served(
            end.port,
            heard.answers[end],
            heard.before[service],
            heard.after[service],
            service=service,
            now=now,
            sidecar=behind.get(service, ""),
        )
        for end, service in questions.services.items()
    }


def on_disk(prepared: Prepared) -> dict[str, OnDisk]:
    """The certificate files of every server."""
    directory = certs_directory(prepared)
    names = prepared.plan.short_names
    return {service: read_disk(directory, names[service]) for service in prepared.plan.servers}


def _as_clients(inside: Inside, questions: Questions, ca: str, timeout: float) -> None:
    """Let one request of ours go each way that the clients' addresses say, so that there is something to see."""
    by_client: dict[str, tuple[Container, set[Address]]] = {}
    for pair in (pair for asking in questions.asking for pair in asking.pairs):
        if pair.client and pair.client.running and pair.end and pair.address:
            by_client.setdefault(pair.client.id, (pair.client, set()))[1].add(pair.address)
    for client, addresses in by_client.values():
        inside.as_client(
            client,
            [
                question(a.host, a.port, [a.host], ca, timeout, only="http" if a.plain else "https")
                for a in sorted(addresses, key=str)
            ],
        )
