from __future__ import annotations

from pathlib import Path, PurePosixPath

from aicos_tls.files import TextFile, read
from aicos_tls.sources.model import CodeContext
from aicos_tls.sources.python import PythonFacts, detect, helper_name, helper_source

SERVICES = Path(__file__).parents[3] / "fixtures" / "aicos" / "services"


def facts(**texts: str) -> PythonFacts:
    names = {name.replace("__", "/").replace("_", "."): text for name, text in texts.items()}
    return detect({PurePosixPath(name): TextFile(Path(name), text.encode()) for name, text in names.items()})


def test_a_service_of_aicos() -> None:
    paths = [SERVICES / "common" / "requirements.txt", *sorted((SERVICES / "nl-parser").glob("*.py"))]
    found = detect({PurePosixPath(path.relative_to(SERVICES).as_posix()): read(path) for path in paths})
    assert found.framework is not None
    assert (found.framework.value, found.framework.where.path.name) == ("fastapi", "main.py")
    assert found.server is not None
    assert (found.server.value, found.server.where.line) == ("uvicorn", 3)
    assert found.entry == PurePosixPath("nl-parser/main.py")
    assert [(fact.value, fact.where.line) for fact in found.listens] == [("uvicorn.run", 30)]
    assert found.serves_tls == found.reads_certificates == ()


def test_declarations_of_every_kind() -> None:
    assert (
        facts(requirements_txt="# x\nDjango>=4  # web\ngunicorn\n").server
        == facts(requirements_txt="# x\nDjango>=4  # web\ngunicorn\n").server
    )
    for name, text, line in (
        ("pyproject_toml", '[project]\ndependencies = [\n  "Flask>=3",\n  "gunicorn",\n]\n', 4),
        ("pyproject_toml", '[project]\ndependencies = ["flask", "gunicorn[x]>=1"]\n', 2),
        ("pyproject_toml", '[tool.poetry.dependencies]\nflask = "^3"\ngunicorn = "*"\n', 3),
        ("Pipfile", '[packages]\nflask = "*"\ngunicorn = "*"\n', 3),
        ("setup_cfg", "[options]\ninstall_requires =\n  flask\n  gunicorn>=20\n", 4),
        ("requirements__prod_txt", "flask\ngunicorn==20\n", 2),
    ):
        found = facts(**{name: text})
        assert found.server is not None
        assert (found.server.value, found.server.where.line) == ("gunicorn", line)
        assert found.framework is not None
        assert found.framework.value == "flask"


def test_tls_and_certificates() -> None:
    found = facts(
        main_py=(
            "import uvicorn, ssl\nfrom http.server import HTTPServer\nfrom flask import Flask\napp = Flask('x')\n"
            "uvicorn.run('m:a', ssl_keyfile=f'{path}/ai.key')\napp.run(ssl_context=c)\n"
            "context.load_cert_chain('ca.crt')\nHTTPServer(('', 1), H)\nx = '/app/certs/other-cert.pem'\n"
            "import waitress\nwaitress.serve(app)\n"
        )
    )
    assert [fact.value for fact in found.listens] == [
        "uvicorn.run", "flask.Flask.run", "http.server.HTTPServer", "waitress.serve",
    ]  # fmt: skip
    assert [(fact.value, fact.where.line) for fact in found.serves_tls] == [
        ("uvicorn.run", 5), ("flask.Flask.run", 6), ("load_cert_chain", 7),
    ]  # fmt: skip
    assert [fact.value for fact in found.reads_certificates] == [
        "{path}/ai.key".rpartition("/")[2],
        "ca.crt",
        "other-cert.pem",
    ]


def test_the_helper_serves_tls() -> None:
    found = facts(main_py="import tls\nfrom http.server import HTTPServer\ntls.serve(HTTPServer(a, b))\n")
    assert [fact.value for fact in found.serves_tls] == ["tls.serve"]


def test_nothing_at_all() -> None:
    assert facts(README_md="flask") == PythonFacts(None, None, None, (), (), ())
    assert facts(test_main_py="import flask\n").framework is not None
    assert detect({PurePosixPath("test_a.py"): TextFile(Path("test_a.py"), b"import flask\n")}).framework is None


def test_name_of_the_helper_shadows_nothing() -> None:
    assert helper_name({"main"}) == "tls"
    assert helper_name({"tls", "main"}) == "service_tls"
    assert helper_name({"tls", "service_tls", "aicos_service_tls"}) == "aicos_service_tls_settings"


def test_the_helper_is_python_and_names_the_service() -> None:
    text = helper_source(CodeContext("aicos-ai", "ai", "/certs", frozenset(), {}, True))  # noqa: FBT003
    compile(text, "tls.py", "exec")
    assert 'SERVICE = "ai"' in text
    assert '"/certs"' in text
