"""Each language by the one shape: what it finds in files, what it changes, where its helper goes."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from aicos_tls.files import TextFile
from aicos_tls.sources.languages import MODULES, Changed, Language, is_known, languages_of, load
from aicos_tls.sources.model import HELPER_MARK, CodeContext

ROOT = Path("/srv/api")
SERVERS = {"api": "api", "store": "store"}

PY = (
    "import uvicorn\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n"
    "if __name__ == '__main__':\n    uvicorn.run(app)\n"
)
ASKS = "import httpx\n\n\ndef ask():\n    return httpx.get('http://store:1')\n"
GO = 'package main\n\nimport "net/http"\n\nfunc main() { http.ListenAndServe(":1", nil) }\n'
GO_ASKS = 'package client\n\nimport "net/http"\n\nvar C = &http.Client{}\n'
JS = "const app = require('express')();\napp.listen(1);\n"


def files_of(texts: dict[str, str]) -> dict[PurePosixPath, TextFile]:
    return {PurePosixPath(name): TextFile(ROOT / name, text.encode()) for name, text in texts.items()}


def context(*start: str) -> CodeContext:
    return CodeContext("api", "api", "/app/certs", frozenset({1}), SERVERS, is_server=True, start=start)


def change(texts: dict[str, str], *start: str) -> Changed:
    files = files_of(texts)
    return language(texts).change(files, context(*start))


def language(texts: dict[str, str]) -> Language:
    found = languages_of(files_of(texts))
    assert len(found) == 1
    return found[0]


def new(changed: Changed) -> list[str]:
    return [file.path.relative_to(ROOT).as_posix() for file in changed.new]


@pytest.mark.parametrize("module", MODULES)
def test_a_language_says_of_which_files_it_is(module: str) -> None:
    assert load(module).suffixes >= set(MODULES[module])
    assert all(map(is_known, MODULES[module]))
    assert load(module).look(files_of({"README.md": "x"})) is None
    assert load(module).change(files_of({"README.md": "x"}), context()).results == ()


@pytest.mark.parametrize(
    ("texts", "framework", "entry", "line"),
    [
        ({"main.py": PY}, "fastapi", "main.py", 7),
        ({"main.go": GO}, "net/http", "main.go", 5),
        ({"index.js": JS, "package.json": '{"dependencies": {"express": "4"}}'}, "express", "index.js", 2),
    ],
)
def test_what_is_found(texts: dict[str, str], framework: str, entry: str, line: int) -> None:
    facts = language(texts).look(files_of(texts))
    assert facts is not None
    assert facts.framework is not None
    assert (facts.framework.what, str(facts.entry), facts.serves_tls) == (framework, entry, None)
    assert [evidence.where.line for evidence in facts.listens] == [line]


@pytest.mark.parametrize(
    ("texts", "name"),
    [
        ({"main.py": "import ssl\nc = ssl.SSLContext()\nc.load_cert_chain('/c/api.crt')\n"}, "api.crt"),
        ({"main.go": 'package main\n\nfunc main() { tls.LoadX509KeyPair("/c/api.crt", k) }\n'}, "api.crt"),
    ],
)
def test_code_that_serves_tls_itself(texts: dict[str, str], name: str) -> None:
    facts = language(texts).look(files_of(texts))
    assert facts is not None
    assert facts.serves_tls is not None
    assert [read.what for read in facts.reads] == [name]


def test_the_python_helper_is_beside_what_is_started() -> None:
    changed = change({"app/main.py": PY, "app/lib/ask.py": ASKS}, "uvicorn", "app.main:app")
    assert new(changed) == ["app/tls.py"]
    words = [c.splices[0].replacement for r in changed.results for c in r.changes if c.what.startswith("import")]
    assert [word.strip() for word in words] == ["from app import tls", "from app import tls"]


def test_the_python_helper_takes_a_free_name() -> None:
    assert new(change({"main.py": PY, "tls.py": "x = 1\n"})) == ["service_tls.py"]
    assert new(change({"main.py": PY, "tls/__init__.py": "x = 1\n"})) == ["service_tls.py"]


@pytest.mark.parametrize(
    ("texts", "name"), [({"main.py": PY}, "tls.py"), ({"main.go": GO}, "tls.go"), ({"index.js": JS}, "tls.js")]
)
def test_a_helper_that_is_there_already_is_kept(texts: dict[str, str], name: str) -> None:
    helper = change(texts).new[0]
    assert HELPER_MARK in helper.text
    assert new(change({**texts, name: helper.text})) == [name]
    taken = new(change({**texts, name: "// package main\npackage main\n" if name == "tls.go" else "x = 1\n"}))
    assert taken != [name]


def test_a_python_program_that_cannot_import_the_helper_is_left() -> None:
    seed = f"{ASKS}\n\nif __name__ == '__main__':\n    ask()\n"
    changed = change({"main.py": PY, "scripts/seed.py": seed})
    left = [(m.where.path.name, m.reason) for r in changed.results for m in r.manual]
    assert [name for name, _ in left] == ["seed.py"]
    assert "cannot be imported" in left[0][1]
    assert not [c for r in changed.results for c in r.changes if r.file.path.name == "seed.py"]


def test_python_without_a_place_to_start() -> None:
    assert change({"lib/ask.py": ASKS}).new == ()


def test_python_without_need_of_a_helper() -> None:
    assert change({"main.py": "A = b'http://store:1'\n"}, "python", "main.py").new == ()


def test_each_go_package_has_a_helper() -> None:
    changed = change({"main.go": GO, "client/client.go": GO_ASKS, "client/other.go": "package client\n"})
    assert new(changed) == ["client/tls.go", "tls.go"]
    assert changed.new[0].text.startswith("package client\n")
