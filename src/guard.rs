//! From a request's bearer token to [`Verified`] or [`Rejection`], before the handler. RFC 6750.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
#[cfg(feature = "std")]
use core::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use crate::{
    Explanation, KeySource, Rejection, UnixTime, Verified, Verifier, VerifyError, bearer, explain,
    rejection::names, verifier::trusted,
};
#[cfg(feature = "std")]
use crate::{KeyLookup, trust::Chosen, verifier::Waiting};

/// Checks the bearer token of a request before its handler runs, in any HTTP server.
///
/// Make one when the service starts and share it. For routes that require more, either make a second
/// guard from a clone, which shares fetched keys and the token cache with the first, or call
/// [`check_scope`](Self::check_scope) in the handler.
///
/// ```
/// use tokenring::{Guard, JwkSet, Policy, Verifier};
///
/// # let keys = JwkSet::from_json(br#"{"keys": []}"#)?;
/// let verifier = Verifier::new(Policy::new("https://issuer.example/", "https://api.example.com/"), keys)?;
/// let guard = Guard::new(verifier).require_scope("read:messages");
///
/// # #[cfg(feature = "std")]
/// // For each request, with the values of its `Authorization` header fields:
/// match guard.check(["Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln"]) {
///     Ok(caller) => println!("hello {}", caller.subject().unwrap_or("nobody")),
///     Err(rejection) => {
///         eprintln!("{rejection}"); // for the log, with the cause
///         println!("{} {}", rejection.status(), rejection.body()); // for the client
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Guard<K> {
    verifier: Verifier<K>,
    realm: String,
    scopes: Vec<String>,
    permissions: Vec<String>,
}

impl<K: KeySource> Guard<K> {
    /// A guard that only requires a token that `verifier` accepts.
    pub fn new(verifier: Verifier<K>) -> Self {
        let realm = "api".to_owned();
        Self { verifier, realm, scopes: Vec::new(), permissions: Vec::new() }
    }

    /// Sets the `realm` of the challenges, which names the protected resources; `api` if not set.
    /// RFC 9110 section 11.5.
    ///
    /// Quotation marks, backslashes and all characters but printable ASCII are escaped.
    #[must_use]
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = realm.into();
        self
    }

    /// Also requires this scope: one name, or several with spaces between them. Can be called
    /// again.
    ///
    /// All are required. No token has the empty scope, so an empty setting admits nobody.
    ///
    /// Scopes are read from the claim `scope`, or from the claim that
    /// [`Policy::scopes_from`](crate::Policy::scopes_from) names: Okta and Entra ID write them to `scp`.
    /// A scope with a space in it, which an array may contain, cannot be required here.
    #[must_use]
    pub fn require_scope(mut self, scope: &str) -> Self {
        self.scopes.extend(names(scope).map(ToOwned::to_owned));
        self
    }

    /// Also requires this permission: one element of the token's `permissions`. Can be called
    /// again.
    ///
    /// All are required. The empty permission is granted to nobody.
    #[must_use]
    pub fn require_permission(mut self, permission: impl Into<String>) -> Self {
        self.permissions.push(permission.into());
        self
    }

    /// The verifier that the guard uses.
    pub fn verifier(&self) -> &Verifier<K> {
        &self.verifier
    }

    /// Checks a request by the values of its `Authorization` fields, as of the system clock.
    ///
    /// Pass an `Option<&str>`, an `Option<&[u8]>`, or an iterator over all values. The iterator is
    /// the safe choice: a request with two values is refused. May block while keys are fetched, as
    /// [`Verifier::verify`]: in async code, call [`check_async`](Self::check_async).
    ///
    /// # Errors
    ///
    /// The response to send instead of calling the handler.
    #[cfg(feature = "std")]
    pub fn check(
        &self,
        authorization: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<Verified, Rejection> {
        self.check_with(authorization, |token| self.verifier.verify(token))
    }

    /// The same check as of `now`.
    ///
    /// # Errors
    ///
    /// The response to send instead of calling the handler.
    pub fn check_at(
        &self,
        authorization: impl IntoIterator<Item = impl AsRef<[u8]>>,
        now: UnixTime,
    ) -> Result<Verified, Rejection> {
        self.check_with(authorization, |token| self.verifier.verify_at(token, now))
    }

    /// The same check as of the system clock, with the keys in memory: never does I/O, never waits.
    /// See [`Verifier::try_verify`].
    ///
    /// # Errors
    ///
    /// The response to send instead of calling the handler.
    #[cfg(feature = "std")]
    pub fn try_check(
        &self,
        authorization: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<Verified, Rejection> {
        self.check_with(authorization, |token| self.verifier.try_verify(token))
    }

    /// The same check for async servers: the future waits where [`check`](Self::check) blocks.
    ///
    /// If the key is known, the token is verified in this call, and the future is ready at once.
    /// The future borrows only the guard, so the request can be moved while it waits.
    ///
    /// The future's error is the response to send instead of calling the handler.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use tokenring::{Guard, JwkSet, Rejection, Verified};
    /// /// A future as actix-web's and tonic's services return it.
    /// fn call(
    ///     guard: Arc<Guard<JwkSet>>,
    ///     authorization: Option<String>,
    /// ) -> impl Future<Output = Result<Verified, Rejection>> + Send + 'static {
    ///     async move { guard.check_async(authorization.as_deref()).await }
    /// }
    /// ```
    #[cfg(feature = "std")]
    pub fn check_async(
        &self,
        authorization: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> GuardCheck<'_, K> {
        let check = self.with_token(authorization, |token| {
            match self.verifier.verify_unless_waiting(token, None) {
                Ok(outcome) => CheckState::Finished(Some(self.admit(token, outcome))),
                Err(Waiting { issuer, lookup }) => {
                    let issuer = Some(issuer);
                    CheckState::Waiting { guard: self, token: token.to_owned(), issuer, lookup }
                }
            }
        });
        GuardCheck(check.unwrap_or_else(|rejection| CheckState::Finished(Some(Err(rejection)))))
    }

    /// Explains the verdict of [`check`](Self::check), as of the system clock, with the keys in
    /// memory.
    ///
    /// Contains all of [`Verifier::explain`], and also whether there is a token and whether it has
    /// the required scopes and permissions. Never does I/O, never waits.
    ///
    /// For operators; read the warnings at [`Explanation`] first.
    #[cfg(feature = "std")]
    pub fn explain(
        &self,
        authorization: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Explanation {
        self.explain_at(authorization, UnixTime::now())
    }

    /// The same explanation as of `now`.
    pub fn explain_at(
        &self,
        authorization: impl IntoIterator<Item = impl AsRef<[u8]>>,
        now: UnixTime,
    ) -> Explanation {
        let value = bearer::single(authorization);
        let value = value.as_ref().map(AsRef::as_ref).map_err(|reason| *reason);
        let issuers = self.verifier.issuers_for(value.and_then(bearer::token).ok());
        let (routing, trusted) = (self.verifier.routing(), trusted(&issuers));
        let mut explained = explain::authorization(routing, &trusted, value, now);
        self.scopes.iter().for_each(|scope| explained.require_scope(scope));
        self.permissions.iter().for_each(|permission| explained.require_permission(permission));
        explained.finish()
    }

    /// Checks that an accepted token also has these scopes, for handlers that require more than the
    /// guard. `scope` is as in [`require_scope`](Self::require_scope).
    ///
    /// # Errors
    ///
    /// The response to send, with status 403.
    pub fn check_scope(&self, verified: &Verified, scope: &str) -> Result<(), Rejection> {
        self.admit_with(verified, scope, names(scope), [])
    }

    /// Checks that an accepted token also has this permission.
    ///
    /// # Errors
    ///
    /// The response to send, with status 403.
    pub fn check_permission(&self, verified: &Verified, permission: &str) -> Result<(), Rejection> {
        self.admit_with(verified, permission, [], [permission])
    }

    fn check_with(
        &self,
        authorization: impl IntoIterator<Item = impl AsRef<[u8]>>,
        verify: impl FnOnce(&str) -> Result<Verified, VerifyError>,
    ) -> Result<Verified, Rejection> {
        self.with_token(authorization, |token| self.admit(token, verify(token)))
            .and_then(|outcome| outcome)
    }

    /// Calls `look` with the request's token, if there is one.
    fn with_token<T>(
        &self,
        authorization: impl IntoIterator<Item = impl AsRef<[u8]>>,
        look: impl FnOnce(&str) -> T,
    ) -> Result<T, Rejection> {
        let no_token = |reason| Rejection::no_token(&self.realm, reason);
        let value = bearer::single(authorization).map_err(no_token)?;
        let token = bearer::token(value.as_ref()).map_err(no_token)?;
        Ok(look(token))
    }

    /// The checks that follow the verifier's: scopes and permissions.
    fn admit(
        &self,
        token: &str,
        outcome: Result<Verified, VerifyError>,
    ) -> Result<Verified, Rejection> {
        let verified = outcome.map_err(|cause| self.refused(token, cause))?;
        let is_admitted = self.scopes.iter().all(|scope| verified.has_scope(scope))
            && self.permissions.iter().all(|permission| verified.grants(permission));
        if is_admitted {
            return Ok(verified);
        }
        let required = [self.scopes.as_slice(), self.permissions.as_slice()].concat().join(" ");
        let (scopes, permissions) = (texts(&self.scopes), texts(&self.permissions));
        self.admit_with(&verified, &required, scopes, permissions).map(|()| verified)
    }

    /// Checks that the token has all of these. The challenge asks for `required`.
    fn admit_with<'n>(
        &self,
        verified: &Verified,
        required: &str,
        scopes: impl IntoIterator<Item = &'n str>,
        permissions: impl IntoIterator<Item = &'n str>,
    ) -> Result<(), Rejection> {
        let lacks_scope = |name: &&str| !verified.has_scope(name);
        let lacks_permission = |name: &&str| !verified.grants(name);
        let mut scopes = scopes.into_iter().filter(lacks_scope).peekable();
        let mut permissions = permissions.into_iter().filter(lacks_permission).peekable();
        match (scopes.peek(), permissions.peek()) {
            (None, None) => Ok(()),
            _ => Err(Rejection::lacks(&self.realm, required, scopes, permissions)),
        }
    }

    /// The response for a token that the verifier has refused. If its issuer has no keys, the log line
    /// says why.
    fn refused(&self, token: &str, cause: VerifyError) -> Rejection {
        let rejection = Rejection::refused(&self.realm, cause);
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

fn texts(names: &[String]) -> impl Iterator<Item = &str> {
    names.iter().map(String::as_str)
}

/// The future of [`Guard::check_async`].
///
/// It is `Send` if `K` is `Sync`, needs no runtime, and may be dropped at any time.
#[cfg(feature = "std")]
#[must_use = "futures do nothing unless polled"]
pub struct GuardCheck<'g, K>(CheckState<'g, K>);

// Not `expect`: whether the lint fires depends on the features of other crates.
#[cfg(feature = "std")]
#[allow(clippy::large_enum_variant, reason = "a box would be an allocation for each token")]
enum CheckState<'g, K> {
    Finished(Option<Result<Verified, Rejection>>),
    Waiting {
        guard: &'g Guard<K>,
        token: String,
        /// Taken when the look-up ends.
        issuer: Option<Chosen<'g, K>>,
        lookup: KeyLookup<'g>,
    },
}

#[cfg(feature = "std")]
impl<K: KeySource> Future for GuardCheck<'_, K> {
    type Output = Result<Verified, Rejection>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            CheckState::Finished(outcome) => match outcome.take() {
                Some(outcome) => Poll::Ready(outcome),
                // Polled after completion: no correct executor does that.
                None => Poll::Pending,
            },
            CheckState::Waiting { guard, token, issuer, lookup } => {
                let key = ready!(Pin::new(lookup).poll(context));
                let Some(issuer) = issuer.take() else { return Poll::Pending };
                let verdict = guard.verifier.verify_with(token, issuer, None, key);
                let outcome = guard.admit(token, verdict);
                self.0 = CheckState::Finished(None);
                Poll::Ready(outcome)
            }
        }
    }
}

/// Shows no fields: one of them is the token.
#[cfg(feature = "std")]
impl<K> fmt::Debug for GuardCheck<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardCheck").finish_non_exhaustive()
    }
}
