"""From judged ports to results: one for each connection of the plan, one for each container of a service in scope."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.live import sidecars
from aicos_tls.live.addresses import resolves
from aicos_tls.live.causes import cause
from aicos_tls.live.health import condition, log
from aicos_tls.live.model import Check, State
from aicos_tls.live.waiting import ended_well, in_scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aicos_tls.errors import Where
    from aicos_tls.live.addresses import Address
    from aicos_tls.live.docker import Docker
    from aicos_tls.live.flows import Flow
    from aicos_tls.live.judge import Served
    from aicos_tls.live.model import Container, Endpoint
    from aicos_tls.live.questions import Asking, Pair, Questions
    from aicos_tls.live.stack import Stack
    from aicos_tls.plan.model import Edge, Plan


class EdgeResult(Struct, frozen=True):
    """A connection of a client to a server, with what it came to. `address` is the URL as far as the port.

    `port` is None where it is not known.
    """

    client: str
    server: str
    variable: str
    address: str
    where: Where
    checks: tuple[Check, ...]
    served: Served | None = None
    flow: Flow | None = None
    port: int | None = None

    @property
    def state(self) -> State:
        """The worst of its checks."""
        return worst(self.checks)


class ServiceResult(Struct, frozen=True):
    """One container of a service in scope: how it is, and what each of its ports serves (none when it is no server)."""

    service: str
    container: str
    checks: tuple[Check, ...]
    ports: tuple[Served, ...] = ()

    @property
    def everything(self) -> tuple[Check, ...]:
        """Its own checks and those of its ports."""
        return (*self.checks, *(check for port in self.ports for check in port.checks))


def worst(checks: Sequence[Check]) -> State:
    """Failed before unknown before all else."""
    states = {check.state for check in checks}
    return next((state for state in (State.FAILED, State.UNKNOWN) if state in states), State.OK)


def edge_result(asking: Asking, judged: dict[Endpoint, Served], seen: tuple[Flow, ...] | None) -> EdgeResult:
    """What an edge came to, over all containers of its ends; `seen` is what a sniffer saw."""
    edge = asking.edge
    checks = tuple(dict.fromkeys(check for pair in asking.pairs for check in _edge_checks(edge, pair, judged)))
    address = next((pair.address for pair in asking.pairs if pair.address), None)
    found = [judged[pair.end] for pair in asking.pairs if pair.end]
    flow = None
    for each in seen or ():
        ends = (each.client, each.server) == (edge.client, edge.server)
        if ends and address and each.port == address.port and each.sent:
            flow = each
    shown = str(address) if address else edge.after
    first = next((each for each in found if each.encrypted), next(iter(found), None))
    port = address.port if address else None
    return EdgeResult(edge.client, edge.server, edge.variable, shown, edge.where, checks, first, flow, port)


def _edge_checks(edge: Edge, pair: Pair, judged: dict[Endpoint, Served]) -> Iterator[Check]:
    """Yield why this is no encrypted connection; one good check when it is one."""
    faults = list(_faults(edge, pair))
    if pair.end and pair.address:
        server = judged[pair.end]
        bad = [check for check in server.checks if check.id == "tls" and check.state is not State.OK]
        refused = server.refused.get(pair.address.host)
        faults += bad or ([refused] if refused else [])
        if not faults:
            yield Check("tls", State.OK, f"{server.version}, {server.cipher}")
    yield from faults


def _faults(edge: Edge, pair: Pair) -> Iterator[Check]:
    for name, container in ((edge.client, pair.client), (edge.server, pair.server)):
        if container is None:
            yield missing(name)
        elif not container.running:
            check = condition(container)[0]
            yield Check(check.id, check.state, f"{name}: {check.words}", check.todo)
    if pair.address is None:
        yield Check("url", State.UNKNOWN, f"the value of a variable in {edge.after} is not known")
    elif pair.address.plain:
        yield _plain(edge, pair.address)
    if pair.server and pair.server.running and pair.address:
        if pair.place is None:
            yield Check("network", State.FAILED, f"{edge.client} and {edge.server} share no network that is up")
        elif not resolves(pair.place, pair.address.host):
            yield Check("name", State.FAILED, f"no container of {edge.server} is called {pair.address.host} there")


def _plain(edge: Edge, address: Address) -> Check:
    """The check of a client that asks without TLS: its container's variable says so, or a file of its image."""
    if address.running:
        words = f"the running container of {edge.client} still asks {address}"
        return Check("url", State.FAILED, words, f"aicos-tls enable, then docker compose up -d {edge.client}")
    words = f"{edge.client} still asks {address} ({edge.where.path.name}:{edge.where.line})"
    todo = f"aicos-tls code apply {edge.client}, then docker compose up -d --build {edge.client}"
    return Check("url", State.FAILED, words, todo)


def missing(service: str) -> Check:
    """The check of a service without any container."""
    return Check("running", State.FAILED, f"{service} has no container", f"docker compose up -d {service}")


def service_results(
    docker: Docker,
    plan: Plan,
    stack: Stack,
    questions: Questions,
    judged: dict[Endpoint, Served],
    timeout: float,
    images: Mapping[str, Check],
) -> Iterator[ServiceResult]:
    """Yield every container of the services in scope; a service without any is one, too. `timeout`: seconds a log.

    `images` are checks of the images by container; one that found something is a result out of scope, too.
    """
    behind = sidecars.sidecars(plan)
    ends: dict[str, list[Endpoint]] = defaultdict(list)
    for end in questions.services:
        ends[end.container].append(end)

    def one(container: Container) -> ServiceResult:
        found = tuple(judged[end] for end in sorted(ends[container.id]))
        checks = condition(container, cause(plan, stack, container), asks_in_plain=bool(plan.policy.serve))
        if ended_well(plan, container):
            checks = (Check("running", State.SKIPPED, "it has done its task (exit code 0)"),)
        elif container.service in plan.servers and container.running:
            encrypted = any(port.encrypted for port in found)
            checks = (*checks, log(docker, container, encrypted=encrypted, timeout=timeout))
        if container.service in behind:
            checks = (*checks, sidecars.check(stack, container, behind[container.service]))
        if container.id in images:
            checks = (*checks, images[container.id])
        return ServiceResult(container.service, container.name, checks, found)

    containers = [c for name in in_scope(plan) for c in stack.of(name)]
    with ThreadPoolExecutor(4) as pool:
        yield from pool.map(one, containers)
    yield from _out_of_scope(plan, stack, images)
    for name in in_scope(plan):
        if not stack.of(name):
            optional = plan.project.services[name].attribute("profiles") is not None
            skipped = Check("running", State.SKIPPED, "it has no container: its profile is not active")
            yield ServiceResult(name, "", (skipped if optional else missing(name),))


def _out_of_scope(plan: Plan, stack: Stack, images: Mapping[str, Check]) -> Iterator[ServiceResult]:
    """Yield the containers out of scope whose images hold keys of the project."""
    for container in stack.containers:
        check = images.get(container.id)
        if check and check.state is State.FAILED and container.service not in in_scope(plan):
            yield ServiceResult(container.service, container.name, (check,))
