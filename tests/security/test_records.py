"""A record, and a journal, that somebody else wrote: nothing is written, shown or removed because they say so."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from security.planted import COMMANDS, COMPOSE, ENV, SECRETS, bounded, here, obeys_the_law, plant, snapshot
from support import needs

from aicos_tls.files import sha256
from aicos_tls.rollback import FileChange, make_record, to_json
from aicos_tls.rollback.outline import tokens

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = needs("git")

RECORD = ".aicos-tls/record.json"
READING = [arguments for arguments in COMMANDS if arguments[:2] not in (("certs", "list"), ("explain", "api"))]


@pytest.fixture(scope="module")
def enabled_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An honest branch: enabled, with certificates."""
    project = plant(tmp_path_factory.mktemp("honest"))
    assert bounded(project, "enable", "--key-type", "p256").code == 0
    return project


@pytest.fixture
def enabled(enabled_once: Path, tmp_path: Path) -> Path:
    shutil.copytree(enabled_once.parent, tmp_path / "x", symlinks=True)
    return tmp_path / "x/p"


def edit(project: Path, change: Callable[[Any], None]) -> None:
    record = json.loads((project / RECORD).read_text())
    change(record)
    (project / RECORD).write_text(json.dumps(record))


def text_file(path: str, current: bytes, before: bytes, *, proven: bool = True) -> dict[str, Any]:
    """What a record says of a text that is `current`; without proof the digests of the whole file are others."""
    record = make_record(
        [FileChange(path.replace(".git/", "git/"), "text", before, current)], tool="1", policy={}, names={}
    )
    file: dict[str, Any] = json.loads(to_json(record))["files"][0]
    outline = "".join(tokens(current.splitlines(keepends=True), path, env=False))
    file |= {"path": path, "outline": outline}
    return file if proven else file | {"after": "0" * 64, "before": "1" * 64}


def with_files(project: Path, *files: dict[str, Any]) -> None:
    """Let the record be about these files and no others."""
    edit(project, lambda record: record.update(files=list(files)))


def old_file(path: str, kind: str, runs: list[dict[str, Any]], outline: str = "") -> dict[str, Any]:
    """The same in the first form, which held lines themselves."""
    digest = None if kind == "env" else "0" * 64
    before = digest if kind == "text" else None
    return {
        "path": path,
        "kind": kind,
        "before": before,
        "after": digest,
        "mode": "0644",
        "outline": outline,
        "runs": runs,
    }


def old_record(*files: dict[str, Any], **policy: object) -> str:
    head = {"schema": 1, "tool": "0.1.0", "policy": {"compose_file": "docker-compose.yml", **policy}}
    return json.dumps({**head, "names": {}, "certificates": [], "files": list(files)})


def refused_everywhere(project: Path, what: str = "") -> None:
    """Every command that reads the record says no, with the file and what is wrong there, and writes nothing."""
    before = snapshot(project)
    for arguments in READING:
        ran = obeys_the_law(project, *arguments)
        if arguments[:2] != ("certs", "issue"):
            assert ran.code == 2 or arguments[0] == "doctor", (arguments, ran)
        assert what in ran.err or what in ran.out, (arguments, ran)
    assert snapshot(project) == before


FSMONITOR = [{"line": 1, "after": [], "before": ["[core]\n", "\tfsmonitor = touch /tmp/owned\n"]}]


@pytest.mark.parametrize("kind", ["text", "env"])
@pytest.mark.parametrize("path", [".git/config", ".git/hooks/pre-commit", "api/.git/config", ".GIT/config"])
def test_git_is_not_written_and_not_shown(enabled: Path, path: str, kind: str) -> None:
    (enabled / RECORD).write_text(old_record(old_file(path, kind, FSMONITOR)))
    refused_everywhere(enabled, "$.files[0]")


@pytest.mark.parametrize(
    "path", ["../out/private.txt", "/etc/passwd", ".aicos-tls/record.json", "api/../../out/x", "a//b"]
)
def test_a_path_leads_into_the_project(enabled: Path, path: str) -> None:
    edit(enabled, lambda record: record["files"][-1].update(path=path))
    refused_everywhere(enabled, "$.files[")


def test_a_link_on_the_way_is_not_followed(enabled: Path) -> None:
    """`git` keeps links, so a branch can bring them."""
    config = (enabled / ".git/config").read_bytes()
    (enabled / "x.yml").symlink_to(".git/config")
    (enabled / "y").symlink_to("../out")
    for path in ("x.yml", "y/private.txt"):
        with_files(enabled, text_file(path, config, b"x\n", proven=False))
        refused_everywhere(enabled)


def test_env_files_are_not_shown_as_texts(enabled: Path) -> None:
    """A conflict would show the lines, and so would the three lines around a change."""
    current = (enabled / ".env").read_bytes()
    for file in (
        text_file(".env", current, b"# mine\n" + current, proven=False),
        text_file(".env", b"something else\n", b"x\n", proven=False),
        text_file(".env", current, current.replace(b"\n", b" \n", 1)),
    ):
        with_files(enabled, file)
        refused_everywhere(enabled, "$.files[0]")


def test_env_files_with_other_names_are_not_shown_either(enabled: Path) -> None:
    (enabled / "settings").write_text(f"A={SECRETS['env']}\n")
    compose = enabled / "docker-compose.yml"
    compose.write_text(compose.read_text() + "    env_file: settings\n")
    with_files(enabled, text_file("settings", b"other\n", b"x\n", proven=False))
    refused_everywhere(enabled, "$.files[0]")


def test_addresses_of_others_are_not_made_plain(enabled: Path) -> None:
    """`PAYMENT_URL=https://bank.example` is none of this project's servers."""
    line = {"line": 3, "name": "PAYMENT_URL=", "inserted": [[16, "s"]]}
    edit(enabled, lambda record: record["files"][0].update(lines=[line]))
    assert json.loads((enabled / RECORD).read_text())["files"][0]["path"] == ".env"
    refused_everywhere(enabled, "none of a service of the project")


def test_a_file_that_no_run_changes(enabled: Path) -> None:
    for path, text in (("certs/api-key.pem", b"x\n"), ("notes.txt", b"x\n"), ("api/id_rsa", b"x\n")):
        (enabled / path).write_bytes(text)
        with_files(enabled, text_file(path, text, b"evil\n"))
        refused_everywhere(enabled, "$.files[0]")


def test_an_edited_file_must_be_named_by_the_project(enabled: Path) -> None:
    (enabled / "elsewhere").mkdir()
    (enabled / "elsewhere/local.py").write_text("mine\n")
    file = text_file("elsewhere/local.py", b"mine\n", b"evil\nmine\n", proven=False)
    with_files(enabled, file)
    refused_everywhere(enabled, "is named by no compose file")


def test_a_conflict_shows_lines_of_the_change_only(enabled: Path) -> None:
    """An outline of lines that are not there makes the whole file one place that was edited since."""
    (enabled / "api/server.js").write_text(f"const a = '{SECRETS['env']}';\nconst b = 1;\n")
    file = text_file("api/server.js", b"nothing\nlike it\n", b"x\n", proven=False)
    with_files(enabled, file)
    ran = obeys_the_law(enabled, "rollback", "--dry-run")
    assert (ran.code, "2 lines not of this change" in ran.out) == (2, True)


@pytest.mark.parametrize(
    ("certs", "path"),
    [
        ("./certs", "../out/ca-cert.pem"),
        ("./certs", "/etc/ssl/x-cert.pem"),
        ("../out", "../out/ca-cert.pem"),
        ("..", "../x-cert.pem"),
    ],
)
def test_certificates_elsewhere_are_not_removed(enabled: Path, certs: str, path: str) -> None:
    for name in ("ca-cert.pem", "ca-key.pem"):
        shutil.copy(enabled / "certs" / name, enabled.parent / "out" / name)
    digest = sha256((enabled / "certs/ca-cert.pem").read_bytes())

    def change(record: Any) -> None:
        record["policy"]["certs_dir"] = certs
        record["certificates"] = [{"path": path, "sha256": digest}]

    edit(enabled, change)
    for arguments in READING:
        obeys_the_law(enabled, *arguments)
    assert (enabled.parent / "out/ca-key.pem").exists()


def test_keys_of_another_directory_of_the_project_are_not_removed(enabled: Path) -> None:
    """Not by naming it as the certificates directory either: its CA did not sign them."""
    (enabled / "pki").mkdir()
    (enabled / "pki/.gitignore").write_text("*-key.pem\n")
    shutil.copy(enabled / "certs/api-cert.pem", enabled / "pki/prod-cert.pem")
    shutil.copy(enabled / "certs/api-key.pem", enabled / "pki/prod-key.pem")
    digest = sha256((enabled / "pki/prod-cert.pem").read_bytes())
    for certs in ("./certs", "./pki"):

        def change(record: Any, certs: str = certs) -> None:
            record["policy"]["certs_dir"] = certs
            record["certificates"] = [{"path": "pki/prod-cert.pem", "sha256": digest}]

        edit(enabled, change)
        ran = obeys_the_law(enabled, "rollback", "--certs", "--dry-run")
        assert (ran.code, "pki/prod-cert.pem: stays" in ran.out) == (0, True), ran


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record["policy"].update(code_services=[[]]),
        lambda record: record["policy"].update(code_services="x"),
        lambda record: record["policy"].update(compose_file="a\0b"),
        lambda record: record["policy"].update(compose_files=[".git/config"]),
        lambda record: record["policy"].update(compose_files=["a/../../x"]),
        lambda record: record["policy"].update(days=0),
        lambda record: record["policy"].update(mount_path="/a'+process.exit(7)+'"),
        lambda record: record["policy"].update(serve=[1]),
        lambda record: record["policy"].update(only="\x1b[2J"),
        lambda record: record["names"].update(api="../../x"),
        lambda record: record.update(tool="\x1b[2J"),
        lambda record: record["files"][-1]["runs"][0].update(pieces=[[0, 4_000_000]] * 9),
        lambda record: record["files"][-1]["runs"][0].update(line=10**18),
    ],
)  # fmt: skip
def test_settings_and_names_are_checked(enabled: Path, change: Callable[[Any], None]) -> None:
    edit(enabled, change)
    refused_everywhere(enabled, "$.")


@pytest.mark.parametrize("name", ["record.json", "journal.json"])
@pytest.mark.parametrize("what", ["fifo", "device", "link", "directory", "huge", "deep", "empty"])
def test_no_file_of_the_state_directory_hangs_or_fills_memory(enabled: Path, name: str, what: str) -> None:
    path = enabled / ".aicos-tls" / name
    path.unlink(missing_ok=True)
    if what == "fifo":
        os.mkfifo(path)
    elif what == "directory":
        path.mkdir()
    elif what in ("device", "link"):
        path.symlink_to("/dev/zero" if what == "device" else "../../out/private.txt")
    elif what == "huge":
        with path.open("wb") as file:
            file.truncate(8 * 2**30)
    else:
        path.write_text("[" * 200_000 if what == "deep" else "")
    for arguments in (READING[1], READING[4], READING[6], READING[-3], READING[-1]):
        ran = obeys_the_law(enabled, *arguments, run=bounded)
        reads = name == "record.json" or "--dry-run" not in arguments  # a dry rollback does not look at the journal
        assert ran.code == 2 or arguments[0] == "doctor" or not reads, (arguments, ran)


def test_the_state_directory_is_no_link(enabled: Path) -> None:
    (enabled / ".aicos-tls").rename(enabled.parent / "out/state")
    (enabled / ".aicos-tls").symlink_to("../out/state")
    for arguments in READING:
        assert obeys_the_law(enabled, *arguments).code == 2 or arguments[0] == "doctor"


def journal(project: Path, target: Path, **more: object) -> str:
    """A journal that would have `target` removed, with the right identity of the directory."""
    status = project.stat()
    step = {
        "target": os.fspath(target),
        "old": None,
        "new": sha256(target.read_bytes()),
        "staged": f"{target.parent}/.aicos-tls-00000000-0.new",
        "backup": f"{target.parent}/.aicos-tls-00000000-0.old",
    }
    head = {"schema": 1, "state": "swapping", "project": [os.fspath(project), status.st_dev, status.st_ino]}
    return json.dumps({**head, "steps": [step], "made": [], "emptied": [], **more})


def test_a_journal_that_was_checked_out_is_not_followed(enabled: Path) -> None:
    """Git makes files that others may read; a journal of this program's own is one that nobody else may."""
    path = enabled / ".aicos-tls/journal.json"
    path.write_text(journal(enabled, enabled / "api/server.js"))
    path.chmod(0o644)
    for arguments in READING:
        obeys_the_law(enabled, *arguments)
    assert (enabled / "api/server.js").exists()


@pytest.mark.parametrize("target", [".git/config", "../out/private.txt", "y/private.txt", "../out/../out/private.txt"])
def test_a_journal_is_about_files_that_a_run_may_change(enabled: Path, target: str) -> None:
    (enabled / "y").symlink_to("../out")
    path = enabled / ".aicos-tls/journal.json"
    path.write_text(journal(enabled, enabled / target))
    path.chmod(0o600)
    for arguments in READING:
        obeys_the_law(enabled, *arguments)


def test_an_honest_branch_is_taken_back_on_a_fresh_clone(enabled: Path) -> None:
    """What git has of it is enough: the record, and the files."""
    for name in ("rollback.patch", "rollback-env.patch", ".gitignore"):
        (enabled / ".aicos-tls" / name).unlink()
    shutil.rmtree(enabled / "certs")
    assert bounded(enabled, "rollback").code == 0
    assert (enabled / "docker-compose.yml").read_text() == COMPOSE
    assert (enabled / ".env").read_text() == ENV
    assert not (enabled / ".aicos-tls").exists()


def test_later_edits_stay_on_a_fresh_clone(enabled: Path) -> None:
    compose = enabled / "docker-compose.yml"
    compose.write_text(compose.read_text().replace("  api:\n", "  # ours\n  api:\n"))
    env = enabled / ".env"
    env.write_text("NEW=1\n" + env.read_text().replace(SECRETS["quotes"], "another"))
    ran = bounded(enabled, "rollback")
    assert ran.code == 0, ran
    assert compose.read_text() == COMPOSE.replace("  api:\n", "  # ours\n  api:\n")
    assert env.read_text() == "NEW=1\n" + ENV.replace(SECRETS["quotes"], "another")


@pytest.mark.parametrize(
    "name", ["env.js", "config.env.ts", "nested/env.py", "nginx.conf", "Dockerfile.dev", "conf.d/default", "x.vhost"]
)
@pytest.mark.parametrize("edited", [False, True])
def test_sources_of_an_honest_run_are_taken_back(enabled: Path, name: str, *, edited: bool) -> None:
    path = enabled / "api" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("a = 1\nb = 'https'\nc = 3\n" + ("d = 4\n" if edited else ""))
    before = b"a = 1\nb = 'http'\nc = 3\n"
    file = text_file(f"api/{name}", before.replace(b"http", b"https"), before)
    edit(enabled, lambda record: record["files"].insert(0, file))
    assert here(enabled, "rollback").code == 0
    assert path.read_bytes() == before + (b"d = 4\n" if edited else b"")
