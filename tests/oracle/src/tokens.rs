//! A second implementation of the rules of tokens, from the RFCs and the crate's documentation, slow
//! and simple. It gives the crate's expected outcome for any input.

use std::time::Duration;

use tokenring::{
    Algorithm, JsonError, VerifyError,
    testkit::{AUDIENCE, ISSUER},
};

use crate::{
    ALGORITHMS,
    json::{self, Json, get},
};

/// An acceptable header.
#[derive(Debug, PartialEq)]
pub struct Header {
    pub algorithm: Algorithm,
    pub kid: Option<String>,
    /// The member's name and the text. None beside `kid`.
    pub thumbprint: Option<(&'static str, String)>,
    pub typ: Option<String>,
}

/// Header, payload and signature of a token, and its header.
pub fn compact(token: &str) -> Result<([&str; 3], Header), VerifyError> {
    if token.len() > 16_384 {
        return Err(VerifyError::TokenTooLong { bytes: token.len() });
    }
    let segments: Vec<&str> = token.split('.').collect();
    let segments: [&str; 3] = match segments.len() {
        5 => return Err(VerifyError::Encrypted),
        found => segments.try_into().map_err(|_| VerifyError::SegmentCount { found })?,
    };
    if segments[0].is_empty() {
        return Err(VerifyError::EmptySegment { segment: "header" });
    }
    if segments[2].is_empty() {
        return Err(VerifyError::EmptySegment { segment: "signature" });
    }
    Ok((segments, header(segments[0])?))
}

fn header(segment: &str) -> Result<Header, VerifyError> {
    let bytes = segment.len() * 6 / 8;
    if bytes > 4096 {
        return Err(VerifyError::HeaderTooLong { bytes });
    }
    let json = base64url(segment).ok_or(VerifyError::NotBase64url { segment: "header" })?;
    let members = json::small_object(&json, 64).map_err(VerifyError::HeaderJson)?;
    for (name, _) in &members {
        for parameter in ["crit", "b64", "zip", "enc", "cty"] {
            if name == parameter {
                return Err(VerifyError::HeaderForbidden { parameter });
            }
        }
    }
    let string = |parameter| match get(&members, parameter) {
        None => Ok(None),
        Some(Json::String(string)) => Ok(Some(string.clone())),
        Some(_) => Err(VerifyError::HeaderType { parameter }),
    };
    let alg = string("alg")?.ok_or(VerifyError::AlgorithmMissing)?;
    let algorithm = algorithm(&alg).ok_or(VerifyError::AlgorithmNotAccepted)?;
    let kid = string("kid")?;
    let mut thumbprint = None;
    if kid.is_none() {
        for name in ["x5t", "x5t#S256"] {
            if let Some(text) = string(name)? {
                thumbprint = Some((name, text));
            }
        }
    }
    let typ = string("typ")?;
    match kid.as_ref().map_or(1, String::len) {
        1..=256 => Ok(Header { algorithm, kid, thumbprint, typ }),
        bytes => Err(VerifyError::KeyIdLength { bytes }),
    }
}

/// RFC 7518 section 3.1, RFC 8037 section 3.1, RFC 9864 section 2.2.
pub fn algorithm(alg: &str) -> Option<Algorithm> {
    let names = ALGORITHMS.map(|algorithm| (format!("{algorithm:?}"), algorithm));
    let mut names = names.into_iter().chain([("Ed25519".into(), Algorithm::EdDSA)]);
    names.find_map(|(name, algorithm)| (name == alg).then_some(algorithm))
}

/// `iss` of an unverified payload.
pub fn unverified_issuer(segment: &str) -> Result<String, VerifyError> {
    if segment.is_empty() {
        return Err(VerifyError::EmptyPayload);
    }
    let payload = base64url(segment).ok_or(VerifyError::NotBase64url { segment: "payload" })?;
    let members = json::object_with_one(&payload, "iss").map_err(VerifyError::PayloadJson)?;
    match get(&members, "iss") {
        None => Err(VerifyError::ClaimMissing { claim: "iss" }),
        Some(Json::String(iss)) => Ok(iss.clone()),
        Some(_) => Err(VerifyError::ClaimType { claim: "iss" }),
    }
}

/// The error for `token` under a policy for RS256, if the only key, named `kid`, has not signed it.
pub fn refusal(token: &str, kid: &str) -> VerifyError {
    let ([_, _, signature], header) = match compact(token) {
        Ok(compact) => compact,
        Err(error) => return error,
    };
    if header.algorithm != Algorithm::RS256 {
        return VerifyError::AlgorithmNotAccepted;
    }
    if header.kid.is_some_and(|named| named != kid) {
        return VerifyError::UnknownKey;
    }
    match base64url(signature) {
        // Longer than any signature, so it is not decoded.
        _ if signature.len() * 6 / 8 > 1024 => VerifyError::BadSignature,
        None => VerifyError::NotBase64url { segment: "signature" },
        Some(_) => VerifyError::BadSignature,
    }
}

/// A policy, as its parts.
#[derive(Clone, Copy, Debug)]
pub struct Expectations {
    pub issuer: &'static str,
    pub audiences: &'static [&'static str],
    pub leeway: Duration,
    pub client_id: Option<&'static str>,
    pub sender_constrained: bool,
    /// Whether a token without `typ` is accepted.
    pub untyped: bool,
}

/// The policy for [`ISSUER`] and [`AUDIENCE`] without further settings.
pub const PLAIN: Expectations = Expectations {
    issuer: ISSUER,
    audiences: &[AUDIENCE],
    leeway: Duration::ZERO,
    client_id: None,
    sender_constrained: false,
    untyped: true,
};

/// The claims of a payload, each of the right type.
#[derive(Clone, Debug)]
pub struct Claims {
    pub iss: String,
    pub aud: Vec<String>,
    /// The times rounded up, those before 1970 to 0.
    pub exp: u64,
    pub nbf: Option<u64>,
    pub iat: Option<u64>,
    pub sub: Option<String>,
    pub jti: Option<String>,
    /// `azp`, else `client_id`.
    pub client: Option<String>,
    pub cnf: bool,
    pub events: bool,
    pub scopes: Vec<String>,
    pub permissions: Vec<String>,
}

pub fn claims(payload: &[u8]) -> Result<Claims, VerifyError> {
    if payload.is_empty() {
        return Err(VerifyError::EmptyPayload);
    }
    let members = json::object(payload).map_err(VerifyError::PayloadJson)?;
    let string = |claim| match get(&members, claim) {
        None => Ok(None),
        Some(Json::String(string)) => Ok(Some(string.clone())),
        Some(_) => Err(VerifyError::ClaimType { claim }),
    };
    let number = |claim| match get(&members, claim) {
        None => Ok(None),
        Some(Json::Number(number)) => Ok(Some(number.value)),
        Some(_) => Err(VerifyError::ClaimType { claim }),
    };
    let owned = |strings: Vec<&str>| strings.into_iter().map(String::from).collect::<Vec<_>>();

    let iss = string("iss")?.ok_or(VerifyError::ClaimMissing { claim: "iss" })?;
    let aud = match get(&members, "aud") {
        None => None,
        Some(Json::String(aud)) => Some(vec![aud.clone()]),
        Some(Json::Array(values)) => {
            Some(owned(json::strings(values).ok_or(VerifyError::ClaimType { claim: "aud" })?))
        }
        Some(_) => return Err(VerifyError::ClaimType { claim: "aud" }),
    };
    let exp = number("exp")?;
    if exp.is_some_and(|exp| !(0.0..=253_402_300_799.0).contains(&exp)) {
        return Err(VerifyError::ClaimRange { claim: "exp" });
    }
    let nbf = number("nbf")?.map(seconds);
    let iat = number("iat")?.map(seconds);
    let sub = string("sub")?;
    let jti = string("jti")?;
    let client_id = string("client_id")?;
    let client = string("azp")?.or(client_id);
    let cnf = match get(&members, "cnf") {
        None => false,
        Some(Json::Object(_)) => true,
        Some(_) => return Err(VerifyError::ClaimType { claim: "cnf" }),
    };
    let events = get(&members, "events").is_some();
    let scopes = scopes(get(&members, "scope"), true);
    let permissions = match get(&members, "permissions") {
        Some(Json::Array(values)) => owned(json::strings(values).unwrap_or_default()),
        _ => Vec::new(),
    };
    // The policies here name audiences, so there must be one. Policies check presence after types.
    let aud = aud.ok_or(VerifyError::ClaimMissing { claim: "aud" })?;
    if aud.is_empty() {
        return Err(VerifyError::ClaimType { claim: "aud" });
    }
    let exp = exp.ok_or(VerifyError::ClaimMissing { claim: "exp" })?;
    Ok(Claims {
        iss,
        aud,
        exp: seconds(exp),
        nbf,
        iat,
        sub,
        jti,
        client,
        cnf,
        events,
        scopes,
        permissions,
    })
}

/// The scopes in a claim: in a string that is a list or one name, or in an array of names.
fn scopes(claim: Option<&Json>, is_list: bool) -> Vec<String> {
    let names = match claim {
        Some(Json::String(list)) if is_list => list.split(' ').collect(),
        Some(Json::String(name)) => vec![name.as_str()],
        Some(Json::Array(values)) => json::strings(values).unwrap_or_default(),
        _ => Vec::new(),
    };
    names.into_iter().filter(|name| !name.is_empty()).map(String::from).collect()
}

/// The scopes that are `names` deep in an acceptable payload. The last name is not `scope` or `scp`.
pub fn scopes_at(payload: &[u8], names: &[&str]) -> Result<Vec<String>, VerifyError> {
    let members = json::object(payload).map_err(VerifyError::PayloadJson)?;
    let mut found = Json::Object(members);
    for name in names {
        let Json::Object(_) = found else { return Ok(Vec::new()) };
        let members = json::members(found).map_err(VerifyError::PayloadJson)?;
        match get(&members, name) {
            Some(value) => found = value.clone(),
            None => return Ok(Vec::new()),
        }
    }
    Ok(scopes(Some(&found), false))
}

fn seconds(time: f64) -> u64 {
    // Saturates at both ends.
    time.ceil() as u64
}

impl Claims {
    /// The policy's verdict at `now`. Computed in `u128`, so that nothing overflows.
    pub fn verdict(&self, expected: &Expectations, now: u64) -> Result<(), VerifyError> {
        let leeway = u128::from(expected.leeway.as_secs());
        if !expected.untyped {
            return Err(VerifyError::TokenTypeNotAccepted);
        }
        if self.events {
            return Err(VerifyError::SecurityEvent);
        }
        if self.iss != expected.issuer {
            return Err(VerifyError::WrongIssuer);
        }
        if !self.aud.iter().any(|aud| expected.audiences.contains(&aud.as_str())) {
            return Err(VerifyError::WrongAudience);
        }
        if u128::from(now) >= u128::from(self.exp) + leeway {
            return Err(VerifyError::Expired { exp: self.exp, now });
        }
        match self.nbf {
            Some(nbf) if u128::from(now) + leeway < u128::from(nbf) => {
                return Err(VerifyError::NotYetValid { nbf, now });
            }
            _ => {}
        }
        if expected.client_id.is_some_and(|client| self.client.as_deref() != Some(client)) {
            return Err(VerifyError::WrongAuthorizedParty);
        }
        if self.cnf && !expected.sender_constrained {
            return Err(VerifyError::SenderConstrained);
        }
        Ok(())
    }
}

/// Decodes `text` bit by bit. `None` unless it is the only text with these bytes.
pub fn base64url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut pending, mut bits) = (0_u32, 0);
    for character in text.bytes() {
        let value = ALPHABET.iter().position(|other| *other == character)?;
        pending = pending << 6 | u32::try_from(value).ok()?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(pending >> bits).ok()?);
            pending &= (1 << bits) - 1;
        }
    }
    // Fewer than six bits are left, and all of them are zero.
    (bits < 6 && pending == 0).then_some(bytes)
}

/// Whether `one` is an acceptable fault where the oracle expects `two`. For a text that is both too
/// deep and not JSON, either fault is right.
pub fn same_fault(one: JsonError, two: JsonError) -> bool {
    let either = [JsonError::Syntax, JsonError::TooDeep];
    one == two || two == JsonError::TooDeep && either.contains(&one)
}

/// RFC 4648 section 5.
pub const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
