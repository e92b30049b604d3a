"""What `verify` found, on one screen: edge by edge, what is wrong with which server, what was seen in clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.commands.project import relative
from aicos_tls.commands.verdict import Verdict
from aicos_tls.live.model import State
from aicos_tls.live.places import ELSEWHERE
from aicos_tls.report import connections
from aicos_tls.report.json import envelope

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aicos_tls.commands.verify import Result
    from aicos_tls.live.flows import Flow
    from aicos_tls.live.judge import Served
    from aicos_tls.live.model import Check
    from aicos_tls.live.results import EdgeResult, ServiceResult
    from aicos_tls.report.style import Style

_MARKS = {
    State.OK: ("good", "✓"),
    State.FAILED: ("bad", "✗"),
    State.UNKNOWN: ("warn", "?"),
    State.SKIPPED: ("quiet", "-"),
}
_BAD = frozenset({State.FAILED, State.UNKNOWN})


def text(result: Result, style: Style, *, verbose: bool = False) -> str:
    """The result of `verify`; `verbose` shows every check, not only those that found something."""
    lines = [_headline(result, style), ""]
    lines += _edges(result, style, verbose=verbose)
    lines += _services(result, style, verbose=verbose)
    lines += _seen(result, style)
    lines += _plain(result, style)
    lines.append(_verdict(result, style))
    return "\n".join(lines) + "\n"


def _headline(result: Result, style: Style) -> str:
    good = sum(edge.state is State.OK for edge in result.edges)
    count = f"{good} of {len(result.edges)} connections are encrypted" if result.edges else "no connection is planned"
    return f"{style('title', result.project)} on Docker {result.engine}: {style('title', count)}"


def _mark(state: State, style: Style) -> str:
    return style(*_MARKS[state])


def _edges(result: Result, style: Style, *, verbose: bool) -> Iterator[str]:
    servers = {check for service in result.services for check in service.everything}
    names = [f"{edge.client} → {edge.address.partition('://')[2]}" for edge in result.edges]
    widths = max(map(len, names), default=0), max((len(edge.variable) for edge in result.edges), default=0)
    for name, edge in zip(names, result.edges, strict=True):
        shown = f"{name.ljust(widths[0])}  {style('quiet', edge.variable.ljust(widths[1]))}"
        bad = [check for check in edge.checks if check.state in _BAD]
        yield f"  {_mark(edge.state, style)} {shown}  {bad[0].words if bad else _encryption(edge)}"
        for check in bad if result.prepared.record or verbose else ():
            if check.todo and check not in servers:
                yield f"      → {_todo(result, check)}"
        yield from (f"      {check.words}" for check in bad[1:] if verbose)
    if result.edges:
        yield ""


def _todo(result: Result, check: Check) -> str:
    """What to do, with docker compose called as it has to be for this stack."""
    return check.todo.replace("docker compose ", f"{result.compose} ")


def _encryption(edge: EdgeResult) -> str:
    """How an edge is encrypted, and for how long."""
    return f"{edge.served.version}, {edge.served.days_left} days left" if edge.served else ""


def _services(result: Result, style: Style, *, verbose: bool) -> Iterator[str]:
    for service in result.services:
        shown = list(_shown(service, verbose=verbose))
        if shown:
            called = f" ({service.container})" if service.container not in ("", service.service) else ""
            yield f"{style('title', service.service)}{called}"
            for port, check in shown:
                yield f"  {_mark(check.state, style)} {f'port {port}: ' if port else ''}{check.words}"
                if check.todo and check.state in _BAD:
                    yield f"      → {_todo(result, check)}"
            yield ""


def _shown(service: ServiceResult, *, verbose: bool) -> Iterator[tuple[int, Check]]:
    """Yield the checks that are to be shown with their port, 0 for those of the container."""
    ported = [(port.port, check) for port in service.ports for check in port.checks]
    other_faults = any(check.state is State.FAILED and check.id != "log" for check in service.everything)
    for port, check in [*((0, check) for check in service.checks), *ported]:
        if verbose or (check.state in _BAD and not (check.id == "log" and other_faults)):
            yield port if len(service.ports) > 1 else 0, check


def _seen(result: Result, style: Style) -> Iterator[str]:
    if result.flows is None:
        return
    between = [flow for flow in result.between if flow.sent]
    listed = [*between, *(flow for flow in result.flows if flow.client in ELSEWHERE and (flow.http or flow.tls))]
    yield style("title", f"Seen on the networks in {result.seconds:.0f} s (bytes of payload, both ways)")
    rows = [("", "clear HTTP", "TLS", "other")]
    rows.extend((f"{f.client} → {f.server}:{f.port}", str(f.http), str(f.tls), str(f.other)) for f in listed)
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row, flow in zip(rows, [None, *listed], strict=True):
        numbers = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        numbers[0] = style("bad", numbers[0]) if flow and flow.http and flow in between else numbers[0]
        yield f"  {row[0].ljust(widths[0])}  {'  '.join(numbers)}"
    silent = _silent(result.edges)
    if silent:
        yield style("quiet", f"  nothing seen: {', '.join(silent)}")
    if result.lost:
        yield style("warn", f"  {result.lost} packets came too quickly to be counted")
    yield ""
    yield from _unplanned(result, style)


def _unplanned(result: Result, style: Style) -> Iterator[str]:
    """Yield the connections that were seen and that nobody planned; those that betray something first."""
    found = sorted(result.unplanned, key=lambda flow: not result.betrays(flow))
    if not found:
        return
    yield style("title", "Connections that nobody planned")
    names = [f"{flow.client} → {flow.server}:{flow.port}" for flow in found]
    last = sum(map(result.betrays, found))
    for number, (name, flow) in enumerate(zip(names, found, strict=True), 1):
        mark = _mark(State.FAILED if result.betrays(flow) else State.SKIPPED, style)
        size = f"{flow.clear} bytes in clear" if flow.clear else f"{flow.tls} bytes in TLS" if flow.tls else "silent"
        yield f"  {mark} {name.ljust(max(map(len, names)))}  {flow.protocol.value}, {size}"
        if number == last:
            yield f"      → aicos-tls learn{_project(result)} writes them to aicos-tls.toml; then aicos-tls enable"
    yield ""


def _project(result: Result) -> str:
    """The option that names the project as the person named it."""
    return " -p" + result.compose.partition(" -p")[2].partition(" -f")[0] if " -p " in result.compose else ""


def _silent(edges: Sequence[EdgeResult]) -> list[str]:
    """The connections on which nothing was sent while the networks were watched."""
    return list(dict.fromkeys(f"{e.client} → {e.server}" for e in edges if e.flow is None))


def _plain(result: Result, style: Style) -> Iterator[str]:
    """Yield the connections that the plan leaves plain: nobody looked at them, and they are no fault of the stack."""
    rows = connections.table(Verdict(plain=result.plain))
    if rows:
        yield style("title", "Plain by the plan, and not looked at")
        yield from (f"  {row.clients} → {row.server} ({row.first.protocol.value}): {row.first.reason}" for row in rows)
        yield ""


def _verdict(result: Result, style: Style) -> str:
    servers = [service for service in result.services if service.ports]
    if result.good:
        count = "1 server is" if len(servers) == 1 else f"{len(servers)} servers are"
        return style("good", f"{count} in order: TLS only, by the project's CA")
    if result.nothing:
        todo = (
            "aicos-tls learn sees who asks whom on the networks; aicos-tls enable --dry-run says what it would change"
        )
        return style("bad", "nothing is encrypted: no connection and no server of it is planned") + f"\n  → {todo}"
    wrong = [s for s in result.services if any(check.state is State.FAILED for check in s.everything)]
    unknown = any(c.state is State.UNKNOWN for s in result.services for c in s.everything)
    betrayed = any(map(result.betrays, result.unplanned)) or any(flow.http for flow in result.between)
    otherwise = "bytes go in clear" if betrayed else "not everything is in order"
    words = f"{len(wrong)} of {len(result.services)} services have faults" if wrong else otherwise
    tail = "; some things could not be found out" if unknown else ""
    enable = (
        ""
        if result.prepared.record
        else "\nTLS is not enabled here: aicos-tls enable --dry-run shows what that would do"
    )
    return style("bad", words + tail) + enable


def as_json(result: Result) -> str:
    """The result of `verify` as JSON."""
    directory = result.prepared.directory
    return envelope(
        "verify",
        {
            "project": result.project,
            "engine": result.engine,
            "good": result.good,
            "connections": [
                {
                    "client": edge.client,
                    "server": edge.server,
                    "variable": edge.variable,
                    "address": edge.address,
                    "file": relative(directory, edge.where.path),
                    "state": edge.state.value,
                    "tls": edge.served.version or None if edge.served else None,
                    "cipher": edge.served.cipher or None if edge.served else None,
                    "checks": [_check(result, check) for check in edge.checks],
                    "seen": _flow(edge.flow) if edge.flow else None,
                }
                for edge in result.edges
            ],
            "plain_by_plan": [connections.as_json(each, directory) for each in result.plain],
            "services": [
                {
                    "name": service.service,
                    "container": service.container or None,
                    "checks": [_check(result, check) for check in service.checks],
                    "ports": [_port(result, port) for port in service.ports],
                }
                for service in result.services
            ],
            "sniffed": _sniffed(result),
            "unplanned": [_flow(flow) | {"bad": result.betrays(flow)} for flow in result.unplanned],
        },
    )


def _check(result: Result, check: Check) -> dict[str, object]:
    return {"id": check.id, "state": check.state.value, "words": check.words, "todo": _todo(result, check) or None}


def _port(result: Result, port: Served) -> dict[str, object]:
    return {
        "port": port.port,
        "tls": port.version or None,
        "cipher": port.cipher or None,
        "serial": port.serial or None,
        "sha256": port.fingerprint or None,
        "names": list(port.names),
        "not_after": port.expires.isoformat() if port.expires else None,
        "days_left": port.days_left,
        "checks": [_check(result, check) for check in port.checks],
    }


def _sniffed(result: Result) -> dict[str, object] | None:
    if result.flows is None:
        return None
    return {"seconds": round(result.seconds, 1), "lost": result.lost, "flows": [_flow(f) for f in result.flows]}


def _flow(flow: Flow) -> dict[str, object]:
    return {
        "client": flow.client,
        "server": flow.server,
        "port": flow.port,
        "http_bytes": flow.http,
        "tls_bytes": flow.tls,
        "other_bytes": flow.other,
        "protocol": flow.protocol.value,
        "clear_bytes": flow.clear,
    }
