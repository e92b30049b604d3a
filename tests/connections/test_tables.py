"""New tables at the end of a file: the bytes before them stay, and mean what they meant."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aicos_tls.connections.model import PUBLISHED, Evidence, Strength
from aicos_tls.connections.protocols import Protocol
from aicos_tls.connections.seen import Seen, seen_in
from aicos_tls.connections.tables import HEADER, with_tables
from aicos_tls.errors import TlsError
from aicos_tls.files import TextFile

PATH = Path("aicos-tls.toml")


def one(client: str = "web", server: str = "api", port: int = 8001, **differs: object) -> Seen:
    found = Evidence("network", "", None, Strength.SEEN, str(differs.get("seen", "2026-11-25")))
    protocol = differs.get("protocol", Protocol.HTTP)
    assert isinstance(protocol, Protocol)
    return Seen(client, server, port, protocol, differs.get("tls") is True, found)


def grown(before: bytes, *new: Seen) -> bytes | None:
    return with_tables(TextFile(PATH, before), PATH, new)


def test_a_new_file() -> None:
    made = with_tables(None, PATH, [one(), one(PUBLISHED, "web", 80, tls=True, protocol=Protocol.UNKNOWN)])
    assert made is not None
    assert made.decode().splitlines() == [
        *HEADER.splitlines(),
        "",
        "[[connection]]",
        'client = "web"',
        'server = "api"',
        "port = 8001",
        'protocol = "http"',
        "seen = 2026-11-25",
        "",
        "[[connection]]",
        'client = "(published)"',
        'server = "web"',
        "port = 80",
        "tls = true",
        "seen = 2026-11-25",
    ]


def test_what_is_known_stays_as_it_is() -> None:
    before = b'[[connection]]\nport=8001\nserver="api"\nclient="web" # ours\nseen=2020-01-01'
    assert grown(before, one()) is None
    after = grown(before, one(), one(port=9), one(port=9))
    assert after is not None
    assert after.startswith(before + b"\n\n[[connection]]\n")
    assert after.count(b"[[connection]]") == 2


@pytest.mark.parametrize("before", [b"connection = []\n", b'connection = [{client="a", server="b", port=1}]\n'])
def test_a_list_in_brackets(before: bytes) -> None:
    with pytest.raises(TlsError, match="list in brackets"):
        grown(before, one())


def test_no_toml_is_not_written_to() -> None:
    with pytest.raises(TlsError, match="not valid TOML"):
        grown(b"days = \n", one())


SERVICES = st.text("aZ09._-", min_size=1, max_size=20)
CONNECTIONS = st.lists(
    st.builds(
        one,
        st.one_of(SERVICES, st.just(PUBLISHED)),
        SERVICES,
        st.integers(1, 65535),
        protocol=st.sampled_from(Protocol),
        tls=st.booleans(),
        seen=st.dates().map(str),
    ),
    max_size=6,
)
PIECES = st.sampled_from(
    [
        "days = 30",
        "# a comment",
        "",
        "   ",
        'x = """\n[[connection]]\nclient = 1\n"""',
        "y = '''\n# no comment\n'''",
        "[table]",
        "[[other.list]]",
        "odd = nan",
        "many = [1,\n  2, # two\n]",
        '[[connection]]\nclient = "a"\nserver = "b"\nport = 1',
        '[[ \'connection\' ]]\n  client = "a"\n  server = "c"\n  port = 2\n  seen = 2026-01-01',
    ]
)


@given(st.lists(PIECES, max_size=8), CONNECTIONS, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
@example(["# a comment"], [one()], "\n", True, False)  # noqa: FBT003
@example(["odd = nan"], [one()], "\r\n", False, False)  # noqa: FBT003
def test_bytes_before_stay_and_mean_the_same(
    pieces: list[str],
    new: list[Seen],
    newline: str,
    bom: bool,  # noqa: FBT001
    ended: bool,  # noqa: FBT001
) -> None:
    text = "\n".join(pieces).replace("\n", newline) + (newline if ended else "")
    before = (b"\xef\xbb\xbf" if bom else b"") + text.encode()
    try:
        old = tomllib.loads(text, parse_float=str)
        known = {each.key for each in seen_in(text, PATH)}
    except (ValueError, TlsError):  # a key or a table twice, or a setting below a connection
        with pytest.raises(TlsError):
            grown(before, *new)
        return
    wanted = {each.key: each for each in new if each.key not in known}
    after = grown(before, *new)
    if not wanted:
        assert after is None
        return
    assert after is not None
    assert after.startswith(before)
    both = tomllib.loads(after.decode("utf-8-sig"), parse_float=str)
    added = both.pop("connection")
    assert added[: len(old.get("connection", []))] == old.pop("connection", [])
    assert both == old
    assert {each.key for each in seen_in(after.decode("utf-8-sig"), PATH)} == known | set(wanted)
    if "\n" in text:
        assert (b"\r\n" in after) is (newline == "\r\n")
        assert after.replace(b"\r\n", b"").count(b"\n") == (0 if newline == "\r\n" else after.count(b"\n"))
    assert grown(after, *new) is None
