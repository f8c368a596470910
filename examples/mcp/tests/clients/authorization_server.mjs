// oidc-provider as the authorization server of MCP's clients: the authorization code flow with PKCE, for
// resources on loopback. The user, alice, logs in and consents at once.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

import { serve } from './lines.mjs';

const REDIRECT_URI = 'http://127.0.0.1/callback';
const SECRET = 'a secret that every test of this server knows';

// RFC 8707: each resource has its own access tokens.
const resourceServer = (resource) => ({
  scope: 'files:read files:write',
  audience: resource,
  accessTokenFormat: 'jwt',
  jwt: { sign: { alg: 'RS256' } },
});

const settings = {
  clients: [
    {
      client_id: 'mcp',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      redirect_uris: [REDIRECT_URI],
    },
    {
      client_id: 'service',
      client_secret: SECRET,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
    },
  ],
  cookies: { keys: [SECRET] },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  interactions: { url: (ctx, { uid }) => `/interaction/${uid}` },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (ctx, resource) => resourceServer(resource),
    },
  },
};

let provider;

async function interact(request, response) {
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
  const { missingOIDCScope, missingResourceScopes } = prompt.details;
  let result = { login: { accountId: 'alice' } };
  if (prompt.name === 'consent') {
    const grant = grantId
      ? await provider.Grant.find(grantId)
      : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '));
    for (const [resource, scopes] of Object.entries(missingResourceScopes ?? {})) {
      grant.addResourceScope(resource, scopes.join(' '));
    }
    result = { consent: { grantId: await grant.save() } };
  }
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
}

// A browser: follows redirects with cookies to the client's own URL, and answers with that.
async function browse(url) {
  const cookies = new Map();
  let location = url;
  while (!location.startsWith(REDIRECT_URI)) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(location, { headers: { cookie }, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value) cookies.set(name, value);
      else cookies.delete(name);
    }
    const next = response.headers.get('location');
    if (!next) throw new Error(`${location}: ${response.status} ${await response.text()}`);
    location = new URL(next, location).href;
  }
  return location;
}

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://127.0.0.1');
  try {
    if (pathname === '/browser') {
      response.end(await browse(searchParams.get('url')));
    } else if (pathname.startsWith('/interaction/')) {
      await interact(request, response);
    } else {
      provider.callback()(request, response);
    }
  } catch (error) {
    console.error(error);
    response.writeHead(500).end(String(error));
  }
});
await new Promise((listening) => { server.listen(0, '127.0.0.1', listening); });
const issuer = `http://127.0.0.1:${server.address().port}`;
provider = new Provider(issuer, settings);

await serve({ issuer, secret: SECRET }, {});
