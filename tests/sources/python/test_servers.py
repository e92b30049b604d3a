from __future__ import annotations

import pytest

from aicos_tls.sources.model import CodeContext
from aicos_tls.sources.python.servers import CommandSettings, Way, command_settings

CONTEXT = CodeContext("aicos-ai", "ai", "/app/certs/", frozenset({8001}), {}, True)  # noqa: FBT003
CERTIFICATE, KEY = "/app/certs/ai-cert.pem", "/app/certs/ai-key.pem"
UVICORN = {"UVICORN_SSL_KEYFILE": KEY, "UVICORN_SSL_CERTFILE": CERTIFICATE}
GUNICORN = {"GUNICORN_CMD_ARGS": f"--certfile={CERTIFICATE} --keyfile={KEY}"}
GRANIAN = {"GRANIAN_SSL_CERTIFICATE": CERTIFICATE, "GRANIAN_SSL_KEYFILE": KEY}
FLASK = {"FLASK_RUN_CERT": CERTIFICATE, "FLASK_RUN_KEY": KEY}


def settings(*words: str, environment: dict[str, str] | None = None) -> CommandSettings | None:
    return command_settings(words, CONTEXT, environment)


@pytest.mark.parametrize(
    ("words", "variables"),
    [
        (["uvicorn", "main:app", "--workers", "2"], UVICORN),
        (["/usr/local/bin/uvicorn", "main:app"], UVICORN),
        (["python", "-m", "uvicorn", "main:app"], UVICORN),
        (["python3.11", "-u", "-m", "uvicorn", "main:app"], UVICORN),
        (["poetry", "run", "uvicorn", "main:app"], UVICORN),
        (["uv", "run", "--", "uvicorn", "main:app"], UVICORN),
        (["sh", "-c", "alembic upgrade head && exec uvicorn main:app --port $PORT"], UVICORN),
        (["/bin/sh", "-c", "uvicorn main:app&"], UVICORN),
        (["bash", "-lc", "A=1 uvicorn main:app"], UVICORN),
        (["ddtrace-run", "gunicorn", "main:app"], GUNICORN),
        (["gunicorn", "-k", "uvicorn.workers.UvicornWorker", "main:app"], GUNICORN),
        (["granian", "--interface", "asgi", "main:app"], GRANIAN),
        (["flask", "--app", "main", "run", "--host", "0.0.0.0"], FLASK),  # noqa: S104
        (["python", "-m", "flask", "run"], FLASK),
    ],
)
def test_variables(words: list[str], variables: dict[str, str]) -> None:
    found = settings(*words)
    assert found is not None
    assert found.way is Way.ENVIRONMENT
    assert found.environment == variables
    assert found.source


def test_what_gunicorn_is_told_already_stays() -> None:
    found = settings("gunicorn", "main:app", environment={"GUNICORN_CMD_ARGS": "--workers=4"})
    assert found is not None
    assert found.environment == {"GUNICORN_CMD_ARGS": f"--workers=4 --certfile={CERTIFICATE} --keyfile={KEY}"}
    told = settings("gunicorn", "main:app", environment={"GUNICORN_CMD_ARGS": "--certfile=x"})
    assert told is not None
    assert told.way is Way.OWN


def test_words() -> None:
    found = settings("hypercorn", "--bind", "0.0.0.0:8001", "main:app")
    assert found is not None
    assert (found.way, found.add) == (Way.WORDS, ("--certfile", CERTIFICATE, "--keyfile", KEY))
    assert found.drop == ()


@pytest.mark.parametrize(
    ("options", "endpoint", "drop"),
    [
        (["-b", "0.0.0.0", "-p", "8001"], "ssl:8001:interface=0.0.0.0", ("-b", "0.0.0.0", "-p", "8001")),  # noqa: S104
        (["--port=8001"], "ssl:8001:interface=127.0.0.1", ("--port=8001",)),
        ([], "ssl:8000:interface=127.0.0.1", ()),
    ],
)
def test_daphne_gets_an_endpoint(options: list[str], endpoint: str, drop: tuple[str, ...]) -> None:
    found = settings("daphne", *options, "main:app")
    assert found is not None
    assert found.add == ("-e", f"{endpoint}:privateKey={KEY}:certKey={CERTIFICATE}")
    assert found.drop == drop


@pytest.mark.parametrize(
    "words",
    [
        ["uvicorn", "main:app", "--ssl-keyfile", "k", "--ssl-certfile", "c"],
        ["gunicorn", "main:app", "--certfile=c"],
        ["granian", "--ssl-certificate", "c", "main:app"],
        ["flask", "run", "--cert=adhoc"],
        ["hypercorn", "--certfile", "c", "main:app"],
        ["daphne", "-e", "ssl:443", "main:app"],
    ],
)
def test_own_options_stay(words: list[str]) -> None:
    found = settings(*words)
    assert found is not None
    assert (found.way, dict(found.environment), found.add) == (Way.OWN, {}, ())


@pytest.mark.parametrize(
    ("words", "server"),
    [
        (["fastapi", "run", "main.py"], "fastapi run"),
        (["fastapi", "dev", "main.py"], "fastapi dev"),
        (["python", "manage.py", "runserver", "0.0.0.0:8001"], "manage.py runserver"),
        (["waitress-serve", "main:app"], "waitress"),
        (["uwsgi", "--http", ":8001"], "uwsgi"),
    ],
)
def test_no_way_says_why(words: list[str], server: str) -> None:
    found = settings(*words)
    assert found is not None
    assert (found.server, found.way) == (server, Way.NONE)
    assert found.reason


@pytest.mark.parametrize("words", [["python", "main.py"], ["python3", "-u", "main.py"], ["python", "-m", "service"]])
def test_code_that_opens_its_server(words: list[str]) -> None:
    found = settings(*words)
    assert found is not None
    assert found.way is Way.CODE


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["exec"],
        ["celery", "worker"],
        ["flask", "db", "upgrade"],
        ["python"],
        ["python", "-c", "print(1)"],
        ["python", "manage.py", "migrate"],
        ["sh", "-c", "echo 'unfinished"],
        ["node", "server.js"],
    ],
)
def test_no_server(words: list[str]) -> None:
    assert settings(*words) is None
