"""Proof of the plan: the compose model before and after differs in the declared changes and in nothing else.

`yamledit.apply` proves each file node by node; this proves the whole as compose sees it, where an edit of an anchor, a
merge key or a base could reach services that nobody meant. What is not declared, and what was declared and did not
happen, is a bug of this program: it stops and writes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from aicos_tls.compose.plain import Data, contents, services
from aicos_tls.errors import InternalError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aicos_tls.compose.model import Project
    from aicos_tls.plan.model import Change

Path = tuple[str, ...]
_MISSING = object()
_SHOWN = 120
"""Characters of a value that an error message shows."""


def prove(before: Project, after: Project, changes: Iterable[Change]) -> None:
    """Raise `InternalError` unless the models differ in exactly `changes`."""
    declared: dict[Path, list[Change]] = defaultdict(list)
    for change in changes:
        if change.path.startswith(("services.", "configs.", "secrets.")):
            declared[path_of(change, before)].append(change)
    found = {path: pair for path, *pair in differences(model(before), model(after))}
    for path, (old, new) in found.items():
        if not explains(_at(declared, path), old, new):
            raise InternalError(f"an undeclared change at {'.'.join(path)}: {_short(old)} became {_short(new)}")
    touched = {path[:length] for path in found for length in range(1, len(path) + 1)}
    for path, here in declared.items():
        if path not in touched and not any(_is_no_difference(change) for change in here):
            raise InternalError(f"a declared change did not happen: {'.'.join(path)}")


def model(project: Project) -> dict[str, Data]:
    """Services by name, and the contents of the files' other top-level keys."""
    return {"services": {**services(project)}, **{k: v for s in project.files for k, v in contents(s).items()}}


def path_of(change: Change, project: Project) -> Path:
    """The path of a change as a tuple; service names may hold dots, so they are looked up."""
    if change.service and change.path.startswith(f"services.{change.service}."):
        return ("services", change.service, *change.path.removeprefix(f"services.{change.service}.").split("."))
    names = sorted(project.services, key=len, reverse=True)
    for name in names:
        if change.path.startswith(f"services.{name}."):
            return ("services", name, *change.path.removeprefix(f"services.{name}.").split("."))
    return tuple(change.path.split("."))


def differences(old: object, new: object, path: Path = ()) -> Iterator[tuple[Path, object, object]]:
    """Yield the places where two models differ: members of mappings one by one, everything else as a whole."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from differences(old.get(key, _MISSING), new.get(key, _MISSING), (*path, key))
    elif isinstance(new, dict) and old in (None, _MISSING) and path[:1] == ("services",):
        for key, value in new.items():
            yield from differences(_MISSING, value, (*path, key))
    elif old != new:
        yield path, None if old is _MISSING else old, None if new is _MISSING else new


def _at(declared: dict[Path, list[Change]], path: Path) -> list[Change]:
    """The changes declared for a place: there, above it, or (lists differ as a whole) below it."""
    above = [change for length in range(2, len(path) + 1) for change in declared.get(path[:length], ())]
    return above + [c for place, here in declared.items() if place[: len(path)] == path != place for c in here]


def explains(changes: list[Change], old: object, new: object) -> bool:
    """Whether changes that were declared for a place account for the difference that is there."""
    for change in changes:
        if change.rule == "mount" and isinstance(new, list) and new and new[-1] == change.after:
            new, old = new[:-1], old or []
        elif change.rule in ("variables", "schemes") and new == change.after:
            return True
        elif change.rule == "healthcheck":
            words = new[1:] if isinstance(new, list) else [new]
            return " ".join(map(str, words)) == change.after
    return _undone(new, [change for change in changes if change.rule == "urls"]) == old


def _undone(value: object, changes: list[Change]) -> object:
    """A value with its URL changes taken back, each as often as it was declared."""
    if isinstance(value, list):
        return [_undone(item, changes) for item in value]
    if isinstance(value, dict):
        return {key: _undone(item, changes) for key, item in value.items()}
    if not isinstance(value, str):
        return value
    for change in dict.fromkeys((c.before, c.after) for c in changes):
        value = value.replace(change[1], change[0])
    return value


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _is_no_difference(change: Change) -> bool:
    """Whether a change need not show in the model: a later layer overrides it, or it stands in a part not compared."""
    return change.rule == "urls"
