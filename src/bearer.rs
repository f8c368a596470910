//! From `Authorization` values to the one token in them. RFC 6750 section 2.1, RFC 9110 section 11.

use crate::compact::MAX_TOKEN_BYTES;

/// Why a request has no usable bearer token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoToken {
    /// It has no `Authorization` field.
    Missing,
    /// It has more than one, so it is unclear which one counts. RFC 6750 sections 2 and 3.1.
    Several,
    /// Its `Authorization` field is not `Bearer` and a token.
    Malformed,
    /// The value after `Bearer` is longer than any accepted token.
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

/// The token in one `Authorization` value, which must be `Bearer` in any case, one or more spaces,
/// and a token. RFC 6750 section 2.1, RFC 9110 section 11.1.
pub(crate) fn token(value: &[u8]) -> Result<&str, NoToken> {
    let (scheme, rest) = value.split_at_checked("Bearer ".len()).ok_or(NoToken::Malformed)?;
    if !scheme.eq_ignore_ascii_case(b"Bearer ") {
        return Err(NoToken::Malformed);
    }
    // Checked first: refusing a value must be cheap, however long it is.
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

/// Whether `token` is a `b64token`: `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
///
/// RFC 6750 section 2.1.
fn is_b64token(token: &str) -> bool {
    let characters = token.trim_end_matches('=');
    // `-`, `.`, `/` and the digits are adjacent in ASCII.
    let allowed =
        |byte| matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'-'..=b'9' | b'_' | b'~' | b'+');
    // No early exit, so that this vectorizes.
    !characters.is_empty() && characters.bytes().fold(true, |all, byte| all & allowed(byte))
}
