//! The property of keys in PEM and DER.

use base64::{Engine, engine::general_purpose::STANDARD};
use tokenring::{PemError, PublicKey};
use tokenring_oracle::{ALGORITHMS, keys::Key, pem};

use crate::{assert_is_key, assert_plain};

/// A key is accepted if and only if the oracle accepts it, and it has the oracle's numbers. The first byte
/// of the input says for which algorithm, and whether a PEM text, DER, or DER to be put into PEM follows.
pub fn pem_parse(input: &[u8]) -> bool {
    let Some((choice, bytes)) = input.split_first() else { return false };
    let algorithm = ALGORITHMS[usize::from(choice % 9)];
    let labeled = |label: &str| {
        let base64 = STANDARD.encode(bytes);
        format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n").into_bytes()
    };
    let text = match choice / 9 % 5 {
        0 => bytes.to_vec(),
        1 => labeled("PUBLIC KEY"),
        2 => labeled("RSA PUBLIC KEY"),
        3 => labeled("CERTIFICATE"),
        _ => {
            let found = PublicKey::from_der(bytes, algorithm);
            return agree(found, pem::of_der(bytes, algorithm));
        }
    };
    agree(PublicKey::from_pem(&text, algorithm), pem::of_pem(&text, algorithm))
}

fn agree(found: Result<PublicKey, PemError>, expected: Option<Key>) -> bool {
    match (found, expected) {
        (Ok(found), Some(expected)) => {
            assert_is_key(&found, &expected);
            true
        }
        (Err(error), None) => {
            assert_plain(&error);
            false
        }
        (found, expected) => panic!("{found:?} instead of {expected:?}"),
    }
}
