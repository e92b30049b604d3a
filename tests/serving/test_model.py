from __future__ import annotations

import pytest

from aicos_tls.serving.model import Merge, Place, Setting

OPTION = "--require /app/certs/runtime/node/preload.cjs"


@pytest.mark.parametrize(
    ("merge", "value", "before", "after"),
    [
        (Merge.SET, "true", "false", "true"),
        (Merge.SET, "true", None, "true"),
        (Merge.WORDS, OPTION, None, OPTION),
        (Merge.WORDS, OPTION, "", OPTION),
        (Merge.WORDS, OPTION, "--max-old-space-size=512", f"--max-old-space-size=512 {OPTION}"),
        (Merge.WORDS, OPTION, f"-r a {OPTION}", f"-r a {OPTION}"),
        (Merge.WORDS, OPTION, f"{OPTION}x", f"{OPTION}x {OPTION}"),
        (Merge.PATHS, "/tls", None, "/tls"),
        (Merge.PATHS, "/tls", "/app:/lib", "/tls:/app:/lib"),
        (Merge.PATHS, "/tls", "/app:/tls", "/app:/tls"),
    ],
)
def test_a_variable_that_is_there_is_never_lost(merge: Merge, value: str, before: str | None, after: str) -> None:
    assert Setting("X", value, merge).onto(before) == after


def test_the_places_of_the_catalogue() -> None:
    place = Place("/certs", "web")
    text = "{certificate} {key} {ca} {directory} {name}"
    assert place.fill(text) == "/certs/web-cert.pem /certs/web-key.pem /certs/ca-cert.pem /certs web"
