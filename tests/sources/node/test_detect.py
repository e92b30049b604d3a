"""What is found in a directory of Node sources, with its places."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from aicos_tls.files import TextFile, read
from aicos_tls.sources.node import ModuleKind, NodeFacts, detect

AICOS = Path(__file__).parents[3] / "fixtures" / "aicos"


def _files(texts: dict[str, str]) -> dict[PurePosixPath, TextFile]:
    return {PurePosixPath(name): TextFile(Path("/srv/x", name), text.encode()) for name, text in texts.items()}


def _of(**texts: str) -> NodeFacts:
    return detect(_files({name.replace("__", "/").replace("_", "."): text for name, text in texts.items()}))


@pytest.mark.parametrize(("folder", "line"), [("backend", 60), ("services/integrations", 79)])
def test_aicos(folder: str, line: int) -> None:
    base = AICOS / folder
    facts = detect({PurePosixPath(p.relative_to(base)): read(p) for p in base.rglob("*") if p.is_file()})
    assert (facts.framework, facts.module_kind, facts.entry) == (
        "express",
        ModuleKind.COMMONJS,
        PurePosixPath("server.js"),
    )
    assert [(where.path.name, where.line) for where in facts.listens] == [("server.js", line)]
    assert facts.framework_where is not None
    assert '"express"' in (base / "package.json").read_text().splitlines()[facts.framework_where.line - 1]
    assert (facts.serves_tls, facts.reads_certificates) == (None, ())


def test_code_that_serves_tls_and_what_it_reads() -> None:
    facts = _of(
        server_js="const https = require('https');\nconst app = require('express')();\nconst name = 'api';\n"
        "if (process.env.TLS_ENABLED === 'true') {\n"
        "  https.createServer({\n    key: fs.readFileSync(`${dir}/${name}-key.pem`),\n"
        "    cert: fs.readFileSync(dir + '/aicos-api.crt'),\n"
        "    ca: fs.readFileSync(path.join(dir, 'ca.crt')) }, app).listen(1);\n} else app.listen(1);\n"
    )
    assert facts.serves_tls is not None
    assert facts.serves_tls.line == 5
    assert [(name, where.line) for name, where in facts.reads_certificates] == [
        ("api-key.pem", 6), ("aicos-api.crt", 7), ("ca.crt", 8),
    ]  # fmt: skip
    assert len(facts.listens) == 2


def test_the_helper_serves() -> None:
    facts = _of(server_js="const tls = require('./tls');\ntls.listen(app, 3000);\n")
    assert facts.serves_tls is not None
    assert [where.line for where in facts.listens] == [2]


@pytest.mark.parametrize(
    ("package", "files", "entry", "kind"),
    [
        ('{"scripts": {"start": "node --enable-source-maps dist/main.js"}}', ["src/main.ts"], "src/main.ts", "ts"),
        ('{"scripts": {"start": "node dist/src/main.js"}}', ["src/main.ts"], "src/main.ts", "ts"),
        ('{"scripts": {"start": "nest start"}}', ["src/main.ts", "src/index.ts"], "src/main.ts", "ts"),
        ('{"scripts": {"start": "nodemon -w . bin/www.js"}}', ["bin/www.js", "app.js"], "bin/www.js", "cjs"),
        ('{"type": "module", "main": "./lib/start"}', ["lib/start.js"], "lib/start.js", "esm"),
        ('{"main": "lib"}', ["lib/index.js"], "lib/index.js", "cjs"),
        ('{"type": "module"}', ["server.cjs"], "server.cjs", "cjs"),
        ("{}", ["main.mjs"], "main.mjs", "esm"),
        ("not JSON", ["index.js"], "index.js", "cjs"),
        ("[]", ["src/app.js"], "src/app.js", "cjs"),
        ("{}", ["worker.js"], None, "cjs"),
        ('{"type": "module"}', ["worker.js"], None, "esm"),
        ("{}", ["worker.ts"], None, "ts"),
        ('{"scripts": {"start": "node missing.js"}}', ["index.js"], "index.js", "cjs"),
    ],
)
def test_entry_and_modules(package: str, files: list[str], entry: str | None, kind: str) -> None:
    facts = detect(_files({"package.json": package} | dict.fromkeys(files, "")))
    assert facts.entry == (PurePosixPath(entry) if entry else None)
    assert facts.module_kind is ModuleKind(kind)


def test_tests_and_built_files_are_not_looked_at() -> None:
    text = "const app = require('express')();\napp.listen(1);\n"
    names = ["dist/server.js", "test/app.js", "src/app.test.js", "node_modules/x/index.js", "types.d.ts", "a.py"]
    facts = detect(_files(dict.fromkeys(names, text)))
    assert (facts.listens, facts.framework, facts.entry) == ((), None, None)


def test_node_alone() -> None:
    facts = _of(server_js="require('http').createServer(f).listen(80);\n")
    assert facts.framework == "http"
    assert facts.framework_where == facts.listens[0]


def test_an_application_of_another_file() -> None:
    facts = detect(_files({"app.js": "module.exports = { app: require('express')() };\n",
                           "server.js": "const { app } = require('./app');\napp.listen(80);\n"}))  # fmt: skip
    assert [where.path.name for where in facts.listens] == ["server.js"]


def test_hapi_starts_and_an_express_application_does_not() -> None:
    facts = _of(
        server_js="const s = require('@hapi/hapi').server({});\ns.start();\n"
        "const a = require('express')();\na.start(); // no listen\n"
    )
    assert [where.line for where in facts.listens] == [2]


@pytest.mark.parametrize("raw", [b"app.listen(\xff)", b"app.listen(("])
def test_what_cannot_be_read_says_nothing(raw: bytes) -> None:
    assert detect({PurePosixPath("x.js"): TextFile(Path("x.js"), raw)}).listens == ()
