// Verifies the cases of the file in the first argument with jose, and prints whether each is accepted.
import { readFileSync } from 'node:fs'
import { createLocalJWKSet, jwtVerify } from 'jose'

const verdicts = []
for (const { token, jwks, policy, now } of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  try {
    await jwtVerify(token, createLocalJWKSet(JSON.parse(jwks)), {
      algorithms: policy.algorithms,
      issuer: policy.issuer,
      audience: policy.audiences.length > 0 ? policy.audiences : undefined,
      clockTolerance: policy.leeway,
      currentDate: new Date(now * 1000),
      requiredClaims: ['exp'],
    })
    verdicts.push('accept')
  } catch (error) {
    verdicts.push(`${error.name}: ${error.message}`)
  }
}
console.log(JSON.stringify(verdicts))
