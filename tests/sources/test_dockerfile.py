from __future__ import annotations

from pathlib import Path

import pytest

from aicos_tls.errors import TlsError, Where
from aicos_tls.files import TextFile, read
from aicos_tls.healthchecks import Form, Test
from aicos_tls.sources.dockerfile import Stage, exec_words, healthcheck, image_healthcheck, parse

AICOS = Path("fixtures/aicos")


def stage(text: str, target: str | None = None, args: dict[str, str] | None = None) -> Stage:
    return parse(TextFile(Path("Dockerfile"), text.encode()), target, args)


def values(found: Stage) -> list[str]:
    return [f"{i.name} {i.value}".strip() for i in found.instructions]


MULTI = """ARG NODE=20
FROM --platform=$BUILDPLATFORM node:${NODE} AS Base
ENV A=1
FROM base AS build
RUN b
FROM base
COPY --from=build /x /x
CMD last
FROM scratch AS other
CMD other
"""


def test_the_last_stage_counts() -> None:
    found = stage(MULTI)
    assert found.base == "scratch"
    assert values(found) == ["FROM scratch AS other", "CMD other"]


@pytest.mark.parametrize(
    ("target", "base", "last"),
    [
        ("build", "node:20", "RUN b"),
        ("BUILD", "node:20", "RUN b"),
        ("1", "node:20", "RUN b"),
        ("2", "node:20", "CMD last"),
        ("base", "node:20", "ENV A=1"),
        ("3", "scratch", "CMD other"),
    ],
)
def test_a_target_counts(target: str, base: str, last: str) -> None:
    found = stage(MULTI, target)
    assert (found.base, values(found)[-1]) == (base, last)


def test_a_stage_has_what_it_is_built_on() -> None:
    assert values(stage(MULTI, "2")) == [
        "FROM --platform=$BUILDPLATFORM node:${NODE} AS Base",
        "ENV A=1",
        "FROM base",
        "COPY --from=build /x /x",
        "CMD last",
    ]


def test_an_unknown_target_is_said() -> None:
    with pytest.raises(TlsError, match="no build stage has the name"):
        stage(MULTI, "prod")


@pytest.mark.parametrize("text", ["", "ARG X=1\n", "RUN x\n"])
def test_no_stage_is_said(text: str) -> None:
    with pytest.raises(TlsError, match="no FROM"):
        stage(text)


@pytest.mark.parametrize(
    ("head", "args", "base"),
    [
        ("ARG B=node\nFROM $B", {}, "node"),
        ("ARG B=node\nFROM ${B}:x", {}, "node:x"),
        ("ARG B=node\nFROM $B", {"B": "bun"}, "bun"),
        ("ARG B\nFROM $B", {"B": "bun"}, "bun"),
        ("ARG B\nFROM $B", {}, "$B"),
        ("FROM $B", {"B": "not declared"}, "$B"),
        ("ARG B\nFROM ${B:-node}", {}, "node"),
        ("ARG B=a\nFROM ${B:-node}", {}, "a"),
        ("ARG B=a\nFROM x${B:+-slim}", {}, "x-slim"),
        ("FROM x${B:+-slim}", {}, "x"),
        ('ARG A="n" C=${A}o\nFROM $C', {}, "no"),
        ("ARG A=1\nFROM a\nARG A=2\nFROM b$A", {}, "b1"),
        ("FROM", {}, ""),
        ("FROM a AS", {}, "a"),
    ],
)
def test_the_base_image(head: str, args: dict[str, str], base: str) -> None:
    assert stage(head, args=args).base == base


def test_a_stage_of_the_name_of_its_base_is_built_on_the_image() -> None:
    assert stage("FROM node AS node\nCMD x").base == "node"


def test_onbuild_is_said_by_the_stage_that_is_built_on_it_and_by_no_other() -> None:
    text = "FROM a AS x\nONBUILD\nONBUILD CMD trigger\nCMD own\nFROM x AS y\nFROM y\n"
    assert stage(text, "x").command == stage(text, "x").instructions[3]
    assert values(stage(text, "y"))[-1] == "CMD trigger"
    found = stage(text)
    assert values(found)[-2:] == ["CMD trigger", "FROM y"]
    assert found.command is not None
    assert found.where(found.command) == Where(Path("Dockerfile"), 3)


@pytest.mark.parametrize(
    ("text", "entrypoint", "command"),
    [
        ("FROM a", None, None),
        ("FROM a\nCMD x\nCMD y", None, "y"),
        ("FROM a\nCMD x\nENTRYPOINT e", "e", "x"),
        ("FROM a AS b\nCMD x\nFROM b\nENTRYPOINT e", "e", None),
        ("FROM a AS b\nCMD x\nFROM b\nCMD y\nENTRYPOINT e", "e", "y"),
        ("FROM a AS b\nENTRYPOINT e\nCMD x\nFROM b\nRUN r", "e", "x"),
    ],
)
def test_what_starts(text: str, entrypoint: str | None, command: str | None) -> None:
    found = stage(text)
    assert (found.entrypoint.value if found.entrypoint else None) == entrypoint
    assert (found.command.value if found.command else None) == command


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('["a", "b\\u0020c"]', ("a", "b c")),
        ("[]", ()),
        ("['a']", None),
        ("[1]", None),
        ('["a"', None),
        ('["a"] b', None),
        ("a b", None),
    ],
)
def test_exec_words(text: str, words: tuple[str, ...] | None) -> None:
    assert exec_words(text) == words


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("CMD curl -f http://localhost", Test(Form.SHELL, ("curl -f http://localhost",))),
        ("cmd\tcurl", Test(Form.SHELL, ("curl",))),
        ('CMD ["curl", "$X"]', Test(Form.EXEC, ("curl", "$$X"))),
        ("CMD curl $X", Test(Form.SHELL, ("curl $$X",))),
        ('CMD ["curl", 1]', Test(Form.SHELL, ('["curl", 1]',))),
        ("--interval=30s --start-interval=1s CMD curl", Test(Form.SHELL, ("curl",))),
        ('--interval="30s" \\\n # no\n  --retries=3 \\\n CMD curl \\\n  -f x', Test(Form.SHELL, ("curl   -f x",))),
        ("NONE", None),
        ("CMD", None),
        ("CMD []", None),
        ("", None),
        ("curl x", None),
    ],
)
def test_healthchecks(value: str, expected: Test | None) -> None:
    found = healthcheck(stage(f"FROM a\nHEALTHCHECK {value}\nCMD x\n"))
    assert (found[0] if found else None) == expected


def test_no_healthcheck() -> None:
    assert healthcheck(stage("FROM a")) is None


def test_the_place_of_the_command() -> None:
    found = image_healthcheck(stage("FROM a\nHEALTHCHECK --retries=3 \\\n  CMD curl x\n"))
    assert found is not None
    assert found.instruction.value[found.start :] == "curl x"
    assert found.instruction.line == 2


def test_the_dockerfiles_of_aicos() -> None:
    paths = sorted(AICOS.rglob("Dockerfile"))
    found = {str(path.parent.relative_to(AICOS)): parse(read(path)) for path in paths}
    assert len(found) == 8
    assert {name: s.base for name, s in found.items() if name in ("frontend", "backend", "services/nl-parser")} == {
        "frontend": "nginx:alpine",
        "backend": "node:20-alpine",
        "services/nl-parser": "python:3.11-slim",
    }
    assert all(healthcheck(s) for s in found.values())
    assert all(s.command or s.entrypoint for s in found.values())
