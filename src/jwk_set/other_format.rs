//! The name of what was given in place of a JWK Set.

use crate::{
    JsonError, JwkSetError,
    json::{self, Value},
};

/// The error for a text that is not a JSON object because of `error`.
pub(super) fn of_no_json(text: &str, error: JsonError) -> JwkSetError {
    match error {
        JsonError::Syntax if is_pem(text) => JwkSetError::Pem,
        JsonError::Syntax if json::is_followed_by_object(text) => JwkSetError::SeveralObjects,
        _ => JwkSetError::Json(error),
    }
}

/// The error for a JSON object without `keys`.
pub(super) fn of_object_without_keys(json: &str) -> JwkSetError {
    let (mut is_key, mut count, mut pem) = (false, 0_usize, 0_usize);
    for (name, value) in json::up_to_fault(json) {
        is_key |= name == "kty";
        count = count.saturating_add(1);
        if let Value::String(string) = value {
            pem = pem.saturating_add(usize::from(is_pem(&string.characters(json))));
        }
    }
    match () {
        () if is_key => JwkSetError::KeyWithoutSet,
        () if pem > 0 && pem == count => JwkSetError::PemByKeyId,
        () => JwkSetError::KeysMissing,
    }
}

/// RFC 7468 section 2. Explanatory text before the first label is not looked for.
fn is_pem(text: &str) -> bool {
    text.trim_ascii_start().starts_with("-----BEGIN ")
}
