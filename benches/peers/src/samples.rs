//! The tokens, minted relative to now, because every library reads the system clock.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tokenring::{
    Algorithm, UnixTime,
    testkit::{ISSUER, Issuer, TestKey, TokenBuilder},
};

use crate::{keycloak, peer::Refusal};

/// The leeway of every library.
pub const LEEWAY: Duration = Duration::from_secs(60);

/// The subject of the accepted tokens, but for Keycloak's.
pub const SUBJECT: &str = "auth0|64b7f1c2a9d3e8f0b5c6a7d8";

/// A token and its expected outcome.
pub struct Sample {
    /// Its name in the results.
    pub case: &'static str,
    pub token: String,
    /// The key that signed the token, or that the token names.
    pub key: TestKey,
    pub expected: Result<&'static str, Refusal>,
}

/// The algorithms of the policy. RS256 is measured with each size of key.
pub const ALGORITHMS: [Algorithm; 5] =
    [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA];

/// An issuer with an RSA key of each size, and one key for each other algorithm.
pub fn issuer() -> Issuer {
    let rsa_2048 = Issuer::default().keys()[0].clone();
    let rsa_3072 = include_bytes!("../../keys/rsa-3072.pk8");
    let rsa_4096 = include_bytes!("../../keys/rsa-4096.pk8");
    let mut keys = vec![
        rsa_2048,
        TestKey::from_pkcs8("tokenring-test-key-3072", rsa_3072),
        TestKey::from_pkcs8("tokenring-test-key-4096", rsa_4096),
    ];
    keys.extend(ALGORITHMS[1..].iter().map(|algorithm| TestKey::for_algorithm(*algorithm)));
    Issuer::with_keys(ISSUER, keys)
}

/// A good token issued now: Auth0's claims for an API, and `nbf`, which the policy requires.
pub fn token(issuer: &Issuer) -> TokenBuilder {
    token_at(issuer, UnixTime::now())
}

/// The accepted samples by key size and algorithm, then the refused ones.
pub fn samples(issuer: &Issuer) -> Vec<Sample> {
    let [rsa_2048, rsa_3072, rsa_4096, ps256, es256, es384, ed25519] = issuer.keys() else {
        panic!("one key for each case")
    };
    let good = token(issuer);
    let length = good.mint().len();
    let sample =
        |case, key: &TestKey, token, expected| Sample { case, token, key: key.clone(), expected };
    vec![
        sample("RSA-2048", rsa_2048, good.mint(), Ok(SUBJECT)),
        sample("RSA-2048 3 KB", rsa_2048, keycloak::token(issuer).mint(), Ok(keycloak::SUBJECT)),
        sample("RSA-3072", rsa_3072, good.clone().key(rsa_3072).mint(), Ok(SUBJECT)),
        sample("RSA-4096", rsa_4096, good.clone().key(rsa_4096).mint(), Ok(SUBJECT)),
        sample("PS256", ps256, good.clone().key(ps256).mint(), Ok(SUBJECT)),
        sample("ES256", es256, good.clone().key(es256).mint(), Ok(SUBJECT)),
        sample("ES384", es384, good.clone().key(es384).mint(), Ok(SUBJECT)),
        sample("EdDSA", ed25519, good.clone().key(ed25519).mint(), Ok(SUBJECT)),
        sample("bad signature", rsa_2048, damaged(&good), Err(Refusal::BadSignature)),
        sample("expired", rsa_2048, expired(issuer).mint(), Err(Refusal::Expired)),
        sample("junk", rsa_2048, "x".repeat(length), Err(Refusal::Malformed)),
    ]
}

/// The token with the last bit of its signature flipped. The signature is still a number below the
/// modulus, so every library has to do the exponentiation.
pub fn damaged(token: &TokenBuilder) -> String {
    let mut signature = signature(&token.mint());
    *signature.last_mut().unwrap() ^= 1;
    token.clone().signature(signature).mint()
}

/// The last segment of a well-formed token.
pub fn signature(token: &str) -> Vec<u8> {
    let (_, signature) = token.rsplit_once('.').unwrap();
    URL_SAFE_NO_PAD.decode(signature).unwrap()
}

/// A token that was issued two days ago and valid for one day.
fn expired(issuer: &Issuer) -> TokenBuilder {
    token_at(issuer, UnixTime::from_secs(UnixTime::now().as_secs() - 2 * 24 * 60 * 60))
}

fn token_at(issuer: &Issuer, now: UnixTime) -> TokenBuilder {
    issuer.token_at(now).claim("nbf", now.as_secs())
}
