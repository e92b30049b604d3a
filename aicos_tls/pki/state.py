"""The words for a certificates directory: what a pair of files can be found to be, as data.

- *fits*: key and certificate belong together, the CA that is there signed it, it is valid and has the names;
- *missing*: neither file is there;
- *stale*: all in order but for the certificate's time, names or form. It is issued anew with the key that is there:
  no private key is overwritten and nothing that relies on the key notices;
- *conflict*: half a pair, a key that does not match, another CA's certificate, a file that cannot be read. Somebody put
  it there for a reason, so it is left alone unless replacing it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

from aicos_tls.pki.authority import Authority

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from cryptography import x509

    from aicos_tls.pki.certificate import CertificateFacts
    from aicos_tls.pki.keys import PrivateKey
    from aicos_tls.pki.names import Names
    from aicos_tls.pki.reading import Problem


class State(Enum):
    """What became of the judgement; the module's page says what each means."""

    FITS = "fits"
    MISSING = "missing"
    STALE = "stale"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Pair:
    """A leaf that is wanted, as found. `key` is there when it fits the certificate, whatever else is wrong."""

    short_name: str
    names: Names
    state: State
    problem: Problem | None = None
    certificate: CertificateFacts | None = None
    key: PrivateKey | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class AuthorityFound:
    """The CA as found: never stale. `key` is there only when it fits; `key_problem` says why it is not."""

    state: State
    problem: Problem | None = None
    key_problem: Problem | None = None
    certificate: x509.Certificate | None = field(default=None, repr=False)
    facts: CertificateFacts | None = None
    key: PrivateKey | None = field(default=None, repr=False)
    others: tuple[x509.Certificate, ...] = field(default=(), repr=False)
    """CAs that are trusted besides, while one is being replaced."""

    @property
    def trusted(self) -> tuple[x509.Certificate, ...]:
        """All that are trusted, the one that issues first."""
        return (self.certificate, *self.others) if self.certificate else ()

    @property
    def issuer(self) -> Authority | None:
        """The CA as one that can issue; None when it is out of order or its key is out of reach."""
        if self.certificate is None or self.key is None:
            return None
        return Authority(self.certificate, self.key)


@dataclass(frozen=True, slots=True)
class Survey:
    """What is in `directory`, judged by what is wanted of it."""

    directory: Path
    authority: AuthorityFound
    pairs: tuple[Pair, ...]
    others: tuple[str, ...]
    """Short names of files that are there without being wanted."""
    existing: frozenset[Path]
    """The files of the CA and of the wanted leaves that are there, in whatever state."""
    remarks: tuple[Problem, ...]
    """What works but should not stay: modes, weak keys, what strict verifiers refuse."""

    def only(self, short_names: Collection[str]) -> Survey:
        """The survey of these pairs, and of the CA."""
        return replace(self, pairs=tuple(pair for pair in self.pairs if pair.short_name in short_names))
