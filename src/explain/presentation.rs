//! The expected and the actual value of each check.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use crate::{
    Algorithm, Authentication, Login, Policy, TokenType, VerifyError, base64url,
    compact::MAX_TOKEN_BYTES,
    explain::{Check, diagnosis, keys, text, unverified::faulty_claim, walk::Walk},
    required_claim::{RequiredClaim, Wanted},
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
            Some(claim) if check != Check::Route => return Some(self.type_and_claim(check, claim)),
            _ => {}
        }
        let policy = self.policy();
        Some(match check {
            Check::Size => {
                (format!("at most {MAX_TOKEN_BYTES} bytes"), text::bytes(self.token.len()))
            }
            Check::Segments => ("3, none of them empty".into(), self.segments()),
            Check::Header => self.header_rule(error),
            Check::Route => {
                let names = self.trusted.iter().map(|issuer| issuer.policy.issuer());
                (format!("one of {}", text::array(names)), self.payload.shown("iss"))
            }
            Check::Purpose => {
                let actual = match policy.is_some_and(Policy::is_for_id_tokens) {
                    true => "one for ID tokens",
                    false => "another policy",
                };
                ("one of `Policy::for_id_tokens`".into(), actual.into())
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
            Check::Payload => self.payload_rule(error),
            Check::Type => {
                let expected = match policy.map(Policy::accepted_type) {
                    None | Some(TokenType::Jwt) => "none, JWT or at+jwt".into(),
                    Some(TokenType::AccessToken) => "at+jwt".into(),
                    Some(TokenType::IdToken) => "none, JWT or id_token+jwt".into(),
                    Some(TokenType::Named(name)) => text::plain(name),
                };
                (expected, self.header.shown("typ"))
            }
            Check::Events => {
                let is_any = policy.is_some_and(Policy::accepts_events);
                let expected = if is_any { "any" } else { "none" };
                (expected.into(), self.payload.kind("events").into())
            }
            Check::Issuer if error == Some(VerifyError::WrongTenant) => {
                (self.tenants_expected(), format!("`tid`: {}", self.payload.shown("tid")))
            }
            Check::Issuer => (self.issuer_expected(error), self.payload.shown("iss")),
            Check::Audience => {
                let expected = match policy.filter(|policy| policy.is_for_id_tokens()) {
                    Some(policy) => audience_of_id_token(policy.audiences()),
                    None => self.audience_expected(),
                };
                (expected, self.payload.shown("aud"))
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
                let is_azp =
                    self.payload.has("azp") || policy.is_some_and(Policy::is_for_id_tokens);
                let claim = if is_azp { "azp" } else { "client_id" };
                (one_of(policy.map(Policy::clients), "any client"), self.payload.shown(claim))
            }
            Check::Confirmation => ("none".into(), self.payload.kind("cnf").into()),
            Check::Nonce => {
                let has_nonce = self.usage.login().is_some_and(Login::has_nonce);
                let expected = if has_nonce { "the one that was sent" } else { "none" };
                (expected.into(), self.compared("nonce", error))
            }
            Check::AuthenticationContext => {
                let expected = self.usage.login().map(Login::authentication);
                (contexts_expected(expected), self.compared("acr", error))
            }
            Check::AuthenticationTime => {
                let expected = self.usage.login().map(Login::authentication);
                let expected = age_expected(expected, policy.map_or(0, Policy::leeway_seconds));
                (expected, self.time("auth_time"))
            }
            Check::AccessTokenHash => (
                "the hash of the access token, if one is given".into(),
                self.compared("at_hash", error),
            ),
            Check::CodeHash => {
                ("the hash of the code, if one is given".into(), self.compared("c_hash", error))
            }
            // Each required claim has a finding of its own.
            Check::RequiredClaim | Check::Authorization | Check::Claim => return None,
            // Those of a guard are added after the walk.
            Check::Possession(_)
            | Check::Authentication
            | Check::Scope
            | Check::Permission
            | Check::ClaimValue => {
                return None;
            }
        })
    }

    /// The type of a registered claim, and the claim, in which `check` found a fault.
    fn type_and_claim(&self, check: Check, claim: &str) -> (String, String) {
        let (_, expected) = type_of_claim(claim);
        match check {
            Check::Claim => (
                format!("`{claim}`: {expected}"),
                format!("`{claim}`: {}", self.payload.kind(claim)),
            ),
            // Its value may be anything.
            Check::Confirmation
            | Check::Nonce
            | Check::AuthenticationContext
            | Check::AccessTokenHash
            | Check::CodeHash => (expected.into(), self.payload.kind(claim).into()),
            _ => (expected.into(), self.payload.shown(claim)),
        }
    }

    /// One of the policy's required claims. Another value of the token is not shown.
    pub(super) fn required_claim(
        &self,
        RequiredClaim { name, wanted }: &RequiredClaim,
        outcome: Option<Result<(), VerifyError>>,
    ) -> (String, String) {
        let payload = &self.payload;
        let expected = match wanted {
            Wanted::OneOf(values) => one_of(Some(values), ""),
            Wanted::Containing(value) => format!("an array with {}", text::quoted(value)),
        };
        let actual = match (outcome, wanted) {
            (Some(Ok(())), Wanted::OneOf(_)) => payload.shown(name),
            (Some(Ok(())), Wanted::Containing(_)) => expected.clone(),
            (Some(Err(_)), Wanted::OneOf(_)) if payload.is_string(name) => "another string".into(),
            (Some(Err(_)), Wanted::Containing(_)) => payload.kind_in_full(name).into(),
            _ => payload.kind(name).into(),
        };
        let name = text::plain(name);
        (format!("`{name}`: {expected}"), format!("`{name}`: {actual}"))
    }

    /// The type of a claim that is compared with the login. Its value is not shown.
    fn compared(&self, claim: &str, error: Option<VerifyError>) -> String {
        match error {
            Some(_) if self.payload.is_string(claim) => "another string".into(),
            _ => self.payload.kind(claim).into(),
        }
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
            let names = ["kid", "x5t#S256", "x5t"];
            let name = names.into_iter().find(|name| self.header.has(name)).unwrap_or("kid");
            return format!("{name} {}", self.header.shown(name));
        };
        let name = keys::named(key.key_id(), Some(key.algorithm()));
        match key.modulus_bits() {
            0 => name,
            bits => format!("{name}, {bits} bits"),
        }
    }

    /// The key that the token needs.
    pub(super) fn sought_key(&self) -> Option<keys::Sought<'_>> {
        let policy = self.policy()?;
        Some(keys::Sought {
            kid: self.header.string("kid"),
            algorithm: Algorithm::named(self.header.string("alg")?)?,
            unlabeled_as: policy.unlabeled_as(),
            iss: self.payload.string("iss").unwrap_or_default(),
            issuer: policy.issuer(),
        })
    }

    /// The issuer that the key of the token is for, if its JWK names one.
    pub(super) fn issuer_of_key(&self) -> Option<&str> {
        self.selected_key()?.issuer()
    }

    /// What `aud` must contain.
    fn audience_expected(&self) -> String {
        let policy = self.policy();
        let accepted = one_of(policy.map(Policy::accepted_in_audience), "any");
        match policy.is_some_and(|policy| policy.audiences().is_empty()) {
            true => format!("none, or {accepted}"),
            false => accepted,
        }
    }

    fn issuer_expected(&self, error: Option<VerifyError>) -> String {
        match (error, self.issuer_of_key()) {
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
        relation_to_now(relation, self.policy().map_or(0, Policy::leeway_seconds))
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
        "nonce" => (Check::Nonce, "a string"),
        "acr" => (Check::AuthenticationContext, "a string"),
        "auth_time" => {
            (Check::AuthenticationTime, "a number of seconds since 1970, up to the year 9999")
        }
        "at_hash" => (Check::AccessTokenHash, "a string"),
        "c_hash" => (Check::CodeHash, "a string"),
        "iat" => (Check::Claim, "a number"),
        _ => (Check::Claim, "a string"),
    }
}

/// The `aud` of an ID token, by the policy's audiences, of which the first is the client.
fn audience_of_id_token(audiences: &[String]) -> String {
    match audiences {
        [client, others @ ..] if !others.is_empty() => {
            let others = text::array(others.iter().map(String::as_str));
            format!("{}, and besides it only some of {others}", text::quoted(client))
        }
        _ => one_of(Some(audiences), "any"),
    }
}

/// The accepted values of `acr`.
pub(super) fn contexts_expected(needed: Option<&Authentication>) -> String {
    match needed.and_then(Authentication::accepted_contexts) {
        Some([]) => "one of none".into(),
        accepted => one_of(accepted, "any"),
    }
}

/// The accepted values of `auth_time`.
pub(super) fn age_expected(needed: Option<&Authentication>, leeway: u64) -> String {
    match needed.and_then(Authentication::greatest_age) {
        Some(age) => relation_to_now(&format!("at most {} before", text::duration(age)), leeway),
        None => "any".into(),
    }
}

fn relation_to_now(relation: &str, leeway: u64) -> String {
    match leeway {
        0 => format!("{relation} now"),
        leeway => format!("{relation} now, with a leeway of {}", text::duration(leeway)),
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
