"""Every form of issue "Any compose file": a folder before, a folder after, and what is said about it.

A case is `fixtures/forms/TOPIC/CASE/`: `before/`, `after/`, optional `args` (options and file names, one a line) and
`expect.json` (what is declined, what is noted). `fixtures/forms/noop` has no `after`: there nothing must change.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aicos_tls.compose.discovery import select
from aicos_tls.compose.load import load
from aicos_tls.plan.policy import resolve
from aicos_tls.planner import plan
from aicos_tls.rules.variables import wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.plan.model import Plan

FORMS = Path(__file__).resolve().parents[2] / "fixtures" / "forms"
CASES = sorted(folder.parent for folder in FORMS.glob("*/*/before"))
CHANGING = [case for case in CASES if case.parent.name != "noop"]
REFUSED_BEFORE = {"environment/null", "volumes/null", "healthcheck/from-the-image-null"}
"""Cases that docker compose refuses as they are (2.40: "must be a mapping") and accepts as they become."""
LISTS = ("only", "include", "exclude")


def name_of(case: Path) -> str:
    return case.relative_to(FORMS).as_posix()


def arguments(case: Path) -> tuple[list[Path], dict[str, object]]:
    """The compose files that a case names, and its settings."""
    file = case / "args"
    named: list[Path] = []
    flags: dict[str, Any] = {}
    for line in file.read_text().splitlines() if file.exists() else []:
        option, _, value = line.removeprefix("--").partition("=")
        key = option.replace("-", "_")
        if not line.startswith("--"):
            named.append(Path(line))
        elif key in LISTS:
            flags[key] = (*flags.get(key, ()), value)
        else:
            flags[key] = value or True
    return named, flags


def planned(case: Path, folder: str) -> Plan:
    os.chdir(case / folder)
    named, flags = arguments(case)
    project = load(select(named, {}).files)
    return plan(project, resolve(project, flags))


def said(outcome: Plan) -> dict[str, list[dict[str, object]]]:
    """What a plan declines and notes, as `expect.json` has it."""
    return {
        "declined": [
            {
                "rule": d.rule,
                "service": d.service,
                "where": str(d.where),
                "reason": d.reason,
                "paste": d.paste,
                "safe": d.safe,
            }
            for d in outcome.declined
        ],
        "notes": [
            {"topic": n.topic, "service": n.service, "where": str(n.where), "text": n.text} for n in outcome.notes
        ],
    }


@pytest.fixture(autouse=True)
def _back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path.cwd())  # the directory is put back after each test


def test_there_are_enough_cases() -> None:
    assert len(CHANGING) >= 90
    assert len(CASES) - len(CHANGING) >= 30


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_each_case_gives_what_a_careful_person_would_have_written(case: Path) -> None:
    outcome = planned(case, "before")
    written = {os.path.normpath(file.path): file.after for file in outcome.files}
    before = tree(case / "before")
    assert {**before, **written} == tree(case / ("after" if case in CHANGING else "before"))
    assert case in CHANGING or not outcome.changes
    expected = case / "expect.json"
    assert said(outcome) == (json.loads(expected.read_text()) if expected.exists() else {"declined": [], "notes": []})


@pytest.mark.parametrize("case", CHANGING, ids=name_of)
def test_what_is_enabled_is_not_changed_again(case: Path) -> None:
    assert [(file.path, file.after) for file in planned(case, "after").files] == []


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


# -- docker compose's own opinion ------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_compose_accepts_it_and_sees_only_declared_changes(case: Path, compose: Path) -> None:
    outcome = planned(case, "before")
    after = resolved(case, "after" if case in CHANGING else "before", compose)
    if name_of(case) in REFUSED_BEFORE or case not in CHANGING:
        return
    before = resolved(case, "before", compose)
    values = wanted(outcome.policy)
    for path, old, new in differences(before, after):
        if path[0].startswith("x-"):
            continue  # templates: what they change shows in the services that use them
        assert declared(path, old, new, outcome, values), f"{'.'.join(map(str, path))}: {old!r} became {new!r}"
    undone = {(d.service, d.rule) for d in outcome.declined}
    for change in outcome.changes:
        service = after["services"].get(change.service, {})
        if change.rule == "variables" and (change.service, "variables") not in undone:
            key = change.path.rpartition(".")[2]
            assert service["environment"][key] == values[key]
        if change.rule == "mount":
            targets = [mount["target"] for mount in service["volumes"]]
            assert targets.count(outcome.policy.mount_path) == 1


def resolved(case: Path, folder: str, compose: Path) -> dict[str, Any]:
    """The model that docker compose makes of a folder, paths made independent of where the folder is."""
    os.chdir(case / folder)
    files = [f"--file={path}" for path in select(arguments(case)[0], {}).files]
    command = [os.fspath(compose), "--profile=*", "--project-name=forms", *files, "config", "--format=json"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COMPOSE_")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    model: dict[str, Any] = json.loads(done.stdout.replace(str(case / folder), "FOLDER"))
    return model


def differences(old: object, new: object, path: tuple[object, ...] = ()) -> Iterator[tuple[Any, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from differences(old.get(key), new.get(key), (*path, key))
    elif old is None and isinstance(new, dict):
        yield from differences({}, new, path)
    elif old != new:
        yield path, old, new


def declared(path: tuple[str, ...], old: object, new: object, outcome: Plan, values: dict[str, str]) -> bool:
    """Whether a difference of the resolved models is one that the plan means."""
    if path[2:3] == ("environment",) and new == values.get(path[3]):
        return True
    if path[2:] == ("volumes",) and isinstance(new, list):
        return [m for m in new if m["target"] != outcome.policy.mount_path] == (old or [])
    if path[2:] == ("healthcheck", "test"):
        words = " ".join(new[1:]) if isinstance(new, list) else str(new)
        changes = [c for c in outcome.changes if c.rule == "healthcheck"]
        return any(words in (c.after, c.after.replace("$$", "$"), interpolated(c.after)) for c in changes)
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return all(a == b or declared(path, a, b, outcome, values) for a, b in zip(old, new, strict=True))
    return isinstance(new, str) and isinstance(old, str) and old != new and plain(new) == plain(old)


def interpolated(text: str) -> str:
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def plain(text: str) -> str:
    """A text with what TLS does to URLs and schemes undone."""
    text = re.sub(r"\b(http|ws)s(://|$)", r"\1\2", text, flags=re.IGNORECASE)
    return re.sub(r"(?<=[a-z0-9\].]):80(?![0-9])", "", text)
