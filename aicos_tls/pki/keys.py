"""Private keys: made, turned into PEM, read back, and proved to belong to a public key.

Files hold PKCS #8 PEM without encryption (RFC 5958, RFC 7468), which every runtime reads. `cryptography` makes the keys
and releases the interpreter's lock meanwhile, so threads make several at once.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from aicos_tls.pki.profile import KeyType

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

PrivateKey: TypeAlias = (
    rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey
)
"""Keys that can sign and that TLS servers take. The last two are never made here, but may be found."""

PUBLIC_EXPONENT = 65537

_RSA_BITS = {KeyType.RSA4096: 4096, KeyType.RSA2048: 2048}
_CURVES: dict[KeyType, ec.EllipticCurve] = {KeyType.P256: ec.SECP256R1(), KeyType.P384: ec.SECP384R1()}


class KeyFileError(Exception):
    """A file holds no private key that can be used; the message says why."""


class EncryptedKeyError(KeyFileError):
    """The private key is there but needs a passphrase."""


def generate(key_type: KeyType) -> PrivateKey:
    """A new private key. RSA 4096 takes a fraction of a second to a few seconds; safe to call in threads."""
    bits = _RSA_BITS.get(key_type)
    if bits is not None:
        return rsa.generate_private_key(PUBLIC_EXPONENT, bits)
    return ec.generate_private_key(_CURVES[key_type])


def to_pem(key: PrivateKey) -> bytes:
    """The PKCS #8 PEM of `key`, unencrypted: what a `*-key.pem` holds."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def from_pem(data: bytes) -> PrivateKey:
    """The private key in `data` (PKCS #8, or the older RSA and EC forms); raises `KeyFileError` when there is none.

    The arithmetic of an RSA key is not checked here: OpenSSL's check takes a third of a second for 4096 bits. A key is
    proved by use instead, in `fits`.
    """
    try:
        key = load_pem_private_key(data, None, unsafe_skip_rsa_key_validation=True)
    except TypeError:
        raise EncryptedKeyError("the private key is encrypted, and nobody is there to type a passphrase") from None
    except Exception:  # noqa: BLE001 - ValueError and UnsupportedAlgorithm are documented, OpenSSL has more
        raise KeyFileError("this is no private key in PEM form") from None
    if not isinstance(key, PrivateKey):
        raise KeyFileError(f"a key of this kind ({type(key).__name__}) cannot sign for TLS")
    return key


def fits(key: PrivateKey, public: PublicKeyTypes) -> bool:
    """Whether `key` is the private half of `public`, the public key of a certificate.

    An RSA key must also sign something that `public` verifies: the numbers that it shares with the public key may be
    right in a file that is damaged elsewhere.
    """
    own = key.public_key()
    if public_bytes(own) != public_bytes(public):
        return False
    return not isinstance(key, rsa.RSAPrivateKey) or _signs(key)


def public_bytes(public: PublicKeyTypes) -> bytes:
    """The DER SubjectPublicKeyInfo of a public key, which is the same for equal keys."""
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def signature_hash(key: PrivateKey) -> SHA256 | SHA384 | SHA512 | None:
    """The hash to sign with: SHA-256, for the larger curves one as strong as they are, None where a key has its own.

    Source: RFC 5480, section 4 (P-384 with SHA-384, P-521 with SHA-512).
    """
    if isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey):
        return None
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.key_size >= ec.SECP384R1.key_size:
        return SHA384() if key.curve.key_size == ec.SECP384R1.key_size else SHA512()
    return SHA256()


def describe_public(public: PublicKeyTypes) -> str:
    """The kind of a public key in one word: `rsa4096`, `p256`, `p384`, `ed25519`, or whatever else was found."""
    if isinstance(public, rsa.RSAPublicKey):
        return f"rsa{public.key_size}"
    if isinstance(public, ec.EllipticCurvePublicKey):
        known = {curve.name: key_type.value for key_type, curve in _CURVES.items()}
        return known.get(public.curve.name, public.curve.name)
    return type(public).__name__.strip("_").removesuffix("PublicKey").lower()


def _signs(key: rsa.RSAPrivateKey) -> bool:
    sample = os.urandom(32)
    try:
        signature = key.sign(sample, padding.PKCS1v15(), SHA256())
        key.public_key().verify(signature, sample, padding.PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True
