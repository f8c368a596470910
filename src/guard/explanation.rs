//! A guard's verdict explained, for operators.

use super::Guard;
use crate::{
    Explanation, FieldValues, KeySource, UnixTime, bearer,
    explain::{self, Explained, Trusted},
    verifier::{Routing, trusted},
};

impl<K: KeySource> Guard<K> {
    /// Explains the verdict of [`check`](Self::check), as of the system clock, with the keys in
    /// memory.
    ///
    /// Contains all of [`Verifier::explain`](crate::Verifier::explain), and also whether there is a token and
    /// whether it has everything that the guard requires. Never does I/O, never waits.
    ///
    /// For operators; read the warnings at [`Explanation`] first.
    #[cfg(feature = "std")]
    pub fn explain(&self, authorization: impl FieldValues) -> Explanation {
        self.explain_at(authorization, UnixTime::now())
    }

    /// The same explanation as of `now`.
    pub fn explain_at(&self, authorization: impl FieldValues, now: UnixTime) -> Explanation {
        let value = bearer::single(authorization);
        let value = value.as_ref().map(AsRef::as_ref).map_err(|reason| *reason);
        self.explained(value.and_then(bearer::token).ok(), now, |routing, trusted| {
            explain::authorization(routing, trusted, value, now)
        })
    }

    /// Explains the verdict of [`check_token`](Self::check_token), as of the system clock. See
    /// [`explain`](Self::explain).
    #[cfg(feature = "std")]
    pub fn explain_token(&self, token: &str) -> Explanation {
        self.explain_token_at(token, UnixTime::now())
    }

    /// The same explanation as of `now`.
    pub fn explain_token_at(&self, token: &str, now: UnixTime) -> Explanation {
        self.explained(Some(token), now, |routing, trusted| {
            explain::bare_token(routing, trusted, token, now)
        })
    }

    /// Explains a request whose token chooses the issuer, and then the guard's own requirements, in the
    /// order in which a check makes them.
    fn explained(
        &self,
        token: Option<&str>,
        now: UnixTime,
        explain: impl FnOnce(Routing, &[Trusted<'_>]) -> Explained,
    ) -> Explanation {
        let issuers = self.verifier.issuers_for(token);
        let mut explained = explain(self.verifier.routing(), &trusted(&issuers));
        for authentication in &self.authentications {
            let leeway = explained.issuer().map_or(0, |issuer| self.verifier.leeway_for(issuer));
            explained.require_authentication(authentication, leeway, now);
        }
        for scope in &self.space.scopes {
            explained.require_scope(scope, &self.hierarchy);
        }
        self.permissions.iter().for_each(|permission| explained.require_permission(permission));
        for (path, value) in &self.claim_values {
            explained.require_claim_value(path, value);
        }
        explained.finish()
    }
}
