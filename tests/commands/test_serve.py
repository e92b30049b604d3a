"""`enable --serve`: servers speak TLS without a change of their code, in the one plan, record and rollback."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest
from support import tree

if TYPE_CHECKING:
    from support import Project, Ran, Run

FAST = ("--no-certs", "-q")
COMPOSE = """\
services:
  web:
    build: ./web
    environment:
      - API_URL=http://api:8001
      - BOX_URL=http://box:9000
  api:
    build: ./api
  box:
    build: ./box
    healthcheck: {test: "curl -f http://localhost:9000/"}
"""
FILES: dict[str, str | bytes] = {
    "docker-compose.yml": COMPOSE,
    "web/Dockerfile": "FROM nginx:alpine\nCOPY site.conf /etc/nginx/conf.d/default.conf\n",
    "web/site.conf": "server {\n    listen 80;\n    location / {\n        proxy_pass http://api:8001;\n    }\n}\n",
    "api/Dockerfile": (
        'FROM node:20-alpine\nENV NODE_OPTIONS="--max-old-space-size=300"\nCOPY . .\nCMD ["node", "a.js"]\n'
    ),
    "api/a.js": "require('http').createServer((q, r) => r.end('a')).listen(8001);\n",
    "box/Dockerfile": 'FROM scratch\nCOPY box /box\nCMD ["/box"]\n',
}


def data(run: Run, *options: str) -> dict[str, Any]:
    done = run("enable", "--dry-run", "--no-certs", "--format", "json", *options)
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def ways(found: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    return {each["service"]: (each["how"], each["next_best"]) for each in found["serving"]}


def test_auto_and_back(project: Project, run: Run) -> None:
    directory = project(FILES)
    before = tree(directory)
    assert run("enable", "--serve", "auto", *FAST).code == 0
    after = tree(directory)
    changed = sorted(name for name in after if before.get(name) != after[name] and not name.startswith(".aicos-tls"))
    assert changed == [
        "certs/.gitignore",
        "certs/runtime/nginx/web/site.conf",
        "certs/runtime/node/preload.cjs",
        "certs/runtime/sidecar/Dockerfile",
        "certs/runtime/sidecar/box.cfg",
        "certs/runtime/sidecar/healthy.sh",
        "certs/runtime/sidecar/redirect.sh",
        "certs/runtime/sidecar/serve.sh",
        "docker-compose.yml",
    ]
    compose = after["docker-compose.yml"].decode()
    assert "- NODE_OPTIONS=--max-old-space-size=300 --require /app/certs/runtime/node/preload.cjs\n" in compose
    assert "./certs/runtime/nginx/web/site.conf:/etc/nginx/conf.d/default.conf:ro" in compose
    assert "http://localhost:9000/" in compose
    assert "  box-tls:\n" in compose
    assert b"proxy_pass https://api:8001;" in after["certs/runtime/nginx/web/site.conf"]
    assert b"server application *:9000" in after["certs/runtime/sidecar/box.cfg"]
    again = run("enable", "--no-certs")
    assert "everything is there already" in again.out
    assert tree(directory) == after
    assert run("rollback").code == 0
    assert tree(directory) == before
    assert not (directory / "certs").exists()


def test_what_was_chosen_is_said_with_the_next_best(project: Project, run: Run) -> None:
    project(FILES)
    assert ways(data(run, "--serve", "auto")) == {"api": ("preload", "sidecar"), "box": ("sidecar", None)}
    shown = run("enable", "--dry-run", "--no-certs", "--serve", "auto", "--verbose").out
    assert "How each serves TLS\n  api  preload on 8001: Node: " in shown
    assert "next best: sidecar" in shown
    assert "certs/runtime/node/preload.cjs  203 lines\n" in shown
    assert "+++ b/certs/runtime/nginx/web/site.conf\n" in shown
    assert "+++ b/certs/runtime/node" not in shown
    assert "+++ b/certs/runtime/node" in run("enable", "--dry-run", "--serve", "auto", "--format", "diff").out
    assert "  box  certificates, 3 variables, a sidecar\n" in shown
    assert "not code: its code does not serve TLS yet" in shown
    marked = run("enable", "--dry-run", "--no-certs", "--serve", "auto", "--format", "markdown").out
    assert "| `api` | preload | 8001 |" in marked


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--serve", "sidecar"), {"api": "sidecar", "box": "sidecar"}),
        (("--serve", "api=sidecar"), {"api": "sidecar"}),
        (("--serve", "auto", "--serve", "box=none"), {"api": "preload", "box": "none"}),
        (("--serve", "env"), {"api": "none", "box": "none"}),
        (("--serve", "code"), {}),
        ((), {}),
    ],
)
def test_ways_that_are_asked_for(
    project: Project, run: Run, options: tuple[str, ...], expected: dict[str, str]
) -> None:
    project(FILES)
    found = data(run, *options)
    assert {service: how for service, (how, _) in ways(found).items()} == expected
    gaps = {gap["service"] for gap in found["not_serving_tls"]}
    assert gaps == {name for name in ("api", "box") if expected.get(name, "none") == "none"}


def test_the_way_of_a_service_in_the_compose_file(project: Project, run: Run) -> None:
    block = "    x-aicos-tls: {serve: sidecar, port: 9100}\n"
    project({**FILES, "docker-compose.yml": COMPOSE.replace("  box:\n", f"  box:\n{block}")})
    found = data(run)
    assert ways(found) == {"box": ("sidecar", None)}
    assert found["serving"][0]["ports"] == [9100]


def test_a_port_that_nobody_knows_is_asked_for(project: Project, run: Run) -> None:
    lone = "services:\n  box:\n    build: ./box\n    healthcheck: {test: 'curl http://localhost:$$P/'}\n"
    project({**FILES, "docker-compose.yml": lone})
    found = data(run, "--serve", "auto", "--all")
    assert [gap["reason"] for gap in found["not_serving_tls"]] == [
        "nothing says on which port it listens: x-aicos-tls: {serve: sidecar, port: N} in the service"
    ]
    assert "box-tls" not in found["files"][0]["diff"]


def test_a_later_run_keeps_it_and_another_way_takes_its_place(project: Project, run: Run) -> None:
    directory = project(FILES)
    run("enable", "--serve", "auto", *FAST)
    run("enable", "--only", "web", "--only", "api", *FAST)
    assert "preload.cjs" in (directory / "docker-compose.yml").read_text()
    assert not (directory / "certs/runtime/sidecar").exists()
    run("enable", "--serve", "sidecar", *FAST)
    compose = (directory / "docker-compose.yml").read_text()
    assert "preload.cjs" not in compose
    assert "network_mode: service:api-tls" in compose
    assert not (directory / "certs/runtime/node").exists()
    run("enable", "--serve", "code", *FAST)
    assert not (directory / "certs").exists()


def test_each_sidecar_is_built_so_that_none_is_pulled(project: Project, run: Run) -> None:
    directory = project(FILES)
    run("enable", "--serve", "sidecar", *FAST)
    compose = (directory / "docker-compose.yml").read_text()
    assert compose.count("build: ./certs/runtime/sidecar\n") == compose.count("sidecar-of:")
    assert "image: aicos" not in compose
    run("enable", "--serve", "sidecar", "--sidecar-image", "registry.example/tls:2", *FAST)
    compose = (directory / "docker-compose.yml").read_text()
    assert "runtime/sidecar\n" not in compose
    assert compose.count("image: registry.example/tls:2") == compose.count("sidecar-of:")


def test_the_override_form(project: Project, run: Run) -> None:
    directory = project(FILES)
    assert run("enable", "--serve", "auto", "--override", *FAST).code == 0
    assert (directory / "docker-compose.yml").read_text() == COMPOSE
    written = (directory / "docker-compose.tls.yml").read_text()
    assert "box-tls:" in written
    assert "./certs/runtime/nginx/web/site.conf:/etc/nginx/conf.d/default.conf:ro" in written
    assert run("rollback").code == 0
    assert tree(directory) == {name: text.encode() if isinstance(text, str) else text for name, text in FILES.items()}


def test_the_override_form_of_an_included_file(project: Project, run: Run) -> None:
    files = {**FILES, "docker-compose.yml": "include: [sub/more.yml]\nservices: {web: {build: ./web}}\n"}
    files["sub/more.yml"] = "services:\n  box: {build: ../box, healthcheck: {test: curl http://localhost:9000/}}\n"
    directory = project(files)
    assert run("enable", "--serve", "auto", "--override", "--all", *FAST).code == 0
    written = (directory / "docker-compose.tls.yml").read_text()
    assert "./certs:/app/certs:ro" in written
    assert "../certs" not in written
    assert run("enable", "--serve", "auto", "--no-override", *FAST).code in (0, 2)


def test_both_the_code_and_the_rest(project: Project, run: Run) -> None:
    project(FILES)
    found = data(run, "--code", "--serve", "auto")
    assert ways(found) == {"api": ("code", "preload"), "box": ("sidecar", None)}
    assert not [file for file in found["files"] if "preload" in file["path"]]


def refused(run: Run, *options: str) -> Ran:
    done = run("enable", "--serve", "auto", "--no-certs", *options)
    assert done.code == 2
    assert done.out == ""
    return done


def test_what_is_in_the_way_is_left_alone(project: Project, run: Run) -> None:
    directory = project({**FILES, "certs/runtime/node/preload.cjs": "// mine\n"})
    before = tree(directory)
    assert "certs/runtime/node/preload.cjs: this file is in the way" in refused(run).err
    assert tree(directory) == before


def test_a_certificates_directory_outside_of_the_project(project: Project, run: Run) -> None:
    project(FILES)
    assert "could not be taken back" in refused(run, "--certs-dir", "../certs").err


def test_clients_that_cannot_be_told_are_named(project: Project, run: Run) -> None:
    files = dict(FILES)
    files["web/Dockerfile"] = 'FROM ruby:3.3\nCMD ["ruby", "a.rb"]\n'
    del files["web/site.conf"]
    project(files)
    notes = [note["text"] for note in data(run, "--serve", "auto")["notes"] if note["service"] == "web"]
    (told,) = [text for text in notes if text.startswith("its clients (Ruby) must be told to trust /app/certs/ca-cert")]
    assert "update-ca-certificates" in told


def test_a_service_that_asks_itself_is_still_answered(project: Project, run: Run) -> None:
    files = dict(FILES)
    files["api/Dockerfile"] = 'FROM python:3.11-slim\nCOPY main.py ./\nCMD ["uvicorn", "main:app", "--port", "8001"]\n'
    files["api/main.py"] = "import httpx\nhttpx.get('http://localhost:8001/x')\n"
    project(files)
    (api, _) = data(run, "--serve", "auto")["serving"]
    assert (api["how"], api["declined"][1]["how"]) == ("preload", "env")
    assert "asks itself over plain HTTP" in api["declined"][1]["reason"]


def test_a_healthcheck_that_cannot_ask_over_tls_stays(project: Project, run: Run) -> None:
    check = 'healthcheck: {test: "curl http://localhost:8001/ | grep -q ok && my-own http://localhost:8001"}'
    project({**FILES, "docker-compose.yml": COMPOSE.replace("build: ./api\n", f"build: ./api\n    {check}\n")})
    found = data(run, "--serve", "auto")
    assert ways(found)["api"] == ("preload", "sidecar")
    (compose,) = [file["diff"] for file in found["files"] if file["path"] == "docker-compose.yml"]
    assert "-    healthcheck" not in compose
    assert not [each for each in found["declined"] if each["service"] == "api"]


def test_the_variables_of_an_env_file_are_merged(project: Project, run: Run) -> None:
    compose = COMPOSE.replace("build: ./api\n", "build: ./api\n    env_file: api.env\n")
    directory = project({**FILES, "docker-compose.yml": compose, "api.env": "NODE_OPTIONS=--inspect\n"})
    run("enable", "--serve", "auto", *FAST)
    written = (directory / "docker-compose.yml").read_text()
    assert "- NODE_OPTIONS=--inspect --require /app/certs/runtime/node/preload.cjs\n" in written


def test_the_rules_of_it_have_a_page(run: Run) -> None:
    for rule in ("sidecar", "command"):
        assert "--serve" in run("explain", rule).out


@pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="owners of files count on Linux; only root sets"
)
@pytest.mark.parametrize(
    ("user", "options", "expected"),
    [
        ("", (), "preload"),
        ("USER node\n", (), "sidecar"),
        ("USER node\n", ("--serve", "api=preload"), "preload"),
        ("USER 0\n", (), "preload"),
    ],
)
def test_a_user_that_cannot_read_the_key_gets_a_sidecar(
    project: Project, run: Run, user: str, options: tuple[str, ...], expected: str
) -> None:
    directory = project({**FILES, "api/Dockerfile": f"{FILES['api/Dockerfile']!s}{user}"})
    (directory / "certs").mkdir()
    (directory / "certs/api-key.pem").touch(0o600)
    os.chown(directory / "certs/api-key.pem", 0, 0)
    api = next(each for each in data(run, "--serve", "auto", *options)["serving"] if each["service"] == "api")
    assert api["how"] == expected
    reasons = [each["reason"] for each in api["declined"] if each["how"] == "preload"]
    assert [("cannot read the key" in reason) for reason in reasons] == ([True] if expected == "sidecar" else [])


def test_a_way_that_was_asked_for_by_name_is_obeyed_whoever_asks_the_service(project: Project, run: Run) -> None:
    block = "    x-aicos-tls: {serve: sidecar, port: 6379, mode: tcp}\n"
    directory = project(f"services:\n  cache:\n{block}    image: redis:7\n  api: {{image: nginx}}\n")
    assert run("enable", "--include", "cache", "--serve", "api=sidecar", *FAST).code == 0
    compose = (directory / "docker-compose.yml").read_text()
    assert "network_mode: service:cache-tls" in compose
    assert "service:api-tls" not in compose  # out of scope: that is said elsewhere
    config = (directory / "certs/runtime/sidecar/cache.cfg").read_text()
    assert "mode tcp" in config
    assert "http" not in config
    assert "bind *:16379 ssl crt /run/tls/server.pem\n" in config


CALLS = "const a = process.env.BOX_URL || 'http://box:9000';\nfetch('http://box:9000/x');\nfetch('http://api:8001');\n"


def test_code_that_still_asks_in_plain_is_named(project: Project, run: Run) -> None:
    compose = COMPOSE.replace("build: ./api\n", "build: ./api\n    environment: {BOX_URL: 'http://box:9000'}\n")
    files = {**FILES, "docker-compose.yml": compose, "api/a.js": f"{CALLS}{FILES['api/a.js']!s}"}
    directory = project(files)
    asked = [c for c in data(run, "--serve", "auto")["connections"] if c["server"] == "box"]
    assert {c["state"] for c in asked} == {"plain"}, "one of its clients cannot follow, so it is not switched"
    assert "api goes on asking http://box:9000 in plain (api/a.js:2)" in asked[0]["reason"]
    assert run("enable", "--serve", "auto", "--key-type", "p256", "-q").code == 0
    found = json.loads(run("doctor", "--format", "json").out)["findings"]
    assert [each for each in found if each["check"] == "http-url"] == []
    assert run("rollback", "--certs").code == 0
    assert "api/a.js" in tree(directory)


@pytest.mark.usefixtures("aicos")
def test_doctor_finds_no_fault_of_its_own_making(run: Run) -> None:
    for way in ("auto", "sidecar"):
        assert run("enable", "--serve", way, "--repair", "--key-type", "p256", "-q").code == 0
        found = json.loads(run("doctor", "--format", "json").out)["findings"]
        assert [each for each in found if each["severity"] == "fault"] == []


def test_doctor_says_nothing_of_what_the_run_itself_wrote(project: Project, run: Run) -> None:
    """Certificates are mounted in every service, so their directory was taken for code of each; this is no git tree."""
    user = 'FROM node:20-alpine\nUSER node\nCOPY . .\nCMD ["node", "a.js"]\n'
    project({**FILES, "api/Dockerfile": user})
    assert run("enable", "--serve", "auto", "--serve", "api=sidecar", "--key-type", "p256", "-q").code == 0
    report = json.loads(run("doctor", "--format", "json").out)
    told = [finding for finding in report["findings"] if finding["severity"] == "fault"]
    assert [finding["check"] for finding in told] == ["healthcheck-program"]  # box: no shell in its image
    assert "certs/runtime" not in run("code", "status", "--format", "json").out
