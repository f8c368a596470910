//! A guard's verdict explained, for operators.

use core::time::Duration;

use super::{Guard, binding::Unacceptable};
use crate::{
    Explanation, FieldValues, KeySource, UnixTime, VerifyError,
    bearer::{self, Scheme},
    challenge::Schemes,
    explain::{self, Explained, Trusted},
    possession::{BoundToken, Confirmation, ProofError, Request},
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
            self.without_proof(explain::authorization(routing, trusted, value, now))
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
            self.without_proof(explain::bare_token(routing, trusted, token, now))
        })
    }

    /// Explains the verdict of [`check_request`](Self::check_request), as of the system clock. See
    /// [`explain`](Self::explain).
    ///
    /// Contains every check of the proof or the certificate too, also past the first fault. Whether a proof has
    /// been used is not looked up, and nothing is recorded.
    #[cfg(feature = "std")]
    pub fn explain_request(&self, request: &Request<'_>) -> Explanation {
        self.explain_request_at(request, UnixTime::now())
    }

    /// The same explanation as of `now`.
    pub fn explain_request_at(&self, request: &Request<'_>, now: UnixTime) -> Explanation {
        let found = self.found_in(request);
        let token = found.map(|(_, token)| token);
        let value = request.authorization_value();
        let expected = match self.space.schemes {
            Schemes::Bearer => "one field: Bearer and a token",
            Schemes::Both { .. } => "one field: Bearer or DPoP, and a token",
            Schemes::Dpop { .. } => "one field: DPoP and a token",
        };
        self.explained(token.ok(), now, |routing, trusted| {
            let mut explained = explain::request(routing, trusted, value, (expected, token), now);
            if let Ok(credentials) = found {
                self.explain_sender(&mut explained, request, credentials, now);
            }
            explained
        })
    }

    /// Explains that a guard which requires proofs accepts no token without a request.
    fn without_proof(&self, mut explained: Explained) -> Explained {
        if self.requires_proof() && explained.claims_with_cnf().is_some() {
            let outcome = Err((VerifyError::NotProven, Some(ProofError::NotBound)));
            explained.binding(&self.space.schemes, Scheme::Bearer, Ok(None), outcome);
        }
        explained
    }

    /// Explains what the token is bound to, and whether the sender has it.
    fn explain_sender(
        &self,
        explained: &mut Explained,
        request: &Request<'_>,
        (scheme, token): (Scheme, &str),
        now: UnixTime,
    ) {
        let Some(claims) = explained.claims_with_cnf() else { return };
        let bound = Confirmation::in_claims(claims.json());
        let outcome = self.demand(scheme, claims).map(|_| ()).map_err(|cause| match cause {
            Unacceptable::AsBearer => (VerifyError::SenderConstrained, None),
            Unacceptable::Proof(cause) => (VerifyError::NotProven, Some(cause)),
        });
        let leeway = self.verifier.leeway_for(claims.issuer());
        explained.binding(&self.space.schemes, scheme, bound, outcome);
        let Ok(Some(bound)) = bound else { return };
        match &self.proofs {
            // A proof that came with the wrong scheme is explained too.
            Some(proofs) if bound.jkt().is_some() => {
                let token = BoundToken::new(token, bound).leeway(Duration::from_secs(leeway));
                explained.proof(proofs.presented_at(request, &token, now));
            }
            _ if bound.jkt().is_none() => explained.certificate(&bound, request.certificate()),
            _ => {}
        }
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
