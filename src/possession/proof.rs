//! From the field `DPoP` to a proof: three segments, a header, claims. Nothing in it is verified. RFC 9449
//! section 4.2.

use alloc::{borrow::Cow, string::String};

use super::{ProofError, proof_key::ProofKey, request::Field};
use crate::{
    Algorithm, JsonError, PublicKey, base64url, compact,
    explain::text,
    header::{MAX_HEADER_BYTES, MAX_PARAMETERS, forbidden},
    json::{self, Exact, Members, Span, Value},
};

/// A compact JWS in the field `DPoP`, with a strict header.
pub(super) struct Proof<'p> {
    signing_input: &'p str,
    payload: &'p str,
    signature: &'p str,
    header: String,
    typ: Option<Value>,
    alg: Option<Value>,
    jwk: Option<(Value, Span)>,
}

impl<'p> Proof<'p> {
    /// Reads the one value of the field. RFC 9449 section 4.3, steps 1 and 2.
    pub(super) fn parse(field: Field<&'p [u8]>) -> Result<Self, ProofError> {
        let value = match field {
            Field::Missing => return Err(ProofError::Missing),
            Field::Several => return Err(ProofError::Several),
            Field::One(value) => value,
        };
        // Checked first: refusing a value must be cheap, however long it is.
        if value.len() > MAX_PROOF_BYTES {
            return Err(ProofError::TooLong { bytes: value.len() });
        }
        // Two fields that were joined. RFC 9110 section 5.3.
        if value.contains(&b',') {
            return Err(ProofError::Several);
        }
        let text = core::str::from_utf8(value).map_err(|_| ProofError::NotAscii)?;
        let (signing_input, [header, payload, signature]) =
            compact::cut(text).map_err(|found| ProofError::SegmentCount { found })?;
        let segments = [("header", header), ("payload", payload), ("signature", signature)];
        for (segment, text) in segments {
            if text.is_empty() {
                return Err(ProofError::EmptySegment { segment });
            }
        }
        let bytes = base64url::decoded_len(header);
        if bytes > MAX_HEADER_BYTES {
            return Err(ProofError::HeaderTooLong { bytes });
        }
        let header = base64url::decode(header)
            .map_err(|_| ProofError::NotBase64url { segment: "header" })?;
        let header =
            String::from_utf8(header).map_err(|_| ProofError::HeaderJson(JsonError::NotUtf8))?;
        let (mut typ, mut alg, mut jwk, mut refused) = (None, None, None, None);
        let mut members = Members::of(&header).map_err(ProofError::HeaderJson)?;
        while let Some((name, value)) = members.next().map_err(ProofError::HeaderJson)? {
            if members.count() > MAX_PARAMETERS {
                return Err(ProofError::HeaderJson(JsonError::TooManyMembers));
            }
            match &*name {
                "typ" => typ = Some(value),
                "alg" => alg = Some(value),
                "jwk" => jwk = Some((value, members.value_span())),
                _ => refused = refused.or_else(|| forbidden(&name)),
            }
        }
        // As in every token: an extension that is not understood, or another encoding.
        if let Some(parameter) = refused {
            return Err(ProofError::HeaderForbidden { parameter });
        }
        Ok(Self { signing_input, payload, signature, header, typ, alg, jwk })
    }

    /// `typ`. RFC 9449 section 4.2.
    pub(super) fn token_type(&self) -> Result<Cow<'_, str>, ProofError> {
        self.string(self.typ, "typ")
    }

    /// `alg`, if it names an algorithm of this crate: neither `none` nor one with a shared secret.
    pub(super) fn algorithm(&self) -> Result<Algorithm, ProofError> {
        let name = self.string(self.alg, "alg")?;
        Algorithm::named(&name).ok_or(ProofError::AlgorithmNotAccepted)
    }

    /// `alg` as it is written, for people.
    pub(super) fn algorithm_name(&self) -> Option<Cow<'_, str>> {
        self.string(self.alg, "alg").ok()
    }

    /// The length of the signature, for people.
    pub(super) fn signature_length(&self) -> String {
        text::bytes(base64url::decoded_len(self.signature))
    }

    /// `jwk`, not compared with anything.
    pub(super) fn key(&self) -> Result<ProofKey, ProofError> {
        let algorithm = self.algorithm()?;
        match self.jwk {
            None => Err(ProofError::HeaderMissing { parameter: "jwk" }),
            Some((Value::Object, span)) => ProofKey::read(span.within(&self.header), algorithm),
            Some(_) => Err(ProofError::HeaderType { parameter: "jwk" }),
        }
    }

    /// The claims. They are read before the signature is checked: reading is cheap, and what they say about
    /// the request costs an attacker nothing to get right.
    pub(super) fn claims(&self) -> Result<ProofClaims, ProofError> {
        let payload = base64url::decode(self.payload)
            .map_err(|_| ProofError::NotBase64url { segment: "payload" })?;
        ProofClaims::read(payload)
    }

    /// Checks the signature over the proof as it was received. RFC 9449 section 4.3, step 6.
    pub(super) fn verify(&self, key: &PublicKey) -> Result<(), ProofError> {
        let mut buffer = [0; MAX_SIGNATURE_BYTES];
        let signature = match base64url::decoded_len(self.signature) > MAX_SIGNATURE_BYTES {
            true => return Err(ProofError::BadSignature),
            false => base64url::decode_into(self.signature, &mut buffer)
                .map_err(|_| ProofError::NotBase64url { segment: "signature" })?,
        };
        key.verify(self.signing_input.as_bytes(), signature).map_err(|_| ProofError::BadSignature)
    }

    fn string(
        &self,
        value: Option<Value>,
        parameter: &'static str,
    ) -> Result<Cow<'_, str>, ProofError> {
        match value {
            None => Err(ProofError::HeaderMissing { parameter }),
            Some(Value::String(string)) => Ok(string.characters(&self.header)),
            Some(_) => Err(ProofError::HeaderType { parameter }),
        }
    }
}

/// The claims of a proof. RFC 9449 section 4.2.
pub(super) struct ProofClaims {
    json: String,
    values: [Option<Value>; 8],
}

impl ProofClaims {
    fn read(payload: alloc::vec::Vec<u8>) -> Result<Self, ProofError> {
        let json =
            String::from_utf8(payload).map_err(|_| ProofError::PayloadJson(JsonError::NotUtf8))?;
        let values = json::pick(&json, CLAIMS).map_err(ProofError::PayloadJson)?;
        Ok(Self { json, values })
    }

    pub(super) fn method(&self) -> Result<Cow<'_, str>, ProofError> {
        let [htm, ..] = self.values;
        self.required_string(htm, "htm")
    }

    pub(super) fn target(&self) -> Result<Cow<'_, str>, ProofError> {
        let [_, htu, ..] = self.values;
        self.required_string(htu, "htu")
    }

    pub(super) fn access_token_hash(&self) -> Result<Cow<'_, str>, ProofError> {
        let [_, _, ath, ..] = self.values;
        self.required_string(ath, "ath")
    }

    pub(super) fn issued_at(&self) -> Result<Exact, ProofError> {
        let [_, _, _, iat, ..] = self.values;
        self.number(iat, "iat")?.ok_or(ProofError::ClaimMissing { claim: "iat" })
    }

    pub(super) fn identifier(&self) -> Result<Cow<'_, str>, ProofError> {
        let [_, _, _, _, jti, ..] = self.values;
        self.required_string(jti, "jti")
    }

    pub(super) fn expiry(&self) -> Result<Option<Exact>, ProofError> {
        let [.., exp, _, _] = self.values;
        self.number(exp, "exp")
    }

    pub(super) fn not_before(&self) -> Result<Option<Exact>, ProofError> {
        let [.., nbf, _] = self.values;
        self.number(nbf, "nbf")
    }

    pub(super) fn nonce(&self) -> Result<Cow<'_, str>, ProofError> {
        let [.., nonce] = self.values;
        self.string(nonce, "nonce")?.ok_or(ProofError::NonceMissing)
    }

    fn required_string(
        &self,
        value: Option<Value>,
        claim: &'static str,
    ) -> Result<Cow<'_, str>, ProofError> {
        self.string(value, claim)?.ok_or(ProofError::ClaimMissing { claim })
    }

    fn string(
        &self,
        value: Option<Value>,
        claim: &'static str,
    ) -> Result<Option<Cow<'_, str>>, ProofError> {
        match value {
            None => Ok(None),
            Some(Value::String(string)) => Ok(Some(string.characters(&self.json))),
            Some(_) => Err(ProofError::ClaimType { claim }),
        }
    }

    fn number(
        &self,
        value: Option<Value>,
        claim: &'static str,
    ) -> Result<Option<Exact>, ProofError> {
        match value {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(Some(number.exact(&self.json))),
            Some(_) => Err(ProofError::ClaimType { claim }),
        }
    }
}

/// The claims that [`ProofClaims::read`] takes from the payload, in this order.
const CLAIMS: [&str; 8] = ["htm", "htu", "ath", "iat", "jti", "exp", "nbf", "nonce"];

/// A proof with a key of 4096 bits has 2 KiB.
pub(super) const MAX_PROOF_BYTES: usize = 8 * 1024;

/// The length of a signature of the largest accepted key, in bytes: 4096 bits.
const MAX_SIGNATURE_BYTES: usize = 512;
