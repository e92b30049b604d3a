"""Every setting of a run, from flags over `x-aicos-tls` in the compose file over `aicos-tls.toml` over the defaults."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs
from msgspec.structs import replace

from aicos_tls import budgets
from aicos_tls.compose.resolve import text_of, texts_of
from aicos_tls.compose.sites import OWN_BLOCK
from aicos_tls.errors import TlsError, Where
from aicos_tls.plan.certsdir import check_certs_dir
from aicos_tls.plan.serve import SERVICE_SETTINGS
from aicos_tls.plan.settingsfile import CONNECTION, FILE, load
from aicos_tls.yamledit.nodes import Mapping, Node, Scalar, Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from aicos_tls.compose.model import Project

PUBLISHED = ("plain", "tls")
"""What services may speak at published ports that only the host asks."""
KEY_TYPES = ("rsa4096", "rsa2048", "p256", "p384")
BLOCK = OWN_BLOCK
_MOST = 10**9 - 1
"""A larger number is no number of anything here."""


class Policy(Struct, frozen=True):
    """Settings of a run. The defaults are those of the guide (phases 1, 2 and 5).

    `certs_dir` is relative to the project directory, `mount_path` is the directory in the container, `days` is the
    lifetime of certificates, `lifetime` a shorter one of those of services (`24h`, empty for none), `strip_prefix` is
    None where the common prefix is to be found out, `override` asks for a file of its own beside the compose files,
    which then stay as they are, `code` asks for the code of services, too.
    `serve` are ways to serve TLS (`aicos_tls.plan.serve`): one for all services, and `SERVICE=WAY`. `sidecar_image` is
    an image with haproxy, iptables and the two scripts of `templates/sidecar`; where it is empty, compose builds one.
    `repair` puts healthchecks right whose program the image lacks. `published` says what services speak at published
    ports that nobody but the host asks: `plain` or `tls`. `require` names connections that have to be encrypted, as
    `web -> api`; `strict` asks that of all.
    """

    certs_dir: str = "./certs"
    mount_path: str = "/app/certs"
    key_type: str = "rsa4096"
    days: int = 3650
    lifetime: str = ""
    all: bool = False
    only: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    strip_prefix: str | None = None
    override: bool = False
    code: bool = False
    serve: tuple[str, ...] = ()
    sidecar_image: str = ""
    repair: bool = False
    published: str = "plain"
    require: tuple[str, ...] = ()
    strict: bool = False

    def certs_source(self, base: str = "") -> str:
        """The certificates directory as a mount writes it; `base` leads from the file's directory to the project's."""
        if self.certs_dir.startswith("/"):
            return self.certs_dir
        path = posixpath.normpath(posixpath.join(base, self.certs_dir))
        return path if path.startswith("..") else f"./{path}"

    def as_dict(self) -> dict[str, object]:
        """Plain data for the record and for JSON."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in structs.asdict(self).items()}


def resolve(project: Project, flags: dict[str, object]) -> Policy:
    """Merge the sources of settings; `flags` holds only those that were given.

    Raises `TlsError` for what makes no sense.
    """
    policy = _from_toml(Policy(), project.directory / FILE)
    policy = _from_compose(policy, project)
    where = Where(project.main.path)
    policy = replace(policy, **{key: setting(key, value, where) for key, value in flags.items()})
    _check_names(policy, project)
    check_certs_dir(project.directory, policy.certs_dir, where, asked="certs_dir" in flags)
    return policy


def _from_toml(policy: Policy, path: Path) -> Policy:
    found = load(path)
    if found is None:
        return policy
    where = Where(path)
    settings = {key: value for key, value in found[1].items() if key != CONNECTION}
    return replace(policy, **{_known(key, where): setting(key, value, where) for key, value in settings.items()})


def _from_compose(policy: Policy, project: Project) -> Policy:
    for source in project.files:
        for root in source.roots:
            if entry := source.resolver.entries(root).get(BLOCK):
                where = source.where(entry.value)
                if not isinstance(deref(entry.value), Mapping):
                    raise TlsError(f"`{BLOCK}` is not a mapping of settings", where=where)
                for key, item in source.resolver.mapping(entry.value).items():
                    name = _known(key, where)
                    policy = replace(policy, **{name: setting(name, _plain(item.value), source.where(item.value))})
    return policy


def unread_settings(project: Project) -> Iterator[tuple[str, str, Where]]:
    """Yield what stands in an `x-aicos-tls` block of a service and is not known."""
    for service in project.services.values():
        for layer in service.own_layers:
            if entry := layer.entries.get(BLOCK):
                for key, item in layer.source.resolver.mapping(entry.value).items():
                    if key not in SERVICE_SETTINGS:
                        yield (
                            f"{BLOCK}: {key} is not known for a service: ignored",
                            service.name,
                            layer.source.where(item.key),
                        )


def _plain(node: Node) -> object:
    target = deref(node)
    if isinstance(target, Sequence):
        return texts_of(target)
    text = text_of(target)
    if isinstance(target, Scalar) and target.style == "" and text in ("true", "false"):
        return text == "true"
    number = budgets.number(text, _MOST) if isinstance(target, Scalar) and target.style == "" else None
    return text if number is None else number


def _known(key: str, where: Where) -> str:
    name = key.replace("-", "_")
    if name not in set(Policy.__struct_fields__):
        known = ", ".join(field.replace("_", "-") for field in Policy.__struct_fields__)
        raise TlsError(f"unknown setting {key!r}", where=where, hint=f"known ones: {known}")
    return name


def setting(key: str, value: object, where: Where) -> Any:
    """The value of the setting `key` as the policy has it; raises `TlsError` for one that it cannot have."""
    name = key.replace("-", "_")
    default = getattr(Policy(), name)
    checks: dict[type, Callable[[object], bool]] = {
        bool: lambda v: isinstance(v, bool),
        int: lambda v: isinstance(v, int) and not isinstance(v, bool),
        str: lambda v: isinstance(v, str),
        type(None): lambda v: isinstance(v, str),
        tuple: lambda v: isinstance(v, str | list | tuple) and all(isinstance(x, str) for x in v),
    }
    if not checks[type(default)](value):
        wanted = {bool: "true or false", int: "a whole number", tuple: "a text or a list of texts"}.get(
            type(default), "a text"
        )
        raise TlsError(f"setting {key!r} takes {wanted}, not {value!r}", where=where)
    if isinstance(default, tuple):
        return (value,) if isinstance(value, str) else tuple(value)  # type: ignore[arg-type]
    _check_value(name, value, where)
    return value


def _check_value(name: str, value: object, where: Where) -> None:
    if name == "key_type" and value not in KEY_TYPES:
        raise TlsError(f"unknown key type {value!r}", where=where, hint=f"known ones: {', '.join(KEY_TYPES)}")
    if name == "published" and value not in PUBLISHED:
        raise TlsError(f"published ports cannot speak {value!r}", where=where, hint=f"known: {', '.join(PUBLISHED)}")
    if name == "days" and isinstance(value, int) and not 1 <= value <= MAX_DAYS:
        raise TlsError(f"a lifetime of {value} days is not between 1 and {MAX_DAYS}", where=where)
    if name in _TEXTS and isinstance(value, str):
        pattern, what, hint = _TEXTS[name]
        if not re.fullmatch(pattern, value):
            raise TlsError(f"{what.format(repr(value))}", where=where, hint=hint)
    if name == "certs_dir" and str(value).startswith(("~", "$")):
        raise TlsError(f"compose would look for {value!r} somewhere else", where=where, hint="write the path out")


_TEXTS = {
    "mount_path": (
        r"/(?!.*(?:^|/)\.\.(?:/|$))[A-Za-z0-9._+@/-]*",
        "the mount path {} is no absolute path in a container",
        "letters, digits and ._+@-, as in /app/certs: it goes into code, nginx and haproxy configurations as it is",
    ),
    "certs_dir": (
        r"(?=.*\S)(?:[~$])?[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069:$\\]+",
        "the certificates directory {} cannot be mounted",
        "a path without `:`, `$`, backslashes and control characters",
    ),
    "sidecar_image": (
        r"(?:[A-Za-z0-9._/:@+-]|\$\{[A-Za-z_][A-Za-z0-9_]*\})*",
        "{} is no name of an image",
        "as in registry.example/team/sidecar:1",
    ),
    "lifetime": (r"(?:[1-9][0-9]{0,5}[mhd])?", "{} is no lifetime of certificates", "as in 24h, 90m or 30d"),
    "strip_prefix": (r"[A-Za-z0-9._-]*", "{} is no prefix of a service's name", "letters, digits, '.', '_' and '-'"),
}
"""What texts may hold (regular expression), and what is said of one that holds more.

They come from files of the repository, and go into code, YAML, shell and the configurations of servers.
"""


MAX_DAYS = 36500
"""A hundred years, in days: a guard against a slip of the finger."""


def _check_names(policy: Policy, project: Project) -> None:
    for option in ("only", "include", "exclude"):
        for name in getattr(policy, option):
            if name not in project.services:
                raise TlsError(
                    f"there is no service {name!r} (--{option})",
                    where=Where(project.main.path),
                    hint=f"services: {', '.join(project.services)}",
                )
