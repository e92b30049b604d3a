"""What the compose files get for a way to serve TLS: merged variables, mounts, options, sidecars."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.plan.policy import resolve
from aicos_tls.planner import plan
from aicos_tls.serving.model import Bind, Merge, Needs, Setting, Sidecar, Wanted, Words

if TYPE_CHECKING:
    from support import Project as MakeProject

    from aicos_tls.plan.model import Plan

OPTIONS = Setting("NODE_OPTIONS", "--require /p.cjs", Merge.WORDS)
PATH = Setting("PYTHONPATH", "/runtime", Merge.PATHS)
CA = Setting("NODE_EXTRA_CA_CERTS", "/app/certs/ca-cert.pem", Merge.BUNDLE)
BELOW = Setting("NODE_OPTIONS", "--require /p.cjs", Merge.WORDS, "--inspect")


def planned(project: MakeProject, text: str, needs: Needs, *sidecars: Sidecar, **more: str) -> Plan:
    project({"docker-compose.yml": text, **more})
    loaded = load([Path("docker-compose.yml")])
    return plan(loaded, resolve(loaded, {}), None, Wanted({"api": needs}, sidecars))


def after(found: Plan) -> str:
    return found.files[0].after.decode()


def service(*lines: str) -> str:
    return "services:\n  api:\n    build: .\n" + "".join(f"    {line}\n" for line in lines)


def env(*lines: str) -> str:
    return service("environment:", *(f"  {line}" for line in lines))


@pytest.mark.parametrize(
    ("lines", "setting", "expected"),
    [
        ((), OPTIONS, "- NODE_OPTIONS=--require /p.cjs"),
        ((), BELOW, "- NODE_OPTIONS=--inspect --require /p.cjs"),
        (("- NODE_OPTIONS=--inspect",), OPTIONS, "- NODE_OPTIONS=--inspect --require /p.cjs"),
        (("- NODE_OPTIONS=--inspect",), BELOW, "- NODE_OPTIONS=--inspect --require /p.cjs"),
        (("- 'NODE_OPTIONS=--a'",), OPTIONS, "- 'NODE_OPTIONS=--a --require /p.cjs'"),
        (("NODE_OPTIONS: --inspect",), OPTIONS, "NODE_OPTIONS: --inspect --require /p.cjs"),
        (('NODE_OPTIONS: "--inspect"',), OPTIONS, 'NODE_OPTIONS: "--inspect --require /p.cjs"'),
        (("- NODE_OPTIONS=${OPTS:-}",), OPTIONS, "- NODE_OPTIONS=${OPTS:-} --require /p.cjs"),
        (("- NODE_OPTIONS=--a --require /p.cjs",), OPTIONS, "- NODE_OPTIONS=--a --require /p.cjs\n"),
        (("- PYTHONPATH=/app",), PATH, "- PYTHONPATH=/runtime:/app"),
        (("- PYTHONPATH=/app:/runtime",), PATH, "- PYTHONPATH=/app:/runtime\n"),
        (("- NODE_EXTRA_CA_CERTS=/corp.pem",), CA, "- NODE_EXTRA_CA_CERTS=/corp.pem\n"),
        ((), CA, "- NODE_EXTRA_CA_CERTS=/app/certs/ca-cert.pem"),
    ],
)
def test_a_variable_that_is_there_is_merged_and_never_lost(
    project: MakeProject, lines: tuple[str, ...], setting: Setting, expected: str
) -> None:
    found = planned(project, env(*lines) if lines else service(), Needs((setting,)))
    assert expected in after(found)
    assert found.declined == []


@pytest.mark.parametrize(
    ("line", "setting", "expected"),
    [
        ("- GF_SERVER_PROTOCOL=http", Setting("GF_SERVER_PROTOCOL", "https"), "- GF_SERVER_PROTOCOL=https\n"),
        ("- ENABLE_TLS=off", Setting("ENABLE_TLS", "true"), "- ENABLE_TLS=true\n"),
        ("- ASPNETCORE_URLS=http://+:80", Setting("ASPNETCORE_URLS", "https://+:80"), "- ASPNETCORE_URLS=https://+:80"),
        ("- ARGS=--workers 2", Setting("ARGS", "--workers 2 --certfile /a"), "- ARGS=--workers 2 --certfile /a\n"),
    ],
)
def test_the_plain_form_of_a_server_program_gives_way(
    project: MakeProject, line: str, setting: Setting, expected: str
) -> None:
    found = planned(project, env(line), Needs((setting,)))
    assert expected in after(found)
    assert found.declined == []


@pytest.mark.parametrize(
    ("line", "setting"),
    [
        ("- GF_SERVER_CERT_FILE=/own.pem", Setting("GF_SERVER_CERT_FILE", "/app/certs/api-cert.pem")),
        ("- KC_HTTPS_PORT=8443", Setting("KC_HTTPS_PORT", "8080")),
        ("- TLS_PORTS=9", Setting("TLS_PORTS", "8001")),
        ("- TLS_PLAIN_LOOPBACK=no", Setting("TLS_PLAIN_LOOPBACK", "true")),
    ],
)
def test_what_is_the_applications_own_is_declined_with_its_line(
    project: MakeProject, line: str, setting: Setting
) -> None:
    found = planned(project, env(line), Needs((setting,)))
    name, value = line.removeprefix("- ").split("=")
    assert f"      {line}\n" in after(found)
    assert [(each.where.line, each.reason.partition(":")[0]) for each in found.declined] == [
        (5, f"{name} is {value} here, not {setting.value}")
    ]


def test_node_may_verify_where_it_is_told_of_the_ca(project: MakeProject) -> None:
    found = planned(project, env("- NODE_TLS_REJECT_UNAUTHORIZED=1"), Needs((CA,)))
    assert found.declined == []
    assert "- NODE_TLS_REJECT_UNAUTHORIZED=1\n" in after(found)
    assert [note.text for note in found.notes if note.topic == "kept"] == [
        "NODE_TLS_REJECT_UNAUTHORIZED is 1: it stays, and Node verifies the certificates, by NODE_EXTRA_CA_CERTS"
    ]


def test_a_value_that_is_not_known_here_is_left_to_do(project: MakeProject) -> None:
    project({"docker-compose.yml": service("env_file: a.env"), "a.env": "TLS_ENABLED=${ELSEWHERE?}\n"})
    loaded = load([Path("docker-compose.yml")])
    found = plan(loaded, resolve(loaded, {}))
    assert [(str(note.where), note.text) for note in found.notes if note.topic == "todo"] == [
        ("a.env:1:13", "TLS_ENABLED must be true; what it is is not known here")
    ]


def test_what_an_anchor_shares_stays_what_it_is_for_the_others(project: MakeProject) -> None:
    text = "x-env: &env\n  NODE_OPTIONS: --inspect\nservices:\n"
    text += "".join(f"  {name}: {{build: ., environment: *env}}\n" for name in ("api", "web"))
    found = planned(project, text, Needs((OPTIONS,)))
    written = after(found)
    assert "NODE_OPTIONS: --inspect\n" in written
    assert written.count("/p.cjs") == 1
    changed = {change.service for change in found.changes if change.path.endswith("NODE_OPTIONS")}
    assert changed == {"api"}


def test_a_service_that_extends_another_gets_its_own(project: MakeProject) -> None:
    text = "services:\n  base: {build: .}\n  api:\n    extends: base\n    expose: ['1']\n"
    written = after(planned(project, text, Needs((OPTIONS,))))
    (base, own) = written.split("  api:\n")
    assert "TLS_ENABLED" in base
    assert "NODE_OPTIONS" not in base
    assert "NODE_OPTIONS=--require /p.cjs" in own
    assert "TLS_ENABLED" not in own


def test_what_another_extends_is_declined(project: MakeProject) -> None:
    found = planned(project, "services:\n  api: {build: .}\n  web: {extends: api}\n", Needs((OPTIONS,)))
    (declined,) = [each for each in found.declined if each.rule == "variables"]
    assert "web, which must not change, shares the whole service" in declined.reason
    assert "- NODE_OPTIONS=--require /p.cjs" in declined.paste


def test_a_mount_of_a_file(project: MakeProject) -> None:
    needs = Needs(mounts=(Bind("runtime/nginx/api/a.conf", "/etc/nginx/conf.d/a.conf"),))
    found = planned(project, service("volumes:", "  - data:/data"), needs)
    assert (
        "      - ./certs:/app/certs:ro\n      - ./certs/runtime/nginx/api/a.conf:/etc/nginx/conf.d/a.conf:ro\n"
    ) in after(found)


def test_a_mount_that_is_there_stays_and_is_said(project: MakeProject) -> None:
    needs = Needs(mounts=(Bind("runtime/a.conf", "/etc/a.conf"),))
    found = planned(project, service("volumes:", "  - ./a.conf:/etc/a.conf"), needs)
    assert "runtime" not in after(found)
    assert [note.text for note in found.notes if "/etc/a.conf" in note.text] == [
        "something is mounted at /etc/a.conf already: it must hold ./certs/runtime/a.conf"
    ]


INSTEAD = Needs(mounts=(Bind("runtime/nginx/api/a.conf", "/etc/nginx/a.conf", instead=True),))


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("- ./a.conf:/etc/nginx/a.conf", "- ./certs/runtime/nginx/api/a.conf:/etc/nginx/a.conf\n"),
        ("- './a.conf:/etc/nginx/a.conf:ro' # x", "- './certs/runtime/nginx/api/a.conf:/etc/nginx/a.conf:ro' # x\n"),
        ("- ${CONF:-./a.conf}:/etc/nginx/a.conf", "- ./certs/runtime/nginx/api/a.conf:/etc/nginx/a.conf\n"),
        (
            "- {type: bind, source: ./a.conf, target: /etc/nginx/a.conf}",
            "- {type: bind, source: ./certs/runtime/nginx/api/a.conf, target: /etc/nginx/a.conf}\n",
        ),
    ],
)
def test_a_changed_copy_takes_the_place_of_what_is_mounted(project: MakeProject, before: str, expected: str) -> None:
    found = planned(project, service("volumes:", f"  {before}"), INSTEAD)
    assert f"    volumes:\n      {expected}" in after(found)
    assert not found.declined
    assert not [note for note in found.notes if "/etc/nginx" in note.text]


def test_a_mount_that_others_have_too_is_declined(project: MakeProject) -> None:
    services = "  api: {build: ., volumes: *v}\n  b: {build: ., volumes: *v}\n"
    text = f"x-v: &v [./a.conf:/etc/nginx/a.conf]\nservices:\n{services}"
    found = planned(project, text, INSTEAD)
    assert "runtime" not in after(found)
    (declined,) = [each for each in found.declined if "/etc/nginx" in each.paste]
    assert "is shared with other services" in declined.reason
    assert declined.paste == "./certs/runtime/nginx/api/a.conf:/etc/nginx/a.conf:ro"


def test_the_healthcheck_stays(project: MakeProject) -> None:
    check = "healthcheck: {test: curl http://localhost:1/}"
    assert "http://localhost:1/" in after(planned(project, service(check), Needs(healthcheck_stays=True)))
    assert "https://localhost:1/" in after(planned(project, service(check), Needs()))


ADD = Words(("--tls", "a b"), instead_of_none=("run",))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), '    command:\n      - run\n      - "--tls"\n      - a b\n'),
        (("command:",), '    command:\n      - run\n      - "--tls"\n      - a b\n'),
        (("command: [serve]",), '    command: [serve, "--tls", a b]\n'),
        (("command:", "  - serve"), '    command:\n      - serve\n      - "--tls"\n      - a b\n'),
        (("command: serve it",), "    command: serve it --tls 'a b'\n"),
    ],
)
def test_options_of_a_command(project: MakeProject, lines: tuple[str, ...], expected: str) -> None:
    found = planned(project, service(*lines), Needs(words=ADD))
    assert expected in after(found)
    assert found.declined == []


@pytest.mark.parametrize(
    ("text", "words", "reason"),
    [
        (service(), Words(("--tls",)), "the command of its image is not known"),
        (service("command: a"), Words(("--tls",), ("--bind",)), "--bind has to be taken out of the command"),
        (service("command: a"), Words(("--tls",), foreign="a script starts it"), "a script starts it"),
        (service("command: {a: b}"), Words(("--tls",)), "its command is no list and no text"),
        (
            "x-c: &c [a]\nservices:\n  api: {build: ., command: *c}\n  web: {build: ., command: *c}\n",
            Words(("--tls",)),
            "other services share its command by an anchor",
        ),
    ],
)
def test_a_command_that_is_left_to_a_person(project: MakeProject, text: str, words: Words, reason: str) -> None:
    found = planned(project, text, Needs(words=words))
    (declined,) = [each for each in found.declined if each.rule == "command"]
    assert (declined.reason, declined.safe) == (reason, False)
    assert "--tls" in declined.paste


def one(**more: object) -> Sidecar:
    values: dict[str, object] = {
        "service": "api", "short_name": "api", "ports": ((80, 10080),), "name": "api-tls",
    }  # fmt: skip
    return Sidecar(**{**values, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "services:\n  api:\n    build: .\n  web: {build: .}\n",
        "services: {api: {build: .}, web: {build: .}}\n",
        '{"services": {"api": {"build": "."}}}',
        "services:\n    api:\n        build: .\n\n\n    # the web\n    web:\n        build: .\nvolumes: {}\n",
    ],
)
def test_a_sidecar_is_one_service_more(project: MakeProject, text: str) -> None:
    found = planned(project, text, Needs(), one(profiles=("tools",)))
    directory = project({"after.yml": found.files[0].after})
    services = load([directory / "after.yml"]).services
    names = list(services)
    assert names[names.index("api") : names.index("api") + 2] == ["api", "api-tls"]
    assert services["api"].network_mode == "service:api-tls"
    assert {change.service for change in found.changes if change.rule == "sidecar"} == {"api"}


@pytest.mark.parametrize(
    "text",
    [
        "services: &all\n  api: {build: .}\nx-again: *all\n",
        "x-all: &all\n  api: {build: .}\nservices:\n  <<: *all\n  web: {build: .}\n",
    ],
)
def test_services_behind_an_anchor_are_left_alone(project: MakeProject, text: str) -> None:
    found = planned(project, text, Needs(), one())
    (declined,) = [each for each in found.declined if each.rule == "sidecar"]
    assert "by an anchor" in declined.reason
    assert not [change for change in found.changes if change.rule == "sidecar"]


def test_the_second_of_two_documents(project: MakeProject) -> None:
    found = planned(project, "services: {web: {build: .}}\n---\nservices:\n  api: {build: .}\n", Needs(), one())
    assert after(found).index("  api-tls:\n    build:") > after(found).index("---")
