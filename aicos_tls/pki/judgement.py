"""Judges the two files of a pair: what `state` calls them, and the one problem to name when they do not fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aicos_tls.pki import conformance, keys
from aicos_tls.pki.certificate import facts, load_all
from aicos_tls.pki.layout import CA_NAME, certificate_path, key_path
from aicos_tls.pki.names import names_for
from aicos_tls.pki.reading import Problem, find
from aicos_tls.pki.state import AuthorityFound, Pair, State

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from cryptography import x509

    from aicos_tls.pki.layout import Wanted
    from aicos_tls.pki.reading import Found

REPLACE = "aicos-tls certs issue --force"
"""The command that replaces everything; a short name after it limits it to that pair."""

RENEW = "issue it anew, its key kept, with: aicos-tls certs issue"


@dataclass(frozen=True, slots=True)
class PairFiles:
    """A pair's two files, and how to replace them."""

    certificate: Found[x509.Certificate]
    key: Found[keys.PrivateKey]
    replace: str
    others: tuple[x509.Certificate, ...] = ()
    """What stands after the first certificate in its file: of a CA that is being replaced, the other one."""

    @property
    def hint(self) -> str:
        """What to do when a file is of no use."""
        return _put_back(self.replace)

    @property
    def found(self) -> tuple[Found[x509.Certificate] | Found[keys.PrivateKey], ...]:
        """Those of the two that are there, in whatever state."""
        return tuple(each for each in (self.certificate, self.key) if each.there)


def find_pair(directory: Path, short_name: str) -> PairFiles:
    """Read the pair `short_name` (or `CA_NAME`) in `directory`."""
    if short_name == CA_NAME:
        replace = f"replace the CA and all certificates with: {REPLACE}"
    else:
        replace = f"replace the pair with: {REPLACE} {short_name}"
    others: list[x509.Certificate] = []

    def first(data: bytes) -> x509.Certificate:
        found, *rest = load_all(data)
        others.extend(rest)
        return found

    return PairFiles(
        find(certificate_path(directory, short_name), first, _put_back(replace)),
        find(key_path(directory, short_name), keys.from_pem, _put_back(replace)),
        replace,
        tuple(others),
    )


def judge_authority(files: PairFiles, *, now: datetime) -> AuthorityFound:
    """The CA: it may lack its key, which can be kept elsewhere, but it must be a CA, and in its time."""
    if not files.found:
        return AuthorityFound(State.MISSING)
    certificate = files.certificate.value
    problem = _authority_problem(files, now=now)
    about = facts(certificate, files.certificate.path, files.certificate.mode, now=now) if certificate else None
    if problem:
        return AuthorityFound(State.CONFLICT, problem, certificate=certificate, facts=about)
    return AuthorityFound(State.FITS, None, _key_problem(files), certificate, about, files.key.value, files.others)


def judge_leaf(files: PairFiles, wanted: Wanted, authority: AuthorityFound, *, now: datetime) -> Pair:
    """The pair of `wanted`, which must fit itself, the CA, and what is wanted of it, in this order."""
    names = names_for(wanted.dns_names)
    if not files.found:
        return Pair(wanted.short_name, names, State.MISSING)
    certificate, key = files.certificate.value, files.key.value
    about = facts(certificate, files.certificate.path, files.certificate.mode, now=now) if certificate else None
    broken = _pair_problem(files)
    if broken or not certificate:
        return Pair(wanted.short_name, names, State.CONFLICT, broken, about)
    path = files.certificate.path
    objection = _foreign(certificate, authority)
    if objection:
        problem = Problem(path, f"the certificate {objection}", files.hint)
        return Pair(wanted.short_name, names, State.CONFLICT, problem, about, key)
    objection = _signed_by_other(certificate, authority) or conformance.leaf_objection(certificate, names, now=now)
    if objection:
        problem = Problem(path, f"the certificate {objection}", RENEW)
        return Pair(wanted.short_name, names, State.STALE, problem, about, key)
    return Pair(wanted.short_name, names, State.FITS, None, about, key)


def _put_back(replace: str) -> str:
    return f"put the right file back, or {replace}"


def _foreign(certificate: x509.Certificate, authority: AuthorityFound) -> str:
    if authority.certificate is None:
        return "has no CA beside it that could vouch for it"
    objections = [conformance.issue_objection(certificate, each) for each in authority.trusted]
    return "" if "" in objections else objections[0]


def _signed_by_other(certificate: x509.Certificate, authority: AuthorityFound) -> str:
    """Why a leaf that is trusted has to be issued anew: the CA that issues is another one by now."""
    first = authority.trusted[0]
    return "was signed by the CA that is being replaced" if conformance.issue_objection(certificate, first) else ""


def _authority_problem(files: PairFiles, *, now: datetime) -> Problem | None:
    """Why there is no working CA. A key that is only out of reach is none of the reasons."""
    if files.key.locked:
        problem = files.certificate.problem or _half(files)
    elif not files.key.there:
        problem = files.certificate.problem
    else:
        problem = _pair_problem(files)
    if problem or not files.certificate.value:
        return problem
    objection = conformance.authority_objection(files.certificate.value, now=now)
    return Problem(files.certificate.path, f"the certificate {objection}", files.hint) if objection else None


def _key_problem(files: PairFiles) -> Problem | None:
    """Why a CA that is all right cannot issue now."""
    if files.key.there:
        return files.key.problem
    return Problem(
        files.key.path, "the CA's private key is not here", "bring it back for as long as certificates are issued"
    )


def _pair_problem(files: PairFiles) -> Problem | None:
    """Why the two files are no pair: one is unusable, one is missing, or they do not belong together."""
    unusable = [each.problem for each in (files.certificate, files.key) if each.problem]
    if unusable:
        # First what not even force can replace, so that nobody is sent on an errand that ends in the next error.
        return min(unusable, key=lambda problem: problem.replaceable)
    half = _half(files)
    if half:
        return half
    certificate, key = files.certificate.value, files.key.value
    if certificate and key and not keys.fits(key, certificate.public_key()):
        message = f"the private key does not match {files.certificate.path.name}"
        return Problem(files.key.path, message, files.hint)
    return None


def _half(files: PairFiles) -> Problem | None:
    """The half of the pair that is missing, if only one is there."""
    certificate, key = files.certificate, files.key
    if certificate.there and key.there:
        return None
    missing, there = (key, certificate) if certificate.there else (certificate, key)
    return Problem(missing.path, f"missing, though {there.path.name} is there", files.hint)
