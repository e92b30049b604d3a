"""Which way to serve TLS was asked for: `--serve`, the setting `serve`, and the blocks of single services.

    --serve auto                       for every server in scope
    --serve api=sidecar                for one
    x-aicos-tls: {serve: sidecar, port: 8005}    in a service of the compose file
    x-aicos-tls: {serve: sidecar, port: 6379, mode: tcp}    a sidecar for a protocol that is not HTTP

What is said of one service stands over what is said of all, and the command line over the file. A service of which
nothing is said, or `code`, goes the guide's way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aicos_tls import budgets
from aicos_tls.compose.resolve import text_of, texts_of
from aicos_tls.compose.sites import OWN_BLOCK
from aicos_tls.errors import TlsError, Where
from aicos_tls.yamledit.nodes import Sequence, deref

if TYPE_CHECKING:
    from aicos_tls.compose.model import Project, Service
    from aicos_tls.plan.policy import Policy

AUTO, CODE = "auto", "code"
HOWS = (AUTO, CODE, "env", "preload", "sidecar", "none")
"""What may be asked for."""
MODES = ("http", "tcp")
"""What a sidecar may pass on: requests, to which it adds who asked, or bytes as they are."""
SERVE, PORT, MODE = "serve", "port", "mode"
"""The settings of a service's own block."""
SERVICE_SETTINGS = (SERVE, PORT, MODE, "sidecar-of")
_SHOWN = 40
"""Characters of a wrong value that a message shows."""


class Ask(Struct, frozen=True):
    """What was asked for of one service: one of `HOWS`, and the ports to serve TLS on where they were given.

    `mode` is one of `MODES`. `by_name`: it was asked for this service, not for all: so it is a server.
    """

    how: str
    ports: tuple[int, ...] = ()
    mode: str = MODES[0]
    by_name: bool = False


def asks(project: Project, policy: Policy) -> dict[str, Ask]:
    """What was asked for, by service in scope or not; those that go the guide's way are not there.

    Raises `TlsError` for a way or a service that does not exist, and for a port that is none.
    """
    general = CODE
    named: dict[str, str] = {}
    for text in policy.serve:
        name, equals, how = text.rpartition("=")
        _check(how, Where(project.main.path))
        if not equals:
            general = how
        elif name in project.services:
            named[name] = how
        else:
            raise TlsError(
                f"there is no service {name!r} (--serve {text})",
                where=Where(project.main.path),
                hint=f"services: {', '.join(project.services)}",
            )
    found = {}
    for name, service in project.services.items():
        block = _of_block(service)
        own = named.get(name) or block.how
        ask = replace(block, how=own or general, by_name=own not in ("", "none"))
        if ask.how != CODE:
            found[name] = ask
    return found


def _of_block(service: Service) -> Ask:
    """What a service's own block says; later definitions of the service stand over earlier ones."""
    how, mode = "", MODES[0]
    ports: tuple[int, ...] = ()
    for layer in service.own_layers:
        entry = layer.entries.get(OWN_BLOCK)
        for key, item in layer.source.resolver.mapping(entry.value).items() if entry else ():
            where = layer.source.where(item.value)
            node = deref(item.value)
            texts = texts_of(node) if isinstance(node, Sequence) else [text_of(node) or ""]
            if key == SERVE:
                _check(how := texts[0] if texts else "", where)
            elif key == PORT:
                ports = tuple(_port(text, where) for text in texts)
            elif key == MODE:
                mode = texts[0] if texts else ""
                if mode not in MODES:
                    raise TlsError(f"{mode!r} is no mode of a sidecar", where=where, hint=f"known: {', '.join(MODES)}")
    return Ask(how, ports, mode)


def _check(how: str, where: Where) -> None:
    if how not in HOWS:
        raise TlsError(f"{how!r} is no way to serve TLS", where=where, hint=f"known ones: {', '.join(HOWS)}")


def _port(text: str, where: Where) -> int:
    if not (port := budgets.number(text)):
        raise TlsError(f"{text[:_SHOWN]!r} is no port", where=where, hint="a number from 1 to 65535")
    return port
