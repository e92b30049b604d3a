"""`aicos-tls certs …`: the group; each command is in the module that has its name, in a function `command`.

To add one: write `aicos_tls/cli/certs/<name>.py` (`_` for a hyphen) with `command`, and give it a line in `COMMANDS`.
"""

import typer

from aicos_tls.cli.loading import OnDemand

COMMANDS = {
    "issue": "Issue what is missing or expired.",
    "renew": "Renew what is due: the pair at once, hooks before and after, who has to reload.",
    "rotate-ca": "Replace the CA without an outage, step by step.",
    "list": "List certificates with names and expiry dates.",
    "show": "Show everything about one certificate.",
    "check": "Exit 1 when a certificate expires soon or does not do its work.",
    "status": "Compare what is on the disk with what is served.",
    "metrics": "Give the dates of all certificates to Prometheus.",
    "revoke": "Put the certificates of a service on the CA's revocation list.",
    "crl": "Make the next revocation list; say who can check it.",
    "backup": "Save all certificates and keys in one file.",
    "restore": "Put the certificates of a backup back.",
    "prune": "List, or remove, certificates of no service.",
}
"""Each command with its line of the help."""


class _Commands(OnDemand):
    package = "aicos_tls.cli.certs"
    function = "command"
    lines = COMMANDS


certs = typer.Typer(cls=_Commands, help="Make and list certificates.", no_args_is_help=True, rich_markup_mode=None)
