//! What the tests share: one test issuer, the policy that fits it, and a fixed time.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]
#![allow(clippy::panic, reason = "tests may")]

use std::{fmt::Debug, sync::LazyLock};

use tokenring::{
    JwkSet, Policy, UnixTime, Verified, Verifier, VerifyError,
    testkit::{self, Issuer, TokenBuilder},
};

/// When the tests take place. Tokens of [`token`] are issued now and good for a day.
pub const NOW: UnixTime = UnixTime::from_secs(1_780_000_000);

/// The test issuer with its three published keys. Cheap: the keys are read once.
pub fn issuer() -> Issuer {
    static ISSUER: LazyLock<Issuer> = LazyLock::new(Issuer::default);
    ISSUER.clone()
}

/// The policy that tokens of [`issuer`] fit.
pub fn policy() -> Policy {
    Policy::new(testkit::ISSUER, testkit::AUDIENCE)
}

/// [`policy`] with the keys of [`issuer`].
pub fn verifier() -> Verifier<JwkSet> {
    verifier_of(policy())
}

/// `policy` with the keys of [`issuer`].
pub fn verifier_of(policy: Policy) -> Verifier<JwkSet> {
    static KEYS: LazyLock<JwkSet> = LazyLock::new(|| {
        JwkSet::from_json(issuer().jwks().as_bytes()).unwrap_or_else(|error| panic!("{error}"))
    });
    Verifier::new(policy, KEYS.clone()).unwrap_or_else(|error| panic!("{error}"))
}

/// A good token in the making, issued at [`NOW`].
pub fn token() -> TokenBuilder {
    issuer().token_at(NOW)
}

/// Verifies `token` with [`verifier`] at [`NOW`].
pub fn verify(token: &str) -> Result<Verified, VerifyError> {
    verifier().verify_at(token, NOW)
}

/// The verdict of [`verify`] alone, which can be compared.
pub fn outcome(token: &str) -> Result<(), VerifyError> {
    verify(token).map(|_| ())
}

/// The header of [`token`].
pub const HEADER: &str = r#"{"alg":"RS256","typ":"JWT","kid":"tokenring-test-key-01"}"#;

/// The three claims that must be there; `exp` is a day from [`NOW`].
pub const CLAIMS: [(&str, &str); 3] = [
    ("iss", r#""https://tenant.example.auth0.com/""#),
    ("aud", r#""https://api.example.com/""#),
    ("exp", "1780086400"),
];

/// [`HEADER`] and `members`, JSON text such as `"cty":"JWT"`, at its end.
pub fn header_and(members: &str) -> String {
    HEADER.replace('}', &format!(",{members}}}"))
}

/// [`CLAIMS`], where `name` has the JSON text `value` in place of its own or besides the others.
pub fn claims_with(name: &str, value: &str) -> String {
    let kept = CLAIMS.iter().filter(|(known, _)| *known != name);
    let members: Vec<String> =
        kept.chain([&(name, value)]).map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
    format!("{{{}}}", members.join(","))
}

/// [`CLAIMS`] and `members`, JSON text such as `"sub":"a"`, at its end.
pub fn claims_and(members: &str) -> String {
    let [iss, aud, exp] = CLAIMS.map(|(name, value)| format!(r#""{name}":{value}"#));
    format!("{{{iss},{aud},{exp},{members}}}")
}

/// The token with this header and payload, any bytes, signed with the issuer's first key.
pub fn signed(header: impl Into<Vec<u8>>, payload: impl Into<Vec<u8>>) -> String {
    token().raw_header(header).raw_payload(payload).mint()
}

/// The name that `Debug` gives the variant of an error, as codes are spelled.
pub fn variant_in_snake_case(error: impl Debug) -> String {
    let debug = format!("{error:?}");
    let name = debug.chars().take_while(|character| character.is_alphanumeric());
    name.enumerate()
        .flat_map(|(at, character)| {
            let underscore = (at > 0 && character.is_uppercase()).then_some('_');
            underscore.into_iter().chain([character.to_ascii_lowercase()])
        })
        .collect()
}
