"""Backups, restores and what belongs to no service, for a person and for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.report.json import envelope
from aicos_tls.report.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.commands.certificates.backing import Restored, Saved
    from aicos_tls.commands.certificates.pruning import Pruned
    from aicos_tls.report.style import Style


def saved(result: Saved, style: Style) -> str:
    """The result of `certs backup`."""
    lines = [f"{style('name', str(result.path))}: {counted(len(result.names), 'file')} of certificates and keys"]
    if not result.locked:
        lines.append(
            style("warn", "it holds every private key as it is: store it where nobody else reads, or --encrypt")
        )
    if result.left_out:
        lines.append(f"not in it: {', '.join(result.left_out)}")
    return "\n".join(lines) + "\n"


def saved_json(result: Saved) -> str:
    """The same as data."""
    return envelope(
        "certs backup",
        {
            "file": str(result.path),
            "encrypted": result.locked,
            "files": list(result.names),
            "left_out": list(result.left_out),
        },
    )


def restored(result: Restored, style: Style) -> str:
    """The result of `certs restore`."""
    return "\n".join(_restored(result, style)) + "\n"


def _restored(result: Restored, style: Style) -> Iterator[str]:
    done = "would be" if result.dry_run else "was"
    for name in result.written:
        what = "replaced" if name in result.replaced else "restored"
        yield f"{style('name', name)} {done} {what}"
    for name, remark in result.remarks:
        yield f"{style('warn', name)}: {remark}"
    if result.same:
        yield f"{counted(len(result.same), 'file')} in {result.certs} as in the backup"
    if result.written and not result.dry_run:
        yield "then: aicos-tls certs check, and restart the containers: docker compose up -d --force-recreate"


def restored_json(result: Restored) -> str:
    """The same as data."""
    return envelope(
        "certs restore",
        {
            "dry_run": result.dry_run,
            "directory": str(result.certs),
            "written": list(result.written),
            "replaced": list(result.replaced),
            "same": list(result.same),
            "remarks": [{"file": name, "remark": remark} for name, remark in result.remarks],
        },
    )


def pruned(result: Pruned, style: Style) -> str:
    """The result of `certs prune`."""
    done = "removed" if result.removed else "belongs to no service"
    lines = [f"{style('name', str(path))}: {done}" for path in result.unused]
    lines += [f"{style('quiet', str(path))}: stays: {reason}" for path, reason in result.kept]
    if result.unused and not result.removed:
        lines.append("→ to remove them: aicos-tls certs prune --remove")
    return "\n".join(lines or ["every certificate belongs to a service"]) + "\n"


def pruned_json(result: Pruned) -> str:
    """The same as data."""
    return envelope(
        "certs prune",
        {
            "removed": result.removed,
            "unused": [str(path) for path in result.unused],
            "kept": [{"file": str(path), "reason": reason} for path, reason in result.kept],
        },
    )
