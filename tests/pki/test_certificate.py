from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from aicos_tls.errors import TlsError
from aicos_tls.pki.certificate import CertificateFileError, describe, load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_the_facts_of_a_leaf(certs: Path, now: datetime, openssl: Callable[..., str]) -> None:
    path = certs / "api-cert.pem"
    found = describe(path, now=now)
    assert (found.path, found.mode) == (path, 0o644)
    assert found.subject == "CN=aicos-api,O=aicos-tls"
    assert found.issuer == "CN=aicos internal CA,O=aicos-tls"
    assert found.names == ("aicos-api", "api_1", "localhost", "127.0.0.1", "::1")
    assert not found.is_authority
    assert found.not_before == now - timedelta(hours=1)
    assert found.not_after == datetime(2026, 6, 9, 12, tzinfo=UTC)
    assert found.days_left == 100
    assert found.key_type == "p256"
    printed = openssl("x509", "-in", path, "-noout", "-serial", "-fingerprint", "-sha256").lower().replace(":", "")
    assert f"serial={found.serial.zfill(len(found.serial) + len(found.serial) % 2)}" in printed
    assert f"fingerprint={found.fingerprint}" in printed


def test_the_facts_of_a_ca(certs: Path, now: datetime) -> None:
    found = describe(certs / "ca-cert.pem", now=now)
    assert found.is_authority
    assert found.names == ()


@pytest.mark.parametrize(
    ("after", "left"),
    [
        (timedelta(), 100),
        (timedelta(seconds=1), 99),
        (timedelta(days=99, hours=12), 0),
        (timedelta(days=100), 0),
        (timedelta(days=100, seconds=1), -1),
        (timedelta(days=103), -3),
    ],
)
def test_days_left_are_whole_days(certs: Path, now: datetime, after: timedelta, left: int) -> None:
    assert describe(certs / "api-cert.pem", now=now + after).days_left == left


def test_the_first_certificate_of_a_chain_counts(certs: Path) -> None:
    leaf, ca = (certs / "api-cert.pem").read_bytes(), (certs / "ca-cert.pem").read_bytes()
    assert load(leaf + ca) == load(leaf)


def test_a_certificate_of_another_maker_without_extensions(
    openssl: Callable[..., str], tmp_path: Path, now: datetime
) -> None:
    """Version 1, as `openssl x509 -req` made them for years: no names, no CA."""
    openssl("req", "-newkey", "ed25519", "-nodes", "-keyout", "k.pem", "-out", "r.pem", "-subj", "/CN=old")
    openssl("x509", "-req", "-in", "r.pem", "-signkey", "k.pem", "-out", "c.pem", "-days", "5")
    found = describe(tmp_path / "c.pem", now=now)
    assert (found.subject, found.names, found.is_authority, found.key_type) == ("CN=old", (), False, "ed25519")


@pytest.mark.parametrize(
    "data", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\xff"]
)
def test_garbage_is_no_certificate(data: bytes, tmp_path: Path, now: datetime) -> None:
    with pytest.raises(CertificateFileError, match="no certificate in PEM form"):
        load(data)
    path = tmp_path / "x-cert.pem"
    path.write_bytes(data)
    with pytest.raises(TlsError, match="no certificate in PEM form") as caught:
        describe(path, now=now)
    assert str(caught.value).startswith(f"{path}: ")
