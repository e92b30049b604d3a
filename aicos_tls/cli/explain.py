"""`aicos-tls explain`."""

import os
from typing import Annotated

import typer

from aicos_tls.cli import output
from aicos_tls.cli.errors import DONE
from aicos_tls.cli.options import Color, ColorOption, ComposeFiles, Format, Quiet


def explain(
    subject: Annotated[str | None, typer.Argument(metavar="[RULE|SERVICE]", help="A rule or a service.")] = None,
    compose_files: ComposeFiles = None,
    *,
    quiet: Quiet = False,
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
        shown = report.rule_list(rules(), style)
    else:
        shown = report.page(command(subject, lambda: prepare(compose_files or [], {}, os.environ)), style)
    if not quiet:
        output.show(shown)
    return DONE
