"""`aicos-tls rollback`."""

import os
from typing import Annotated

import typer

from aicos_tls.cli import output
from aicos_tls.cli.errors import DONE, REFUSED
from aicos_tls.cli.options import Color, ColorOption, ComposeFiles, Format, Quiet, UndoFormatOption


def rollback(
    compose_files: ComposeFiles = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show the diff; write nothing.")] = False,
    certificates: Annotated[
        bool, typer.Option("--certs", help="Remove the certificates that were issued, too.")
    ] = False,
    form: UndoFormatOption = Format.TEXT,
    quiet: Quiet = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Take the last `enable` back: the bytes from before, with later edits kept.

    \b
    aicos-tls rollback --dry-run        what would change
    aicos-tls rollback                  take it back; certificates stay
    aicos-tls rollback --certs          certificates and keys go, too
    """  # noqa: D301
    from aicos_tls.commands.rollback import rollback as command
    from aicos_tls.report import rollback as report

    result = command(compose_files or [], dry_run=dry_run, certificates=certificates, environment=os.environ)
    style = output.style(color, form)
    if not quiet or result.blocked:
        if form is Format.JSON:
            from aicos_tls.report.json import rollback_json

            output.show(rollback_json(result))
        elif form is Format.DIFF:
            from aicos_tls.report.diff import coloured_diff

            output.show(coloured_diff(report.diff(result), style))
        else:
            output.show(report.text(result, style))
    if result.blocked:
        output.complain(f"{report.reason(result)}; nothing was written")
        return REFUSED
    return DONE
