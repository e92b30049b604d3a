"""The change of a Caddyfile.

reverse_proxy api:8000     reverse_proxy https://api:8000 {
                               transport http {
                                   tls_trusted_ca_certs /app/certs/ca-cert.pem
                               }
                           }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.compose.urls import DEFAULT_PORT
from aicos_tls.sources.caddy.parse import PROXIES, parse, upstreams
from aicos_tls.sources.model import CodeChange, CodeResult, Manual
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aicos_tls.files import TextFile
    from aicos_tls.sources.caddy.parse import Directive, Upstream
    from aicos_tls.sources.model import CodeContext

SECURE = ("https", "wss")


def transform(file: TextFile, context: CodeContext) -> CodeResult:
    """What is to be done about a Caddyfile; applied twice, nothing more is."""
    found = [item for directive in parse(file.text) for item in _of(file, directive, context)]
    changes = tuple(item for item in found if isinstance(item, CodeChange))
    return CodeResult(file, changes, tuple(item for item in found if isinstance(item, Manual)))


def lines(ca: str) -> tuple[str, ...]:
    """The lines in a `reverse_proxy` by which it verifies its upstreams by the file `ca`."""
    return ("transport http {", f"\ttls_trusted_ca_certs {ca}", "}")


def _upstreams(directive: Directive, context: CodeContext) -> list[Upstream | None]:
    return list(upstreams(directive, context.environment)) if directive.line.name in PROXIES else []


def _of(file: TextFile, directive: Directive, context: CodeContext) -> Iterator[CodeChange | Manual]:
    found = _upstreams(directive, context)
    known = [each for each in found if each is not None]
    plain = [each for each in known if context.names_server(each.host) and each.scheme not in SECURE]
    if not plain:
        return
    where = file.where(directive.line.start)
    ca = f"{context.mount_path}/ca-cert.pem"
    reason = _declined(file, directive, plain, all_of=len(found) == len(plain))
    if reason:
        yield Manual(where, reason, "\n".join((f"{directive.line.words[0].value} https://… {{", *lines(ca), "}")))
        return
    splices = [splice for each in plain for splice in _over_tls(each)]
    splices += _trust(file, directive, ca)
    services = " and ".join(dict.fromkeys(context.names_server(each.host) or "" for each in plain))
    yield CodeChange(f"asks {services} over TLS and verifies it", where, tuple(splices))


def _declined(file: TextFile, directive: Directive, plain: Sequence[Upstream], *, all_of: bool) -> str:
    """Why a `reverse_proxy` is not changed; empty where it is."""
    if not all_of:
        return "not all of its upstreams are servers that speak TLS, and Caddy wants one scheme for all"
    return next(filter(None, (_unclear(each, file.text) for each in plain)), "") or _own_transport(directive)


def _unclear(upstream: Upstream, text: str) -> str:
    """Why the address of an upstream cannot be changed in its place; empty where it can."""
    written = upstream.word.value
    if upstream.runtime:
        return "an upstream is put in when a request comes ({env.…}): with a scheme it has to be {$…}"
    if not upstream.word.literal(text):
        return "an upstream is written with escapes"
    if written.startswith("{") and upstream.scheme:
        return "the scheme of its upstream comes from a variable of the environment"
    if written.endswith("}") and upstream.port is None:
        return "its upstream names no port, and its host is a variable"
    return ""


def _own_transport(directive: Directive) -> str:
    """Why the transport that a directive has cannot have the line for the CA; empty where it can, or there is none."""
    for transport in directive.named("transport"):
        if transport.block is None or [word.value for word in transport.args] != ["http"]:
            return "it has a transport of its own"
        if any(item.line.name.startswith("tls") for item in transport.block):
            return "its transport says something of TLS already"
    return ""


def _over_tls(upstream: Upstream) -> Iterator[Splice]:
    word, scheme = upstream.word, upstream.scheme
    if scheme in ("http", "ws"):
        at = word.at + len(scheme)
        yield Splice(at, at, (0,), "s")
    else:
        end = word.at + (len(f"{scheme}://") if scheme else 0)
        yield Splice(word.at, end, (0,), "https://")
    if upstream.port is None:
        end = word.at + len(word.value.rstrip("/"))
        yield Splice(end, end, (1,), f":{DEFAULT_PORT}")


def _trust(file: TextFile, directive: Directive, ca: str) -> Iterator[Splice]:
    """Yield what names the CA: in the transport that is there, in the block, or in a block of its own."""
    text = file.text
    indent = text[text.rfind("\n", 0, directive.line.start) + 1 : directive.line.start]
    unit = "\t" if "\n\t" in text or "\n " not in text else "    "
    transports = directive.named("transport")
    if transports:
        inner = transports[0].line
        indent = text[text.rfind("\n", 0, inner.start) + 1 : inner.start]
        yield Splice(inner.end, inner.end, (2,), f"{file.newline}{indent}{unit}tls_trusted_ca_certs {ca}")
        return
    body = "".join(f"{file.newline}{indent}{unit}{line}" for line in _indented(ca, unit))
    end = directive.line.end
    if directive.block is None:
        yield Splice(end, end, (2,), f" {{{body}{file.newline}{indent}}}")
    else:
        yield Splice(end, end, (2,), body)


def _indented(ca: str, unit: str) -> Iterator[str]:
    for line in lines(ca):
        yield line.replace("\t", unit)
