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
    restart: Annotated[
        bool, typer.Option("--restart", help="Stop the running containers meanwhile, then start them, servers first.")
    ] = False,
    project_name: Annotated[str, typer.Option("--project", "-p", metavar="NAME", help="The running project.")] = "",
    wait: Annotated[float, typer.Option(min=0, help="Seconds that a started container has to become healthy.")] = 120,
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
    aicos-tls certs issue --all --force --restart   the guide's rotation: stop, regenerate, restart
    """  # noqa: D301
    from aicos_tls.commands.certs import IssueResult, issue
    from aicos_tls.report import certs as report

    flags = policy_flags(certs_dir=certs_dir, key_type=key_type, days=days, lifetime=lifetime, all=every or None)
    results: list[IssueResult] = []

    def work() -> None:
        with output.key_progress(shown=form is Format.TEXT and not quiet) as progress:
            made = issue(
                file or [], services or [], flags, force=force, now=now(), environment=os.environ, progress=progress
            )
        results.append(made)

    restarted: tuple[str, ...] = ()
    if restart:
        from aicos_tls.commands.guided import stopped_meanwhile

        with output.doing(shown=form is Format.TEXT and not quiet) as doing:
            restarted = stopped_meanwhile(
                file or [], services or [], flags, work,
                wait=wait, project=project_name, environment=os.environ, progress=doing,
            )  # fmt: skip
    else:
        work()
    result = results[0]
    if quiet:
        return DONE
    if form is Format.JSON:
        from aicos_tls.report.json import issue_json

        output.show(issue_json(result))
    else:
        output.show(report.issued(result, output.style(color, form), restarted))
    return DONE
