from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aicos_tls.pki.duration import LONG_ENOUGH, notice, words

lengths = st.timedeltas(timedelta(), timedelta(days=40_000))


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(days=3650), "3650 days"),
        (timedelta(days=2), "2 days"),
        (timedelta(days=2, seconds=-1), "47 hours"),
        (timedelta(hours=2, seconds=-1), "119 minutes"),
        (timedelta(seconds=119), "119 seconds"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(), "0 seconds"),
        (timedelta(days=-3), "3 days"),
    ],
)
def test_words(length: timedelta, said: str) -> None:
    assert words(length) == said


@given(lengths, lengths)
def test_words_never_say_more_than_there_is(one: timedelta, other: timedelta) -> None:
    units = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}

    def said(length: timedelta) -> int:
        number, unit = words(length).split()
        return int(number) * units[unit.removesuffix("s")]

    assert said(one) <= one.total_seconds()
    if one <= other:
        assert said(one) <= said(other)


@given(lengths, st.none() | lengths)
def test_notice_is_what_was_asked_for_or_a_sixth(lifetime: timedelta, within: timedelta | None) -> None:
    assert notice(lifetime, within) == (min(LONG_ENOUGH, lifetime / 6) if within is None else within)
    assert notice(timedelta(hours=24)) == timedelta(hours=4)
