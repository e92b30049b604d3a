"""The built wheel, installed into an empty environment, is the whole program: its templates come along."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_the_wheel_runs_in_an_empty_environment(tmp_path: Path) -> None:
    build: list[str | Path] = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        tmp_path / "dist",
        ROOT,
    ]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    templates = [path for path in (ROOT / "templates").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    for template in templates:
        assert f"aicos_tls/_templates/{template.relative_to(ROOT / 'templates').as_posix()}" in names
    assert not [name for name in names if name.startswith(("tests/", "fixtures/"))]
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv/bin/python"
    install: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel]
    subprocess.run(install, check=True, capture_output=True)
    project = tmp_path / "project"
    project.mkdir()
    text = "services:\n  api:\n    build: .\n  web:\n    build: .\n    environment: [API_URL=http://api:8001]\n"
    (project / "compose.yaml").write_text(text)
    tool = tmp_path / "venv/bin/aicos-tls"
    subprocess.run([tool, "enable", "--key-type", "p256"], cwd=project, check=True, capture_output=True)
    assert "https://api:8001" in (project / "compose.yaml").read_text()
    assert (project / "certs/api-key.pem").stat().st_mode & 0o777 == 0o600
    subprocess.run([tool, "rollback"], cwd=project, check=True, capture_output=True)
    assert (project / "compose.yaml").read_text() == text
