"""The certificates directory: every file there, readable, valid now, belonging together, with the names that are used.

What X.509 says is judged by `pki`; here it becomes findings. Of several faults of one file the first is named: the
others often follow from it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from aicos_tls.doctor.model import Finding
from aicos_tls.errors import TlsError, Where
from aicos_tls.pki import CA_NAME, conformance, duration, keys
from aicos_tls.pki.due import validity
from aicos_tls.pki.judgement import find_pair
from aicos_tls.pki.layout import short_names
from aicos_tls.pki.names import names_for
from aicos_tls.pki.profile import whole_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography import x509

    from aicos_tls.doctor.facts import Facts
    from aicos_tls.pki.judgement import PairFiles
    from aicos_tls.pki.reading import Found
    from aicos_tls.plan.model import Certificate

ISSUE = "aicos-tls certs issue"
_UNATTENDED = 90
"""Certificates that live for fewer days are renewed by a program."""


def check(facts: Facts) -> Iterator[Finding]:
    """Yield what is wrong with the files of the CA and of each service; raises nothing for what they hold."""
    try:
        there = short_names(facts.certs)
    except TlsError as error:
        if isinstance(error.__context__, PermissionError):
            text = f"the directory {error.message}: its certificates were not checked"
            yield Finding("key-not-checked", text, "run as its owner", Where(facts.certs))
            return
        yield Finding("cert-missing", error.message, f"move {facts.certs.name} away, then: {ISSUE}", Where(facts.certs))
        return
    if not there:
        yield Finding("cert-missing", "there are no certificates", ISSUE, Where(facts.certs))
        return
    authority = find_pair(facts.certs, CA_NAME)
    yield from _authority(facts, authority)
    sound = not _authority_objection(authority)
    foreign: list[Finding] = []
    for wanted in facts.plan.certificates:
        pair = find_pair(facts.certs, wanted.short_name)
        for finding in _leaf(facts, wanted, pair, _trusted(authority) if sound else ()):
            if finding.check == "cert-untrusted":
                foreign.append(finding)
            else:
                yield finding
    yield from _together(facts, authority, foreign)
    yield from _orphans(facts, there)


def _authority(facts: Facts, pair: PairFiles) -> Iterator[Finding]:
    """Yield findings of the CA. Its key may be kept somewhere else."""
    certificate = pair.certificate
    if not certificate.there:
        text = "the CA's certificate is missing: no client can check a server"
        yield Finding("cert-missing", text, f"put the file back, or replace everything: {_force()}", _at(certificate))
        return
    if certificate.value is None:
        yield from _unreadable(certificate, "cert", "", f"put the file back, or replace everything: {_force()}")
        return
    if pair.key.value and not keys.fits(pair.key.value, certificate.value.public_key()):
        text = f"this is not the key of {certificate.path.name}"
        yield Finding(
            "key-mismatch", text, f"put the right file back, or replace everything: {_force()}", _at(pair.key)
        )
    elif pair.key.problem and not pair.key.locked:
        yield from _unreadable(pair.key, "key", "", f"put the file back, or replace everything: {_force()}")
    if objection := _authority_objection(pair):
        yield Finding(
            "ca-not-ca", f"the certificate {objection}", f"put the CA's back, or: {_force()}", _at(certificate)
        )
        return
    yield from _time(facts, certificate, "", f"{_force()}, then restart the containers")
    for weakness in conformance.authority_weaknesses(certificate.value):
        check = "weak-key" if weakness == conformance.weak_key(certificate.value) else "weak-ca"
        yield Finding(check, f"the certificate {weakness}", _force(), _at(certificate))


def _authority_objection(pair: PairFiles) -> str:
    """Why the CA cannot vouch for anybody, whatever the time."""
    certificate = pair.certificate.value
    if certificate is None:
        return "cannot be read"
    return conformance.authority_objection(certificate, now=certificate.not_valid_after_utc)


def _trusted(authority: PairFiles) -> tuple[x509.Certificate, ...]:
    """The CAs that clients trust: two while one is being replaced."""
    return (authority.certificate.value, *authority.others) if authority.certificate.value else ()


def _leaf(
    facts: Facts, wanted: Certificate, pair: PairFiles, trusted: tuple[x509.Certificate, ...]
) -> Iterator[Finding]:
    certificate, key, service = pair.certificate, pair.key, wanted.service
    replace = f"put the file back, or: {_force(wanted.short_name)}"
    if not certificate.there and not key.there:
        text = f"{certificate.path.name} and {key.path.name} are missing"
        yield Finding("cert-missing", text, ISSUE, _at(certificate), service)
        return
    for found, kind in ((certificate, "cert"), (key, "key")):
        if not found.there:
            yield Finding(f"{kind}-missing", f"{found.path.name} is missing", replace, _at(found), service)
        elif found.value is None:
            yield from _unreadable(found, kind, service, replace)
    if certificate.value is None:
        return
    if key.value is not None and not keys.fits(key.value, certificate.value.public_key()):
        text = f"this is not the key of {certificate.path.name}"
        yield Finding("key-mismatch", text, replace, _at(key), service)
    if weak := conformance.weak_signature(certificate.value):
        yield Finding("weak-certificate", f"the certificate {weak}", ISSUE, _at(certificate), service)
        return
    objections = [conformance.issue_objection(certificate.value, each) for each in trusted]
    if objections and all(objections):
        objection = objections[0]
        yield Finding("cert-untrusted", f"the certificate {objection}", replace, _at(certificate), service)
        return
    yield from _form(wanted, certificate)
    yield from _names(facts, wanted, certificate)
    yield from _time(facts, certificate, service, f"{ISSUE}, then restart the containers")


def _unreadable(
    found: Found[x509.Certificate] | Found[keys.PrivateKey], kind: str, service: str, todo: str
) -> Iterator[Finding]:
    problem = found.problem.message if found.problem else ""
    if not found.locked:
        yield Finding(f"{kind}-unreadable", problem, todo, _at(found), service)
    elif os.access(found.path, os.R_OK):
        text = f"{problem}: the server cannot start with it"
        yield Finding("key-encrypted", text, _decrypt(found.path.name, todo), _at(found), service)
    else:
        yield Finding("key-not-checked", f"{problem}: it was not checked", "run as its owner", _at(found), service)


def _decrypt(name: str, otherwise: str) -> str:
    return f"openssl pkey -in {name} -out plain.pem && mv plain.pem {name} && chmod 600 {name}, or {otherwise}"


def _form(wanted: Certificate, found: Found[x509.Certificate]) -> Iterator[Finding]:
    assert found.value is not None  # noqa: S101 - asked before
    if weak := conformance.weak_key(found.value):
        yield Finding("weak-key", f"the certificate {weak}", _force(wanted.short_name), _at(found), wanted.service)
    for weakness in conformance.leaf_weaknesses(found.value)[:1]:
        yield Finding("weak-certificate", f"the certificate {weakness}", ISSUE, _at(found), wanted.service)


def _names(facts: Facts, wanted: Certificate, found: Found[x509.Certificate]) -> Iterator[Finding]:
    assert found.value is not None  # noqa: S101 - asked before
    missing = conformance.missing_names(found.value, names_for(wanted.dns_names))
    asked = facts.asked.get(wanted.service, {})
    used = [name for name in missing if name.lower() in asked]
    if used:
        place = asked[used[0].lower()]
        text = f"lacks the name {', '.join(used)}, by which it is asked ({place.path.name}:{place.line})"
        yield Finding("cert-name", f"the certificate {text}", ISSUE, _at(found), wanted.service)
    elif missing:
        text = f"the certificate lacks the name {', '.join(missing)}, which nobody was seen to use"
        yield Finding("cert-name-spare", text, ISSUE, _at(found), wanted.service)


def _time(facts: Facts, found: Found[x509.Certificate], service: str, todo: str) -> Iterator[Finding]:
    assert found.value is not None  # noqa: S101 - asked before
    objection = conformance.validity_objection(found.value, now=facts.now)
    begins, ends = validity(found.value)
    left = ends - whole_seconds(facts.now)
    if objection:
        check = "cert-expired" if left.total_seconds() < 0 else "cert-not-yet-valid"
        yield Finding(check, f"the certificate {objection}", todo, _at(found), service)
    elif left < duration.notice(ends - begins, facts.within):
        text = f"the certificate expires on {ends:%Y-%m-%d}, in {duration.words(left)}"
        if (ends - begins).days < _UNATTENDED:
            text = f"the certificate ends on {ends:%Y-%m-%d %H:%M} UTC and was not renewed: does the renewer run?"
        before = (
            f"aicos-tls certs renew {found.path.name.removesuffix('-cert.pem')}"
            if service
            else "aicos-tls certs rotate-ca"
        )
        yield Finding("cert-expires-soon", text, f"before that: {before}", _at(found), service)


def _together(facts: Facts, authority: PairFiles, foreign: list[Finding]) -> Iterator[Finding]:
    """Say once that the CA is another one, where no certificate is of it."""
    if len(foreign) > 1 and len(foreign) == len(facts.plan.certificates):
        text = "this CA signed none of the certificates that are there"
        todo = f"put the right CA back, or replace everything: {_force()}"
        yield Finding("cert-untrusted", text, todo, _at(authority.certificate))
    else:
        yield from foreign


def _orphans(facts: Facts, there: tuple[str, ...]) -> Iterator[Finding]:
    known = {wanted.short_name for wanted in facts.plan.certificates} | {CA_NAME}
    for name in there:
        if name not in known:
            files = sorted(
                path.name for end in ("cert", "key") if os.path.lexists(path := facts.certs / f"{name}-{end}.pem")
            )
            todo = f"if nobody needs it: rm {' '.join(files)} in {facts.certs.name}"
            yield Finding(
                "orphan", f"{' and '.join(files)}: no service has this name", todo, Where(facts.certs / files[0])
            )


def _force(short_name: str = "") -> str:
    return f"{ISSUE} {short_name} --force" if short_name else f"{ISSUE} --force"


def _at(found: Found[x509.Certificate] | Found[keys.PrivateKey]) -> Where:
    return Where(found.path)
