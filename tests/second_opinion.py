"""What PyYAML makes of a compose text, and whether two texts differ in the changes of a plan and in nothing else.

It shares nothing with the program: a mistake in `yamledit` or `compose` that both sides of a proof make alike shows.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aicos_tls.plan.model import Change


class _Loader(yaml.SafeLoader):
    """Keeps every scalar as its text (None for null), so that `1:30` and `yes` are what they are in the file."""


_Loader.yaml_implicit_resolvers = {
    first: kept
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    if (kept := [pair for pair in resolvers if pair[0].endswith((":merge", ":null"))])
}


def load(data: bytes) -> Any:
    """The compose model of one file, with merge keys resolved. PyYAML refuses the tabs before comments."""
    return yaml.load(data.decode("utf-8-sig").replace("\t#", " #"), _Loader)  # noqa: S506 - a loader of safe ones


def differences(before: Any, after: Any, changes: Iterable[Change]) -> list[str]:
    """What differs between two models and is not among `changes`, and what is among them and did not happen."""
    declared = list(changes)
    found: list[str] = []
    for name in dict.fromkeys((*before.get("services", {}), *after.get("services", {}))):
        mine = [change for change in declared if change.path.startswith(f"services.{name}.")]
        old, new = _service(before["services"][name]), _service(after["services"][name])
        for change in mine:
            found += _take_back(change, old, new)
        found += [f"services.{name}.{text}" for text in _different(old, new, declared)]
    return found


def _service(node: Any) -> dict[str, Any]:
    """A service with its environment as a mapping, and lists in place of what is absent."""
    service = dict(node)
    environment = service.get("environment") or {}
    if isinstance(environment, list):
        environment = {item.partition("=")[0]: item.partition("=")[2] if "=" in item else None for item in environment}
    volumes = service.get("volumes") or []
    return {**service, "environment": dict(environment), "volumes": list(volumes)}


def _take_back(change: Change, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """Take a change of a service back in `new`; yield what is not as declared."""
    if change.rule == "mount":
        if change.after not in new["volumes"] or change.after in old["volumes"]:
            yield f"{change.path}: not mounted"
        else:
            new["volumes"].remove(change.after)
    elif change.rule == "variables":
        key = change.path.rpartition(".environment.")[2]
        if new["environment"].get(key) != change.after:
            yield f"{change.path}: not set"
        new["environment"].pop(key, None)
        if key in old["environment"]:
            new["environment"][key] = old["environment"][key]
    elif change.rule == "healthcheck":
        test = new["healthcheck"]["test"]
        words = test[1:] if isinstance(test, list) else [test]
        if " ".join(words) != change.after:
            yield f"{change.path}: is {words}"
        new["healthcheck"] = {**new["healthcheck"], "test": old["healthcheck"]["test"]}


def _different(old: Any, new: Any, changes: list[Change], path: str = "") -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        if list(old) != list(new) and set(old) != set(new):
            yield f"{path}: the keys are {list(new)}, not {list(old)}"
        for key in old.keys() & new.keys():
            yield from _different(old[key], new[key], changes, f"{path}.{key}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, pair in enumerate(zip(old, new, strict=True)):
            yield from _different(*pair, changes, f"{path}.{index}")
    elif old != new and not (isinstance(old, str) and isinstance(new, str) and _rewritten(old, new, changes)):
        yield f"{path}: {old!r} became {new!r}"


def _rewritten(old: str, new: str, changes: list[Change]) -> bool:
    """Whether declared URL changes make `new` of `old`: a URL that begins like another may stay."""
    afters: dict[str, set[str]] = defaultdict(set)
    for change in changes:
        if change.rule == "urls":
            afters[change.before].add(change.after)
    longest_first = sorted(afters, key=len, reverse=True)
    parts = re.split(f"({'|'.join(map(re.escape, longest_first))})", old) if afters else [old]
    pattern = "".join(f"(?:{'|'.join(map(re.escape, [part, *sorted(afters.get(part, ()))]))})" for part in parts)
    return re.fullmatch(pattern, new) is not None
