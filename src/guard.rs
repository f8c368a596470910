//! In front of a handler: a bearer token, a verifier and the time to [`Verified`] or to what the
//! client is told. RFC 6750 section 3, RFC 9110 sections 11.6.1 and 15.5.2.

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use core::time::Duration;

use crate::{
    KeySource, UnixTime, Verified, Verifier, VerifyError,
    bearer::{self, NoToken},
    policy::whole_seconds,
};

/// A verifier in front of a handler of whatever HTTP server.
///
/// The client is told one text whatever the cause, and nothing of its request comes back; the cause
/// is in [`Rejection::cause`], for the log.
#[derive(Clone, Debug)]
pub struct Guard<K> {
    verifier: Verifier<K>,
    realm: String,
    scopes: Vec<String>,
    permissions: Vec<String>,
}

impl<K: KeySource> Guard<K> {
    /// A guard that wants nothing but a token that `verifier` accepts.
    pub fn new(verifier: Verifier<K>) -> Self {
        let realm = "api".to_owned();
        Self { verifier, realm, scopes: Vec::new(), permissions: Vec::new() }
    }

    /// What the challenges call the protected resources; `api` if not set. RFC 9110 section 11.5.
    ///
    /// Quotation marks, backslashes and what is not printable ASCII are left out.
    #[must_use]
    pub fn realm(mut self, realm: &str) -> Self {
        self.realm = quotable(realm);
        self
    }

    /// Also wants this in the token's `scope`; several with spaces between them, or one a call. All
    /// of them are wanted. An empty one no token has.
    #[must_use]
    pub fn require_scope(mut self, scope: &str) -> Self {
        let mut scopes = scope.split(' ').filter(|one| !one.is_empty()).peekable();
        if scopes.peek().is_none() {
            // An empty setting, perhaps. It must not demand nothing.
            self.scopes.push(String::new());
        }
        self.scopes.extend(scopes.map(ToOwned::to_owned));
        self
    }

    /// Also wants this among the token's `permissions`. All that are asked for are wanted.
    #[must_use]
    pub fn require_permission(mut self, permission: impl Into<String>) -> Self {
        self.permissions.push(permission.into());
        self
    }

    /// The verifier behind the guard.
    pub fn verifier(&self) -> &Verifier<K> {
        &self.verifier
    }

    /// Checks a request whose `Authorization` fields have these values, as of the system clock: an
    /// `Option<&str>`, an `Option<&[u8]>`, or an iterator over all values, which is the safe choice.
    ///
    /// May wait for keys, as [`Verifier::verify`].
    ///
    /// # Errors
    ///
    /// What to answer instead of calling the handler.
    #[cfg(feature = "std")]
    pub fn check(
        &self,
        authorization: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<Verified, Rejection> {
        self.check_with(authorization, |token| self.verifier.verify(token))
    }

    /// The same as of `now`.
    ///
    /// # Errors
    ///
    /// What to answer instead of calling the handler.
    pub fn check_at(
        &self,
        authorization: impl IntoIterator<Item = impl AsRef<[u8]>>,
        now: UnixTime,
    ) -> Result<Verified, Rejection> {
        self.check_with(authorization, |token| self.verifier.verify_at(token, now))
    }

    fn check_with(
        &self,
        authorization: impl IntoIterator<Item = impl AsRef<[u8]>>,
        verify: impl FnOnce(&str) -> Result<Verified, VerifyError>,
    ) -> Result<Verified, Rejection> {
        let value = bearer::single(authorization).map_err(|reason| self.no_token(reason))?;
        let token = bearer::token(value.as_ref()).map_err(|reason| self.no_token(reason))?;
        self.admit(verify(token))
    }

    /// What is left to do when the token has been looked at.
    fn admit(&self, outcome: Result<Verified, VerifyError>) -> Result<Verified, Rejection> {
        let verified = outcome.map_err(|cause| self.refused(cause))?;
        let admitted = self.scopes.iter().all(|scope| verified.has_scope(scope))
            && self.permissions.iter().all(|permission| verified.has_permission(permission));
        match admitted {
            true => Ok(verified),
            false => Err(self.insufficient()),
        }
    }

    fn no_token(&self, reason: NoToken) -> Rejection {
        let (status, message, error) = match reason {
            // RFC 6750 section 3.1: no error code for a client that did not try this scheme.
            NoToken::Missing => (401, "Authorization token is missing", ""),
            NoToken::Malformed => (401, "Invalid token format", ""),
            NoToken::Several => (400, "Invalid token format", ", error=\"invalid_request\""),
        };
        self.challenge(status, message, error, None)
    }

    fn refused(&self, cause: VerifyError) -> Rejection {
        let wait = match cause {
            VerifyError::KeysUnavailable { retry_after } => retry_after,
            VerifyError::KeySourceBusy => Duration::ZERO,
            _ => {
                let error = ", error=\"invalid_token\"";
                return self.challenge(401, "Invalid token", error, Some(cause));
            }
        };
        // Nobody knows yet whether the token is good: to say that it is not would send the client
        // off to log in again.
        Rejection {
            status: 503,
            message: "Service unavailable",
            www_authenticate: None,
            retry_after: Some(Duration::from_secs(whole_seconds(wait).max(1))),
            cause: Some(cause),
        }
    }

    /// RFC 6750 section 3.1: says which scope it would take.
    fn insufficient(&self) -> Rejection {
        let wanted: Vec<&str> =
            self.scopes.iter().chain(&self.permissions).map(String::as_str).collect();
        let wanted = quotable(&wanted.join(" "));
        // RFC 6749 section 3.3: one space between two, and at least one, or no `scope` at all.
        let wanted: Vec<&str> = wanted.split(' ').filter(|one| !one.is_empty()).collect();
        let scope = match wanted.is_empty() {
            true => String::new(),
            false => format!(", scope=\"{}\"", wanted.join(" ")),
        };
        let error = format!(", error=\"insufficient_scope\"{scope}");
        self.challenge(403, "Insufficient scope", &error, None)
    }

    fn challenge(
        &self,
        status: u16,
        message: &'static str,
        error: &str,
        cause: Option<VerifyError>,
    ) -> Rejection {
        let www_authenticate = Some(format!("Bearer realm=\"{}\"{error}", self.realm));
        Rejection { status, message, www_authenticate, retry_after: None, cause }
    }
}

#[cfg(feature = "fetch")]
impl Guard<crate::RemoteJwks> {
    /// As [`check`](Self::check), for async servers: see [`Verifier::verify_async`].
    ///
    /// # Errors
    ///
    /// What to answer instead of calling the handler.
    pub fn check_async<V: AsRef<[u8]>>(
        &self,
        authorization: impl IntoIterator<Item = V>,
    ) -> impl Future<Output = Result<Verified, Rejection>> {
        // Not in the future, so that it need not hold the iterator.
        let value = bearer::single(authorization);
        async move {
            let value = value.map_err(|reason| self.no_token(reason))?;
            let token = bearer::token(value.as_ref()).map_err(|reason| self.no_token(reason))?;
            self.admit(self.verifier.verify_async(token).await)
        }
    }
}

/// What to answer instead of calling the handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    status: u16,
    message: &'static str,
    www_authenticate: Option<String>,
    retry_after: Option<Duration>,
    cause: Option<VerifyError>,
}

impl Rejection {
    /// The status code: 400, 401, 403 or 503.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// A sentence for the client, the same for every cause of its kind.
    pub fn message(&self) -> &'static str {
        self.message
    }

    /// The message as JSON: `{"message": "..."}`, to be sent as `application/json`.
    pub fn body(&self) -> String {
        // No message has a character that JSON escapes.
        format!("{{\"message\": \"{}\"}}", self.message)
    }

    /// The value of `WWW-Authenticate`: exactly one challenge, and none with status 503.
    pub fn www_authenticate(&self) -> Option<String> {
        self.www_authenticate.clone()
    }

    /// The value of `Retry-After`, in whole seconds, at least one; with status 503 only.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Why the token was refused, for the log. None if there was no token, or if it was good but
    /// not good for this.
    pub fn cause(&self) -> Option<&VerifyError> {
        self.cause.as_ref()
    }
}

/// What may stand between quotation marks in a challenge without escapes. RFC 6750 section 3.
fn quotable(text: &str) -> String {
    text.chars().filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\')).collect()
}
