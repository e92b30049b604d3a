"""Which certificate files a service's code reads, and whether those are the ones that are issued for it.

The mistake that costs most: files called `aicos-integrations.crt` while the code reads `integrations-cert.pem`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.sources.comments import comments, suffix
from aicos_tls.sources.languages import is_known
from aicos_tls.sources.model import HELPER_MARK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePosixPath

    from aicos_tls.errors import Where
    from aicos_tls.files import TextFile
    from aicos_tls.sources.languages import Facts
    from aicos_tls.sources.model import CodeContext

_NAME = re.compile(r"""[^\s"'`<>|;,()=\[\]]*\.(?:pem|crt|cer|key)(?![\w.(])""")
_UNKNOWN = re.compile(r".*(?:\$\{[^}]*\}|\{[^}]*\}|%[sv]|\$\w+)")
_SYSTEM = ("/etc/ssl/", "/etc/pki/", "/usr/", "/etc/letsencrypt/", "/run/secrets/", "/var/lib/")
_CODE = frozenset("js mjs cjs ts mts cts py go rb java kt php rs cs conf sh".split())

_WITHOUT_QUOTES = frozenset({"conf", "sh"})


class CertificateRead(Struct, frozen=True):
    """A certificate or key file that is read: its name as written, and whether one of that name is issued."""

    name: str
    where: Where
    issued: bool


def issued_names(context: CodeContext) -> frozenset[str]:
    """The names of the files that the service is given."""
    return frozenset({"ca-cert.pem", f"{context.short_name}-cert.pem", f"{context.short_name}-key.pem"})


def certificates_read(
    files: Mapping[PurePosixPath, TextFile], facts: list[Facts], context: CodeContext
) -> tuple[CertificateRead, ...]:
    """The certificate files that the code names: by a language's own reading where there is one, else by a search."""
    found = [(evidence.what, evidence.where) for fact in facts for evidence in fact.reads]
    for path, file in files.items():
        if suffix(path) in _CODE and HELPER_MARK not in file.text and not (facts and is_known(suffix(path))):
            found += _searched(path, file)
    names = issued_names(context)
    return tuple(CertificateRead(name, where, _is_issued(name, names)) for name, where in dict.fromkeys(found))


def _searched(path: PurePosixPath, file: TextFile) -> Iterator[tuple[str, Where]]:
    """Search a source for names; in code that is no configuration only its texts name files: `self.key` is a field."""
    spans = comments(path, file.text)
    for match in _NAME.finditer(file.text):
        quoted = match.start() > 0 and file.text[match.start() - 1] in "\"'`"
        if not quoted and suffix(path) not in _WITHOUT_QUOTES:
            continue
        if not match[0].startswith(_SYSTEM) and not any(start <= match.start() < end for start, end in spans):
            yield match[0], file.where(match.start())


def _is_issued(name: str, issued: frozenset[str]) -> bool:
    """Whether a name, of which a part may only be known at run time, can be one of those."""
    known = _UNKNOWN.sub("", name)
    last = known.rpartition("/")[2]
    if (known != name and "/" not in known) or last.startswith(("-", ".")):  # put together at run time
        return any(wanted.endswith(last) for wanted in issued)
    return last in issued
