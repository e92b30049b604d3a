from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.errors import TlsError, Where
from aicos_tls.plan.policy import resolve
from aicos_tls.planner import plan
from aicos_tls.sources.changes import changes_of
from aicos_tls.sources.languages import Changed, Facts
from aicos_tls.sources.project import ServiceSources, Sources
from aicos_tls.sources.status import ServiceStatus, Status, status
from aicos_tls.sources.tree import Limits
from aicos_tls.sources.ways import Way

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePosixPath

    from support import PlanOf

    from aicos_tls.files import TextFile
    from aicos_tls.sources.model import CodeContext

AICOS = Path("fixtures/aicos")


@pytest.fixture(scope="module")
def aicos() -> dict[str, ServiceStatus]:
    project = load([AICOS / "docker-compose.yml"])
    found = status(plan(project, resolve(project, {})))
    assert found.skipped == ()
    return {service.service: service for service in found.services}


def test_the_services_of_aicos(aicos: dict[str, ServiceStatus]) -> None:
    assert {name: (s.runtime, s.way.name, s.ports) for name, s in aicos.items()} == {
        "aicos-frontend": ("nginx", "NOT_A_SERVER", (3000,)),
        "aicos-backend": ("Node", "NEEDS_CODE", (3001,)),
        "aicos-ai-intelligence": ("Python", "SETTINGS", (8001,)),
        "aicos-pattern-recognition": ("Python", "SETTINGS", (8002,)),
        "aicos-nl-parser": ("Python", "SETTINGS", (8003,)),
        "aicos-voice-processor": ("Python", "SETTINGS", (8004,)),
        "aicos-context-service": ("Go", "NEEDS_CODE", (8005,)),
        "aicos-integrations": ("Node", "NEEDS_CODE", (8006,)),
    }
    assert aicos["aicos-context-service"].way_words == "see: aicos-tls code show aicos-context-service"


def test_the_evidence_of_a_node_service(aicos: dict[str, ServiceStatus]) -> None:
    backend = aicos["aicos-backend"]
    assert [str(e.where) for e in backend.listens] == ["fixtures/aicos/backend/server.js:60:5"]
    assert backend.framework is not None
    assert (backend.framework.what, backend.framework.where.path.name) == ("express", "package.json")
    assert [e.what for e in backend.evidence] == [
        "starts node server.js",
        "FROM node:20-alpine",
        "package.json lists its packages",
    ]
    assert [new.path for new in backend.changes.new] == [AICOS / "backend/tls.js"]
    assert backend.problem == ""


def test_nothing_of_a_page_is_taken_for_a_node_service(aicos: dict[str, ServiceStatus]) -> None:
    changes = aicos["aicos-frontend"].changes
    assert not changes.new
    assert [result.file.path.name for result in changes.results] == ["nginx.conf"]


def test_services_of_one_context_have_their_own_files() -> None:
    project = load([AICOS / "docker-compose.yml"])
    services = Sources(plan(project, resolve(project, {}))).services
    parser = {str(path) for path in services["aicos-nl-parser"].files}
    assert {"nl-parser/main.py", "nl-parser/grammar.py", "common/service.py"} <= parser
    assert not {path for path in parser if path.startswith(("voice-processor", "integrations", "context-service"))}


COMPOSE = """services:
  api:
    build: ./api
    {}
  web:
    image: shop-web
    environment: [API=http://api:8001]
"""


def one(plan_of: PlanOf, files: dict[str, str], extra: str = "restart: always", **flags: object) -> ServiceStatus:
    found = status(plan_of({"compose": COMPOSE.format(extra), **files}, **flags))
    return next(service for service in found.services if service.service == "api")


NODE = "FROM node\nCOPY . .\nCMD node a.js\n"
LISTEN = "const app = require('express')();\napp.listen(8001);\n"
SERVES = """const https = require('https'), fs = require('fs'), app = require('express')();
if (process.env.TLS_ENABLED === 'true') {
  const cert = fs.readFileSync('/app/certs/shop-api.crt'), key = fs.readFileSync(`${p}/api-key.pem`);
  https.createServer({ cert, key }, app).listen(8001);
}
"""


@pytest.mark.parametrize(
    ("dockerfile", "extra", "way", "words"),
    [
        ("FROM python\nCMD uvicorn a:b", "restart: always", Way.SETTINGS, "which have to be set"),
        (
            "FROM python\nCMD uvicorn a:b",
            "environment: {UVICORN_SSL_KEYFILE: a, UVICORN_SSL_CERTFILE: b}",
            Way.SET,
            "which are set",
        ),
        ("FROM python\nCMD flask run", "restart: always", Way.SETTINGS, "flask run reads FLASK_RUN_CERT and"),
        ("FROM python\nCMD flask routes", "restart: always", Way.NONE, "Python sources are not read here"),
        ("FROM python\nCMD hypercorn a:b", "restart: always", Way.SETTINGS, "hypercorn needs the options --certfile"),
        ("FROM python\nCMD uvicorn a:b --ssl-keyfile x", "restart: always", Way.SET, "options of its own"),
        ("FROM python\nCMD waitress-serve a:b", "restart: always", Way.NONE, "waitress cannot speak TLS"),
        ("FROM python\nENV UVICORN_SSL_KEYFILE=x\nCMD python a.py", "restart: always", Way.NONE, "Python sources"),
        ("FROM ruby\nCMD puma", "restart: always", Way.NONE, "Ruby sources are not read here"),
        ("FROM scratch\nCMD x", "restart: always", Way.NONE, "nothing says what it runs on"),
        (
            "FROM httpd\nRUN x",
            "restart: always",
            Way.CONFIGURATION,
            "the configuration of Apache httpd is changed to ask over TLS, not to serve it",
        ),
    ],
)
def test_ways(plan_of: PlanOf, dockerfile: str, extra: str, way: Way, words: str) -> None:
    found = one(plan_of, {"api/Dockerfile": dockerfile}, extra)
    assert found.way is way
    assert words in found.way_words


def test_code_that_serves_tls_and_reads_other_names(plan_of: PlanOf) -> None:
    found = one(plan_of, {"api/Dockerfile": NODE, "api/a.js": SERVES, "api/package.json": "{}"}, strip_prefix="")
    assert found.way is Way.CODE
    assert "a.js:4" in found.way_words
    assert [(read.name, read.where.line) for read in found.wrong_certificates] == [("shop-api.crt", 3)]
    assert len(found.certificates) == 2


def test_code_that_has_to_be_changed(plan_of: PlanOf) -> None:
    found = one(plan_of, {"api/Dockerfile": NODE, "api/a.js": LISTEN, "api/package.json": "{}"})
    assert (found.way, found.way_words) == (Way.NEEDS_CODE, "see: aicos-tls code show api")
    assert [new.path.name for new in found.changes.new] == ["tls.js"]


def test_a_package_below_the_context(plan_of: PlanOf) -> None:
    files = {"api/Dockerfile": NODE, "api/app/a.js": LISTEN, "api/app/package.json": "{}", "api/other.js": LISTEN}
    found = one(plan_of, files)
    assert [str(new.path)[-14:] for new in found.changes.new] == ["/api/app/tls.js"[-14:]]


def test_a_configuration_that_is_changed(plan_of: PlanOf) -> None:
    files = {"api/Dockerfile": "FROM nginx\nCOPY . .", "api/nginx.conf": "server {\n listen 8001;\n}\n"}
    found = one(plan_of, files)
    assert found.way is Way.CONFIGURATION
    assert found.way_words.endswith("api/nginx.conf is there")


@pytest.mark.parametrize(
    ("files", "extra", "problem"),
    [
        ({}, "restart: always", "does not exist"),
        ({"api/Dockerfile": "RUN x\n"}, "restart: always", "there is no FROM"),
        ({"api/Dockerfile": "FROM a\n", ".gitignore": "api/\n"}, "restart: always", "was not looked at"),
        ({"api/Dockerfile": "FROM a\n"}, "image: b", ""),
    ],
)
def test_problems(plan_of: PlanOf, files: dict[str, str], extra: str, problem: str) -> None:
    found = one(plan_of, files, extra)
    assert problem in found.problem
    assert (found.problem == "") is (problem == "")
    assert found.way is Way.NONE


def test_a_service_without_a_build(plan_of: PlanOf) -> None:
    files = {"compose": "services:\n  a: {image: mine, volumes: ['./a:/a', './no:/b', './.:/c']}\n", "a/x.py": "x"}
    found = Sources(plan_of(files, all=True)).services["a"]
    assert "only what it mounts" in found.problem
    assert [str(path) for path in found.files] == ["x.py", "docker-compose.yml"]


def test_what_dockerignore_keeps_out_is_not_the_service_s(plan_of: PlanOf) -> None:
    files = {"api/Dockerfile": NODE, "api/.dockerignore": "old\n", "api/old/x.js": LISTEN, "api/a.js": "1\n"}
    found = Sources(plan_of({"compose": COMPOSE.format("restart: always"), **files})).services["api"]
    assert [str(path) for path in found.files] == [".dockerignore", "a.js"]


def test_the_ignore_file_of_the_dockerfile_goes_first(plan_of: PlanOf) -> None:
    ignores = {"api/.dockerignore": "new\n", "api/Dockerfile.dockerignore": "old\n"}
    files = {"api/Dockerfile": NODE, **ignores, "api/old/x.js": LISTEN, "api/new/a.js": "1\n"}
    found = Sources(plan_of({"compose": "services: {api: {build: ./api}}\n", **files})).services["api"]
    assert "new/a.js" in map(str, found.files)
    assert "old/x.js" not in map(str, found.files)


def test_what_is_mounted_is_the_service_s(plan_of: PlanOf) -> None:
    files = {"api/Dockerfile": "FROM node\nCOPY a.js .", "api/a.js": "1\n", "api/b.js": "2\n", "conf/c.js": "3\n"}
    text = COMPOSE.format("volumes: ['./api:/app', './conf/c.js:/c.js', './nowhere.js:/d.js']")
    found = Sources(plan_of({"compose": text, **files})).services["api"]
    assert sorted(str(path) for path in found.files) == ["Dockerfile", "a.js", "b.js", "c.js"]


def test_limits_are_said(plan_of: PlanOf) -> None:
    made = plan_of({"compose": COMPOSE.format("restart: always"), "api/Dockerfile": "FROM a", "b/c": ""})
    found: Status = status(made, Limits(files=1))
    assert "more than 1 files" in found.skipped[0].reason


class Failing:
    """A language that cannot read a file."""

    name = "Failing"
    suffixes = frozenset({"js"})

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def look(self, files: Mapping[PurePosixPath, TextFile]) -> Facts | None:
        return Facts(str(len(files)))

    def change(self, files: Mapping[PurePosixPath, TextFile], context: CodeContext) -> Changed:
        raise TlsError(f"no {context.service} {len(files)}", where=Where(self._path, 3) if self._path else None)


@pytest.mark.parametrize("named", [True, False])
def test_a_language_that_fails_does_not_stop_the_others(plan_of: PlanOf, *, named: bool) -> None:
    made = plan_of({"compose": COMPOSE.format("restart: always"), "api/Dockerfile": NODE, "api/a.js": "1"})
    service: ServiceSources = Sources(made).services["api"]
    path = next(file.path for file in service.files.values())
    service.languages = [Failing(path if named else None)]
    found = changes_of(service)
    assert [m.reason for r in found.results for m in r.manual] == (["no api 1"] if named else [])
