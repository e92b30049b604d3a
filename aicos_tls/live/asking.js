// Asks servers what they speak, with Node: the same questions and answers as asking.py, whose page describes them.
'use strict'
const net = require('net'), tls = require('tls')
const WANTS_TLS = /https|\bTLS\b|\bSSL\b/i, GIVEN = /^HTTP\/[\d.]+ 2/
const CODES = {  // OpenSSL's numbers (x509_vfy.h), as Python tells them
  UNABLE_TO_GET_ISSUER_CERT: 2, CERT_NOT_YET_VALID: 9, CERT_HAS_EXPIRED: 10, DEPTH_ZERO_SELF_SIGNED_CERT: 18,
  SELF_SIGNED_CERT_IN_CHAIN: 19, UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 20, UNABLE_TO_VERIFY_LEAF_SIGNATURE: 21,
  ERR_TLS_CERT_ALTNAME_INVALID: 62
}
const PHRASES = { ECONNREFUSED: 'Connection refused', ECONNRESET: 'Connection reset by peer',
  EHOSTUNREACH: 'No route to host', ENETUNREACH: 'Network is unreachable', ETIMEDOUT: 'no answer in time' }
const reason = error => PHRASES[error.code] || error.reason || error.message

const limited = (socket, seconds, done) => {
  const clock = setTimeout(() => { socket.destroy(); done(Object.assign(new Error(), { code: 'ETIMEDOUT' })) }, seconds * 1000)
  return () => clearTimeout(clock)
}

const reach = q => new Promise(resolve => {
  const socket = net.connect(q.port, q.address)
  const stop = limited(socket, q.timeout, error => resolve(reason(error)))
  socket.on('connect', () => { stop(); socket.destroy(); resolve('') })
  socket.on('error', error => { stop(); resolve(reason(error)) })
})

const plain = q => new Promise(resolve => {
  const found = { status: '', hint: false, from: 0 }
  const socket = net.connect(q.port, q.address)
  let data = ''
  const end = () => {
    stop(); socket.destroy()
    if (data.startsWith('HTTP/')) {
      found.status = data.split('\r\n', 1)[0].slice(0, 80)
      found.hint = WANTS_TLS.test(data) && !GIVEN.test(data)
    }
    resolve(found)
  }
  const stop = limited(socket, q.timeout, end)
  socket.setEncoding('latin1')
  socket.on('connect', () => {
    found.from = socket.localPort
    socket.write(`GET / HTTP/1.1\r\nHost: ${q.names[0] || q.address}\r\nConnection: close\r\n\r\n`)
  })
  socket.on('data', more => { data += more; if (data.length >= 4096) end() })
  socket.on('error', end)
  socket.on('close', end)
})

const handshake = (q, name, options) => new Promise((resolve, reject) => {
  const named = net.isIP(name) ? {} : { servername: name }
  const socket = tls.connect({ host: q.address, port: q.port, ...named, ...options })
  const stop = limited(socket, q.timeout, reject)
  socket.on('secureConnect', () => {
    stop()
    const leaf = socket.getPeerCertificate().raw
    resolve({ version: socket.getProtocol(), cipher: socket.getCipher().standardName || socket.getCipher().name,
      leaf: leaf ? leaf.toString('base64') : '' })
    socket.destroy()
  })
  socket.on('error', error => { stop(); reject(error) })
})

const asClient = async (q, name) => {
  let found
  try {
    found = await handshake(q, name, { rejectUnauthorized: false, minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' })
  } catch (error) {
    return { version: '', cipher: '', leaf: '', code: 0, error: '', handshake: reason(error) }
  }
  Object.assign(found, { code: 0, error: '', handshake: '' })
  if (!q.ca) return found
  const named = (_, certificate) => tls.checkServerIdentity(name, certificate)
  try {
    await handshake(q, name, { rejectUnauthorized: true, ca: q.ca, checkServerIdentity: named })
  } catch (error) {
    Object.assign(found, { code: CODES[error.code] || -1, error: reason(error) })
  }
  return found
}

const stranger = async q => {
  const found = { accepted: false, error: '', roots: tls.rootCertificates.length, knows: false }
  try {
    await handshake(q, q.names[0], { rejectUnauthorized: true, ca: tls.rootCertificates, checkServerIdentity: () => undefined })
    found.accepted = true
  } catch (error) {
    found.error = reason(error)
  }
  return found
}

const ask = async q => {
  const answer = { connect: await reach(q), plain: {}, names: {}, stranger: {} }
  if (answer.connect) return answer
  if (q.only !== 'https') answer.plain = await plain(q)
  if (q.only === 'http') return answer
  for (const name of q.names) answer.names[name] = await asClient(q, name)
  if (!q.only && Object.values(answer.names).some(found => !found.handshake)) answer.stranger = await stranger(q)
  return answer
}

let input = ''
process.stdin.on('data', more => { input += more })
process.stdin.on('end', async () => process.stdout.write(JSON.stringify(await Promise.all(JSON.parse(input).map(ask)))))
