"""Connections of servers: refused without a traceback, closed as TLS asks for, and plain on loopback where allowed."""

import socket
import ssl

from aicos_tls_runtime import PLAIN_LOOPBACK, is_loopback

HANDSHAKE = b"\x16"  # the first byte that a TLS client sends (RFC 8446, section 5.1)
PATIENCE = 10.0  # seconds that a client has for its handshake


class ServerSocket(ssl.SSLSocket):
    """A socket whose handshake is made by the first read, in the thread that serves the connection.

    A client that fails is one that sends nothing: the server closes the connection as it would any other.
    """

    _looked = not PLAIN_LOOPBACK
    _begun = _refused = _received = False

    def do_handshake(self, block=False):
        """Shake hands, unless the client is allowed to speak plain HTTP and does."""
        if self._looked or not self._is_plain():
            super().do_handshake(block)
        self._begun = True

    def _is_plain(self):
        if not is_loopback(self.getpeername()):
            return False
        try:
            first = socket.socket.recv(self, 1, socket.MSG_PEEK)
        except BlockingIOError:
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "nothing was sent yet") from None
        self._looked = True
        if first in (b"", HANDSHAKE):
            return False
        self._sslobj = None  # every method then does what that of a plain socket does
        return True

    def _begin(self):
        """Make the handshake; whether there is somebody to read from."""
        timeout = self.gettimeout()
        if not self._begun and not self._refused and timeout != 0:
            try:
                self.settimeout(PATIENCE)
                self.do_handshake()
                self.settimeout(timeout)
            except (OSError, ValueError):
                self._refused = True
        return not self._refused

    def recv(self, buflen=1024, flags=0):
        """Read; nothing from a client that was refused."""
        return self._first(super().recv, b"", buflen, flags)

    def recv_into(self, buffer, nbytes=None, flags=0):
        """Read into a buffer; nothing from a client that was refused."""
        return self._first(super().recv_into, 0, buffer, nbytes, flags)

    def _first(self, read, nothing, *args):
        """Read. Who goes away after the handshake leaves what TLS 1.3 sends then (tickets), which makes it a reset."""
        if not self._begun and not self._begin():
            return nothing
        try:
            found = read(*args)
        except ConnectionError:
            if self._received:
                raise
            return nothing
        self._received = True
        return found

    def getpeercert(self, binary_form=False):
        """The certificate of the client: there is none in plain HTTP."""
        return None if self._sslobj is None else super().getpeercert(binary_form)

    def shutdown(self, how):
        """Tell the client that this is the end of the data (close_notify), then shut down."""
        if self._sslobj is not None and self._begun:
            try:
                self.settimeout(0)
                self._sslobj.shutdown()
            except (OSError, ValueError):
                pass  # it was told, or is gone
        super().shutdown(how)


class _Plain:
    """What stands for the inner object of a connection without TLS: bytes go through as they are."""

    def __init__(self, incoming, outgoing):
        self._incoming = incoming
        self.write = outgoing.write

    def read(self, size=1024, buffer=None):
        data = self._incoming.read(size if buffer is None or size > 0 else len(buffer))
        if not data and not self._incoming.eof:
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "nothing was sent yet")
        if buffer is None:
            return data
        buffer[: len(data)] = data
        return len(data)

    def pending(self):
        return self._incoming.pending

    def __getattr__(self, name):
        """Everything else that can be asked (cipher, version, …) has no answer."""
        return lambda *_: None


class ObjectOrPlain(ssl.SSLObject):
    """The TLS of an event loop, unless the first byte is none of TLS. Who may do that, `servers` looks after."""

    _incoming = _outgoing = None

    def keep(self, incoming, outgoing):
        """The two ends that it was made for."""
        self._incoming, self._outgoing = incoming, outgoing

    def do_handshake(self):
        """Look at the first byte, then go on."""
        if self._incoming is not None and self._incoming.pending:
            data = self._incoming.read()
            self._incoming.write(data)
            if data[:1] != HANDSHAKE:
                self._sslobj = _Plain(self._incoming, self._outgoing)
            self._incoming = None
        super().do_handshake()

    def is_plain(self):
        """Whether there is no TLS in it."""
        return isinstance(self._sslobj, _Plain)
