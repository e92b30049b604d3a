"""Code to paste: right for its framework, its names filled in, read by Node."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support import need

from aicos_tls.errors import TlsError
from aicos_tls.files import TextFile
from aicos_tls.sources.model import CodeContext
from aicos_tls.sources.node import ModuleKind, helper_file, import_path, snippets
from aicos_tls.sources.node.syntax import Syntax

CONTEXT = CodeContext("aicos-api", "api", "/run/certs", frozenset({8006}), {}, is_server=True)
PARTS = [("server", name) for name in ("http", "express", "connect", "koa", "fastify", "nestjs", "hapi")] + [
    ("client", "axios"), ("client", "fetch"), ("client", "https"), ("helper", "express"),
]  # fmt: skip


@pytest.mark.parametrize(("part", "framework"), PARTS)
@pytest.mark.parametrize("kind", ModuleKind)
def test_node_reads_it(tmp_path: Path, part: str, framework: str, kind: ModuleKind) -> None:
    text = snippets(CONTEXT, framework, part, kind=kind)
    path = tmp_path / {"cjs": "x.cjs", "esm": "x.mjs", "ts": "x.ts"}[kind.value]
    if kind is ModuleKind.TYPESCRIPT:
        assert Syntax(TextFile(path, text.encode())).problem() is None
    else:
        path.write_text(text)
        subprocess.run([need("node"), "--check", path], check=True, timeout=30)


def test_the_values_are_filled_in() -> None:
    assert "8006" in snippets(CONTEXT, "express", "server")
    health = snippets(CONTEXT, "express", "healthcheck")
    assert "8006" in health
    assert "/run/certs" in health
    helper = snippets(CONTEXT, "express", "helper")
    assert "'api'" in helper
    assert "/run/certs" in helper


def test_all_clients_when_none_is_named() -> None:
    text = snippets(CONTEXT, "express", "client")
    assert all(name in text for name in ("axios", "fetch(", "tls.get("))


@pytest.mark.parametrize(("framework", "part"), [("sails", "server"), ("express", "nginx")])
def test_what_there_is_no_code_for(framework: str, part: str) -> None:
    with pytest.raises(TlsError, match="there is no code"):
        snippets(CONTEXT, framework, part)


@pytest.mark.parametrize(
    ("kind", "text", "file", "expected"),
    [
        (ModuleKind.COMMONJS, "", "server.js", "./tls"),
        (ModuleKind.COMMONJS, "", "a/b/c.js", "../../tls"),
        (ModuleKind.ESM, "", "routes/a.mjs", "../tls.mjs"),
        (ModuleKind.TYPESCRIPT, "import x from './x';", "main.ts", "./tls"),
        (ModuleKind.TYPESCRIPT, "import x from './x.js';", "main.ts", "./tls.js"),
    ],
)
def test_the_import_path(kind: ModuleKind, text: str, file: str, expected: str) -> None:
    helper = helper_file(CONTEXT, kind, Path("/srv/api"))
    assert import_path(helper.path, TextFile(Path("/srv/api") / file, text.encode()), kind) == expected
