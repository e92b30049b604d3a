"""The way in which each server comes to speak TLS, and the programs that are written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.commands.project import certs_directory, relative
from aicos_tls.report.words import counted, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.commands.enable import Result
    from aicos_tls.commands.project import Target
    from aicos_tls.report.style import Style

_PROGRAMS = ("runtime/node/", "runtime/python/", "runtime/sidecar/")
"""Below the certificates directory: files that are the same in every project, or follow from its ports alone."""


def ways(result: Result, style: Style, *, verbose: bool) -> Iterator[str]:
    """The way of each server that one was chosen for, why, and what the next best would have been."""
    choices = result.prepared.choices
    width = max((len(choice.service) for choice in choices), default=0)
    for choice in choices:
        option = choice.option
        ports = f" on {', '.join(map(str, option.ports))}" if option.ports else ""
        where = f"  {style('quiet', place(result.prepared.directory, option.where))}" if option.where else ""
        name = style("name", choice.service.ljust(width))
        yield f"{name}  {style('info', choice.how.value)}{ports}: {option.reason}{where}"
        indent = " " * (width + 2)
        if option.note:
            yield f"{indent}{option.note}"
        if choice.next_best:
            yield f"{indent}{style('quiet', f'next best: {choice.next_best.how.value}')}"
        if verbose:
            yield from (f"{indent}not {how.value}: {reason}" for how, reason in choice.declined)


def programs_of(result: Result, style: Style) -> Iterator[str]:
    """The files that are not shown in the diff, with their length."""
    for target in result.changed:
        if target.after is not None and is_program(result, target):
            name = relative(result.prepared.directory, target.path)
            lines = counted(target.after.count(b"\n"), "line")
            yield f"{name}  {style('quiet', lines)}"


def is_program(result: Result, target: Target) -> bool:
    """Whether a file is a copy of one of `templates/`, below the certificates directory."""
    certs = certs_directory(result.prepared)
    path = target.path.relative_to(certs).as_posix() if target.path.is_relative_to(certs) else ""
    return path.startswith(_PROGRAMS)
