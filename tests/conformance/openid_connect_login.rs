//! OpenID Connect Core sections 2, 3.1.3.7, 3.1.3.8, 3.2.2.9, 3.2.2.11 and 3.3.2.11: ID tokens, and the
//! checks of one login.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests may"
)]

#[cfg(feature = "std")]
use std::num::NonZeroUsize;
use std::time::Duration;

use serde_json::{Value, json};
use tokenring::{
    Algorithm, JsonError, JwkSet, Login, Policy, TokenType, UnixTime, Verifier, VerifyError,
    explain::Outcome,
    testkit::{AUDIENCE, ISSUER, Issuer, TestKey, TokenBuilder},
};

use crate::common::{HEADER, NOW, issuer, policy, signed, token, verifier_of};

const CLIENT: &str = "client";

fn for_login() -> Policy {
    Policy::for_id_tokens(ISSUER, CLIENT)
}

fn id_token() -> TokenBuilder {
    issuer().id_token_at(CLIENT, NOW)
}

/// The outcome, which an explanation must share.
fn with(policy: Policy, token: &str, login: &Login) -> Result<(), VerifyError> {
    let verifier = verifier_of(policy);
    let outcome = verifier.verify_id_token_at(token, login, NOW).map(drop);
    let explanation = verifier.explain_id_token_at(token, login, NOW);
    assert_eq!(explanation.verdict(), outcome, "{explanation}");
    outcome
}

fn outcome(token: &TokenBuilder, login: &Login) -> Result<(), VerifyError> {
    with(for_login(), &token.mint(), login)
}

/// An ID token with these members, JSON text, besides the required ones.
fn with_members(members: &str) -> String {
    let exp = NOW.as_secs() + 60;
    let claims =
        format!(r#"{{"iss":"{ISSUER}","sub":"s","aud":"client","iat":1,"exp":{exp},{members}}}"#);
    signed(HEADER, claims)
}

fn missing(claim: &'static str) -> Result<(), VerifyError> {
    Err(VerifyError::ClaimMissing { claim })
}

fn mistyped(claim: &'static str) -> Result<(), VerifyError> {
    Err(VerifyError::ClaimType { claim })
}

// Section 2: the claims of every ID token.

#[test]
fn id_token_of_a_login_without_further_requirements_is_accepted() {
    assert_eq!(outcome(&id_token(), &Login::new()), Ok(()));
    assert_eq!(outcome(&id_token(), &Login::default()), Ok(()));
    let verified = verifier_of(for_login()).verify_at(&id_token().mint(), NOW).unwrap();
    assert_eq!(verified.subject(), Some("auth0|64b7f1c2a9d3e8f0b5c6a7d8"));
    assert_eq!(verified.token_type(), Some("JWT"));
    assert_eq!(verified.algorithm(), Algorithm::RS256);
}

#[test]
fn iss_sub_aud_exp_and_iat_are_required() {
    for claim in ["iss", "sub", "aud", "exp", "iat"] {
        assert_eq!(outcome(&id_token().without_claim(claim), &Login::new()), missing(claim));
        let null = id_token().claim(claim, Value::Null);
        assert_eq!(outcome(&null, &Login::new()), mistyped(claim));
    }
    // An access token needs neither.
    let access = token().without_claim("sub").without_claim("iat").mint();
    assert_eq!(verifier_of(policy()).verify_at(&access, NOW).map(drop), Ok(()));
}

#[test]
fn explanation_reports_both_missing_claims() {
    let token = id_token().without_claim("sub").without_claim("iat").mint();
    let explanation = verifier_of(for_login()).explain_id_token_at(&token, &Login::new(), NOW);
    let faults: Vec<_> = explanation.findings().iter().filter_map(|one| one.error()).collect();
    let missing = |claim| VerifyError::ClaimMissing { claim };
    assert_eq!(faults, [missing("sub"), missing("iat")]);
}

#[test]
fn explanation_reports_a_mistyped_claim_once() {
    let token = id_token().claim("sub", 7).claim("iat", "7").mint();
    let explanation = verifier_of(for_login()).explain_id_token_at(&token, &Login::new(), NOW);
    let mut faults: Vec<_> = explanation.findings().iter().filter_map(|one| one.error()).collect();
    faults.sort_by_key(|error| error.to_string());
    let mistyped = |claim| VerifyError::ClaimType { claim };
    assert_eq!(faults, [mistyped("iat"), mistyped("sub")]);
}

#[test]
fn typ_of_an_access_token_is_refused() {
    for typ in ["JWT", "jwt", "id_token+jwt", "ID_TOKEN+JWT", "application/id_token+jwt"] {
        assert_eq!(outcome(&id_token().header("typ", typ), &Login::new()), Ok(()), "{typ}");
    }
    assert_eq!(outcome(&id_token().without_header("typ"), &Login::new()), Ok(()));
    for typ in ["at+jwt", "AT+jwt", "application/at+jwt", "logout+jwt", "id_token", "", "JOSE"] {
        let found = outcome(&id_token().header("typ", typ), &Login::new());
        assert_eq!(found, Err(VerifyError::TokenTypeNotAccepted), "{typ}");
    }
}

// Section 3.1.3.7, steps 3 to 5: audience and authorized party.

#[test]
fn client_must_be_in_aud_and_everybody_else_must_be_trusted() {
    let trusting = || for_login().accept_audience("api").accept_audience("other");
    let cases = [
        (json!("client"), Ok(()), Ok(())),
        (json!(["client"]), Ok(()), Ok(())),
        (json!(["client", "client"]), Ok(()), Ok(())),
        (json!(["client", "api"]), Err(VerifyError::UntrustedAudience), Ok(())),
        (json!(["api", "client", "other"]), Err(VerifyError::UntrustedAudience), Ok(())),
        (
            json!(["client", "stranger"]),
            Err(VerifyError::UntrustedAudience),
            Err(VerifyError::UntrustedAudience),
        ),
        (json!("api"), Err(VerifyError::WrongAudience), Err(VerifyError::WrongAudience)),
        (json!(["api"]), Err(VerifyError::WrongAudience), Err(VerifyError::WrongAudience)),
        (json!(["Client"]), Err(VerifyError::WrongAudience), Err(VerifyError::WrongAudience)),
        (json!([]), mistyped("aud"), mistyped("aud")),
        (json!(["client", 1]), mistyped("aud"), mistyped("aud")),
    ];
    for (aud, alone, trusted) in cases {
        let token = id_token().audience(aud.clone()).claim("azp", CLIENT);
        assert_eq!(outcome(&token, &Login::new()), alone, "{aud}");
        assert_eq!(with(trusting(), &token.mint(), &Login::new()), trusted, "{aud}");
    }
}

#[test]
fn azp_is_required_with_another_audience_and_must_be_the_client() {
    let several = || id_token().audience(["client", "api"]);
    let trusting = || for_login().accept_audience("api");
    let other = Err(VerifyError::WrongAuthorizedParty);
    let under = |policy, token: TokenBuilder| with(policy, &token.mint(), &Login::new());
    assert_eq!(under(trusting(), several()), missing("azp"));
    // `client_id` is no substitute.
    assert_eq!(under(trusting(), several().claim("client_id", CLIENT)), missing("azp"));
    assert_eq!(under(trusting(), several().claim("azp", CLIENT)), Ok(()));
    assert_eq!(under(trusting(), several().claim("azp", "api")), other);
    assert_eq!(under(for_login(), id_token().audience(["client", "client"])), Ok(()));
    for azp in ["other", "", "Client", "client "] {
        assert_eq!(under(for_login(), id_token().claim("azp", azp)), other, "{azp}");
    }
    assert_eq!(under(for_login(), id_token().claim("azp", json!(["client"]))), mistyped("azp"));
    assert_eq!(under(for_login(), id_token().claim("client_id", "other")), Ok(()));
    // The token of a mobile app for its server.
    let app = for_login().accept_client("app");
    assert_eq!(under(app.clone(), id_token().claim("azp", "app")), Ok(()));
    assert_eq!(under(app, id_token()), Ok(()));
    // Of the app alone: without `azp`, the token is the server's own.
    let app = for_login().authorized_party("app");
    assert_eq!(under(app.clone(), id_token().claim("azp", "app")), Ok(()));
    assert_eq!(under(app.clone(), id_token().claim("azp", CLIENT)), other);
    assert_eq!(under(app, id_token()), missing("azp"));
    assert_eq!(under(for_login().authorized_party(CLIENT), id_token()), Ok(()));
}

// Step 11: `nonce`.

#[test]
fn nonce_that_was_sent_must_come_back() {
    let login = Login::new().nonce("n-0S6_WzA2Mj");
    let wrong = Err(VerifyError::WrongNonce);
    for (nonce, expected) in [
        (r#""n-0S6_WzA2Mj""#, Ok(())),
        (r#""\u006e-0S6_WzA2Mj""#, Ok(())),
        (r#""n-0S6_WzA2M""#, wrong),
        (r#""n-0S6_WzA2Mj ""#, wrong),
        (r#""N-0S6_WZA2MJ""#, wrong),
        (r#""""#, wrong),
        ("null", mistyped("nonce")),
        ("1", mistyped("nonce")),
        (r#"["n-0S6_WzA2Mj"]"#, mistyped("nonce")),
        (r#"{"n-0S6_WzA2Mj":true}"#, mistyped("nonce")),
    ] {
        let token = with_members(&format!(r#""nonce":{nonce}"#));
        assert_eq!(with(for_login(), &token, &login), expected, "{nonce}");
    }
    assert_eq!(
        with(for_login(), &with_members(r#""Nonce":"n-0S6_WzA2Mj""#), &login),
        missing("nonce")
    );
    let twice = with_members(r#""nonce":"n-0S6_WzA2Mj","nonce":"x""#);
    let repeated = Err(VerifyError::PayloadJson(JsonError::DuplicateMember));
    assert_eq!(with(for_login(), &twice, &login), repeated);
    // In the header, it is not signed as a claim.
    let in_header = id_token().header("nonce", "n-0S6_WzA2Mj");
    assert_eq!(outcome(&in_header, &login), missing("nonce"));
}

#[test]
fn nonce_that_was_not_sent_must_not_be_there() {
    let token = id_token().claim("nonce", "n");
    let unexpected = Err(VerifyError::UnexpectedNonce);
    assert_eq!(outcome(&token, &Login::new()), unexpected);
    assert_eq!(outcome(&id_token().claim("nonce", ""), &Login::new()), unexpected);
    assert_eq!(outcome(&id_token().claim("nonce", Value::Null), &Login::new()), mistyped("nonce"));
    // Nor in a verification without a login.
    let verifier = verifier_of(for_login());
    assert_eq!(verifier.verify_at(&token.mint(), NOW).map(drop), unexpected);
    assert_eq!(verifier.explain_at(&token.mint(), NOW).verdict(), unexpected);
}

#[test]
fn empty_nonce_admits_nobody() {
    for nonce in ["", "n"] {
        let token = id_token().claim("nonce", nonce);
        assert_eq!(outcome(&token, &Login::new().nonce("")), Err(VerifyError::WrongNonce));
    }
    assert_eq!(outcome(&id_token(), &Login::new().nonce("")), missing("nonce"));
}

// Step 12: `acr`.

#[test]
fn acr_must_be_one_of_the_requested_values() {
    let login = Login::new().acr_values(["phr", "phrh"]);
    let wrong = Err(VerifyError::WrongAuthenticationContext);
    for (acr, expected) in [("phr", Ok(())), ("phrh", Ok(())), ("phr phrh", wrong), ("0", wrong)] {
        assert_eq!(outcome(&id_token().claim("acr", acr), &login), expected, "{acr}");
        assert_eq!(outcome(&id_token().claim("acr", acr), &Login::new()), Ok(()));
    }
    assert_eq!(outcome(&id_token(), &login), missing("acr"));
    for acr in [json!(0), json!(null), json!(["phr"])] {
        assert_eq!(outcome(&id_token().claim("acr", acr), &login), mistyped("acr"));
    }
    let none = Login::new().acr_values(Vec::<String>::new());
    assert_eq!(outcome(&id_token().claim("acr", "phr"), &none), wrong);
}

// Step 13: `auth_time`.

#[test]
fn login_must_not_be_older_than_max_age_to_the_fraction_of_a_second() {
    let now = NOW.as_secs();
    let (at, old) = (
        |time: &str| with_members(&format!(r#""auth_time":{time}"#)),
        |auth_time| Err(VerifyError::AuthenticationTooOld { auth_time, now }),
    );
    let future = |auth_time| Err(VerifyError::AuthenticatedInFuture { auth_time, now });
    let login = Login::new().max_age(300);
    let with_leeway = || for_login().leeway(Duration::from_secs(10));
    for (time, expected, with_10_s) in [
        (format!("{}", now - 300), Ok(()), Ok(())),
        (format!("{}.5", now - 301), old(now - 301), Ok(())),
        (format!("{}", now - 301), old(now - 301), Ok(())),
        (format!("{}", now - 310), old(now - 310), Ok(())),
        (format!("{}.999", now - 311), old(now - 311), old(now - 311)),
        (format!("{}", now - 311), old(now - 311), old(now - 311)),
        (format!("{now}"), Ok(()), Ok(())),
        (format!("{now}.0"), Ok(()), Ok(())),
        (format!("{now}.001"), future(now + 1), Ok(())),
        (format!("{}", now + 10), future(now + 10), Ok(())),
        (format!("{}.1", now + 10), future(now + 11), future(now + 11)),
        ("0".into(), old(0), old(0)),
        ("-0".into(), old(0), old(0)),
        ("1.78e9".into(), Ok(()), Ok(())),
    ] {
        assert_eq!(with(for_login(), &at(&time), &login), expected, "{time}");
        assert_eq!(with(with_leeway(), &at(&time), &login), with_10_s, "{time}");
        assert_eq!(with(for_login(), &at(&time), &Login::new()), Ok(()), "{time}");
    }
    let range = Err(VerifyError::ClaimRange { claim: "auth_time" });
    for time in [format!("{now}000"), "-1".into(), "-0.5".into(), "1e300".into()] {
        assert_eq!(with(for_login(), &at(&time), &login), range, "{time}");
    }
    for time in [format!(r#""{now}""#), "null".into(), "true".into(), format!("[{now}]")] {
        assert_eq!(with(for_login(), &at(&time), &login), mistyped("auth_time"), "{time}");
    }
    assert_eq!(with(for_login(), &at("1").replace("auth_time", ""), &Login::new()), Ok(()));
    assert_eq!(outcome(&id_token(), &login), missing("auth_time"));
}

#[test]
fn greatest_max_age_does_not_overflow() {
    let token = id_token().claim("auth_time", 1);
    assert_eq!(outcome(&token, &Login::new().max_age(u64::MAX)), Ok(()));
    let old = VerifyError::AuthenticationTooOld { auth_time: 1, now: NOW.as_secs() };
    assert_eq!(outcome(&token, &Login::new().max_age(0)), Err(old));
}

// Sections 3.1.3.8, 3.2.2.9 and 3.3.2.11: the hashes.

/// OpenID Connect Core appendices A.3, A.4 and A.6.
const ACCESS_TOKEN: &str = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
const AT_HASH: &str = "77QmUPtjPfzWtF2AnpK9RQ";
const CODE: &str = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk";
const C_HASH: &str = "LDktKdoQak3Pk0cnXxCltA";

#[test]
fn hashes_of_the_specification_are_accepted() {
    let token = id_token().claim("at_hash", AT_HASH).claim("c_hash", C_HASH);
    let login = Login::new().access_token(ACCESS_TOKEN).code(CODE);
    assert_eq!(outcome(&token, &login), Ok(()));
    let swapped = Login::new().access_token(CODE);
    assert_eq!(outcome(&token, &swapped), Err(VerifyError::WrongAccessTokenHash));
    let swapped = Login::new().code(ACCESS_TOKEN);
    assert_eq!(outcome(&token, &swapped), Err(VerifyError::WrongCodeHash));
}

#[test]
fn hash_is_that_of_the_tokens_algorithm_and_no_other() {
    // The left halves of SHA-256, SHA-384 and SHA-512 of `ACCESS_TOKEN`, by Python's hashlib.
    let hashes = [
        AT_HASH,
        "jtAeDp945y1dDqU3nkIVGNZP1HjH_MFs",
        "q7nS86GgvvFaZkzALLWqJYaJIKw2wCDAVfCAsm5CrBM",
    ];
    for (algorithm, right) in [
        (Algorithm::RS256, 0),
        (Algorithm::PS256, 0),
        (Algorithm::ES256, 0),
        (Algorithm::RS384, 1),
        (Algorithm::PS384, 1),
        (Algorithm::ES384, 1),
        (Algorithm::RS512, 2),
        (Algorithm::PS512, 2),
        (Algorithm::EdDSA, 2),
    ] {
        let issuer = Issuer::for_algorithm(ISSUER, algorithm);
        let keys = JwkSet::from_json(issuer.jwks().as_bytes()).unwrap();
        let verifier = Verifier::new(for_login().algorithms([algorithm]), keys).unwrap();
        let login = Login::new().access_token(ACCESS_TOKEN);
        for (number, hash) in hashes.into_iter().enumerate() {
            let expected =
                if number == right { Ok(()) } else { Err(VerifyError::WrongAccessTokenHash) };
            let token = issuer.id_token_at(CLIENT, NOW).claim("at_hash", hash).mint();
            let found = verifier.verify_id_token_at(&token, &login, NOW).map(drop);
            assert_eq!(found, expected, "{algorithm} {hash}");
        }
        // The test kit makes the right one.
        let token = issuer.id_token_at(CLIENT, NOW).hash_claim("at_hash", ACCESS_TOKEN);
        assert_eq!(verifier.verify_id_token_at(&token.mint(), &login, NOW).map(drop), Ok(()));
        let payload: Value = serde_json::from_str(&token.payload_json()).unwrap();
        assert_eq!(payload["at_hash"], hashes[right]);
    }
}

#[test]
fn hash_in_another_spelling_is_refused() {
    let login = Login::new().access_token(ACCESS_TOKEN);
    for hash in [
        "77QmUPtjPfzWtF2AnpK9RQ==",
        "77QmUPtjPfzWtF2AnpK9RR",
        "77QmUPtjPfzWtF2AnpK9R",
        "77QmUPtjPfzWtF2AnpK9RQA",
        " 77QmUPtjPfzWtF2AnpK9RQ",
        "77qmuptjpfzwtf2anpk9rq",
        "efb42650fb633dfcd6b45d809e92bd45",
        "",
    ] {
        let found = outcome(&id_token().claim("at_hash", hash), &login);
        assert_eq!(found, Err(VerifyError::WrongAccessTokenHash), "{hash}");
    }
    for hash in [json!(null), json!(1), json!([AT_HASH])] {
        assert_eq!(outcome(&id_token().claim("at_hash", hash), &login), mistyped("at_hash"));
    }
    // Without an access token, there is nothing to compare.
    assert_eq!(outcome(&id_token().claim("at_hash", "x"), &Login::new()), Ok(()));
}

#[test]
fn hashes_may_be_absent_from_the_token_endpoint_and_not_from_the_authorization_endpoint() {
    let both = |login: Login| login.access_token(ACCESS_TOKEN).code(CODE);
    let front = || both(Login::from_authorization_endpoint("n"));
    assert_eq!(outcome(&id_token(), &both(Login::new())), Ok(()));
    let token = id_token().claim("nonce", "n");
    assert_eq!(outcome(&token, &front()), missing("at_hash"));
    let token = token.claim("at_hash", AT_HASH);
    assert_eq!(outcome(&token, &front()), missing("c_hash"));
    let token = token.claim("c_hash", C_HASH);
    assert_eq!(outcome(&token, &front()), Ok(()));
    assert_eq!(outcome(&token.without_claim("nonce"), &front()), missing("nonce"));
    // Neither an access token nor a code came with it.
    let alone = Login::from_authorization_endpoint("n");
    assert_eq!(outcome(&id_token().claim("nonce", "n"), &alone), Ok(()));
}

// The whole.

#[test]
fn checks_of_the_login_come_last_and_in_their_order() {
    let login = Login::from_authorization_endpoint("n")
        .acr_values(["phr"])
        .max_age(60)
        .access_token(ACCESS_TOKEN)
        .code(CODE);
    let now = NOW.as_secs();
    let token = id_token().expires_at(NOW).audience(["client", "api"]).claim("azp", "other");
    let found = |token: &TokenBuilder| outcome(token, &login);
    assert_eq!(found(&token), Err(VerifyError::UntrustedAudience));
    let token = token.audience(CLIENT);
    assert_eq!(found(&token), Err(VerifyError::Expired { exp: now, now }));
    let token = token.expires_at(UnixTime::from_secs(now + 1));
    assert_eq!(found(&token), Err(VerifyError::WrongAuthorizedParty));
    let token = token.without_claim("azp");
    assert_eq!(found(&token), missing("nonce"));
    let token = token.claim("nonce", "n");
    assert_eq!(found(&token), missing("acr"));
    let token = token.claim("acr", "phr");
    assert_eq!(found(&token), missing("auth_time"));
    let token = token.claim("auth_time", now);
    assert_eq!(found(&token), missing("at_hash"));
    let token = token.claim("at_hash", AT_HASH);
    assert_eq!(found(&token), missing("c_hash"));
    assert_eq!(found(&token.claim("c_hash", C_HASH)), Ok(()));
}

#[test]
fn forged_id_token_is_refused_whatever_it_claims() {
    let token = id_token().claim("nonce", "n").forged_by(&TestKey::attacker());
    let found = outcome(&token, &Login::new().nonce("n"));
    assert_eq!(found, Err(VerifyError::BadSignature));
}

#[cfg(feature = "std")]
#[test]
fn login_is_checked_each_time_for_a_token_in_the_cache() {
    let verifier = verifier_of(for_login()).with_token_cache(NonZeroUsize::new(8).unwrap());
    let now = NOW.as_secs();
    let token = id_token()
        .claim("nonce", "n")
        .claim("auth_time", now)
        .hash_claim("at_hash", ACCESS_TOKEN)
        .mint();
    let at = |login: &Login, later: u64| {
        let time = UnixTime::from_secs(now + later);
        verifier.verify_id_token_at(&token, login, time).map(drop)
    };
    let good = || Login::new().nonce("n");
    for _ in 0..3 {
        assert_eq!(at(&good(), 0), Ok(()));
        assert_eq!(at(&Login::new().nonce("m"), 0), Err(VerifyError::WrongNonce));
        assert_eq!(at(&Login::new(), 0), Err(VerifyError::UnexpectedNonce));
        assert_eq!(verifier.verify_at(&token, NOW).map(drop), Err(VerifyError::UnexpectedNonce));
        let other = good().access_token("other");
        assert_eq!(at(&other, 0), Err(VerifyError::WrongAccessTokenHash));
        let old = VerifyError::AuthenticationTooOld { auth_time: now, now: now + 11 };
        assert_eq!(at(&good().max_age(10), 10), Ok(()));
        assert_eq!(at(&good().max_age(10), 11), Err(old));
    }
}

#[test]
fn login_is_refused_under_a_policy_for_access_tokens() {
    let wrong = Err(VerifyError::PolicyNotForIdTokens);
    let with_type = policy().token_type(TokenType::IdToken);
    for policy in [policy(), with_type, Policy::for_client(ISSUER, CLIENT)] {
        assert_eq!(with(policy, &token().mint(), &Login::new()), wrong);
    }
    // Among several issuers, the token's own policy counts.
    let keys = || JwkSet::from_json(issuer().jwks().as_bytes()).unwrap();
    let other = "https://other.example/";
    let verifier =
        verifier_of(policy()).with_issuer(Policy::for_id_tokens(other, CLIENT), keys()).unwrap();
    let find = |token: &TokenBuilder| {
        let token = token.mint();
        let outcome = verifier.verify_id_token_at(&token, &Login::new(), NOW).map(drop);
        let explanation = verifier.explain_id_token_at(&token, &Login::new(), NOW);
        assert_eq!(explanation.verdict(), outcome);
        outcome
    };
    assert_eq!(find(&token()), wrong);
    assert_eq!(find(&id_token().issuer(other)), Ok(()));
}

#[cfg(feature = "std")]
#[test]
fn access_token_in_the_cache_is_not_taken_for_a_login() {
    let wrong = Err(VerifyError::PolicyNotForIdTokens);
    let verifier = verifier_of(policy()).with_token_cache(NonZeroUsize::new(8).unwrap());
    let token = token().mint();
    assert_eq!(verifier.verify_at(&token, NOW).map(drop), Ok(()));
    assert_eq!(verifier.verify_id_token_at(&token, &Login::new(), NOW).map(drop), wrong);
}

#[test]
fn access_token_of_the_client_is_no_id_token_and_the_reverse() {
    // A policy that names the API does not accept the token of the client.
    let found = verifier_of(policy()).verify_at(&id_token().mint(), NOW).map(drop);
    assert_eq!(found, Err(VerifyError::WrongAudience));
    let access = token().header("typ", "at+jwt").audience(CLIENT);
    assert_eq!(outcome(&access, &Login::new()), Err(VerifyError::TokenTypeNotAccepted));
    let access = token().audience([AUDIENCE, CLIENT]);
    assert_eq!(outcome(&access, &Login::new()), Err(VerifyError::UntrustedAudience));
}

#[cfg(feature = "std")]
#[test]
fn every_way_to_verify_checks_the_login() {
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };
    let verifier = verifier_of(for_login());
    let token = issuer().id_token_at(CLIENT, UnixTime::now()).claim("nonce", "n").mint();
    for (nonce, expected) in [("n", Ok(())), ("m", Err(VerifyError::WrongNonce))] {
        let login = Login::new().nonce(nonce);
        assert_eq!(verifier.verify_id_token(&token, &login).map(drop), expected);
        assert_eq!(verifier.try_verify_id_token(&token, &login).map(drop), expected);
        let future = pin!(verifier.verify_id_token_async(&token, &login));
        let polled = future.poll(&mut Context::from_waker(Waker::noop()));
        assert!(
            matches!(polled, Poll::Ready(found) if found.as_ref().map(|_| ()) == expected.as_ref().map(|_| ()))
        );
        assert_eq!(verifier.explain_id_token(&token, &login).verdict(), expected);
    }
}

#[test]
fn explanation_has_a_line_for_each_check_and_shows_neither_nonce_nor_hash() {
    let token = id_token()
        .claim("nonce", "MARKER")
        .claim("acr", "MARKER")
        .claim("at_hash", "MARKER")
        .claim("c_hash", "MARKER")
        .claim("auth_time", NOW.as_secs() - 90);
    let login = Login::new()
        .nonce("SECRET")
        .acr_values(["phr"])
        .max_age(60)
        .access_token("SECRET")
        .code("SECRET");
    let explanation = verifier_of(for_login()).explain_id_token_at(&token.mint(), &login, NOW);
    let failed: Vec<_> = explanation
        .findings()
        .iter()
        .filter(|finding| finding.outcome() == Outcome::Failed)
        .map(|finding| {
            let hint = finding.hint().map(|hint| hint.code());
            (finding.check().name(), finding.expected(), finding.actual(), hint)
        })
        .collect();
    let another = Some("another string");
    assert_eq!(
        failed,
        [
            ("nonce", Some("the one that was sent"), another, Some("other_nonce")),
            ("acr", Some("\"phr\""), another, Some("other_authentication")),
            (
                "auth_time",
                Some("at most 1 minute before now"),
                Some("2026-05-28T20:25:10Z, 1 minute 30 seconds ago"),
                Some("login_too_old"),
            ),
            (
                "at_hash",
                Some("the hash of the access token, if one is given"),
                another,
                Some("other_hash"),
            ),
            ("c_hash", Some("the hash of the code, if one is given"), another, Some("other_hash")),
        ]
    );
    let text = format!("{explanation} {explanation:?} {login:?}");
    assert!(!text.contains("MARKER") && !text.contains("SECRET"), "{text}");
}
