"""`aicos-tls verify`."""

import os
from typing import Annotated

import typer

from aicos_tls.cli import output
from aicos_tls.cli.errors import DONE, FOUND
from aicos_tls.cli.options import Color, ColorOption, ComposeFiles, Format, OutsideCertsDir, Quiet, now


def verify(
    compose_files: ComposeFiles = None,
    *,
    project_name: Annotated[
        str, typer.Option("--project-name", "-p", metavar="NAME", help="Name under which docker compose runs it.")
    ] = "",
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="Wait until everything is healthy, so long at most.")
    ] = 0,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", min=0.1, help="For each connection.")] = 5,
    sniff: Annotated[
        bool, typer.Option("--sniff", help="Count clear and encrypted bytes on the networks, too (Linux, root).")
    ] = False,
    sniff_seconds: Annotated[float, typer.Option(metavar="SECONDS", min=0, help="How long, at least.")] = 5,
    certs_dir: OutsideCertsDir = None,
    form: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
    quiet: Quiet = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Every check, not only what was found.")] = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Prove on the running containers that every connection of the project is encrypted.

    \b
    aicos-tls verify                    every connection and every server of the stack that is up
    aicos-tls verify --wait 120         after `docker compose up -d`: wait until it is healthy
    aicos-tls verify --sniff            watch the networks meanwhile, and count
    aicos-tls verify -q                 in CI: exit code 1 when something is not as it should be
    """  # noqa: D301
    from aicos_tls.commands.verify import Options
    from aicos_tls.commands.verify import verify as command
    from aicos_tls.report import verify as report

    options = Options(project_name, wait, timeout, sniff, sniff_seconds, certs_dir)
    with output.doing(shown=form is Format.TEXT and not quiet) as progress:
        result = command(compose_files or [], options, clock=now, environment=os.environ, progress=progress)
    if quiet:
        return DONE if result.good else FOUND
    if form is Format.JSON:
        output.show(report.as_json(result))
    else:
        output.show(report.text(result, output.style(color, form), verbose=verbose))
    return DONE if result.good else FOUND
