"""nginx as a server: `listen 3000` becomes `listen 3000 ssl` with the service's certificate (ngx_http_ssl_module).

    listen 3000;        listen 3000 ssl;
                        ssl_certificate /app/certs/frontend-cert.pem;
                        ssl_certificate_key /app/certs/frontend-key.pem;

nginx started as root reads a key of mode 0600; the unprivileged image does not, and says so when it starts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls import budgets
from aicos_tls.sources.model import CodeChange, Manual
from aicos_tls.sources.nginx.insert import after
from aicos_tls.sources.nginx.values import Values
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.files import TextFile
    from aicos_tls.sources.model import CodeContext
    from aicos_tls.sources.nginx.parse import Directive

_PORT = re.compile(r"(?:.*:)?(\d+)$")
_OTHER_PROTOCOLS = frozenset({"ssl", "quic", "udp"})


def certificate_lines(context: CodeContext) -> dict[str, str]:
    """The directives that name the service's certificate and key, by directive name."""
    path = f"{context.mount_path}/{context.short_name}"
    return {
        "ssl_certificate": f"ssl_certificate {path}-cert.pem;",
        "ssl_certificate_key": f"ssl_certificate_key {path}-key.pem;",
    }


SERVES = "serves TLS with the service's certificate"
"""What the change of a `server` block is, in words."""


def changes(file: TextFile, root: Directive, context: CodeContext) -> Iterator[CodeChange | Manual]:
    """Yield the change of every `server` block that listens in plain text on a port of the service."""
    values = Values(root, (), context.environment)
    for server in root.walk():
        if server.name != "server" or server.block is None or server.within("stream", "mail"):
            continue
        listens = server.named("listen")
        plain = [listen for listen in listens if _is_plain(listen, values, context)]
        if plain:
            yield _change(file, server, plain, context)
        elif not listens and (not context.ports or 80 in context.ports):  # noqa: PLR2004 - the default port
            paste = "\n".join(("listen 80 ssl;", *certificate_lines(context).values()))
            yield Manual(file.where(server.start), "a server without `listen`: it listens on port 80", paste)


def _is_plain(listen: Directive, values: Values, context: CodeContext) -> bool:
    words = [word.value for word in listen.args]
    if not words or words[0].startswith("unix:") or _OTHER_PROTOCOLS.intersection(words):
        return False
    where = values.meanings(listen.args[0])[0].value  # `listen ${PORT};` in a template
    match = _PORT.match(where)
    port = budgets.number(match[1]) if match else 80
    return "$" not in where and (not context.ports or port in context.ports)


def _change(file: TextFile, server: Directive, plain: list[Directive], context: CodeContext) -> CodeChange:
    splices = [Splice(listen.end - 1, listen.end - 1, (0,), " ssl") for listen in plain]
    present = {child.name for child in server.block or ()}
    if lines := [line for name, line in certificate_lines(context).items() if name not in present]:
        splices.append(after(file, plain[-1], lines))
    return CodeChange(SERVES, file.where(plain[0].start), tuple(splices))
