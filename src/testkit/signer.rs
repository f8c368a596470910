//! A private key that signs. RFC 7518 sections 3.3 to 3.5, RFC 8037 section 3.1.

use alloc::{vec, vec::Vec};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
        RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
    },
};
use serde_json::Value;

use crate::{Algorithm, algorithm::RsaAlgorithm};

/// The private key, in the form that its algorithm needs.
#[derive(Debug)]
pub(super) enum Signer {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Signer {
    /// A signer from PKCS #8. Panics if *ring* does not accept `der` as a key for `algorithm`.
    pub(super) fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Self {
        let ecdsa = |signing: &'static EcdsaSigningAlgorithm| {
            EcdsaKeyPair::from_pkcs8(signing, der, &SystemRandom::new())
                .expect("ring takes the EC private key")
        };
        match algorithm {
            Algorithm::ES256 => Self::P256(ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING)),
            Algorithm::ES384 => Self::P384(ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING)),
            // OpenSSL writes PKCS #8 version 1, which has no public key to check.
            Algorithm::EdDSA => Self::Ed25519(
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
                    .expect("ring takes the Ed25519 private key"),
            ),
            Algorithm::RS256
            | Algorithm::RS384
            | Algorithm::RS512
            | Algorithm::PS256
            | Algorithm::PS384
            | Algorithm::PS512 => {
                Self::Rsa(RsaKeyPair::from_pkcs8(der).expect("ring takes the RSA private key"))
            }
        }
    }

    /// Whether a key of this type can sign with `algorithm`.
    pub(super) fn is_for(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Rsa(_) => algorithm.is_rsa(),
            Self::P256(_) => algorithm == Algorithm::ES256,
            Self::P384(_) => algorithm == Algorithm::ES384,
            Self::Ed25519(_) => algorithm == Algorithm::EdDSA,
        }
    }

    /// The signature of `message`. Panics if the key is of another type than `algorithm`.
    pub(super) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa(key_pair) => {
                let algorithm = RsaAlgorithm::of(algorithm).expect("an RSA algorithm");
                let mut signature = vec![0; key_pair.public().modulus_len()];
                key_pair
                    .sign(rsa_encoding(algorithm), &SystemRandom::new(), message, &mut signature)
                    .expect("the system has randomness");
                signature
            }
            // RFC 7518 section 3.4: `r` followed by `s`, not ASN.1.
            Self::P256(key_pair) | Self::P384(key_pair) => key_pair
                .sign(&SystemRandom::new(), message)
                .expect("the system has randomness")
                .as_ref()
                .to_vec(),
            Self::Ed25519(key_pair) => key_pair.sign(message).as_ref().to_vec(),
        }
    }

    /// `kty` and the members that belong to it. RFC 7518 section 6, RFC 8037 section 2.
    pub(super) fn public_members(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Rsa(key_pair) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(key_pair.public());
                vec![
                    ("kty", "RSA".into()),
                    ("n", base64url(&public.n)),
                    ("e", base64url(&public.e)),
                ]
            }
            Self::P256(key_pair) => ec_members("P-256", key_pair.public_key().as_ref()),
            Self::P384(key_pair) => ec_members("P-384", key_pair.public_key().as_ref()),
            Self::Ed25519(key_pair) => vec![
                ("kty", "OKP".into()),
                ("crv", "Ed25519".into()),
                ("x", base64url(key_pair.public_key().as_ref())),
            ],
        }
    }
}

/// The members of an EC key. `point` is uncompressed: the byte 4, then both coordinates at full
/// length. SEC 1 section 2.3.3.
fn ec_members(curve: &str, point: &[u8]) -> Vec<(&'static str, Value)> {
    let coordinates = point.get(1..).unwrap_or_default();
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    vec![("kty", "EC".into()), ("crv", curve.into()), ("x", base64url(x)), ("y", base64url(y))]
}

/// `r` followed by `s`, as a SEQUENCE of two INTEGERs. RFC 3279 section 2.2.3. Both are shorter than 64
/// bytes, so that each length has one byte.
pub(super) fn to_der(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(signature.len() / 2);
    tag_and_length(0x30, [integer(r), integer(s)].concat())
}

/// Without zeros in front, except one before a number whose first bit is set: without it, the number
/// would be negative.
fn integer(number: &[u8]) -> Vec<u8> {
    let mut number: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
    if number.first().is_none_or(|byte| *byte > 0x7F) {
        number.insert(0, 0);
    }
    tag_and_length(2, number)
}

fn tag_and_length(tag: u8, content: Vec<u8>) -> Vec<u8> {
    let length = u8::try_from(content.len()).expect("a length of one byte");
    [vec![tag, length], content].concat()
}

fn base64url(bytes: &[u8]) -> Value {
    URL_SAFE_NO_PAD.encode(bytes).into()
}

fn rsa_encoding(algorithm: RsaAlgorithm) -> &'static dyn RsaEncoding {
    match algorithm {
        RsaAlgorithm::RS256 => &RSA_PKCS1_SHA256,
        RsaAlgorithm::RS384 => &RSA_PKCS1_SHA384,
        RsaAlgorithm::RS512 => &RSA_PKCS1_SHA512,
        RsaAlgorithm::PS256 => &RSA_PSS_SHA256,
        RsaAlgorithm::PS384 => &RSA_PSS_SHA384,
        RsaAlgorithm::PS512 => &RSA_PSS_SHA512,
    }
}
