"""What a person should know besides the changes: URLs that stay and why, ports that speak TLS from now on.

No rule of its own, since it changes nothing: it looks at the same facts from the other side.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from aicos_tls import budgets
from aicos_tls.compose.urls import find
from aicos_tls.plan.callbacks import REGISTER, is_callback
from aicos_tls.plan.checks import endpoint
from aicos_tls.plan.model import Note
from aicos_tls.plan.policy import unread_settings
from aicos_tls.plan.published import publishes
from aicos_tls.plan.references import Directory, Kind, kind_of_host, resolved_host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.sites import Site
    from aicos_tls.compose.urls import Url
    from aicos_tls.plan.references import Reference
    from aicos_tls.rules.context import Context

_LEFT_ALONE = (Kind.OUT_OF_SCOPE, Kind.BROWSER, Kind.PROXY, Kind.NO_NETWORK, Kind.UNKNOWN)
_LONGEST = 500
"""Characters of a path that are looked at."""


def notes(context: Context) -> list[Note]:
    """Everything that is to be said, each once."""
    return list(dict.fromkeys(_notes(context)))


def _notes(context: Context) -> Iterator[Note]:
    yield from (Note("warning", text, where=where) for text, where in context.project.notes)
    yield from (Note("warning", text, service, where) for text, service, where in unread_settings(context.project))
    authority = f"{PurePosixPath(context.policy.certs_dir)}/ca-cert.pem"
    for service in context.services:
        if service.name in context.servers and publishes(service):
            text = f"a published port speaks TLS now: from the host it is https://, with {authority} to verify"
            yield Note("todo", text, service.name, service.where)
    yield from _left_alone(context)
    yield from _by_way_of_the_host(context)
    yield from _redirect_uris(context)
    yield from _healthchecks_of_others(context)
    for name in sorted(context.clients - context.in_scope):
        text = f"it asks a server over TLS now, but is out of scope: it must be told to trust {authority}"
        yield Note("todo", text, name, context.project.services[name].where)


def _left_alone(context: Context) -> Iterator[Note]:
    along = set(map(id, context.along))
    for reference in context.references:
        if reference.kind in _LEFT_ALONE and reference.url.plain and id(reference) not in along:
            text = f"{_name(reference.site)}: {reference.text} stays: {reference.kind.value}"
            yield Note("kept", text, reference.site.service or "", reference.where)


def _name(site: Site) -> str:
    """The variable, or the attribute that a text stands in."""
    return site.variable or next(part for part in reversed(site.path) if not part.isdecimal())


def _by_way_of_the_host(context: Context) -> Iterator[Note]:
    """URLs of the machine, or of a shared network namespace, that end at a server: they are never changed."""
    for reference in context.references:
        service = reference.site.service or ""
        if reference.url.plain and (found := _led_to(context, service, reference.url, reference.kind)):
            text = f"{_name(reference.site)}: {reference.text} {found}"
            yield Note("todo", f"{text}{_registered(reference)}", service, reference.where)


def _redirect_uris(context: Context) -> Iterator[Note]:
    """Redirect URIs that become TLS: they are registered with the provider as they were."""
    for reference in context.rewritten:
        if words := _registered(reference):
            text = f"{_name(reference.site)}: {reference.text} becomes https{words}"
            yield Note("todo", text, reference.site.service or "", reference.where)


def _registered(reference: Reference) -> str:
    """What a redirect URI asks for besides, in words; empty for any other URL."""
    end = reference.url.end
    rest = re.split(r"[\s\"'`<>,;]", reference.site.text[end : end + _LONGEST], maxsplit=1)[0]
    names = " ".join(sorted(reference.site.variables))
    return f"; {REGISTER}" if is_callback(f"{reference.text}{rest}", names) else ""


def _led_to(context: Context, service: str, url: Url, kind: Kind) -> str:
    """Where a plain URL of the machine or of the container itself ends, in words; empty when at no server."""
    if kind not in (Kind.LOOPBACK, Kind.HOST):
        return ""
    port = budgets.number(url.port or "80")
    target = context.published.get(port) if port is not None else None
    if target in context.servers:
        return f"leads to the published port of {target}, which speaks TLS now"
    mates = context.namespaces.get(service, frozenset()) & set(context.servers) - {service}
    if kind is Kind.LOOPBACK and mates:
        return f"is in the network of {', '.join(sorted(mates))} too: if it listens there, it speaks TLS now"
    return ""


def _healthchecks_of_others(context: Context) -> Iterator[Note]:
    """URLs of servers in another service's healthcheck: they are never changed."""
    from aicos_tls import healthchecks as knowledge

    directory = Directory(context.project)
    dotenv = context.project.dotenv
    values = dotenv.values if dotenv else {}
    for name, check in context.healthchecks.items():
        for text in knowledge.other_hosts(check.test, endpoint(context.project.services[name])):
            for url in find(text, values):
                if url.plain and (words := _asked(context, name, url, resolved_host(url, values), directory)):
                    yield Note("todo", f"its healthcheck asks {text}: {words}, change it by hand", name, check.where)


def _asked(context: Context, service: str, url: Url, host: str | None, directory: Directory) -> str:
    kind = kind_of_host(host)
    if kind is not None:
        words = _led_to(context, service, url, kind)
        return f"it {words}" if words else ""
    target, reachable = directory.look_up(service, host or "")
    if target and reachable and target.name in context.servers:
        return f"{target.name} speaks TLS now"
    return ""
