"""What every table of this package is checked with: one rewrite, and the laws that hold for each."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aicos_tls.healthchecks import (
    Ask,
    Endpoint,
    Form,
    InsertWord,
    NotHttp,
    Outcome,
    Refused,
    Rewritten,
    Test,
    TextEdit,
    Trust,
    TrustPaths,
    Wget,
    apply,
    asks_http,
    other_hosts,
    rewrite,
)

PATHS = TrustPaths("/app/certs/ca-cert.pem", "/app/certs/api-cert.pem", "/app/certs/api-key.pem")
ENDPOINT = Endpoint(frozenset({"api", "aicos-api"}))

Words = str | list[str]
Change = Callable[..., Words]
Outcomes = Callable[..., Outcome]
Asks = Callable[[Words], tuple[Ask, ...]]
Others = Callable[[Words], tuple[str, ...]]


def as_test(words: Words) -> Test:
    return Test(Form.SHELL, (words,)) if isinstance(words, str) else Test(Form.EXEC, tuple(words))


def as_words(test: Test) -> Words:
    return test.words[0] if test.form is Form.SHELL else list(test.words)


def check_laws(test: Test, done: Rewritten, again: Outcome) -> None:
    """Edits are in bounds, apart from each other, minimal, and come to rest."""
    for edit in done.edits:
        if isinstance(edit, InsertWord):
            assert test.form is Form.EXEC
            assert 0 <= edit.before < len(test.words)
            continue
        old = test.words[edit.word][edit.start : edit.end]
        assert 0 <= edit.start <= edit.end <= len(test.words[edit.word])
        assert old or edit.text
        assert not old or not edit.text or (old[0], old[-1]) != (edit.text[0], edit.text[-1])
    places = [(edit.word, at) for edit in done.edits if isinstance(edit, TextEdit) for at in (edit.start, edit.end)]
    assert places == sorted(places)
    assert isinstance(again, Rewritten), again
    assert again.edits == ()


@pytest.fixture
def change() -> Change:
    """The words after a rewrite that must succeed and obey the laws."""

    def run(
        words: Words, trust: Trust = Trust.INSECURE, endpoint: Endpoint = ENDPOINT, wget: Wget = Wget.UNKNOWN
    ) -> Words:
        test = as_test(words)
        done = rewrite(test, endpoint, trust, PATHS, wget=wget)
        assert isinstance(done, Rewritten), done
        after = apply(test, done.edits)
        check_laws(test, done, rewrite(after, endpoint, trust, PATHS, wget=wget))
        assert asks_http(after, endpoint) == ()
        assert bool(asks_http(test, endpoint)) or "https" in str(words).lower()
        return as_words(after)

    return run


@pytest.fixture
def outcome() -> Outcomes:
    """What a rewrite comes to."""

    def run(
        words: Words, trust: Trust = Trust.INSECURE, endpoint: Endpoint = ENDPOINT, wget: Wget = Wget.UNKNOWN
    ) -> Outcome:
        done = rewrite(as_test(words), endpoint, trust, PATHS, wget=wget)
        if isinstance(done, Refused):
            assert done.suggestion
        if isinstance(done, Refused | NotHttp):
            assert done.reason
        return done

    return run


@pytest.fixture
def asks() -> Asks:
    """What the service is asked over plain HTTP."""
    return lambda words: asks_http(as_test(words), ENDPOINT)


@pytest.fixture
def others() -> Others:
    """The addresses of other hosts."""
    return lambda words: other_hosts(as_test(words), ENDPOINT)
