//! The building blocks of the cases.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use tokenring::{
    Algorithm,
    testkit::{AUDIENCE, ISSUER, TestKey},
};

/// In the tokens and key sets, and in no verdict.
pub const MARKER: &str = "MARKER";

/// Nested arrays.
pub fn arrays(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The builder of a short token: header and claims as JSON texts, member by member.
#[derive(Clone)]
pub struct Token {
    key: TestKey,
    header: Vec<(String, String)>,
    claims: Vec<(String, String)>,
}

impl Token {
    /// A good token of `key`.
    pub fn of(key: &TestKey) -> Self {
        Self {
            key: key.clone(),
            header: members(&[
                ("alg", quoted(key.algorithm().name())),
                ("typ", quoted("JWT")),
                ("kid", quoted(key.kid())),
            ]),
            claims: members(&[
                ("iss", quoted(ISSUER)),
                ("aud", quoted(AUDIENCE)),
                ("exp", (crate::case::NOW + 3600).to_string()),
                ("sub", quoted(MARKER)),
            ]),
        }
    }

    /// A good DPoP proof of `key`, for `GET https://api.example.com/v1/users` and
    /// [`ACCESS_TOKEN`](crate::proofs::ACCESS_TOKEN).
    pub fn proof(key: &TestKey) -> Self {
        Self {
            key: key.clone(),
            header: members(&[
                ("typ", quoted("dpop+jwt")),
                ("alg", quoted(key.algorithm().name())),
                ("jwk", crate::proofs::public(key).to_string()),
            ]),
            claims: members(&[
                ("jti", quoted(MARKER)),
                ("htm", quoted("GET")),
                ("htu", quoted("https://api.example.com/v1/users")),
                ("iat", crate::case::NOW.to_string()),
                ("ath", quoted(&crate::proofs::sha256(crate::proofs::ACCESS_TOKEN))),
            ]),
        }
    }

    pub fn for_algorithm(algorithm: Algorithm) -> Self {
        Self::of(&TestKey::for_algorithm(algorithm))
    }

    /// Sets a header parameter, JSON text.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        set(&mut self.header, name, value.into());
        self
    }

    pub fn without_header(mut self, name: &str) -> Self {
        self.header.retain(|(known, _)| known != name);
        self
    }

    /// Sets a claim, JSON text.
    pub fn claim(mut self, name: &str, value: impl Into<String>) -> Self {
        set(&mut self.claims, name, value.into());
        self
    }

    pub fn without_claim(mut self, name: &str) -> Self {
        self.claims.retain(|(known, _)| known != name);
        self
    }

    /// Signs with `key` while the header still names the other key.
    pub fn forged_by(mut self, key: &TestKey) -> Self {
        self.key = key.clone();
        self
    }

    pub fn signing_input(&self) -> String {
        let [header, claims] = [&self.header, &self.claims].map(|members| base64url(json(members)));
        format!("{header}.{claims}")
    }

    pub fn signature(&self) -> Vec<u8> {
        self.key.sign(self.signing_input().as_bytes())
    }

    pub fn mint(&self) -> String {
        self.with_signature(self.signature())
    }

    /// The token with other bytes in place of its signature.
    pub fn with_signature(&self, signature: impl AsRef<[u8]>) -> String {
        format!("{}.{}", self.signing_input(), base64url(signature))
    }
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

fn members(members: &[(&str, String)]) -> Vec<(String, String)> {
    members.iter().map(|(name, value)| ((*name).into(), value.clone())).collect()
}

fn set(members: &mut Vec<(String, String)>, name: &str, value: String) {
    match members.iter_mut().find(|(known, _)| known == name) {
        Some(member) => member.1 = value,
        None => members.push((name.into(), value)),
    }
}

fn json(members: &[(String, String)]) -> String {
    let members: Vec<String> =
        members.iter().map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
    format!("{{{}}}", members.join(","))
}
