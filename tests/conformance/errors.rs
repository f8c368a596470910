//! Every verdict, policy error and answer of a key source is reached; its text and code are pinned.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests may")]

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error as _,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, Unexpected},
};
use serde_json::{Value, json};
use tokenring::{
    Algorithm, ClaimsError, ClaimsErrorKind, JsonError, JwkSet, KeyError, KeyLookup, KeyQuery,
    KeySource, Login, Policy, PolicyError, SelectedKey, SettingFault, TokenType, UnixTime,
    Verified, Verifier, VerifyError,
    testkit::{AUDIENCE, ISSUER, TestKey, TokenBuilder},
};

use crate::common::{
    CLAIMS, HEADER, NOW, claims_and, claims_with, header_and, issuer, policy, signed, token,
    variant_in_snake_case, verifier, verifier_of, verify,
};

/// A verdict reached through [`Verifier::verify_at`], with its code and its text.
struct Pinned {
    outcome: Result<Verified, VerifyError>,
    error: VerifyError,
    code: &'static str,
    text: &'static str,
}

fn pinned(
    outcome: Result<Verified, VerifyError>,
    error: VerifyError,
    code: &'static str,
    text: &'static str,
) -> Pinned {
    Pinned { outcome, error, code, text }
}

/// In the order of the variants. A variant whose text depends on its fields is here several times.
fn verdicts() -> Vec<Pinned> {
    let good = token().mint();
    let two_of_one_name = {
        let [first, second, _]: [TestKey; 3] = issuer().keys().to_vec().try_into().unwrap();
        json!({ "keys": [first.jwk(), second.with_kid(first.kid()).jwk()] })
    };
    let key_of_other_issuer = {
        let key = issuer().keys()[0].with_member("issuer", "https://other.example/");
        json!({ "keys": [key.jwk()] })
    };
    let members: Vec<String> = (0..62).map(|number| format!(r#""x{number}":0"#)).collect();
    let header_of_65_members = header_and(&members.join(","));
    let tenants = policy().require_claim("azp", AZP).require_claim("org_id", "org_1");
    let retry_after = Duration::from_millis(7900);
    vec![
        pinned(
            verify(&"A".repeat(16_385)),
            VerifyError::TokenTooLong { bytes: 16_385 },
            "token_too_long",
            "the token is 16385 bytes long, the limit is 16384",
        ),
        pinned(
            verify("opaque"),
            VerifyError::SegmentCount { found: 1 },
            "segment_count",
            "the token has 1 segment instead of 3, perhaps an opaque access token: request a JWT from the issuer by naming an audience",
        ),
        pinned(
            verify("a.b"),
            VerifyError::SegmentCount { found: 2 },
            "segment_count",
            "the token has 2 segments instead of 3",
        ),
        pinned(
            verify("a.b.c.d.e"),
            VerifyError::Encrypted,
            "encrypted",
            "the token has 5 segments, so it is encrypted: request a token for this service's audience from the issuer",
        ),
        pinned(
            verify(".b.c"),
            VerifyError::EmptySegment { segment: "header" },
            "empty_segment",
            "the token's header is empty",
        ),
        pinned(
            verify("a.b."),
            VerifyError::EmptySegment { segment: "signature" },
            "empty_segment",
            "the token's signature is empty",
        ),
        pinned(
            verify("!.b.c"),
            VerifyError::NotBase64url { segment: "header" },
            "not_base64url",
            "the token's header is not canonical base64url without padding",
        ),
        pinned(
            verify(&token().payload_segment("!").mint()),
            VerifyError::NotBase64url { segment: "payload" },
            "not_base64url",
            "the token's payload is not canonical base64url without padding",
        ),
        pinned(
            verify(&token().signature_segment("!").mint()),
            VerifyError::NotBase64url { segment: "signature" },
            "not_base64url",
            "the token's signature is not canonical base64url without padding",
        ),
        pinned(
            verify(&signed(vec![b' '; 4097], "")),
            VerifyError::HeaderTooLong { bytes: 4097 },
            "header_too_long",
            "the token's header is 4097 bytes long, the limit is 4096",
        ),
        pinned(
            verify(&signed("x", "")),
            VerifyError::HeaderJson(JsonError::Syntax),
            "header_json",
            "the token's header: not well-formed JSON",
        ),
        pinned(
            verify(&signed(b"\xff", "")),
            VerifyError::HeaderJson(JsonError::NotUtf8),
            "header_json",
            "the token's header: not UTF-8",
        ),
        pinned(
            verify(&signed("[]", "")),
            VerifyError::HeaderJson(JsonError::NotObject),
            "header_json",
            "the token's header: not a JSON object",
        ),
        pinned(
            verify(&signed("[".repeat(33), "")),
            VerifyError::HeaderJson(JsonError::TooDeep),
            "header_json",
            "the token's header: nested deeper than 32 levels",
        ),
        pinned(
            verify(&signed(header_and(r#""alg":"RS256""#), "")),
            VerifyError::HeaderJson(JsonError::DuplicateMember),
            "header_json",
            "the token's header: a member occurs twice",
        ),
        pinned(
            verify(&signed(header_of_65_members, "")),
            VerifyError::HeaderJson(JsonError::TooManyMembers),
            "header_json",
            "the token's header: more than 64 members",
        ),
        pinned(
            verify(&signed(header_and(r#""crit":[]"#), "")),
            VerifyError::HeaderForbidden { parameter: "crit" },
            "header_forbidden",
            "the token's header has `crit`, which is not supported",
        ),
        pinned(
            verify(&signed("{}", "")),
            VerifyError::AlgorithmMissing,
            "algorithm_missing",
            "the token's header has no `alg`",
        ),
        pinned(
            verify(&signed(r#"{"alg":"RS256","kid":1}"#, "")),
            VerifyError::HeaderType { parameter: "kid" },
            "header_type",
            "`kid` in the token's header is not a string",
        ),
        pinned(
            verifier().verify_id_token_at(&good, &Login::new(), NOW),
            VerifyError::PolicyNotForIdTokens,
            "policy_not_for_id_tokens",
            "the policy for the token's issuer is not one for ID tokens",
        ),
        pinned(
            verify(&signed(r#"{"alg":"none"}"#, "")),
            VerifyError::AlgorithmNotAccepted,
            "algorithm_not_accepted",
            "the token's `alg` is not an algorithm accepted here",
        ),
        pinned(
            verify(&token().header("kid", "k".repeat(257)).mint()),
            VerifyError::KeyIdLength { bytes: 257 },
            "key_id_length",
            "the token's `kid` is 257 bytes long instead of 1 to 256",
        ),
        pinned(
            verify(&token().header("kid", "other").mint()),
            VerifyError::UnknownKey,
            "unknown_key",
            "the issuer has no usable key for the token's `kid` and `alg`",
        ),
        pinned(
            verify_with_set(&two_of_one_name, &good),
            VerifyError::AmbiguousKey,
            "ambiguous_key",
            "the issuer has several keys that fit the token's `kid` or its absence",
        ),
        pinned(
            verify_with(Answer(KeyError::Unavailable { retry_after }), &good),
            VerifyError::KeysUnavailable { retry_after },
            "keys_unavailable",
            "the issuer's keys are not available, try again in 8 s",
        ),
        pinned(
            verify_with(Answer(KeyError::Busy), &good),
            VerifyError::KeySourceBusy,
            "key_source_busy",
            "too many callers already wait for the issuer's keys",
        ),
        pinned(
            verify(&token().forged_by(&TestKey::attacker()).mint()),
            VerifyError::BadSignature,
            "bad_signature",
            "the signature does not match this token and the issuer's key",
        ),
        pinned(
            verify(&signed(HEADER, "")),
            VerifyError::EmptyPayload,
            "empty_payload",
            "the token's payload is empty",
        ),
        pinned(
            verify(&signed(HEADER, "{")),
            VerifyError::PayloadJson(JsonError::Syntax),
            "payload_json",
            "the token's payload: not well-formed JSON",
        ),
        pinned(
            verify(&signed(HEADER, "[]")),
            VerifyError::PayloadJson(JsonError::NotObject),
            "payload_json",
            "the token's payload: not a JSON object",
        ),
        pinned(
            verify(&token().without_claim("aud").mint()),
            VerifyError::ClaimMissing { claim: "aud" },
            "claim_missing",
            "the token has no `aud`",
        ),
        pinned(
            verify(&token().claim("exp", "1780086400").mint()),
            VerifyError::ClaimType { claim: "exp" },
            "claim_type",
            "the token's `exp` has the wrong JSON type",
        ),
        pinned(
            verify(&token().claim("exp", 1_780_086_400_000_u64).mint()),
            VerifyError::ClaimRange { claim: "exp" },
            "claim_range",
            "the token's `exp` is not between the years 1970 and 9999, in seconds since 1970",
        ),
        pinned(
            verify(&token().header("typ", "dpop+jwt").mint()),
            VerifyError::TokenTypeNotAccepted,
            "token_type_not_accepted",
            "the token's `typ` is not one accepted here",
        ),
        pinned(
            verify(&token().claim("events", json!({})).mint()),
            VerifyError::SecurityEvent,
            "security_event",
            "the token has `events`: it is a logout token or another security event",
        ),
        pinned(
            verify(&token().issuer("https://tenant.example.auth0.com").mint()),
            VerifyError::WrongIssuer,
            "wrong_issuer",
            "the token's `iss` is not an issuer expected here, compare them including the trailing slash",
        ),
        pinned(
            {
                let template = Policy::for_tenants("https://{tenantid}.example/", AUDIENCE);
                let tenant = "1a2b3c4d-0000-4111-8222-abcdefabcdef";
                let token =
                    token().claim("tid", tenant).issuer(format!("https://{tenant}.example/"));
                let listed = "1a2b3c4d-0000-4111-8222-abcdefabcdee";
                verifier_of(template.tenant(listed)).verify_at(&token.mint(), NOW)
            },
            VerifyError::WrongTenant,
            "wrong_tenant",
            "the token's tenant, in `tid`, is not one that the policy admits",
        ),
        pinned(
            verify_with_set(&key_of_other_issuer, &good),
            VerifyError::KeyOfOtherIssuer,
            "key_of_other_issuer",
            "the key that verified the token is for tokens of another issuer",
        ),
        pinned(
            verify(&token().audience("other").mint()),
            VerifyError::WrongAudience,
            "wrong_audience",
            "the token's `aud` does not contain an audience accepted here",
        ),
        pinned(
            of_login(&id_token().audience(["client", "other"]), &Login::new()),
            VerifyError::UntrustedAudience,
            "untrusted_audience",
            "the ID token's `aud` contains an audience that is not accepted here",
        ),
        pinned(
            verifier().verify_at(&token().claim("exp", 4.5).mint(), UnixTime::from_secs(9)),
            VerifyError::Expired { exp: 5, now: 9 },
            "expired",
            "the token expired at 1970-01-01T00:00:05Z, now is 1970-01-01T00:00:09Z",
        ),
        pinned(
            verifier().verify_at(&token().claim("nbf", 8.5).mint(), UnixTime::from_secs(5)),
            VerifyError::NotYetValid { nbf: 9, now: 5 },
            "not_yet_valid",
            "the token is not valid before 1970-01-01T00:00:09Z, now is 1970-01-01T00:00:05Z",
        ),
        pinned(
            verifier_of(policy().authorized_party("other")).verify_at(&good, NOW),
            VerifyError::WrongAuthorizedParty,
            "wrong_authorized_party",
            "the token was issued to a client that is not accepted here",
        ),
        pinned(
            verify(&token().claim("cnf", json!({"jkt": "a"})).mint()),
            VerifyError::SenderConstrained,
            "sender_constrained",
            "the token is bound to a key by `cnf` and cannot be used as a plain bearer token",
        ),
        pinned(
            verifier_of(tenants).verify_at(&good, NOW),
            VerifyError::RequiredClaim { index: 1 },
            "required_claim",
            "the token lacks a claim that the policy requires, or has another value in it (`require_claim` number 2)",
        ),
        pinned(
            of_login(&id_token().claim("nonce", "n"), &Login::new()),
            VerifyError::UnexpectedNonce,
            "unexpected_nonce",
            "the ID token has a `nonce`, and the login has none to compare it with",
        ),
        pinned(
            of_login(&id_token().claim("nonce", "n"), &Login::new().nonce("m")),
            VerifyError::WrongNonce,
            "wrong_nonce",
            "the ID token's `nonce` is not the one of this login",
        ),
        pinned(
            of_login(&id_token().claim("acr", "0"), &Login::new().acr_values(["phr"])),
            VerifyError::WrongAuthenticationContext,
            "wrong_authentication_context",
            "the token's `acr` is not one that is accepted here",
        ),
        pinned(
            of_login_at(9, &id_token().claim("auth_time", 9.5), &Login::new().max_age(0)),
            VerifyError::AuthenticatedInFuture { auth_time: 10, now: 9 },
            "authenticated_in_future",
            "the token's `auth_time` is 1970-01-01T00:00:10Z, now is 1970-01-01T00:00:09Z",
        ),
        pinned(
            of_login_at(9, &id_token().claim("auth_time", 4.5), &Login::new().max_age(4)),
            VerifyError::AuthenticationTooOld { auth_time: 4, now: 9 },
            "authentication_too_old",
            "the user logged in at 1970-01-01T00:00:04Z, too long ago, now is 1970-01-01T00:00:09Z",
        ),
        pinned(
            of_login(&id_token().claim("at_hash", "x"), &Login::new().access_token("a")),
            VerifyError::WrongAccessTokenHash,
            "wrong_access_token_hash",
            "the ID token's `at_hash` is not the hash of the access token",
        ),
        pinned(
            of_login(&id_token().claim("c_hash", "x"), &Login::new().code("a")),
            VerifyError::WrongCodeHash,
            "wrong_code_hash",
            "the ID token's `c_hash` is not the hash of the authorization code",
        ),
    ]
}

fn id_token() -> TokenBuilder {
    issuer().id_token_at("client", NOW)
}

fn of_login(token: &TokenBuilder, login: &Login) -> Result<Verified, VerifyError> {
    of_login_at(NOW.as_secs(), token, login)
}

fn of_login_at(now: u64, token: &TokenBuilder, login: &Login) -> Result<Verified, VerifyError> {
    verifier_of(Policy::for_id_tokens(ISSUER, "client")).verify_id_token_at(
        &token.mint(),
        login,
        UnixTime::from_secs(now),
    )
}

/// `azp` of [`token`].
const AZP: &str = "tokenringTestkitClientIdentifier";

const NO_TYPE: &str = "the policy's type of token is empty, or no `typ` can have it";

/// A key source without keys that always gives this answer.
struct Answer(KeyError);

impl KeySource for Answer {
    fn key(&self, _: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        Err(self.0)
    }

    fn try_key(&self, _: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        Err(KeyError::Busy)
    }
}

fn verify_with(keys: impl KeySource, token: &str) -> Result<Verified, VerifyError> {
    Verifier::new(policy(), keys).unwrap().verify_at(token, NOW)
}

fn verify_with_set(set: &Value, token: &str) -> Result<Verified, VerifyError> {
    verify_with(JwkSet::from_json(set.to_string().as_bytes()).unwrap(), token)
}

#[test]
fn every_verdict_is_reached_and_has_its_code_and_text() {
    for Pinned { outcome, error, code, text } in verdicts() {
        assert_eq!(outcome.map(|_| ()), Err(error));
        assert_eq!(error.code(), code);
        assert_eq!(error.to_string(), text);
        assert!(error.source().is_none());
    }
}

#[test]
fn all_variants_are_in_the_table_in_their_order() {
    let mut reached: Vec<&str> = verdicts().iter().map(|pinned| pinned.code).collect();
    reached.dedup();
    // The documented codes, on which users build alerts and dashboards.
    let codes = [
        "token_too_long",
        "segment_count",
        "encrypted",
        "empty_segment",
        "not_base64url",
        "header_too_long",
        "header_json",
        "header_forbidden",
        "algorithm_missing",
        "header_type",
        "policy_not_for_id_tokens",
        "algorithm_not_accepted",
        "key_id_length",
        "unknown_key",
        "ambiguous_key",
        "keys_unavailable",
        "key_source_busy",
        "bad_signature",
        "empty_payload",
        "payload_json",
        "claim_missing",
        "claim_type",
        "claim_range",
        "token_type_not_accepted",
        "security_event",
        "wrong_issuer",
        "wrong_tenant",
        "key_of_other_issuer",
        "wrong_audience",
        "untrusted_audience",
        "expired",
        "not_yet_valid",
        "wrong_authorized_party",
        "sender_constrained",
        "required_claim",
        "unexpected_nonce",
        "wrong_nonce",
        "wrong_authentication_context",
        "authenticated_in_future",
        "authentication_too_old",
        "wrong_access_token_hash",
        "wrong_code_hash",
    ];
    assert_eq!(reached, codes);
    let variants: BTreeSet<String> =
        verdicts().iter().map(|pinned| variant_in_snake_case(pinned.error)).collect();
    assert_eq!(variants.len(), codes.len(), "{variants:?}");
}

#[test]
fn codes_are_the_variants_names_in_snake_case() {
    for Pinned { error, code, .. } in verdicts() {
        assert_eq!(code, variant_in_snake_case(error));
    }
}

#[test]
fn texts_are_lower_case_sentences_without_a_full_stop() {
    for Pinned { text, .. } in verdicts() {
        assert!(
            text.starts_with(|first: char| first.is_ascii_lowercase() || first == '`'),
            "{text}"
        );
        assert!(!text.ends_with('.') && !text.contains('\n') && text.is_ascii(), "{text}");
    }
}

#[test]
fn every_forbidden_parameter_and_claim_is_named() {
    for parameter in ["crit", "b64", "zip", "enc", "cty"] {
        let outcome = verify(&signed(header_and(&format!(r#""{parameter}":null"#)), ""));
        let error = outcome.map(|_| ()).unwrap_err();
        assert_eq!(error, VerifyError::HeaderForbidden { parameter });
        assert_eq!(
            error.to_string(),
            format!("the token's header has `{parameter}`, which is not supported")
        );
    }
    for parameter in ["alg", "kid", "typ"] {
        let header = json!({"alg": "RS256", parameter: 1}).to_string();
        let error = verify(&signed(header, "")).map(|_| ()).unwrap_err();
        assert_eq!(error, VerifyError::HeaderType { parameter });
    }
    for (claim, _) in CLAIMS {
        let error = verify(&token().without_claim(claim).mint()).map(|_| ()).unwrap_err();
        assert_eq!(error, VerifyError::ClaimMissing { claim });
        assert_eq!(error.to_string(), format!("the token has no `{claim}`"));
    }
    for claim in ["iss", "aud", "exp", "nbf", "iat", "sub", "jti", "azp", "client_id", "cnf"] {
        let error = verify(&signed(HEADER, claims_with(claim, "null"))).map(|_| ()).unwrap_err();
        assert_eq!(error, VerifyError::ClaimType { claim });
        assert_eq!(error.to_string(), format!("the token's `{claim}` has the wrong JSON type"));
    }
}

#[test]
fn answer_of_a_key_source_becomes_the_verdict() {
    let retry_after = Duration::from_secs(30);
    let answers = [
        (KeyError::UnknownKey, VerifyError::UnknownKey),
        (KeyError::AmbiguousKey, VerifyError::AmbiguousKey),
        (KeyError::Unavailable { retry_after }, VerifyError::KeysUnavailable { retry_after }),
        (KeyError::Busy, VerifyError::KeySourceBusy),
    ];
    for (answer, verdict) in answers {
        let outcome = verify_with(Answer(answer), &token().mint());
        assert_eq!(outcome.map(|_| ()), Err(verdict));
        assert_eq!(VerifyError::from(answer), verdict);
        // One cause has one text.
        assert_eq!(answer.to_string(), verdict.to_string());
        assert!(answer.source().is_none());
    }
}

#[test]
fn key_source_is_not_asked_about_a_malformed_token() {
    for token in ["", "a.b", "a.b.c.d.e", "e30.e30.AA", &"A".repeat(20_000)] {
        let error = verify_with(Answer(KeyError::Busy), token).map(|_| ()).unwrap_err();
        assert_ne!(error, VerifyError::KeySourceBusy, "{token}");
    }
}

#[test]
fn key_source_is_asked_for_the_kid_and_alg_of_the_header() {
    struct Asked;
    impl KeySource for Asked {
        fn key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
            assert_eq!(query.algorithm(), Algorithm::RS256);
            Err(if query.key_id() == Some("a\"b") {
                KeyError::AmbiguousKey
            } else {
                KeyError::UnknownKey
            })
        }
        fn try_key(&self, _: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
            Err(KeyError::Busy)
        }
    }
    let escaped = signed(r#"{"alg":"RS256","kid":"\u0061\"b"}"#, "");
    assert_eq!(verify_with(Asked, &escaped).map(|_| ()), Err(VerifyError::AmbiguousKey));
    let absent = signed(r#"{"alg":"RS256"}"#, "");
    assert_eq!(verify_with(Asked, &absent).map(|_| ()), Err(VerifyError::UnknownKey));
}

/// An `async` block panics if it is polled after its end. A lookup must not, whether it was pending
/// or ready at once.
#[test]
fn lookup_that_has_ended_may_be_polled_again() {
    let lookups =
        [KeyLookup::ready(Err(KeyError::Busy)), KeyLookup::pending(async { Err(KeyError::Busy) })];
    let mut context = Context::from_waker(Waker::noop());
    for mut lookup in lookups {
        let mut poll = || Pin::new(&mut lookup).poll(&mut context);
        assert_eq!(poll(), Poll::Ready(Err(KeyError::Busy)));
        assert_eq!((poll(), poll()), (Poll::Pending, Poll::Pending));
    }
}

#[cfg(feature = "std")]
#[test]
fn try_verify_asks_for_the_keys_at_hand_only() {
    let retry_after = Duration::from_secs(1);
    let verifier = Verifier::new(policy(), Answer(KeyError::Unavailable { retry_after })).unwrap();
    let token = token().mint();
    let waited = verifier.verify(&token).map(|_| ());
    assert_eq!(waited, Err(VerifyError::KeysUnavailable { retry_after }));
    assert_eq!(verifier.try_verify(&token).map(|_| ()), Err(VerifyError::KeySourceBusy));
}

#[test]
fn policy_faults_are_found_and_have_their_texts() {
    let tenants = |template: &str| Policy::for_tenants(template, "a");
    let guid = "1a2b3c4d-0000-4111-8222-abcdefabcdef";
    let cases: [(&str, Policy, PolicyError, &str); 46] = [
        (
            "template without a placeholder",
            tenants("https://a.example/").tenant(guid),
            PolicyError::TenantTemplate,
            "the template of the policy's issuer does not contain `{tenantid}` once",
        ),
        (
            "no tenant",
            tenants("https://{tenantid}.example/"),
            PolicyError::NoTenant,
            "the policy admits no tenant: name them, or admit all with `Policy::any_tenant`",
        ),
        (
            "tenant that is no GUID",
            tenants("https://{tenantid}.example/").tenant("common"),
            PolicyError::TenantNotGuid,
            "the name of a tenant of the policy is not a GUID",
        ),
        (
            "tenants and any tenant",
            tenants("https://{tenantid}.example/").tenant(guid).any_tenant(),
            PolicyError::TenantsAndAnyTenant,
            "the policy names tenants and also admits any tenant",
        ),
        (
            "tenant without a template",
            policy().tenant(guid),
            PolicyError::TenantsWithoutTemplate,
            "the policy admits tenants, but its issuer is not a template: use `Policy::for_tenants`",
        ),
        (
            "issuer is empty",
            Policy::new("", AUDIENCE),
            PolicyError::EmptyIssuer,
            "the policy's issuer is empty",
        ),
        (
            "issuer with a line break",
            Policy::new(format!("{ISSUER}\n"), AUDIENCE),
            PolicyError::SpoiledIssuer { fault: SettingFault::WhiteSpace },
            "the policy's issuer has white space at an end, or a control character: remove it",
        ),
        (
            "issuer in quotation marks",
            Policy::new(format!("\"{ISSUER}\""), AUDIENCE),
            PolicyError::SpoiledIssuer { fault: SettingFault::Quotes },
            "the policy's issuer has quotation marks around it: remove them where it is set",
        ),
        (
            "issuer with a variable",
            Policy::new("https://${HOST}/", AUDIENCE),
            PolicyError::SpoiledIssuer { fault: SettingFault::Placeholder },
            "the policy's issuer has a placeholder such as ${NAME}, {name} or <name>: put the value in its place",
        ),
        (
            "template without for_tenants",
            Policy::new("https://login.example/{tenantid}/v2.0", AUDIENCE),
            PolicyError::SpoiledIssuer { fault: SettingFault::Placeholder },
            "the policy's issuer has a placeholder such as ${NAME}, {name} or <name>: put the value in its place",
        ),
        (
            "template with another placeholder",
            tenants("https://${HOST}/{tenantid}/v2.0").tenant(guid),
            PolicyError::SpoiledIssuer { fault: SettingFault::Placeholder },
            "the policy's issuer has a placeholder such as ${NAME}, {name} or <name>: put the value in its place",
        ),
        (
            "audience with a space",
            Policy::new(ISSUER, "api "),
            PolicyError::SpoiledAudience { fault: SettingFault::WhiteSpace },
            "an audience of the policy has white space at an end, or a control character: remove it",
        ),
        (
            "further audience with a placeholder",
            policy().accept_audience("api://<client-id>"),
            PolicyError::SpoiledAudience { fault: SettingFault::Placeholder },
            "an audience of the policy has a placeholder such as ${NAME}, {name} or <name>: put the value in its place",
        ),
        (
            "client in quotation marks",
            Policy::for_client(ISSUER, "'client'"),
            PolicyError::SpoiledClient { fault: SettingFault::Quotes },
            "a client of the policy has quotation marks around it: remove them where it is set",
        ),
        (
            "authorized party with a tab",
            policy().authorized_party("client\t"),
            PolicyError::SpoiledClient { fault: SettingFault::WhiteSpace },
            "a client of the policy has white space at an end, or a control character: remove it",
        ),
        (
            "audience is empty",
            Policy::new(ISSUER, ""),
            PolicyError::EmptyAudience,
            "an audience of the policy is empty",
        ),
        (
            "further audience is empty",
            policy().accept_audience("b").accept_audience(""),
            PolicyError::EmptyAudience,
            "an audience of the policy is empty",
        ),
        (
            "first audience is empty, the further one is not",
            Policy::new(ISSUER, "").accept_audience("b"),
            PolicyError::EmptyAudience,
            "an audience of the policy is empty",
        ),
        (
            "authorized party is empty",
            policy().authorized_party(""),
            PolicyError::EmptyAuthorizedParty,
            "a client of the policy is empty",
        ),
        (
            "name of a type is empty",
            policy().token_type(TokenType::Named(String::new())),
            PolicyError::ImpossibleTokenType,
            NO_TYPE,
        ),
        (
            "name of a type is only a prefix",
            policy().token_type(TokenType::Named("application/".into())),
            PolicyError::ImpossibleTokenType,
            NO_TYPE,
        ),
        (
            "name of a type has a space",
            policy().token_type(TokenType::Named("at jwt".into())),
            PolicyError::ImpossibleTokenType,
            NO_TYPE,
        ),
        (
            "name of a type has a slash",
            policy().token_type(TokenType::Named("text/jwt".into())),
            PolicyError::ImpossibleTokenType,
            NO_TYPE,
        ),
        (
            "name of a type is not ASCII",
            policy().token_type(TokenType::Named("jöse".into())),
            PolicyError::ImpossibleTokenType,
            NO_TYPE,
        ),
        (
            "leeway is a second too long",
            policy().leeway(Duration::from_secs(601)),
            PolicyError::LeewayTooLong { seconds: 601 },
            "the policy's leeway is 601 s, 600 is the most",
        ),
        (
            "client of `for_client` is empty",
            Policy::for_client(ISSUER, ""),
            PolicyError::EmptyAuthorizedParty,
            "a client of the policy is empty",
        ),
        (
            "further client is empty",
            Policy::for_client(ISSUER, "a").accept_client(""),
            PolicyError::EmptyAuthorizedParty,
            "a client of the policy is empty",
        ),
        (
            "no algorithm",
            policy().algorithms([]),
            PolicyError::NoAlgorithm,
            "the policy accepts no algorithm",
        ),
        (
            "claim without a name",
            policy().require_claim("", "a"),
            PolicyError::EmptyRequiredClaim,
            "the name or value of a claim that the policy requires is empty",
        ),
        (
            "claim without a value",
            policy().require_claim("a", "b").require_claim("b", ""),
            PolicyError::EmptyRequiredClaim,
            "the name or value of a claim that the policy requires is empty",
        ),
        (
            "claim without any value",
            policy().require_claim_one_of("a", [""; 0]),
            PolicyError::EmptyRequiredClaim,
            "the name or value of a claim that the policy requires is empty",
        ),
        (
            "claim with an empty value among others",
            policy().require_claim_one_of("a", ["b", ""]),
            PolicyError::EmptyRequiredClaim,
            "the name or value of a claim that the policy requires is empty",
        ),
        (
            "array with the empty string",
            policy().require_claim_containing("a", ""),
            PolicyError::EmptyRequiredClaim,
            "the name or value of a claim that the policy requires is empty",
        ),
        (
            "array without a name",
            policy().require_claim_containing("", "a"),
            PolicyError::EmptyRequiredClaim,
            "the name or value of a claim that the policy requires is empty",
        ),
        (
            "time that is to be an array",
            policy().require_claim_containing("nbf", "1"),
            PolicyError::ImpossibleRequiredClaim,
            "no accepted token can have a claim that the policy requires",
        ),
        (
            "subject that is to be an array",
            policy().require_claim_containing("sub", "a"),
            PolicyError::ImpossibleRequiredClaim,
            "no accepted token can have a claim that the policy requires",
        ),
        (
            "string that is to be an array too",
            policy().require_claim("a", "b").require_claim_containing("a", "b"),
            PolicyError::ImpossibleRequiredClaim,
            "no accepted token can have a claim that the policy requires",
        ),
        (
            "three lists of values, any two of which have one in common",
            policy()
                .require_claim_one_of("a", ["1", "2"])
                .require_claim_one_of("a", ["2", "3"])
                .require_claim_one_of("a", ["1", "3"]),
            PolicyError::ImpossibleRequiredClaim,
            "no accepted token can have a claim that the policy requires",
        ),
        (
            "other issuers",
            policy().require_claim_one_of("iss", ["https://other.example/", "x"]),
            PolicyError::ImpossibleRequiredClaim,
            "no accepted token can have a claim that the policy requires",
        ),
        (
            "path to the scopes with an unknown escape",
            policy().scopes_from("/a~2"),
            PolicyError::MalformedClaimPath,
            "the policy's path to the scopes is empty, or a JSON Pointer with a `~` that is neither `~0` nor `~1`",
        ),
        (
            "time that is to be a string",
            policy().require_claim("exp", "1780086400"),
            PolicyError::ImpossibleRequiredClaim,
            "no accepted token can have a claim that the policy requires",
        ),
        (
            "claim with two values",
            policy().require_claim("org_id", "a").require_claim("org_id", "b"),
            PolicyError::ImpossibleRequiredClaim,
            "no accepted token can have a claim that the policy requires",
        ),
        (
            "another issuer",
            policy().require_claim("iss", "https://other.example/"),
            PolicyError::ImpossibleRequiredClaim,
            "no accepted token can have a claim that the policy requires",
        ),
        (
            "leeway with a fraction",
            policy().leeway(Duration::from_nanos(1)),
            PolicyError::LeewayFraction,
            "the policy's leeway is not in whole seconds",
        ),
        (
            "leeway of a fraction too much",
            policy().leeway(Duration::from_millis(600_001)),
            PolicyError::LeewayTooLong { seconds: 601 },
            "the policy's leeway is 601 s, 600 is the most",
        ),
        (
            "everything at once",
            Policy::new("", "").authorized_party("").leeway(Duration::MAX),
            PolicyError::EmptyIssuer,
            "the policy's issuer is empty",
        ),
    ];
    for (what, policy, error, text) in cases {
        let outcome = Verifier::new(policy, verifier().keys()).map(|_| ());
        assert_eq!(outcome, Err(error), "{what}");
        assert_eq!(error.to_string(), text);
        assert!(error.source().is_none());
    }
    let again = verifier().with_issuer(policy(), verifier().keys().clone()).map(drop);
    assert_eq!(again, Err(PolicyError::DuplicateIssuer));
    assert_eq!(
        PolicyError::DuplicateIssuer.to_string(),
        "the verifier already has a policy for this issuer"
    );
    assert_eq!(
        PolicyError::SharedIssuers.to_string(),
        "the verifier's issuers are shared: add the issuer with `Issuers::add`"
    );
    let longest = policy().leeway(Duration::from_secs(600)).authorized_party("a");
    assert_eq!(Verifier::new(longest, verifier().keys()).map(|_| ()), Ok(()));
}

#[test]
fn last_setting_of_a_policy_wins() {
    let policy = policy().leeway(Duration::MAX).leeway(Duration::ZERO);
    let policy = policy.authorized_party("").authorized_party("a");
    assert_eq!(Verifier::new(policy, verifier().keys()).map(|_| ()), Ok(()));
}

#[test]
fn verdicts_are_small_and_can_be_copied() {
    let error = VerifyError::Expired { exp: 1, now: 2 };
    let copy = error;
    assert_eq!(error, copy);
    assert!(size_of::<VerifyError>() <= 24, "{}", size_of::<VerifyError>());
    assert!(size_of::<Result<(), VerifyError>>() <= 24);
}

#[test]
fn valid_token_that_lacks_a_scope_has_a_code_and_a_text_too() {
    let error = VerifyError::InsufficientScope;
    assert_eq!(error.code(), "insufficient_scope");
    assert_eq!(
        error.to_string(),
        "the token lacks a scope, permission or claim value that is required here"
    );
}

// Claims deserialized into the caller's own type.

/// A type whose deserializer reads the payload and then reports this error.
macro_rules! type_that_says {
    ($name:ident, $says:expr) => {
        #[derive(Debug)]
        struct $name;
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                IgnoredAny::deserialize(deserializer)?;
                Err($says)
            }
        }
    };
}

#[test]
fn claims_error_has_the_kind_and_the_field() {
    type_that_says!(Missing, Error::missing_field("tenant"));
    type_that_says!(Duplicate, Error::duplicate_field("https://ns.example/roles"));
    type_that_says!(Unknown, Error::unknown_field("MARKER", &["sub"]));
    type_that_says!(Variant, Error::unknown_variant("MARKER", &["low", "high"]));
    type_that_says!(Type, Error::invalid_type(Unexpected::Str("MARKER"), &"a number"));
    type_that_says!(Value, Error::invalid_value(Unexpected::Str("MARKER"), &"low or high"));
    type_that_says!(Length, Error::invalid_length(3, &"two"));
    type_that_says!(Other, Error::custom("MARKER is not welcome"));
    type_that_says!(LongName, Error::custom(format!("missing field `{}`", "f".repeat(65))));
    type_that_says!(OddName, Error::custom("missing field `a b`"));
    // A type's own code may quote a claim in its error, or a part of one.
    type_that_says!(Quoted, Error::custom("missing field `tokenringTestkitClientIdentifier`"));
    type_that_says!(PartQuoted, Error::custom("missing field `tokenringTestkit`"));

    let verified = verify(&token().mint()).unwrap();
    let kinds = [
        (
            verified.claims::<Missing>().unwrap_err(),
            ClaimsErrorKind::MissingField,
            Some("tenant"),
            "a field is missing, `tenant`",
        ),
        (
            verified.claims::<Duplicate>().unwrap_err(),
            ClaimsErrorKind::DuplicateField,
            None,
            "a field occurs twice",
        ),
        (
            verified.claims::<Unknown>().unwrap_err(),
            ClaimsErrorKind::UnknownField,
            None,
            "a claim is unknown to it",
        ),
        (
            verified.claims::<Variant>().unwrap_err(),
            ClaimsErrorKind::UnknownVariant,
            None,
            "it has no such variant",
        ),
        (
            verified.claims::<Type>().unwrap_err(),
            ClaimsErrorKind::Type,
            None,
            "a claim has another JSON type",
        ),
        (
            verified.claims::<Value>().unwrap_err(),
            ClaimsErrorKind::Value,
            None,
            "a claim has a value that it does not take",
        ),
        (
            verified.claims::<Length>().unwrap_err(),
            ClaimsErrorKind::Value,
            None,
            "a claim has a value that it does not take",
        ),
        (
            verified.claims::<Other>().unwrap_err(),
            ClaimsErrorKind::Other,
            None,
            "its own code refuses them",
        ),
        (
            verified.claims::<LongName>().unwrap_err(),
            ClaimsErrorKind::MissingField,
            None,
            "a field is missing",
        ),
        (
            verified.claims::<Quoted>().unwrap_err(),
            ClaimsErrorKind::MissingField,
            None,
            "a field is missing",
        ),
        (
            verified.claims::<PartQuoted>().unwrap_err(),
            ClaimsErrorKind::MissingField,
            None,
            "a field is missing",
        ),
        (
            verified.claims::<OddName>().unwrap_err(),
            ClaimsErrorKind::MissingField,
            None,
            "a field is missing",
        ),
    ];
    for (error, kind, field, text) in kinds {
        assert_eq!((error.kind(), error.field()), (kind, field));
        let column = error.column();
        let told = format!("the claims do not fit the type asked for: {text}, at byte {column}");
        assert_eq!(error.to_string(), told);
        assert!(!format!("{error:?}").contains("MARKER") && error.source().is_none());
    }
}

#[test]
fn claims_error_has_the_place_and_nothing_from_the_claims() {
    let payload = claims_and(r#""MARKER":"MARKER","level":"MARKER""#);
    let verified = verify(&signed(HEADER, payload.clone())).unwrap();
    let errors: [ClaimsError; 5] = [
        verified.claims::<Vec<String>>().unwrap_err(),
        verified.claims::<String>().unwrap_err(),
        verified.claims::<u64>().unwrap_err(),
        verified.claims::<()>().unwrap_err(),
        verified.claims::<BTreeMap<String, u64>>().unwrap_err(),
    ];
    for error in &errors {
        assert_eq!((error.kind(), error.field()), (ClaimsErrorKind::Type, None));
        assert!(error.column() <= payload.len());
        assert!(!format!("{error:?}{error}").contains("MARKER"));
    }
    // `iss` is the first member, and its string is not a number.
    let [.., of_map] = errors;
    let end_of_iss = payload.find(",\"aud\"").unwrap();
    assert!((1..=end_of_iss).contains(&of_map.column()), "{}", of_map.column());
}
