//! From a request with a token, and perhaps a proof or a certificate, to [`Admission`] or [`Rejection`]. RFC 9449
//! section 7, RFC 8705 section 3.

use alloc::string::String;
use core::time::Duration;

use super::{
    Guard,
    binding::{Demand, Unacceptable},
};
use crate::{
    KeySource, Rejection, UnixTime, Verified, VerifyError,
    bearer::{self, NoToken, Scheme},
    challenge::Offer,
    policy::Usage,
    possession::{BoundToken, Nonce, ProofAccepted, ProofError, Request, UnrecordedProof},
    rejection::nonce_headers,
    trust::Chosen,
};
#[cfg(feature = "std")]
use crate::{possession::HeldRequest, verifier::Waiting};

impl<K: KeySource> Guard<K> {
    /// Checks a request whose token may be bound to a key or a certificate, as of the system clock.
    ///
    /// - A bearer token, which has no `cnf`, is checked as by [`check`](Self::check).
    /// - A token that is bound to a key needs the scheme `DPoP` and a proof, if the guard has
    ///   [`accept_dpop`](Self::accept_dpop) or [`require_dpop`](Self::require_dpop). As a bearer token it is
    ///   refused.
    /// - A token that is bound to a certificate needs
    ///   [`Request::client_certificate`](crate::possession::Request::client_certificate).
    ///
    /// Send [`Admission::headers`] with the response. The proof is recorded after everything else has been
    /// checked, so that a request that is refused does not use it up. May block while keys are fetched, and while
    /// the memory of used proofs is asked, if several processes share it: in async code, call
    /// [`check_request_async`](Self::check_request_async).
    ///
    /// ```
    /// use tokenring::{Guard, JwkSet, Rejection, possession::Request};
    ///
    /// fn hello(guard: &Guard<JwkSet>, authorization: &[&str], dpop: &[&str]) -> Result<String, Rejection> {
    ///     let request = Request::new("GET", "/v1/users?page=2")
    ///         .authorization(authorization.iter().copied())
    ///         .dpop(dpop.iter().copied());
    ///     let admission = guard.check_request(&request)?;
    ///     // With the response: admission.headers()
    ///     Ok(format!("hello {}", admission.verified().subject().unwrap_or("nobody")))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The response to send instead of calling the handler.
    #[cfg(feature = "std")]
    pub fn check_request(&self, request: &Request<'_>) -> Result<Admission, Rejection> {
        let (scheme, token) = self.credentials(request)?;
        let outcome = self.verifier.run(token, Usage::Bound, Chosen::key, UnixTime::now);
        self.conclude(request, (scheme, token), outcome, UnixTime::now())
    }

    /// The same check as of `now`.
    ///
    /// # Errors
    ///
    /// The response to send instead of calling the handler.
    pub fn check_request_at(
        &self,
        request: &Request<'_>,
        now: UnixTime,
    ) -> Result<Admission, Rejection> {
        let (scheme, token) = self.credentials(request)?;
        let outcome = self.verifier.run(token, Usage::Bound, Chosen::key, || now);
        self.conclude(request, (scheme, token), outcome, now)
    }

    /// The same check as of the system clock, with the keys in memory. Never waits, unless the memory of used
    /// proofs does. See [`try_check`](Self::try_check).
    ///
    /// # Errors
    ///
    /// The response to send instead of calling the handler.
    #[cfg(feature = "std")]
    pub fn try_check_request(&self, request: &Request<'_>) -> Result<Admission, Rejection> {
        let (scheme, token) = self.credentials(request)?;
        let outcome = self.verifier.run(token, Usage::Bound, Chosen::try_key, UnixTime::now);
        self.conclude(request, (scheme, token), outcome, UnixTime::now())
    }

    /// The same check for async servers: the future waits where [`check_request`](Self::check_request) blocks.
    ///
    /// If the key is known, everything but the recording of the proof is done in this call. The future borrows
    /// only the guard, so the request can be moved while it waits. It is `Send` if `K` is `Sync`. Dropping it
    /// never admits a request, but the proof may have been recorded.
    ///
    /// The future's error is the response to send instead of calling the handler.
    #[cfg(feature = "std")]
    pub fn check_request_async<'g>(
        &'g self,
        request: &Request<'_>,
    ) -> impl Future<Output = Result<Admission, Rejection>> + use<'g, K> {
        let begun = self.begin_request(request);
        async move {
            let (inspected, now) = match begun {
                Begun::Inspected(outcome) => outcome?,
                Begun::Waiting { scheme, token, request, waiting } => {
                    let Waiting { issuer, lookup } = waiting;
                    let key = lookup.await;
                    let outcome = self.verifier.verify_with(&token, issuer, Usage::Bound, key);
                    let now = UnixTime::now();
                    (self.inspect(&request.request(), (scheme, &token), outcome, now)?, now)
                }
            };
            self.record_async(inspected, now).await
        }
    }

    /// The scheme and the token of a request. `DPoP` is a scheme only if the guard accepts proofs.
    fn credentials<'r>(&self, request: &Request<'r>) -> Result<(Scheme, &'r str), Rejection> {
        self.found_in(request).map_err(|reason| Rejection::no_token(&self.space, reason))
    }

    pub(super) fn found_in<'r>(&self, request: &Request<'r>) -> Result<(Scheme, &'r str), NoToken> {
        let value = request.authorization_value()?;
        match self.proofs {
            Some(_) => bearer::credentials(value),
            None => Ok((Scheme::Bearer, bearer::token(value)?)),
        }
    }

    /// Everything that can be done without waiting.
    #[cfg(feature = "std")]
    fn begin_request(&self, request: &Request<'_>) -> Begun<'_, K> {
        let (scheme, token) = match self.credentials(request) {
            Ok(credentials) => credentials,
            Err(rejection) => return Begun::Inspected(Err(rejection)),
        };
        match self.verifier.verify_unless_waiting(token, Usage::Bound) {
            Ok(outcome) => {
                let now = UnixTime::now();
                let inspected = self.inspect(request, (scheme, token), outcome, now);
                Begun::Inspected(inspected.map(|inspected| (inspected, now)))
            }
            Err(waiting) => {
                Begun::Waiting { scheme, token: token.into(), request: request.held(), waiting }
            }
        }
    }

    fn conclude(
        &self,
        request: &Request<'_>,
        credentials: (Scheme, &str),
        outcome: Result<Verified, VerifyError>,
        now: UnixTime,
    ) -> Result<Admission, Rejection> {
        let Inspected { verified, proof } = self.inspect(request, credentials, outcome, now)?;
        let recorded = match (proof, &self.proofs) {
            (Some(proof), Some(proofs)) => Some(proofs.record(proof, now)),
            _ => None,
        };
        self.admission(verified, recorded, now)
    }

    #[cfg(feature = "std")]
    async fn record_async(
        &self,
        Inspected { verified, proof }: Inspected,
        now: UnixTime,
    ) -> Result<Admission, Rejection> {
        let recorded = match (proof, &self.proofs) {
            (Some(proof), Some(proofs)) => Some(proofs.record_async(proof, now).await),
            _ => None,
        };
        self.admission(verified, recorded, now)
    }

    /// The admission of a request whose proof, if it has one, was recorded.
    fn admission(
        &self,
        verified: Verified,
        recorded: Option<Result<ProofAccepted, ProofError>>,
        now: UnixTime,
    ) -> Result<Admission, Rejection> {
        match recorded {
            None => Ok(Admission { verified, nonce: None }),
            Some(Ok(accepted)) => Ok(Admission { verified, nonce: accepted.next_nonce() }),
            Some(Err(cause)) => Err(self.not_proven(cause, Scheme::Dpop, now)),
        }
    }

    /// Checks everything but whether the proof has been used: the sender first, then what the guard requires of
    /// the token.
    fn inspect(
        &self,
        request: &Request<'_>,
        (scheme, token): (Scheme, &str),
        outcome: Result<Verified, VerifyError>,
        now: UnixTime,
    ) -> Result<Inspected, Rejection> {
        let offer = Offer::another(scheme);
        let verified = outcome.map_err(|cause| self.refused(token, cause, offer))?;
        let proof = self.check_sender(request, (scheme, token), &verified, now).map_err(
            |cause| match cause {
                Unacceptable::AsBearer => {
                    Rejection::refused(&self.space, VerifyError::SenderConstrained, offer)
                }
                Unacceptable::Proof(cause) => self.not_proven(cause, scheme, now),
            },
        )?;
        self.check_requirements(&verified, || now)?;
        Ok(Inspected { verified, proof })
    }

    /// Checks that the sender has what the token is bound to.
    fn check_sender(
        &self,
        request: &Request<'_>,
        (scheme, token): (Scheme, &str),
        verified: &Verified,
        now: UnixTime,
    ) -> Result<Option<UnrecordedProof>, Unacceptable> {
        let inspected = match self.demand(scheme, verified.claims_set())? {
            Demand::Nothing => return Ok(None),
            Demand::Certificate(bound) => {
                bound.check_certificate(request.certificate()).map(|()| None)
            }
            Demand::Proof(bound, proofs) => {
                let leeway = self.verifier.leeway_for(verified.issuer());
                let token = BoundToken::new(token, bound).leeway(Duration::from_secs(leeway));
                proofs.inspect_at(request, &token, now).map(Some)
            }
        };
        inspected.map_err(Unacceptable::Proof)
    }

    fn not_proven(&self, cause: ProofError, scheme: Scheme, now: UnixTime) -> Rejection {
        let nonce = || self.proofs.as_ref().and_then(|proofs| proofs.nonce_at(now));
        Rejection::not_proven(&self.space, cause, Offer::another(scheme), nonce)
    }
}

/// A request that may be admitted, unless its proof has been used.
struct Inspected {
    verified: Verified,
    proof: Option<UnrecordedProof>,
}

/// A check that waits for a key, or has done without one.
#[cfg(feature = "std")]
enum Begun<'g, K> {
    Inspected(Result<(Inspected, UnixTime), Rejection>),
    Waiting { scheme: Scheme, token: String, request: HeldRequest, waiting: Waiting<'g, K> },
}

/// A request that may be handled: its token has been accepted, and so has the proof of its sender, if it needs
/// one. Made by [`Guard::check_request`].
#[derive(Clone, Debug)]
#[must_use = "the response needs its header fields"]
pub struct Admission {
    verified: Verified,
    nonce: Option<Nonce>,
}

impl Admission {
    /// The accepted token.
    pub fn verified(&self) -> &Verified {
        &self.verified
    }

    /// The same, by itself. Take the [`headers`](Self::headers) first.
    pub fn into_verified(self) -> Verified {
        self.verified
    }

    /// The fields to add to the response, as names and values. Often there are none.
    ///
    /// `DPoP-Nonce` and `Cache-Control: no-store` come if nonces are on and the client should use a newer one from
    /// now on. RFC 9449 section 8.2.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, String)> {
        nonce_headers(self.nonce)
    }
}
