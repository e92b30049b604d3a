"""The shapes of this part: what was chosen for a service, on what evidence, and all that has to be set for it.

A choice is data. It names paths in the container and files below the certificates directory; how that is written into
compose files is the rules' affair.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from aicos_tls.errors import Where
    from aicos_tls.sources.model import WordEdit


class How(Enum):
    """A way to serve TLS; the values are those of `--serve`."""

    CODE = "code"
    ENV = "env"
    PRELOAD = "preload"
    SIDECAR = "sidecar"
    NONE = "none"


class Merge(Enum):
    """What happens to the value that a variable has already."""

    SET = "it is replaced"
    WORDS = "the words are added after a space"
    PATHS = "the path goes before those that are there"
    END = "the path goes behind those that are there"
    BUNDLE = "a file that holds both is named"
    HELD = "it is in the new value already"


class Setting(Struct, frozen=True):
    """A variable of the container; `below` is the value that it gets from an env file or the image, without this."""

    name: str
    value: str
    merge: Merge = Merge.SET
    below: str | None = None

    @property
    def keeps(self) -> bool:
        """Whether a value that is there counts for the new one."""
        return self.merge not in (Merge.SET, Merge.HELD)

    def onto(self, before: str | None) -> str:
        """The value to write where `before` is there already; one that holds it stays as it is."""
        before = self.below if before is None else before
        if not before or not self.keeps:
            return self.value
        if self.merge is Merge.WORDS:
            return before if f" {self.value} " in f" {before} " else f"{before} {self.value}"
        if self.merge is Merge.BUNDLE:  # `aicos_tls.serving.bundles` names the file of both before this is asked
            return before
        added = self.value.rpartition(":")[2] if self.merge is Merge.END else self.value
        if added in before.split(":"):
            return before
        return f"{before}:{added}" if self.merge is Merge.END else f"{added}:{before}"


class Place(Struct, frozen=True):
    """Where a service finds its certificate: the directory in the container, and its short name."""

    mount_path: str
    short_name: str

    @property
    def certificate(self) -> str:
        """The path of the certificate in the container."""
        return f"{self.mount_path}/{self.short_name}-cert.pem"

    @property
    def key(self) -> str:
        """The path of the key in the container."""
        return f"{self.mount_path}/{self.short_name}-key.pem"

    @property
    def ca(self) -> str:
        """The path of the CA's certificate in the container."""
        return f"{self.mount_path}/ca-cert.pem"

    def fill(self, text: str) -> str:
        """A text of the catalogue with the paths in the places that stand for them."""
        places = (("{certificate}", self.certificate), ("{key}", self.key), ("{ca}", self.ca))
        for place, path in (*places, ("{directory}", self.mount_path), ("{name}", self.short_name)):
            text = text.replace(place, path)
        return text


class Bind(Struct, frozen=True):
    """A read-only mount: `source` lies below the certificates directory, an empty text means all of it.

    `instead`: it is a changed copy of what is mounted there, and takes its place.
    """

    source: str
    target: str
    instead: bool = False


class RuntimeFile(Struct, frozen=True):
    """A file that the run writes: `path` is relative to the certificates directory, and it is mounted with that.

    `instead_of` is the file of the project whose changed copy it is, where it is one.
    """

    path: str
    text: str
    instead_of: Path | None = None


class Words(Struct, frozen=True):
    """What changes in a start command: words to add at its end, and words to drop.

    `instead_of_none` are the words of the image, which count when the compose file has no command. `foreign` says why
    the command of the compose file cannot take them, and is empty when it can. `edits` are changes of words that are
    there.
    """

    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    instead_of_none: tuple[str, ...] = ()
    foreign: str = ""
    edits: tuple[WordEdit, ...] = ()


class Needs(Struct, frozen=True):
    """What a way needs so that it works. Where nothing is said, the healthcheck has to ask over HTTPS."""

    settings: tuple[Setting, ...] = ()
    words: Words = Words()
    mounts: tuple[Bind, ...] = ()
    files: tuple[RuntimeFile, ...] = ()
    healthcheck_stays: bool = False


class Option(Struct, frozen=True):
    """A way that is open to a service.

    `source` is where the fact is from, `tried` whether it was run for this project, `renews` whether renewed files are
    picked up without a restart, `note` what one should know before. `ports` are those it will serve TLS on; with
    `asks_port` they are not known and have to be said (`x-aicos-tls: {port: N}`).
    """

    how: How
    reason: str
    where: Where | None = None
    needs: Needs = Needs()
    source: str = ""
    tried: bool = False
    renews: bool = False
    note: str = ""
    ports: tuple[int, ...] = ()
    asks_port: bool = False


class Mode(Enum):
    """What haproxy does with a connection."""

    HTTP = "http"
    TCP = "tcp"


class Sidecar(Struct, frozen=True, kw_only=True):
    """A sidecar: the service it stands before, its ports, and the settings of its image.

    `ports` are pairs of the application's port and haproxy's. `image` is empty where compose builds it. `certs_source`
    is the certificates directory as a mount writes it, `mount_path` where that is in the container.
    """

    service: str
    short_name: str
    ports: tuple[tuple[int, int], ...]
    name: str
    image: str = ""
    certs_source: str = "./certs"
    mount_path: str = "/app/certs"
    mode: Mode = Mode.HTTP
    protocols: tuple[str, ...] = ("http/1.1",)
    profiles: tuple[str, ...] = ()


class Wanted(Struct, frozen=True):
    """What the compose files have to bring besides what the guide asks for: by service, and the sidecars.

    `names` are DNS names that the certificates of services get besides their own.
    """

    needs: Mapping[str, Needs] = {}
    sidecars: tuple[Sidecar, ...] = ()
    names: Mapping[str, tuple[str, ...]] = {}


class Choice(Struct, frozen=True):
    """What was chosen for a service, and what the next best would have been.

    `declined` are the ways that were looked at before and the reasons why they are not open.
    """

    service: str
    option: Option
    next_best: Option | None = None
    declined: tuple[tuple[How, str], ...] = ()

    @property
    def how(self) -> How:
        """The way that was chosen."""
        return self.option.how
