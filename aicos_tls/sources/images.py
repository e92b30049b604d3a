"""What well-known images lack and whom they run as, as far as their tags tell.

Sources: the Dockerfiles of the Docker Official Images (slim and alpine variants install neither curl nor, for slim,
wget; alpine has BusyBox's wget), distroless' README (no shell in any of them but `debug`), and the users that the
images' own Dockerfiles name. A missing entry only means that nothing is said.
"""

from __future__ import annotations

import re

from aicos_tls.plan.images import repository

_DEBIAN_LIKE = frozenset({"debian", "ubuntu"})
_VARIANTS = frozenset(
    {"node", "python", "golang", "ruby", "rust", "openjdk", "perl", "pypy", "erlang", "elixir", "haskell", "gcc"}
)
"""Official images with a full, a slim and an alpine variant, of which only the full one has curl and wget."""

EVERYTHING = frozenset({"a shell"})
"""What images lack that hold nothing but the program."""

_USERS = {
    "nginxinc/nginx-unprivileged": "101",
    "nginx/nginx-unprivileged": "101",
    "grafana/grafana": "472",
    "grafana/loki": "10001",
    "prom/*": "65534",
    "keycloak/keycloak": "1000",
    "elasticsearch": "1000",
    "elasticsearch/elasticsearch": "1000",
    "n8nio/n8n": "1000",
    "jenkins/jenkins": "1000",
    "bitnami/*": "1001",
    "bitnamilegacy/*": "1001",
    "chainguard/*": "65532",
    "apache/kafka": "1000",
    "memcached": "11211",
    "postgres": "999",
    "redis": "999",
    "valkey/valkey": "999",
    "mariadb": "999",
    "mysql": "999",
    "mongo": "999",
    "rabbitmq": "999",
}
"""User id by repository: the image's own USER, or the one that its entry script becomes before keys are read."""

_ALPINE_USERS = {"postgres": "70", "rabbitmq": "100"}

_NAMES = {
    "root": "0",
    "nobody": "65534",
    "nonroot": "65532",
    "node": "1000",
    "bun": "1000",
    "deno": "1993",
    "nginx": "101",
    "app": "1654",
}
"""User id of a name that base images bring along. `app` is .NET's; see `named_user`."""

_WWW_DATA = {True: "82", False: "33"}
"""www-data on Alpine, and on Debian."""


def _split(image: str) -> tuple[str, str]:
    """Repository, and tag in lower case, of an image reference."""
    _, parts = repository(image)
    rest = image.partition("@")[0].rpartition("/")[2]
    return "/".join(parts), rest.partition(":")[2].lower()


def is_alpine(image: str) -> bool:
    """Whether an image is built on Alpine, by its name."""
    name, tag = _split(image)
    return name == "alpine" or "alpine" in tag


def lacks(image: str) -> frozenset[str]:
    """The programs of healthchecks that an image is known not to have; `EVERYTHING` where there is no shell either."""
    name, tag = _split(image)
    last = name.rpartition("/")[2]
    if name == "scratch" or ("distroless/" in image and "debug" not in tag):
        return EVERYTHING
    if name == "busybox":
        return frozenset({"curl"})
    if name == "alpine" or (name in _VARIANTS and "alpine" in tag):
        return frozenset({"curl"})
    slim = name in _VARIANTS and "slim" in tag
    if slim or last in _DEBIAN_LIKE:
        return frozenset({"curl", "wget"})
    return frozenset()


def askers(image: str) -> tuple[str, ...]:
    """The programs that an image surely has and that can ask over HTTPS, the best first; see `healthchecks.instead`.

    A program that can check certificates goes before BusyBox's wget.
    """
    name, _ = _split(image)
    own = (name,) if name in ("node", "python") else ()
    busybox = (is_alpine(image) and "curl" in lacks(image)) or (name == "busybox" and not old_busybox(image))
    wget = ("wget",) if busybox else ()
    return (*own, *wget)


def old_busybox(image: str) -> bool:
    """Whether the wget of a BusyBox image cannot talk to today's servers (tried: 1.35 against OpenSSL 3, TLS 1.3)."""
    name, tag = _split(image)
    version = re.match(r"1\.(\d+)", tag)
    return name == "busybox" and version is not None and int(version[1]) <= 35  # noqa: PLR2004 - 1.36 can


def user(image: str) -> str:
    """The user id that an image runs as; empty when that is not known. Images whose tags say `nonroot` are 65532."""
    name, tag = _split(image)
    if "nonroot" in tag:
        return "65532"
    found = _USERS.get(name) or _USERS.get(f"{name.partition('/')[0]}/*", "")
    return _ALPINE_USERS.get(name, found) if "alpine" in tag else found


def named_user(name: str, image: str) -> str:
    """The user id of a name that an image brings along; empty when that is not known."""
    base = _split(image)[0]
    if name == "www-data":
        return _WWW_DATA[is_alpine(image)]
    if name == "app" and "dotnet" not in base:
        return ""
    if name == "nonroot" and not any(part in image for part in ("distroless/", "chainguard/", "cgr.dev/")):
        return ""
    if name in ("node", "bun", "deno", "nginx") and name not in base:
        return ""
    return _NAMES.get(name, "")
