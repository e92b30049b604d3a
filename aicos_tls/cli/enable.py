"""`aicos-tls enable`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from aicos_tls.cli import output
from aicos_tls.cli.errors import DONE, FOUND
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
    Lifetime,
    MountPath,
    Only,
    OverrideOption,
    PublishedName,
    Quiet,
    StripPrefix,
    Templates,
    now,
    policy_flags,
)
from aicos_tls.cli.results import show_result


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
    code: Annotated[
        bool | None,
        typer.Option("--code/--no-code", help="Change the code of the services, too; --no-code takes that back."),
    ] = None,
    templates: Templates = None,
    serve: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[SERVICE=]WAY",
            help="How servers come to speak TLS: auto, code, env, preload, sidecar or none. Repeatable.",
        ),
    ] = None,
    sidecar_image: Annotated[
        str | None, typer.Option(metavar="IMAGE", help="The image of sidecars; else one is built.")
    ] = None,
    repair: Annotated[
        bool | None,
        typer.Option(
            "--repair/--no-repair", help="Let healthchecks whose program the image lacks ask with one that it has."
        ),
    ] = None,
    published: Annotated[
        PublishedName | None,
        typer.Option(
            help="What services speak at published ports that only the host asks.  [default: plain]", show_default=False
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Write nothing, and exit 1, when a connection would stay plain.")
    ] = False,
    require: Annotated[
        list[str] | None,
        typer.Option(metavar="'WEB -> API'", help="The same for this connection alone (repeatable)."),
    ] = None,
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
    lifetime: Lifetime = None,
    form: FormatOption = Format.TEXT,
    quiet: Quiet = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Name every URL that was left alone, too.")] = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Encrypt the connections between the services of a compose file.

    \b
    aicos-tls enable --dry-run                       what would change, as a diff
    aicos-tls enable --dry-run --format markdown     the same for a pull request
    aicos-tls enable docker-compose.yml              certificates, patched file, rollback patch
    aicos-tls enable base.yml override.yml           several files, as docker compose -f base.yml -f override.yml
    aicos-tls enable --code                          the code of the services as well, in the same diff
    aicos-tls enable --serve auto                    no change of the code: variables, preloads, sidecars
    aicos-tls enable --override                      leave the files alone; write docker-compose.tls.yml
    aicos-tls enable --only api --only web           two services and nothing else
    aicos-tls enable --dry-run --exit-code -q        in CI: 1 when TLS is not enabled everywhere
    aicos-tls enable --dry-run --strict              in CI: 1 when a connection would stay plain
    """  # noqa: D301
    from aicos_tls.commands.enable import Options
    from aicos_tls.commands.enable import enable as command

    flags = policy_flags(
        certs_dir=certs_dir, mount_path=mount_path, only=only, include=include, exclude=exclude, all=every or None,
        strip_prefix=strip_prefix, key_type=key_type, days=days, lifetime=lifetime, override=override or None,
        code=code, serve=serve, sidecar_image=sidecar_image, repair=repair, published=published,
        strict=strict or None, require=require,
    )  # fmt: skip
    with output.key_progress(shown=form is Format.TEXT and not quiet) as progress:
        result = command(
            compose_files or [],
            flags,
            Options(dry_run, not no_certs, output_file, check_with_compose, compose_command, templates),
            now=now(),
            environment=os.environ,
            progress=progress,
        )
    exit_of_result = show_result(result, form, color, quiet=quiet, verbose=verbose)
    return FOUND if exit_code and result.would_change and exit_of_result == DONE else exit_of_result
