"""GNU and BusyBox wget: `wget -qO- http://localhost/` → `wget -qO- --no-check-certificate https://localhost:80/`.

Both know `--no-check-certificate` (BusyBox since 1.28, of 2018; it must come with `ssl_client` or its own TLS, as
Alpine's does). Only GNU's can be given a CA or a client certificate, and a test does not show which of the two the
image holds: unless the caller knows, checking is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.healthchecks.found import Found, look_at_operand
from aicos_tls.healthchecks.model import InsertWord, Trust, Wget
from aicos_tls.healthchecks.options import Syntax, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aicos_tls.healthchecks.found import Context

SYNTAX = Syntax(
    short=frozenset("aABDeiIlOoPQRtTUwXY"),
    long=frozenset(
        """accept accept-regex append-output backups base bind-address body-data body-file ca-certificate ca-directory
        certificate certificate-type ciphers compression config connect-timeout crl-file cut-dirs default-page
        directory-prefix dns-servers dns-timeout domains exclude-directories exclude-domains execute follow-tags
        ftp-password ftp-user header http-password http-passwd http-user ignore-tags include-directories input-file
        level limit-rate load-cookies local-encoding max-redirect method output-document output-file password
        pinnedpubkey post-data post-file prefer-family private-key private-key-type progress proxy proxy-password
        proxy-user quota read-timeout referer regex-type reject reject-regex rejected-log remote-encoding report-speed
        restrict-file-names retry-on-http-error save-cookies secure-protocol start-pos timeout tries use-askpass user
        user-agent wait waitretry warc-dedup warc-file warc-header warc-max-size warc-tempdir""".split()  # noqa: SIM905 - a list would take 70 lines
    ),
    pairs=frozenset({"nv", "nc", "nd", "nH", "np"}),
)


def read_wget(words: Sequence[str], context: Context) -> Found:
    """What `words`, a wget command, ask and what makes them ask over HTTPS."""
    found = Found(programs=("wget",))
    arguments = read(words, SYNTAX)
    anchor = None
    for argument in arguments:
        if not argument.name:
            seen = look_at_operand(words, argument, context)
            if anchor is None and seen.own:
                anchor = argument.word
            found += seen
    if anchor is not None:
        return found + _trust({argument.name for argument in arguments}, anchor, context)
    if found.refusals or found.others:
        return found
    return found + Found(silent=("wget asks no address of this service over HTTP",))


def _trust(names: set[str], anchor: int, context: Context) -> Found:
    """The flags that are missing, before item `anchor`."""
    if "no-check-certificate" in names:
        notes = ("wget has --no-check-certificate already: it goes on without checking the certificate",)
        return Found(notes=notes if context.trust.verifies else ())
    if context.trust is Trust.INSECURE:
        if "ca-certificate" in names:
            return Found()
        return Found(edits=(InsertWord(anchor, "--no-check-certificate"),))
    if context.wget is not Wget.GNU:
        which = "BusyBox wget cannot" if context.wget is Wget.BUSYBOX else "wget may be BusyBox's, which cannot"
        return Found(refusals=(f"{which} check a certificate against a CA of one's own",))
    return _verifying(names, anchor, context)


def _verifying(names: set[str], anchor: int, context: Context) -> Found:
    flags: list[str] = []
    if not names & {"ca-certificate", "ca-directory"}:
        flags.append(f"--ca-certificate={context.paths.ca}")
    if context.trust is Trust.MUTUAL and "certificate" not in names:
        flags += (f"--certificate={context.paths.cert}", f"--private-key={context.paths.key}")
    return Found(edits=tuple(InsertWord(anchor, flag) for flag in flags))
