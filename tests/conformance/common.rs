//! Helpers of the tests: one test issuer, the policy that accepts its tokens, and a fixed time.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]
#![allow(clippy::panic, reason = "tests may")]

use std::{fmt::Debug, sync::LazyLock};

use tokenring::{
    JwkSet, Policy, UnixTime, Verified, Verifier, VerifyError,
    testkit::{self, Issuer, TokenBuilder},
};

/// The time of the tests. A [`token`] is issued at this time and valid for a day.
pub const NOW: UnixTime = UnixTime::from_secs(1_780_000_000);

/// The end of the year 9999, later than any clock.
pub const FAR_FUTURE: UnixTime = UnixTime::from_secs(253_402_300_799);

/// The test issuer with its three published keys. Cheap: the keys are read once.
pub fn issuer() -> Issuer {
    static ISSUER: LazyLock<Issuer> = LazyLock::new(Issuer::default);
    ISSUER.clone()
}

/// The policy that accepts the tokens of [`issuer`].
pub fn policy() -> Policy {
    Policy::new(testkit::ISSUER, testkit::AUDIENCE)
}

/// [`policy`] with the keys of [`issuer`].
pub fn verifier() -> Verifier<JwkSet> {
    verifier_of(policy())
}

/// `policy` with the keys of [`issuer`].
pub fn verifier_of(policy: Policy) -> Verifier<JwkSet> {
    Verifier::new(policy, keys()).unwrap_or_else(|error| panic!("{error}"))
}

/// The keys of [`issuer`].
pub fn keys() -> JwkSet {
    static KEYS: LazyLock<JwkSet> = LazyLock::new(|| {
        JwkSet::from_json(issuer().jwks().as_bytes()).unwrap_or_else(|error| panic!("{error}"))
    });
    KEYS.clone()
}

/// The builder of a good token issued at [`NOW`].
pub fn token() -> TokenBuilder {
    issuer().token_at(NOW)
}

/// Verifies `token` with [`verifier`] at [`NOW`].
pub fn verify(token: &str) -> Result<Verified, VerifyError> {
    verifier().verify_at(token, NOW)
}

/// The verdict of [`verify`] without the claims.
pub fn outcome(token: &str) -> Result<(), VerifyError> {
    verify(token).map(|_| ())
}

/// The header of [`token`].
pub const HEADER: &str = r#"{"alg":"RS256","typ":"JWT","kid":"tokenring-test-key-01"}"#;

/// The three required claims; `exp` is a day from [`NOW`].
pub const CLAIMS: [(&str, &str); 3] = [
    ("iss", r#""https://tenant.example.auth0.com/""#),
    ("aud", r#""https://api.example.com/""#),
    ("exp", "1780086400"),
];

/// [`HEADER`] with `members`, JSON text such as `"cty":"JWT"`, appended.
pub fn header_and(members: &str) -> String {
    HEADER.replace('}', &format!(",{members}}}"))
}

/// [`CLAIMS`] with the claim `name` set to the JSON text `value`, or added.
pub fn claims_with(name: &str, value: &str) -> String {
    let kept = CLAIMS.iter().filter(|(known, _)| *known != name);
    let members: Vec<String> =
        kept.chain([&(name, value)]).map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
    format!("{{{}}}", members.join(","))
}

/// [`CLAIMS`] with `members`, JSON text such as `"sub":"a"`, appended.
pub fn claims_and(members: &str) -> String {
    let [iss, aud, exp] = CLAIMS.map(|(name, value)| format!(r#""{name}":{value}"#));
    format!("{{{iss},{aud},{exp},{members}}}")
}

/// A token of these header and payload bytes, signed with the issuer's first key.
pub fn signed(header: impl Into<Vec<u8>>, payload: impl Into<Vec<u8>>) -> String {
    token().raw_header(header).raw_payload(payload).mint()
}

/// The name of an error's variant, from its `Debug` output, spelled as in `code()`.
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
