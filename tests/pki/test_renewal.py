"""What is renewed, what stays, and what is said about it."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aicos_tls.errors import InternalError, TlsError
from aicos_tls.pki import KeyType, Profile, Wanted
from aicos_tls.pki.decision import Action
from aicos_tls.pki.issuing import issue
from aicos_tls.pki.renewal import Renewal, decide_renewal, wanted_of
from aicos_tls.pki.state import Pair, State
from aicos_tls.pki.store import inventory, survey

if TYPE_CHECKING:
    from pathlib import Path

KEEP, ISSUE, RENEW = Action.KEEP, Action.ISSUE, Action.RENEW
THIRD = timedelta(days=67)  # two thirds of the hundred days of `quick`


def decided(certs: Path, wanted: tuple[Wanted, ...], now: datetime, **how: object) -> Renewal:
    return decide_renewal(survey(certs, wanted, now=now), now=now, **how)  # type: ignore[arg-type]


def actions(renewal: Renewal) -> list[Action]:
    return [step.action for step in renewal.decision.leaves]


def test_what_fits_is_kept(certs: Path, wanted: tuple[Wanted, ...], now: datetime) -> None:
    renewal = decided(certs, wanted, now)
    assert (actions(renewal), renewal.steps, renewal.left_alone, renewal.warnings) == ([KEEP, KEEP], (), (), ())


def test_two_thirds_are_over(certs: Path, wanted: tuple[Wanted, ...], now: datetime) -> None:
    renewal = decided(certs, wanted, now + THIRD)
    assert actions(renewal) == [ISSUE, ISSUE]
    assert "is in the last third of its time" in renewal.steps[0].reason
    assert "nothing it signs lives longer: aicos-tls certs rotate-ca" in renewal.warnings[0]
    assert actions(decided(certs, wanted, now + THIRD, reuse_key=True)) == [RENEW, RENEW]


def test_what_is_asked_for_is_renewed(certs: Path, wanted: tuple[Wanted, ...], now: datetime) -> None:
    renewal = decided(certs, wanted, now, force=frozenset({"web"}))
    assert actions(renewal) == [KEEP, ISSUE]
    assert renewal.steps[0].reason == "forced"


def test_names_that_changed(certs: Path, now: datetime) -> None:
    fewer, more = (Wanted("api", ("aicos-api",)),), (Wanted("api", ("aicos-api", "api_1", "new")),)
    assert "has names that its service has not: api_1" in decided(certs, fewer, now).steps[0].reason
    assert "lacks the name new" in decided(certs, more, now).steps[0].reason
    assert actions(decided(certs, more, now, reuse_key=True)) == [RENEW]


def test_a_pair_that_is_not_there(certs: Path, wanted: tuple[Wanted, ...], now: datetime) -> None:
    renewal = decided(certs, (*wanted, Wanted("job", ("job",))), now)
    assert actions(renewal) == [KEEP, KEEP, ISSUE]


def test_what_is_foreign_or_broken_is_left_alone(
    certs: Path, foreign: Path, wanted: tuple[Wanted, ...], now: datetime
) -> None:
    for part in ("cert", "key"):
        shutil.copy(foreign / f"api-{part}.pem", certs / f"api-{part}.pem")
    (certs / "web-key.pem").unlink()
    renewal = decided(certs, wanted, now + THIRD, force=frozenset({"api", "web"}))
    assert actions(renewal) == [KEEP, KEEP]
    assert [name for name, _ in renewal.left_alone] == ["api", "web"]
    assert "was not signed by the CA" in renewal.left_alone[0][1].message


def test_there_is_no_ca(tmp_path: Path, wanted: tuple[Wanted, ...], now: datetime) -> None:
    with pytest.raises(TlsError, match="there is no CA to renew with"):
        decided(tmp_path / "certs", wanted, now)


def test_the_ca_is_over(certs: Path, wanted: tuple[Wanted, ...], now: datetime) -> None:
    with pytest.raises(TlsError, match="expired on"):
        decided(certs, wanted, now + timedelta(days=101))


def test_the_clock_is_before_the_ca(certs: Path, wanted: tuple[Wanted, ...], now: datetime) -> None:
    with pytest.raises(TlsError, match="is the clock right"):
        decided(certs, wanted, now - timedelta(days=1))


def test_the_key_of_the_ca_is_elsewhere(certs: Path, wanted: tuple[Wanted, ...], now: datetime) -> None:
    (certs / "ca-key.pem").unlink()
    assert actions(decided(certs, wanted, now)) == [KEEP, KEEP]
    with pytest.raises(TlsError, match=r"private key is not here, and api has to be renewed"):
        decided(certs, wanted, now + THIRD)


def test_a_pair_that_fits_has_a_certificate(certs: Path, wanted: tuple[Wanted, ...], now: datetime) -> None:
    found = survey(certs, wanted[:1], now=now)
    from dataclasses import replace

    empty = replace(found, pairs=(Pair("api", found.pairs[0].names, State.FITS),))
    with pytest.raises(InternalError):
        decide_renewal(empty, now=now)


def test_a_directory_alone_says_what_is_wanted(certs: Path, wanted: tuple[Wanted, ...], now: datetime) -> None:
    assert wanted_of(inventory(certs, now=now)) == wanted
    assert actions(decided(certs, wanted_of(inventory(certs, now=now)), now)) == [KEEP, KEEP]


def test_names_that_are_not_ours_are_no_wish(certs: Path, now: datetime) -> None:
    from dataclasses import replace

    found = inventory(certs, now=now)
    odd = replace(found.listed[1], certificate=replace(found.listed[1].certificate, dns_names=("*.example",)))
    assert [each.short_name for each in wanted_of(replace(found, listed=(odd, found.listed[2])))] == ["web"]


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.timedeltas(timedelta(0), timedelta(hours=7)), min_size=3, max_size=12))
def test_whoever_looks_often_enough_never_sees_one_expire(
    tmp_path_factory: pytest.TempPathFactory, waits: list[timedelta]
) -> None:
    """Certificates of a day, looked at every few hours for days: never expired at a look, always renewed in time."""
    certs = tmp_path_factory.mktemp("certs")
    now = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
    wanted = (Wanted("api", ("api",)),)
    profile = Profile(KeyType.P256, 3650, timedelta(days=1))

    def write(files: object) -> None:
        for file in files:  # type: ignore[attr-defined]
            file.path.write_bytes(file.data)
            file.path.chmod(file.mode)

    write(issue(survey(certs, wanted, now=now), profile, project="x", now=now).new_files)
    for wait in waits:
        now += wait
        found = survey(certs, wanted, now=now)
        renewal = decide_renewal(found, now=now)
        assert all("expired" not in step.reason for step in renewal.steps)
        write(issue(found, profile, project="x", now=now, decision=renewal.decision).new_files)
        assert decide_renewal(survey(certs, wanted, now=now), now=now).steps == ()
