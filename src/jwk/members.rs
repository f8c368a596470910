//! The members of a JWK, as they are there. RFC 7517 section 4, RFC 7518 section 6.

use alloc::{borrow::Cow, vec::Vec};

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::JwkError;
use crate::{
    JsonError, base64url,
    json::{self, Texts, Value},
};

/// The members as they are in the JWK.
#[derive(Default)]
pub(super) struct Members<'a> {
    json: &'a str,
    pub(super) kty: Option<Value>,
    pub(super) usage: Option<Value>,
    key_ops: Option<Value>,
    pub(super) alg: Option<Value>,
    pub(super) kid: Option<Value>,
    pub(super) issuer: Option<Value>,
    pub(super) n: Option<Value>,
    pub(super) e: Option<Value>,
    pub(super) crv: Option<Value>,
    pub(super) x: Option<Value>,
    pub(super) y: Option<Value>,
    pub(super) private: Option<&'static str>,
}

impl<'a> Members<'a> {
    pub(super) fn read(json: &'a str) -> Result<Self, JsonError> {
        let mut members = json::Members::of(json)?;
        let mut jwk = Self { json, ..Self::default() };
        while let Some((name, value)) = members.next()? {
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
            *place = Some(value);
        }
        Ok(jwk)
    }

    pub(super) fn string(
        &self,
        value: Option<Value>,
        member: &'static str,
    ) -> Result<Option<Cow<'a, str>>, JwkError> {
        match value {
            None => Ok(None),
            Some(Value::String(string)) => Ok(Some(string.characters(self.json))),
            Some(_) => Err(JwkError::MemberType { member }),
        }
    }

    pub(super) fn required(
        &self,
        value: Option<Value>,
        member: &'static str,
    ) -> Result<Cow<'a, str>, JwkError> {
        self.string(value, member)?.ok_or(JwkError::MemberMissing { member })
    }

    /// RFC 7518 section 2, Base64urlUInt, in any of the spellings that [`decode_leniently`] takes.
    pub(super) fn number(
        &self,
        value: Option<Value>,
        member: &'static str,
    ) -> Result<Vec<u8>, JwkError> {
        decode_leniently(&self.required(value, member)?).ok_or(JwkError::NotBase64url { member })
    }

    /// Octets of a fixed number. No issuer is known to spell these in any other way.
    pub(super) fn octets(
        &self,
        value: Option<Value>,
        member: &'static str,
    ) -> Result<Vec<u8>, JwkError> {
        base64url::decode(&self.required(value, member)?)
            .map_err(|_| JwkError::NotBase64url { member })
    }

    /// RFC 7517 section 4.3: an array of distinct strings.
    pub(super) fn check_operations(&self) -> Result<(), JwkError> {
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

/// RFC 7518 section 6.3.2, RFC 7517 section 9.3. EC and OKP keys have `d` alone.
pub(super) fn private(name: &str) -> Option<&'static str> {
    ["d", "p", "q", "dp", "dq", "qi", "oth"].into_iter().find(|member| *member == name)
}

/// base64 with the URL-safe or the standard alphabet, with or without padding: some issuers publish
/// their numbers so, and there is no doubt which number is meant. The trailing bits are zero.
pub(crate) fn decode_leniently(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
    URL_SAFE.decode(text).or_else(|_| STANDARD.decode(text)).ok()
}
