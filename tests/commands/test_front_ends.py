"""`enable --code` on front ends: browser code stays, what runs in Node changes, and each change is said."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import tree

if TYPE_CHECKING:
    from support import Project, Ran, Run

FOLDER = Path(__file__).parents[2] / "fixtures" / "frontends"
HELPERS = {"api/tls.js", "kit/tls.mjs", "next/tls.ts", "nuxt/tls.ts", "vite/server/tls.mjs"}


def _folder(name: str) -> dict[str, bytes]:
    directory = FOLDER / name
    files = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def directory(project: Project) -> Path:
    return project(dict(_folder("before")))


def test_before_becomes_after_and_comes_back(directory: Path, run: Run) -> None:
    before, after = tree(directory), _folder("after")
    assert run("enable", "--code", "--no-certs", "-q").code == 0
    now = {name: text for name, text in tree(directory).items() if not name.startswith((".aicos-tls", ".git"))}
    assert set(now) - set(before) == HELPERS
    assert {name: text for name, text in now.items() if name in before} == {**before, **after}
    assert "everything is there already" in run("enable", "--no-certs").out
    assert run("rollback").code == 0
    assert tree(directory) == before


@pytest.mark.usefixtures("directory")
def test_what_stays_and_what_is_to_be_done_is_said(run: Run) -> None:
    done: Ran = run("enable", "--code", "--dry-run", "--no-certs", "--format", "json")
    found = json.loads(done.out)
    kept = {(note["service"], note["text"]) for note in found["notes"] if note["topic"] == "kept"}
    assert kept == {
        ("cra", "not changed: it and 2 more run in the browser (package.json:12 react-scripts)"),
        ("vite", "not changed: it and 1 more run in the browser (package.json:6 vite)"),
        ("next", "not changed: it runs in the browser (Orders.tsx:1 'use client')"),
    }
    assert found["declined"] == [], "a person has put the lines there that were to paste"
    registered = {(note["file"], note["line"]) for note in found["notes"] if "register the https one" in note["text"]}
    assert registered == {("api/server.js", 3), ("docker-compose.yml", 6)}


def test_what_runs_nobody_knows_where_keeps_the_server_plain(directory: Path, run: Run) -> None:
    for name in ("next/middleware.ts", "nuxt/composables/useOrders.ts"):
        file = directory / name
        file.write_text(re.sub(r"`http\$\{.*?\}(://.*?)`", r"'http\1'", file.read_text()))
    before = tree(directory)
    done: Ran = run("enable", "--code", "--no-certs", "--format", "json")
    assert (done.code, tree(directory) == before) == (0, True)
    found = json.loads(done.out)
    left = {f"{each['file']}:{each['line']}": each["reason"] for each in found["declined"]}
    unsure = "it does not surely run in Node alone"
    edge = "in the Edge runtime, which has no modules of Node"
    assert left == {
        "next/middleware.ts:4": f"{unsure} (package.json:9 next, {edge}): not changed",
        "nuxt/composables/useOrders.ts:6": f"{unsure} (package.json:10 nuxt): not changed",
    }
    assert {each["state"] for each in found["connections"]} == {"plain"}


def test_status_names_the_evidence(directory: Path, run: Run) -> None:
    (directory / "cra/src/client.js").write_text("fetch('http://api:8001/x');\n")
    out = run("code", "status").out
    assert "cra/src/client.js:1  http://api:8001  runs in the browser (package.json:12 react-scripts)" in out
    said = run("enable", "--code", "--no-certs", "--dry-run").out
    assert "cra: http://api:8001 stays: browsers (package.json:12 react-scripts) do not reach containers" in said


@pytest.mark.usefixtures("directory")
def test_without_a_change_of_the_code_the_proxies_are_named(run: Run) -> None:
    out = run("enable", "--serve", "auto", "--dry-run", "--no-certs").out
    assert "api does not serve TLS: cra goes on asking http://api:8001 in plain (cra/package.json:4)" in out
    assert "cra/src/setupProxy.js:4" in out


def test_what_browsers_ask_is_no_connection_of_a_container(directory: Path, run: Run) -> None:
    (directory / "next/middleware.ts").unlink()  # it asks in plain, and nobody knows where it runs
    (directory / "cra/src/client.js").write_text("fetch('http://api:8001/x');\n")
    done = run("enable", "--code", "--dry-run", "--no-certs", "--format", "json")
    evidence = [each["where"] for c in json.loads(done.out)["connections"] for each in c["evidence"]]
    assert any(where.startswith("cra/src/setupProxy.js") for where in evidence)
    assert not any(where.startswith("cra/src/client.js") for where in evidence)
