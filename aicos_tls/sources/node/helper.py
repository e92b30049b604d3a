"""The helper file of a Node service: one file, `tls.js`, that everything else calls.

What it does and why (tried on Node 18.20, 20.20, 22.12, 22.23 and 24.21):

- Servers: `createServer`, `listen` and `serverOptions` serve HTTPS when TLS_ENABLED is true and are what they stand
  for otherwise. A certificate that is missing is an error that names the file.
- Clients: the CA is added to what the process trusts, so no client has to be given anything. Node 22.19, 24.5 and later
  have `tls.setDefaultCACertificates`. Before, `tls.createSecureContext` is wrapped and the CA added to each context
  that brings no `ca` of its own: https.get, agents of any make, axios, got, node-fetch, ws, undici and the built-in
  fetch all go that way. The public roots and NODE_EXTRA_CA_CERTS stay.
- A list of all roots as an agent's `ca`, the other way, takes 45 ms per connection (1.4 ms with `addCACert`), switches
  NODE_EXTRA_CA_CERTS off, and does not reach `fetch`.
"""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from aicos_tls.sources.model import CodeContext, NewSource
from aicos_tls.sources.templates import render

if TYPE_CHECKING:
    from collections.abc import Collection

    from aicos_tls.files import TextFile


class ModuleKind(Enum):
    """How the modules of a service are written."""

    COMMONJS = "cjs"
    ESM = "esm"
    TYPESCRIPT = "ts"


NAMES = ("tls", "service-tls", "aicos-service-tls")
"""Names of the helper, in the order in which they are tried."""


def helper_file(context: CodeContext, kind: ModuleKind, directory: Path, taken: Collection[str] = ()) -> NewSource:
    """The helper of a service, to be put into `directory`, where its entry file is, beside modules named `taken`.

    `tls.js` for CommonJS, `tls.mjs` for ECMAScript modules, `tls.ts` for TypeScript. A `.js` in a package of type
    `module` is an ES module: `tls.mjs` is one in every package, as `tls.js` with `require` is CommonJS only where the
    package says nothing else.
    """
    name = next((name for name in NAMES if name not in taken), NAMES[-1])
    suffix = {ModuleKind.COMMONJS: "js", ModuleKind.ESM: "mjs", ModuleKind.TYPESCRIPT: "ts"}[kind]
    template = "node/tls.ts.j2" if kind is ModuleKind.TYPESCRIPT else "node/tls.js.j2"
    values = {"short_name": context.short_name, "mount_path": context.mount_path, "module": kind.value}
    return NewSource(directory / f"{name}.{suffix}", render(template, values, context.templates))


def import_path(helper: Path, file: TextFile, kind: ModuleKind) -> str:
    """The path by which `file` imports `helper`: `./tls`, `../tls.mjs`, `./tls.js` for TypeScript that writes it so."""
    path = _relative(PurePosixPath(helper.as_posix()), PurePosixPath(file.path.as_posix()))
    if kind is ModuleKind.ESM:
        return path
    path = path.removesuffix(helper.suffix)
    return f"{path}.js" if kind is ModuleKind.TYPESCRIPT and _names_extensions(file.text) else path


def _relative(helper: PurePosixPath, file: PurePosixPath) -> str:
    base, up = file.parent, 0
    while not helper.is_relative_to(base):
        base, up = base.parent, up + 1
    return ("../" * up or "./") + helper.relative_to(base).as_posix()


def _names_extensions(text: str) -> bool:
    """Whether relative imports end in `.js`, as Node's own resolution of modules wants it."""
    return re.search(r"""from\s+["']\.{1,2}/[^"']+\.js["']""", text) is not None
