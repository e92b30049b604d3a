from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from aicos_tls.errors import InternalError, TlsError
from aicos_tls.files import sha256
from aicos_tls.rollback import (
    Clash,
    Conflict,
    FileChange,
    Merged,
    Missing,
    Record,
    Restored,
    from_json,
    make_record,
    to_json,
    undo,
)
from aicos_tls.rollback.runs import differences, split
from aicos_tls.rollback.traces import Lines, TextTrace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aicos_tls.rollback import (
        Kind,
        Outcome,
    )

COMPOSE = """\
services:
  api:
    image: api
    environment:
      - PORT=8001
      - WEB=http://web:80
    volumes:
      - ./api:/app

  web:
    image: web
    environment:
      - PORT=80
    volumes:
      - ./web:/app

networks:
  default: {}
"""
TLS = "      - TLS_ENABLED=true\n      - TLS_CERT_PATH=/app/certs\n"
CERTS = "      - ./certs:/app/certs:ro\n"
ENABLED = (
    COMPOSE.replace("      - WEB=http://web:80\n", "      - WEB=https://web:80\n" + TLS)
    .replace("      - PORT=80\n", "      - PORT=80\n" + TLS)
    .replace("      - ./api:/app\n", "      - ./api:/app\n" + CERTS)
    .replace("      - ./web:/app\n", "      - ./web:/app\n" + CERTS)
)


def record_of(before: bytes | None, after: bytes, kind: Kind = "text") -> Record:
    return make_record([FileChange("f", kind, before, after)], tool="1", policy={}, names={})


def outcome(record: Record, current: bytes | None) -> Outcome:
    (one,) = undo(record, {"f": current}.__getitem__).outcomes
    return one


def after_edit(current: str, *, before: str = COMPOSE, after: str = ENABLED, kind: Kind = "text") -> str:
    result = outcome(record_of(before.encode(), after.encode(), kind), current.encode())
    assert isinstance(result, Merged), result
    assert result.data is not None
    return result.data.decode()


def clashes(current: str, *, before: str = COMPOSE, after: str = ENABLED, kind: Kind = "text") -> Sequence[Clash]:
    result = outcome(record_of(before.encode(), after.encode(), kind), current.encode())
    assert isinstance(result, Conflict), result
    return result.clashes


def edited(old: str, new: str, text: str = ENABLED) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


def test_untouched() -> None:
    record = record_of(COMPOSE.encode(), ENABLED.encode())
    assert outcome(record, ENABLED.encode()) == Restored("f", COMPOSE.encode())


def test_already_as_before() -> None:
    record = record_of(COMPOSE.encode(), ENABLED.encode())
    assert outcome(record, COMPOSE.encode()) == Restored("f", COMPOSE.encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  default: {}\n", "  default: {}\n  other: {}\n"),
        ("services:\n", "# mine\nservices:\n"),
        ("    image: api\n", "    image: api:2\n"),
        ("      - PORT=8001\n", "      - PORT=9001\n"),
        ("      - PORT=80\n", ""),
        ("\n  web:\n", "\n  # the site\n  web:\n"),
        ("networks:\n  default: {}\n", ""),
        ("      - ./api:/app\n", "      - ./api:/app\n      - ./more:/more\n"),
    ],
)
def test_later_edits_stay(old: str, new: str) -> None:
    assert after_edit(edited(old, new)) == edited(old, new, COMPOSE)


def test_a_variable_below_ours_is_no_conflict() -> None:
    mine = "      - MINE=1\n"
    current = ENABLED.replace(TLS, TLS + mine)
    assert after_edit(current) == COMPOSE.replace("web:80\n", "web:80\n" + mine).replace(
        "PORT=80\n", "PORT=80\n" + mine
    )


def test_a_service_that_is_gone_takes_its_lines_along() -> None:
    start, end = ENABLED.index("  web:"), ENABLED.index("networks:")
    assert (
        after_edit(ENABLED[:start] + ENABLED[end:])
        == COMPOSE[: COMPOSE.index("  web:")] + COMPOSE[COMPOSE.index("networks:") :]
    )


@pytest.mark.parametrize("edit", ["", "      - PORT=80\n"])
def test_of_a_service_and_its_copy_the_first_is_taken_back(edit: str) -> None:
    """The copy is the user's, line for line; that it has TLS is shown by whoever looks at the result."""
    start, end = ENABLED.index("  web:"), ENABLED.index("networks:")
    web = ENABLED[start:end].replace(edit, "")
    copy = web.replace("web:", "web2:", 1).replace("image: web", "image: x")
    original = COMPOSE[: COMPOSE.index("networks:")].replace(edit, "")
    assert (
        after_edit(ENABLED[:start] + web + copy + ENABLED[end:])
        == original + copy + COMPOSE[COMPOSE.index("networks:") :]
    )


def test_a_service_that_was_moved_is_for_a_person_to_decide() -> None:
    start, middle, end = ENABLED.index("  api:"), ENABLED.index("  web:"), ENABLED.index("networks:")
    moved = ENABLED[:start] + ENABLED[middle:end] + ENABLED[start:middle] + ENABLED[end:]
    tls = tuple(line.encode() + b"\n" for line in TLS.splitlines())
    certs = (CERTS.encode(),)
    assert sorted(clashes(moved), key=lambda clash: clash.line) == [
        Clash(6, tls, 0, 2, 0, ()),
        Clash(10, certs, 0, 1, 0, ()),
    ]
    assert moved.splitlines()[5] == "      - TLS_ENABLED=true"


def test_some_of_it_taken_back_by_hand() -> None:
    current = ENABLED.replace(CERTS, "").replace("https://web", "http://web").replace(TLS, "")
    assert current == COMPOSE
    half = ENABLED.replace(CERTS, "")
    assert after_edit(half) == COMPOSE


def test_an_edited_line_of_ours_is_a_conflict_with_both_sides() -> None:
    current = edited("      - WEB=https://web:80\n", "      - WEB=https://web:443\n")
    tls = tuple(line.encode() + b"\n" for line in TLS.splitlines())
    (clash,) = clashes(current)
    assert clash == Clash(
        line=6,
        found=(b"      - WEB=https://web:443\n", *tls),
        others=0,
        wrote=3,
        was=1,
        restore=(),
    )


def test_a_line_between_ours_is_a_conflict() -> None:
    current = ENABLED.replace("      - TLS_CERT", "      - MINE=1\n      - TLS_CERT", 1)
    (clash,) = clashes(current)
    assert clash.found == tuple(f"{line}\n".encode() for line in ("      - WEB=https://web:80", *TLS.splitlines()))
    assert clash.others == 1, "which the record cannot know, and does not show"


def test_a_line_of_ours_alone_among_strangers_is_a_conflict() -> None:
    assert clashes("x\n      - TLS=true\ny\n", before="a\nb\n", after="a\n      - TLS=true\nb\n")


def test_removed_lines_come_back_only_where_they_were() -> None:
    before, after = "a\nb\nc\nd\n", "a\nd\n"
    assert after_edit("x\na\nd\n", before=before, after=after) == "x\na\nb\nc\nd\n"
    (clash,) = clashes("a\nx\nd\n", before=before, after=after)
    assert clash == Clash(2, (), 1, 0, 2, (b"b\n", b"c\n"))
    assert after_edit("a\nb\nc\nd\ne\n", before=before, after=after) == "a\nb\nc\nd\ne\n"
    assert after_edit("d\ne\n", before="a\nd\n", after="d\n") == "a\nd\ne\n"


def test_two_runs_whose_common_line_is_gone() -> None:
    """Both look at the same old line, which must not come out twice."""
    before, after = "a\nhttp\nm\nhttp\nz\n", "a\nhttps\nm\nhttps\nz\n"
    assert after_edit("a\nhttp\nz\n", before=before, after=after) == "a\nhttp\nz\n"


def test_the_last_line_gets_an_end_when_it_is_no_longer_the_last() -> None:
    assert after_edit("a\nb\nnew\nmine\n", before="a\nb", after="a\nb\nnew\n") == "a\nb\nmine\n"
    assert after_edit("a\r\nb\r\nnew\r\nmine", before="a\r\nb", after="a\r\nb\r\nnew\r\n") == "a\r\nb\r\nmine"


def test_a_file_that_is_gone() -> None:
    assert outcome(record_of(b"a\n", b"b\n"), None) == Missing("f")
    assert outcome(record_of(None, b"b\n", "created"), None) == Restored("f", None)


def test_a_created_file() -> None:
    record = record_of(None, b"certs/\nkeys/\n", "created")
    assert outcome(record, b"certs/\nkeys/\n") == Restored("f", None)
    assert outcome(record, b"mine\ncerts/\nkeys/\n") == Merged("f", b"mine\n")
    assert outcome(record, b"certs/\nkeys/\nmine\n") == Merged("f", b"mine\n")
    assert outcome(record, b"") == Merged("f", None)
    assert isinstance(outcome(record, b"certs/\nmine\nkeys/\n"), Conflict)
    assert outcome(record_of(None, b"", "created"), b"") == Restored("f", None)


def test_an_env_file() -> None:
    before, after = "# x\nA=1\nURL=http://a\nB=2\n", "# x\nA=1\nURL=https://a:80\nB=2\n"
    record = record_of(before.encode(), after.encode(), "env")
    assert outcome(record, after.encode()) == Restored("f", before.encode())
    assert outcome(record, after.replace("A=1", "A=9").encode()) == Restored("f", before.replace("A=1", "A=9").encode())
    assert after_edit("C=3\n" + after, before=before, after=after, kind="env") == "C=3\n" + before
    assert after_edit("C=3\n" + before, before=before, after=after, kind="env") == "C=3\n" + before
    for edit in ("URL=https://longer:80", "URL=http://a:80", "MY_URL=https://a:80", "URL=ftps://a:80"):
        (clash,) = clashes(after.replace("URL=https://a:80", edit), before=before, after=after, kind="env")
        assert (clash.line, clash.wrote, clash.was) == (3, 1, 1)
        assert b"://" not in b"".join((*clash.found, *clash.restore)), "no value is shown"


def test_an_edited_value_of_an_env_file_stays() -> None:
    """No digest could say that it was edited, and none is needed: the letter is taken out where it stands."""
    before, after = "URL=http://bob:secret@a\n", "URL=https://bob:secret@a\n"
    edit = after.replace("secret", "other-secret")
    result = outcome(record_of(before.encode(), after.encode(), "env"), edit.encode())
    assert result == Restored("f", edit.replace("https", "http").encode())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A=1\n", "A=2\n"),
        ("A=1\n", "A=1\nB=1\n"),
        ("A=1\nB=1\n", "A=1\n"),
        ("A=a\n", "A=as\n"),
        ("A=http://a\n", "A=https://b\n"),
        ("A=https://a\n", "A=http://a\n"),
    ],
)
def test_nothing_else_is_done_to_an_env_file(before: str, after: str) -> None:
    with pytest.raises(InternalError, match="no such change of an env file"):
        record_of(before.encode(), after.encode(), "env")


def test_any_conflict_blocks_everything() -> None:
    changes = [FileChange("a", "text", b"1\n", b"2\n"), FileChange("b", "text", b"1\n", b"2\n")]
    record = make_record(changes, tool="1", policy={}, names={})
    clear = undo(record, {"a": b"2\n", "b": b"2\n"}.get)
    assert clear.blocked == ()
    assert clear.contents == {"a": b"1\n", "b": b"1\n"}
    for current in (b"3\n", None):
        blocked = undo(record, {"a": b"2\n", "b": current}.get)
        assert [item.path for item in blocked.blocked] == ["b"]
        with pytest.raises(InternalError):
            _ = blocked.contents


def test_a_record_that_contradicts_itself() -> None:
    record = record_of(b"a\nb\n", b"a\nc\n")
    (file,) = record.files
    trace = file.traces[0]
    assert isinstance(trace, TextTrace)
    other = Lines(1, sha256(b"other\n"))
    for wrong in (
        replace(file, traces=(replace(trace, pieces=(b"other\n",)),)),
        replace(file, traces=(replace(trace, pieces=(b"other\n",), was=other),)),
        replace(file, before=sha256(b"")),
    ):
        with pytest.raises(TlsError, match="contradicts itself about f"):
            outcome(replace(record, files=(wrong,)), b"a\nc\n")


def test_enabling_again_starts_from_the_original() -> None:
    first = record_of(COMPOSE.encode(), ENABLED.encode())
    original = undo(first, {"f": edited("PORT=8001", "PORT=1").encode()}.get).contents["f"]
    assert original == edited("PORT=8001", "PORT=1", COMPOSE).encode()
    other = original.replace(b"image: api\n", b"image: api\n    user: x\n")
    assert outcome(record_of(original, other), other) == Restored("f", original)


def test_lines_that_stand_everywhere_are_for_a_person() -> None:
    """The outline knows them by their names only, and more than a few places are not compared in full."""
    before, after = "a\nb\n", "a\nx=1\nb\n"
    (clash,) = clashes("a\nb\n" + "x=2\n" * 100, before=before, after=after)
    assert (clash.wrote, clash.was) == (1, 0)
    assert after_edit("a\nb\n" + "x=2\n" * 10, before=before, after=after) == "a\nb\n" + "x=2\n" * 10


def test_a_record_cannot_make_work_without_end() -> None:
    """Each of its runs claims that the whole file stood there before."""
    current = b"line of a file\n" * 3000
    (file,) = record_of(b"o\n", b"n\n").files
    was = Lines(3000, sha256(current))
    traces = tuple(TextTrace(line, Lines(1, sha256(b"n\n")), was, ()) for line in range(1, 4000, 2))
    hostile = replace(file, traces=traces, outline="AAA" * 4000)
    result = outcome(Record("1", {}, {}, (), (hostile,)), current)
    assert isinstance(result, Conflict)
    assert len(result.clashes) == 64


def test_a_line_that_lost_what_was_put_in_is_a_conflict() -> None:
    before, after = "A=http://a b\n", "A=https://a:80 b\n"
    (clash,) = clashes("A=https://a b\n", before=before, after=after, kind="env")
    assert clash.found == ("A=…\n".encode(),)


# Laws

pool = [f"{key}{sign}{value}\n" for key in "abc" for sign in ": =" for value in "12"]
texts = st.lists(st.sampled_from(pool), max_size=12)
tails = st.sampled_from(["", "end", "x=1"])


@given(before=texts, after=texts, tail=tails, other=tails)
@example(before=[], after=["a:1\n"], tail="", other="")
def test_an_unchanged_file_comes_back_to_the_byte(before: list[str], after: list[str], tail: str, other: str) -> None:
    old, new = ("".join(before) + tail).encode(), ("".join(after) + other).encode()
    assume(old != new)
    assert outcome(record_of(old, new), new) == Restored("f", old)


addresses = st.sampled_from(
    ["http://a", "ws://b:1/http", "HTTP", "'http://a http://b'", "1", "https://x", "", "httpss"]
)
env_lines = st.builds("{}{}{}".format, st.sampled_from(["A=", "export B=", "c: ", "# ", ""]), addresses, st.just("\n"))


def encrypted(line: str) -> str:
    return re.sub(r"(?i)(http|ws)(?=://|\n)", lambda found: found[0] + ("S" if found[0].isupper() else "s"), line)


@given(before=st.lists(env_lines, min_size=1, max_size=8), tail=st.sampled_from(["", "U=http", "U=ws://x"]))
def test_an_env_file_comes_back_to_the_byte(before: list[str], tail: str) -> None:
    old = "".join([*before, tail]).encode()
    new = "".join([*map(encrypted, before), encrypted(tail + "\n")[:-1]]).encode()
    assume(old != new)
    record = record_of(old, new, "env")
    assert outcome(record, new) == Restored("f", old)
    assert from_json(to_json(record), Path("r")) == record


def insert_unique(lines: list[str], places: list[int]) -> tuple[list[str], list[str]]:
    """A text of distinct lines, and the same with a changed line after each of `places`."""
    before = [f"V{number}_{line}" for number, line in enumerate(lines)]
    after = [f"tls{number}=1\n" + line if number in places else line for number, line in enumerate(before)]
    return before, "".join(after).splitlines(keepends=True)


@given(lines=st.lists(st.sampled_from(pool), min_size=8, max_size=14), data=st.data())
def test_an_edit_elsewhere_is_the_edit_on_the_original(lines: list[str], data: st.DataObject) -> None:
    places = data.draw(st.lists(st.integers(0, 3), min_size=1, unique=True))
    before, after = insert_unique(lines, places)
    where = data.draw(st.integers(5, len(before) - 1))
    edit = data.draw(st.sampled_from([[], ["mine\n"], ["mine=1\n", "yours\n"]]))

    def with_edit(text: list[str]) -> bytes:
        index = text.index(before[where])
        return "".join([*text[:index], *edit, *text[index + 1 :]]).encode()

    result = outcome(record_of("".join(before).encode(), "".join(after).encode()), with_edit(after))
    assert isinstance(result, Merged | Restored)
    assert result.data == with_edit(before)
    again = outcome(record_of("".join(before).encode(), "".join(after).encode()), result.data)
    assert again in (Merged("f", result.data), Restored("f", result.data)), "an undo of an undo does nothing"


@given(before=texts, after=texts, current=texts)
def test_no_line_of_the_current_text_is_lost_but_those_of_the_run(
    before: list[str], after: list[str], current: list[str]
) -> None:
    old, new, now = ("".join(part).encode() for part in (before, after, current))
    assume(old != new)
    record = record_of(old, new)
    result = outcome(record, now)
    if isinstance(result, Conflict):
        assert result.clashes
        for clash in result.clashes:
            place = now.splitlines(keepends=True)[clash.line - 1 :][: len(clash.found) + clash.others]
            assert len(place) == len(clash.found) + clash.others
            assert set(clash.found) <= set(place)
            names = {line[:2] for line in after}
            assert all(line.decode()[:2] in names for line in clash.found), "lines of the change and no others"
        return
    assert isinstance(result, Merged | Restored)
    left = sorted((result.data or b"").splitlines(keepends=True))
    runs = differences(split(new), split(old))
    removed = [line for run in runs for line in run.after]
    added = [line for run in runs for line in run.before]
    for line in set(now.splitlines(keepends=True)):
        assert left.count(line) >= current.count(line.decode()) - removed.count(line)
    for line in left:
        assert line in added or line in now


@given(current=texts, text=texts)
def test_no_change_of_ours_is_no_change_at_all(current: list[str], text: list[str]) -> None:
    same = "".join(text).encode()
    record = record_of(same, same + b"x\n")
    nothing = replace(record, files=(replace(record.files[0], traces=(), before=None),))
    now = "".join(current).encode()
    assume(now != same + b"x\n")
    result = outcome(nothing, now)
    assert isinstance(result, Merged | Restored)
    assert result.data == now
