"""`aicos-tls certs rotate-ca`."""

import os
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from aicos_tls.cli import output
from aicos_tls.cli.errors import DONE, FOUND
from aicos_tls.cli.options import (
    Color,
    ColorOption,
    DataFormatOption,
    Days,
    Format,
    KeyTypeOption,
    OutsideCertsDir,
    Quiet,
    now,
    policy_flags,
)


class Move(str, Enum):
    """The steps, in their order, and the way back."""

    TRUST = "trust"
    ISSUE = "issue"
    DROP = "drop"
    FINISH = "finish"
    BACK = "back"


def command(
    step: Annotated[Move | None, typer.Argument(help="The step to take; without one, where it stands.")] = None,
    *,
    file: Annotated[list[Path] | None, typer.Option("--file", "-f", help="Compose file (repeatable).")] = None,
    store: Annotated[
        Path | None, typer.Option(metavar="DIR", help="This certificates directory alone, without a compose file.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Drop a CA though certificates of it are there.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Only say if it is possible.")] = False,
    before: Annotated[
        str, typer.Option(envvar="AICOS_TLS_BEFORE", metavar="COMMAND", help="Run this before; when it fails, stop.")
    ] = "",
    after: Annotated[str, typer.Option(envvar="AICOS_TLS_AFTER", metavar="COMMAND", help="Run this afterwards.")] = "",
    certs_dir: OutsideCertsDir = None,
    key_type: KeyTypeOption = None,
    days: Days = None,
    form: DataFormatOption = Format.TEXT,
    quiet: Quiet = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Replace the CA without an outage, step by step; each step but the last can be taken back.

    \b
    aicos-tls certs rotate-ca                   where it stands
    aicos-tls certs rotate-ca trust             a new CA; both are trusted, the old one issues
    aicos-tls certs rotate-ca issue             the new one issues; every certificate is renewed
    aicos-tls certs rotate-ca drop              the new one alone is trusted
    aicos-tls certs rotate-ca finish            the old key goes
    aicos-tls certs rotate-ca back              one step back
    """  # noqa: D301
    from aicos_tls.commands.hooks import Hooks
    from aicos_tls.commands.rotation import Options, rotate
    from aicos_tls.report import rotation as report

    flags = policy_flags(certs_dir=certs_dir, key_type=key_type, days=days)
    options = Options(store, force, dry_run, Hooks(before, after))
    result = rotate(file or [], step.value if step else "", flags, options, now=now(), environment=os.environ)
    if form is Format.JSON:
        output.show(report.as_json(result))
    elif not quiet:
        output.show(report.text(result, output.style(color, form)))
    return DONE if result.good else FOUND
