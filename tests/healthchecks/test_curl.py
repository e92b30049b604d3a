from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aicos_tls.healthchecks import Endpoint, NotHttp, Refused, Rewritten, Trust

if TYPE_CHECKING:
    from healthchecks.conftest import Change, Outcomes, Words

EXEC: list[tuple[list[str], list[str]]] = [
    (["curl", "-f", "http://localhost:8001/health"], ["curl", "-f", "--insecure", "https://localhost:8001/health"]),
    (["curl", "http://localhost:8001/health"], ["curl", "--insecure", "https://localhost:8001/health"]),
    (["curl", "http://localhost:8001/health", "-f"], ["curl", "--insecure", "https://localhost:8001/health", "-f"]),
    (["curl", "-fsS", "http://127.0.0.1:3000"], ["curl", "-fsS", "--insecure", "https://127.0.0.1:3000"]),
    (["curl", "-fsSk", "http://127.0.0.1:3000"], ["curl", "-fsSk", "https://127.0.0.1:3000"]),
    (["curl", "-k", "-f", "http://api:80/"], ["curl", "-k", "-f", "https://api:80/"]),
    (["curl", "--insecure", "http://api:80/"], ["curl", "--insecure", "https://api:80/"]),
    (["curl", "http://api:80/", "--insecure"], ["curl", "https://api:80/", "--insecure"]),
    (["/usr/bin/curl", "-f", "http://[::1]:9/"], ["/usr/bin/curl", "-f", "--insecure", "https://[::1]:9/"]),
    (["curl", "-f", "http://localhost"], ["curl", "-f", "--insecure", "https://localhost:80"]),
    (["curl", "-f", "http://localhost/"], ["curl", "-f", "--insecure", "https://localhost:80/"]),
    (["curl", "-f", "http://localhost?x=1"], ["curl", "-f", "--insecure", "https://localhost:80?x=1"]),
    (["curl", "-f", "HTTP://LOCALHOST:80/"], ["curl", "-f", "--insecure", "HTTPS://LOCALHOST:80/"]),
    (["curl", "-f", "localhost:8001/health"], ["curl", "-f", "--insecure", "https://localhost:8001/health"]),
    (["curl", "-f", "localhost"], ["curl", "-f", "--insecure", "https://localhost:80"]),
    (["curl", "-f", "0.0.0.0:80/x"], ["curl", "-f", "--insecure", "https://0.0.0.0:80/x"]),
    (["curl", "-f", "127.0.0.1/x"], ["curl", "-f", "--insecure", "https://127.0.0.1:80/x"]),
    (["curl", "-o", "/dev/null", "http://api:1/"], ["curl", "-o", "/dev/null", "--insecure", "https://api:1/"]),
    (["curl", "-o/dev/null", "http://api:1/"], ["curl", "-o/dev/null", "--insecure", "https://api:1/"]),
    (["curl", "-fso", "/dev/null", "http://api:1/"], ["curl", "-fso", "/dev/null", "--insecure", "https://api:1/"]),
    (["curl", "-w", "%{http_code}", "http://api:1/"], ["curl", "-w", "%{http_code}", "--insecure", "https://api:1/"]),
    (["curl", "--max-time", "5", "http://api:1/"], ["curl", "--max-time", "5", "--insecure", "https://api:1/"]),
    (
        ["curl", "-H", "Origin: http://localhost:3000", "http://api:1/"],
        ["curl", "-H", "Origin: http://localhost:3000", "--insecure", "https://api:1/"],
    ),
    (
        ["curl", "-H", "http://localhost:3000", "http://api:1/"],
        ["curl", "-H", "http://localhost:3000", "--insecure", "https://api:1/"],
    ),
    (
        ["curl", "-d", "http://localhost:1/", "-e", "http://localhost/", "http://api:1/"],
        ["curl", "-d", "http://localhost:1/", "-e", "http://localhost/", "--insecure", "https://api:1/"],
    ),
    (["curl", "--url", "http://api:1/", "-f"], ["curl", "--insecure", "--url", "https://api:1/", "-f"]),
    (["curl", "--url=http://api:1/", "-f"], ["curl", "--insecure", "--url=https://api:1/", "-f"]),
    (["curl", "-u", "a:b", "http://api:1/"], ["curl", "-u", "a:b", "--insecure", "https://api:1/"]),
    (["curl", "http://u:p@localhost:1/"], ["curl", "--insecure", "https://u:p@localhost:1/"]),
    (
        ["curl", "http://localhost:1/a", "http://localhost:2/b"],
        ["curl", "--insecure", "https://localhost:1/a", "https://localhost:2/b"],
    ),
    (
        ["curl", "http://example.com/", "http://localhost:2/b"],
        ["curl", "http://example.com/", "--insecure", "https://localhost:2/b"],
    ),
    (
        ["curl", "-f", "http://localhost:1/", "--next", "-f", "http://localhost:2/"],
        ["curl", "-f", "--insecure", "https://localhost:1/", "--next", "-f", "--insecure", "https://localhost:2/"],
    ),
    (["curl", "-f", "--", "http://localhost:1/"], ["curl", "-f", "--insecure", "--", "https://localhost:1/"]),
    (["curl", "-f", "http://localhost:${PORT}/"], ["curl", "-f", "--insecure", "https://localhost:${PORT}/"]),
    (["curl", "-f", "http://localhost:${P:-80}"], ["curl", "-f", "--insecure", "https://localhost:${P:-80}"]),
    (["curl", "-f", "http://$HOSTNAME:1/"], ["curl", "-f", "--insecure", "https://$HOSTNAME:1/"]),
    (["curl", "-f", "http://AICOS-API.:1/"], ["curl", "-f", "--insecure", "https://AICOS-API.:1/"]),
    (["curl", "-f", "https://localhost:1/"], ["curl", "-f", "--insecure", "https://localhost:1/"]),
    (["curl", "-k", "https://localhost:1/"], ["curl", "-k", "https://localhost:1/"]),
    (["curl", "--cacert", "/ca", "https://api:1/"], ["curl", "--cacert", "/ca", "https://api:1/"]),
    (
        ["curl", "-f", "http://localhost:3000", "||", "exit", "1"],
        ["curl", "-f", "--insecure", "https://localhost:3000", "||", "exit", "1"],
    ),
    (
        ["timeout", "5", "sh", "-c", "timeout 4 curl localhost:1"],
        ["timeout", "5", "sh", "-c", "timeout 4 curl --insecure https://localhost:1"],
    ),
    (["timeout", "5", "curl", "http://api:1/"], ["timeout", "5", "curl", "--insecure", "https://api:1/"]),
    (["env", "A=b", "curl", "http://api:1/"], ["env", "A=b", "curl", "--insecure", "https://api:1/"]),
    (
        ["sh", "-c", "curl -f http://localhost:1/ || exit 1"],
        ["sh", "-c", "curl -f --insecure https://localhost:1/ || exit 1"],
    ),
    (["bash", "--norc", "-c", "curl api:1"], ["bash", "--norc", "-c", "curl --insecure https://api:1"]),
    (["/bin/bash", "-lc", "curl localhost:1"], ["/bin/bash", "-lc", "curl --insecure https://localhost:1"]),
    (
        ["bash", "-o", "pipefail", "-c", "curl -s localhost:1/ | grep ok"],
        ["bash", "-o", "pipefail", "-c", "curl -s --insecure https://localhost:1/ | grep ok"],
    ),
    (["curl", "-f", "http://localhost:{1,2}/"], ["curl", "-f", "--insecure", "https://localhost:{1,2}/"]),
]

SHELL: list[tuple[str, str]] = [
    ("curl -f http://localhost:8001/health", "curl -f --insecure https://localhost:8001/health"),
    ("curl -f http://localhost:1/h || exit 1", "curl -f --insecure https://localhost:1/h || exit 1"),
    ("curl -sf http://localhost:1/h | grep ok", "curl -sf --insecure https://localhost:1/h | grep ok"),
    ("curl -f http://localhost:1/&&true", "curl -f --insecure https://localhost:1/&&true"),
    ("curl -f http://localhost:1/;true", "curl -f --insecure https://localhost:1/;true"),
    ("curl -f http://localhost:1/>/dev/null", "curl -f --insecure https://localhost:1/>/dev/null"),
    ("curl -f http://localhost:1/ 2>&1", "curl -f --insecure https://localhost:1/ 2>&1"),
    ("curl -f 'http://localhost:1/?a=b&c=d'", "curl -f --insecure 'https://localhost:1/?a=b&c=d'"),
    ('curl -f "http://localhost:1/"', 'curl -f --insecure "https://localhost:1/"'),
    ('curl -f "http://localhost:$$PORT/"', 'curl -f --insecure "https://localhost:$$PORT/"'),
    ('curl -f http://localhost:"$$PORT"/x', 'curl -f --insecure https://localhost:"$$PORT"/x'),
    ("curl -f http://$${HOSTNAME}:1/", "curl -f --insecure https://$${HOSTNAME}:1/"),
    ("curl -f http://$$(hostname):1/", "curl -f --insecure https://$$(hostname):1/"),
    ("curl -f http://$$(hostname -i)/", "curl -f --insecure https://$$(hostname -i):80/"),
    (
        "curl -f http://$$(hostname -i | awk '{print $$1}'):1/",
        "curl -f --insecure https://$$(hostname -i | awk '{print $$1}'):1/",
    ),
    ("curl -f http://`hostname`:1/", "curl -f --insecure https://`hostname`:1/"),
    ("curl localhost:1 || exit 1", "curl --insecure https://localhost:1 || exit 1"),
    ("curl 'localhost:1/x' || exit 1", "curl --insecure 'https://localhost:1/x' || exit 1"),
    ("curl http://localhost || exit 1", "curl --insecure https://localhost:80 || exit 1"),
    (
        'curl -s -o /dev/null -w "%{http_code}" http://localhost:1/ | grep 200',
        'curl -s -o /dev/null -w "%{http_code}" --insecure https://localhost:1/ | grep 200',
    ),
    (
        "curl -f http://localhost:1/a && curl -f http://localhost:2/b || exit 1",
        "curl -f --insecure https://localhost:1/a && curl -f --insecure https://localhost:2/b || exit 1",
    ),
    (
        "if curl -sf http://localhost:1/; then exit 0; else exit 1; fi",
        "if curl -sf --insecure https://localhost:1/; then exit 0; else exit 1; fi",
    ),
    ("! curl -s http://localhost:1/ | grep bad", "! curl -s --insecure https://localhost:1/ | grep bad"),
    ("(curl http://localhost:1/ || exit 1)", "(curl --insecure https://localhost:1/ || exit 1)"),
    ("{ curl http://localhost:1/; }", "{ curl --insecure https://localhost:1/; }"),
    (
        'test "$$(curl -s http://localhost:1/)" = ok',
        'test "$$(curl -s --insecure https://localhost:1/)" = ok',
    ),
    (
        "[ $(curl -s -o /dev/null -w '%{http_code}' localhost:1/x) -eq 200 ]",
        "[ $(curl -s -o /dev/null -w '%{http_code}' --insecure https://localhost:1/x) -eq 200 ]",
    ),
    (
        'S=$$(curl -s http://localhost:1/); [ "$$S" = ok ]',
        'S=$$(curl -s --insecure https://localhost:1/); [ "$$S" = ok ]',
    ),
    ("A=b curl http://localhost:1/", "A=b curl --insecure https://localhost:1/"),
    ("timeout -s KILL 5 curl http://localhost:1/", "timeout -s KILL 5 curl --insecure https://localhost:1/"),
    ("exec curl http://localhost:1/", "exec curl --insecure https://localhost:1/"),
    (
        "curl -f \\\n  http://localhost:1/ \\\n  || exit 1",
        "curl -f \\\n  --insecure https://localhost:1/ \\\n  || exit 1",
    ),
    ("curl -f http://localhost:1/ # ok?\n", "curl -f --insecure https://localhost:1/ # ok?\n"),
    ("# http://localhost\ncurl http://localhost:1/", "# http://localhost\ncurl --insecure https://localhost:1/"),
    ("bash -c 'curl -f http://localhost:1/'", "bash -c 'curl -f --insecure https://localhost:1/'"),
    ('sh -c "curl -f http://localhost:1/"', 'sh -c "curl -f --insecure https://localhost:1/"'),
    (
        'sh -c "sh -c \'curl -f \\"http://localhost/\\"\'"',
        'sh -c "sh -c \'curl -f --insecure \\"https://localhost:80/\\"\'"',
    ),
    ("curl -f http://localhost:1/ 💚", "curl -f --insecure https://localhost:1/ 💚"),
    ("echo 💚 && curl http://localhost/", "echo 💚 && curl --insecure https://localhost:80/"),
    (
        "while ! curl -s localhost:1; do sleep 1; done",
        "while ! curl -s --insecure https://localhost:1; do sleep 1; done",
    ),
    ("curl -f http://localhost:1/ || kill 1", "curl -f --insecure https://localhost:1/ || kill 1"),
    ("curl ht'tp://loc'alhost:1/", "curl --insecure ht'tps://loc'alhost:1/"),
    ("curl http://localhost:1/\r\n", "curl --insecure https://localhost:1/\r\n"),
]


@pytest.mark.parametrize(("before", "after"), EXEC)
def test_list(before: list[str], after: list[str], change: Change) -> None:
    assert change(before) == after


@pytest.mark.parametrize(("before", "after"), SHELL)
def test_shell_text(before: str, after: str, change: Change) -> None:
    assert change(before) == after


CA = ["--cacert", "/app/certs/ca-cert.pem"]
CLIENT = ["--cert", "/app/certs/api-cert.pem", "--key", "/app/certs/api-key.pem"]


@pytest.mark.parametrize(
    ("trust", "before", "after"),
    [
        (Trust.CA, ["curl", "-f", "http://api:1/"], ["curl", "-f", *CA, "https://api:1/"]),
        (Trust.CA, ["curl", "http://0.0.0.0:1/"], ["curl", *CA, "https://127.0.0.1:1/"]),
        (Trust.CA, ["curl", "0.0.0.0/"], ["curl", *CA, "https://127.0.0.1:80/"]),
        (Trust.CA, ["curl", "http://[::]:1/"], ["curl", *CA, "https://[::1]:1/"]),
        (Trust.CA, ["curl", "-k", "http://api:1/"], ["curl", "-k", "https://api:1/"]),
        (Trust.CA, "curl localhost:1", f"curl {' '.join(CA)} https://localhost:1"),
        (Trust.MUTUAL, ["curl", "-f", "http://api:1/"], ["curl", "-f", *CA, *CLIENT, "https://api:1/"]),
        (Trust.MUTUAL, ["curl", "-E", "c", "http://api:1/"], ["curl", "-E", "c", *CA, "https://api:1/"]),
        (Trust.MUTUAL, "curl localhost:1", f"curl {' '.join(CA + CLIENT)} https://localhost:1"),
    ],
)
def test_verifying(trust: Trust, before: Words, after: Words, change: Change) -> None:
    assert change(before, trust) == after


@pytest.mark.parametrize(
    "words",
    [
        ["curl", "-f", "http://example.com/"],
        ["curl", "-f", "http://aicos-other:8001/health"],
        ["curl", "-f", "elasticsearch:9200/_cluster/health"],
        ["curl", "-f", "ftp://localhost/x"],
        ["curl", "--unix-socket", "/var/run/docker.sock", "http://localhost/_ping"],
        ["curl", "--abstract-unix-socket", "x", "http://localhost/"],
        ["curl", "-H", "http://localhost:1/"],
        ["curl", "-d", "http://localhost:1/", "http://example.com"],
        ["curl", "--version"],
        ["curl", "-fo"],
        ["curl"],
        ["curl", "--proxy", "http://localhost:1", "http://example.com/"],
        ["curl", "-x", "http://localhost:1", "http://example.com/"],
        ["curl", "http://localhost.example.com/"],
        ["curl", "http://127.evil.example/"],
        ["curl", "http://api.example.com/"],
        "curl -f http://db:80/ || exit 1",
        "echo http://localhost:1/",
        "# curl http://localhost:1/",
        "true # curl http://localhost:1/",
        "printf '%s' 'curl http://localhost:1'",
        "exit 0",
    ],
)
def test_nothing_to_do(words: Words, outcome: Outcomes) -> None:
    assert isinstance(outcome(words), NotHttp)


@pytest.mark.parametrize(
    "words",
    [
        ["curl", "-f", "$URL"],
        ["curl", "-f", "http:/localhost:1/"],
        ["curl", "-f", "http:localhost"],
        ["curl", "-f", "http:///localhost"],
        ["curl", "-f", "${HEALTH_URL:-http://localhost/}"],
        ["curl", "-f", "http://${HOST}:80/"],
        ["curl", "--proto", "=http", "http://localhost:1/"],
        ["curl", "http://localhost$$PATH_OF_IT"],
        "U=http://localhost:1/; curl $$U",
        "for u in http://localhost:1 http://localhost:2; do curl $$u; done",
        "eval 'curl http://localhost:1/'",
        "cat <<E\nhttp://localhost:1\nE",
        "curl 'http://localhost:1/",
    ],
)
def test_refused(words: Words, outcome: Outcomes) -> None:
    assert isinstance(outcome(words), Refused)


@pytest.mark.parametrize("host", ["$HOSTNAME", "127.0.0.2", "localhost.localdomain"])
def test_a_name_that_no_certificate_holds_is_refused_where_it_is_checked(host: str, outcome: Outcomes) -> None:
    done = outcome(["curl", "-f", f"http://{host}:1/x"], Trust.CA)
    assert isinstance(done, Refused)
    assert done.suggestion == (
        'test: ["CMD", "curl", "-f", "--cacert", "/app/certs/ca-cert.pem", "https://localhost:1/x"]'
    )


def test_a_port_that_stays_plain_is_left_alone(outcome: Outcomes, change: Change) -> None:
    known = Endpoint(frozenset(), frozenset({8000}))
    assert isinstance(outcome(["curl", "http://localhost:9000/"], endpoint=known), NotHttp)
    assert isinstance(outcome(["curl", "http://localhost/"], endpoint=known), NotHttp)
    both = outcome(["curl", "http://localhost:9000/", "http://localhost:8000/"], endpoint=known)
    assert isinstance(both, Rewritten)
    assert "port 9000" in both.notes[0]
    assert change(["curl", "http://localhost:$P/"], endpoint=known) == ["curl", "--insecure", "https://localhost:$P/"]


def test_the_summary_and_the_notes(outcome: Outcomes) -> None:
    done = outcome("curl -fI http://localhost/a http://db/ | grep 'HTTP/1.1 200'")
    assert isinstance(done, Rewritten)
    assert done.program == "curl"
    assert done.summary == "curl asks https://localhost:80/a without checking the certificate"
    assert any("--http1.1" in note for note in done.notes)
    assert any("http://db/" in note for note in done.notes)


def test_a_user_who_does_not_check_is_told(outcome: Outcomes) -> None:
    done = outcome(["curl", "-k", "http://localhost/"], Trust.CA)
    assert isinstance(done, Rewritten)
    assert "without checking" in done.notes[0]
