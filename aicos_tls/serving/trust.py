"""What lets the clients of a service trust the project's CA without a change of its code, besides the public roots.

Only ways that add: a variable that replaces all roots (`SSL_CERT_FILE` for Ruby, PHP and others) would break what the
service asks outside, unless it is set already (`aicos_tls.serving.bundles`). Sources: Node.js CLI documentation,
NODE_EXTRA_CA_CERTS; Go, crypto/x509, SystemCertPool (both tried); for Python the runtime file does it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from aicos_tls.serving.model import Merge, Needs, Setting
from aicos_tls.serving.runtime import DIRECTORY, PYTHON, runtime_files

if TYPE_CHECKING:
    from aicos_tls.serving.model import Place

_GO_DIRECTORIES = "/etc/ssl/certs:/etc/pki/tls/certs"
"""Where Go looks for roots by itself (crypto/x509, root_linux.go)."""
RUNTIMES = frozenset({"Node", "Python", "Go"})
"""The runtimes whose clients can be told."""


def trust(runtime: str, place: Place) -> Needs:
    """The variables and files for the clients of a runtime; nothing for one that cannot be told so."""
    if runtime == "Node":
        return Needs((Setting("NODE_EXTRA_CA_CERTS", place.ca, Merge.BUNDLE),))
    if runtime == "Python":
        path = Setting("PYTHONPATH", f"{place.mount_path}/{DIRECTORY}/python", Merge.PATHS)
        return Needs((path,), files=runtime_files(PYTHON))
    if runtime == "Go":
        return Needs((Setting("SSL_CERT_DIR", f"{_GO_DIRECTORIES}:{place.mount_path}", Merge.END),))
    return Needs()


def joined(first: Needs, second: Needs) -> Needs:
    """Both together; where they set the same variable, the first one counts."""
    known = {setting.name for setting in first.settings}
    return Needs(
        (*first.settings, *(setting for setting in second.settings if setting.name not in known)),
        replace(first.words, edits=(*first.words.edits, *second.words.edits)),
        tuple(dict.fromkeys((*first.mounts, *second.mounts))),
        tuple(dict.fromkeys((*first.files, *second.files))),
        first.healthcheck_stays,
    )
