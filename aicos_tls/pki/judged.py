"""Whether certificates and keys that are not on the disk yet belong together: those of a backup, before a restore."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.pki import conformance, keys, revocation
from aicos_tls.pki.certificate import CertificateFileError, load, load_all
from aicos_tls.pki.keys import KeyFileError
from aicos_tls.pki.layout import CA_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from cryptography import x509

_CERTIFICATE, _KEY = "-cert.pem", "-key.pem"


def faults(files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Yield a file by its name and what is wrong with it, so that the whole could not work. Dates do not count."""
    try:
        trusted = load_all(files[f"{CA_NAME}{_CERTIFICATE}"])
    except KeyError:
        yield f"{CA_NAME}{_CERTIFICATE}", "is not in it"
        return
    except CertificateFileError as fault:
        yield f"{CA_NAME}{_CERTIFICATE}", str(fault)
        return
    for name in sorted(files):
        if name.endswith(_CERTIFICATE):
            yield from _pair(name, files, trusted)
        elif name.endswith(_KEY) and name.removesuffix(_KEY) + _CERTIFICATE not in files:
            yield name, "belongs to no certificate in it"
        elif name == revocation.FILE and not revocation.is_of_any(files[name], trusted):
            yield name, "is no revocation list of the CA in it"


def _pair(name: str, files: Mapping[str, bytes], trusted: tuple[x509.Certificate, ...]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a certificate and its key; the CA's key may be kept elsewhere."""
    short = name.removesuffix(_CERTIFICATE)
    try:
        certificate = load(files[name])
    except CertificateFileError as fault:
        yield name, str(fault)
        return
    if short != CA_NAME and all(conformance.issue_objection(certificate, each) for each in trusted):
        yield name, "was not signed by the CA in it"
    data = files.get(f"{short}{_KEY}")
    if data is None:
        if short != CA_NAME:
            yield f"{short}{_KEY}", "is not in it"
        return
    try:
        fits = keys.fits(keys.from_pem(data), certificate.public_key())
    except KeyFileError as fault:
        yield f"{short}{_KEY}", str(fault)
        return
    if not fits:
        yield f"{short}{_KEY}", f"does not match {name}"


def out_of_time(files: Mapping[str, bytes], *, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield the certificates that are not valid at `now`, and why; of files without `faults`."""
    for name in sorted(files):
        if name.endswith(_CERTIFICATE) and (objection := conformance.validity_objection(load(files[name]), now=now)):
            yield name, objection
