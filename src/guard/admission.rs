//! The checks that follow the verifier's: the user's authentication, scopes, permissions and values of
//! other claims. RFC 9470, RFC 6750 section 3.1.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::iter;

use super::{Guard, names};
use crate::{
    Authentication, ClaimPath, KeySource, Rejection, UnixTime, Verified, VerifyError,
    authentication::AuthenticationClaims, bearer::Scheme, challenge::Offer, explain::text,
    possession::ProofError,
};

impl<K: KeySource> Guard<K> {
    /// Checks that an accepted token also has these scopes, for handlers that require more than the
    /// guard. `scope` is as in [`require_scope`](Self::require_scope).
    ///
    /// # Errors
    ///
    /// The response to send, with status 403. Its challenge names all scopes of the operation: the
    /// guard's and these.
    pub fn check_scope(&self, verified: &Verified, scope: &str) -> Result<(), Rejection> {
        match names(scope).all(|name| self.has_scope(verified, name)) {
            true => Ok(()),
            false => Err(self.lacking(verified, names(scope), &[])),
        }
    }

    /// Checks that an accepted token also has this permission.
    ///
    /// # Errors
    ///
    /// The response to send, with status 403. It names no scope: one may not help.
    pub fn check_permission(&self, verified: &Verified, permission: &str) -> Result<(), Rejection> {
        match verified.grants(permission) {
            true => Ok(()),
            false => {
                Err(self
                    .without_scope(verified, format!("permission {}", text::quoted(permission))))
            }
        }
    }

    /// Checks that an accepted token also has `value` in the claim that `path` leads to, as
    /// [`require_claim_value`](Self::require_claim_value).
    ///
    /// # Errors
    ///
    /// The response to send, with status 403. It names no scope: one may not help. With status 401, if a
    /// member occurs twice in an object on the way.
    pub fn check_claim_value(
        &self,
        verified: &Verified,
        path: impl Into<ClaimPath>,
        value: &str,
    ) -> Result<(), Rejection> {
        self.check_value_at(verified, &path.into(), value)
    }

    /// Checks, as of the system clock, that the user of an accepted token has logged in as required, for
    /// handlers that require more than the guard.
    ///
    /// # Errors
    ///
    /// The response to send, with status 401: the client may have the user log in again. RFC 9470.
    #[cfg(feature = "std")]
    pub fn check_authentication(
        &self,
        verified: &Verified,
        authentication: &Authentication,
    ) -> Result<(), Rejection> {
        self.check_authentication_at(verified, authentication, UnixTime::now())
    }

    /// The same check as of `now`.
    ///
    /// # Errors
    ///
    /// The response to send, with status 401.
    pub fn check_authentication_at(
        &self,
        verified: &Verified,
        authentication: &Authentication,
        now: UnixTime,
    ) -> Result<(), Rejection> {
        let leeway = self.verifier.leeway_for(verified.issuer());
        AuthenticationClaims::read(verified.claims_set(), leeway, now)
            .and_then(|claims| authentication.check(&claims))
            .map_err(|cause| {
                let offer = Offer::Only(scheme_of(verified));
                Rejection::unauthenticated(&self.space, authentication, cause, offer)
            })
    }

    /// Makes the checks that follow the verifier's, of a token that came without a proof.
    pub(super) fn admit(
        &self,
        token: &str,
        outcome: Result<Verified, VerifyError>,
        now: impl FnOnce() -> UnixTime,
    ) -> Result<Verified, Rejection> {
        let verified = outcome.map_err(|cause| self.refused(token, cause, Offer::All))?;
        if self.requires_proof() {
            let cause = ProofError::NotBound;
            return Err(Rejection::not_proven(&self.space, cause, Offer::All, || None));
        }
        self.check_requirements(&verified, now)?;
        Ok(verified)
    }

    /// Checks what the guard requires of a token besides.
    pub(super) fn check_requirements(
        &self,
        verified: &Verified,
        now: impl FnOnce() -> UnixTime,
    ) -> Result<(), Rejection> {
        // Before the scopes: while logging in again, the client can request those too.
        if !self.authentications.is_empty() {
            let now = now();
            self.authentications
                .iter()
                .try_for_each(|needed| self.check_authentication_at(verified, needed, now))?;
        }
        let is_granted = self.space.scopes.iter().all(|scope| self.has_scope(verified, scope))
            && self.permissions.iter().all(|permission| verified.grants(permission));
        if !is_granted {
            return Err(self.lacking(verified, iter::empty(), &self.permissions));
        }
        for (path, value) in &self.claim_values {
            self.check_value_at(verified, path, value)?;
        }
        Ok(())
    }

    /// Whether a token has the scope, or one that includes it.
    fn has_scope(&self, verified: &Verified, name: &str) -> bool {
        self.hierarchy.grants(name, |scope| verified.has_scope(scope))
    }

    fn check_value_at(
        &self,
        verified: &Verified,
        path: &ClaimPath,
        value: &str,
    ) -> Result<(), Rejection> {
        match verified.claims_set().has_value_at(path, value) {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.without_scope(verified, claim_value(path, value))),
            Err(cause) => {
                Err(Rejection::refused(&self.space, cause, Offer::another(scheme_of(verified))))
            }
        }
    }

    /// The 403 for a token that lacks some of the guard's scopes, of these further ones, or of
    /// `permissions`.
    fn lacking<'n>(
        &'n self,
        verified: &Verified,
        further: impl Iterator<Item = &'n str> + Clone,
        permissions: &[String],
    ) -> Rejection {
        let scopes = self.space.scopes.iter().map(String::as_str).chain(further.clone());
        let mut missing: Vec<String> = scopes
            .filter(|name| !self.has_scope(verified, name))
            .map(|name| format!("scope {}", text::quoted(name)))
            .collect();
        let offer = Offer::Only(scheme_of(verified));
        let challenges = match missing.is_empty() {
            true => self.space.forbidden(INSUFFICIENT, offer),
            false => self.space.scopes_needed(further, offer),
        };
        let permissions = permissions.iter().filter(|permission| !verified.grants(permission));
        missing.extend(permissions.map(|name| format!("permission {}", text::quoted(name))));
        Rejection::insufficient(challenges, missing.into_iter())
    }

    /// The 403 for a token that lacks something other than a scope: a client that requests a scope does
    /// not get it.
    fn without_scope(&self, verified: &Verified, missing: String) -> Rejection {
        let challenges = self.space.forbidden(INSUFFICIENT, Offer::Only(scheme_of(verified)));
        Rejection::insufficient(challenges, iter::once(missing))
    }

    /// The response for a token that the verifier has refused. If its issuer has no keys, the log line
    /// says why.
    pub(super) fn refused(&self, token: &str, cause: VerifyError, offer: Offer) -> Rejection {
        let rejection = Rejection::refused(&self.space, cause, offer);
        let failure = match cause {
            VerifyError::KeysUnavailable { .. } => self.verifier.failure_of_keys(token),
            _ => None,
        };
        match failure {
            Some((issuer, code)) => rejection.because(&issuer, code),
            None => rejection,
        }
    }
}

/// The scheme in which an accepted token came: one that is bound to a key is accepted in no other than `DPoP`,
/// and that scheme accepts no other.
fn scheme_of(verified: &Verified) -> Scheme {
    match verified.confirmation() {
        Ok(Some(bound)) if bound.jkt().is_some() => Scheme::Dpop,
        _ => Scheme::Bearer,
    }
}

/// A claim value in the log line.
fn claim_value(path: &ClaimPath, value: &str) -> String {
    format!("{} in {}", text::quoted(value), text::quoted(&path.to_string()))
}

/// RFC 6750 section 3.1.
const INSUFFICIENT: Option<&str> = Some("insufficient_scope");
