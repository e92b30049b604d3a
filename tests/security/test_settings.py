"""Settings of a repository do not lead out of it, and what they hold is data in every language that it reaches."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest
from security.planted import COMMANDS, bounded, here, obeys_the_law, plant
from support import needs

from aicos_tls.doctor.git import tracked

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs("git")

ISSUING = ("certs", "issue", "--key-type", "p256")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return plant(tmp_path)


def with_block(project: Path, block: str) -> None:
    compose = project / "docker-compose.yml"
    compose.write_text(f"x-aicos-tls: {block}\n{compose.read_text()}")


def nothing_goes_out(project: Path, said: str) -> None:
    """No command writes there, and those that would use the directory say what they miss."""
    for arguments in COMMANDS:
        obeys_the_law(project, *arguments)
    ran = obeys_the_law(project, "enable", "--key-type", "p256")
    assert (ran.code, said in ran.err) == (2, True), ran
    assert (project.parent / "out/ca-key.pem").read_text().startswith("PLANTED")


@pytest.mark.parametrize("form", ["toml", "compose"])
@pytest.mark.parametrize("certs", ["../out", "/etc/aicos", "certs/../../out", "./link", "link/below"])
def test_the_certificates_directory_does_not_lead_out(project: Path, certs: str, form: str) -> None:
    (project / "link").symlink_to("../out")
    if form == "toml":
        (project / "aicos-tls.toml").write_text(f'certs-dir = "{certs}"\n')
    else:
        with_block(project, f'{{certs-dir: "{certs}"}}')
    nothing_goes_out(project, "outside of the project")


def test_nor_does_the_default_through_a_link(project: Path) -> None:
    (project / "certs").symlink_to("../out")
    nothing_goes_out(project, "outside of the project")


@pytest.mark.parametrize("certs", [".", "./api/..", "..", ".git/certs", ".aicos-tls", "./.git"])
def test_some_directories_hold_no_certificates(project: Path, certs: str) -> None:
    (project / "aicos-tls.toml").write_text(f'certs-dir = "{certs}"\n')
    nothing_goes_out(project, "cannot be the certificates directory")
    assert obeys_the_law(project, "enable", "--certs-dir", certs).code == 2


def test_runtime_files_do_not_go_through_a_link(project: Path) -> None:
    (project / "certs").mkdir()
    (project / "certs/runtime").symlink_to("../../out")
    ran = obeys_the_law(project, "enable", "--serve", "preload", "--key-type", "p256")
    assert (ran.code, "leads out of the project" in ran.err) == (2, True), ran


def test_a_key_is_not_written_through_a_link(project: Path) -> None:
    (project / "certs").mkdir()
    (project / "certs/.gitignore").write_text("*")
    for target in ("../../out/ca-key.pem", "../.git/config", "../api/server.js"):
        (project / "certs/api-key.pem").unlink(missing_ok=True)
        (project / "certs/api-key.pem").symlink_to(target)
        before = (project / "api/server.js").read_bytes()
        assert obeys_the_law(project, *ISSUING, "--force").code == 2
        assert (project / "api/server.js").read_bytes() == before


def test_the_command_line_may_lead_out(project: Path) -> None:
    (project.parent / "keys").mkdir()
    for arguments in (("enable", "--certs-dir", "../keys", "--key-type", "p256"), (*ISSUING, "--certs-dir", "../keys")):
        assert obeys_the_law(project, *arguments).code == 0
    keys = project.parent / "keys"
    assert stat.S_IMODE((keys / "api-key.pem").stat().st_mode) == 0o600
    assert obeys_the_law(project, "doctor").code == 2
    assert "outside of the project" in here(project, "code", "apply", "--dry-run").err
    assert "ca-key.pem" not in obeys_the_law(project, "doctor", "--certs-dir", "../keys").err
    ran = obeys_the_law(project, "rollback", "--certs")
    assert (ran.code, "it lies outside of the project: remove it yourself" in ran.out) == (0, True)
    assert (keys / "api-key.pem").exists()


VALUES = {
    "mount-path": [
        "/a'+process.exit(7)+'", '/a"+__import__("os").abort()+"', "/a;evil", "/a\nb", "/a b", "/a/../..", "/{{x}}",
        "/a`id`", "/$(id)",
    ],
    "certs-dir": ["a\nb", "a:b", "a$b", "$(id)", "~/x", "a\\b", "\u202ea", "a\x7fb"],
    "sidecar-image": ["x\n    privileged: true", "a b", "$(id)", "'", "x#y"],
    "strip-prefix": ["../", "a\nb", "'+x+'"],
}  # fmt: skip


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in VALUES.items() for value in values])
def test_a_value_that_means_something_elsewhere_is_refused(project: Path, key: str, value: str) -> None:
    escaped = "".join(char if char.isascii() and char.isalnum() else f"\\u{ord(char):04x}" for char in value)
    (project / "aicos-tls.toml").write_text(f'{key} = "{escaped}"\n')
    for arguments in (
        ("enable", "--dry-run", "--code", "--serve", "auto"),
        ("code", "show", "api", "--part", "helper"),
    ):
        ran = obeys_the_law(project, *arguments)
        assert (ran.code, "aicos-tls.toml" in ran.err) == (2, True), ran


@pytest.mark.parametrize("name", ["a'+process.exit(7)+'", "a/../../x", "a b", "a\\nb", "-\\u202e"])
def test_a_name_of_a_service_that_compose_refuses(project: Path, name: str) -> None:
    compose = project / "docker-compose.yml"
    compose.write_text(compose.read_text().replace("  api:\n", f'  "{name}":\n'))
    for arguments in (("enable", "--dry-run", "--code", "--no-certs"), ("code", "status"), ("certs", "issue")):
        ran = here(project, *arguments)
        assert (ran.code, "cannot be the name of a service" in ran.err) == (2, True), ran


@pytest.mark.parametrize(
    "lines",
    [
        "env_file: .git/config",
        "env_file: ../p/.git/config",
        "env_file: x/config",
        "build: .git",
        "build: {context: ., dockerfile: .git/config}",
        "extends: {file: .git/config, service: x}",
        "volumes: ['./.git/config:/etc/nginx/conf.d/default.conf']",
    ],
)
def test_a_compose_file_is_no_way_to_gits_own_files(project: Path, lines: str) -> None:
    (project / "x").symlink_to(".git")
    config = project / ".git/config"
    config.write_text(config.read_text() + "url = http://api:8001/x.git\nURL=http://api:8001\n")
    compose = project / "docker-compose.yml"
    compose.write_text(compose.read_text() + f"  other:\n    image: p-other\n    {lines}\n")
    for arguments in COMMANDS:
        obeys_the_law(project, *arguments)


def test_an_include_is_none_either(project: Path) -> None:
    compose = project / "docker-compose.yml"
    compose.write_text(f"include: [.git/config]\n{compose.read_text()}")
    for arguments in COMMANDS:
        obeys_the_law(project, *arguments)


def test_nothing_of_a_repository_is_run(project: Path) -> None:
    """A monitor, hooks, a pager, filters and aliases, all of which would leave a file."""
    mark = project.parent / "ran"
    program = project.parent / "program"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    hooks = project / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "post-checkout", "fsmonitor-watchman", "pre-commit"):
        shutil.copy(program, hooks / name)
    names = ("fsmonitor", "hooksPath", "pager", "sshCommand", "editor", "askPass")
    settings = {f"core.{name}": os.fspath(program) for name in names} | {"core.hooksPath": os.fspath(hooks)}
    settings |= {f"filter.x.{name}": os.fspath(program) for name in ("clean", "smudge", "process")}
    settings |= {"pager.ls-files": os.fspath(program), "diff.external": os.fspath(program)}
    settings |= {"alias.ls-files": f"!{program}", "credential.helper": f"!{program}"}
    (project / ".gitattributes").write_text("* filter=x diff=x\n")
    assert bounded(project, "enable", "--key-type", "p256").code == 0
    for name, value in settings.items():
        subprocess.run(["git", "config", name, value], cwd=project, check=True)
    (project / ".git/index").unlink(missing_ok=True)
    for arguments in COMMANDS:
        assert here(project, *arguments).code in (0, 1, 2)
    assert tracked(project) == []
    assert not mark.exists()


def test_git_is_asked_with_the_settings_of_the_environment_left_out(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["git", "add", "api/server.js"], cwd=project, check=True)
    monkeypatch.setenv("GIT_DIR", os.fspath(project.parent))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "x")
    assert tracked(project / "api") == ["server.js"]
    monkeypatch.setenv("PATH", "")
    assert tracked(project) == []
