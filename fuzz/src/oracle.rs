//! The rules a second time, read from the RFCs and the crate's documentation, slow and plain: what
//! the crate has to say of an input.

use std::time::Duration;

use tokenring::{JsonError, JwkError, JwkSetError, KeyError, VerifyError};

use crate::json::{self, Json, Members, get};

/// `kid` and `typ` of a header that is to be accepted.
#[derive(Debug, PartialEq)]
pub struct Header {
    pub kid: Option<String>,
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
    let members = json::object(&json).map_err(VerifyError::HeaderJson)?;
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
    match string("alg")?.as_deref() {
        None => return Err(VerifyError::AlgorithmMissing),
        Some("RS256") => {}
        Some(_) => return Err(VerifyError::AlgorithmNotAccepted),
    }
    let (kid, typ) = (string("kid")?, string("typ")?);
    match kid.as_ref().map_or(1, String::len) {
        1..=256 => Ok(Header { kid, typ }),
        bytes => Err(VerifyError::KeyIdLength { bytes }),
    }
}

/// Why `token` is refused if the only key there is, called `kid`, has not signed it.
pub fn refusal(token: &str, kid: &str) -> VerifyError {
    let ([_, _, signature], header) = match compact(token) {
        Ok(compact) => compact,
        Err(error) => return error,
    };
    if header.kid.is_some_and(|named| named != kid) {
        return VerifyError::UnknownKey;
    }
    match base64url(signature) {
        // Longer than any signature: not looked at.
        _ if signature.len() * 6 / 8 > 1024 => VerifyError::BadSignature,
        None => VerifyError::NotBase64url { segment: "signature" },
        Some(_) => VerifyError::BadSignature,
    }
}

/// A key that can be used.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    pub kid: Option<String>,
    pub n: Vec<u8>,
    pub e: Vec<u8>,
}

impl Key {
    /// The length of the modulus, one bit after the other.
    pub fn bits(&self) -> usize {
        bits(&self.n)
    }
}

/// What a JWK Set comes to.
#[derive(Debug, PartialEq)]
pub struct Set {
    pub keys: Vec<Key>,
    pub skipped: Vec<(usize, JwkError)>,
    /// Entries that repeat a usable key.
    pub repeated: usize,
}

pub fn jwk_set(text: &[u8]) -> Result<Set, JwkSetError> {
    let members = json::object(text).map_err(JwkSetError::Json)?;
    let entries = match get(&members, "keys") {
        None => return Err(JwkSetError::KeysMissing),
        Some(Json::Array(entries)) => entries,
        Some(_) => return Err(JwkSetError::KeysType),
    };
    if entries.len() > 100 {
        return Err(JwkSetError::TooManyKeys);
    }
    let mut set = Set { keys: Vec::new(), skipped: Vec::new(), repeated: 0 };
    // What stands beside a private member somewhere is good for nothing anywhere.
    let mut burnt = Vec::new();
    for jwk in entries.iter().filter_map(|entry| json::members(entry.clone()).ok()) {
        if let (Some(member), Some(Json::String(n))) = (private_member(&jwk), get(&jwk, "n")) {
            burnt.extend(base64url(n).map(|n| (n, member)));
        }
    }
    for (index, entry) in entries.iter().enumerate() {
        let mut key =
            json::members(entry.clone()).map_err(JwkError::Json).and_then(|jwk| key(&jwk));
        if let Ok(Key { n, .. }) = &key
            && let Some((_, member)) = burnt.iter().find(|(burnt, _)| burnt == n)
        {
            key = Err(JwkError::PrivateKey { member });
        }
        match key {
            Ok(key) if set.keys.contains(&key) => set.repeated += 1,
            Ok(key) => set.keys.push(key),
            Err(error) => set.skipped.push((index, error)),
        }
    }
    Ok(set)
}

impl Set {
    /// The one key for a token with this `kid`, or without.
    pub fn select(&self, kid: Option<&str>) -> Result<&Key, KeyError> {
        let fitting: Vec<&Key> =
            self.keys.iter().filter(|key| kid.is_none() || key.kid.as_deref() == kid).collect();
        match fitting[..] {
            [] => Err(KeyError::UnknownKey),
            [key] => Ok(key),
            _ => Err(KeyError::AmbiguousKey),
        }
    }
}

fn key(jwk: &Members) -> Result<Key, JwkError> {
    let string = |member| match get(jwk, member) {
        None => Ok(None),
        Some(Json::String(string)) => Ok(Some(string.as_str())),
        Some(_) => Err(JwkError::MemberType { member }),
    };
    if string("kty")?.ok_or(JwkError::MemberMissing { member: "kty" })? != "RSA" {
        return Err(JwkError::NotRsa);
    }
    if let Some(member) = private_member(jwk) {
        return Err(JwkError::PrivateKey { member });
    }
    if string("use")?.unwrap_or("sig") != "sig" {
        return Err(JwkError::NotForSignatures);
    }
    if let Some(operations) = get(jwk, "key_ops") {
        let Json::Array(operations) = operations else {
            return Err(JwkError::MemberType { member: "key_ops" });
        };
        let operations =
            json::strings(operations).ok_or(JwkError::MemberType { member: "key_ops" })?;
        for (index, operation) in operations.iter().enumerate() {
            if operations[..index].contains(operation) {
                return Err(JwkError::DuplicateKeyOperation);
            }
        }
        if !operations.contains(&"verify") {
            return Err(JwkError::NotForVerify);
        }
    }
    if string("alg")?.unwrap_or("RS256") != "RS256" {
        return Err(JwkError::AlgorithmNotAccepted);
    }
    let kid = string("kid")?.map(String::from);
    let number = |member| {
        let text = string(member)?.ok_or(JwkError::MemberMissing { member })?;
        base64url(text).ok_or(JwkError::NotBase64url { member })
    };
    let (n, e) = (number("n")?, number("e")?);

    if n.is_empty() || n[0] == 0 {
        return Err(JwkError::NotMinimal { member: "n" });
    }
    match bits(&n) {
        bits if bits < 2048 => return Err(JwkError::ModulusTooSmall { bits }),
        bits if bits > 8192 => return Err(JwkError::ModulusTooLarge { bits }),
        _ if remainder(&n, 2) == 0 => return Err(JwkError::ModulusEven),
        _ if is_roca(&n) => return Err(JwkError::ModulusRoca),
        _ => {}
    }
    if e.is_empty() || e[0] == 0 {
        return Err(JwkError::NotMinimal { member: "e" });
    }
    if e.len() > 5 {
        return Err(JwkError::ExponentTooLarge);
    }
    match e.iter().fold(0_u64, |number, byte| number * 256 + u64::from(*byte)) {
        0..=65_536 => Err(JwkError::ExponentTooSmall),
        8_589_934_592.. => Err(JwkError::ExponentTooLarge),
        number if number % 2 == 0 => Err(JwkError::ExponentEven),
        _ => Ok(Key { kid, n, e }),
    }
}

fn private_member(jwk: &Members) -> Option<&'static str> {
    let private = ["d", "p", "q", "dp", "dq", "qi", "oth"];
    jwk.iter().find_map(|(name, _)| private.into_iter().find(|member| name == member))
}

fn bits(number: &[u8]) -> usize {
    let bits = number.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
    bits.skip_while(|bit| *bit == 0).count()
}

fn remainder(number: &[u8], divisor: u32) -> u32 {
    number.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % divisor)
}

/// CVE-2017-15361: a power of 65537 modulo each of the small primes, all powers written down.
fn is_roca(n: &[u8]) -> bool {
    roca_primes().all(|prime| {
        let mut powers = vec![1];
        loop {
            let next = powers[powers.len() - 1] * (65_537 % prime) % prime;
            match powers.contains(&next) {
                true => return powers.contains(&remainder(n, prime)),
                false => powers.push(next),
            }
        }
    })
}

/// The odd primes up to 167.
pub fn roca_primes() -> impl Iterator<Item = u32> {
    (3..=167).filter(|number| (2..*number).all(|divisor| number % divisor != 0))
}

/// A policy, as its parts.
#[derive(Clone, Copy, Debug)]
pub struct Expectations {
    pub issuer: &'static str,
    pub audiences: &'static [&'static str],
    pub leeway: Duration,
    pub client_id: Option<&'static str>,
    pub sender_constrained: bool,
    /// Whether a token without `typ` will do.
    pub untyped: bool,
}

/// The claims of a payload, each of the type it has to have.
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
        Some(Json::Number(number)) => Ok(Some(*number)),
        Some(_) => Err(VerifyError::ClaimType { claim }),
    };
    let owned = |strings: Vec<&str>| strings.into_iter().map(String::from).collect::<Vec<_>>();

    let iss = string("iss")?.ok_or(VerifyError::ClaimMissing { claim: "iss" })?;
    let aud = match get(&members, "aud") {
        None => return Err(VerifyError::ClaimMissing { claim: "aud" }),
        Some(Json::String(aud)) => vec![aud.clone()],
        Some(Json::Array(values)) if !values.is_empty() => {
            owned(json::strings(values).ok_or(VerifyError::ClaimType { claim: "aud" })?)
        }
        Some(_) => return Err(VerifyError::ClaimType { claim: "aud" }),
    };
    let exp = number("exp")?.ok_or(VerifyError::ClaimMissing { claim: "exp" })?;
    if !(0.0..=253_402_300_799.0).contains(&exp) {
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
    let scopes = match get(&members, "scope") {
        Some(Json::String(scope)) => owned(scope.split(' ').filter(|s| !s.is_empty()).collect()),
        _ => Vec::new(),
    };
    let permissions = match get(&members, "permissions") {
        Some(Json::Array(values)) => owned(json::strings(values).unwrap_or_default()),
        _ => Vec::new(),
    };
    Ok(Claims { iss, aud, exp: seconds(exp), nbf, iat, sub, jti, client, cnf, scopes, permissions })
}

fn seconds(time: f64) -> u64 {
    // Saturates at both ends.
    time.ceil() as u64
}

impl Claims {
    /// What a token that says this is told at `now`. In `u128`, where nothing overflows.
    pub fn verdict(&self, expected: &Expectations, now: u64) -> Result<(), VerifyError> {
        let leeway = u128::from(expected.leeway.as_secs());
        if !expected.untyped {
            return Err(VerifyError::TokenTypeNotAccepted);
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

/// Bit by bit: the bytes of `text`, unless another text has the same.
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
    // What is left over is less than a character, and nothing.
    (bits < 6 && pending == 0).then_some(bytes)
}

/// Whether `one` is what was to be expected where `two` was: of a text that is both too deep and
/// not JSON, one or the other may be said.
pub fn same_fault(one: JsonError, two: JsonError) -> bool {
    let either = [JsonError::Syntax, JsonError::TooDeep];
    one == two || two == JsonError::TooDeep && either.contains(&one)
}

/// RFC 4648 section 5.
pub const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
