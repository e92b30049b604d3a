"""What settings say that a program asks: addresses, and hosts with a port beside them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import budgets
from aicos_tls.compose.urls import host_name
from aicos_tls.connections.code.addressing import addresses, is_off
from aicos_tls.connections.code.values import Origin, Piece, Value
from aicos_tls.connections.code.variables import Variables
from aicos_tls.connections.hints import protocol_of, usual_port
from aicos_tls.connections.protocols import PORTS, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aicos_tls.connections.settings.formats import Setting
    from aicos_tls.errors import Where

_HOST = re.compile(r"(?P<stem>.*?)(?:^|[._-]|(?<=[a-z]))(?:host_?-?name|host|server|contact-?points)", re.IGNORECASE)
_PORT = re.compile(r"(?P<stem>.*?)(?:^|[._-]|(?<=[a-z]))port", re.IGNORECASE)
_TLS = re.compile(r"(?i)(?:use_?)?(?:ssl|tls)(?:[._-]?(?:enabled|mode))?|encrypt(?:ion)?|scheme|protocol")
_DRIVER = re.compile(r"(?i)(?:adapter|driver|engine|dialect|type|connection|client|driver-class-name)")
_NOT_ASKED = re.compile(
    r"(?i)origin|cors|allowed|trusted|redirect|callback|^server\.|instance\.host|^logging|description|example|issuer$"
)
_REFERENCE = re.compile(r"\$\{([a-z][\w.\-]{0,120})(?::[^{}]*)?\}")
"""`${another.key}` in a value."""


class Asked(Struct, frozen=True):
    """An address that settings give."""

    where: Where
    host: str
    port: int | None
    protocol: Protocol
    tls: bool
    text: str


class Known(Struct, frozen=True):
    """A setting with its value once variables are put in; `in_file`: the file says it, not the environment alone."""

    setting: Setting
    value: str
    in_file: bool


def known(settings: list[Setting], environment: Mapping[str, str], *, overrides: bool) -> list[Known]:
    """The settings with their values: later ones go before earlier ones, the environment before all."""
    exact = {each.key: each.value for each in settings if "${" not in each.value}
    own = Variables(environment)

    def of_settings(match: re.Match[str]) -> str:
        return match[0] if match[1] in own else exact.get(match[1], match[0])

    last: dict[str, Known] = {}
    for setting in settings:
        override = own.get(setting.key) if overrides else None
        if override is not None:
            last[setting.key] = Known(setting, override, in_file=False)
            continue
        parts = [*own.parts(_REFERENCE.sub(of_settings, setting.value))]
        pieces = tuple(Piece(text, 0, Origin.ENVIRONMENT if is_set else Origin.CODE) for text, _, is_set in parts)
        text = Value(pieces).text
        if text.strip("\0") or setting.key not in last:
            last[setting.key] = Known(setting, text, in_file=Value(pieces).in_code)
    return list(last.values())


def asked(settings: list[Known], hosts: Mapping[str, str]) -> Iterator[Asked]:
    """Yield what settings ask of the services that `hosts` name."""
    siblings: dict[str, list[Known]] = {}
    for each in settings:
        siblings.setdefault(_owner(each.setting.key), []).append(each)
    for each in settings:
        key = each.setting.key
        if _NOT_ASKED.search(key):
            continue
        if each.in_file:
            for found in addresses(each.value, hosts, key):
                protocol = found.protocol if found.protocol is not Protocol.UNKNOWN else protocol_of(key)
                host = found.host.lower()
                yield Asked(each.setting.where, host, found.port, protocol, found.tls, found.text)
        yield from _apart(each, siblings[_owner(key)], hosts)


def _owner(key: str) -> str:
    """What settings are together: the path of the mapping, or the first word of a variable (`REDIS_HOST`)."""
    path, dot, last = key.rpartition(".")
    return path + dot if dot else last.rpartition("_")[0]


def _apart(each: Known, siblings: list[Known], hosts: Mapping[str, str]) -> Iterator[Asked]:
    key = each.setting.key
    match = _HOST.fullmatch(re.sub(r"\[\d+\]$", "", key))
    host = each.value.strip()
    if match is None or host_name(host) not in hosts:
        return
    beside = {_last(other): other for other in siblings}
    port_at = next(
        (other for other in siblings if (m := _PORT.fullmatch(other.setting.key)) and m["stem"] == match["stem"]), None
    )
    port = budgets.number(port_at.value.strip()) if port_at is not None else None
    if not each.in_file and (port_at is None or not port_at.in_file):
        return  # all of it is in the environment: the compose file says it
    words = " ".join(other.value for name, other in beside.items() if _DRIVER.fullmatch(name))
    protocol = PORTS.get(port or 0) or protocol_of(key, words)
    if port is None and port_at is None:
        port = usual_port(protocol)
    secure = any(_TLS.fullmatch(name) and _is_on(name, other.value) for name, other in beside.items())
    yield Asked(each.setting.where, host.lower(), port, protocol, secure, host + (f":{port}" if port else ""))


def _last(each: Known) -> str:
    key = each.setting.key
    return key.rpartition(".")[2] if "." in key else key.rpartition("_")[2]


def _is_on(name: str, value: str) -> bool:
    if name.lower() in {"scheme", "protocol"}:
        return value.lower() in {"https", "rediss", "tls", "ssl", "smtps"}
    return not is_off(value)
