from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from aicos_tls.compose.load import load
from aicos_tls.errors import Where
from aicos_tls.serving.choose import choose
from aicos_tls.serving.model import Choice, How, Merge, Place, Setting
from aicos_tls.sources.changes import ServiceChanges
from aicos_tls.sources.languages import Evidence
from aicos_tls.sources.start import Start
from aicos_tls.sources.status import ServiceStatus
from aicos_tls.sources.ways import Way

if TYPE_CHECKING:
    from aicos_tls.compose.model import Service

PLACE = Place("/app/certs", "api")
WHERE = Where(Path("Dockerfile"), 3)
STATUS = ServiceStatus(
    service="shop-api",
    short_name="api",
    runtime="",
    framework=None,
    evidence=(),
    start=None,
    listens=(),
    ports=(8001,),
    way=Way.NONE,
    way_words="nothing says what it runs on",
    certificates=(),
    references=(),
    changes=ServiceChanges((), ()),
    problem="",
)


def service(tmp_path: Path, *lines: str) -> Service:
    path = tmp_path / "docker-compose.yml"
    path.write_text("services:\n  shop-api:\n" + "".join(f"    {line}\n" for line in lines or ("build: .",)))
    return load([path]).services["shop-api"]


def status(runtime: str, *words: str, way: Way = Way.NEEDS_CODE) -> ServiceStatus:
    start = Start(words, WHERE) if words else None
    evidence = (Evidence(f"starts {' '.join(words)}", WHERE),) if words else ()
    return replace(STATUS, runtime=runtime, start=start, evidence=evidence, way=way)


def chosen(tmp_path: Path, known: ServiceStatus, *lines: str, **more: Any) -> Choice:
    return choose(known, service(tmp_path, *lines), PLACE, **more)


CASES: dict[str, tuple[ServiceStatus, tuple[str, ...], How, How | None]] = {
    "its code does it": (status("Node", "node", "a.js", way=Way.CODE), (), How.CODE, How.PRELOAD),
    "uvicorn by command": (status("Python", "uvicorn", "main:app"), (), How.ENV, How.PRELOAD),
    "gunicorn": (status("Python", "gunicorn", "main:app"), (), How.ENV, How.SIDECAR),
    "granian": (status("Python", "granian", "main:app"), (), How.ENV, How.SIDECAR),
    "flask run": (status("Python", "flask", "run"), (), How.ENV, How.PRELOAD),
    "hypercorn, by words": (status("Python", "hypercorn", "main:app"), (), How.ENV, How.PRELOAD),
    "options of its own": (status("Python", "uvicorn", "a:b", "--ssl-keyfile=k"), (), How.CODE, How.PRELOAD),
    "uvicorn.run": (status("Python", "python", "main.py"), (), How.PRELOAD, How.SIDECAR),
    "fastapi run": (status("Python", "fastapi", "run", "main.py"), (), How.PRELOAD, How.SIDECAR),
    "a Python image without a command": (status("Python"), (), How.PRELOAD, How.SIDECAR),
    "isolated Python": (status("Python", "python", "-I", "main.py"), (), How.SIDECAR, None),
    "waitress": (status("Python", "waitress-serve", "main:app"), (), How.SIDECAR, None),
    "waitress as a module": (status("Python", "python", "-m", "uwsgi"), (), How.SIDECAR, None),
    "Node": (status("Node", "node", "server.js"), (), How.PRELOAD, How.SIDECAR),
    "Bun": (status("Bun", "bun", "server.js"), (), How.SIDECAR, None),
    "Go": (status("Go", "/server", way=Way.NONE), (), How.SIDECAR, None),
    "nothing known": (STATUS, (), How.SIDECAR, None),
    "Kestrel": (status(".NET", "dotnet", "Api.dll"), (), How.ENV, How.SIDECAR),
    "Kestrel in an image": (status(".NET"), (), How.ENV, How.SIDECAR),
    "Spring Boot": (status("Java"), ("build: .", "environment: {SPRING_PROFILES_ACTIVE: x}"), How.ENV, How.SIDECAR),
    "another Java program": (status("Java"), ("build: .", "environment: {JAVA_OPTS: x}"), How.SIDECAR, None),
    "Grafana": (STATUS, ("image: grafana/grafana:11.0.0",), How.ENV, How.SIDECAR),
    "Ollama": (STATUS, ("image: ollama/ollama",), How.SIDECAR, None),
    "an unknown image": (STATUS, ("image: acme/api:1",), How.SIDECAR, None),
    "on the host's network": (STATUS, ("build: .", "network_mode: host"), How.NONE, None),
    "several containers": (STATUS, ("build: .", "deploy: {replicas: 3}"), How.NONE, None),
    "scaled": (STATUS, ("build: .", "scale: 2"), How.NONE, None),
    "one container": (STATUS, ("build: .", "deploy: {mode: replicated}"), How.SIDECAR, None),
    "nobody asks it": (status("Node", "node", "a.js", way=Way.NOT_A_SERVER), (), How.NONE, None),
}


@pytest.mark.parametrize("name", CASES)
def test_the_first_way_that_holds(name: str, tmp_path: Path) -> None:
    known, lines, how, next_best = CASES[name]
    choice = chosen(tmp_path, known, *lines)
    assert (choice.how, choice.next_best.how if choice.next_best else None) == (how, next_best)
    assert choice.option.reason


def test_what_a_preload_of_node_needs(tmp_path: Path) -> None:
    option = chosen(tmp_path, status("Node", "node", "server.js"), ports=(3001, 3002)).option
    assert option.needs.settings == (
        Setting("TLS_ENABLED", "true"),
        Setting("TLS_CERT_PATH", "/app/certs"),
        Setting("TLS_CERT_NAME", "api"),
        Setting("TLS_PORTS", "3001,3002"),
        Setting("TLS_PLAIN_LOOPBACK", "true"),
        Setting("NODE_OPTIONS", "--require /app/certs/runtime/node/preload.cjs", Merge.WORDS),
        Setting("NODE_EXTRA_CA_CERTS", "/app/certs/ca-cert.pem", Merge.BUNDLE),
    )
    assert [file.path for file in option.needs.files] == ["runtime/node/preload.cjs"]
    assert (option.where, option.renews, option.needs.healthcheck_stays) == (WHERE, True, False)


def test_plain_from_loopback_lets_the_healthcheck_stay(tmp_path: Path) -> None:
    option = chosen(tmp_path, status("Python", "python", "main.py"), healthcheck_stays=True).option
    assert option.needs.healthcheck_stays
    assert Setting("TLS_PLAIN_LOOPBACK", "true") in option.needs.settings
    assert option.needs.settings[-1] == Setting("PYTHONPATH", "/app/certs/runtime/python", Merge.PATHS)


def test_a_port_that_is_not_known_is_asked_for(tmp_path: Path) -> None:
    known = replace(status("Node", "node", "server.js"), ports=())
    assert chosen(tmp_path, known).option.asks_port
    assert not chosen(tmp_path, known, ports=(3001,)).option.asks_port


def test_what_gunicorn_has_already_is_kept(tmp_path: Path) -> None:
    choice = chosen(
        tmp_path, status("Python", "gunicorn", "m:a"), "build: .", "environment: {GUNICORN_CMD_ARGS: --workers 4}"
    )
    assert choice.option.needs.settings == (
        Setting("GUNICORN_CMD_ARGS", "--workers 4 --certfile=/app/certs/api-cert.pem --keyfile=/app/certs/api-key.pem"),
    )
    assert choice.option.renews


def test_the_addresses_of_kestrel(tmp_path: Path) -> None:
    settings = chosen(tmp_path, status(".NET", "dotnet", "Api.dll")).option.needs.settings
    assert [setting.value for setting in settings] == [
        "https://+:8001",
        "/app/certs/api-cert.pem",
        "/app/certs/api-key.pem",
    ]


@pytest.mark.parametrize("how", [How.SIDECAR, How.PRELOAD, How.ENV])
def test_a_way_that_is_asked_for(how: How, tmp_path: Path) -> None:
    choice = chosen(tmp_path, status("Python", "uvicorn", "main:app"), asked=how)
    assert (choice.how, choice.next_best) == (how, None)


def test_a_way_that_is_asked_for_and_not_open(tmp_path: Path) -> None:
    choice = chosen(tmp_path, status("Go", "/server"), asked=How.PRELOAD)
    assert choice.how is How.NONE
    assert choice.option.reason == "--serve preload: Go loads no file before the application"
    assert chosen(tmp_path, STATUS, asked=How.NONE).option.reason == "asked for"


def test_a_server_that_nobody_asks_can_have_a_way_all_the_same(tmp_path: Path) -> None:
    known = status("Node", "node", "a.js", way=Way.NOT_A_SERVER)
    assert chosen(tmp_path, known, asked=How.PRELOAD).how is How.PRELOAD


def test_the_reasons_against_the_other_ways(tmp_path: Path) -> None:
    choice = chosen(tmp_path, STATUS, "build: .", "network_mode: host")
    assert [how for how, _ in choice.declined] == [How.CODE, How.ENV, How.PRELOAD, How.SIDECAR]
    assert choice.option.reason.endswith("network_mode: host leaves it no network of its own that a sidecar could have")
