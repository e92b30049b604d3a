"""`aicos-tls certs renew`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from aicos_tls.cli import output
from aicos_tls.cli.errors import DONE, FOUND
from aicos_tls.cli.options import (
    AllOption,
    Color,
    ColorOption,
    DataFormatOption,
    Days,
    Format,
    KeyTypeOption,
    Lifetime,
    OutsideCertsDir,
    Quiet,
    now,
    policy_flags,
)


def command(
    services: Annotated[list[str] | None, typer.Argument(metavar="[SERVICE]...", help="Services; default all.")] = None,
    *,
    file: Annotated[list[Path] | None, typer.Option("--file", "-f", help="Compose file (repeatable).")] = None,
    store: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Look at this certificates directory alone, without a compose file."),
    ] = None,
    every: AllOption = False,
    force: Annotated[bool, typer.Option("--force", help="Renew what is not due, too.")] = False,
    reuse_key: Annotated[bool, typer.Option("--reuse-key", help="Keep the private keys.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Say what is due; write nothing.")] = False,
    keep: Annotated[int, typer.Option(min=1, max=100, help="Versions of each pair that are kept.")] = 3,
    reload: Annotated[bool, typer.Option("--reload", help="Tell running servers that can reload.")] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="The same, and restart the others, one at a time, servers first.")
    ] = False,
    project_name: Annotated[
        str, typer.Option("--project", "-p", metavar="NAME", help="Name of the running project.")
    ] = "",
    wait: Annotated[float, typer.Option(min=0, help="Seconds that a restarted container has to become healthy.")] = 120,
    before: Annotated[
        str,
        typer.Option(envvar="AICOS_TLS_BEFORE", metavar="COMMAND", help="Run this before; when it fails, stop."),
    ] = "",
    after: Annotated[str, typer.Option(envvar="AICOS_TLS_AFTER", metavar="COMMAND", help="Run this afterwards.")] = "",
    watch: Annotated[bool, typer.Option("--watch", help="Go on for ever, one line a decision.")] = False,
    interval: Annotated[str, typer.Option(metavar="1h", help="With --watch: longest time between two looks.")] = "1h",
    certs_dir: OutsideCertsDir = None,
    key_type: KeyTypeOption = None,
    days: Days = None,
    lifetime: Lifetime = None,
    form: DataFormatOption = Format.TEXT,
    quiet: Quiet = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Renew certificates of which two thirds are over, or whose names changed. Each pair changes at once.

    \b
    aicos-tls certs renew                       what is due
    aicos-tls certs renew --dry-run             what would be
    aicos-tls certs renew backend --force       one service, due or not
    aicos-tls certs renew --restart             and have the running servers use them
    aicos-tls certs renew --lifetime 24h        from now on for a day
    aicos-tls certs renew --watch --store certs for a timer of your own: see templates/renewer
    """  # noqa: D301
    from aicos_tls.commands.hooks import Hooks
    from aicos_tls.commands.renew import Options, renew
    from aicos_tls.report import renew as report

    flags = policy_flags(certs_dir=certs_dir, key_type=key_type, days=days, lifetime=lifetime, all=every or None)
    options = Options(store, force, reuse_key, dry_run, keep, Hooks(before, after))
    if watch:
        from aicos_tls.cli.certs.watching import Telling
        from aicos_tls.cli.certs.watching import watch as go_on

        telling = Telling(reload or restart, restart, wait, project_name)
        return go_on(file or [], services or [], flags, options, interval, telling)
    result = renew(file or [], services or [], flags, options, now=now(), environment=os.environ)
    done = []
    if result.prepared and result.renewed and not dry_run:
        from aicos_tls.commands.renew import taken_over

        with output.doing(shown=form is Format.TEXT and not quiet) as progress:
            done = taken_over(
                file or [], flags, result, tell=reload or restart, restart=restart, wait=wait, project=project_name,
                environment=os.environ, progress=progress,
            )  # fmt: skip
    if form is Format.JSON:
        output.show(report.as_json(result, done))
    elif not quiet:
        output.show(report.text(result, done, output.style(color, form)))
    return DONE if result.good else FOUND
