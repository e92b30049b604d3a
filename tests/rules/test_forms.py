"""Every form that a compose file may take: `fixtures/forms/<topic>/<case>` as it was and as it is to be.

`args` holds options of `enable`, `expect.json` what is declined and noted, and the exit code when it is not 0.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import tree

if TYPE_CHECKING:
    from support import Project, Run

FORMS = Path(__file__).resolve().parents[2] / "fixtures/forms"
CASES = sorted(path.parent for path in FORMS.glob("*/*/before"))
NAMES = [path.relative_to(FORMS).as_posix() for path in CASES]
case_by_case = pytest.mark.parametrize("case", CASES, ids=NAMES)


@pytest.fixture
def work(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a case, its files from before being the current directory."""
    shutil.copytree(case, tmp_path / "case", symlinks=True)
    monkeypatch.chdir(tmp_path / "case/before")
    return tmp_path / "case"


def options(case: Path) -> list[str]:
    """The options of a case."""
    file = case / "args"
    return file.read_text().split() if file.exists() else []


@case_by_case
def test_before_becomes_after(case: Path, work: Path, run: Run) -> None:
    expected = json.loads((case / "expect.json").read_text()) if (case / "expect.json").exists() else {}
    ran = run("enable", "--no-certs", "--format", "json", *options(case))
    result = json.loads(ran.out)
    assert {name: data for name, data in tree(work / "before").items() if not name.startswith(".aicos-tls/")} == tree(
        case / "after"
    )
    declined = [f"{d['rule']} {d['service'] or '-'}: {d['reason']}" for d in result["declined"]]
    notes = [f"{n['topic']} {n['service'] or '-'}: {n['text']}" for n in result["notes"]]
    assert (declined, notes) == (expected.get("declined", []), expected.get("notes", []))
    assert ran.code == expected.get("code", 0)
    assert all(d["paste"] for d in result["declined"])


@case_by_case
def test_after_is_left_alone(case: Path, work: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enabling what is enabled changes nothing, also without a record of it."""
    if (case / "expect.json").exists() and "code" in json.loads((case / "expect.json").read_text()):
        pytest.skip("a change that could not be made: nothing was written")
    monkeypatch.chdir(work / "after")
    before = tree(work / "after")
    assert run("enable", "--no-certs", "--quiet", *options(case)).code == 0
    assert tree(work / "after") == before


@case_by_case
def test_docker_compose_accepts_after(case: Path, work: Path, compose: Path) -> None:
    ran = subprocess.run(
        [compose, "config", "--quiet"], cwd=work / "after", capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"{case.name}: {ran.stderr}"


UNTOUCHED = {
    "an external host": "A=http://example.org:8001",
    "a name that only begins like a service": "A=http://api-v2:8001",
    "a name within a longer one": "A=http://my.api:8001",
    "the container itself": "A=http://localhost:8001",
    "an unknown host": "A=http://${HOST}:8001",
    "another protocol": "A=redis://api:6379",
    "another protocol in a variable": "A=${SCHEME:-postgresql}://api:5432",
    "no URL": "A=http is a protocol",
    "no host": "A=http://",
    "TLS already": "A=https://api:8001",
    "a proxy": "http_proxy=http://api:8001",
    "a browser's": "REACT_APP_API=http://api:8001",
}


@pytest.mark.parametrize("variable", UNTOUCHED.values(), ids=UNTOUCHED.keys())
def test_untouched(variable: str, project: Project, run: Run) -> None:
    directory = project(
        f"services:\n  web:\n    build: .\n    environment:\n      - {variable}\n"
        "      - B=http://api:1\n  api:\n    build: ./api\n"
    )
    run("enable", "--no-certs")
    text = (directory / "docker-compose.yml").read_text()
    assert f"      - {variable}\n" in text
    assert "      - B=https://api:1\n" in text
