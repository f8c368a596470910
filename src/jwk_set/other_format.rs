//! The name of what was given in place of a JWK Set.

use crate::{
    JsonError, JwkSetError,
    encoding::Encoding,
    json::{self, Value},
    jwk,
    pem::{is_pem, is_private},
};

/// The error for bytes that are not a JSON object because of `error`.
pub(super) fn of_no_json(bytes: &[u8], error: JsonError) -> JwkSetError {
    let text = core::str::from_utf8(bytes).unwrap_or_default();
    match Encoding::of(bytes) {
        Some(Encoding::Empty) => JwkSetError::Empty,
        Some(Encoding::Utf16) => JwkSetError::Utf16,
        Some(Encoding::ByteOrderMark) => JwkSetError::ByteOrderMark,
        Some(Encoding::Der) => JwkSetError::Der,
        None if error != JsonError::Syntax => JwkSetError::Json(error),
        None if is_pem(text) && is_private(text) => JwkSetError::PrivateKey,
        None if is_pem(text) => JwkSetError::Pem,
        None if json::is_followed_by_object(text) => JwkSetError::SeveralObjects,
        None if has_escaped_line_breaks(text) => JwkSetError::EscapedLineBreaks,
        None => JwkSetError::Json(error),
    }
}

/// The error for a JSON object without `keys`.
pub(super) fn of_object_without_keys(json: &str) -> JwkSetError {
    let (mut is_key, mut is_secret, mut has_private_pem) = (false, false, false);
    let (mut count, mut pem) = (0_usize, 0_usize);
    for (name, value) in json::up_to_fault(json) {
        is_key |= name == "kty";
        // RFC 7518 section 6.4: the value of a symmetric key.
        is_secret |= name == "k";
        count = count.saturating_add(1);
        if let Value::String(string) = value {
            let text = string.characters(json);
            pem = pem.saturating_add(usize::from(is_pem(&text)));
            has_private_pem |= is_pem(&text) && is_private(&text);
        }
    }
    match () {
        () if has_private_pem => JwkSetError::PrivateKey,
        () if is_key && (is_secret || jwk::private(json).is_some()) => JwkSetError::PrivateKey,
        () if is_key => JwkSetError::KeyWithoutSet,
        () if pem > 0 && pem == count => JwkSetError::PemByKeyId,
        () => JwkSetError::KeysMissing,
    }
}

/// Whether an object's first or last line ends with a backslash and a letter instead of a line break, as
/// in some environment variables.
fn has_escaped_line_breaks(text: &str) -> bool {
    let text = text.trim_ascii();
    let first = text.strip_prefix('{').map(str::trim_ascii_start).unwrap_or_default();
    let is_object = text.starts_with('{');
    first.starts_with("\\n") || first.starts_with("\\r") || is_object && text.ends_with("}\\n")
}
