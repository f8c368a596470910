//! Examples of Protecting Content Using JSON Object Signing and Encryption: the signatures of
//! sections 4.1 to 4.4. RFC 7520.
#![allow(clippy::unwrap_used, reason = "tests may")]

use tokenring::{
    Algorithm, CompactJws, JsonError, JwkError, JwkSet, KeyError, Policy, PublicKey, UnixTime,
    Verifier, VerifyError,
};

/// The `kid` of sections 3.1 and 3.3.
const KEY_ID: &str = "bilbo.baggins@hobbiton.example";

/// Section 3.3, `n` of the RSA public key.
const MODULUS: &str = concat!(
    "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT",
    "-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqV",
    "wGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-",
    "oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde",
    "3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuC",
    "LqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5g",
    "HdrNP5zw",
);

/// Section 3.1, the elliptic curve public key.
const P_521: &str = concat!(
    r#"{"kty":"EC","kid":"bilbo.baggins@hobbiton.example","use":"sig","crv":"P-521","#,
    r#""x":"AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9"#,
    r#"A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt","#,
    r#""y":"AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVy"#,
    r#"SsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1"}"#,
);

/// Section 4, the payload.
const TEXT: &str = "It\u{2019}s a dangerous business, Frodo, going out your door. \
    You step onto the road, and if you don't keep your feet, \
    there\u{2019}s no knowing where you might be swept off to.";

/// The same, encoded.
const PAYLOAD: &str = concat!(
    "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IH",
    "lvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBk",
    "b24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcm",
    "UgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4",
);

/// Section 4.1.2: RS256.
const RS256: [&str; 2] = [
    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
    concat!(
        "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmK",
        "ZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4J",
        "IwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8w",
        "W1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluP",
        "xUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_f",
        "cIe8u9ipH84ogoree7vjbU5y18kDquDg",
    ),
];

/// Section 4.2.2: PS384, by the same key.
const PS384: [&str; 2] = [
    "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
    concat!(
        "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2I",
        "pN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXU",
        "vdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRX",
        "e8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT",
        "0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a",
        "6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw",
    ),
];

/// Section 4.3.2: ES512.
const ES512: [&str; 2] = [
    "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
    concat!(
        "AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvb",
        "u9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kv",
        "AD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2",
    ),
];

/// Section 4.4.2: HS256.
const HS256: [&str; 2] = [
    "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9",
    "s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0",
];

fn jws([header, signature]: [&str; 2]) -> String {
    format!("{header}.{PAYLOAD}.{signature}")
}

/// The RSA key of section 3.3, as it is or with `alg`.
fn jwk(alg: &str) -> String {
    format!(r#"{{"kty":"RSA","kid":"{KEY_ID}","use":"sig",{alg}"n":"{MODULUS}","e":"AQAB"}}"#)
}

fn key(alg: &str) -> PublicKey {
    PublicKey::from_jwk(jwk(alg).as_bytes()).unwrap()
}

/// What the signature is good for: the payload as text.
fn text_of(jws: &str, key: &PublicKey) -> Result<String, VerifyError> {
    let payload = CompactJws::parse(jws)?.verify(key)?;
    Ok(String::from_utf8(payload.as_bytes().to_vec()).unwrap())
}

#[test]
fn example_of_section_4_1_is_verified_by_the_key_as_printed() {
    let jws = jws(RS256);
    let parsed = CompactJws::parse(&jws).unwrap();
    assert_eq!(parsed.header().algorithm(), Algorithm::RS256);
    assert_eq!(parsed.header().key_id(), Some(KEY_ID));
    assert_eq!(parsed.header().token_type(), None);
    assert_eq!(text_of(&jws, &key("")), Ok(TEXT.to_owned()));
}

#[test]
fn example_of_section_4_2_is_verified_by_the_key_if_it_is_for_ps384() {
    let jws = jws(PS384);
    let parsed = CompactJws::parse(&jws).unwrap();
    assert_eq!(parsed.header().algorithm(), Algorithm::PS384);
    assert_eq!(parsed.header().key_id(), Some(KEY_ID));
    assert_eq!(text_of(&jws, &key(r#""alg":"PS384","#)), Ok(TEXT.to_owned()));
}

/// The two examples share a key, which RFC 8725 section 3.1 has for one algorithm only.
#[test]
fn key_of_both_examples_is_for_one_of_them_only() {
    let (rs256, ps384) = (key(""), key(r#""alg":"PS384","#));
    let not_accepted = Err(VerifyError::AlgorithmNotAccepted);
    assert_eq!(text_of(&jws(PS384), &rs256), not_accepted);
    assert_eq!(text_of(&jws(RS256), &ps384), not_accepted);
    // Under the header of the other, the signature is not the key's.
    let bad = Err(VerifyError::BadSignature);
    assert_eq!(text_of(&jws([RS256[0], PS384[1]]), &rs256), bad);
    assert_eq!(text_of(&jws([PS384[0], RS256[1]]), &ps384), bad);
}

#[test]
fn payload_that_is_no_claims_set_makes_no_token() {
    let set = JwkSet::from_json(format!(r#"{{"keys":[{}]}}"#, jwk("")).as_bytes()).unwrap();
    let now = UnixTime::from_secs(1_431_648_000);
    for (algorithm, example) in [(Algorithm::RS256, RS256), (Algorithm::PS384, PS384)] {
        let policy = Policy::new("https://hobbiton.example/", "frodo").algorithms([algorithm]);
        let verifier = Verifier::new(policy, set.clone()).unwrap();
        let outcome = verifier.verify_at(&jws(example), now).map(drop);
        assert_eq!(outcome, Err(VerifyError::PayloadJson(JsonError::Syntax)));
    }
}

#[test]
fn examples_of_es512_and_hs256_are_refused_before_any_key_is_looked_up() {
    for example in [ES512, HS256] {
        let outcome = CompactJws::parse(&jws(example)).map(drop);
        assert_eq!(outcome, Err(VerifyError::AlgorithmNotAccepted));
    }
}

#[test]
fn key_of_section_3_1_is_on_no_curve_of_ours() {
    assert_eq!(PublicKey::from_jwk(P_521.as_bytes()), Err(JwkError::Curve));
    // Under the same `kid` in one set, it does not get in the way of the RSA key.
    let set = format!(r#"{{"keys":[{P_521},{}]}}"#, jwk(""));
    let set = JwkSet::from_json(set.as_bytes()).unwrap();
    assert_eq!(set.len(), 1);
    assert_eq!(set.select(Some(KEY_ID), Algorithm::RS256).unwrap().modulus_bits(), 2048);
    assert_eq!(set.select(Some(KEY_ID), Algorithm::ES384), Err(KeyError::UnknownKey));
}
