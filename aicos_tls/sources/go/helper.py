"""The helper file of a Go package: one in each directory whose sources call it, in that directory's package.

Its functions begin with `tls` and its names are unexported, so that they collide with nothing usual.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.sources.templates import render

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from aicos_tls.files import TextFile
    from aicos_tls.sources.model import CodeContext

NAMES = ("tls.go", "service_tls.go", "aicos_service_tls.go")
"""File names of the helper, in the order in which they are tried."""

FUNCTIONS = (
    "tlsAuthority tlsClient tlsDefaultClient tlsEnabled tlsFile tlsHandler tlsListenAndServe tlsListener tlsMutex "
    "tlsNewest tlsPair tlsRenewing tlsRoundTripper tlsServe tlsServerConfig tlsService tlsStart tlsStarting tlsState "
    "tlsTransport tlsTransportWith tlsTrusted tlsURL".split()
)
"""What the helper declares at package level."""

_PACKAGE = re.compile(r"^package\s+(\w+)", re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def helper_name(taken: Collection[str]) -> str:
    """The file name of the helper, beside files that have the names `taken`."""
    return next((name for name in NAMES if name not in taken), "aicos_" + NAMES[-1])


def calls_server(text: str) -> bool:
    """Whether a source calls the helper to serve."""
    return re.search(r"\btls(?:ListenAndServe|Serve|Start)\(", text) is not None


def package_of(file: TextFile) -> str | None:
    """The package that a Go source belongs to (Go specification, "Package clause")."""
    found = _PACKAGE.search(_COMMENT.sub("", file.text))
    return found.group(1) if found else None


def helper_source(context: CodeContext, package: str, directory: Path | None = None, *, serves: bool = True) -> str:
    """The text of the helper for `package`; `directory` holds templates of the user's. Go 1.16 and later.

    One for a package that `serves` nothing is the same in all services: it knows no name.
    """
    values = {
        "package": package,
        "short_name": context.short_name,
        "mount_path": context.mount_path,
        "serves": serves,
    }
    return render("go/tls.go.j2", values, directory)
