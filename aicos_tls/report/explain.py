"""Rules and services explained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.commands.explain import RulePage, ServicePage
from aicos_tls.report.words import masked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aicos_tls.plan.model import Declined
    from aicos_tls.report.style import Style


def rule_list(rules: Iterable[RulePage], style: Style) -> str:
    """Every rule with its first sentence."""
    pages = list(rules)
    width = max(len(page.rule) for page in pages)
    return "".join(f"{style('name', page.rule.ljust(width))}  {page.text}\n" for page in pages)


def page(found: RulePage | ServicePage, style: Style) -> str:
    """A rule's manual page, or all that is known of a service."""
    if isinstance(found, RulePage):
        return f"{style('title', found.rule)}\n\n{found.text}\n"
    return "\n".join(_service(found, style)) + "\n"


def _service(found: ServicePage, style: Style) -> Iterator[str]:
    decision = found.decision
    state = style("good", "in scope") if decision.in_scope else style("warn", "out of scope")
    yield f"{style('title', decision.service)}: {state}: {decision.reason}"
    if found.server:
        yield f"it is a server: {masked(found.server.evidence)}"
    elif decision.in_scope:
        yield "it is no server: no other service has a URL of it, and no healthcheck asks it over HTTP"
    if found.certificate:
        yield f"certificate {found.certificate.short_name}-cert.pem: {', '.join(found.certificate.dns_names)}"
    for title, rows in (
        ("changes", [masked(f"{c.where}: {c.path}: {_step(c.before, c.after)} ({c.why})") for c in found.changes]),
        ("not changed, for you to do", [row for declined in found.declined for row in _declined(declined)]),
        ("connections", [masked(f"{e.where}: {e.client} → {e.server}: {e.after}") for e in found.edges]),
        (
            "other URLs, left alone",
            [masked(f"{r.where}: {r.site.name}: {r.text}: {r.kind.value}") for r in found.references],
        ),
        ("notes", [masked(f"{n.where}: {n.text}" if n.where else n.text) for n in found.notes]),
    ):
        if rows:
            yield ""
            yield style("title", title)
            yield from (f"  {row}" for row in rows)


def _declined(declined: Declined) -> Iterator[str]:
    yield masked(f"{declined.where}: {declined.reason}")
    yield from (f"    {line}" for line in declined.paste.splitlines())


def _step(before: str, after: str) -> str:
    return f"{before} → {after}" if before else after
