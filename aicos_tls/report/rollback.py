"""What a person sees after `rollback`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.commands.project import relative
from aicos_tls.disk import STATE_DIRECTORY, Recovery
from aicos_tls.report.diff import coloured_diff, file_diff, without_secrets
from aicos_tls.report.restart import is_of_an_image, restart
from aicos_tls.report.words import counted, masked
from aicos_tls.rollback import ENV_PATCH_NAME, PATCH_NAME, Conflict, Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.commands.rollback import Result, Taken
    from aicos_tls.disk import Forecast
    from aicos_tls.report.style import Style


def diff(result: Result, *, exact: bool = True) -> str:
    """The files that change, as a unified diff; where it is not to be applied (not `exact`), see `without_secrets`."""
    shown = (
        (t.kind, file_diff(relative(result.directory, t.path), t.kind, t.now.raw if t.now else None, t.after))
        for t in result.taken
        if (t.now.raw if t.now else None) != t.after
    )
    return "".join(text if exact else without_secrets(kind, text) for kind, text in shown)


def text(result: Result, style: Style) -> str:
    """The summary; in a dry run with the diff before it."""
    lines: list[str] = []
    if result.blocked:
        return "\n".join(_blocked(result, style)) + "\n"
    if result.interrupted is not None:
        return "\n".join(_interrupted(result, result.interrupted, style)) + "\n"
    if result.dry_run and (shown := diff(result, exact=False)):
        lines += [coloured_diff(shown, style).rstrip("\n"), ""]
    verb = "would be taken back" if result.dry_run else "taken back"
    for taken in result.taken:
        name = style("name", relative(result.directory, taken.path))
        lines.append(f"{name}: {_what(taken, verb)}")
    lines += [f"{style('name', path)}: {_ABSENT}" for path in result.absent]
    gone = "would be removed" if result.dry_run else "removed"
    for folder in dict.fromkeys(path.parent for path in result.removed_certificates):
        count = sum(path.parent == folder for path in result.removed_certificates)
        name = style("name", relative(result.directory, folder))
        lines.append(f"{name}: {counted(count, 'file')} of certificates and keys {gone}")
    made = "empty, Docker made it to mount the certificates at"
    lines += [f"{relative(result.directory, path)}: {gone} ({made})" for path in result.mount_points]
    lines += [f"{relative(result.directory, path)}: stays: {why}" for path, why in result.kept_certificates]
    names = [taken.path.name for taken in result.taken]
    removes = "aicos-tls rollback --certs removes them, too"
    if not result.removed_certificates and any(name.endswith(".dockerignore") for name in names):
        lines.append(f"the certificates stay, and docker build no longer ignores them: {removes}")
    elif not result.removed_certificates and ".gitignore" in names:
        lines.append(f"the certificates stay, in a directory that git still does not look into: {removes}")
    if result.taken and not result.dry_run:
        build = any(is_of_an_image(taken.path, taken.kind, result.certs) for taken in result.taken)
        lines.append(restart(build=build))
    return "\n".join(lines) + "\n"


_ABSENT = (
    "is not here, as git does not have it: nothing of it is taken back. Where it is, its addresses still say https: "
    f"git apply --unidiff-zero {STATE_DIRECTORY}/{ENV_PATCH_NAME}, or `aicos-tls rollback` there"
)
_FIRST = {
    Recovery.NOTHING: "it had changed nothing yet",
    Recovery.UNDONE: "it is undone first: every file as it was before that run",
    Recovery.COMPLETED: "it had written every file; what it left behind is tidied up first",
}


def _interrupted(result: Result, forecast: Forecast, style: Style) -> Iterator[str]:
    """What a rollback does first; what it takes back is known only afterwards."""
    yield f"{style('warn', 'an earlier run was interrupted')}: {_FIRST[forecast.recovery]}"
    for path in forecast.files:
        yield f"{style('name', relative(result.directory, path))}: as before that run"
    yield "then the last run that was completed is taken back, if there is one: aicos-tls rollback"


def _what(taken: Taken, verb: str) -> str:
    if taken.after is None:
        return f"{verb} (the file did not exist before)"
    if taken.edited:
        return f"{verb}; edits made since are kept"
    return f"{verb}: the bytes from before"


def _blocked(result: Result, style: Style) -> Iterator[str]:
    yield style("bad", "nothing was written")
    for blocked in result.blocked:
        yield from _block(blocked, style)
    if any(isinstance(blocked, Missing) for blocked in result.blocked):
        yield "put back what is gone, then run rollback again"
    if any(isinstance(blocked, Conflict) for blocked in result.blocked):
        yield "edit the places with two sides to one of them, then run rollback again"


def reason(result: Result) -> str:
    """Why nothing was written, in one line; empty when everything could be."""
    if not result.blocked:
        return ""
    gone = [blocked.path for blocked in result.blocked if isinstance(blocked, Missing)]
    if gone:
        return f"gone since they were changed for TLS: {', '.join(gone)}"
    return "lines that were changed for TLS were edited since, and both cannot stay"


def _block(blocked: Conflict | Missing, style: Style) -> Iterator[str]:
    if isinstance(blocked, Missing):
        yield f"{style('name', blocked.path)}: the file is gone"
        return
    for clash in blocked.clashes:
        yield f"{style('name', f'{blocked.path}:{clash.line}')}"
        more = f" (and {counted(clash.others, 'line')} not of this change)" if clash.others else ""
        yield f"  stands there now{more}:"
        yield from (f"    {_shown(line)}" for line in clash.found)
        yield f"  enable wrote {counted(clash.wrote, 'line')}, where {clash.was or 'none'} stood before"
        yield from (f"    {_shown(line)}" for line in clash.restore)
    yield f"  the lines as they were written: {STATE_DIRECTORY}/{PATCH_NAME}, where the run was made"


def _shown(line: bytes) -> str:
    return masked(line.decode("utf-8", "replace").rstrip())
