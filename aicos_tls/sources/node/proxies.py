"""Proxies that a JSON file names: `"proxy"` of Create React App, `proxy.conf.json` of Angular.

JSON knows no condition: the URL is https until the change is taken back. Create React App's proxy does not verify
certificates (`secure: false` in react-dev-utils); Angular's does, so the container is given NODE_EXTRA_CA_CERTS.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.compose import urls
from aicos_tls.sources.model import CodeChange, CodeResult
from aicos_tls.sources.node.graph import text_of
from aicos_tls.sources.node.packages import NAME, nearest, packages_in
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePosixPath

    from aicos_tls.files import TextFile
    from aicos_tls.sources.model import CodeContext

_REACT = re.compile(r'"proxy"\s*:\s*("[^"\\\n]*")')
_ANGULAR = re.compile(r'"target"\s*:\s*("[^"\\\n]*")')
_ANGULAR_NAME = re.compile(r"(?:^|[._-])proxy(?:\.conf|\.config)?\.json$")
_ANGULAR_PACKAGES = frozenset({"@angular/core", "@angular/cli"})


def in_json(files: Mapping[PurePosixPath, TextFile], context: CodeContext) -> Iterator[CodeResult]:
    """Yield the changes of the JSON files of a service that name a server for a proxy."""
    packages = packages_in(files)
    for path, file in files.items():
        if path.suffix != ".json":
            continue
        _, package = nearest(path, packages)
        if path.name == NAME and "react-scripts" in package.dependencies:
            yield _change(file, context, _REACT, verifies=False)
        elif _ANGULAR_NAME.search(path.name) and package.dependencies & _ANGULAR_PACKAGES:
            yield _change(file, context, _ANGULAR, verifies=True)


def _change(file: TextFile, context: CodeContext, pattern: re.Pattern[str], *, verifies: bool) -> CodeResult:
    changes = []
    for match in pattern.finditer(text_of(file)):
        for url in urls.find(match[1]):
            service = context.names_server(url.host)
            if url.plain and service is not None:
                at = match.start(1)
                splices = tuple(Splice(at + i.at, at + i.at, (0,), i.text) for i in url.insertions)
                what = f"ask {service} over HTTPS, whatever TLS_ENABLED says: JSON knows no condition"
                changes.append(CodeChange(what, file.where(at), splices))
    return CodeResult(file, tuple(changes), trusts_variable=verifies and bool(changes))
