// oidc-provider: access tokens for APIs by client credentials, ID tokens by the backchannel grant,
// which needs no browser. Each algorithm has its own client, named after it.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider, interactionPolicy } from 'oidc-provider';

import { serve } from './lines.mjs';

const ALGORITHMS = [
  'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'EdDSA', 'Ed25519', 'ES512', 'HS256',
];
const SECRET = 'a secret that every test of this issuer knows';
const CIBA = 'urn:openid:params:grant-type:ciba';

const privateKey = (kid, ...parameters) => ({
  ...generateKeyPairSync(...parameters).privateKey.export({ format: 'jwk' }),
  kid,
});

// Without `alg`, so that each key may be for any algorithm of its type.
const generation = (number) => [
  privateKey(`rsa-${number}`, 'rsa', { modulusLength: 2048 }),
  privateKey(`p256-${number}`, 'ec', { namedCurve: 'P-256' }),
  privateKey(`p384-${number}`, 'ec', { namedCurve: 'P-384' }),
  privateKey(`p521-${number}`, 'ec', { namedCurve: 'P-521' }),
  privateKey(`ed25519-${number}`, 'ed25519'),
];

// The audience of an access token names the algorithm: `https://api.example.com/ES384`.
const apiOf = (resource) => {
  const alg = new URL(resource).pathname.slice(1);
  return {
    scope: 'read:messages',
    audience: 'https://api.example.com/',
    accessTokenFormat: 'jwt',
    jwt: { sign: alg === 'HS256' ? { alg, key: Buffer.from(SECRET) } : { alg } },
  };
};

let provider;

// The user consents at once.
async function authenticate(ctx, request, account) {
  const grant = new provider.Grant({ clientId: request.clientId, accountId: account.accountId });
  grant.addOIDCScope('openid');
  await grant.save();
  await provider.backchannelResult(request, grant, { acr: undefined });
}

const providerWith = (issuer, keys) => new Provider(issuer, {
  jwks: { keys },
  enabledJWA: { idTokenSigningAlgValues: ALGORITHMS },
  clients: ALGORITHMS.map((alg) => ({
    client_id: alg,
    client_secret: SECRET,
    grant_types: ['client_credentials', CIBA],
    response_types: [],
    redirect_uris: [],
    backchannel_token_delivery_mode: 'poll',
    id_token_signed_response_alg: alg,
  })),
  scopes: ['openid', 'read:messages'],
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  interactions: { policy: interactionPolicy.base() },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: { enabled: true, getResourceServerInfo: (ctx, resource) => apiOf(resource) },
    ciba: {
      enabled: true,
      deliveryModes: ['poll'],
      processLoginHint: (ctx, hint) => hint,
      validateRequestContext: () => {},
      validateBindingMessage: () => {},
      verifyUserCode: () => {},
      triggerAuthenticationDevice: authenticate,
    },
  },
});

// Mounted below a path, as in an application that also serves other things.
const MOUNT = '/oidc';
const server = createServer((request, response) => {
  request.originalUrl = request.url;
  request.url = request.url.replace(MOUNT, '');
  provider.callback()(request, response);
});
await new Promise((listening) => { server.listen(0, '127.0.0.1', listening); });
const issuer = `http://127.0.0.1:${server.address().port}${MOUNT}`;

let number = 1;
let keys = generation(number);
const restart = () => { provider = providerWith(issuer, keys); };
restart();

await serve({ issuer, secret: SECRET }, {
  // The first suitable key signs.
  rotate: () => {
    number += 1;
    keys = [...generation(number), ...keys];
    restart();
    return {};
  },
  // Stops publishing the keys of former generations.
  retire: () => {
    keys = keys.filter(({ kid }) => kid.endsWith(`-${number}`));
    restart();
    return {};
  },
});
