from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from aicos_tls.pki import KeyType, keys

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("key_type", list(KeyType))
def test_keys_are_of_the_type_asked_for_and_survive_pem(key_type: KeyType) -> None:
    key = keys.generate(key_type)
    pem = keys.to_pem(key)
    assert pem.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    assert keys.describe_public(key.public_key()) == key_type.value
    again = keys.from_pem(pem)
    assert keys.public_bytes(again.public_key()) == keys.public_bytes(key.public_key())
    assert keys.fits(again, key.public_key())


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (("genrsa", "-traditional", "2048"), "rsa2048"),
        (("ecparam", "-name", "prime256v1", "-genkey", "-noout"), "p256"),
        (("ecparam", "-name", "secp521r1", "-genkey", "-noout"), "secp521r1"),
        (("genpkey", "-algorithm", "ed25519"), "ed25519"),
        (("genpkey", "-algorithm", "ed448"), "ed448"),
    ],
)
def test_keys_of_openssl_are_read(openssl: Callable[..., str], arguments: tuple[str, ...], kind: str) -> None:
    key = keys.from_pem(openssl(*arguments).encode())
    assert keys.describe_public(key.public_key()) == kind
    assert keys.fits(key, key.public_key())


@pytest.mark.parametrize("flag", [("-aes256",), ("-aes256", "-traditional")])
def test_an_encrypted_key_is_told_from_garbage(openssl: Callable[..., str], flag: tuple[str, ...]) -> None:
    pem = openssl("genrsa", *flag, "-passout", "pass:secret", "2048")
    with pytest.raises(keys.EncryptedKeyError, match="encrypted"):
        keys.from_pem(pem.encode())


@pytest.mark.parametrize(
    "data", [b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", b"\xff\x00"]
)
def test_garbage_is_no_key(data: bytes) -> None:
    with pytest.raises(keys.KeyFileError, match="no private key in PEM form"):
        keys.from_pem(data)


def test_a_key_that_cannot_sign_is_no_key_for_tls() -> None:
    pem = x25519.X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(keys.KeyFileError, match="cannot sign for TLS"):
        keys.from_pem(pem)


@pytest.mark.parametrize("other", [KeyType.RSA2048, KeyType.P256])
def test_another_key_does_not_fit(other: KeyType) -> None:
    assert not keys.fits(keys.generate(KeyType.RSA2048), keys.generate(other).public_key())


def test_a_damaged_rsa_key_does_not_fit_its_own_public_half() -> None:
    numbers = keys.generate(KeyType.RSA2048)
    assert isinstance(numbers, rsa.RSAPrivateKey)
    good = numbers.private_numbers()
    bad = rsa.RSAPrivateNumbers(
        p=good.p, q=good.q, d=good.d ^ 4, dmp1=good.dmp1 ^ 4, dmq1=good.dmq1, iqmp=good.iqmp,
        public_numbers=good.public_numbers,
    )  # fmt: skip
    damaged = bad.private_key(unsafe_skip_rsa_key_validation=True)
    assert not keys.fits(damaged, numbers.public_key())


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (ec.generate_private_key(ec.SECP256R1()), SHA256),
        (ec.generate_private_key(ec.SECP384R1()), SHA384),
        (ec.generate_private_key(ec.SECP521R1()), SHA512),
        (ed25519.Ed25519PrivateKey.generate(), None),
        (ed448.Ed448PrivateKey.generate(), None),
    ],
)
def test_the_hash_is_as_strong_as_the_key(key: keys.PrivateKey, expected: type | None) -> None:
    chosen = keys.signature_hash(key)
    assert chosen is None if expected is None else isinstance(chosen, expected)


def test_the_private_half_of_a_key_file_is_what_openssl_expects(openssl: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(keys.to_pem(keys.generate(KeyType.RSA2048)))
    assert "RSA key ok" in openssl("rsa", "-in", "key.pem", "-check", "-noout")
