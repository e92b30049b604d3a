"""`enable --code` and `code apply`: sources and compose file in one plan, one record, one rollback."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from support import needs, tree

if TYPE_CHECKING:
    from pathlib import Path

    from support import Project, Run

FAST = ("--no-certs", "-q")
COMPOSE = """\
services:
  api:
    build: ./api
    expose: ["8001"]
  web:
    build: ./web
    environment:
      - API_URL=http://api:8001
"""
MAIN = (
    "import uvicorn\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n"
    "if __name__ == '__main__':\n    uvicorn.run(app, port=8001)\n"
)
SERVER = (
    "const app = require('express')();\nconst api = process.env.API_URL || 'http://api:8001';\n"
    "app.get('/', async (q, r) => r.json(await (await fetch(api)).json()));\napp.listen(3000);\n"
)
FILES: dict[str, str | bytes] = {
    "docker-compose.yml": COMPOSE,
    "api/Dockerfile": 'FROM python:3.11-slim\nCOPY main.py ./\nCMD ["python", "main.py"]\n',
    "api/main.py": MAIN,
    "web/Dockerfile": 'FROM node:20-alpine\nCOPY . .\nCMD ["node", "server.js"]\n',
    "web/package.json": "{}",
    "web/server.js": SERVER,
}


def test_both_halves_of_the_aicos_stack_and_back(aicos: Path, run: Run) -> None:
    before = tree(aicos)
    assert run("enable", "--code", *FAST).code == 0
    after = tree(aicos)
    created = sorted(name for name in after if name not in before and not name.startswith(".aicos-tls"))
    assert [name for name in created if name != ".gitignore"] == [
        "backend/tls.js",
        *(f"services/{name}/tls.{suffix}" for name, suffix in (
            ("ai-intelligence", "py"), ("context-service", "go"), ("integrations", "js"), ("nl-parser", "py"),
            ("pattern-recognition", "py"), ("voice-processor", "py"),
        )),
    ]  # fmt: skip
    compose = after["docker-compose.yml"].decode()
    assert compose.count("UVICORN_SSL_KEYFILE=/app/certs/") == 4
    assert "tls.listen(" in after["backend/server.js"].decode()
    assert run("enable", "--code", *FAST).code == 0
    assert tree(aicos) == after
    assert run("rollback", "-q").code == 0
    assert tree(aicos) == before


@needs("node", "gofmt")
def test_what_is_written_is_code(aicos: Path, run: Run) -> None:
    run("enable", "--code", *FAST)
    for name in tree(aicos):
        if name.endswith(".js") and name.startswith(("backend", "services")):
            subprocess.run(["node", "--check", name], check=True)
        if name.endswith(".py"):
            compile((aicos / name).read_text(), name, "exec")
    formatted = subprocess.run(["gofmt", "-l", "services"], check=True, capture_output=True, text=True)
    assert formatted.stdout == ""


def test_after_it_every_server_serves_tls(aicos: Path, run: Run) -> None:
    assert json.loads(run("enable", "--dry-run", "--format", "json").out)["not_serving_tls"]
    data = json.loads(run("enable", "--dry-run", "--code", "--format", "json").out)
    assert data["not_serving_tls"] == []
    assert len(data["code"]) == 8
    run("enable", "--code", *FAST)
    assert run("code", "status", "--exit-code").code == 0
    assert not list(aicos.glob("*.orig"))


def test_what_does_not_serve_tls_yet_is_said(aicos: Path, run: Run) -> None:
    shown = run("enable", "--no-certs")
    assert "aicos-backend, aicos-context-service, aicos-integrations do not serve HTTPS yet: the code" in shown.out
    assert "aicos-tls enable --code" in shown.out
    assert "`aicos-backend` does not serve HTTPS yet" in run("enable", "--dry-run", "--format", "markdown").out
    assert aicos.is_dir()


def test_a_later_run_keeps_the_code_and_no_code_takes_it_back(project: Project, run: Run) -> None:
    directory = project(FILES)
    run("enable", *FAST)
    plain = tree(directory)
    run("enable", "--code", *FAST)
    coded = tree(directory)
    assert "api/tls.py" in coded
    run("enable", "--mount-path", "/run/tls", *FAST)
    assert "/run/tls" in (directory / "api/tls.py").read_text()
    run("enable", *FAST)
    assert {name: data for name, data in tree(directory).items() if not name.startswith(".aicos")} == {
        name: data for name, data in coded.items() if not name.startswith(".aicos")
    }
    run("enable", "--no-code", *FAST)
    assert tree(directory) == plain


def test_the_setting_in_the_compose_file(project: Project, run: Run) -> None:
    directory = project({**FILES, "docker-compose.yml": COMPOSE + "x-aicos-tls:\n  code: true\n"})
    run("enable", *FAST)
    assert (directory / "api/tls.py").exists()


def test_one_service_of_an_enabled_project(project: Project, run: Run) -> None:
    directory = project(FILES)
    refused = run("code", "apply")
    assert refused.code == 2
    assert "TLS is not enabled here" in refused.err
    run("enable", "--mount-path", "/run/tls", *FAST)
    before = tree(directory)
    shown = run("code", "apply", "api", "--dry-run")
    assert shown.code == 0
    assert "+++ b/api/main.py" in shown.out
    assert tree(directory) == before
    assert run("code", "apply", "api").code == 0
    assert "/run/tls" in (directory / "api/tls.py").read_text()
    assert (directory / "web/server.js").read_text() == SERVER
    assert run("code", "apply").code == 0
    assert "tls.url('http://api:8001')" in (directory / "web/server.js").read_text()
    unknown = run("code", "apply", "nobody")
    assert (unknown.code, "not in scope" in unknown.err) == (2, True)
    run("rollback", "-q")
    assert {name: data for name, data in tree(directory).items() if name != ".gitignore"} == {
        name: data.encode() if isinstance(data, str) else data for name, data in FILES.items()
    }


def test_several_compose_files_are_remembered(project: Project, run: Run) -> None:
    directory = project({**FILES, "more.yml": "services:\n  web:\n    restart: always\n"})
    run("enable", "docker-compose.yml", "more.yml", *FAST)
    before = (directory / "docker-compose.yml").read_bytes()
    assert run("code", "apply", "-q").code == 0
    assert (directory / "docker-compose.yml").read_bytes() == before
    record = json.loads((directory / ".aicos-tls/record.json").read_text())
    assert record["policy"]["compose_files"] == ["docker-compose.yml", "more.yml"]


def test_the_helper_comes_into_an_image_that_copies_file_by_file(project: Project, run: Run) -> None:
    directory = project(FILES)
    run("enable", "--code", *FAST)
    assert "COPY main.py tls.py ./" in (directory / "api/Dockerfile").read_text()


def test_the_helper_goes_where_the_code_goes_under_another_name(project: Project, run: Run) -> None:
    dockerfile = 'FROM python:3.11-slim\nCOPY main.py /srv/app.py\nCMD ["python", "/srv/app.py"]\n'
    directory = project({**FILES, "api/Dockerfile": dockerfile})
    run("enable", "--code", *FAST)
    assert "COPY main.py /srv/app.py\nCOPY tls.py /srv/tls.py\n" in (directory / "api/Dockerfile").read_text()


def test_code_whose_helper_is_kept_from_the_image_is_left(project: Project, run: Run) -> None:
    directory = project({**FILES, "api/.dockerignore": "*\n!main.py\n"})
    shown = run("enable", "--code", "--no-certs")
    assert ".dockerignore keeps tls.py from the image of api" in shown.out
    assert "!tls.py" in shown.out
    assert (directory / "api/main.py").read_text() == MAIN
    assert (directory / "api/Dockerfile").read_text() == FILES["api/Dockerfile"]
    assert not (directory / "api/tls.py").exists()
    assert "api does not serve HTTPS yet" in shown.out
    assert (directory / "web/server.js").read_text() == SERVER, "a connection is switched as a whole"


def test_a_worker_of_the_same_image_shares_the_helper(project: Project, run: Run) -> None:
    compose = COMPOSE + "  worker:\n    build: ./api\n    command: python main.py --work\n"
    directory = project({**FILES, "docker-compose.yml": compose})
    shown = run("enable", "--code", "--no-certs")
    assert "Not changed" not in shown.out
    assert 'SERVICE = "api"' in (directory / "api/tls.py").read_text()
    assert "ssl_keyfile=tls." in (directory / "api/main.py").read_text()


def test_a_shared_file_waits_for_the_one_that_cannot_have_the_helper(project: Project, run: Run) -> None:
    compose = COMPOSE + "  job:\n    build: {context: ., dockerfile: job.Dockerfile}\n"
    job = 'FROM python:3.11-slim\nCOPY ["api/main.py", "/srv/x.py"]\nCMD ["python", "/srv/x.py"]\n'
    ignore = "**/tls.*\n"
    files = {**FILES, "docker-compose.yml": compose, "job.Dockerfile": job, "job.Dockerfile.dockerignore": ignore}
    directory = project(files)
    shown = run("enable", "--code", "--no-certs")
    assert "api/main.py is also in the image of job, which cannot have the helper" in shown.out
    assert "job.Dockerfile.dockerignore" in shown.out
    assert (directory / "api/main.py").read_text() == MAIN
    assert (directory / "api/Dockerfile").read_text() == FILES["api/Dockerfile"]


def test_a_file_that_two_servers_have_asks_each_itself(project: Project, run: Run) -> None:
    main = MAIN.replace("app = ", "ME = 'http://localhost:8001'\nOTHER = 'http://localhost:8002'\napp = ")
    compose = (
        COMPOSE + "  admin:\n    build: ./api\n    expose: ['8002']\n"
        "  more:\n    build: ./web\n    environment: [A=http://admin:8002]\n"
    )
    directory = project({**FILES, "docker-compose.yml": compose, "api/main.py": main})
    run("enable", "--code", *FAST)
    after = (directory / "api/main.py").read_text()
    assert after.count("//localhost:800") == 2
    assert after != main


def test_what_is_left_in_a_shared_file_is_said_once(project: Project, run: Run) -> None:
    compose = COMPOSE + "  worker:\n    build: ./api\n    command: python main.py --work\n"
    project({**FILES, "docker-compose.yml": compose, "api/main.py": MAIN + "print('http://api:8001' +\n"})
    assert run("enable", "--code", "--dry-run").out.count("does not parse") == 1


def test_a_helper_of_an_earlier_run_without_a_record_is_kept(project: Project, run: Run) -> None:
    directory = project(FILES)
    run("enable", "--code", *FAST)
    (directory / ".aicos-tls/record.json").unlink()
    before = tree(directory)
    run("enable", "--code", *FAST)
    assert {name: data for name, data in tree(directory).items() if not name.startswith(".aicos")} == {
        name: data for name, data in before.items() if not name.startswith(".aicos")
    }


def test_an_old_helper_without_a_record_is_brought_up_to_date(project: Project, run: Run) -> None:
    directory = project(FILES)
    run("enable", "--code", *FAST)
    (directory / ".aicos-tls/record.json").unlink()
    helper = directory / "api/tls.py"
    whole = helper.read_text()
    (directory / "api/main.py").write_text(MAIN)
    helper.write_text(whole + "# old\n")
    run("enable", "--code", *FAST)
    assert helper.read_text() == whole


def test_two_servers_of_one_image_are_told_apart_by_a_person(project: Project, run: Run) -> None:
    compose = (
        COMPOSE + "  admin:\n    build: ./api\n  more:\n    build: ./web\n    environment: [A=http://admin:8001]\n"
    )
    project({**FILES, "docker-compose.yml": compose})
    shown = run("enable", "--code", "--dry-run")
    assert "built from the same files: only api would find its certificate by its name" in shown.out
    assert "admin: its certificate is admin-cert.pem" in shown.out


def test_a_file_in_the_way_of_the_helper_is_never_touched(project: Project, run: Run) -> None:
    directory = project({**FILES, "web/tls.js": b"module.exports = \xff;\n"})
    shown = run("enable", "--code", "--no-certs")
    assert (directory / "web/tls.js").read_bytes() == b"module.exports = \xff;\n"
    assert "was not looked at" in shown.out
    assert (directory / "web/server.js").read_text() == SERVER
    assert "web does not serve HTTPS yet" not in shown.out


def test_a_link_out_of_the_project_is_not_written_through(project: Project, run: Run, tmp_path: Path) -> None:
    directory = project(FILES)
    outside = tmp_path / "outside.py"
    outside.write_text(MAIN)
    (directory / "api/tls.py").symlink_to(outside)
    shown = run("enable", "--code", "--no-certs")
    assert outside.read_text() == MAIN
    assert (directory / "api/main.py").read_text() == MAIN
    assert "lies outside of the project" in shown.out


def test_line_ends_and_marks_stay(project: Project, run: Run) -> None:
    windows = b"\xef\xbb\xbf" + SERVER.replace("\n", "\r\n").encode()
    directory = project({**FILES, "web/server.js": windows})
    run("enable", "--code", *FAST)
    after = (directory / "web/server.js").read_bytes()
    assert after.startswith(b"\xef\xbb\xbf")
    assert after.count(b"\n") == after.count(b"\r\n")
    assert b"tls.url('http://api:8001')" in after


def test_later_edits_of_a_source_survive_rollback(project: Project, run: Run) -> None:
    directory = project(FILES)
    run("enable", "--code", *FAST)
    server = directory / "web/server.js"
    server.write_text(server.read_text() + "// later\n")
    assert run("rollback", "-q").code == 0
    assert server.read_text() == SERVER + "// later\n"


def test_the_override_form_holds_the_settings(project: Project, run: Run) -> None:
    files = {**FILES, "api/Dockerfile": "FROM python:3.11-slim\nCOPY . .\nCMD uvicorn main:app --port 8001\n"}
    directory = project(files)
    run("enable", "--code", "--override", *FAST)
    assert (directory / "docker-compose.yml").read_text() == COMPOSE
    assert "UVICORN_SSL_KEYFILE" in (directory / "docker-compose.tls.yml").read_text()
    assert (directory / "api/tls.py").exists()
    assert "settings of its server program do it already" in run("code", "status", "api").out


def test_templates_of_ones_own(project: Project, run: Run) -> None:
    directory = project({**FILES, "mine/python/tls.py.j2": '"""For {{ short_name }}."""\n'})
    run("enable", "--code", "--templates", "mine", *FAST)
    assert (directory / "api/tls.py").read_text() == '"""For api."""\n'


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("uvicorn main:app", "UVICORN_SSL_KEYFILE=/app/certs/api-key.pem"),
        ("gunicorn main:app", "GUNICORN_CMD_ARGS=--certfile=/app/certs/api-cert.pem --keyfile=/app/certs/api-key.pem"),
        ("granian main:app", "GRANIAN_SSL_CERTIFICATE=/app/certs/api-cert.pem"),
        ("flask --app main run", "FLASK_RUN_CERT=/app/certs/api-cert.pem"),
    ],
)
def test_servers_that_read_settings_get_them(project: Project, run: Run, command: str, words: str) -> None:
    directory = project({**FILES, "api/Dockerfile": f"FROM python:3.11-slim\nCOPY . .\nCMD {command}\n"})
    run("enable", "--code", *FAST)
    assert words in (directory / "docker-compose.yml").read_text()


def test_options_that_gunicorn_has_already_stay(project: Project, run: Run) -> None:
    files = {
        **FILES,
        "api/Dockerfile": "FROM python:3.11-slim\nENV GUNICORN_CMD_ARGS='-w 3'\nCOPY . .\nCMD gunicorn main:app\n",
    }
    directory = project(files)
    run("enable", "--code", *FAST)
    assert "GUNICORN_CMD_ARGS=-w 3 --certfile=" in (directory / "docker-compose.yml").read_text()


def test_a_service_brings_those_that_share_its_changed_files(project: Project, run: Run) -> None:
    compose = COMPOSE + "  worker:\n    build: ./api\n    command: python main.py --work\n"
    project({**FILES, "docker-compose.yml": compose})
    run("enable", *FAST)
    data = json.loads(run("code", "apply", "worker", "--dry-run", "--format", "json").out)
    assert data["code"] == ["api", "worker"]


def test_a_tree_too_large_is_said(project: Project, run: Run) -> None:
    project({**FILES, "web/huge.js": "//" + "x" * 1_100_000})
    shown = run("enable", "--code", "--dry-run")
    assert "not looked at: larger than" in shown.out


@pytest.mark.parametrize("context", ["./nowhere", "https://example.com/api.git#main", "../outside"])
def test_contexts_that_cannot_be_read_are_said(project: Project, run: Run, context: str) -> None:
    project({**FILES, "docker-compose.yml": COMPOSE.replace("./api", context)})
    shown = run("enable", "--code", "--no-certs")
    assert shown.code == 0
    assert "api does not serve HTTPS yet" in shown.out


def test_a_server_that_cannot_be_written_stays_plain_with_its_clients(project: Project, run: Run) -> None:
    directory = project(FILES)
    (directory / "api/main.py").chmod(0o444)
    dry = run("enable", "--code", "--no-certs", "--dry-run")
    done = run("enable", "--code", "--no-certs")
    for shown in (dry, done):
        assert shown.code == 0
        assert "api/main.py is read-only" in shown.out
    assert (directory / "api/main.py").read_text() == MAIN
    assert (directory / "api/Dockerfile").read_text() == FILES["api/Dockerfile"]
    assert not (directory / "api/tls.py").exists()
    assert (directory / "web/server.js").read_text() == SERVER


def test_a_server_stays_plain_where_the_configuration_before_it_is_read_only(project: Project, run: Run) -> None:
    conf = "server {\n    listen 80;\n    location / { proxy_pass http://api:8001; }\n}\n"
    dockerfile = "FROM nginx:alpine\nCOPY site.conf /etc/nginx/conf.d/default.conf\n"
    directory = project({**FILES, "web/Dockerfile": dockerfile, "web/site.conf": conf})
    (directory / "web/site.conf").chmod(0o444)
    shown = run("enable", "--code", "--no-certs")
    assert shown.code == 0
    assert "site.conf is read-only" in shown.out
    assert (directory / "web/site.conf").read_text() == conf
    assert not (directory / "api/tls.py").exists(), "its only client goes on asking in plain"


def test_a_dry_run_refuses_what_the_run_would(project: Project, run: Run) -> None:
    directory = project(FILES)
    (directory / "docker-compose.yml").chmod(0o444)
    answers = {
        (shown.code, shown.err) for shown in (run("enable", "--no-certs", "--dry-run"), run("enable", "--no-certs"))
    }
    assert len(answers) == 1
    assert next(iter(answers))[0] == 2


def test_nginx_that_was_changed_is_not_told_that_nothing_is_understood(project: Project, run: Run) -> None:
    conf = "server {\n    listen 80;\n    location / { proxy_pass http://api:8001; }\n}\n"
    dockerfile = "FROM nginx:alpine\nCOPY site.conf.template /etc/nginx/templates/default.conf.template\n"
    compose = COMPOSE.replace("build: ./web\n", "build: ./web\n    expose: ['80']\n") + (
        "  asker:\n    build: ./api\n    command: python main.py\n    environment: [WEB=http://web:80]\n"
    )
    project({**FILES, "docker-compose.yml": compose, "web/Dockerfile": dockerfile, "web/site.conf.template": conf})
    shown = run("enable", "--code", "--no-certs")
    assert "understood" not in shown.out
    assert "web does not serve HTTPS" not in shown.out
