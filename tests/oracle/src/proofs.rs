//! A second implementation of the rules of DPoP proofs, from RFC 9449 and the documentation of the crate's
//! module `possession`, slow and simple.

use ring::digest::{SHA256, digest};
use tokenring::{
    Algorithm, JwkError,
    possession::{ConfirmationError, ProofError},
};

use crate::{
    curves::{self, Curve},
    json::{self, Json, Members, get},
    keys::{self, Numbers},
    times::Time,
    tokens::{self, base64url},
    uris::{self, Comparison, Uri},
};

/// What a service demands.
#[derive(Clone, Copy, Debug)]
pub struct Service<'s> {
    pub origin: &'s Uri,
    pub algorithms: &'s [Algorithm],
    pub max_age: u64,
    pub ahead: u64,
    /// If nonces are on: some that were issued, each with the number of its minute.
    pub nonces: Option<&'s [(u64, String)]>,
}

/// A request, its token, and the time.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    pub method: &'r str,
    pub target: &'r str,
    /// The values of the field `DPoP`.
    pub proofs: &'r [&'r [u8]],
    /// The SHA-256 of the client's certificate.
    pub certificate: Option<[u8; 32]>,
    pub token: &'r str,
    pub jkt: Option<[u8; 32]>,
    pub x5t_s256: Option<[u8; 32]>,
    pub leeway: u64,
    pub now: u64,
}

/// The only good signature, and who made it over what.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'s> {
    pub input: &'s str,
    pub signature: &'s [u8],
    pub algorithm: Algorithm,
    pub numbers: &'s Numbers,
}

/// A proof that is good for one request.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    pub thumbprint: [u8; 32],
    pub algorithm: Algorithm,
    /// No second proof has this key, URI and `jti`.
    pub name: ([u8; 32], Uri, String),
    /// The first second at which it is no longer accepted.
    pub end: u64,
    /// Whether the client needs a newer nonce.
    pub is_nonce_old: bool,
}

/// Why a proof is refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    Exactly(ProofError),
    /// `htu` is malformed, in any way.
    MalformedTarget,
    /// The target of the request is malformed, in any way.
    RequestTarget,
}

impl Fault {
    /// Whether `found` is this fault.
    pub fn is(self, found: ProofError) -> bool {
        match (self, found) {
            (Self::MalformedTarget, ProofError::MalformedTarget(_))
            | (Self::RequestTarget, ProofError::RequestTarget(_)) => true,
            (Self::Exactly(ProofError::HeaderJson(expected)), ProofError::HeaderJson(found))
            | (Self::Exactly(ProofError::PayloadJson(expected)), ProofError::PayloadJson(found)) => {
                tokens::same_fault(found, expected)
            }
            (Self::Exactly(expected), found) => expected == found,
            _ => false,
        }
    }
}

impl From<ProofError> for Fault {
    fn from(error: ProofError) -> Self {
        Self::Exactly(error)
    }
}

/// The verdict about a request, but for whether its proof has been used.
pub fn verdict(
    service: &Service<'_>,
    request: &Request<'_>,
    signed: &Signed<'_>,
) -> Result<Accepted, Fault> {
    let text = only(request.proofs)?;
    let segments: Vec<&str> = text.split('.').collect();
    let [header, payload, signature] = segments.as_slice() else {
        return Err(ProofError::SegmentCount { found: segments.len() }.into());
    };
    for (segment, name) in [(header, "header"), (payload, "payload"), (signature, "signature")] {
        if segment.is_empty() {
            return Err(ProofError::EmptySegment { segment: name }.into());
        }
    }
    let header = read_header(header)?;
    let (algorithm, key) = check_header(&header, service)?;
    let thumbprint = key.thumbprint();
    // Before anything that costs something.
    if request.jkt.ok_or(ProofError::NotBound)? != thumbprint {
        return Err(ProofError::OtherKey.into());
    }
    match (request.x5t_s256, request.certificate) {
        (Some(_), None) => return Err(ProofError::CertificateMissing.into()),
        (Some(bound), Some(shown)) if bound != shown => {
            return Err(ProofError::OtherCertificate.into());
        }
        _ => {}
    }
    key.check_numbers()?;
    let payload = base64url(payload).ok_or(ProofError::NotBase64url { segment: "payload" })?;
    let claims = json::object(&payload).map_err(ProofError::PayloadJson)?;
    let (uri, jti, iat) = check_claims(&claims, service, request)?;
    let (end, is_nonce_old) = match service.nonces {
        Some(issued) => {
            let minute = check_nonce(&claims, issued, request.now)?;
            ((minute + 3) * 60, minute != request.now / 60)
        }
        None => (iat.rounded_down().saturating_add(service.max_age).saturating_add(1), false),
    };
    // Longer than any signature, so it is not decoded.
    if signature.len() * 6 / 8 > 512 {
        return Err(ProofError::BadSignature.into());
    }
    let bytes = base64url(signature).ok_or(ProofError::NotBase64url { segment: "signature" })?;
    let is_of_input = text.rsplit_once('.').is_some_and(|(input, _)| input == signed.input);
    let is_of_key = *signed.numbers == key.numbers && signed.algorithm == algorithm;
    if !is_of_input || !is_of_key || bytes != signed.signature {
        return Err(ProofError::BadSignature.into());
    }
    Ok(Accepted { thumbprint, algorithm, name: (thumbprint, uri, jti), end, is_nonce_old })
}

/// RFC 9449 section 4.3, step 1.
fn only<'p>(proofs: &[&'p [u8]]) -> Result<&'p str, ProofError> {
    let proof = match proofs {
        [] => return Err(ProofError::Missing),
        [proof] => *proof,
        _ => return Err(ProofError::Several),
    };
    if proof.len() > 8192 {
        return Err(ProofError::TooLong { bytes: proof.len() });
    }
    if proof.contains(&b',') {
        return Err(ProofError::Several);
    }
    std::str::from_utf8(proof).map_err(|_| ProofError::NotAscii)
}

fn read_header(segment: &str) -> Result<Members, ProofError> {
    let bytes = segment.len() * 6 / 8;
    if bytes > 4096 {
        return Err(ProofError::HeaderTooLong { bytes });
    }
    let bytes = base64url(segment).ok_or(ProofError::NotBase64url { segment: "header" })?;
    let header = json::small_object(&bytes, 64).map_err(ProofError::HeaderJson)?;
    for (name, _) in &header {
        for parameter in ["crit", "b64", "zip", "enc", "cty"] {
            if name == parameter {
                return Err(ProofError::HeaderForbidden { parameter });
            }
        }
    }
    Ok(header)
}

/// RFC 9449 section 4.3, steps 4, 5 and 7.
fn check_header(header: &Members, service: &Service<'_>) -> Result<(Algorithm, Key), ProofError> {
    let string = |parameter| match get(header, parameter) {
        None => Err(ProofError::HeaderMissing { parameter }),
        Some(Json::String(string)) => Ok(string.as_str()),
        Some(_) => Err(ProofError::HeaderType { parameter }),
    };
    let typ = string("typ")?.to_ascii_lowercase();
    if !["dpop+jwt", "application/dpop+jwt"].contains(&typ.as_str()) {
        return Err(ProofError::WrongType);
    }
    let algorithm = tokens::algorithm(string("alg")?)
        .filter(|algorithm| service.algorithms.contains(algorithm))
        .ok_or(ProofError::AlgorithmNotAccepted)?;
    match get(header, "jwk") {
        None => Err(ProofError::HeaderMissing { parameter: "jwk" }),
        Some(jwk @ Json::Object(_)) => Ok((algorithm, Key::read(jwk, algorithm)?)),
        Some(_) => Err(ProofError::HeaderType { parameter: "jwk" }),
    }
}

/// The key of a proof, and its texts.
struct Key {
    numbers: Numbers,
    texts: Vec<(&'static str, String)>,
}

impl Key {
    fn read(jwk: &Json, algorithm: Algorithm) -> Result<Self, ProofError> {
        let jwk = json::members(jwk.clone()).map_err(|error| of_key(JwkError::Json(error)))?;
        let text = |member| match get(&jwk, member) {
            None => Ok(None),
            Some(Json::String(string)) => Ok(Some(string.clone())),
            Some(_) => Err(of_key(JwkError::MemberType { member })),
        };
        let required = |member| text(member)?.ok_or(of_key(JwkError::MemberMissing { member }));
        let kty = required("kty")?;
        if kty == "oct" {
            return Err(of_key(JwkError::SharedSecret));
        }
        if let Some(member) = keys::private_member(&jwk).or_else(|| get(&jwk, "k").map(|_| "k")) {
            return Err(of_key(JwkError::PrivateKey { member }));
        }
        if text("use")?.is_some_and(|usage| usage != "sig") {
            return Err(of_key(JwkError::NotForSignatures));
        }
        if text("alg")?.is_some_and(|alg| tokens::algorithm(&alg) != Some(algorithm)) {
            return Err(ProofError::KeyForOtherAlgorithm);
        }
        let octets = |member| {
            let octets = base64url(&required(member)?);
            octets.ok_or(of_key(JwkError::NotBase64url { member }))
        };
        let of_length = |member, length| {
            let octets = octets(member)?;
            keys::check_length(member, &octets, length).map_err(of_key).map(|()| octets)
        };
        let is_for = |family: &[&str]| match family.contains(&algorithm.name()) {
            true => Ok(()),
            false => Err(ProofError::KeyForOtherAlgorithm),
        };
        match kty.as_str() {
            "RSA" => {
                is_for(&["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])?;
                let texts = vec![("e", required("e")), ("kty", Ok(kty)), ("n", required("n"))];
                // `n` is looked at before `e`.
                required("n")?;
                let texts = all(texts)?;
                let numbers = ["n", "e"].map(|member| match octets(member) {
                    Ok(octets) if octets.starts_with(&[0]) => {
                        Err(ProofError::KeyZeroInFront { member })
                    }
                    octets => octets,
                });
                let [n, e] = numbers;
                Ok(Self { numbers: Numbers::Rsa { n: n?, e: e? }, texts })
            }
            "EC" => {
                let crv = required("crv")?;
                let (curve, name) = match crv.as_str() {
                    "P-256" => (Curve::P256, "ES256"),
                    "P-384" => (Curve::P384, "ES384"),
                    _ => return Err(of_key(JwkError::Curve)),
                };
                is_for(&[name])?;
                let texts = vec![
                    ("crv", Ok(crv)),
                    ("kty", Ok(kty)),
                    ("x", required("x")),
                    ("y", required("y")),
                ];
                let texts = all(texts)?;
                let (x, y) = (of_length("x", curve.bytes())?, of_length("y", curve.bytes())?);
                Ok(Self { numbers: Numbers::Ec { curve, x, y }, texts })
            }
            "OKP" => {
                let crv = required("crv")?;
                if crv != "Ed25519" {
                    return Err(of_key(JwkError::Curve));
                }
                is_for(&["EdDSA"])?;
                let texts = all(vec![("crv", Ok(crv)), ("kty", Ok(kty)), ("x", required("x"))])?;
                Ok(Self { numbers: Numbers::Ed25519 { x: of_length("x", 32)? }, texts })
            }
            _ => Err(of_key(JwkError::KeyType)),
        }
    }

    /// RFC 7638 section 3. No text here has a character that JSON escapes.
    fn thumbprint(&self) -> [u8; 32] {
        let members: Vec<String> =
            self.texts.iter().map(|(name, text)| format!("\"{name}\":\"{text}\"")).collect();
        sha256(format!("{{{}}}", members.join(",")).as_bytes())
    }

    /// Whether a point is on its curve is for the signature to find out.
    fn check_numbers(&self) -> Result<(), ProofError> {
        match &self.numbers {
            Numbers::Rsa { n, .. } if n.len() > 512 => {
                Err(ProofError::ModulusTooLarge { bytes: n.len() })
            }
            Numbers::Rsa { n, e } => keys::check_modulus(n)
                .and_then(|()| keys::check_exponent(e))
                .map_err(ProofError::KeyNumbers),
            Numbers::Ec { .. } => Ok(()),
            Numbers::Ed25519 { x } => curves::check_ed25519(x).map_err(ProofError::KeyNumbers),
        }
    }
}

/// The thumbprint of the key in a proof's header, if there is one.
pub fn thumbprint_in(header: &[u8]) -> Option<[u8; 32]> {
    let header = json::object(header).ok()?;
    let Some(Json::String(alg)) = get(&header, "alg") else { return None };
    let key = Key::read(get(&header, "jwk")?, tokens::algorithm(alg)?).ok()?;
    Some(key.thumbprint())
}

/// The public numbers in a JWK.
pub fn numbers(jwk: &[u8], algorithm: Algorithm) -> Result<Numbers, ProofError> {
    let members = json::object(jwk).map_err(|error| of_key(JwkError::Json(error)))?;
    Ok(Key::read(&Json::Object(members), algorithm)?.numbers)
}

fn of_key(error: JwkError) -> ProofError {
    ProofError::Key(error)
}

/// All of the texts, or the first fault.
fn all(
    texts: Vec<(&'static str, Result<String, ProofError>)>,
) -> Result<Vec<(&'static str, String)>, ProofError> {
    texts.into_iter().map(|(name, text)| Ok((name, text?))).collect()
}

/// RFC 9449 section 4.3, steps 3, 8, 9, 11 and 12.
fn check_claims(
    claims: &Members,
    service: &Service<'_>,
    request: &Request<'_>,
) -> Result<(Uri, String, Time), Fault> {
    let string = |claim| match get(claims, claim) {
        None => Err(ProofError::ClaimMissing { claim }),
        Some(Json::String(string)) => Ok(string.as_str()),
        Some(_) => Err(ProofError::ClaimType { claim }),
    };
    let time = |claim| match get(claims, claim) {
        None => Ok(None),
        Some(Json::Number(number)) => Ok(Some(Time::of(number))),
        Some(_) => Err(ProofError::ClaimType { claim }),
    };
    if string("htm")? != request.method {
        return Err(ProofError::WrongMethod.into());
    }
    match uris::compare(string("htu")?, request.target, service.origin) {
        Comparison::Equal => {}
        Comparison::Malformed => return Err(Fault::MalformedTarget),
        Comparison::BadRequest => return Err(Fault::RequestTarget),
        Comparison::OtherOrigin => return Err(ProofError::RequestOfOtherOrigin.into()),
        Comparison::Differs(part) => return Err(ProofError::WrongTarget { part }.into()),
    }
    let uri = uris::of_request(request.target, service.origin).expect("it was compared");
    if base64url(string("ath")?).as_deref() != Some(&sha256(request.token.as_bytes())) {
        return Err(ProofError::WrongAccessTokenHash.into());
    }
    let jti = string("jti")?;
    if jti.is_empty() || jti.len() > 256 {
        return Err(ProofError::IdentifierLength { bytes: jti.len() }.into());
    }
    let (now, leeway) = (request.now, request.leeway);
    if let Some(exp) = time("exp")?.map(Time::rounded_up) {
        if u128::from(now) >= u128::from(exp) + u128::from(leeway) {
            return Err(ProofError::Expired { exp, now }.into());
        }
    }
    if let Some(nbf) = time("nbf")?.map(Time::rounded_up) {
        if u128::from(now) + u128::from(leeway) < u128::from(nbf) {
            return Err(ProofError::NotYetValid { nbf, now }.into());
        }
    }
    let iat = time("iat")?.ok_or(ProofError::ClaimMissing { claim: "iat" })?;
    if service.nonces.is_none() {
        let (down, up) = (iat.rounded_down(), iat.rounded_up());
        // A part of a second does not make an old proof younger.
        if iat.is_before || u128::from(down) + u128::from(service.max_age) < u128::from(now) {
            return Err(ProofError::TooOld { iat: down, now }.into());
        }
        if u128::from(up) > u128::from(now) + u128::from(service.ahead) {
            return Err(ProofError::FromFuture { iat: up, now }.into());
        }
    }
    Ok((uri, jti.into(), iat))
}

/// The minute in which the proof's nonce was issued. RFC 9449 section 4.3, step 10.
fn check_nonce(claims: &Members, issued: &[(u64, String)], now: u64) -> Result<u64, ProofError> {
    let nonce = match get(claims, "nonce") {
        None => return Err(ProofError::NonceMissing),
        Some(Json::String(nonce)) => nonce,
        Some(_) => return Err(ProofError::ClaimType { claim: "nonce" }),
    };
    let (minute, _) =
        issued.iter().find(|(_, text)| text == nonce).ok_or(ProofError::UnknownNonce)?;
    let current = now / 60;
    match (*minute..=minute + 2).contains(&current) {
        true => Ok(*minute),
        false => Err(ProofError::StaleNonce),
    }
}

/// The members `jkt` and `x5t#S256` of a claim `cnf`. RFC 9449 section 6.1, RFC 8705 section 3.1.
pub fn confirmation(cnf: &[u8]) -> Result<[Option<[u8; 32]>; 2], ConfirmationError> {
    let members = json::object(cnf).map_err(ConfirmationError::Json)?;
    let names = ["jkt", "x5t#S256"];
    if members.is_empty() {
        return Err(ConfirmationError::Empty);
    }
    if names.iter().all(|name| get(&members, name).is_none()) {
        return Err(ConfirmationError::NotSupported);
    }
    let [jkt, x5t_s256] = names.map(|member| match get(&members, member) {
        None => Ok(None),
        Some(Json::String(text)) => match base64url(text).map(<[u8; 32]>::try_from) {
            Some(Ok(thumbprint)) => Ok(Some(thumbprint)),
            _ => Err(ConfirmationError::NotThumbprint { member }),
        },
        Some(_) => Err(ConfirmationError::MemberType { member }),
    });
    Ok([jkt?, x5t_s256?])
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().try_into().expect("32 bytes")
}
