// A client on oauth4webapi: `node client.mjs ISSUER SECRET AUDIENCE ORIGIN ALGORITHM`. Gets a token that is bound to
// its key, calls the API with it, and sends again what an attacker could have captured. Prints what it saw.
import * as oauth from 'oauth4webapi';

const [, , issuer, secret, audience, origin, algorithm] = process.argv;
const insecure = { [oauth.allowInsecureRequests]: true };
const client = { client_id: 'dpop' };

const issuerUrl = new URL(issuer);
const discovery = await oauth.discoveryRequest(issuerUrl, insecure);
const server = await oauth.processDiscoveryResponse(issuerUrl, discovery);

const keyPair = await oauth.generateKeyPair(algorithm);
const DPoP = oauth.DPoP(client, keyPair);

// Every request to the API, with its fields, and the status of the answer.
const exchanges = [];
const recorded = async (url, options) => {
  const response = await fetch(url, options);
  exchanges.push({
    status: response.status,
    challenges: response.headers.get('www-authenticate'),
    nonce: response.headers.get('dpop-nonce'),
    headers: options.headers,
  });
  return response;
};

// Once more with the nonce that the first answer has named. RFC 9449 section 8.
async function retried(request) {
  try {
    return await request();
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return request();
  }
}

const tokens = await retried(async () => {
  const response = await oauth.clientCredentialsGrantRequest(
    server,
    client,
    oauth.ClientSecretBasic(secret),
    new URLSearchParams({ resource: audience, scope: 'read:messages' }),
    { DPoP, ...insecure },
  );
  return oauth.processClientCredentialsResponse(server, client, response);
});

const call = (method, path, retry = retried) => retry(() => oauth.protectedResourceRequest(
  tokens.access_token,
  method,
  new URL(path, origin),
  undefined,
  undefined,
  { DPoP, [oauth.customFetch]: recorded, ...insecure },
));

const first = await call('GET', '/api/v1/?page=2');
const greeting = await first.json();
const again = await call('GET', '/api/v1/?page=3', (request) => request());

// What a thief sends.
const stolen = async (path, change) => {
  const headers = new Headers(exchanges.at(-1).headers);
  change?.(headers);
  const response = await fetch(new URL(path, origin), { headers });
  return { status: response.status, challenge: response.headers.get('www-authenticate') };
};
const results = {
  type: tokens.token_type,
  token: tokens.access_token,
  greeting,
  again: again.status,
  exchanges: exchanges.map(({ status, challenges, nonce }) => ({ status, challenges, nonce: nonce !== null })),
  replayed: await stolen('/api/v1/?page=3'),
  elsewhere: await stolen('/api/v1/messages'),
  bearer: await stolen('/api/v1/', (headers) => {
    headers.delete('dpop');
    headers.set('authorization', `Bearer ${tokens.access_token}`);
  }),
  withoutProof: await stolen('/api/v1/', (headers) => { headers.delete('dpop'); }),
};

// Another client's key.
const thief = oauth.DPoP({ client_id: 'thief' }, await oauth.generateKeyPair(algorithm));
results.thief = await (async () => {
  try {
    const response = await retried(() => oauth.protectedResourceRequest(
      tokens.access_token, 'GET', new URL('/api/v1/', origin), undefined, undefined, { DPoP: thief, ...insecure },
    ));
    return { status: response.status };
  } catch (error) {
    if (!(error instanceof oauth.WWWAuthenticateChallengeError)) throw error;
    return { status: error.status, parameters: error.cause.map(({ scheme, parameters }) => [scheme, parameters.error]) };
  }
})();

process.stdout.write(JSON.stringify(results));
