"""A proxy without a change of its files: a changed copy of its configuration, mounted over the one that it has.

The copy is made as `enable --code` would change the file (`aicos_tls.sources.configurations`), and lies below the
certificates directory. It goes where the Dockerfile copies the original to, or where the compose file mounts it: that
mount then brings the copy. What is not changed is named, whatever else is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.resolve import text_of, texts_of
from aicos_tls.serving.model import Bind, How, Needs, Option, RuntimeFile, Setting
from aicos_tls.serving.runtime import DIRECTORY
from aicos_tls.sources.configurations import KINDS
from aicos_tls.sources.nginx.server import SERVES
from aicos_tls.sources.ways import listens_ssl
from aicos_tls.yamledit.apply import splice
from aicos_tls.yamledit.nodes import Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import PurePosixPath

    from aicos_tls.errors import Where
    from aicos_tls.serving.model import Place
    from aicos_tls.sources.model import CodeContext, CodeResult, Manual
    from aicos_tls.sources.project import ServiceSources

_ENDINGS = (".conf", ".template", ".cfg", ".caddy")


class Configured(Struct, frozen=True):
    """What is known of the configuration of a service.

    `option` is the way that it opens, or the reason why it opens none. `names` are DNS names that certificates of other
    services have to get for it, each with its service; `left` is what stays as it is, for a person. `where` is the
    place of what would have changed, where there is a reason against it.
    """

    option: Option | str
    names: tuple[tuple[str, str], ...] = ()
    left: tuple[Manual, ...] = ()
    where: Where | None = None


def configuration(service: ServiceSources, place: Place, context: CodeContext) -> Configured:
    """The option for a service that runs a proxy, or the reason why there is none, and what is not changed.

    `context` says whether it has to serve TLS itself, or only asks others.
    """
    runtime = service.runtime[0]
    kind = next((each for each in KINDS if each.runtime == runtime), None)
    if kind is None or (context.is_server and not kind.serves):
        return Configured(f"its {runtime} configuration is changed to ask over TLS, not to serve it")
    own = service.of_kind(runtime)
    results = {
        path: each.transform(service.files[path], context, own) for path, each in service.kinds.items() if each is kind
    }
    left = tuple(manual for result in results.values() for manual in result.manual)
    changed = {path: result for path, result in results.items() if result.changes}
    if not changed:
        return Configured(f"no change of its {runtime} configuration is known", left=left)
    if context.is_server and not _serves(service, results.values()):
        return Configured(f"its {runtime} configuration has no `listen` for its port that could be changed", left=left)
    binds, files = [], []
    for path, result in changed.items():
        there = service.inside(result.file.path)
        if there is None:
            reason = f"nothing says where {path} is in the image"
            return Configured(reason, left=left, where=result.changes[0].where)
        if there.mount is None and (reason := _rewritten(service, there.path)):
            return Configured(reason, left=left, where=result.changes[0].where)
        name = copy_of(place.short_name, path, kind.folder)
        files.append(RuntimeFile(name, _text(result), result.file.path))
        binds.append(Bind(name, there.path, instead=there.alone))
    option = Option(
        How.ENV,
        f"a changed copy of its {runtime} configuration is mounted",
        next(iter(changed.values())).file.where(0),
        Needs(tuple(Setting(*pair) for pair in configured_settings(service)), mounts=tuple(binds), files=tuple(files)),
        source=f"aicos_tls/sources/configurations; the copy is mounted, tried with {kind.tried}",
        tried=True,
        note="when the configuration changes, run `aicos-tls enable` again",
        ports=tuple(sorted(context.ports)),
    )
    names = (pair for result in changed.values() for change in result.changes for pair in change.names)
    return Configured(option, tuple(dict.fromkeys(names)), left)


def _serves(service: ServiceSources, results: Iterable[CodeResult]) -> bool:
    """Whether a `server` block serves TLS with the changes, or does so already."""
    if any(change.what == SERVES for result in results for change in result.changes):
        return True
    return any(listens_ssl(file.text) for file in service.configurations.values())


def configured_settings(service: ServiceSources) -> Iterator[tuple[str, str]]:
    """Yield the variables of its image that its configuration reads, and that name servers in plain; over TLS."""
    for name, value in service.environment.to_set.items():
        if any(re.search(rf"\$\{{?{name}\b", file.text) for file in service.configurations.values()):
            yield name, value


def _text(result: CodeResult) -> str:
    return splice(result.file.text, [each for change in result.changes for each in change.splices])


def _rewritten(service: ServiceSources, target: str) -> str:
    """Why a copy cannot be mounted at a path in the image: what builds or starts the image writes there."""
    writes = re.compile(rf"(?:>\s*|\bsed\s[^\n|;&]*-i[^\n|;&]*\s|\btee\s+)[\"']?{re.escape(target)}(?![\w./-])")
    for what, text in _scripts(service):
        if writes.search(text):
            return f"{what} writes {target}, which a mounted copy would not let it"
    return ""


def _scripts(service: ServiceSources) -> Iterator[tuple[str, str]]:
    """Yield what the image and the service run, with words that say what it is."""
    for instruction in service.stage.instructions if service.stage else ():
        if instruction.name in ("RUN", "CMD", "ENTRYPOINT"):
            yield f"{instruction.name} in the Dockerfile", instruction.value
    for name in ("command", "entrypoint"):
        if found := service.service.attribute(name):
            node = deref(found[1].value)
            texts = texts_of(node) if isinstance(node, Sequence) else [text_of(node) or ""]
            yield f"`{name}`", " ".join(texts)
    for path, file in service.files.items():
        if path.suffix in (".sh", ".envsh") or file.text.startswith("#!"):
            yield str(path), file.text


def copy_of(short_name: str, path: PurePosixPath, folder: str = "nginx") -> str:
    """Where the changed copy of a file of a service is, below the certificates directory: its name tells what it is."""
    name = path.as_posix().replace("/", "-")
    known = path.suffix in _ENDINGS or path.name == "Caddyfile"
    return f"{DIRECTORY}/{folder}/{short_name}/{name}{'' if known else '.conf'}"
