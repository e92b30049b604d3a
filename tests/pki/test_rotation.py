"""Where the rotation of a CA stands, read from files that anybody may have written."""

from __future__ import annotations

import json
import shutil
from datetime import UTC
from typing import TYPE_CHECKING

import pytest

from aicos_tls import disk
from aicos_tls.errors import TlsError
from aicos_tls.pki import CA_NAME, KeyType, Profile, keys
from aicos_tls.pki.authority import new_authority
from aicos_tls.pki.certificate import load_all
from aicos_tls.pki.own import is_renewed
from aicos_tls.pki.renewal import decide_renewal
from aicos_tls.pki.rotation import (
    Rotation,
    Step,
    authorities,
    files_alone,
    files_of,
    read_rotation,
    signed_by,
)
from aicos_tls.pki.state import State
from aicos_tls.pki.store import survey

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from aicos_tls.pki import Wanted
    from aicos_tls.pki.authority import Authority
    from aicos_tls.pki.rotation import File


def put(certs: Path, files: tuple[File, ...]) -> None:
    disk.replace_pairs(certs, {CA_NAME: [disk.PairFile(f.name, f.data, f.mode, f.named) for f in files]})


@pytest.fixture
def other(now: datetime) -> Authority:
    return new_authority("next", keys.generate(KeyType.P256), Profile(KeyType.P256, 100), now=now)


@pytest.fixture
def trusted(certs: Path, other: Authority, now: datetime) -> Path:
    """A directory in the step `trust`."""
    put(certs, files_of(Step.TRUST, authorities(certs)[0], other, now=now))
    return certs


def test_no_rotation(certs: Path, tmp_path: Path, now: datetime) -> None:
    found = read_rotation(certs, now=now)
    assert (found.step, found.since, found.old) == (Step.NONE, None, None)
    assert found.new == found.issuing
    assert read_rotation(tmp_path / "nothing", now=now) == Rotation()
    assert authorities(certs)[1] is None


def test_each_step_says_who_is_old_and_who_is_new(trusted: Path, other: Authority, now: datetime) -> None:
    issuing = authorities(trusted)[0]
    serials = [f"{each.certificate.serial_number:x}" for each in (issuing, other)]
    for step, pair, trusts in (
        (Step.TRUST, (issuing, other), 2),
        (Step.ISSUE, (other, issuing), 2),
        (Step.DROP, (other, issuing), 1),
    ):
        put(trusted, files_of(step, *pair, now=now))
        found = read_rotation(trusted, now=now)
        assert (found.step, found.since) == (step, now.astimezone(UTC))
        assert found.old
        assert found.new
        assert [found.old.serial, found.new.serial] == serials
        assert len(load_all((trusted / "ca-cert.pem").read_bytes())) == trusts
        first, second = authorities(trusted)
        assert second
        assert (first.certificate, second.certificate) == (pair[0].certificate, pair[1].certificate)
    assert not (trusted / "other-ca-key.pem").exists()
    assert (trusted / ".versions/ca/live/other-ca-key.pem").stat().st_mode & 0o777 == 0o600


def test_leaves_of_the_other_ca_are_renewed_not_refused(
    trusted: Path, other: Authority, wanted: tuple[Wanted, ...], now: datetime
) -> None:
    issuing = authorities(trusted)[0]
    assert [pair.state for pair in survey(trusted, wanted, now=now).pairs] == [State.FITS, State.FITS]
    put(trusted, files_of(Step.ISSUE, other, issuing, now=now))
    found = survey(trusted, wanted, now=now)
    assert [pair.state for pair in found.pairs] == [State.STALE, State.STALE]
    assert found.pairs[0].problem
    assert "signed by the CA that is being replaced" in found.pairs[0].problem.message
    assert signed_by(trusted, issuing) == ("api", "web")
    assert signed_by(trusted, other) == ()
    put(trusted, files_of(Step.DROP, other, issuing, now=now))
    assert [pair.state for pair in survey(trusted, wanted, now=now).pairs] == [State.CONFLICT, State.CONFLICT]
    put(trusted, files_alone(issuing))
    assert read_rotation(trusted, now=now).step is Step.NONE


def spoil_note(text: str) -> Callable[[Path], None]:
    def spoil(certs: Path) -> None:
        (certs / ".versions/ca/live/rotation.json").write_text(text)

    return spoil


def spoil_bundle(certs: Path) -> None:
    first = load_all((certs / "ca-cert.pem").read_bytes())[0]
    from cryptography.hazmat.primitives.serialization import Encoding

    (certs / ".versions/ca/live/ca-cert.pem").write_bytes(first.public_bytes(Encoding.PEM))


@pytest.mark.parametrize(
    "spoil",
    [
        *map(
            spoil_note,
            (
                "",
                "[]",
                "{}",
                "null",
                '{"step": "leap", "since": "2026-03-01T12:00:00+00:00"}',
                '{"step": "none", "since": "2026-03-01T12:00:00+00:00"}',
                '{"step": "trust", "since": "yesterday"}',
                '{"step": "trust", "since": 5}',
                "[" * 5000,
            ),
        ),
        spoil_bundle,
    ],
)
def test_what_does_not_fit_is_refused(trusted: Path, spoil: Callable[[Path], None], now: datetime) -> None:
    spoil(trusted)
    with pytest.raises(TlsError, match=r"no note of a rotation|does not hold what it should"):
        read_rotation(trusted, now=now)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("other-ca-cert.pem", "no pem", "no certificate in PEM form"),
        ("other-ca-key.pem", "no pem", "no private key in PEM form"),
        ("other-ca-key.pem", "", "does not match other-ca-cert"),
    ],
)
def test_files_of_the_other_ca_that_are_no_use(
    trusted: Path, name: str, text: str, message: str, now: datetime
) -> None:
    path = trusted / ".versions/ca/live" / name
    if text:
        path.write_text(text)
    else:
        shutil.copy(trusted / "ca-key.pem", path)
    with pytest.raises(TlsError, match=message):
        authorities(trusted)
    if name == "other-ca-cert.pem":
        with pytest.raises(TlsError, match=message):
            read_rotation(trusted, now=now)


def test_the_other_certificate_is_gone(trusted: Path, now: datetime) -> None:
    (trusted / ".versions/ca/live/other-ca-cert.pem").unlink()
    assert read_rotation(trusted, now=now).other is None
    assert authorities(trusted)[1] is None


def test_a_certificate_that_cannot_be_read_signs_for_nobody(trusted: Path) -> None:
    (trusted / "api-cert.pem").write_text("garbage")
    assert signed_by(trusted, authorities(trusted)[0]) == ("web",)


def test_the_note_is_plain(trusted: Path) -> None:
    note = json.loads((trusted / ".versions/ca/live/rotation.json").read_text())
    assert note == {"step": "trust", "since": "2026-03-01T12:00:00+00:00"}


def test_a_successor_is_known_by_its_ca(
    certs: Path, foreign: Path, other: Authority, wanted: tuple[Wanted, ...], now: datetime
) -> None:
    authority, leaf = (certs / "ca-cert.pem").read_bytes(), (certs / "api-cert.pem").read_bytes()
    assert is_renewed(leaf, authority)
    assert not is_renewed((foreign / "api-cert.pem").read_bytes(), authority)
    assert not is_renewed(b"garbage", authority)
    put(certs, files_of(Step.ISSUE, other, authorities(certs)[0], now=now))
    assert is_renewed(leaf, (certs / "ca-cert.pem").read_bytes())
    found = survey(certs, wanted, now=now)
    assert [pair.short_name for pair in found.only({"web"}).pairs] == ["web"]
    assert [step.short_name for step in decide_renewal(found, now=now).decision.only({"api"}).leaves] == ["api"]
