from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aicos_tls.errors import InternalError, TlsError
from aicos_tls.files import sha256
from aicos_tls.rollback import (
    Certificate,
    FileChange,
    env_patch,
    from_json,
    locate,
    make_record,
    to_json,
    undo,
)
from aicos_tls.rollback.outline import tokens
from aicos_tls.rollback.runs import differences, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from aicos_tls.rollback import (
        Record,
    )

PATH = Path("p/.aicos-tls/record.json")
DIGEST = sha256(b"")


def model() -> Record:
    return make_record(
        [
            FileChange("z.yml", "text", b"a: 1\nb: 2\nc: 3\n", b"a: 1\nb: 3\nc: 3\n", 0o640),
            FileChange("same", "text", b"a\n", b"a\n"),
            FileChange("sub/.env", "env", b"A=1\nB=http://x\n", b"A=1\nB=https://x:80\n"),
            FileChange(".gitignore", "created", None, b"certs/\n"),
        ],
        tool="0.1.0",
        policy={"trust": "insecure", "days": 3650, "only": ("a",)},
        names={"aicos-api": "api"},
        certificates=[Certificate("certs/b-cert.pem", DIGEST), Certificate("certs/a-cert.pem", DIGEST)],
    )


def test_the_form_on_the_disk() -> None:
    """A change here is a change for everybody who has committed a record: think about `SCHEMA`."""
    data = json.loads(to_json(model()))
    assert list(data) == ["schema", "tool", "policy", "names", "certificates", "files"]
    assert data["schema"] == 2
    assert data["policy"] == {"trust": "insecure", "days": 3650, "only": ["a"]}
    assert [item["path"] for item in data["certificates"]] == ["certs/a-cert.pem", "certs/b-cert.pem"]
    assert [item["path"] for item in data["files"]] == [".gitignore", "sub/.env", "z.yml"]
    assert data["files"] == [
        {
            "path": ".gitignore",
            "kind": "created",
            "after": sha256(b"certs/\n"),
            "mode": "0644",
            "outline": "".join(tokens([b"certs/"], ".gitignore", env=False)),
        },
        {
            "path": "sub/.env",
            "kind": "env",
            "mode": "0644",
            "outline": "".join(tokens([b"A=", b"B="], "sub/.env", env=True)),
            "lines": [{"line": 2, "name": "B=", "inserted": [[6, "s"], [11, ":80"]]}],
        },
        {
            "path": "z.yml",
            "kind": "text",
            "before": sha256(b"a: 1\nb: 2\nc: 3\n"),
            "after": sha256(b"a: 1\nb: 3\nc: 3\n"),
            "mode": "0640",
            "outline": "".join(tokens([b"a:", b"b:", b"c:"], "z.yml", env=False)),
            "runs": [
                {
                    "line": 2,
                    "wrote": {"lines": 1, "sha256": sha256(b"b: 3\n")},
                    "was": {"lines": 1, "sha256": sha256(b"b: 2\n")},
                    "pieces": ["b: 2\n"],
                }
            ],
        },
    ]


def test_the_same_run_gives_the_same_bytes() -> None:
    assert to_json(model()) == to_json(model())


data_lines = st.lists(st.binary(max_size=9).map(lambda line: line.replace(b"\n", b"") + b"\n"), max_size=6)


@given(before=st.none() | data_lines, after=data_lines, end=st.binary(max_size=2))
def test_round_trip(before: list[bytes] | None, after: list[bytes], end: bytes) -> None:
    old = None if before is None else b"".join(before)
    change = FileChange("f", "created" if before is None else "text", old, b"".join(after) + end)
    record = make_record([change], tool="1", policy={"ü": None, "a": [], "b": True, "c": ["x"]}, names={})
    assert from_json(to_json(record), PATH) == record
    if record.files:
        assert undo(record, {"f": change.after}.get).contents == {"f": old}


def first_form(change: FileChange) -> dict[str, Any]:
    """The file as version 0.1.0 wrote it first: with the changed lines themselves."""
    env, created = change.kind == "env", change.before is None
    lines = split(change.after)
    return {
        "path": change.path,
        "kind": change.kind,
        "before": None if env or created else sha256(change.before or b""),
        "after": None if env else sha256(change.after),
        "mode": f"{change.mode:04o}",
        "outline": "" if created else "".join(tokens(lines, change.path, env=env)),
        "runs": [
            {"line": run.line, "after": text_of(run.after), "before": text_of(run.before)}
            for run in differences(lines, split(change.before or b""))
        ],
    }


def text_of(lines: Sequence[bytes]) -> list[str]:
    return [line.decode("utf-8", "surrogateescape") for line in lines]


@given(before=st.none() | data_lines, after=data_lines, end=st.binary(max_size=2))
def test_the_first_form_gives_the_same_record(before: list[bytes] | None, after: list[bytes], end: bytes) -> None:
    old = None if before is None else b"".join(before)
    change = FileChange("f", "created" if before is None else "text", old, b"".join(after) + end)
    env = FileChange("e", "env", b"A=http://x\nB=1\n", b"A=https://x\nB=1\n")
    record = make_record([change, env], tool="1", policy={}, names={})
    files = [first_form(each) for each in (env, change) if each.before != each.after]
    data = {"schema": 1, "tool": "1", "policy": {}, "names": {}, "certificates": [], "files": files}
    assert from_json(json.dumps(data).encode(), PATH) == record


@pytest.mark.parametrize(
    "change",
    [
        FileChange("f", "created", b"", b"a"),
        FileChange("f", "text", None, b"a"),
        FileChange("/f", "text", b"", b"a"),
        FileChange("../f", "text", b"", b"a"),
    ],
)
def test_what_cannot_be_recorded(change: FileChange) -> None:
    with pytest.raises(InternalError):
        make_record([change], tool="1", policy={}, names={})


def at(*keys: str | int, value: object) -> Callable[[Any], None]:
    def change(data: Any) -> None:
        for key in keys[:-1]:
            data = data[key]
        data[keys[-1]] = value

    return change


LINES = {"lines": 1, "sha256": DIGEST}
RUN = {"line": 1, "wrote": LINES, "was": {**LINES, "lines": 0}, "pieces": []}
LINE = {"line": 1, "name": "A=", "inserted": [[6, "s"]]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (at("schema", value=0), "schema is unknown"),
        (at("schema", value=True), "schema is unknown"),
        (at("more", value=0), r"unknown field `more`"),
        (lambda data: data.pop("tool"), "missing required field `tool`"),
        (at("tool", value=1), r"`str`, got `int` - at `\$.tool`"),
        (at("tool", value="\x1b"), r"\$.tool"),
        (at("policy", value=[]), r"\$.policy"),
        (at("policy", value={"code_services": [[]]}), r"\$.policy\[...\]"),
        (at("policy", value={"days": 1.5}), r"\$.policy\[...\]"),
        (at("policy", value={"compose_file": "a\0b"}), r"\$.policy\[...\]"),
        (at("names", value={"a": 1}), r"\$.names\[...\]"),
        (at("names", value={"a": "../x"}), r"\$.names\[...\]"),
        (at("certificates", value={}), r"\$.certificates"),
        (at("certificates", 0, value="x"), r"\$.certificates\[0\]"),
        (at("certificates", 0, "sha256", value="x"), r"\$.certificates\[0\].sha256"),
        (at("certificates", 0, "path", value="certs/notes.txt"), r"\$.certificates\[0\].path"),
        (at("files", value=None), r"\$.files"),
        (at("files", 0, "path", value="z.yml"), "one path stands there twice"),
        (at("files", 0, "path", value="/etc/passwd"), r"leads out of the project.*\$.files\[0\].path"),
        (at("files", 0, "path", value="../x"), "leads out of the project"),
        (at("files", 0, "path", value="a/../../x"), "leads out of the project"),
        (at("files", 0, "path", value="a//x"), "leads out of the project"),
        (at("files", 0, "path", value=""), "leads out of the project"),
        (at("files", 0, "path", value="a\0b"), "leads out of the project"),
        (at("files", 0, "path", value="a/" * 3000 + "b"), "longer than any path"),
        (at("files", 0, "path", value=".git/config"), r"lies in .git, where nothing is changed.*\$.files\[0\].path"),
        (at("files", 0, "path", value="sub/.GIT/hooks/pre-commit"), r"lies in \.GIT"),
        (at("files", 0, "path", value=".aicos-tls/record.json"), r"lies in \.aicos-tls"),
        (at("files", 0, "kind", value="other"), r"\$.files\[0\].kind"),
        (at("files", 0, "kind", value=[]), r"\$.files\[0\].kind"),
        (at("files", 0, "before", value=DIGEST), "unknown field `before`"),
        (at("files", 0, "outline", value="ab"), r"\$.files\[0\].outline"),
        (at("files", 1, "after", value=DIGEST), "unknown field `after`"),
        (at("files", 1, "lines", 0, "name", value="B=secret"), "no name of a variable"),
        (at("files", 1, "lines", 0, "name", value="\ud800"), r"no text.*lines\[0\].name"),
        (at("files", 1, "lines", value=[LINE, LINE]), "do not rise"),
        (at("files", 1, "lines", value=[{**LINE, "line": 3}]), "outside of the file"),
        (at("files", 1, "lines", 0, "inserted", value=[]), r"lines\[0\].inserted"),
        (at("files", 1, "lines", 0, "inserted", value=[[6, "; rm -rf /"]]), "only an `s` or a port"),
        (at("files", 1, "lines", 0, "inserted", value=[[6, "s"], [6, "s"]]), "columns do not rise"),
        (at("files", 1, "lines", 0, "inserted", value=[[0, "s"]]), "lie in the name"),
        (at("files", 2, "after", value=None), r"\$.files\[2\].after"),
        (at("files", 2, "after", value=DIGEST + "\n"), r"\$.files\[2\].after"),
        (at("files", 2, "mode", value=420), r"\$.files\[2\].mode"),
        (at("files", 2, "mode", value="0999"), r"\$.files\[2\].mode"),
        (at("files", 2, "outline", value="abc"), "outside"),
        (at("files", 2, "runs", value=[RUN, RUN]), "overlap"),
        (at("files", 2, "runs", value=[RUN, {**RUN, "line": 2}]), "overlap"),
        (at("files", 2, "runs", 0, "line", value=0), r"\$.files\[2\].runs\[0\].line"),
        (at("files", 2, "runs", 0, "line", value=10**4400), "not JSON"),
        (at("files", 2, "runs", 0, "line", value=1.5), r"runs\[0\].line"),
        (at("files", 2, "runs", 0, "was", value={"lines": 1, "sha256": sha256(b"b: 3\n")}), "changes nothing"),
        (at("files", 2, "runs", 0, "pieces", value=["\ud800\n"]), r"no text.*runs\[0\].pieces\[0\]"),
        (at("files", 2, "runs", 0, "pieces", value=[[0]]), r"runs\[0\].pieces\[0\]"),
        (at("files", 2, "runs", 0, "pieces", value=[[-1, 2]]), r"runs\[0\].pieces\[0\]"),
        (at("files", 2, "runs", 0, "pieces", value=[[0, 4_000_000]] * 9), "larger than any file"),
    ],
)
def test_what_this_version_did_not_write_is_refused(change: Callable[[Any], None], words: str) -> None:
    refused(json.loads(to_json(model())), change, words)


def refused(data: dict[str, Any], change: Callable[[Any], None], words: str) -> None:
    change(data)
    with unlimited_digits():
        raw = json.dumps(data).encode()
    with pytest.raises(TlsError, match=words) as caught:
        from_json(raw, PATH)
    assert str(caught.value).startswith(f"{PATH}: the record cannot be used: ")
    assert caught.value.hint


@contextmanager
def unlimited_digits() -> Iterator[None]:
    """Python writes no number of more than 4,300 digits by itself; others do."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        yield
    finally:
        sys.set_int_max_str_digits(limit)


OLD_RUN = {"line": 1, "after": ["a: 1\n"], "before": []}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (at("files", 0, "path", value=".git/config"), "lies in .git"),
        (at("files", 0, "before", value=DIGEST), "not what a file of the kind created has"),
        (at("files", 0, "outline", value="abc"), "not what a file of the kind created has"),
        (at("files", 0, "runs", 0, "before", value=["x\n"]), "lines from before"),
        (at("files", 0, "runs", 0, "line", value=2), "lines from before"),
        (at("files", 1, "after", value=DIGEST), "not what a file of the kind env has"),
        (at("files", 1, "runs", 0, "before", value=["B=rm -rf\n"]), "only an `s` or a port"),
        (at("files", 1, "runs", 0, "before", value=["B=http://x\n", "X=1\n"]), "no line is put into an env file"),
        (at("files", 2, "runs", value=[OLD_RUN, OLD_RUN]), "overlap"),
        (at("files", 2, "runs", 0, "after", value=["b: 2\n"]), "changes nothing"),
        (at("files", 2, "runs", 0, "after", value=["b", "c\n"]), "no single line"),
        (at("files", 2, "runs", 0, "after", value=["b\nc\n"]), "no single line"),
        (at("files", 2, "runs", 0, "after", value=[""]), "no single line"),
        (at("files", 2, "runs", 0, "after", value=["\ud800\n"]), "this is no text"),
        (at("files", 2, "runs", 0, "after", value=[1]), r"runs\[0\].after\[0\]"),
    ],
)
def test_what_the_first_form_did_not_hold_is_refused(change: Callable[[Any], None], words: str) -> None:
    changes = [
        FileChange(".gitignore", "created", None, b"certs/\n"),
        FileChange("sub/.env", "env", b"A=1\nB=http://x\n", b"A=1\nB=https://x:80\n"),
        FileChange("z.yml", "text", b"a: 1\nb: 2\nc: 3\n", b"a: 1\nb: 3\nc: 3\n"),
    ]
    data = {**json.loads(to_json(model())), "schema": 1, "files": list(map(first_form, changes))}
    refused(data, change, words)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"nonsense",
        b"\xff",
        b"[" * 100_000,
        to_json(model())[:-10],
        b'{"schema": NaN}',
        "ü".encode(),
        b" " * (4 * 1024 * 1024) + b"{}",
    ],
    ids=range(10),
)
def test_garbage(data: bytes) -> None:
    with pytest.raises(TlsError, match="the record cannot be used"):
        from_json(data, PATH)


def test_a_newer_version() -> None:
    with pytest.raises(TlsError, match=r"newer version \(form 3, this one knows 2\) \(upgrade"):
        from_json(b'{"schema": 3, "what": "ever"}', PATH)


def test_paths_and_links_that_lead_out(tmp_path: Path) -> None:
    project = tmp_path / "p"
    (project / "sub").mkdir(parents=True)
    (project / "inner").symlink_to("sub/file")
    (project / "outer").symlink_to("..")
    (project / "far").symlink_to("/etc/passwd")
    (project / ".git").mkdir()
    (project / "gitconfig").symlink_to(".git/config")
    assert locate(project, "sub/file") == project / "sub/file"
    assert locate(project, "inner") == project / "inner"
    (tmp_path / "same").symlink_to("p")
    assert locate(tmp_path / "same", "inner") == tmp_path / "same/inner"
    for path in ("outer/x", "far", "../x", "/etc/passwd", "sub/../../x", "", "."):
        with pytest.raises(TlsError, match="leads out of the project"):
            locate(project, path)
    for path in (".git/config", "gitconfig", "sub/.git/x"):
        with pytest.raises(TlsError, match=r"lies in \.git"):
            locate(project, path)


secrets = st.text("abcdefghijklmnop", min_size=12, max_size=20)
shapes = ["K{n}={s}", "export K{n}='{s}'", "# {s}", "K{n}: {s}", "  {s}", "K{n}={s}=", "#old K={s}", '"{s}', "{s}:"]


@given(
    values=st.lists(secrets, min_size=2, max_size=10, unique=True),
    data=st.data(),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_no_value_of_an_env_file_is_seen(values: list[str], data: st.DataObject, newline: str) -> None:
    changed = data.draw(st.sets(st.integers(0, len(values) - 1), min_size=1))
    lines = [
        f"URL{number}=http://u:{value}@api{newline}"
        if number in changed
        else data.draw(st.sampled_from(shapes)).format(n=number, s=value) + newline
        for number, value in enumerate(values)
    ]
    after = [line.replace("http:", "https:") for line in lines]
    change = FileChange(".env", "env", "".join(lines).encode(), "".join(after).encode())
    record = to_json(make_record([change], tool="1", policy={}, names={})).decode()
    assert not [value for value in values if value in record]
    for number, value in enumerate(values):
        assert (value in env_patch([change]).decode()) == (number in changed)
    others = [line.replace(value, "x" * 12) for value, line in zip(values, after, strict=True)]
    names = [line for line in range(len(after)) if not lines[line].strip().endswith(":")]
    assert [tokens([after[n].encode()], "f", env=True) for n in names] == [
        tokens([others[n].encode()], "f", env=True) for n in names
    ], "a value has no part in the outline"


@given(values=st.lists(secrets, min_size=2, max_size=8, unique=True))
def test_no_value_of_an_address_is_seen(values: list[str]) -> None:
    """What is kept of a changed line is what is gone of it; passwords and tokens are still there."""
    lines = [
        f"      - URL{n}=http://bob:{value}@api:80{n}/hook/{value}?token={value},http://{value}@b/{value}\n"
        for n, value in enumerate(values)
    ]
    after = [line.replace("http:", "https:") + f"      - NEW=copy of {values[0]}\n" for line in lines]
    change = FileChange("c.yml", "text", "".join(lines).encode(), "".join(after).encode())
    record = to_json(make_record([change], tool="1", policy={}, names={})).decode()
    assert not [value for value in values if value in record]


@given(one=secrets, other=secrets)
def test_a_value_has_no_part_in_the_outline_of_a_text(one: str, other: str) -> None:
    for line in ("      - PASSWORD={}\n", "      PASSWORD: {}\n", "  password: '{}'\r\n", '      - "redis://:{}@r"\n'):
        assert tokens([line.format(one).encode()], "f", env=False) == tokens(
            [line.format(other).encode()], "f", env=False
        )
