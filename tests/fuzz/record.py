"""The record: whatever is in it, it is refused by one `TlsError` or can be taken back; what a run wrote is exact.

An input that begins with `{` is a record. Any other one is a text before, a NUL, a text after, a NUL, and choices of
what becomes of the record of that change.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fuzz.choices import Choices
from fuzz.seeds import compose_files

from aicos_tls.errors import TlsError
from aicos_tls.rollback import Certificate, FileChange, Record, env_patch, from_json, make_record, patch, to_json, undo
from aicos_tls.rollback.location import wrong_path

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = Path("p/.aicos-tls/record.json")
_DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1, 2**31, 2**63, 1e308, "", "a", "\0", "\udc80", "\ud800", "../x", "/etc/passwd", ".git/config",
    ".GIT/config", ".aicos-tls/record.json", "a/../b", "a//b", "text", "env", "created", "0644", "9999", [], {}, [[]],
    [0, 1], [1, 1], ["a"], _DIGEST, "s", ":80", ":443", "\n", "x" * 5000, {"lines": 1, "sha256": _DIGEST}, "AAA", "A-A_",
)  # fmt: skip
TOKENS = (
    *(json.dumps(value) for value in ODD if not isinstance(value, str) or len(value) < 100),
    '"schema": 1', '"schema": 2', '"schema"', '"tool"', '"policy"', '"names"', '"certificates"', '"files"', '"path"',
    '"kind"', '"before"', '"after"', '"mode"', '"outline"', '"runs"', '"line"', '"wrote"', '"was"', '"pieces"', '"lines"',
    '"sha256"', '"name"', '"inserted"', '"certs/a-cert.pem"', '"\\udc80"', "http://api:80\n", "https://api:80\n", "A=", "\0",
)  # fmt: skip


def seeds() -> Iterator[bytes]:
    """Yield records of small changes, and such changes with what becomes of their records."""
    for before in list(compose_files())[:60]:
        after = before.replace(b"http://", b"https://").replace(b"image", b"# new\n    image")
        yield b"\0".join((before, after, b"\3\7\1"))
        yield to_json(_record(before, after))
    yield b"\0".join((b"A=http://x\nB=1\n", b"A=https://x:80\nB=1\n", b"\3\7\1\4"))
    yield b'{"schema": 1, "tool": "0", "policy": {}, "names": {}, "certificates": [], "files": []}'


def check(data: bytes) -> None:
    """Read a record, write it again, and take it back."""
    if data.startswith(b"{"):
        _obeyed(data, b"services:\n  api:\n    image: x\nA=1\n")
        return
    before, _, rest = data.partition(b"\0")
    after, _, decisions = rest.partition(b"\0")
    made = to_json(_record(before, after))
    record = from_json(made, PATH)
    assert to_json(record) == made
    patch(_changes(before, after))
    env_patch(_changes(before, after))
    contents = undo(record, lambda _: after).contents
    assert contents.get("c.yml", before) == before
    assert contents.get("c.env", before) == before
    assert contents["new.txt"] is None
    value = json.loads(made)
    choices = Choices(decisions)
    for _ in range(1 + choices.below(3)):
        _change(choices, value)
    _obeyed(json.dumps(value).encode(), after)
    _obeyed(made, before[: choices.place(len(before) + 1)] + after[choices.place(len(after) + 1) :])


def _record(before: bytes, after: bytes) -> Record:
    return make_record(
        _changes(before, after),
        tool="1",
        policy={"days": 7, "only": ["a"]},
        names={"api": "api"},
        certificates=[Certificate("certs/api-cert.pem", _DIGEST)],
    )


def _changes(before: bytes, after: bytes) -> list[FileChange]:
    changes = [FileChange("c.yml", "text", before, after), FileChange("new.txt", "created", None, after)]
    if _puts_in_only(before, after):
        changes.append(FileChange("c.env", "env", before, after))
    return changes


def _puts_in_only(before: bytes, after: bytes) -> bool:
    """Whether the lines of an env file differ as a run makes them differ."""
    old, new = before.split(b"\n"), after.split(b"\n")
    made = [line.replace(b"http://", b"https://", 1) for line in old]
    return new == made and all(line.startswith((b"A=", b"B=")) or not line for line in old)


def _obeyed(data: bytes, current: bytes) -> None:
    try:
        record = from_json(data, PATH)
    except TlsError as error:
        assert error.message
        return
    assert not any(wrong_path(file.path) for file in record.files)
    if b'"schema": 2' in data:
        assert from_json(to_json(record), PATH) == record
    try:
        done = undo(record, lambda _: current)
    except TlsError:
        return
    if not done.blocked:
        assert set(done.contents) == {file.path for file in record.files}


def _change(choices: Choices, value: Any) -> None:
    """Put something odd, or something from elsewhere, in a place of the record."""
    places = list(_places(value))
    holder, key = places[choices.place(len(places))]
    other, name = places[choices.place(len(places))]
    what = choices.below(4)
    if what == 0 and isinstance(holder, dict):
        del holder[key]
    elif what == 1:
        holder[key] = json.loads(json.dumps(other[name]))
    elif what == 2 and isinstance(holder, list):
        holder.append(json.loads(json.dumps(holder[key])))
    else:
        holder[key] = choices.pick(ODD)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in members:
        yield value, key
        yield from _places(inner)
