"""Two laws: what `enable` wrote is in order, in whatever form; and whatever is missing of it is found."""

from __future__ import annotations

import difflib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from doctor_seeds import ENABLED

from aicos_tls.commands.enable import Options, enable
from aicos_tls.errors import TlsError

if TYPE_CHECKING:
    from doctor_seeds import Examine

ROOT = Path(__file__).resolve().parents[2]
FORMS = ROOT / "fixtures" / "forms"
CASES = sorted(folder.parent for folder in FORMS.glob("*/*/before") if not (folder.parent / "args").exists())
WRITTEN = {"Project", "Compose files", "URLs", "Certificates"}
"""The groups of checks about what `enable` writes."""
LEFT = {
    "environment/value-from-dotenv": "tls-variable",
    "healthcheck/of-another-host": "http-url",
    "services/network-of-another": "http-url",
    "volumes/same-target": "mount",
}
"""What `enable` leaves to a person, with a note."""
IN_ORDER = {"http-by-host", "override-unused"}
"""What may be found there and was so before."""


def name_of(case: Path) -> str:
    return case.relative_to(FORMS).as_posix()


@pytest.mark.parametrize("override", [False, True], ids=["in place", "override"])
@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_what_was_enabled_is_in_order(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, examine: Examine, *, override: bool
) -> None:
    shutil.copytree(case / "before", tmp_path / "case")
    monkeypatch.chdir(tmp_path / "case")
    Path("secrets").mkdir(exist_ok=True)  # one of them wants its certificates there
    monkeypatch.setattr("aicos_tls.commands.enable.encrypts_nothing", lambda _: False)  # many have one service alone
    flags: dict[str, object] = {"key_type": "p256", "override": override}
    try:
        result = enable([], flags, Options(), now=ENABLED, environment={})
    except TlsError:
        result = None
    if result is None or result.prepared.plan.declined or not result.written:
        assert (case / "expect.json").exists() or override or case.parent.name == "noop"
        return
    findings = [f for f in examine().findings if f.group in WRITTEN and f.check not in IN_ORDER]
    assert {finding.check for finding in findings} == set(filter(None, [LEFT.get(name_of(case))]))


def test_every_hunk_that_is_taken_out_alone_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, examine: Examine
) -> None:
    path = tmp_path / "docker-compose.yml"
    shutil.copy(ROOT / "fixtures/aicos/docker-compose.yml", path)
    monkeypatch.chdir(tmp_path)
    before = path.read_text().splitlines(keepends=True)
    enable([], {"key_type": "p256"}, Options(), now=ENABLED, environment={})
    after = path.read_text().splitlines(keepends=True)
    assert not [f for f in examine().findings if f.group in WRITTEN and f.check not in IN_ORDER]
    hunks = [
        op for op in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes() if op[0] != "equal"
    ]
    assert len(hunks) >= 20
    for _, start, end, new_start, new_end in hunks:
        path.write_text("".join([*after[:new_start], *before[start:end], *after[new_end:]]))
        found = {finding.check for finding in examine().findings}
        assert found & {"mount", "tls-variable", "http-url", "healthcheck-http"}, after[new_start:new_end]
