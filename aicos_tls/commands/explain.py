"""`explain`: a rule's manual page, or why a service was or was not touched."""

from __future__ import annotations

import difflib
import inspect
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.errors import TlsError
from aicos_tls.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable

    from aicos_tls.commands.project import Prepared
    from aicos_tls.plan.model import Certificate, Change, Declined, Edge, Note, Server
    from aicos_tls.plan.references import Reference
    from aicos_tls.plan.scope import Decision


class RulePage(Struct, frozen=True):
    """A rule and its manual page."""

    rule: str
    text: str


class ServicePage(Struct, frozen=True):
    """Everything that the plan knows of one service; `references` are URLs that are in neither edges nor changes."""

    decision: Decision
    server: Server | None
    certificate: Certificate | None
    changes: tuple[Change, ...]
    declined: tuple[Declined, ...]
    notes: tuple[Note, ...]
    edges: tuple[Edge, ...]
    references: tuple[Reference, ...]


def rules() -> list[RulePage]:
    """Every rule with the first sentence of its page."""
    return [RulePage(name, (inspect.getdoc(rule) or "").partition("\n")[0]) for name, rule in RULES.items()]


def explain(subject: str, prepared: Callable[[], Prepared]) -> RulePage | ServicePage:
    """Explain a rule, or else a service of the project. Raises `TlsError` when `subject` is neither."""
    if subject in RULES:
        return RulePage(subject, inspect.getdoc(RULES[subject]) or "")
    plan = prepared().plan
    if subject not in plan.decisions:
        near = difflib.get_close_matches(subject, [*RULES, *plan.decisions], 3)
        known = f"did you mean {', '.join(near)}?" if near else f"rules: {', '.join(RULES)}"
        raise TlsError(f"{subject!r} is neither a rule nor a service of this project", hint=known)
    changes = tuple(c for c in plan.changes if c.service == subject)
    edges = tuple(e for e in plan.edges if subject in (e.client, e.server))
    told = {(c.where, c.before) for c in changes} | {(e.where, e.before) for e in edges}
    return ServicePage(
        plan.decisions[subject],
        plan.servers.get(subject),
        next((c for c in plan.certificates if c.service == subject), None),
        changes,
        tuple(d for d in plan.declined if d.service == subject),
        tuple(n for n in plan.notes if n.service == subject),
        edges,
        tuple(r for r in plan.references if r.site.service == subject and (r.where, r.text) not in told),
    )
