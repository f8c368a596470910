//! A token builder: valid unless changed. RFC 7515 section 7.1.

use alloc::{
    format,
    string::{String, ToString as _},
    vec,
    vec::Vec,
};
use core::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::{
    Algorithm, UnixTime,
    login::half_hash,
    possession::Confirmation,
    testkit::{AUDIENCE, CLIENT_ID, TestKey},
};

/// A builder of tokens, from [`Issuer::token_at`](super::Issuer::token_at), and of proofs, from
/// [`DpopClient::proof_at`](super::DpopClient::proof_at).
///
/// Unchanged, it makes a token as Auth0 issues it to a user's application for an API, about 840
/// bytes: header `alg`, `typ`, `kid`; claims `iss`, `sub`, `aud`, `iat`, `exp`, `azp`, `scope`,
/// `permissions`, in this order. Members keep their order; new ones go to the end.
///
/// There are three levels, and the outer one wins whatever the order of the calls: members
/// ([`header`](Self::header), [`claim`](Self::claim), ...), then whole segments
/// ([`raw_header`](Self::raw_header), [`payload_segment`](Self::payload_segment), ...), then the
/// [`signing_input`](Self::signing_input). Within a level the last call wins.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `mint` is called"]
pub struct TokenBuilder {
    signer: TestKey,
    /// Whether `alg` follows the signer.
    alg_follows: bool,
    header: OrderedMembers,
    claims: OrderedMembers,
    header_segment: Option<String>,
    payload_segment: Option<String>,
    signing_input: Option<String>,
    signature_form: SignatureForm,
    signature_segment: Option<String>,
}

/// How a real signature is written.
#[derive(Clone, Copy, Debug)]
enum SignatureForm {
    /// As its algorithm says: an ECDSA signature is `r` followed by `s`. RFC 7518 section 3.4.
    Jws,
    /// An ECDSA signature in ASN.1, as TLS has it.
    Der,
}

impl TokenBuilder {
    pub(super) fn new(issuer: &str, signer: &TestKey, now: UnixTime) -> Self {
        let user_info = format!("{}/userinfo", issuer.trim_end_matches('/'));
        Self::bare(issuer, signer)
            .audience([AUDIENCE, &user_info])
            .claim("iat", now.as_secs())
            .expires_at(UnixTime::from_secs(now.as_secs().saturating_add(LIFETIME)))
            .claim("azp", CLIENT_ID)
            .scope("openid profile email read:messages")
            .permissions(["read:messages"])
    }

    /// An ID token as Auth0 issues it.
    pub(super) fn for_login(
        issuer: &str,
        client_id: &str,
        signer: &TestKey,
        now: UnixTime,
    ) -> Self {
        Self::bare(issuer, signer)
            .audience(client_id)
            .claim("iat", now.as_secs())
            .expires_at(UnixTime::from_secs(now.as_secs().saturating_add(LOGIN_LIFETIME)))
    }

    /// A token that names its issuer and its subject.
    fn bare(issuer: &str, signer: &TestKey) -> Self {
        Self::empty(signer)
            .named_algorithm(signer)
            .header("typ", "JWT")
            .header("kid", signer.kid())
            .issuer(issuer)
            .subject("auth0|64b7f1c2a9d3e8f0b5c6a7d8")
    }

    /// A proof without claims. RFC 9449 section 4.2.
    pub(super) fn for_proof(signer: &TestKey) -> Self {
        Self::empty(signer)
            .header("typ", "dpop+jwt")
            .named_algorithm(signer)
            .header("jwk", signer.bare_jwk())
    }

    fn empty(signer: &TestKey) -> Self {
        Self {
            signer: signer.clone(),
            alg_follows: true,
            header: OrderedMembers(vec![]),
            claims: OrderedMembers(vec![]),
            header_segment: None,
            payload_segment: None,
            signing_input: None,
            signature_form: SignatureForm::Jws,
            signature_segment: None,
        }
    }

    /// Signs with `key`. `kid` becomes its name, and `alg` its algorithm unless `alg` was set or
    /// left out.
    pub fn key(self, key: &TestKey) -> Self {
        self.forged_by(key).named_algorithm(key).header("kid", key.kid())
    }

    /// Signs with `key`, but leaves `kid` and `alg` as they are.
    pub fn forged_by(mut self, key: &TestKey) -> Self {
        self.signer = key.clone();
        self
    }

    /// Signs with another RSA algorithm than the key's, but leaves `alg` as it is. For a valid token,
    /// pass [`TestKey::with_algorithm`] to [`key`](Self::key).
    ///
    /// # Panics
    ///
    /// As [`TestKey::with_algorithm`].
    pub fn forged_as(mut self, algorithm: Algorithm) -> Self {
        self.signer = self.signer.with_algorithm(algorithm);
        self
    }

    fn named_algorithm(mut self, key: &TestKey) -> Self {
        if self.alg_follows {
            self.header.set("alg", Member::Value(key.algorithm().name().into()));
        }
        self
    }

    /// Sets the header member `name`.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.alg_follows &= name != "alg";
        self.header.set(name, Member::Value(value.into()));
        self
    }

    /// Leaves the header member `name` out.
    pub fn without_header(mut self, name: &str) -> Self {
        self.alg_follows &= name != "alg";
        self.header.remove(name);
        self
    }

    /// Sets the claim `name`.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.set(name, Member::Value(value.into()));
        self
    }

    /// Sets the claim `name` to this JSON text, which is written as it is: `1e400` and `1.0` are not
    /// what a [`Value`] would be.
    pub fn raw_claim(mut self, name: &str, json: impl Into<String>) -> Self {
        self.claims.set(name, Member::Text(json.into()));
        self
    }

    /// Leaves the claim `name` out.
    pub fn without_claim(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Sets `cnf`: the token is bound to this key or certificate, or to both. RFC 9449 section 6.1,
    /// RFC 8705 section 3.1.
    ///
    /// [`DpopClient::confirmation`](super::DpopClient::confirmation) is a client's. Any 32 bytes will do for a
    /// certificate: [`ClientCertificate::from_sha256`](crate::possession::ClientCertificate::from_sha256).
    pub fn bound_to(self, confirmation: &Confirmation) -> Self {
        let jkt = confirmation.jkt().map(|thumbprint| ("jkt", thumbprint));
        let certificate = confirmation.certificate().map(|thumbprint| ("x5t#S256", thumbprint));
        let members = jkt.into_iter().chain(certificate);
        let members =
            members.map(|(name, thumbprint)| (String::from(name), thumbprint.to_string()));
        self.claim("cnf", Value::from_iter(members))
    }

    /// Sets the claim `name` to the hash of `value` by the algorithm of the key: `at_hash` to that of an
    /// access token, `c_hash` to that of a code. OpenID Connect Core section 3.1.3.6.
    ///
    /// Call this after [`key`](Self::key).
    pub fn hash_claim(self, name: &str, value: &str) -> Self {
        let half = half_hash(value, self.signer.algorithm());
        self.claim(name, URL_SAFE_NO_PAD.encode(half))
    }

    /// Sets `iss`.
    pub fn issuer(self, issuer: impl Into<Value>) -> Self {
        self.claim("iss", issuer)
    }

    /// Sets `sub`.
    pub fn subject(self, subject: impl Into<Value>) -> Self {
        self.claim("sub", subject)
    }

    /// Sets `aud`, to a string or to an array of them: `"a"` or `["a", "b"]`.
    pub fn audience(self, audience: impl Into<Value>) -> Self {
        self.claim("aud", audience)
    }

    /// Sets `exp`: the token is refused from this second on.
    pub fn expires_at(self, time: UnixTime) -> Self {
        self.claim("exp", time.as_secs())
    }

    /// Sets `scope`, names with single spaces between them: `"openid email"`. RFC 8693 section 4.2.
    pub fn scope(self, scope: impl Into<Value>) -> Self {
        self.claim("scope", scope)
    }

    /// Sets Auth0's `permissions`, an array of names: `["read:messages"]`.
    pub fn permissions(self, permissions: impl Into<Value>) -> Self {
        self.claim("permissions", permissions)
    }

    /// Uses `header` as the JOSE header, JSON or not, and encodes it.
    pub fn raw_header(self, header: impl Into<Vec<u8>>) -> Self {
        self.header_segment(URL_SAFE_NO_PAD.encode(header.into()))
    }

    /// Uses `payload` as the payload, JSON or not, and encodes it.
    pub fn raw_payload(self, payload: impl Into<Vec<u8>>) -> Self {
        self.payload_segment(URL_SAFE_NO_PAD.encode(payload.into()))
    }

    /// Uses `segment` as the first segment, base64url or not.
    pub fn header_segment(mut self, segment: impl Into<String>) -> Self {
        self.header_segment = Some(segment.into());
        self
    }

    /// Uses `segment` as the second segment, base64url or not.
    pub fn payload_segment(mut self, segment: impl Into<String>) -> Self {
        self.payload_segment = Some(segment.into());
        self
    }

    /// Uses `text` as everything before the last period, and signs that.
    pub fn signing_input(mut self, text: impl Into<String>) -> Self {
        self.signing_input = Some(text.into());
        self
    }

    /// Uses `signature` in place of a real one, and encodes it.
    pub fn signature(self, signature: impl Into<Vec<u8>>) -> Self {
        self.signature_segment(URL_SAFE_NO_PAD.encode(signature.into()))
    }

    /// Uses `segment` as the last segment, base64url or not.
    pub fn signature_segment(mut self, segment: impl Into<String>) -> Self {
        self.signature_segment = Some(segment.into());
        self
    }

    /// Writes the ECDSA signature in DER, as TLS has it and JWS does not. RFC 7518 section 3.4.
    ///
    /// # Panics
    ///
    /// [`mint`](Self::mint) does, if the key is for another algorithm.
    pub fn signature_in_der(mut self) -> Self {
        self.signature_form = SignatureForm::Der;
        self
    }

    /// The header members as JSON text. To alter them, pass the new text to
    /// [`raw_header`](Self::raw_header).
    pub fn header_json(&self) -> String {
        self.header.to_json()
    }

    /// The claims as JSON text. To alter them, pass the new text to
    /// [`raw_payload`](Self::raw_payload).
    pub fn payload_json(&self) -> String {
        self.claims.to_json()
    }

    /// The token, in compact serialization. The builder can be changed and minted again. RFC 7515
    /// section 7.1.
    ///
    /// # Panics
    ///
    /// As [`TestKey::sign`], unless the signature was set.
    pub fn mint(&self) -> String {
        let signing_input = self.signing_input.clone().unwrap_or_else(|| self.two_segments());
        let sign = || match self.signature_form {
            SignatureForm::Jws => self.signer.sign(signing_input.as_bytes()),
            SignatureForm::Der => self.signer.sign_in_der(signing_input.as_bytes()),
        };
        let signature_segment =
            self.signature_segment.clone().unwrap_or_else(|| URL_SAFE_NO_PAD.encode(sign()));
        format!("{signing_input}.{signature_segment}")
    }

    fn two_segments(&self) -> String {
        let encode = |json: String| URL_SAFE_NO_PAD.encode(json);
        let header = self.header_segment.clone().unwrap_or_else(|| encode(self.header_json()));
        let payload = self.payload_segment.clone().unwrap_or_else(|| encode(self.payload_json()));
        format!("{header}.{payload}")
    }
}

/// A JSON object that keeps its members in order. serde_json's map does so only with the feature
/// `preserve_order`.
#[derive(Clone, Debug)]
struct OrderedMembers(Vec<(String, Member)>);

/// A member's value, or the JSON text to write for it.
#[derive(Clone, Debug)]
enum Member {
    Value(Value),
    Text(String),
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => value.fmt(f),
            Self::Text(json) => f.write_str(json),
        }
    }
}

impl OrderedMembers {
    fn set(&mut self, name: &str, value: Member) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some(member) => member.1 = value,
            None => self.0.push((name.into(), value)),
        }
    }

    fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
    }

    fn to_json(&self) -> String {
        let members: Vec<String> = self
            .0
            .iter()
            .map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())))
            .collect();
        format!("{{{}}}", members.join(","))
    }
}

/// Auth0's default for an API: a day, in seconds.
const LIFETIME: u64 = 86_400;

/// Auth0's default for ID tokens: ten hours, in seconds.
const LOGIN_LIFETIME: u64 = 36_000;
