"""`aicos-tls certs backup`."""

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
    backup: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Default: certs-backup-YYYYMMDD.tar.gz.", show_default=False),
    ] = None,
    *,
    encrypt: Annotated[bool, typer.Option("--encrypt", help="Encrypt it with a passphrase (age).")] = False,
    recipient: Annotated[
        list[str] | None,
        typer.Option("--recipient", "-r", metavar="KEY", help="Encrypt it for an age or SSH public key (repeatable)."),
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
    """Save all certificates and keys in one file, mode 0600, which git does not see.

    \b
    aicos-tls certs backup ~/backups/certs-$(date +%Y%m%d).tar.gz
    aicos-tls certs backup --encrypt /mnt/usb/certs.tar.gz.age      asks for a passphrase
    aicos-tls certs backup -r age1… /mnt/usb/certs.tar.gz.age       in cron: only the public key is needed
    """  # noqa: D301
    from aicos_tls.commands.certificates.backing import backup as save
    from aicos_tls.commands.certificates.sealing import Lock
    from aicos_tls.report import kept as report

    lock = None
    if recipient:
        lock = Lock(recipients=tuple(recipient))
    elif encrypt or passphrase_file is not None:
        lock = Lock(passphrase(passphrase_file, confirm=True))
    flags = policy_flags(certs_dir=certs_dir)
    result = save(file or [], backup, flags, lock, now=now(), environment=os.environ)
    if not quiet:
        json = form is Format.JSON
        output.show(report.saved_json(result) if json else report.saved(result, output.style(color, form)))
    return DONE
