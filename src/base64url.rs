//! A segment to bytes: base64url without padding, canonical only. RFC 7515 section 2, RFC 4648
//! sections 3.5 and 5.

use alloc::{vec, vec::Vec};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The text is not what encoding its bytes would give.
pub(crate) struct NotBase64url;

/// The bytes of `text`, for which there is no other text.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, NotBase64url> {
    let mut bytes = vec![0; decoded_len(text)];
    let written = decode_into(text, &mut bytes)?.len();
    bytes.truncate(written);
    Ok(bytes)
}

/// The same, into the front of `buffer`. A buffer that is too short is refused likewise.
pub(crate) fn decode_into<'b>(text: &str, buffer: &'b mut [u8]) -> Result<&'b [u8], NotBase64url> {
    let written = URL_SAFE_NO_PAD.decode_slice(text, buffer).map_err(|_| NotBase64url)?;
    buffer.get(..written).ok_or(NotBase64url)
}

/// How many bytes `text` decodes to, if it decodes at all.
pub(crate) fn decoded_len(text: &str) -> usize {
    // Six bits a character; the quotient is taken first so that no length can overflow.
    let rest = text.len() % 4;
    (text.len() / 4).saturating_mul(3).saturating_add(rest.saturating_mul(3) / 4)
}
