from __future__ import annotations

import pytest

from aicos_tls.healthchecks.wrappers import inner


@pytest.mark.parametrize(
    ("words", "program"),
    [
        ("curl x", "curl"),
        ("timeout 5 curl x", "curl"),
        ("timeout -s KILL -k 2 5 curl x", "curl"),
        ("timeout --signal=KILL 5s curl", "curl"),
        ("timeout -t 5 curl x", "curl"),
        ("/usr/bin/timeout 5 /usr/bin/env A=b C=d curl", "curl"),
        ("env -u A -i B=c curl", "curl"),
        ("nice -n 5 curl", "curl"),
        ("busybox wget x", "wget"),
        ("gosu app curl", "curl"),
        ("sudo -u app -- curl", "curl"),
        ("uv run python -c x", "python"),
        ("poetry run python", "python"),
        ("uv pip list", "uv"),
        ("bundle exec ruby -e x", "ruby"),
        ("bundle", "bundle"),
        ("exec -a name curl", "curl"),
        ("chpst -u x curl", "curl"),
        ("time nohup setsid curl", "curl"),
    ],
)
def test_the_program_really_meant(words: str, program: str) -> None:
    assert words.split()[inner(words.split())] == program


@pytest.mark.parametrize("words", ["", "timeout", "timeout 5", "env A=b", "sudo -u"])
def test_no_program(words: str) -> None:
    assert inner(words.split()) >= len(words.split())
