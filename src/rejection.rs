//! The response to a refused request. RFC 6750 section 3, RFC 9110 sections 11.6.1 and 15.5.2.

use alloc::{
    boxed::Box,
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::{error::Error, fmt, time::Duration};

use crate::{VerifyError, bearer::NoToken, explain::text, time::whole_seconds};

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
/// assert_eq!(headers[1].1, r#"Bearer realm="api", error="invalid_token""#);
/// eprintln!("{rejection}"); // 401 Invalid token: the token has 2 segments instead of 3
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    status: u16,
    message: &'static str,
    www_authenticate: Option<String>,
    retry_after: Option<Duration>,
    reason: Reason,
    /// For the log line: settings of the guard, and why keys are not available.
    detail: Option<Box<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    NoToken(NoToken),
    Refused(VerifyError),
}

impl Rejection {
    /// The 403 for a valid token that lacks `scope`: one name, or several with spaces between them.
    /// RFC 6750 section 3.1.
    ///
    /// For handlers that check scopes themselves. [`Guard::check_scope`](crate::Guard::check_scope)
    /// checks the scope and makes this response.
    pub fn insufficient_scope(realm: &str, scope: &str) -> Self {
        Self::lacks(realm, scope, names(scope), [])
    }

    /// The 403 for a token that lacks these of the `required` scopes and permissions.
    pub(crate) fn lacks<'n>(
        realm: &str,
        required: &str,
        scopes: impl IntoIterator<Item = &'n str>,
        permissions: impl IntoIterator<Item = &'n str>,
    ) -> Self {
        let scopes = scopes.into_iter().map(|name| format!("scope {}", text::quoted(name)));
        let permissions =
            permissions.into_iter().map(|name| format!("permission {}", text::quoted(name)));
        let detail = Some(text::listed(scopes.chain(permissions)).into());
        // RFC 6749 section 3.3: at least one name, and one space between two; else no `scope` at
        // all.
        let scope = scope_characters(required);
        let names: Vec<&str> = scope.split(' ').filter(|name| !name.is_empty()).collect();
        let scope = match names.is_empty() {
            true => String::new(),
            false => format!(", scope=\"{}\"", names.join(" ")),
        };
        let error = format!(", error=\"insufficient_scope\"{scope}");
        let reason = Reason::Refused(VerifyError::InsufficientScope);
        Self { detail, ..Self::challenge(realm, 403, "Insufficient scope", &error, reason) }
    }

    pub(crate) fn no_token(realm: &str, reason: NoToken) -> Self {
        let (status, message, error) = match reason {
            // RFC 6750 section 3.1: no error code if the request has no authentication information.
            NoToken::Missing => (401, "Authorization token is missing", ""),
            NoToken::Several => (400, "Invalid token format", ", error=\"invalid_request\""),
            NoToken::TooLong { bytes } => {
                return Self::refused(realm, VerifyError::TokenTooLong { bytes });
            }
            _ => (401, "Invalid token format", ""),
        };
        Self::challenge(realm, status, message, error, Reason::NoToken(reason))
    }

    /// The same with the issuer that has no keys, and the code of why, for the log line.
    pub(crate) fn because(self, issuer: &str, code: &'static str) -> Self {
        Self { detail: Some(format!("{}: {code}", text::quoted(issuer)).into()), ..self }
    }

    pub(crate) fn refused(realm: &str, cause: VerifyError) -> Self {
        let wait = match cause {
            VerifyError::KeysUnavailable { retry_after } => retry_after,
            VerifyError::KeySourceBusy => Duration::ZERO,
            _ => {
                let error = ", error=\"invalid_token\"";
                return Self::challenge(realm, 401, "Invalid token", error, Reason::Refused(cause));
            }
        };
        // It is not known whether the token is valid, and a 401 would make the client log in again.
        Self {
            status: 503,
            message: "Service unavailable",
            www_authenticate: None,
            retry_after: Some(Duration::from_secs(whole_seconds(wait).max(1))),
            reason: Reason::Refused(cause),
            detail: None,
        }
    }

    fn challenge(
        realm: &str,
        status: u16,
        message: &'static str,
        error: &str,
        reason: Reason,
    ) -> Self {
        let www_authenticate = Some(format!("Bearer realm=\"{}\"{error}", quoted(realm)));
        Self { status, message, www_authenticate, retry_after: None, reason, detail: None }
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
        // No message has a character that JSON escapes.
        format!("{{\"message\": \"{}\"}}", self.message)
    }

    /// The header fields of the response, as names and values.
    ///
    /// `Content-Type` is `application/json`; `Retry-After` comes with status 503,
    /// `WWW-Authenticate` with every other.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, String)> {
        let challenge = self.www_authenticate().map(|value| ("WWW-Authenticate", value));
        let wait = self.retry_after.map(|wait| ("Retry-After", wait.as_secs().to_string()));
        [("Content-Type", "application/json".into())].into_iter().chain(challenge).chain(wait)
    }

    /// The value of `WWW-Authenticate`: one challenge, or `None` with status 503. RFC 6750
    /// section 3.
    pub fn www_authenticate(&self) -> Option<String> {
        self.www_authenticate.clone()
    }

    /// The value of `Retry-After`, in whole seconds, at least one; `None` unless the status is 503.
    /// RFC 9110 section 10.2.3.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Why the token was refused, for the log. `None` if the request had no token to verify.
    pub fn cause(&self) -> Option<VerifyError> {
        match self.reason {
            Reason::NoToken(_) => None,
            Reason::Refused(cause) => Some(cause),
        }
    }

    /// A stable name for the cause, for metrics: one of a small fixed set. It is
    /// [`VerifyError::code`] if there is a [`cause`](Self::cause), and otherwise says why the request
    /// has no token, such as `header_missing`, `other_scheme` or `quoted`.
    pub fn code(&self) -> &'static str {
        match self.reason {
            Reason::NoToken(reason) => reason.code(),
            Reason::Refused(cause) => cause.code(),
        }
    }
}

/// Shows status, message and cause, for the log: also the missing scopes and permissions, the issuer
/// whose keys cannot be fetched and the code of the failure, or why the request has no token.
impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.message)?;
        match self.reason {
            // The message says it.
            Reason::NoToken(NoToken::Missing) => {}
            Reason::NoToken(reason) => write!(f, ": {reason}")?,
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
            Reason::NoToken(_) => None,
            Reason::Refused(cause) => Some(cause),
        }
    }
}

/// The inside of a quoted-string with `text`: RFC 9110 section 5.6.4. All characters but printable
/// ASCII are escaped, so that they cannot break the header field.
fn quoted(text: &str) -> String {
    text.escape_default().to_string().replace("\\'", "'")
}

/// The characters of `text` that a scope may contain: RFC 6750 section 3. Others could end the
/// parameter.
fn scope_characters(text: &str) -> String {
    text.chars().filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\')).collect()
}

/// The names in a scope that is required. If there are none, the empty name, which no token has: a
/// setting that was left empty must not admit everybody.
pub(crate) fn names(scope: &str) -> impl Iterator<Item = &str> {
    let is_empty = scope.bytes().all(|byte| byte == b' ');
    scope.split(' ').filter(|name| !name.is_empty()).chain(is_empty.then_some(""))
}
