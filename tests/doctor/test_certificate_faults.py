"""Faults of the certificates directory."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from doctor_seeds import (
    API,
    COMPOSE,
    ENABLED,
    NOW,
    Fault,
    authority,
    edit,
    encrypt,
    exactly,
    name_of,
    other_authority,
    reissue,
    revocation_list,
    short_key,
    without_identifier,
    write,
)
from support import need

from aicos_tls.pki import KeyType, Profile, keys
from aicos_tls.pki.authority import new_authority
from aicos_tls.pki.certificate import load

if TYPE_CHECKING:
    from pathlib import Path

    from doctor_seeds import Examine


def no_directory(shop: Path) -> None:
    shutil.rmtree(shop / "certs")


def directory_is_a_file(shop: Path) -> None:
    shutil.rmtree(shop / "certs")
    (shop / "certs").write_text("")


def no_ca(shop: Path) -> None:
    (shop / "certs/ca-cert.pem").unlink()


def no_certificate(shop: Path) -> None:
    (shop / "certs/api-cert.pem").unlink()


def no_key(shop: Path) -> None:
    (shop / "certs/api-key.pem").unlink()


def no_pair(shop: Path) -> None:
    no_certificate(shop)
    no_key(shop)


def garbage(shop: Path) -> None:
    (shop / "certs/api-cert.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")


def binary_key(shop: Path) -> None:
    (shop / "certs/api-key.pem").write_bytes(b"\0" * 100)


def huge_ca(shop: Path) -> None:
    with (shop / "certs/ca-cert.pem").open("ab") as stream:
        stream.truncate(33 * 1024 * 1024)


def key_is_a_directory(shop: Path) -> None:
    no_key(shop)
    (shop / "certs/api-key.pem").mkdir()


def key_leads_nowhere(shop: Path) -> None:
    no_key(shop)
    (shop / "certs/api-key.pem").symlink_to("elsewhere.pem")


def garbage_ca_key(shop: Path) -> None:
    (shop / "certs/ca-key.pem").write_text("nothing")


def passphrase(shop: Path) -> None:
    encrypt(shop / "certs/api-key.pem")


def open_key(shop: Path) -> None:
    (shop / "certs/api-key.pem").chmod(0o644)


def group_reads_key(shop: Path) -> None:
    (shop / "certs/api-key.pem").chmod(0o640)


def open_ca_key(shop: Path) -> None:
    (shop / "certs/ca-key.pem").chmod(0o604)


def closed_certificate(shop: Path) -> None:
    (shop / "certs/api-cert.pem").chmod(0o600)


def writable_certificate(shop: Path) -> None:
    (shop / "certs/ca-cert.pem").chmod(0o666)


def writable_directory(shop: Path) -> None:
    (shop / "certs").chmod(0o777)


def mismatch(shop: Path) -> None:
    (shop / "certs/api-key.pem").write_bytes(keys.to_pem(keys.generate(KeyType.P256)))


def ca_key_of_another(shop: Path) -> None:
    (shop / "certs/ca-key.pem").write_bytes(keys.to_pem(keys.generate(KeyType.P256)))


def ca_is_a_leaf(shop: Path) -> None:
    (shop / "certs/ca-key.pem").unlink()
    shutil.copy(shop / "certs/api-cert.pem", shop / "certs/ca-cert.pem")


def other_ca(shop: Path) -> None:
    (shop / "certs/ca-key.pem").unlink()
    write(shop / "certs/ca-cert.pem", other_authority(NOW).certificate)


def foreign_leaf(shop: Path) -> None:
    reissue(shop, "api", API, NOW, by=other_authority(NOW))


def without_name(shop: Path) -> None:
    reissue(shop, "worker", ("worker",), NOW)


def alias_added(shop: Path) -> None:
    edit(shop / COMPOSE, "    build: ./proxy\n", "    build: ./proxy\n    hostname: front\n")


def expired(shop: Path) -> None:
    reissue(shop, "api", API, NOW - timedelta(days=200))


def not_yet(shop: Path) -> None:
    leaf_now = NOW + timedelta(days=2)
    reissue(shop, "api", API, leaf_now)


def soon(shop: Path) -> None:
    reissue(shop, "api", API, NOW - timedelta(days=80), days=90)


def revoked(shop: Path) -> None:
    revocation_list(shop, "api", now=NOW)


def foreign_list(shop: Path) -> None:
    revocation_list(shop, by=other_authority(NOW), now=NOW)


def garbled_list(shop: Path) -> None:
    revocation_list(shop, now=NOW)
    edit(shop / "certs/ca-crl.pem", "-----\nMI", "-----\nAA")


def old_list(shop: Path) -> None:
    revocation_list(shop, now=NOW - timedelta(days=31))


def list_of_tomorrow(shop: Path) -> None:
    revocation_list(shop, now=NOW + timedelta(days=1))


def list_for_three_days(shop: Path) -> None:
    revocation_list(shop, now=NOW - timedelta(days=27))


def not_renewed(shop: Path) -> None:
    """One that lives for a day, which nobody has renewed."""
    reissue(shop, "api", API, NOW - timedelta(hours=22), days=1)


def weak_key(shop: Path) -> None:
    reissue(shop, "api", API, NOW, key=short_key())


def weak_form(shop: Path) -> None:
    without_identifier(shop, "api", API, NOW)


def weak_signature(shop: Path) -> None:
    need("openssl")
    certs = shop / "certs"
    (certs / "e").write_text(
        "subjectAltName=DNS:shop-api,DNS:localhost,IP:127.0.0.1,IP:::1\n"
        "authorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n"
    )
    command = (
        "openssl req -new -key api-key.pem -subj /CN=api -out r && openssl x509 -req -in r -sha1 -days 3650 "
        "-CA ca-cert.pem -CAkey ca-key.pem -set_serial 5 -extfile e -out api-cert.pem 2>&1 && rm r e"
    )
    subprocess.run(command, shell=True, cwd=certs, check=True)  # noqa: S602 - a script, as people have them


def replaced(shop: Path) -> None:
    """What somebody made with the same CA and a program of their own."""
    ca = authority(shop)
    ours = load((shop / "certs/api-cert.pem").read_bytes())
    builder = (
        x509.CertificateBuilder(
            subject_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "api")]),
            issuer_name=ca.certificate.subject,
        )
        .public_key(ours.public_key())
        .serial_number(5)
        .not_valid_before(ours.not_valid_before_utc)
        .not_valid_after(ours.not_valid_after_utc)
    )
    for extension in ours.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    write(shop / "certs/api-cert.pem", builder.sign(ca.key, SHA256()))


def ca_of_a_script(shop: Path) -> None:
    """The same CA as a script makes it: without a key usage."""
    ca = authority(shop)
    builder = (
        x509.CertificateBuilder(subject_name=ca.certificate.subject, issuer_name=ca.certificate.subject)
        .public_key(ca.key.public_key())
        .serial_number(5)
        .not_valid_before(ca.certificate.not_valid_before_utc)
        .not_valid_after(ca.certificate.not_valid_after_utc)
    )
    for extension in ca.certificate.extensions:
        if not isinstance(extension.value, x509.KeyUsage):
            builder = builder.add_extension(extension.value, critical=extension.critical)
    write(shop / "certs/ca-cert.pem", builder.sign(ca.key, SHA256()))


def ca_expired(shop: Path) -> None:
    """The CA of a year ago, the key of today."""
    ca = authority(shop)
    old = new_authority("shop", ca.key, Profile(KeyType.P256, 10), now=ENABLED)
    write(shop / "certs/ca-cert.pem", old.certificate)


def orphan(shop: Path) -> None:
    shutil.copy(shop / "certs/api-cert.pem", shop / "certs/old-cert.pem")


FAULTS: list[Fault] = [
    (no_directory, "cert-missing", "certs", ""),
    (directory_is_a_file, "cert-missing", "certs", ""),
    (no_ca, "cert-missing", "certs/ca-cert.pem", ""),
    (no_certificate, "cert-missing", "certs/api-cert.pem", "shop-api"),
    (no_key, "key-missing", "certs/api-key.pem", "shop-api"),
    (no_pair, "cert-missing", "certs/api-cert.pem", "shop-api"),
    (garbage, "cert-unreadable", "certs/api-cert.pem", "shop-api"),
    (binary_key, "key-unreadable", "certs/api-key.pem", "shop-api"),
    (huge_ca, "cert-unreadable", "certs/ca-cert.pem", ""),
    (key_is_a_directory, "key-unreadable", "certs/api-key.pem", "shop-api"),
    (key_leads_nowhere, "key-unreadable", "certs/api-key.pem", "shop-api"),
    (garbage_ca_key, "key-unreadable", "certs/ca-key.pem", ""),
    (passphrase, "key-encrypted", "certs/api-key.pem", "shop-api"),
    (open_key, "key-mode", "certs/api-key.pem", "shop-api"),
    (group_reads_key, "key-mode", "certs/api-key.pem", "shop-api"),
    (open_ca_key, "key-mode", "certs/ca-key.pem", ""),
    (closed_certificate, "cert-mode", "certs/api-cert.pem", "shop-api"),
    (writable_certificate, "cert-mode", "certs/ca-cert.pem", ""),
    (writable_directory, "directory-mode", "certs", ""),
    (mismatch, "key-mismatch", "certs/api-key.pem", "shop-api"),
    (ca_key_of_another, "key-mismatch", "certs/ca-key.pem", ""),
    (ca_is_a_leaf, "ca-not-ca", "certs/ca-cert.pem", ""),
    (other_ca, "cert-untrusted", "certs/ca-cert.pem", ""),
    (foreign_leaf, "cert-untrusted", "certs/api-cert.pem", "shop-api"),
    (without_name, "cert-name", "certs/worker-cert.pem", "shop-worker"),
    (alias_added, "cert-name-spare", "certs/proxy-cert.pem", "shop-proxy"),
    (expired, "cert-expired", "certs/api-cert.pem", "shop-api"),
    (not_yet, "cert-not-yet-valid", "certs/api-cert.pem", "shop-api"),
    (soon, "cert-expires-soon", "certs/api-cert.pem", "shop-api"),
    (revoked, "cert-revoked", "certs/api-cert.pem", "shop-api"),
    (foreign_list, "crl-unusable", "certs/ca-crl.pem", ""),
    (garbled_list, "crl-unusable", "certs/ca-crl.pem", ""),
    (old_list, "crl-expired", "certs/ca-crl.pem", ""),
    (list_of_tomorrow, "crl-expired", "certs/ca-crl.pem", ""),
    (list_for_three_days, "crl-expires-soon", "certs/ca-crl.pem", ""),
    (not_renewed, "cert-expires-soon", "certs/api-cert.pem", "shop-api"),
    (weak_key, "weak-key", "certs/api-cert.pem", "shop-api"),
    (weak_form, "weak-certificate", "certs/api-cert.pem", "shop-api"),
    (weak_signature, "weak-certificate", "certs/api-cert.pem", "shop-api"),
    (replaced, "record-certificate", "certs/api-cert.pem", ""),
    (ca_of_a_script, "weak-ca", "certs/ca-cert.pem", ""),
    (ca_expired, "cert-expired", "certs/ca-cert.pem", ""),
    (orphan, "orphan", "certs/old-cert.pem", ""),
]


@pytest.mark.parametrize("fault", FAULTS, ids=name_of)
def test_exactly_what_was_seeded_is_found(shop: Path, examine: Examine, fault: Fault) -> None:
    exactly(fault, shop, examine)
