//! From a request's bearer token to [`Verified`] or [`Rejection`], before the handler. RFC 6750.

mod admission;
mod binding;
mod explanation;
#[cfg(feature = "std")]
mod future;
mod metadata;
mod refusal;
mod request;

use alloc::{borrow::ToOwned, string::String, vec::Vec};

use crate::{
    Authentication, ClaimPath, FieldValues, KeySource, Rejection, UnixTime, Verified, Verifier,
    VerifyError,
    bearer::{self, NoToken},
    challenge::ProtectionSpace,
    possession::ProofVerifier,
    scope_hierarchy::ScopeHierarchy,
};

#[cfg(feature = "std")]
use crate::policy::Usage;

#[cfg(feature = "std")]
pub use future::GuardCheck;
pub use request::Admission;

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
#[doc(alias("bearer", "middleware", "authenticate", "authorization"))]
#[derive(Clone, Debug)]
pub struct Guard<K> {
    verifier: Verifier<K>,
    /// Among others, the scopes that a token must have.
    space: ProtectionSpace,
    hierarchy: ScopeHierarchy,
    permissions: Vec<String>,
    /// The values that a token must have in these claims.
    claim_values: Vec<(ClaimPath, String)>,
    authentications: Vec<Authentication>,
    /// For tokens in the scheme `DPoP`, if that is accepted.
    proofs: Option<ProofVerifier>,
}

impl<K: KeySource> Guard<K> {
    /// A guard that only requires a token that `verifier` accepts.
    pub fn new(verifier: Verifier<K>) -> Self {
        Self {
            verifier,
            space: ProtectionSpace::new(),
            hierarchy: ScopeHierarchy::default(),
            permissions: Vec::new(),
            claim_values: Vec::new(),
            authentications: Vec::new(),
            proofs: None,
        }
    }

    /// Sets the `realm` of the challenges, which names the protected resources; `api` if not set.
    /// RFC 9110 section 11.5.
    ///
    /// Quotation marks, backslashes and all characters but printable ASCII are escaped.
    #[must_use]
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.space.realm = realm.into();
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
    ///
    /// The challenges name all required scopes, so that a client can request them at once. RFC 6750
    /// section 3. A name that RFC 6749 section 3.3 does not allow is required, but not named there.
    #[must_use]
    pub fn require_scope(mut self, scope: &str) -> Self {
        self.space.scopes.extend(names(scope).map(ToOwned::to_owned));
        self
    }

    /// Says that a token with the scope `broader` may do what the scope `narrower` is for: one name, or
    /// several with spaces between them. Can be called again.
    ///
    /// It holds through other scopes too: with `("admin", "write")` and `("write", "read")`, `admin`
    /// includes `read`. It is for the scopes that are required here and in
    /// [`check_scope`](Self::check_scope); [`Verified::has_scope`] knows nothing of it.
    ///
    /// ```
    /// # use tokenring::{Guard, JwkSet, Policy, UnixTime, Verifier, testkit::{AUDIENCE, ISSUER, Issuer}};
    /// # let now = UnixTime::from_secs(1_780_000_000);
    /// # let issuer = Issuer::default();
    /// # let keys = JwkSet::from_json(issuer.jwks().as_bytes())?;
    /// # let verifier = Verifier::new(Policy::new(ISSUER, AUDIENCE), keys)?;
    /// let guard = Guard::new(verifier).implies("files:write", "files:read").require_scope("files:read");
    /// let token = issuer.token_at(now).scope("files:write").mint();
    /// assert!(guard.check_at([format!("Bearer {token}")], now).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn implies(mut self, broader: &str, narrower: &str) -> Self {
        names(narrower).for_each(|narrower| self.hierarchy.add(broader.into(), narrower.into()));
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

    /// Also requires `value` in the claim that `path` leads to: for roles or groups beside scopes. Can be
    /// called again.
    ///
    /// All are required. The claim is read as [`Policy::scopes_from`](crate::Policy::scopes_from) says: a
    /// value is an element of an array of strings, or a string. An object on the way in which a member
    /// occurs twice refuses the token. The empty value is in no claim, and a malformed path leads to none,
    /// so an empty setting admits nobody.
    ///
    /// ```
    /// # use tokenring::{Guard, JwkSet, Policy, UnixTime, Verifier, testkit::{AUDIENCE, ISSUER, Issuer}};
    /// # let now = UnixTime::from_secs(1_780_000_000);
    /// # let issuer = Issuer::default();
    /// # let keys = JwkSet::from_json(issuer.jwks().as_bytes())?;
    /// # let verifier = Verifier::new(Policy::new(ISSUER, AUDIENCE), keys)?;
    /// let guard = Guard::new(verifier)
    ///     .require_scope("orders:read")
    ///     .require_claim_value("/realm_access/roles", "clerk");
    /// # let roles = serde_json::json!({ "roles": ["clerk"] });
    /// # let token = issuer.token_at(now).scope("orders:read").claim("realm_access", roles).mint();
    /// # assert!(guard.check_at([format!("Bearer {token}")], now).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias("roles", "groups"))]
    #[must_use]
    pub fn require_claim_value(
        mut self,
        path: impl Into<ClaimPath>,
        value: impl Into<String>,
    ) -> Self {
        self.claim_values.push((path.into(), value.into()));
        self
    }

    /// Also requires that the user has logged in like this: step-up authentication. RFC 9470. Can be
    /// called again; then all are required.
    ///
    /// A valid token without it is answered with status 401 and a challenge that names the accepted
    /// `acr_values` and the `max_age`, so that the client can have the user log in again.
    ///
    /// ```
    /// # use tokenring::{Authentication, Guard, JwkSet, Policy, UnixTime, Verifier};
    /// # use tokenring::testkit::{AUDIENCE, ISSUER, Issuer};
    /// # let now = UnixTime::from_secs(1_780_000_000);
    /// # let issuer = Issuer::default();
    /// # let keys = JwkSet::from_json(issuer.jwks().as_bytes())?;
    /// # let verifier = Verifier::new(Policy::new(ISSUER, AUDIENCE), keys)?;
    /// let recent = Authentication::new().acr_values(["mfa"]).max_age(300);
    /// let guard = Guard::new(verifier).require_authentication(recent);
    /// # let token = issuer.token_at(now).claim("acr", "pwd").mint();
    /// let rejection = guard.check_at([format!("Bearer {token}")], now).unwrap_err();
    /// let (_, challenge) = rejection.headers().last().unwrap();
    /// assert_eq!(
    ///     challenge,
    ///     r#"Bearer error="insufficient_user_authentication", acr_values="mfa", max_age="300", realm="api""#,
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias("step-up", "acr", "mfa"))]
    #[must_use]
    pub fn require_authentication(mut self, authentication: Authentication) -> Self {
        self.authentications.push(authentication);
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
    pub fn check(&self, authorization: impl FieldValues) -> Result<Verified, Rejection> {
        let value = bearer::single(authorization);
        self.check_found(bearer::token_of(&value), UnixTime::now, |token| {
            self.verifier.verify(token)
        })
    }

    /// The same check as of `now`.
    ///
    /// # Errors
    ///
    /// The response to send instead of calling the handler.
    pub fn check_at(
        &self,
        authorization: impl FieldValues,
        now: UnixTime,
    ) -> Result<Verified, Rejection> {
        let value = bearer::single(authorization);
        self.check_found(
            bearer::token_of(&value),
            || now,
            |token| self.verifier.verify_at(token, now),
        )
    }

    /// The same check as of the system clock, with the keys in memory: never does I/O, never waits.
    /// See [`Verifier::try_verify`].
    ///
    /// # Errors
    ///
    /// The response to send instead of calling the handler.
    #[cfg(feature = "std")]
    pub fn try_check(&self, authorization: impl FieldValues) -> Result<Verified, Rejection> {
        let value = bearer::single(authorization);
        self.check_found(bearer::token_of(&value), UnixTime::now, |token| {
            self.verifier.try_verify(token)
        })
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
    pub fn check_async(&self, authorization: impl FieldValues) -> GuardCheck<'_, K> {
        let value = bearer::single(authorization);
        self.check_found_async(bearer::token_of(&value))
    }

    /// Checks a token that came without `Authorization` and `Bearer` around it, as of the system clock:
    /// from a field of its own, a cookie, or the first message of a WebSocket.
    ///
    /// Everything else is as in [`check`](Self::check), and so are the rejections. **If a field or a cookie
    /// can occur twice, refuse such a request yourself**: another reader might take the other value.
    /// Browsers send cookies even with requests that another site caused, so a cookie also needs protection
    /// against those.
    ///
    /// ```
    /// use tokenring::{Guard, Rejection, RemoteJwks, Verified};
    ///
    /// /// `assertions` are all values of `x-goog-iap-jwt-assertion`.
    /// fn caller(guard: &Guard<RemoteJwks>, assertions: &[&str]) -> Result<Verified, Rejection> {
    ///     match assertions {
    ///         [] => Err(guard.missing_token()),
    ///         [assertion] => guard.check_token(assertion),
    ///         _ => Err(guard.invalid_request("assertion_repeated", "Invalid token format")),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The response to send instead of calling the handler.
    #[doc(alias("cookie", "WebSocket"))]
    #[cfg(feature = "std")]
    pub fn check_token(&self, token: &str) -> Result<Verified, Rejection> {
        self.check_found(bearer::bare_token(token), UnixTime::now, |token| {
            self.verifier.verify(token)
        })
    }

    /// The same check of a token as of `now`.
    ///
    /// # Errors
    ///
    /// The response to send instead of calling the handler.
    pub fn check_token_at(&self, token: &str, now: UnixTime) -> Result<Verified, Rejection> {
        self.check_found(
            bearer::bare_token(token),
            || now,
            |token| self.verifier.verify_at(token, now),
        )
    }

    /// The same check of a token as of the system clock, with the keys in memory: never does I/O, never
    /// waits. See [`try_check`](Self::try_check).
    ///
    /// # Errors
    ///
    /// The response to send instead of calling the handler.
    #[cfg(feature = "std")]
    pub fn try_check_token(&self, token: &str) -> Result<Verified, Rejection> {
        self.check_found(bearer::bare_token(token), UnixTime::now, |token| {
            self.verifier.try_verify(token)
        })
    }

    /// The same check of a token for async servers. See [`check_async`](Self::check_async).
    #[cfg(feature = "std")]
    pub fn check_token_async(&self, token: &str) -> GuardCheck<'_, K> {
        self.check_found_async(bearer::bare_token(token))
    }

    /// Checks the token that was found in a request.
    fn check_found(
        &self,
        token: Result<&str, NoToken>,
        now: impl FnOnce() -> UnixTime,
        verify: impl FnOnce(&str) -> Result<Verified, VerifyError>,
    ) -> Result<Verified, Rejection> {
        let token = token.map_err(|reason| Rejection::no_token(&self.space, reason))?;
        self.admit(token, verify(token), now)
    }

    /// The same, without waiting in this call.
    #[cfg(feature = "std")]
    fn check_found_async(&self, token: Result<&str, NoToken>) -> GuardCheck<'_, K> {
        let token = match token {
            Ok(token) => token,
            Err(reason) => {
                return GuardCheck::finished(Err(Rejection::no_token(&self.space, reason)));
            }
        };
        match self.verifier.verify_unless_waiting(token, Usage::Bearer) {
            Ok(outcome) => GuardCheck::finished(self.admit(token, outcome, UnixTime::now)),
            Err(waiting) => GuardCheck::waiting(self, token, waiting),
        }
    }
}

/// The names in a scope that is required. If there are none, the empty name, which no token has: a
/// setting that was left empty must not admit everybody.
fn names(scope: &str) -> impl Iterator<Item = &str> + Clone {
    let is_empty = scope.bytes().all(|byte| byte == b' ');
    scope.split(' ').filter(|name| !name.is_empty()).chain(is_empty.then_some(""))
}
