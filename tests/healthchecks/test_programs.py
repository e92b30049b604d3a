from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aicos_tls.healthchecks import Ask, NotHttp, Refused, Rewritten
from aicos_tls.healthchecks.programs import NO_HTTP

if TYPE_CHECKING:
    from healthchecks.conftest import Asks, Others, Outcomes, Words


@pytest.mark.parametrize(
    "words",
    [
        ["pg_isready", "-U", "postgres"],
        "pg_isready -U $${POSTGRES_USER} -d $${POSTGRES_DB}",
        ["redis-cli", "ping"],
        "redis-cli -h localhost -p 6379 ping | grep PONG",
        'mysqladmin ping -h 127.0.0.1 --password="$$(cat /run/secrets/db)" --silent',
        ["mariadb-admin", "ping", "-h", "localhost"],
        ["healthcheck.sh", "--connect", "--innodb_initialized"],
        ["mongosh", "--eval", "db.runCommand('ping').ok", "127.0.0.1:27017/test", "--quiet"],
        "rabbitmq-diagnostics -q ping",
        ["/app/healthcheck.sh"],
        ["./health"],
        ["/app/healthcheck"],
        ["/bin/grpc_health_probe", "-addr=:8080"],
        'celery --app app inspect ping -d "celery@$${HOSTNAME}"',
        "ps aux | grep '[R]unner' > /dev/null || exit 1",
        ["pgrep", "dockerd"],
        "exit 0",
        "/bin/true",
        "cat /etc/passwd",
        ["echo", "ok"],
        ["false"],
        ["nginx", "-t"],
        "test -d /home/x || exit 1",
        "sh -c 'exit 0'",
        "sh /app/health.sh",
        ["sh", "--", "/app/health.sh"],
        ["sh"],
        "wget",
        "timeout 5",
        ["env"],
        [],
        "",
        "   ",
        "$$X",
        "php-fpm-healthcheck",
        ["/mailpit", "readyz"],
        ["bundle", "install"],
        ["mc", "ready", "local"],
        ["caddy", "fetch", "http://db:1/"],
        ["echo ok"],
        "/opt/mssql-tools/bin/sqlcmd -S localhost -U sa -P example_123 -Q 'SELECT 1' || exit 1",
        "cat <<E\nhello\nE",
        "VAR=http://db:1/ env",
        "xargs curl < /tmp/urls",
        "echo x | sh",
        "echo http://localhost:1/ | grep localhost",
    ],
)
def test_nothing_to_do(words: Words, outcome: Outcomes, asks: Asks) -> None:
    assert isinstance(outcome(words), NotHttp)
    assert asks(words) == ()


@pytest.mark.parametrize("name", sorted(NO_HTTP))
def test_a_well_known_program_is_told_by_name(name: str, outcome: Outcomes) -> None:
    assert outcome([f"/usr/bin/{name}", "-h", "localhost"]) == NotHttp(NO_HTTP[name])


@pytest.mark.parametrize(
    ("words", "ask"),
    [
        (["/healthcheck", "http://localhost:80/"], Ask(80, "/", "localhost")),
        (["http", "http://localhost:80/x"], Ask(80, "/x", "localhost")),
        (["xh", "http://localhost/"], Ask(80, "/", "localhost")),
        (["influx", "ping", "--host", "http://127.0.0.1:8086"], Ask(8086, "/", "127.0.0.1")),
        (["/beszel", "health", "--url=http://localhost:8090"], Ask(8090, "/", "localhost")),
        (["uvx", "httpx", "http://localhost:8080/health"], Ask(8080, "/health", "localhost")),
        (["curl -f http://localhost:1/x || exit 1"], Ask(1, "/x", "localhost")),
        ("echo http://localhost:1/ | xargs curl -f", Ask(1, "/", "localhost")),
        ("xargs curl http://localhost:1/", Ask(1, "/", "localhost")),
        ("echo 'curl http://localhost:1/' | sh", Ask(1, "/", "localhost")),
        (["env", "URL=http://localhost:1/", "/probe"], Ask(1, "/", "localhost")),
        ("export URL=http://localhost:1/; /probe", Ask(1, "/", "localhost")),
        ("URL=http://localhost:1/ /probe", Ask(1, "/", "localhost")),
        (["curl", " http://localhost:1/"], Ask(1, "/", "localhost")),
        (["python", "-c", "import aiohttp; aiohttp.get('http://localhost:1/')"], Ask(1, "/", "localhost")),
        (["python", "-c", "print 'http://localhost:1/'"], Ask(1, "/", "localhost")),
        (["node", "-e", "probe('http://localhost:1/')"], Ask(1, "/", "localhost")),
        (["node", "-e", "fetch('http://localhost:1/"], Ask(1, "/", "localhost")),
        ("cat <<E\nhttp://localhost:1/\nE", Ask(1, "/", "localhost")),
        ("su app -c 'curl http://localhost:1/'", Ask(1, "/", "localhost")),
    ],
)
def test_an_unknown_program_with_an_own_address_is_refused(
    words: Words, ask: Ask, outcome: Outcomes, asks: Asks
) -> None:
    done = outcome(words)
    assert isinstance(done, Refused)
    assert str(ask.port) in done.suggestion
    assert asks(words) == (ask,)


def test_an_unknown_program_that_asks_over_https_stays(outcome: Outcomes) -> None:
    done = outcome(["/healthcheck", "https://localhost:443/"])
    assert isinstance(done, Rewritten)
    assert done.edits == ()
    assert "may not accept" in done.notes[0]
    assert done.summary.endswith("already")


def test_other_hosts_are_listed_once(others: Others) -> None:
    text = "curl http://db:1/ && wget -q http://db:1/ https://x.example && /p http://q/ && curl localhost"
    assert others(text) == ("http://db:1/", "https://x.example", "http://q/")
