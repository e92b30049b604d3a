"""What one command of a test does: the value that every program family returns, and the rules of an address.

A family *decides* and returns a `Found`; `edits.apply` alone applies. The rules that are the same for every program
live here: an own address gets its scheme (and the port it meant), another host's address is listed and left alone, a
host that a variable holds is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import astuple, replace

from aicos_tls.healthchecks.edits import minimal
from aicos_tls.healthchecks.model import Ask, InsertWord, TextEdit, Trust, TrustPaths, Wget
from aicos_tls.healthchecks.urls import DEFAULT_PORT, Owner, embedded, is_own, is_own_hostname, owner, parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aicos_tls.healthchecks.model import Edit, Endpoint
    from aicos_tls.healthchecks.options import Argument
    from aicos_tls.healthchecks.urls import Url

VERIFIABLE = frozenset({"localhost", "127.0.0.1", "::1"})
"""The loopback names in every certificate (DESIGN 4.5); the service's own DNS names stand in it too."""

ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - read in tests, never bound
"""The unspecified addresses, which no certificate holds, and where Linux takes a connection to them."""


_UNUSUAL = re.compile(r"https?:(?!//[^/])|\s+https?:", re.IGNORECASE)
"""curl takes one slash, or three, for two; nobody should have to guess which host that means."""


class Context(Struct, frozen=True):
    """What a family needs to know besides the command."""

    endpoint: Endpoint
    trust: Trust = Trust.INSECURE
    paths: TrustPaths = field(default_factory=TrustPaths)
    wget: Wget = Wget.UNKNOWN


class Found(Struct, frozen=True):
    """What was found, all in the order of the text.

    `asks`: own requests over plain HTTP. `secure`: own ones over HTTPS already. `others`: addresses of other hosts.
    `edits`: what makes `asks` HTTPS. `refusals`: why that is not possible; one of them is enough to change nothing.
    `silent`: for a command that asks nothing over HTTP, what it does instead.
    """

    programs: tuple[str, ...] = ()
    asks: tuple[Ask, ...] = ()
    secure: tuple[Ask, ...] = ()
    others: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    refusals: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()

    def __add__(self, other: Found) -> Found:
        """Both, one after the other."""
        return Found(*(one + more for one, more in zip(astuple(self), astuple(other), strict=True)))

    @property
    def own(self) -> bool:
        """Whether the service itself is asked, over HTTP or HTTPS."""
        return bool(self.asks or self.secure)

    def on_word(self, word: int) -> Found:
        """The same with every text edit moved to item `word`."""
        return replace(self, edits=tuple(_moved(edit, word) for edit in self.edits))

    def shifted(self, by: int) -> Found:
        """The same with every edit moved `by` items further."""
        return replace(self, edits=tuple(_moved(edit, _index(edit) + by) for edit in self.edits))


def _index(edit: Edit) -> int:
    return edit.before if isinstance(edit, InsertWord) else edit.word


def _moved(edit: Edit, index: int) -> Edit:
    if isinstance(edit, InsertWord):
        return replace(edit, before=index)
    return replace(edit, word=index)


def ask(url: Url) -> Ask:
    """The request that `url` makes of the service."""
    port = url.port if url.has_port else DEFAULT_PORT
    return Ask(port, url.path or "/", url.host)


def own_asks(text: str, context: Context) -> tuple[Ask, ...]:
    """The requests that own plain HTTP addresses anywhere in `text` stand for, whoever makes them."""
    return tuple(ask(url) for url in embedded(text) if is_own(url, context.endpoint) and not url.secure)


def leftover(text: str, seen: set[int], context: Context) -> Found:
    """The own addresses of `text` that begin at no offset in `seen`: no call that is understood uses them."""
    found = Found()
    for url in embedded(text):
        if not is_own(url, context.endpoint) or url.start in seen:
            continue
        if url.secure:
            found += Found(secure=(ask(url),))
        else:
            found += Found(asks=(ask(url),), refusals=("a form of request that cannot be changed here",))
    return found


def look(url: Url, word: int, context: Context, *, joined: bool = False) -> Found:
    """What is to be done with the address `url` in item `word`; `joined`: more text is put behind it at run time."""
    whose = owner(url.host, context.endpoint)
    if whose is Owner.OTHER:
        return Found(others=(url.text,))
    if whose is Owner.UNKNOWN:
        return Found(refusals=(f"the host of {url.text} is in a variable",))
    known = context.endpoint.port_known
    asked = ask(url)
    if known and asked.port is not None and asked.port not in known and not (joined and not url.has_port):
        return Found(notes=(f"{url.text} is left alone: port {asked.port} is not one that will speak TLS",))
    if url.secure:
        return Found(secure=(asked,))
    if not url.whole or (joined and not url.has_port and not url.path):
        return Found(asks=(asked,), refusals=(f"the address that begins with {url.text} is put together at run time",))
    return Found(asks=(asked,), edits=_to_https(url, word)) + trusted_host(url, word, context)


def _to_https(url: Url, word: int) -> tuple[TextEdit, ...]:
    """`http` → `https`, and the port that was meant, since 443 would be meant now (DESIGN 5: same port over TLS)."""
    if not url.scheme:
        scheme = TextEdit(word, url.start, url.start, "https://")
    else:
        scheme = TextEdit(word, url.scheme_end, url.scheme_end, "S" if url.scheme.isupper() else "s")
    if url.has_port:
        return (scheme,)
    return (scheme, TextEdit(word, url.host_end, url.host_end, f":{DEFAULT_PORT}"))


def trusted_host(url: Url, word: int, context: Context) -> Found:
    """The edit that makes the host of `url` one that the certificate holds, where certificates are checked."""
    if not context.trust.verifies:
        return Found()
    if url.host in ANY_ADDRESS:
        instead = ANY_ADDRESS[url.host]
        edit = minimal(TextEdit(word, 0, len(url.host), instead), url.host)
        return Found(
            edits=(TextEdit(word, url.host_start + edit.start, url.host_start + edit.end, edit.text),),
            notes=(f"{url.host} became {instead}, where it leads: no certificate holds {url.host}",),
        )
    return unverifiable(url.host, context)


def unverifiable(host: str, context: Context) -> Found:
    """A refusal when certificates are checked and the service's certificate does not hold `host`."""
    name = host.strip("[]").rstrip(".").lower()
    named = name in VERIFIABLE or name in {own.lower() for own in context.endpoint.hosts}
    if not context.trust.verifies or (named and not is_own_hostname(host)):
        return Found()
    return Found(refusals=(f"the certificate does not hold the name {host}: ask localhost instead",))


def look_at_operand(words: Sequence[str], argument: Argument, context: Context) -> Found:
    """What is to be done with an operand of curl or wget, which both take an address without `http://` for HTTP."""
    word = words[argument.value_word]
    url = parse(word, argument.value_start, scheme_optional=True)
    if _UNUSUAL.match(word, argument.value_start):
        return Found(asks=own_asks(word, context), refusals=(f"an address that is written in an unusual way: {word}",))
    if url is None:
        hidden = "$" in word and "://" not in word
        return Found(refusals=(f"the address {word} is in a variable",)) if hidden else Found()
    plain = not url.scheme and not url.has_port and not url.path
    if plain and owner(url.host, context.endpoint) is Owner.OTHER:
        return Found()  # `exit`, `1` after `||` in a list that no shell reads
    return look(url, argument.value_word, context)
