//! `Authorization` values: whether there is a token in them, and which part is probably one.
//! RFC 6750 section 2.1.

use alloc::{
    format,
    string::{String, ToString},
};

use crate::{
    Explanation, UnixTime, VerifyError,
    bearer::{self, NoToken},
    compact::MAX_TOKEN_BYTES,
    explain::{Check, Explained, Finding, Trusted, diagnosis, text, walk::walk},
    policy::Usage,
    verifier::Routing,
};

/// Explains the verdict on a request whose `Authorization` is `value`, or which has none.
pub(crate) fn authorization(
    routing: Routing,
    trusted: &[Trusted<'_>],
    value: Result<&[u8], NoToken>,
    now: UnixTime,
) -> Explained {
    let token = value.and_then(bearer::token);
    let actual = field(value, token);
    let expected = "one field: Bearer and a token";
    let probable = token.ok().or_else(|| what_is_probably_the_token(value.unwrap_or_default()));
    explained(routing, trusted, (token, probable), (expected, actual), Usage::Bearer, now)
}

/// The same for a request whose token may be bound: it has `found`.
pub(crate) fn request(
    routing: Routing,
    trusted: &[Trusted<'_>],
    value: Result<&[u8], NoToken>,
    (expected, found): (&str, Result<&str, NoToken>),
    now: UnixTime,
) -> Explained {
    let actual = field(value, found);
    let probable = found.ok().or_else(|| what_is_probably_the_token(value.unwrap_or_default()));
    explained(routing, trusted, (found, probable), (expected, actual), Usage::Bound, now)
}

/// Explains the verdict on `text`, which should be a token and nothing else.
pub(crate) fn bare_token(
    routing: Routing,
    trusted: &[Trusted<'_>],
    text: &str,
    now: UnixTime,
) -> Explained {
    let token = bearer::bare_token(text);
    let probable = token.ok().or_else(|| what_is_probably_the_token(text.as_bytes()));
    let values = ("a token", text::bytes(text.len()));
    explained(routing, trusted, (token, probable), values, Usage::Bearer, now)
}

/// What is in the field.
fn field(value: Result<&[u8], NoToken>, token: Result<&str, NoToken>) -> String {
    match token {
        Err(NoToken::Missing) => "none".to_string(),
        Err(NoToken::Several) => "several".to_string(),
        _ => scheme_and_length(value.unwrap_or_default()),
    }
}

/// Whether there is a token, and then everything about the one that is there or is probably meant.
fn explained(
    routing: Routing,
    trusted: &[Trusted<'_>],
    (token, probable): (Result<&str, NoToken>, Option<&str>),
    (expected, actual): (&str, String),
    usage: Usage<'_>,
    now: UnixTime,
) -> Explained {
    let mut explanation = Explanation::new(now);
    explanation.push(Finding {
        check: Check::Authorization,
        outcome: Some(token.map(|_| ()).map_err(|reason| match reason {
            NoToken::TooLong { bytes } => VerifyError::TokenTooLong { bytes },
            _ => VerifyError::NoToken,
        })),
        is_verified: true,
        expected: Some(expected.into()),
        actual: Some(actual),
        proof_error: None,
        hint: token.err().and_then(diagnosis::authorization),
    });
    match probable {
        Some(token) => walk(routing, trusted, token, usage, explanation),
        None => Explained { explanation, claims: None },
    }
}

/// The length of the value, and its scheme if that is a common one: any other word may be a secret.
fn scheme_and_length(value: &[u8]) -> String {
    let word = value.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    let scheme = SCHEMES.into_iter().find(|scheme| word.eq_ignore_ascii_case(scheme.as_bytes()));
    match scheme {
        Some(scheme) => {
            let rest = value.get(scheme.len()..).unwrap_or_default().trim_ascii_start();
            format!("{scheme} and {}", text::bytes(rest.len()))
        }
        None => format!("{} without a known scheme", text::bytes(value.len())),
    }
}

/// The token in a malformed value, so that other faults of the token can be reported too.
fn what_is_probably_the_token(value: &[u8]) -> Option<&str> {
    let mut rest = core::str::from_utf8(value).ok()?;
    if rest.len() > MAX_TOKEN_BYTES {
        return None;
    }
    loop {
        let before = rest.len();
        rest = rest.trim_matches(|c: char| c.is_whitespace() || AROUND_TOKENS.contains(&c));
        rest = bearer::after_bearer(rest).unwrap_or(rest);
        if rest.len() == before {
            break;
        }
    }
    let is_one_word = !rest.contains(char::is_whitespace);
    (is_one_word && rest.matches('.').count() == 2).then_some(rest)
}

/// Common schemes of the HTTP Authentication Scheme Registry, and `Token`. RFC 9110 section 16.4.1.
const SCHEMES: [&str; 6] = ["Bearer", "Basic", "Digest", "DPoP", "Negotiate", "Token"];

/// Marks that people and programs put around a token.
const AROUND_TOKENS: [char; 6] = ['"', '\'', '<', '>', ',', ';'];
