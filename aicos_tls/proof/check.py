"""The proof: load the project once more with the new texts, and account for every difference.

Each must be a declared change with that path, that value before and that value after, and each declared change must be
there. Looked at are the services as compose merges them, each layer by itself (what a later one hides is changed, too),
everything outside of services, and `.env` files. The parse of a new text comes from the editor: nothing is read twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.compose.dotenv import EnvFile
from aicos_tls.compose.load import load
from aicos_tls.errors import InternalError
from aicos_tls.files import TextFile
from aicos_tls.proof.declared import Declared, bases
from aicos_tls.proof.leaves import Leaf, leaves
from aicos_tls.proof.merged import Readers
from aicos_tls.yamledit.nodes import deref
from aicos_tls.yamledit.parse import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from aicos_tls.compose.model import ComposeFile, Layer, Project
    from aicos_tls.plan.model import Plan, PlannedFile
    from aicos_tls.proof.plain import Plain
    from aicos_tls.yamledit.nodes import Mapping, Stream

    Reader = Callable[[Path], TextFile]


_MAY_BE_HIDDEN = frozenset({"urls"})
"""Rules that also change what a later file overrides, and what is in no service."""


def prove(plan: Plan, paths: Sequence[Path], read: Reader) -> Project:
    """Compare the model before and after `plan`; return the one after.

    `paths` are the compose files as they were named, `read` gives their texts before. Raises `InternalError` when a
    difference is not declared or a declared change is no difference: then nothing may be written.
    """
    after = _after(plan, paths, read) if plan.files else plan.project
    declared = Declared(plan.changes, bases(plan.project))
    if after is not plan.project:
        _compare(plan, after, declared)
    if missing := declared.unseen():
        raise InternalError(f"a declared change does not show: {missing[0].path}: {missing[0].after}")
    return after


def _after(plan: Plan, paths: Sequence[Path], read: Reader) -> Project:
    planned = {file.path: file for file in plan.files}
    streams = {source.path: source.stream for source in plan.project.files}
    streams.update((path, file.stream) for path, file in planned.items() if file.stream)

    def read_after(path: Path) -> TextFile:
        file = read(path)
        new = planned.get(path)
        return TextFile(path, new.after, file.mode, file.real) if new else file

    def parsed(file: TextFile) -> Stream:
        return streams.get(file.path) or parse(file)

    return load(paths, read=read_after, parser=parsed)


def _compare(plan: Plan, after: Project, declared: Declared) -> None:
    before = plan.project
    if list(before.services) != list(after.services) or len(before.files) != len(after.files):
        raise InternalError("a service or a file came or went")
    old, new = Readers(before), Readers(after)
    for leaf in _merged(before, after, old, new):
        _check(declared.explains(leaf), leaf)
    if hidden := [change for change in declared.unseen() if change.rule not in _MAY_BE_HIDDEN]:
        raise InternalError(f"a declared change has no effect: {hidden[0].path}: {hidden[0].after}")
    for leaf in _layers(before, after, old, new):
        _check(declared.explains(leaf), leaf)
    for file in plan.files:
        if file.kind == "env":
            for leaf in _env(file):
                _check(declared.explains(leaf), leaf)
    for leaf in _outside(before, after, old, new):
        _check(declared.explains_anywhere(leaf), leaf)


def _check(explained: bool, leaf: Leaf) -> None:  # noqa: FBT001 - the first argument is what the function is about
    if not explained:
        raise InternalError(f"a change that was not declared: {leaf.name}: {leaf.before!r} became {leaf.after!r}")


def _merged(before: Project, after: Project, old: Readers, new: Readers) -> Iterator[Leaf]:
    for name, service in before.services.items():
        yield from leaves(old.service(service), new.service(after.services[name]), ("services", name))


def _layers(before: Project, after: Project, old: Readers, new: Readers) -> Iterator[Leaf]:
    for name, service in before.services.items():
        layers = after.services[name].layers
        if len(service.layers) != len(layers):
            raise InternalError(f"the definitions of service {name} are not the same in number")
        if len(layers) > 1:
            for one, other in zip(service.layers, layers, strict=True):
                yield from leaves(old.layer(one), new.layer(other), ("services", name))


def _env(file: PlannedFile) -> Iterator[Leaf]:
    old: dict[str, Plain] = {**EnvFile(file.before).values} if file.before else {}
    new: dict[str, Plain] = {**EnvFile(TextFile(file.path, file.after)).values}
    yield from leaves(old, new, (str(file.path),))


def _outside(before: Project, after: Project, old: Readers, new: Readers) -> Iterator[Leaf]:
    """Differences in what is in no service: other keys of the top level, and services that nothing in use extends."""
    used = [{id(layer.mapping) for layer in _all_layers(project)} for project in (before, after)]
    for one, other in zip(before.files, after.files, strict=True):
        if one.file.raw == other.file.raw:
            continue
        for root, root_after in zip(one.roots, other.roots, strict=True):
            yield from leaves(_rest(one, root, old, used[0]), _rest(other, root_after, new, used[1]), ())


def _all_layers(project: Project) -> Iterator[Layer]:
    for service in project.services.values():
        yield from service.layers


def _rest(source: ComposeFile, root: Mapping, readers: Readers, used: set[int]) -> dict[str, Plain]:
    reader = readers.source(source)
    found: dict[str, Plain] = {}
    for name, entry in source.resolver.entries(root).items():
        if name != "services":
            found[name] = reader.value(entry.value)
        else:
            found[name] = {
                key: reader.value(inner.value)
                for key, inner in source.resolver.mapping(entry.value).items()
                if id(deref(inner.value)) not in used
            }
    return found
