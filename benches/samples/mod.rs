//! What the benches time: tokens that are accepted, and ring's part of the same work.
#![allow(dead_code, reason = "each bench uses a part of it")]

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use tokenring::{
    JwkSet, Policy, UnixTime, Verified, Verifier, VerifyError,
    testkit::{AUDIENCE, ISSUER, Issuer, TestKey, TokenBuilder},
};

pub(crate) const NOW: UnixTime = UnixTime::from_secs(1_750_000_000);
pub(crate) const EXPIRES_AT: UnixTime = UnixTime::from_secs(1_750_086_400);

/// A token, the verifier that accepts it, and what ring needs to verify its signature alone.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) token: String,
    pub(crate) keys: JwkSet,
    pub(crate) verifier: Verifier<JwkSet>,
    raw_key: RsaPublicKeyComponents<Vec<u8>>,
    raw_signature: Vec<u8>,
}

impl Sample {
    /// `token` has to be signed with `key`, a key of `issuer`.
    fn new(name: &'static str, issuer: &Issuer, key: &TestKey, token: &TokenBuilder) -> Self {
        let (token, jwk) = (token.mint(), key.jwk());
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let member = |name: &str| decode(jwk.get(name).unwrap().as_str().unwrap());
        let raw_key = RsaPublicKeyComponents { n: member("n"), e: member("e") };
        let raw_signature = decode(token.rsplit_once('.').unwrap().1);
        let keys = JwkSet::from_json(issuer.jwks().as_bytes()).unwrap();
        let verifier = Verifier::new(Policy::new(ISSUER, AUDIENCE), keys.clone()).unwrap();
        Self { name, token, keys, verifier, raw_key, raw_signature }
    }

    /// Everything this crate does, with the outcome asserted.
    pub(crate) fn verify_at(&self, token: &str) {
        let verified = self.verifier.verify_at(token, NOW);
        assert_eq!(verified.as_ref().map(Verified::expires_at), Ok(EXPIRES_AT));
    }

    /// The same for a token that is refused.
    pub(crate) fn refuse(&self, token: &str, now: UnixTime, error: VerifyError) {
        assert_eq!(self.verifier.verify_at(token, now).err(), Some(error));
    }

    /// What no RS256 verifier on ring can do without, over the same bytes: nothing is decoded,
    /// nothing is read, no key is chosen.
    pub(crate) fn ring(&self, token: &str) {
        let (signing_input, _) = token.split_at(self.raw_message().len());
        let outcome = self.raw_key.verify(
            &RSA_PKCS1_2048_8192_SHA256,
            signing_input.as_bytes(),
            &self.raw_signature,
        );
        assert!(outcome.is_ok());
    }

    /// What ring hashes.
    pub(crate) fn raw_message(&self) -> &[u8] {
        // A period and 4 characters for every 3 bytes, the last group cut short.
        let signature = 1 + (self.raw_signature.len() * 4).div_ceil(3);
        &self.token.as_bytes()[..self.token.len() - signature]
    }
}

/// The token of about 840 bytes that Auth0 gives a user's application for an API; RSA-2048.
pub(crate) fn auth0() -> Sample {
    let issuer = Issuer::default();
    Sample::new("0.85 KB", &issuer, &issuer.keys()[0], &issuer.token_at(NOW))
}

/// The same claims, signed with longer keys.
pub(crate) fn by_key_size() -> Vec<Sample> {
    let [rsa_3072, rsa_4096] = [
        ("tokenring-test-key-3072", include_bytes!("../keys/rsa-3072.pk8").as_slice()),
        ("tokenring-test-key-4096", include_bytes!("../keys/rsa-4096.pk8").as_slice()),
    ]
    .map(|(kid, der)| TestKey::from_pkcs8(kid, der));
    let rsa_2048 = Issuer::default().keys()[0].clone();
    [("RSA-2048", rsa_2048), ("RSA-3072", rsa_3072), ("RSA-4096", rsa_4096)]
        .map(|(name, key)| {
            let issuer = Issuer::with_keys(ISSUER, vec![key.clone()]);
            Sample::new(name, &issuer, &key, &issuer.token_at(NOW))
        })
        .into()
}

/// The same key, with fewer claims and with more; RSA-2048.
pub(crate) fn by_token_size() -> Vec<Sample> {
    let issuer = Issuer::default();
    let key = &issuer.keys()[0];
    let mut small = issuer.token_at(NOW).without_header("typ").audience(AUDIENCE);
    for claim in ["sub", "iat", "azp", "scope", "permissions"] {
        small = small.without_claim(claim);
    }
    vec![
        Sample::new("0.5 KB", &issuer, key, &small),
        auth0(),
        Sample::new("2 KB", &issuer, key, &grown(&issuer, 2_000)),
        Sample::new("8 KB", &issuer, key, &grown(&issuer, 8_000)),
    ]
}

/// A token of about `bytes`: profile, tenant and roles in claims of the application's own, and
/// permissions and groups until it is long enough.
fn grown(issuer: &Issuer, bytes: usize) -> TokenBuilder {
    let mut token = issuer
        .token_at(NOW)
        .claim("email", "dorothea.brooke@middlemarch.example")
        .claim("email_verified", true)
        .claim("https://api.example.com/roles", ["administrator", "editor", "billing"].as_slice())
        .claim(
            "https://api.example.com/tenant",
            serde_json::json!({
                "id": "org_Xk2mQ9pL7vRt4WzB",
                "plan": { "name": "enterprise", "seats": 250, "trial": false, "price": 12.5 },
                "display_name": "Lowick \"Manor\" & Söhne",
                "parent": null,
            }),
        );
    let (mut permissions, mut groups) = (vec![], vec![]);
    for index in 0_u64.. {
        // 342 characters of signature, and 4 for every 3 bytes of what is signed.
        let length = 344 + (token.header_json().len() + token.payload_json().len()) * 4 / 3;
        if length >= bytes {
            break;
        }
        let verb = ["read", "create", "update", "delete"][permissions.len() % 4];
        permissions.push(format!("{verb}:resource-{}", index / 4));
        let mixed = index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        groups.push(format!("{:08x}-{:04x}", mixed >> 32, mixed & 0xffff));
        token = token
            .permissions(permissions.clone())
            .claim("https://api.example.com/groups", groups.clone());
    }
    token
}
