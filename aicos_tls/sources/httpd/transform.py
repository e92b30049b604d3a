"""The change of an httpd configuration: the schemes of its addresses, and in each virtual host the lines for TLS.

ProxyPass / http://api:8000/     SSLProxyEngine On
                                 SSLProxyVerify require
                                 SSLProxyCACertificateFile /app/certs/ca-cert.pem
                                 ProxyPass / https://api:8000/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.compose.urls import DEFAULT_PORT, find
from aicos_tls.sources.httpd.lines import for_host, load_ssl
from aicos_tls.sources.httpd.parse import Configuration
from aicos_tls.sources.model import CodeChange, CodeResult, Manual
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aicos_tls.compose.urls import Url
    from aicos_tls.files import TextFile
    from aicos_tls.sources.configlines import Line
    from aicos_tls.sources.httpd.parse import Directive, Target
    from aicos_tls.sources.model import CodeContext


def transform(file: TextFile, context: CodeContext, beside: Iterable[TextFile] = ()) -> CodeResult:  # noqa: ARG001 - as all kinds
    """What is to be done about an httpd configuration; applied twice, nothing more is."""
    read = Configuration(file.text, context.environment)
    by_host: dict[int, list[Target]] = {}
    for target in read.targets(read.directives):
        if _plain_server(target, context):
            by_host.setdefault(id(target.directive.host), []).append(target)
    found: list[CodeChange | Manual] = []
    general = any(map(_keeps_host, read.of(None))) if by_host else False
    for targets in by_host.values():
        of_host = list(_host(file, read, targets, context, keeps=general))
        if any(isinstance(item, CodeChange) for item in of_host):
            of_host += _redirects(file, read, targets[0].directive.host, context)
        found += of_host
    if any(isinstance(item, CodeChange) for item in found):
        found += load_ssl(file, read.directives)
    if context.is_server:
        found += _serves(file, read, context)
    changes = tuple(dict.fromkeys(item for item in found if isinstance(item, CodeChange)))
    return CodeResult(file, changes, tuple(dict.fromkeys(item for item in found if isinstance(item, Manual))))


def _url(target: Target) -> Url | None:
    return next((url for url in find(target.url) if url.start == 0), None)


def _plain_server(target: Target, context: CodeContext) -> bool:
    url = _url(target)
    return url is not None and url.plain and context.names_server(url.host) is not None


def _unclear(target: Target) -> str:
    """Why the text of an address cannot be changed in its place; empty where it can."""
    url = _url(target)
    if target.scheme_at is None:
        return "the scheme of its address comes from a variable of the environment"
    if url is not None and url.port is None and target.port_at is None:
        return "its address names no port, and part of it is a variable"
    return ""


def _host(
    file: TextFile, read: Configuration, found: list[Target], context: CodeContext, *, keeps: bool
) -> Iterator[CodeChange | Manual]:
    """Yield the changes of one virtual host, or of what stands outside of any: all of its addresses, or none.

    `keeps`: what stands outside has the client's host name passed on.
    """
    own, ca = read.of(found[0].directive.host), f"{context.mount_path}/ca-cert.pem"
    unclear = (reason for target in found if (reason := _unclear(target)))
    if reason := _others(read, own, context) or next(unclear, ""):
        for target in found:
            paste = "\n".join(for_host(ca, names=True))
            plainly = frozenset({_service(target, context)})
            yield Manual(file.where(target.directive.line.start), reason, paste, plainly)
        return
    keeps = keeps or any(map(_keeps_host, own))
    present = {directive.name for directive in own}
    lines = [line for line in for_host(ca, names=not keeps) if line.split()[0].lower() not in present]
    verified = "verifies the CA alone (ProxyPreserveHost sends the name that the browser asked for)"
    done: set[Splice] = set()
    for target in found:
        splices = [splice for splice in _over_tls(target) if splice not in done]
        if not splices:
            continue  # the `Define` that it uses is changed already
        if not done and lines:
            splices.append(_before(file, _anchor(own, target.directive), lines))
        done.update(splices)
        what = f"asks {_service(target, context)} over TLS and {verified if keeps else 'verifies it'}"
        yield CodeChange(what, file.where(target.directive.line.start), tuple(splices))


def _service(target: Target, context: CodeContext) -> str:
    url = _url(target)
    return (context.names_server(url.host) if url else None) or ""


def _keeps_host(directive: Directive) -> bool:
    return directive.name == "proxypreservehost" and [value.lower() for value in directive.line.values] == ["on"]


def _others(read: Configuration, own: list[Directive], context: CodeContext) -> str:
    """Why the lines for TLS would say something of other servers too; empty where they would not."""
    for directive in own:
        if directive.name == "sslproxycacertificatefile":
            path = (directive.line.values or ("",))[0]
            if path != f"{context.mount_path}/ca-cert.pem":
                return f"it trusts another CA ({path})"
    for target in read.targets(own):
        url = _url(target)
        if url is not None and not url.plain and context.names_server(url.host) is None:
            return f"it asks {url.host} over TLS as well, which the lines would be about, too"
    return ""


def _over_tls(target: Target) -> Iterator[Splice]:
    at, url = target.scheme_at, _url(target)
    assert at is not None  # noqa: S101 - what is unclear is not changed
    assert url is not None  # noqa: S101 - the same
    yield Splice(at, at, (0,), "S" if url.scheme.isupper() else "s")
    if url.port is None:
        assert target.port_at is not None  # noqa: S101 - the same
        yield Splice(target.port_at, target.port_at, (1,), f":{DEFAULT_PORT}")


def _anchor(directives: list[Directive], directive: Directive) -> int:
    """Where the lines for TLS go: before the outermost section around a directive within its virtual host.

    A `RewriteCond` stays with its rule.
    """
    host = directive.host
    inner = directive.within if host is None else directive.within[directive.within.index(host) + 1 :]
    if inner:
        return inner[0].start
    at = directives.index(directive)
    while at > 0 and directives[at - 1].name == "rewritecond" and directive.name == "rewriterule":
        at -= 1
    return directives[at].line.start


def _before(file: TextFile, at: int, lines: list[str]) -> Splice:
    indent = file.text[file.text.rfind("\n", 0, at) + 1 : at]
    return Splice(at, at, (-1,), "".join(f"{line}{file.newline}{indent}" for line in lines))


def _redirects(file: TextFile, read: Configuration, host: Line | None, context: CodeContext) -> Iterator[CodeChange]:
    """Change the addresses that are compared with those that are asked, in one virtual host."""
    for target in read.targets(read.of(host), compared=True):
        if target.scheme_at is not None and _plain_server(target, context) and not _unclear(target):
            given = tuple(_over_tls(target))
            yield CodeChange(
                f"the address of {_service(target, context)} is https", file.where(target.word.start), given
            )


def _serves(file: TextFile, read: Configuration, context: CodeContext) -> Iterator[Manual]:
    """Report the virtual hosts of an httpd that other services ask."""
    pair = f"{context.mount_path}/{context.short_name}"
    for directive in read.directives:
        if directive.name == "virtualhost" and not any(each.name == "sslengine" for each in read.of(directive.line)):
            paste = f"SSLEngine On\nSSLCertificateFile {pair}-cert.pem\nSSLCertificateKeyFile {pair}-key.pem"
            yield Manual(file.where(directive.line.start), "other services ask it here in plain", paste)
