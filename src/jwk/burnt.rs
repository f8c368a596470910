//! Burnt keys: public keys whose private key was published, so that anyone can sign with it.
//! RFC 7517 section 9.2.

use alloc::{boxed::Box, string::String, vec::Vec};

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::{JwkError, Material, PublicKey, members::private, without_leading_zeros};
use crate::json::{self, Value};

/// The `kid` of an entry of a JWK Set, even one that is not a valid JWK.
pub(crate) fn key_id(entry: &str) -> Option<Box<str>> {
    let mut members = json::Members::of(entry).ok()?;
    while let Ok(Some((name, value))) = members.next() {
        if name == "kid" {
            return match value {
                Value::String(kid) => Some(kid.characters(entry).into()),
                _ => None,
            };
        }
    }
    None
}

/// The keys that `entry` of a JWK Set burns: if it has a private member, every `n` and `x` that any
/// reader could find in it. The members may be repeated, and the numbers spelled in any way.
pub(crate) fn burnt(entry: &str) -> Vec<BurntKey> {
    let Ok(mut members) = json::Members::of(entry) else { return Vec::new() };
    let (mut member, mut numbers) = (None, Vec::new());
    while let Ok(Some((name, value))) = members.next() {
        match (&*name, value) {
            ("n" | "x", Value::String(number)) => {
                numbers.extend(decode_at_any_price(&number.characters(entry)));
            }
            (other, _) => member = member.or_else(|| private(other)),
        }
    }
    match member {
        Some(member) => numbers.iter().filter_map(|n| BurntKey::new(n, member)).collect(),
        None => Vec::new(),
    }
}

/// The bytes that the most lenient base64 decoder finds in `text`: white space, padding and the
/// bits after the last byte are ignored, and the two alphabets may be mixed.
fn decode_at_any_price(text: &str) -> Option<Vec<u8>> {
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

/// A public key whose private key was published. It must not be used, whatever its `kid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BurntKey {
    /// The SHA-256 of `n` or `x` without leading zeros.
    digest: [u8; 32],
    member: &'static str,
}

impl BurntKey {
    fn new(number: &[u8], member: &'static str) -> Option<Self> {
        let digest = ring::digest::digest(&ring::digest::SHA256, without_leading_zeros(number));
        Some(Self { digest: digest.as_ref().try_into().ok()?, member })
    }

    /// Whether this is `key`.
    pub(crate) fn is(&self, key: &PublicKey) -> bool {
        let number = match &key.shared.material {
            Material::Rsa(key) => key.modulus(),
            Material::Ec(key) => key.x(),
            Material::Ed25519(key) => key.octets(),
        };
        Self::new(number, self.member).as_ref() == Some(self)
    }

    /// The fault of an entry with this key.
    pub(crate) fn error(&self) -> JwkError {
        JwkError::PrivateKey { member: self.member }
    }
}
