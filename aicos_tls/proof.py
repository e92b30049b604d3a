"""Proof of the plan: the compose model before and after differs in the declared changes and in nothing else.

`yamledit.apply` proves each file node by node; this proves the whole as compose sees it, where an edit of an anchor, a
merge key or a base could reach services that nobody meant. What is not declared, and what was declared and did not
happen, is a bug of this program: it stops and writes nothing.
"""

from __future__ import annotations

import re
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
    declared: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        if change.path.startswith(("services.", "configs.", "secrets.")):
            declared[change.path].append(change)
    found = {path: pair for path, *pair in differences(model(before), model(after))}
    for path, (old, new) in found.items():
        if not explains(_at(declared, ".".join(path)), old, new):
            raise InternalError(f"an undeclared change at {'.'.join(path)}: {_short(old)} became {_short(new)}")
    touched = {".".join(path[:length]) for path in found for length in range(1, len(path) + 1)}
    for place, here in declared.items():
        if place not in touched and not any(_is_no_difference(change) for change in here):
            raise InternalError(f"a declared change did not happen: {place}")


def model(project: Project) -> dict[str, Data]:
    """Services by name, and the contents of the files' other top-level keys."""
    return {"services": {**services(project)}, **{k: v for s in project.files for k, v in contents(s).items()}}


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


def _at(declared: dict[str, list[Change]], path: str) -> list[Change]:
    """The changes declared for a place: there, above it, or (lists differ as a whole) below it.

    Places are compared as texts, since names and keys may hold dots.
    """
    dots = [index for index, char in enumerate(f"{path}.") if char == "."]
    above = [change for dot in dots for change in declared.get(path[:dot], ())]
    return above + [c for place, here in declared.items() if place.startswith(f"{path}.") for c in here]


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
    return _rewritten(old, new, {change.before: change.after for change in changes if change.rule == "urls"})


def _rewritten(old: object, new: object, urls: dict[str, str]) -> bool:
    """Whether `new` is `old` with URLs changed. One that begins like another (`http://a`, `http://a:1`) may stay."""
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(_rewritten(*pair, urls) for pair in zip(old, new, strict=True))
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(_rewritten(old[key], new[key], urls) for key in old)
    if not (isinstance(old, str) and isinstance(new, str) and urls):
        return old == new
    known = re.compile("|".join(map(re.escape, sorted(urls, key=len, reverse=True))))
    pattern, at = "", 0
    for match in known.finditer(old):
        pattern += re.escape(old[at : match.start()])
        pattern += f"(?:{re.escape(match.group())}|{re.escape(urls[match.group()])})"
        at = match.end()
    return re.fullmatch(pattern + re.escape(old[at:]), new) is not None


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _is_no_difference(change: Change) -> bool:
    """Whether a change need not show in the model: a later layer overrides it, or it stands in a part not compared."""
    return change.rule == "urls"
