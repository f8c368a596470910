// Times jose and fast-jwt. Arguments: the file with the output of the program `token`, and the
// directory of the test issuer's keys.
//
// Prints a line for each library: toolchain, library, version, case, median, quartiles of the
// batches and p99 of single calls, in nanoseconds.

import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'

import { createVerifier } from 'fast-jwt'
import { importJWK, jwtVerify } from 'jose'

// As for the Rust libraries: short batches, so that all see the same machine; then single calls,
// nearly each of them after a call of another library.
const BATCHES = 2000
const SINGLES = 10_000
const WARM_UP = 3000

const { token, jwk, issuer, audience, leeway } = JSON.parse(readFileSync(process.argv[2]))
const privateKeyFile = `${process.argv[3]}/${jwk.kid}.pk8`
const privateKey = createPrivateKey({ key: readFileSync(privateKeyFile), format: 'der', type: 'pkcs8' })
const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
const [header, payload, signature] = token.split('.')
const claims = JSON.parse(Buffer.from(payload, 'base64url'))
const subject = claims.sub
const requiredClaims = ['iss', 'aud', 'exp', 'nbf']

const cryptoKey = await importJWK(jwk, 'RS256')
const options = { algorithms: ['RS256'], issuer, audience, clockTolerance: leeway, requiredClaims }
const jose = async token => (await jwtVerify(token, cryptoKey, options)).payload.sub

const fastJwt = cache => {
  const verifier = createVerifier({
    key: publicKey.export({ format: 'pem', type: 'spki' }),
    algorithms: ['RS256'],
    allowedIss: issuer,
    allowedAud: audience,
    clockTolerance: leeway * 1000,
    requiredClaims,
    cache,
  })
  return token => verifier(token).sub
}

// The runtime's share of the work: the bare signature check.
const message = Buffer.from(`${header}.${payload}`)
const rawSignature = Buffer.from(signature, 'base64url')
const nodeCrypto = () => verify('sha256', message, publicKey, rawSignature) && subject
const webCrypto = async () =>
  (await crypto.subtle.verify('RSASSA-PKCS1-v1_5', cryptoKey, rawSignature, message)) && subject

const node = process.versions.node
const cases = [
  { library: 'jose', version: version('jose'), call: jose, perCall: perAwaitedCall, batch: 5 },
  { library: 'fast-jwt', version: version('fast-jwt'), call: fastJwt(false), perCall, batch: 5 },
  { library: 'fast-jwt with cache', version: version('fast-jwt'), call: fastJwt(true), perCall, batch: 100 },
  { library: 'node:crypto alone', version: node, call: nodeCrypto, perCall, batch: 5 },
  { library: 'WebCrypto alone', version: node, call: webCrypto, perCall: perAwaitedCall, batch: 5 },
]
for (const { library, call } of cases) {
  if (!library.endsWith('alone')) await checkPolicy(library, call)
}
if (verify('sha256', Buffer.concat([message, message]), publicKey, rawSignature)) {
  throw new Error('node:crypto accepted another message')
}
await inTurns(1, () => WARM_UP)
const batches = await inTurns(BATCHES, ({ batch }) => batch)
const singles = await inTurns(SINGLES, () => 1)
cases.forEach(({ library, version }, index) => {
  const figures = [50, 25, 75].map(percent => at(batches[index], percent))
  figures.push(at(singles[index], 99))
  console.log([`Node ${node}`, library, version, 'RSA-2048', ...figures.map(Math.round)].join())
})

// Fails unless `call` enforces the same policy as the others.
async function checkPolicy(library, call) {
  const now = Math.floor(Date.now() / 1000)
  const accepted = [{}, { exp: now - 30 }, { nbf: now + 30 }]
  const refused = [
    { aud: 'https://other.example.com/' },
    { iss: 'https://other.example.com/' },
    { exp: now - 90 },
    { nbf: now + 90 },
    ...requiredClaims.map(name => ({ [name]: undefined })),
  ]
  const check = async (changes, token, expected) => {
    const outcome = await accepts(call, token)
    if (outcome !== expected) throw new Error(`${library}: ${outcome ? 'accepted' : 'refused'}: ${changes}`)
  }
  for (const changes of accepted) await check(JSON.stringify(changes), forge(changes), true)
  for (const changes of refused) await check(Object.keys(changes)[0], forge(changes), false)
  await check('the token', token, true)
  await check('another signature', withOneBitFlipped(), false)
}

async function accepts(call, token) {
  try {
    return (await call(token)) === subject
  } catch {
    return false
  }
}

function forge(changes) {
  const text = `${header}.${encode(JSON.stringify({ ...claims, ...changes }))}`
  return `${text}.${encode(sign('sha256', Buffer.from(text), privateKey))}`
}

function withOneBitFlipped() {
  const flipped = Buffer.from(rawSignature)
  flipped[100] ^= 1
  return `${header}.${payload}.${encode(flipped)}`
}

// Nanoseconds per call of each library in each round.
async function inTurns(rounds, calls) {
  const times = cases.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (const index of shuffled(cases.length)) {
      const { call, perCall } = cases[index]
      times[index].push(await perCall(call, calls(cases[index])))
    }
  }
  return times
}

function shuffled(count) {
  const order = [...Array(count).keys()]
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1))
    ;[order[last], order[other]] = [order[other], order[last]]
  }
  return order
}

function perCall(call, calls) {
  const start = process.hrtime.bigint()
  for (let i = 0; i < calls; i++) {
    if (call(token) !== subject) throw new Error('the token was not accepted')
  }
  return Number(process.hrtime.bigint() - start) / calls
}

async function perAwaitedCall(call, calls) {
  const start = process.hrtime.bigint()
  for (let i = 0; i < calls; i++) {
    if ((await call(token)) !== subject) throw new Error('the token was not accepted')
  }
  return Number(process.hrtime.bigint() - start) / calls
}

// The percentile of `numbers`.
function at(numbers, percent) {
  const sorted = numbers.toSorted((one, other) => one - other)
  return sorted[Math.floor(((sorted.length - 1) * percent) / 100)]
}

function version(name) {
  return JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version
}

function encode(data) {
  return Buffer.from(data).toString('base64url')
}
