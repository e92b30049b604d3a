"""Keeps private keys out of images: the builds whose context holds the certificates, and lines for `.dockerignore`.

What `.dockerignore` leaves out is not sent to the builder. An image that holds a key gives it to whoever pulls the
image, and keeps serving it where nothing is mounted over it. The line goes to the end of the file that counts for the
build (`aicos_tls.sources.dockerignore`). The whole directory is left out, unless an instruction names it, since a COPY
of what is left out would fail, or it holds files of somebody else: then its keys alone are.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aicos_tls.errors import TlsError, Where
from aicos_tls.files import TextFile, is_file, read_if_there
from aicos_tls.plan.model import Change, Note, PlannedFile
from aicos_tls.sources import copied
from aicos_tls.sources.build import build_of, is_inside
from aicos_tls.sources.dockerignore import candidates, docker_rules
from aicos_tls.sources.dockerlines import read as read_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from aicos_tls.compose.model import Project, Service
    from aicos_tls.sources.build import Build
    from aicos_tls.sources.dockerlines import Instruction

    Reader = Callable[[Path], TextFile | None]

ID = "dockerignore"
_KEYS = "*-key.pem"
"""What private keys are called (`aicos_tls.pki.layout`)."""
_WRITTEN = frozenset({"runtime", ".versions", ".gitignore"})
"""What else runs put into the certificates directory."""
_BIND = re.compile(r"--mount=(?=\S*type=bind)(?!\S*from=)\S*(?:source|src)=([^,\s]+)")
_SPECIAL = re.compile(r"[*?\[\]\\]")
_GLOB = re.compile(r"[*?\[]")


class Sending(Struct, frozen=True):
    """A build whose context holds the certificates directory.

    `certs` is that directory below the context, `ignore` the file that says what is left out (it need not exist),
    `ignored` its text, `rows` are the instructions of the Dockerfile, which is `dockerfile`.
    """

    service: Service
    certs: PurePosixPath
    ignore: Path
    ignored: TextFile | None
    dockerfile: Path
    text: str
    rows: tuple[Instruction, ...]
    target: str | None = None
    args: dict[str, str] = {}
    shared: bool = False

    def sent(self, names: Iterable[str], text: str | None = None) -> list[PurePosixPath]:
        """The keys of these short names that are sent to the builder, by their paths below the context.

        `text` is the text of the ignore file, if it is not to be the one that is there.
        """
        if text is None:
            text = self.ignored.text if self.ignored else ""
        rules = docker_rules(text)
        keys = [self.certs / f"{name}-key.pem" for name in names]
        return [key for key in keys if not rules.says(key, directory=False)]

    def copying(self, keys: Iterable[PurePosixPath]) -> Instruction | None:
        """The first instruction that takes one of these files of the context into the image."""
        wanted = list(keys)
        return next((row for row in self.rows if any(_copies(row, key) for key in wanted)), None)

    @property
    def keys_only(self) -> bool:
        """Whether all but the keys has to stay in the context."""
        return self.shared or self.naming is not None

    @property
    def naming(self) -> Instruction | None:
        """The first instruction that needs the certificates directory, or something in it, to be there."""
        return next((row for row in self.rows if any(self._is_named(source) for source in _sources(row))), None)

    def taking_a_key(self) -> Instruction | None:
        """The first instruction that names one private key itself: without that file it would fail."""
        for row in self.rows:
            for source in _sources(row):
                path = PurePosixPath(source)
                if not _GLOB.search(source) and path.is_relative_to(self.certs) and path.match(_KEYS):
                    return row
        return None

    def _is_named(self, source: str) -> bool:
        if source == "." or source.rpartition("/")[2] == "*":
            return False  # it has other things to copy, too
        if PurePosixPath(source).is_relative_to(self.certs):
            return True
        return bool(_GLOB.search(source)) and copied.is_copied(self.certs, (source,))


def sendings(project: Project, certs: Path, read: Reader = read_if_there) -> Iterator[Sending]:
    """Yield every build of a project, in scope or not, that has the directory `certs` in its context.

    Files that cannot be read are left out: docker compose says so itself.
    """
    shared = _is_shared(certs)
    for service in project.services.values():
        build = build_of(service, project.directory)
        place = _below(certs, build) if build else None
        if build and place:
            try:
                yield replace(_sending(service, build, place, read), shared=shared)
            except TlsError:
                continue


def _is_shared(certs: Path) -> bool:
    """Whether the certificates directory holds something else than certificates, keys and what runs write there."""
    try:
        names = [path.name for path in certs.iterdir()]
    except OSError:
        return False
    return not all(name.endswith(("-cert.pem", "-key.pem")) or name in _WRITTEN for name in names)


def _below(certs: Path, build: Build) -> PurePosixPath | None:
    """The certificates directory below the context; None when it is not there."""
    if not build.is_local or (build.inline is None and not is_file(build.dockerfile)):
        return None
    place = PurePosixPath(os.path.relpath(os.path.realpath(certs), os.path.realpath(build.context)))
    return None if place.parts[:1] in ((), ("..",)) else place


def _sending(service: Service, build: Build, certs: PurePosixPath, read: Reader) -> Sending:
    own, general = candidates(build.context, build.dockerfile)
    named = read(own) if build.inline is None else None
    ignored = named or read(general)
    if ignored:
        ignored.text  # noqa: B018 - raises `TlsError` for what is no text
    file = read(build.dockerfile) if build.inline is None else None
    text = file.text if file else (build.inline or "").replace("$$", "$")
    rows = tuple(read_lines(text))
    ignore = own if named else general
    return Sending(service, certs, ignore, ignored, build.dockerfile, text, rows, build.target, build.args)


def _sources(row: Instruction) -> Iterator[str]:
    """Yield the files and patterns of the context that an instruction names."""
    yield from copied.sources(row)
    if row.name == "RUN":
        yield from (os.path.normpath(match[1].lstrip("/")) for match in _BIND.finditer(row.value))


def _copies(row: Instruction, key: PurePosixPath) -> bool:
    without = docker_rules("\n".join(copied.excluded(row)))
    for source in copied.sources(row):
        if copied.is_copied(key, (source,)):
            below = key.relative_to(source) if key.is_relative_to(source) else PurePosixPath(key.name)
            if not without.says(below, directory=False):
                return True
    return False


class KeptOut(Struct, frozen=True):
    """The files that leave the keys out of build contexts, the changes as data, and what a person has to do."""

    files: tuple[PlannedFile, ...] = ()
    changes: tuple[Change, ...] = ()
    notes: tuple[Note, ...] = ()


def keep_out(project: Project, certs_dir: str, names: Iterable[str], read: Reader = read_if_there) -> KeptOut:
    """What keeps the private keys of these short names out of every image that is built here. Nothing is written.

    `certs_dir` is the certificates directory, relative to that of the project.
    """
    short = list(names)
    groups: dict[str, list[Sending]] = {}
    for sending in sendings(project, project.directory / certs_dir, read):
        if sending.sent(short):
            groups.setdefault(os.path.realpath(sending.ignore), []).append(sending)
    found = [_of_file(project, group, short) for group in groups.values()]
    return KeptOut(
        tuple(file for each in found for file in each.files),
        tuple(change for each in found for change in each.changes),
        tuple(note for each in found for note in each.notes),
    )


def _of_file(project: Project, group: list[Sending], names: list[str]) -> KeptOut:
    """What one ignore file becomes, for all builds that it counts for."""
    first = group[0]
    name = Path(os.path.relpath(first.ignore, project.directory)).as_posix()
    if taking := next((row for each in group if (row := each.taking_a_key())), None):
        return KeptOut(notes=(_copied_by_name(group, taking),))
    line, after = _with_line(group, names)
    if not is_inside(first.ignore, project.directory):
        text = f"{first.certs}/ is in its build context: add the line {line} to {first.ignore}, outside of the project"
        return KeptOut(notes=tuple(Note("todo", text, each.service.name, each.service.where) for each in group))
    if any(each.sent(names, after) for each in group):
        words = f"no line of {name} was found that leaves {first.certs}/ out: its keys come into the image"
        return KeptOut(notes=tuple(Note("warning", words, each.service.name, Where(first.ignore)) for each in group))
    before = first.ignored
    data = before.encode(after) if before else after.encode()
    where = Where(first.ignore, len(after.splitlines()))
    changes = (
        Change(ID, each.service.name, where, name, "", line, "keeps the private keys out of its image")
        for each in group
    )
    return KeptOut((PlannedFile(first.ignore, before, data, "text" if before else "created"),), tuple(changes))


def _with_line(group: list[Sending], names: list[str]) -> tuple[str, str]:
    """The line that leaves the keys out of all these builds, and the text of their ignore file with it at the end."""
    first = group[0]
    text = first.ignored.text if first.ignored else ""
    newline = first.ignored.newline if first.ignored else "\n"
    lead = newline if text and not text.endswith(("\n", "\r")) else ""
    found = [
        (line, f"{text}{lead}{line}{newline}")
        for line in _lines_for(first, keys_only=any(each.keys_only for each in group))
    ]
    return next((pair for pair in found if not any(each.sent(names, pair[1]) for each in group)), found[-1])


def line_for(sending: Sending) -> str:
    """The line that leaves out the certificates directory of a build, or of it the keys alone."""
    return next(_lines_for(sending, keys_only=sending.keys_only))


def _lines_for(sending: Sending, *, keys_only: bool) -> Iterator[str]:
    """Yield lines to try; special characters are escaped.

    The directory alone does not do where a line before it leaves it out already and a later one brings files back: the
    builder then does not look at the last line for the directory, and for the file it does not match.
    """
    path = _SPECIAL.sub(r"\\\g<0>", sending.certs.as_posix())
    if path.startswith(("#", "!", " ")):
        path = f"./{path}"
    if not keys_only:
        yield f"{path}/"
        yield f"{path}/**"
    yield f"{path}/**/{_KEYS}"  # those of renewed pairs lie deeper (`aicos_tls.disk.pairs`)


def _copied_by_name(group: list[Sending], row: Instruction) -> Note:
    each = next(sending for sending in group if row in sending.rows)
    text = f"{row.name} {row.value} takes a private key into the image: leave it out, the certificates are mounted"
    return Note("warning", text, each.service.name, Where(each.dockerfile, row.line))
