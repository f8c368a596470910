// The jose half of mint.sh: mint.mjs mint|check|versions [KEYS OUT].

import { readFile, writeFile } from "node:fs/promises";
import {
  base64url, createLocalJWKSet, exportJWK, importPKCS8, importSPKI, jwtVerify, SignJWT, UnsecuredJWT,
} from "jose";

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
const TAMPERED = { ...CLAIMS, permissions: ["delete:messages"] };

const NOT_OFFERED = ["es256k", "ed448"];
const OTHER_HASH = { 256: "384", 384: "512", 512: "256" };
const OTHER_PADDING = { RS: "PS", PS: "RS" };
const OTHER_NAME = { EdDSA: "Ed25519", Ed25519: "EdDSA" };

const listed = async (keys) =>
  (await readFile(`${keys}/list`, "utf8")).trimEnd().split("\n").map((line) => line.split(" "));

// For an RSA algorithm: the same key with another hash, and with another padding.
function otherAlgorithms(alg) {
  const [family, bits] = [alg.slice(0, 2), alg.slice(2)];
  if (!(family in OTHER_PADDING)) return [];
  return [
    ["other-hash", family + OTHER_HASH[bits]],
    ["other-padding", OTHER_PADDING[family] + bits],
  ];
}

function tampered(token) {
  const [header, , signature] = token.split(".");
  return [header, base64url.encode(JSON.stringify(TAMPERED)), signature].join(".");
}

async function mint(keys, out) {
  const [tokens, jwks, strangers] = [[], [], []];
  for (const [kid, alg] of await listed(keys)) {
    if (NOT_OFFERED.includes(kid)) continue;
    const pem = (name) => readFile(`${keys}/${name}.pem`, "utf8");
    const jwk = async (name) => {
      const key = await importSPKI(await pem(`${name}.pub`), alg, { extractable: true });
      return { ...(await exportJWK(key)), kid, use: "sig", alg };
    };
    const signed = (claims, alg, key) =>
      new SignJWT(claims).setProtectedHeader({ alg, typ: "JWT", kid }).sign(key);
    const sign = async (claims, by = kid, name = alg) =>
      signed(claims, name, await importPKCS8(await pem(by), name));
    const add = (label, outcome, token, name = alg) =>
      tokens.push({ key: kid, case: label, alg: name, outcome, token });

    jwks.push(await jwk(kid));
    if (kid === "es512") {
      add("unsupported", "algorithm_not_accepted", await sign(CLAIMS));
      continue;
    }
    strangers.push(await jwk(`${kid}.stranger`));
    const good = await sign(CLAIMS);
    add("good", "accepted", good);
    add("expired", "expired", await sign(EXPIRED));
    add("other-aud", "wrong_audience", await sign(OTHER));
    add("tampered", "bad_signature", tampered(good));
    add("stranger", "bad_signature", await sign(CLAIMS, `${kid}.stranger`));
    for (const [label, other] of otherAlgorithms(alg)) {
      add(label, "unknown_key", await sign(CLAIMS, kid, other), other);
    }
    if (alg in OTHER_NAME) {
      add("other-name", "accepted", await sign(CLAIMS, kid, OTHER_NAME[alg]), OTHER_NAME[alg]);
    }
    const secret = new TextEncoder().encode(await pem(`${kid}.pub`));
    add("hs256", "algorithm_not_accepted", await signed(CLAIMS, "HS256", secret), "HS256");
  }
  const unsigned = new UnsecuredJWT(CLAIMS).encode();
  tokens.push({ key: "none", case: "unsigned", alg: "none", outcome: "empty_segment", token: unsigned });
  const write = (name, value) => writeFile(`${out}/${name}`, `${JSON.stringify(value, null, 2)}\n`);
  await write("tokens-jose.json", { tokens });
  await write("jwks-jose.json", { keys: jwks });
  await write("jwks-jose-without-alg.json", { keys: jwks.map(({ alg, ...jwk }) => jwk) });
  await write("jwks-strangers.json", { keys: strangers });
}

// Every token of both libraries has the labelled outcome, with keys written by the other library.
async function check(keys, out) {
  const read = async (name) => JSON.parse(await readFile(`${out}/${name}`, "utf8"));
  const expected = {
    good: undefined,
    "other-name": undefined,
    "other-hash": undefined,
    "other-padding": undefined,
    unsupported: undefined,
    expired: "ERR_JWT_EXPIRED",
    "other-aud": "ERR_JWT_CLAIM_VALIDATION_FAILED",
    tampered: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
    stranger: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
    ed448: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
    hs256: "ERR_JOSE_ALG_NOT_ALLOWED",
    unsigned: "ERR_JOSE_ALG_NOT_ALLOWED",
  };
  const algorithms = (await listed(keys)).map(([, alg]) => alg);
  const strangers = createLocalJWKSet(await read("jwks-strangers.json"));
  for (const [library, other] of [["pyjwt", "jose"], ["jose", "pyjwt"]]) {
    const jwks = createLocalJWKSet(await read(`jwks-${other}-without-alg.json`));
    for (const { key, case: label, alg, token } of (await read(`tokens-${library}.json`)).tokens) {
      if (NOT_OFFERED.includes(key)) continue;
      const outcome = (jwks) =>
        jwtVerify(token, jwks, { issuer: ISSUER, audience: AUDIENCE, algorithms })
          .then(() => undefined, (error) => error.code);
      const got = await outcome(jwks);
      if (!(label in expected) || got !== expected[label]) {
        throw new Error(`${library} ${key} ${label} ${alg}: ${got}`);
      }
      if (label === "stranger" && (await outcome(strangers)) !== undefined) {
        throw new Error(`${library} ${key} ${label} ${alg} is not good by the stranger's key`);
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
