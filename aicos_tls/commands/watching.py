"""`certs renew --watch`: looks again and again, and says in one line what it decided.

The next look is when something is due, at the latest after the interval, with some jitter so that a thousand hosts
which were started together do not work together. What fails is tried again, sooner first, then less often, but never so
seldom that a certificate would expire meanwhile: due is what has a third of its time left, so many tries are in it.

Moments come from a clock that is given, so that hours pass in a test in no time. A clock that jumps does no harm: every
look judges what is there by what the clock says then, and the wait is measured by another clock.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aicos_tls.errors import TlsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aicos_tls.commands.renew import Result

FIRST_RETRY = timedelta(seconds=10)
LONGEST_RETRY = timedelta(minutes=15)
SHORTEST = timedelta(seconds=1)
JITTER = 0.1
"""Part of a wait by which it may be shorter. It is never longer: what is due at a moment is looked at by then."""


def wait_after(
    next_due: datetime | None, failures: int, interval: timedelta, *, now: datetime, luck: float
) -> timedelta:
    """How long to wait; `failures` are those in a row, `luck` is a number from 0 to 1."""
    wait = interval
    if failures:
        wait = min(wait, LONGEST_RETRY, FIRST_RETRY * 2 ** min(failures - 1, 16))
    elif next_due is not None:
        wait = min(wait, next_due - now)
    return max(SHORTEST, wait * (1 - JITTER * luck))


def watch(
    look: Callable[[], Result],
    say: Callable[[str], None],
    describe: Callable[[Result], str],
    *,
    interval: timedelta,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    luck: Callable[[], float],
    rounds: int | None = None,
) -> None:
    """Look, say, wait, for ever or for so many `rounds`. `sleep` takes seconds; an interrupt of it ends the watch.

    Only what is expected is survived: a locked or unreadable directory, a full disk, a hook that failed. A bug is not.
    """
    failures = 0
    while rounds is None or rounds > 0:
        next_due: datetime | None = None
        try:
            result = look()
        except TlsError as error:
            failures += 1
            said = f"failed: {error}"
        else:
            failures = failures + 1 if result.problem else 0
            next_due = result.next_due
            said = describe(result)
        wait = wait_after(next_due, failures, interval, now=clock(), luck=luck())
        say(f"{said}; looking again in {_shown(wait)}")
        if rounds is not None:
            rounds -= 1
        sleep(wait.total_seconds())


def _shown(wait: timedelta) -> str:
    seconds = round(wait.total_seconds())
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"  # noqa: PLR2004 - two hours
