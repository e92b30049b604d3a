"""Certificates that this program issued, known by themselves: no record says so any more.

The mark is the organisation in their subjects, and that they hold together: the CA has its key, it signed the leaves,
and each key belongs to its certificate. Files of anybody else, and files that were replaced, are not among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import NameOID

from aicos_tls.files import read_if_there
from aicos_tls.pki import keys, revocation
from aicos_tls.pki.authority import ORGANIZATION
from aicos_tls.pki.certificate import CertificateFileError, load, load_all
from aicos_tls.pki.layout import CA_NAME, certificate_path, key_path, short_names

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography import x509


def own_files(directory: Path) -> tuple[list[Path], list[tuple[Path, str]]]:
    """The certificates, keys and revocation list in `directory` that were made here; the others with why they stay.

    A directory that does not exist has none. Raises `TlsError` for one that cannot be listed, or a file in it that
    cannot be read.
    """
    names = short_names(directory)
    authority = _read(certificate_path(directory, CA_NAME))
    removed: list[Path] = []
    kept: list[tuple[Path, str]] = []
    for name in names:
        path, key = certificate_path(directory, name), key_path(directory, name)
        certificate = _read(path)
        if certificate is None or not _is_own(certificate, authority):
            kept += [(each, "it was not issued here") for each in (path, key) if read_if_there(each)]
            continue
        removed.append(path)
        if (file := read_if_there(key)) is not None:
            if _fits(file.raw, certificate):
                removed.append(key)
            else:
                kept.append((key, "it does not belong to the certificate"))
    if (crl := read_if_there(revocation.path_of(directory))) is not None:
        if certificate_path(directory, CA_NAME) in removed and authority and revocation.is_of_any(crl.raw, [authority]):
            removed.append(crl.path)
        else:
            kept.append((crl.path, "it was not signed by the CA"))
    return removed, kept


def is_renewed(data: bytes, authority: bytes) -> bool:
    """Whether PEM `data` is a certificate that was issued here, by the CA whose certificate is the PEM `authority`.

    So the successor of a certificate is known without a note of each renewal.
    """
    try:
        certificate = load(data)
        return any(_is_own(certificate, each) for each in load_all(authority))
    except CertificateFileError:
        return False


def _read(path: Path) -> x509.Certificate | None:
    file = read_if_there(path)
    try:
        return load(file.raw) if file else None
    except CertificateFileError:
        return None


def _is_own(certificate: x509.Certificate, authority: x509.Certificate | None) -> bool:
    """Whether a certificate has the mark, and the CA beside it, which has it too, signed it."""
    if authority is None or not _marked(certificate) or not _marked(authority):
        return False
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _marked(certificate: x509.Certificate) -> bool:
    found = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return [attribute.value for attribute in found] == [ORGANIZATION]


def _fits(data: bytes, certificate: x509.Certificate) -> bool:
    try:
        return keys.fits(keys.from_pem(data), certificate.public_key())
    except keys.KeyFileError:
        return False
