//! An RSA public key: the size and shape of its numbers. RFC 7518 section 6.3.1.

use alloc::boxed::Box;

use super::without_leading_zeros;
use crate::{JwkError, algorithm::RsaAlgorithm};

/// A modulus and an exponent, big-endian without leading zeros, and the algorithm if `alg` names it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RsaKey {
    pub(super) algorithm: Option<RsaAlgorithm>,
    modulus: Box<[u8]>,
    exponent: Box<[u8]>,
}

impl RsaKey {
    pub(crate) fn new(
        algorithm: Option<RsaAlgorithm>,
        modulus: &[u8],
        exponent: &[u8],
    ) -> Result<Self, JwkError> {
        let (modulus, exponent) = (without_leading_zeros(modulus), without_leading_zeros(exponent));
        check_modulus(modulus)?;
        check_exponent(exponent)?;
        Ok(Self { algorithm, modulus: modulus.into(), exponent: exponent.into() })
    }

    pub(crate) fn modulus(&self) -> &[u8] {
        &self.modulus
    }

    pub(crate) fn exponent(&self) -> &[u8] {
        &self.exponent
    }

    pub(super) fn has_numbers_of(&self, other: &Self) -> bool {
        self.modulus == other.modulus && self.exponent == other.exponent
    }

    /// The exact length of the modulus in bits.
    pub(crate) fn modulus_bits(&self) -> usize {
        bits(&self.modulus)
    }
}

fn check_modulus(modulus: &[u8]) -> Result<(), JwkError> {
    // Read as a number, some of them would pass all other checks.
    if is_public_key_info(modulus) {
        return Err(JwkError::ModulusIsPublicKeyInfo);
    }
    // ring counts whole bytes: it would accept 2041 bits as 2048.
    match bits(modulus) {
        bits @ ..MIN_MODULUS_BITS => return Err(JwkError::ModulusTooSmall { bits }),
        MIN_MODULUS_BITS..=MAX_MODULUS_BITS => {}
        bits => return Err(JwkError::ModulusTooLarge { bits }),
    }
    if remainder(modulus, 2) == Some(0) {
        return Err(JwkError::ModulusEven);
    }
    if let Some(factor) = small_factor(modulus) {
        return Err(JwkError::ModulusSmallFactor { factor });
    }
    match has_roca_fingerprint(modulus) {
        true => Err(JwkError::ModulusRoca),
        false => Ok(()),
    }
}

/// Whether `octets` begin as a SubjectPublicKeyInfo of an RSA key does (RFC 3279 section 2.3.1), and end
/// where it says. A modulus looks like this with a probability below 2^-100.
fn is_public_key_info(octets: &[u8]) -> bool {
    let [0x30, 0x82, high, low, info @ ..] = octets else { return false };
    usize::from(u16::from_be_bytes([*high, *low])) == info.len()
        && info.starts_with(&RSA_ENCRYPTION)
}

fn check_exponent(exponent: &[u8]) -> Result<(), JwkError> {
    // 2^33 - 1 has five bytes.
    if exponent.len() > 5 {
        return Err(JwkError::ExponentTooLarge);
    }
    let number = exponent.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    match number {
        ..MIN_EXPONENT => Err(JwkError::ExponentTooSmall),
        END_OF_EXPONENTS.. => Err(JwkError::ExponentTooLarge),
        _ if number % 2 == 0 => Err(JwkError::ExponentEven),
        _ => Ok(()),
    }
}

/// The length in bits of a number without leading zero bytes.
fn bits(number: &[u8]) -> usize {
    let unused = number.first().map_or(0, |byte| byte.leading_zeros());
    let unused = usize::try_from(unused).unwrap_or_default();
    number.len().saturating_mul(8).saturating_sub(unused)
}

/// The smallest prime factor from 3 to 997 of a number, if it has one.
fn small_factor(number: &[u8]) -> Option<u32> {
    // Three primes at a time: their product still fits 32 bits.
    SMALL_PRIMES.chunks(3).find_map(|primes| {
        let rest = remainder(number, primes.iter().copied().fold(1, u32::saturating_mul))?;
        primes.iter().copied().find(|prime| rest.checked_rem(*prime) == Some(0))
    })
}

/// `number` modulo `divisor`, four bytes at a time. `None` if `divisor` is 0.
fn remainder(number: &[u8], divisor: u32) -> Option<u32> {
    let rest = number.rchunks(4).rev().try_fold(0_u64, |rest, chunk| {
        let digit = chunk.iter().fold(0_u32, |digit, byte| digit << 8 | u32::from(*byte));
        (rest << 32 | u64::from(digit)).checked_rem(u64::from(divisor))
    });
    rest.and_then(|rest| rest.try_into().ok())
}

/// Whether `modulus` is a power of 65537 modulo each of the first [`ROCA_PRIMES`] primes. The keys of CVE-2017-15361
/// all are; of other keys, fewer than one in 2^27 is.
fn has_roca_fingerprint(modulus: &[u8]) -> bool {
    SMALL_PRIMES.iter().take(ROCA_PRIMES).all(|prime| {
        let rest = remainder(modulus, *prime);
        let mut power = 1;
        // Modulo a prime, there are fewer than `prime` different powers.
        (0..*prime).any(|_| {
            power = 65537_u32.saturating_mul(power).checked_rem(*prime).unwrap_or_default();
            rest == Some(power)
        })
    })
}

/// The AlgorithmIdentifier of RSA keys: rsaEncryption, NULL.
const RSA_ENCRYPTION: [u8; 15] =
    [0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00];

/// RFC 7518 section 3.3.
const MIN_MODULUS_BITS: usize = 2048;

/// The largest modulus that ring accepts.
const MAX_MODULUS_BITS: usize = 8192;

/// FIPS 186-5 section 5.4: greater than 2^16.
const MIN_EXPONENT: u64 = 65537;

/// ring's limit is 2^33 - 1. A larger exponent only makes verification slow.
const END_OF_EXPONENTS: u64 = 1 << 33;

/// The odd primes up to 167 are those of the paper on CVE-2017-15361 (Nemec et al., CCS 2017).
const ROCA_PRIMES: usize = 38;

/// The odd primes below 1000.
const SMALL_PRIMES: [u32; 167] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193,
    197, 199, 211, 223, 227, 229, 233, 239, 241, 251, 257, 263, 269, 271, 277, 281, 283, 293, 307,
    311, 313, 317, 331, 337, 347, 349, 353, 359, 367, 373, 379, 383, 389, 397, 401, 409, 419, 421,
    431, 433, 439, 443, 449, 457, 461, 463, 467, 479, 487, 491, 499, 503, 509, 521, 523, 541, 547,
    557, 563, 569, 571, 577, 587, 593, 599, 601, 607, 613, 617, 619, 631, 641, 643, 647, 653, 659,
    661, 673, 677, 683, 691, 701, 709, 719, 727, 733, 739, 743, 751, 757, 761, 769, 773, 787, 797,
    809, 811, 821, 823, 827, 829, 839, 853, 857, 859, 863, 877, 881, 883, 887, 907, 911, 919, 929,
    937, 941, 947, 953, 967, 971, 977, 983, 991, 997,
];
