//! One JWK to a public key with exactly one algorithm; every fault of a key is found here.
//! RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2.

mod ec;
mod error;
mod okp;
mod rsa;

use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::fmt;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use crate::{
    Algorithm, JsonError, KeyQuery, base64url,
    json::{self, Texts, Value},
};

pub use error::{JwkError, JwkSetError};

pub(crate) use ec::{Curve, EcKey};
pub(crate) use okp::Ed25519Key;
pub(crate) use rsa::RsaKey;

/// A public key that has passed every check this crate makes of keys. Cheap to clone.
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
#[derive(Clone)]
pub struct PublicKey {
    algorithm: Algorithm,
    shared: Arc<Shared>,
}

/// What the clones of a key share.
struct Shared {
    key_id: Option<Arc<str>>,
    /// Microsoft's member `issuer`.
    issuer: Option<Arc<str>>,
    label: Label,
    material: Material,
}

/// Whether the JWK says which algorithm the key is for, or its type leaves no choice.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    Labeled,
    Unlabeled,
}

/// The numbers a key consists of.
#[derive(PartialEq, Eq)]
pub(crate) enum Material {
    Rsa(RsaKey),
    Ec(EcKey),
    Ed25519(Ed25519Key),
}

impl Material {
    /// The length of every signature of this key.
    pub(crate) fn signature_bytes(&self) -> usize {
        match self {
            Self::Rsa(key) => key.modulus().len(),
            Self::Ec(key) => key.signature_bytes(),
            Self::Ed25519(_) => 64,
        }
    }
}

impl PublicKey {
    /// Reads one JWK. RFC 7517 section 4.
    ///
    /// `use` is `sig` or absent; `key_ops` holds `verify` or is absent; `alg` fits `kty` and `crv`, or
    /// is absent; there is no private member. `x5c`, `x5t` and `x5u` are not looked at.
    ///
    /// Without `alg`, an EC or OKP key is for the one algorithm of its curve, and an RSA key for RS256.
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

    /// A key for RS256 without `kid`, from the big-endian bytes of modulus and exponent. Leading zeros
    /// do not count.
    ///
    /// # Errors
    ///
    /// [`JwkError`], from `ModulusTooSmall` to `ExponentEven`.
    pub fn from_rsa_components(n: &[u8], e: &[u8]) -> Result<Self, JwkError> {
        let material = Material::Rsa(RsaKey::new(n, e)?);
        let shared = Shared { key_id: None, issuer: None, label: Label::Unlabeled, material };
        Ok(Self { algorithm: Algorithm::RS256, shared: Arc::new(shared) })
    }

    /// The one algorithm this key verifies.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// `kid`. RFC 7517 section 4.5.
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

    /// One JWK that has been found to be UTF-8.
    pub(crate) fn from_json(json: &str) -> Result<Self, JwkError> {
        let members = Members::read(json).map_err(JwkError::Json)?;
        let kty = members.required(&members.kty, "kty")?;
        if !["RSA", "EC", "OKP"].contains(&kty) {
            return Err(JwkError::KeyType);
        }
        // RFC 7517 section 9.2: whoever published it has lost it.
        if let Some(member) = members.private {
            return Err(JwkError::PrivateKey { member });
        }
        if members.string(&members.usage, "use")?.is_some_and(|usage| usage != "sig") {
            return Err(JwkError::NotForSignatures);
        }
        members.check_operations()?;
        let alg = match members.string(&members.alg, "alg")? {
            Some(alg) => Some(Algorithm::named(alg).ok_or(JwkError::AlgorithmNotAccepted)?),
            None => None,
        };
        let key_id = members.string(&members.kid, "kid")?.map(Arc::from);
        let issuer = members.string(&members.issuer, "issuer")?.map(Arc::from);
        let (algorithm, material) = match kty {
            "RSA" => {
                // `alg` of another type of key is found before the numbers are looked at.
                let algorithm = alg.unwrap_or(Algorithm::RS256);
                if !algorithm.is_rsa() {
                    return Err(JwkError::AlgorithmOfOtherKeyType);
                }
                let (n, e) = (members.number(&members.n, "n")?, members.number(&members.e, "e")?);
                (algorithm, Material::Rsa(RsaKey::new(&n, &e)?))
            }
            "EC" => {
                let curve = Curve::named(members.required(&members.crv, "crv")?)?;
                check_algorithm(alg, curve.algorithm())?;
                let (x, y) = (members.octets(&members.x, "x")?, members.octets(&members.y, "y")?);
                (curve.algorithm(), Material::Ec(EcKey::new(curve, &x, &y)?))
            }
            _ => {
                if members.required(&members.crv, "crv")? != "Ed25519" {
                    return Err(JwkError::Curve);
                }
                check_algorithm(alg, Algorithm::EdDSA)?;
                let x = members.octets(&members.x, "x")?;
                (Algorithm::EdDSA, Material::Ed25519(Ed25519Key::new(&x)?))
            }
        };
        let label = match (alg, &material) {
            (None, Material::Rsa(_)) => Label::Unlabeled,
            _ => Label::Labeled,
        };
        let shared = Shared { key_id, issuer, label, material };
        Ok(Self { algorithm, shared: Arc::new(shared) })
    }

    /// Whether the key is for the query's algorithm. An RSA key without `alg` is for the one RSA
    /// algorithm that the policy chose for such keys.
    pub(crate) fn fits(&self, query: KeyQuery<'_>) -> bool {
        match self.shared.label {
            Label::Labeled => self.algorithm == query.algorithm(),
            Label::Unlabeled => query.algorithm().is_rsa() && query.takes_unlabeled(),
        }
    }

    /// The same key for `algorithm`, which it [fits](Self::fits).
    pub(crate) fn used_with(&self, algorithm: Algorithm) -> Self {
        Self { algorithm, shared: Arc::clone(&self.shared) }
    }

    /// Whether the two are one key under one name, for whatever algorithm.
    pub(crate) fn is_same_key(&self, other: &Self) -> bool {
        let (one, other) = (&self.shared, &other.shared);
        Arc::ptr_eq(one, other)
            || (one.key_id == other.key_id
                && one.issuer == other.issuer
                && one.material == other.material)
    }

    pub(crate) fn material(&self) -> &Material {
        &self.shared.material
    }

    pub(crate) fn shared_key_id(&self) -> Option<Arc<str>> {
        self.shared.key_id.clone()
    }

    /// The only issuer whose tokens the key may verify, if its JWK names one.
    pub(crate) fn shared_issuer(&self) -> Option<Arc<str>> {
        self.shared.issuer.clone()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.algorithm == other.algorithm
            && self.shared.label == other.shared.label
            && self.is_same_key(other)
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = f.debug_struct("PublicKey");
        key.field("algorithm", &self.algorithm).field("key_id", &self.key_id());
        if let Material::Rsa(rsa) = &self.shared.material {
            key.field("modulus_bits", &rsa.modulus_bits());
        }
        key.finish_non_exhaustive()
    }
}

/// RFC 7518 section 3.4, RFC 8037 section 3.1: a curve has one algorithm here.
fn check_algorithm(alg: Option<Algorithm>, of_curve: Algorithm) -> Result<(), JwkError> {
    match alg {
        Some(algorithm) if algorithm != of_curve => Err(JwkError::AlgorithmOfOtherKeyType),
        _ => Ok(()),
    }
}

/// The members as they are in the JWK.
#[derive(Default)]
struct Members<'a> {
    json: &'a str,
    kty: Option<Value>,
    usage: Option<Value>,
    key_ops: Option<Value>,
    alg: Option<Value>,
    kid: Option<Value>,
    issuer: Option<Value>,
    n: Option<Value>,
    e: Option<Value>,
    crv: Option<Value>,
    x: Option<Value>,
    y: Option<Value>,
    private: Option<&'static str>,
}

impl<'a> Members<'a> {
    fn read(json: &'a str) -> Result<Self, JsonError> {
        let mut members = json::Members::of(json)?;
        let mut jwk = Self { json, ..Self::default() };
        while let Some(name) = members.next()? {
            let place = match &*name {
                "kty" => &mut jwk.kty,
                "use" => &mut jwk.usage,
                "key_ops" => &mut jwk.key_ops,
                "alg" => &mut jwk.alg,
                "kid" => &mut jwk.kid,
                "issuer" => &mut jwk.issuer,
                "n" => &mut jwk.n,
                "e" => &mut jwk.e,
                "crv" => &mut jwk.crv,
                "x" => &mut jwk.x,
                "y" => &mut jwk.y,
                other => {
                    jwk.private = jwk.private.or_else(|| private(other));
                    continue;
                }
            };
            *place = Some(members.value()?);
        }
        Ok(jwk)
    }

    fn string<'m>(
        &'m self,
        value: &'m Option<Value>,
        member: &'static str,
    ) -> Result<Option<&'m str>, JwkError> {
        match value {
            None => Ok(None),
            Some(Value::String(string)) => Ok(Some(string.within(self.json))),
            Some(_) => Err(JwkError::MemberType { member }),
        }
    }

    fn required<'m>(
        &'m self,
        value: &'m Option<Value>,
        member: &'static str,
    ) -> Result<&'m str, JwkError> {
        self.string(value, member)?.ok_or(JwkError::MemberMissing { member })
    }

    /// RFC 7518 section 2, Base64urlUInt, in any of the spellings that [`decode_leniently`] takes.
    fn number(&self, value: &Option<Value>, member: &'static str) -> Result<Vec<u8>, JwkError> {
        decode_leniently(self.required(value, member)?).ok_or(JwkError::NotBase64url { member })
    }

    /// Octets of a fixed number. No issuer is known to spell these in any other way.
    fn octets(&self, value: &Option<Value>, member: &'static str) -> Result<Vec<u8>, JwkError> {
        base64url::decode(self.required(value, member)?)
            .map_err(|_| JwkError::NotBase64url { member })
    }

    /// RFC 7517 section 4.3: an array of distinct strings.
    fn check_operations(&self) -> Result<(), JwkError> {
        let operations = match self.key_ops {
            None => return Ok(()),
            Some(Value::Array(array)) => Texts::of_array(array, self.json),
            Some(_) => None,
        };
        let operations = operations.ok_or(JwkError::MemberType { member: "key_ops" })?;
        let mut operations: Vec<&str> = operations.within(self.json).collect();
        operations.sort_unstable();
        if operations.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
            return Err(JwkError::DuplicateKeyOperation);
        }
        match operations.contains(&"verify") {
            true => Ok(()),
            false => Err(JwkError::NotForVerify),
        }
    }
}

/// `kid` of an entry that cannot be used.
pub(crate) fn key_id(entry: &str) -> Option<Box<str>> {
    let mut members = json::Members::of(entry).ok()?;
    while let Ok(Some(name)) = members.next() {
        if name == "kid" {
            return match members.value() {
                Ok(Value::String(kid)) => Some(kid.within(entry).into()),
                _ => None,
            };
        }
    }
    None
}

/// The public keys that `entry` of a JWK Set gives away by publishing a private member: every one
/// that any reader could see in it. The member may be repeated, and the number spelled in any way.
pub(crate) fn burnt(entry: &str) -> Vec<BurntKey> {
    let Ok(mut members) = json::Members::of(entry) else { return Vec::new() };
    let (mut member, mut numbers) = (None, Vec::new());
    while let Ok(Some(name)) = members.next() {
        match &*name {
            "n" | "x" => {
                if let Ok(Value::String(number)) = members.value() {
                    let text = number.within(entry).replace(|c: char| c.is_ascii_whitespace(), "");
                    numbers.extend(decode_leniently(&text));
                }
            }
            other => member = member.or_else(|| private(other)),
        }
    }
    match member {
        Some(member) => numbers.iter().filter_map(|n| BurntKey::new(n, member)).collect(),
        None => Vec::new(),
    }
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

/// RFC 7518 section 6.3.2, RFC 7517 section 9.3. EC and OKP keys have `d` alone.
fn private(name: &str) -> Option<&'static str> {
    ["d", "p", "q", "dp", "dq", "qi", "oth"].into_iter().find(|member| *member == name)
}

/// base64 with the URL-safe or the standard alphabet, with or without padding: some issuers publish
/// their numbers so, and there is no doubt which number is meant. The trailing bits are zero.
fn decode_leniently(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
    URL_SAFE.decode(text).or_else(|_| STANDARD.decode(text)).ok()
}

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// What Auth0 publishes, 2 KiB a key with its certificate, has room a hundred times over.
pub(crate) const MAX_JSON_BYTES: usize = 512 * 1024;
