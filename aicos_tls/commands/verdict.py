"""The verdict of a plan: how many connections are encrypted, which that must be are not, and whether any is at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.connections.model import PUBLISHED, Connection, State
from aicos_tls.errors import TlsError, Where

if TYPE_CHECKING:
    from aicos_tls.commands.project import Prepared
    from aicos_tls.compose.model import Project
    from aicos_tls.plan.policy import Policy

_PAIR = re.compile(
    r"\s*(?P<client>\(published\)|[\w.-]{1,255})\s*->\s*(?P<server>[\w.-]{1,255})(?::(?P<port>\d{1,5}))?\s*"
)


class Verdict(Struct, frozen=True):
    """Connections by their state; `unmet` says in words which demands of `--strict` and `--require` are not met."""

    encrypted: tuple[Connection, ...] = ()
    plain: tuple[Connection, ...] = ()
    outside: tuple[Connection, ...] = ()
    unmet: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """How many connections there are within the project, those of its published ports counted in."""
        return len(self.encrypted) + len(self.plain)


def verdict(prepared: Prepared) -> Verdict:
    """The verdict of a plan."""
    by_state: dict[State, list[Connection]] = {state: [] for state in State}
    for connection in prepared.connections:
        by_state[connection.state].append(connection)
    plain = by_state[State.PLAIN]
    policy = prepared.plan.policy
    unmet = [f"--strict: {each.name} stays plain: {each.reason}" for each in plain] if policy.strict else []
    unmet += [words for text in policy.require if (words := _unmet(text, prepared.connections))]
    return Verdict(tuple(by_state[State.ENCRYPTED]), tuple(plain), tuple(by_state[State.OUTSIDE]), tuple(unmet))


def _unmet(text: str, connections: tuple[Connection, ...]) -> str:
    """Why a connection that must be encrypted is not; empty when it is."""
    client, server, port = _parts(text)
    meant = [c for c in connections if c.client == client and c.server == server and port in ("", str(c.port))]
    if not meant:
        return f"--require {text!r}: no such connection is known"
    plain = next((each for each in meant if each.state is not State.ENCRYPTED), None)
    return f"--require {text!r}: it stays plain: {plain.reason}" if plain else ""


def _parts(text: str) -> tuple[str, str, str]:
    match = _PAIR.fullmatch(text)
    return (match["client"], match["server"], match["port"] or "") if match else ("", "", "")


def check_required(project: Project, policy: Policy) -> None:
    """Raise `TlsError` for a demand that is none: `web -> api`, `web -> api:8001` and `(published) -> web` are."""
    where = Where(project.main.path)
    for text in policy.require:
        client, server, _ = _parts(text)
        if not server:
            raise TlsError(
                f"{text[:80]!r} is no connection (--require)", where=where, hint="as in: --require 'web -> api'"
            )
        for name in (client, server):
            if name not in project.services and (name, client) != (PUBLISHED, PUBLISHED):
                services = ", ".join(project.services)
                raise TlsError(f"there is no service {name!r} (--require)", where=where, hint=f"services: {services}")


def encrypts_nothing(prepared: Prepared) -> bool:
    """Whether a run would encrypt no connection at all, and nobody asked for it all the same.

    What was enabled before stays planned, so that it can change or be taken back. Whoever names services, ways or ports
    is obeyed.
    """
    policy = prepared.plan.policy
    demanded = policy.all or policy.include or policy.only or policy.published == "tls"
    by_name = any("=" in text for text in policy.serve)
    if demanded or by_name or prepared.record is not None or prepared.plan.edges:
        return False
    return not any(connection.state is State.ENCRYPTED for connection in prepared.connections)
