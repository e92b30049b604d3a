"""What a run leaves: no secret in what may be committed, no key where `git add` takes it."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest
from security.planted import COMPOSE, ENV, SECRETS, here, obeys_the_law, plant, snapshot, state_is_safe
from support import needs

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs("git")
FAST = ("--key-type", "p256")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return plant(tmp_path)


def added(project: Path) -> list[str]:
    """What `git add .` takes."""
    subprocess.run(["git", "add", "."], cwd=project, check=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=project, check=True, capture_output=True, text=True)
    return [name for name in listed.stdout.split("\0") if name]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


FORMS: list[tuple[str, ...]] = [(), ("--code",), ("--serve", "auto"), ("--serve", "sidecar"), ("--override",)]


@pytest.mark.parametrize("form", FORMS, ids=" ".join)
def test_the_record_may_be_committed(project: Path, form: tuple[str, ...]) -> None:
    """And is the only file of the state directory that git takes; the rest has the modes of its sources."""
    env = ENV if "--override" not in form else ENV.replace(f"bob:{SECRETS['quotes']}@", "")
    (project / ".env").write_text(env)  # an override repeats no password of an env file, and says so
    assert obeys_the_law(project, "enable", *FAST, *form).code == 0
    state = project / ".aicos-tls"
    assert [name for name in added(project) if name.startswith(".aicos-tls/")] == [".aicos-tls/record.json"]
    record = (state / "record.json").read_text()
    assert not [name for name, secret in SECRETS.items() if secret in record]
    if "--override" not in form:
        assert mode(state / "rollback-env.patch") == 0o600
    assert obeys_the_law(project, "rollback", "--certs").code == 0
    left = snapshot(project)
    assert (left["docker-compose.yml"].decode(), left[".env"].decode()) == (COMPOSE, env)
    assert not [name for name in left if name.startswith((".aicos-tls", "certs"))]


def test_a_patch_is_closed_as_its_source_is(project: Path) -> None:
    (project / "docker-compose.yml").chmod(0o640)
    here(project, "enable", *FAST)
    assert mode(project / ".aicos-tls/rollback.patch") == 0o640


def test_the_patches_are_what_they_promise(project: Path) -> None:
    here(project, "enable", *FAST)
    for command in (
        ["git", "apply", "--check", ".aicos-tls/rollback.patch"],
        ["git", "apply", "--check", "--unidiff-zero", ".aicos-tls/rollback-env.patch"],
        ["patch", "-p1", "-s", "-i", ".aicos-tls/rollback.patch"],
        ["patch", "-p1", "-s", "-i", ".aicos-tls/rollback-env.patch"],
    ):
        subprocess.run(command, cwd=project, check=True)
    assert (project / "docker-compose.yml").read_text() == COMPOSE
    assert (project / ".env").read_text() == ENV


@pytest.mark.parametrize("issue", [("enable",), ("certs", "issue")], ids=" ".join)
@pytest.mark.parametrize("certs", ["./certs", "./#keys", "./my[x]", "./!k", "./a b ", "./*", "deploy/tls", "./ü"])
def test_git_never_takes_a_key(project: Path, certs: str, issue: tuple[str, ...]) -> None:
    (project / "deploy").mkdir()
    assert here(project, *issue, *FAST, "--certs-dir", certs).code == 0
    assert (project / certs / "api-key.pem").exists()
    state_is_safe(project)
    if issue == ("enable",):
        assert obeys_the_law(project, "rollback").code == 0
        assert (project / certs / "api-key.pem").exists()
        assert (project / ".gitignore").read_text() == ".env\n"
    assert not [name for name in added(project) if name.endswith(".pem")]


@pytest.mark.parametrize("certs", ["#keys", "!k", "my[x]", "a b ", "*", "back\u00a0slash"])
def test_the_line_in_gitignore_means_the_directory(project: Path, certs: str) -> None:
    """Asked of git itself, with the guard of the directory taken away."""
    here(project, "enable", *FAST, "--certs-dir", f"./{certs}")
    (project / certs / ".gitignore").unlink()
    assert not [name for name in added(project) if name.endswith(".pem")]
    (project / "other").mkdir()
    (project / "other/x.pem").write_text("")
    assert "other/x.pem" in added(project)


def test_a_link_within_the_project(project: Path) -> None:
    (project / "keys").mkdir()
    (project / "certs").symlink_to("keys")
    assert here(project, "enable", *FAST).code == 0
    assert (project / "keys/api-key.pem").exists()
    assert not [name for name in added(project) if name.endswith(".pem")]


def test_a_project_that_is_not_in_git_yet(project: Path) -> None:
    shutil.rmtree(project / ".git")
    assert here(project, "enable", *FAST).code == 0
    assert (project / ".gitignore").read_text() == ".env\ncerts/\n"
    (project / "certs/.gitignore").unlink()
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    assert not [name for name in added(project) if name.endswith(".pem")]


def test_a_gitignore_of_ones_own_in_the_directory_stays(project: Path) -> None:
    (project / "certs").mkdir()
    (project / "certs/.gitignore").write_text("*.pem\n")
    here(project, "enable", *FAST)
    here(project, "rollback", "--certs")
    assert (project / "certs/.gitignore").read_text() == "*.pem\n"


def test_doctor_says_keys_in_git_first_and_how_to_get_them_out(project: Path) -> None:
    certs = "./my[x] 'y'"
    here(project, "enable", *FAST, "--certs-dir", certs)
    subprocess.run(["git", "add", "-f", f"{certs}/api-key.pem"], cwd=project, check=True)
    (project / ".env").unlink()
    broken = here(project, "doctor")
    first = next(line for line in broken.out.splitlines() if "[" in line)
    assert (broken.code, "[key-in-git]" in first) == (1, True), broken
    command = next(line for line in broken.out.splitlines() if "→" in line).partition("→ ")[2].partition(";")[0]
    subprocess.run(command, shell=True, cwd=project, check=True)  # noqa: S602 - what a person would paste
    assert "key-in-git" not in here(project, "doctor").out


def test_even_of_a_project_that_cannot_be_examined(project: Path) -> None:
    here(project, "enable", *FAST)
    subprocess.run(["git", "add", "-f", "certs/api-key.pem"], cwd=project, check=True)
    compose = project / "docker-compose.yml"
    for text in ("services: [", compose.read_text() + "x-aicos-tls: {nonsense: 1}\n"):
        compose.write_text(text)
        ran = here(project, "doctor")
        assert ran.code == 1, ran
        assert ran.out.index("key-in-git") < ran.out.index("not-examined")
    (project / ".aicos-tls/record.json").write_text("{")
    assert "key-in-git" in here(project, "doctor").out


def test_doctor_says_how_to_keep_them_out(project: Path) -> None:
    certs = project / "certs"
    here(project, "enable", *FAST)
    (certs / ".gitignore").unlink()
    (project / ".gitignore").write_text("")
    ran = here(project, "doctor")
    command = next(line for line in ran.out.splitlines() if "→" in line).partition("→ ")[2]
    subprocess.run(command, shell=True, cwd=project, check=True)  # noqa: S602 - what a person would paste
    assert "key-in-git" not in here(project, "doctor").out
    assert not [name for name in added(project) if name.endswith("-key.pem")]


def test_an_override_repeats_no_password_on_the_screen(project: Path) -> None:
    for form in ("text", "markdown"):
        said = here(project, "enable", "--override", "--dry-run", "--format", form).out
        assert SECRETS["address"] not in said, said
        assert "bob:***@api" in said


def test_a_record_of_an_older_form_is_written_anew(project: Path) -> None:
    """It held the changed lines themselves; nothing else has to change for that."""
    here(project, "enable", *FAST)
    path = project / ".aicos-tls/record.json"
    record, before = json.loads(path.read_text()), snapshot(project)
    (project / ".aicos-tls/.gitignore").unlink()
    (project / ".aicos-tls/rollback-env.patch").chmod(0o644)
    env, compose = ENV.splitlines()[1], COMPOSE.splitlines()
    changed = (project / "docker-compose.yml").read_text().splitlines()
    texts = {".env": ([env], [env.replace("http:", "https:")]), "docker-compose.yml": (compose, changed)}
    files = []
    for file in record["files"]:
        kept = {key: file.get(key) for key in ("path", "kind", "before", "after", "mode", "outline")}
        if file["path"] in texts:
            was, wrote = ([f"{line}\n" for line in lines] for lines in texts[file["path"]])
            kept["runs"] = [{"line": 2 if file["kind"] == "env" else 1, "after": wrote, "before": was}]
            files.append(kept)
    ignored = next(file for file in record["files"] if file["path"] == ".gitignore")
    run = {"line": 2, "after": ["certs/\n"], "before": []}
    files.append(
        {**{key: ignored[key] for key in ("path", "kind", "before", "after", "mode", "outline")}, "runs": [run]}
    )
    path.write_text(json.dumps({**record, "schema": 1, "files": files}))
    assert SECRETS["quotes"] in path.read_text()
    assert here(project, "enable", *FAST).code == 0
    assert snapshot(project) == before
    assert mode(project / ".aicos-tls/rollback-env.patch") == 0o600
