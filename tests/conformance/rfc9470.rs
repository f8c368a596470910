//! RFC 9470: a valid token of a user who must log in again, by another method or because the login is too
//! old.

use std::time::Duration;

use serde_json::{Value, json};
use tokenring::{
    Authentication, Guard, JsonError, JwkSet, Policy, Rejection, VerifyError,
    explain::{Check, Outcome},
    testkit::{AUDIENCE, ISSUER, TokenBuilder},
};

use crate::common::{HEADER, NOW, claims_and, policy, signed, token, verifier_of};

fn guard() -> Guard<JwkSet> {
    Guard::new(verifier_of(policy()))
}

fn value(token: &TokenBuilder) -> [String; 1] {
    [format!("Bearer {}", token.mint())]
}

/// A token whose `auth_time` is this JSON text.
fn at(auth_time: &str) -> [String; 1] {
    let claims = claims_and(&format!(r#""acr":"mfa","auth_time":{auth_time}"#));
    [format!("Bearer {}", signed(HEADER, claims))]
}

/// The outcome of the guard, which that of a handler and an explanation must share.
fn outcome(
    policy: Policy,
    required: &Authentication,
    value: &[String; 1],
) -> Result<(), Rejection> {
    let guard = Guard::new(verifier_of(policy));
    let strict = guard.clone().require_authentication(required.clone());
    let checked = strict.check_at(value, NOW).map(drop);
    let verified = guard.check_at(value, NOW).unwrap();
    assert_eq!(guard.check_authentication_at(&verified, required, NOW), checked);
    let verdict = strict.explain_at(value, NOW).verdict();
    assert_eq!(verdict, checked.clone().map_err(|rejection| rejection.cause().unwrap()));
    checked
}

#[track_caller]
fn assert_step_up(outcome: &Result<(), Rejection>, cause: VerifyError, parameters: &str) {
    let rejection = outcome.as_ref().unwrap_err();
    assert_eq!((rejection.status(), rejection.cause()), (401, Some(cause)));
    assert_eq!(rejection.message(), "Insufficient user authentication");
    let headers: Vec<_> = rejection.headers().collect();
    let challenge =
        format!(r#"Bearer error="insufficient_user_authentication", {parameters}realm="api""#);
    let content_type = ("Content-Type", "application/json".to_owned());
    assert_eq!(headers, [content_type, ("WWW-Authenticate", challenge)]);
}

// Section 3: the challenge.

#[test]
fn challenge_names_what_is_required_whatever_the_cause() {
    let required = Authentication::new().acr_values(["mfa", "urn:example:phr"]).max_age(300);
    let parameters = r#"acr_values="mfa urn:example:phr", max_age="300", "#;
    let now = NOW.as_secs();
    for (token, cause) in [
        (token(), VerifyError::ClaimMissing { claim: "acr" }),
        (token().claim("acr", "pwd"), VerifyError::WrongAuthenticationContext),
        (token().claim("acr", "mfa"), VerifyError::ClaimMissing { claim: "auth_time" }),
        (
            token().claim("acr", "mfa").claim("auth_time", now - 301),
            VerifyError::AuthenticationTooOld { auth_time: now - 301, now },
        ),
    ] {
        assert_step_up(&outcome(policy(), &required, &value(&token)), cause, parameters);
    }
    let good = token().claim("acr", "mfa").claim("auth_time", now - 300);
    assert_eq!(outcome(policy(), &required, &value(&good)), Ok(()));
    // Exactly the one that the example of section 4 shows, but for the description.
    let one = Authentication::new().acr_values(["myACR"]);
    let missing = VerifyError::ClaimMissing { claim: "acr" };
    assert_step_up(&outcome(policy(), &one, &value(&token())), missing, r#"acr_values="myACR", "#);
    let five = Authentication::new().max_age(5);
    let missing = VerifyError::ClaimMissing { claim: "auth_time" };
    assert_step_up(&outcome(policy(), &five, &value(&token())), missing, r#"max_age="5", "#);
}

/// While it logs the user in again, the client can request all scopes too.
#[test]
fn challenge_names_the_scopes_of_the_guard_and_comes_before_a_403() {
    let required = || Authentication::new().acr_values(["mfa"]);
    let guard = guard().require_scope("admin").require_authentication(required());
    let checked = guard.check_at(value(&token()), NOW).map(drop);
    let missing = VerifyError::ClaimMissing { claim: "acr" };
    assert_step_up(&checked, missing, r#"scope="admin", acr_values="mfa", "#);
    let again = guard.check_at(value(&token().claim("acr", "mfa")), NOW).unwrap_err();
    assert_eq!(again.status(), 403);
}

/// Nobody learns the requirements without a valid token.
#[test]
fn request_without_a_valid_token_is_not_told_what_is_required() {
    let strict = guard().require_authentication(Authentication::new().acr_values(["mfa"]));
    for values in [vec![], vec!["Bearer x".to_owned()], vec!["Bearer x".to_owned(); 2]] {
        assert_eq!(
            strict.check_at(&values, NOW).map(drop),
            guard().check_at(&values, NOW).map(drop)
        );
    }
    let forged =
        value(&token().claim("acr", "pwd").forged_by(&tokenring::testkit::TestKey::attacker()));
    let rejection = strict.check_at(&forged, NOW).unwrap_err();
    assert_eq!(rejection.cause(), Some(VerifyError::BadSignature));
    assert_eq!(rejection, guard().check_at(&forged, NOW).unwrap_err());
}

#[test]
fn value_that_cannot_be_in_the_challenge_is_left_out() {
    let missing = || VerifyError::ClaimMissing { claim: "acr" };
    for (values, parameters) in [
        (vec!["a b", "c"], r#"acr_values="c", "#),
        (vec!["a\"b", "c\\", "d\r\nSet-Cookie: e"], ""),
        (vec!["\u{e9}", "c", "c"], r#"acr_values="c", "#),
        (vec!["", "c"], r#"acr_values="c", "#),
        (vec!["x\", scope=\"admin"], ""),
    ] {
        let required = Authentication::new().acr_values(values);
        assert_step_up(&outcome(policy(), &required, &value(&token())), missing(), parameters);
    }
    // It is compared nevertheless.
    let required = Authentication::new().acr_values(["a b\"c"]);
    assert_eq!(outcome(policy(), &required, &value(&token().claim("acr", "a b\"c"))), Ok(()));
}

// Section 5: the claims of the token.

#[test]
fn acr_is_one_string_of_the_required_ones() {
    let required = Authentication::new().acr_values(["mfa", "phr"]);
    let acr = |acr: Value| {
        let checked = outcome(policy(), &required, &value(&token().claim("acr", acr)));
        checked.map_err(|rejection| rejection.cause().unwrap())
    };
    assert_eq!((acr(json!("mfa")), acr(json!("phr"))), (Ok(()), Ok(())));
    for wrong in ["", "MFA", "mfa ", "mfa phr", "m"] {
        assert_eq!(acr(json!(wrong)), Err(VerifyError::WrongAuthenticationContext), "{wrong}");
    }
    for mistyped in [json!(null), json!(["mfa"]), json!({ "mfa": "mfa" }), json!(1), json!(true)] {
        assert_eq!(acr(mistyped), Err(VerifyError::ClaimType { claim: "acr" }));
    }
    // `amr` is another claim.
    let amr = outcome(policy(), &required, &value(&token().claim("amr", json!(["mfa"]))));
    assert_eq!(amr.unwrap_err().cause(), Some(VerifyError::ClaimMissing { claim: "acr" }));
}

#[test]
fn auth_time_is_compared_to_the_fraction_of_a_second() {
    let now = NOW.as_secs();
    let old = |auth_time| Err(VerifyError::AuthenticationTooOld { auth_time, now });
    let future = |auth_time| Err(VerifyError::AuthenticatedInFuture { auth_time, now });
    let range = || Err(VerifyError::ClaimRange { claim: "auth_time" });
    let mistyped = || Err(VerifyError::ClaimType { claim: "auth_time" });
    let leeway = || policy().leeway(Duration::from_secs(10));
    for (max_age, time, expected, with_leeway) in [
        (300, format!("{}", now - 300), Ok(()), Ok(())),
        (300, format!("{}.999", now - 301), old(now - 301), Ok(())),
        (300, format!("{}", now - 301), old(now - 301), Ok(())),
        (300, format!("{}.5", now - 311), old(now - 311), old(now - 311)),
        (300, format!("{now}.5"), future(now + 1), Ok(())),
        (300, format!("{}.5", now + 10), future(now + 11), future(now + 11)),
        (0, format!("{now}"), Ok(()), Ok(())),
        (0, format!("{}.9", now - 1), old(now - 1), Ok(())),
        (0, format!("{}", now - 11), old(now - 11), old(now - 11)),
        // Their nearest doubles are whole seconds.
        (300, format!("{}.99999999999999999999", now - 301), old(now - 301), Ok(())),
        (300, format!("{}.99999999999999999999", now - 311), old(now - 311), old(now - 311)),
        (300, format!("{now}.00000000000000000001"), future(now + 1), Ok(())),
        (300, format!("{}.00000000000000000001", now + 10), future(now + 11), future(now + 11)),
        (300, format!("{}.00000000000000000001", now - 300), Ok(()), Ok(())),
        (300, format!("{}.99999999999999999999", now - 1), Ok(()), Ok(())),
        (u64::MAX, "-0.0".to_owned(), Ok(()), Ok(())),
        (u64::MAX, "-1e-400".to_owned(), range(), range()),
        (300, "253402300799.00000000000000000001".to_owned(), range(), range()),
        (u64::MAX, "0".to_owned(), Ok(()), Ok(())),
        (u64::MAX, format!("{}", now + 11), future(now + 11), future(now + 11)),
        (300, format!("{}", now * 1000), range(), range()),
        (300, "-1".to_owned(), range(), range()),
        (300, "1e300".to_owned(), range(), range()),
        (300, format!("\"{now}\""), mistyped(), mistyped()),
        (300, "null".to_owned(), mistyped(), mistyped()),
        (300, format!("[{now}]"), mistyped(), mistyped()),
        (300, "true".to_owned(), mistyped(), mistyped()),
    ] {
        let required = Authentication::new().max_age(max_age);
        for (policy, expected) in [(policy(), expected), (leeway(), with_leeway)] {
            let checked = outcome(policy, &required, &at(&time));
            let checked = checked.map_err(|rejection| rejection.cause().unwrap());
            assert_eq!(checked, expected, "{time} {max_age}");
        }
    }
}

#[test]
fn claim_that_occurs_twice_refuses_the_token_itself() {
    for members in [r#""acr":"mfa","acr":"mfa""#, r#""auth_time":1,"auth\u005ftime":1"#] {
        let twice = [format!("Bearer {}", signed(HEADER, claims_and(members)))];
        let strict = guard().require_authentication(Authentication::new().acr_values(["mfa"]));
        let cause = strict.check_at(&twice, NOW).unwrap_err().cause();
        assert_eq!(cause, Some(VerifyError::PayloadJson(JsonError::DuplicateMember)));
    }
}

#[test]
fn setting_that_was_left_empty_admits_nobody() {
    let now = NOW.as_secs();
    let wrong = VerifyError::WrongAuthenticationContext;
    for acr in ["", "mfa"] {
        let token = token().claim("acr", acr).claim("auth_time", now);
        for required in [
            Authentication::new(),
            Authentication::default(),
            Authentication::new().acr_values([""; 0]),
            Authentication::new().acr_values([""]),
        ] {
            assert_step_up(&outcome(policy(), &required, &value(&token)), wrong, "");
        }
    }
}

#[test]
fn all_of_several_requirements_hold_and_the_first_that_does_not_is_announced() {
    let strict = guard()
        .require_authentication(Authentication::new().max_age(3600))
        .require_authentication(Authentication::new().acr_values(["mfa"]));
    let recent = token().claim("auth_time", NOW.as_secs());
    let missing = |claim| VerifyError::ClaimMissing { claim };
    let check = |token: &TokenBuilder| strict.check_at(value(token), NOW).map(drop);
    assert_step_up(&check(&token()), missing("auth_time"), r#"max_age="3600", "#);
    assert_step_up(&check(&recent), missing("acr"), r#"acr_values="mfa", "#);
    assert_eq!(check(&recent.claim("acr", "mfa")), Ok(()));
}

/// Each issuer has the leeway of its policy.
#[test]
fn leeway_is_that_of_the_policy_that_accepted_the_token() {
    let other = Policy::new("https://other.example/", AUDIENCE).leeway(Duration::from_secs(10));
    let verifier = verifier_of(policy());
    let keys = verifier.keys().clone();
    let strict = Guard::new(verifier.with_issuer(other, keys).unwrap())
        .require_authentication(Authentication::new().max_age(5));
    let token = token().claim("auth_time", NOW.as_secs() - 15);
    for (issuer, expected) in [(ISSUER, Err(401)), ("https://other.example/", Ok(()))] {
        let checked = strict.check_at(value(&token.clone().issuer(issuer)), NOW);
        assert_eq!(checked.map(drop).map_err(|rejection| rejection.status()), expected);
        let verdict = strict.explain_at(value(&token.clone().issuer(issuer)), NOW).verdict();
        assert_eq!(verdict.is_ok(), expected.is_ok());
    }
}

/// The clock is read after the token was verified.
#[cfg(feature = "std")]
#[test]
fn system_clock_is_used_unless_a_time_is_given() {
    use crate::common::FAR_FUTURE;

    let now = tokenring::UnixTime::now().as_secs();
    let strict = guard().require_authentication(Authentication::new().max_age(3600));
    for (auth_time, expected) in [(now, Ok(())), (now - 7200, Err(401)), (now + 7200, Err(401))] {
        let token = token().expires_at(FAR_FUTURE).claim("auth_time", auth_time);
        let status = |checked: Result<_, Rejection>| checked.map(drop).map_err(|r| r.status());
        assert_eq!(status(strict.check(value(&token))), expected);
        assert_eq!(status(strict.try_check(value(&token))), expected);
        assert_eq!(status(strict.check_token(&token.mint())), expected);
        assert_eq!(status(strict.try_check_token(&token.mint())), expected);
        let verified = guard().check(value(&token)).unwrap();
        let required = Authentication::new().max_age(3600);
        let checked = guard().check_authentication(&verified, &required);
        assert_eq!(checked.map_err(|rejection| rejection.status()), expected);
        assert_eq!(strict.explain(value(&token)).verdict().is_ok(), expected.is_ok());
        assert_eq!(strict.explain_token(&token.mint()).verdict().is_ok(), expected.is_ok());
    }
}

/// A cached token's login grows older too.
#[cfg(feature = "std")]
#[test]
fn age_of_a_cached_token_is_compared_again() {
    let verifier = verifier_of(policy()).with_token_cache(std::num::NonZeroUsize::MIN);
    let strict = Guard::new(verifier).require_authentication(Authentication::new().max_age(300));
    let value = value(&token().claim("auth_time", NOW.as_secs()));
    let after = |seconds| tokenring::UnixTime::from_secs(NOW.as_secs() + seconds);
    assert!(strict.check_at(&value, after(300)).is_ok());
    assert_eq!(strict.check_at(&value, after(301)).unwrap_err().status(), 401);
    assert!(strict.check_at(&value, after(300)).is_ok());
}

#[test]
fn explanation_has_a_finding_for_each_claim() {
    let required = || Authentication::new().acr_values(["mfa", "phr"]).max_age(300);
    let verifier = verifier_of(policy().leeway(Duration::from_secs(5)));
    let strict = Guard::new(verifier).require_authentication(required()).require_scope("openid");
    let now = NOW.as_secs();
    let token = token().claim("acr", "pwd").claim("auth_time", now - 400);
    let explanation = strict.explain_at(value(&token), NOW);
    let found: Vec<_> = explanation
        .findings()
        .iter()
        .filter(|finding| finding.check() == Check::Authentication)
        .collect();
    let [acr, time] = found[..] else { panic!("{explanation}") };
    assert_eq!(acr.expected(), Some(r#"`acr`: one of ["mfa", "phr"]"#));
    assert_eq!(acr.actual(), Some("`acr`: another string"));
    assert_eq!(
        time.expected(),
        Some("`auth_time`: at most 5 minutes before now, with a leeway of 5 seconds")
    );
    assert_eq!(time.actual(), Some("`auth_time`: 2026-05-28T20:20:00Z, 6 minutes 40 seconds ago"));
    assert_eq!(acr.clause(), "RFC 9470 section 3");
    for (finding, hint) in [
        (
            acr,
            "The user logged in by another method: the client must repeat its authorization request with the `acr_values` of the challenge.",
        ),
        (
            time,
            "The user logged in 6 minutes 40 seconds ago: the client must repeat its authorization request with the `max_age` of the challenge.",
        ),
    ] {
        assert!(finding.is_verified());
        assert_eq!(finding.outcome(), Outcome::Failed);
        assert_eq!(finding.hint().unwrap().to_string(), hint);
    }
    // Before the scopes, as in a check.
    assert_eq!(explanation.verdict(), Err(VerifyError::WrongAuthenticationContext));
    assert_eq!(explanation.findings().last().unwrap().check(), Check::Scope);
    let good = token.claim("acr", "phr").claim("auth_time", now - 305);
    let explanation = strict.explain_at(value(&good), NOW);
    assert_eq!(explanation.verdict(), Ok(()), "{explanation}");
}

/// The keys of a removed issuer are gone, and its leeway too.
#[cfg(feature = "std")]
#[test]
fn issuer_that_was_removed_has_no_leeway() {
    let issuers = tokenring::Issuers::new();
    let keys = verifier_of(policy()).keys().clone();
    issuers.add(policy().leeway(Duration::from_secs(600)), keys).unwrap();
    let guard = Guard::new(tokenring::Verifier::with_issuers(issuers.clone()));
    let verified =
        guard.check_at(value(&token().claim("auth_time", NOW.as_secs() - 10)), NOW).unwrap();
    let required = Authentication::new().max_age(5);
    assert_eq!(guard.check_authentication_at(&verified, &required, NOW), Ok(()));
    assert!(issuers.remove(ISSUER));
    let checked = guard.check_authentication_at(&verified, &required, NOW);
    assert_eq!(checked.map_err(|rejection| rejection.status()), Err(401));
}
