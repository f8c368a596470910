//! A test issuer: mints good tokens, and broken ones no real issuer would. RFC 7515 section 7.1.
//!
//! # Never outside tests
//!
//! **The private keys in this module are public.** They are in every copy of the crate, the same in
//! each. Whoever has the crate can sign anything with them, so **a service that trusts them lets
//! anyone in, as anyone.** Turn the feature `testkit` on under `[dev-dependencies]` and nowhere
//! else, and never load [`Issuer::jwks`] into a service that others can reach. The three published
//! keys are called `tokenring-test-key-01` to `-03`, so that a search for `tokenring-test-key`
//! finds them.
//!
//! # Use
//!
//! An [`Issuer`] has keys and publishes them as a JWK Set. A [`TokenBuilder`] starts as a valid
//! Auth0 access token; each method changes one thing about it, and [`TokenBuilder::mint`] signs the
//! result. Nothing is checked on the way: a broken token is what it is for.
//!
//! ```
//! use tokenring::UnixTime;
//! use tokenring::testkit::{Issuer, TestKey};
//!
//! let now = UnixTime::from_secs(1_750_000_000);
//! let issuer = Issuer::default();
//! let good = issuer.token_at(now).scope("read:messages").mint();
//! let expired = issuer.token_at(now).expires_at(now).mint();
//! let forged = issuer.token_at(now).forged_by(&TestKey::attacker()).mint();
//! let unsigned = issuer.token_at(now).header("alg", "none").signature_segment("").mint();
//! # assert!([good, expired, forged].iter().all(|token| token.split('.').count() == 3));
//! # assert!(unsigned.ends_with('.'));
//! ```
//!
//! With the feature `std`, an [`IssuerServer`] serves an issuer's keys over HTTP, and fails as told.
//!
//! The keys are fixed and PKCS #1 v1.5 has no randomness: the same builder at the same time mints
//! the same token, byte for byte, unless [`TokenBuilder::encoding`] chose a PSS encoding.

use alloc::{
    format,
    string::{String, ToString as _},
    sync::Arc,
    vec,
    vec::Vec,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{RSA_PKCS1_SHA256, RsaEncoding, RsaKeyPair},
};
use serde_json::{Value, json};

use crate::UnixTime;
#[cfg(feature = "std")]
pub use crate::testkit_server::{Answer, IssuerServer};

/// The issuer of [`Issuer::default`], spelled as in `iss`.
pub const ISSUER: &str = "https://tenant.example.auth0.com/";

/// The API that tokens are for unless told otherwise: the first of the two in `aud`.
pub const AUDIENCE: &str = "https://api.example.com/";

/// The application that tokens are issued to unless told otherwise: their `azp`.
pub const CLIENT_ID: &str = "tokenringTestkitClientIdentifier";

/// Keys, published under a URL, and the tokens signed with them.
///
/// Cloning is cheap: clones share the keys.
#[derive(Clone, Debug)]
pub struct Issuer {
    url: String,
    keys: Vec<TestKey>,
}

impl Issuer {
    /// An issuer with the three fixed RSA-2048 keys, which signs with the first. `url` becomes
    /// `iss` exactly as given: mind the trailing slash, which Auth0 has.
    pub fn new(url: impl Into<String>) -> Self {
        Self::with_keys(url, published_keys())
    }

    /// An issuer which publishes `keys` and signs with the first. Nothing stops two from having one
    /// `kid`, and there may be none, as long as no token is asked for.
    pub fn with_keys(url: impl Into<String>, keys: Vec<TestKey>) -> Self {
        Self { url: url.into(), keys }
    }

    /// What goes into `iss`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The published keys; the first one signs.
    pub fn keys(&self) -> &[TestKey] {
        &self.keys
    }

    /// The first published key called `kid`.
    pub fn key(&self, kid: &str) -> Option<&TestKey> {
        self.keys.iter().find(|key| key.kid() == kid)
    }

    /// The JWK Set of the published keys, in their order, as JSON text. RFC 7517 section 5.
    pub fn jwks(&self) -> String {
        let keys: Vec<Value> = self.keys.iter().map(TestKey::jwk).collect();
        json!({ "keys": keys }).to_string()
    }

    /// A valid access token issued at `now`, good for a day, to be changed and minted.
    ///
    /// # Panics
    ///
    /// If the issuer has no key.
    pub fn token_at(&self, now: UnixTime) -> TokenBuilder {
        let key = self.keys.first().expect("an issuer needs a key to sign with");
        TokenBuilder::new(&self.url, key, now)
    }

    /// [`Issuer::token_at`] the time of the system clock.
    ///
    /// # Panics
    ///
    /// If the issuer has no key.
    #[cfg(feature = "std")]
    pub fn token(&self) -> TokenBuilder {
        self.token_at(UnixTime::now())
    }
}

/// The issuer at [`ISSUER`].
impl Default for Issuer {
    fn default() -> Self {
        Self::new(ISSUER)
    }
}

/// A token in the making. Made by [`Issuer::token_at`].
///
/// As it comes, it is what Auth0 gives a user's application for an API, about 840 bytes: header
/// `alg`, `typ`, `kid`; claims `iss`, `sub`, `aud`, `iat`, `exp`, `azp`, `scope`, `permissions`, in
/// this order. Members keep their order; new ones go to the end.
///
/// There are three levels, and the outer one wins whatever the order of the calls: members
/// ([`header`](Self::header), [`claim`](Self::claim), ...), then whole segments
/// ([`raw_header`](Self::raw_header), [`payload_segment`](Self::payload_segment), ...), then the
/// [`signing_input`](Self::signing_input). Within a level the last call wins.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `mint` is called"]
pub struct TokenBuilder {
    signer: TestKey,
    encoding: &'static dyn RsaEncoding,
    header: Members,
    claims: Members,
    header_segment: Option<String>,
    payload_segment: Option<String>,
    signing_input: Option<String>,
    signature_segment: Option<String>,
}

impl TokenBuilder {
    fn new(issuer: &str, signer: &TestKey, now: UnixTime) -> Self {
        let user_info = format!("{}/userinfo", issuer.trim_end_matches('/'));
        Self {
            signer: signer.clone(),
            encoding: &RSA_PKCS1_SHA256,
            header: Members(vec![]),
            claims: Members(vec![]),
            header_segment: None,
            payload_segment: None,
            signing_input: None,
            signature_segment: None,
        }
        .header("alg", "RS256")
        .header("typ", "JWT")
        .header("kid", signer.kid())
        .issuer(issuer)
        .subject("auth0|64b7f1c2a9d3e8f0b5c6a7d8")
        .audience([AUDIENCE, &user_info])
        .claim("iat", now.as_secs())
        .expires_at(UnixTime::from_secs(now.as_secs().saturating_add(LIFETIME)))
        .claim("azp", CLIENT_ID)
        .scope("openid profile email read:messages")
        .permissions(["read:messages"])
    }

    /// Signs with `key` and says so: `kid` becomes its name.
    pub fn key(self, key: &TestKey) -> Self {
        self.forged_by(key).header("kid", key.kid())
    }

    /// Signs with `key` and does not say so: `kid` stays as it is.
    pub fn forged_by(mut self, key: &TestKey) -> Self {
        self.signer = key.clone();
        self
    }

    /// Signs with another algorithm, such as [`ring::signature::RSA_PSS_SHA256`]. `alg` stays as it
    /// is: to tell the truth, set [`header`](Self::header) too.
    pub fn encoding(mut self, encoding: &'static dyn RsaEncoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// Sets the header member `name`.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.set(name, value.into());
        self
    }

    /// Leaves the header member `name` out.
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// Sets the claim `name`.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.set(name, value.into());
        self
    }

    /// Leaves the claim `name` out.
    pub fn without_claim(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
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

    /// Sets `exp`: from this second on the token is refused.
    pub fn expires_at(self, time: UnixTime) -> Self {
        self.claim("exp", time.as_secs())
    }

    /// Sets `scope`: names with single spaces between them. RFC 8693 section 4.2.
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

    /// Uses `text` as everything in front of the last period, and signs that.
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

    /// The header members as JSON text, to be altered and given to
    /// [`raw_header`](Self::raw_header).
    pub fn header_json(&self) -> String {
        self.header.to_json()
    }

    /// The claims as JSON text, to be altered and given to [`raw_payload`](Self::raw_payload).
    pub fn payload_json(&self) -> String {
        self.claims.to_json()
    }

    /// The token, in compact serialization. The builder may go on to be changed and minted again.
    ///
    /// # Panics
    ///
    /// As [`TestKey::sign_with`], unless the signature was given.
    pub fn mint(&self) -> String {
        let signing_input = self.signing_input.clone().unwrap_or_else(|| self.two_segments());
        let signature_segment = self.signature_segment.clone().unwrap_or_else(|| {
            URL_SAFE_NO_PAD.encode(self.signer.sign_with(self.encoding, signing_input.as_bytes()))
        });
        format!("{signing_input}.{signature_segment}")
    }

    fn two_segments(&self) -> String {
        let encode = |json: String| URL_SAFE_NO_PAD.encode(json);
        let header = self.header_segment.clone().unwrap_or_else(|| encode(self.header_json()));
        let payload = self.payload_segment.clone().unwrap_or_else(|| encode(self.payload_json()));
        format!("{header}.{payload}")
    }
}

/// An RSA private key with a name. Cloning is cheap: clones share the key.
#[derive(Clone, Debug)]
pub struct TestKey {
    kid: Arc<str>,
    key_pair: Arc<RsaKeyPair>,
}

impl TestKey {
    /// A key of your own, of 2048 to 4096 bits in PKCS #8 DER, such as
    /// `openssl genrsa 3072 | openssl pkcs8 -topk8 -nocrypt -outform DER` makes.
    ///
    /// # Panics
    ///
    /// If *ring* does not take `der` as an RSA private key.
    pub fn from_pkcs8(kid: impl Into<String>, der: &[u8]) -> Self {
        let key_pair = RsaKeyPair::from_pkcs8(der).expect("ring takes the RSA private key");
        Self { kid: kid.into().into(), key_pair: Arc::new(key_pair) }
    }

    /// A fourth fixed RSA-2048 key, which [`Issuer::new`] does not publish. A token signed with it
    /// must be refused, whatever `kid` it claims.
    pub fn attacker() -> Self {
        Self::from_pkcs8("attacker", include_bytes!("testkit/attacker.pk8"))
    }

    /// The same key under another name.
    pub fn with_kid(&self, kid: impl Into<String>) -> Self {
        Self { kid: kid.into().into(), key_pair: Arc::clone(&self.key_pair) }
    }

    /// The key's name.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half, as an issuer of RS256 tokens publishes it. RFC 7517 section 4.
    pub fn jwk(&self) -> Value {
        let public = PublicKeyComponents::<Vec<u8>>::from(self.key_pair.public());
        // Sorted, so that the text is the same with and without serde_json's `preserve_order`.
        json!({
            "alg": "RS256",
            "e": URL_SAFE_NO_PAD.encode(public.e),
            "kid": self.kid(),
            "kty": "RSA",
            "n": URL_SAFE_NO_PAD.encode(public.n),
            "use": "sig",
        })
    }

    /// The RS256 signature of `message`. RFC 7518 section 3.3.
    ///
    /// # Panics
    ///
    /// As [`TestKey::sign_with`].
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.sign_with(&RSA_PKCS1_SHA256, message)
    }

    /// The signature of `message` with any RSA algorithm of *ring*, such as
    /// [`ring::signature::RSA_PKCS1_SHA384`].
    ///
    /// # Panics
    ///
    /// If the system has no randomness to give.
    pub fn sign_with(&self, padding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.key_pair.public().modulus_len()];
        self.key_pair
            .sign(padding, &SystemRandom::new(), message, &mut signature)
            .expect("the system has randomness");
        signature
    }
}

/// A JSON object whose members stay in the order they came in, which serde_json's own keeps only
/// with `preserve_order`.
#[derive(Clone, Debug)]
struct Members(Vec<(String, Value)>);

impl Members {
    fn set(&mut self, name: &str, value: Value) {
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

fn published_keys() -> Vec<TestKey> {
    vec![
        TestKey::from_pkcs8(
            "tokenring-test-key-01",
            include_bytes!("testkit/tokenring-test-key-01.pk8"),
        ),
        TestKey::from_pkcs8(
            "tokenring-test-key-02",
            include_bytes!("testkit/tokenring-test-key-02.pk8"),
        ),
        TestKey::from_pkcs8(
            "tokenring-test-key-03",
            include_bytes!("testkit/tokenring-test-key-03.pk8"),
        ),
    ]
}

/// Auth0's default for an API: a day, in seconds.
const LIFETIME: u64 = 86_400;

#[cfg(test)]
mod tests {
    use ring::signature::{
        RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_SHA384,
        RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaParameters,
    };

    use super::*;

    const NOW: UnixTime = UnixTime::from_secs(1_750_000_000);

    #[test]
    fn default_token_is_an_auth0_access_token() {
        let token = Issuer::default().token_at(NOW).mint();
        let [header, payload, signature] = segments(&token);
        assert_eq!(
            header,
            br#"{"alg":"RS256","typ":"JWT","kid":"tokenring-test-key-01"}"#.as_slice()
        );
        let expected = concat!(
            r#"{"iss":"https://tenant.example.auth0.com/","sub":"auth0|64b7f1c2a9d3e8f0b5c6a7d8","#,
            r#""aud":["https://api.example.com/","https://tenant.example.auth0.com/userinfo"],"#,
            r#""iat":1750000000,"exp":1750086400,"azp":"tokenringTestkitClientIdentifier","#,
            r#""scope":"openid profile email read:messages","permissions":["read:messages"]}"#,
        );
        assert_eq!(String::from_utf8(payload).unwrap(), expected);
        assert_eq!(signature.len(), 256);
        assert!((820..=860).contains(&token.len()), "{} bytes", token.len());
    }

    #[test]
    fn same_builder_mints_the_same_token() {
        let issuer = Issuer::default();
        assert_eq!(issuer.token_at(NOW).mint(), issuer.token_at(NOW).mint());
    }

    #[test]
    fn signature_verifies_with_the_published_key_it_names() {
        let issuer = Issuer::default();
        let set: Value = serde_json::from_str(&issuer.jwks()).unwrap();
        let jwks = set["keys"].as_array().unwrap();
        assert_eq!(jwks.len(), 3);
        for (key, jwk) in issuer.keys().iter().zip(jwks) {
            let token = issuer.token_at(NOW).key(key).mint();
            assert_eq!(jwk["kid"], key.kid());
            assert_eq!(header_of(&token)["kid"], key.kid());
            assert!(holds(&token, jwk, &RSA_PKCS1_2048_8192_SHA256));
        }
        assert!(!holds(&issuer.token_at(NOW).mint(), &jwks[1], &RSA_PKCS1_2048_8192_SHA256));
    }

    #[test]
    fn forged_token_names_a_published_key_that_did_not_sign_it() {
        let issuer = Issuer::default();
        let attacker = TestKey::attacker();
        let token = issuer.token_at(NOW).forged_by(&attacker).mint();
        assert_eq!(header_of(&token)["kid"], issuer.keys()[0].kid());
        assert!(!holds(&token, &issuer.keys()[0].jwk(), &RSA_PKCS1_2048_8192_SHA256));
        assert!(holds(&token, &attacker.jwk(), &RSA_PKCS1_2048_8192_SHA256));
        assert!(issuer.keys().iter().all(|key| key.jwk()["n"] != attacker.jwk()["n"]));
    }

    #[test]
    fn other_algorithms_really_sign() {
        let token = Issuer::default().token_at(NOW).header("alg", "RS384");
        let token = token.encoding(&RSA_PKCS1_SHA384);
        let jwk = Issuer::default().keys()[0].jwk();
        assert!(holds(&token.mint(), &jwk, &RSA_PKCS1_2048_8192_SHA384));
        let token = token.header("alg", "PS256").encoding(&RSA_PSS_SHA256).mint();
        assert!(holds(&token, &jwk, &RSA_PSS_2048_8192_SHA256));
        assert!(!holds(&token, &jwk, &RSA_PKCS1_2048_8192_SHA256));
    }

    #[test]
    fn jwk_is_public_and_says_what_it_is_for() {
        let jwk = TestKey::attacker().with_kid("other").jwk();
        let names: Vec<&String> = jwk.as_object().unwrap().keys().collect();
        assert_eq!(names, ["alg", "e", "kid", "kty", "n", "use"]);
        assert_eq!(jwk["kid"], "other");
        assert_eq!(jwk["e"], "AQAB");
        assert_eq!(jwk["n"].as_str().unwrap().len(), 342);
    }

    #[test]
    fn replaced_member_keeps_its_place_and_a_new_one_goes_last() {
        let token = Issuer::default()
            .token_at(NOW)
            .header("typ", "at+jwt")
            .header("cty", "JWT")
            .without_header("kid")
            .without_header("never there");
        assert_eq!(token.header_json(), r#"{"alg":"RS256","typ":"at+jwt","cty":"JWT"}"#);
        let token = token
            .issuer(json!(["i"]))
            .subject(Value::Null)
            .audience("a")
            .without_claim("iat")
            .expires_at(NOW)
            .without_claim("azp")
            .scope("s \"t\"")
            .permissions(["p", "q"])
            .claim("a \"name\"", 1.5);
        let expected = concat!(
            r#"{"iss":["i"],"sub":null,"aud":"a","exp":1750000000,"scope":"s \"t\"","#,
            r#""permissions":["p","q"],"a \"name\"":1.5}"#,
        );
        assert_eq!(token.payload_json(), expected);
    }

    #[test]
    fn outer_level_wins_whatever_the_order() {
        let token = Issuer::default().token_at(NOW).raw_header("h").raw_payload([0xff]);
        let token = token.header("alg", "none").claim("iss", 1);
        let [header, payload, signature] = segments(&token.mint());
        assert_eq!((header, payload), (b"h".to_vec(), vec![0xff]));
        assert_eq!(signature, Issuer::default().keys()[0].sign(b"aA._w"));

        let token = token.signature("sig").header_segment("=").payload_segment("");
        assert_eq!(token.mint(), "=..c2ln");
        let token = token.signing_input("a.b.c.d").signature_segment("!");
        assert_eq!(token.payload_segment("e").mint(), "a.b.c.d.!");
    }

    #[test]
    fn signing_input_as_given_is_what_is_signed() {
        let token = Issuer::default().token_at(NOW).signing_input("a.b.c").mint();
        assert!(token.starts_with("a.b.c."));
        let jwk = Issuer::default().keys()[0].jwk();
        assert!(holds(&token, &jwk, &RSA_PKCS1_2048_8192_SHA256));
    }

    #[test]
    fn issuer_is_as_given_and_finds_its_keys_by_name() {
        let keys = vec![TestKey::attacker().with_kid("mine")];
        let issuer = Issuer::with_keys("https://issuer.example", keys);
        assert_eq!(issuer.url(), "https://issuer.example");
        assert_eq!(issuer.key("mine").map(TestKey::kid), Some("mine"));
        assert!(issuer.key("tokenring-test-key-01").is_none());
        let claims: Value = serde_json::from_str(&issuer.token_at(NOW).payload_json()).unwrap();
        assert_eq!(claims["iss"], "https://issuer.example");
        assert_eq!(claims["aud"], json!([AUDIENCE, "https://issuer.example/userinfo"]));
        assert_eq!(Issuer::with_keys("i", vec![]).jwks(), r#"{"keys":[]}"#);
    }

    #[test]
    fn lifetime_does_not_overflow() {
        let token = Issuer::default().token_at(UnixTime::from_secs(u64::MAX));
        assert!(token.payload_json().contains(r#""exp":18446744073709551615"#));
    }

    fn holds(token: &str, jwk: &Value, algorithm: &'static RsaParameters) -> bool {
        let (signing_input, signature) = token.rsplit_once('.').unwrap();
        let decode = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
        PublicKeyComponents { n: decode("n"), e: decode("e") }
            .verify(
                algorithm,
                signing_input.as_bytes(),
                &URL_SAFE_NO_PAD.decode(signature).unwrap(),
            )
            .is_ok()
    }

    fn header_of(token: &str) -> Value {
        serde_json::from_slice(&segments(token)[0]).unwrap()
    }

    fn segments(token: &str) -> [Vec<u8>; 3] {
        let decoded: Vec<Vec<u8>> =
            token.split('.').map(|segment| URL_SAFE_NO_PAD.decode(segment).unwrap()).collect();
        decoded.try_into().unwrap()
    }
}
