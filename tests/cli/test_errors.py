"""Whatever goes wrong ends in one line of what, one of what to do, and its exit code; never in a traceback."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

import pytest
from support import tree

from aicos_tls import disk
from aicos_tls.cli import main
from aicos_tls.cli.errors import say
from aicos_tls.errors import InternalError, TlsError, Where

if TYPE_CHECKING:
    from support import Project, Run

ONE = "x-aicos-tls: {all: true}\nservices:\n  api:\n    build: .\n    healthcheck: {test: curl http://localhost:1}\n"
PROGRAM = (sys.executable, "-m", "aicos_tls")


def program(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROGRAM, *arguments], check=False, text=True, stderr=subprocess.PIPE, **options)


class TestBug:
    """What nobody foresaw."""

    @pytest.fixture
    def broken(self, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A project, and a program that breaks when it comes to writing; logs go to `tmp_path/logs`."""

        def fail(*_: object) -> NoReturn:
            raise ZeroDivisionError("of all things")

        monkeypatch.setattr(disk, "commit", fail)
        logs = tmp_path / "logs"
        logs.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(logs))
        return project(ONE)

    def test_it_is_one_line_and_a_log_to_send(self, broken: Path, run: Run, tmp_path: Path) -> None:
        shown = run("enable", "--no-certs")
        assert (shown.code, shown.out) == (3, "")
        (log,) = (tmp_path / "logs").iterdir()
        assert shown.err.splitlines() == [
            "aicos-tls: this is a bug: ZeroDivisionError: of all things",
            f"  → no file was left half written; please report it with {log}",
        ]
        assert tree(broken) == {"docker-compose.yml": ONE.encode()}

    @pytest.mark.usefixtures("broken")
    def test_the_service_that_is_in_the_way_can_be_left_out(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: object) -> NoReturn:
            raise InternalError("of all \x1b[1mthings", service="api", where=Where(Path("docker-compose.yml"), 2, 3))

        monkeypatch.setattr(disk, "commit", fail)
        shown = run("enable", "--no-certs")
        assert shown.code == 3
        assert "\x1b" not in shown.err
        assert shown.err.splitlines()[-1] == (
            "  → api (docker-compose.yml:2:3) can be left out meanwhile: --exclude api"
        )

    def test_the_log_has_what_is_needed_to_find_it(self, broken: Path, run: Run, tmp_path: Path) -> None:
        run("enable", "--no-certs")
        (log,) = (tmp_path / "logs").glob("aicos-tls-*.log")
        text = log.read_text()
        assert re.match(r"aicos-tls \d+\.\d+\.\d+.*, Python 3\.\d+", text)
        assert "arguments: ['enable', '--no-certs']\n" in text
        assert "Traceback (most recent call last):" in text
        assert log.stat().st_mode & 0o777 == 0o600
        assert broken.is_dir()

    def test_without_a_place_for_the_log_it_is_said_all_the_same(
        self, broken: Path, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
        shown = run("enable", "--no-certs")
        assert (shown.code, broken.is_dir()) == (3, True)
        assert shown.err.splitlines()[1].endswith(
            "please report it; no log could be written: No such file or directory"
        )


class TestExpected:
    """What people get wrong, and what the machine does to them."""

    @pytest.mark.parametrize(
        ("error", "lines"),
        [
            (TlsError("no such thing"), ["aicos-tls: no such thing"]),
            (TlsError("bad", where=Where(Path("a.yml"), 3, 2)), ["aicos-tls: a.yml:3:2: bad"]),
            (TlsError("bad", where=Where(Path("a.yml")), hint="mend it"), ["aicos-tls: a.yml: bad", "  → mend it"]),
        ],
    )
    def test_a_line_of_what_and_where_and_one_of_what_to_do(
        self, error: TlsError, lines: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        say(error)
        shown = capsys.readouterr()
        assert (shown.out, shown.err.splitlines()) == ("", lines)

    @pytest.mark.parametrize(
        ("arguments", "line", "help_"),
        [
            (["frobnicate"], "No such command 'frobnicate'", "aicos-tls --help"),
            (["enable", "--frob"], "No such option: --frob", "aicos-tls enable --help"),
            (["enable", "--days", "0"], "Invalid value for '--days'", "aicos-tls enable --help"),
            (["enable", "--days", "ten"], "Invalid value for '--days'", "aicos-tls enable --help"),
            (["enable", "--format", "xml"], "Invalid value for '--format'", "aicos-tls enable --help"),
            (["enable", "--key-type", "dsa"], "Invalid value for '--key-type'", "aicos-tls enable --help"),
            (["enable", "--color", "blue"], "Invalid value for '--color'", "aicos-tls enable --help"),
            (["enable", "--only"], "Option '--only' requires an argument", "aicos-tls --help"),
            (["rollback", "--format", "markdown"], "'markdown' is not one of", "aicos-tls rollback --help"),
            (["certs", "issue", "--format", "diff"], "'diff' is not one of 'text', 'json'", "aicos-tls certs issue"),
            (["certs", "list", "--format", "markdown"], "'markdown' is not one of", "aicos-tls certs list --help"),
            (["certs", "list", "a", "b"], "Got unexpected extra argument", "aicos-tls certs list --help"),
            (["code", "status", "--format", "diff"], "'diff' is not one of", "aicos-tls code status --help"),
            (["code", "show"], "Missing argument 'SERVICE'", "aicos-tls code show --help"),
            (["code", "show", "api", "--part", "x"], "Invalid value for '--part'", "aicos-tls code show --help"),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list) else None,
    )
    def test_a_usage_error_is_one_line_and_where_to_read(
        self, arguments: list[str], line: str, help_: str, project: Project, run: Run
    ) -> None:
        directory = project(ONE)
        shown = run(*arguments)
        assert (shown.code, shown.out) == (2, "")
        first, second = shown.err.splitlines()
        assert first.startswith("aicos-tls: ")
        assert line in first
        assert second.startswith(f"  → {help_}")
        assert tree(directory) == {"docker-compose.yml": ONE.encode()}

    @pytest.mark.parametrize("arguments", [(), ("certs",), ("code",)])
    def test_no_command_is_answered_with_the_help(self, arguments: tuple[str, ...], run: Run) -> None:
        shown = run(*arguments)
        assert (shown.code, shown.out) == (2, "")
        assert shown.err.startswith("Usage: aicos-tls")
        assert "→" not in shown.err

    @pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("certs", "-h"), ("enable", "--help")])
    def test_help_is_no_error(self, arguments: tuple[str, ...], run: Run) -> None:
        shown = run(*arguments)
        assert (shown.code, shown.err) == (0, "")
        assert shown.out.startswith("Usage: aicos-tls")

    @pytest.mark.parametrize("unbuffered", ["", "1"])
    def test_a_full_disk(self, project: Project, unbuffered: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)  # without it Python writes once more when it ends
        directory = project(ONE)
        with Path("/dev/full").open("w") as full:
            done = program("enable", "--no-certs", stdout=full)
        assert done.returncode == 2
        assert done.stderr.splitlines() == [
            "aicos-tls: the output cannot be written: No space left on device",
            "  → the command itself was carried out before that",
        ]
        assert "TLS_ENABLED" in (directory / "docker-compose.yml").read_text()

    @pytest.mark.parametrize("unbuffered", ["", "1"])
    @pytest.mark.parametrize(
        "arguments", [("--help",), ("--version",), ("enable", "-h"), ("explain",), ("certs", "list")]
    )
    def test_a_full_disk_is_no_bug(
        self, project: Project, arguments: tuple[str, ...], unbuffered: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
        project(ONE)
        with Path("/dev/full").open("w") as full:
            done = program(*arguments, stdout=full)
        assert done.returncode == 2
        assert done.stderr.startswith("aicos-tls: ")
        assert "bug" not in done.stderr

    @pytest.mark.parametrize("unbuffered", ["", "1"])
    @pytest.mark.parametrize(
        ("arguments", "code"), [(("enable", "no.yml"), 2), (("nonsense",), 2), (("enable", "--no-certs"), 0)]
    )
    def test_errors_that_cannot_be_written_leave_the_exit_code_alone(
        self, project: Project, arguments: tuple[str, ...], code: int, unbuffered: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
        project(ONE)
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "aicos_tls", *arguments], stdout=subprocess.DEVNULL, stderr=full, check=False
            )
        assert done.returncode == code

    @pytest.mark.parametrize("closed", ["stdout", "stderr"])
    def test_a_closed_stream_is_no_reason_to_fail(
        self, closed: str, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        directory = project(ONE)
        monkeypatch.setattr(sys, closed, None)
        monkeypatch.setattr(sys, "argv", ["aicos-tls", "enable", "--no-certs"])
        with pytest.raises(SystemExit) as ended:
            main()
        stream: IO[str] = getattr(sys, closed)
        stream.close()
        assert ended.value.code == 0
        assert "TLS_ENABLED" in (directory / "docker-compose.yml").read_text()

    @pytest.mark.parametrize("unbuffered", ["", "1"])
    def test_a_reader_who_goes_away(self, project: Project, unbuffered: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
        services = "".join(f"  s{n}: {{build: ., environment: ['A=http://api:1']}}\n" for n in range(400))
        project(ONE + services)
        with subprocess.Popen(
            [*PROGRAM, "enable", "--dry-run", "--no-certs"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as running:
            assert running.stdout is not None
            assert running.stderr is not None
            assert running.stdout.readline() == "--- a/docker-compose.yml\n"
            running.stdout.close()
            assert running.stderr.read() == ""
            assert running.wait() == 0


class TestInterrupted:
    """Control-C."""

    def test_while_keys_are_made(self, project: Project) -> None:
        many = ONE + "".join(f"  s{n}: {{build: .}}\n" for n in range(60))  # more keys than are made before we look
        directory = project(many)
        before = signal.signal(
            signal.SIGINT, signal.default_int_handler
        )  # one that is ignored would be in a child, too
        with subprocess.Popen(
            [*PROGRAM, "enable"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as running:
            deadline = time.monotonic() + 30
            while not (directory / ".aicos-tls/pid").exists():
                assert time.monotonic() < deadline
                assert running.poll() is None
            running.send_signal(signal.SIGINT)
            out, err = running.communicate()
        signal.signal(signal.SIGINT, before)
        assert (running.returncode, out) == (130, "")
        assert err == "aicos-tls: interrupted; nothing half done was left behind\n"
        assert tree(directory) == {"docker-compose.yml": many.encode()}

    def test_anywhere_within_a_command(self, project: Project, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        directory = project(ONE)

        def interrupt(*_: object) -> NoReturn:
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "replace", interrupt)
        shown = run("enable", "--no-certs")
        assert (shown.code, shown.out) == (130, "")
        assert shown.err == "aicos-tls: interrupted; nothing half done was left behind\n"
        monkeypatch.undo()
        monkeypatch.chdir(directory)
        run("rollback")
        assert tree(directory) == {"docker-compose.yml": ONE.encode()}

    def test_before_anything_has_begun(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def interrupt(_: object) -> NoReturn:
            raise KeyboardInterrupt

        monkeypatch.setattr("aicos_tls.cli.errors.guarded", interrupt)
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 130
        assert capsys.readouterr().err == "aicos-tls: interrupted\n"
