"""Adds the options of a server program that takes its certificate in no other way (`--serve`).

    command: ["--config.file=/etc/prometheus/prometheus.yml", "--web.config.file=/app/certs/runtime/prometheus/web.yml"]

Where the command compiles Go files by their names and a helper was put beside them (`--code`), it says so:
`go run main.go` becomes `go run .`.

Options go to the end of the command that counts: that of the compose file, else a copy of the image's. A command that
starts something else first (a shell, a script) is left alone and reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.plan.model import Change, Declined, Outcome, Proposal
from aicos_tls.rules.placement import NoPlaceError
from aicos_tls.yamledit.edits import InsertItem, Items, SetText
from aicos_tls.yamledit.nodes import Scalar, Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import Service
    from aicos_tls.plan.model import FileEdit
    from aicos_tls.rules.context import Context
    from aicos_tls.serving.model import Words
    from aicos_tls.sources.model import WordEdit

ID = "command"
_WHY = "its server program serves TLS with these options"
_COMPILED = "so that the helper is compiled with the files that are named"


def check(context: Context) -> Iterator[Outcome]:
    """Yield the options that are added to commands."""
    for service in context.services:
        needs = context.needs.get(service.name)
        if needs and (needs.words.add or needs.words.drop):
            yield from _changed(context, service, needs.words)
        if needs and needs.words.edits:
            yield from _reworded(service, needs.words.edits)


def _changed(context: Context, service: Service, words: Words) -> Iterator[Outcome]:
    from shlex import join  # few runs come here

    paste = f"    command: … {join(words.add)}"
    reason = f"{join(words.drop)} has to be taken out of the command" if words.drop else words.foreign
    try:
        changes = [] if reason else list(_added(context, service, words))
    except NoPlaceError as error:
        reason = str(error)
    if reason:
        yield Declined(ID, service.name, service.where, reason, paste, safe=False)
        return
    for change, edit in changes:
        yield Proposal(change, (edit,), paste)


def _reworded(service: Service, edits: tuple[WordEdit, ...]) -> Iterator[Outcome]:
    """Yield the changes of words that are there: what `go run main.go` compiles."""
    for edit in edits:
        found = service.attribute(edit.attribute)
        assert found is not None  # noqa: S101 - the command was read there
        layer, node = found[0], deref(found[1].value)
        path = f"services.{service.name}.{edit.attribute}" + ("" if edit.item is None else f".{edit.item}")
        where = layer.source.where(node)
        if isinstance(node, Sequence) and edit.item is not None:
            if edit.new:
                change = Change(ID, service.name, where, path, "", edit.text, _COMPILED)
                yield Proposal(change, ((layer.source, InsertItem(node, edit.item, edit.text)),))
                continue
            node = deref(node.items[edit.item])
        assert isinstance(node, Scalar)  # noqa: S101 - the same
        after = node.value[: edit.start] + edit.text + node.value[edit.end :]
        change = Change(ID, service.name, where, path, node.value, after, _COMPILED)
        yield Proposal(change, ((layer.source, SetText(node, edit.start, edit.end, edit.text)),))


def _added(context: Context, service: Service, words: Words) -> Iterator[tuple[Change, FileEdit]]:
    """Yield each change with its edit; raises `NoPlaceError`."""
    alone = frozenset({service.name})
    path = f"services.{service.name}.command"
    found = service.attribute("command")
    layer, entry = found or (service.first, None)
    node = deref(entry.value) if entry else None
    if entry is None or node is None or (isinstance(node, Scalar) and node.is_null):
        whole = (*words.instead_of_none, *words.add)
        if not words.instead_of_none:
            raise NoPlaceError("the command of its image is not known")
        edit = context.placement.set_key(layer, "command", Items(whole), alone)
        for index, word in enumerate(whole):
            yield Change(ID, service.name, service.where, f"{path}.{index}", "", word, _WHY), edit
        return
    where = layer.source.where(node)
    if not (context.placement.may_edit(node, alone) and context.placement.may_edit(entry.owner, alone)):
        raise NoPlaceError("other services share its command by an anchor")
    if isinstance(node, Sequence):
        for rank, word in enumerate(words.add):
            end = len(node.items)
            change = Change(ID, service.name, where, f"{path}.{end + rank}", "", word, _WHY)
            yield change, (layer.source, InsertItem(node, end, word, rank))
    elif isinstance(node, Scalar):
        from shlex import join

        text = f" {join(words.add)}"
        end = len(node.value)
        change = Change(ID, service.name, where, path, node.value, f"{node.value}{text}", _WHY)
        yield change, (layer.source, SetText(node, end, end, text))
    else:
        raise NoPlaceError("its command is no list and no text")
