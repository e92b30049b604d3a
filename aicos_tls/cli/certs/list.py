"""`aicos-tls certs list`."""

from pathlib import Path
from typing import Annotated

import typer

from aicos_tls.cli import output
from aicos_tls.cli.errors import DONE, FOUND
from aicos_tls.cli.options import Color, ColorOption, DataFormatOption, Format, Quiet, now


def command(
    directory: Annotated[Path, typer.Argument(metavar="[DIRECTORY]", help="Certificates directory.")] = Path("certs"),
    *,
    form: DataFormatOption = Format.TEXT,
    quiet: Quiet = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """List certificates: file, subject, names, expiry date, days left, key type, modes.

    \b
    aicos-tls certs list                        those in ./certs
    aicos-tls certs list deploy/certs --format json
    """  # noqa: D301
    from aicos_tls.commands.certs import inventory
    from aicos_tls.report import certs as report

    result = inventory(directory, now=now())
    if quiet:
        return FOUND if result.problems else DONE
    if form is Format.JSON:
        from aicos_tls.report.json import inventory_json

        output.show(inventory_json(result))
    else:
        output.show(report.listed(result, output.style(color, form)))
    return FOUND if result.problems else DONE
