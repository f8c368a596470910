//! The table in `src/issuers.md`: for each row a token and a key set of that shape, the documented
//! policy, and tokens that differ in one thing. No token here was made by the issuer it looks like.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may")]

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest;
use serde_json::{Map, Value, json};
use tokenring::{
    Algorithm, JwkSet, Policy, UnixTime, Verified, Verifier, VerifyError,
    testkit::{Issuer, TestKey, TokenBuilder},
};

const NOW: UnixTime = UnixTime::from_secs(1_780_000_000);
const A_WEEK_LATER: UnixTime = UnixTime::from_secs(1_780_604_800);

/// The page whose table this file proves.
const PAGE: &str = include_str!("../src/issuers.md");

const MISSING_AUD: VerifyError = VerifyError::ClaimMissing { claim: "aud" };

/// One row of the table.
struct Row {
    name: &'static str,
    issuer: &'static str,
    /// None where tokens have no `aud`.
    audience: Option<&'static str>,
    /// The policy as the page has it.
    policy: Policy,
    algorithm: Algorithm,
    /// Members of the header besides `alg` and `kid`.
    header: Value,
    /// Members of the JWK instead of the testkit's; `null` takes one away.
    jwk: Value,
    /// Claims besides `iss`, `aud`, `iat` and `exp`.
    claims: Value,
    /// Claims in place of the good ones, and what comes of them; `null` takes one away.
    refused: Vec<(Value, VerifyError)>,
}

impl Row {
    fn issuer(&self) -> Issuer {
        Issuer::with_keys(self.issuer, vec![TestKey::for_algorithm(self.algorithm)])
    }

    fn verifier(&self) -> Verifier<JwkSet> {
        let jwk = changed(self.issuer().keys()[0].jwk(), &self.jwk);
        let set = json!({ "keys": [jwk] }).to_string();
        Verifier::new(self.policy.clone(), JwkSet::from_json(set.as_bytes()).unwrap()).unwrap()
    }

    fn token(&self) -> TokenBuilder {
        let mut token = self.issuer().token_at(NOW).without_header("typ");
        for of_auth0 in ["sub", "aud", "azp", "scope", "permissions"] {
            token = token.without_claim(of_auth0);
        }
        if let Some(audience) = self.audience {
            token = token.audience(audience);
        }
        for (name, value) in members(&self.header) {
            token = token.header(name, value.clone());
        }
        with_claims(token, &self.claims)
    }

    fn verify(&self, token: &TokenBuilder) -> Result<Verified, VerifyError> {
        self.verifier().verify_at(&token.mint(), NOW)
    }

    fn outcome(&self, token: &TokenBuilder) -> Result<(), VerifyError> {
        self.verify(token).map(|_| ())
    }
}

fn members(object: &Value) -> &Map<String, Value> {
    object.as_object().unwrap()
}

fn changed(mut object: Value, changes: &Value) -> Value {
    for (name, value) in members(changes) {
        if value.is_null() {
            object.as_object_mut().unwrap().remove(name);
        } else {
            object[name] = value.clone();
        }
    }
    object
}

fn with_claims(token: TokenBuilder, claims: &Value) -> TokenBuilder {
    members(claims).iter().fold(token, |token, (name, value)| {
        if value.is_null() { token.without_claim(name) } else { token.claim(name, value.clone()) }
    })
}

fn row(name: &str) -> Row {
    rows().into_iter().find(|row| row.name == name).unwrap()
}

#[test]
fn token_of_each_issuer_is_accepted_under_the_documented_policy() {
    for row in rows() {
        let verified = row.verify(&row.token()).unwrap_or_else(|error| panic!("{}: {error}", row.name));
        assert_eq!(verified.issuer(), row.issuer, "{}", row.name);
    }
}

#[test]
fn token_that_differs_in_one_claim_is_refused_for_it() {
    for row in rows() {
        for (claims, expected) in &row.refused {
            let token = with_claims(row.token(), claims);
            assert_eq!(row.outcome(&token), Err(*expected), "{}: {claims}", row.name);
        }
    }
}

#[test]
fn issuer_with_a_slash_more_or_less_is_another_issuer() {
    for row in rows() {
        let other = match row.issuer.strip_suffix('/') {
            Some(without) => without.to_owned(),
            None => format!("{}/", row.issuer),
        };
        let outcome = row.outcome(&row.token().issuer(other));
        assert_eq!(outcome, Err(VerifyError::WrongIssuer), "{}", row.name);
    }
}

#[test]
fn token_for_another_audience_or_none_is_refused() {
    for row in rows() {
        if row.audience.is_none() {
            continue;
        }
        let outcome = row.outcome(&row.token().audience("https://another.example.com"));
        assert_eq!(outcome, Err(VerifyError::WrongAudience), "{}", row.name);
        let outcome = row.outcome(&row.token().without_claim("aud"));
        assert_eq!(outcome, Err(MISSING_AUD), "{}", row.name);
    }
}

#[test]
fn token_that_somebody_else_signed_is_refused() {
    for row in rows() {
        let stranger = TestKey::attacker();
        let outcome = row.outcome(&row.token().key(&stranger));
        assert_eq!(outcome, Err(VerifyError::UnknownKey), "{}", row.name);
    }
}

#[test]
fn token_is_refused_when_its_time_is_over() {
    for row in rows() {
        let outcome = row.verifier().verify_at(&row.token().mint(), A_WEEK_LATER).map(|_| ());
        let expired = VerifyError::Expired { exp: 1_780_086_400, now: 1_780_604_800 };
        assert_eq!(outcome, Err(expired), "{}", row.name);
    }
}

#[test]
fn values_of_each_row_are_those_of_the_page() {
    for row in rows() {
        for value in [Some(row.issuer), row.audience].into_iter().flatten() {
            assert!(PAGE.contains(&format!("\"{value}\"")), "{}: {value}", row.name);
        }
    }
}
