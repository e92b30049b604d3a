from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from live.fakes import NETWORK, FakeDocker, container

from aicos_tls.compose.load import load
from aicos_tls.errors import TlsError
from aicos_tls.live.model import Mounted
from aicos_tls.live.stack import check_own, look, project_name

if TYPE_CHECKING:
    from support import Project

    from aicos_tls.compose.model import Project as Loaded

COMPOSE = "services:\n  api: {build: ., container_name: the-api}\n"
WORKING_DIR = "com.docker.compose.project.working_dir"
CONFIG_FILES = "com.docker.compose.project.config_files"


@pytest.fixture
def fake(tmp_path: Path) -> FakeDocker:
    return FakeDocker(tmp_path / "bin")


@pytest.fixture
def loaded(project: Project) -> Loaded:
    project(COMPOSE)
    return load((Path("docker-compose.yml"),))


@pytest.mark.parametrize(
    ("top", "dotenv", "given", "environment", "name"),
    [
        ("", "", "", {}, "project"),
        ("name: My.Shop\n", "", "", {}, "myshop"),
        ("name: shop\n", "COMPOSE_PROJECT_NAME=fromdotenv\n", "", {}, "fromdotenv"),
        ("name: shop\n", "COMPOSE_PROJECT_NAME=fromdotenv\n", "", {"COMPOSE_PROJECT_NAME": "_Env"}, "env"),
        ("name: shop\n", "", "given-1", {"COMPOSE_PROJECT_NAME": "env"}, "given-1"),
    ],
)
def test_the_name(project: Project, top: str, dotenv: str, given: str, environment: dict[str, str], name: str) -> None:
    project({"docker-compose.yml": top + COMPOSE, ".env": dotenv})
    assert project_name(load((Path("docker-compose.yml"),)), given, environment) == name


def test_containers(fake: FakeDocker) -> None:
    fake.runs(
        container("web", number=2, env={"A": "b=c"}),
        container("api", health="", status="exited", code=3, networks={}),
        container("job", labels={"com.docker.compose.oneoff": "True"}),
        container("web", health="unhealthy", output=" no\n such  thing"),
    )
    stack = look(fake.docker, "shop")
    assert [(c.service, c.name) for c in stack.containers] == [
        ("api", "shop-api-1"),
        ("web", "shop-web-1"),
        ("web", "shop-web-2"),
    ]
    api, first, second = stack.containers
    assert (api.status, api.exit_code, api.health, api.attachments, api.settled) == ("exited", 3, "", (), False)
    assert (first.health, first.health_output, first.settled) == ("unhealthy", "no such thing", False)
    assert (second.environment, second.settled) == ({"A": "b=c"}, True)
    assert second.mounts == (Mounted("/srv/certs", "/app/certs"),)
    place = second.on(NETWORK)
    assert place is not None
    assert (place.address, place.aliases >= {"web", "shop-web-2", second.id[:12]}) == ("127.0.0.1", True)
    assert second.on("other") is None
    assert stack.networks[NETWORK].interface == "lo"
    assert stack.of("web") == (first, second)


def test_no_container(fake: FakeDocker) -> None:
    stack = look(fake.docker, "shop")
    assert (stack.containers, stack.networks) == ((), {})


@pytest.mark.parametrize(("driver", "interface"), [("bridge", f"br-{NETWORK[:12]}"), ("overlay", "")])
def test_the_bridge_of_a_network(fake: FakeDocker, driver: str, interface: str) -> None:
    fake.network(driver=driver, interface="")
    fake.runs(container("api"))
    assert look(fake.docker, "shop").networks[NETWORK].interface == interface


def test_the_network_of_another_container(fake: FakeDocker) -> None:
    other = container("vpn")
    fake.runs(other, container("api", mode=f"container:{other['Id']}", networks={}))
    stack = look(fake.docker, "shop")
    api, vpn = stack.containers
    assert stack.namespace(api) == vpn
    assert stack.namespace(vpn) == vpn


def test_a_container_that_goes_while_it_is_looked_at(fake: FakeDocker) -> None:
    fake.runs(container("api"))
    fake.fails("inspect", "Error: No such container: 123")
    with pytest.raises(TlsError, match="come and go too quickly"):
        look(fake.docker, "shop")
    fake.fails("inspect", "something else")
    with pytest.raises(TlsError, match="something else"):
        look(fake.docker, "shop")


@pytest.mark.parametrize(
    ("labels", "named", "words"),
    [
        ({}, False, ""),
        ({WORKING_DIR: "."}, False, ""),
        ({WORKING_DIR: "/elsewhere"}, True, ""),
        ({WORKING_DIR: "/elsewhere", CONFIG_FILES: "{here}/docker-compose.yml,/x/y.yml"}, False, ""),
        ({WORKING_DIR: "/elsewhere", CONFIG_FILES: "docker-compose.yml"}, False, "another directory: /elsewhere"),
        ({"com.docker.compose.version": "1.29.2"}, False, "made by docker-compose 1.29.2"),
    ],
)
def test_whose_they_are(fake: FakeDocker, loaded: Loaded, labels: dict[str, str], named: bool, words: str) -> None:  # noqa: FBT001
    here = {key: value.format(here=Path.cwd()) if value != "." else str(Path.cwd()) for key, value in labels.items()}
    fake.runs(container("api", labels=here))
    stack = look(fake.docker, "shop")
    if not words:
        check_own(fake.docker, stack, loaded, named=named)
        return
    with pytest.raises(TlsError, match=words) as caught:
        check_own(fake.docker, stack, loaded, named=named)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("others", "words", "hint"),
    [
        ([], "there are none", "docker compose up -d"),
        ([container("api", status="exited")], "all of them have stopped", "docker compose up -d"),
        (
            [container("api", name="the-api", labels={"com.docker.compose.project": "copy", WORKING_DIR: "/copy"})],
            "the-api belongs to project copy in /copy",
            "-p copy",
        ),
        (
            [container("api", name="the-api", labels={"com.docker.compose.project": "copy"})],
            "in an unknown directory",
            "-p copy",
        ),
    ],
)
def test_nothing_runs(fake: FakeDocker, loaded: Loaded, others: list[dict[str, Any]], words: str, hint: str) -> None:
    mine = [each for each in others if each["Config"]["Labels"]["com.docker.compose.project"] == "shop"]
    fake.runs(*mine)
    stack = look(fake.docker, "shop")
    fake.runs(*others)
    with pytest.raises(TlsError, match=words) as caught:
        check_own(fake.docker, stack, loaded, named=False)
    assert hint in caught.value.hint


def test_nothing_runs_and_nothing_has_a_name_of_its_own(fake: FakeDocker, project: Project) -> None:
    project("services: {api: {build: .}}\n")
    fake.fails("ps", "is not asked again")
    stack = type(look(FakeDocker(fake.folder / "x").docker, "shop"))("shop", (), {})
    with pytest.raises(TlsError, match="there are none"):
        check_own(fake.docker, stack, load((Path("docker-compose.yml"),)), named=False)
    assert json.loads((fake.folder / "version").read_text())
