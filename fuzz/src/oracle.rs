//! The rules a second time, read from the RFCs and the crate's documentation, slow and plain: what
//! the crate has to say of an input.

use std::time::Duration;

use tokenring::{Algorithm, JsonError, JwkError, JwkSetError, KeyError, VerifyError};

use crate::{
    curves,
    json::{self, Json, Members, get},
};

/// What is read of a header that is to be accepted.
#[derive(Debug, PartialEq)]
pub struct Header {
    pub alg: Algorithm,
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
    let members = json::object_of_at_most(64, &json).map_err(VerifyError::HeaderJson)?;
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
    let alg = algorithm(&alg).ok_or(VerifyError::AlgorithmNotAccepted)?;
    let (kid, typ) = (string("kid")?, string("typ")?);
    match kid.as_ref().map_or(1, String::len) {
        1..=256 => Ok(Header { alg, kid, typ }),
        bytes => Err(VerifyError::KeyIdLength { bytes }),
    }
}

/// RFC 7518 section 3.1, RFC 8037 section 3.1, RFC 9864 section 2.2.
fn algorithm(alg: &str) -> Option<Algorithm> {
    let known = [
        ("RS256", Algorithm::RS256),
        ("RS384", Algorithm::RS384),
        ("RS512", Algorithm::RS512),
        ("PS256", Algorithm::PS256),
        ("PS384", Algorithm::PS384),
        ("PS512", Algorithm::PS512),
        ("ES256", Algorithm::ES256),
        ("ES384", Algorithm::ES384),
        ("EdDSA", Algorithm::EdDSA),
        ("Ed25519", Algorithm::EdDSA),
    ];
    known.into_iter().find(|(name, _)| *name == alg).map(|(_, algorithm)| algorithm)
}

/// Why `token` is refused under a policy of RS256 if the only key there is, called `kid`, has not signed it.
pub fn refusal(token: &str, kid: &str) -> VerifyError {
    let ([_, _, signature], header) = match compact(token) {
        Ok(compact) => compact,
        Err(error) => return error,
    };
    if header.alg != Algorithm::RS256 {
        return VerifyError::AlgorithmNotAccepted;
    }
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
    /// None for an RSA key that does not say.
    pub alg: Option<Algorithm>,
    pub issuer: Option<String>,
    pub numbers: Numbers,
}

/// The numbers of a key, without leading zeros where those do not count.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Point { crv: &'static str, x: Vec<u8>, y: Vec<u8> },
}

impl Key {
    /// The length of an RSA modulus, one bit after the other, and else 0.
    pub fn bits(&self) -> usize {
        match &self.numbers {
            Numbers::Rsa { n, .. } => bits(n),
            Numbers::Point { .. } => 0,
        }
    }

    /// The number that a private member burns.
    fn number(&self) -> &[u8] {
        match &self.numbers {
            Numbers::Rsa { n, .. } => n,
            Numbers::Point { x, .. } => without_zeros(x),
        }
    }

    /// Whether it serves `algorithm`, where keys without one are for RS256.
    fn serves(&self, algorithm: Algorithm) -> bool {
        self.alg.unwrap_or(Algorithm::RS256) == algorithm
    }

    /// Whether it differs from `other` in `alg` at most.
    fn is_same(&self, other: &Self) -> bool {
        Self { alg: None, ..self.clone() } == Self { alg: None, ..other.clone() }
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
    // A number beside a private member, in whatever spelling, is good for nothing anywhere.
    let mut burnt = Vec::new();
    for entry in entries {
        let Json::Object(jwk) = entry else { continue };
        let Some(member) = private_member(jwk) else { continue };
        for (name, value) in jwk {
            if let ("n" | "x", Json::String(number)) = (name.as_str(), value) {
                burnt.extend(any_base64(number).map(|n| (without_zeros(&n).to_vec(), member)));
            }
        }
    }
    for (index, entry) in entries.iter().enumerate() {
        let mut key =
            json::members(entry.clone()).map_err(JwkError::Json).and_then(|jwk| key(&jwk));
        if let Ok(usable) = &key
            && let Some((_, member)) = burnt.iter().find(|(burnt, _)| burnt == usable.number())
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
    /// The one key for a token with this `kid`, or without, and this algorithm.
    pub fn select(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<&Key, KeyError> {
        let named = |key: &&Key| kid.is_none() || key.kid.as_deref() == kid;
        let fitting: Vec<&Key> =
            self.keys.iter().filter(named).filter(|key| key.serves(algorithm)).collect();
        match fitting[..] {
            [] => Err(KeyError::UnknownKey),
            [key, ref others @ ..] if others.iter().all(|other| other.is_same(key)) => Ok(key),
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
    let required = |member| string(member)?.ok_or(JwkError::MemberMissing { member });
    let kty = required("kty")?;
    if !["RSA", "EC", "OKP"].contains(&kty) {
        return Err(JwkError::KeyType);
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
    let alg = match string("alg")? {
        None => None,
        Some(alg) => Some(algorithm(alg).ok_or(JwkError::AlgorithmNotAccepted)?),
    };
    let kid = string("kid")?.map(String::from);
    let issuer = string("issuer")?.map(String::from);
    let (alg, numbers) = match kty {
        "RSA" => {
            let not_rsa = [Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA];
            if alg.is_some_and(|alg| not_rsa.contains(&alg)) {
                return Err(JwkError::AlgorithmOfOtherKeyType);
            }
            let number = |member| {
                let number = lenient_base64(required(member)?);
                let number = number.ok_or(JwkError::NotBase64url { member })?;
                Ok(without_zeros(&number).to_vec())
            };
            let (n, e) = (number("n")?, number("e")?);
            check_rsa(&n, &e)?;
            (alg, Numbers::Rsa { n, e })
        }
        "EC" => {
            let (crv, of_curve, expected, [p, b]) = match required("crv")? {
                "P-256" => ("P-256", Algorithm::ES256, 32, curves::P_256),
                "P-384" => ("P-384", Algorithm::ES384, 48, curves::P_384),
                _ => return Err(JwkError::Curve),
            };
            if alg.is_some_and(|alg| alg != of_curve) {
                return Err(JwkError::AlgorithmOfOtherKeyType);
            }
            let octets =
                |member| base64url(required(member)?).ok_or(JwkError::NotBase64url { member });
            let (x, y) = (octets("x")?, octets("y")?);
            for (member, bytes) in [("x", x.len()), ("y", y.len())] {
                if bytes != expected {
                    return Err(JwkError::CoordinateLength { member, bytes, expected });
                }
            }
            if !curves::is_on_weierstrass_curve(p, b, &x, &y) {
                return Err(JwkError::NotOnCurve);
            }
            (Some(of_curve), Numbers::Point { crv, x, y })
        }
        _ => {
            if required("crv")? != "Ed25519" {
                return Err(JwkError::Curve);
            }
            if alg.is_some_and(|alg| alg != Algorithm::EdDSA) {
                return Err(JwkError::AlgorithmOfOtherKeyType);
            }
            let x = base64url(required("x")?).ok_or(JwkError::NotBase64url { member: "x" })?;
            if x.len() != 32 {
                let bytes = x.len();
                return Err(JwkError::CoordinateLength { member: "x", bytes, expected: 32 });
            }
            match curves::ed25519(&x) {
                curves::Octets::NotCanonical => return Err(JwkError::NotCanonical),
                curves::Octets::LowOrder => return Err(JwkError::LowOrder),
                curves::Octets::NotOnCurve => return Err(JwkError::NotOnCurve),
                curves::Octets::Point => {}
            }
            (Some(Algorithm::EdDSA), Numbers::Point { crv: "Ed25519", x, y: Vec::new() })
        }
    };
    Ok(Key { kid, alg, issuer, numbers })
}

/// Of numbers without leading zeros.
fn check_rsa(n: &[u8], e: &[u8]) -> Result<(), JwkError> {
    match bits(n) {
        bits if bits < 2048 => return Err(JwkError::ModulusTooSmall { bits }),
        bits if bits > 8192 => return Err(JwkError::ModulusTooLarge { bits }),
        _ if remainder(n, 2) == 0 => return Err(JwkError::ModulusEven),
        _ => {}
    }
    let is_prime = |number: u32| (2..number).all(|divisor| number % divisor != 0);
    if let Some(factor) = (3..1000).find(|number| is_prime(*number) && remainder(n, *number) == 0) {
        return Err(JwkError::ModulusSmallFactor { factor });
    }
    if is_roca(n) {
        return Err(JwkError::ModulusRoca);
    }
    if e.len() > 5 {
        return Err(JwkError::ExponentTooLarge);
    }
    match e.iter().fold(0_u64, |number, byte| number * 256 + u64::from(*byte)) {
        0..=65_536 => Err(JwkError::ExponentTooSmall),
        8_589_934_592.. => Err(JwkError::ExponentTooLarge),
        number if number % 2 == 0 => Err(JwkError::ExponentEven),
        _ => Ok(()),
    }
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

fn private_member(jwk: &Members) -> Option<&'static str> {
    let private = ["d", "p", "q", "dp", "dq", "qi", "oth"];
    jwk.iter().find_map(|(name, _)| private.into_iter().find(|member| name == member))
}

fn bits(number: &[u8]) -> usize {
    let bits = number.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
    bits.skip_while(|bit| *bit == 0).count()
}

pub fn remainder(number: &[u8], divisor: u32) -> u32 {
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

/// [`base64url`], or the same in the standard alphabet, and either with as much padding as there can be
/// or less.
fn lenient_base64(text: &str) -> Option<Vec<u8>> {
    let plain = text.trim_end_matches('=');
    let most = [0, 0, 2, 1][plain.len() % 4];
    if text.len() - plain.len() > most {
        return None;
    }
    match (plain.contains(['-', '_']), plain.contains(['+', '/'])) {
        (true, true) => None,
        _ => base64url(&plain.replace('+', "-").replace('/', "_")),
    }
}

/// Whatever a reader of base64 could see in `text`.
fn any_base64(text: &str) -> Option<Vec<u8>> {
    let counts = |c: &char| !c.is_ascii_whitespace() && *c != '=';
    let plain: String = text.chars().filter(counts).collect();
    let plain = plain.replace('+', "-").replace('/', "_");
    let (front, last) = plain.split_at_checked(plain.len().saturating_sub(1))?;
    let value = |last: &str| ALPHABET.iter().position(|byte| last.as_bytes() == [*byte]);
    let cut = match plain.len() % 4 {
        2 => value(last)? & !15,
        3 => value(last)? & !3,
        _ => return base64url(&plain),
    };
    base64url(&format!("{front}{}", char::from(ALPHABET[cut])))
}

/// Whether `one` is what was to be expected where `two` was: of a text that is both too deep and
/// not JSON, one or the other may be said.
pub fn same_fault(one: JsonError, two: JsonError) -> bool {
    let either = [JsonError::Syntax, JsonError::TooDeep];
    one == two || two == JsonError::TooDeep && either.contains(&one)
}

/// RFC 4648 section 5.
pub const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
