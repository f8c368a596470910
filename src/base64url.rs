//! From a segment to bytes: base64url without padding, canonical only. RFC 7515 section 2, RFC 4648
//! sections 3.5 and 5. Two lenient decoders serve key sets and explanations; no segment of a token is
//! verified with them.

use alloc::{string::String, vec::Vec};

use base64::{
    Engine as _, alphabet,
    engine::{
        DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::URL_SAFE_NO_PAD,
    },
};

/// The text is not the canonical encoding of any bytes.
pub(crate) struct NotBase64url;

/// The bytes that `text` encodes. No other text decodes to them.
#[expect(clippy::slow_vector_initialization, reason = "for so few bytes, calloc is slower")]
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, NotBase64url> {
    let mut bytes = Vec::with_capacity(decoded_len(text));
    bytes.resize(decoded_len(text), 0);
    decode_into(text, &mut bytes)?;
    Ok(bytes)
}

/// The same, decoded into the front of `buffer`. A buffer that is too short gives the same error.
pub(crate) fn decode_into<'b>(text: &str, buffer: &'b mut [u8]) -> Result<&'b [u8], NotBase64url> {
    let bytes = buffer.get_mut(..decoded_len(text)).ok_or(NotBase64url)?;
    engine::decode_exactly(text.as_bytes(), bytes)?;
    Ok(bytes)
}

/// The one text that decodes to `bytes`.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The number of bytes that `text` decodes to, if it is valid.
pub(crate) fn decoded_len(text: &str) -> usize {
    // Six bits per character. Dividing first keeps every length from overflowing.
    let rest = text.len() % 4;
    (text.len() / 4).saturating_mul(3).saturating_add(rest.saturating_mul(3) / 4)
}

/// Decodes base64 with the URL-safe or the standard alphabet, with or without padding: some issuers
/// publish their numbers this way, and the number is unambiguous. The trailing bits must be zero.
pub(crate) fn decode_leniently(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
    URL_SAFE.decode(text).or_else(|_| STANDARD.decode(text)).ok()
}

/// The bytes that the most lenient base64 decoder finds in `text`: white space, padding and the
/// bits after the last byte are ignored, and the two alphabets may be mixed.
pub(crate) fn decode_at_any_price(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::URL_SAFE,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::RequireNone)
            .with_decode_allow_trailing_bits(true),
    );
    let counts = |character: &char| !character.is_ascii_whitespace() && *character != '=';
    let url_safe = |character| match character {
        '+' => '-',
        '/' => '_',
        other => other,
    };
    let text: String = text.chars().filter(counts).map(url_safe).collect();
    LENIENT.decode(text).ok()
}

#[cfg(not(all(
    feature = "simd",
    any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon"))
)))]
#[path = "base64url/tables.rs"]
mod engine;

#[cfg(all(
    feature = "simd",
    any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon"))
))]
#[path = "base64url/vectors.rs"]
mod engine;

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "tests may")]
mod tests {
    use super::*;

    #[test]
    fn every_length_decodes_to_its_bits() {
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
    fn byte_outside_the_alphabet_is_refused_at_every_place() {
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

    #[test]
    fn byte_outside_the_alphabet_does_not_make_up_for_another() {
        for length in 2..=24 {
            for (first, second) in (0..length).flat_map(|end| (0..end).map(move |at| (at, end))) {
                // `B` at the end has unused bits that are not zero.
                for (plain, text) in [('A', ["!", "!"]), ('B', ["!", "B"]), ('B', ["!", "!"])] {
                    let mut tampered: String = core::iter::repeat_n(plain, length).collect();
                    tampered.replace_range(first..=first, text[0]);
                    tampered.replace_range(second..=second, text[1]);
                    assert_eq!(decode(&tampered).ok(), None, "{tampered}");
                }
            }
        }
    }

    /// Decodes one bit at a time. RFC 4648 section 5.
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
        // The rest is shorter than a character, and all zero.
        (count < 6 && held == 0).then_some(bytes)
    }

    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
}
