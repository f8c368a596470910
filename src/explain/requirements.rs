//! The requirements of a guard, which it checks after its verifier. RFC 9470, RFC 6750 section 3.1.

use alloc::{
    format,
    string::{String, ToString as _},
};

use crate::{
    Authentication, ClaimPath, UnixTime, VerifyError,
    authentication::AuthenticationClaims,
    claims::ClaimsSet,
    explain::{
        Check, Explained, Finding, Hint, diagnosis, hint,
        presentation::{age_expected, contexts_expected},
        text,
        unverified::JsonAsRead,
    },
    scope_hierarchy::ScopeHierarchy,
};

impl Explained {
    /// Adds how the user must have logged in: a finding for `acr`, and one for `auth_time`.
    pub(crate) fn require_authentication(
        &mut self,
        needed: &Authentication,
        leeway: u64,
        now: UnixTime,
    ) {
        let check = Check::Authentication;
        if needed.is_empty() {
            self.require(check, "one of none".into(), |_| Found {
                outcome: Err(VerifyError::WrongAuthenticationContext),
                actual: "nothing is compared".into(),
                hint: Some(hint::REQUIREMENT_EMPTY),
            });
        }
        if let Some(accepted) = needed.accepted_contexts() {
            let expected = format!("`acr`: {}", contexts_expected(Some(needed)));
            self.require(check, expected, |claims| {
                let read = JsonAsRead::of(claims.json());
                let outcome = AuthenticationClaims::read(claims, leeway, now)
                    .and_then(|claims| needed.check_context(&claims));
                let actual = match outcome {
                    Err(_) if read.is_string("acr") => "another string",
                    _ => read.kind("acr"),
                };
                let hint = outcome.err().and_then(|error| match accepted {
                    values if values.iter().all(String::is_empty) => Some(hint::REQUIREMENT_EMPTY),
                    _ => diagnosis::step_up(error, &read),
                });
                Found { outcome, actual: format!("`acr`: {actual}"), hint }
            });
        }
        if needed.greatest_age().is_some() {
            let expected = format!("`auth_time`: {}", age_expected(Some(needed), leeway));
            self.require(check, expected, |claims| {
                let read = JsonAsRead::of(claims.json());
                let outcome = AuthenticationClaims::read(claims, leeway, now)
                    .and_then(|claims| needed.check_age(&claims));
                let actual = match read.number("auth_time").and_then(diagnosis::whole) {
                    Some(time) => text::time(time, now),
                    None => read.shown("auth_time"),
                };
                Found {
                    outcome,
                    actual: format!("`auth_time`: {actual}"),
                    hint: outcome.err().and_then(|error| diagnosis::step_up(error, &read)),
                }
            });
        }
    }

    /// Adds the scope `name`, which a scope of `hierarchy` may include.
    pub(crate) fn require_scope(&mut self, name: &str, hierarchy: &ScopeHierarchy) {
        let broader = hierarchy.broader(name);
        let expected = match broader.is_empty() || name.is_empty() {
            true => text::quoted(name),
            false => {
                let names = core::iter::once(name).chain(broader);
                format!("one of {}", text::array(names))
            }
        };
        self.require(Check::Scope, expected, |claims| {
            let has_scope = |scope: &str| claims.has_scope(scope);
            Found::granted(hierarchy.grants(name, has_scope), name, || {
                let scopes = text::array(claims.scopes());
                let read = JsonAsRead::of(claims.json());
                let hint = diagnosis::scope(name, claims.scopes().next().is_some(), &read);
                (format!("not granted; the token has {scopes}"), hint)
            })
        });
    }

    /// Adds the permission `name`.
    pub(crate) fn require_permission(&mut self, name: &str) {
        self.require(Check::Permission, text::quoted(name), |claims| {
            Found::granted(claims.grants(name), name, || {
                ("not granted".into(), diagnosis::permission(name, claims))
            })
        });
    }

    /// Adds the value of a claim. Other values of the token are not shown.
    pub(crate) fn require_claim_value(&mut self, path: &ClaimPath, value: &str) {
        let shown = text::plain(&path.to_string());
        let expected = format!("`{shown}`: {}", text::quoted(value));
        self.require(Check::ClaimValue, expected.clone(), |claims| {
            match claims.has_value_at(path, value) {
                Ok(true) => Found { outcome: Ok(()), actual: expected, hint: None },
                Ok(false) => Found {
                    outcome: Err(VerifyError::InsufficientScope),
                    actual: format!("`{shown}`: {}", claims.kind_at(path)),
                    hint: Some(diagnosis::claim_value(path, value, claims)),
                },
                Err(error) => Found {
                    outcome: Err(error),
                    actual: "a member on the way occurs twice".into(),
                    hint: None,
                },
            }
        });
    }

    /// Adds a requirement of a guard, if the claims can be read.
    fn require(&mut self, check: Check, expected: String, find: impl FnOnce(&ClaimsSet) -> Found) {
        let found = self.claims.as_ref().map(find);
        self.explanation.push(Finding {
            check,
            outcome: found.as_ref().map(|found| found.outcome),
            is_verified: self.explanation.has_verified_claims(),
            expected: Some(expected),
            proof_error: None,
            hint: found.as_ref().and_then(|found| found.hint),
            actual: found.map(|found| found.actual),
        });
    }
}

/// The finding about one requirement.
struct Found {
    outcome: Result<(), VerifyError>,
    actual: String,
    hint: Option<Hint>,
}

impl Found {
    /// About a name that is granted, or else has this actual value and hint.
    fn granted(is_granted: bool, name: &str, otherwise: impl FnOnce() -> (String, Hint)) -> Self {
        match is_granted {
            true => Self { outcome: Ok(()), actual: text::quoted(name), hint: None },
            false => {
                let (actual, hint) = otherwise();
                let outcome = Err(VerifyError::InsufficientScope);
                Self { outcome, actual, hint: Some(hint) }
            }
        }
    }
}
