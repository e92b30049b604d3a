"""`aicos-tls learn`."""

import os
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from aicos_tls.cli import output
from aicos_tls.cli.errors import DONE, FOUND
from aicos_tls.cli.options import Color, ColorOption, ComposeFiles, Format, Quiet, UndoFormatOption, now

_COMMAND = "aicos_tls.command"


class Command(TyperCommand):
    """Takes what stands after the first `--` as a command line of the person's."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Keep the command line apart from the arguments of this program."""
        if "--" in args:
            at = args.index("--")
            ctx.meta[_COMMAND] = tuple(args[at + 1 :])
            if not args[at + 1 :]:
                ctx.fail("after -- there is no command")
            args = args[:at]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Write the usage with the command line."""
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND...]"]


def learn(
    ctx: typer.Context,
    compose_files: ComposeFiles = None,
    *,
    seconds: Annotated[
        float | None,
        typer.Option("--seconds", min=0, help="How long to listen.  [default: 30; after a command: 1 more]"),
    ] = None,
    project_name: Annotated[
        str, typer.Option("--project-name", "-p", metavar="NAME", help="Name under which docker compose runs it.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show the diff; write nothing.")] = False,
    form: UndoFormatOption = Format.TEXT,
    quiet: Quiet = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """See on the networks of the running stack who asks whom, and write it to aicos-tls.toml (Linux, root).

    \b
    aicos-tls learn                     listen for 30 seconds
    aicos-tls learn -- npm test         listen while a command makes the requests, and a second more
    aicos-tls learn --dry-run           what would be written
    """  # noqa: D301
    from aicos_tls.commands.learn import Options
    from aicos_tls.commands.learn import learn as command
    from aicos_tls.report import learn as report

    words: tuple[str, ...] = ctx.meta.get(_COMMAND, ())
    if seconds is None:
        seconds = 1 if words else 30
    options = Options(project_name, seconds, words, dry_run, aside=form is not Format.TEXT)
    with output.doing(shown=form is Format.TEXT and not quiet and not words) as progress:
        result = command(compose_files or [], options, clock=now, environment=os.environ, progress=progress)
    if not quiet:
        style = output.style(color, form)
        if form is Format.JSON:
            output.show(report.as_json(result))
        elif form is Format.DIFF:
            from aicos_tls.report.diff import coloured_diff

            output.show(coloured_diff(report.diff(result), style))
        else:
            output.show(report.text(result, style))
    return FOUND if result.code else DONE
