"""Commands of the user's that run before and after certificates are renewed.

They come from the command line or from the environment of whoever runs this, never from a file of the project: what is
in a repository does not run because it is there.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.errors import TlsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


class Hooks(Struct, frozen=True):
    """Commands for `sh -c`, empty for none."""

    before: str = ""
    after: str = ""


def run(command: str, when: str, directory: Path, short_names: Iterable[str], environment: Mapping[str, str]) -> str:
    """Run a hook and return what went wrong, empty when nothing did. What it prints goes to standard error.

    Its environment is that of this process and AICOS_TLS_HOOK (`before` or `after`), AICOS_TLS_SERVICES (short names,
    separated by spaces) and AICOS_TLS_CERTS (the certificates directory, absolute).
    """
    if not command:
        return ""
    own = {
        "AICOS_TLS_HOOK": when,
        "AICOS_TLS_SERVICES": " ".join(short_names),
        "AICOS_TLS_CERTS": str(directory.resolve()),
    }
    sys.stderr.flush()
    try:
        done = subprocess.run(  # noqa: S603 - the person's own command line
            ["/bin/sh", "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=2,
            check=False,
            env={**environment, **own},
        )
    except OSError as error:
        return f"the hook {when} cannot be run: {error.strerror}"
    return f"the hook {when} ended with {done.returncode}" if done.returncode else ""


def require(command: str, directory: Path, short_names: Iterable[str], environment: Mapping[str, str]) -> None:
    """Run the hook before a renewal; raises `TlsError` when it fails: then nothing is renewed."""
    if problem := run(command, "before", directory, short_names, environment):
        raise TlsError(problem, hint="nothing was renewed")
