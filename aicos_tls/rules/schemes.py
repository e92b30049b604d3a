"""Changes a scheme that stands in a variable of its own, when it plainly belongs to a server in scope.

    - API_HOST=api
    - API_PORT=8001
    - API_SCHEME=https        # was http

The variable's name must be that of a host variable but for its end: `API_SCHEME`, `API_PROTOCOL` or `API_PROTO` beside
`API_HOST`, `API_HOSTNAME`, `API_SERVER`, `API_ADDRESS`, `API_ADDR` or `API_SERVICE`. A host without a scheme beside it
is reported: which scheme is used is then decided in code. So is `${SCHEME}://api`: where `.env` says what SCHEME is,
other URLs may depend on it, so it is left to a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.compose.interpolation import expand
from aicos_tls.compose.urls import PLAIN
from aicos_tls.plan.model import Change, Declined, Note, Outcome, Proposal
from aicos_tls.plan.references import REWRITABLE
from aicos_tls.plan.schemes import bare_hosts
from aicos_tls.yamledit.edits import SetText

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.rules.context import Context

ID = "schemes"


def check(context: Context) -> Iterator[Outcome]:
    """Yield a change for each scheme variable, and a note for each host that has none."""
    for scheme in context.schemes:
        if scheme.target not in context.servers:
            continue
        variable = scheme.variable
        value = variable.value or ""
        after = value + ("S" if value.isupper() else "s")
        path = f"services.{scheme.service}.environment.{variable.key}"
        if not context.placement.may_edit(variable.node, frozenset(context.project.services)):
            yield Declined(
                ID, scheme.service, variable.where, "the value is shared", f"{variable.key}={after}", safe=False
            )
            continue
        end = len(variable.node.value)
        why = f"{scheme.host_key} names {scheme.target}, which speaks TLS"
        change = Change(ID, scheme.service, variable.where, path, value, after, why)
        yield Proposal(change, ((variable.layer.source, SetText(variable.node, end, end, after[-1])),))
    yield from _interpolated(context)
    for bare in bare_hosts(context.project, context.decisions, set(context.servers)):
        text = f"{bare.variable.key} names {bare.target} without a scheme: its code decides how it is asked"
        yield Note("todo", text, bare.service, bare.variable.where)


def _interpolated(context: Context) -> Iterator[Outcome]:
    """Report URLs of servers whose scheme is a variable that has no default here: only its owner can change it."""
    known = context.project.dotenv.values if context.project.dotenv else {}
    for reference in context.references:
        name, site = reference.url.variable, reference.site
        if not name or reference.kind not in REWRITABLE or reference.target not in context.servers:
            continue
        if known.get(name, "").lower() in PLAIN:
            reason = f"the scheme of {reference.text} is {name} in .env, which other URLs may use too"
            paste = f"{name}={known[name]}s"
            yield Declined(ID, site.service or "", reference.where, reason, paste, safe=False)
        elif name not in known and not reference.url.plain and not _says_tls(reference.url.scheme):
            text = f"{reference.text}: {name} must be https, its value is not known here"
            yield Note("todo", text, site.service or "", reference.where)


def _says_tls(scheme: str) -> bool:
    return (expand(scheme, {}) or "").lower() in ("https", "wss")
