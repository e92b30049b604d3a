"""`aicos-tls code …`."""

import os
from enum import Enum
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
    Format,
    FormatOption,
    OutsideCertsDir,
    Quiet,
    Templates,
    now,
    policy_flags,
)
from aicos_tls.cli.results import show_result

code = typer.Typer(help="Look at the code that serves and asks.", no_args_is_help=True, rich_markup_mode=None)


@code.command("status", short_help="How each service would serve TLS, and who names servers.")
def code_status(
    services: Annotated[list[str] | None, typer.Argument(metavar="[SERVICE]...", help="Services; default all.")] = None,
    *,
    file: Annotated[list[Path] | None, typer.Option("--file", "-f", help="Compose file (repeatable).")] = None,
    every: AllOption = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 1 when something has to be done.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Documentation and skipped files, too.")] = False,
    form: DataFormatOption = Format.TEXT,
    quiet: Quiet = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Say what each service runs on, whether it serves TLS, and list every place that names a server.

    \b
    aicos-tls code status                       every service in scope
    aicos-tls code status backend               one service
    aicos-tls code status --exit-code           in CI: 1 while a server does not serve TLS by its code
    """  # noqa: D301
    from aicos_tls.commands.code import status as command
    from aicos_tls.report import code as report

    result = command(file or [], services or [], policy_flags(all=every or None), os.environ)
    if quiet:
        return FOUND if exit_code and not result.ready else DONE
    if form is Format.JSON:
        output.show(report.as_json(result))
    else:
        output.show(report.text(result, output.style(color, form), verbose=verbose))
    return FOUND if exit_code and not result.ready else DONE


@code.command("apply", short_help="Change the code of services of an enabled project.")
def code_apply(
    services: Annotated[list[str] | None, typer.Argument(metavar="[SERVICE]...", help="Services; default all.")] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show the diff; write nothing.")] = False,
    file: Annotated[list[Path] | None, typer.Option("--file", "-f", help="Compose file (repeatable).")] = None,
    templates: Templates = None,
    certs_dir: OutsideCertsDir = None,
    form: FormatOption = Format.TEXT,
    quiet: Quiet = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Make services serve HTTPS and their clients trust the CA, by changes of their sources; `rollback` takes it back.

    \b
    aicos-tls code apply --dry-run              the diff for every service in scope
    aicos-tls code apply backend                one service, and those that share changed files with it
    """  # noqa: D301
    from aicos_tls.commands.code import apply as command
    from aicos_tls.commands.enable import Options

    options = Options(dry_run=dry_run, templates=templates)
    result = command(file or [], services or [], options, now=now(), environment=os.environ, certs_dir=certs_dir)
    return show_result(result, form, color, quiet=quiet)


class Part(str, Enum):
    """What `code show` shows."""

    SERVER = "server"
    CLIENT = "client"
    HEALTHCHECK = "healthcheck"
    NGINX = "nginx"
    HELPER = "helper"


@code.command("show", short_help="Code to paste for a service.")
def code_show(
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="A service in scope.")],
    *,
    part: Annotated[Part, typer.Option("--part", help="server, client, healthcheck, nginx or helper.")] = Part.SERVER,
    framework: Annotated[str, typer.Option("--framework", help="For another framework than the one found.")] = "",
    templates: Templates = None,
    file: Annotated[list[Path] | None, typer.Option("--file", "-f", help="Compose file (repeatable).")] = None,
    quiet: Quiet = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Show code for a service, ready to paste: its name, port and paths are filled in.

    \b
    aicos-tls code show backend                                    how it serves HTTPS
    aicos-tls code show backend --part helper > backend/tls.js     the file that the others use
    aicos-tls code show backend --part client --framework axios    how it asks the others
    aicos-tls code show backend --part nginx                       how an nginx in front of it asks it
    """  # noqa: D301
    from aicos_tls.commands.code import show as command

    del color  # there is none in code that is to be pasted
    shown = command(file or [], service, part.value, os.environ, framework=framework, templates=templates)
    if not quiet:
        output.show(shown.text.rstrip("\n") + "\n")
    return DONE
