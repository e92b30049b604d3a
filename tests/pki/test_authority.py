from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.x509.oid import NameOID

from aicos_tls.pki import KeyType, Profile, keys
from aicos_tls.pki.authority import new_authority

if TYPE_CHECKING:
    from datetime import datetime


def _authority(project: str, profile: Profile, now: datetime) -> x509.Certificate:
    return new_authority(project, keys.generate(profile.key_type), profile, now=now).certificate


def test_a_ca_signs_leaves_and_crls_and_no_further_ca(quick: Profile, now: datetime) -> None:
    certificate = _authority("aicos", quick, now)
    extensions = {extension.oid: extension for extension in certificate.extensions}
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, True, 0)
    assert usage.critical
    assert (usage.value.key_cert_sign, usage.value.crl_sign, usage.value.digital_signature) == (True, True, False)
    assert not extensions[x509.SubjectKeyIdentifier.oid].critical
    assert certificate.issuer == certificate.subject
    assert certificate.subject.rfc4514_string() == "CN=aicos internal CA,O=aicos-tls"
    certificate.verify_directly_issued_by(certificate)


def test_its_time_begins_a_little_earlier_and_ends_on_the_second(quick: Profile, now: datetime) -> None:
    certificate = _authority("aicos", quick, now)
    assert certificate.not_valid_before_utc == now - timedelta(hours=1)
    assert certificate.not_valid_after_utc == now + timedelta(days=100)


def test_a_long_project_name_is_cut_to_what_a_common_name_holds(quick: Profile, now: datetime) -> None:
    common_name = _authority("p" * 100, quick, now).subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    assert common_name == "p" * 52 + " internal CA"


@pytest.mark.parametrize(("key_type", "algorithm"), [(KeyType.P384, SHA384), (KeyType.RSA2048, SHA256)])
def test_the_signature_is_as_strong_as_the_key(key_type: KeyType, algorithm: type, now: datetime) -> None:
    certificate = _authority("aicos", Profile(key_type, 1), now)
    assert isinstance(certificate.signature_hash_algorithm, algorithm)


def test_serials_are_random_positive_and_of_twenty_bytes_at_most(quick: Profile, now: datetime) -> None:
    key = keys.generate(KeyType.P256)
    serials = {new_authority("aicos", key, quick, now=now).certificate.serial_number for _ in range(8)}
    assert len(serials) == 8
    assert all(0 < serial < 1 << 159 for serial in serials)


def test_the_private_key_does_not_show_when_a_ca_is_printed(quick: Profile, now: datetime) -> None:
    assert "key" not in repr(new_authority("aicos", keys.generate(KeyType.P256), quick, now=now))
