"""The proof accepts real plans in every form, and stops each plan that does or says something else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from aicos_tls import files, planner
from aicos_tls.compose.load import load
from aicos_tls.errors import InternalError, Where
from aicos_tls.plan.model import Change, PlannedFile
from aicos_tls.plan.policy import Policy
from aicos_tls.proof.check import prove
from aicos_tls.yamledit.apply import Edited
from aicos_tls.yamledit.parse import parse

if TYPE_CHECKING:
    from support import Project

    from aicos_tls.plan.model import Plan

MAIN = Path("docker-compose.yml")
FORMS = {
    "lists": """\
services:
  api:
    build: .
    healthcheck:
      test: curl -f http://localhost:8001/health
  web:
    build: ./web
    environment:
      - API_URL=http://api:8001
      - TLS_ENABLED=false
      - TLS_CERT_PATH
      - BOTH=http://api:8001/a http://api.example.com:8001 http://api/b
    command: ["serve", "--api", "http://api:8001", "--x=http://api"]
    labels:
      - "some/label=http://api:8001"
      - other=http://api:8001
""",
    "mappings": """\
x-api: &api http://api:8001
x-unused: http://api:8001
services:
  api:
    build: {context: ., args: {SELF: "http://api:8001"}}
    environment:
  web: &web
    build: {context: ., args: ["URL=http://api"], labels: {a: http://api}}
    environment: &env
      API_URL: *api
      API_HOST: api
      API_SCHEME: http
    deploy: {labels: [u=http://api]}
    volumes: [&data "data:/data"]
  other:
    <<: *web
    environment:
      <<: *env
      MORE: 1
configs:
  conf:
    content: |
      proxy_pass http://api:8001;
""",
    "anchors": """\
x-common: &common
  environment: &env
    - API_URL=http://api:8001
  healthcheck: &check
    test: ["CMD", "curl", "-f", "http://localhost:8001/health"]
x-null: &null
  volumes:
services:
  api:
    <<: [*common, *null]
    build: .
  worker:
    build: .
    environment: *env
    healthcheck: *check
  db:
    image: postgres
    environment: {PGDATA: /x, WEB: "http://worker:8001"}
""",
    "inline": """\
services:
  api:
    build: .
  web:
    build: .
    volumes:
      - type: bind
        source: ./nginx.conf
        target: /etc/nginx.conf
        content: |
          proxy_pass http://api:80;
      - ./a=b:/c
""",
}


def check(plan: Plan) -> None:
    """Prove a plan as the planner does."""
    prove(plan.project, planner.changed_project(plan.project, plan.files), plan.changes, plan.files)


def planned(_directory: Path, *paths: str) -> Plan:
    """The plan for the project in the current directory."""
    project = load([Path(path) for path in paths or (MAIN,)])
    return planner.plan(project, Policy())


@pytest.mark.parametrize("form", FORMS)
def test_every_change_shows_and_nothing_else(form: str, project: Project) -> None:
    plan = planned(project(FORMS[form]))
    assert len(plan.changes) > 5
    check(plan)


def test_layers_env_files_and_files_that_are_extended(project: Project) -> None:
    directory = project(
        {
            "docker-compose.yml": (
                "include: [more.yml]\nservices:\n  api:\n    build: .\n    extends: {file: base.yml, service: base}\n"
                "  web:\n    build: .\n    env_file: web.env\n    environment:\n      U: ${URL}\n      A: http://api:1\n"
            ),
            "docker-compose.override.yml": (
                "services:\n  web:\n    environment: {A: http://api:2}\n    volumes: !override ['data:/b']\n"
                "    ports: !reset []\n"
            ),
            "base.yml": "services:\n  base:\n    environment: [X=http://web:1]\n  unused: {image: x}\n",
            "more.yml": "services:\n  third:\n    build: .\n    environment: {W: http://web:2}\n",
            ".env": "URL=http://api:8001\nSECRET=x\n",
            "web.env": "OTHER='http://api:8001'\n",
        }
    )
    paths = ("docker-compose.yml", "docker-compose.override.yml")
    plan = planned(directory, *paths)
    assert {str(file.path) for file in plan.files} >= {*paths, "base.yml", "more.yml", ".env", "web.env"}
    check(plan)


def test_no_plan_is_proved_by_no_difference(project: Project) -> None:
    plan = planned(project("services: {db: {image: postgres}}\n"))
    assert not plan.files
    check(plan)


def changed(plan: Plan, old: str, new: str) -> Plan:
    """The same plan with another text."""
    first = plan.files[0]
    assert first.before
    text = first.after.decode()
    assert old in text
    return replace(plan, files=[edited(first, text.replace(old, new, 1).encode()), *plan.files[1:]])


def edited(planned_file: PlannedFile, data: bytes) -> PlannedFile:
    file = files.TextFile(planned_file.path, data)
    return replace(planned_file, after=data, edited=Edited(file, parse(file)))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("build: ./web", "build: ./other", "not declared: services.web.build"),
        (
            "https://api:8001\n      - TLS_E",
            "https://api:8002\n      - TLS_E",
            "not declared: services.web.environment.API_URL",
        ),
        ("- other=https", "- other=http", "does not show: services.web.labels.other"),
        ("http://api.example", "https://api.example", "not declared: services.web.environment.BOTH"),
        ("./certs:/app/certs:ro", "./certs:/app/certs", "not declared: services.api.volumes.0"),
        ("TLS_ENABLED=true", "TLS_ENABLED=yes", "not declared: services.api.environment.TLS_ENABLED"),
        ("curl -f --insecure", "curl --insecure", "not declared: services.api.healthcheck.test"),
        ("  web:\n", "  site:\n", "a service or a file came or went"),
        ("services:", "x-new: 1\nservices:", "not declared: x-new"),
        ('"serve", ', "", "not declared: services.web.command"),
    ],
)
def test_a_difference_that_is_not_declared_stops_the_run(old: str, new: str, says: str, project: Project) -> None:
    plan = changed(planned(project(FORMS["lists"])), old, new)
    with pytest.raises(InternalError, match=says) as stopped:
        check(plan)
    service = says.partition("services.")[2].partition(".")[0]
    assert stopped.value.service == service
    assert (stopped.value.where is not None) is bool(service)


def test_a_declared_change_that_does_not_show_stops_the_run(project: Project) -> None:
    plan = planned(project(FORMS["lists"]))
    extra = Change("urls", "web", Where(MAIN), "services.web.environment.NONE", "http://a", "https://a", "")
    with pytest.raises(InternalError, match="does not show"):
        check(replace(plan, changes=[*plan.changes, extra]))
    with pytest.raises(InternalError, match="does not show"):
        check(replace(plan, files=[]))
    with pytest.raises(InternalError, match="has no effect"):
        check(replace(plan, changes=[*plan.changes, replace(extra, rule="variables")]))


def test_an_undeclared_line_of_an_env_file_stops_the_run(project: Project) -> None:
    directory = project(
        {
            "docker-compose.yml": "services:\n  api: {build: .}\n  web: {build: ., environment: ['U=${U}']}\n",
            ".env": "U=http://api\nP=1\n",
        }
    )
    plan = planned(directory)
    env = next(file for file in plan.files if file.kind == "env")
    rest = [file for file in plan.files if file is not env]
    for data in (env.after.replace(b"P=1", b"P=2"), env.after + b"Q=1\n", env.after.replace(b"P=1\n", b"")):
        with pytest.raises(InternalError, match="not declared"):
            check(replace(plan, files=[*rest, replace(env, after=data)]))
    check(plan)


def test_a_variable_that_stands_twice(project: Project) -> None:
    lines = ("API_URL=http://api:9999", "API_URL=http://api:8001", "TLS_ENABLED=no", "TLS_ENABLED=false")
    plan = planned(
        project("services:\n  api: {build: .}\n  web: {build: ., environment: [" + ", ".join(lines) + "]}\n")
    )
    check(plan)
    with pytest.raises(InternalError, match=r"not declared: services\.web\.environment\.API_URL"):
        check(changed(plan, "https://api:9999", "https://api:9998"))


def test_a_test_that_a_later_file_overrides_is_changed_too(project: Project) -> None:
    one = "services:\n  api:\n    build: .\n    healthcheck: {test: curl -f http://localhost:1/old}\n"
    directory = project({"docker-compose.yml": one, "b.yml": one.replace("old", "new").replace("    build: .\n", "")})
    plan = planned(directory, "docker-compose.yml", "b.yml")
    assert plan.files
    check(plan)
    with pytest.raises(InternalError, match=r"not declared: services\.api\.healthcheck\.test"):
        check(changed(plan, "localhost:1/old", "localhost:2/old"))


def test_a_file_that_stays_is_no_difference(project: Project) -> None:
    directory = project(
        {"docker-compose.yml": FORMS["lists"], "other.yml": "x-a: 1\nservices: {db: {image: postgres}}\n"}
    )
    plan = planned(directory, "docker-compose.yml", "other.yml")
    assert len(plan.files) == 1
    check(plan)


def test_a_definition_that_comes_or_goes_stops_the_run(project: Project) -> None:
    one = (
        "services:\n  web:\n    build: .\n    extends: {service: base}\n  base:\n    build: .\n    environment: [A=1]\n"
    )
    plan = planned(project(one))
    gone = changed(plan, "    extends: {service: base}\n", "    environment: [A=1]\n")
    with pytest.raises(InternalError, match="the definitions of service web"):
        check(gone)


def test_a_service_that_nothing_uses_must_stay(project: Project) -> None:
    directory = project(
        {
            "docker-compose.yml": (
                "services:\n  api:\n    build: .\n    extends: {file: base.yml, service: base}\n"
                "  web: {build: ., environment: [U=http://api:1]}\n"
            ),
            "base.yml": "services:\n  base:\n    environment: [SELF=http://api:1]\n  unused: {image: x}\n",
        }
    )
    plan = planned(directory)
    base = next(file for file in plan.files if file.path.name == "base.yml")
    rest = [file for file in plan.files if file is not base]
    new = edited(base, base.after.replace(b"image: x", b"image: y"))
    with pytest.raises(InternalError, match=r"not declared: services\.unused\.image"):
        check(replace(plan, files=[*rest, new]))
