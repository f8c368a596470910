// oidc-provider as the issuer of bound access tokens: to a key, by DPoP (RFC 9449), or to a client's certificate,
// by TLS (RFC 8705). Its metadata and its token endpoint are on plain HTTP, and for certificates also on TLS.
import { randomBytes, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Provider } from 'oidc-provider';

import { serve } from './lines.mjs';

const SECRET = 'a secret that every test of this server knows';

const client = (client_id, settings) => ({
  client_id,
  client_secret: SECRET,
  grant_types: ['client_credentials'],
  response_types: [],
  redirect_uris: [],
  ...settings,
});

const settings = {
  clients: [
    client('dpop', { dpop_bound_access_tokens: true }),
    client('certificate', { tls_client_certificate_bound_access_tokens: true }),
    client('bearer', {}),
  ],
  enabledJWA: { dPoPSigningAlgValues: ['ES256', 'ES384', 'PS256', 'Ed25519', 'EdDSA'] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      getCertificate: (ctx) => {
        const { raw } = ctx.socket.getPeerCertificate?.() ?? {};
        return raw && new X509Certificate(raw).toString();
      },
    },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (ctx, resource) => ({
        scope: 'read:messages',
        audience: resource,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
};

let provider;
const answer = (request, response) => provider.callback()(request, response);
const listen = (server) => new Promise((listening) => {
  server.listen(0, '127.0.0.1', () => { listening(server.address().port); });
});

const beside = (name) => readFileSync(new URL(name, import.meta.url));
const tls = {
  cert: beside('loopback.pem'),
  key: beside('server-key.pem'),
  requestCert: true,
  rejectUnauthorized: false,
};
const issuer = `http://127.0.0.1:${await listen(createServer(answer))}`;
const tlsPort = await listen(createTlsServer(tls, answer));
provider = new Provider(issuer, settings);

await serve({ issuer, secret: SECRET, tls_token_endpoint: `https://127.0.0.1:${tlsPort}/token` }, {});
