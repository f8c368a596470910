//! RFC 8725 section 3.8, with several issuers: only the policy and the keys of the token's issuer
//! count. Also JWKs that name their issuer, as Microsoft's do.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests may")]

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokenring::{
    Algorithm, CompactJws, JsonError, JwkSet, KeyError, KeyQuery, KeySource, Policy, PolicyError,
    SelectedKey, SettingFault, TokenType, UnixTime, VerifiedPayload, Verifier, VerifyError,
    testkit::{Issuer, TestKey, TokenBuilder},
};

const NOW: UnixTime = UnixTime::from_secs(1_780_000_000);
const ONE: &str = "https://one.example/";
const TWO: &str = "https://two.example/";
const THREE: &str = "https://three.example/";
const AUDIENCE: &str = "https://api.example.com/";

/// Three issuers with different keys of the same `kid`.
static ISSUERS: LazyLock<[Issuer; 3]> = LazyLock::new(|| {
    let keys = Issuer::default().keys().to_vec();
    let of = |url: &str, index: usize| Issuer::with_keys(url, vec![keys[index].with_kid("k")]);
    [of(ONE, 0), of(TWO, 1), of(THREE, 2)]
});

fn issuer(url: &str) -> &'static Issuer {
    ISSUERS.iter().find(|issuer| issuer.url() == url).unwrap()
}

fn keys(url: &str) -> JwkSet {
    JwkSet::from_json(issuer(url).jwks().as_bytes()).unwrap()
}

fn token(url: &str) -> TokenBuilder {
    issuer(url).token_at(NOW)
}

fn policy(url: &str) -> Policy {
    Policy::new(url, AUDIENCE)
}

/// A verifier of the first two issuers.
fn verifier() -> Verifier<JwkSet> {
    Verifier::new(policy(ONE), keys(ONE)).unwrap().with_issuer(policy(TWO), keys(TWO)).unwrap()
}

fn outcome<K: KeySource>(verifier: &Verifier<K>, token: &str) -> Result<(), VerifyError> {
    verifier.verify_at(token, NOW).map(drop)
}

#[test]
fn keys_of_each_issuer_are_found_by_its_identifier() {
    let verifier = verifier();
    for url in [ONE, TWO] {
        let found = verifier.keys_of(url).unwrap().select(Some("k"), Algorithm::RS256);
        assert_eq!(found, keys(url).select(Some("k"), Algorithm::RS256));
    }
    assert!(verifier.keys_of(THREE).is_none() && verifier.keys_of("https://one.example").is_none());
    assert!(!std::ptr::eq(verifier.keys(), verifier.keys_of(TWO).unwrap()));
    assert!(std::ptr::eq(verifier.keys(), verifier.keys_of(ONE).unwrap()));
}

// Routing.

#[test]
fn token_of_each_issuer_is_accepted_as_its_own() {
    let verifier = verifier().with_issuer(policy(THREE), keys(THREE)).unwrap();
    for url in [ONE, TWO, THREE] {
        let verified = verifier.verify_at(&token(url).mint(), NOW).unwrap();
        assert_eq!((verified.issuer(), verified.key_id()), (url, Some("k")));
    }
}

#[test]
fn token_of_an_issuer_that_is_not_configured_is_refused() {
    for iss in [
        THREE,
        "https://two.example",
        "https://two.example//",
        "https://TWO.example/",
        "http://two.example/",
        "https://two.example/ ",
        "https://two.example/\0",
        "",
        "*",
    ] {
        let token = token(THREE).issuer(iss).mint();
        assert_eq!(outcome(&verifier(), &token), Err(VerifyError::WrongIssuer), "{iss:?}");
    }
}

#[test]
fn iss_is_read_as_strictly_before_the_signature_as_after_it() {
    let verifier = verifier();
    let claims = |members: &str| format!(r#"{{"aud":"{AUDIENCE}","exp":1780086400{members}}}"#);
    let twice = VerifyError::PayloadJson(JsonError::DuplicateMember);
    let mistyped = VerifyError::ClaimType { claim: "iss" };
    for (payload, error) in [
        (String::new(), VerifyError::EmptyPayload),
        ("{".into(), VerifyError::PayloadJson(JsonError::Syntax)),
        ("[]".into(), VerifyError::PayloadJson(JsonError::NotObject)),
        (claims(""), VerifyError::ClaimMissing { claim: "iss" }),
        (claims(r#","ISS":"https://one.example/""#), VerifyError::ClaimMissing { claim: "iss" }),
        (
            claims(r#","a":{"iss":"https://one.example/"}"#),
            VerifyError::ClaimMissing { claim: "iss" },
        ),
        (claims(r#","iss":null"#), mistyped),
        (claims(r#","iss":["https://one.example/"]"#), mistyped),
        (claims(r#","iss":{"a":"https://one.example/"}"#), mistyped),
        (claims(r#","iss":"https://one.example/","iss":"https://two.example/""#), twice),
        (claims(r#","iss":"https://two.example/","\u0069ss":"https://one.example/""#), twice),
    ] {
        for url in [ONE, TWO] {
            let token = token(url).raw_payload(payload.clone()).mint();
            assert_eq!(outcome(&verifier, &token), Err(error), "{payload}");
        }
    }
    // Any other repeated member is found after the signature, as with one issuer.
    let repeated = claims(r#","iss":"https://one.example/","a":1,"a":1"#);
    let signed_by = |url| outcome(&verifier, &token(url).raw_payload(repeated.clone()).mint());
    assert_eq!(signed_by(ONE), Err(twice));
    assert_eq!(signed_by(TWO), Err(VerifyError::BadSignature));
    let not_base64url = VerifyError::NotBase64url { segment: "payload" };
    assert_eq!(outcome(&verifier, &token(ONE).payload_segment("e30=").mint()), Err(not_base64url));
    let not_utf8 = VerifyError::PayloadJson(JsonError::NotUtf8);
    assert_eq!(outcome(&verifier, &token(ONE).raw_payload(b"\xff").mint()), Err(not_utf8));
    // An escape does not change the issuer.
    let escaped = claims(r#","iss":"https:\/\/t\u0077o.example\/""#);
    assert_eq!(outcome(&verifier, &token(TWO).raw_payload(escaped).mint()), Ok(()));
}

#[test]
fn verifier_of_one_issuer_does_not_look_at_the_payload_before_the_signature_holds() {
    let one = Verifier::new(policy(ONE), keys(ONE)).unwrap();
    let forged = token(ONE).raw_payload("{").forged_by(&TestKey::attacker()).mint();
    assert_eq!(outcome(&one, &forged), Err(VerifyError::BadSignature));
    // A verifier of two issuers has to read it, but only to choose the issuer's key.
    let syntax = VerifyError::PayloadJson(JsonError::Syntax);
    assert_eq!(outcome(&verifier(), &forged), Err(syntax));
}

// Keys are never pooled.

#[test]
fn key_of_one_issuer_verifies_no_token_of_another() {
    let verifier = verifier();
    for (claimed, signer) in [(ONE, TWO), (TWO, ONE), (ONE, THREE), (TWO, THREE)] {
        let crossed = token(signer).issuer(claimed).mint();
        assert_eq!(outcome(&verifier, &crossed), Err(VerifyError::BadSignature));
        let unknown = issuer(signer).keys()[0].with_kid("of the signer");
        let crossed = token(claimed).key(&unknown).mint();
        assert_eq!(outcome(&verifier, &crossed), Err(VerifyError::UnknownKey));
    }
}

#[test]
fn kid_that_only_the_other_issuer_has_is_unknown() {
    let other = issuer(TWO).keys()[0].with_kid("two's");
    let set = JwkSet::from_json(json!({"keys": [other.jwk()]}).to_string().as_bytes()).unwrap();
    let verifier = Verifier::new(policy(ONE), keys(ONE)).unwrap();
    let verifier = verifier.with_issuer(policy(TWO), set).unwrap();
    assert_eq!(outcome(&verifier, &token(TWO).key(&other).mint()), Ok(()));
    let crossed = token(TWO).key(&other).issuer(ONE).mint();
    assert_eq!(outcome(&verifier, &crossed), Err(VerifyError::UnknownKey));
    // Without `kid`, the issuer's only key is used, and never the other issuer's.
    let without = token(ONE).without_header("kid").mint();
    assert_eq!(outcome(&verifier, &without), Ok(()));
    let crossed = token(TWO).key(&other).issuer(ONE).without_header("kid").mint();
    assert_eq!(outcome(&verifier, &crossed), Err(VerifyError::BadSignature));
}

#[test]
fn policy_is_that_of_the_tokens_issuer_in_every_part() {
    let two = Policy::new(TWO, "https://two.api.example/")
        .algorithms([Algorithm::ES256])
        .token_type(TokenType::AccessToken)
        .authorized_party("client")
        .require_claim("tid", "tenant")
        .leeway(Duration::from_secs(60));
    let key = TestKey::for_algorithm(Algorithm::ES256).with_kid("k");
    let set = JwkSet::from_json(json!({"keys": [key.jwk()]}).to_string().as_bytes()).unwrap();
    let verifier = Verifier::new(policy(ONE), keys(ONE)).unwrap().with_issuer(two, set).unwrap();
    let good = || {
        Issuer::with_keys(TWO, vec![key.clone()])
            .token_at(NOW)
            .audience("https://two.api.example/")
            .header("typ", "at+jwt")
            .claim("azp", "client")
            .claim("tid", "tenant")
    };
    let at = |token: TokenBuilder, now: u64| {
        verifier.verify_at(&token.mint(), UnixTime::from_secs(now)).map(drop)
    };
    let now = NOW.as_secs();
    assert_eq!(at(good(), now), Ok(()));
    // Each of these would satisfy the other issuer's policy.
    let rs256 = token(TWO).audience("https://two.api.example/").header("typ", "at+jwt");
    assert_eq!(at(rs256, now), Err(VerifyError::AlgorithmNotAccepted));
    assert_eq!(at(good().header("typ", "JWT"), now), Err(VerifyError::TokenTypeNotAccepted));
    assert_eq!(at(good().audience(AUDIENCE), now), Err(VerifyError::WrongAudience));
    assert_eq!(at(good().claim("azp", "x"), now), Err(VerifyError::WrongAuthorizedParty));
    assert_eq!(at(good().without_claim("tid"), now), Err(VerifyError::RequiredClaim { index: 0 }));
    // Only the second issuer's policy has a leeway.
    let exp = now + 86_400;
    assert_eq!(at(good(), exp + 59), Ok(()));
    assert_eq!(at(good(), exp + 60), Err(VerifyError::Expired { exp, now: exp + 60 }));
    assert_eq!(at(token(ONE), exp - 1), Ok(()));
    assert_eq!(at(token(ONE), exp), Err(VerifyError::Expired { exp, now: exp }));
    // ES256 is not accepted for tokens of the first issuer.
    let crossed = Issuer::with_keys(ONE, vec![key.clone()]).token_at(NOW);
    assert_eq!(at(crossed, now), Err(VerifyError::AlgorithmNotAccepted));
}

#[test]
fn issuer_that_has_a_policy_already_is_refused() {
    let again = |url: &str| verifier().with_issuer(policy(url), keys(THREE)).map(drop);
    assert_eq!(again(ONE), Err(PolicyError::DuplicateIssuer));
    assert_eq!(again(TWO), Err(PolicyError::DuplicateIssuer));
    assert_eq!(again(THREE), Ok(()));
    // A different text is a different issuer.
    assert_eq!(again("https://two.example"), Ok(()));
    // A different audience does not make it a different issuer.
    let other = verifier().with_issuer(Policy::new(TWO, "other"), keys(TWO)).map(drop);
    assert_eq!(other, Err(PolicyError::DuplicateIssuer));
    let faulty = verifier().with_issuer(Policy::new(THREE, ""), keys(THREE)).map(drop);
    assert_eq!(faulty, Err(PolicyError::EmptyAudience));
    let faulty = verifier().with_issuer(policy(""), keys(THREE)).map(drop);
    assert_eq!(faulty, Err(PolicyError::EmptyIssuer));
}

#[test]
fn keys_are_those_of_the_first_issuer() {
    let first = keys(ONE).select(None, Algorithm::RS256);
    assert_eq!(verifier().keys().select(None, Algorithm::RS256), first);
}

/// The payload of a token signed with the key of the issuer at `url`.
fn payload(url: &str, token: TokenBuilder) -> VerifiedPayload {
    let key = keys(url).select(None, Algorithm::RS256).unwrap();
    CompactJws::parse(&token.mint()).unwrap().verify(&key).unwrap()
}

#[test]
fn payload_is_checked_with_the_policy_of_the_issuer_that_it_names() {
    let two = Policy::new(TWO, "https://two.api.example.com/");
    let verifier = Verifier::new(policy(ONE), keys(ONE)).unwrap();
    let verifier = verifier.with_issuer(two, keys(TWO)).unwrap();
    let check = |url: &str, token| {
        let checked = verifier.check_at(payload(url, token), NOW);
        checked.map(|verified| String::from(verified.issuer()))
    };
    assert_eq!(check(ONE, token(ONE)), Ok(ONE.into()));
    assert_eq!(check(TWO, token(TWO)), Err(VerifyError::WrongAudience));
    let for_two = token(TWO).audience("https://two.api.example.com/");
    assert_eq!(check(TWO, for_two), Ok(TWO.into()));
    // Its key is not compared: the caller has chosen it.
    assert_eq!(check(TWO, token(TWO).issuer(ONE)), Ok(ONE.into()));
}

#[test]
fn payload_of_an_issuer_that_is_not_configured_is_refused_before_its_other_claims() {
    let verifier = verifier();
    let check = |token| verifier.check_at(payload(ONE, token), NOW).map(drop);
    let other = token(ONE).issuer(THREE).claim("exp", "never");
    assert_eq!(check(other), Err(VerifyError::WrongIssuer));
    assert_eq!(check(token(ONE).issuer("")), Err(VerifyError::WrongIssuer));
    let missing = VerifyError::ClaimMissing { claim: "iss" };
    assert_eq!(check(token(ONE).without_claim("iss")), Err(missing));
    assert_eq!(check(token(ONE).issuer(1)), Err(VerifyError::ClaimType { claim: "iss" }));
    assert_eq!(check(token(ONE).raw_payload("")), Err(VerifyError::EmptyPayload));
    assert_eq!(
        check(token(ONE).raw_payload("[]")),
        Err(VerifyError::PayloadJson(JsonError::NotObject))
    );
}

#[test]
fn verifier_with_one_issuer_reads_the_other_claims_first() {
    let verifier = Verifier::new(policy(ONE), keys(ONE)).unwrap();
    let check = |token| verifier.check_at(payload(ONE, token), NOW).map(drop);
    let other = token(ONE).issuer(THREE);
    assert_eq!(check(other.clone()), Err(VerifyError::WrongIssuer));
    assert_eq!(check(other.claim("exp", "never")), Err(VerifyError::ClaimType { claim: "exp" }));
}

#[test]
fn keys_of_an_issuer_are_its_own() {
    let verifier = verifier();
    for url in [ONE, TWO] {
        let selected = verifier.keys_of(url).map(|keys| keys.select(None, Algorithm::RS256));
        assert_eq!(selected, Some(keys(url).select(None, Algorithm::RS256)));
    }
    assert!(verifier.keys_of(THREE).is_none());
}

// An outage of one issuer does not affect the other.

/// A key source that counts how often it is asked, with or without keys.
#[derive(Clone)]
struct Counted {
    asked: Arc<AtomicUsize>,
    answer: Result<JwkSet, KeyError>,
}

impl Counted {
    fn new(answer: Result<JwkSet, KeyError>) -> Self {
        Self { asked: Arc::default(), answer }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl KeySource for Counted {
    fn key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.answer.as_ref().map_err(|error| *error)?.key(query)
    }

    fn try_key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        self.key(query)
    }
}

#[test]
fn issuer_without_available_keys_is_asked_only_about_its_own_tokens() {
    let retry_after = Duration::from_secs(30);
    let out = Counted::new(Err(KeyError::Unavailable { retry_after }));
    let up = Counted::new(Ok(keys(TWO)));
    let verifier = Verifier::new(policy(ONE), out.clone()).unwrap();
    let verifier = verifier.with_issuer(policy(TWO), up.clone()).unwrap();
    for round in 1..=3 {
        assert_eq!(outcome(&verifier, &token(TWO).mint()), Ok(()));
        assert_eq!((out.asked(), up.asked()), (0, round));
    }
    let unavailable = VerifyError::KeysUnavailable { retry_after };
    assert_eq!(outcome(&verifier, &token(ONE).mint()), Err(unavailable));
    assert_eq!((out.asked(), up.asked()), (1, 3));
    // No source is asked about a token of a third issuer, or about a malformed one.
    for token in [token(THREE).mint(), token(ONE).raw_payload("{").mint(), "a.b.c".to_owned()] {
        assert!(outcome(&verifier, &token).is_err());
    }
    assert_eq!((out.asked(), up.asked()), (1, 3));
}

// All methods that verify, and the cache.

#[cfg(feature = "std")]
mod with_a_clock {
    use std::num::NonZeroUsize;

    use tokenring::{Guard, Rejection};

    use super::*;

    /// The end of the year 9999, later than any clock.
    const FAR_FUTURE: UnixTime = UnixTime::from_secs(253_402_300_799);

    fn lasting(url: &str) -> TokenBuilder {
        token(url).expires_at(FAR_FUTURE)
    }

    fn ready<T>(future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match future.as_mut().poll(&mut context) {
            std::task::Poll::Ready(output) => output,
            std::task::Poll::Pending => panic!("all keys are at hand"),
        }
    }

    fn cached() -> Verifier<JwkSet> {
        verifier().with_token_cache(NonZeroUsize::new(64).unwrap())
    }

    #[test]
    fn every_method_that_verifies_distinguishes_the_issuers() {
        for verifier in [verifier(), cached()] {
            let guard = Guard::new(verifier.clone());
            for (token, expected) in [
                (lasting(ONE), Ok(())),
                (lasting(TWO), Ok(())),
                (lasting(THREE), Err(VerifyError::WrongIssuer)),
                (lasting(ONE).issuer(TWO), Err(VerifyError::BadSignature)),
                (lasting(TWO).issuer(ONE), Err(VerifyError::BadSignature)),
                (lasting(TWO).audience("other"), Err(VerifyError::WrongAudience)),
            ] {
                let token = token.mint();
                let value = || Some(format!("Bearer {token}"));
                let cause = |rejection: Rejection| rejection.cause().unwrap();
                // Twice, so that the second time is a cache hit.
                for _ in 0..2 {
                    assert_eq!(verifier.verify(&token).map(drop), expected);
                    assert_eq!(verifier.try_verify(&token).map(drop), expected);
                    assert_eq!(verifier.verify_at(&token, NOW).map(drop), expected);
                    assert_eq!(ready(verifier.verify_async(&token)).map(drop), expected);
                    assert_eq!(guard.check(value()).map(drop).map_err(cause), expected);
                    assert_eq!(guard.try_check(value()).map(drop).map_err(cause), expected);
                    assert_eq!(guard.check_at(value(), NOW).map(drop).map_err(cause), expected);
                    assert_eq!(
                        ready(guard.check_async(value())).map(drop).map_err(cause),
                        expected
                    );
                }
            }
        }
    }

    #[test]
    fn token_accepted_under_one_policy_is_no_cache_hit_under_another() {
        let capacity = NonZeroUsize::new(64).unwrap();
        let one = Verifier::new(policy(ONE), keys(ONE)).unwrap().with_token_cache(capacity);
        // Clones that have different policies for the second issuer.
        let lenient = one.clone().with_issuer(policy(TWO), keys(TWO)).unwrap();
        let strict = Policy::new(TWO, AUDIENCE).require_claim("tid", "tenant");
        let strict = one.clone().with_issuer(strict, keys(TWO)).unwrap();
        let other_keys = one.clone().with_issuer(policy(TWO), keys(THREE)).unwrap();
        let token = token(TWO).mint();
        for _ in 0..3 {
            assert_eq!(outcome(&lenient, &token), Ok(()));
            assert_eq!(outcome(&strict, &token), Err(VerifyError::RequiredClaim { index: 0 }));
            assert_eq!(outcome(&other_keys, &token), Err(VerifyError::BadSignature));
            assert_eq!(outcome(&one, &token), Err(VerifyError::BadSignature));
        }
        // Clones made afterwards have the same policies and share the cache.
        assert_eq!(outcome(&lenient.clone(), &token), Ok(()));
    }

    #[test]
    fn cached_token_is_checked_with_the_keys_of_its_own_issuer() {
        let (one, two) = (Counted::new(Ok(keys(ONE))), Counted::new(Ok(keys(TWO))));
        let verifier = Verifier::new(policy(ONE), one.clone()).unwrap();
        let verifier = verifier.with_issuer(policy(TWO), two.clone()).unwrap();
        let verifier = verifier.with_token_cache(NonZeroUsize::new(8).unwrap());
        let token = token(TWO).mint();
        for round in 1..=3 {
            assert_eq!(outcome(&verifier, &token), Ok(()));
            assert_eq!((one.asked(), two.asked()), (0, round));
        }
    }

    #[test]
    fn cached_token_of_an_issuer_whose_keys_are_gone_is_refused_and_the_others_are_not() {
        type Source = Arc<std::sync::RwLock<JwkSet>>;
        struct Shared(Source);
        impl KeySource for Shared {
            fn key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
                self.0.read().unwrap().key(query)
            }
            fn try_key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
                self.key(query)
            }
        }
        let source = |url: &str| Source::new(std::sync::RwLock::new(keys(url)));
        let (one, two) = (source(ONE), source(TWO));
        let verifier = Verifier::new(policy(ONE), Shared(Arc::clone(&one))).unwrap();
        let verifier = verifier.with_issuer(policy(TWO), Shared(Arc::clone(&two))).unwrap();
        let verifier = verifier.with_token_cache(NonZeroUsize::new(8).unwrap());
        let tokens = [token(ONE).mint(), token(TWO).mint()];
        for token in tokens.iter().chain(&tokens) {
            assert_eq!(outcome(&verifier, token), Ok(()));
        }
        *two.write().unwrap() = JwkSet::from_json(br#"{"keys":[]}"#).unwrap();
        assert_eq!(outcome(&verifier, &tokens[0]), Ok(()));
        assert_eq!(outcome(&verifier, &tokens[1]), Err(VerifyError::UnknownKey));
        // Another key of the same `kid` does not verify it either.
        *two.write().unwrap() = keys(THREE);
        assert_eq!(outcome(&verifier, &tokens[1]), Err(VerifyError::BadSignature));
    }
}

// JWKs that name their issuer.

const TEMPLATE: &str = "https://login.microsoftonline.com/{tenantid}/v2.0";
const TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

fn tenant_url(tenant: &str) -> String {
    TEMPLATE.replace("{tenantid}", tenant)
}

/// The verdict on a token with this `iss` and `tid`, whose key is for `key_issuer`, under a policy
/// for this `iss`.
fn with_key_for(key_issuer: &str, iss: &str, tid: impl Into<Value>) -> Result<(), VerifyError> {
    let key = issuer(ONE).keys()[0].with_member("issuer", key_issuer);
    let set = JwkSet::from_json(json!({"keys": [key.jwk()]}).to_string().as_bytes()).unwrap();
    assert_eq!(set.len(), 1);
    let verifier = Verifier::new(Policy::new(iss, AUDIENCE), set).unwrap();
    let token = token(ONE).issuer(iss);
    let token = match tid.into() {
        Value::Null => token,
        tid => token.claim("tid", tid),
    };
    outcome(&verifier, &token.mint())
}

#[test]
fn key_for_every_tenant_is_for_the_tenant_that_the_token_names() {
    assert_eq!(with_key_for(TEMPLATE, &tenant_url(TENANT), TENANT), Ok(()));
    let other = Err(VerifyError::KeyOfOtherIssuer);
    for (what, iss, tid) in [
        (
            "tid of another tenant",
            tenant_url(TENANT),
            json!("72f988bf-86f1-41af-91ab-2d7cd011db47"),
        ),
        ("no tid", tenant_url(TENANT), Value::Null),
        ("tid in other letters", tenant_url(TENANT), json!(TENANT.to_uppercase())),
        ("empty tid", tenant_url(TENANT), json!("")),
        ("tid is not a string", tenant_url(TENANT), json!([TENANT])),
        ("tid is a number", tenant_url("1"), json!(1)),
        ("tid is more than the tenant", tenant_url(TENANT), json!(format!("{TENANT}/v2.0"))),
        ("tid is the issuer", tenant_url(TENANT), json!(tenant_url(TENANT))),
        ("issuer without the end", tenant_url(TENANT).replace("/v2.0", ""), json!(TENANT)),
        ("issuer of version 1", format!("https://sts.windows.net/{TENANT}/"), json!(TENANT)),
    ] {
        assert_eq!(with_key_for(TEMPLATE, &iss, tid), other, "{what}");
    }
    // The template itself is no issuer's.
    let keys = JwkSet::from_json(br#"{"keys": []}"#).unwrap();
    let refused = Verifier::new(Policy::new(TEMPLATE, AUDIENCE), keys).map(|_| ());
    assert_eq!(refused, Err(PolicyError::SpoiledIssuer { fault: SettingFault::Placeholder }));
}

#[test]
fn beginning_and_end_of_a_template_do_not_overlap() {
    // "ab" and "ba" around an empty tenant are "abba", not "aba".
    assert_eq!(with_key_for("ab{tenantid}ba", "abba", ""), Ok(()));
    assert_eq!(with_key_for("ab{tenantid}ba", "aba", ""), Err(VerifyError::KeyOfOtherIssuer));
}

#[test]
fn second_placeholder_of_a_template_is_text() {
    let twice = "https://a.example/{tenantid}/{tenantid}";
    let other = Err(VerifyError::KeyOfOtherIssuer);
    assert_eq!(with_key_for(twice, "https://a.example/t/t", "t"), other);
    assert_eq!(with_key_for(twice, "https://a.example/t/", "t"), other);
    assert_eq!(with_key_for(twice, "https://a.example//t", "t"), other);
}

#[test]
fn key_for_one_issuer_is_for_that_issuer() {
    assert_eq!(with_key_for(ONE, ONE, Value::Null), Ok(()));
    assert_eq!(with_key_for(ONE, ONE, "anything"), Ok(()));
    for key_issuer in [TWO, "", "https://one.example", "https://one.example/{tenant}", "{tenantid}"]
    {
        let found = with_key_for(key_issuer, ONE, "tid");
        assert_eq!(found, Err(VerifyError::KeyOfOtherIssuer), "{key_issuer}");
    }
}

#[test]
fn issuer_of_a_token_is_compared_with_the_policy_before_the_key_is() {
    let key = issuer(ONE).keys()[0].with_member("issuer", TWO);
    let set = JwkSet::from_json(json!({"keys": [key.jwk()]}).to_string().as_bytes()).unwrap();
    let verifier = Verifier::new(policy(ONE), set).unwrap();
    assert_eq!(outcome(&verifier, &token(ONE).mint()), Err(VerifyError::KeyOfOtherIssuer));
    let both = token(ONE).issuer(THREE).mint();
    assert_eq!(outcome(&verifier, &both), Err(VerifyError::WrongIssuer));
}

#[test]
fn keys_that_differ_only_in_their_issuer_are_two() {
    let key = &issuer(ONE).keys()[0];
    let (one, two) = (key.with_member("issuer", ONE), key.with_member("issuer", TWO));
    let set = json!({"keys": [one.jwk(), two.jwk()]}).to_string();
    let set = JwkSet::from_json(set.as_bytes()).unwrap();
    assert_eq!(set.len(), 2);
    assert_eq!(set.select(Some("k"), Algorithm::RS256), Err(KeyError::AmbiguousKey));
}
