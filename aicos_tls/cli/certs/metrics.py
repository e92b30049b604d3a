"""`aicos-tls certs metrics`."""

import os
import threading
import time
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aicos_tls.cli import output
from aicos_tls.cli.errors import DONE, say
from aicos_tls.cli.options import Color, ColorOption, Files, OutsideCertsDir, Quiet, now, policy_flags

if TYPE_CHECKING:
    from aicos_tls.commands.certificates.metrics import Latest

FRESH = 15.0
"""Seconds for which the figures of a look are given to whoever asks: several scrapers make one look."""


class Part(str, Enum):
    """What `--print` prints."""

    RULES = "rules"
    DASHBOARD = "dashboard"


def command(
    *,
    textfile: Annotated[
        Path | None, typer.Option("--textfile", metavar="FILE", help="Write them to a file, for node_exporter.")
    ] = None,
    listen: Annotated[
        str,
        typer.Option(
            "--listen", metavar="[HOST:]PORT", help="Serve them over HTTP; the host is 127.0.0.1 if not given."
        ),
    ] = "",
    part: Annotated[
        Part | None, typer.Option("--print", help="rules: alert rules for Prometheus; dashboard: one for Grafana.")
    ] = None,
    served: Annotated[
        bool, typer.Option("--served/--no-served", help="Ask the running containers what they serve, too.")
    ] = True,
    project_name: Annotated[
        str, typer.Option("--project-name", "-p", metavar="NAME", help="Name under which docker compose runs it.")
    ] = "",
    timeout: Annotated[float, typer.Option(metavar="SECONDS", min=0.1, help="For each connection.")] = 5,
    file: Files = None,
    certs_dir: OutsideCertsDir = None,
    quiet: Quiet = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Give the dates of all certificates to Prometheus: those of files, and those that are served.

    \b
    aicos-tls certs metrics                                   what there is
    aicos-tls certs metrics --textfile /var/lib/prometheus/node-exporter/aicos-tls.prom
    aicos-tls certs metrics --listen 9119                     http://127.0.0.1:9119/metrics
    aicos-tls certs metrics --print rules > aicos-tls.rules.yml
    """  # noqa: D301
    from aicos_tls.commands.certificates import metrics
    from aicos_tls.commands.certificates.served import Options

    del color  # there is none in what programs read
    if part is not None:
        if not quiet:
            output.show(metrics.monitoring(part.value))
        return DONE
    if textfile is not None and listen:
        raise typer.BadParameter("--textfile and --listen: one of them.")
    address = _address(listen) if listen else None
    options = Options(project_name, timeout) if served else None

    def look() -> tuple[metrics.Sample, ...]:
        flags = policy_flags(certs_dir=certs_dir)
        return metrics.collect(file or [], flags, options, now=now(), environment=os.environ)

    if address is not None:
        return _serve(metrics.Latest(look, say, age=FRESH, clock=time.monotonic), address, quiet=quiet)
    from aicos_tls.report.metrics import text

    data = text(look())
    if textfile is not None:
        from aicos_tls import disk

        disk.put(textfile, data, 0o644, replace=True)
    elif not quiet:
        output.show(data.decode())
    return DONE


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    number = int(port) if port.isascii() and port.isdecimal() and len(port) <= len("65535") else -1
    if not 0 <= number <= 65_535:  # noqa: PLR2004 - ports have 16 bits
        raise typer.BadParameter(f"'{text}' is no address: write PORT or HOST:PORT.")
    return host.strip("[]") or "127.0.0.1", number


def _serve(samples: "Latest", address: tuple[str, int], *, quiet: bool) -> int:
    """Serve until the process is told to stop, which is no failure."""
    from prometheus_client import start_http_server

    from aicos_tls.errors import TlsError
    from aicos_tls.report.metrics import registry

    host, port = address
    samples()  # what is wrong with the project is said now, not when somebody asks
    try:
        server, _ = start_http_server(port, host, registry(samples))
    except OSError as error:
        raise TlsError(f"cannot listen at {host}:{port}: {error.strerror}", hint="choose another port") from None
    try:
        if not quiet:
            output.show(f"http://{host}:{server.server_port}/metrics\n")
        threading.Event().wait()
    except KeyboardInterrupt:
        pass  # that is how it ends
    finally:
        server.shutdown()
        server.server_close()
    return DONE
