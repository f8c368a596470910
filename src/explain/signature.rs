//! From a signature that does not verify to a [`Hint`]. RFC 7518 sections 3.3 to 3.5.

use alloc::vec::Vec;

use crate::{
    Algorithm, PublicKey, base64url,
    explain::hint::{self, Argument, Hint},
    jwk::Material,
};

/// For the signature of `token`, which is not one by `key`.
pub(super) fn mismatch(key: &PublicKey, token: &str) -> Hint {
    let (message, signature) = token.rsplit_once('.').unwrap_or_default();
    let (bytes, expected) = (base64url::decoded_len(signature), key.material().signature_bytes());
    if bytes == expected {
        return match salt_bytes(key.algorithm()) {
            Some(salt) => hint::PSS_SALT.with(Argument::Bytes(salt)),
            None => hint::SIGNATURE_MISMATCH,
        };
    }
    // A signature that is not base64url cannot be read.
    let signature = base64url::decode(signature).unwrap_or_default();
    in_another_form(key, message.as_bytes(), &signature)
        .unwrap_or_else(|| wrong_length(bytes, expected))
}

/// For a signature of this many `bytes`, with a key whose signatures have `expected` bytes.
pub(super) fn wrong_length(bytes: usize, expected: usize) -> Hint {
    let hint = match expected.checked_sub(bytes) {
        None => hint::SIGNATURE_TOO_LONG,
        // A limit of a length hardly ever cuts just one byte.
        Some(1) => hint::SIGNATURE_LENGTH,
        Some(_) => hint::SIGNATURE_CUT,
    };
    hint.with(Argument::Bytes(bytes)).with(Argument::Number(expected))
}

/// For a signature in another form than RFC 7518's. DER is recognized by its look; any other form is
/// named only if the signature is valid once it is corrected.
fn in_another_form(key: &PublicKey, message: &[u8], signature: &[u8]) -> Option<Hint> {
    let (bytes, expected) = (signature.len(), key.material().signature_bytes());
    let numbers: Vec<usize> = match key.material() {
        Material::Ec(_) => Vec::from([expected / 2, expected / 2]),
        Material::Rsa(_) => Vec::from([expected]),
        // RFC 8032 writes octets, not numbers: no signer drops zeros.
        Material::Ed25519(_) => return None,
    };
    if matches!(*numbers, [coordinate, _] if is_der(signature, coordinate)) {
        return Some(hint::SIGNATURE_DER.with(Argument::Bytes(expected)));
    }
    let is_valid = |candidate: Vec<u8>| key.verify(message, &candidate).is_ok();
    match (expected.checked_sub(bytes), bytes.checked_sub(expected)) {
        (Some(missing @ 1..=MAX_DIFFERENCE), _) => {
            let hint = hint::SIGNATURE_ZERO_DROPPED;
            let hint = hint.with(Argument::Bytes(bytes)).with(Argument::Number(expected));
            with_zeros(signature, &numbers, missing).into_iter().any(is_valid).then_some(hint)
        }
        (_, Some(added @ 1..=MAX_DIFFERENCE)) => {
            let hint = hint::SIGNATURE_BYTE_ADDED;
            let hint = hint.with(Argument::Bytes(added)).with(Argument::Number(expected));
            without_added(signature, expected, added).into_iter().any(is_valid).then_some(hint)
        }
        _ => None,
    }
}

/// Whether `bytes` are a SEQUENCE of two INTEGERs that fit a coordinate. RFC 3279 section 2.2.3.
fn is_der(bytes: &[u8], coordinate: usize) -> bool {
    let Some((sequence, [])) = der_element(0x30, bytes) else { return false };
    let Some((r, rest)) = der_element(0x02, sequence) else { return false };
    let Some((s, [])) = der_element(0x02, rest) else { return false };
    // A zero comes before a number whose first bit is set.
    [r, s].iter().all(|number| (1..=coordinate.saturating_add(1)).contains(&number.len()))
}

/// The contents of the element with which `bytes` begin, and the bytes after it. Lengths from 128 have
/// another form, which the signatures of these curves do not reach.
fn der_element(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    match bytes {
        [found, length @ ..128, rest @ ..] if *found == tag => {
            rest.split_at_checked(usize::from(*length))
        }
        _ => None,
    }
}

/// The signature with `missing` zeros in front of its numbers, in each way.
fn with_zeros(signature: &[u8], numbers: &[usize], missing: usize) -> Vec<Vec<u8>> {
    let zeros = |count: usize| core::iter::repeat_n(0, count);
    let first = numbers.first().copied().unwrap_or_default();
    let of_first = |of_first: usize| {
        let (one, other) = signature.split_at_checked(first.checked_sub(of_first)?)?;
        let of_second = missing.checked_sub(of_first)?;
        let padded = zeros(of_first).chain(one.iter().copied());
        Some(padded.chain(zeros(of_second)).chain(other.iter().copied()).collect())
    };
    (0..=missing).filter_map(of_first).collect()
}

/// The signature without `added` bytes at its start, at its end or, if they are zeros, in front of its
/// numbers.
fn without_added(signature: &[u8], expected: usize, added: usize) -> Vec<Vec<u8>> {
    let half = expected / 2;
    let first = signature.get(..expected).map(Vec::from);
    let last = signature.get(added..).map(Vec::from);
    let halves = (0..=added).filter_map(|of_first| {
        let (one, other) = signature.split_at_checked(half.checked_add(of_first)?)?;
        let (zeros, one) = one.split_at_checked(of_first)?;
        let (more, other) = other.split_at_checked(added.checked_sub(of_first)?)?;
        zeros.iter().chain(more).all(|byte| *byte == 0).then(|| [one, other].concat())
    });
    first.into_iter().chain(last).chain(halves).collect()
}

/// The length of the salt: that of the hash. RFC 7518 section 3.5.
fn salt_bytes(algorithm: Algorithm) -> Option<usize> {
    match algorithm {
        Algorithm::PS256 => Some(32),
        Algorithm::PS384 => Some(48),
        Algorithm::PS512 => Some(64),
        _ => None,
    }
}

/// Each number of a signature may have one byte more or less.
const MAX_DIFFERENCE: usize = 2;

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn dropped_zeros_are_put_before_the_first_or_the_second_number() {
        assert_eq!(
            with_zeros(&[1, 2, 3, 4, 5], &[3, 3], 1),
            [[1, 2, 3, 0, 4, 5], [0, 1, 2, 3, 4, 5]],
        );
        assert_eq!(
            with_zeros(&[1, 2, 3, 4], &[3, 3], 2),
            [[1, 2, 3, 0, 0, 4], [0, 1, 2, 0, 3, 4], [0, 0, 1, 2, 3, 4]],
        );
        assert_eq!(with_zeros(&[1, 2], &[3], 1), [[0, 1, 2]]);
    }

    #[test]
    fn added_bytes_are_left_out_at_both_ends_and_zeros_before_the_numbers() {
        assert_eq!(without_added(&[1, 2, 3, 4, 5], 4, 1), [[1, 2, 3, 4], [2, 3, 4, 5]]);
        assert_eq!(
            without_added(&[1, 2, 0, 3, 4], 4, 1),
            [[1, 2, 0, 3], [2, 0, 3, 4], [1, 2, 3, 4]],
        );
        assert_eq!(
            without_added(&[0, 1, 2, 0, 3, 4], 4, 2),
            [[0, 1, 2, 0], [2, 0, 3, 4], [1, 2, 3, 4]],
        );
    }

    #[test]
    fn der_is_one_sequence_of_two_integers_that_fit() {
        let der = vec![0x30, 7, 2, 2, 0, 0x80, 2, 1, 5];
        assert!(is_der(&der, 1));
        assert!(is_der(&[0x30, 6, 2, 1, 1, 2, 1, 5], 1));
        for wrong in [
            [der.as_slice(), &[0]].concat(),
            der[..8].to_vec(),
            vec![0x31, 7, 2, 2, 0, 0x80, 2, 1, 5],
            vec![0x30, 7, 2, 2, 0, 0x80, 3, 1, 5],
            vec![0x30, 8, 2, 3, 0, 0, 0x80, 2, 1, 5],
            vec![0x30, 5, 2, 1, 1, 2, 0],
            vec![0x30, 9, 2, 2, 0, 0x80, 2, 1, 5, 5, 0],
            vec![0x30, 0x81, 7, 2, 2, 0, 0x80, 2, 1, 5],
            vec![0x30],
            vec![],
        ] {
            assert!(!is_der(&wrong, 1), "{wrong:?}");
        }
    }
}
