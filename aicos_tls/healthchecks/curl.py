"""curl: `curl -f http://localhost:8001/health` → `curl -f --insecure https://localhost:8001/health` (guide, phase 5).

The scheme of own addresses changes, and the flags for trust go directly before the first own address, once for
each group of options (`--next` starts a new group and forgets the flags). A user's own `-k`, `--cacert` or `--cert`
stays and is not repeated. An own `https` address without any such flag gets one: the certificate it meets from now on
is ours.
Options that take a value: `curl --help all`, curl 7.88 to 8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.healthchecks.found import Found, look_at_operand
from aicos_tls.healthchecks.model import InsertWord, Trust
from aicos_tls.healthchecks.options import Syntax, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aicos_tls.healthchecks.found import Context
    from aicos_tls.healthchecks.options import Argument

SYNTAX = Syntax(
    short=frozenset("AbcCdDeEFHKmoPQrtTuUwxXyYz"),
    long=frozenset(
        """abstract-unix-socket alt-svc aws-sigv4 cacert capath cert cert-type ciphers config connect-timeout connect-to
        continue-at cookie cookie-jar create-file-mode crlfile curves data data-ascii data-binary data-raw
        data-urlencode delegation dns-interface dns-ipv4-addr dns-ipv6-addr dns-servers doh-url dump-header ech
        egd-file engine etag-compare etag-save expect100-timeout form form-string ftp-account ftp-alternative-to-user
        ftp-method ftp-port ftp-ssl-ccc-mode happy-eyeballs-timeout-ms haproxy-clientip header hostpubmd5
        hostpubsha256 hsts interface ip-tos ipfs-gateway json keepalive-cnt keepalive-time key key-type krb libcurl
        limit-rate local-port login-options mail-auth mail-from mail-rcpt max-filesize max-redirs max-time netrc-file
        noproxy oauth2-bearer output output-dir parallel-max pass pinnedpubkey preproxy proto proto-default proto-redir
        proxy proxy-cacert proxy-capath proxy-cert proxy-cert-type proxy-ciphers proxy-crlfile proxy-header proxy-key
        proxy-key-type proxy-pass proxy-pinnedpubkey proxy-service-name proxy-tls13-ciphers proxy-tlsauthtype
        proxy-tlspassword proxy-tlsuser proxy-user proxy1.0 pubkey quote random-file range rate referer request
        request-target resolve retry retry-delay retry-max-time sasl-authzid service-name sigalgs socks4 socks4a socks5
        socks5-gssapi-service socks5-hostname speed-limit speed-time stderr telnet-option tftp-blksize time-cond
        tls-max tls13-ciphers tlsauthtype tlspassword tlsuser trace trace-ascii trace-config unix-socket upload-file
        url url-query user user-agent variable vlan-priority write-out""".split()  # noqa: SIM905 - a list would take 150 lines
    ),
)
_UNVERIFIED = frozenset({"k", "insecure"})
_AUTHORITIES = frozenset({"cacert", "capath", "ca-native"})
_CLIENT = frozenset({"E", "cert"})
_UNIX = frozenset({"unix-socket", "abstract-unix-socket"})


def read_curl(words: Sequence[str], context: Context) -> Found:
    """What `words`, a curl command, ask and what makes them ask over HTTPS."""
    found = Found(programs=("curl",))
    for group in _groups(read(words, SYNTAX)):
        found += _read_group(words, group, context)
    nothing = not (found.own or found.refusals or found.others)
    return found + Found(silent=("curl asks no address of this service over HTTP",)) if nothing else found


def _groups(arguments: Sequence[Argument]) -> Iterator[list[Argument]]:
    """The arguments, divided by `--next`."""
    group: list[Argument] = []
    for argument in arguments:
        if argument.name in {"next", ":"}:
            yield group
            group = []
        else:
            group.append(argument)
    yield group


def _read_group(words: Sequence[str], group: Sequence[Argument], context: Context) -> Found:
    names = {argument.name for argument in group}
    if names & _UNIX:
        return Found(silent=("curl asks through a Unix socket, not over the network",))
    found = Found()
    anchor = None
    for argument in group:
        if argument.name in {"", "url"} and argument.value is not None:
            seen = look_at_operand(words, argument, context)
            if anchor is None and seen.own:
                anchor = argument.word
            found += seen
    if anchor is None:
        return found
    if any(argument.name == "proto" and "https" not in (argument.value or "") for argument in group):
        found += Found(refusals=("--proto may not allow https",))
    return found + _trust(names, anchor, context)


def _trust(names: set[str], anchor: int, context: Context) -> Found:
    """The flags that are missing, before item `anchor`."""
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    if context.trust is Trust.INSECURE:
        flags = () if names & (_UNVERIFIED | _AUTHORITIES) else ("--insecure",)
    else:
        if names & _UNVERIFIED:
            notes = ("curl has --insecure already: it goes on without checking the certificate",)
        elif not names & _AUTHORITIES:
            flags = ("--cacert", context.paths.ca)
        if context.trust is Trust.MUTUAL and not names & _CLIENT:
            flags += ("--cert", context.paths.cert, "--key", context.paths.key)
    return Found(edits=tuple(InsertWord(anchor, flag) for flag in flags), notes=notes)
