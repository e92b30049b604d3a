"""The configuration of tools that proxy to servers while a front end is developed: Vite, webpack, setupProxy.js.

    proxy: { '/api': 'http://api:8001' }
    proxy: { '/api': `http${/^(1|on|true|yes)$/i.test(process.env.TLS_ENABLED || '') ? 's' : ''}://api:8001` }

These programs run in Node, and their proxy verifies certificates whatever NODE_TLS_REJECT_UNAUTHORIZED says (http-proxy
sets `rejectUnauthorized` itself: its option `secure`, true when nothing is said). They load no helper, so the container
is given NODE_EXTRA_CA_CERTS, which every TLS connection of Node respects. What is evaluated when an image is built
(rewrites in next.config.js) cannot know the switch and says https.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.sources.model import CodeResult, Manual
from aicos_tls.sources.node import addresses, clients
from aicos_tls.sources.node.graph import text_of
from aicos_tls.sources.node.packages import nearest
from aicos_tls.sources.node.syntax import TYPESCRIPT, Syntax, child, properties
from aicos_tls.sources.node.transform import look_at, names_server, prove, refusal
from aicos_tls.yamledit.apply import splice

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePosixPath

    from aicos_tls.files import TextFile
    from aicos_tls.sources.model import CodeContext
    from aicos_tls.sources.node.look import Look
    from aicos_tls.sources.node.packages import Package

_NO_HELPER = "./tls"
_VITE = "vite.config"


def configure(file: TextFile, context: CodeContext, *, switch: bool) -> CodeResult:
    """The change of a tool's configuration. Without `switch` its URLs are https for good.

    A proxy to what a variable says needs no change, and the CA all the same.
    """
    told = context.asks and re.search(r"proxy|rewrites", text_of(file), re.IGNORECASE) is not None
    if "://" not in text_of(file):
        return CodeResult(file, trusts_variable=told)
    refused = refusal(file, context)
    if refused is not None:
        return CodeResult(file, manual=refused)
    look = look_at(Syntax(file), context, _NO_HELPER, {}, "process" if switch else "literal")
    addresses.rewrite(look)
    _origins(look)
    prove(look)
    changes = tuple(sorted(look.changes, key=lambda change: (change.where, change.what)))
    return CodeResult(file, changes, tuple(look.manual), trusts_variable=told or bool(changes))


def _origins(look: Look) -> None:
    """Proxies that pass the browser's Host on; a URL alone is enough for Vite, which changes it then."""
    for node in look.syntax.of("object"):
        options = properties(node, look.syntax)
        target = options.get("target")
        if target is not None and target.type in {"string", "template_string"} and addresses.named(target, look)[0]:
            clients.check_origin(node, options, look)
    if look.syntax.file.path.name.startswith(_VITE):
        return
    for node in look.syntax.of("pair"):
        value, key = child(node, "value"), look.syntax.source(child(node, "key")).strip("\"'")
        if key.startswith("/") and value.type == "string" and addresses.named(value, look)[0]:
            paste = f"{{ target: {look.syntax.source(value)}, changeOrigin: true }},"
            clients.check_origin(node, {}, look, paste)


def undecided(file: TextFile, context: CodeContext, why: str) -> CodeResult:
    """What is said of a file that may be bundled for browsers, too: its URLs of servers are left to a person."""
    if not names_server(file, context):
        return CodeResult(file)
    refused = refusal(file, context)
    if refused is not None:
        return CodeResult(file, manual=refused)
    look = look_at(Syntax(file), context, _NO_HELPER, {}, "process")
    addresses.rewrite(look)
    changed = splice(file.text, [part for change in look.changes for part in change.splices]).split("\n")
    for change in look.changes:
        paste = changed[change.where.line - 1].strip()
        look.manual.append(Manual(change.where, f"it does not surely run in Node alone ({why}): not changed", paste))
    return CodeResult(file, manual=tuple(dict.fromkeys(look.manual)))


def knows_process(path: PurePosixPath, file: TextFile, packages: Mapping[PurePosixPath, Package]) -> bool:
    """Whether `process.env` can be written in a configuration: TypeScript has to know its type."""
    _, package = nearest(path, packages)
    typed = path.suffix.lower() in TYPESCRIPT
    return not typed or "process.env" in file.text or "@types/node" in package.dependencies
