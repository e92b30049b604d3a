"""Where Python services start, and what they then import the helper as."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from aicos_tls.files import TextFile
from aicos_tls.sources.python.modules import Home, home_of, stands_alone


@pytest.mark.parametrize(
    ("command", "files", "directory", "package"),
    [
        ("uvicorn main:app", "main.py", "", ""),
        ("uvicorn app.main:app --port 80", "app/main.py", "app", "app"),
        ("uvicorn app.main:app", "api/app/main.py api/main.py", "api/app", "app"),
        ("uvicorn --app-dir src main:app", "src/main.py", "src", ""),
        ("uvicorn app:app", "app/__init__.py", "app", "app"),
        ("gunicorn shop.wsgi:application", "shop/wsgi.py manage.py", "shop", "shop"),
        ("gunicorn shop.wsgi", "shop/wsgi.py manage.py", "shop", "shop"),
        ("gunicorn app:create_app()", "app.py", "", ""),
        ("hypercorn a.b.c:app", "a/b/c.py", "a/b", "a.b"),
        ("flask --app web run", "web.py", "", ""),
        ("flask -A web.site run", "web/site.py", "web", "web"),
        ("python main.py", "main.py", "", ""),
        ("python -u src/main.py", "src/main.py", "src", ""),
        ("python /app/main.py", "main.py lib/main.py", "", ""),
        ("python -m app.main", "app/main.py", "app", "app"),
        ("python3.11 -m app", "app/__main__.py", "app", "app"),
        ("python manage.py runserver", "manage.py shop/wsgi.py", "", ""),
    ],
)
def test_by_the_command(command: str, files: str, directory: str, package: str) -> None:
    paths = [PurePosixPath(path) for path in files.split()]
    assert home_of(paths, command.split(), None) == Home(PurePosixPath(directory), package)


@pytest.mark.parametrize(
    ("files", "entry", "package"),
    [
        ("main.py", "main.py", ""),
        ("app/main.py", "app/main.py", ""),
        ("app/main.py app/__init__.py", "app/main.py", "app"),
        ("a/b/main.py a/b/__init__.py a/__init__.py", "a/b/main.py", "a.b"),
    ],
)
@pytest.mark.parametrize("command", ["", "./start", "python other.py", "uvicorn other:app"])
def test_by_the_entry(command: str, files: str, entry: str, package: str) -> None:
    paths = [PurePosixPath(path) for path in files.split()]
    assert home_of(paths, command.split(), PurePosixPath(entry)) == Home(PurePosixPath(entry).parent, package)


def test_nothing_is_known() -> None:
    assert home_of([], ["./start"], None) is None


def test_the_name_of_a_module_there() -> None:
    assert Home(PurePosixPath("app"), "app").dotted("tls") == "app.tls"
    assert Home(PurePosixPath("app")).dotted("tls") == "tls"


@pytest.mark.parametrize(
    ("path", "text", "alone"),
    [
        ("scripts/seed.py", "if __name__ == '__main__':\n    seed()\n", True),
        ("scripts/seed.py", "def seed(): ...\n", False),
        ("main.py", "if __name__ == '__main__':\n    main()\n", False),
    ],
)
def test_programs_of_their_own(path: str, text: str, *, alone: bool) -> None:
    file = TextFile(Path(path), text.encode())
    assert stands_alone(file, PurePosixPath(path), Home(PurePosixPath())) is alone
