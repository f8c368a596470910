//! From the first segment to a JOSE Header. RFC 7515 section 4, RFC 8725 section 3.

use alloc::string::String;
use core::fmt;

use crate::{
    Algorithm, JsonError, VerifyError, base64url,
    json::{self, Quoted, Text, Value},
    key_name::KeyName,
};

/// The JOSE Header of a token: the parameters that this crate uses.
///
/// It is not verified. It may choose among keys that are already trusted, and nothing else.
#[doc(alias = "Header")]
#[derive(Clone)]
pub struct JoseHeader {
    json: String,
    algorithm: Algorithm,
    key_name: Option<KeyName<Text>>,
    token_type: Option<Text>,
}

impl JoseHeader {
    /// `alg`. RFC 7515 section 4.1.1.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// `kid`, 1 to 256 bytes. RFC 7515 section 4.1.4.
    pub fn key_id(&self) -> Option<&str> {
        match self.key_name() {
            Some(KeyName::KeyId(kid)) => Some(kid),
            _ => None,
        }
    }

    /// The name of the token's key.
    #[inline]
    pub(crate) fn key_name(&self) -> Option<KeyName<&str>> {
        self.key_name.as_ref().map(|name| name.as_ref().map(|text| text.within(&self.json)))
    }

    /// `typ`, in its original case and with its prefix, if any. RFC 7515 section 4.1.9.
    pub fn token_type(&self) -> Option<&str> {
        self.token_type.as_ref().map(|typ| typ.within(&self.json))
    }

    pub(crate) fn parse(segment: &str) -> Result<Self, VerifyError> {
        let bytes = base64url::decoded_len(segment);
        if bytes > MAX_HEADER_BYTES {
            return Err(VerifyError::HeaderTooLong { bytes });
        }
        let json = base64url::decode(segment)
            .map_err(|_| VerifyError::NotBase64url { segment: "header" })?;
        let json =
            String::from_utf8(json).map_err(|_| VerifyError::HeaderJson(JsonError::NotUtf8))?;
        let parameters = Parameters::read(&json).map_err(VerifyError::HeaderJson)?;

        // `crit`: an extension that is not understood makes the JWS invalid (RFC 7515
        // section 4.1.11). The other parameters would change the encoding of the payload (RFC 7797
        // section 3), compress or encrypt it (RFC 7516 section 4.1), or say that it is another
        // token (RFC 7519 section 5.2).
        if let Some(parameter) = parameters.forbidden {
            return Err(VerifyError::HeaderForbidden { parameter });
        }
        let name = string(parameters.alg, "alg")?.ok_or(VerifyError::AlgorithmMissing)?;
        let algorithm =
            Algorithm::named(&name.characters(&json)).ok_or(VerifyError::AlgorithmNotAccepted)?;
        let key_name = parameters.key_name()?.map(|name| name.map(|text| text.to_text(&json)));
        let token_type = string(parameters.typ, "typ")?.map(|typ| typ.to_text(&json));

        if let Some(KeyName::KeyId(kid)) = &key_name {
            let bytes = kid.within(&json).len();
            if !(1..=MAX_KEY_ID_BYTES).contains(&bytes) {
                return Err(VerifyError::KeyIdLength { bytes });
            }
        }
        Ok(Self { json, algorithm, key_name, token_type })
    }
}

/// Shows only the algorithm: everything else is text from the token.
impl fmt::Debug for JoseHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoseHeader").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// The parameters as they are in the header, their types not checked yet. `jwk`, `jku`, `x5u` and
/// `x5c` are ignored: a token must not bring its own key. RFC 8725 section 3.10.
#[derive(Default)]
struct Parameters {
    forbidden: Option<&'static str>,
    alg: Option<Value>,
    kid: Option<Value>,
    typ: Option<Value>,
    x5t: Option<Value>,
    x5t_s256: Option<Value>,
}

impl Parameters {
    fn read(json: &str) -> Result<Self, JsonError> {
        let mut members = json::Members::of(json)?;
        let mut parameters = Self::default();
        while let Some((name, value)) = members.next()? {
            if members.count() > MAX_PARAMETERS {
                return Err(JsonError::TooManyMembers);
            }
            match &*name {
                "alg" => parameters.alg = Some(value),
                "kid" => parameters.kid = Some(value),
                "typ" => parameters.typ = Some(value),
                "x5t" => parameters.x5t = Some(value),
                "x5t#S256" => parameters.x5t_s256 = Some(value),
                _ => parameters.forbidden = parameters.forbidden.or_else(|| forbidden(&name)),
            }
        }
        Ok(parameters)
    }

    /// The name of the key. Beside `kid`, the thumbprints are not looked at.
    fn key_name(&self) -> Result<Option<KeyName<Quoted>>, VerifyError> {
        if let Some(kid) = string(self.kid, "kid")? {
            return Ok(Some(KeyName::KeyId(kid)));
        }
        let (x5t, x5t_s256) = (string(self.x5t, "x5t")?, string(self.x5t_s256, "x5t#S256")?);
        Ok(KeyName::thumbprint(x5t, x5t_s256))
    }
}

fn string(value: Option<Value>, parameter: &'static str) -> Result<Option<Quoted>, VerifyError> {
    match value {
        None => Ok(None),
        Some(Value::String(string)) => Ok(Some(string)),
        Some(_) => Err(VerifyError::HeaderType { parameter }),
    }
}

/// The parameter that would change how a token is processed, if `name` is one.
pub(crate) fn forbidden(name: &str) -> Option<&'static str> {
    ["crit", "b64", "zip", "enc", "cty"].into_iter().find(|parameter| *parameter == name)
}

/// In decoded bytes: ten times the longest header of the known issuers, a quarter of the longest
/// token.
pub(crate) const MAX_HEADER_BYTES: usize = 4096;

/// Issuers use four. The limit also bounds the search for repeated names.
pub(crate) const MAX_PARAMETERS: usize = 64;

/// Key identifiers are hashes or short names; the longest known one has 64 characters.
pub(crate) const MAX_KEY_ID_BYTES: usize = 256;
