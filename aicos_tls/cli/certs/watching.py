"""The loop of `certs renew --watch` on this machine's clock."""

from __future__ import annotations

import os
import random
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.cli.errors import DONE
from aicos_tls.cli.options import now
from aicos_tls.errors import TlsError
from aicos_tls.report.visible import visible
from aicos_tls.report.words import masked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from aicos_tls.commands.renew import Options, Result


class Telling(Struct, frozen=True):
    """What is done about running containers after a renewal, as `taken_over` takes it."""

    tell: bool = False
    restart: bool = False
    wait: float = 120
    project: str = ""


def watch(
    named: Sequence[Path],
    services: Sequence[str],
    flags: Mapping[str, object],
    options: Options,
    interval: str,
    telling: Telling,
) -> int:
    """Renew for ever, until SIGTERM or an interrupt, which is how it is meant to end.

    Raises `TlsError` for an interval that is none, and for options that make no sense every time.
    """
    from aicos_tls.commands.renew import renew, taken_over
    from aicos_tls.commands.watching import watch as loop
    from aicos_tls.pki.profile import duration
    from aicos_tls.report.renew import line

    if options.force or options.dry_run:
        option = "--force" if options.force else "--dry-run"
        raise TlsError(f"--watch and {option} exclude each other", hint="first the one, then the other")
    every = duration(interval)
    untold: list[Result] = []

    def look() -> Result:
        result = renew(named, services, flags, options, now=now(), environment=os.environ)
        if telling.tell and result.prepared and result.renewed:
            untold.append(result)
        while untold:  # what could not be told is told at the next look
            taken_over(
                named, flags, untold[0], tell=True, restart=telling.restart, wait=telling.wait,
                project=telling.project, environment=os.environ,
            )  # fmt: skip
            del untold[0]
        return result

    with suppress(KeyboardInterrupt):  # SIGTERM is made one
        loop(look, _say, line, interval=every, clock=now, sleep=time.sleep, luck=random.random)
    _say("stopped")
    return DONE


def _say(text: str) -> None:
    """One line, at once, with its moment: a log of a container or of systemd is read line by line."""
    sys.stdout.write(f"{now():%Y-%m-%dT%H:%M:%SZ} {visible(masked(text))}\n")
    sys.stdout.flush()
