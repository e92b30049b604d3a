"""Sets the TLS variables in every service in scope.

    environment:
      - TLS_ENABLED=true
      - TLS_CERT_PATH=/app/certs
      - NODE_TLS_REJECT_UNAUTHORIZED=0

They are added in the form in which the service writes its variables, list or mapping, after the last one. What is there
and means the same stays: `1`, `on`, `yes` and `true` are one switch, in letters of any case, a path may end with a
slash, and a value may come from `.env` or an `env_file`. What contradicts (`TLS_ENABLED=no`, a certificate path of the
application's own) is declined with its line. With `--code` and `--serve` a service whose server program reads its
certificate from variables gets those, too (`UVICORN_SSL_KEYFILE` and others); what is added to `NODE_OPTIONS` and
`PYTHONPATH` stands beside what is there, in the image as well.
`NODE_TLS_REJECT_UNAUTHORIZED=0` switches off the certificate check of every outgoing connection of a Node process; it
is set because the guide asks for it (phase 2, "Only for self-signed certs"), and the output says so each time. Where
the images say that no service in scope runs Node, it is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.compose.settings import setting
from aicos_tls.plan.model import Change, Declined, FileEdit, Note, Outcome, Proposal
from aicos_tls.plan.switches import agree, gives_way, shown, word
from aicos_tls.rules.mount import inherits
from aicos_tls.rules.placement import NoPlaceError, layer_for
from aicos_tls.serving.model import Merge
from aicos_tls.yamledit.edits import Replace, SetText

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.entries import Variable
    from aicos_tls.compose.model import Service
    from aicos_tls.compose.settings import Setting
    from aicos_tls.plan.policy import Policy
    from aicos_tls.rules.context import Context

ID = "variables"

_WHY = {
    "TLS_ENABLED": "the service serves and asks HTTPS",
    "TLS_CERT_PATH": "where it finds its certificate, its key and the CA",
    "NODE_TLS_REJECT_UNAUTHORIZED": "Node accepts the project's own CA (and every other certificate)",
}
_SETTING = "what it runs on reads this, to serve TLS or to trust the CA"
_OURS = frozenset({*_WHY, "TLS_CERT_NAME", "TLS_PORTS", "TLS_PLAIN_LOOPBACK"})
"""The variables that only helpers and the files of `templates/runtime` read, and what Node has for it."""
_EXTRA = "NODE_EXTRA_CA_CERTS"


def wanted(policy: Policy, *, node: bool = True) -> dict[str, str]:
    """The variables of every service and their values under a policy; `node` says whether Node may run in any."""
    found = {"TLS_ENABLED": "true", "TLS_CERT_PATH": policy.mount_path}
    return {**found, "NODE_TLS_REJECT_UNAUTHORIZED": "0"} if node else found


def check(context: Context) -> Iterator[Outcome]:
    """Yield what is missing or different in each service in scope."""
    for service in context.services:
        missing: list[tuple[str, str]] = []
        for key, value in values_of(context, service).items():
            variable = service.environment.get(key)
            if (there := _there(context, service, key, value)) is not None:
                yield from there
            elif variable is None or _can_be_overridden(context, service, variable, value):
                missing.append((key, value))
            elif value not in (variable.value, service.expand(variable.value or "")):
                yield _different(context, service, variable, value)
        if missing and inherits(context, service, "environment"):
            own = {each.name for each in context.needs[service.name].settings} if service.name in context.needs else ()
            missing = [(key, value) for key, value in missing if key in own]  # the rest comes with what it extends
        if missing:
            yield from _missing(context, service, missing)


def values_of(context: Context, service: Service) -> dict[str, str]:
    """The variables of a service and their values: those of the guide, and what its way to serve TLS needs.

    A value that is merged with the one that is there is a whole value here.
    """
    found = wanted(context.policy, node=context.node)
    needs = context.needs.get(service.name)
    for each in needs.settings if needs else ():
        variable = service.environment.get(each.name)
        found[each.name] = each.onto(variable.value if variable else None)
    return found


def _there(context: Context, service: Service, key: str, value: str) -> list[Outcome] | None:
    """What is said of a variable that has a value and keeps it; None for one that is to be set."""
    there = None if _merged(context, service, key, Merge.SET) else setting(service, key)
    if there is None or there.value == "":
        return None
    if agree(key, there.value, value):
        same = word(there.value) == word(value)
        text = f"{key} is {shown(there)}, which means {value}: it stays"
        return [] if same else [Note("kept", text, service.name, there.decided)]
    if "$" in there.value:
        if service.environment.get(key) is not None:
            return None  # what it comes to is not known here
        return [Note("todo", f"{key} must be {value}; what it is is not known here", service.name, there.decided)]
    if key not in _OURS and gives_way(there.value, value):
        return None
    return [_contradiction(context, service, there, value)]


def _contradiction(context: Context, service: Service, there: Setting, value: str) -> Outcome:
    """The application's own value stays. Node may verify where it is told of the CA."""
    key, safe = there.key, not context.needs_settings(service)
    paste = f"      - {key}={value}"
    if key == "NODE_TLS_REJECT_UNAUTHORIZED":
        if _trusts_the_ca(context, service):
            text = f"{key} is {shown(there)}: it stays, and Node verifies the certificates, by {_EXTRA}"
            return Note("kept", text, service.name, there.decided)
        safe = service.name not in context.clients
        paste = f"      - {_EXTRA}={context.policy.mount_path}/ca-cert.pem"
    reason = f"{key} is {shown(there)} here, not {value}: it stays"
    todo = f"change that, or leave the service out: --exclude {service.name}"
    return Declined(ID, service.name, there.decided, f"{reason}; {todo}", paste, safe=safe)


def _trusts_the_ca(context: Context, service: Service) -> bool:
    needs = context.needs.get(service.name)
    own = setting(service, _EXTRA)
    named = own is not None and own.value.startswith(f"{context.policy.mount_path.rstrip('/')}/")
    return named or any(each.name == _EXTRA for each in (needs.settings if needs else ()))


def _merged(context: Context, service: Service, key: str, *not_so: Merge) -> bool:
    """Whether the value that a variable has is in the new one, in other ways than those."""
    needs = context.needs.get(service.name)
    return any(each.name == key and each.merge not in not_so for each in needs.settings) if needs else False


def _can_be_overridden(context: Context, service: Service, variable: Variable, value: str) -> bool:
    """Whether a wrong value that others share gives way to one of the service's own, in the same layer."""
    return (
        service.expand(variable.value or "") not in (None, value)
        and variable.entry is not None
        and _set(context, service, variable, value) is None
        and variable.layer is layer_for(service, "environment")
    )


def _missing(context: Context, service: Service, values: list[tuple[str, str]]) -> Iterator[Outcome]:
    paste = "\n".join(["    environment:", *(f"      - {key}={value}" for key, value in values)])
    try:
        edits = context.placement.add(service, "environment", values, context.wanting(service))
    except NoPlaceError as error:
        yield Declined(ID, service.name, service.where, str(error), paste, safe=not context.needs_settings(service))
        return
    layer = service.first
    where = layer.source.where(layer.entries["environment"].value) if "environment" in layer.entries else service.where
    for index, (key, value) in enumerate(values):
        path = f"services.{service.name}.environment.{key}"
        inherited = service.environment.get(key)
        before = (inherited.value or "") if inherited else ""
        change = Change(ID, service.name, where, path, before, value, _WHY.get(key, _SETTING))
        yield Proposal(change, (edits[index],) if len(edits) == len(values) else tuple(edits), paste)


def _different(context: Context, service: Service, variable: Variable, value: str) -> Outcome:
    where = variable.where
    if variable.value and "$" in variable.value and not _merged(context, service, variable.key, Merge.SET, Merge.HELD):
        return Note("todo", f"{variable.key} must be {value}; here it is {variable.value}", service.name, where)
    edit = _set(context, service, variable, value)
    if edit is None:
        reason = f"{variable.key} stands in a value that other services share"
        paste = f"      - {variable.key}={value}"
        return Declined(ID, service.name, where, reason, paste, safe=not context.needs_settings(service))
    path = f"services.{service.name}.environment.{variable.key}"
    change = Change(ID, service.name, where, path, variable.value or "", value, _WHY.get(variable.key, _SETTING))
    return Proposal(change, (edit,))


def _set(context: Context, service: Service, variable: Variable, value: str) -> FileEdit | None:
    """The edit that changes a value in place; None where others who do not want it share the place."""
    source, entry = variable.layer.source, variable.entry
    wanting = context.wanting(service)
    if context.placement.may_edit(variable.node, wanting) and variable.value is not None:
        return source, SetText(variable.node, variable.offset, len(variable.node.value), value)
    if entry is not None:
        editable = not entry.inherited and context.placement.may_edit(entry.owner, wanting)
        return (source, Replace(entry.owner, entry.index, value)) if editable else None
    if not context.placement.may_edit(variable.node, wanting):
        return None
    return source, SetText(variable.node, variable.offset, len(variable.node.value), f"={value}")
