//! Tokens and key sets of other people's libraries, `interop/README.md`: RFC 7515, RFC 7517 and
//! RFC 7519 as PyJWT and jose read them.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests may"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tokenring::{Algorithm, JwkSet, Policy, PublicKey, UnixTime, Verified, Verifier, VerifyError};

const ISSUER: &str = "https://interop.example.com/";
const AUDIENCE: &str = "https://api.example.com/";
/// Between `exp` of the expired tokens and `exp` of all others.
const NOW: UnixTime = UnixTime::from_secs(1_780_000_100);
const EXPIRED: u64 = 1_780_000_001;
const EXPIRES: u64 = 4_102_444_800;

const LIBRARIES: [&str; 2] = ["pyjwt", "jose"];
const BITS: [usize; 3] = [2048, 3072, 4096];
const KEY_SETS: [&str; 3] = ["jwks.json", "jwks-pyjwt.json", "jwks-jose.json"];

/// Each case, and what is wrong with it.
const CASES: [(&str, Option<VerifyError>); 6] = [
    ("good", None),
    // `exp` has come.
    ("expired", Some(VerifyError::Expired { exp: EXPIRED, now: NOW.as_secs() })),
    // `aud` names another API.
    ("other-aud", Some(VerifyError::WrongAudience)),
    // Signed by the same key, with another hash.
    ("rs384", Some(VerifyError::AlgorithmNotAccepted)),
    // Signed by the same key, with another padding.
    ("ps256", Some(VerifyError::AlgorithmNotAccepted)),
    // An HMAC keyed with the text of the public key.
    ("hs256", Some(VerifyError::AlgorithmNotAccepted)),
];

/// Every file in the directory, by name.
fn files() -> BTreeMap<String, Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop");
    let entries = fs::read_dir(directory).expect("the tokens are there");
    entries
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
        })
        .collect()
}

fn policy() -> Policy {
    Policy::new(ISSUER, AUDIENCE)
}

/// Hands every token to `check`: its case, its number of bits and its text.
fn for_each_token(mut check: impl FnMut(&str, Option<VerifyError>, usize, &str)) {
    let files = files();
    for library in LIBRARIES {
        for bits in BITS {
            for (case, error) in CASES {
                let name = format!("{library}-{bits}-{case}.jwt");
                let token = files.get(&name).unwrap_or_else(|| panic!("{name} is missing"));
                check(&name, error, bits, std::str::from_utf8(token).unwrap());
            }
        }
    }
}

#[test]
fn every_file_of_the_directory_is_tested() {
    let found: BTreeSet<String> = files().into_keys().collect();
    let mut expected: BTreeSet<String> = KEY_SETS.map(String::from).into();
    for_each_token(|name, _, _, _| assert!(expected.insert(name.to_owned())));
    assert_eq!(expected.len(), 3 + 36);
    // Not input: how the rest was made.
    expected.extend(["README.md", "VERSIONS", "mint.mjs", "mint.py", "mint.sh"].map(String::from));
    assert_eq!(found, expected);
}

#[test]
fn every_key_of_every_set_is_usable_and_as_long_as_it_is_called() {
    let files = files();
    let sets = KEY_SETS.map(|name| JwkSet::from_json(files.get(name).unwrap()).unwrap());
    for (set, name) in sets.iter().zip(KEY_SETS) {
        assert_eq!((set.len(), set.skipped()), (3, &[][..]), "{name}");
        for bits in BITS {
            let kid = format!("rsa-{bits}");
            let key = set.select(Some(&kid), Algorithm::RS256).unwrap();
            assert_eq!(key.modulus_bits(), bits, "{name}");
            assert_eq!(key.algorithm(), Algorithm::RS256, "{name}");
            assert_eq!(key.key_id(), Some(kid.as_str()), "{name}");
            // The libraries write one key in different ways.
            assert_eq!(sets.first().unwrap().select(Some(&kid), Algorithm::RS256), Ok(key));
        }
    }
}

#[test]
fn every_token_comes_out_as_it_is_called_with_every_set() {
    let files = files();
    let (mut accepted, mut refused) = (0, 0);
    for set in KEY_SETS {
        let keys = JwkSet::from_json(files.get(set).unwrap()).unwrap();
        let verifier = Verifier::new(policy().authorized_party("my_client_id"), keys).unwrap();
        for_each_token(|name, error, bits, token| match (verifier.verify_at(token, NOW), error) {
            (Ok(verified), None) => {
                accepted += 1;
                assert_claims(&verified, bits);
            }
            (outcome, error) => {
                refused += 1;
                let outcome = outcome.map(|verified| verified.expires_at());
                assert_eq!(outcome.err(), error, "{name} with {set}");
            }
        });
    }
    assert_eq!((accepted, refused), (18, 90));
}

fn assert_claims(verified: &Verified, bits: usize) {
    assert_eq!(verified.issuer(), ISSUER);
    assert_eq!(verified.subject(), Some("auth0|5f7c8ec7c33c6c004bbafe82"));
    let audience: Vec<&str> = verified.audience().collect();
    assert_eq!(audience, [AUDIENCE, "https://interop.example.com/userinfo"]);
    assert_eq!(verified.issued_at(), Some(UnixTime::from_secs(1_780_000_000)));
    assert_eq!(verified.expires_at(), UnixTime::from_secs(EXPIRES));
    assert_eq!((verified.not_before(), verified.jwt_id()), (None, None));
    assert_eq!(verified.key_id(), Some(format!("rsa-{bits}").as_str()));
    assert_eq!(verified.authorized_party(), Some("my_client_id"));
    let scopes: Vec<&str> = verified.scopes().collect();
    assert_eq!(scopes, ["openid", "profile", "read:messages"]);
    let permissions: Vec<&str> = verified.permissions().collect();
    assert_eq!(permissions, ["read:messages"]);
}

#[test]
fn refused_token_is_wrong_in_the_one_way_it_is_called_after() {
    let files = files();
    let keys = JwkSet::from_json(files.get("jwks.json").unwrap()).unwrap();
    let other_audience = Policy::new(ISSUER, "https://other.example.com/");
    let other_audience = Verifier::new(other_audience, &keys).unwrap();
    let verifier = Verifier::new(policy(), &keys).unwrap();
    for_each_token(|name, error, bits, token| match error {
        // In time it would do, and the last second in which it does is the one before `exp`.
        Some(VerifyError::Expired { .. }) => {
            let verify = |seconds| verifier.verify_at(token, UnixTime::from_secs(seconds));
            assert_claims_but_expiry(&verify(EXPIRED - 1).unwrap());
            let outcome = verify(EXPIRED).map(|verified| verified.expires_at());
            assert_eq!(outcome, Err(VerifyError::Expired { exp: EXPIRED, now: EXPIRED }), "{name}");
        }
        Some(VerifyError::WrongAudience) => {
            let verified = other_audience.verify_at(token, NOW).unwrap();
            assert_claims_but_expiry(&verified);
        }
        // Not even the bytes are a signature of RS256, whatever `alg` says.
        Some(VerifyError::AlgorithmNotAccepted) => {
            let kid = format!("rsa-{bits}");
            let key = keys.select(Some(&kid), Algorithm::RS256).unwrap();
            assert_eq!(bytes_verify(&key, token), Err(VerifyError::BadSignature), "{name}");
        }
        None => {
            let verify = |seconds| verifier.verify_at(token, UnixTime::from_secs(seconds));
            assert!(verify(EXPIRES - 1).is_ok(), "{name}");
            let outcome = verify(EXPIRES).map(|verified| verified.expires_at());
            assert_eq!(outcome, Err(VerifyError::Expired { exp: EXPIRES, now: EXPIRES }), "{name}");
            let kid = format!("rsa-{bits}");
            let key = keys.select(Some(&kid), Algorithm::RS256).unwrap();
            assert_eq!(bytes_verify(&key, token), Ok(()), "{name}");
        }
        Some(error) => panic!("{name} is not to be refused with {error:?}"),
    });
}

fn assert_claims_but_expiry(verified: &Verified) {
    assert_eq!(verified.issuer(), ISSUER);
    assert_eq!(verified.subject(), Some("auth0|5f7c8ec7c33c6c004bbafe82"));
}

fn bytes_verify(key: &PublicKey, token: &str) -> Result<(), VerifyError> {
    let (signing_input, signature) = token.rsplit_once('.').unwrap();
    key.verify(signing_input.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
}

#[test]
fn token_of_one_key_is_refused_by_the_others() {
    let files = files();
    let keys = JwkSet::from_json(files.get("jwks.json").unwrap()).unwrap();
    for_each_token(|name, error, bits, token| {
        if error.is_some() {
            return;
        }
        for other in BITS.into_iter().filter(|other| *other != bits) {
            let kid = format!("rsa-{other}");
            let key = keys.select(Some(&kid), Algorithm::RS256).unwrap();
            assert_eq!(bytes_verify(&key, token), Err(VerifyError::BadSignature), "{name}");
        }
    });
}
