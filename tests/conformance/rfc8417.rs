//! RFC 8417 section 2.2, OpenID Connect Back-Channel Logout section 2.4: a token with `events` is a security
//! event or a logout token, whatever its `typ`.
#![allow(clippy::unwrap_used, reason = "tests may")]

use serde_json::json;
use tokenring::{
    Policy, TokenType, VerifyError,
    testkit::{CLIENT_ID, ISSUER, TestKey},
};

use crate::common::{HEADER, NOW, claims_and, policy, signed, token, verifier_of};

fn outcome(policy: Policy, token: &str) -> Result<(), VerifyError> {
    verifier_of(policy).verify_at(token, NOW).map(drop)
}

const EVENTS: &str = r#"{"http://schemas.openid.net/event/backchannel-logout":{}}"#;

#[test]
fn token_with_events_is_no_access_token_whatever_their_value() {
    for events in [EVENTS, "{}", "null", "[]", "true", "0", r#""""#] {
        for name in ["events", r"\u0065vents"] {
            let token = signed(HEADER, claims_and(&format!(r#""{name}":{events}"#)));
            assert_eq!(outcome(policy(), &token), Err(VerifyError::SecurityEvent), "{events}");
        }
    }
    for members in [r#""Events":{}"#, r#""event":{}"#, r#""a":{"events":{}}"#, r#""events ":{}"#] {
        assert_eq!(outcome(policy(), &signed(HEADER, claims_and(members))), Ok(()), "{members}");
    }
}

#[test]
fn logout_token_for_the_client_is_refused_as_an_access_token_and_as_an_id_token() {
    let logout = |typ: &str| {
        token()
            .header("typ", typ)
            .audience(CLIENT_ID)
            .claim("sid", "08a5019c")
            .claim("events", json!({"http://schemas.openid.net/event/backchannel-logout": {}}))
    };
    let policies = [
        Policy::new(ISSUER, CLIENT_ID),
        Policy::new(ISSUER, CLIENT_ID).token_type(TokenType::IdToken),
        Policy::for_client(ISSUER, CLIENT_ID),
        Policy::for_id_tokens(ISSUER, CLIENT_ID),
    ];
    for policy in policies {
        let found = outcome(policy.clone(), &logout("JWT").mint());
        assert_eq!(found, Err(VerifyError::SecurityEvent));
        let found = outcome(policy, &logout("logout+jwt").mint());
        assert_eq!(found, Err(VerifyError::TokenTypeNotAccepted));
    }
    let access = Policy::new(ISSUER, CLIENT_ID).token_type(TokenType::AccessToken);
    let found = outcome(access, &logout("at+jwt").mint());
    assert_eq!(found, Err(VerifyError::SecurityEvent));
}

#[test]
fn policy_that_names_a_type_of_its_own_accepts_events_but_not_for_a_login() {
    let named = || TokenType::Named("logout+jwt".into());
    let token = token().header("typ", "logout+jwt").audience(CLIENT_ID).claim("events", json!({}));
    let policy = Policy::new(ISSUER, CLIENT_ID).token_type(named());
    assert_eq!(outcome(policy.clone(), &token.mint()), Ok(()));
    for (other, expected) in [
        (token.clone().header("typ", "JWT"), VerifyError::TokenTypeNotAccepted),
        (token.clone().audience("another-client"), VerifyError::WrongAudience),
        (token.clone().without_claim("aud"), VerifyError::ClaimMissing { claim: "aud" }),
        (
            token.clone().expires_at(NOW),
            VerifyError::Expired { exp: NOW.as_secs(), now: NOW.as_secs() },
        ),
    ] {
        assert_eq!(outcome(policy.clone(), &other.mint()), Err(expected));
    }
    let login = Policy::for_id_tokens(ISSUER, CLIENT_ID).token_type(named());
    assert_eq!(outcome(login, &token.mint()), Err(VerifyError::SecurityEvent));
}

#[test]
fn common_type_that_a_policy_names_admits_no_events() {
    for typ in ["JWT", "jwt", "at+jwt", "AT+JWT", "id_token+jwt", "application/JWT"] {
        let policy = Policy::new(ISSUER, CLIENT_ID).token_type(TokenType::Named(typ.into()));
        let token = token().header("typ", typ).audience(CLIENT_ID);
        assert_eq!(outcome(policy.clone(), &token.mint()), Ok(()), "{typ}");
        let found = outcome(policy, &token.claim("events", json!({})).mint());
        assert_eq!(found, Err(VerifyError::SecurityEvent), "{typ}");
    }
}

#[test]
fn events_are_looked_at_after_the_signature_and_the_typ_and_before_the_issuer() {
    let events = || token().claim("events", json!({}));
    let forged = events().forged_by(&TestKey::attacker()).mint();
    assert_eq!(outcome(policy(), &forged), Err(VerifyError::BadSignature));
    let other_type = events().header("typ", "secevent+jwt").mint();
    assert_eq!(outcome(policy(), &other_type), Err(VerifyError::TokenTypeNotAccepted));
    let other_issuer = events().issuer("https://other.example/").mint();
    assert_eq!(outcome(policy(), &other_issuer), Err(VerifyError::SecurityEvent));
}

#[test]
fn explanation_says_that_it_is_a_security_event() {
    let explanation =
        verifier_of(policy()).explain_at(&token().claim("events", json!({"a": 1})).mint(), NOW);
    assert_eq!(explanation.verdict(), Err(VerifyError::SecurityEvent));
    let finding = explanation.findings().iter().find(|finding| finding.error().is_some()).unwrap();
    assert_eq!(finding.check().name(), "events");
    assert_eq!((finding.expected(), finding.actual()), (Some("none"), Some("an object")));
    assert_eq!(finding.hint().map(|hint| hint.code()), Some("security_event"));
}
