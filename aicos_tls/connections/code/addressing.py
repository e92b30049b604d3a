"""From texts to addresses: URLs, hosts with a port, connection strings. A text is one only as a whole.

`see http://api:8080/docs` is a sentence and `http://api:8080/docs` an address; `Server=db,1433;Database=shop` and
`mysql:host=db;port=3306` are what ADO.NET, libpq and PDO take.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import budgets
from aicos_tls.compose.urls import host_name
from aicos_tls.connections.addresses import urls
from aicos_tls.connections.code.values import UNKNOWN
from aicos_tls.connections.hints import protocol_of, usual_port
from aicos_tls.connections.protocols import PORTS, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_URL_START = re.compile(r"\s*(?:[\w.+:-]{1,40}|\0)://")
_CUT = re.compile(r"(?P<head>[^/?#]*?)(?P<colon>:?)\0(?P<rest>[\s\S]*)")
_MEMBER = re.compile(
    r"(?:[\w.%+-]{1,40}:[^@/\s]{0,200}@)?(?P<host>[A-Za-z0-9][\w.-]{0,250}):(?P<port>\d{1,5}|\0)(?P<rest>(?:[/?][^\s]*)?)"
)
_DSN = re.compile(r"@(?:tcp|tcp6)?\((?P<host>[\w.-]{1,250})(?::(?P<port>\d{1,5}|\0))?\)")
_FIELD = re.compile(r"(?P<key>[A-Za-z][A-Za-z _]{0,40}?)\s*=\s*(?P<value>'[^']*'|[^;'\s]+(?:[^;']*(?=;|$))?)")
_ATTRIBUTES = re.compile(
    r"(?i)^\s*(?:(?P<driver>mysql|pgsql|sqlsrv|dblib|odbc|mariadb):)?(?=[A-Za-z][A-Za-z _]{0,40}=)"
)
_HOST_KEYS = frozenset(
    {"server", "host", "data source", "datasource", "address", "addr", "network address", "hostname"}
)
_TLS_KEYS = re.compile(r"(?i)^(encrypt|ssl|ssl ?mode|use ?ssl|tls)$")
_OFF = frozenset(
    {
        "",
        "0",
        "no",
        "off",
        "none",
        "false",
        "null",
        "nil",
        "undefined",
        "disable",
        "disabled",
        "allow",
        "prefer",
        "preferred",
        "optional",
    }
)
_STACK_EXCHANGE_TLS = re.compile(r"(?i),\s*ssl\s*=\s*true")


class Address(Struct, frozen=True):
    """An address in a text: the character at which its host is named, and what it says."""

    offset: int
    host: str
    port: int | None
    protocol: Protocol
    tls: bool
    text: str


def is_off(text: str) -> bool:
    """Whether a value switches TLS off, or leaves it to the server."""
    return text.strip().strip("'\"").lower() in _OFF


def addresses(text: str, hosts: Mapping[str, str], hint: str = "") -> Iterator[Address]:
    """Yield the addresses of services that a text is, unknown parts and all. `hint` are the words around it."""
    if "://" in text:
        if _URL_START.match(text) and not re.search(r"\s\S", text.strip()):
            yield from _of_urls(text, hosts)
        return
    if "=" in text and (head := _ATTRIBUTES.match(text)):
        yield from _attributes(text, head, hosts, hint)
        return
    if found := _DSN.search(text):
        if host_name(found["host"]) in hosts:
            port = budgets.number(found["port"]) if found["port"] else 3306
            yield Address(found.start("host"), found["host"], port, Protocol.MYSQL, "tls=true" in text, found[0][1:])
        return
    yield from _members(text, hosts, hint)


def _of_urls(text: str, hosts: Mapping[str, str]) -> Iterator[Address]:
    ready, lost = _without_unknown(text)
    for found in urls(ready):
        if host_name(found.host) in hosts:
            at = text.find(found.host, found.start)
            port = None if lost else found.port
            yield Address(max(at, 0), found.host, port, found.protocol, found.tls, found.text)
        if not ready.startswith(found.text.partition("://")[0], found.start):
            return


def _without_unknown(text: str) -> tuple[str, bool]:
    """A URL without what is not known of it, and whether its port is what is not known."""
    if text.lstrip().startswith(UNKNOWN):
        text = text.replace(UNKNOWN, "http", 1)
    scheme, mark, rest = text.partition("://")
    head, at, after = rest.rpartition("@") if "@" in rest.partition("/")[0] else ("", "", rest)
    match = _CUT.fullmatch(after)
    if match is None:
        return scheme + mark + head.replace(UNKNOWN, "x") + at + after, False
    lost = bool(match["colon"]) or ":" not in match["head"]
    return scheme + mark + head.replace(UNKNOWN, "x") + at + match["head"], lost


def _members(text: str, hosts: Mapping[str, str], hint: str) -> Iterator[Address]:
    """`api:8080`, `kafka-1:9092,kafka-2:9092`, `cache:6379,ssl=True`."""
    offset = 0
    for index, part in enumerate(text.split(",")):
        stripped = part.strip()
        match = _MEMBER.fullmatch(stripped)
        if match is None:
            if index == 0 or "=" not in stripped:
                return
        elif host_name(match["host"]) in hosts:
            port = budgets.number(match["port"])
            protocol = PORTS.get(port or 0) or protocol_of(hint)
            secure = _STACK_EXCHANGE_TLS.search(text) is not None
            shown = match["host"] + (f":{port}" if port else "")
            at = offset + part.find(stripped) + match.start("host")
            yield Address(at, match["host"], port, protocol, secure, shown)
        offset += len(part) + 1


def _attributes(text: str, head: re.Match[str], hosts: Mapping[str, str], hint: str) -> Iterator[Address]:
    fields = {
        re.sub(r"\s+", " ", match["key"].strip().lower()): (match["value"].strip("'").strip(), match.start("value"))
        for match in _FIELD.finditer(text, head.end())
    }
    host, at = next((fields[key] for key in fields if key in _HOST_KEYS), ("", 0))
    host, _, port = host.removeprefix("tcp:").partition("," if "," in host else ":")
    if host_name(host) not in hosts:
        return
    protocol = protocol_of(head["driver"] or "", hint)
    if protocol is Protocol.UNKNOWN:
        protocol = _by_fields(fields)
    number = budgets.number(port.strip() or fields.get("port", ("", 0))[0].strip()) or None
    if number is not None and protocol is Protocol.UNKNOWN:
        protocol = PORTS.get(number, protocol)
    number = number if number is not None or "port" in fields else usual_port(protocol)
    secure = any(_TLS_KEYS.match(key) and not is_off(value) for key, (value, _) in fields.items())
    yield Address(at + text[at:].find(host), host, number, protocol, secure, host + (f":{number}" if number else ""))


def _by_fields(fields: Mapping[str, tuple[str, int]]) -> Protocol:
    """The protocol by words that only one kind of connection string has (SqlClient, Npgsql, MySqlConnector, libpq)."""
    if fields.keys() & {"initial catalog", "trustservercertificate", "multipleactiveresultsets", "data source"}:
        return Protocol.MSSQL
    if fields.get("user id", fields.get("uid", ("", 0)))[0].lower() == "sa":
        return Protocol.MSSQL
    if fields.keys() & {"username", "dbname", "sslmode", "search path"} and "host" in fields:
        return Protocol.POSTGRES
    return Protocol.UNKNOWN
