"""`aicos-tls certs restore`."""

import os
from pathlib import Path
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
from aicos_tls.cli.passphrases import passphrase


def command(
    backup: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace files that differ, private keys too.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Verify it; write nothing.")] = False,
    identity: Annotated[
        list[Path] | None,
        typer.Option("--identity", "-i", metavar="FILE", help="An age or SSH private key that opens it (repeatable)."),
    ] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option("--passphrase-file", metavar="FILE", help="The passphrase is its first line.")
    ] = None,
    file: Files = None,
    certs_dir: OutsideCertsDir = None,
    form: DataFormatOption = Format.TEXT,
    quiet: Quiet = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Put the certificates of a backup back: verified whole before the first byte is written; all of it or nothing.

    \b
    aicos-tls certs restore certs-backup-20261125.tar.gz --dry-run
    aicos-tls certs restore certs.tar.gz.age -i key.txt --force
    """  # noqa: D301
    from aicos_tls.commands.certificates.backing import restore
    from aicos_tls.commands.certificates.sealing import Keys
    from aicos_tls.report import kept as report

    result = restore(
        file or [],
        backup,
        policy_flags(certs_dir=certs_dir),
        Keys(passphrase(passphrase_file, confirm=False), tuple(identity or ())),
        force=force,
        dry_run=dry_run,
        now=now(),
        environment=os.environ,
    )
    if not quiet:
        json = form is Format.JSON
        output.show(report.restored_json(result) if json else report.restored(result, output.style(color, form)))
    return DONE
