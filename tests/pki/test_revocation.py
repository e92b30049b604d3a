from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from aicos_tls.pki import KeyType, Profile, keys, revocation
from aicos_tls.pki.authority import Authority, new_authority
from aicos_tls.pki.certificate import CertificateFileError, load
from aicos_tls.pki.judgement import find_pair, judge_authority
from aicos_tls.pki.revocation import Reason, RevocationList, Revoked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    OpenSsl = Callable[..., str]

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
AUTHORITY = new_authority("shop", keys.generate(KeyType.P256), Profile(KeyType.P256, 3000), now=NOW)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given beside
lifetimes = st.timedeltas(timedelta(minutes=5), timedelta(days=400))


def write(directory: Path, data: bytes) -> None:
    directory.mkdir(exist_ok=True)
    revocation.path_of(directory).write_bytes(data)


def issuer(certs: Path, now: datetime) -> Authority:
    found = judge_authority(find_pair(certs, "ca"), now=now).issuer
    assert found
    return found


def value(directory: Path, authority: Authority = AUTHORITY) -> RevocationList:
    found = revocation.read(directory, authority.certificate)
    assert found.value, found.problem
    return found.value


def test_what_is_revoked_is_read_back(tmp_path: Path) -> None:
    entries = tuple(Revoked(number, NOW + timedelta(hours=number), reason) for number, reason in enumerate(Reason, 1))
    write(tmp_path, revocation.make(AUTHORITY, reversed(entries), None, now=NOW))
    found = value(tmp_path)
    assert found.revoked == entries
    assert found.of(2) == entries[1]
    assert found.of(99) is None
    assert found.ends == NOW + revocation.LIFETIME
    assert found.lifetime == revocation.LIFETIME
    assert found.number == int(NOW.timestamp())


def test_openssl_refuses_what_is_on_the_list_and_nothing_else(certs: Path, openssl: OpenSsl) -> None:
    now = datetime.now(UTC)
    ca = new_authority("x", keys.generate(KeyType.P384), Profile(KeyType.P384, 10), now=now)
    write(certs, revocation.make(ca, [Revoked(7, now)], None, now=now))
    assert "07" in openssl("crl", "-in", revocation.path_of(certs), "-noout", "-text")
    (certs / "other.pem").write_bytes(ca.certificate.public_bytes(Encoding.PEM))
    openssl("crl", "-in", revocation.path_of(certs), "-noout", "-CAfile", certs / "other.pem")


def test_a_directory_without_a_list(tmp_path: Path) -> None:
    found = revocation.read(tmp_path, AUTHORITY.certificate)
    assert (found.there, found.value, found.problem) == (False, None, None)


def test_a_list_of_another_ca_is_none(tmp_path: Path) -> None:
    other = new_authority("shop", keys.generate(KeyType.P256), Profile(KeyType.P256, 3000), now=NOW)
    write(tmp_path, revocation.make(other, [], None, now=NOW))
    for authority in (AUTHORITY.certificate, None):
        found = revocation.read(tmp_path, authority)
        assert found.problem
        assert "not signed by the CA" in found.problem.message
    assert not revocation.is_of_any(revocation.path_of(tmp_path).read_bytes(), [AUTHORITY.certificate])


def test_two_lists_in_one_file_are_told_apart(tmp_path: Path) -> None:
    other = new_authority("new", keys.generate(KeyType.P256), Profile(KeyType.P256, 3000), now=NOW)
    first, second = (revocation.make(each, [Revoked(5, NOW)], None, now=NOW) for each in (AUTHORITY, other))
    write(tmp_path, first + second)
    assert value(tmp_path).of(5)
    assert value(tmp_path, other).of(5)
    assert len(revocation.numbers(first + second)) == 2
    assert revocation.is_of_any(first + second, [other.certificate])


@pytest.mark.parametrize("data", [b"", b"x", b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"])
def test_what_is_no_list_is_said(tmp_path: Path, data: bytes) -> None:
    write(tmp_path, data)
    found = revocation.read(tmp_path, AUTHORITY.certificate)
    assert found.problem
    assert "no certificate revocation list" in found.problem.message
    assert not revocation.is_of_any(data, [AUTHORITY.certificate])
    with pytest.raises(CertificateFileError):
        revocation.numbers(data)


def test_every_byte_of_a_list_counts(tmp_path: Path) -> None:
    """One that was edited by hand is never taken for the CA's."""
    data = bytearray(revocation.make(AUTHORITY, [Revoked(5, NOW)], None, now=NOW))
    body = range(data.index(b"\n") + 1, data.rindex(b"\n-----END"))
    for at in body[::7]:
        if data[at : at + 1] in b"\n=":
            continue
        changed = data.copy()
        changed[at] = ord("A") if data[at] != ord("A") else ord("B")
        write(tmp_path, bytes(changed))
        assert revocation.read(tmp_path, AUTHORITY.certificate).problem, at


def test_a_ca_with_a_key_that_signs_no_lists(tmp_path: Path) -> None:
    key = dsa.generate_private_key(2048)
    name = AUTHORITY.certificate.subject
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
    )
    odd = builder.sign(key, SHA256())
    write(tmp_path, revocation.make(AUTHORITY, [], None, now=NOW))
    assert revocation.read(tmp_path, odd).problem


def test_a_list_without_an_end_is_none(tmp_path: Path) -> None:
    no_number = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(AUTHORITY.certificate.subject)
        .last_update(NOW)
        .next_update(NOW + timedelta(days=1))
        .sign(AUTHORITY.key, SHA256())
    )
    write(tmp_path, no_number.public_bytes(Encoding.PEM))
    assert revocation.read(tmp_path, AUTHORITY.certificate).problem


def test_a_ca_that_states_no_key_identifier(tmp_path: Path) -> None:
    key = keys.generate(KeyType.P256)
    name = AUTHORITY.certificate.subject
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
    )
    bare = Authority(builder.sign(key, SHA256()), key)
    write(tmp_path, revocation.make(bare, [], None, now=NOW))
    assert value(tmp_path, bare).revoked == ()


def test_a_reason_that_is_not_ours_is_unspecified(tmp_path: Path) -> None:
    entry = (
        x509.RevokedCertificateBuilder()
        .serial_number(3)
        .revocation_date(NOW)
        .add_extension(x509.CRLReason(x509.ReasonFlags.ca_compromise), critical=False)
        .build()
    )
    made = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(AUTHORITY.certificate.subject)
        .last_update(NOW)
        .next_update(NOW + timedelta(days=1))
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_revoked_certificate(entry)
        .sign(AUTHORITY.key, SHA256())
    )
    write(tmp_path, made.public_bytes(Encoding.PEM))
    (found,) = value(tmp_path).revoked
    assert found.reason is Reason.UNSPECIFIED


@given(moments, lifetimes, st.integers(-(10**8), 10**9))
def test_a_list_is_due_before_it_is_over(now: datetime, lifetime: timedelta, seconds: int) -> None:
    found = _made(now, lifetime)
    later = now + timedelta(seconds=seconds)
    if found.objection(now=later):
        assert found.due(now=later)
    assert not found.due(now=now)
    assert not found.objection(now=found.ends)
    assert "expired" in found.objection(now=found.ends + timedelta(seconds=1))
    assert "clock" in found.objection(now=found.begins - timedelta(seconds=1))
    assert found.due(now=found.ends - lifetime / 3)


@given(st.lists(moments, min_size=2, max_size=6), lifetimes)
def test_numbers_increase_however_the_clock_jumps(clock: list[datetime], lifetime: timedelta) -> None:
    previous = _made(clock[0], lifetime)
    for now in clock[1:]:
        (number,) = revocation.numbers(revocation.make(AUTHORITY, [], previous, now=now, lifetime=lifetime))
        assert number > previous.number
        previous = RevocationList(number, previous.begins, previous.ends, ())


@given(moments, lifetimes)
def test_the_lifetime_of_a_list_is_what_was_asked_for(now: datetime, lifetime: timedelta) -> None:
    assert abs(_made(now, lifetime).lifetime - lifetime) <= timedelta(seconds=3)


def _made(now: datetime, lifetime: timedelta) -> RevocationList:
    found = x509.load_pem_x509_crl(revocation.make(AUTHORITY, [], None, now=now, lifetime=lifetime))
    number = found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    assert found.next_update_utc
    return RevocationList(number, found.last_update_utc, found.next_update_utc, ())


def test_the_conftest_ca_signs_lists(certs: Path, now: datetime) -> None:
    ca = issuer(certs, now)
    write(
        certs,
        revocation.make(ca, [Revoked(load((certs / "api-cert.pem").read_bytes()).serial_number, now)], None, now=now),
    )
    assert len(value(certs, ca).revoked) == 1
