"""The verdict: which connections are known, what becomes of each, and what a person may demand of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support import tree

if TYPE_CHECKING:
    from support import Project, Run

NODE = "FROM node:20-alpine\nWORKDIR /app\nCOPY . .\nCMD node server.js\n"
SERVER = "require('http').createServer((q, r) => r.end()).listen(8001);\n"
CLIENT = "fetch(process.env.API_URL);\n"
COMPOSE = """\
services:
  web:
    build: ./web
    environment: {API_URL: "http://api:8001", DATABASE_URL: "postgres://u:s3cret@db/x"}
    ports: ["8080:3000"]
  api:
    build: ./api
  db:
    image: postgres:16
"""
FILES: dict[str, str | bytes] = {
    "docker-compose.yml": COMPOSE,
    "web/Dockerfile": NODE,
    "web/server.js": CLIENT,
    "api/Dockerfile": NODE,
    "api/server.js": SERVER,
}


def data(run: Run, *options: str) -> dict[str, Any]:
    done = run("enable", "--dry-run", "--format", "json", *options)
    found: dict[str, Any] = json.loads(done.out)
    return found


def states(found: dict[str, Any]) -> dict[str, str]:
    return {
        f"{c['client']} -> {c['server']}:{c['port']}": f"{c['protocol']} {c['state']}" for c in found["connections"]
    }


def written(*compose: str) -> dict[str, str | bytes]:
    return {**FILES, "docker-compose.yml": "".join(compose)}


@pytest.mark.parametrize(
    ("options", "state", "way"),
    [((), "plain", None), (("--serve", "auto"), "encrypted", "preload"), (("--code",), "encrypted", "code")],
)
def test_a_connection_and_its_way(
    project: Project, run: Run, options: tuple[str, ...], state: str, way: str | None
) -> None:
    project(FILES)
    found = data(run, *options)
    assert states(found) == {
        "web -> api:8001": f"http {state}",
        "web -> db:5432": "postgres plain",
        "(published) -> web:3000": "unknown plain",
    }
    first = found["connections"][0]
    assert (first["way"], first["waits_for_server"]) == (way, way is None)
    assert first["evidence"] == [
        {
            "kind": "compose",
            "where": "docker-compose.yml:4",
            "text": "http://api:8001",
            "strength": "stated",
            "seen": None,
        }
    ]
    assert "s3cret" not in json.dumps(found["connections"])


OTHERS = {
    "a command": "  cron:\n    image: curlimages/curl\n    command: curl http://api:8001/tick\n",
    "a hook": "  cron:\n    image: alpine\n    post_start: [{command: [wget, 'http://api:8001/']}]\n",
}


@pytest.mark.parametrize("kind", ["a hook"])
@pytest.mark.parametrize("option", [("--serve", "auto"), ("--code",)])
def test_a_server_stays_plain_while_a_client_cannot_follow(
    project: Project, run: Run, kind: str, option: tuple[str, ...]
) -> None:
    directory = project(written(COMPOSE, OTHERS[kind]))
    before = tree(directory)
    found = data(run, *option)
    assert states(found)["web -> api:8001"] == "http plain"
    assert states(found)["cron -> api:8001"] == "http plain"
    (gap,) = found["not_serving_tls"]
    assert (gap["service"], "cron goes on asking http://api:8001 in plain" in gap["reason"]) == ("api", True)
    assert run("enable", *option).code == 0
    assert tree(directory) == before, "nothing would be encrypted, so nothing is written"


def test_what_is_asked_for_by_name_is_obeyed(project: Project, run: Run) -> None:
    project(written(COMPOSE, OTHERS["a hook"]))
    found = states(data(run, "--serve", "api=sidecar"))
    assert found["web -> api:8001"] == "http encrypted"
    assert found["cron -> api:8001"] == "http plain"


def test_what_waits_for_a_service_may_ask_it(project: Project, run: Run) -> None:
    lone = "services:\n  job: {build: ./web, depends_on: [api, done]}\n  api: {build: ./api, expose: [8001]}\n"
    lone += "  done: {build: ./api, expose: [9]}\n  next: {build: ./web, depends_on: {done: {condition: CONDITION}}}\n"
    project(written(lone.replace("CONDITION", "service_completed_successfully")))
    found = data(run)["connections"]
    assert [(c["client"], c["server"], c["evidence"][0]["strength"]) for c in found] == [
        ("job", "api", "likely"),
        ("job", "done", "likely"),
    ]


@pytest.mark.parametrize(
    ("environment", "shown"),
    [
        ('{A: "api:8001"}', ["web -> api:8001"]),
        ("{API_HOST: api, API_PORT: 8001}", ["web -> api:8001"]),
        ("{API_HOST: api, API_PORT: 8001, API_SCHEME: https}", ["web -> api:8001"]),
        ('{AT: "http://api"}', ["web -> api:80"]),
        ('{AT: "https://api"}', ["web -> api:443"]),
        ('{VITE_AT: "http://api:8001"}', []),
        ('{CORS_ORIGIN: "http://api:8001"}', []),
        ('{AT: "http://web:1"}', []),
        ('{BROKERS: "mq1:9092,mq2:9092"}', ["web -> mq1:9092", "web -> mq2:9092"]),
        ('{AT: "http://${WHERE}:1"}', []),
        ('{AT: "redis://${WHERE:-mq1}/0"}', ["web -> mq1:6379"]),
    ],
)
def test_evidence_of_the_compose_file(project: Project, run: Run, environment: str, shown: list[str]) -> None:
    compose = f"services:\n  web:\n    build: ./web\n    environment: {environment}\n  api: {{build: ./api}}\n"
    project(written(compose, "  mq1: {image: x/kafka}\n  mq2: {image: x/kafka}\n"))
    assert list(states(data(run))) == shown


def test_a_host_that_is_not_reached_is_none(project: Project, run: Run) -> None:
    compose = "services:\n  web: {build: ./web, networks: [a], environment: {AT: 'http://api:1'}}\n"
    project(written(compose, "  api: {build: ./api, networks: [b]}\nnetworks: {a: {}, b: {}}\n"))
    assert states(data(run)) == {}


def test_hosts_outside_are_listed_apart(project: Project, run: Run) -> None:
    project(written("services:\n  web: {build: ./web, environment: {AT: 'http://example.org/x'}}\n"))
    found = data(run)
    assert [(c["server"], c["state"]) for c in found["connections"]] == [("example.org", "outside")]
    assert found["summary"]["connections"] == 0
    assert "example.org" in run("enable", "--dry-run", "--verbose").out


class TestDemands:
    """`--strict`, `--require` and the same in the compose file."""

    @pytest.mark.parametrize(
        ("options", "code"),
        [
            (("--strict",), 1),
            (("--require", "web -> api"), 0),
            (("--require", " web->api:8001 "), 0),
            (("--require", "web -> api:1"), 1),
            (("--require", "web -> db"), 1),
            (("--require", "(published) -> web"), 1),
            (("--require", "(published) -> web", "--published", "tls"), 0),
        ],
    )
    def test_of_the_command_line(self, project: Project, run: Run, options: tuple[str, ...], code: int) -> None:
        files = {**FILES, "web/server.js": CLIENT + SERVER.replace("8001", "3000")}
        directory = project(files)
        before = tree(directory)
        done = run("enable", "--serve", "auto", "--key-type", "p256", *options)
        assert done.code == code
        assert (tree(directory) == before) is (code == 1)
        assert ("nothing was written" in done.err) is (code == 1)

    def test_of_the_compose_file(self, project: Project, run: Run) -> None:
        project(written(COMPOSE, "x-aicos-tls: {require: ['web -> db']}\n"))
        done = run("enable", "--dry-run", "--serve", "auto")
        assert done.code == 1
        assert "--require 'web -> db': it stays plain: db speaks postgres, which is left alone" in done.err

    @pytest.mark.parametrize("text", ["web", "web -> nobody", "nobody -> web", "-> web", "web -> api:x", "a\x1b -> b"])
    def test_that_make_no_sense(self, project: Project, run: Run, text: str) -> None:
        project(FILES)
        done = run("enable", "--require", text)
        assert (done.code, done.out) == (2, "")
        assert "\x1b" not in done.err

    def test_all_is_well(self, project: Project, run: Run) -> None:
        compose = "services:\n  web: {build: ./web, environment: {API_URL: 'http://api:8001'}}\n  api: {build: ./api}\n"
        project(written(compose))
        assert run("enable", "--dry-run", "--strict", "--serve", "auto").code == 0


class TestNothing:
    """Where no connection would be encrypted."""

    LONE = "services:\n  api:\n    build: ./api\n    ports: ['8001:8001']\n"

    @pytest.mark.parametrize("options", [(), ("--code",), ("--serve", "auto"), ("--override",)])
    def test_nothing_is_written_and_it_is_said(self, project: Project, run: Run, options: tuple[str, ...]) -> None:
        directory = project(written(self.LONE))
        before = tree(directory)
        done = run("enable", *options)
        assert (done.code, tree(directory) == before) == (0, True)
        assert done.out.splitlines()[0] == "docker-compose.yml: 1 connection: 0 encrypted, 1 stays plain"
        assert done.out.splitlines()[1].startswith("nothing would be encrypted, and nothing is written: try --serve")
        assert "TLS enabled" not in done.out

    @pytest.mark.parametrize(
        "options", [("--all",), ("--include", "api"), ("--published", "tls"), ("--serve", "api=sidecar")]
    )
    def test_whoever_asks_for_it_is_obeyed(self, project: Project, run: Run, options: tuple[str, ...]) -> None:
        directory = project(written(self.LONE))
        before = tree(directory)
        assert run("enable", "--key-type", "p256", *options).code == 0
        assert tree(directory) != before
        assert run("rollback", "--certs").code == 0
        assert tree(directory) == before
