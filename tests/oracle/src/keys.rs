//! A second implementation of the rules of keys and key sets, slow and simple. RFC 7517, RFC 7518
//! section 6, RFC 8037 section 2.

use tokenring::{Algorithm, JsonError, JwkError, JwkSetError, KeyError};

use crate::{
    curves::{self, Curve},
    json::{self, Json, Members, get},
    tokens::{ALPHABET, algorithm, base64url},
};

/// A usable key.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    pub kid: Option<String>,
    /// The member `issuer` of Microsoft's keys.
    pub issuer: Option<String>,
    pub x5t: Option<String>,
    pub x5t_s256: Option<String>,
    /// None for an RSA key without `alg`.
    pub algorithm: Option<Algorithm>,
    pub numbers: Numbers,
}

/// The numbers of a public key.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// Without leading zeros.
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    Ec {
        curve: Curve,
        x: Vec<u8>,
        y: Vec<u8>,
    },
    Ed25519 {
        x: Vec<u8>,
    },
}

impl Key {
    /// The length of an RSA key's modulus in bits.
    pub fn bits(&self) -> usize {
        match &self.numbers {
            Numbers::Rsa { n, .. } => bits(n),
            Numbers::Ec { .. } | Numbers::Ed25519 { .. } => 0,
        }
    }

    /// The number by which a burnt key is recognized.
    fn first_number(&self) -> &[u8] {
        match &self.numbers {
            Numbers::Rsa { n, .. } => n,
            Numbers::Ec { x, .. } | Numbers::Ed25519 { x } => x,
        }
    }

    /// Whether a signature of the one is a signature of the other, for the same issuer.
    fn is_same(&self, other: &Self) -> bool {
        (&self.issuer, &self.numbers) == (&other.issuer, &other.numbers)
    }

    fn thumbprint(&self, member: &str) -> Option<&str> {
        match member {
            "x5t" => self.x5t.as_deref(),
            "x5t#S256" => self.x5t_s256.as_deref(),
            _ => panic!("{member} is no thumbprint"),
        }
    }
}

/// The result of reading a JWK Set.
#[derive(Debug, PartialEq)]
pub struct Set {
    pub keys: Vec<Key>,
    pub skipped: Vec<Skipped>,
    /// Entries that repeat a usable key.
    pub repeated: usize,
}

/// An entry that is not used.
#[derive(Debug, PartialEq)]
pub struct Skipped {
    pub index: usize,
    pub kid: Option<String>,
    pub error: JwkError,
}

pub fn jwk_set(text: &[u8]) -> Result<Set, JwkSetError> {
    let members = json::object(text).map_err(|error| not_json(text, error))?;
    let entries = match get(&members, "keys") {
        None => return Err(without_keys(&members)),
        Some(Json::Array(entries)) => entries,
        Some(_) => return Err(JwkSetError::KeysType),
    };
    if entries.len() > 1000 {
        return Err(JwkSetError::TooManyKeys);
    }
    let mut set = Set { keys: Vec::new(), skipped: Vec::new(), repeated: 0 };
    let burnt: Vec<_> = entries.iter().flat_map(burnt).collect();
    for (index, entry) in entries.iter().enumerate() {
        let mut key =
            json::members(entry.clone()).map_err(JwkError::Json).and_then(|jwk| key(&jwk));
        if let Ok(usable) = &key {
            let number = stripped(usable.first_number());
            if let Some((_, member)) = burnt.iter().find(|(burnt, _)| *burnt == number) {
                key = Err(JwkError::PrivateKey { member });
            }
        }
        match key {
            Ok(key) if set.keys.contains(&key) => set.repeated += 1,
            Ok(key) => set.keys.push(key),
            Err(error) => {
                let kid = match entry {
                    Json::Object(members) => get(members, "kid").and_then(string),
                    _ => None,
                };
                set.skipped.push(Skipped { index, kid, error });
            }
        }
    }
    Ok(set)
}

fn not_json(bytes: &[u8], error: JsonError) -> JwkSetError {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let long_length = bytes.len() > 1 && (0x80..0x85).contains(&bytes[1]);
    let whole = bytes.len() > 1 && bytes.len() - 2 == usize::from(bytes[1]);
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return JwkSetError::Utf16;
    } else if bytes.starts_with(b"\xef\xbb\xbf") {
        return JwkSetError::ByteOrderMark;
    } else if bytes.starts_with(b"0") && (long_length || whole) {
        return JwkSetError::Der;
    } else if is_utf16_without_mark(bytes) {
        return JwkSetError::Utf16;
    } else if bytes.iter().all(u8::is_ascii_whitespace) {
        return JwkSetError::Empty;
    }
    let trimmed = text.trim_matches(SPACE);
    let inside = trimmed.strip_prefix('{').unwrap_or_default().trim_start_matches(SPACE);
    let escaped =
        inside.starts_with(r"\n") || inside.starts_with(r"\r") || inside.ends_with(r"}\n");
    match error {
        JsonError::Syntax if is_pem(text) && is_private_pem(text) => JwkSetError::PrivateKey,
        JsonError::Syntax if is_pem(text) => JwkSetError::Pem,
        JsonError::Syntax if json::has_two_objects(text) => JwkSetError::SeveralObjects,
        JsonError::Syntax if escaped => JwkSetError::EscapedLineBreaks,
        _ => JwkSetError::Json(error),
    }
}

/// Whether it begins with two ASCII characters in UTF-16.
fn is_utf16_without_mark(bytes: &[u8]) -> bool {
    let Some(start) = bytes.get(..4) else { return false };
    let units = |unit: fn([u8; 2]) -> u16| start.chunks(2).map(move |it| unit([it[0], it[1]]));
    [u16::from_le_bytes, u16::from_be_bytes]
        .into_iter()
        .any(|unit| units(unit).all(|unit| (1..=0x7f).contains(&unit)))
}

/// ASCII's white space.
const SPACE: [char; 5] = [' ', '\t', '\n', '\r', '\x0c'];

/// Whether a label between `-----BEGIN ` and the next dashes, on one line, is a private key's.
pub(crate) fn is_private_pem(text: &str) -> bool {
    text.match_indices("-----BEGIN ").any(|(at, begin)| {
        let line = text[at + begin.len()..].split(['\r', '\n']).next().unwrap_or_default();
        let label = line.find("-----").map_or(line, |dashes| &line[..dashes]);
        label.ends_with("PRIVATE KEY")
    })
}

fn without_keys(members: &Members) -> JwkSetError {
    let mut texts = members.iter().map(|(_, value)| string(value).unwrap_or_default());
    if texts.clone().any(|text| is_pem(&text) && is_private_pem(&text)) {
        return JwkSetError::PrivateKey;
    }
    if get(members, "kty").is_some() {
        let is_private = private_member(members).is_some() || get(members, "k").is_some();
        return if is_private { JwkSetError::PrivateKey } else { JwkSetError::KeyWithoutSet };
    }
    match !members.is_empty() && texts.all(|text| is_pem(&text)) {
        true => JwkSetError::PemByKeyId,
        false => JwkSetError::KeysMissing,
    }
}

fn is_pem(text: &str) -> bool {
    text.trim_start_matches(SPACE).starts_with("-----BEGIN ")
}

/// The numbers that an entry burns: every `n` and `x` in an entry with a private member. A burnt number
/// makes every entry that has it unusable. An entry with repeated members burns its numbers too.
fn burnt(entry: &Json) -> Vec<(Vec<u8>, &'static str)> {
    let Json::Object(members) = entry else { return Vec::new() };
    let Some(private) = private_member(members) else { return Vec::new() };
    let numbers = members.iter().filter(|(name, _)| name == "n" || name == "x");
    let texts = numbers.filter_map(|(_, value)| string(value));
    let decoded =
        texts.filter_map(|text| lenient(&text.replace([' ', '\t', '\n', '\r', '\x0c'], "")));
    decoded.map(|number| (stripped(&number).to_vec(), private)).collect()
}

impl Set {
    /// The one key for a token with this `kid` or without one. RSA keys without `alg` are for RS256.
    pub fn select(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<&Key, KeyError> {
        let mut fitting = self.of_algorithm(algorithm);
        fitting.retain(|key| kid.is_none() || key.kid.as_deref() == kid);
        only(&fitting)
    }

    /// The one key for a token without `kid` that has this member and text.
    pub fn select_by_thumbprint(
        &self,
        (member, text): (&str, &str),
        algorithm: Algorithm,
    ) -> Result<&Key, KeyError> {
        let fitting = self.of_algorithm(algorithm);
        let mut chosen = fitting.clone();
        if fitting.iter().any(|key| key.thumbprint(member).is_some()) {
            chosen.retain(|key| key.thumbprint(member) == Some(text));
        } else if fitting.iter().any(|key| key.kid.as_deref() == Some(text)) {
            chosen.retain(|key| key.kid.as_deref() == Some(text));
        }
        only(&chosen)
    }

    fn of_algorithm(&self, algorithm: Algorithm) -> Vec<&Key> {
        let fits = |key: &&Key| key.algorithm.unwrap_or(Algorithm::RS256) == algorithm;
        self.keys.iter().filter(fits).collect()
    }
}

fn only<'k>(fitting: &[&'k Key]) -> Result<&'k Key, KeyError> {
    match *fitting {
        [] => Err(KeyError::UnknownKey),
        [key, ref others @ ..] if others.iter().all(|other| other.is_same(key)) => Ok(key),
        _ => Err(KeyError::AmbiguousKey),
    }
}

fn key(jwk: &Members) -> Result<Key, JwkError> {
    let text = |member| match get(jwk, member) {
        None => Ok(None),
        Some(Json::String(string)) => Ok(Some(string.as_str())),
        Some(_) => Err(JwkError::MemberType { member }),
    };
    let required = |member| text(member)?.ok_or(JwkError::MemberMissing { member });
    let kty = required("kty")?;
    if kty == "oct" {
        return Err(JwkError::SharedSecret);
    }
    if !matches!(kty, "RSA" | "EC" | "OKP") {
        return Err(JwkError::KeyType);
    }
    if let Some(member) = private_member(jwk) {
        return Err(JwkError::PrivateKey { member });
    }
    if text("use")?.unwrap_or("sig") != "sig" {
        return Err(JwkError::NotForSignatures);
    }
    if let Some(operations) = get(jwk, "key_ops") {
        check_operations(operations)?;
    }
    let alg = match text("alg")? {
        None => None,
        Some(alg) => Some(algorithm(alg).ok_or(JwkError::AlgorithmNotAccepted)?),
    };
    let (kid, issuer) = (text("kid")?.map(String::from), text("issuer")?.map(String::from));
    let octets = |member| lenient(required(member)?).ok_or(JwkError::NotBase64url { member });
    let (algorithm, numbers) = match kty {
        "RSA" => {
            if alg.is_some_and(|alg| !alg.name().starts_with(['R', 'P'])) {
                return Err(JwkError::AlgorithmOfOtherKeyType);
            }
            let (n, e) = (octets("n")?, octets("e")?);
            let (n, e) = (stripped(&n).to_vec(), stripped(&e).to_vec());
            check_modulus(&n)?;
            check_exponent(&e)?;
            (alg, Numbers::Rsa { n, e })
        }
        "EC" => {
            let (curve, only) = match required("crv")? {
                "P-256" => (Curve::P256, Algorithm::ES256),
                "P-384" => (Curve::P384, Algorithm::ES384),
                _ => return Err(JwkError::Curve),
            };
            if alg.is_some_and(|alg| alg != only) {
                return Err(JwkError::AlgorithmOfOtherKeyType);
            }
            let (x, y) = (octets("x")?, octets("y")?);
            let x = padded("x", &x, curve.bytes())?;
            let y = padded("y", &y, curve.bytes())?;
            if !curves::is_on_curve(curve, &x, &y) {
                return Err(JwkError::NotOnCurve);
            }
            (Some(only), Numbers::Ec { curve, x, y })
        }
        _ => {
            if required("crv")? != "Ed25519" {
                return Err(JwkError::Curve);
            }
            if alg.is_some_and(|alg| alg != Algorithm::EdDSA) {
                return Err(JwkError::AlgorithmOfOtherKeyType);
            }
            let x = octets("x")?;
            check_length("x", &x, 32)?;
            curves::check_ed25519(&x)?;
            (Some(Algorithm::EdDSA), Numbers::Ed25519 { x })
        }
    };
    let thumbprint = |member| get(jwk, member).and_then(string);
    let (x5t, x5t_s256) = (thumbprint("x5t"), thumbprint("x5t#S256"));
    Ok(Key { kid, issuer, x5t, x5t_s256, algorithm, numbers })
}

fn check_operations(operations: &Json) -> Result<(), JwkError> {
    let Json::Array(operations) = operations else {
        return Err(JwkError::MemberType { member: "key_ops" });
    };
    let operations = json::strings(operations).ok_or(JwkError::MemberType { member: "key_ops" })?;
    for (index, operation) in operations.iter().enumerate() {
        if operations[..index].contains(operation) {
            return Err(JwkError::DuplicateKeyOperation);
        }
    }
    match operations.contains(&"verify") {
        true => Ok(()),
        false => Err(JwkError::NotForVerify),
    }
}

pub(crate) fn check_length(
    member: &'static str,
    octets: &[u8],
    expected: usize,
) -> Result<(), JwkError> {
    match octets.len() {
        bytes if bytes == expected => Ok(()),
        bytes => Err(JwkError::CoordinateLength { member, bytes, expected }),
    }
}

/// A coordinate in `expected` bytes, whatever zeros it is spelled with.
fn padded(member: &'static str, octets: &[u8], expected: usize) -> Result<Vec<u8>, JwkError> {
    let number = stripped(octets);
    let bytes = number.len();
    if octets.is_empty() || bytes > expected {
        return Err(JwkError::CoordinateLength { member, bytes, expected });
    }
    Ok([vec![0; expected - bytes].as_slice(), number].concat())
}

/// Whether these numbers without leading zeros are an RSA key.
pub(crate) fn is_rsa_key(n: &[u8], e: &[u8]) -> bool {
    check_modulus(n).is_ok() && check_exponent(e).is_ok()
}

pub(crate) fn check_modulus(n: &[u8]) -> Result<(), JwkError> {
    let info = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
    let is_info = n.starts_with(b"\x30\x82") && n.len() >= 4 && n[4..].starts_with(info);
    if is_info && usize::from(n[2]) * 256 + usize::from(n[3]) == n.len() - 4 {
        return Err(JwkError::ModulusIsPublicKeyInfo);
    }
    match bits(n) {
        bits if bits < 2048 => return Err(JwkError::ModulusTooSmall { bits }),
        bits if bits > 8192 => return Err(JwkError::ModulusTooLarge { bits }),
        _ if remainder(n, 2) == 0 => return Err(JwkError::ModulusEven),
        _ => {}
    }
    if let Some(factor) = (3..1000).find(|factor| remainder(n, *factor) == 0) {
        return Err(JwkError::ModulusSmallFactor { factor });
    }
    match is_roca(n) {
        true => Err(JwkError::ModulusRoca),
        false => Ok(()),
    }
}

pub(crate) fn check_exponent(e: &[u8]) -> Result<(), JwkError> {
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

pub(crate) fn private_member(jwk: &Members) -> Option<&'static str> {
    let private = ["d", "p", "q", "dp", "dq", "qi", "oth"];
    jwk.iter().find_map(|(name, _)| private.into_iter().find(|member| name == member))
}

fn string(value: &Json) -> Option<String> {
    match value {
        Json::String(string) => Some(string.clone()),
        _ => None,
    }
}

/// Decodes a number in base64url or base64, with or without padding.
fn lenient(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    let room = (4 - digits.len() % 4) % 4;
    if text.len() - digits.len() > room {
        return None;
    }
    let standard = |byte: &u8| ALPHABET[..62].contains(byte) || b"+/".contains(byte);
    match digits.as_bytes().iter().all(standard) {
        true => base64url(&digits.replace('+', "-").replace('/', "_")),
        false => base64url(digits),
    }
}

fn stripped(number: &[u8]) -> &[u8] {
    match number {
        [0, rest @ ..] => stripped(rest),
        number => number,
    }
}

fn bits(number: &[u8]) -> usize {
    let bits = number.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
    bits.skip_while(|bit| *bit == 0).count()
}

fn remainder(number: &[u8], divisor: u32) -> u32 {
    number.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % divisor)
}

/// CVE-2017-15361: `n` is a power of 65537 modulo each of the small primes.
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
