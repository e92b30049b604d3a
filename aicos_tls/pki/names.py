"""The names that a certificate may carry: DNS names and IP addresses, checked, in order, each once.

A name is legal here when the clients in containers can match it: they compare a host name with a SAN letter by letter,
whatever the case. So underscores are allowed (compose service names have them; Node, curl, Python and Go accept them)
and so are hyphens at an edge (`container_name: redis-${ENV}` can become `redis-`), although RFC 1123 knows neither.
Wildcards are not: no service is called `*`, and one would vouch for its neighbours. Free of `cryptography`.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.errors import TlsError

if TYPE_CHECKING:
    from collections.abc import Iterable

Address = IPv4Address | IPv6Address

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
"""What a container calls itself, in healthchecks above all (design, 4.5)."""

MAX_COMMON_NAME = 64
"""Characters in a subject's common name (RFC 5280, appendix A.1, ub-common-name)."""

_MAX_NAME = 253  # characters: 255 octets on the wire less the length of the first label and the root (RFC 1035, 2.3.4)
_MAX_LABEL = 63  # characters (the same)
_LABEL = re.compile(r"[A-Za-z0-9_-]+")


class Names(Struct, frozen=True):
    """The subject of one leaf: DNS names and addresses in the order given, without repetition."""

    dns: tuple[str, ...]
    addresses: tuple[Address, ...]

    @property
    def common_name(self) -> str:
        """The first DNS name that fits into a common name; `localhost`, always among them, does."""
        return next(name for name in self.dns if len(name) <= MAX_COMMON_NAME)


def names_for(wanted: Iterable[str]) -> Names:
    """The names of a leaf: `wanted`, then `LOCAL_NAMES`; raises `TlsError` for a name that no certificate can carry."""
    dns: dict[str, str] = {}
    addresses: dict[Address, None] = {}
    for name in (*wanted, *LOCAL_NAMES):
        address = _address(name)
        if address is not None:
            addresses[address] = None
        else:
            legal = _legal(name)
            dns.setdefault(legal.lower(), legal)
    return Names(tuple(dns.values()), tuple(addresses))


def _address(name: str) -> Address | None:
    """The IP address that `name` spells, if it is one and means the same on every machine (no `%scope`)."""
    try:
        return ip_address(name) if "%" not in name else None
    except ValueError:
        return None


def _legal(name: str) -> str:
    """`name` without the final dot of an absolute name, which clients drop before they compare."""
    relative = name.removesuffix(".")
    reason = _objection(relative)
    if reason:
        raise TlsError(
            f"{name!r} cannot be a name in a certificate: {reason}",
            hint="use letters, digits, hyphens and underscores, with dots between labels",
        )
    return relative


def _objection(name: str) -> str:
    """Why `name` is no legal DNS name; empty when it is one."""
    if not name:
        return "it is empty"
    if len(name) > _MAX_NAME:
        return f"it has {len(name)} characters, {_MAX_NAME} are possible"
    for label in name.split("."):
        if not label:
            return "a label is empty"
        if len(label) > _MAX_LABEL:
            return f"the label {label!r} has {len(label)} characters, {_MAX_LABEL} are possible"
        if not _LABEL.fullmatch(label):
            return f"the label {label!r} has other characters"
    return ""
