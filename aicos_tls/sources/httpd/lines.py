"""Lines that an httpd configuration needs to ask over TLS: for a virtual host, and to have mod_ssl loaded.

`SSLProxyVerify` is `none` by default, names are checked by default (manual, mod_ssl, "SSLProxyCheckPeerName"). A module
that is loaded already is only warned about (mod_so), so that `<IfModule !…>` is no more than tidy.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.sources.model import CodeChange
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.files import TextFile
    from aicos_tls.sources.httpd.parse import Directive

_MODULES = ("/usr/lib/apache2/modules", "modules")
"""Where Debian's package and httpd's own images have the modules; the latter below ServerRoot."""
_COMMENTED = re.compile(r"^[ \t]*(#[ \t]*)LoadModule[ \t]+ssl_module[ \t]", re.MULTILINE)


def for_host(ca: str, *, names: bool) -> list[str]:
    """The lines for a virtual host, which trusts the file `ca`.

    Without `names` the CA is verified, and not which of its servers answers.
    """
    lines = [
        "SSLProxyEngine On",
        "SSLProxyVerify require",
        f"SSLProxyCACertificateFile {ca}",
    ]
    return lines if names else [*lines, "SSLProxyCheckPeerName Off", "SSLProxyCheckPeerCN Off"]


def load_ssl(file: TextFile, directives: list[Directive]) -> Iterator[CodeChange]:
    """Yield the change that has mod_ssl loaded; none where the file does so, or is sure that it is there."""
    loads = [d for d in directives if d.name == "loadmodule" and len(d.line.args) > 1]
    names = {d.line.values[0] for d in loads}
    uses = any(d.name.startswith("ssl") for d in directives)
    if "ssl_module" in names or (uses and not loads) or ("ssl_module" in file.text and not loads):
        return
    what = "mod_ssl is loaded"
    if loads and (commented := _COMMENTED.search(file.text)):
        splice = Splice(commented.start(1), commented.end(1), (0,), "")
        yield CodeChange(what, file.where(commented.start(1)), (splice,))
    elif loads:
        last = loads[-1].line
        folder = last.values[1].rpartition("/")[0]
        indent = file.text[file.text.rfind("\n", 0, last.start) + 1 : last.start]
        text = f"{file.newline}{indent}LoadModule ssl_module {folder}/mod_ssl.so"
        yield CodeChange(what, file.where(last.start), (Splice(last.end, last.end, (0,), text),))
    elif directives:
        first = directives[0].line.start
        at = file.text.rfind("\n", 0, first) + 1
        text = "".join(f"{line}{file.newline}" for line in (*_where_it_is(), ""))
        yield CodeChange(what, file.where(at), (Splice(at, at, (-2,), text),))


def _where_it_is() -> Iterator[str]:
    yield "<IfModule !ssl_module>"
    for folder in _MODULES:
        yield f'    <IfFile "{folder}/mod_ssl.so">'
        yield f"        LoadModule ssl_module {folder}/mod_ssl.so"
        yield "    </IfFile>"
    yield "</IfModule>"
