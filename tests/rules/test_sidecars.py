"""Every form that a service can have before which a sidecar is put: folders in `fixtures/sidecar`.

A case is `before/` and `after/`: what becomes of the service `api` when a sidecar stands before it. A case without
`after/` is declined, and `reason.txt` says why.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aicos_tls.compose.load import load
from aicos_tls.files import read as read_file
from aicos_tls.override.build import overridden, override_path
from aicos_tls.plan.policy import resolve
from aicos_tls.planner import changed_project, plan
from aicos_tls.proof.declared import Declared, bases
from aicos_tls.proof.second_opinion import compare
from aicos_tls.serving.model import Sidecar, Wanted
from aicos_tls.serving.sidecar import profiles

if TYPE_CHECKING:
    from aicos_tls.plan.model import Plan

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "sidecar"
CASES = sorted(folder.parent for folder in FOLDER.glob("*/before"))
DONE = [case for case in CASES if (case / "after").exists()]
DECLINED = [case for case in CASES if case not in DONE]


def name_of(case: Path) -> str:
    return case.name


def paths(folder: Path) -> list[Path]:
    """The compose files of a folder, the one that others are merged over first."""
    return sorted((Path(path.name) for path in folder.iterdir()), key=lambda path: (path.name.count("."), path.name))


def planned(case: Path) -> Plan:
    os.chdir(case / "before")
    project = load(paths(case / "before"))
    one = Sidecar(
        service="api",
        short_name="api",
        ports=((8001, 18001), (8002, 18002)) if "8002" in (project.main.file.text) else ((8001, 18001),),
        name="api-tls",
        profiles=profiles(project.services["api"]),
    )
    return plan(project, resolve(project, {}), None, Wanted({}, (one,)))


def texts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(autouse=True)
def _back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path.cwd())  # the directory is put back after each test


@pytest.mark.parametrize("case", DONE, ids=name_of)
def test_each_case_gives_what_a_careful_person_would_have_written(case: Path) -> None:
    outcome = planned(case)
    written = {os.path.normpath(file.path): file.after for file in outcome.files}
    assert {**texts(case / "before"), **written} == texts(case / "after")
    assert [each for each in outcome.declined if each.rule == "sidecar"] == []


@pytest.mark.parametrize("case", DECLINED, ids=name_of)
def test_what_cannot_be_done_is_declined_as_a_whole(case: Path) -> None:
    outcome = planned(case)
    (declined,) = [each for each in outcome.declined if each.rule == "sidecar"]
    assert (declined.reason + "\n", declined.safe) == ((case / "reason.txt").read_text(), False)
    assert not [change for change in outcome.changes if change.rule == "sidecar"]


def resolved(compose: Path, folder: Path, files: list[Path], *more: str) -> dict[str, Any]:
    """The model that docker compose makes, without what differs by the place of the folder."""
    words = [f"--file={path}" for path in files]
    command = [os.fspath(compose), "--profile=*", "--project-name=sidecar", *words, "config", "--format=json", *more]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    model: dict[str, Any] = json.loads(done.stdout.replace(str(folder), "FOLDER"))
    return model


@pytest.mark.parametrize("case", DONE, ids=name_of)
def test_compose_sees_that_all_of_the_network_went_to_the_sidecar(case: Path, compose: Path) -> None:
    outcome = planned(case)
    files = paths(case / "before")
    before, after = (resolved(compose, case / each, files, "--no-interpolate") for each in ("before", "after"))
    compare(before, after, Declared(outcome.changes, bases(outcome.project)))
    sidecar = after["services"]["api-tls"]
    for network in sidecar["networks"].values():
        assert "api" in network["aliases"]
    assert after["services"]["api"]["network_mode"] == "service:api-tls"
    assert after["services"]["api"]["depends_on"]["api-tls"]["restart"] is True


@pytest.mark.parametrize("case", [case for case in DONE if case.name != "linked"], ids=name_of)
def test_the_override_form_gives_the_same_model(case: Path, compose: Path, tmp_path: Path) -> None:
    outcome = planned(case)
    files = paths(case / "before")
    other = overridden(outcome, changed_project(outcome.project, outcome.files), files, read_file, there=False)
    for name, text in {**texts(case / "before"), str(override_path(files[0])): other.files[0].after}.items():
        (tmp_path / name).write_bytes(text)
    found = resolved(compose, tmp_path, [*files, override_path(files[0])])
    assert in_order(found) == in_order(resolved(compose, case / "after", files))


def in_order(value: Any) -> Any:
    """A model without own blocks, and with lists whose order means nothing in one order."""
    if isinstance(value, dict):
        return {key: in_order(inner) for key, inner in value.items() if not key.startswith("x-")}
    if isinstance(value, list) and value[:1] not in (["CMD"], ["serve.sh"]):
        return sorted(map(in_order, value), key=json.dumps)
    return value


def test_links_of_others_have_no_override_form() -> None:
    outcome = planned(FOLDER / "linked")
    files = paths(FOLDER / "linked/before")
    other = overridden(outcome, changed_project(outcome.project, outcome.files), files, read_file, there=False)
    assert {(each.service, each.safe) for each in other.declined if each.rule == "sidecar"} == {("web", False)}
