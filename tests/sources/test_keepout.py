"""Lines of `.dockerignore` that keep private keys out of images; the builder's own reading is in tests/live."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.sources.keepout import keep_out, sendings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from aicos_tls.compose.model import Project
    from aicos_tls.sources.keepout import KeptOut

NAMES = ("ca", "api")
ROOT = "services: {api: {build: .}}\n"
COPY = "FROM a\nCOPY . .\n"


def made(tmp_path: Path, files: Mapping[str, str | bytes]) -> Project:
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return load([tmp_path / "docker-compose.yml"])


def kept(tmp_path: Path, files: Mapping[str, str | bytes], certs_dir: str = "./certs") -> KeptOut:
    return keep_out(made(tmp_path, {"docker-compose.yml": ROOT, "Dockerfile": COPY, **files}), certs_dir, NAMES)


def written(tmp_path: Path, found: KeptOut) -> dict[str, bytes]:
    return {file.path.relative_to(tmp_path).as_posix(): file.after for file in found.files}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, b"certs/\n"),
        (b"", b"certs/\n"),
        (b"node_modules\n", b"node_modules\ncerts/\n"),
        (b"node_modules", b"node_modules\ncerts/\n"),
        (b"a\r\nb", b"a\r\nb\r\ncerts/\r\n"),
        (b"\xef\xbb\xbfa\n", b"\xef\xbb\xbfa\ncerts/\n"),
        (b"certs\n!certs/*.pem\n", b"certs\n!certs/*.pem\ncerts/**\n"),
        (b"*\n!certs\n!src\n", b"*\n!certs\n!src\ncerts/\n"),
        (b"certs/ca-key.pem\n", b"certs/ca-key.pem\ncerts/\n"),
        (b"#certs\n", b"#certs\ncerts/\n"),
        (b"/src/certs\n", b"/src/certs\ncerts/\n"),
        (b"*\n!**/*.pem\n", b"*\n!**/*.pem\ncerts/**\n"),
    ],
)
def test_the_line_goes_to_the_end_in_the_manner_of_the_file(tmp_path: Path, before: bytes | None, after: bytes) -> None:
    found = kept(tmp_path, {".dockerignore": before} if before is not None else {})
    assert written(tmp_path, found) == {".dockerignore": after}
    assert [file.kind for file in found.files] == ["created" if before is None else "text"]
    assert [(c.service, c.path) for c in found.changes] == [("api", ".dockerignore")]
    assert after.decode("utf-8-sig").splitlines()[-1] == found.changes[0].after
    assert not found.notes


@pytest.mark.parametrize(
    "text",
    ["certs\n", "certs/\n", "/certs\n", "*.pem\n**/*.pem\n", "**/*-key.pem\n", "*\n", "*\n!src\n", "./certs/**\n"],
)
def test_nothing_where_no_key_is_sent(tmp_path: Path, text: str) -> None:
    assert kept(tmp_path, {".dockerignore": text}) == keep_out(made(tmp_path, {}), "./certs", ())


@pytest.mark.parametrize(
    ("compose", "certs_dir"),
    [
        ("services: {api: {image: a}}\n", "./certs"),
        ("services: {api: {build: ./api}}\n", "./certs"),
        ("services: {api: {build: ./certs}}\n", "./certs"),
        ("services: {api: {build: .}}\n", "../certs"),
        ("services: {api: {build: https://example.org/x.git}}\n", "./certs"),
        ("services: {api: {build: $NOWHERE}}\n", "./certs"),
        ("services: {api: {build: {dockerfile: gone}}}\n", "./certs"),
    ],
)
def test_builds_that_do_not_hold_the_certificates(tmp_path: Path, compose: str, certs_dir: str) -> None:
    files = {"docker-compose.yml": compose, "api/Dockerfile": COPY, "certs/Dockerfile": COPY}
    assert not kept(tmp_path, files, certs_dir).files


def test_the_ignore_file_of_the_dockerfile_goes_first(tmp_path: Path) -> None:
    compose = "services: {api: {build: {context: ., dockerfile: api/Dockerfile}}}\n"
    files = {"docker-compose.yml": compose, "api/Dockerfile": COPY, ".dockerignore": "certs\n"}
    assert not kept(tmp_path, files).files
    found = kept(tmp_path, {**files, "api/Dockerfile.dockerignore": "a\n"})
    assert written(tmp_path, found) == {"api/Dockerfile.dockerignore": b"a\ncerts/\n"}


def test_several_builds_of_one_context_get_one_line(tmp_path: Path) -> None:
    compose = "services:\n  api: {build: .}\n  web: {build: {context: ., dockerfile: web/Dockerfile}}\n"
    found = kept(tmp_path, {"docker-compose.yml": compose, "web/Dockerfile": COPY})
    assert written(tmp_path, found) == {".dockerignore": b"certs/\n"}
    assert [change.service for change in found.changes] == ["api", "web"]


def test_the_path_is_written_from_the_context(tmp_path: Path) -> None:
    compose = "services: {api: {build: ./all}}\n"
    found = kept(tmp_path, {"docker-compose.yml": compose, "all/Dockerfile": COPY}, "./all/deploy/certs")
    assert written(tmp_path, found) == {"all/.dockerignore": b"deploy/certs/\n"}


@pytest.mark.parametrize(
    ("certs", "line"), [("[x]*", b"\\[x\\]\\*/\n"), ("#c", b"./#c/\n"), ("!c", b"./!c/\n"), (" c ", b"./ c /\n")]
)
def test_names_with_characters_that_mean_something(tmp_path: Path, certs: str, line: bytes) -> None:
    assert written(tmp_path, kept(tmp_path, {}, certs)) == {".dockerignore": line}


def test_a_name_that_no_line_can_say_is_a_warning(tmp_path: Path) -> None:
    found = kept(tmp_path, {}, "a\nb")
    assert [(note.topic, note.service) for note in found.notes] == [("warning", "api")]
    assert not found.files


def test_a_dockerfile_in_the_compose_file(tmp_path: Path) -> None:
    compose = "services: {api: {build: {context: ., dockerfile_inline: 'FROM a'}}}\n"
    assert written(tmp_path, kept(tmp_path, {"docker-compose.yml": compose})) == {".dockerignore": b"certs/\n"}


@pytest.mark.parametrize(
    "line",
    [
        "COPY certs /etc/certs",
        "COPY certs/ca-cert.pem /etc/",
        "ADD cert? /etc/",
        "COPY --chown=1:1 certs/*.pem /etc/",
        "RUN --mount=type=bind,source=certs,target=/c ls /c",
    ],
)
def test_what_an_instruction_names_stays_but_for_the_keys(tmp_path: Path, line: str) -> None:
    found = kept(tmp_path, {"Dockerfile": f"FROM a\n{line}\n"})
    assert written(tmp_path, found) == {".dockerignore": b"certs/**/*-key.pem\n"}


def test_a_key_that_an_instruction_names_is_a_warning(tmp_path: Path) -> None:
    found = kept(tmp_path, {"Dockerfile": "FROM a\nCOPY certs/api-key.pem /etc/\n"})
    assert not found.files
    (note,) = found.notes
    assert (note.topic, str(note.where)) == ("warning", f"{tmp_path}/Dockerfile:2")
    assert note.text.startswith("COPY certs/api-key.pem /etc/ takes a private key into the image")


def test_a_context_above_the_project_is_named(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(COPY)
    inner = tmp_path / "deploy"
    project = made(inner, {"docker-compose.yml": "services: {api: {build: ..}}\n"})
    found = keep_out(project, "./certs", NAMES)
    assert not found.files
    (note,) = found.notes
    assert f"add the line deploy/certs/ to {inner}/../.dockerignore" in note.text


def test_an_ignore_file_that_is_no_text_is_left_alone(tmp_path: Path) -> None:
    assert not kept(tmp_path, {".dockerignore": b"\xff\n"}).files
    assert not list(sendings(load([tmp_path / "docker-compose.yml"]), tmp_path / "certs"))


@pytest.mark.parametrize(
    ("there", "line"),
    [
        (("ca-key.pem", "api-cert.pem", ".gitignore", "runtime/node/preload.cjs"), b"certs/\n"),
        (("ca-key.pem", "jwt.pub"), b"certs/**/*-key.pem\n"),
    ],
)
def test_files_of_somebody_else_stay_in_the_context(tmp_path: Path, there: tuple[str, ...], line: bytes) -> None:
    found = kept(tmp_path, {f"certs/{name}": "x" for name in there})
    assert written(tmp_path, found) == {".dockerignore": line}
