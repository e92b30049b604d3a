from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from aicos_tls.errors import InternalError, TlsError
from aicos_tls.pki import CA_NAME, KeyType, Profile, Wanted, issuing, keys
from aicos_tls.pki.decision import Action
from aicos_tls.pki.issuing import issue
from aicos_tls.pki.state import State
from aicos_tls.pki.store import survey

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from aicos_tls.pki.issuing import Issued

Deploy = Callable[..., None]


def _files(issued: Issued) -> dict[str, tuple[int, bool]]:
    return {file.path.name: (file.mode, file.overwrite) for file in issued.new_files}


def test_an_empty_directory_gets_a_ca_and_every_pair(
    tmp_path: Path, wanted: tuple[Wanted, ...], quick: Profile, now: datetime
) -> None:
    told: list[tuple[str, threading.Thread]] = []
    issued = issue(
        survey(tmp_path, wanted, now=now), quick, project="aicos", now=now,
        progress=lambda name: told.append((name, threading.current_thread())),
    )  # fmt: skip
    assert _files(issued) == {
        "ca-key.pem": (0o600, False),
        "ca-cert.pem": (0o644, False),
        "api-key.pem": (0o600, False),
        "api-cert.pem": (0o644, False),
        "web-key.pem": (0o600, False),
        "web-cert.pem": (0o644, False),
    }
    assert sorted(name for name, _ in told) == ["api", "ca", "web"]
    assert {thread for _, thread in told} == {threading.current_thread()}
    assert [certificate.step.short_name for certificate in issued.certificates] == ["ca", "api", "web"]
    assert all(certificate.facts.days_left == 100 for certificate in issued.certificates)
    assert not any(certificate.shortened for certificate in issued.certificates)


@pytest.mark.parametrize("key_type", list(KeyType))
def test_every_key_type_passes_strict_verification_and_a_second_look(
    key_type: KeyType, tmp_path: Path, now: datetime, openssl: Callable[..., str], deploy: Deploy
) -> None:
    wanted = [Wanted("api", ("api", "a_b"))]
    profile = Profile(key_type)
    deploy(issue(survey(tmp_path, wanted, now=now), profile, project="aicos", now=now).new_files)
    for purpose in ("sslserver", "sslclient"):
        openssl("verify", "-x509_strict", "-purpose", purpose, "-verify_hostname", "a_b", "-attime",
                int(now.timestamp()), "-CAfile", "ca-cert.pem", "api-cert.pem")  # fmt: skip
    again = issue(survey(tmp_path, wanted, now=now), profile, project="aicos", now=now)
    assert again.new_files == ()
    assert [certificate.facts.key_type for certificate in again.certificates] == [key_type.value] * 2


def test_a_second_run_writes_nothing_and_lists_everything(
    certs: Path, wanted: tuple[Wanted, ...], quick: Profile, now: datetime
) -> None:
    issued = issue(survey(certs, wanted, now=now), quick, project="aicos", now=now)
    assert issued.new_files == ()
    assert [certificate.step.action for certificate in issued.certificates] == [Action.KEEP] * 3
    assert [certificate.facts.path.name for certificate in issued.certificates] == [
        "ca-cert.pem", "api-cert.pem", "web-cert.pem",
    ]  # fmt: skip


def test_another_key_type_or_lifetime_does_not_touch_what_fits(
    certs: Path, wanted: tuple[Wanted, ...], now: datetime
) -> None:
    issued = issue(survey(certs, wanted, now=now), Profile(KeyType.P384, 10), project="other", now=now)
    assert issued.new_files == ()


def test_a_renewal_keeps_the_key(
    certs: Path, wanted: tuple[Wanted, ...], quick: Profile, now: datetime, deploy: Deploy
) -> None:
    key, old = (certs / "api-key.pem").read_bytes(), (certs / "api-cert.pem").read_bytes()
    more = (Wanted("api", ("api.internal",)), wanted[1])
    issued = issue(survey(certs, more, now=now), quick, project="aicos", now=now)
    assert _files(issued) == {"api-cert.pem": (0o644, True)}
    deploy(issued.new_files)
    assert (certs / "api-key.pem").read_bytes() == key
    assert (certs / "api-cert.pem").read_bytes() != old
    assert [pair.state for pair in survey(certs, more, now=now).pairs] == [State.FITS, State.FITS]


def test_a_forced_pair_gets_a_new_key_and_the_ca_stays(
    certs: Path, wanted: tuple[Wanted, ...], quick: Profile, now: datetime, deploy: Deploy
) -> None:
    key = (certs / "api-key.pem").read_bytes()
    issued = issue(survey(certs, wanted, now=now), quick, project="x", now=now, force=frozenset({"api"}))
    assert _files(issued) == {"api-key.pem": (0o600, True), "api-cert.pem": (0o644, True)}
    deploy(issued.new_files)
    assert (certs / "api-key.pem").read_bytes() != key
    assert [pair.state for pair in survey(certs, wanted, now=now).pairs] == [State.FITS, State.FITS]


def test_force_replaces_everything(
    certs: Path, wanted: tuple[Wanted, ...], quick: Profile, now: datetime, deploy: Deploy
) -> None:
    before = {path: path.read_bytes() for path in certs.iterdir()}
    issued = issue(survey(certs, wanted, now=now), quick, project="x", now=now, force="all")
    assert all(file.overwrite for file in issued.new_files)
    deploy(issued.new_files)
    assert all(path.read_bytes() != old for path, old in before.items())
    assert survey(certs, wanted, now=now).authority.state is State.FITS


def test_a_forced_ca_vouches_for_the_leaves_keys(
    certs: Path, wanted: tuple[Wanted, ...], quick: Profile, now: datetime, deploy: Deploy
) -> None:
    issued = issue(survey(certs, wanted, now=now), quick, project="x", now=now, force=frozenset({CA_NAME}))
    assert set(_files(issued)) == {"ca-key.pem", "ca-cert.pem", "api-cert.pem", "web-cert.pem"}
    deploy(issued.new_files)
    found = survey(certs, wanted, now=now)
    assert [found.authority.state, *(pair.state for pair in found.pairs)] == [State.FITS] * 3


def test_a_leaf_that_its_ca_cuts_short_says_so(
    certs: Path, wanted: tuple[Wanted, ...], quick: Profile, now: datetime
) -> None:
    later = now + timedelta(days=40)
    soon = now + timedelta(hours=23)
    more = (*wanted, Wanted("new", ("new",)))
    issued = issue(survey(certs, more, now=later), quick, project="x", now=later)
    assert [certificate.shortened for certificate in issued.certificates] == [False, False, False, True]
    assert issued.certificates[3].facts.days_left == 60
    issued = issue(survey(certs, more, now=soon), quick, project="x", now=soon)
    assert not any(certificate.shortened for certificate in issued.certificates)


def test_what_stands_in_the_way_is_said_before_a_key_is_made(
    certs: Path, wanted: tuple[Wanted, ...], quick: Profile, now: datetime
) -> None:
    (certs / "api-key.pem").unlink()
    told: list[str] = []
    more = (*wanted, Wanted("new", ("new",)))
    with pytest.raises(TlsError, match="missing, though api-cert"):
        issue(survey(certs, more, now=now), quick, project="x", now=now, progress=told.append)
    with pytest.raises(TlsError, match="0 days"):
        issue(survey(certs, more, now=now), Profile(KeyType.P256, 0), project="x", now=now, force="all",
              progress=told.append)  # fmt: skip
    assert told == []


def test_an_interruption_leaves_the_keys_that_were_not_begun(
    tmp_path: Path, quick: Profile, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All keys but the first wait until the pool is told to stop; then only those that were begun are finished."""
    begun = itertools.count()
    go_on = threading.Event()
    original = keys.generate

    class Pool(ThreadPoolExecutor):
        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - its own
            super().shutdown(wait=False, cancel_futures=cancel_futures)
            go_on.set()
            super().shutdown(wait=wait)

    def generate(key_type: KeyType) -> keys.PrivateKey:
        if next(begun):
            assert go_on.wait(10)
        return original(key_type)

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(keys, "generate", generate)
    monkeypatch.setattr(issuing, "ThreadPoolExecutor", Pool)
    wanted = [Wanted(f"s{number}", ()) for number in range(500)]
    with pytest.raises(KeyboardInterrupt):
        issue(survey(tmp_path, wanted, now=now), quick, project="x", now=now, progress=interrupt)
    assert next(begun) < 500


def test_a_private_key_does_not_show_when_files_are_printed(
    tmp_path: Path, wanted: tuple[Wanted, ...], quick: Profile, now: datetime
) -> None:
    assert "PRIVATE" not in repr(issue(survey(tmp_path, wanted, now=now), quick, project="x", now=now))


def test_a_survey_that_contradicts_itself_is_our_mistake(
    certs: Path, wanted: tuple[Wanted, ...], quick: Profile, now: datetime
) -> None:
    more = (*wanted, Wanted("new", ("new",)))
    found = survey(certs, more, now=now)
    odd = replace(found, authority=replace(found.authority, key=None))
    with pytest.raises(InternalError, match="without a CA or without a key"):
        issue(odd, quick, project="x", now=now)
    odd = replace(survey(certs, wanted, now=now), authority=replace(found.authority, facts=None))
    with pytest.raises(InternalError, match="certificate of ca was to be kept"):
        issue(odd, quick, project="x", now=now)
