from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from aicos_tls.pki import conformance
from aicos_tls.pki.certificate import load
from aicos_tls.pki.names import names_for

if TYPE_CHECKING:
    from pathlib import Path

CA = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign", "subjectKeyIdentifier=hash")
LEAF = (
    "subjectAltName=DNS:api,DNS:localhost,IP:127.0.0.1,IP:::1",
    "authorityKeyIdentifier=keyid",
    "keyUsage=critical,digitalSignature",
    "extendedKeyUsage=serverAuth,clientAuth",
)
Make = Callable[..., x509.Certificate]


@pytest.fixture
def moment() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=5)


@pytest.fixture
def authority(openssl: Callable[..., str], tmp_path: Path) -> Make:
    """A CA that openssl makes with these extensions and no others."""

    def make(*extensions: str, key: str = "ec:p256.pem", digest: str = "sha256") -> x509.Certificate:
        openssl("genpkey", "-genparam", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "p256.pem")
        (tmp_path / "ca.cnf").write_text(
            "[req]\ndistinguished_name=dn\nprompt=no\nx509_extensions=v3\n[dn]\nCN=other\n[v3]\n"
            + "\n".join(extensions)
        )
        openssl(
            "req", "-x509", "-newkey", key, "-nodes", "-keyout", "ca-key.pem", "-out", "ca-cert.pem", "-days", "9",
            "-config", "ca.cnf", f"-{digest}",
        )  # fmt: skip
        return load((tmp_path / "ca-cert.pem").read_bytes())

    return make


@pytest.fixture
def leaf(authority: Make, openssl: Callable[..., str], tmp_path: Path) -> Make:
    """A leaf of such a CA, by openssl, with these extensions."""

    def make(*extensions: str, digest: str = "sha256", key: str = "ec:p256.pem") -> x509.Certificate:
        authority(*CA)
        (tmp_path / "leaf.cnf").write_text("\n".join(extensions))
        openssl("req", "-newkey", key, "-nodes", "-keyout", "k.pem", "-out", "r.pem", "-subj", "/CN=api")
        openssl(
            "x509", "-req", "-in", "r.pem", "-CA", "ca-cert.pem", "-CAkey", "ca-key.pem", "-days", "5",
            "-extfile", "leaf.cnf", "-out", "c.pem", f"-{digest}",
        )  # fmt: skip
        return load((tmp_path / "c.pem").read_bytes())

    return make


def _without(extensions: tuple[str, ...], start: str, *more: str) -> tuple[str, ...]:
    return (*(extension for extension in extensions if not extension.startswith(start)), *more)


def test_a_proper_leaf_of_another_maker_has_no_objection(leaf: Make, moment: datetime) -> None:
    assert conformance.leaf_objection(leaf(*LEAF), names_for(["api"]), now=moment) == ""


def test_what_may_be_absent_is_not_missed(leaf: Make, moment: datetime) -> None:
    plain = leaf(*_without(_without(LEAF, "keyUsage"), "extendedKeyUsage"))
    assert conformance.leaf_objection(plain, names_for(["API"]), now=moment) == ""


@pytest.mark.parametrize(
    ("extensions", "objection"),
    [
        (_without(LEAF, "authorityKey", "authorityKeyIdentifier=none"), "has no authority key identifier"),
        (_without(LEAF, "keyUsage", "keyUsage=keyEncipherment"), "may not be used for signatures"),
        (_without(LEAF, "extended", "extendedKeyUsage=serverAuth"), "is not meant for both servers and clients"),
        ((*LEAF, "basicConstraints=CA:TRUE"), "is that of a CA, not of a service"),
        (_without(LEAF, "subjectAlt"), "lacks the names api, localhost, 127.0.0.1, ::1"),
        (_without(LEAF, "subjectAlt", "subjectAltName=DNS:api,DNS:localhost,IP:127.0.0.1"), "lacks the name ::1"),
        (_without(LEAF, "subjectAlt", "subjectAltName=DNS:x,DNS:localhost,IP:127.0.0.1,IP:::1"), "lacks the name api"),
    ],
)
def test_leaves_that_strict_clients_refuse(
    leaf: Make, moment: datetime, extensions: tuple[str, ...], objection: str
) -> None:
    assert conformance.leaf_objection(leaf(*extensions), names_for(["api"]), now=moment).startswith(objection)


def test_a_broken_signature_hash_is_named(leaf: Make, moment: datetime) -> None:
    objection = conformance.leaf_objection(leaf(*LEAF, digest="sha1"), names_for(["api"]), now=moment)
    assert objection == "is signed with sha1, which is broken"


def test_weaknesses_of_a_leaf_whatever_its_names_and_the_time(leaf: Make) -> None:
    assert conformance.leaf_weaknesses(leaf(*LEAF)) == ()
    assert conformance.weak_signature(leaf(*LEAF)) == ""
    broken = leaf(*LEAF[:2], "keyUsage=critical,keyEncipherment", digest="sha1")
    assert conformance.weak_signature(broken) == "is signed with sha1, which is broken"
    without = conformance.leaf_weaknesses(broken)
    assert without == ("may not be used for signatures, which TLS 1.3 needs", conformance.weak_signature(broken))


def test_time_is_inclusive_at_both_ends(leaf: Make) -> None:
    certificate = leaf(*LEAF)
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    second = timedelta(seconds=1)
    assert conformance.validity_objection(certificate, now=first) == ""
    assert conformance.validity_objection(certificate, now=last) == ""
    assert conformance.validity_objection(certificate, now=last + second).startswith(f"expired on {last:%Y-%m-%d}")
    assert conformance.validity_objection(certificate, now=first - second).startswith("is not valid before")


@pytest.mark.parametrize(
    ("extensions", "objection"),
    [
        (CA, ""),
        (("basicConstraints=CA:TRUE",), ""),
        (("subjectKeyIdentifier=hash",), "is not that of a CA"),
        (("basicConstraints=critical,CA:FALSE",), "is not that of a CA"),
        (("basicConstraints=CA:TRUE", "keyUsage=cRLSign"), "is that of a CA which may not sign certificates"),
    ],
)
def test_what_can_be_a_ca(authority: Make, moment: datetime, extensions: tuple[str, ...], objection: str) -> None:
    assert conformance.authority_objection(authority(*extensions), now=moment) == objection


def test_an_expired_ca_is_none(authority: Make, moment: datetime) -> None:
    objection = conformance.authority_objection(authority(*CA), now=moment + timedelta(days=10))
    assert objection.startswith("expired on")


def test_weaknesses_of_a_ca_that_works_all_the_same(authority: Make) -> None:
    assert conformance.authority_weaknesses(authority(*CA)) == ()
    plain = authority("basicConstraints=CA:TRUE", "subjectKeyIdentifier=none", key="rsa:1024")
    assert conformance.authority_weaknesses(plain) == (
        "has basic constraints that are not critical",
        "has no key usage",
        "has no subject key identifier",
        "has an RSA key of fewer than 2048 bits, which current TLS libraries refuse",
    )


def test_an_intermediate_and_a_certificate_without_constraints_as_ca(leaf: Make) -> None:
    assert conformance.authority_weaknesses(leaf("subjectKeyIdentifier=hash", "keyUsage=keyCertSign")) == (
        "is not a root, so most verifiers also want the CA above it",
    )


def test_who_vouches_for_whom(leaf: Make, tmp_path: Path, certs: Path) -> None:
    certificate = leaf(*LEAF)
    own = load((tmp_path / "ca-cert.pem").read_bytes())
    other = load((certs / "ca-cert.pem").read_bytes())
    assert conformance.issue_objection(certificate, own) == ""
    assert conformance.issue_objection(certificate, other) == (
        "was not signed by the CA that is there (CN=aicos internal CA,O=aicos-tls)"
    )


def test_the_same_name_with_another_key_vouches_for_nobody(certs: Path, foreign: Path) -> None:
    certificate, other = load((certs / "api-cert.pem").read_bytes()), load((foreign / "ca-cert.pem").read_bytes())
    assert conformance.issue_objection(certificate, other).startswith("was not signed by the CA that is there")
