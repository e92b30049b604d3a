from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aicos_tls.errors import InternalError, TlsError
from aicos_tls.pki.profile import (
    DEFAULT_DAYS,
    KeyType,
    Profile,
    duration,
    expiry,
    leaf_expiry,
    lifetime,
    whole_seconds,
)


def test_defaults_are_those_of_the_guide() -> None:
    assert Profile() == Profile(KeyType.RSA4096, 3650)
    assert DEFAULT_DAYS == 3650


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2024-02-28", 1, "2024-02-29"),
        ("2024-02-29", 1, "2024-03-01"),
        ("2024-02-29", 365, "2025-02-28"),
        ("2024-02-29", 3650, "2034-02-26"),
        ("2099-12-31", 60, "2100-03-01"),  # 2100 has no leap day
        ("2049-12-31", 1, "2050-01-01"),
        ("9999-12-30", 1, "9999-12-31"),
    ],
)
def test_expiry_counts_days_of_the_calendar(start: str, days: int, end: str) -> None:
    moment = datetime.fromisoformat(f"{start}T10:20:30+00:00")
    assert expiry(Profile(days=days), moment) == datetime.fromisoformat(f"{end}T10:20:30+00:00")


@given(st.datetimes(datetime(2000, 1, 1), datetime(2500, 1, 1)), st.integers(1, 100_000))  # noqa: DTZ001 - given below
@example(datetime(2024, 2, 29, 23, 59, 59, 999_999), 1)  # noqa: DTZ001 - the same
def test_expiry_is_exactly_the_days_later(moment: datetime, days: int) -> None:
    start = moment.replace(tzinfo=UTC)
    assert expiry(Profile(days=days), start) - start.replace(microsecond=0) == timedelta(days=days)


@pytest.mark.parametrize("days", [0, -1])
def test_less_than_a_day_is_refused(days: int, now: datetime) -> None:
    with pytest.raises(TlsError, match=f"{days} days"):
        expiry(Profile(days=days), now)


@pytest.mark.parametrize("days", [4_000_000, 10**12])
def test_a_lifetime_beyond_the_last_year_is_refused(days: int, now: datetime) -> None:
    with pytest.raises(TlsError, match="beyond the year 9999"):
        expiry(Profile(days=days), now)


def test_moments_are_taken_in_utc_and_whole_seconds() -> None:
    there = datetime(2026, 3, 1, 1, 2, 3, 999, tzinfo=timezone(timedelta(hours=5)))
    assert whole_seconds(there).isoformat() == "2026-02-28T20:02:03+00:00"


def test_a_moment_without_a_zone_is_our_mistake() -> None:
    with pytest.raises(InternalError, match="time zone"):
        whole_seconds(datetime(2026, 3, 1))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("5m", timedelta(minutes=5)),
        ("24h", timedelta(days=1)),
        ("30d", timedelta(days=30)),
        ("90m", timedelta(hours=1.5)),
    ],
)
def test_durations(text: str, wanted: timedelta) -> None:
    assert (duration(text), lifetime(text)) == (wanted, wanted)


@pytest.mark.parametrize("text", ["0h", "24", "h", "-1h", "1.5h", "24 h", "1w", "1000000d", "२४h", "24h\n"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(TlsError, match="is no duration"):
        duration(text)


def test_a_lifetime_may_be_missing_but_not_tiny() -> None:
    assert lifetime("") is None
    with pytest.raises(TlsError, match="too short"):
        lifetime("4m")


def test_leaves_may_live_shorter_than_their_ca() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    profile = Profile(lifetime=timedelta(hours=24))
    assert (leaf_expiry(profile, start) - start, expiry(profile, start) - start) == (
        timedelta(hours=24),
        timedelta(days=3650),
    )
    assert leaf_expiry(Profile(), start) == expiry(Profile(), start)


@pytest.mark.parametrize("given", [timedelta(0), timedelta(days=3_000_000)])
def test_lifetimes_that_cannot_be_had(given: timedelta) -> None:
    with pytest.raises(TlsError, match=r"less than a second|after the year 9999"):
        leaf_expiry(Profile(lifetime=given), datetime(2026, 1, 1, tzinfo=UTC))
