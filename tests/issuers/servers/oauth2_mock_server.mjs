// oauth2-mock-server: it has a key for each algorithm, and signs each token with the next key.
import { OAuth2Server } from 'oauth2-mock-server';

import { serve } from './lines.mjs';

const ALGORITHMS = [
  'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'EdDSA', 'Ed25519', 'ES512',
];

let server;
const start = async (port) => {
  server = new OAuth2Server();
  for (const alg of ALGORITHMS) await server.issuer.keys.generate(alg);
  await server.start(port, '127.0.0.1');
};
await start();

await serve({ issuer: server.issuer.url, algorithms: ALGORITHMS }, {
  // Adds a key.
  add: async () => {
    const { kid } = await server.issuer.keys.generate('ES256');
    return { kid };
  },
  // It stores no keys, so after a restart it has others.
  restart: async () => {
    const { port } = server.address();
    await server.stop();
    await start(port);
    return {};
  },
  expired: async () => ({ token: await server.issuer.buildToken({
    expiresIn: -1,
    scopesOrTransform: (header, payload) => { payload.aud = 'https://api.example.com/'; },
  }) }),
});
