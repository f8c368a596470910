//! From one JWK to a public key with exactly one algorithm. Every fault of a key is found here.
//! RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2.

mod burnt;
mod ec;
mod error;
mod members;
mod okp;
mod rsa;

use alloc::sync::Arc;
use core::fmt;

use crate::{
    Algorithm, JsonError, KeyQuery,
    algorithm::RsaAlgorithm,
    json::{self, Value},
    key_name::KeyName,
};

use members::JwkText;

pub use error::{JwkError, JwkSetError};

pub(crate) use burnt::{BurntKey, BurntKeys, burnt, key_id};
pub(crate) use ec::{Curve, EcKey};
pub(crate) use members::private;
pub(crate) use okp::Ed25519Key;
pub(crate) use rsa::RsaKey;

/// A public key that has passed all of this crate's checks. Cheap to clone.
///
/// - RSA: 2048 to 8192 bits, counted exactly; an odd exponent from 65537 to 2^33 - 1; no modulus with
///   a prime factor below 1000, and none with the fingerprint of CVE-2017-15361.
/// - EC: a point of P-256 or P-384.
/// - OKP: a point of Ed25519 in its canonical encoding, not one of low order.
///
/// ```
/// use tokenring::{Algorithm, JwkError, PublicKey};
///
/// // RFC 8037 appendix A.2.
/// let jwk = br#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
/// assert_eq!(PublicKey::from_jwk(jwk)?.algorithm(), Algorithm::EdDSA);
///
/// let short = br#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQH"}"#;
/// assert_eq!(
///     PublicKey::from_jwk(short),
///     Err(JwkError::CoordinateLength { member: "x", bytes: 15, expected: 32 }),
/// );
/// # Ok::<(), JwkError>(())
/// ```
#[doc(alias("DecodingKey", "JWK", "VerifyingKey"))]
#[derive(Clone)]
pub struct PublicKey {
    /// The algorithm that an RSA key without `alg` is used with.
    unlabeled_as: RsaAlgorithm,
    shared: Arc<KeyParts>,
}

/// The parts of a key that its clones share.
#[derive(Clone, PartialEq, Eq)]
struct KeyParts {
    key_id: Option<Arc<str>>,
    /// The member `issuer`, which Microsoft's keys have.
    issuer: Option<Arc<str>>,
    /// The thumbprints that a token may name instead of `kid`. RFC 7517 sections 4.8 and 4.9.
    x5t: Option<Arc<str>>,
    x5t_s256: Option<Arc<str>>,
    material: Material,
}

/// The numbers that make up a key. Each kind of them has its own algorithms.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Material {
    Rsa(RsaKey),
    Ec(EcKey),
    Ed25519(Ed25519Key),
}

impl Material {
    /// The length of every signature of this key, in bytes.
    pub(crate) fn signature_bytes(&self) -> usize {
        match self {
            Self::Rsa(key) => key.modulus().len(),
            Self::Ec(key) => key.signature_bytes(),
            Self::Ed25519(_) => 64,
        }
    }

    /// Whether both have the same numbers, whatever their algorithms.
    fn has_numbers_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Rsa(one), Self::Rsa(other)) => one.has_numbers_of(other),
            _ => self == other,
        }
    }
}

impl PublicKey {
    /// Reads one JWK. RFC 7517 section 4.
    ///
    /// `use` must be `sig` or absent; `key_ops` must contain `verify` or be absent; `alg` must fit
    /// `kty` and `crv` or be absent; a private member is an error. `x5c` and `x5u` are ignored. `x5t`
    /// and `x5t#S256` are kept as texts, and ignored if they are not strings. The text may have up to
    /// 512 KiB.
    ///
    /// Without `alg`, an EC or OKP key is for the one algorithm of its curve, and an RSA key for RS256.
    ///
    /// The numbers of the key may be padded, in the standard alphabet of base64, and have zeros in
    /// front or lack them: some issuers publish such keys, and it is clear which number is meant. The
    /// `x` of an OKP key is not a number and needs its exact length.
    ///
    /// # Errors
    ///
    /// The first fault found, as [`JwkError`].
    pub fn from_jwk(json: &[u8]) -> Result<Self, JwkError> {
        if json.len() > MAX_JSON_BYTES {
            return Err(JwkError::TooLong { bytes: json.len() });
        }
        let json = core::str::from_utf8(json).map_err(|_| JwkError::Json(JsonError::NotUtf8))?;
        Self::from_json(json)
    }

    /// A key for RS256 without `kid`, from the big-endian bytes of modulus and exponent. Leading
    /// zeros are ignored.
    ///
    /// # Errors
    ///
    /// [`JwkError`], from `ModulusTooSmall` to `ExponentEven`.
    pub fn from_rsa_components(n: &[u8], e: &[u8]) -> Result<Self, JwkError> {
        RsaKey::new(None, n, e).map(|key| Self::of_numbers(Material::Rsa(key)))
    }

    /// A key with nothing but its numbers and, for RSA, their algorithm.
    pub(crate) fn of_numbers(material: Material) -> Self {
        let (key_id, issuer, x5t, x5t_s256) = (None, None, None, None);
        Self::new(KeyParts { key_id, issuer, x5t, x5t_s256, material })
    }

    /// The same key with this `kid`, which replaces any other. RFC 7517 section 4.5.
    ///
    /// A token that names a `kid` is verified only with a key that has it: a key from PEM, from DER or
    /// from its components needs the `kid` of its issuer's tokens, if they have one.
    #[must_use]
    pub fn with_key_id(self, key_id: impl Into<Arc<str>>) -> Self {
        let parts = Arc::unwrap_or_clone(self.shared);
        let shared = Arc::new(KeyParts { key_id: Some(key_id.into()), ..parts });
        Self { shared, ..self }
    }

    /// The one algorithm this key verifies.
    pub fn algorithm(&self) -> Algorithm {
        match &self.shared.material {
            Material::Rsa(key) => self.rsa_algorithm(key).to_algorithm(),
            Material::Ec(key) => key.curve().algorithm(),
            Material::Ed25519(_) => Algorithm::EdDSA,
        }
    }

    /// The same, except for an RSA key without `alg`: the policy chooses its algorithm.
    pub(crate) fn labeled_algorithm(&self) -> Option<Algorithm> {
        match &self.shared.material {
            Material::Rsa(RsaKey { algorithm: None, .. }) => None,
            _ => Some(self.algorithm()),
        }
    }

    /// The key's `kid`, of any length. RFC 7517 section 4.5.
    pub fn key_id(&self) -> Option<&str> {
        self.shared.key_id.as_deref()
    }

    /// The exact length of an RSA key's modulus in bits, and 0 for any other key.
    pub fn modulus_bits(&self) -> usize {
        match &self.shared.material {
            Material::Rsa(key) => key.modulus_bits(),
            Material::Ec(_) | Material::Ed25519(_) => 0,
        }
    }

    /// The same for a JWK that is known to be UTF-8.
    pub(crate) fn from_json(json: &str) -> Result<Self, JwkError> {
        let [kty, usage, key_ops, alg, kid, issuer, x5t, x5t_s256, n, e, crv, x, y] =
            json::pick(json, MEMBERS).map_err(JwkError::Json)?;
        let jwk = JwkText(json);
        let kty = jwk.required(kty, "kty")?;
        match &*kty {
            "RSA" | "EC" | "OKP" => {}
            "oct" => return Err(JwkError::SharedSecret),
            _ => return Err(JwkError::KeyType),
        }
        // RFC 7517 section 9.2: a private key that is published is compromised.
        if let Some(member) = private(json) {
            return Err(JwkError::PrivateKey { member });
        }
        if jwk.string(usage, "use")?.is_some_and(|usage| usage != "sig") {
            return Err(JwkError::NotForSignatures);
        }
        jwk.check_operations(key_ops)?;
        let alg = match jwk.string(alg, "alg")? {
            Some(alg) => Some(Algorithm::named(&alg).ok_or(JwkError::AlgorithmNotAccepted)?),
            None => None,
        };
        let key_id = jwk.string(kid, "kid")?.as_deref().map(Arc::from);
        let issuer = jwk.string(issuer, "issuer")?.as_deref().map(Arc::from);
        let material = match &*kty {
            "RSA" => rsa_key(jwk, [n, e], alg),
            "EC" => ec_key(jwk, [crv, x, y], alg),
            _ => okp_key(jwk, [crv, x], alg),
        }?;
        let (x5t, x5t_s256) = (jwk.thumbprint(x5t), jwk.thumbprint(x5t_s256));
        Ok(Self::new(KeyParts { key_id, issuer, x5t, x5t_s256, material }))
    }

    fn new(parts: KeyParts) -> Self {
        Self { unlabeled_as: RsaAlgorithm::RS256, shared: Arc::new(parts) }
    }

    /// Whether the key is for the query's algorithm. An RSA key without `alg` is for the one RSA
    /// algorithm that the policy chose for such keys.
    pub(crate) fn fits(&self, query: KeyQuery<'_>) -> bool {
        match &self.shared.material {
            Material::Rsa(RsaKey { algorithm: None, .. }) => query.takes_unlabeled(),
            _ => self.algorithm() == query.algorithm(),
        }
    }

    /// Whether the key is the one for the query in a set that has no other.
    pub(crate) fn answers(&self, query: KeyQuery<'_>) -> bool {
        let has_name = match query.name() {
            None => true,
            Some(KeyName::KeyId(kid)) => self.key_id() == Some(kid),
            Some(name) => self.member(name).is_none_or(|thumbprint| thumbprint == name.text()),
        };
        has_name && self.fits(query)
    }

    /// The same key for `algorithm`, which it [fits](Self::fits): only an RSA key without `alg` has a
    /// choice.
    pub(crate) fn used_with(&self, algorithm: Algorithm) -> Self {
        let unlabeled_as = RsaAlgorithm::of(algorithm).unwrap_or(self.unlabeled_as);
        Self { unlabeled_as, shared: Arc::clone(&self.shared) }
    }

    /// Whether both have the same numbers, `kid` and `issuer`, whatever their algorithms.
    pub(crate) fn is_same_key(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
            || (self.shared.key_id == other.shared.key_id && self.verifies_as(other))
    }

    /// Whether both verify the same signatures for the same issuer, if they are used with one
    /// algorithm. Their `kid`s may differ: a key may be published under several.
    pub(crate) fn verifies_as(&self, other: &Self) -> bool {
        let (one, other) = (&self.shared, &other.shared);
        Arc::ptr_eq(one, other)
            || (one.issuer == other.issuer && one.material.has_numbers_of(&other.material))
    }

    /// The member of the JWK that is called like `name`.
    pub(crate) fn member<S>(&self, name: KeyName<S>) -> Option<&str> {
        match name {
            KeyName::KeyId(_) => self.key_id(),
            KeyName::X5t(_) => self.shared.x5t.as_deref(),
            KeyName::X5tS256(_) => self.shared.x5t_s256.as_deref(),
        }
    }

    pub(crate) fn material(&self) -> &Material {
        &self.shared.material
    }

    /// The algorithm of this key, whose material is `key`.
    pub(crate) fn rsa_algorithm(&self, key: &RsaKey) -> RsaAlgorithm {
        key.algorithm.unwrap_or(self.unlabeled_as)
    }

    pub(crate) fn shared_key_id(&self) -> Option<Arc<str>> {
        self.shared.key_id.clone()
    }

    /// The only issuer whose tokens the key may verify, if its JWK names one.
    pub(crate) fn issuer(&self) -> Option<&str> {
        self.shared.issuer.as_deref()
    }

    pub(crate) fn shared_issuer(&self) -> Option<Arc<str>> {
        self.shared.issuer.clone()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.algorithm() == other.algorithm() && self.shared == other.shared
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = f.debug_struct("PublicKey");
        key.field("algorithm", &self.algorithm()).field("key_id", &self.key_id());
        if let Material::Rsa(rsa) = &self.shared.material {
            key.field("modulus_bits", &rsa.modulus_bits());
        }
        key.finish_non_exhaustive()
    }
}

/// RFC 7518 section 6.3.1. An `alg` for another type of key is reported before any fault of the
/// numbers.
fn rsa_key(
    jwk: JwkText<'_>,
    [n, e]: [Option<Value>; 2],
    alg: Option<Algorithm>,
) -> Result<Material, JwkError> {
    let algorithm = match alg {
        Some(alg) => Some(RsaAlgorithm::of(alg).ok_or(JwkError::AlgorithmOfOtherKeyType)?),
        None => None,
    };
    let (n, e) = (jwk.octets(n, "n")?, jwk.octets(e, "e")?);
    RsaKey::new(algorithm, &n, &e).map(Material::Rsa)
}

/// RFC 7518 section 6.2.1.
fn ec_key(
    jwk: JwkText<'_>,
    [crv, x, y]: [Option<Value>; 3],
    alg: Option<Algorithm>,
) -> Result<Material, JwkError> {
    let curve = Curve::named(&jwk.required(crv, "crv")?)?;
    check_algorithm(alg, curve.algorithm())?;
    let (x, y) = (jwk.octets(x, "x")?, jwk.octets(y, "y")?);
    EcKey::new(curve, &x, &y).map(Material::Ec)
}

/// RFC 8037 section 2.
fn okp_key(
    jwk: JwkText<'_>,
    [crv, x]: [Option<Value>; 2],
    alg: Option<Algorithm>,
) -> Result<Material, JwkError> {
    if jwk.required(crv, "crv")? != "Ed25519" {
        return Err(JwkError::Curve);
    }
    check_algorithm(alg, Algorithm::EdDSA)?;
    let x = jwk.octets(x, "x")?;
    Ed25519Key::new(&x).map(Material::Ed25519)
}

/// RFC 7518 section 3.4, RFC 8037 section 3.1: a curve has one algorithm here.
fn check_algorithm(alg: Option<Algorithm>, of_curve: Algorithm) -> Result<(), JwkError> {
    match alg {
        Some(algorithm) if algorithm != of_curve => Err(JwkError::AlgorithmOfOtherKeyType),
        _ => Ok(()),
    }
}

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// The members that [`PublicKey::from_json`] takes from the JWK, in this order.
const MEMBERS: [&str; 13] =
    ["kty", "use", "key_ops", "alg", "kid", "issuer", "x5t", "x5t#S256", "n", "e", "crv", "x", "y"];

/// About a hundred times what Auth0 publishes, which is 2 KiB per key with its certificate.
pub(crate) const MAX_JSON_BYTES: usize = 512 * 1024;
