"""What `sitecustomize` needs once a program imports a server or a TLS client. Settings are described there."""

import os
import sys


def say(words):
    """One line on stderr."""
    if sys.stderr is not None:
        sys.stderr.write("aicos-tls: %s\n" % words)


def path(name):
    """The path of a file in the directory of the certificates."""
    return os.path.join(os.environ.get("TLS_CERT_PATH") or "/app/certs", name)


def is_loopback(address):
    """Whether a socket's address, or the host of it, is this container itself."""
    host = address[0] if isinstance(address, tuple) else address
    host = str(host or "")
    return host == "::1" or host.startswith(("127.", "::ffff:127."))


def setting(name):
    """A switch as the environment has it, to be compared."""
    return os.environ.get(name, "").strip().lower()


PORTS = frozenset(int(port) for port in os.environ.get("TLS_PORTS", "").split(",") if port.strip().isdigit())
REQUIRED = setting("TLS_REQUIRED") not in ("0", "false", "no", "off")
PLAIN_LOOPBACK = setting("TLS_PLAIN_LOOPBACK") in ("1", "on", "true", "yes")
