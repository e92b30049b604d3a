"""Options that several commands share, and how they become settings. Every command has `ColorOption` and `Quiet`."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer


class Format(str, Enum):
    """How a result is printed."""

    TEXT = "text"
    DIFF = "diff"
    JSON = "json"
    MARKDOWN = "markdown"


class Color(str, Enum):
    """When colour is used; `auto` means on a terminal, unless NO_COLOR is set (https://no-color.org)."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class KeyName(str, Enum):
    """Kinds of key, as the policy names them."""

    RSA4096 = "rsa4096"
    RSA2048 = "rsa2048"
    P256 = "p256"
    P384 = "p384"


class PublishedName(str, Enum):
    """What services speak at published ports that nobody but the host asks, as the policy names it."""

    PLAIN = "plain"
    TLS = "tls"


ComposeFiles = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[COMPOSE_FILE]...", help="Default: what docker compose would pick.", show_default=False),
]


def _one_of(*formats: Format) -> Callable[[Format], str]:
    """What refuses a format that the command does not have: printing text instead would mislead a program."""

    def check(given: Format) -> str:
        if given not in formats:
            known = ", ".join(f"'{form.value}'" for form in formats)
            raise typer.BadParameter(f"'{given.value}' is not one of {known}.")
        return given.value  # typer makes the member of it, again

    return check


Files = Annotated[list[Path] | None, typer.Option("--file", "-f", help="Compose file (repeatable).")]
Services = Annotated[list[str] | None, typer.Argument(metavar="[SERVICE]...", help="Services; default all.")]
FormatOption = Annotated[Format, typer.Option("--format", help="text, diff, json or markdown.")]
DataFormatOption = Annotated[
    Format,
    typer.Option("--format", metavar="<text|json>", help="text or json.", callback=_one_of(Format.TEXT, Format.JSON)),
]
UndoFormatOption = Annotated[
    Format,
    typer.Option(
        "--format",
        metavar="<text|diff|json>",
        help="text, diff or json.",
        callback=_one_of(Format.TEXT, Format.DIFF, Format.JSON),
    ),
]
ColorOption = Annotated[Color, typer.Option("--color", help="auto, always or never; NO_COLOR is respected.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only errors.")]
CertsDir = Annotated[str | None, typer.Option(help="Directory of the certificates.  [default: ./certs]")]
OutsideCertsDir = Annotated[
    str | None, typer.Option("--certs-dir", help="Needed where certificates lie outside of the project.")
]
MountPath = Annotated[str | None, typer.Option(help="Where containers find it.  [default: /app/certs]")]
Only = Annotated[list[str] | None, typer.Option(metavar="SERVICE", help="Only these services (repeatable).")]
Include = Annotated[list[str] | None, typer.Option(metavar="SERVICE", help="These services too (repeatable).")]
Exclude = Annotated[list[str] | None, typer.Option(metavar="SERVICE", help="Not these services (repeatable).")]
AllOption = Annotated[bool, typer.Option("--all", help="Every service, whatever its image.")]
OverrideOption = Annotated[
    bool, typer.Option("--override", help="Leave the compose files alone; write docker-compose.tls.yml beside them.")
]
Templates = Annotated[
    Path | None,
    typer.Option("--templates", metavar="DIR", help="Templates of your own for code."),
]
StripPrefix = Annotated[
    str | None, typer.Option(metavar="PREFIX", help="Prefix that short names lack.  [default: what all services share]")
]
KeyTypeOption = Annotated[KeyName | None, typer.Option(help="Kind of key.  [default: rsa4096]", show_default=False)]
Lifetime = Annotated[
    str | None,
    typer.Option(metavar="24h", help="Lifetime of services' certificates; the CA's is --days.", show_default=False),
]
Days = Annotated[int | None, typer.Option(min=1, help="Lifetime of certificates in days.  [default: 3650]")]


def policy_flags(**given: object) -> dict[str, object]:
    """The settings that were given; lists become tuples, enumerations their values."""
    flags: dict[str, object] = {}
    for name, value in given.items():
        if value is None or value == []:
            continue
        if isinstance(value, list):
            flags[name] = tuple(value)
        else:
            flags[name] = value.value if isinstance(value, Enum) else value
    return flags


def now() -> datetime:
    """The present moment, the only place that asks for it."""
    return datetime.now(UTC)
