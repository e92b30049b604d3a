"""What every command can be told in the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support import Project, Run

VERBS = [
    ("enable",),
    ("rollback",),
    ("explain",),
    ("certs", "issue"),
    ("certs", "list"),
    ("code", "status"),
    ("code", "apply"),
    ("code", "show"),
    ("doctor",),
    ("learn",),
    ("verify",),
]
COMPOSE = "services:\n  api:\n    build: ./api\n    healthcheck: {test: curl -f http://localhost:8001/}\n"
FILES: dict[str, str | bytes] = {
    "docker-compose.yml": COMPOSE,
    "api/Dockerfile": 'FROM node:20\nCOPY . .\nCMD ["node", "a.js"]\n',
    "api/a.js": "require('http').createServer((q, r) => r.end()).listen(8001);\n",
}


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
@pytest.mark.parametrize("words", ["-q --quiet Print only errors.", "--color auto, always or never;"])
def test_each_has_the_same_options(run: Run, verb: tuple[str, ...], words: str) -> None:
    shown = " ".join(run(*verb, "--help").out.replace(",", " ").split())
    assert " ".join(words.replace(",", " ").split()[:3]) in shown.replace("<auto|always|never> ", "")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("certs", "issue", "--key-type", "p256"), 0),
        (("certs", "list"), 0),
        (("code", "status"), 0),
        (("code", "status", "--exit-code"), 1),
        (("code", "show", "api"), 0),
        (("explain",), 0),
        (("explain", "api"), 0),
        (("enable", "--dry-run"), 0),
        (("doctor",), 1),
    ],
)
def test_quiet_prints_nothing_and_keeps_the_exit_code(
    project: Project, run: Run, arguments: tuple[str, ...], code: int
) -> None:
    project(FILES)
    run("certs", "issue", "--key-type", "p256")
    done = run(*arguments, "-q")
    assert (done.out, done.err, done.code) == ("", "", code)
    assert run(*arguments).out
