"""Real compose files: what docker compose accepts before it accepts after, and the models differ as declared only.

The corpus is not part of the project: it is looked for beside it, in `shared/corpus/corpus.tar.gz`. A sample of it is
checked; with AICOS_TLS_CORPUS=all it is all of it (a third of it for the override), in about ten minutes.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
from pathlib import Path

import pytest

from aicos_tls.commands.project import prepare
from aicos_tls.errors import TlsError
from aicos_tls.proof.declared import Declared
from aicos_tls.proof.second_opinion import Version, ask, compare, resolved

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = 60
MAIN = Path("docker-compose.yml")


@pytest.fixture(scope="module")
def corpus() -> list[tuple[str, bytes]]:
    """Names and contents, the same ones each time."""
    places = [folder / "shared/corpus/corpus.tar.gz" for folder in ROOT.parents]
    archive = next((place for place in places if place.is_file()), None)
    if archive is None:
        pytest.skip("no shared/corpus/corpus.tar.gz beside the project")
    with tarfile.open(archive) as tar:
        members = [m for m in tar if m.isfile() and m.name.endswith((".yml", ".yaml"))]
        files = [(m.name, stream.read()) for m in members if (stream := tar.extractfile(m))]
    files.sort(key=lambda file: hashlib.sha256(file[1]).hexdigest())
    return files if os.environ.get("AICOS_TLS_CORPUS") == "all" else files[:SAMPLE]


def test_compose_accepts_every_patched_file_and_sees_declared_changes_only(
    corpus: list[tuple[str, bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compose: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    states: dict[str, list[str]] = {"agrees": [], "rejects": [], "cannot tell": []}
    for name, data in corpus:
        MAIN.write_bytes(data)
        try:
            prepared = prepare([MAIN], {"all": True}, {})
        except TlsError:
            continue
        after = Version((MAIN,), {target.path: target.after for target in prepared.targets})
        states[ask([str(compose)], Path(), Version((MAIN,), {}), after, prepared.plan).state].append(name)
    assert not states["rejects"]
    assert len(states["agrees"]) > len(corpus) * 3 / 4


def test_an_override_gives_what_the_patched_file_gives(
    corpus: list[tuple[str, bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compose: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    compared = 0
    for name, data in corpus[::3]:
        MAIN.write_bytes(data)
        try:
            plans = [prepare([MAIN], {"all": True, "override": over}, {}) for over in (False, True)]
        except TlsError:
            continue
        if plans[1].override is None or len(plans[0].plan.declined) != len(plans[1].plan.declined):
            continue
        versions = [Version(plan.compose_files, {t.path: t.after for t in plan.targets}) for plan in plans]
        (one, _), (other, said) = (resolved([str(compose)], Path(), version, interpolate=False) for version in versions)
        if one is not None:
            assert other is not None, f"{name}: {said}"
            for model in (one, other):
                for service in model["services"].values():
                    service.get("volumes", []).sort(key=str)
            without = [{k: v for k, v in model.items() if not k.startswith("x-")} for model in (one, other)]
            compare(without[0], without[1], Declared([]))
            compared += 1
    assert compared > len(corpus[::3]) / 2
