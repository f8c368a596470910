// The jose half of mint.sh: mint.mjs mint|check|versions [KEYS OUT].

import { readFile, writeFile } from "node:fs/promises";
import { createLocalJWKSet, exportJWK, importPKCS8, importSPKI, jwtVerify, SignJWT } from "jose";

const BITS = ["2048", "3072", "4096"];
const ISSUER = "https://interop.example.com/";
const AUDIENCE = "https://api.example.com/";
const CLAIMS = {
  iss: ISSUER,
  sub: "auth0|5f7c8ec7c33c6c004bbafe82",
  aud: [AUDIENCE, `${ISSUER}userinfo`],
  iat: 1780000000,
  exp: 4102444800,
  scope: "openid profile read:messages",
  azp: "my_client_id",
  permissions: ["read:messages"],
};
const EXPIRED = { ...CLAIMS, exp: 1780000001 };
const OTHER = { ...CLAIMS, aud: ["https://other.example.com/", `${ISSUER}userinfo`] };

async function mint(keys, out) {
  const jwks = [];
  for (const bits of BITS) {
    const kid = `rsa-${bits}`;
    const privatePem = await readFile(`${keys}/${bits}.pem`, "utf8");
    const publicPem = await readFile(`${keys}/${bits}.pub.pem`, "utf8");
    const sign = async (claims, alg = "RS256") =>
      new SignJWT(claims)
        .setProtectedHeader({ alg, typ: "JWT", kid })
        .sign(alg === "HS256" ? new TextEncoder().encode(publicPem) : await importPKCS8(privatePem, alg));
    const tokens = {
      good: await sign(CLAIMS),
      expired: await sign(EXPIRED),
      "other-aud": await sign(OTHER),
      rs384: await sign(CLAIMS, "RS384"),
      ps256: await sign(CLAIMS, "PS256"),
      hs256: await sign(CLAIMS, "HS256"),
    };
    for (const [name, token] of Object.entries(tokens)) {
      await writeFile(`${out}/jose-${bits}-${name}.jwt`, token);
    }
    const jwk = await exportJWK(await importSPKI(publicPem, "RS256", { extractable: true }));
    jwks.push({ ...jwk, kid, use: "sig", alg: "RS256" });
  }
  await writeFile(`${out}/jwks-jose.json`, `${JSON.stringify({ keys: jwks }, null, 2)}\n`);
}

async function check(_keys, out) {
  const jwks = createLocalJWKSet(JSON.parse(await readFile(`${out}/jwks.json`, "utf8")));
  const expected = {
    good: undefined,
    expired: "ERR_JWT_EXPIRED",
    "other-aud": "ERR_JWT_CLAIM_VALIDATION_FAILED",
    rs384: "ERR_JOSE_ALG_NOT_ALLOWED",
    ps256: "ERR_JOSE_ALG_NOT_ALLOWED",
    hs256: "ERR_JOSE_ALG_NOT_ALLOWED",
  };
  const rules = { issuer: ISSUER, audience: AUDIENCE, algorithms: ["RS256"] };
  for (const library of ["pyjwt", "jose"]) {
    for (const bits of BITS) {
      for (const [name, code] of Object.entries(expected)) {
        const token = await readFile(`${out}/${library}-${bits}-${name}.jwt`, "utf8");
        const got = await jwtVerify(token, jwks, rules).then(() => undefined, (error) => error.code);
        if (got !== code) throw new Error(`${library}-${bits}-${name}: ${got}`);
      }
    }
  }
}

async function versions() {
  const manifest = new URL("package.json", import.meta.resolve("jose").replace(/dist\/.*$/, ""));
  console.log("jose", JSON.parse(await readFile(manifest, "utf8")).version);
  console.log("Node.js", process.versions.node);
}

const [command, ...args] = process.argv.slice(2);
await { mint, check, versions }[command](...args);
