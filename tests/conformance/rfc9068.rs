//! The JWT profile for access tokens, which [`Policy::rfc9068`] requires as a whole.

use tokenring::{
    Login, Policy, VerifyError,
    explain::{Check, Outcome},
    testkit::{self, TokenBuilder},
};

use crate::common::{NOW, token, verifier_of};

fn profile() -> Policy {
    Policy::rfc9068(testkit::ISSUER, testkit::AUDIENCE)
}

/// A token with all claims of the profile, and no other.
fn profiled() -> TokenBuilder {
    token()
        .header("typ", "at+jwt")
        .without_claim("azp")
        .without_claim("permissions")
        .claim("client_id", testkit::CLIENT_ID)
        .claim("jti", "dbe39bf3a3ba4238a513f51d6e1691c4")
}

fn outcome(token: &TokenBuilder) -> Result<(), VerifyError> {
    verifier_of(profile()).verify_at(&token.mint(), NOW).map(drop)
}

#[test]
fn token_of_the_profile_is_accepted() {
    assert_eq!(outcome(&profiled()), Ok(()));
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        assert_eq!(outcome(&profiled().header("typ", typ)), Ok(()), "{typ}");
    }
    // Whatever the claims say, so long as they are there.
    assert_eq!(outcome(&profiled().claim("azp", "other").claim("jti", "").claim("iat", 0)), Ok(()));
}

/// Section 4: "The resource server MUST verify that the "typ" header value is "at+jwt" or
/// "application/at+jwt" and reject tokens carrying any other value".
#[test]
fn token_of_another_type_is_refused() {
    for typ in ["JWT", "id_token+jwt", "application/jwt", "logout+jwt", "at+jwt+x", ""] {
        let wrong = Err(VerifyError::TokenTypeNotAccepted);
        assert_eq!(outcome(&profiled().header("typ", typ)), wrong, "{typ:?}");
    }
    let untyped = profiled().without_header("typ");
    assert_eq!(outcome(&untyped), Err(VerifyError::TokenTypeNotAccepted));
}

/// Section 2.2.
#[test]
fn token_that_lacks_a_claim_of_the_profile_is_refused() {
    for claim in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"] {
        let missing = Err(VerifyError::ClaimMissing { claim });
        assert_eq!(outcome(&profiled().without_claim(claim)), missing, "{claim}");
        // Under another policy, most are not required.
        let lenient = verifier_of(Policy::new(testkit::ISSUER, testkit::AUDIENCE));
        let is_accepted = lenient.verify_at(&profiled().without_claim(claim).mint(), NOW).is_ok();
        assert_eq!(is_accepted, ["sub", "client_id", "iat", "jti"].contains(&claim), "{claim}");
    }
}

#[test]
fn claim_of_another_type_is_refused() {
    for claim in ["iss", "sub", "client_id", "jti"] {
        for value in [serde_json::json!(1), serde_json::json!(["a"]), serde_json::Value::Null] {
            let mistyped = Err(VerifyError::ClaimType { claim });
            assert_eq!(outcome(&profiled().claim(claim, value)), mistyped, "{claim}");
        }
    }
    for claim in ["iat", "exp"] {
        let mistyped = Err(VerifyError::ClaimType { claim });
        assert_eq!(outcome(&profiled().claim(claim, "1780000000")), mistyped, "{claim}");
    }
}

#[test]
fn azp_does_not_replace_client_id() {
    let token = profiled().without_claim("client_id").claim("azp", testkit::CLIENT_ID);
    assert_eq!(outcome(&token), Err(VerifyError::ClaimMissing { claim: "client_id" }));
}

#[test]
fn missing_claim_is_reported_before_a_wrong_value_of_another() {
    let token = profiled().issuer("https://other.example/").audience("other").header("typ", "JWT");
    for claim in ["sub", "client_id", "iat", "jti"] {
        let missing = Err(VerifyError::ClaimMissing { claim });
        assert_eq!(outcome(&token.clone().without_claim(claim)), missing);
    }
    assert_eq!(outcome(&token), Err(VerifyError::TokenTypeNotAccepted));
}

#[test]
fn every_other_check_is_made_too() {
    let expired = profiled().expires_at(NOW);
    let now = NOW.as_secs();
    for (token, error) in [
        (profiled().issuer("https://other.example/"), VerifyError::WrongIssuer),
        (profiled().audience("other"), VerifyError::WrongAudience),
        (expired, VerifyError::Expired { exp: now, now }),
        (profiled().claim("nbf", now + 1), VerifyError::NotYetValid { nbf: now + 1, now }),
        (profiled().claim("cnf", serde_json::json!({})), VerifyError::SenderConstrained),
        (profiled().claim("events", serde_json::json!({})), VerifyError::SecurityEvent),
        (profiled().forged_by(&testkit::TestKey::attacker()), VerifyError::BadSignature),
    ] {
        assert_eq!(outcome(&token), Err(error));
    }
    let strict = verifier_of(profile().accept_client("other").require_claim("org_id", "org_1"));
    let verdict = strict.verify_at(&profiled().mint(), NOW).map(drop);
    assert_eq!(verdict, Err(VerifyError::WrongAuthorizedParty));
    let strict = verifier_of(profile().require_claim("org_id", "org_1"));
    let verdict = strict.verify_at(&profiled().mint(), NOW).map(drop);
    assert_eq!(verdict, Err(VerifyError::RequiredClaim { index: 0 }));
}

#[test]
fn policy_of_the_profile_is_not_for_id_tokens() {
    let verifier = verifier_of(profile());
    let verdict = verifier.verify_id_token_at(&profiled().mint(), &Login::new(), NOW).map(drop);
    assert_eq!(verdict, Err(VerifyError::PolicyNotForIdTokens));
}

/// A token that the cache knows was accepted with all its claims.
#[cfg(feature = "std")]
#[test]
fn cached_token_is_accepted_again_and_expires() {
    let size = std::num::NonZeroUsize::new(4).unwrap();
    let keys = crate::common::keys();
    let verifier = tokenring::Verifier::new(profile(), keys).unwrap().with_token_cache(size);
    let token = profiled().mint();
    assert!(verifier.verify_at(&token, NOW).is_ok());
    assert!(verifier.verify_at(&token, NOW).is_ok());
    let later = tokenring::UnixTime::from_secs(NOW.as_secs() + 86_400);
    let expired = VerifyError::Expired { exp: later.as_secs(), now: later.as_secs() };
    assert_eq!(verifier.verify_at(&token, later).unwrap_err(), expired);
    let without = profiled().without_claim("jti").mint();
    for _ in 0..2 {
        let missing = VerifyError::ClaimMissing { claim: "jti" };
        assert_eq!(verifier.verify_at(&without, NOW).unwrap_err(), missing);
    }
}

#[test]
fn explanation_shows_each_missing_claim_by_its_name() {
    let verifier = verifier_of(profile());
    let explanation = verifier.explain_at(&profiled().mint(), NOW);
    assert_eq!(explanation.verdict(), Ok(()), "{explanation}");
    // Nothing is reported of claims that are there.
    assert!(explanation.findings().iter().all(|finding| finding.check() != Check::Claim));

    let mut token = token().claim("azp", "a client");
    for claim in ["sub", "iat"] {
        token = token.without_claim(claim);
    }
    let explanation = verifier.explain_at(&token.mint(), NOW);
    let failed = explanation.findings().iter().filter(|one| one.outcome() == Outcome::Failed);
    let failed: Vec<_> =
        failed.map(|one| (one.check(), one.expected().unwrap(), one.actual().unwrap())).collect();
    assert_eq!(
        failed,
        [
            (Check::Claim, "`sub`: a string", "`sub`: none"),
            (Check::Claim, "`client_id`: a string", "`client_id`: none"),
            (Check::Claim, "`iat`: a number", "`iat`: none"),
            (Check::Claim, "`jti`: a string", "`jti`: none"),
            (Check::Type, "at+jwt", "\"JWT\""),
        ],
    );
    let missing = VerifyError::ClaimMissing { claim: "sub" };
    assert_eq!(explanation.verdict(), Err(missing));
}

#[test]
fn explanation_reports_a_mistyped_claim_once() {
    let token = profiled().claim("client_id", 7).claim("jti", 7);
    let explanation = verifier_of(profile()).explain_at(&token.mint(), NOW);
    let failed = explanation.findings().iter().filter(|one| one.outcome() == Outcome::Failed);
    let failed: Vec<_> = failed.map(|one| (one.check(), one.expected().unwrap())).collect();
    // In the order in which the claims are read.
    assert_eq!(failed, [(Check::Claim, "`jti`: a string"), (Check::Client, "a string")]);
}
