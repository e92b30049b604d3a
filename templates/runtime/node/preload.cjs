'use strict';

// HTTPS for a Node program that only knows HTTP: NODE_OPTIONS=--require <this file>.
//
//   TLS_ENABLED=true          switches it on; so do 1, on and yes, here and below
//   TLS_PORTS=3001,3002       the ports to serve TLS on; every other server is left alone
//   TLS_CERT_PATH             the directory of the certificates
//   TLS_CERT_NAME=backend     the files are backend-cert.pem and backend-key.pem in it
//   TLS_PLAIN_LOOPBACK=true   accept plain HTTP as well, from this container itself only (for healthchecks)
//   TLS_REQUIRED=false        serve plain HTTP when the certificate cannot be read; otherwise such a port answers
//                             nobody until it can be read
//
// How: http.Server and the server of http2.createServer() get each connection by the event 'connection'. On the ports
// above the socket goes through a TLS handshake first, and the event comes with the encrypted socket. That is what
// https.Server does, so requests, upgrades and streams see what they would see there. Renewed files are noticed at
// the next connection. Nothing here may stop the program: whatever goes wrong is one line on stderr.

const CHECK_EVERY = 1000; // milliseconds between two looks at the certificate files
const PATIENCE = 10000; // milliseconds that a client has for its handshake
const HANDSHAKE = 0x16; // the first byte that a TLS client sends (RFC 8446, section 5.1)

function say(words) {
  try {
    process.stderr.write(`aicos-tls: ${words}\n`);
  } catch {
    // nobody listens
  }
}

function isOn(setting) {
  return /^(1|on|true|yes)$/i.test((setting || '').trim());
}

function isOff(setting) {
  return /^(0|false|no|off)$/i.test((setting || '').trim());
}

function isLoopback(address) {
  return /^(::ffff:)?127\.|^::1$/.test(address || '');
}

// The protocols that a server speaks inside TLS; null when it is no HTTP server, or one that has TLS already
function protocolsOf(server) {
  if (server instanceof require('http').Server) return ['http/1.1'];
  return server.constructor && server.constructor.name === 'Http2Server' ? ['h2'] : null;
}

// Tells the first byte that comes; it stays in the socket
function look(socket, then) {
  const end = () => socket.destroy();
  socket.once('error', end).setTimeout(PATIENCE, end);
  socket.once('readable', () => {
    const data = socket.read();
    socket.removeListener('error', end).removeListener('timeout', end).setTimeout(0);
    if (!data) {
      end();
    } else {
      socket.unshift(data);
      then(data[0]);
    }
  });
}

// Does the handshakes; the program's own server gets what comes out of them
function handshakes(server, options) {
  return require('tls')
    .createServer({ ...options, handshakeTimeout: PATIENCE })
    .on('secureConnection', (socket) => server.emit('connection', socket))
    .on('tlsClientError', (error, socket) => socket.destroy());
}

// Certificate and key of one renewal: names that are links lead to a directory that has both
function pairOf(directory, name) {
  const { dirname, join } = require('path');
  const { existsSync, realpathSync } = require('fs');
  const files = (place) => ['cert', 'key'].map((part) => join(place, `${name}-${part}.pem`));
  try {
    const real = files(dirname(realpathSync(join(directory, `${name}-cert.pem`))));
    if (real.every((path) => existsSync(path))) return real;
  } catch {
    // whoever reads them says what is missing
  }
  return files(directory);
}

// Path and state of the two files: it changes whenever one is written or replaced
function filesOf({ TLS_CERT_PATH: directory = '/app/certs', TLS_CERT_NAME: name }) {
  if (!name) throw new Error('TLS_CERT_NAME is not set');
  const paths = pairOf(directory, name);
  const states = paths.map((path) => {
    const { ino, size, mtimeMs, ctimeMs } = require('fs').statSync(path);
    return [ino, size, mtimeMs, ctimeMs].join(':');
  });
  return { paths, state: states.join(' ') };
}

// The certificate that a server answers with: read when it is needed, and again when its files have changed
class Certificate {
  constructor(environment, protocols) {
    this.environment = environment;
    this.protocols = protocols;
    this.required = !isOff(environment.TLS_REQUIRED);
    this.tls = null;
    this.state = '';
    this.problem = ''; // the one of the last look
    this.said = ''; // the one that was told
    this.checked = -Infinity;
  }

  // What does the handshakes with the newest certificate; null while there has been none
  current(server) {
    const now = Number(process.hrtime.bigint() / 1000000n);
    if (now - this.checked < CHECK_EVERY) return this.tls;
    this.checked = now;
    try {
      this.load(server, filesOf(this.environment));
      this.problem = this.said = '';
    } catch (error) {
      this.complain(error.message);
    }
    return this.tls;
  }

  load(server, { paths, state }) {
    if (state === this.state) return;
    const [cert, key] = paths.map((path) => require('fs').readFileSync(path));
    if (this.tls) this.tls.setSecureContext({ cert, key });
    else this.tls = handshakes(server, { cert, key, ALPNProtocols: this.protocols });
    this.state = state;
  }

  // Each problem once. The two files of a renewal do not come at the same instant: while there is a certificate, a
  // problem has to last until the next look.
  complain(problem) {
    const lasting = this.problem === problem;
    this.problem = problem;
    if (this.said === problem || (this.tls && !lasting)) return;
    this.said = problem;
    let then = 'plain HTTP is served';
    if (this.tls) then = 'the one from before stays';
    else if (this.required) then = 'nobody is answered until it can';
    say(`the certificate cannot be used: ${problem}: ${then}`);
  }
}

function install(environment) {
  const ports = new Set((environment.TLS_PORTS || '').split(',').map(Number).filter(Boolean));
  if (!isOn(environment.TLS_ENABLED) || !ports.size) return;
  const { EventEmitter } = require('events');
  const { Server, Socket } = require('net');
  const required = !isOff(environment.TLS_REQUIRED);
  const plainLoopback = isOn(environment.TLS_PLAIN_LOOPBACK);
  const certificates = new WeakMap(); // by server; null for one that is left alone
  const own = Object.prototype.hasOwnProperty.call(Server.prototype, 'emit') ? Server.prototype.emit : null;

  // What would have happened without this file; what the program throws there is its own affair
  function pass(server, args) {
    return Reflect.apply(own || EventEmitter.prototype.emit, server, args);
  }

  function certificateOf(server) {
    const address = server.address();
    const protocols = address && ports.has(address.port) ? protocolsOf(server) : null;
    if (!protocols) return null;
    const certificate = new Certificate(environment, protocols);
    return certificate.current(server) || required ? certificate : null;
  }

  function listening(server) {
    try {
      certificates.set(server, certificateOf(server));
    } catch (error) {
      say(`no TLS: ${error.message}`);
      certificates.set(server, required ? { current: () => null } : null);
    }
  }

  function connection(server, socket, args) {
    const certificate = certificates.get(server);
    if (!certificate || socket.encrypted || !(socket instanceof Socket)) return pass(server, args);
    const tls = certificate.current(server);
    if (!tls) {
      socket.destroy();
    } else if (plainLoopback && isLoopback(socket.remoteAddress)) {
      look(socket, (first) => (first === HANDSHAKE ? tls.emit('connection', socket) : pass(server, args)));
    } else {
      tls.emit('connection', socket);
    }
    return true;
  }

  Server.prototype.emit = function emit(...args) {
    if (args[0] === 'connection') return connection(this, args[1], args);
    if (args[0] === 'listening') listening(this);
    return pass(this, args);
  };
}

try {
  install(process.env);
} catch (error) {
  say(`no TLS: ${error.message}`);
}
