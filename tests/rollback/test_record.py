from __future__ import annotations

import json
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
    patch,
    to_json,
)
from aicos_tls.rollback.outline import tokens

if TYPE_CHECKING:
    from collections.abc import Callable

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
            FileChange("sub/.env", "env", b"A=1\nB=2\n", b"A=1\nB=3\n"),
            FileChange(".gitignore", "created", None, b"certs/\n"),
        ],
        tool="0.1.0",
        policy={"trust": "insecure", "days": 3650, "only": ("a",)},
        names={"aicos-api": "api"},
        certificates=[Certificate("certs/b.pem", DIGEST), Certificate("certs/a.pem", DIGEST)],
    )


def test_the_form_on_the_disk() -> None:
    """A change here is a change for everybody who has committed a record: think about `SCHEMA`."""
    data = json.loads(to_json(model()))
    assert list(data) == ["schema", "tool", "policy", "names", "certificates", "files"]
    assert data["schema"] == 1
    assert data["policy"] == {"trust": "insecure", "days": 3650, "only": ["a"]}
    assert [item["path"] for item in data["certificates"]] == ["certs/a.pem", "certs/b.pem"]
    assert [item["path"] for item in data["files"]] == [".gitignore", "sub/.env", "z.yml"]
    assert data["files"][1:] == [
        {
            "path": "sub/.env",
            "kind": "env",
            "before": None,
            "after": None,
            "mode": "0644",
            "outline": "".join(tokens([b"A=", b"B="], "sub/.env", env=True)),
            "runs": [{"line": 2, "after": ["B=3\n"], "before": ["B=2\n"]}],
        },
        {
            "path": "z.yml",
            "kind": "text",
            "before": sha256(b"a: 1\nb: 2\nc: 3\n"),
            "after": sha256(b"a: 1\nb: 3\nc: 3\n"),
            "mode": "0640",
            "outline": "".join(tokens([b"a:", b"b:", b"c:"], "z.yml", env=False)),
            "runs": [{"line": 2, "after": ["b: 3\n"], "before": ["b: 2\n"]}],
        },
    ]


def test_the_same_run_gives_the_same_bytes() -> None:
    assert to_json(model()) == to_json(model())


data_lines = st.lists(st.binary(max_size=4).map(lambda line: line.replace(b"\n", b"") + b"\n"), max_size=6)


@given(before=st.none() | data_lines, after=data_lines, env=st.booleans(), end=st.binary(max_size=2))
def test_round_trip(before: list[bytes] | None, after: list[bytes], env: bool, end: bytes) -> None:  # noqa: FBT001
    change = FileChange(
        "f",
        "created" if before is None else "env" if env else "text",
        None if before is None else b"".join(before),
        b"".join(after) + end,
    )
    record = make_record([change], tool="1", policy={"ü": [None, 1.5]}, names={})
    assert from_json(to_json(record), PATH) == record


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


RUN = {"line": 1, "after": ["a: 1\n"], "before": []}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (at("schema", value=0), "schema is unknown"),
        (at("schema", value=True), "schema is unknown"),
        (at("more", value=0), "does not have exactly"),
        (lambda data: data.pop("tool"), "does not have exactly"),
        (at("tool", value=1), "tool is no text"),
        (at("policy", value=[]), "policy is no object"),
        (at("names", value={"a": 1}), "names is no text"),
        (at("certificates", value={}), "certificates is no list"),
        (at("certificates", 0, value="x"), "a certificate is no object"),
        (at("certificates", 0, "sha256", value="x"), "sha256 is malformed"),
        (at("files", value=None), "files is no list"),
        (at("files", 0, "path", value="z.yml"), "one path twice"),
        (at("files", 0, "path", value="/etc/passwd"), "leads out of the project"),
        (at("files", 0, "path", value="../x"), "leads out of the project"),
        (at("files", 0, "path", value="a/../../x"), "leads out of the project"),
        (at("files", 0, "path", value=""), "leads out of the project"),
        (at("files", 0, "path", value="a\0b"), "leads out of the project"),
        (at("files", 0, "kind", value="other"), "kind of .gitignore is unknown"),
        (at("files", 0, "kind", value=[]), "kind of .gitignore is unknown"),
        (at("files", 0, "before", value=DIGEST), "of its kind"),
        (at("files", 0, "outline", value="abc"), "of its kind"),
        (at("files", 0, "runs", 0, "before", value=["x\n"]), "was there before"),
        (at("files", 0, "runs", 0, "line", value=2), "was there before"),
        (at("files", 1, "after", value=DIGEST), "of its kind"),
        (at("files", 2, "after", value=None), "of its kind"),
        (at("files", 2, "after", value="ABC"), "is malformed"),
        (at("files", 2, "mode", value=420), "mode of z.yml is no text"),
        (at("files", 2, "mode", value="0999"), "mode of z.yml is malformed"),
        (at("files", 2, "outline", value="abcd"), "outline of z.yml is malformed"),
        (at("files", 2, "outline", value="abc"), "outside"),
        (at("files", 2, "runs", value=[RUN, RUN]), "overlap"),
        (at("files", 2, "runs", value=[RUN, {**RUN, "line": 2}]), "overlap"),
        (at("files", 2, "runs", 0, "line", value=0), "outside"),
        (at("files", 2, "runs", 0, "line", value=1.0), "no whole number"),
        (at("files", 2, "runs", 0, "after", value=["b: 2\n"]), "changes nothing"),
        (at("files", 2, "runs", 0, "after", value=["b", "c\n"]), "a line has no end"),
        (at("files", 2, "runs", 0, "after", value=["b\nc\n"]), "no single line"),
        (at("files", 2, "runs", 0, "after", value=[""]), "no single line"),
        (at("files", 2, "runs", 0, "after", value=["\ud800\n"]), "a line is no text"),
        (at("files", 2, "runs", 0, "after", value=[1]), "a line is no text"),
    ],
)
def test_what_this_version_did_not_write_is_refused(change: Callable[[Any], None], words: str) -> None:
    data = json.loads(to_json(model()))
    change(data)
    with pytest.raises(TlsError, match=words) as caught:
        from_json(json.dumps(data).encode(), PATH)
    assert str(caught.value).startswith(f"{PATH}: the record cannot be used: ")
    assert caught.value.hint


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
    ],
    ids=range(9),
)
def test_garbage(data: bytes) -> None:
    with pytest.raises(TlsError, match="the record cannot be used"):
        from_json(data, PATH)


def test_a_newer_version() -> None:
    with pytest.raises(TlsError, match=r"newer version \(form 2, this one knows 1\) \(upgrade"):
        from_json(b'{"schema": 2, "what": "ever"}', PATH)


def test_paths_and_links_that_lead_out(tmp_path: Path) -> None:
    project = tmp_path / "p"
    (project / "sub").mkdir(parents=True)
    (project / "inner").symlink_to("sub/file")
    (project / "outer").symlink_to("..")
    (project / "far").symlink_to("/etc/passwd")
    assert locate(project, "sub/file") == project / "sub/file"
    assert locate(project, "inner") == project / "inner"
    (tmp_path / "same").symlink_to("p")
    assert locate(tmp_path / "same", "inner") == tmp_path / "same/inner"
    for path in ("outer/x", "far", "../x", "/etc/passwd", "sub/../../x", "", "."):
        with pytest.raises(TlsError, match="leads out of the project"):
            locate(project, path)


secrets = st.text("abcdefghijklmnop", min_size=12, max_size=20)
shapes = ["K{n}={s}", "export K{n}='{s}'", "# {s}", "K{n}: {s}", "  {s}", "K{n}={s}=", "#old K={s}", '"{s}', "{s}:"]


@given(
    values=st.lists(secrets, min_size=2, max_size=10, unique=True),
    data=st.data(),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_nothing_of_an_unchanged_env_line_is_seen(values: list[str], data: st.DataObject, newline: str) -> None:
    changed = data.draw(st.sets(st.integers(0, len(values) - 1)))
    lines = [
        data.draw(st.sampled_from(shapes)).format(n=number, s=value) + newline for number, value in enumerate(values)
    ]
    after = [f"NEW{number}=1{newline}" if number in changed else line for number, line in enumerate(lines)]
    change = FileChange(".env", "env", "".join(lines).encode(), "".join([*after, "TLS=1" + newline]).encode())
    record = to_json(make_record([change], tool="1", policy={}, names={})).decode()
    seen = record + env_patch([change]).decode() + patch([change]).decode()
    for number, value in enumerate(values):
        assert (value in seen) == (number in changed)
    others = [
        line.replace(value, "x" * 12) if number not in changed else line
        for number, (line, value) in enumerate(zip(after, values, strict=True))
    ]
    names = [line for line in range(len(after)) if not lines[line].strip().endswith(":")]
    assert [tokens([f"{after[n]}".encode()], "f", env=True) for n in names] == [
        tokens([others[n].encode()], "f", env=True) for n in names
    ], "an unchanged value has no part in the outline"


@given(one=secrets, other=secrets)
def test_a_value_has_no_part_in_the_outline_of_a_text(one: str, other: str) -> None:
    for line in ("      - PASSWORD={}\n", "      PASSWORD: {}\n", "  password: '{}'\r\n", '      - "redis://:{}@r"\n'):
        assert tokens([line.format(one).encode()], "f", env=False) == tokens(
            [line.format(other).encode()], "f", env=False
        )
