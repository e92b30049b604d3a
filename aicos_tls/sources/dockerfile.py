"""What a Dockerfile says about the image that a service runs: its base, its user, its command, its healthcheck.

Parsed by dockerfile-parse; only the stages that end in the wanted one count (Dockerfile reference, "FROM").
"""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.errors import Where
from aicos_tls.healthchecks import Form, Test

if TYPE_CHECKING:
    from aicos_tls.files import TextFile

_OPTIONS = re.compile(r"(?:--[a-z-]+=\S+\s+)*")


class Instruction(Struct, frozen=True):
    """One instruction: upper-case name, the rest of it joined to one line, line number from 1."""

    name: str
    value: str
    line: int


class Stage(Struct, frozen=True):
    """The instructions of the final stage and of the stages it is built on, in order; `base` is the outermost image."""

    file: TextFile
    base: str
    instructions: tuple[Instruction, ...]

    def last(self, name: str) -> Instruction | None:
        """The last instruction of that name: the one that counts."""
        return next((i for i in reversed(self.instructions) if i.name == name), None)

    def where(self, instruction: Instruction) -> Where:
        """The place of an instruction."""
        return Where(self.file.path, instruction.line)


def parse(file: TextFile, target: str | None = None) -> Stage:
    """Parse a Dockerfile up to `target`, or to its last stage."""
    from dockerfile_parse.parser import DockerfileParser

    stream = io.BytesIO(file.text.encode("utf-8"))
    rows = [
        Instruction(row["instruction"].upper(), row["value"], row["startline"] + 1)
        for row in DockerfileParser(fileobj=stream).structure  # type: ignore[no-untyped-call]
        if row["instruction"] != "COMMENT"
    ]
    return _final_stage(file, rows, target.lower() if target else None)


def _final_stage(file: TextFile, rows: list[Instruction], target: str | None) -> Stage:
    named: dict[str, Stage] = {}
    number = -1
    stage = Stage(file, "", ())
    for row in rows:
        if row.name == "FROM":
            if target is not None and named.get(target) is not None:
                break
            number += 1
            words = [word for word in row.value.split() if not word.startswith("--")]
            parent = words[0] if words else ""
            stage = named.get(parent.lower(), Stage(file, parent, ()))
            name = words[2].lower() if len(words) > 2 else ""  # noqa: PLR2004 - FROM image AS name
        if number < 0:
            continue  # ARG before the first FROM
        stage = Stage(file, stage.base, (*stage.instructions, row))
        named[str(number)] = stage
        if name:
            named[name] = stage
    return named.get(target, stage) if target is not None else stage


def healthcheck(stage: Stage) -> tuple[Test, Instruction] | None:
    """The image's own healthcheck; None when there is none or it is `NONE` (Dockerfile reference, "HEALTHCHECK").

    `$` is doubled, as compose wants it: the test is meant to be put into a compose file.
    """
    instruction = stage.last("HEALTHCHECK")
    if instruction is None:
        return None
    rest = _OPTIONS.sub("", instruction.value, count=1).strip()
    keyword, _, command = rest.partition(" ")
    command = command.strip()
    if keyword.upper() != "CMD" or not command:
        return None
    if command.startswith("["):
        try:
            words = json.loads(command)
        except ValueError:
            words = None
        if isinstance(words, list) and words and all(isinstance(word, str) for word in words):
            return Test(Form.EXEC, tuple(word.replace("$", "$$") for word in words)), instruction
    return Test(Form.SHELL, (command.replace("$", "$$"),)), instruction
