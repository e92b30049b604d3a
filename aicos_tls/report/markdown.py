"""The plan as a pull request comment: what a reviewer needs first, the rest folded away (GitHub flavoured Markdown)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.report.enable import INSECURE, diff, place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aicos_tls.commands.enable import Result


def markdown(result: Result) -> str:
    """The result of `enable` as Markdown."""
    return "\n".join(_lines(result)) + "\n"


def _lines(result: Result) -> Iterator[str]:
    plan = result.prepared.plan
    directory = result.prepared.directory
    verb = "would be encrypted" if result.options.dry_run else "are encrypted"
    yield "### TLS between the containers"
    yield ""
    yield f"{len(plan.edges)} connections {verb}; {_inside(result)} of {len(plan.decisions)} services change."
    if plan.edges:
        yield ""
        yield from table(
            ("client", "server", "address", "where"),
            ((e.client, e.server, f"`{e.after}`", f"`{place(directory, e.where)}`") for e in plan.edges),
        )
    outside = [d for d in plan.decisions.values() if not d.in_scope]
    if outside:
        yield ""
        yield "**Left alone**"
        yield ""
        yield from (f"- `{d.service}`: {escape(d.reason)}" for d in outside)
    todo = [n for n in plan.notes if n.topic != "kept"]
    gaps = result.prepared.gaps
    if todo or plan.declined or gaps:
        yield ""
        yield "**To do by hand**"
        yield ""
        yield from (f"- {f'`{n.service}`: ' if n.service else ''}{escape(n.text)}" for n in todo)
        for gap in gaps:
            command = f": `{gap.command}`" if gap.command else ""
            yield f"- `{gap.service}` does not serve HTTPS yet: {escape(gap.words)}{command}"
        for declined in plan.declined:
            yield f"- `{place(directory, declined.where)}` `{declined.service}`: {escape(declined.reason)}"
            if declined.paste:
                yield from ("", "  ```yaml", *(f"  {line}" for line in declined.paste.splitlines()), "  ```", "")
    yield ""
    yield f"> **Warning:** {INSECURE}"
    if shown := diff(result):
        fence = "`" * max(3, _longest_run(shown) + 1)
        yield from (
            "",
            "<details><summary>The diff</summary>",
            "",
            f"{fence}diff",
            shown.rstrip("\n"),
            fence,
            "",
            "</details>",
        )


def _inside(result: Result) -> int:
    return sum(decision.in_scope for decision in result.prepared.plan.decisions.values())


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """The lines of a table; cells are Markdown, whose pipes are masked here."""
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def escape(text: str) -> str:
    """Text that means itself in Markdown."""
    return "".join("\\" + char if char in "\\`*_[]<>|" else char for char in text)


def _longest_run(text: str) -> int:
    longest = current = 0
    for char in text:
        current = current + 1 if char == "`" else 0
        longest = max(longest, current)
    return longest
