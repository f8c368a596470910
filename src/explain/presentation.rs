//! The expected and the actual value of each check, and the hint if it failed.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use crate::{
    Algorithm, Policy, TokenType, VerifyError, base64url,
    compact::MAX_TOKEN_BYTES,
    explain::{
        Check, diagnosis,
        hint::{self, Hint},
        keys, text,
        unverified::faulty_claim,
        walk::Walk,
    },
    tenants::{Tenant, Tenants},
};

impl Walk<'_> {
    /// The expected and the actual value of `check`, which failed if there is an error.
    pub(super) fn expected_and_actual(
        &self,
        check: Check,
        error: Option<VerifyError>,
    ) -> Option<(String, String)> {
        match error.and_then(faulty_claim) {
            Some(claim) if check != Check::Route => return Some(self.type_and_claim(claim)),
            _ => {}
        }
        let policy = self.policy();
        Some(match check {
            Check::Size => {
                (format!("at most {MAX_TOKEN_BYTES} bytes"), text::bytes(self.token.len()))
            }
            Check::Segments => ("3, none of them empty".into(), self.segments()),
            Check::Header => (
                "one JSON object in base64url, without crit, b64, zip, enc and cty".into(),
                match self.header.is_empty() {
                    true => "not readable".into(),
                    false => text::bytes(self.texts.header.len()),
                },
            ),
            Check::Route => {
                let names = self.trusted.iter().map(|issuer| issuer.policy.issuer());
                (format!("one of {}", text::array(names)), self.payload.shown("iss"))
            }
            Check::Algorithm => {
                let expected = match policy.map(Policy::accepted_algorithms) {
                    Some(accepted) => text::listed(accepted.iter().map(Algorithm::to_string)),
                    None => "an algorithm of the policy".into(),
                };
                (expected, self.header.shown("alg"))
            }
            Check::Key => (keys::summary(&self.keys), self.key_found()),
            Check::Signature => {
                let (actual, of_key) = self.signature_bytes();
                let expected = match of_key {
                    Some(bytes) => format!("{} by that key over this token", text::bytes(bytes)),
                    None => "one by the issuer's key".into(),
                };
                (expected, text::bytes(actual))
            }
            Check::Payload => (
                "one JSON object in base64url".into(),
                match &self.texts.payload {
                    Some(payload) => text::bytes(payload.len()),
                    None => "not readable".into(),
                },
            ),
            Check::Type => {
                let expected = match policy.map(Policy::accepted_type).unwrap_or_default() {
                    TokenType::Jwt => "none, JWT or at+jwt",
                    TokenType::AccessToken => "at+jwt",
                };
                (expected.into(), self.header.shown("typ"))
            }
            Check::Issuer if error == Some(VerifyError::WrongTenant) => {
                (self.tenants_expected(), format!("`tid`: {}", self.payload.shown("tid")))
            }
            Check::Issuer => (self.issuer_expected(error), self.payload.shown("iss")),
            Check::Audience => {
                (one_of(policy.map(Policy::audiences), "any"), self.payload.shown("aud"))
            }
            Check::Expiry => {
                let mut actual = self.time("exp");
                if let Some(issued) = self.payload.number("iat").and_then(diagnosis::whole) {
                    actual.push_str(&format!("; issued {}", text::time(issued, self.now)));
                }
                (self.now_expected("after"), actual)
            }
            Check::NotBefore => (self.now_expected("not after"), self.time("nbf")),
            Check::Client => {
                let claim = if self.payload.has("azp") { "azp" } else { "client_id" };
                (one_of(policy.map(Policy::clients), "any client"), self.payload.shown(claim))
            }
            Check::Confirmation => ("none".into(), self.payload.kind("cnf").into()),
            // Each required claim, scope and permission has a finding of its own.
            Check::RequiredClaim | Check::Scope | Check::Permission => return None,
            Check::Authorization | Check::Claim => return None,
        })
    }

    /// What to do about `check`, which failed with `error`.
    pub(super) fn hint(&self, check: Check, error: VerifyError) -> Option<Hint> {
        let (header, payload, policy) = (&self.header, &self.payload, self.policy());
        match check {
            Check::Size => Some(hint::TOO_LARGE),
            Check::Segments => diagnosis::segments(error, self.token, header),
            Check::Header | Check::Payload => diagnosis::encoding(error, self.token),
            Check::Algorithm => diagnosis::algorithm(header),
            Check::Key => {
                let error = self.key.as_ref()?.as_ref().err()?;
                let is_own =
                    |policy: &Policy| payload.string("iss").is_some_and(|iss| policy.is_for(iss));
                let is_foreign = !policy.is_some_and(is_own);
                diagnosis::key(*error, &self.keys, header.string("kid"), is_foreign)
            }
            Check::Signature => {
                let (bytes, of_key) = self.signature_bytes();
                diagnosis::signature(error, self.token, header, payload, (bytes, of_key?))
            }
            Check::Claim => diagnosis::time(error, faulty_claim(error)?, payload),
            Check::Type => {
                Some(diagnosis::token_type(policy?.accepted_type(), self.declared_type()))
            }
            Check::Route | Check::Issuer if error == VerifyError::WrongIssuer => match policy {
                Some(policy) => {
                    let expected = policy.issuer_with(payload.string("tid"));
                    diagnosis::issuer(&expected, payload.string("iss").unwrap_or_default())
                }
                None => Some(hint::OTHER_ISSUER),
            },
            Check::Audience => diagnosis::audience(error, policy?, payload),
            Check::Expiry => diagnosis::time(error, "exp", payload),
            Check::NotBefore => diagnosis::time(error, "nbf", payload),
            Check::Client if error == VerifyError::WrongAuthorizedParty => {
                let has_client = payload.has("azp") || payload.has("client_id");
                has_client.then_some(hint::OTHER_CLIENT)
            }
            Check::Confirmation if error == VerifyError::SenderConstrained => {
                Some(hint::SENDER_CONSTRAINED)
            }
            _ => None,
        }
    }

    /// The type of a registered claim, and the faulty claim.
    fn type_and_claim(&self, claim: &str) -> (String, String) {
        match type_of_claim(claim) {
            (Check::Claim, expected) => (
                format!("`{claim}`: {expected}"),
                format!("`{claim}`: {}", self.payload.kind(claim)),
            ),
            // Its value may be anything.
            (Check::Confirmation, expected) => (expected.into(), self.payload.kind(claim).into()),
            (_, expected) => (expected.into(), self.payload.shown(claim)),
        }
    }

    /// One of the policy's required claims. Another value of the token is not shown.
    pub(super) fn required_claim(
        &self,
        (name, value): &(String, String),
        outcome: Option<Result<(), VerifyError>>,
    ) -> (String, String) {
        let actual = match outcome {
            Some(Ok(())) => text::quoted(value),
            Some(Err(_)) if self.payload.is_string(name) => "another string".into(),
            _ => self.payload.kind(name).into(),
        };
        let name = text::plain(name);
        (format!("`{name}`: {}", text::quoted(value)), format!("`{name}`: {actual}"))
    }

    fn segments(&self) -> String {
        let segments = || self.token.split('.');
        let lengths: Vec<String> =
            segments().take(6).map(|segment| segment.len().to_string()).collect();
        format!("{} ({} characters)", segments().count(), lengths.join(", "))
    }

    /// The length of the token's signature, decoded, and that of the key's signatures.
    fn signature_bytes(&self) -> (usize, Option<usize>) {
        let bytes = self.token.split('.').nth(2).map_or(0, base64url::decoded_len);
        (bytes, self.selected_key().map(|key| key.material().signature_bytes()))
    }

    fn key_found(&self) -> String {
        let Some(key) = self.selected_key() else {
            return format!("kid {}", self.header.shown("kid"));
        };
        let name = keys::named(key.key_id(), key.algorithm());
        match key.modulus_bits() {
            0 => name,
            bits => format!("{name}, {bits} bits"),
        }
    }

    fn issuer_expected(&self, error: Option<VerifyError>) -> String {
        let of_key = self.claims.as_ref().and_then(|claims| claims.key_issuer.as_deref());
        match (error, of_key) {
            (Some(VerifyError::KeyOfOtherIssuer), Some(of_key)) => {
                format!("the issuer that the key is for, {}", text::quoted(of_key))
            }
            _ => text::quoted(self.policy().map(Policy::issuer).unwrap_or_default()),
        }
    }

    fn tenants_expected(&self) -> String {
        let tenants = self.policy().and_then(Policy::listed_tenants);
        let names: Vec<String> =
            tenants.into_iter().flat_map(Tenants::listed).map(Tenant::to_string).collect();
        format!("`tid`: {}", one_of(Some(&names), "any tenant"))
    }

    /// The expected relation of a time to the time now.
    fn now_expected(&self, relation: &str) -> String {
        match self.policy().map_or(0, Policy::leeway_seconds) {
            0 => format!("{relation} now"),
            leeway => format!("{relation} now, with a leeway of {}", text::duration(leeway)),
        }
    }

    fn time(&self, claim: &str) -> String {
        match self.payload.number(claim).and_then(diagnosis::whole) {
            Some(time) => text::time(time, self.now),
            None => self.payload.shown(claim),
        }
    }
}

/// The check that reports a fault of `claim`, and the type that the claim must have.
pub(super) fn type_of_claim(claim: &str) -> (Check, &'static str) {
    match claim {
        "iss" => (Check::Issuer, "a string"),
        "aud" => (Check::Audience, "a string, or an array of strings that is not empty"),
        "exp" => (Check::Expiry, "a number of seconds since 1970, up to the year 9999"),
        "nbf" => (Check::NotBefore, "a number of seconds since 1970"),
        "azp" | "client_id" => (Check::Client, "a string"),
        "cnf" => (Check::Confirmation, "an object"),
        "iat" => (Check::Claim, "a number"),
        _ => (Check::Claim, "a string"),
    }
}

/// The values that a setting accepts. If it has none, it accepts all.
fn one_of(values: Option<&[String]>, all: &str) -> String {
    match values {
        None | Some([]) => all.into(),
        Some([only]) => text::quoted(only),
        Some(several) => format!("one of {}", text::array(several.iter().map(String::as_str))),
    }
}
