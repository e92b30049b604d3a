"""`aicos-tls certs revoke`."""

import os
from enum import Enum
from typing import Annotated

import typer

from aicos_tls.cli import output
from aicos_tls.cli.errors import DONE
from aicos_tls.cli.options import (
    Color,
    ColorOption,
    DataFormatOption,
    Files,
    Format,
    OutsideCertsDir,
    Quiet,
    now,
    policy_flags,
)


class ReasonName(str, Enum):
    """Reasons, as RFC 5280 has them."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "key-compromise"
    AFFILIATION_CHANGED = "affiliation-changed"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessation-of-operation"
    PRIVILEGE_WITHDRAWN = "privilege-withdrawn"


def command(
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="The service, by its name or short name.")],
    *,
    reason: Annotated[
        ReasonName, typer.Option("--reason", help="Why: key-compromise, superseded, …")
    ] = ReasonName.UNSPECIFIED,
    serial: Annotated[
        str, typer.Option("--serial", metavar="HEX", help="A certificate that it had before, by its number.")
    ] = "",
    file: Files = None,
    certs_dir: OutsideCertsDir = None,
    form: DataFormatOption = Format.TEXT,
    quiet: Quiet = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Put the certificates of a service on the CA's revocation list (certs/ca-crl.pem).

    Who checks the list refuses the service from its next reload on, until it has a new certificate; who does not check
    it (`aicos-tls certs crl --who`) notices nothing. With certificates of a day none of this is needed: what is not
    renewed is over tomorrow, for everybody.

    \b
    aicos-tls certs revoke backend --reason key-compromise
    aicos-tls certs issue backend --force                     then: a new key and certificate
    """  # noqa: D301
    from aicos_tls.commands.certificates.revoking import Asked
    from aicos_tls.commands.certificates.revoking import revoke as revoking
    from aicos_tls.pki.revocation import Reason
    from aicos_tls.report import revoked as report

    asked = Asked(service, Reason(reason.value), _number(serial) if serial else None)
    result = revoking(file or [], asked, policy_flags(certs_dir=certs_dir), now=now(), environment=os.environ)
    if not quiet:
        json = form is Format.JSON
        output.show(report.as_json("certs revoke", result) if json else report.text(result, output.style(color, form)))
    return DONE


_BITS = 160
"""No serial number has more (RFC 5280, 4.1.2.2)."""


def _number(text: str) -> int:
    try:
        found = int(text.replace(":", ""), 16)
    except ValueError:
        found = 0
    if not 0 < found < 1 << _BITS:
        raise typer.BadParameter(f"'{text}' is no serial number: hexadecimal digits, as `certs show` prints them.")
    return found
