"""The change of a Caddyfile.

reverse_proxy api:8000     reverse_proxy api:8000 {
                               transport http {
                                   tls
                                   tls_trusted_ca_certs /app/certs/ca-cert.pem
                               }
                           }

An address that begins with `https://` would say the same, but may not have port 80 nor variables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.compose.urls import DEFAULT_PORT
from aicos_tls.sources.caddy.parse import PROXIES, parse, upstreams
from aicos_tls.sources.model import CodeChange, CodeResult, Manual
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aicos_tls.files import TextFile
    from aicos_tls.sources.caddy.parse import Directive, Upstream
    from aicos_tls.sources.model import CodeContext

SECURE = ("https", "wss")


def transform(file: TextFile, context: CodeContext, beside: Iterable[TextFile] = ()) -> CodeResult:  # noqa: ARG001 - as all kinds
    """What is to be done about a Caddyfile; applied twice, nothing more is."""
    unit = "\t" if "\n\t" in file.text or "\n " not in file.text else "    "
    found = [item for directive in parse(file.text) for item in _of(file, directive, context, unit)]
    changes = tuple(item for item in found if isinstance(item, CodeChange))
    return CodeResult(file, changes, tuple(item for item in found if isinstance(item, Manual)))


def lines(ca: str) -> tuple[str, ...]:
    """The lines in a `reverse_proxy` by which it verifies its upstreams by the file `ca`."""
    return ("transport http {", "\ttls", f"\ttls_trusted_ca_certs {ca}", "}")


def _upstreams(directive: Directive, context: CodeContext) -> list[Upstream | None]:
    return list(upstreams(directive, context.environment)) if directive.line.name in PROXIES else []


def _of(file: TextFile, directive: Directive, context: CodeContext, unit: str) -> Iterator[CodeChange | Manual]:
    found = _upstreams(directive, context)
    plain = [each for each in found if each and context.names_server(each.host) and each.scheme not in SECURE]
    if not plain or directive.over_tls:
        return
    where = file.where(directive.line.start)
    ca = f"{context.mount_path}/ca-cert.pem"
    services = dict.fromkeys(context.names_server(each.host) or "" for each in plain)
    if reason := _declined(file, directive, plain, all_of=len(found) == len(plain)):
        paste = "\n".join((f"{directive.line.words[0].value} … {{", *lines(ca), "}"))
        yield Manual(where, reason, paste, frozenset(services))
        return
    splices = [splice for each in plain for splice in _without_scheme(each)]
    splices += _trust(file, directive, ca, unit)
    yield CodeChange(f"asks {' and '.join(services)} over TLS and verifies it", where, tuple(splices))


def _declined(file: TextFile, directive: Directive, plain: Sequence[Upstream], *, all_of: bool) -> str:
    """Why a `reverse_proxy` is not changed; empty where it is."""
    if not all_of:
        return "not all of its upstreams are servers that speak TLS, and one transport is for all"
    if any(each.scheme and not each.word.value.lower().startswith(f"{each.scheme}:") for each in plain):
        return "the scheme of its upstream comes from a variable of the environment"
    if any(not each.word.literal(file.text) for each in plain):
        return "an upstream is written with escapes"
    for transport in directive.named("transport"):
        if transport.block is None or [word.value for word in transport.args] != ["http"]:
            return "it has a transport of its own"
    return ""


def _without_scheme(upstream: Upstream) -> Iterator[Splice]:
    """Yield what takes `http://` from an address, with the port that it meant: the transport says what is spoken."""
    word, scheme = upstream.word, upstream.scheme
    if scheme:
        yield Splice(word.at, word.at + len(f"{scheme}://"), (0,), "")
    if word.value.endswith("/"):
        end = word.at + len(word.value)
        yield Splice(end - 1, end, (1,), f":{DEFAULT_PORT}" if upstream.port is None else "")


def _trust(file: TextFile, directive: Directive, ca: str, unit: str) -> Iterator[Splice]:
    """Yield what names the CA: in the transport that is there, in the block, or in a block of its own."""
    text = file.text
    indent = text[text.rfind("\n", 0, directive.line.start) + 1 : directive.line.start]
    transports = directive.named("transport")
    if transports:
        inner = transports[0].line
        indent = text[text.rfind("\n", 0, inner.start) + 1 : inner.start]
        end = _end_of_line(text, inner.end)
        for line in lines(ca)[1:-1]:
            yield Splice(end, end, (2,), f"{file.newline}{indent}{unit}{line.strip()}")
        return
    body = "".join(f"{file.newline}{indent}{unit}{line}" for line in _indented(ca, unit))
    end = directive.line.end
    if directive.block is None:
        yield Splice(end, end, (2,), f" {{{body}{file.newline}{indent}}}")
    else:
        end = _end_of_line(text, end)
        yield Splice(end, end, (2,), body)


def _end_of_line(text: str, at: int) -> int:
    """The end of the line, behind a comment."""
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return end - 1 if text.startswith("\r", end - 1) else end


def _indented(ca: str, unit: str) -> Iterator[str]:
    for line in lines(ca):
        yield line.replace("\t", unit)
