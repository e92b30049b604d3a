"""The proof: every difference between the project as it was and as it will be is accounted for.

Each must be a declared change with that path, that value before and that value after, and each declared change must be
there. Looked at are the services as compose merges them, each layer by itself (what a later one hides is changed, too),
everything outside of services, and `.env` files. `yamledit.apply` proves each file node by node; this proves the whole
as compose sees it, where an edit of an anchor, a merge key or a base could reach services that nobody meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.compose.dotenv import EnvFile
from aicos_tls.errors import InternalError
from aicos_tls.files import TextFile
from aicos_tls.proof.declared import Declared, bases
from aicos_tls.proof.leaves import ABSENT, Leaf, leaves, members
from aicos_tls.proof.merged import Readers
from aicos_tls.yamledit.nodes import deref

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from aicos_tls.compose.model import ComposeFile, Layer, Project
    from aicos_tls.plan.model import Change, PlannedFile
    from aicos_tls.proof.plain import Plain
    from aicos_tls.yamledit.nodes import Mapping


_MAY_BE_HIDDEN = frozenset({"urls", "healthcheck"})
"""Rules that also change what a later file overrides."""


def prove(before: Project, after: Project, changes: Sequence[Change], planned: Sequence[PlannedFile]) -> None:
    """Compare the model before and after; `planned` are the new texts, of which those of env files are compared too.

    Raises `InternalError` when a difference is not declared or a declared change is no difference: then nothing may
    be written.
    """
    try:
        _prove(before, after, changes, planned)
    except InternalError as error:
        service = before.services.get(error.service)
        error.where = service.where if service else None
        raise


def _prove(before: Project, after: Project, changes: Sequence[Change], planned: Sequence[PlannedFile]) -> None:
    declared = Declared(changes, bases(before))
    if planned:
        _compare(before, after, declared)
        for leaf in _env(planned):
            _check(declared.explains, leaf)
    if missing := declared.unseen():
        raise InternalError(
            f"a declared change does not show: {missing[0].path}: {missing[0].after}", service=missing[0].service
        )


def _compare(before: Project, after: Project, declared: Declared) -> None:
    added = [name for name in after.services if name not in before.services]
    kept = [name for name in after.services if name in before.services]
    if list(before.services) != kept or len(before.files) != len(after.files):
        raise InternalError("a service or a file came or went")
    old, new = Readers(before), Readers(after)
    for leaf in _merged(before, after, old, new):
        _check(declared.explains, leaf)
    for name in added:  # every part of it has to be declared
        for leaf in leaves(ABSENT, new.service(after.services[name]), ("services", name)):
            _check(declared.explains, leaf)
    if vain := [change for change in declared.unseen() if _must_have_effect(change)]:
        raise InternalError(
            f"a declared change has no effect: {vain[0].path}: {vain[0].after}", service=vain[0].service
        )
    for leaf in _layers(before, after, old, new):
        _check(declared.explains, leaf)
    for leaf in _outside(before, after, old, new):
        _check(declared.explains_anywhere, leaf)


def _must_have_effect(change: Change) -> bool:
    return change.path.startswith("services.") and change.rule not in _MAY_BE_HIDDEN


def _check(explains: Callable[[Leaf], bool], leaf: Leaf) -> None:
    """Raise `InternalError` for a difference that is explained neither as a whole nor member by member."""
    parts = () if explains(leaf) else members(leaf) or (leaf,)
    if not all(map(explains, parts)):
        service = leaf.path[1] if leaf.path[:1] == ("services",) else ""
        message = f"a change that was not declared: {leaf.name}: {leaf.before!r} became {leaf.after!r}"
        raise InternalError(message, service=service)


def _merged(before: Project, after: Project, old: Readers, new: Readers) -> Iterator[Leaf]:
    for name, service in before.services.items():
        yield from leaves(old.service(service), new.service(after.services[name]), ("services", name))


def _layers(before: Project, after: Project, old: Readers, new: Readers) -> Iterator[Leaf]:
    for name, service in before.services.items():
        layers = after.services[name].layers
        if len(service.layers) != len(layers):
            raise InternalError(f"the definitions of service {name} are not the same in number")
        if len(layers) > 1 or old.repeats:
            for one, other in zip(service.layers, layers, strict=True):
                yield from leaves(old.written(one), new.written(other), ("services", name))


def _env(planned: Sequence[PlannedFile]) -> Iterator[Leaf]:
    for file in planned:
        if file.kind == "env" and file.before:
            files = (EnvFile(file.before), EnvFile(TextFile(file.path, file.after)))
            old, new = ({key: binding.value for key, binding in each.bindings.items()} for each in files)
            yield from leaves({**old}, {**new}, (str(file.path),))


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
