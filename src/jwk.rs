//! One JWK to a public key with exactly one algorithm; every fault of a key is found here.
//! RFC 7517 section 4, RFC 7518 section 6.3.1.

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use serde::de::MapAccess;

use crate::{
    JsonError, JwkError, base64url,
    json::{self, Next, Object, Text, Texts, Value},
};

/// A signature algorithm. RFC 7518 section 3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256. RFC 7518 section 3.3.
    RS256,
}

impl Algorithm {
    /// The value of `alg`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
        }
    }

    /// The algorithm that `alg` names, compared byte for byte. RFC 7515 section 4.1.1.
    pub(crate) fn named(alg: &str) -> Option<Self> {
        [Self::RS256].into_iter().find(|algorithm| algorithm.name() == alg)
    }
}

/// An RSA public key that has passed every check this crate makes of keys.
///
/// 2048 to 8192 bits, counted exactly; an odd exponent from 65537 to 2^33 - 1; not one of the keys
/// of CVE-2017-15361.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    key_id: Option<Arc<str>>,
    algorithm: Algorithm,
    modulus: Box<[u8]>,
    exponent: Box<[u8]>,
}

impl PublicKey {
    /// Reads one JWK. RFC 7517 section 4.
    ///
    /// `kty` is `RSA`; `use` is `sig` or absent; `key_ops` holds `verify` or is absent; `alg` is
    /// `RS256` or absent; there is no private member. `x5c`, `x5t` and `x5u` are not looked at.
    ///
    /// # Errors
    ///
    /// The first fault found, as [`JwkError`].
    pub fn from_jwk(json: &[u8]) -> Result<Self, JwkError> {
        if json.len() > MAX_JSON_BYTES {
            return Err(JwkError::TooLong { bytes: json.len() });
        }
        let json = core::str::from_utf8(json).map_err(|_| JwkError::Json(JsonError::NotUtf8))?;
        let members = json::read(json).map_err(JwkError::Json)?;
        Self::from_members(members, json)
    }

    /// A key without `kid`, of the big-endian bytes of modulus and exponent, without leading zeros.
    ///
    /// # Errors
    ///
    /// [`JwkError`], from `NotMinimal` on.
    pub fn from_rsa_components(n: &[u8], e: &[u8]) -> Result<Self, JwkError> {
        check_modulus(n)?;
        check_exponent(e)?;
        let (modulus, exponent) = (n.into(), e.into());
        Ok(Self { key_id: None, algorithm: Algorithm::RS256, modulus, exponent })
    }

    /// The one algorithm this key verifies.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// `kid`. RFC 7517 section 4.5.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// The exact length of the modulus in bits.
    pub fn modulus_bits(&self) -> usize {
        bits(&self.modulus)
    }

    /// `members` were read from `json`.
    pub(crate) fn from_members(members: Members, json: &str) -> Result<Self, JwkError> {
        let string = |value: Option<Value>, member| match value {
            None => Ok(None),
            Some(Value::String(string)) => Ok(Some(string)),
            Some(_) => Err(JwkError::MemberType { member }),
        };
        let required =
            |value, member| string(value, member)?.ok_or(JwkError::MemberMissing { member });

        if required(members.kty, "kty")?.within(json) != "RSA" {
            return Err(JwkError::NotRsa);
        }
        // RFC 7517 section 9.2: whoever published it has lost it.
        if let Some(member) = members.private {
            return Err(JwkError::PrivateKey { member });
        }
        if string(members.usage, "use")?.is_some_and(|usage| usage.within(json) != "sig") {
            return Err(JwkError::NotForSignatures);
        }
        match members.key_ops {
            None => {}
            Some(Value::Array(Some(operations))) => check_operations(&operations, json)?,
            Some(_) => return Err(JwkError::MemberType { member: "key_ops" }),
        }
        let accepted = |alg: Text| Algorithm::named(alg.within(json)).is_some();
        if !string(members.alg, "alg")?.is_none_or(accepted) {
            return Err(JwkError::AlgorithmNotAccepted);
        }
        let key_id = string(members.kid, "kid")?.map(|kid| kid.within(json).into());
        let modulus = base64url_uint(&required(members.n, "n")?, json, "n")?;
        let exponent = base64url_uint(&required(members.e, "e")?, json, "e")?;
        Ok(Self { key_id, ..Self::from_rsa_components(&modulus, &exponent)? })
    }

    pub(crate) fn shared_key_id(&self) -> Option<Arc<str>> {
        self.key_id.clone()
    }

    pub(crate) fn modulus(&self) -> &[u8] {
        &self.modulus
    }

    pub(crate) fn exponent(&self) -> &[u8] {
        &self.exponent
    }
}

/// RFC 7517 section 4.3: an array of distinct strings.
fn check_operations(operations: &Texts, json: &str) -> Result<(), JwkError> {
    let mut operations: Vec<&str> = operations.within(json).collect();
    operations.sort_unstable();
    if operations.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
        return Err(JwkError::DuplicateKeyOperation);
    }
    match operations.contains(&"verify") {
        true => Ok(()),
        false => Err(JwkError::NotForVerify),
    }
}

/// RFC 7518 section 2; that the bytes are minimal is checked with the rest of the number.
fn base64url_uint(text: &Text, json: &str, member: &'static str) -> Result<Vec<u8>, JwkError> {
    base64url::decode(text.within(json)).map_err(|_| JwkError::NotBase64url { member })
}

fn check_modulus(modulus: &[u8]) -> Result<(), JwkError> {
    check_minimal(modulus, "n")?;
    // Not left to ring, which takes 2041 bits for 2048.
    match bits(modulus) {
        bits @ ..MIN_MODULUS_BITS => return Err(JwkError::ModulusTooSmall { bits }),
        MIN_MODULUS_BITS..=MAX_MODULUS_BITS => {}
        bits => return Err(JwkError::ModulusTooLarge { bits }),
    }
    if modulus.last().is_some_and(is_even) {
        return Err(JwkError::ModulusEven);
    }
    match has_roca_fingerprint(modulus) {
        true => Err(JwkError::ModulusRoca),
        false => Ok(()),
    }
}

fn check_exponent(exponent: &[u8]) -> Result<(), JwkError> {
    check_minimal(exponent, "e")?;
    if exponent.len() > 8 {
        return Err(JwkError::ExponentTooLarge);
    }
    let number = exponent.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    match number {
        ..MIN_EXPONENT => Err(JwkError::ExponentTooSmall),
        END_OF_EXPONENTS.. => Err(JwkError::ExponentTooLarge),
        _ if exponent.last().is_some_and(is_even) => Err(JwkError::ExponentEven),
        _ => Ok(()),
    }
}

/// RFC 7518 section 2: the fewest bytes that hold the number; zero is of no use here.
fn check_minimal(number: &[u8], member: &'static str) -> Result<(), JwkError> {
    match number.first() {
        None | Some(0) => Err(JwkError::NotMinimal { member }),
        Some(_) => Ok(()),
    }
}

/// The length in bits of a number without leading zero bytes.
fn bits(number: &[u8]) -> usize {
    let unused = number.first().map_or(0, |byte| byte.leading_zeros());
    let unused = usize::try_from(unused).unwrap_or_default();
    number.len().saturating_mul(8).saturating_sub(unused)
}

fn is_even(last: &u8) -> bool {
    last % 2 == 0
}

/// Whether `modulus`, divided by each of [`ROCA_PRIMES`], leaves a power of 65537. The keys of
/// CVE-2017-15361 all do; of other keys, fewer than one in 2^27 does.
fn has_roca_fingerprint(modulus: &[u8]) -> bool {
    ROCA_PRIMES.iter().all(|prime| {
        let step = |rest: u32, byte: &u8| (rest << 8 | u32::from(*byte)).checked_rem(*prime);
        let rest = modulus.iter().try_fold(0, step);
        let mut power = 1;
        // No power's order is greater than the prime's.
        (0..*prime).any(|_| {
            power = 65537_u32.saturating_mul(power).checked_rem(*prime).unwrap_or_default();
            rest == Some(power)
        })
    })
}

/// The members as they stand in the JWK.
#[derive(Debug, Default)]
pub(crate) struct Members {
    kty: Option<Value>,
    usage: Option<Value>,
    key_ops: Option<Value<Option<Texts>>>,
    alg: Option<Value>,
    kid: Option<Value>,
    n: Option<Value>,
    e: Option<Value>,
    private: Option<&'static str>,
}

impl Members {
    /// The modulus that stands beside a private member, and the fault that this is.
    pub(crate) fn burnt_modulus(&self, json: &str) -> Option<(Vec<u8>, JwkError)> {
        let error = JwkError::PrivateKey { member: self.private? };
        match &self.n {
            Some(Value::String(n)) => Some((base64url::decode(n.within(json)).ok()?, error)),
            _ => None,
        }
    }
}

impl<'a> Object<'a> for Members {
    fn member<M: MapAccess<'a>>(
        &mut self,
        name: &str,
        next: Next<'a, '_, M>,
    ) -> Result<(), M::Error> {
        if name == "key_ops" {
            self.key_ops = Some(next.strings()?);
            return Ok(());
        }
        let value = Some(next.value()?);
        match name {
            "kty" => self.kty = value,
            "use" => self.usage = value,
            "alg" => self.alg = value,
            "kid" => self.kid = value,
            "n" => self.n = value,
            "e" => self.e = value,
            _ => self.private = self.private.or_else(|| private(name)),
        }
        Ok(())
    }
}

/// RFC 7518 section 6.3.2, RFC 7517 section 9.3.
fn private(name: &str) -> Option<&'static str> {
    ["d", "p", "q", "dp", "dq", "qi", "oth"].into_iter().find(|member| *member == name)
}

/// What Auth0 publishes, 2 KiB a key with its certificate, has room a hundred times over.
pub(crate) const MAX_JSON_BYTES: usize = 512 * 1024;

/// RFC 7518 section 3.3.
const MIN_MODULUS_BITS: usize = 2048;

/// The largest ring verifies with.
const MAX_MODULUS_BITS: usize = 8192;

/// FIPS 186-5 section 5.4: greater than 2^16.
const MIN_EXPONENT: u64 = 65537;

/// ring's limit is 2^33 - 1: a larger one only makes verification slow.
const END_OF_EXPONENTS: u64 = 1 << 33;

/// The odd primes up to 167, from the paper on CVE-2017-15361 (Nemec et al., CCS 2017).
const ROCA_PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];
