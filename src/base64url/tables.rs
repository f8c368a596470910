//! Decodes base64url with tables, in safe code.

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
        six.copy_from_slice(&joined(front, back));
    }
    // At most seven characters: four of them if there are, then the others.
    let (mut rest, mut left) = (eights.remainder(), sixes.into_remainder());
    if let [a, b, c, d, after @ ..] = rest {
        let bits = four(*a, *b, *c, *d);
        all_bits |= bits;
        let [_, decoded @ ..] = bits.to_be_bytes();
        let (three, after_three) = left.split_first_chunk_mut().ok_or(NotBase64url)?;
        *three = decoded;
        (rest, left) = (after, after_three);
    }
    // RFC 4648 section 3.5: the unused bits must be zero.
    let (bits, unused) = match *rest {
        [] => (0, 0),
        [a, b] => (four(a, b, b'A', b'A'), 0xFFFF),
        [a, b, c] => (four(a, b, c, b'A'), 0xFF),
        _ => return Err(NotBase64url),
    };
    all_bits |= bits | if bits & unused == 0 { 0 } else { INVALID };
    for (place, byte) in left.iter_mut().zip(bits.to_be_bytes().iter().skip(1)) {
        *place = *byte;
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

/// The bytes of twice 24 bits.
#[inline]
fn joined(front: u32, back: u32) -> [u8; 6] {
    let [_, _, bytes @ ..] = (u64::from(front) << 24 | u64::from(back)).to_be_bytes();
    bytes
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
