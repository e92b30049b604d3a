"""Every command on one project, in a process of its own with a bound on the time of each one and on memory.

`python everything.py SECONDS` in the directory of a project prints a line of JSON for each command: what it said and
how it ended. One that exceeds its time ends the process (SIGXCPU, SIGALRM), and the lines stop before it.
"""

from __future__ import annotations

import contextlib
import io
import json
import resource
import signal
import sys
import time

SECONDS = 10
"""Of processor time, for each command."""
PATIENCE = 6
"""Times as many on the clock: what waits for ever is stopped, too."""
MEMORY = 2**30
"""Bytes of address space, for all of them together."""
ISSUE = ("--key-type", "p256")
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("enable", "--dry-run"),
    ("enable", "--dry-run", "--format", "markdown"),
    ("enable", "--dry-run", "--format", "json", "--code", "--serve", "auto"),
    ("enable", "--dry-run", "--override", "--all"),
    ("enable", "--no-certs", "--output", "patched.yml"),
    ("explain", "api"),
    ("code", "status", "-v"),
    ("code", "show", "api"),
    ("doctor", "-v"),
    ("certs", "list"),
    ("certs", "issue", *ISSUE),
    ("verify",),
    ("enable", *ISSUE),
    ("enable", *ISSUE),
    ("rollback", "--dry-run"),
    ("doctor", "--format", "markdown"),
    ("enable", *ISSUE, "--code"),
    ("code", "apply", "api", "--dry-run"),
    ("enable", *ISSUE, "--serve", "auto"),
    ("doctor", "--format", "json"),
    ("rollback",),
    ("enable", *ISSUE, "--override"),
    ("rollback", "--dry-run", "--certs", "--format", "json"),
    ("rollback", "--certs"),
)


def main() -> None:
    """Run them all and print what came of it."""
    from aicos_tls.cli.errors import guarded

    seconds = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for arguments in COMMANDS:
        used = time.process_time()
        resource.setrlimit(resource.RLIMIT_CPU, (int(used) + seconds + 1, resource.RLIM_INFINITY))
        signal.alarm(seconds * PATIENCE)
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = guarded([*arguments])
        signal.alarm(0)
        print(json.dumps([arguments, code, out.getvalue(), err.getvalue()]), flush=True)  # noqa: T201 - read by the test


if __name__ == "__main__":
    main()
