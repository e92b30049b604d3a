// Serves HTTPS when TLS_ENABLED=true, else HTTP.
const fs = require('fs'), http = require('http'), https = require('https')
const { PORT, TLS_ENABLED, TLS_CERT_PATH = '/app/certs' } = process.env
const answer = (request, response) => {
  response.setHeader('Content-Type', 'application/json')
  response.end('{"status":"ok","service":"quotes"}')
}
if (TLS_ENABLED === 'true') {
  const files = { cert: fs.readFileSync(`${TLS_CERT_PATH}/quotes-cert.pem`), key: fs.readFileSync(`${TLS_CERT_PATH}/quotes-key.pem`) }
  https.createServer(files, answer).listen(PORT, () => console.log(`HTTPS server listening on port ${PORT}`))
} else {
  http.createServer(answer).listen(PORT, () => console.log(`HTTP server listening on port ${PORT}`))
}
process.on('SIGTERM', () => process.exit(0))
