"""Sets the TLS variables in every service in scope.

    environment:
      - TLS_ENABLED=true
      - TLS_CERT_PATH=/app/certs
      - NODE_TLS_REJECT_UNAUTHORIZED=0

They are added in the form in which the service writes its variables, list or mapping, after the last one. A variable
that has another value is changed; one whose value comes from `.env` (`${…}`) is left alone and reported.
`NODE_TLS_REJECT_UNAUTHORIZED=0` switches off the certificate check of every outgoing connection of a Node process; it
is set because the guide asks for it (phase 2, "Only for self-signed certs"), and the output says so each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.plan.model import Change, Declined, FileEdit, Note, Outcome, Proposal
from aicos_tls.rules.mount import inherits
from aicos_tls.rules.placement import NoPlaceError
from aicos_tls.yamledit.edits import Replace, SetText

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.entries import Variable
    from aicos_tls.compose.model import Service
    from aicos_tls.plan.policy import Policy
    from aicos_tls.rules.context import Context

ID = "variables"

_WHY = {
    "TLS_ENABLED": "the service serves and asks HTTPS",
    "TLS_CERT_PATH": "where it finds its certificate, its key and the CA",
    "NODE_TLS_REJECT_UNAUTHORIZED": "Node accepts the project's own CA (and every other certificate)",
}


def wanted(policy: Policy) -> dict[str, str]:
    """The variables and their values under a policy."""
    return {"TLS_ENABLED": "true", "TLS_CERT_PATH": policy.mount_path, "NODE_TLS_REJECT_UNAUTHORIZED": "0"}


def check(context: Context) -> Iterator[Outcome]:
    """Yield what is missing or different in each service in scope."""
    values = wanted(context.policy)
    for service in context.services:
        missing = [(key, value) for key, value in values.items() if key not in service.environment]
        for key, value in values.items():
            if (variable := service.environment.get(key)) is not None and variable.value != value:
                yield _different(context, service, variable, value)
        if missing and not inherits(context, service, "environment"):
            yield from _missing(context, service, missing)


def _missing(context: Context, service: Service, values: list[tuple[str, str]]) -> Iterator[Outcome]:
    try:
        edits = context.placement.add(service, "environment", values, context.in_scope)
    except NoPlaceError as error:
        paste = "\n".join(["    environment:", *(f"      - {key}={value}" for key, value in values)])
        yield Declined(ID, service.name, service.where, str(error), paste)
        return
    layer = service.first
    where = layer.source.where(layer.entries["environment"].value) if "environment" in layer.entries else service.where
    for index, (key, value) in enumerate(values):
        path = f"services.{service.name}.environment.{key}"
        change = Change(ID, service.name, where, path, "", value, _WHY[key])
        chosen = (edits[index],) if len(edits) == len(values) else tuple(edits)
        yield Proposal(change, chosen, f"      - {key}={value}")


def _different(context: Context, service: Service, variable: Variable, value: str) -> Outcome:
    where = variable.where
    if variable.value and "$" in variable.value:
        return Note("todo", f"{variable.key} must be {value}; here it is {variable.value}", service.name, where)
    edit = _set(context, variable, value)
    if edit is None:
        reason = f"{variable.key} stands in a value that other services share"
        return Declined(ID, service.name, where, reason, f"      - {variable.key}={value}")
    path = f"services.{service.name}.environment.{variable.key}"
    change = Change(ID, service.name, where, path, variable.value or "", value, _WHY[variable.key])
    return Proposal(change, (edit,))


def _set(context: Context, variable: Variable, value: str) -> FileEdit | None:
    source, entry = variable.layer.source, variable.entry
    if not context.placement.may_edit(variable.node, context.in_scope):
        return None
    if variable.value is None and entry is not None:
        if not context.placement.may_edit(entry.owner, context.in_scope):
            return None
        return source, Replace(entry.owner, entry.index, value)
    text = value if variable.value is not None else f"={value}"
    return source, SetText(variable.node, variable.offset, len(variable.node.value), text)
