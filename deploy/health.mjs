// Asks the engine of this container for its health: exit code 0 where /health says 200, for HEALTHCHECK and probes.

import http from 'node:http';
import https from 'node:https';

const { MILLRACE_PORT = '9002', MILLRACE_TLS_CERT } = process.env;
const isSecure = MILLRACE_TLS_CERT !== undefined && MILLRACE_TLS_CERT !== '';
// The certificate names the outside; this asks the port beside it, and believes nothing but the status.
const options = { host: '127.0.0.1', port: MILLRACE_PORT, path: '/health', timeout: 2_000, rejectUnauthorized: false };
const request = (isSecure ? https : http).get(options, (answer) => {
  answer.resume();
  answer.once('end', () => {
    process.exitCode = answer.statusCode === 200 ? 0 : 1;
  });
});
request.once('timeout', () => request.destroy(new Error('no answer in 2 s')));
request.once('error', (error) => {
  process.stderr.write(`millrace: /health: ${error.message}\n`);
  process.exitCode = 1;
});
