//! The inside of a string: where it ends, and what its escapes mean. RFC 8259 section 7.

use alloc::string::String;

use crate::JsonError;

/// The characters that `escaped`, the inside of a valid string, means.
#[cold]
pub(super) fn unescaped(escaped: &str) -> String {
    let mut characters = String::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some((plain, escape)) = rest.split_once('\\') {
        characters.push_str(plain);
        let Some((character, length)) = escape_at(escape.as_bytes(), 0) else { break };
        characters.push(character);
        rest = escape.get(length..).unwrap_or_default();
    }
    characters.push_str(rest);
    characters
}

/// The end of a string whose plain characters end at `at`, usually at a backslash.
#[cold]
pub(super) fn end_of_escaped(bytes: &[u8], at: usize) -> Result<usize, JsonError> {
    let mut at = at;
    loop {
        at = plain_end(bytes, at);
        match bytes.get(at) {
            Some(b'"') => return Ok(at),
            Some(b'\\') => {
                let (_, length) = escape_at(bytes, at.wrapping_add(1)).ok_or(JsonError::Syntax)?;
                at = at.wrapping_add(1).wrapping_add(length);
            }
            _ => return Err(JsonError::Syntax),
        }
    }
}

/// The escape at `at`, which is after the backslash: the character it means, and its length in
/// bytes.
pub(super) fn escape_at(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    let character = match bytes.get(at)? {
        byte @ (b'"' | b'\\' | b'/') => char::from(*byte),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let digits = bytes.get(at.wrapping_add(1)..)?;
            let next = digits.get(4..).and_then(|rest| rest.strip_prefix(b"\\u"));
            let units = [Some(code_unit(digits)?), next.and_then(code_unit)];
            // The second unit counts only after a high surrogate. A lone surrogate is not a character.
            let character = char::decode_utf16(units.into_iter().flatten()).next()?.ok()?;
            let length = if character.len_utf16() == 1 { 5 } else { 11 };
            return Some((character, length));
        }
        _ => return None,
    };
    Some((character, 1))
}

/// The value of the first four characters as hexadecimal digits.
pub(super) fn code_unit(digits: &[u8]) -> Option<u16> {
    let digits = digits.first_chunk::<4>()?;
    let value = |digit: &u8| char::from(*digit).to_digit(16);
    let unit = digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | value(digit)?))?;
    unit.try_into().ok()
}

/// The first position from `start` on that has a quotation mark, a backslash, a control character
/// or the end of the text. Scans eight bytes at a time.
#[inline]
pub(super) fn plain_end(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut rest) = (start, bytes.get(start..).unwrap_or_default());
    while let Some((word, after)) = rest.split_first_chunk() {
        let stops = stops(u64::from_le_bytes(*word));
        if stops != 0 {
            let plain = usize::try_from(stops.trailing_zeros() / 8).unwrap_or_default();
            return at.wrapping_add(plain);
        }
        (at, rest) = (at.wrapping_add(8), after);
    }
    let is_plain = |byte: &&u8| !matches!(byte, b'"' | b'\\' | ..0x20);
    at.wrapping_add(rest.iter().take_while(is_plain).count())
}

/// In `word`, the top bit of each byte that ends a run of plain characters. Bits above the lowest one
/// may be wrong, because subtraction borrows upwards.
#[inline]
fn stops(word: u64) -> u64 {
    let below = |word: u64, least: u64| word.wrapping_sub(ONES.wrapping_mul(least)) & !word & TOPS;
    // Flipping the bit of value 2 moves `"` to 0x20, right after the control characters.
    below(word ^ ONES.wrapping_mul(2), 0x21) | below(word ^ ONES.wrapping_mul(0x5C), 1)
}

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;
