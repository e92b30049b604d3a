"""`aicos-tls certs check`."""

import os
from typing import Annotated

import typer

from aicos_tls.cli import output
from aicos_tls.cli.errors import DONE, FOUND
from aicos_tls.cli.options import (
    Color,
    ColorOption,
    DataFormatOption,
    Files,
    Format,
    OutsideCertsDir,
    Quiet,
    Services,
    now,
    policy_flags,
)


def command(
    services: Services = None,
    *,
    within: Annotated[
        str,
        typer.Option(
            "--within",
            metavar="TIME",
            help="Report what expires within 30d, 12h, …  [default: 30d, less for short lives]",
        ),
    ] = "",
    file: Files = None,
    certs_dir: OutsideCertsDir = None,
    form: DataFormatOption = Format.TEXT,
    quiet: Quiet = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Check that every certificate is valid, fits its key and its CA, and has the names that are needed now.

    Prints nothing and exits 0 when all is well; else one line for each fault, and exit code 1. Without --within,
    what has less than a sixth of its lifetime left is reported: a renewal was due long before.

    \b
    aicos-tls certs check                       in cron: mail comes when there is something to do
    aicos-tls certs check --within 90d backend  one service, earlier
    """  # noqa: D301
    from aicos_tls.commands.certificates.checking import check
    from aicos_tls.pki.profile import duration
    from aicos_tls.report import checked as report

    result = check(
        file or [],
        services or [],
        policy_flags(certs_dir=certs_dir),
        within=duration(within) if within else None,
        now=now(),
        environment=os.environ,
    )
    if not quiet:
        shown = report.as_json(result) if form is Format.JSON else report.text(result, output.style(color, form))
        output.show(shown)
    return FOUND if result.findings else DONE
