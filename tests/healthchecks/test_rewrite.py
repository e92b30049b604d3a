"""The laws that hold for every test, whatever is in it."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aicos_tls.healthchecks import (
    Endpoint,
    Form,
    InsertWord,
    NotHttp,
    Refused,
    Rewritten,
    Test,
    Trust,
    TrustPaths,
    Wget,
    apply,
    asks_http,
    other_hosts,
    rewrite,
)

OWN = Endpoint(frozenset({"api"}))
PATHS = TrustPaths("/app/certs/ca-cert.pem", "/app/certs/api-cert.pem", "/app/certs/api-key.pem")

URLS = st.builds(
    lambda scheme, host, port, path: f"{scheme}{host}{port}{path}",
    st.sampled_from(["http://", "HTTP://", "https://", ""]),
    st.sampled_from(["localhost", "127.0.0.1", "api", "0.0.0.0", "[::1]", "$HOSTNAME", "db", "$X"]),  # noqa: S104
    st.sampled_from(["", ":80", ":8001", ":${PORT}"]),
    st.sampled_from(["", "/", "/health", "/a?b=c"]),
)
FLAGS = st.sampled_from(
    ["-f", "-s", "-q", "-o /dev/null", "-k", "--no-check-certificate", "--insecure", "-O -", "-T 5"]
)
FETCHES = st.builds(
    lambda program, before, url, quote, after: " ".join([program, *before, f"{quote}{url}{quote}", *after]),
    st.sampled_from(["curl", "wget", "/usr/bin/curl", "timeout 5 curl", "exec wget", "A=b curl"]),
    st.lists(FLAGS, max_size=2),
    URLS,
    st.sampled_from(["", '"', "'"]),
    st.lists(FLAGS, max_size=1),
)
OTHERS = st.sampled_from(["true", "exit 1", "echo http://localhost", "pg_isready", "grep -q ok", "nc -z localhost 1"])


@st.composite
def shell_text(draw: st.DrawFn, depth: int = 2) -> str:
    """Commands joined in the ways that healthchecks join them."""
    text = draw(FETCHES | OTHERS)
    for _ in range(draw(st.integers(0, 2))):
        text += draw(st.sampled_from([" || ", " && ", "; ", " | ", "\n", " > /dev/null && "])) + draw(FETCHES | OTHERS)
    if depth and draw(st.booleans()):
        inner = draw(shell_text(depth=depth - 1))
        how = draw(st.sampled_from(["({0})", 'test "$$({0})" = ok', "if {0}; then true; fi", "! {0}"]))
        text += " && " + how.format(inner)
    return text


@given(shell_text(), st.sampled_from(Trust), st.sampled_from(Wget), st.booleans())
@settings(max_examples=300, deadline=None)
def test_rewriting_comes_to_rest_and_touches_nothing_else(text: str, trust: Trust, wget: Wget, in_list: bool) -> None:  # noqa: FBT001
    test = Test(Form.EXEC, ("sh", "-c", text)) if in_list else Test(Form.SHELL, (text,))
    done = rewrite(test, OWN, trust, PATHS, wget=wget)
    if not isinstance(done, Rewritten):
        return
    after = apply(test, done.edits)
    again = rewrite(after, OWN, trust, PATHS, wget=wget)
    assert isinstance(again, Rewritten)
    assert again.edits == ()
    assert asks_http(after, OWN) == ()
    assert other_hosts(after, OWN) == other_hosts(test, OWN)
    kept = [edit for edit in done.edits if not isinstance(edit, InsertWord) and edit.end > edit.start]
    assert all(test.words[edit.word][edit.start : edit.end] in {"0.0.0.0", "$HOSTNAME"} for edit in kept)  # noqa: S104


@given(st.lists(FLAGS, max_size=3), URLS, st.sampled_from(Trust), st.sampled_from(["curl", "wget"]))
@settings(deadline=None)
def test_items_that_are_not_touched_stay(flags: list[str], url: str, trust: Trust, program: str) -> None:
    test = Test(Form.EXEC, (program, *(word for flag in flags for word in flag.split()), url))
    done = rewrite(test, OWN, trust, PATHS, wget=Wget.GNU)
    if isinstance(done, Rewritten):
        after = list(apply(test, done.edits).words)
        inserted = [edit.text for edit in done.edits if isinstance(edit, InsertWord)]
        assert [word for word in after[:-1] if word not in inserted] == [
            w for w in test.words[:-1] if w not in inserted
        ]


PIECES = [
    "http://localhost",
    "https://api:1",
    "curl",
    "wget",
    "node",
    "-e",
    "'",
    '"',
    "\\",
    "$",
    "$$",
    "(",
    ")",
    "{",
    "}",
    "`",
    ";",
    "|",
    "&",
    "<",
    ">",
    "#",
    "=",
    ",",
    "a",
    "é",
    "💚",
    ".get(",
    "require('http')",
    "requests.get(",
    "f'",
    "%s",
    "/",
    ":80",
    "GET",
    "/",
    "HTTP/1.0",
    "/dev/tcp/localhost/1",
    "fetch(",
    "{port:1}",
    "Net::HTTP.",
    "file_get_contents(",
]
ALPHABET = st.sampled_from([*PIECES, " ", " ", "\n", "import requests\n", "nc localhost 1", "\x00", "\t"])
STARTS = [
    (Form.SHELL, ()),
    (Form.EXEC, ()),
    (Form.EXEC, ("curl",)),
    (Form.EXEC, ("sh", "-c")),
    (Form.EXEC, ("node", "-e")),
    (Form.EXEC, ("python", "-c")),
    (Form.EXEC, ("ruby", "-e")),
    (Form.EXEC, ("php", "-r")),
    (Form.EXEC, ("deno", "eval")),
]


@given(st.sampled_from(STARTS), st.lists(ALPHABET, max_size=12).map("".join), st.sampled_from(Trust))
@settings(max_examples=1500, deadline=None)
@example((Form.EXEC, ("python", "-c")), "\x00", Trust.CA)
def test_nonsense_is_never_a_crash(start: tuple[Form, tuple[str, ...]], text: str, trust: Trust) -> None:
    form, words = start
    test = Test(form, (*words, text))
    done = rewrite(test, OWN, trust, PATHS)
    if isinstance(done, Rewritten):
        again = rewrite(apply(test, done.edits), OWN, trust, PATHS)
        assert isinstance(again, Rewritten)
        assert again.edits == ()
    else:
        assert done.reason


def test_only_the_programs_that_ask_are_named() -> None:
    done = rewrite(Test(Form.SHELL, ("redis-cli ping && curl localhost && wget -q api",)), OWN, Trust.INSECURE)
    assert isinstance(done, Rewritten)
    assert done.program == "curl, wget"


def test_an_empty_test() -> None:
    assert rewrite(Test(Form.SHELL, ()), OWN, Trust.INSECURE) == NotHttp("the test is empty")


def test_one_command_that_cannot_be_changed_changes_nothing() -> None:
    done = rewrite(Test(Form.SHELL, ("curl localhost:1/a && /probe http://localhost:2/",)), OWN, Trust.INSECURE)
    assert isinstance(done, Refused)
    assert done.suggestion == 'test: ["CMD", "curl", "-f", "--insecure", "https://localhost:1/a"]'


def test_a_path_that_the_quotes_do_not_allow_is_refused() -> None:
    paths = TrustPaths("/it's/ca.pem")
    done = rewrite(Test(Form.SHELL, ("sh -c 'curl http://localhost:1/'",)), OWN, Trust.CA, paths)
    assert isinstance(done, Refused)
    assert "quotes" in done.reason
    bare = rewrite(Test(Form.SHELL, ("curl http://localhost:1/",)), OWN, Trust.CA, paths)
    assert isinstance(bare, Rewritten)
    assert bare.edits[0].text == "--cacert '/it'\"'\"'s/ca.pem' "


@pytest.mark.parametrize("trust", Trust)
def test_a_suggestion_carries_the_policy(trust: Trust) -> None:
    done = rewrite(Test(Form.EXEC, ("/probe", "http://api:${P}/x")), OWN, trust, PATHS)
    assert isinstance(done, Refused)
    assert done.suggestion.startswith('test: ["CMD", "curl", "-f", "--')
    assert done.suggestion.endswith('localhost:PORT/x"]' if trust.verifies else 'api:PORT/x"]')
    assert ("--key" in done.suggestion) is (trust is Trust.MUTUAL)
