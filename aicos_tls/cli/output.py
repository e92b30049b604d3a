"""Printing: colour, progress, usage errors."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, contextmanager, suppress
from io import UnsupportedOperation
from typing import TYPE_CHECKING

from aicos_tls.cli.errors import tell
from aicos_tls.cli.options import Color, Format
from aicos_tls.errors import TlsError
from aicos_tls.report.style import coloured, plain
from aicos_tls.report.visible import visible
from aicos_tls.report.words import masked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO

    from aicos_tls.report.style import Style


def show(text: str) -> None:
    """Print a report as it is; characters that the terminal cannot show become question marks.

    A reader who has gone (`| head`) is no error. Raises `TlsError` where it cannot be written, for example to a full
    disk; what it reports is done by then.
    """
    encoding = sys.stdout.encoding or "utf-8"
    try:
        if sys.stdout.isatty():
            text = visible(text, colours=True)
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
    except OSError as error:
        discard_output()
        if not isinstance(error, BrokenPipeError):
            raise unwritten(error) from None


def unwritten(error: OSError) -> TlsError:
    """The error for an output that cannot be written. Not that nothing was done: a report comes at the end."""
    return TlsError(
        f"the output cannot be written: {error.strerror}", hint="the command itself was carried out before that"
    )


def discard_output() -> None:
    """Send standard output nowhere: what is left in its buffer is written at exit, and would fail once more."""
    discard(sys.stdout)


def discard(stream: IO[str]) -> None:
    """Send a stream nowhere."""
    with suppress(UnsupportedOperation):  # a stream of a caller in this process has no descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def complain(text: str) -> None:
    """Print one line to standard error, without passwords in URLs."""
    tell(f"aicos-tls: {visible(masked(text))}")


def style(color: Color, form: Format) -> Style:
    """Colour or none: by the option, the terminal and NO_COLOR. JSON and Markdown are never coloured."""
    if form in (Format.JSON, Format.MARKDOWN) or color is Color.NEVER:
        return plain
    if color is Color.ALWAYS:
        return coloured
    wanted = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return coloured if wanted else plain


@contextmanager
def key_progress(*, shown: bool) -> Iterator[Callable[[int], Callable[[str], None]] | None]:
    """A progress bar for keys, on a terminal only; it is made when the number of keys is known."""
    if not shown or not sys.stderr.isatty():
        yield None
        return
    with ExitStack() as open_bar:

        def begin(total: int) -> Callable[[str], None]:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

            columns = (TextColumn("making keys"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
            bar = open_bar.enter_context(Progress(*columns, console=Console(stderr=True), transient=True))
            task = bar.add_task("", total=total)
            return lambda name: bar.update(task, advance=1, description=name)

        yield begin


@contextmanager
def doing(*, shown: bool) -> Iterator[Callable[[str], None]]:
    """Say on a terminal what is being done at the moment; yields what is told it."""
    if not shown or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status("…") as status:
        yield lambda words: status.update(escape(words))


def usage_error(error: Exception) -> int | None:
    """Print a usage error of the command line and return its exit code; None for every other exception."""
    format_message = getattr(error, "format_message", None)
    if format_message is None or not hasattr(error, "exit_code"):
        return None
    if type(error).__name__ == "NoArgsIsHelpError":  # its message is the help; not a class of every click
        print(format_message(), file=sys.stderr)
        return int(error.exit_code)
    complain(f"{format_message()}")
    context = getattr(error, "ctx", None)
    print(f"  → {context.command_path if context else 'aicos-tls'} --help", file=sys.stderr)
    return int(error.exit_code)
