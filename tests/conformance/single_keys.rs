//! Keys without a JWK Set: a name for a key, a set of keys, and one key as a source.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tokenring::{
    Algorithm, CompactJws, JwkSet, KeyError, KeyQuery, KeySource, Policy, PublicKey, SelectedKey,
    Verifier, VerifyError,
    testkit::{self, Issuer, TestKey},
};

use crate::{algorithms::ALGORITHMS, common::NOW};

fn key(jwk: &serde_json::Value) -> PublicKey {
    PublicKey::from_jwk(jwk.to_string().as_bytes()).unwrap()
}

/// The key of the test kit without `kid`.
fn unnamed(algorithm: Algorithm) -> PublicKey {
    key(&TestKey::for_algorithm(algorithm).without_member("kid").jwk())
}

#[test]
fn key_with_another_name_is_the_same_but_for_its_name() {
    for algorithm in ALGORITHMS {
        let signer = TestKey::for_algorithm(algorithm);
        let named = unnamed(algorithm).with_key_id(signer.kid());
        assert_eq!(named, key(&signer.jwk()));
        let renamed = named.clone().with_key_id("other");
        assert_eq!((named.key_id(), renamed.key_id()), (Some(signer.kid()), Some("other")));
        assert_eq!(renamed, key(&signer.with_kid("other").jwk()));
    }
    // The other members stay.
    let signer = TestKey::for_algorithm(Algorithm::ES256)
        .with_member("issuer", "https://issuer.example/")
        .with_member("x5t", "thumbprint");
    assert_eq!(key(&signer.jwk()).with_key_id("b"), key(&signer.with_kid("b").jwk()));
    // An RSA key without `alg` stays without.
    let signer = TestKey::for_algorithm(Algorithm::RS256).without_alg();
    assert_eq!(key(&signer.jwk()).with_key_id("c"), key(&signer.with_kid("c").jwk()));
}

#[test]
fn set_of_keys_is_the_set_that_a_jwk_set_is() {
    let signers = ALGORITHMS.map(TestKey::for_algorithm);
    let jwks = serde_json::json!({"keys": signers.each_ref().map(TestKey::jwk)}).to_string();
    let read = JwkSet::from_json(jwks.as_bytes()).unwrap();
    let made = JwkSet::from_keys(signers.iter().map(|signer| key(&signer.jwk())));
    assert!(made.iter().eq(read.iter()));
    assert_eq!((made.len(), made.skipped()), (9, &[][..]));
    for signer in &signers {
        let algorithm = key(&signer.jwk()).algorithm();
        for kid in [None, Some(signer.kid()), Some("other")] {
            assert_eq!(made.select(kid, algorithm), read.select(kid, algorithm));
        }
    }
    assert!(JwkSet::from_keys([]).is_empty());
    let twice = [unnamed(Algorithm::ES256), unnamed(Algorithm::ES256)];
    assert_eq!(JwkSet::from_keys(twice).len(), 1);
}

#[test]
fn set_of_many_keys_finds_each() {
    let key = key(&TestKey::for_algorithm(Algorithm::EdDSA).jwk());
    let keys = (0..1001).map(|number| key.clone().with_key_id(format!("key {number}")));
    let set = JwkSet::from_keys(keys);
    assert_eq!(set.len(), 1001);
    for number in [0, 500, 1000] {
        let kid = format!("key {number}");
        let found = set.select(Some(&kid), Algorithm::EdDSA).unwrap();
        assert_eq!(found.key_id(), Some(&*kid));
    }
    assert_eq!(set.select(Some("key 1001"), Algorithm::EdDSA), Err(KeyError::UnknownKey));
}

/// The answers of `source` for a token with this header.
fn answers(source: &impl KeySource, header: &str, other: &SelectedKey) -> Answers {
    let token = format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(header));
    let jws = CompactJws::parse(&token).unwrap();
    let query = KeyQuery::of(jws.header());
    let found = source.key(query);
    assert_eq!(source.try_key(query), found);
    let confirmed = found.as_ref().is_ok_and(|key| source.confirms(key, query));
    assert_eq!(confirmed, found.is_ok(), "{header}");
    (found, source.confirms(other, query))
}

type Answers = (Result<SelectedKey, KeyError>, bool);

#[test]
fn one_key_answers_as_a_set_of_it_does() {
    let mut found = 0;
    for algorithm in ALGORITHMS {
        let signer = TestKey::for_algorithm(algorithm);
        let other = SelectedKey::from(key(&TestKey::attacker_for(algorithm).jwk()));
        let keys = [
            signer.clone(),
            signer.without_member("kid"),
            signer.with_kid("thumb"),
            signer.without_member("kid").with_member("x5t", "thumb"),
            signer.with_member("x5t", "else").with_member("x5t#S256", "thumb"),
        ];
        let unlabeled = keys.each_ref().map(TestKey::without_alg);
        for key in keys.iter().chain(&unlabeled).map(|signer| key(&signer.jwk())) {
            let set = JwkSet::from_keys([key.clone()]);
            for alg in ALGORITHMS.map(Algorithm::name) {
                let kid = signer.kid();
                for members in [
                    String::new(),
                    format!(r#","kid":"{kid}""#),
                    r#","kid":"thumb""#.into(),
                    r#","kid":"unknown""#.into(),
                    r#","x5t":"thumb""#.into(),
                    r#","x5t":"else""#.into(),
                    r#","x5t#S256":"thumb""#.into(),
                    format!(r#","x5t":"thumb","kid":"{kid}""#),
                ] {
                    let header = format!(r#"{{"alg":"{alg}"{members}}}"#);
                    let answer = answers(&key, &header, &other);
                    assert_eq!(answer, answers(&set, &header, &other), "{header} {key:?}");
                    found += usize::from(answer.0.is_ok());
                }
            }
        }
    }
    assert!(found > 300, "{found}");
}

#[test]
fn token_with_kid_needs_a_key_with_the_same() {
    let policy = || Policy::new(testkit::ISSUER, testkit::AUDIENCE).algorithms([Algorithm::ES256]);
    let signer = TestKey::for_algorithm(Algorithm::ES256);
    let issuer = Issuer::with_keys(testkit::ISSUER, vec![signer.clone()]);
    let named = issuer.token_at(NOW).mint();
    let unnamed_token = issuer.token_at(NOW).raw_header(r#"{"alg":"ES256"}"#).mint();
    let verdict = |key: PublicKey, token: &str| {
        Verifier::new(policy(), key).unwrap().verify_at(token, NOW).map(drop)
    };
    let key = unnamed(Algorithm::ES256);
    assert_eq!(verdict(key.clone(), &unnamed_token), Ok(()));
    assert_eq!(verdict(key.clone(), &named), Err(VerifyError::UnknownKey));
    assert_eq!(verdict(key.clone().with_key_id(signer.kid()), &named), Ok(()));
    assert_eq!(verdict(key.clone().with_key_id(signer.kid()), &unnamed_token), Ok(()));
    // The explanation says what to do.
    let report = Verifier::new(policy(), key).unwrap().explain_at(&named, NOW).to_string();
    assert!(
        report.contains("The token names a `kid`, which a key without `kid` cannot match"),
        "{report}"
    );
}
