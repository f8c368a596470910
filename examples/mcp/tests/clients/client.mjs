// A client on MCP's TypeScript SDK: `node client.mjs PACKAGE RESOURCE ISSUER`. Calls both tools, logs in
// where it is told to, and prints the results.
const [, , name, resource, issuer] = process.argv;

// The second generation of the SDK has its client in a package of its own.
const sdk = name === '@modelcontextprotocol/sdk'
  ? {
    ...await import('@modelcontextprotocol/sdk/client/index.js'),
    ...await import('@modelcontextprotocol/sdk/client/streamableHttp.js'),
    ...await import('@modelcontextprotocol/sdk/client/auth.js'),
  }
  : await import(name);

const REDIRECT_URI = 'http://127.0.0.1/callback';

let tokens;
let verifier;
let callback;
const scopes = [];
const authProvider = {
  redirectUrl: REDIRECT_URI,
  clientMetadata: { redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' },
  clientInformation: () => ({ client_id: 'mcp', issuer }),
  tokens: () => tokens,
  saveTokens: (saved) => { tokens = saved; },
  codeVerifier: () => verifier,
  saveCodeVerifier: (saved) => { verifier = saved; },
  redirectToAuthorization: async (url) => {
    scopes.push(url.searchParams.get('scope'));
    const answer = await fetch(`${issuer}/browser?${new URLSearchParams({ url })}`);
    callback = new URL(await answer.text()).searchParams;
  },
};
const newTransport = () => new sdk.StreamableHTTPClientTransport(new URL(resource), { authProvider });

let transport = newTransport();
const client = new sdk.Client({ name: 'test', version: '1' });
try {
  await client.connect(transport);
} catch (error) {
  if (!(error instanceof sdk.UnauthorizedError)) throw error;
  await transport.finishAuth(callback.get('code'), callback.get('iss'));
  transport = newTransport();
  await client.connect(transport);
}

async function call(tool, parameters) {
  const result = await client.callTool({ name: tool, arguments: parameters });
  return result.content[0].text;
}

const listed = await call('list_files', {});
let written;
try {
  written = await call('write_file', { name: 'a', text: 'b' });
} catch (error) {
  if (!(error instanceof sdk.UnauthorizedError)) throw error;
  await transport.finishAuth(callback.get('code'), callback.get('iss'));
  written = await call('write_file', { name: 'a', text: 'b' });
}
const listedAgain = await call('list_files', {});
await client.close();
process.stdout.write(JSON.stringify({ scopes, results: [listed, written, listedAgain] }));
