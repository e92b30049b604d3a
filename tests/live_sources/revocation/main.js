// A server or a client that checks a revocation list: main.js server|client CERTS PORT
const fs = require('fs');
const https = require('https');

const [role, certs, port] = process.argv.slice(2);
const read = (name) => fs.readFileSync(`${certs}/${name}`);
const trusted = { ca: read('ca-cert.pem'), crl: read('ca-crl.pem') };

if (role === 'client') {
  https
    .get(`https://127.0.0.1:${port}/`, { agent: new https.Agent(trusted) }, (answer) => {
      console.log(answer.statusCode);
      answer.resume();
    })
    .on('error', (error) => {
      console.log(error.message);
      process.exitCode = 1;
    });
} else {
  const own = { key: read('api-key.pem'), cert: read('api-cert.pem'), requestCert: true };
  https.createServer({ ...own, ...trusted }, (_, answer) => answer.end('ok')).listen(port, '127.0.0.1');
}
