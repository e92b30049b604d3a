"""The program: its name, its commands, its exit code.

To add a command: write `aicos_tls/cli/<name>.py` with a function `<name>`, or with a `typer.Typer` of that name for
one that has commands of its own, and give it a line in `COMMANDS`. The module is imported when somebody types it.
"""

from collections.abc import Sequence
from typing import Annotated

import typer

from aicos_tls.cli import output
from aicos_tls.cli.errors import DONE
from aicos_tls.cli.loading import OnDemand

COMMANDS = {
    "enable": "Encrypt the connections between the services of a compose file.",
    "rollback": "Take the last `enable` back.",
    "explain": "Explain a rule or a service.",
    "certs": "Make and list certificates.",
    "code": "Look at the code that serves and asks.",
    "doctor": "Find what is wrong with an enabled project.",
    "learn": "See on the networks of the running stack who asks whom.",
    "verify": "Prove on the running containers that connections are encrypted.",
}
"""Each command with its line of the help; a group's own help says the same."""


class _Commands(OnDemand):
    lines = COMMANDS


app = typer.Typer(
    name="aicos-tls",
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def run(arguments: Sequence[str]) -> int:
    """Run the application and return its exit code; usage errors are 2, as everywhere."""
    try:
        result = app(list(arguments), standalone_mode=False)
    except typer.Exit as stop:
        return int(stop.exit_code)
    except Exception as error:
        code = output.usage_error(error)
        if code is None:
            raise
        return code
    return result if isinstance(result, int) else DONE


def _version(value: bool) -> None:  # noqa: FBT001 - typer's callback signature
    if value:
        from aicos_tls import __version__

        typer.echo(f"aicos-tls {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Encrypt every connection between the containers of a docker-compose.yml, reviewably and reversibly.

    \b
    aicos-tls enable docker-compose.yml --dry-run    the diff, nothing written
    aicos-tls enable docker-compose.yml              certificates, patched file, rollback patch
    aicos-tls rollback                               the bytes from before
    """  # noqa: D301 - \b keeps the lines apart in the help
