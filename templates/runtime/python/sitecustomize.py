"""HTTPS for a Python program that only knows HTTP: this file's directory first on PYTHONPATH.

TLS_ENABLED=true          switches it on; so do 1, on and yes, here and below
TLS_PORTS=8001,8002       the ports to serve TLS on; every other server is left alone
TLS_CERT_PATH             the directory of the certificates
TLS_CERT_NAME=nl-parser   the files are nl-parser-cert.pem and nl-parser-key.pem in it
TLS_PLAIN_LOOPBACK=true   accept plain HTTP as well, from this container itself only (for healthchecks)
TLS_REQUIRED=false        serve plain HTTP when the certificate cannot be read; otherwise such a port answers nobody
                          until it can be read

How: Python imports a module of this name when it starts. It notes which modules are to be changed a little once the
program imports them; `aicos_tls_runtime` beside this file does that, and is loaded only then. Clients trust the CA of
the project (ca-cert.pem) besides all public ones. A `sitecustomize` further down the path runs as well. Nothing here
may stop the program: whatever goes wrong is one line on stderr. Python 3.8 or newer.
"""

import os
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec

_HERE = os.path.dirname(os.path.realpath(__file__))

_SERVERS = {
    "asyncio.base_events": "asyncio_loop",
    "uvloop": "uvloop_loop",
    "socketserver": "http_server",
    "wsgiref.simple_server": "wsgiref_server",
    "werkzeug.serving": "werkzeug_server",
    "tornado.tcpserver": "tornado_server",
    "hypercorn.config": "hypercorn_config",
}
"""The function of `aicos_tls_runtime.servers` that changes a module after its import."""

_CLIENTS = {"ssl": "trust"}
"""The same of `aicos_tls_runtime.clients`."""


def _say(words):
    if sys.stderr is not None:
        sys.stderr.write("aicos-tls: %s\n" % words)


def _change(module, part, function):
    """Change a module that was imported. What fails is said, and the import stands."""
    try:
        if "aicos_tls_runtime" not in sys.modules:
            spec = PathFinder.find_spec("aicos_tls_runtime", [_HERE])
            sys.modules[spec.name] = runtime = module_from_spec(spec)
            spec.loader.exec_module(runtime)
        name = "aicos_tls_runtime." + part
        __import__(name)
        getattr(sys.modules[name], function)(module)
    except Exception as error:
        _say("%s has no TLS: %r" % (module.__name__, error))


class _Loader:
    """The loader of a module, which changes the module when it has run. All else is asked of the real one."""

    def __init__(self, loader, part, function):
        self._loader = loader
        self._how = part, function

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        _change(module, *self._how)


class _Finder:
    """Finds what the finders after it find, and gives it a loader that changes the module."""

    def __init__(self, changes):
        self._changes = changes

    def find_spec(self, name, path=None, target=None):
        if name not in self._changes:
            return None
        at = sys.meta_path.index(self)
        for finder in sys.meta_path[at + 1 :]:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                if hasattr(spec.loader, "exec_module"):
                    spec.loader = _Loader(spec.loader, *self._changes[name])
                return spec
        return None


def _install(environment):
    if environment.get("TLS_ENABLED", "").strip().lower() not in ("1", "on", "true", "yes"):
        return
    changes = {name: ("clients", function) for name, function in _CLIENTS.items()}
    if environment.get("TLS_PORTS"):
        changes.update((name, ("servers", function)) for name, function in _SERVERS.items())
    sys.meta_path.insert(0, _Finder(changes))
    for name, how in changes.items():
        if name in sys.modules:
            _change(sys.modules[name], *how)


def _next_one():
    """Run the `sitecustomize` that this one hides: Debian, ddtrace and others bring one. Its errors are its own."""
    paths = [os.path.realpath(path) for path in sys.path]
    after = sys.path[paths.index(_HERE) + 1 :] if _HERE in paths else []
    spec = PathFinder.find_spec("sitecustomize", [path for path in after if os.path.realpath(path) != _HERE])
    if spec is not None and spec.loader is not None:
        sys.modules["sitecustomize"] = module = module_from_spec(spec)
        spec.loader.exec_module(module)


if not hasattr(sys, "_aicos_tls"):
    sys._aicos_tls = True
    try:
        _install(os.environ)
    except Exception as error:
        _say("no TLS: %r" % (error,))
    _next_one()
