//! `Authorization` values to the one token in them, or why not. RFC 6750 section 2.1, RFC 9110
//! section 11.

use crate::compact::MAX_TOKEN_BYTES;

/// Why a request carries no bearer token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoToken {
    /// It has no `Authorization` at all.
    Missing,
    /// It has more than one, and nobody can say which is meant. RFC 6750 sections 2 and 3.1.
    Several,
    /// It has one of another scheme, or one that is not `Bearer` and a token.
    Malformed,
    /// What follows `Bearer` is longer than any token that is accepted.
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
}

/// The one value among `values`.
pub(crate) fn single<V>(values: impl IntoIterator<Item = V>) -> Result<V, NoToken> {
    let mut values = values.into_iter();
    let value = values.next().ok_or(NoToken::Missing)?;
    match values.next() {
        None => Ok(value),
        Some(_) => Err(NoToken::Several),
    }
}

/// The token in one `Authorization` value: `Bearer`, in any case, one or more spaces, a token, and
/// nothing else. RFC 6750 section 2.1, RFC 9110 section 11.1.
pub(crate) fn token(value: &[u8]) -> Result<&str, NoToken> {
    let (scheme, rest) = value.split_at_checked("Bearer ".len()).ok_or(NoToken::Malformed)?;
    if !scheme.eq_ignore_ascii_case(b"Bearer ") {
        return Err(NoToken::Malformed);
    }
    // Before any of it is looked at: to refuse a value must stay cheap, however long it is.
    if rest.len() > MAX_TOKEN_BYTES {
        return Err(NoToken::TooLong { bytes: rest.len() });
    }
    let token = core::str::from_utf8(rest).map_err(|_| NoToken::Malformed)?;
    let token = token.trim_start_matches(' ');
    match is_b64token(token) {
        true => Ok(token),
        false => Err(NoToken::Malformed),
    }
}

/// RFC 6750 section 2.1: `b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
fn is_b64token(token: &str) -> bool {
    let characters = token.trim_end_matches('=');
    // `-`, `.`, `/` and the digits are side by side.
    let allowed =
        |byte| matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'-'..=b'9' | b'_' | b'~' | b'+');
    // To the end in any case, so that it compiles to vector instructions.
    !characters.is_empty() && characters.bytes().fold(true, |all, byte| all & allowed(byte))
}
