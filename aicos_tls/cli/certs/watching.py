"""The loop of `certs renew --watch` on this machine's clock."""

from __future__ import annotations

import os
import random
import sys
import time
from typing import TYPE_CHECKING

from aicos_tls.cli.options import now
from aicos_tls.cli.terminal import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from aicos_tls.commands.renew import Options


def watch(
    named: Sequence[Path], services: Sequence[str], flags: Mapping[str, object], options: Options, interval: str
) -> int:
    """Renew for ever; ends by SIGTERM or an interrupt. Raises `TlsError` for an interval that is none."""
    from aicos_tls.commands.renew import renew
    from aicos_tls.commands.watching import watch as loop
    from aicos_tls.pki.profile import duration
    from aicos_tls.report.renew import line

    loop(
        lambda: renew(named, services, flags, options, now=now(), environment=os.environ),
        _say,
        line,
        interval=duration(interval),
        clock=now,
        sleep=time.sleep,
        luck=random.random,
    )
    return 0  # only a loop with an end comes here


def _say(text: str) -> None:
    """One line, at once, with its moment: a log of a container or of systemd is read line by line."""
    sys.stdout.write(f"{now():%Y-%m-%dT%H:%M:%SZ} {shown(text)}\n")
    sys.stdout.flush()
