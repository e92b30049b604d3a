"""What `learn` saw: each connection with what is spoken there, what is not written, and what could be missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.plan.settingsfile import FILE
from aicos_tls.report.diff import coloured_diff, file_diff
from aicos_tls.report.json import envelope
from aicos_tls.report.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aicos_tls.commands.learn import Result
    from aicos_tls.live.flows import Flow
    from aicos_tls.report.style import Style


def text(result: Result, style: Style) -> str:
    """The result of `learn` on one screen; of a dry run with the diff."""
    count = f"{counted(len(result.flows), 'connection')} seen in {result.seconds:.0f} s, {len(result.new)} of them new"
    lines = [f"{style('title', result.project)} on Docker {result.engine}: {style('title', count)}", ""]
    lines += _rows(result.flows, result.new, style)
    lines += _others(result, style)
    lines += [style("warn", f"  {words}") for words in _doubts(result)]
    if result.dry_run and result.after is not None:
        lines += ["", coloured_diff(diff(result), style).rstrip("\n")]
    return "\n".join([*lines, "", _outcome(result, style)]) + "\n"


def _rows(flows: Sequence[Flow], new: Sequence[Flow], style: Style) -> Iterator[str]:
    names = [_name(flow) for flow in flows]
    width = max(map(len, names), default=0)
    for name, flow in zip(names, flows, strict=True):
        mark = style("added", "+") if flow in new else " "
        yield f"  {mark} {name.ljust(width)}  {_spoken(flow)}"


def _name(flow: Flow) -> str:
    return f"{flow.client} → {flow.server}:{flow.port}"


def _spoken(flow: Flow) -> str:
    """`http, 1,234 bytes in clear`, and those in TLS."""
    sizes = [f"{flow.clear:,} bytes in clear"] if flow.clear else []
    sizes += [f"{flow.tls:,} bytes in TLS"] if flow.tls else []
    return ", ".join([flow.protocol.value, *(sizes or ["silent"])])


def _others(result: Result, style: Style) -> Iterator[str]:
    if result.others:
        yield ""
        yield style("title", "Not written: one end is no service of the project")
        yield from _rows(result.others, (), style)
    if result.datagrams:
        yield ""
        yield style("title", "Not covered: UDP")
        yield from (f"    {each.client} → {each.server}:{each.port}" for each in result.datagrams)


def _doubts(result: Result) -> Iterator[str]:
    """Yield why something may be missing."""
    if result.lost:
        yield f"{result.lost} packets came too quickly to be looked at: a connection may be missing"
    if result.crowded:
        yield "more clients than are told apart: a connection may be missing"
    yield from result.remarks
    if result.code:
        yield f"the command ended with exit code {result.code}: it may not have made every request"


def _outcome(result: Result, style: Style) -> str:
    if not result.flows:
        return style(
            "warn", "nothing was seen: let requests go through the stack meanwhile, aicos-tls learn -- COMMAND"
        )
    if result.after is None:
        return style("good", f"{FILE} has them all: nothing was written")
    added = f"{counted(len(result.new), 'connection')} added to {FILE}"
    if result.dry_run:
        return f"a run without --dry-run writes this: {added}"
    return style("good", added) + ": review it, then aicos-tls enable --dry-run"


def diff(result: Result) -> str:
    """The change of the file; empty where there is none."""
    return "" if result.after is None else file_diff(FILE, "text", result.before, result.after)


def as_json(result: Result) -> str:
    """The result of `learn` as JSON."""
    return envelope(
        "learn",
        {
            "project": result.project,
            "engine": result.engine,
            "seconds": round(result.seconds, 1),
            "lost": result.lost,
            "crowded": result.crowded,
            "command_code": result.code,
            "connections": [_flow(flow) | {"new": flow in result.new} for flow in result.flows],
            "others": [_flow(flow) for flow in result.others],
            "udp": [{"client": d.client, "server": d.server, "port": d.port} for d in result.datagrams],
            "remarks": list(result.remarks),
            "file": FILE,
            "written": result.after is not None and not result.dry_run,
            "diff": diff(result),
        },
    )


def _flow(flow: Flow) -> dict[str, object]:
    return {
        "client": flow.client,
        "server": flow.server,
        "port": flow.port,
        "protocol": flow.protocol.value,
        "tls": flow.tls > 0 and not flow.clear,
        "clear_bytes": flow.clear,
        "tls_bytes": flow.tls,
    }
