"""Empty directories that Docker leaves in source folders to mount the certificates at: noted, and removed again."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from aicos_tls.plan.model import Note
from aicos_tls.plan.mountpoints import mount_points

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.plan.model import Plan
    from aicos_tls.rollback import Record

KEY = "mount_points"
"""Under this name the record has the directories, relative to the project, that were not there before the run."""


def noted(plan: Plan, record: Record | None) -> tuple[str, ...]:
    """The directories that will be made, relative to the project; the plan gets a note about each.

    Those of an earlier run are among them: they are there by now.
    """
    policy = plan.policy
    mounted = [c.service for c in plan.changes if c.rule == "mount" and c.after.split(":")[1:2] == [policy.mount_path]]
    found: dict[str, None] = {}
    for point in mount_points(plan.project, dict.fromkeys(mounted), policy.mount_path):
        name = os.path.relpath(point.path, plan.project.directory)
        if name not in found:
            where = plan.project.services[point.service].where
            text = (
                f"Docker makes an empty {name} to mount the certificates at; git does not see it, rollback removes it"
            )
            plan.notes.append(Note("kept", text, point.service, where))
        found[name] = None
    recorded = record.policy.get(KEY) if record else None
    return tuple(dict.fromkeys((*found, *(recorded if isinstance(recorded, list) else ()))))


def left(directory: Path, record: Record) -> Iterator[Path]:
    """Yield the recorded directories that are there and empty, or hold only others of them; the innermost first.

    Nothing else is believed: they lie in the project, are no links, and are called as the mount in the container is.
    """
    names, mount = record.policy.get(KEY), record.policy.get("mount_path")
    if not isinstance(names, list) or not isinstance(mount, str):
        return
    root, parts = os.path.realpath(directory), PurePosixPath(mount).parts
    gone: set[str] = set()
    for name in sorted((n for n in names if isinstance(n, str) and "\0" not in n), key=len, reverse=True):
        path = directory / name
        real = os.path.realpath(path)
        if real.startswith(f"{root}/") and Path(name).name in parts and _is_empty(path, real, gone):
            gone.add(real)
            yield path


def _is_empty(path: Path, real: str, gone: set[str]) -> bool:
    try:
        entries = [entry.name for entry in os.scandir(path)] if not path.is_symlink() else [""]
    except OSError:
        return False
    return all(f"{real}/{entry}" in gone for entry in entries)
