//! A segment to bytes: base64url without padding, canonical only. RFC 7515 section 2, RFC 4648
//! sections 3.5 and 5.

use alloc::{vec, vec::Vec};

use base64::Engine;
#[cfg(not(all(
    feature = "simd",
    any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon"))
)))]
use base64::engine::general_purpose::URL_SAFE_NO_PAD as ENGINE;

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
    let written = ENGINE.decode_slice(text, buffer).map_err(|_| NotBase64url)?;
    buffer.get(..written).ok_or(NotBase64url)
}

/// How many bytes `text` decodes to, if it decodes at all.
pub(crate) fn decoded_len(text: &str) -> usize {
    // Six bits a character; the quotient is taken first so that no length can overflow.
    let rest = text.len() % 4;
    (text.len() / 4).saturating_mul(3).saturating_add(rest.saturating_mul(3) / 4)
}

/// The same engine on the processor's vectors, if it has those it needs.
#[cfg(all(
    feature = "simd",
    any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon"))
))]
static ENGINE: std::sync::LazyLock<base64::engine::Simd> = std::sync::LazyLock::new(|| {
    base64::engine::Simd::url_safe(base64::engine::general_purpose::NO_PAD)
});

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "tests may")]
mod tests {
    use alloc::string::String;

    use super::*;

    #[test]
    fn every_length_decodes_to_what_its_bits_are() {
        let alphabet = core::str::from_utf8(ALPHABET).unwrap();
        let long = alphabet.repeat(8);
        for start in (0..64).step_by(9) {
            for length in 0..=300 {
                let text = long.get(start..start + length).unwrap();
                assert_eq!(decode(text).ok(), bits(text), "{text}");
            }
        }
    }

    #[test]
    fn a_byte_that_is_not_of_the_alphabet_is_refused_wherever_it_stands() {
        let long = core::str::from_utf8(ALPHABET).unwrap().repeat(2);
        for place in 0..long.len() {
            let (before, after) = (long.get(..place).unwrap(), long.get(place + 1..).unwrap());
            for character in '\0'..='\u{80}' {
                let mut text = String::from(before);
                text.push(character);
                text.push_str(after);
                assert_eq!(decode(&text).ok(), bits(&text), "{character:?} at {place}");
            }
        }
    }

    /// A bit at a time. RFC 4648 section 5.
    fn bits(text: &str) -> Option<Vec<u8>> {
        let (mut bytes, mut held, mut count) = (Vec::new(), 0_u16, 0_u8);
        for byte in text.bytes() {
            let value = ALPHABET.iter().position(|character| *character == byte)?;
            held = (held << 6) | u16::try_from(value).unwrap();
            count += 6;
            if count >= 8 {
                count -= 8;
                bytes.push(u8::try_from(held >> count).unwrap());
                held &= (1 << count) - 1;
            }
        }
        // Fewer bits than a character has, and all of them zero.
        (count < 6 && held == 0).then_some(bytes)
    }

    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
}
