"""The plan as a pull request comment: what a reviewer needs first, the rest folded away (GitHub flavoured Markdown)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.report import connections
from aicos_tls.report.enable import diff, warnings
from aicos_tls.report.gfm import code, fenced, prose, table
from aicos_tls.report.words import masked, place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aicos_tls.commands.enable import Result
    from aicos_tls.plan.model import Note


def markdown(result: Result) -> str:
    """The result of `enable` as Markdown."""
    return "\n".join(_lines(result)) + "\n"


def _lines(result: Result) -> Iterator[str]:
    plan = result.prepared.plan
    yield "### TLS between the containers"
    yield ""
    yield _headline(result)
    if listed := connections.table(result.verdict):
        yield ""
        head = ("state", "client", "server", "protocol", "how, or why not", "evidence")
        rows = connections.cells(listed, result.prepared.directory)
        yield from table(head, (_connection(*cells) for cells in rows))
    yield from _section("How each serves TLS", _ways(result))
    yield from _section("Left alone", _left_alone(result))
    yield from _section("To do by hand", _todo(result))
    for warning in warnings(plan):
        yield from ("", f"> **Warning:** {prose(warning)}")
    if shown := diff(result, exact=False):
        yield from _folded("The diff", "diff", shown)


def _connection(state: str, clients: str, server: str, protocol: str, why: str, evidence: str) -> tuple[str, ...]:
    return state, code(clients), code(server), protocol, prose(why), code(evidence) if evidence else ""


def _headline(result: Result) -> str:
    what = connections.headline(result.verdict, done=bool(result.written) or not result.would_change)
    if result.blocked:
        return f"**{what}. Nothing was written:** {prose(masked(result.reason))}."
    if not any(decision.in_scope for decision in result.prepared.plan.decisions.values()):
        return f"{what}. Nothing to do: no service is in scope."
    return f"**{what}.**" + (" Nothing would be encrypted, and nothing is written." if result.idle else "")


def _section(title: str, rows: Iterable[str]) -> Iterator[str]:
    if body := list(rows):
        yield from ("", f"**{title}**", "", *body)


def _ways(result: Result) -> Iterator[str]:
    if choices := result.prepared.choices:
        yield from table(
            ("server", "way", "ports", "because", "next best"),
            (
                (
                    code(choice.service),
                    choice.how.value,
                    ", ".join(map(str, choice.option.ports)),
                    prose(masked(choice.option.reason)),
                    choice.next_best.how.value if choice.next_best else "",
                )
                for choice in choices
            ),
        )


def _left_alone(result: Result) -> Iterator[str]:
    plan = result.prepared.plan
    yield from (f"- {code(d.service)}: {prose(masked(d.reason))}" for d in plan.decisions.values() if not d.in_scope)
    yield from (_note(result, note) for note in plan.notes if note.topic == "kept")


def _todo(result: Result) -> Iterator[str]:
    plan = result.prepared.plan
    yield from (_note(result, note) for note in plan.notes if note.topic != "kept")
    for gap in result.prepared.gaps:
        command = f": {code(gap.command)}" if gap.command else ""
        yield f"- {code(gap.service)} does not serve HTTPS yet: {prose(masked(gap.words))}{command}"
    for declined in plan.declined:
        where = place(result.prepared.directory, declined.where)
        yield f"- {code(where)} {code(declined.service or '(shared)')}: {prose(masked(declined.reason))}"
        if declined.paste:
            yield ""
            yield from (f"  {line}" for line in fenced("yaml", declined.paste))


def _note(result: Result, note: Note) -> str:
    where = f"{code(place(result.prepared.directory, note.where))} " if note.where else ""
    who = f"{code(note.service)}: " if note.service else ""
    return f"- {where}{who}{prose(masked(note.text))}"


def _folded(title: str, language: str, text: str) -> Iterator[str]:
    yield from ("", f"<details><summary>{title}</summary>", "", *fenced(language, text), "", "</details>")
