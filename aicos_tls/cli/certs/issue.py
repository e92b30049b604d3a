"""`aicos-tls certs issue`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from aicos_tls.cli import output
from aicos_tls.cli.errors import DONE
from aicos_tls.cli.options import (
    AllOption,
    CertsDir,
    Color,
    ColorOption,
    DataFormatOption,
    Days,
    Format,
    KeyTypeOption,
    Lifetime,
    Quiet,
    now,
    policy_flags,
)


def command(
    services: Annotated[list[str] | None, typer.Argument(metavar="[SERVICE]...", help="Services; default all.")] = None,
    *,
    file: Annotated[list[Path] | None, typer.Option("--file", "-f", help="Compose file (repeatable).")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace keys and certificates that are there.")] = False,
    certs_dir: CertsDir = None,
    key_type: KeyTypeOption = None,
    days: Days = None,
    lifetime: Lifetime = None,
    every: AllOption = False,
    form: DataFormatOption = Format.TEXT,
    quiet: Quiet = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Issue the CA and one certificate for each service in scope; what is there and fits is kept.

    \b
    aicos-tls certs issue                       whatever is missing or expired
    aicos-tls certs issue backend --force       a new key and certificate for one service
    aicos-tls certs issue --force               a new CA and everything else
    """  # noqa: D301
    from aicos_tls.commands.certs import issue
    from aicos_tls.report import certs as report

    flags = policy_flags(certs_dir=certs_dir, key_type=key_type, days=days, lifetime=lifetime, all=every or None)
    with output.key_progress(shown=form is Format.TEXT and not quiet) as progress:
        result = issue(
            file or [], services or [], flags, force=force, now=now(), environment=os.environ, progress=progress
        )
    if quiet:
        return DONE
    if form is Format.JSON:
        from aicos_tls.report.json import issue_json

        output.show(issue_json(result))
    else:
        output.show(report.issued(result, output.style(color, form)))
    return DONE
