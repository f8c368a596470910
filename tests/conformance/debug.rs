//! RFC 6750 section 5.2 and 5.3: a token in a log is a token lost. No `{:?}` and no `Display` of a
//! public type shows text of a token, of its payload or of a claim.

use std::{
    collections::BTreeMap,
    fmt::{Debug, Display},
};

use serde::{Deserialize, Deserializer, de::Error};
use tokenring::{Algorithm, possession::ProofPolicy, testkit::TestKey};
use tokenring::{
    CompactJws, Guard, JwkSet, KeyLookup, KeyQuery, KeySource, Policy, Rejection, ResourceMetadata,
    Verifier, VerifyError,
};

use crate::common::{NOW, policy, token, verifier, verifier_of};

/// The text in every claim and parameter of [`marked`].
const MARKER: &str = "m4rk3r";

/// A good token with the marker in every place where text may be.
fn marked() -> String {
    let marker = |claim: &str| format!("{MARKER}-{claim}");
    token()
        .header("typ", "JWT")
        .header(&marker("name"), marker("header"))
        .header("jku", marker("jku"))
        .subject(marker("sub"))
        .scope(format!("{MARKER} scope-{MARKER}"))
        .permissions(vec![marker("permission"), "\u{e9}".to_owned() + MARKER])
        .audience(vec![tokenring::testkit::AUDIENCE.to_owned(), marker("aud")])
        .claim("jti", marker("jti"))
        .claim("azp", marker("azp"))
        .claim("client_id", marker("client"))
        .claim(&marker("claim"), marker("value"))
        .mint()
}

/// Whether `text` contains the marker, or eight consecutive characters of `token` after its header.
fn shows(text: &str, token: &str) -> bool {
    let payload = token.split_once('.').map_or(token, |(_, rest)| rest);
    let windows = payload.as_bytes().windows(8);
    text.contains(MARKER)
        || windows
            .filter_map(|window| std::str::from_utf8(window).ok())
            .any(|window| text.contains(window))
}

#[track_caller]
fn assert_hidden(value: &impl Debug, token: &str) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!text.is_empty() && !shows(&text, token), "{text}");
    }
}

#[track_caller]
fn assert_hidden_everywhere(value: &(impl Debug + Display), token: &str) {
    assert_hidden(value, token);
    assert!(!shows(&value.to_string(), token), "{value}");
}

#[test]
fn token_and_what_it_says_are_hidden_at_every_stage() {
    let token = marked();
    let jws = CompactJws::parse(&token).unwrap();
    assert!(shows(jws.segments()[1], &token), "the text of the token must be recognized");
    assert_hidden(&jws, &token);
    assert_hidden(jws.header(), &token);
    let key = verifier().keys().select(jws.header().key_id(), jws.header().algorithm()).unwrap();
    let payload = jws.verify(&key).unwrap();
    assert!(String::from_utf8(payload.as_bytes().to_vec()).unwrap().contains(MARKER));
    assert_hidden(&payload, &token);
    let verified = verifier().check_at(payload, NOW).unwrap();
    assert_eq!(verified.subject(), Some("m4rk3r-sub"));
    assert_hidden(&verified, &token);
    // An `Option` or a `Result` that contains it hides the same.
    assert_hidden(&Some(verified.clone()), &token);
    assert_hidden(&Ok::<_, VerifyError>(verified), &token);
}

#[test]
fn kid_of_a_token_is_hidden() {
    let token = token().header("kid", format!("{MARKER}-kid")).mint();
    let jws = CompactJws::parse(&token).unwrap();
    assert_hidden(&jws, &token);
    assert_hidden(jws.header(), &token);
    let query = KeyQuery::new(jws.header().key_id(), Algorithm::RS256);
    assert_eq!(query.key_id(), Some("m4rk3r-kid"));
    assert_hidden(&query, &token);
    let keys = verifier().keys().clone();
    let error = keys.key(query).unwrap_err();
    assert_hidden_everywhere(&error, &token);
    assert_hidden(&keys.key_async(query), &token);
    assert_hidden(&KeyLookup::ready(Err(error)), &token);
}

#[test]
fn verdicts_and_rejections_are_silent_about_the_token() {
    let good = marked();
    let guard = Guard::new(verifier_of(policy())).require_scope("admin");
    let required = verifier_of(policy().require_claim("tid", "t"));
    let mut errors: Vec<(VerifyError, String)> = Vec::new();
    let mut fails = |verdict: Result<_, VerifyError>, token: &str| {
        errors.push((verdict.map(|_: tokenring::Verified| ()).unwrap_err(), token.to_owned()));
    };
    fails(required.verify_at(&good, NOW), &good);
    for bad in [
        token().issuer(MARKER).mint(),
        token().audience(MARKER).mint(),
        token().header("kid", MARKER).mint(),
        token().header("alg", MARKER).mint(),
        token().header("crit", MARKER).mint(),
        token().header("typ", MARKER).mint(),
        token().claim("exp", MARKER).mint(),
        token().raw_payload(format!("{{\"{MARKER}\":1,\"{MARKER}\":2}}")).mint(),
        token().raw_payload(format!("{{\"{MARKER}\":")).mint(),
        token().raw_header(format!("{{\"{MARKER}\":")).mint(),
        token().forged_by(&TestKey::attacker()).subject(MARKER).mint(),
        format!("{MARKER}.{MARKER}"),
        MARKER.repeat(3000),
    ] {
        fails(verifier().verify_at(&bad, NOW), &bad);
        let rejection: Rejection =
            guard.check_at(Some(format!("Bearer {bad}")), NOW).map(drop).unwrap_err();
        assert_hidden_everywhere(&rejection, &bad);
        assert!(rejection.headers().all(|(_, value)| !value.contains(MARKER)));
        assert!(!rejection.body().contains(MARKER));
    }
    assert_eq!(errors.len(), 14);
    for (error, token) in errors {
        assert_hidden_everywhere(&error, &token);
    }
    // 403: the token is valid, but lacks the scope.
    let rejection = guard.check_at(Some(format!("Bearer {good}")), NOW).unwrap_err();
    assert_eq!(rejection.status(), 403);
    assert_hidden_everywhere(&rejection, &good);
    let malformed = guard.check_at([format!("Basic {MARKER}")], NOW).unwrap_err();
    assert_hidden_everywhere(&malformed, MARKER);
}

#[test]
fn error_of_typed_claims_is_silent_about_the_claims() {
    /// A type whose deserializer refuses the claim and quotes it.
    #[derive(Debug)]
    struct Quotes;
    impl<'de> Deserialize<'de> for Quotes {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = BTreeMap::<String, serde_json::Value>::deserialize(deserializer)?;
            let text = text.get("sub").and_then(|sub| sub.as_str()).unwrap_or_default().to_owned();
            Err(Error::custom(format!("`{text}` is not welcome")))
        }
    }
    /// The same with serde's own message.
    #[derive(Debug)]
    struct Named;
    impl<'de> Deserialize<'de> for Named {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = BTreeMap::<String, serde_json::Value>::deserialize(deserializer)?;
            let text = text.get("sub").and_then(|sub| sub.as_str()).unwrap_or_default().to_owned();
            Err(Error::unknown_field(&text, &[]))
        }
    }
    let token = marked();
    let verified = verifier().verify_at(&token, NOW).unwrap();
    assert_hidden_everywhere(&verified.claims::<BTreeMap<String, u64>>().unwrap_err(), &token);
    assert_hidden_everywhere(&verified.claims::<Vec<String>>().unwrap_err(), &token);
    assert_hidden_everywhere(&verified.claims::<String>().unwrap_err(), &token);
    assert_hidden_everywhere(&verified.claims::<Named>().unwrap_err(), &token);
    assert_hidden_everywhere(&verified.claims::<Quotes>().unwrap_err(), &token);
}

#[cfg(feature = "std")]
#[test]
fn verifier_guard_and_future_that_have_seen_a_token_hide_it() {
    let token = marked();
    let verifier = verifier().with_token_cache(std::num::NonZeroUsize::new(8).unwrap());
    for _ in 0..2 {
        assert!(verifier.verify_at(&token, NOW).is_ok());
    }
    assert_hidden(&verifier, &token);
    let guard = Guard::new(verifier);
    assert_hidden(&guard, &token);
    let value = Some(format!("Bearer {token}"));
    assert_hidden(&guard.check_async(value), &token);

    /// A key source whose lookups never end.
    #[derive(Debug)]
    struct Waits;
    impl KeySource for Waits {
        fn key(&self, _: KeyQuery<'_>) -> Result<tokenring::SelectedKey, tokenring::KeyError> {
            Err(tokenring::KeyError::Busy)
        }
        fn try_key(&self, _: KeyQuery<'_>) -> Result<tokenring::SelectedKey, tokenring::KeyError> {
            Err(tokenring::KeyError::Busy)
        }
        fn key_async(&self, _: KeyQuery<'_>) -> KeyLookup<'_> {
            KeyLookup::pending(std::future::pending())
        }
    }
    let guard = Guard::new(Verifier::new(policy(), Waits).unwrap());
    let waiting = guard.check_async(Some(format!("Bearer {token}")));
    assert_hidden(&waiting, &token);
}

/// A URL with a secret in each of its parts but the host.
const SECRET_URL: &str = "https://user:m4rk3r@h.example/m4rk3r?key=m4rk3r#m4rk3r";

/// The same without user information and fragment, for what refuses these.
const SECRET_PATH: &str = "https://h.example/m4rk3r?key=m4rk3r";

#[track_caller]
fn assert_shows_the_host_alone(value: &impl Debug) {
    assert_hidden(value, MARKER);
    assert!(format!("{value:?}").contains("h.example"), "{value:?}");
}

#[test]
fn of_a_configured_url_the_host_is_shown_and_nothing_else() {
    let no_keys = || JwkSet::from_json(br#"{"keys":[]}"#).unwrap();
    let policy = || {
        Policy::new(SECRET_URL, SECRET_URL)
            .accept_audience(SECRET_PATH)
            .accept_client(SECRET_URL)
            .require_claim(SECRET_URL, SECRET_URL)
            .scopes_from(SECRET_URL)
    };
    assert_shows_the_host_alone(&policy());
    assert_shows_the_host_alone(&Policy::for_tenants(format!("{SECRET_URL}{{tenantid}}"), "api"));
    let others = format!("{SECRET_URL}2");
    let verifier = Verifier::new(policy(), no_keys())
        .and_then(|verifier| verifier.with_issuer(Policy::new(others, "api"), no_keys()))
        .unwrap();
    assert_shows_the_host_alone(&verifier);
    assert_shows_the_host_alone(&ProofPolicy::new(SECRET_URL));
    let metadata = ResourceMetadata::new(SECRET_PATH)
        .authorization_server("https://h.example/m4rk3r")
        .documentation(SECRET_PATH)
        .policy_uri(SECRET_PATH)
        .tos_uri(SECRET_PATH);
    assert_shows_the_host_alone(&metadata);
    let metadata = metadata.build().unwrap();
    assert_shows_the_host_alone(&metadata);
    let guard = Guard::new(verifier).resource_metadata(&metadata);
    assert_shows_the_host_alone(&guard.metadata_builder(SECRET_PATH));
    assert_shows_the_host_alone(&guard);
    #[cfg(feature = "std")]
    {
        use tokenring::possession::{ProofVerifier, ReplayMemory};

        let memory = ReplayMemory::new(std::num::NonZeroUsize::MIN);
        let proofs = ProofPolicy::new("https://h.example/m4rk3r");
        let proofs = ProofVerifier::new(proofs, memory).unwrap();
        assert_shows_the_host_alone(&proofs);
        assert_shows_the_host_alone(&guard.accept_dpop(proofs));
        let issuers = tokenring::Issuers::new();
        issuers.add(policy(), no_keys()).unwrap();
        assert_hidden(&issuers, MARKER);
        assert_hidden(&Verifier::with_issuers(issuers), MARKER);
    }
    #[cfg(feature = "fetch")]
    {
        let auth0 = tokenring::Auth0::new("h.example", SECRET_URL).unwrap();
        assert_shows_the_host_alone(&auth0.client_id(SECRET_URL));
        let keys = tokenring::RemoteJwks::builder(SECRET_PATH);
        assert_shows_the_host_alone(&keys);
        let keys = keys.build().unwrap();
        assert_shows_the_host_alone(&keys);
        assert_shows_the_host_alone(&Verifier::new(policy(), keys).unwrap());
    }
}

#[test]
fn key_of_an_issuer_is_shown_by_its_name_alone() {
    let key = TestKey::attacker();
    let jwk = key.jwk();
    let set = JwkSet::from_json(format!(r#"{{"keys":[{jwk}]}}"#).as_bytes()).unwrap();
    let text = format!("{set:?}");
    assert!(text.contains("attacker"), "{text}");
    let modulus = jwk.get("n").and_then(|n| n.as_str()).unwrap();
    assert!(!text.contains(modulus.get(..12).unwrap()), "{text}");
}
