"""Backups that nobody reads without a passphrase or a key: the age format (https://age-encryption.org/v1).

By pyrage, Python's binding of rage: authenticated encryption in a format with a specification and several
implementations, so a backup can be read without this program (`age -d`), and by recipients (age or SSH keys) nothing
secret lies on the machine that makes the backups. Not by what `cryptography` offers: PKCS #12 holds no tar, its PKCS #7
envelopes know RSA recipients alone and no passphrase, and a format of our own around Fernet would be our cryptography.
It is an extra (2 MB): `pip install 'aicos-tls[age]'`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from aicos_tls.errors import TlsError, Where
from aicos_tls.files import read

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_BINARY: Final = b"age-encryption.org/v1\n"
_ARMOURED: Final = b"-----BEGIN AGE ENCRYPTED FILE-----"
_SCRYPT: Final = b"\n-> scrypt "
_HEADER: Final = 4096
"""Bytes in which the first line of a recipient stands."""


class Lock(Struct, frozen=True):
    """What a backup is locked with: a passphrase, or keys of recipients (`age1…`, `ssh-ed25519 …`)."""

    passphrase: Callable[[], str] | None = None
    recipients: tuple[str, ...] = ()


class Keys(Struct, frozen=True):
    """What opens a backup: who is asked for a passphrase when one is needed, and files of private keys."""

    passphrase: Callable[[], str]
    identities: Sequence[Path] = ()


def is_locked(data: bytes) -> bool:
    """Whether `data` is encrypted in this format."""
    return data.startswith((_BINARY, _ARMOURED))


def lock(data: bytes, by: Lock) -> bytes:
    """Encrypt `data`. Raises `TlsError`: no library, an empty passphrase, or what is no recipient."""
    age = _library()
    if by.recipients:
        return bytes(age.encrypt(data, [_recipient(age, text) for text in by.recipients]))
    passphrase = by.passphrase() if by.passphrase else ""
    if not passphrase:
        raise TlsError("an empty passphrase protects nothing", hint="nothing has been written")
    return bytes(age.passphrase.encrypt(data, passphrase))


def unlock(data: bytes, path: Path, by: Keys) -> bytes:
    """Decrypt `data`, which was read from `path`. Raises `TlsError`: a wrong passphrase or key, or a damaged file."""
    age = _library()
    by_passphrase = _SCRYPT in data[:_HEADER] or (data.startswith(_ARMOURED) and not by.identities)
    try:
        if by_passphrase:
            return bytes(age.passphrase.decrypt(data, by.passphrase()))
        identities = [_identity(age, each) for each in by.identities]
        if not identities:
            raise TlsError(
                "the backup is encrypted for a key", where=Where(path), hint="name its file: --identity FILE"
            )
        return bytes(age.decrypt(data, identities))
    except age.DecryptError as error:
        what = "the passphrase is wrong" if by_passphrase else "no key here opens it"
        raise TlsError(
            f"the backup cannot be decrypted: {what}, or it is damaged",
            where=Where(path),
            hint=f"nothing has been written; age says: {error}",
        ) from None


def _library() -> Any:
    try:
        import pyrage
    except ImportError:
        raise TlsError("encrypted backups need the package pyrage", hint="pip install 'aicos-tls[age]'") from None
    return pyrage


def _recipient(age: Any, text: str) -> Any:
    for kind in (age.x25519, age.ssh):
        try:
            return kind.Recipient.from_str(text.strip())
        except age.RecipientError:
            continue
    raise TlsError(f"{text[:60]!r} is no recipient", hint="an age public key (age1…) or one of SSH (ssh-ed25519 …)")


def _identity(age: Any, path: Path) -> Any:
    """The private key in a file: the first line of an age key file that is no comment, or a key of SSH."""
    raw = read(path).raw
    line = next((text for text in raw.splitlines() if text.strip() and not text.startswith(b"#")), b"")
    try:
        if line.startswith(b"AGE-SECRET-KEY-"):
            return age.x25519.Identity.from_str(line.decode().strip())
        return age.ssh.Identity.from_buffer(raw)
    except (age.IdentityError, UnicodeError):
        raise TlsError("holds no private key of age or SSH", where=Where(path), hint="see: age-keygen") from None
