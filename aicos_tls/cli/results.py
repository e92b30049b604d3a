"""Prints the result of a run that writes, in the form that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.cli import output
from aicos_tls.cli.errors import DONE, FOUND, REFUSED
from aicos_tls.cli.options import Color, Format

if TYPE_CHECKING:
    from aicos_tls.commands.enable import Result


def show_result(result: Result, form: Format, color: Color, *, quiet: bool, verbose: bool = False) -> int:
    """Print a result, unless `quiet` and all is well, and return the exit code."""
    if not quiet or result.blocked:
        output.show(_rendered(result, form, color, verbose=verbose))
    if result.blocked:
        output.complain(f"{result.reason}; nothing was written")
        return FOUND if result.verdict.unmet else REFUSED
    return DONE


def _rendered(result: Result, form: Format, color: Color, *, verbose: bool) -> str:
    if form is Format.JSON:
        from aicos_tls.report.json import enable_json

        return enable_json(result)
    if form is Format.MARKDOWN:
        from aicos_tls.report.markdown import markdown

        return markdown(result)
    from aicos_tls.report import enable as report

    style = output.style(color, form)
    if form is Format.DIFF:
        from aicos_tls.report.diff import coloured_diff

        return coloured_diff(report.diff(result), style)
    return report.text(result, style, verbose=verbose)
