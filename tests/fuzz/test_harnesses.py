"""The harnesses without a fuzzer: seeds, and what hypothesis puts together of tokens and pieces of seeds."""

from __future__ import annotations

import os
import time
from functools import cache

import pytest
from fuzz.targets import NAMES, target
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SECONDS = float(os.environ.get("AICOS_TLS_FUZZ_SECONDS", "0"))
"""How long hypothesis tries each target where atheris cannot be had (`make fuzz`); else it is a fixed number of inputs."""
_SEEDS = 60
FOUND: dict[str, tuple[bytes, ...]] = {
    "dockerfile": (b"FROM node:20\nCOPY \n", b"FROM a\nADD []\n", b"FROM a\nRUN useradd\nCMD \n"),
    "editor": (b"\x177\x17\x01i:\n  @\x00\xc2\x85ehcheck::\n",),
    "enabling": tuple(
        b"services:\n  api:\n    build: .\n  web:\n    build: .\n    environment:\n" + text
        for text in (
            b"      - U=${U:-http://api:800L=${U:-http://api:8001}\n",
            b'      - A=http://api:80test: ["CMD", "curl", "http://API:8001/"]\n',
            b"      - UPS,http://api\n",
            b"      U: &u http://api\n    user: *u\n",
            b"      U: http://api\nx-e: &e [http://api]\nx-f: *e\n",
        )
    ),
    "ignores": (b"/certs/\n[Va-**c]", b"!\n\\\n", b"**/a[!a]", b"aab[^a]", b"[[:x:]]"),
    "nginx": (b"server { listen 80; location / { proxy_pass hhttp://api:8001/x; } }",),
}
"""Inputs that broke a law."""


@cache
def seeds(name: str) -> tuple[bytes, ...]:
    return tuple(target(name).seeds())[:_SEEDS]


def inputs(name: str) -> st.SearchStrategy[bytes]:
    """Tokens and pieces of seeds, one behind the other."""
    tokens = st.sampled_from([token.encode() for token in target(name).TOKENS])
    pieces = st.tuples(st.sampled_from(seeds(name)), st.integers(0, 400), st.integers(0, 400)).map(
        lambda piece: piece[0][min(piece[1:]) : max(piece[1:])]
    )
    mixed = st.lists(tokens | pieces | st.binary(max_size=3), max_size=12).map(b"".join)
    whole = st.tuples(st.sampled_from(seeds(name)), st.integers(0, 2_000), tokens)
    return mixed | whole.map(lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] :])


@pytest.mark.parametrize("name", NAMES)
def test_the_laws_hold_for_seeds_and_what_was_found(name: str) -> None:
    for data in (*seeds(name), *FOUND.get(name, ())):
        target(name).check(data)


@pytest.mark.parametrize("name", NAMES)
def test_the_laws_hold_for_mixtures(name: str) -> None:
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]

    def run(examples: int, *, derandomize: bool) -> None:
        @settings(max_examples=examples, deadline=None, derandomize=derandomize, suppress_health_check=checks)
        @given(inputs(name))
        def law(data: bytes) -> None:
            target(name).check(data)

        law()

    until = time.monotonic() + SECONDS
    run(60, derandomize=not SECONDS)
    while time.monotonic() < until:
        run(500, derandomize=False)
