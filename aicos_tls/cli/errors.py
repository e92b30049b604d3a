"""Errors to messages and exit codes, in one place."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from aicos_tls import __version__
from aicos_tls.errors import InternalError, TlsError
from aicos_tls.report.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

DONE, FOUND, REFUSED, BUG, INTERRUPTED = 0, 1, 2, 3, 130


def guarded(arguments: Sequence[str]) -> int:
    """Run the application with `arguments` and return the exit code; nothing escapes as a traceback."""
    from aicos_tls.cli.app import run

    try:
        code = run(arguments)
        sys.stdout.flush()
    except TlsError as error:
        say(error)
        return REFUSED
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, for example `| head`
        from aicos_tls.cli.output import discard_output

        discard_output()
        return DONE
    except OSError as error:
        if not _is_of_the_output(error):
            return _bug(arguments, error)
        from aicos_tls.cli.output import unwritten

        say(unwritten(error))
        return REFUSED
    except Exception as error:  # noqa: BLE001 - whatever else escapes is a bug, and is reported as one
        return _bug(arguments, error)
    if code == INTERRUPTED:  # typer makes this code of an interrupt, too
        tell("aicos-tls: interrupted; nothing half done was left behind")
    return code


def tell(line: str) -> None:
    """Print a line to standard error; where that cannot be written nobody is left to be told."""
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        from aicos_tls.cli.output import discard

        discard(sys.stderr)


def say(error: TlsError) -> None:
    """Print an expected error: one line of what and where, one of what to do."""
    place = f"{error.where}: " if error.where else ""
    tell(f"aicos-tls: {visible(f'{place}{error.message}')}")
    if error.hint:
        tell(f"  → {visible(error.hint)}")


def _is_of_the_output(error: OSError) -> bool:
    """Whether an error comes of standard output or standard error.

    What they could not write is left in them, unless Python does not buffer; then it was `echo` of click, which prints
    help and versions.
    """
    import traceback

    from aicos_tls.cli.output import discard

    failed = traceback.extract_tb(error.__traceback__)[-1].name == "echo"
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            failed = True
            discard(stream)
    return failed and error.filename is None


def _bug(arguments: Sequence[str], error: Exception) -> int:
    import platform
    import tempfile
    import traceback

    report = "\n".join(
        (
            f"aicos-tls {__version__}, Python {platform.python_version()}, {platform.platform()}",
            f"arguments: {list(arguments)}",
            traceback.format_exc(),
        )
    )
    tell(f"aicos-tls: this is a bug: {visible(report.strip().splitlines()[-1])}")
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="aicos-tls-", suffix=".log", delete=False, encoding="utf-8"
        ) as log:
            log.write(report)
        told = f"please report it with {log.name}"
    except OSError as full:
        told = f"please report it; no log could be written: {full.strerror}"
    tell(f"  → no file was left half written; {told}")
    if isinstance(error, InternalError) and error.service:
        place = f" ({error.where})" if error.where else ""
        without = visible(f"{error.service}{place} can be left out meanwhile: --exclude {error.service}")
        tell(f"  → {without}")
    return BUG
