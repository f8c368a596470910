//! What the client is told in place of an answer. RFC 6750 section 3, RFC 9110 sections 11.6.1 and
//! 15.5.2.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::{error::Error, fmt, time::Duration};

use crate::{VerifyError, bearer::NoToken, time::whole_seconds};

/// What to answer instead of calling the handler.
///
/// The client is told one text whatever the cause, and nothing of its request comes back. The cause
/// is for the log: [`cause`](Self::cause), or [`Display`](fmt::Display) with all of it in a line.
///
/// ```
/// # use tokenring::{Guard, JwkSet, Policy, Verifier};
/// # let keys = JwkSet::from_json(br#"{"keys": []}"#)?;
/// # let guard = Guard::new(Verifier::new(Policy::new("https://issuer.example/", "api"), keys)?);
/// let rejection = guard.check(Some("Bearer a.b")).unwrap_err();
/// assert_eq!(rejection.status(), 401);
/// assert_eq!(rejection.body(), r#"{"message": "Invalid token"}"#);
/// let headers: Vec<_> = rejection.headers().collect();
/// assert_eq!(headers[1].0, "WWW-Authenticate");
/// assert_eq!(headers[1].1, r#"Bearer realm="api", error="invalid_token""#);
/// eprintln!("{rejection}"); // 401 Invalid token: the token has 2 segments instead of 3
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    status: u16,
    message: &'static str,
    www_authenticate: Option<String>,
    retry_after: Option<Duration>,
    cause: Option<VerifyError>,
}

impl Rejection {
    /// 403 for a valid token without the scope that a resource requires: one name, or several with
    /// spaces between them. RFC 6750 section 3.1.
    ///
    /// For resources that decide after the token was checked;
    /// [`Guard::check_scope`](crate::Guard::check_scope) does both.
    pub fn insufficient_scope(realm: &str, scope: &str) -> Self {
        // RFC 6749 section 3.3: one space between two, and at least one, or no `scope` at all.
        let scope = scope_characters(scope);
        let names: Vec<&str> = scope.split(' ').filter(|name| !name.is_empty()).collect();
        let scope = match names.is_empty() {
            true => String::new(),
            false => format!(", scope=\"{}\"", names.join(" ")),
        };
        let error = format!(", error=\"insufficient_scope\"{scope}");
        let cause = Some(VerifyError::InsufficientScope);
        Self::challenge(realm, 403, "Insufficient scope", &error, cause)
    }

    pub(crate) fn no_token(realm: &str, reason: NoToken) -> Self {
        let (status, message, error) = match reason {
            // RFC 6750 section 3.1: no error code for a client that did not try this scheme.
            NoToken::Missing => (401, "Authorization token is missing", ""),
            NoToken::Malformed => (401, "Invalid token format", ""),
            NoToken::Several => (400, "Invalid token format", ", error=\"invalid_request\""),
            NoToken::TooLong { bytes } => {
                return Self::refused(realm, VerifyError::TokenTooLong { bytes });
            }
        };
        Self::challenge(realm, status, message, error, None)
    }

    pub(crate) fn refused(realm: &str, cause: VerifyError) -> Self {
        let wait = match cause {
            VerifyError::KeysUnavailable { retry_after } => retry_after,
            VerifyError::KeySourceBusy => Duration::ZERO,
            _ => {
                let error = ", error=\"invalid_token\"";
                return Self::challenge(realm, 401, "Invalid token", error, Some(cause));
            }
        };
        // Nobody knows yet whether the token is good: to say that it is not would send the client
        // off to log in again.
        Self {
            status: 503,
            message: "Service unavailable",
            www_authenticate: None,
            retry_after: Some(Duration::from_secs(whole_seconds(wait).max(1))),
            cause: Some(cause),
        }
    }

    fn challenge(
        realm: &str,
        status: u16,
        message: &'static str,
        error: &str,
        cause: Option<VerifyError>,
    ) -> Self {
        let www_authenticate = Some(format!("Bearer realm=\"{}\"{error}", quoted(realm)));
        Self { status, message, www_authenticate, retry_after: None, cause }
    }

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

    /// The header fields of the response, as names and values: `Content-Type`, and as the status
    /// requires, `WWW-Authenticate` or `Retry-After`.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, String)> {
        let challenge = self.www_authenticate().map(|value| ("WWW-Authenticate", value));
        let wait = self.retry_after.map(|wait| ("Retry-After", wait.as_secs().to_string()));
        [("Content-Type", "application/json".into())].into_iter().chain(challenge).chain(wait)
    }

    /// The value of `WWW-Authenticate`: exactly one challenge, and none with status 503.
    pub fn www_authenticate(&self) -> Option<String> {
        self.www_authenticate.clone()
    }

    /// The value of `Retry-After`, in whole seconds, at least one; with status 503 only.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Why the token was refused, for the log. None if there was no token to look at.
    pub fn cause(&self) -> Option<&VerifyError> {
        self.cause.as_ref()
    }
}

/// For the log: status, message and cause.
impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.message)?;
        match &self.cause {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}

impl Error for Rejection {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            Some(cause) => Some(cause),
            None => None,
        }
    }
}

/// `text` as a quoted-string without its quotation marks: RFC 9110 section 5.6.4. What is not
/// printable ASCII is written in escapes, so that no header field can be broken.
fn quoted(text: &str) -> String {
    text.escape_default().to_string().replace("\\'", "'")
}

/// What a scope may consist of: RFC 6750 section 3. Any other character would end the parameter.
fn scope_characters(text: &str) -> String {
    text.chars().filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\')).collect()
}
