//! From the DER of a public key to its numbers: SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7, RFC 3279
//! section 2.3.1, RFC 5480 section 2, RFC 8410 section 4) and PKCS #1 (RFC 8017 appendix A.1.1).

use super::{
    DerError, PemError,
    der::{INTEGER, OBJECT_IDENTIFIER, Reader, SEQUENCE},
};
use crate::{
    Algorithm,
    algorithm::RsaAlgorithm,
    jwk::{Curve, EcKey, Ed25519Key, Material, RsaKey},
};

/// The type of a key, from its AlgorithmIdentifier.
enum KeyType {
    Rsa,
    Ec(Curve),
    Ed25519,
}

/// Reads a SubjectPublicKeyInfo.
pub(super) fn read(der: &[u8], algorithm: Algorithm) -> Result<Material, PemError> {
    let mut reader = Reader::new(der);
    let (key_type, key) = reader.elements(SEQUENCE, |info| {
        if info.is_next(INTEGER) {
            return Err(of_no_key_info(info));
        }
        let key_type = info.elements(SEQUENCE, key_type)?;
        Ok((key_type, info.octets_in_bits()?))
    })?;
    reader.end()?;
    match key_type {
        KeyType::Rsa => read_pkcs1(key, algorithm),
        KeyType::Ec(curve) => {
            let name = match curve {
                Curve::P256 => "P-256",
                Curve::P384 => "P-384",
            };
            check_algorithm(algorithm, curve.algorithm(), name)?;
            ec_key(curve, key)
        }
        KeyType::Ed25519 => {
            check_algorithm(algorithm, Algorithm::EdDSA, "Ed25519")?;
            Ed25519Key::new(key).map(Material::Ed25519).map_err(PemError::Key)
        }
    }
}

/// Reads an RSAPublicKey.
pub(super) fn read_pkcs1(der: &[u8], algorithm: Algorithm) -> Result<Material, PemError> {
    let mut reader = Reader::new(der);
    let (n, e) = reader.elements(SEQUENCE, |key| {
        // RSAPrivateKey begins with its version, which is 0.
        if key.starts_with_version() {
            return Err(PemError::PrivateKey);
        }
        Ok((key.positive_integer()?, key.positive_integer()?))
    })?;
    reader.end()?;
    let error = PemError::AlgorithmOfOtherKeyType { algorithm, key: "RSA" };
    let algorithm = RsaAlgorithm::of(algorithm).ok_or(error)?;
    RsaKey::new(Some(algorithm), n, e).map(Material::Rsa).map_err(PemError::Key)
}

/// AlgorithmIdentifier. RFC 5280 section 4.1.1.2.
fn key_type(identifier: &mut Reader<'_>) -> Result<KeyType, PemError> {
    let algorithm = identifier.contents(OBJECT_IDENTIFIER)?;
    let parameters = identifier.rest();
    match (algorithm, parameters) {
        // RFC 3279 section 2.3.1: the parameters must be NULL.
        (RSA_ENCRYPTION, NULL) => Ok(KeyType::Rsa),
        (EC_PUBLIC_KEY, P_256) => Ok(KeyType::Ec(Curve::P256)),
        (EC_PUBLIC_KEY, P_384) => Ok(KeyType::Ec(Curve::P384)),
        (EC_PUBLIC_KEY, [OBJECT_IDENTIFIER, ..]) => Err(PemError::Curve),
        // RFC 8410 section 3: the parameters must be absent.
        (ED25519, []) => Ok(KeyType::Ed25519),
        (RSA_ENCRYPTION | EC_PUBLIC_KEY | ED25519, _) => Err(PemError::Parameters),
        _ => Err(PemError::KeyType),
    }
}

/// The error for a sequence that begins with an INTEGER: a private key's version, or the modulus of an
/// RSAPublicKey without its AlgorithmIdentifier. RFC 5958 section 2, RFC 8017 appendix A.1.2, RFC 5915
/// section 3.
fn of_no_key_info(sequence: &Reader<'_>) -> PemError {
    match sequence.starts_with_version() {
        true => PemError::PrivateKey,
        false => PemError::Der(DerError::Type),
    }
}

/// RFC 5480 section 2.2: the uncompressed form. The compressed one may be refused there.
fn ec_key(curve: Curve, point: &[u8]) -> Result<Material, PemError> {
    let [4, coordinates @ ..] = point else { return Err(PemError::Point) };
    let bytes = curve.coordinate_bytes();
    let (x, y) = coordinates.split_at_checked(bytes).ok_or(PemError::Point)?;
    if y.len() != bytes {
        return Err(PemError::Point);
    }
    EcKey::new(curve, x, y).map(Material::Ec).map_err(PemError::Key)
}

fn check_algorithm(
    algorithm: Algorithm,
    of_key: Algorithm,
    key: &'static str,
) -> Result<(), PemError> {
    match algorithm == of_key {
        true => Ok(()),
        false => Err(PemError::AlgorithmOfOtherKeyType { algorithm, key }),
    }
}

/// 1.2.840.113549.1.1.1. RFC 3279 section 2.3.1.
const RSA_ENCRYPTION: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];

/// The whole element.
const NULL: &[u8] = &[0x05, 0x00];

/// 1.2.840.10045.2.1. RFC 5480 section 2.1.1.
const EC_PUBLIC_KEY: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];

/// 1.2.840.10045.3.1.7, the whole element. RFC 5480 section 2.1.1.1.
const P_256: &[u8] = &[OBJECT_IDENTIFIER, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];

/// 1.3.132.0.34, the whole element. RFC 5480 section 2.1.1.1.
const P_384: &[u8] = &[OBJECT_IDENTIFIER, 5, 0x2B, 0x81, 0x04, 0x00, 0x22];

/// 1.3.101.112. RFC 8410 section 3.
const ED25519: &[u8] = &[0x2B, 0x65, 0x70];
