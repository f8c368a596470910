//! The `jwk` of a proof, in two steps: its text and thumbprint, and, once the thumbprint is known to be the
//! right one, its numbers. RFC 9449 section 4.2, RFC 7517 section 4.
//!
//! A JWK Set comes from a trusted host, a proof from anybody: nothing is tolerated here that
//! [`PublicKey::from_jwk`] tolerates.

use alloc::{borrow::Cow, vec::Vec};

use super::{ProofError, Thumbprint};
use crate::{
    Algorithm, JwkError, PublicKey,
    algorithm::RsaAlgorithm,
    base64url,
    json::{self, Value},
    jwk::{Curve, EcKey, Ed25519Key, Material, RsaKey, private},
};

/// A public key as its JWK spells it. Whether its numbers are good is not known yet.
pub(super) struct ProofKey {
    numbers: Numbers,
    thumbprint: Thumbprint,
}

enum Numbers {
    Rsa { algorithm: RsaAlgorithm, n: Vec<u8>, e: Vec<u8> },
    Ec { curve: Curve, x: Vec<u8>, y: Vec<u8> },
    Ed25519 { x: Vec<u8> },
}

impl ProofKey {
    /// Reads the JWK of a proof that is signed with `algorithm`. `kid`, `key_ops`, `ext`, `x5c` and all
    /// members that are not named here are ignored, whatever they hold.
    pub(super) fn read(jwk: &str, algorithm: Algorithm) -> Result<Self, ProofError> {
        let [kty, usage, alg, secret, n, e, crv, x, y] =
            json::pick(jwk, MEMBERS).map_err(|error| ProofError::Key(JwkError::Json(error)))?;
        let text = |value, member| string(jwk, value, member)?.ok_or(missing(member));
        let kty = text(kty, "kty")?;
        if kty == "oct" {
            return Err(ProofError::Key(JwkError::SharedSecret));
        }
        // RFC 9449 section 4.3, step 7. `k` belongs to a shared secret, and is one under any `kty`.
        if let Some(member) = private(jwk).or_else(|| secret.map(|_| "k")) {
            return Err(ProofError::Key(JwkError::PrivateKey { member }));
        }
        if string(jwk, usage, "use")?.is_some_and(|usage| usage != "sig") {
            return Err(ProofError::Key(JwkError::NotForSignatures));
        }
        if let Some(alg) = string(jwk, alg, "alg")? {
            if Algorithm::named(&alg) != Some(algorithm) {
                return Err(ProofError::KeyForOtherAlgorithm);
            }
        }
        match &*kty {
            "RSA" => {
                let algorithm =
                    RsaAlgorithm::of(algorithm).ok_or(ProofError::KeyForOtherAlgorithm)?;
                let (n, e) = (text(n, "n")?, text(e, "e")?);
                let numbers = Numbers::Rsa {
                    algorithm,
                    n: without_zeros_in_front(octets(&n, "n")?, "n")?,
                    e: without_zeros_in_front(octets(&e, "e")?, "e")?,
                };
                Ok(Self { numbers, thumbprint: Thumbprint::of_rsa(&n, &e) })
            }
            "EC" => {
                let curve = Curve::named(&text(crv, "crv")?).map_err(ProofError::Key)?;
                check_algorithm(algorithm, curve.algorithm())?;
                let (x, y) = (text(x, "x")?, text(y, "y")?);
                let expected = curve.coordinate_bytes();
                let numbers = Numbers::Ec {
                    curve,
                    x: of_length(octets(&x, "x")?, "x", expected)?,
                    y: of_length(octets(&y, "y")?, "y", expected)?,
                };
                Ok(Self { numbers, thumbprint: Thumbprint::of_ec(curve.name(), &x, &y) })
            }
            "OKP" => {
                if text(crv, "crv")? != "Ed25519" {
                    return Err(ProofError::Key(JwkError::Curve));
                }
                check_algorithm(algorithm, Algorithm::EdDSA)?;
                let x = text(x, "x")?;
                let numbers = Numbers::Ed25519 { x: of_length(octets(&x, "x")?, "x", 32)? };
                Ok(Self { numbers, thumbprint: Thumbprint::of_ed25519(&x) })
            }
            _ => Err(ProofError::Key(JwkError::KeyType)),
        }
    }

    /// The thumbprint. RFC 7638 section 3.
    pub(super) fn thumbprint(&self) -> &Thumbprint {
        &self.thumbprint
    }

    /// The key, if its numbers satisfy the crate's rules. ring looks at the point of an EC key when it
    /// verifies with it: a check here would cost as much as the signature.
    pub(super) fn to_public_key(&self) -> Result<PublicKey, ProofError> {
        let material = match &self.numbers {
            Numbers::Rsa { algorithm, n, e } => {
                if n.len() > MAX_MODULUS_BYTES {
                    return Err(ProofError::ModulusTooLarge { bytes: n.len() });
                }
                RsaKey::new(Some(*algorithm), n, e).map(Material::Rsa)
            }
            Numbers::Ec { curve, x, y } => Ok(Material::Ec(EcKey::for_one_signature(*curve, x, y))),
            Numbers::Ed25519 { x } => Ed25519Key::new(x).map(Material::Ed25519),
        };
        material.map(PublicKey::of_numbers).map_err(ProofError::KeyNumbers)
    }
}

fn string<'j>(
    jwk: &'j str,
    value: Option<Value>,
    member: &'static str,
) -> Result<Option<Cow<'j, str>>, ProofError> {
    match value {
        None => Ok(None),
        Some(Value::String(string)) => Ok(Some(string.characters(jwk))),
        Some(_) => Err(ProofError::Key(JwkError::MemberType { member })),
    }
}

fn missing(member: &'static str) -> ProofError {
    ProofError::Key(JwkError::MemberMissing { member })
}

fn octets(text: &str, member: &'static str) -> Result<Vec<u8>, ProofError> {
    base64url::decode(text).map_err(|_| ProofError::Key(JwkError::NotBase64url { member }))
}

/// RFC 7518 section 2, Base64urlUInt: the least number of octets. Otherwise one key would have several
/// thumbprints.
fn without_zeros_in_front(number: Vec<u8>, member: &'static str) -> Result<Vec<u8>, ProofError> {
    match number.first() {
        Some(0) => Err(ProofError::KeyZeroInFront { member }),
        _ => Ok(number),
    }
}

/// RFC 7518 section 6.2.1.2, RFC 8037 section 2.
fn of_length(
    octets: Vec<u8>,
    member: &'static str,
    expected: usize,
) -> Result<Vec<u8>, ProofError> {
    match octets.len() {
        bytes if bytes == expected => Ok(octets),
        bytes => Err(ProofError::Key(JwkError::CoordinateLength { member, bytes, expected })),
    }
}

/// RFC 7518 section 3.4, RFC 8037 section 3.1: a curve has one algorithm here.
fn check_algorithm(algorithm: Algorithm, of_curve: Algorithm) -> Result<(), ProofError> {
    match algorithm == of_curve {
        true => Ok(()),
        false => Err(ProofError::KeyForOtherAlgorithm),
    }
}

/// The members that [`ProofKey::read`] takes from the JWK, in this order.
const MEMBERS: [&str; 9] = ["kty", "use", "alg", "k", "n", "e", "crv", "x", "y"];

/// 4096 bits. The sender chooses the key, and a larger one only costs time.
const MAX_MODULUS_BYTES: usize = 512;
