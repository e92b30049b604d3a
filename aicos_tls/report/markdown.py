"""The plan as a pull request comment: what a reviewer needs first, the rest folded away (GitHub flavoured Markdown)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.report import connections
from aicos_tls.report.enable import diff, warnings
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
        yield from table(head, (tuple(map(escape, cells)) for cells in rows))
    yield from _section("How each serves TLS", _ways(result))
    yield from _section("Left alone", _left_alone(result))
    yield from _section("To do by hand", _todo(result))
    for warning in warnings(plan):
        yield from ("", f"> **Warning:** {escape(warning)}")
    if shown := diff(result, exact=False):
        yield from _folded("The diff", "diff", shown)


def _headline(result: Result) -> str:
    what = connections.headline(result.verdict, done=bool(result.written) or not result.would_change)
    if result.blocked:
        return f"**{what}. Nothing was written:** {escape(masked(result.reason))}."
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
                    choice.service,
                    choice.how.value,
                    ", ".join(map(str, choice.option.ports)),
                    choice.option.reason,
                    choice.next_best.how.value if choice.next_best else "",
                )
                for choice in choices
            ),
        )


def _left_alone(result: Result) -> Iterator[str]:
    plan = result.prepared.plan
    yield from (f"- `{d.service}`: {escape(d.reason)}" for d in plan.decisions.values() if not d.in_scope)
    yield from (_note(result, note) for note in plan.notes if note.topic == "kept")


def _todo(result: Result) -> Iterator[str]:
    plan = result.prepared.plan
    yield from (_note(result, note) for note in plan.notes if note.topic != "kept")
    for gap in result.prepared.gaps:
        command = f": `{gap.command}`" if gap.command else ""
        yield f"- `{gap.service}` does not serve HTTPS yet: {escape(gap.words)}{command}"
    for declined in plan.declined:
        where = place(result.prepared.directory, declined.where)
        yield f"- `{where}` `{declined.service or '(shared)'}`: {escape(masked(declined.reason))}"
        if declined.paste:
            fence = _fence(declined.paste)
            yield from ("", f"  {fence}yaml", *(f"  {line}" for line in declined.paste.splitlines()), f"  {fence}")


def _note(result: Result, note: Note) -> str:
    where = f"`{place(result.prepared.directory, note.where)}` " if note.where else ""
    who = f"`{note.service}`: " if note.service else ""
    return f"- {where}{who}{escape(masked(note.text))}"


def _folded(title: str, language: str, text: str) -> Iterator[str]:
    fence = _fence(text)
    yield from ("", f"<details><summary>{title}</summary>", "", f"{fence}{language}")
    yield from (text.rstrip("\n"), fence, "", "</details>")


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """The lines of a table; cells are Markdown, whose pipes are masked here."""
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def escape(text: str) -> str:
    """Text that means itself in Markdown."""
    return "".join("\\" + char if char in "\\`*_[]<>|" else char for char in text)


def _fence(text: str) -> str:
    """A fence that is longer than every run of backticks in the text (CommonMark, 4.5)."""
    longest = current = 0
    for char in text:
        current = current + 1 if char == "`" else 0
        longest = max(longest, current)
    return "`" * max(3, longest + 1)
