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
    Authentication, VerifyError,
    bearer::NoToken,
    challenge::{Offer, ProtectionSpace},
    explain::text,
    possession::{Nonce, ProofError},
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

#[derive(Clone, Debug, PartialEq, Eq)]
enum Reason {
    NoToken(NoToken),
    Refused(VerifyError),
    /// In a box, so that a rejection stays small. With a nonce for the client's next proof.
    NotProven(Box<(ProofError, Option<Nonce>)>),
    /// The code that a handler gave.
    OfHandler(&'static str),
}

impl Rejection {
    pub(crate) fn no_token(space: &ProtectionSpace, reason: NoToken) -> Self {
        let (status, message, challenges) = match reason {
            // RFC 6750 section 3.1: no error code if the request has no authentication information.
            NoToken::Missing => {
                (401, "Authorization token is missing", space.token_needed(None, Offer::All))
            }
            NoToken::Several => (400, INVALID_FORMAT, space.invalid_request()),
            NoToken::TooLong { bytes } => {
                return Self::refused(space, VerifyError::TokenTooLong { bytes }, Offer::All);
            }
            _ => (401, INVALID_FORMAT, space.token_needed(None, Offer::All)),
        };
        Self::challenged(status, message, challenges, Reason::NoToken(reason))
    }

    pub(crate) fn refused(space: &ProtectionSpace, cause: VerifyError, offer: Offer) -> Self {
        let wait = match cause {
            VerifyError::KeysUnavailable { retry_after } => retry_after,
            VerifyError::KeySourceBusy => Duration::ZERO,
            _ => {
                let challenges = space.token_needed(Some("invalid_token"), offer);
                return Self::challenged(401, INVALID_TOKEN, challenges, Reason::Refused(cause));
            }
        };
        // It is not known whether the token is valid, and a 401 would make the client log in again.
        Self::unavailable(wait, Reason::Refused(cause))
    }

    /// The response for a sender who has not proved to have what the token is bound to. RFC 9449 sections 7.1
    /// and 9.
    pub(crate) fn not_proven(
        space: &ProtectionSpace,
        cause: ProofError,
        offer: Offer,
        nonce: impl FnOnce() -> Option<Nonce>,
    ) -> Self {
        let Some(error) = cause.oauth_error() else {
            return Self::unavailable(Duration::ZERO, Reason::NotProven(Box::new((cause, None))));
        };
        let (message, nonce) = match error {
            "use_dpop_nonce" => ("DPoP nonce is required", nonce()),
            "invalid_token" => (INVALID_TOKEN, None),
            _ => ("Invalid DPoP proof", None),
        };
        let challenges = space.token_needed(Some(error), offer);
        Self::challenged(401, message, challenges, Reason::NotProven(Box::new((cause, nonce))))
    }

    fn unavailable(wait: Duration, reason: Reason) -> Self {
        Self {
            retry_after: Some(Duration::from_secs(whole_seconds(wait).max(1))),
            ..Self::challenged(503, "Service unavailable", Vec::new(), reason)
        }
    }

    /// The 401 for a token whose user must log in again. RFC 9470 section 3.
    pub(crate) fn unauthenticated(
        space: &ProtectionSpace,
        needed: &Authentication,
        cause: VerifyError,
        offer: Offer,
    ) -> Self {
        let challenges = space.authentication_needed(needed, offer);
        let message = "Insufficient user authentication";
        Self::challenged(401, message, challenges, Reason::Refused(cause))
    }

    /// The 403 for a token that lacks `missing`. RFC 6750 section 3.1.
    pub(crate) fn insufficient(
        challenges: Vec<String>,
        missing: impl Iterator<Item = String>,
    ) -> Self {
        let reason = Reason::Refused(VerifyError::InsufficientScope);
        let detail = Some(text::listed(missing).into());
        Self { detail, ..Self::challenged(403, "Insufficient scope", challenges, reason) }
    }

    /// The refusal of a handler, with its own code and message.
    pub(crate) fn of_handler(
        status: u16,
        challenges: Vec<String>,
        code: &'static str,
        message: &'static str,
    ) -> Self {
        Self::challenged(status, message, challenges, Reason::OfHandler(code))
    }

    fn challenged(
        status: u16,
        message: &'static str,
        challenges: Vec<String>,
        reason: Reason,
    ) -> Self {
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
    /// - `DPoP-Nonce` and `Cache-Control: no-store` come if the client must repeat its proof with this nonce. RFC
    ///   9449 section 9.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, String)> {
        let challenges = self.challenges.iter().map(|value| ("WWW-Authenticate", value.clone()));
        let wait = self.retry_after.map(|wait| ("Retry-After", wait.as_secs().to_string()));
        let nonce = match &self.reason {
            Reason::NotProven(cause) => cause.1,
            _ => None,
        };
        let content = [("Content-Type", "application/json".into())];
        content.into_iter().chain(challenges).chain(wait).chain(nonce_headers(nonce))
    }

    /// The value of `Retry-After`, in whole seconds, at least one; `None` unless the status is 503.
    /// RFC 9110 section 10.2.3.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Why the token was refused, for the log. `None` if the request had no token to verify, and if a
    /// handler refused it. `NotProven` if there is a [`proof_error`](Self::proof_error).
    pub fn cause(&self) -> Option<VerifyError> {
        match self.reason {
            Reason::NoToken(_) | Reason::OfHandler(_) => None,
            Reason::Refused(cause) => Some(cause),
            Reason::NotProven(_) => Some(VerifyError::NotProven),
        }
    }

    /// What is wrong with the proof or the certificate of a request whose token is valid, for the log.
    pub fn proof_error(&self) -> Option<ProofError> {
        match &self.reason {
            Reason::NotProven(cause) => Some(cause.0),
            _ => None,
        }
    }

    /// A stable name for the cause, for metrics: one of [`CODES`](Self::CODES), or the code that a
    /// handler gave. It is [`ProofError::code`] if there is a [`proof_error`](Self::proof_error),
    /// [`VerifyError::code`] if there is another [`cause`](Self::cause), and otherwise says why the request has no
    /// token, such as `header_missing`, `other_scheme` or `quoted`.
    pub fn code(&self) -> &'static str {
        match &self.reason {
            Reason::NoToken(reason) => reason.code(),
            Reason::Refused(cause) => cause.code(),
            Reason::NotProven(cause) => cause.0.code(),
            Reason::OfHandler(code) => code,
        }
    }
}

/// Shows status, message and cause, for the log: also whatever the token lacks, the issuer
/// whose keys cannot be fetched and the code of the failure, or why the request has no token.
impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.message)?;
        match &self.reason {
            // The message says it.
            Reason::NoToken(NoToken::Missing) => {}
            Reason::NoToken(reason) => write!(f, ": {reason}")?,
            Reason::OfHandler(code) => write!(f, ": {code}")?,
            Reason::Refused(cause) => write!(f, ": {cause}")?,
            Reason::NotProven(cause) => write!(f, ": {}", cause.0)?,
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
            Reason::NotProven(cause) => Some(&cause.0),
        }
    }
}

/// The fields of a response with a nonce, which no cache may hand to another client. RFC 9449 section 8.2.
pub(crate) fn nonce_headers(nonce: Option<Nonce>) -> impl Iterator<Item = (&'static str, String)> {
    let fields = |nonce: Nonce| {
        [("DPoP-Nonce", nonce.to_string()), ("Cache-Control", "no-store".to_string())]
    };
    nonce.map(fields).into_iter().flatten()
}

/// The message for a token that is refused, whatever the cause.
const INVALID_TOKEN: &str = "Invalid token";

/// The message for a value that is not one bearer token.
const INVALID_FORMAT: &str = "Invalid token format";
