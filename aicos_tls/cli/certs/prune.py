"""`aicos-tls certs prune`."""

import os
from typing import Annotated

import typer

from aicos_tls.cli import output
from aicos_tls.cli.errors import DONE
from aicos_tls.cli.options import (
    Color,
    ColorOption,
    DataFormatOption,
    Files,
    Format,
    OutsideCertsDir,
    Quiet,
    policy_flags,
)


def command(
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Remove what was issued here for no service.")] = False,
    file: Files = None,
    certs_dir: OutsideCertsDir = None,
    form: DataFormatOption = Format.TEXT,
    quiet: Quiet = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """List certificates of services that were renamed or removed; with --remove those that were issued here go.

    \b
    aicos-tls certs prune                       what there is
    aicos-tls certs prune --remove              away with it; files of others stay
    """  # noqa: D301
    from aicos_tls.commands.certificates.pruning import prune
    from aicos_tls.report import kept as report

    result = prune(file or [], policy_flags(certs_dir=certs_dir), remove=remove, environment=os.environ)
    if not quiet:
        json = form is Format.JSON
        output.show(report.pruned_json(result) if json else report.pruned(result, output.style(color, form)))
    return DONE
