from __future__ import annotations

import pytest

from aicos_tls.rollback.envlines import EnvLine, env_line, insertions

LINE = EnvLine(b"A=", ((6, b"s"), (10, b":80")))


def test_a_line_and_what_was_put_into_it() -> None:
    old, new = b"A=http://a/x\n", b"A=https://a:80/x\n"
    found = insertions(old, new)
    assert found == ((6, b"s"), (11, b":80"))
    assert env_line(new, found).undone(new) == old
    assert env_line(new, found).was(old)


@pytest.mark.parametrize("line", [b"B=https://a:80", b"A=http://a:80", b"A=httpS://a:80", b"A=ftps://a:80", b""])
def test_another_line(line: bytes) -> None:
    assert LINE.undone(line) is None
    assert not LINE.was(b"B=http://a")


@pytest.mark.parametrize(
    ("old", "new"), [(b"a", b"b"), (b"as", b"a"), (b"xas", b"xass"), (b"http", b"https:81"), (b"", b"s")]
)
def test_something_else(old: bytes, new: bytes) -> None:
    assert insertions(old, new) is None
