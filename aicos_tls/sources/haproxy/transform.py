"""The change of a haproxy.cfg.

server api api:8000 check        server api api:8000 check ssl verify required ca-file /app/certs/ca-cert.pem
                                     sni str(api) check-sni api

The name in `sni` is the one that the certificate is verified for (configuration manual 5.2, "verifyhost").
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from aicos_tls import budgets
from aicos_tls.sources import placeholders
from aicos_tls.sources.haproxy.parse import address, members, parse
from aicos_tls.sources.model import CodeChange, CodeResult, Manual
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aicos_tls.files import TextFile
    from aicos_tls.sources.configlines import Line
    from aicos_tls.sources.haproxy.parse import Member, Section
    from aicos_tls.sources.model import CodeContext

_OWN_CHECKS = ("port", "addr")
"""Options that lead a check elsewhere: it is plain then, whatever the server is, unless `check-ssl` is there."""
_CHECKS = ("http-check", "tcp-check")
_SAID = frozenset({"verify", "ca-file", "sni", "verifyhost", "check-sni"})


def transform(file: TextFile, context: CodeContext, beside: Iterable[TextFile] = ()) -> CodeResult:  # noqa: ARG001 - as all kinds
    """What is to be done about a haproxy.cfg; applied twice, nothing more is."""
    sections = parse(file.text)
    found = [*_asks(file, sections, context), *(_serves(file, sections, context) if context.is_server else ())]
    changes = tuple(item for item in found if isinstance(item, CodeChange))
    return CodeResult(file, changes, tuple(item for item in found if isinstance(item, Manual)))


def words(member: Member, host: str, ca: str) -> tuple[str, ...]:
    """The words that make haproxy ask a server over TLS, verify it as `host` by the file `ca`, and check it so."""
    found = ["ssl", "verify", "required", "ca-file", ca, "sni", f"str({host})"]
    if member.checked:
        found += ["check-sni", host]
        if any(option in member.options for option in _OWN_CHECKS) and "check-ssl" not in member.options:
            found.append("check-ssl")
    if "proto" in member.options and "h2" in member.options and "alpn" not in member.options:
        found += ["alpn", "h2"]  # servers speak HTTP/2 over TLS where ALPN says so (RFC 9113, 3.2)
    return tuple(found)


def _asks(file: TextFile, sections: list[Section], context: CodeContext) -> Iterator[CodeChange | Manual]:
    for section in sections:
        found = [(member, _host(member, context)) for member in members([section])]
        plain = [(member, host) for member, host in found if context.names_server(host) and not member.tls]
        checks = _plain_checks(section) if plain else []
        reasons = [reason for member, _ in plain if (reason := _declined(member))]
        ports = {member.port for member, _ in plain}
        if any(_leads_elsewhere(line, ports) for line in checks):
            reasons.append("its health checks go to another port (`http-check connect port`)")
        if checks and (len({host for _, host in found}) > 1 or not section.named(*_CHECKS)):
            reasons.append("its health checks connect in plain, and not only to this server (`http-check connect`)")
        for member, host in plain:
            added = " ".join(words(member, host, f"{context.mount_path}/ca-cert.pem"))
            where, end = file.where(member.line.start), member.line.end
            if reasons:
                plainly = frozenset({context.names_server(host) or ""})
                yield Manual(where, reasons[0], f"{file.text[member.line.start : end]} {added}", plainly)
            else:
                splices = (Splice(end, end, (0,), f" {added}"), *(_over_tls(line, host) for line in checks))
                yield CodeChange(f"asks {host} over TLS and verifies it", where, splices)
                checks = []  # once for all servers of the section


def _host(member: Member, context: CodeContext) -> str:
    return address(placeholders.braces(member.address.value, context.environment) or "")[0]


def _declined(member: Member) -> str:
    """Why a line is not changed; empty where it is."""
    if member.line.name == "dispatch":
        return "`dispatch` cannot ask over TLS: it has to be a `server` line"
    if member.section.mode != "http":
        return "mode tcp: what its clients send is not in this file (where they begin with TLS themselves, all is well)"
    if member.checked and member.check_elsewhere:
        return "its health is checked at another port, and whether that speaks TLS is not in this file"
    if said := _SAID.intersection(member.options):
        return f"{min(said)} is there without ssl"
    return ""


def _plain_checks(section: Section) -> list[Line]:
    """The checks of a section, or of its `defaults`, that say themselves that they connect without TLS."""
    lines = section.named(*_CHECKS) or (section.defaults.named(*_CHECKS) if section.defaults else [])
    return [line for line in lines if line.values[:1] == ("connect",) and not {"ssl", "default"} & set(line.values)]


def _leads_elsewhere(line: Line, ports: set[int | None]) -> bool:
    """Whether a check connects to another address or port than `ports`, at which the servers are asked."""
    given = {budgets.number(after) for word, after in pairwise(line.values) if word == "port"}
    return "addr" in line.values or bool(given and given != ports)


def _over_tls(line: Line, host: str) -> Splice:
    return Splice(line.end, line.end, (0,), f" ssl sni {host}")


def _serves(file: TextFile, sections: list[Section], context: CodeContext) -> Iterator[Manual]:
    """Report the listeners of a haproxy that other services ask."""
    pair = f"{context.mount_path}/{context.short_name}"
    for section in sections:
        for line in section.named("bind") if section.keyword in ("frontend", "listen") else ():
            if "ssl" not in line.values:
                text = file.text[line.start : line.end]
                store = f"crt-store own\n    load crt {pair}-cert.pem key {pair}-key.pem alias own"
                paste = f"{store}\n{text} ssl crt @own/own"
                reason = "other services ask it here in plain (crt-store: haproxy 3.0; before, one file with both)"
                yield Manual(file.where(line.start), reason, paste)
