//! `x5t` and `x5t#S256` of a token without `kid`. RFC 7515 sections 4.1.7, 4.1.8 and 6; RFC 7517
//! sections 4.8 and 4.9.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may")]

use serde_json::{Value, json};
use tokenring::{
    Algorithm, CompactJws, JwkSet, KeyQuery, Policy, Verifier, VerifyError,
    testkit::{AUDIENCE, ISSUER, Issuer, TestKey, TokenBuilder},
};

use crate::common::{NOW, header_and, signed};

/// Three keys: two for RS256, and one for ES256.
fn keys() -> [TestKey; 3] {
    let issuer = Issuer::default();
    let ec = TestKey::for_algorithm(Algorithm::ES256);
    [issuer.keys()[0].with_kid("one"), issuer.keys()[1].with_kid("two"), ec.with_kid("ec")]
}

/// The keys as AD FS publishes them: the thumbprint is `kid` too.
fn as_published() -> Vec<TestKey> {
    keys().iter().map(|key| key.with_member("x5t", key.kid())).collect()
}

fn set(keys: &[TestKey]) -> JwkSet {
    JwkSet::from_json(Issuer::with_keys(ISSUER, keys.to_vec()).jwks().as_bytes()).unwrap()
}

fn verifier(keys: &[TestKey]) -> Verifier<JwkSet> {
    Verifier::new(Policy::new(ISSUER, AUDIENCE), set(keys)).unwrap()
}

/// A token without `kid`, signed by `key`.
fn nameless(key: &TestKey) -> TokenBuilder {
    Issuer::with_keys(ISSUER, vec![key.clone()]).token_at(NOW).without_header("kid")
}

/// The `kid` of the key that verified the token.
fn verified_by(keys: &[TestKey], token: &TokenBuilder) -> Result<Option<String>, VerifyError> {
    let verified = verifier(keys).verify_at(&token.mint(), NOW)?;
    Ok(verified.key_id().map(str::to_owned))
}

fn by(kid: &str) -> Result<Option<String>, VerifyError> {
    Ok(Some(kid.to_owned()))
}

#[test]
fn x5t_chooses_among_the_keys_of_the_set() {
    let [one, two, _] = keys();
    let published = as_published();
    assert_eq!(verified_by(&published, &nameless(&one).header("x5t", "one")), by("one"));
    assert_eq!(verified_by(&published, &nameless(&two).header("x5t", "two")), by("two"));
    // It only chooses: the signature must be that key's.
    let found = verified_by(&published, &nameless(&one).header("x5t", "two"));
    assert_eq!(found, Err(VerifyError::BadSignature));
    // Without it, two keys fit.
    assert_eq!(verified_by(&published, &nameless(&one)), Err(VerifyError::AmbiguousKey));
}

#[test]
fn thumbprint_that_no_key_of_the_algorithm_has_is_unknown() {
    let [one, two, _] = keys();
    let published = as_published();
    for text in ["three", "", "ONE", "one ", "on", "ec"] {
        let found = verified_by(&published, &nameless(&one).header("x5t", text));
        assert_eq!(found, Err(VerifyError::UnknownKey), "{text}");
    }
    // Even if one key is left that could be meant.
    let alone = [one.with_member("x5t", "one"), TestKey::for_algorithm(Algorithm::ES256)];
    let found = verified_by(&alone, &nameless(&one).header("x5t", "other"));
    assert_eq!(found, Err(VerifyError::UnknownKey));
    let half = [one.with_member("x5t", "one"), two.clone()];
    let found = verified_by(&half, &nameless(&two).header("x5t", "two"));
    assert_eq!(found, Err(VerifyError::UnknownKey));
}

#[test]
fn x5t_s256_decides_where_a_token_has_both() {
    let [one, two, _] = keys();
    let both = [
        one.with_member("x5t", "a").with_member("x5t#S256", "b"),
        two.with_member("x5t", "c").with_member("x5t#S256", "d"),
    ];
    let token =
        |x5t: &str, sha256: &str| nameless(&two).header("x5t", x5t).header("x5t#S256", sha256);
    assert_eq!(verified_by(&both, &token("c", "d")), by("two"));
    assert_eq!(verified_by(&both, &token("a", "d")), by("two"));
    assert_eq!(verified_by(&both, &token("c", "b")), Err(VerifyError::BadSignature));
    assert_eq!(verified_by(&both, &token("c", "c")), Err(VerifyError::UnknownKey));
    assert_eq!(verified_by(&both, &nameless(&two).header("x5t#S256", "d")), by("two"));
    // One is not compared with the other.
    let found = verified_by(&both, &nameless(&two).header("x5t", "d"));
    assert_eq!(found, Err(VerifyError::UnknownKey));
    // The set says nothing about `x5t#S256`, and `x5t` is not looked at.
    assert_eq!(verified_by(&as_published(), &token("two", "d")), Err(VerifyError::AmbiguousKey));
}

#[test]
fn thumbprint_that_several_keys_have_is_ambiguous() {
    let [one, two, ec] = keys();
    let same = |key: &TestKey| key.with_member("x5t", "same");
    let token = nameless(&one).header("x5t", "same");
    let found = verified_by(&[same(&one), same(&two)], &token);
    assert_eq!(found, Err(VerifyError::AmbiguousKey));
    // A key for another algorithm is no obstacle, and the same key twice is one.
    assert_eq!(verified_by(&[same(&one), same(&ec), two.clone()], &token), by("one"));
    assert_eq!(verified_by(&[same(&one), same(&one.with_kid("again")), two], &token), by("one"));
}

#[test]
fn thumbprint_says_nothing_if_no_key_of_the_algorithm_has_one() {
    let [one, two, ec] = keys();
    let token = nameless(&one).header("x5t", "unknown");
    assert_eq!(verified_by(std::slice::from_ref(&one), &token), by("one"));
    assert_eq!(verified_by(&[one.clone(), ec.with_member("x5t", "unknown")], &token), by("one"));
    assert_eq!(verified_by(&[one.clone(), two], &token), Err(VerifyError::AmbiguousKey));
    // A thumbprint that is not a string is none.
    for value in [Value::Null, json!(1), json!(["unknown"]), json!({})] {
        assert_eq!(verified_by(&[one.with_member("x5t", value)], &token), by("one"));
    }
    // AD FS writes it into `kid` too, and a set may have it only there.
    let bare = keys();
    let [one, two, _] = &bare;
    assert_eq!(verified_by(&bare, &nameless(two).header("x5t", "two")), by("two"));
    assert_eq!(verified_by(&bare, &nameless(two).header("x5t", "one")), {
        Err(VerifyError::BadSignature)
    });
    assert_eq!(verified_by(&bare, &nameless(one).header("x5t", "ec")), {
        Err(VerifyError::AmbiguousKey)
    });
}

#[test]
fn kid_wins_and_no_thumbprint_beside_it_is_looked_at() {
    let [one, ..] = keys();
    let published = as_published();
    for value in [json!("two"), Value::Null, json!(1), json!([]), json!({})] {
        for member in ["x5t", "x5t#S256"] {
            let token = nameless(&one).header("kid", "one").header(member, value.clone());
            assert_eq!(verified_by(&published, &token), by("one"), "{member}: {value}");
        }
    }
    let token = nameless(&one).header("kid", "unknown").header("x5t", "one");
    assert_eq!(verified_by(&published, &token), Err(VerifyError::UnknownKey));
}

#[test]
fn mistyped_thumbprint_of_a_token_without_kid_is_refused() {
    let [one, ..] = keys();
    for value in [Value::Null, json!(true), json!(1), json!(["one"]), json!({})] {
        for parameter in ["x5t", "x5t#S256"] {
            let token = nameless(&one).header(parameter, value.clone());
            let error = VerifyError::HeaderType { parameter };
            assert_eq!(verified_by(&as_published(), &token), Err(error), "{parameter}: {value}");
            // Even if the other one could choose.
            let other = if parameter == "x5t" { "x5t#S256" } else { "x5t" };
            let found = verified_by(&as_published(), &token.header(other, "one"));
            assert_eq!(found, Err(error), "{parameter}: {value}");
        }
    }
    let twice = header_and(r#""x5t":"one","x5t":"two""#);
    let json = VerifyError::HeaderJson(tokenring::JsonError::DuplicateMember);
    assert_eq!(crate::common::outcome(&signed(twice, "{}")), Err(json));
}

#[test]
fn query_of_a_header_has_the_one_name_that_chooses() {
    let names = |header: Value| {
        let jws = nameless(&keys()[0]).raw_header(header.to_string()).mint();
        let jws = CompactJws::parse(&jws).unwrap();
        let query = KeyQuery::of(jws.header());
        [query.key_id(), query.x5t(), query.x5t_s256()].map(|name| name.map(str::to_owned))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(names(json!({"alg": "RS256"})), [None, None, None]);
    assert_eq!(names(json!({"alg": "RS256", "x5t": "a"})), [None, some("a"), None]);
    assert_eq!(
        names(json!({"alg": "RS256", "x5t": "a", "x5t#S256": "b"})),
        [None, None, some("b")]
    );
    let all = json!({"alg": "RS256", "x5t": "a", "x5t#S256": "b", "kid": "c"});
    assert_eq!(names(all), [some("c"), None, None]);
}

#[cfg(feature = "std")]
#[test]
fn token_cache_confirms_the_key_by_the_thumbprint() {
    use tokenring::{KeyError, KeySource};

    let [one, two, _] = keys();
    let token = nameless(&one).header("x5t", "one").mint();
    let cached = verifier(&as_published()).with_token_cache(std::num::NonZeroUsize::MIN);
    for _ in 0..3 {
        assert_eq!(cached.verify_at(&token, NOW).map(|token| token.issuer().to_owned()), {
            Ok(ISSUER.to_owned())
        });
    }
    let jws = CompactJws::parse(&token).unwrap();
    let query = KeyQuery::of(jws.header());
    let key = set(&as_published()).key(query).unwrap();
    assert!(set(&as_published()).confirms(&key, query));
    // The thumbprint is another key's now, or nobody's.
    let moved = [one.with_member("x5t", "two"), two.with_member("x5t", "one")];
    assert!(!set(&moved).confirms(&key, query));
    let withdrawn = [two.with_member("x5t", "two")];
    assert!(!set(&withdrawn).confirms(&key, query));
    assert_eq!(set(&withdrawn).key(query), Err(KeyError::UnknownKey));
}
