"""`aicos-tls certs status`."""

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
    *,
    project_name: Annotated[
        str, typer.Option("--project-name", "-p", metavar="NAME", help="Name under which docker compose runs it.")
    ] = "",
    timeout: Annotated[float, typer.Option(metavar="SECONDS", min=0.1, help="For each connection.")] = 5,
    file: Files = None,
    certs_dir: OutsideCertsDir = None,
    form: DataFormatOption = Format.TEXT,
    quiet: Quiet = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Compare the certificates on the disk with those that the running containers serve.

    Exit code 1 when something is wrong with a file, or a container serves another certificate than its file.

    \b
    aicos-tls certs status                      after a renewal: who still has to read the new files?
    """  # noqa: D301
    from aicos_tls.commands.certificates.served import Options
    from aicos_tls.commands.certificates.status import status
    from aicos_tls.report import certstatus as report

    flags, options = policy_flags(certs_dir=certs_dir), Options(project_name, timeout)
    result = status(file or [], flags, options, now=now(), environment=os.environ)
    if not quiet:
        output.show(report.as_json(result) if form is Format.JSON else report.text(result, output.style(color, form)))
    return DONE if result.good else FOUND
