//! The response to a refused request. RFC 6750 section 3, RFC 9110 sections 11.6.1 and 15.5.2.

mod codes;
#[cfg(feature = "fetch")]
mod response;

use alloc::{
    boxed::Box,
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::{error::Error, fmt, time::Duration};

use serde_json::Value;

use crate::{
    Authentication, VerifyError, bearer::NoToken, challenge::ProtectionSpace, explain::text,
    time::whole_seconds,
};

/// The response to send instead of calling the handler.
///
/// The client gets the same text for all causes of a kind, and nothing from its request is sent
/// back. The cause is for the log and for metrics: [`Display`](fmt::Display) puts status, message and
/// cause on one line, and [`code`](Self::code) names the cause. The line contains no text from the
/// request either, only words of this crate and settings of the guard.
///
/// ```
/// # use tokenring::{Guard, JwkSet, Policy, Verifier};
/// # let keys = JwkSet::from_json(br#"{"keys": []}"#)?;
/// # let guard = Guard::new(Verifier::new(Policy::new("https://issuer.example/", "api"), keys)?);
/// # #[cfg(feature = "std")] {
/// let rejection = guard.check(Some("Bearer a.b")).unwrap_err();
/// assert_eq!(rejection.status(), 401);
/// assert_eq!(rejection.body(), r#"{"message": "Invalid token"}"#);
/// let headers: Vec<_> = rejection.headers().collect();
/// assert_eq!(headers[1].0, "WWW-Authenticate");
/// assert_eq!(headers[1].1, r#"Bearer error="invalid_token", realm="api""#);
/// eprintln!("{rejection}"); // 401 Invalid token: the token has 2 segments instead of 3
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// With the feature `fetch`, `into()` makes it the `http::Response<String>` of axum, hyper, poem, tower
/// and warp:
///
/// ```
/// # #[cfg(feature = "fetch")] {
/// # use ureq::http;
/// # use tokenring::{Guard, RemoteJwks};
/// async fn hello(guard: &Guard<RemoteJwks>, headers: &http::HeaderMap) -> http::Response<String> {
///     match guard.check_async(headers.get_all("authorization")).await {
///         Ok(caller) => http::Response::new(format!("hello {}", caller.subject().unwrap_or("nobody"))),
///         Err(rejection) => rejection.into(),
///     }
/// }
/// # }
/// ```
///
/// A handler refuses a request of its own in the same form with [`Guard::invalid_request`],
/// [`Guard::invalid_token`] and [`Guard::forbidden`].
///
/// [`Guard::invalid_request`]: crate::Guard::invalid_request
/// [`Guard::invalid_token`]: crate::Guard::invalid_token
/// [`Guard::forbidden`]: crate::Guard::forbidden
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    status: u16,
    message: &'static str,
    /// A `WWW-Authenticate` field for each.
    challenges: Vec<String>,
    retry_after: Option<Duration>,
    reason: Reason,
    /// For the log line: settings of the guard, and why keys are not available.
    detail: Option<Box<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    NoToken(NoToken),
    Refused(VerifyError),
    /// The code that a handler gave.
    OfHandler(&'static str),
}

impl Rejection {
    pub(crate) fn no_token(space: &ProtectionSpace, reason: NoToken) -> Self {
        let (status, message, challenge) = match reason {
            // RFC 6750 section 3.1: no error code if the request has no authentication information.
            NoToken::Missing => (401, "Authorization token is missing", space.token_needed(None)),
            NoToken::Several => (400, INVALID_FORMAT, space.invalid_request()),
            NoToken::TooLong { bytes } => {
                return Self::refused(space, VerifyError::TokenTooLong { bytes });
            }
            _ => (401, INVALID_FORMAT, space.token_needed(None)),
        };
        Self::challenged(status, message, challenge, Reason::NoToken(reason))
    }

    pub(crate) fn refused(space: &ProtectionSpace, cause: VerifyError) -> Self {
        let wait = match cause {
            VerifyError::KeysUnavailable { retry_after } => retry_after,
            VerifyError::KeySourceBusy => Duration::ZERO,
            _ => {
                let challenge = space.token_needed(Some("invalid_token"));
                return Self::challenged(401, "Invalid token", challenge, Reason::Refused(cause));
            }
        };
        // It is not known whether the token is valid, and a 401 would make the client log in again.
        Self {
            status: 503,
            message: "Service unavailable",
            challenges: Vec::new(),
            retry_after: Some(Duration::from_secs(whole_seconds(wait).max(1))),
            reason: Reason::Refused(cause),
            detail: None,
        }
    }

    /// The 401 for a token whose user must log in again. RFC 9470 section 3.
    pub(crate) fn unauthenticated(
        space: &ProtectionSpace,
        needed: &Authentication,
        cause: VerifyError,
    ) -> Self {
        let challenge = space.authentication_needed(needed);
        let message = "Insufficient user authentication";
        Self::challenged(401, message, challenge, Reason::Refused(cause))
    }

    /// The 403 for a token that lacks `missing`. RFC 6750 section 3.1.
    pub(crate) fn insufficient(challenge: String, missing: impl Iterator<Item = String>) -> Self {
        let reason = Reason::Refused(VerifyError::InsufficientScope);
        let detail = Some(text::listed(missing).into());
        Self { detail, ..Self::challenged(403, "Insufficient scope", challenge, reason) }
    }

    /// The refusal of a handler, with its own code and message.
    pub(crate) fn of_handler(
        status: u16,
        challenge: String,
        code: &'static str,
        message: &'static str,
    ) -> Self {
        Self::challenged(status, message, challenge, Reason::OfHandler(code))
    }

    fn challenged(status: u16, message: &'static str, challenge: String, reason: Reason) -> Self {
        let challenges = Vec::from([challenge]);
        Self { status, message, challenges, retry_after: None, reason, detail: None }
    }

    /// The same with the issuer that has no keys, and the code of why, for the log line.
    pub(crate) fn because(self, issuer: &str, code: &'static str) -> Self {
        Self { detail: Some(format!("{}: {code}", text::quoted(issuer)).into()), ..self }
    }

    /// The status code: 400, 401, 403 or 503.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// A short text for the client, the same for all causes of a kind.
    pub fn message(&self) -> &'static str {
        self.message
    }

    /// The body of the response: the message as JSON, `{"message": "..."}`.
    pub fn body(&self) -> String {
        format!("{{\"message\": {}}}", Value::from(self.message))
    }

    /// The header fields of the response, as names and values. A name may occur more than once: append
    /// the values, do not replace them.
    ///
    /// - `Content-Type` is `application/json`.
    /// - `WWW-Authenticate` comes with every status but 503, once for each challenge. RFC 6750 section 3.
    /// - `Retry-After` comes with status 503.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, String)> {
        let challenges = self.challenges.iter().map(|value| ("WWW-Authenticate", value.clone()));
        let wait = self.retry_after.map(|wait| ("Retry-After", wait.as_secs().to_string()));
        [("Content-Type", "application/json".into())].into_iter().chain(challenges).chain(wait)
    }

    /// The value of `Retry-After`, in whole seconds, at least one; `None` unless the status is 503.
    /// RFC 9110 section 10.2.3.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Why the token was refused, for the log. `None` if the request had no token to verify, and if a
    /// handler refused it.
    pub fn cause(&self) -> Option<VerifyError> {
        match self.reason {
            Reason::NoToken(_) | Reason::OfHandler(_) => None,
            Reason::Refused(cause) => Some(cause),
        }
    }

    /// A stable name for the cause, for metrics: one of [`CODES`](Self::CODES), or the code that a
    /// handler gave. It is [`VerifyError::code`] if there is a [`cause`](Self::cause), and otherwise says
    /// why the request has no token, such as `header_missing`, `other_scheme` or `quoted`.
    pub fn code(&self) -> &'static str {
        match self.reason {
            Reason::NoToken(reason) => reason.code(),
            Reason::Refused(cause) => cause.code(),
            Reason::OfHandler(code) => code,
        }
    }
}

/// Shows status, message and cause, for the log: also whatever the token lacks, the issuer
/// whose keys cannot be fetched and the code of the failure, or why the request has no token.
impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.message)?;
        match self.reason {
            // The message says it.
            Reason::NoToken(NoToken::Missing) => {}
            Reason::NoToken(reason) => write!(f, ": {reason}")?,
            Reason::OfHandler(code) => write!(f, ": {code}")?,
            Reason::Refused(cause) => write!(f, ": {cause}")?,
        }
        match &self.detail {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

impl Error for Rejection {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.reason {
            Reason::NoToken(_) | Reason::OfHandler(_) => None,
            Reason::Refused(cause) => Some(cause),
        }
    }
}

/// The message for a value that is not one bearer token.
const INVALID_FORMAT: &str = "Invalid token format";
