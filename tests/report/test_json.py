"""Results as data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from support import Project, Run

FAST = ("--key-type", "p256")


def data(run: Run, *arguments: str | Path) -> Any:
    return json.loads(run(*arguments, "--format", "json").out)


def test_everything_that_is_said_is_there(mixed: Path, run: Run) -> None:
    found = data(run, "enable", "--dry-run")
    assert (found["would_change"], found["blocked"], found["written"]) == (True, False, [])
    assert {s["name"]: s["in_scope"] for s in found["services"]} == {"api": True, "web": True, "db": False}
    asked = [edge for edge in found["connections"] if (edge["client"], edge["server"]) == ("web", "api")]
    assert [(edge["port"], edge["evidence"][0]["where"]) for edge in asked] == [(8001, "docker-compose.yml:10")]
    (declined,) = found["declined"]
    assert (declined["service"], declined["line"], declined["safe"]) == ("web", 14, True)
    assert {note["topic"] for note in found["notes"]} == {"todo", "kept"}
    assert {c["state"] for c in found["certificates"]} == {"missing"}
    done = data(run, "enable", *FAST)
    assert "certs/api-cert.pem" in done["written"]
    assert {c["key_type"] for c in done["certificates"]} == {"p256"}
    assert mixed.is_dir()


def test_passwords_are_in_the_diff_only(mixed: Path, run: Run) -> None:
    found = data(run, "enable", "--dry-run")
    assert "hunter2" in found["files"][0]["diff"]
    assert {"http://bob:***@api:8001"} <= {change["before"] for change in found["changes"]}
    for file in found.pop("files"):
        assert set(file) == {"path", "kind", "diff"}
    assert "hunter2" not in json.dumps(found)
    assert mixed.is_dir()


def test_lines_to_paste_are_exact_but_for_files_elsewhere(project: Project, run: Run) -> None:
    one = "services:\n  api:\n    build: .\n    healthcheck: {test: curl http://localhost:1}\n"
    project({"docker-compose.yml": one + "    env_file: ../x.env\n", "../x.env": "API_URL=http://b:hunter2@api:1\n"})
    found = data(run, "enable", "--dry-run")
    assert found["blocked"]
    assert [d["paste"] for d in found["declined"]] == ["../x.env.API_URL: https://***@api:1"], "not a line of others"


def test_rollback(mixed: Path, run: Run) -> None:
    run("enable", *FAST)
    dry = data(run, "rollback", "--dry-run", "--certs")
    assert (dry["dry_run"], dry["blocked"], dry["kept_certificates"]) == (True, [], [])
    assert [file["path"] for file in dry["files"]] == ["docker-compose.yml"]
    assert len(dry["removed_certificates"]) == 6
    assert (mixed / "certs/ca-key.pem").exists()
    file = mixed / "docker-compose.yml"
    text = file.read_text()
    file.write_text(text.replace("https://bob:hunter2@api", "https://eve:hunter2@api"))
    found = run("rollback", "--format", "json")
    (blocked,) = json.loads(found.out)["blocked"]
    assert (found.code, blocked["path"], blocked["reason"]) == (2, "docker-compose.yml", "edited")
    (clash,) = blocked["clashes"]
    assert clash["found"] == ["      - API_URL=https://eve:***@api:8001\n"]
    assert (clash["others"], clash["wrote"], clash["was"], clash["restore"]) == (0, 1, 1, [])
    file.unlink()
    file.with_name("compose.yml").write_text(text)
    (gone,) = data(run, "rollback", "docker-compose.yml")["blocked"]
    assert (gone["reason"], gone["clashes"]) == ("gone", [])


def test_certificates(mixed: Path, run: Run) -> None:
    issued = data(run, "certs", "issue", *FAST)
    assert [(c["short_name"], c["state"], c["reason"]) for c in issued["certificates"]] == [
        ("ca", "issued", "there is none"),
        ("api", "issued", "there is none"),
        ("web", "issued", "there is none"),
    ]
    assert len(issued["written"]) == 6
    listed = data(run, "certs", "list")
    (api,) = [c for c in listed["certificates"] if c["short_name"] == "api"]
    assert (api["key_mode"], api["mode"], api["key_type"], api["names"][0]) == ("0600", "0644", "p256", "api")
    assert listed["problems"] == []
    (mixed / "certs/web-cert.pem").write_text("not a certificate")
    (mixed / "certs/api-key.pem").unlink()
    broken = data(run, "certs", "list")
    assert [problem["file"] for problem in broken["problems"]] == ["certs/web-cert.pem"]
    assert {c["short_name"]: c["key_mode"] for c in broken["certificates"]} == {"ca": "0600", "api": None}
