//! Refusals by a handler, in the form of the guard's own. RFC 6750 section 3.1.

use alloc::format;

use super::{Guard, names};
use crate::{Rejection, bearer::NoToken, challenge::Offer, explain::text};

/// Refusals for handlers that find a fault themselves, with the guard's realm, scopes and metadata.
///
/// `code` is for metrics, and `message` is the text for the client.
///
/// ```
/// # use tokenring::{Guard, JwkSet, Policy, Rejection, Verified, Verifier};
/// fn delete(guard: &Guard<JwkSet>, caller: &Verified, owner: &str) -> Result<(), Rejection> {
///     if caller.subject() != Some(owner) {
///         return Err(guard.forbidden("not_owner", "Only its owner may delete a document"));
///     }
///     Ok(())
/// }
/// # let keys = JwkSet::from_json(br#"{"keys": []}"#)?;
/// # let guard = Guard::new(Verifier::new(Policy::new("https://issuer.example/", "api"), keys)?);
/// let revoked = guard.invalid_token("session_ended", "The session has ended");
/// assert_eq!((revoked.status(), revoked.code()), (401, "session_ended"));
/// assert_eq!(revoked.to_string(), "401 The session has ended: session_ended"); // for the log
/// assert!(revoked.headers().any(|(name, _)| name == "WWW-Authenticate"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl<K> Guard<K> {
    /// The 401 for a request without a token, the same as that of [`check`](Self::check): for a field or a
    /// cookie that is absent, and for a handler that also serves requests without a token.
    pub fn missing_token(&self) -> Rejection {
        Rejection::no_token(&self.space, NoToken::Missing)
    }

    /// The 400 for a request that is malformed, with `error="invalid_request"`.
    pub fn invalid_request(&self, code: &'static str, message: &'static str) -> Rejection {
        Rejection::of_handler(400, self.space.invalid_request(), code, message)
    }

    /// The 401 for a token that the handler does not accept, with `error="invalid_token"`: the client may
    /// request another one.
    pub fn invalid_token(&self, code: &'static str, message: &'static str) -> Rejection {
        Rejection::of_handler(
            401,
            self.space.token_needed(Some("invalid_token"), Offer::All),
            code,
            message,
        )
    }

    /// The 403 for a request that no token would allow, without an `error`: the client need not request
    /// another one.
    pub fn forbidden(&self, code: &'static str, message: &'static str) -> Rejection {
        Rejection::of_handler(403, self.space.forbidden(None, Offer::All), code, message)
    }

    /// The 403 for a token that lacks `scope`: one name, or several with spaces between them. The challenge
    /// also names the scopes that the guard requires. For handlers that check scopes themselves;
    /// [`check_scope`](Self::check_scope) checks the scope and makes this response.
    pub fn insufficient_scope(&self, scope: &str) -> Rejection {
        let challenges = self.space.scopes_needed(names(scope), Offer::All);
        let missing = names(scope).map(|name| format!("scope {}", text::quoted(name)));
        Rejection::insufficient(challenges, missing)
    }
}
