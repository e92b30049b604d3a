"""What a Dockerfile says about the image that a service runs: its base, its user, its command, its healthcheck.

Only the stages that end in the wanted one count (Dockerfile reference, "FROM"). What a stage says `ONBUILD` is said by
the stage that is built on it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from aicos_tls import budgets
from aicos_tls.errors import TlsError, Where
from aicos_tls.healthchecks import Form, Test
from aicos_tls.sources.dockerlines import Instruction, read
from aicos_tls.sources.jsonwords import value_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aicos_tls.files import TextFile

_OPTIONS = re.compile(r"""(?:--[A-Za-z-]++(?:=(?:"[^"]*"|'[^']*'|\S)*+)?\s++)*+""")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})")
_NAME = re.compile(r"\$(\w+)()()()")
_AS = 2
"""Where in `FROM image AS name` the name stands."""
_PAIR = re.compile(r"""([A-Za-z_]\w*)=((?:"[^"]*"|'[^']*'|\S)*+)""")


class Stage(Struct, frozen=True):
    """The instructions of the final stage and of the stages it is built on, in order; `base` is the outermost image.

    `args` are the build arguments that were given.
    """

    file: TextFile
    base: str
    instructions: tuple[Instruction, ...]
    args: dict[str, str] = field(default_factory=dict)

    def last(self, name: str) -> Instruction | None:
        """The last instruction of that name: the one that counts."""
        return next((i for i in reversed(self.instructions) if i.name == name), None)

    def where(self, instruction: Instruction) -> Where:
        """The place of an instruction."""
        return Where(self.file.path, instruction.line)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that ENV sets, in both of its forms (reference, "ENV"); their values as they are written."""
        found: dict[str, str] = {}
        for instruction in self.instructions:
            if instruction.name != "ENV":
                continue
            pairs = _PAIR.findall(instruction.value)
            if not pairs:
                name, _, value = instruction.value.partition(" ")
                pairs = [(name, value.strip())]
            found.update((name, value.strip("\"'")) for name, value in pairs)
        return found

    @property
    def variables(self) -> dict[str, str]:
        """The values that ARG and ENV give, those of build arguments first (reference, "ARG")."""
        found: dict[str, str] = {}
        for instruction in self.instructions:
            if instruction.name == "ARG":
                for name, value in _PAIR.findall(instruction.value):
                    found[name] = self.args.get(name, value.strip("\"'"))
                found.update((name, self.args[name]) for name in instruction.value.split() if name in self.args)
        return {**found, **self.environment}

    @property
    def entrypoint(self) -> Instruction | None:
        """The ENTRYPOINT that counts."""
        return self.last("ENTRYPOINT")

    @property
    def command(self) -> Instruction | None:
        """The CMD that counts: an ENTRYPOINT takes away that of an earlier stage (reference, "CMD and ENTRYPOINT")."""
        found: Instruction | None = None
        inherited = False
        for instruction in self.instructions:
            if instruction.name == "FROM":
                inherited = True
            elif instruction.name == "CMD":
                found, inherited = instruction, False
            elif instruction.name == "ENTRYPOINT" and inherited:
                found = None
        return found


def stages(file: TextFile, args: Mapping[str, str] | None = None) -> tuple[Stage, ...]:
    """Every stage of a Dockerfile, each with those that it is built on, in order; `args` are build arguments."""
    rows = _rows(file)
    found = _stages(file, rows, _global_args(rows, args or {}), dict(args or {}))
    return tuple(stage for name, stage in found.items() if name.isdecimal())


def parse(file: TextFile, target: str | None = None, args: Mapping[str, str] | None = None) -> Stage:
    """Parse a Dockerfile up to `target`, or to its last stage; `args` are build arguments.

    Raises `TlsError` when there is no stage of that name, or none at all.
    """
    rows = _rows(file)
    stages = _stages(file, rows, _global_args(rows, args or {}), dict(args or {}))
    wanted = target.lower() if target else None
    if wanted is not None and wanted not in stages:
        raise TlsError(
            "no build stage has the name of `build: target:`", where=Where(file.path), hint="see `FROM … AS`"
        )
    if not stages:
        raise TlsError("there is no FROM in this Dockerfile", where=Where(file.path))
    return stages[wanted] if wanted is not None else stages[next(reversed(stages))]


def _rows(file: TextFile) -> list[Instruction]:
    """The instructions of a file; raises `TlsError` when it is over a budget."""
    if len(file.text) > budgets.CONFIGURATION:
        raise TlsError(f"more than {budgets.CONFIGURATION:,} characters", where=Where(file.path))
    rows = list(read(file.text))
    if len(rows) > budgets.INSTRUCTIONS:
        raise TlsError(f"more than {budgets.INSTRUCTIONS:,} instructions", where=Where(file.path))
    return rows


def _global_args(rows: list[Instruction], given: Mapping[str, str]) -> dict[str, str]:
    """Values of the arguments that are declared before the first FROM (reference, "ARG and FROM")."""
    found: dict[str, str] = {}
    for row in rows:
        if row.name == "FROM":
            break
        if row.name == "ARG":
            for word in row.value.split():
                name = word.partition("=")[0]
                if name in given:
                    found[name] = given[name]
            for name, value in _PAIR.findall(row.value):
                found.setdefault(name, expand(value.strip("\"'"), found))
    return found


def expand(text: str, values: Mapping[str, str]) -> str:
    """`text` with the values of variables; one whose value is not known stays as it is written."""

    def value(match: re.Match[str]) -> str:
        name, operator, other = match[1] or match[2], match[3], match[4]
        if operator == "+":
            return str(other) if values.get(name) else ""
        if operator == "-" and not values.get(name):
            return str(other)
        return values.get(name, match[0])

    if "$" not in text:
        return text
    closed = text.rfind("}", 0, budgets.LINE) + 1  # behind it, each `${A:-` would be looked through to the end
    expanded = _VARIABLE.sub(value, text[:closed]) + _NAME.sub(value, text[closed : budgets.LINE])
    return expanded if len(expanded) <= budgets.PATTERN else text  # too long for the name of an image


def _stages(file: TextFile, rows: list[Instruction], args: dict[str, str], given: dict[str, str]) -> dict[str, Stage]:
    """Stages by number and by name, in lower case; the last entry is the last stage. Raises `TlsError` for too many.

    A stage may be built on an earlier one that is built on an earlier one, so that their instructions add up.
    """
    stages: dict[str, Stage] = {}
    total = 0
    for number, (row, *rest) in enumerate(_parts(rows)):
        words = [expand(word, args) for word in row.value.split() if not word.startswith("--")]
        parent = words[0] if words else ""
        named = len(words) > _AS and words[_AS - 1].lower() == "as"
        inherited = stages.get(parent.lower())
        begun = _begun(inherited, row) if inherited else Stage(file, parent, (row,), given)
        stage = replace(begun, instructions=(*begun.instructions, *rest))
        total += len(stage.instructions)
        if number >= budgets.STAGES or total > budgets.STAGES * budgets.INSTRUCTIONS // 20:
            raise TlsError(
                f"more than {budgets.STAGES} build stages, or too many instructions in them",
                where=stage.where(row),
                hint="name an image in the compose file, or split the Dockerfile",
            )
        for key in (*([words[_AS].lower()] if named else []), str(number)):
            stages.pop(key, None)  # so that the last stage is the last entry
            stages[key] = stage
    return stages


def _parts(rows: list[Instruction]) -> Iterator[list[Instruction]]:
    """Yield the instructions of each stage, its FROM first; those before the first FROM belong to none."""
    part: list[Instruction] = []
    for row in rows:
        if row.name == "FROM":
            if part:
                yield part
            part = [row]
        elif part:
            part.append(row)
    if part:
        yield part


def _begun(parent: Stage, row: Instruction) -> Stage:
    """Begin a stage on another one: what that says ONBUILD comes first."""
    own = max(at for at, instruction in enumerate(parent.instructions) if instruction.name == "FROM")
    triggers = [i.part(0) for i in parent.instructions[own:] if i.name == "ONBUILD" and i.value]
    return replace(parent, instructions=(*parent.instructions, row, *triggers))


def exec_words(text: str) -> tuple[str, ...] | None:
    """The words of an exec form, which is a JSON array of strings; None for a shell form."""
    if not text.startswith("["):
        return None
    try:
        words = value_of(text)
    except ValueError:
        return None
    return tuple(words) if isinstance(words, list) and all(isinstance(word, str) for word in words) else None


class ImageHealthcheck(Struct, frozen=True):
    """A HEALTHCHECK: the test as compose would write it, and where its command begins in `instruction.value`."""

    test: Test
    instruction: Instruction
    start: int


def image_healthcheck(stage: Stage) -> ImageHealthcheck | None:
    """The image's own healthcheck; None when there is none or it is `NONE` (Dockerfile reference, "HEALTHCHECK").

    `$` is doubled, as compose wants it: the test is meant to be put into a compose file.
    """
    instruction = stage.last("HEALTHCHECK")
    if instruction is None:
        return None
    options = _OPTIONS.match(instruction.value)
    rest = instruction.value[options.end() if options else 0 :]
    words = rest.split(None, 1)
    if len(words) < 2 or words[0].upper() != "CMD":  # noqa: PLR2004 - keyword and command
        return None
    command = words[1]
    start = len(instruction.value) - len(command)
    if (items := exec_words(command)) is not None:
        test = Test(Form.EXEC, tuple(word.replace("$", "$$") for word in items))
        return ImageHealthcheck(test, instruction, start) if items else None
    return ImageHealthcheck(Test(Form.SHELL, (command.replace("$", "$$"),)), instruction, start)


def healthcheck(stage: Stage) -> tuple[Test, Instruction] | None:
    """The test and the instruction of `image_healthcheck`."""
    found = image_healthcheck(stage)
    return (found.test, found.instruction) if found else None
