"""The commands and their options (typer).

Each calls one function of `commands` and prints what `report` makes of it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aicos_tls.cli import output
from aicos_tls.cli.certs import certs
from aicos_tls.cli.code import code
from aicos_tls.cli.errors import DONE, FOUND, REFUSED
from aicos_tls.cli.options import (
    AllOption,
    CertsDir,
    Color,
    ColorOption,
    ComposeFiles,
    Days,
    Exclude,
    Format,
    FormatOption,
    Include,
    KeyTypeOption,
    MountPath,
    Only,
    OverrideOption,
    StripPrefix,
    now,
    policy_flags,
)
from aicos_tls.cli.verify import verify

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    name="aicos-tls",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(certs, name="certs")
app.add_typer(code, name="code")
app.command(short_help="Prove on the running containers that connections are encrypted.")(verify)


def run(arguments: Sequence[str]) -> int:
    """Run the application and return its exit code; usage errors are 2, as everywhere."""
    try:
        result = app(list(arguments), standalone_mode=False)
    except typer.Exit as stop:
        return int(stop.exit_code)
    except Exception as error:
        code = output.usage_error(error)
        if code is None:
            raise
        return code
    return result if isinstance(result, int) else DONE


def _version(value: bool) -> None:  # noqa: FBT001 - typer's callback signature
    if value:
        from aicos_tls import __version__

        typer.echo(f"aicos-tls {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Encrypt every connection between the containers of a docker-compose.yml, reviewably and reversibly.

    \b
    aicos-tls enable docker-compose.yml --dry-run    the diff, nothing written
    aicos-tls enable docker-compose.yml              certificates, patched file, rollback patch
    aicos-tls rollback                               the bytes from before
    """  # noqa: D301 - \b keeps the lines apart in the help


@app.command(short_help="Encrypt the connections between the services of a compose file.")
def enable(
    compose_files: ComposeFiles = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show the diff; write nothing.")] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 1 when there would be, or were, changes.")
    ] = False,
    output_file: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the patched compose file here; leave all else alone.")
    ] = None,
    override: OverrideOption = False,
    check_with_compose: Annotated[
        bool, typer.Option("--check-with-compose", help="Let docker compose resolve both versions and compare them.")
    ] = False,
    compose_command: Annotated[
        str,
        typer.Option(metavar="COMMAND", help="docker compose for that; else DOCKER_COMPOSE, else what is on the PATH."),
    ] = "",
    no_certs: Annotated[bool, typer.Option("--no-certs", help="Make no certificates.")] = False,
    certs_dir: CertsDir = None,
    mount_path: MountPath = None,
    only: Only = None,
    include: Include = None,
    exclude: Exclude = None,
    every: AllOption = False,
    strip_prefix: StripPrefix = None,
    key_type: KeyTypeOption = None,
    days: Days = None,
    form: FormatOption = Format.TEXT,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only errors.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Name every URL that was left alone, too.")] = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Encrypt the connections between the services of a compose file.

    \b
    aicos-tls enable --dry-run                       what would change, as a diff
    aicos-tls enable --dry-run --format markdown     the same for a pull request
    aicos-tls enable docker-compose.yml              certificates, patched file, rollback patch
    aicos-tls enable base.yml override.yml           several files, as docker compose -f base.yml -f override.yml
    aicos-tls enable --override                      leave the files alone; write docker-compose.tls.yml
    aicos-tls enable --only api --only web           two services and nothing else
    aicos-tls enable --dry-run --exit-code -q        in CI: 1 when TLS is not enabled everywhere
    """  # noqa: D301
    from aicos_tls.commands.enable import Options
    from aicos_tls.commands.enable import enable as command
    from aicos_tls.report import enable as report

    flags = policy_flags(
        certs_dir=certs_dir, mount_path=mount_path, only=only, include=include, exclude=exclude, all=every or None,
        strip_prefix=strip_prefix, key_type=key_type, days=days, override=override or None,
    )  # fmt: skip
    style = output.style(color, form)
    with output.key_progress(shown=form is Format.TEXT and not quiet) as progress:
        result = command(
            compose_files or [],
            flags,
            Options(dry_run, not no_certs, output_file, check_with_compose, compose_command),
            now=now(),
            environment=os.environ,
            progress=progress,
        )
    if not quiet or result.blocked:
        if form is Format.JSON:
            from aicos_tls.report.json import enable_json

            output.show(enable_json(result))
        elif form is Format.MARKDOWN:
            from aicos_tls.report.markdown import markdown

            output.show(markdown(result))
        elif form is Format.DIFF:
            from aicos_tls.report.diff import coloured_diff

            output.show(coloured_diff(report.diff(result), style))
        else:
            output.show(report.text(result, style, verbose=verbose))
    if result.blocked:
        output.complain(f"{result.reason}; nothing was written")
        return REFUSED
    return FOUND if exit_code and result.would_change else DONE


@app.command(short_help="Take the last `enable` back.")
def rollback(
    compose_files: ComposeFiles = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show the diff; write nothing.")] = False,
    certificates: Annotated[
        bool, typer.Option("--certs", help="Remove the certificates that were issued, too.")
    ] = False,
    form: FormatOption = Format.TEXT,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only errors.")] = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Take the last `enable` back: the bytes from before, with later edits kept.

    \b
    aicos-tls rollback --dry-run        what would change
    aicos-tls rollback                  take it back; certificates stay
    aicos-tls rollback --certs          certificates and keys go, too
    """  # noqa: D301
    from aicos_tls.commands.rollback import rollback as command
    from aicos_tls.report import rollback as report

    result = command(compose_files or [], dry_run=dry_run, certificates=certificates, environment=os.environ)
    if form is Format.JSON:
        from aicos_tls.report.json import rollback_json

        output.show(rollback_json(result))
    elif form is Format.DIFF:
        output.show(report.diff(result))
    elif not quiet or result.blocked:
        output.show(report.text(result, output.style(color, form)))
    return REFUSED if result.blocked else DONE


@app.command(short_help="Explain a rule or a service.")
def explain(
    subject: Annotated[str | None, typer.Argument(metavar="[RULE|SERVICE]", help="A rule or a service.")] = None,
    compose_files: ComposeFiles = None,
    *,
    color: ColorOption = Color.AUTO,
) -> int:
    """Print a rule's manual page, or why a service was or was not touched; without a name, list the rules.

    \b
    aicos-tls explain                   the rules
    aicos-tls explain healthcheck       what the rule does
    aicos-tls explain backend           what happens to the service, line by line
    """  # noqa: D301
    from aicos_tls.commands.explain import explain as command
    from aicos_tls.commands.explain import rules
    from aicos_tls.commands.project import prepare
    from aicos_tls.report import explain as report

    style = output.style(color, Format.TEXT)
    if subject is None:
        output.show(report.rule_list(rules(), style))
    else:
        output.show(report.page(command(subject, lambda: prepare(compose_files or [], {}, os.environ)), style))
    return DONE
