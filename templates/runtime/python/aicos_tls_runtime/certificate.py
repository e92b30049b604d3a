"""The context that a server answers with: its certificate is read when it is needed, and again when the files changed.

A context that is in use is never changed. The one that a server gets has no certificate of its own: each handshake
takes the newest one by the callback for server names, which OpenSSL calls whether or not a name was sent. While there
is none, every handshake is refused.
"""

import os
import ssl
import threading
import time

from aicos_tls_runtime import PLAIN_LOOPBACK, REQUIRED, path, say
from aicos_tls_runtime.sockets import ObjectOrPlain, ServerSocket

CHECK_EVERY = 1.0  # seconds between two looks at the certificate files


class ServerContext(ssl.SSLContext):
    """A context of ours: for servers, TLS 1.2 or newer."""

    sslsocket_class = ServerSocket
    plain_loopback = PLAIN_LOOPBACK

    def wrap_bio(self, incoming, outgoing, *args, **options):
        """As every context does; on loopback the client may turn out to speak plain HTTP."""
        wrapped = super().wrap_bio(incoming, outgoing, *args, **options)
        if isinstance(wrapped, ObjectOrPlain):
            wrapped.keep(incoming, outgoing)
        return wrapped


if PLAIN_LOOPBACK:
    ServerContext.sslobject_class = ObjectOrPlain


class Certificate:
    """The newest context of one server, for the protocols that it speaks inside TLS."""

    def __init__(self, protocols):
        self._protocols = protocols
        self._context = None
        self._state = None
        self._problem = self._said = ""
        self._checked = -CHECK_EVERY
        self._lock = threading.Lock()

    def empty(self):
        """A context without a certificate."""
        context = ServerContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(self._protocols)
        return context

    def current(self):
        """The context with the newest certificate; None while there has been none."""
        with self._lock:
            now = time.monotonic()
            if now - self._checked >= CHECK_EVERY:
                self._checked = now
                self._look()
            return self._context

    def _look(self):
        try:
            name = _name()
            files = _pair(name)
            state = [(s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns) for s in map(os.stat, files)]
            if state != self._state:
                self._context = self._loaded(*files)
                self._state = state
            self._problem = self._said = ""
        except (OSError, ValueError) as error:
            self._complain(str(error))

    def _loaded(self, certificate, key):
        for name in (certificate, key):
            with open(name, "rb"):
                pass  # an error that names the file; the one of load_cert_chain does not
        try:
            context = self.empty()
            context.load_cert_chain(certificate, key)
        except ssl.SSLError as error:
            raise ValueError("%s and its key: %s" % (certificate, error)) from error
        return context

    def _complain(self, problem):
        """Say each problem once.

        The two files of a renewal do not come at the same instant: while there is a certificate, a problem has to last
        until the next look.
        """
        lasting = self._problem == problem
        self._problem = problem
        if self._said == problem or (self._context is not None and not lasting):
            return
        self._said = problem
        then = "nobody is answered until it can" if REQUIRED else "plain HTTP is served"
        if self._context is not None:
            then = "the one from before stays"
        say("the certificate cannot be used: %s: %s" % (problem, then))


def _pair(name):
    """Certificate and key of one renewal: names that are links lead to a directory that has both."""
    real = os.path.realpath(path(name + "-cert.pem"))
    key = os.path.join(os.path.dirname(real), name + "-key.pem")
    return [real, key] if os.path.exists(key) else [path(name + "-cert.pem"), path(name + "-key.pem")]


def _name():
    name = os.environ.get("TLS_CERT_NAME")
    if not name:
        raise ValueError("TLS_CERT_NAME is not set")
    return name


def server_context(protocols=("http/1.1",)):
    """A context for a server; None when it is to serve plain HTTP because there is no certificate."""
    certificate = Certificate(list(protocols))
    if certificate.current() is None and not REQUIRED:
        return None
    context = certificate.empty()

    def newest(connection, _name, _context):
        found = certificate.current()
        if found is None:
            return ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE
        connection.context = found
        return None

    context.sni_callback = newest
    return context
