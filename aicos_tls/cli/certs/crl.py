"""`aicos-tls certs crl`."""

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
    now,
    policy_flags,
)


def command(
    *,
    due: Annotated[bool, typer.Option("--due", help="Only when half of the time of the last list is over.")] = False,
    lifetime: Annotated[
        str, typer.Option("--lifetime", metavar="TIME", help="From now to its nextUpdate: 30d, 12h, …")
    ] = "30d",
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file that is no list of this CA by an empty one.")
    ] = False,
    who: Annotated[bool, typer.Option("--who", help="List who can check it, and how; write nothing.")] = False,
    file: Files = None,
    certs_dir: OutsideCertsDir = None,
    form: DataFormatOption = Format.TEXT,
    quiet: Quiet = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Make the next revocation list of the CA: signed, its number increased, with what was revoked before.

    A list that is over makes whoever checks it refuse everybody, so it has to be made anew in time, and read anew.

    \b
    aicos-tls certs crl                         the next list, for 30 days
    aicos-tls certs crl --due -q                in cron, every day
    aicos-tls certs crl --who                   nginx, haproxy, Node, Python, Go: what to write
    """  # noqa: D301
    from aicos_tls.report import revoked as report

    if who:
        data = report.checkers_json() if form is Format.JSON else report.checkers(output.style(color, form))
        if not quiet:
            output.show(data)
        return DONE
    from aicos_tls.commands.certificates.revoking import refresh
    from aicos_tls.pki.profile import duration

    result = refresh(
        file or [],
        policy_flags(certs_dir=certs_dir),
        force=force,
        only_due=due,
        lifetime=duration(lifetime),
        now=now(),
        environment=os.environ,
    )
    if not quiet:
        json = form is Format.JSON
        output.show(report.as_json("certs crl", result) if json else report.text(result, output.style(color, form)))
    return DONE
