"""What the helpers, the runtime files and the program itself take for true: the same everywhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import needs

from aicos_tls.plan.switches import OFF, ON, SWITCHES, agree
from aicos_tls.sources.model import CodeContext
from aicos_tls.sources.node import ModuleKind, helper_file
from aicos_tls.sources.templates import render

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
CONTEXT = CodeContext("aicos-api", "api", "/app/certs", frozenset({3000}), {}, is_server=True)
VALUES = {
    **dict.fromkeys(("true", "TRUE", "True", "1", "yes", "Yes", "on", "ON", " true ", "\tyes"), True),
    **dict.fromkeys(("false", "0", "no", "off", "", " ", "2", "10", "truth", "true1", "y", "enabled", "none"), False),
}


def test_the_program() -> None:
    assert {value: agree("TLS_ENABLED", value, "true") for value in VALUES} == VALUES
    assert not ON & OFF
    assert all(agree("TLS_PLAIN_LOOPBACK", value, "false") for value in OFF)
    assert not agree("NODE_TLS_REJECT_UNAUTHORIZED", "false", "0")  # Node compares the text (process.env, 0)
    assert agree("TLS_CERT_PATH", "/app//certs/", "/app/certs")
    assert not agree("TLS_CERT_PATH", "/app/certs2", "/app/certs")


@needs("node")
@pytest.mark.parametrize("kind", [ModuleKind.COMMONJS, ModuleKind.ESM])
def test_the_helper_of_node(tmp_path: Path, kind: ModuleKind) -> None:
    helper = helper_file(CONTEXT, kind, tmp_path)
    helper.path.write_text(helper.text)
    code = (
        f"import({json.dumps(str(helper.path))}).then((tls) => console.log(JSON.stringify({json.dumps(list(VALUES))}"
        ".map((value) => { process.env.TLS_ENABLED = value; return tls.url('http://a:1') === 'https://a:1'; }))))"
    )
    environment = {"PATH": os.environ["PATH"], "TLS_CERT_PATH": str(tmp_path)}
    done = subprocess.run(["node", "-e", code], env=environment, capture_output=True, check=True, timeout=60)
    assert json.loads(done.stdout) == list(VALUES.values())


def test_the_helper_of_python(tmp_path: Path) -> None:
    (tmp_path / "tls.py").write_text(
        render("python/tls.py.j2", {"short_name": "api", "mount_path": "/app/certs", "service": "api"})
    )
    code = (
        f"import os, tls\nfor value in {list(VALUES)!r}:\n"
        "    os.environ['TLS_ENABLED'] = value\n    print(tls.url('http://a:1'))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=True, text=True)
    assert done.stdout.split() == ["https://a:1" if on else "http://a:1" for on in VALUES.values()]


def test_the_helper_of_go() -> None:
    """Compiled and asked in `tests/live_sources/test_go.py`; here the words are compared."""
    text = (TEMPLATES / "go/tls.go.j2").read_text()
    words = re.search(r'strings\.ToLower\(strings\.TrimSpace\(os\.Getenv\("TLS_ENABLED"\)\)\) \{\n\tcase (.*):', text)
    assert words
    assert set(json.loads(f"[{words[1]}]")) == ON


@needs("node")
def test_the_preload_of_node() -> None:
    code = "process.stdout.write(String(Object.hasOwn(require('net').Server.prototype, 'emit')))"
    for value, on in VALUES.items():
        variables = {"TLS_ENABLED": value, "TLS_PORTS": "1", "PATH": os.environ["PATH"]}
        command = ["node", "--require", f"{TEMPLATES}/runtime/node/preload.cjs", "-e", code]
        done = subprocess.run(command, env=variables, capture_output=True, check=True, text=True, timeout=60)
        assert done.stdout == ("true" if on else "false"), value


def test_the_runtime_file_of_python() -> None:
    code = "import sys; print(any('sitecustomize' in type(f).__module__ for f in sys.meta_path))"
    for value, on in VALUES.items():
        variables = {"TLS_ENABLED": value, "PYTHONPATH": os.fspath(TEMPLATES / "runtime/python")}
        done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, check=True, text=True)
        assert done.stdout.strip() == str(on), value


def test_every_template_says_the_same_words() -> None:
    """No other way to read a switch has come into any of them."""
    forms = (
        r"/\^\(1\|on\|true\|yes\)\$/i\.test\(\((process\.env\.TLS_ENABLED|setting) \|\| ''\)\.trim\(\)\)",
        r"/\^\(0\|false\|no\|off\)\$/i\.test\(\(setting \|\| ''\)\.trim\(\)\)",
        r'\.strip\(\)\.lower\(\) (not )?in \("1", "on", "true", "yes"\)',
        r'setting\("TLS_\w+"\) (not )?in \(("1", "on", "true", "yes"|"0", "false", "no", "off")\)',
        r"isO(n|ff)\(environment\.TLS_\w+\)",
    )
    for path in TEMPLATES.rglob("*"):
        if not path.is_file() or path.suffix == ".pyc":
            continue
        for line in path.read_text().splitlines():
            if re.search(r"(env|environ|environment|Getenv)\b.{0,6}(TLS_ENABLED|TLS_PLAIN|TLS_REQ)", line):
                assert (
                    any(re.search(form, line) for form in forms) or "strings.ToLower" in line or "get(name" in line
                ), (
                    path.name,
                    line,
                )
    assert {"TLS_ENABLED", "TLS_PLAIN_LOOPBACK"} == SWITCHES
