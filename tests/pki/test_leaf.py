from __future__ import annotations

import re
import string
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aicos_tls.pki import KeyType, Profile, keys
from aicos_tls.pki.authority import Authority, new_authority
from aicos_tls.pki.certificate import facts, load
from aicos_tls.pki.leaf import issue_leaf
from aicos_tls.pki.names import names_for

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = keys.generate(KeyType.P256)
EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
AUTHORITY = new_authority("aicos", KEY, Profile(KeyType.P256, 36_500), now=EPOCH)

LABEL = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=63)
NAME = st.lists(LABEL, min_size=1, max_size=5).map(".".join).filter(lambda name: len(name) <= 253)
ADDRESS = st.ip_addresses().filter(lambda address: "%" not in str(address)).map(str)


def _text(pem: bytes, openssl: Callable[..., str], tmp_path: Path) -> str:
    (tmp_path / "cert.pem").write_bytes(pem)
    # Releases of openssl differ in the blanks, around the equals signs of a name too.
    return re.sub(r"\s+", " ", openssl("x509", "-in", "cert.pem", "-noout", "-text")).replace(" = ", "=")


@pytest.mark.parametrize(
    ("key_type", "usage", "algorithm"),
    [
        (KeyType.RSA4096, "Digital Signature, Key Encipherment", "sha256WithRSAEncryption"),
        (KeyType.RSA2048, "Digital Signature, Key Encipherment", "sha256WithRSAEncryption"),
        (KeyType.P256, "Digital Signature", "ecdsa-with-SHA256"),
        (KeyType.P384, "Digital Signature", "ecdsa-with-SHA384"),
    ],
)
def test_openssl_reads_what_was_meant(
    key_type: KeyType, usage: str, algorithm: str, openssl: Callable[..., str], tmp_path: Path
) -> None:
    profile = Profile(key_type, 3650)
    authority = new_authority("aicos", keys.generate(key_type), profile, now=EPOCH)
    names = names_for(["aicos-api", "api_1"])
    leaf = issue_leaf(authority, names, keys.generate(key_type), profile, now=EPOCH)
    text = _text(leaf.public_bytes(Encoding.PEM), openssl, tmp_path)
    for expected in (
        "Version: 3 (0x2)",
        f"Signature Algorithm: {algorithm}",
        "Issuer: O=aicos-tls, CN=aicos internal CA",
        "Subject: O=aicos-tls, CN=aicos-api",
        "Not Before: Mar 1 11:00:00 2026 GMT Not After : Feb 27 12:00:00 2036 GMT",
        "X509v3 Basic Constraints: critical CA:FALSE",
        f"X509v3 Key Usage: critical {usage} X509v3",
        "X509v3 Extended Key Usage: TLS Web Server Authentication, TLS Web Client Authentication",
        "DNS:aicos-api, DNS:api_1, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
        "X509v3 Subject Key Identifier:",
        "X509v3 Authority Key Identifier:",
    ):
        assert expected in text


@given(st.lists(NAME | ADDRESS, max_size=12))
@example(["localhost", "LOCALHOST", "127.0.0.1"])
@example(["_", "-"])
@example(["1.2.3"])
@settings(max_examples=60, deadline=None)
def test_any_legal_names_come_back_as_alternative_names(given_names: list[str]) -> None:
    names = names_for(given_names)
    leaf = issue_leaf(AUTHORITY, names, KEY, Profile(days=1), now=EPOCH)
    found = facts(load(leaf.public_bytes(Encoding.PEM)), Path("x"), 0o644, now=EPOCH)
    assert found.dns_names == names.dns
    assert found.addresses == tuple(str(address) for address in names.addresses)
    lower = {name.lower() for name in found.names}
    assert all(name.lower() in lower for name in given_names)


@given(st.integers(1, 36_500), st.integers(1, 40_000), st.integers(0, 36_500 * 86_400))
@example(1, 1, 0)
@example(1, 36_500, 86_400)
@settings(max_examples=60, deadline=None)
def test_a_leaf_never_outlives_its_ca(ca_days: int, days: int, later: int) -> None:
    moment = EPOCH + timedelta(seconds=min(later, ca_days * 86_400))
    authority = new_authority("aicos", KEY, Profile(days=ca_days), now=EPOCH)
    leaf = issue_leaf(authority, names_for(["api"]), KEY, Profile(days=days), now=moment)
    issuer = authority.certificate
    assert issuer.not_valid_before_utc <= leaf.not_valid_before_utc <= moment <= leaf.not_valid_after_utc
    assert leaf.not_valid_after_utc == min(moment + timedelta(days=days), issuer.not_valid_after_utc)


@pytest.mark.parametrize(
    ("start", "days", "tag"),
    [
        ("2049-12-30T12:00:00+00:00", 1, 0x17),
        ("2049-12-31T12:00:00+00:00", 1, 0x18),
        ("2024-02-28T00:00:00+00:00", 1, 0x17),
    ],
)
def test_times_are_encoded_as_rfc_5280_wants_them(start: str, days: int, tag: int) -> None:
    """UTCTime (tag 0x17) through 2049, GeneralizedTime (0x18) from 2050 (RFC 5280, 4.1.2.5)."""
    moment = datetime.fromisoformat(start)
    authority = new_authority("aicos", KEY, Profile(days=36_500), now=moment)
    leaf = issue_leaf(authority, names_for(["api"]), KEY, Profile(days=days), now=moment)
    end = moment + timedelta(days=days)
    form = "%y%m%d%H%M%SZ" if tag == 0x17 else "%Y%m%d%H%M%SZ"
    encoded = end.strftime(form).encode()
    assert bytes([tag, len(encoded)]) + encoded in leaf.tbs_certificate_bytes
    assert leaf.not_valid_after_utc == end


def test_a_ca_of_another_maker_gives_its_first_moment_and_a_computed_identifier() -> None:
    issuer = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([]))
        .public_key(KEY.public_key())
        .serial_number(7)
        .not_valid_before(EPOCH)
        .not_valid_after(EPOCH + timedelta(days=5))
        .sign(KEY, keys.signature_hash(KEY))
    )
    leaf = issue_leaf(Authority(issuer, KEY), names_for(["api"]), KEY, Profile(days=1), now=EPOCH)
    assert leaf.not_valid_before_utc == EPOCH
    stated = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert stated.key_identifier == x509.SubjectKeyIdentifier.from_public_key(KEY.public_key()).digest
