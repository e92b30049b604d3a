"""`aicos-tls doctor`."""

import os
from datetime import timedelta
from typing import Annotated

import typer

from aicos_tls.cli import output
from aicos_tls.cli.errors import DONE, FOUND
from aicos_tls.cli.options import (
    AllOption,
    Color,
    ColorOption,
    ComposeFiles,
    Format,
    Only,
    OutsideCertsDir,
    Quiet,
    now,
    policy_flags,
)


def doctor(
    compose_files: ComposeFiles = None,
    *,
    only: Only = None,
    every: AllOption = False,
    certs_dir: OutsideCertsDir = None,
    warn_days: Annotated[
        int | None,
        typer.Option(
            "--warn-days",
            min=0,
            metavar="DAYS",
            help="Report what expires within so many days.  [default: 30, less for short lives]",
            show_default=False,
        ),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="text, json or markdown.")] = Format.TEXT,
    quiet: Quiet = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="List what is fine, too.")] = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Find what is wrong with an enabled project: certificates, URLs, healthchecks, code. Nothing has to run.

    \b
    aicos-tls doctor                       everything, with what to do about it
    aicos-tls doctor --only api -v         one service, and what is fine
    aicos-tls doctor --warn-days 90 -q     in CI: 1 when there is a fault; warnings and hints are none
    """  # noqa: D301
    from aicos_tls.commands.doctor import doctor as command
    from aicos_tls.report import doctor as report

    if form is Format.DIFF:
        raise typer.BadParameter("doctor changes nothing, so there is no diff: text, json or markdown")
    flags = policy_flags(all=every or None, certs_dir=certs_dir)
    within = None if warn_days is None else timedelta(days=warn_days)
    result = command(compose_files or [], only or [], flags, now=now(), within=within, environment=os.environ)
    if not quiet:
        if form is Format.JSON:
            output.show(report.as_json(result))
        elif form is Format.MARKDOWN:
            output.show(report.markdown(result))
        else:
            output.show(report.text(result, output.style(color, form), verbose=verbose))
    return FOUND if result.faulty else DONE
