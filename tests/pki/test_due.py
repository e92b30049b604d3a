"""When a certificate is due, at every moment of its life and outside of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from aicos_tls.pki import KeyType, Profile, due, keys
from aicos_tls.pki.authority import BACKDATED, backdating, new_authority
from aicos_tls.pki.certificate import facts
from aicos_tls.pki.issuer import LocalIssuer
from aicos_tls.pki.names import names_for

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
KEY = keys.generate(KeyType.P256)
AUTHORITY = new_authority("x", KEY, Profile(KeyType.P256, 36_500), now=EPOCH - timedelta(days=1000))
LIVES = st.timedeltas(timedelta(minutes=5), timedelta(days=3650))
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given
PARTS = st.floats(0, 1)


def validity(lifetime: timedelta, now: datetime) -> tuple[datetime, datetime]:
    profile = Profile(KeyType.P256, 36_500, lifetime)
    return due.validity(LocalIssuer(AUTHORITY).issue(names_for(["a"]), KEY, profile, now=now)[0])


@given(LIVES, MOMENTS, PARTS)
@example(timedelta(minutes=5), EPOCH, 0.0)
@example(timedelta(days=1), EPOCH, 0.6)
def test_what_is_new_is_not_due_and_a_third_is_left_when_it_is(lifetime: timedelta, now: datetime, part: float) -> None:
    begins, ends = validity(lifetime, now)
    moment = due.due_at(begins, ends)
    assert now < moment < ends
    assert ends - moment >= lifetime / 3 - timedelta(seconds=2)
    assert moment - now >= lifetime * 0.6 - timedelta(seconds=2)
    before = now + (moment - now - timedelta(seconds=1)) * part
    assert due.due(begins, ends, now=before) == ""
    after = moment + (ends - moment) * part
    assert "is in the last third of its time" in due.due(begins, ends, now=after)


@given(LIVES, MOMENTS, MOMENTS)
def test_a_clock_may_be_anywhere(lifetime: timedelta, issued: datetime, now: datetime) -> None:
    """Due exactly where it is in the last third, over, or not valid yet: whatever the clock did before."""
    begins, ends = validity(lifetime, issued)
    reason = due.due(begins, ends, now=now)
    moment = now.replace(microsecond=0)
    assert bool(reason) == (moment >= due.due_at(begins, ends) or moment < begins)
    assert ("expired" in reason) == (moment > ends)
    assert ("is the clock right?" in reason) == (moment < begins)
    if due.is_late(begins, ends, now=now):
        assert reason  # what is late was due before
    assert due.left(ends, now=now) == ends - moment


@given(LIVES, MOMENTS, st.floats(0, 0.33))
def test_a_renewer_that_is_dead_for_a_third_of_the_lifetime_lets_nothing_expire(
    lifetime: timedelta, now: datetime, dead: float
) -> None:
    begins, ends = validity(lifetime, now)
    assert due.due_at(begins, ends) + lifetime * dead <= ends


@given(LIVES)
def test_backdating_is_an_hour_or_a_tenth(lifetime: timedelta) -> None:
    assert backdating(lifetime) == min(BACKDATED, lifetime / 10)


def test_the_next_one_is_the_first_of_all(tmp_path_factory: object) -> None:
    del tmp_path_factory
    assert due.next_due(()) is None
    from pathlib import Path

    found = tuple(
        facts(
            LocalIssuer(AUTHORITY).issue(names_for(["a"]), KEY, Profile(lifetime=timedelta(days=d)), now=EPOCH)[0],
            Path("x"), 0, now=EPOCH,
        )
        for d in (30, 3)
    )  # fmt: skip
    assert due.next_due(found) == due.due_at(found[1].not_before, found[1].not_after)
