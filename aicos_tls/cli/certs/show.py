"""`aicos-tls certs show`."""

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
    now,
    policy_flags,
)


def command(
    name: Annotated[str, typer.Argument(metavar="SERVICE", help="A service, by its name or short name, or ca.")],
    *,
    file: Files = None,
    certs_dir: OutsideCertsDir = None,
    form: DataFormatOption = Format.TEXT,
    quiet: Quiet = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Show everything about one certificate, and what is wrong with it (exit code 1).

    \b
    aicos-tls certs show backend
    aicos-tls certs show ca --format json
    """  # noqa: D301
    from aicos_tls.commands.certificates.checking import show
    from aicos_tls.report import certs as report
    from aicos_tls.report import checked

    result = show(file or [], name, policy_flags(certs_dir=certs_dir), now=now(), environment=os.environ)
    if not quiet:
        json = form is Format.JSON
        output.show(checked.shown_json(result) if json else report.shown(result, output.style(color, form)))
    return FOUND if result.findings else DONE
