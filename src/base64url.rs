//! From a segment to bytes: base64url without padding, canonical only. RFC 7515 section 2, RFC 4648
//! sections 3.5 and 5.

use alloc::vec::Vec;

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

/// The number of bytes that `text` decodes to, if it is valid.
pub(crate) fn decoded_len(text: &str) -> usize {
    // Six bits per character. Dividing first keeps every length from overflowing.
    let rest = text.len() % 4;
    (text.len() / 4).saturating_mul(3).saturating_add(rest.saturating_mul(3) / 4)
}

/// Decodes with tables, in safe code.
#[cfg(not(all(
    feature = "simd",
    any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon"))
)))]
mod engine {
    use super::NotBase64url;

    /// Decodes eight characters to six bytes at a time.
    pub(super) fn decode_exactly(text: &[u8], bytes: &mut [u8]) -> Result<(), NotBase64url> {
        let mut all_bits = 0;
        let mut eights = text.chunks_exact(8);
        let mut sixes = bytes.chunks_exact_mut(6);
        for (eight, six) in (&mut eights).zip(&mut sixes) {
            let [a, b, c, d, e, f, g, h] = *eight else { return Err(NotBase64url) };
            let (front, back) = (four(a, b, c, d), four(e, f, g, h));
            all_bits |= front | back;
            let ([_, a, b, c], [_, d, e, f]) = (front.to_be_bytes(), back.to_be_bytes());
            six.copy_from_slice(&[a, b, c, d, e, f]);
        }
        let mut threes = sixes.into_remainder().chunks_mut(3);
        for rest in eights.remainder().chunks(4) {
            // RFC 4648 section 3.5: the unused bits must be zero.
            let (bits, unused) = match *rest {
                [a, b, c, d] => (four(a, b, c, d), 0),
                [a, b, c] => (four(a, b, c, b'A'), 0xFF),
                [a, b] => (four(a, b, b'A', b'A'), 0xFFFF),
                _ => return Err(NotBase64url),
            };
            all_bits |= bits | if bits & unused == 0 { 0 } else { INVALID };
            let three = threes.next().ok_or(NotBase64url)?;
            let [_, decoded @ ..] = bits.to_be_bytes();
            three.copy_from_slice(decoded.get(..three.len()).ok_or(NotBase64url)?);
        }
        match all_bits & INVALID {
            0 => Ok(()),
            _ => Err(NotBase64url),
        }
    }

    /// The 24 bits of four characters, or a number with [`INVALID`] in it.
    #[inline]
    fn four(a: u8, b: u8, c: u8, d: u8) -> u32 {
        let [first, second, third, fourth] = &TABLES;
        let bits = |table: &[u32; 256], character: u8| {
            table.get(usize::from(character)).copied().unwrap_or(INVALID)
        };
        bits(first, a) | bits(second, b) | bits(third, c) | bits(fourth, d)
    }

    /// For each position in a group of four characters, the bits that each character means there.
    static TABLES: [[u32; 256]; 4] = [table(18), table(12), table(6), table(0)];

    #[expect(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::indexing_slicing,
        reason = "computed by the compiler, which would refuse an overflow"
    )]
    const fn table(shift: u32) -> [u32; 256] {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut table = [INVALID; 256];
        let mut value = 0;
        while value < alphabet.len() {
            table[alphabet[value] as usize] = (value as u32) << shift;
            value += 1;
        }
        table
    }

    /// Marks a byte outside the alphabet. No character's 24 bits include it.
    const INVALID: u32 = 1 << 31;
}

/// Decodes with the `base64` crate, whose vector code is `unsafe`.
#[cfg(all(
    feature = "simd",
    any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon"))
))]
mod engine {
    use std::sync::LazyLock;

    use base64::{
        Engine as _,
        engine::{Simd, general_purpose::NO_PAD},
    };

    use super::NotBase64url;

    /// Decodes with vector instructions if the processor has them.
    pub(super) fn decode_exactly(text: &[u8], bytes: &mut [u8]) -> Result<(), NotBase64url> {
        match ENGINE.decode_slice(text, bytes) {
            Ok(written) if written == bytes.len() => Ok(()),
            _ => Err(NotBase64url),
        }
    }

    static ENGINE: LazyLock<Simd> = LazyLock::new(|| Simd::url_safe(NO_PAD));
}

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

    #[test]
    fn one_byte_that_is_not_of_the_alphabet_does_not_make_up_for_another() {
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
