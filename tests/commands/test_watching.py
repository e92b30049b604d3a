"""The loop of `certs renew --watch`, with a clock that takes no time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aicos_tls.commands.renew import Options, Result, renew
from aicos_tls.commands.watching import FIRST_RETRY, LONGEST_RETRY, SHORTEST, wait_after, watch
from aicos_tls.errors import TlsError
from aicos_tls.pki import KeyType, Profile, Wanted
from aicos_tls.pki.certificate import load
from aicos_tls.pki.issuing import issue
from aicos_tls.pki.store import survey
from aicos_tls.report.renew import line

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Clock:
    """A clock that goes on only while somebody sleeps, and notes for how long."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now
        self.slept: list[float] = []
        self.said: list[str] = []

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


def certificates(directory: Path, lifetime: timedelta) -> Path:
    wanted = [Wanted("api", ("api",))]
    profile = Profile(KeyType.P256, 3650, lifetime)
    for new in issue(survey(directory, wanted, now=NOW), profile, project="x", now=NOW).new_files:
        new.path.write_bytes(new.data)
    return directory


def watched(certs: Path, clock: Clock, rounds: int, luck: float = 0.0, interval: timedelta = HOUR) -> None:
    watch(
        lambda: renew([], [], {}, Options(store=certs), now=clock(), environment={}),
        clock.said.append,
        line,
        interval=interval,
        clock=clock,
        sleep=clock.sleep,
        luck=lambda: luck,
        rounds=rounds,
    )


@given(
    st.one_of(st.none(), st.timedeltas(timedelta(-1), timedelta(days=100))),
    st.integers(0, 1000),
    st.timedeltas(timedelta(minutes=1), timedelta(days=1)),
    st.floats(0, 1),
)
def test_a_wait_is_never_longer_than_it_may_be(
    due: timedelta | None, failures: int, interval: timedelta, luck: float
) -> None:
    wait = wait_after(NOW + due if due is not None else None, failures, interval, now=NOW, luck=luck)
    assert SHORTEST <= wait <= interval
    if failures:
        assert wait <= LONGEST_RETRY
    elif due is not None:
        assert wait <= max(due, SHORTEST)


def test_failures_are_tried_again_less_and_less_often() -> None:
    waits = [wait_after(None, n, timedelta(days=1), now=NOW, luck=0) for n in range(1, 12)]
    assert waits[0] == FIRST_RETRY
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_RETRY


def test_certificates_of_ten_minutes_for_an_hour(tmp_path: Path) -> None:
    """Each look finds a certificate that is valid, and the renewer is dead twice for a third of the lifetime."""
    certs = certificates(tmp_path, timedelta(minutes=10))
    clock = Clock()
    serials = set()
    while clock.now < NOW + HOUR:
        watched(certs, clock, 1, luck=0.5, interval=timedelta(minutes=2))
        leaf = load((certs / "api-cert.pem").read_bytes())
        assert leaf.not_valid_before_utc <= clock.now <= leaf.not_valid_after_utc
        serials.add(leaf.serial_number)
        if len(serials) in (3, 6):  # killed, and started again after a while
            clock.sleep(199)
            serials.add(len(serials))
    assert len(serials) >= 9
    assert all("failed" not in said for said in clock.said)
    assert any(said.startswith("renewed api (the certificate is in the last third") for said in clock.said)


def test_what_is_expected_is_survived_and_a_bug_is_not(tmp_path: Path) -> None:
    clock = Clock()
    watched(tmp_path / "nowhere", clock, 3)
    assert clock.slept == [10, 20, 40]
    assert clock.said[0].startswith("failed: ")
    assert "no such directory" in clock.said[0]
    assert clock.said[0].endswith("looking again in 10 s")

    def bug() -> Result:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        watch(bug, print, line, interval=HOUR, clock=clock, sleep=clock.sleep, luck=lambda: 0)


def test_a_hook_that_failed_counts_as_a_failure() -> None:
    clock = Clock()
    result = Result(Path(), (), problem="the hook after ended with 1", next_due=NOW + HOUR)
    watch(
        lambda: result, clock.said.append, line, interval=HOUR, clock=clock, sleep=clock.sleep, luck=lambda: 0, rounds=2
    )
    assert clock.slept == [10, 20]
    assert "the hook after ended with 1" in clock.said[0]


@pytest.mark.parametrize(("seconds", "words"), [(90, "90 s"), (600, "10 min"), (7200, "2 h")])
def test_waits_in_words(seconds: int, words: str) -> None:
    clock = Clock()
    result = Result(Path(), (), warnings=("mind this",), next_due=None)
    watch(
        lambda: result, clock.said.append, line,
        interval=timedelta(seconds=seconds), clock=clock, sleep=clock.sleep, luck=lambda: 0, rounds=1,
    )  # fmt: skip
    assert clock.said == [f"nothing is due; mind this; looking again in {words}"]


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.timedeltas(timedelta(days=-2), timedelta(days=2)), min_size=1, max_size=6))
def test_a_clock_that_jumps_is_followed(tmp_path_factory: pytest.TempPathFactory, jumps: list[timedelta]) -> None:
    """After each look the certificate is valid by the clock that is there, or the look said why it cannot be."""
    certs = certificates(tmp_path_factory.mktemp("certs"), timedelta(days=1))
    clock = Clock()
    for jump in jumps:
        clock.now += jump
        watched(certs, clock, 1)
        leaf = load((certs / "api-cert.pem").read_bytes())
        looked = clock.now - timedelta(seconds=clock.slept[-1])
        if clock.said[-1].startswith("failed"):
            assert "is the clock right" in clock.said[-1]  # before the CA's own time
        else:
            assert leaf.not_valid_before_utc <= looked <= leaf.not_valid_after_utc


def test_another_error_than_a_missing_directory(tmp_path: Path) -> None:
    certs = certificates(tmp_path, timedelta(days=1))
    clock = Clock(NOW + timedelta(hours=17))
    (certs / "ca-key.pem").unlink()
    watched(certs, clock, 1)
    assert "the CA's private key is not here" in clock.said[0]
    with pytest.raises(TlsError):
        renew([], [], {}, Options(store=certs), now=clock(), environment={})
