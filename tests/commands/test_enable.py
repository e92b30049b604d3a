from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import needs, tree

if TYPE_CHECKING:
    from support import Project, Run

ROOT = Path(__file__).resolve().parents[2]
FAST = ("--key-type", "p256")

ONE = """\
services:
  api:
    build: .
    ports: ["8001:8001"]
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:8001/health"]
  web:
    build: ./web
    environment:
      - API_URL=http://api:8001
"""


def diff(run: Run) -> list[str]:
    out = run("enable", "--dry-run", "--format", "diff").out
    return [line for line in out.splitlines() if re.match(r"[-+](?![-+])", line)]


def test_the_aicos_diff_is_exactly_the_guide(aicos: Path, run: Run) -> None:
    before = tree(aicos)
    lines = diff(run)
    assert tree(aicos) == before
    added = [line[1:].strip() for line in lines if line.startswith("+")]
    removed = [line[1:].strip() for line in lines if line.startswith("-")]
    assert added.count("- ./certs:/app/certs:ro") == 8
    for variable in ("TLS_ENABLED=true", "TLS_CERT_PATH=/app/certs", "NODE_TLS_REJECT_UNAUTHORIZED=0"):
        assert added.count(f"- {variable}") == 8
    assert added.count("volumes:") == 2
    assert added.count("certs/") == 1
    urls = [line for line in removed if "_URL=" in line]
    checks = [line for line in removed if line.startswith("test:")]
    assert (len(urls), len(checks)) == (7, 7)
    assert sorted(urls + checks) == sorted(removed)
    secured = {line.replace("http://", "https://").replace('"-f", "', '"-f", "--insecure", "') for line in removed}
    assert secured <= set(added)
    assert len(added) == 8 + 3 * 8 + 2 + 1 + 7 + 7


def test_enable_rollback_gives_every_byte_back(aicos: Path, run: Run) -> None:
    before = tree(aicos)
    assert run("enable", *FAST).code == 0
    enabled = tree(aicos)
    assert {name for name in enabled if enabled[name] != before.get(name)} >= {"docker-compose.yml", ".gitignore"}
    assert run("rollback").code == 0
    after = {name: data for name, data in tree(aicos).items() if not name.startswith("certs/")}
    assert after == before
    assert not (aicos / ".aicos-tls").exists()


def test_enabling_twice_writes_once(aicos: Path, run: Run) -> None:
    run("enable", *FAST)
    times = {path: path.stat().st_mtime_ns for path in aicos.rglob("*") if path.is_file()}
    again = run("enable", *FAST)
    assert again.code == 0
    assert "nothing to do" in again.out
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert not [path for path in aicos.rglob("*") if path.is_file() and path not in times]
    assert run("enable", "--dry-run", "--exit-code").code == 0


def test_another_policy_is_rollback_then_enable(aicos: Path, run: Run) -> None:
    run("enable", *FAST)
    run("enable", *FAST, "--mount-path", "/run/tls", "--only", "aicos-backend")
    direct = tree(aicos)
    run("rollback")
    run("enable", *FAST, "--mount-path", "/run/tls", "--only", "aicos-backend")
    assert tree(aicos)["docker-compose.yml"] == direct["docker-compose.yml"]
    assert direct["docker-compose.yml"].count(b":/run/tls:ro") == 1


@needs("git", "patch")
def test_the_patch_is_accepted_by_git_and_patch(aicos: Path, run: Run) -> None:
    before = (aicos / "docker-compose.yml").read_bytes()
    run("enable", *FAST)
    patch = ".aicos-tls/rollback.patch"
    subprocess.run(["git", "apply", "--check", patch], check=True, cwd=aicos)
    with (aicos / patch).open() as stream:
        subprocess.run(["patch", "--dry-run", "-p1"], check=True, cwd=aicos, stdin=stream, capture_output=True)
    subprocess.run(["git", "apply", patch], check=True, cwd=aicos)
    assert (aicos / "docker-compose.yml").read_bytes() == before


@needs("openssl")
def test_certificates_are_accepted_by_openssl(aicos: Path, run: Run) -> None:
    run("enable", *FAST)
    leaves = sorted(path for path in (aicos / "certs").glob("*-cert.pem") if path.name != "ca-cert.pem")
    assert len(leaves) == 8
    command = ["openssl", "verify", "-x509_strict", "-CAfile", "certs/ca-cert.pem", *map(str, leaves)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.count(": OK") == 8
    assert {path.stat().st_mode & 0o777 for path in (aicos / "certs").glob("*-key.pem")} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (aicos / "certs").glob("*-cert.pem")} == {0o644}


def test_docker_compose_accepts_the_result(aicos: Path, run: Run, compose: Path) -> None:
    run("enable", *FAST)
    done = subprocess.run(
        [compose, "config", "--format", "json"], cwd=aicos, capture_output=True, text=True, check=True
    )
    services = json.loads(done.stdout)["services"]
    assert services["aicos-backend"]["environment"]["INTEGRATIONS_URL"] == "https://aicos-integrations:8006"
    assert services["aicos-frontend"]["volumes"][0]["target"] == "/app/certs"


def test_keys_are_kept_by_enable(aicos: Path, run: Run) -> None:
    run("enable", *FAST)
    keys = {path: path.read_bytes() for path in (aicos / "certs").glob("*.pem")}
    run("rollback")
    run("enable", *FAST)
    assert {path: path.read_bytes() for path in (aicos / "certs").glob("*.pem")} == keys


@needs("openssl")
def test_a_foreign_ca_is_refused_and_nothing_changed(aicos: Path, run: Run) -> None:
    run("enable", *FAST)
    run("rollback")
    foreign = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    files = ["-keyout", "certs/ca-key.pem", "-out", "certs/ca-cert.pem", "-subj", "/CN=other", "-days", "9"]
    subprocess.run([*foreign, *files], check=True, capture_output=True)
    before = tree(aicos)
    refused = run("enable", *FAST)
    assert refused.code == 2
    assert "certs/" in refused.err
    assert "→" in refused.err
    assert tree(aicos) == before


def test_output_leaves_the_source_alone(project: Project, run: Run) -> None:
    directory = project(ONE)
    before = tree(directory)
    assert run("enable", "--output", "patched.yml").code == 0
    after = tree(directory)
    assert b"https://api:8001" in after.pop("patched.yml")
    assert after == before


def test_output_refuses_what_one_file_cannot_hold(project: Project, run: Run) -> None:
    directory = project(
        {"docker-compose.yml": ONE.replace("http://api:8001", "${API_URL}"), ".env": "API_URL=http://api:8001\n"}
    )
    before = tree(directory)
    refused = run("enable", "--output", "patched.yml")
    assert refused.code == 2
    assert ".env" in refused.err
    assert tree(directory) == before


def test_env_files_are_part_of_it_and_secrets_are_not_shown(project: Project, run: Run) -> None:
    env = "SECRET=hunter2\nAPI_URL=http://api:8001\nOTHER=also-secret\n"
    directory = project({"docker-compose.yml": ONE.replace("http://api:8001", "${API_URL}"), ".env": env})
    dry = run("enable", "--dry-run")
    assert "+API_URL=https://api:8001" in dry.out
    run("enable", *FAST)
    assert (directory / ".env").read_text() == env.replace("http:", "https:")
    state = b"".join(path.read_bytes() for path in (directory / ".aicos-tls").iterdir())
    assert b"secret" not in state
    assert b"hunter2" not in state
    assert "secret" not in dry.out
    run("rollback")
    assert (directory / ".env").read_text() == env


def test_later_edits_stay_when_rolled_back(project: Project, run: Run) -> None:
    directory = project(ONE)
    run("enable", *FAST)
    file = directory / "docker-compose.yml"
    file.write_text(file.read_text() + "  later:\n    image: busybox\n")
    assert "edits made since are kept" in run("rollback").out
    assert file.read_text() == ONE + "  later:\n    image: busybox\n"


def test_a_conflict_is_shown_and_nothing_written(project: Project, run: Run) -> None:
    directory = project(ONE)
    run("enable", *FAST)
    file = directory / "docker-compose.yml"
    file.write_text(file.read_text().replace("https://api:8001", "https://other:9"))
    before = tree(directory)
    back = run("rollback")
    assert back.code == 2
    assert "API_URL=https://other:9" in back.out
    assert ".aicos-tls/rollback.patch" in back.out, "the record holds no addresses"
    again = run("enable", *FAST)
    assert again.code == 2
    assert "changed by hand" in again.err
    assert tree(directory) == before


def test_rollback_of_another_file_is_refused(project: Project, run: Run) -> None:
    project({"docker-compose.yml": ONE, "other.yml": ONE})
    run("enable", "docker-compose.yml", *FAST)
    other = run("rollback", "other.yml")
    assert other.code == 2
    assert "docker-compose.yml" in other.err
    mixed = run("enable", "other.yml", *FAST)
    assert mixed.code == 2
    assert "roll back first" in mixed.err


def test_rollback_removes_certificates_only_when_asked(aicos: Path, run: Run) -> None:
    run("enable", *FAST)
    (aicos / "certs/frontend-cert.pem").write_text("mine")
    kept = run("rollback", "--certs")
    assert kept.code == 0
    assert "not the one that was issued" in kept.out
    assert sorted(path.name for path in (aicos / "certs").glob("*.pem")) == ["frontend-cert.pem", "frontend-key.pem"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "empty"),
        (b"services:\n", "no services"),
        (b"- a\n", "not a mapping"),
        (b"\xff\xfe", "not UTF-8"),
        (b"services:\n  a: [\n", "not valid YAML"),
        (b"services:\n  a:\n    image: x\n    image: y\n", "second time"),
        (b"web:\n  image: x\n", "version 1"),
        (b"services: {a: b}\n", "not a mapping"),
    ],
)
def test_bad_compose_files(project: Project, run: Run, text: bytes, message: str) -> None:
    directory = project({"docker-compose.yml": text})
    refused = run("enable", "docker-compose.yml")
    assert refused.code == 2
    assert message in refused.err
    assert refused.err.startswith("aicos-tls: docker-compose.yml")
    assert tree(directory) == {"docker-compose.yml": text}


def test_bad_places(project: Project, run: Run) -> None:
    directory = project(ONE)
    assert "no such file" in run("enable", "nothing.yml").err
    assert "directory" in run("enable", directory).err
    file = directory / "docker-compose.yml"
    file.chmod(0o444)
    assert "read-only" in run("enable", *FAST).err
    file.chmod(0o644)
    directory.chmod(0o555)
    refused = run("enable", *FAST)
    directory.chmod(0o755)
    assert refused.code == 2
    assert "read-only" in refused.err
    assert tree(directory) == {"docker-compose.yml": ONE.encode()}


def test_a_symlink_stays_a_symlink(project: Project, run: Run) -> None:
    directory = project({"real.yml": ONE})
    (directory / "docker-compose.yml").symlink_to("real.yml")
    assert run("enable", *FAST).code == 0
    assert (directory / "docker-compose.yml").is_symlink()
    assert "https://api:8001" in (directory / "real.yml").read_text()
    run("rollback")
    assert (directory / "real.yml").read_text() == ONE


def test_no_compose_file_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.chdir(tmp_path)
    refused = run("enable")
    assert refused.code == 2
    assert "no compose file here" in refused.err


def test_json_is_stable(aicos: Path, run: Run) -> None:
    data = json.loads(run("enable", "--dry-run", "--format", "json").out)
    assert (data["schema"], data["command"], data["dry_run"]) == (1, "enable", True)
    assert set(data) == {
        "schema", "tool", "version", "command", "dry_run", "would_change", "blocked", "written", "policy", "services",
        "changes", "connections", "certificates", "override", "second_opinion", "declined", "notes",
        "files", "code", "not_serving_tls", "serving", "summary",
    }  # fmt: skip
    assert data["summary"] == {"connections": 32, "encrypted": 0, "plain": 32, "unmet": []}
    assert sum(each["waits_for_server"] for each in data["connections"]) == 7
    assert len(data["certificates"]) == 9
    assert {file["path"] for file in data["files"]} == {"docker-compose.yml", ".gitignore"}
    assert str(aicos) not in json.dumps(data)


def test_exit_code_flag(aicos: Path, run: Run) -> None:
    before = tree(aicos)
    assert run("enable", "--dry-run").code == 0
    assert run("enable", "--dry-run", "--exit-code", "-q").code == 1
    assert tree(aicos) == before
    assert run("enable", *FAST, "--exit-code").code == 1
    assert run("enable", *FAST, "--exit-code").code == 0
