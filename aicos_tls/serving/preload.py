"""`preload`: a small file that Node or Python loads before the application, and the variables that it is told by.

What the files do is said in `templates/runtime/`. The list of ports is needed so that a metrics server beside the
application is not wrapped by surprise. Plain HTTP that comes from the container itself is answered: programs ask
themselves at `http://localhost:PORT`, and no other container can.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.serving.model import How, Merge, Needs, Option, Setting
from aicos_tls.serving.runtime import DIRECTORY, NODE, PYTHON, runtime_files

if TYPE_CHECKING:
    from aicos_tls.serving.model import Place
    from aicos_tls.sources.status import ServiceStatus

_SOURCE = "templates/runtime; tried with the programs of tests/live_sources/test_runtime_*.py"

_UNREACHED = {
    "gunicorn": "gunicorn has a variable for it, and its own workers accept by themselves",
    "granian": "granian is no Python server inside; it has variables for it",
    "daphne": "daphne (Twisted) accepts by itself",
    "waitress-serve": "waitress cannot be made to speak TLS from outside",
    "uwsgi": "uWSGI is no Python server inside",
}
"""Python programs that the file is not relied on for; only gunicorn with uvicorn's worker was tried, and is reached."""


def preload(status: ServiceStatus, place: Place, ports: tuple[int, ...], *, healthcheck_stays: bool) -> Option | str:
    """The option, or the reason why there is none."""
    if status.runtime not in {"Node", "Python"}:
        return f"{status.runtime or 'what it runs on'} loads no file before the application"
    if reason := _unreached(status):
        return reason
    settings = [
        Setting("TLS_ENABLED", "true"),
        Setting("TLS_CERT_PATH", place.mount_path),
        Setting("TLS_CERT_NAME", place.short_name),
        Setting("TLS_PORTS", ",".join(map(str, ports))),
        Setting("TLS_PLAIN_LOOPBACK", "true"),
        *_loading(status.runtime, place),
    ]
    files = runtime_files(NODE if status.runtime == "Node" else PYTHON)
    evidence = status.evidence[0] if status.evidence else None
    return Option(
        How.PRELOAD,
        f"{status.runtime}: {evidence.what}" if evidence else status.runtime,
        evidence.where if evidence else None,
        Needs(tuple(settings), files=files, healthcheck_stays=healthcheck_stays),
        source=_SOURCE,
        tried=True,
        renews=True,
        note="plain HTTP is answered within the container only; what it prints when it starts still says http",
        ports=ports,
        asks_port=not ports,
    )


def _loading(runtime: str, place: Place) -> tuple[Setting, ...]:
    """What makes the runtime load the file, and its clients trust the CA (Node CLI documentation; Python: site)."""
    directory = f"{place.mount_path}/{DIRECTORY}"
    if runtime == "Node":
        return (
            Setting("NODE_OPTIONS", f"--require {directory}/node/preload.cjs", Merge.WORDS),
            Setting("NODE_EXTRA_CA_CERTS", place.ca, Merge.BUNDLE),
        )
    return (Setting("PYTHONPATH", f"{directory}/python", Merge.PATHS),)


def _unreached(status: ServiceStatus) -> str:
    start = status.start
    if start is None or status.runtime != "Python":
        return ""
    if isolated := next((word for word in start.words if word in {"-I", "-E"}), ""):
        return f"python {isolated} ignores PYTHONPATH"
    module = start.words[2] if start.words[1:2] == ("-m",) else ""
    return _UNREACHED.get(module or start.program, "")
