//! From `Authorization` values to the one token in them. RFC 6750 section 2.1, RFC 9110 section 11.

use core::fmt;

use crate::compact::MAX_TOKEN_BYTES;

/// Why a request has no usable bearer token. From `HeaderEmpty` on, its `Authorization` field is not
/// `Bearer` and a token: the cause is a guess from the look of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoToken {
    /// It has no `Authorization` field.
    Missing,
    /// It has more than one, so it is unclear which one counts. RFC 6750 sections 2 and 3.1.
    Several,
    /// The value after `Bearer` is longer than any accepted token.
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    HeaderEmpty,
    NoScheme,
    OtherScheme,
    SpaceMissing,
    Tab,
    TokenEmpty,
    Placeholder,
    BearerTwice,
    ShellVariable,
    TemplateVariable,
    JsonObject,
    AngleBrackets,
    PythonBytes,
    Quoted,
    TrailingSeparator,
    JoinedByComma,
    WhiteSpace,
    NotAscii,
    PercentEncoded,
    /// A token that came without `Authorization` has the scheme before it.
    SchemeNotExpected,
    /// It has a character that no token has, for none of the causes above.
    Malformed,
}

impl NoToken {
    /// A stable name. A hint for the same cause has the same one.
    pub(crate) const fn code(self) -> &'static str {
        self.code_and_text().0
    }

    const fn code_and_text(self) -> (&'static str, &'static str) {
        match self {
            Self::Missing => ("header_missing", "the request has no `Authorization`"),
            Self::Several => ("header_repeated", "the request has several `Authorization` values"),
            Self::TooLong { .. } => ("token_too_long", "the token is too long"),
            Self::HeaderEmpty => ("header_empty", "the value is empty"),
            Self::NoScheme => ("no_scheme", "the value is one word, without a scheme before it"),
            Self::OtherScheme => ("other_scheme", "the scheme is not Bearer"),
            Self::SpaceMissing => {
                ("space_missing", "Bearer is not followed by a space and a token")
            }
            Self::Tab => ("tab", "a tab is between Bearer and the token"),
            Self::TokenEmpty => ("token_empty", "the token is empty"),
            Self::Placeholder => ("placeholder", "a word such as null is in place of a token"),
            Self::BearerTwice => ("bearer_twice", "Bearer is there twice"),
            Self::ShellVariable => {
                ("shell_variable", "a variable such as ${TOKEN} was not expanded")
            }
            Self::TemplateVariable => {
                ("template_variable", "a template such as {{token}} was not filled in")
            }
            Self::JsonObject => ("json_object", "a JSON object is in place of a token"),
            Self::AngleBrackets => ("angle_brackets", "the token is in angle brackets"),
            Self::PythonBytes => ("python_bytes", "the token is printed as bytes, such as b'...'"),
            Self::Quoted => ("quoted", "the token is in quotation marks"),
            Self::TrailingSeparator => {
                ("trailing_separator", "a comma or a semicolon follows the token")
            }
            Self::JoinedByComma => ("joined_by_comma", "several values are joined by a comma"),
            Self::WhiteSpace => {
                ("white_space", "white space is in the token, or before or after it")
            }
            Self::NotAscii => ("not_ascii", "the value has characters that are not ASCII"),
            Self::PercentEncoded => ("percent_encoded", "the token is percent-encoded"),
            Self::SchemeNotExpected => {
                ("scheme_not_expected", "Bearer is there, where only a token is expected")
            }
            Self::Malformed => ("malformed", "the token has a character that no token has"),
        }
    }
}

/// Says what is wrong, in words of this crate only.
impl fmt::Display for NoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code_and_text().1)
    }
}

/// The values of one header field: an `Option` or an iterator of `&str`, `String`, `&[u8]`, `Vec<u8>` or
/// the header value of a framework.
///
/// Every such type has this trait.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the values of a header field",
    label = "expected an `Option` or an iterator of the values",
    note = "pass all values that the request has: with the `http` crate, `headers.get_all(AUTHORIZATION)`",
    note = "for one value, write `[value]`; for a token without `Authorization` around it, there is `check_token`"
)]
pub trait FieldValues: IntoIterator<Item: AsRef<[u8]>> {}

#[diagnostic::do_not_recommend]
impl<V: IntoIterator<Item: AsRef<[u8]>>> FieldValues for V {}

/// The one value among `values`.
pub(crate) fn single<V>(values: impl IntoIterator<Item = V>) -> Result<V, NoToken> {
    let mut values = values.into_iter();
    let value = values.next().ok_or(NoToken::Missing)?;
    match values.next() {
        None => Ok(value),
        Some(_) => Err(NoToken::Several),
    }
}

/// The token in the one value of `Authorization`, if there is one.
pub(crate) fn token_of<V: AsRef<[u8]>>(value: &Result<V, NoToken>) -> Result<&str, NoToken> {
    token(value.as_ref().map_err(|reason| *reason)?.as_ref())
}

/// The scheme and the token in the one value, if that is `DPoP` in any case, one or more spaces, and a token; or
/// else those of [`token`]. RFC 9449 section 7.1.
pub(crate) fn credentials(value: &[u8]) -> Result<(Scheme, &str), NoToken> {
    match value.split_at_checked("DPoP ".len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(b"DPoP ") => {
            let text = core::str::from_utf8(rest).map_err(|_| NoToken::NotAscii)?;
            Ok((Scheme::Dpop, bare_token(text.trim_start_matches(' '))?))
        }
        _ => Ok((Scheme::Bearer, token(value)?)),
    }
}

/// How a token was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Bearer,
    Dpop,
}

/// `text`, which must be a token and nothing else.
pub(crate) fn bare_token(text: &str) -> Result<&str, NoToken> {
    // Checked first, as in `token`.
    if text.len() > MAX_TOKEN_BYTES {
        return Err(NoToken::TooLong { bytes: text.len() });
    }
    if is_b64token(text) {
        return Ok(text);
    }
    Err(match fault_of_token(text.get(..MAX_BYTES_READ).unwrap_or(text)) {
        Some(NoToken::BearerTwice) => NoToken::SchemeNotExpected,
        Some(fault) => fault,
        None => NoToken::Malformed,
    })
}

/// The token in one `Authorization` value, which must be `Bearer` in any case, one or more spaces,
/// and a token. RFC 6750 section 2.1, RFC 9110 section 11.1.
pub(crate) fn token(value: &[u8]) -> Result<&str, NoToken> {
    let (scheme, rest) =
        value.split_at_checked("Bearer ".len()).ok_or_else(|| fault_of_value(value))?;
    if !scheme.eq_ignore_ascii_case(b"Bearer ") {
        return Err(fault_of_value(value));
    }
    // Checked first: refusing a value must be cheap, however long it is.
    if rest.len() > MAX_TOKEN_BYTES {
        return Err(NoToken::TooLong { bytes: rest.len() });
    }
    let token = core::str::from_utf8(rest).map_err(|_| fault_of_value(value))?;
    let token = token.trim_start_matches(' ');
    match is_b64token(token) {
        true => Ok(token),
        false => Err(fault_of_value(value)),
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

/// The probable fault of a value that is not `Bearer` and a token.
#[cold]
fn fault_of_value(value: &[u8]) -> NoToken {
    // If a character is cut here, the value is not ASCII anyway.
    let start = value.get(..MAX_BYTES_READ).unwrap_or(value);
    let Ok(text) = core::str::from_utf8(start) else { return NoToken::NotAscii };
    let trimmed = text.trim_start();
    let Some(rest) = without_bearer(trimmed) else {
        return fault_of_other_value(trimmed.trim_end());
    };
    let token = rest.trim_start();
    let between = rest.strip_suffix(token).unwrap_or_default();
    let has_other_space = trimmed.len() < text.len() || between.contains(|c| c != ' ');
    match rest.chars().next() {
        None => NoToken::TokenEmpty,
        Some(next) if next.is_ascii_punctuation() => NoToken::SpaceMissing,
        Some(next) if next.is_alphanumeric() => match rest.starts_with("eyJ") {
            true => NoToken::SpaceMissing,
            false => fault_of_other_value(trimmed.trim_end()),
        },
        Some(_) if between.contains('\t') && !token.is_empty() => NoToken::Tab,
        Some(_) if has_other_space => fault_of_token(token).unwrap_or(NoToken::WhiteSpace),
        Some(_) => fault_of_token(token).unwrap_or(NoToken::Malformed),
    }
}

/// The same for a value that does not begin with `Bearer`, nor with white space.
fn fault_of_other_value(value: &str) -> NoToken {
    let is_bearer = |part: &str| after_bearer(part.trim_start()).is_some();
    match fault_of_wrapping(value) {
        _ if value.is_empty() => NoToken::HeaderEmpty,
        Some(fault) => fault,
        None if value.split(',').take(4).skip(1).any(is_bearer) => NoToken::JoinedByComma,
        None if value.split_whitespace().take(1).any(|word| !word.is_ascii()) => NoToken::NotAscii,
        None if value.contains(char::is_whitespace) => NoToken::OtherScheme,
        None => NoToken::NoScheme,
    }
}

/// The probable fault of text that should be a token. None if it may be one, or if the fault is none of
/// the common ones.
pub(crate) fn fault_of_token(text: &str) -> Option<NoToken> {
    let outer = text.trim();
    Some(match fault_of_wrapping(outer) {
        _ if outer.trim_matches(QUOTES).trim_matches([',', ';', ':', '=']).is_empty() => {
            NoToken::TokenEmpty
        }
        Some(fault) => fault,
        None if after_bearer(outer).is_some() => NoToken::BearerTwice,
        None if outer.starts_with([',', ';', ':', '=']) => NoToken::SpaceMissing,
        None if outer.ends_with([',', ';']) => NoToken::TrailingSeparator,
        None if outer.contains(',') => NoToken::JoinedByComma,
        None if text.contains(|c: char| c.is_whitespace() || c.is_control()) => NoToken::WhiteSpace,
        None if !text.is_ascii() => NoToken::NotAscii,
        None if text.contains('%') => NoToken::PercentEncoded,
        None => return None,
    })
}

/// The fault of text that programs and people write around a token or in place of it.
fn fault_of_wrapping(text: &str) -> Option<NoToken> {
    let bare = text.trim_matches(QUOTES);
    Some(match () {
        () if PLACEHOLDERS.iter().any(|word| bare.eq_ignore_ascii_case(word)) => {
            NoToken::Placeholder
        }
        () if bare.starts_with('$') => NoToken::ShellVariable,
        () if bare.len() > 2 && bare.starts_with('%') && bare.ends_with('%') => {
            NoToken::ShellVariable
        }
        () if bare.starts_with("{{") => NoToken::TemplateVariable,
        () if bare.starts_with('{') && bare.contains(QUOTES) => NoToken::JsonObject,
        () if bare.starts_with('{') => NoToken::TemplateVariable,
        () if bare.starts_with('<') => NoToken::AngleBrackets,
        () if text.starts_with("b'") || text.starts_with("b\"") => NoToken::PythonBytes,
        () if text.starts_with(QUOTES) => NoToken::Quoted,
        () => return None,
    })
}

/// The text after `Bearer`, in upper or lower case, and after the white space that follows. None if the
/// first word is another one.
pub(crate) fn after_bearer(text: &str) -> Option<&str> {
    let rest = without_bearer(text)?;
    let is_separate = rest.is_empty() || rest.starts_with(char::is_whitespace);
    is_separate.then(|| rest.trim_start())
}

fn without_bearer(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_at_checked("Bearer".len())?;
    scheme.eq_ignore_ascii_case("Bearer").then_some(rest)
}

const QUOTES: [char; 2] = ['"', '\''];

/// The words that programming languages print for a missing value.
const PLACEHOLDERS: [&str; 8] =
    ["null", "undefined", "none", "nil", "nan", "[object Object]", "[object Promise]", "token"];

/// The part of a malformed value that is read to guess its fault: refusing a value must be cheap, however
/// long it is. The tokens of most issuers are shorter.
const MAX_BYTES_READ: usize = 4096;
