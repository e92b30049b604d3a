"""Files of variables and `$NAME` in values: what is read stands where it is said to stand, and expanding has an end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fuzz.seeds import fixtures

from aicos_tls import budgets
from aicos_tls.compose import dotenv, interpolation
from aicos_tls.compose.urls import find, without_password
from aicos_tls.errors import TlsError
from aicos_tls.files import TextFile

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKENS = (
    "A=", "B=", "export ", "A: ", "A.b-c=", "'", '"', '\\"', "\\\\", "\\n", "#", " #", "\n", "\r\n", "\r", "\t", "${A}", "$A",
    "${A:-", "${A-", "${A:+", "${A?x}", "}", "$$", "$${", "$(", ")", "$", "${", "http://api:8001", "http://", "wss://[::1]:80",
    "://", "u:p@", "${S:-http}://api", "${S}://web:${P:-80}", ":+http://a", "\u2028", "é", "💚", "\ufeff", "=", ":", "[", "]",
)  # fmt: skip


def seeds() -> Iterator[bytes]:
    """Yield the files of variables of the fixtures."""
    yield from fixtures(r"\.env.*|.*\.env")
    yield b'A=\'x\ny\' # c\nexport B="${A:-\\"z}"\nC: $$D ${E:+${F}}\n'
    yield b"U=http://u:p@api:8001/?a=${B:-http://web}\nS=${S:-http}://api\n"


def check(data: bytes) -> None:
    """Read a file of variables, expand every value, and find the URLs in it."""
    file = TextFile(Path(".env"), data)
    try:
        text = file.text
    except TlsError:
        return
    end = 0
    for binding in dotenv.parse(text):
        assert text[binding.start : binding.end] == binding.value
        assert end <= binding.start <= binding.end
        end = binding.end
    env = dotenv.EnvFile(file)
    assert set(env.bindings) == {binding.key for binding in dotenv.parse(text)}
    try:
        values = env.values
    except TlsError as error:
        assert error.message
        values = {}
    assert all(len(value) <= max(budgets.VALUE, len(text)) for value in values.values())
    _variables(text, values)
    for url in find(text, values):
        assert url.start <= url.host_end <= url.end <= len(text)
        assert all(url.start <= insertion.at <= url.end for insertion in url.insertions)
    assert without_password(without_password(text)) == without_password(text)


def _variables(text: str, values: dict[str, str]) -> None:
    end = 0
    for variable in interpolation.variables(text):
        assert end <= variable.start < variable.end <= len(text)
        assert text[variable.start] == "$"
        end = variable.end
        if variable.argument is not None:
            assert text[variable.argument_start : variable.end - 1] == variable.argument
    inner = list(interpolation.everywhere(text))
    assert {variable.start for variable in interpolation.variables(text)} <= {variable.start for variable in inner}
    try:
        expanded = interpolation.expand(text, values)
    except TlsError:
        return
    if "$" not in text:
        assert expanded == text
