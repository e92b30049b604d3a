"""The command line: the only place that prints and sets exit codes.

0 done; 1 a check found something (`--exit-code` and there would be changes); 2 the input or the situation does not
allow it; 3 a bug, with a log to send; 130 interrupted, 143 terminated.
"""

from __future__ import annotations

import gc
import os
import signal
import sys

_TERMINATED = 128 + signal.SIGTERM
_INTERRUPTED = 130


def main() -> None:
    """Run the program; the console script."""
    stopped: list[int] = []

    def stop(number: int, _frame: object) -> None:
        """End as an interrupt does, so that what was begun is taken back; once, since that must not be disturbed."""
        signal.signal(number, signal.SIG_IGN)
        stopped.append(number)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, stop)
    gc.set_threshold(100_000, 50, 50)  # a short run makes little garbage; collecting takes a tenth of a start
    for name in ("stdout", "stderr"):  # one that the caller has closed (`>&-`) is None
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - it stays open
    try:
        from aicos_tls.cli.errors import guarded

        code = guarded(sys.argv[1:])
        gc.freeze()  # or the interpreter looks through every object before it ends: a sixth of a run; files are closed
    except KeyboardInterrupt:  # so early that nothing has begun
        print("aicos-tls: interrupted", file=sys.stderr)
        code = _INTERRUPTED
    sys.exit(_TERMINATED if stopped and code == _INTERRUPTED else code)  # who serves until it is stopped ends well
