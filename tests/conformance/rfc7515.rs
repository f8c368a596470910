//! JSON Web Signature: the Compact Serialization and the JOSE Header. RFC 7515.

use std::{str, time::Instant};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::hmac;
use tokenring::{
    Algorithm, CompactJws, JsonError, JwkError, JwkSet, PublicKey, Verifier, VerifyError,
    testkit::{Issuer, TestKey},
};

use crate::common::{
    CLAIMS, HEADER, NOW, claims_and, claims_with, header_and, issuer, outcome, policy, signed,
    token, verify,
};

// Appendix A.2: the example of a JWS with RS256.

/// Appendix A.2.1: `{"alg":"RS256"}`.
const RFC_HEADER: &str = "eyJhbGciOiJSUzI1NiJ9";

/// Appendix A.2.1, the payload of Appendix A.1.1.
const RFC_PAYLOAD: &str = concat!(
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt",
    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
);

/// Appendix A.1.1, with its line breaks.
const RFC_PAYLOAD_BYTES: &[u8] =
    b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";

/// Appendix A.2.1.
const RFC_SIGNATURE: &str = concat!(
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7",
    "AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4",
    "BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K",
    "0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv",
    "hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB",
    "p0igcN_IoypGlUPQGe77Rw",
);

/// Appendix A.2.1, `n` of the JWK.
const RFC_MODULUS: &str = concat!(
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4",
    "d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re",
    "xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxX",
    "FvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
);

/// Appendix A.2.1, `d` of the JWK.
const RFC_PRIVATE_EXPONENT: &str = concat!(
    "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXO",
    "oAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51",
    "gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3c",
    "cPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ",
);

fn rfc_token() -> String {
    format!("{RFC_HEADER}.{RFC_PAYLOAD}.{RFC_SIGNATURE}")
}

fn rfc_key() -> PublicKey {
    let jwk = format!(r#"{{"kty":"RSA","n":"{RFC_MODULUS}","e":"AQAB"}}"#);
    PublicKey::from_jwk(jwk.as_bytes()).unwrap()
}

/// Parses and verifies `token`, without looking at the claims.
fn payload_of(token: &str, key: &PublicKey) -> Result<Vec<u8>, VerifyError> {
    Ok(CompactJws::parse(token)?.verify(key)?.as_bytes().to_vec())
}

fn public_key(key: &TestKey) -> PublicKey {
    PublicKey::from_jwk(key.jwk().to_string().as_bytes()).unwrap()
}

#[test]
fn example_of_appendix_a_2_is_verified() {
    let token = rfc_token();
    let jws = CompactJws::parse(&token).unwrap();
    assert_eq!(jws.header().algorithm(), Algorithm::RS256);
    assert_eq!(jws.header().key_id(), None);
    assert_eq!(jws.header().token_type(), None);
    assert_eq!(jws.segments(), [RFC_HEADER, RFC_PAYLOAD, RFC_SIGNATURE]);
    assert_eq!(jws.verify(&rfc_key()).unwrap().as_bytes(), RFC_PAYLOAD_BYTES);
}

#[test]
fn jwk_of_appendix_a_2_as_printed_there_is_refused_for_its_private_exponent() {
    let jwk =
        format!(r#"{{"kty":"RSA","n":"{RFC_MODULUS}","e":"AQAB","d":"{RFC_PRIVATE_EXPONENT}"}}"#);
    assert_eq!(PublicKey::from_jwk(jwk.as_bytes()), Err(JwkError::PrivateKey { member: "d" }));
}

#[test]
fn example_is_refused_by_any_other_key() {
    for key in issuer().keys() {
        assert_eq!(payload_of(&rfc_token(), &public_key(key)), Err(VerifyError::BadSignature));
    }
}

#[test]
fn example_with_any_one_byte_changed_is_refused() {
    let key = rfc_key();
    let token = rfc_token();
    let mut tried = 0;
    for position in 0..token.len() {
        for other in replacements(token.as_bytes()[position]) {
            let mut changed = token.clone().into_bytes();
            changed[position] = other;
            let changed = String::from_utf8(changed).unwrap();
            let outcome = payload_of(&changed, &key);
            assert!(
                refused_where_it_was_changed(&outcome, position),
                "byte {position} to {other:#04x}: {outcome:?}"
            );
            tried += 1;
        }
    }
    assert!(tried > 5000, "{tried}");
}

/// Every flip of one bit that leaves the token text, both neighbors in the base64url alphabet, and
/// the corresponding characters of other alphabets.
fn replacements(byte: u8) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut others: Vec<u8> = (0..7).map(|bit| byte ^ (1 << bit)).collect();
    if let Some(index) = alphabet.iter().position(|known| *known == byte) {
        others.extend([alphabet[(index + 1) % 64], alphabet[(index + 63) % 64]]);
    }
    others.extend(*b".=+/ \0A");
    others.sort_unstable();
    others.dedup();
    others.retain(|other| *other != byte);
    others
}

fn refused_where_it_was_changed(outcome: &Result<Vec<u8>, VerifyError>, position: usize) -> bool {
    let payload = RFC_HEADER.len();
    let signature = payload + 1 + RFC_PAYLOAD.len();
    let Err(error) = outcome else { return false };
    match error {
        // One period more or less.
        VerifyError::SegmentCount { found: 2 | 4 } => true,
        VerifyError::EmptySegment { .. } => false,
        VerifyError::NotBase64url { segment: "header" }
        | VerifyError::HeaderJson(_)
        | VerifyError::AlgorithmMissing
        | VerifyError::AlgorithmNotAccepted => position < payload,
        // The payload is not decoded before the signature, so the signature reveals its change.
        VerifyError::BadSignature => position != payload && position != signature,
        VerifyError::NotBase64url { segment: "signature" } => position > signature,
        _ => false,
    }
}

#[test]
fn example_with_the_eighth_bit_of_a_byte_set_is_refused_or_no_text() {
    let token = rfc_token();
    for position in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[position] |= 0x80;
        assert!(str::from_utf8(&changed).is_err(), "{position}");
        // The same byte as a character, as a reader of Latin-1 would decode it.
        let latin: String = changed.iter().map(|byte| char::from(*byte)).collect();
        assert!(payload_of(&latin, &rfc_key()).is_err(), "{position}");
    }
}

#[test]
fn example_with_a_byte_taken_out_or_doubled_is_refused() {
    let token = rfc_token();
    let key = rfc_key();
    for position in 0..token.len() {
        let (front, back) = token.split_at(position);
        for changed in [format!("{front}{}", &back[1..]), format!("{front}{}{back}", &back[..1])] {
            let outcome = payload_of(&changed, &key);
            assert!(
                matches!(
                    outcome,
                    Err(VerifyError::SegmentCount { found: 2 | 4 }
                        | VerifyError::NotBase64url { segment: "header" | "signature" }
                        | VerifyError::HeaderJson(_)
                        | VerifyError::AlgorithmMissing
                        | VerifyError::AlgorithmNotAccepted
                        | VerifyError::BadSignature)
                ),
                "{position}: {outcome:?}"
            );
        }
    }
}

#[test]
fn real_token_with_any_one_byte_changed_is_refused() {
    let verifier = crate::common::verifier();
    let token = token().mint();
    verifier.verify_at(&token, NOW).unwrap();
    for position in 0..token.len() {
        let byte = token.as_bytes()[position];
        for other in [byte ^ 1, byte ^ 2, byte ^ 0x20, b'A', b'.', b'='] {
            if other == byte {
                continue;
            }
            let mut changed = token.clone().into_bytes();
            changed[position] = other;
            let changed = String::from_utf8(changed).unwrap();
            assert!(verifier.verify_at(&changed, NOW).is_err(), "byte {position} to {other:#04x}");
        }
    }
}

// Appendices A.3 and A.4: the examples of a JWS with ECDSA.

/// Appendix A.3.1, the JWK without `d`.
const ES256_JWK: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

/// Appendix A.3.1.
const ES256_SIGNATURE: &str =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

/// Appendix A.4.1, the JWK without `d`.
const ES512_JWK: &str = r#"{"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}"#;

/// Appendix A.4.1, the whole JWS.
const ES512_JWS: &str = concat!(
    "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.",
    "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZq",
    "wqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8Kp",
    "EHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn",
);

#[test]
fn example_of_appendix_a_3_is_verified() {
    let header = "eyJhbGciOiJFUzI1NiJ9";
    let token = format!("{header}.{RFC_PAYLOAD}.{ES256_SIGNATURE}");
    let jws = CompactJws::parse(&token).unwrap();
    assert_eq!(jws.header().algorithm(), Algorithm::ES256);
    assert_eq!((jws.header().key_id(), jws.header().token_type()), (None, None));
    assert_eq!(jws.segments(), [header, RFC_PAYLOAD, ES256_SIGNATURE]);
    let key = PublicKey::from_jwk(ES256_JWK.as_bytes()).unwrap();
    assert_eq!(jws.verify(&key).unwrap().as_bytes(), RFC_PAYLOAD_BYTES);
}

#[test]
fn example_of_appendix_a_3_with_a_bit_of_any_byte_changed_is_refused() {
    let key = PublicKey::from_jwk(ES256_JWK.as_bytes()).unwrap();
    let message = format!("eyJhbGciOiJFUzI1NiJ9.{RFC_PAYLOAD}").into_bytes();
    let signature = URL_SAFE_NO_PAD.decode(ES256_SIGNATURE).unwrap();
    assert_eq!(key.verify(&message, &signature), Ok(()));
    for byte in 0..message.len() {
        let mut changed = message.clone();
        changed[byte] ^= 1 << (byte % 8);
        assert_eq!(key.verify(&changed, &signature), Err(VerifyError::BadSignature), "{byte}");
    }
    for byte in 0..signature.len() {
        let mut changed = signature.clone();
        changed[byte] ^= 1 << (byte % 8);
        assert_eq!(key.verify(&message, &changed), Err(VerifyError::BadSignature), "{byte}");
    }
}

#[test]
fn example_of_appendix_a_4_is_refused_for_its_algorithm_and_its_key_for_the_curve() {
    let outcome = CompactJws::parse(ES512_JWS).map(drop);
    assert_eq!(outcome, Err(VerifyError::AlgorithmNotAccepted));
    assert_eq!(PublicKey::from_jwk(ES512_JWK.as_bytes()), Err(JwkError::Curve));
}

// Section 7.1 and section 5.2, step 1: three segments.

#[test]
fn anything_but_three_segments_is_refused() {
    let good = token().mint();
    let [header, payload, signature] = segments(&good);
    let cases: [(&str, String, VerifyError); 20] = [
        ("nothing", String::new(), VerifyError::SegmentCount { found: 1 }),
        ("an opaque token", "hbTVzAVBl0".into(), VerifyError::SegmentCount { found: 1 }),
        ("one segment", header.clone(), VerifyError::SegmentCount { found: 1 }),
        ("one period", ".".into(), VerifyError::SegmentCount { found: 2 }),
        ("no signature", format!("{header}.{payload}"), VerifyError::SegmentCount { found: 2 }),
        ("no header", format!("{payload}.{signature}"), VerifyError::SegmentCount { found: 2 }),
        ("period before it", format!(".{good}"), VerifyError::SegmentCount { found: 4 }),
        ("period at the end", format!("{good}."), VerifyError::SegmentCount { found: 4 }),
        ("segment more", format!("{good}.AA"), VerifyError::SegmentCount { found: 4 }),
        ("double period", good.replacen('.', "..", 1), VerifyError::SegmentCount { found: 4 }),
        ("an encrypted token", format!("{good}.AA.AA"), VerifyError::Encrypted),
        ("an encrypted token, direct key", format!("{header}..AA.AA.AA"), VerifyError::Encrypted),
        ("four periods", "....".into(), VerifyError::Encrypted),
        ("token twice", format!("{good}.{good}"), VerifyError::SegmentCount { found: 6 }),
        ("many periods", ".".repeat(16_384), VerifyError::SegmentCount { found: 16_385 }),
        ("two periods", "..".into(), VerifyError::EmptySegment { segment: "header" }),
        (
            "empty header",
            format!(".{payload}.{signature}"),
            VerifyError::EmptySegment { segment: "header" },
        ),
        (
            "empty signature",
            format!("{header}.{payload}."),
            VerifyError::EmptySegment { segment: "signature" },
        ),
        // Section 7.2: the JSON Serializations are not supported.
        (
            "flattened JSON serialization",
            format!(
                r#"{{"protected":"{header}","payload":"{payload}","signature":"{signature}"}}"#
            ),
            VerifyError::SegmentCount { found: 1 },
        ),
        (
            "JSON serialization around a compact one",
            format!(r#"{{"payload":"{good}"}}"#),
            VerifyError::NotBase64url { segment: "header" },
        ),
    ];
    for (what, token, error) in cases {
        assert_eq!(outcome(&token), Err(error), "{what}");
    }
}

#[test]
fn additional_segment_is_refused_even_if_signed() {
    let [header, payload, _] = segments(&token().mint());
    let token = token().signing_input(format!("{header}.{payload}.AA")).mint();
    assert_eq!(outcome(&token), Err(VerifyError::SegmentCount { found: 4 }));
}

#[test]
fn empty_payload_is_a_jws_but_no_jwt() {
    let token = token().payload_segment("").mint();
    assert_eq!(payload_of(&token, &public_key(&issuer().keys()[0])), Ok(vec![]));
    assert_eq!(outcome(&token), Err(VerifyError::EmptyPayload));
}

#[test]
fn payload_of_a_jws_may_be_any_bytes() {
    let bytes: Vec<u8> = (0..=255).collect();
    let token = token().raw_payload(bytes.clone()).mint();
    assert_eq!(payload_of(&token, &public_key(&issuer().keys()[0])), Ok(bytes));
}

#[test]
fn segments_are_the_text_that_was_given() {
    let token = token().mint();
    assert_eq!(CompactJws::parse(&token).unwrap().segments().join("."), token);
}

#[test]
fn token_of_16384_bytes_is_accepted_and_one_of_16385_is_refused() {
    assert_eq!(outcome(&token_of(16_384)), Ok(()));
    assert_eq!(outcome(&token_of(16_385)), Err(VerifyError::TokenTooLong { bytes: 16_385 }));
}

#[test]
fn length_is_checked_before_anything_else() {
    let dots = ".".repeat(16_385);
    assert_eq!(outcome(&dots), Err(VerifyError::TokenTooLong { bytes: 16_385 }));
    let mebibytes = "A".repeat(4 << 20);
    assert_eq!(outcome(&mebibytes), Err(VerifyError::TokenTooLong { bytes: 4 << 20 }));
}

/// A signed token of exactly this length.
fn token_of(bytes: usize) -> String {
    for header_pad in 0..3 {
        let header = header_and(&format!(r#""pad":"{}""#, "h".repeat(header_pad)));
        let payload = |pad: usize| claims_with("pad", &format!(r#""{}""#, "p".repeat(pad)));
        let encoded = |bytes: usize| (bytes * 4).div_ceil(3);
        for pad in 11_000..12_500 {
            if encoded(header.len()) + 1 + encoded(payload(0).len() + pad) + 1 + 342 == bytes {
                let token = signed(header, payload(pad));
                assert_eq!(token.len(), bytes);
                return token;
            }
        }
    }
    panic!("no token of {bytes} bytes");
}

fn segments(token: &str) -> [String; 3] {
    let segments: Vec<String> = token.split('.').map(str::to_owned).collect();
    segments.try_into().unwrap()
}

// Section 2: base64url with all trailing '=' characters omitted, and section 5.2, step 2: no line
// breaks, white space or other additional characters.

/// A good token with `text` in place of one segment. Header and payload are signed with this text,
/// so the text is the only possible reason to refuse them.
fn with_segment(segment: &str, text: &str) -> String {
    match segment {
        "header" => token().header_segment(text).mint(),
        "payload" => token().payload_segment(text).mint(),
        _ => token().signature_segment(text).mint(),
    }
}

/// The segments of a good token. Each contains `-` and `_`, and has an incomplete last group and so
/// spare bits.
fn good_segments() -> [(&'static str, String); 3] {
    // Five octets contain a whole group at any offset.
    let header = header_and(r#""pad":"~~~~~?????""#);
    let payload = claims_and(r#""pad":"~~~~~????? ""#);
    let token = signed(header, payload);
    assert_eq!(outcome(&token), Ok(()));
    let segments = segments(&token);
    for segment in &segments {
        assert!(segment.contains('-') && segment.contains('_') && segment.len() % 4 >= 2);
    }
    let [header, payload, signature] = segments;
    [("header", header), ("payload", payload), ("signature", signature)]
}

#[test]
fn padding_is_refused() {
    for (segment, text) in good_segments() {
        let padding = "=".repeat(4 - text.len() % 4);
        for padded in [format!("{text}{padding}"), format!("{text}="), format!("{text}====")] {
            assert_eq!(
                outcome(&with_segment(segment, &padded)),
                Err(VerifyError::NotBase64url { segment })
            );
        }
    }
}

#[test]
fn other_alphabet_is_refused() {
    for (segment, text) in good_segments() {
        for other in [text.replace('-', "+"), text.replace('_', "/")] {
            assert_eq!(
                outcome(&with_segment(segment, &other)),
                Err(VerifyError::NotBase64url { segment })
            );
        }
    }
}

#[test]
fn additional_character_anywhere_is_refused() {
    let characters =
        [" ", "\n", "\r\n", "\t", "\0", "\u{b}", "\u{feff}", "%", "%3D", ",", "~", "é"];
    for (segment, text) in good_segments() {
        for character in characters {
            for position in [0, 1, text.len() / 2, text.len() - 1, text.len()] {
                let (front, back) = text.split_at(position);
                assert_eq!(
                    outcome(&with_segment(segment, &format!("{front}{character}{back}"))),
                    Err(VerifyError::NotBase64url { segment }),
                    "{character:?} at {position}"
                );
            }
        }
    }
}

#[test]
fn character_left_over_after_whole_groups_is_refused() {
    for (segment, text) in good_segments() {
        // A single character of a group never encodes an octet.
        let whole = &text[..text.len() / 4 * 4];
        for last in ["A", "_", "Q"] {
            assert_eq!(
                outcome(&with_segment(segment, &format!("{whole}{last}"))),
                Err(VerifyError::NotBase64url { segment })
            );
        }
    }
}

#[test]
fn all_other_last_characters_of_the_same_octets_are_refused() {
    for (segment, text) in good_segments() {
        let (front, last) = text.split_at(text.len() - 1);
        let index = ALPHABET.find(last).unwrap();
        let spare = if text.len() % 4 == 2 { 16 } else { 4 };
        assert_eq!(index % spare, 0);
        for other in ALPHABET[index + 1..index + spare].chars() {
            assert_eq!(
                outcome(&with_segment(segment, &format!("{front}{other}"))),
                Err(VerifyError::NotBase64url { segment }),
                "{other}"
            );
        }
    }
    // The signature of a 2048-bit key has 342 characters, and the last one has four spare bits.
    let signature = &good_segments()[2].1;
    assert_eq!((signature.len(), signature.len() % 4), (342, 2));
}

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#[test]
fn payload_that_is_not_base64url_is_not_looked_at_before_the_signature() {
    let token = token().payload_segment("!").forged_by(&TestKey::attacker()).mint();
    assert_eq!(outcome(&token), Err(VerifyError::BadSignature));
}

// Section 4: the JOSE Header is a JSON object whose names are unique.

/// The verdict on a token that is good except for its header. The header is signed.
fn with_header(header: impl Into<Vec<u8>>) -> Result<(), VerifyError> {
    outcome(&token().raw_header(header).mint())
}

fn bytes(front: &[u8], middle: &[u8], back: &[u8]) -> Vec<u8> {
    [front, middle, back].concat()
}

#[test]
fn header_that_is_not_an_object_is_refused() {
    let cases = [
        ("the members' values in their order", r#"["RS256","JWT","tokenring-test-key-01"]"#),
        ("array around the header", &format!("[{HEADER}]")),
        ("empty array", "[]"),
        ("string", r#""RS256""#),
        ("header as a string", r#""{\"alg\":\"RS256\"}""#),
        ("string with an escape", r#""\u0052S256""#),
        ("null", "null"),
        ("true", "true"),
        ("integer", "256"),
        ("negative integer", "-1"),
        ("fraction", "2.56"),
        ("integer of 30 digits", "123456789012345678901234567890"),
    ];
    for (what, header) in cases {
        assert_eq!(
            with_header(header),
            Err(VerifyError::HeaderJson(JsonError::NotObject)),
            "{what}"
        );
    }
}

#[test]
fn header_that_is_not_one_json_text_is_refused() {
    let h = HEADER;
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("white space only", b" ".into()),
        ("letter after it", format!("{h}x").into()),
        ("object after it", format!("{h}{{}}").into()),
        ("the same object twice", format!("{h}{h}").into()),
        ("comma after it", format!("{h},").into()),
        ("brace after it", format!("{h}}}").into()),
        ("NUL after it", format!("{h}\0").into()),
        ("NUL before it", format!("\0{h}").into()),
        ("comment after it", format!("{h}//").into()),
        ("comment before it", format!("/**/{h}").into()),
        ("no-break space after it", format!("{h}\u{a0}").into()),
        ("form feed after it", format!("{h}\u{c}").into()),
        ("byte order mark", format!("\u{feff}{h}").into()),
        ("byte order mark after it", format!("{h}\u{feff}").into()),
        ("UTF-16LE", h.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("UTF-16BE", h.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ("UTF-32LE", h.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect()),
        ("not closed", h.trim_end_matches('}').into()),
        ("member without value", header_and(r#""x":"#).into()),
        ("member without colon", header_and(r#""x""#).into()),
        ("comma at the end", h.replace('}', ",}").into()),
        ("comma at the start", h.replace('{', "{,").into()),
        ("name without quotes", header_and("x:1").into()),
        ("name in single quotes", header_and("'x':1").into()),
        ("number for a name", header_and("1:1").into()),
        ("null for a name", header_and("null:1").into()),
        ("string in single quotes", header_and(r#""x":'y'"#).into()),
        ("tab within a string", header_and("\"x\":\"\t\"").into()),
        ("line feed within a string", header_and("\"x\":\"\n\"").into()),
        ("NUL within a string", header_and("\"x\":\"\0\"").into()),
        ("NUL within a name", header_and("\"x\0\":1").into()),
        ("escape that JSON has not", header_and(r#""x":"\x41""#).into()),
        ("escape cut short", header_and(r#""x":"\u00""#).into()),
        ("NaN", header_and(r#""x":NaN"#).into()),
        ("Infinity", header_and(r#""x":Infinity"#).into()),
        ("-Infinity", header_and(r#""x":-Infinity"#).into()),
        ("undefined", header_and(r#""x":undefined"#).into()),
        ("True", header_and(r#""x":True"#).into()),
        ("tRUE", header_and(r#""x":tRUE"#).into()),
        ("true cut short", header_and(r#""x":tru"#).into()),
        ("true drawn out", header_and(r#""x":truee"#).into()),
        ("fals", header_and(r#""x":fals,"y":0"#).into()),
        ("nil", header_and(r#""x":nil"#).into()),
        ("leading zero", header_and(r#""x":01"#).into()),
        ("leading plus", header_and(r#""x":+1"#).into()),
        ("leading point", header_and(r#""x":.5"#).into()),
        ("trailing point", header_and(r#""x":1."#).into()),
        ("exponent without digits", header_and(r#""x":1e"#).into()),
        ("minus alone", header_and(r#""x":-"#).into()),
        ("hexadecimal", header_and(r#""x":0x10"#).into()),
        ("digits with underscore", header_and(r#""x":1_0"#).into()),
        ("array not closed", header_and(r#""x":[1"#).into()),
        ("array with a quotation mark after a number", header_and(r#""x":[0",1]"#).into()),
        ("array with a quotation mark after a literal", header_and(r#""x":[true",1]"#).into()),
        ("array with two strings in a row", header_and(r#""x":["y""z","y"]"#).into()),
        ("array with a comma at the end", header_and(r#""x":[1,]"#).into()),
        ("object closed by a bracket", header_and(r#""x":{"y":1]"#).into()),
    ];
    for (what, header) in cases {
        assert_eq!(with_header(header), Err(VerifyError::HeaderJson(JsonError::Syntax)), "{what}");
    }
}

#[test]
fn every_escape_of_json_means_its_character() {
    let escapes = r#"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"#;
    let characters = "\"\\/\u{8}\u{c}\n\r\té\u{1f600}";
    let header = HEADER.replace("tokenring-test-key-01", escapes);
    let token = token().raw_header(header).mint();
    assert_eq!(CompactJws::parse(&token).unwrap().header().key_id(), Some(characters));
}

#[test]
fn header_may_have_white_space_around_its_tokens() {
    let header = HEADER.replace(':', " :\t").replace(',', "\r\n,\n");
    assert_eq!(with_header(format!(" \t\r\n{header}\n \t\r")), Ok(()));
}

#[test]
fn number_that_no_double_holds_is_refused_in_an_ignored_parameter() {
    for number in ["1e400", "-1e400", "1e309", "1E+999999999999999999999", "1e99999999999999999999"]
    {
        for value in [number.to_owned(), format!("[{number}]"), format!(r#"{{"y":[0,{number}]}}"#)]
        {
            assert_eq!(
                with_header(header_and(&format!(r#""x":{value}"#))),
                Err(VerifyError::HeaderJson(JsonError::Syntax)),
                "{value}"
            );
        }
    }
    let digits = format!(r#""x":{}"#, "9".repeat(400));
    assert_eq!(with_header(header_and(&digits)), Err(VerifyError::HeaderJson(JsonError::Syntax)),);
    let large =
        r#""x":[1e308,-1e308,1e-400,0e400,-0,18446744073709551616,0.1e-99999999999999999999]"#;
    assert_eq!(with_header(header_and(large)), Ok(()));
}

#[test]
fn number_is_finite_up_to_where_doubles_are_rounded_to_infinity() {
    // 2^1024 - 2^970, halfway between the largest double and the next power of two.
    let end = "\
        179769313486231580793728971405303415079934132710037826936173778980444968292764\
        750946649017977587207096330286416692887910946555547851940402630657488671505820\
        681908902000708383676273854845817711531764475730270069855571366959622842914819\
        860834936475292719074168444365510704342711559699508093042880177904174497792";
    let (first, others) = end.split_at(1);
    let (before, zeros) = (end.strip_suffix('2').unwrap(), "0".repeat(900));
    for (number, finite) in [
        (end.to_owned(), false),
        (format!("{before}1"), true),
        (format!("-{before}1.{zeros}9"), true),
        (format!("-{end}.{zeros}"), false),
        (format!("{first}.{others}e308"), false),
        (format!("0.{zeros}{before}1E+1209"), true),
        (format!("0.{zeros}{end}E+1209"), false),
        (format!("{before}1{zeros}e-900"), true),
        (format!("{end}{zeros}e-0900"), false),
        ("1.7976931348623158079e308".to_owned(), true),
        ("1.797693134862315808e308".to_owned(), false),
        ("0.00e9223372036854775807".to_owned(), true),
        ("0.01e9223372036854775808".to_owned(), false),
        ("10.1e-9223372036854775809".to_owned(), true),
    ] {
        assert_eq!(number.parse::<f64>().unwrap().is_finite(), finite, "{number}");
        let verdict = with_header(header_and(&format!(r#""x":{number}"#)));
        let syntax = VerifyError::HeaderJson(JsonError::Syntax);
        assert_eq!(verdict, if finite { Ok(()) } else { Err(syntax) }, "{number}");
    }
}

/// The nearest double of some numbers takes a microsecond per byte to find. A header full of them
/// once took four milliseconds, before its signature was checked.
#[test]
fn numbers_that_are_slow_to_convert_cost_no_more_than_others() {
    let cost = |number: &str| {
        let list = vec![number; 140].join(",");
        let token = signed(header_and(&format!(r#""x":[{list}]"#)), "");
        let parse = |_| {
            let started = Instant::now();
            assert!(CompactJws::parse(&token).is_ok());
            started.elapsed()
        };
        (0..50).map(parse).min().unwrap()
    };
    let usual = cost("2.4700000000000000000e-100");
    for slow in ["2.4703282292062327208e-324", "1.797693134862315807937e308"] {
        assert!(cost(slow) < 5 * usual, "{slow} {usual:?}");
    }
}

#[test]
fn lone_surrogate_is_refused_in_an_ignored_parameter() {
    let lone = [
        r"\ud800",
        r"\udbff",
        r"\udc00",
        r"\udfff",
        r"\uD800x",
        r"\ud800\ud800",
        r"\udc00\ud800",
        r"\ud800\n",
        r"\ud800\u0041",
        r"x\ud800",
    ];
    for characters in lone {
        for members in [
            format!(r#""x":"{characters}""#),
            format!(r#""x":["{characters}"]"#),
            format!(r#""x":{{"{characters}":1}}"#),
            format!(r#""{characters}":1"#),
        ] {
            assert_eq!(
                with_header(header_and(&members)),
                Err(VerifyError::HeaderJson(JsonError::Syntax)),
                "{members}"
            );
        }
    }
    assert_eq!(with_header(header_and(r#""x":"\ud83d\ude00\u0000""#)), Ok(()));
}

#[test]
fn octets_that_are_not_utf8_are_refused_in_an_ignored_parameter() {
    let header = header_and(r#""x":{"y":["@"]}"#);
    let (front, back) = header.split_once('@').unwrap();
    let octets: [(&str, &[u8]); 8] = [
        ("octet never used", b"\xff"),
        ("continuation alone", b"\x80"),
        ("Latin-1", b"\xe9"),
        ("overlong slash", b"\xc0\xaf"),
        ("overlong NUL", b"\xc0\x80"),
        ("surrogate, as in CESU-8", b"\xed\xa0\x80"),
        ("above U+10FFFF", b"\xf4\x90\x80\x80"),
        ("cut short", b"\xe2\x82"),
    ];
    for (what, octets) in octets {
        assert_eq!(
            with_header(bytes(front.as_bytes(), octets, back.as_bytes())),
            Err(VerifyError::HeaderJson(JsonError::NotUtf8)),
            "{what}"
        );
    }
    assert_eq!(with_header(bytes(front.as_bytes(), "é€😀".as_bytes(), back.as_bytes())), Ok(()));
}

#[test]
fn repeated_parameter_is_refused() {
    let repeated = [
        r#""alg":"RS256""#,
        r#""alg":"none""#,
        r#""al\u0067":"RS256""#,
        r#""\u0061\u006c\u0067":"none""#,
        r#""kid":"tokenring-test-key-01""#,
        r#""kid":"tokenring-test-key-02""#,
        r#""k\u0069d":null"#,
        r#""typ":"JWT""#,
        r#""x":1,"x":1"#,
        r#""x":1,"\u0078":2"#,
        r#""\u0078":1,"\u0078":2"#,
        r#""\u0078":1,"x":2"#,
        r#""jwk":{},"jwk":{}"#,
        r#""":1,"":1"#,
        r#""é":1,"\u00e9":1"#,
        r#""$serde_json::private::Number":"1","$serde_json::private::Number":"1""#,
    ];
    for members in repeated {
        assert_eq!(
            with_header(header_and(members)),
            Err(VerifyError::HeaderJson(JsonError::DuplicateMember)),
            "{members}"
        );
    }
    // Before the genuine parameter as well as after it.
    assert_eq!(
        with_header(HEADER.replace('{', r#"{"alg":"HS256","#)),
        Err(VerifyError::HeaderJson(JsonError::DuplicateMember)),
    );
}

#[test]
fn names_that_only_look_alike_are_different_parameters() {
    let members = r#""Alg":"none","ALG":1," alg":1,"alg ":1,"alg\u0000":1,"аlg":1,"x":1,"X":1"#;
    assert_eq!(with_header(header_and(members)), Ok(()));
}

#[test]
fn header_of_32_levels_is_accepted_and_one_of_33_is_refused() {
    let too_deep = Err(VerifyError::HeaderJson(JsonError::TooDeep));
    // The header itself is the first level.
    for (more, expected) in [(31, Ok(())), (32, too_deep), (100, too_deep), (126, too_deep)] {
        for (open, close) in [("[", "]"), ("[0,0,", "]"), (r#"{"":"#, "}"), (r#"{"a":0,"b":"#, "}")]
        {
            let inside = if open == "[" { "" } else { "0" };
            let value = format!("{}{inside}{}", open.repeat(more), close.repeat(more));
            assert_eq!(
                with_header(header_and(&format!(r#""x":{value}"#))),
                expected,
                "{more} of {open}"
            );
        }
    }
    let brackets = "[".repeat(3900);
    assert_eq!(with_header(header_and(&format!(r#""x":{brackets}"#))), too_deep);
    assert_eq!(with_header(brackets), too_deep);
}

#[test]
fn header_of_4096_bytes_is_accepted_and_one_of_4097_is_refused() {
    let pad = |bytes: usize| {
        let pad = bytes - header_and(r#""x":"""#).len();
        header_and(&format!(r#""x":"{}""#, "x".repeat(pad)))
    };
    assert_eq!(pad(4096).len(), 4096);
    assert_eq!(with_header(pad(4095)), Ok(()));
    assert_eq!(with_header(pad(4096)), Ok(()));
    for bytes in [4097, 4098, 4099, 8000] {
        assert_eq!(with_header(pad(bytes)), Err(VerifyError::HeaderTooLong { bytes }));
    }
}

// Section 4.1.11, and the parameters that would change how the token is processed.

#[test]
fn parameter_that_changes_the_processing_is_refused_whatever_its_value() {
    let values = [
        "null",
        "true",
        "false",
        "0",
        "\"\"",
        r#""JWT""#,
        r#""DEF""#,
        "[]",
        r#"["exp"]"#,
        "{}",
        r#"["b64"]"#,
        r#"["alg"]"#,
    ];
    for parameter in ["crit", "b64", "zip", "enc", "cty"] {
        for value in values {
            assert_eq!(
                with_header(header_and(&format!(r#""{parameter}":{value}"#))),
                Err(VerifyError::HeaderForbidden { parameter }),
                "{parameter} {value}"
            );
        }
        let first: String = parameter.chars().take(1).collect();
        let escaped = format!(r"\u{:04x}{}", parameter.as_bytes()[0], &parameter[first.len()..]);
        assert_eq!(
            with_header(header_and(&format!(r#""{escaped}":null"#))),
            Err(VerifyError::HeaderForbidden { parameter }),
            "{escaped}"
        );
    }
}

#[test]
fn unencoded_payload_of_rfc_7797_is_refused() {
    let header = r#"{"alg":"RS256","b64":false,"crit":["b64"]}"#;
    let encoded = URL_SAFE_NO_PAD.encode(header);
    let token = token().signing_input(format!("{encoded}.$02")).mint();
    assert_eq!(outcome(&token), Err(VerifyError::HeaderForbidden { parameter: "b64" }));
}

#[test]
fn unknown_parameters_are_ignored_whatever_their_value() {
    for value in ["null", "true", "0", "-1.5e3", "\"\"", "[]", "{}", r#"[{"alg":"none"}]"#] {
        for parameter in ["x", "jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "p2c", "nonce", "iss"]
        {
            let member = format!(r#""{parameter}":{value}"#);
            assert_eq!(with_header(header_and(&member)), Ok(()), "{member}");
        }
    }
}

#[test]
fn key_that_the_token_brings_along_is_not_used() {
    let attacker = TestKey::attacker();
    let jwk = attacker.jwk();
    let certificate = STANDARD.encode(jwk["n"].as_str().unwrap());
    let parameters = [
        ("jwk", jwk.clone()),
        ("jku", "https://attacker.example/.well-known/jwks.json".into()),
        ("x5u", "https://attacker.example/certificate.pem".into()),
        ("x5c", vec![certificate].into()),
        ("x5t", "bWFya2Vy".into()),
        ("x5t#S256", "bWFya2Vy".into()),
    ];
    for (parameter, value) in parameters {
        // With a known `kid`, with the attacker's own, and without `kid`.
        let token = token().header(parameter, value).forged_by(&attacker);
        let other = token.clone().header("kid", attacker.kid());
        let none = token.clone().without_header("kid");
        assert_eq!(outcome(&token.mint()), Err(VerifyError::BadSignature), "{parameter}");
        assert_eq!(outcome(&other.mint()), Err(VerifyError::UnknownKey), "{parameter}");
        assert_eq!(outcome(&none.mint()), Err(VerifyError::AmbiguousKey), "{parameter}");
    }
}

// Section 4.1.1: `alg`, case-sensitive.

/// The verdict on a token signed with RS256 whose `alg` is this JSON text.
fn with_alg(alg: &str) -> Result<(), VerifyError> {
    with_header(HEADER.replace(r#""RS256""#, alg))
}

#[test]
fn alg_other_than_rs256_is_refused() {
    let others = [
        "",
        "rs256",
        "Rs256",
        "RS256 ",
        " RS256",
        r"RS256\u0000",
        r"\u0000RS256",
        r"RS256\n",
        "RS25",
        "RS2566",
        "RS-256",
        "RS384",
        "RS512",
        "PS256",
        "PS384",
        "PS512",
        "ES256",
        "ES256K",
        "EdDSA",
        "Ed25519",
        "HS256",
        "HS384",
        "HS512",
        "none",
        "None",
        "NONE",
        "nOnE",
        "RSA1_5",
        "RSA-OAEP",
        "dir",
        "RS256,none",
        "ＲＳ256",
        "RЅ256",
        "SHA256withRSA",
        "ML-DSA-44",
    ];
    for alg in others {
        assert_eq!(
            with_alg(&format!(r#""{alg}""#)),
            Err(VerifyError::AlgorithmNotAccepted),
            "{alg}"
        );
    }
}

#[test]
fn escapes_in_alg_are_resolved_before_it_is_compared() {
    assert_eq!(with_alg(r#""\u0052S256""#), Ok(()));
}

#[test]
fn alg_that_is_not_a_string_or_absent_is_refused() {
    for alg in ["null", "true", "256", r#"["RS256"]"#, r#"{"RS256":1}"#, "[]"] {
        assert_eq!(with_alg(alg), Err(VerifyError::HeaderType { parameter: "alg" }), "{alg}");
    }
    assert_eq!(with_header(r#"{"typ":"JWT"}"#), Err(VerifyError::AlgorithmMissing));
    assert_eq!(with_header("{}"), Err(VerifyError::AlgorithmMissing));
    assert_eq!(with_header(r#"{"ALG":"RS256"}"#), Err(VerifyError::AlgorithmMissing));
}

#[test]
fn token_without_signature_is_refused() {
    for alg in ["none", "None", "NONE", ""] {
        let token = token().header("alg", alg);
        let empty = token.clone().signature_segment("").mint();
        let error = VerifyError::EmptySegment { segment: "signature" };
        assert_eq!(outcome(&empty), Err(error), "{alg}");
        let zero = token.signature([0]).mint();
        assert_eq!(outcome(&zero), Err(VerifyError::AlgorithmNotAccepted), "{alg}");
    }
    let empty = token().signature_segment("").mint();
    assert_eq!(outcome(&empty), Err(VerifyError::EmptySegment { segment: "signature" }));
}

#[test]
fn other_algorithms_really_used_with_the_same_key_are_refused() {
    for algorithm in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256] {
        let alg = algorithm.name();
        let named = token().forged_as(algorithm).header("alg", alg).mint();
        assert_eq!(outcome(&named), Err(VerifyError::AlgorithmNotAccepted), "{alg}");
        let unnamed = token().forged_as(algorithm).mint();
        assert_eq!(outcome(&unnamed), Err(VerifyError::BadSignature), "{alg} as RS256");
    }
}

#[test]
fn hmac_keyed_with_the_public_key_is_refused() {
    let issuer = issuer();
    let jwk = issuer.keys()[0].jwk();
    let [n, e] =
        ["n", "e"].map(|name| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap());
    let pkcs1 = der(0x30, &[der(2, &bytes(&[0], &n, &[])), der(2, &e)].concat());
    let algorithm = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00".to_vec();
    let spki = der(0x30, &[algorithm, der(3, &bytes(&[0], &pkcs1, &[]))].concat());
    let pem = pem("PUBLIC KEY", &spki);
    let keys: [(&str, Vec<u8>); 11] = [
        ("modulus", n),
        ("modulus as in the JWK", jwk["n"].as_str().unwrap().into()),
        ("JWK", jwk.to_string().into()),
        ("JWK Set", issuer.jwks().into()),
        ("PKCS #1 DER", pkcs1.clone()),
        ("PKCS #1 PEM", self::pem("RSA PUBLIC KEY", &pkcs1).into()),
        ("SubjectPublicKeyInfo DER", spki),
        ("PEM without its last line feed", pem.trim_end().into()),
        ("PEM with white space before it", format!(" {pem}").into()),
        ("PEM", pem.into()),
        ("empty key", vec![]),
    ];
    for (what, key) in keys {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        for (alg, error) in [
            ("HS256", VerifyError::AlgorithmNotAccepted),
            // `alg` does not say HS256, and 32 bytes are no RSA signature.
            ("RS256", VerifyError::BadSignature),
        ] {
            let token = token().header("alg", alg);
            let (signing_input, _) = token.mint().rsplit_once('.').map(owned).unwrap();
            let tag = hmac::sign(&key, signing_input.as_bytes());
            assert_eq!(
                outcome(&token.clone().signature(tag.as_ref()).mint()),
                Err(error),
                "{what}"
            );
            let filled = token.signature(tag.as_ref().repeat(8)).mint();
            assert_eq!(outcome(&filled), Err(error), "{what}, repeated up to the modulus' length");
        }
    }
}

fn owned((front, back): (&str, &str)) -> (String, String) {
    (front.to_owned(), back.to_owned())
}

/// Tag, length and content of one DER element of less than 64 KiB.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    let length = match (high, low) {
        (0, ..0x80) => vec![low],
        (0, _) => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [vec![tag], length, content.to_vec()].concat()
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

// Section 4.1.4: `kid`, a case-sensitive string.

/// The verdict on a token signed with the first key whose `kid` is this JSON text.
fn with_kid(kid: &str) -> Result<(), VerifyError> {
    with_header(HEADER.replace(r#""tokenring-test-key-01""#, kid))
}

#[test]
fn kid_that_is_not_a_string_is_refused() {
    let values = [
        "null",
        "true",
        "1",
        "0",
        "1.5",
        "[]",
        r#"["tokenring-test-key-01"]"#,
        r#"{"kid":"tokenring-test-key-01"}"#,
        r#"{"$serde_json::private::Number":"1"}"#,
    ];
    for kid in values {
        assert_eq!(with_kid(kid), Err(VerifyError::HeaderType { parameter: "kid" }), "{kid}");
    }
}

#[test]
fn kid_is_compared_byte_for_byte_after_unescaping() {
    assert_eq!(with_kid(r#""tokenring-test-key-\u0030\u0031""#), Ok(()));
    assert_eq!(with_kid(r#""tokenring\u002dtest-key-01""#), Ok(()));
    let others = [
        "TOKENRING-TEST-KEY-01",
        "Tokenring-test-key-01",
        "tokenring-test-key-0",
        "tokenring-test-key-011",
        "tokenring-test-key-01 ",
        " tokenring-test-key-01",
        r"tokenring-test-key-01\u0000",
        r"tokenring-test-key-01\n",
        "tokenring-test-key-",
        "tokenring-test-key-1",
        "tokenring-test-key-*",
        "tokenring-test-key-%",
        "attacker",
        "../../../../dev/null",
        "' OR '1'='1",
        "__proto__",
        "undefined",
        "null",
        "0",
        "tokenring‐test‐key‐01",
        "tokenring-test-key-０１",
        r"tokenring-test-key-01\ud83d\ude00",
    ];
    for kid in others {
        assert_eq!(with_kid(&format!(r#""{kid}""#)), Err(VerifyError::UnknownKey), "{kid}");
    }
}

#[test]
fn kid_of_another_published_key_is_refused() {
    assert_eq!(with_kid(r#""tokenring-test-key-02""#), Err(VerifyError::BadSignature));
}

#[test]
fn kid_of_256_bytes_is_accepted_and_one_of_257_or_none_is_refused() {
    let cases = [
        ("256 letters", "k".repeat(256)),
        ("256 bytes of two-byte characters", "é".repeat(128)),
        ("256 bytes of four-byte characters", "😀".repeat(64)),
    ];
    for (what, kid) in cases {
        let issuer = Issuer::with_keys(issuer().url(), vec![TestKey::attacker().with_kid(&kid)]);
        let keys = JwkSet::from_json(issuer.jwks().as_bytes()).unwrap();
        let verifier = Verifier::new(policy(), keys).unwrap();
        let token = issuer.token_at(NOW);
        let verified = verifier.verify_at(&token.mint(), NOW).unwrap();
        assert_eq!(verified.key_id(), Some(kid.as_str()), "{what}");
        assert_eq!(outcome(&token.mint()), Err(VerifyError::UnknownKey), "{what}");

        let bytes = 257;
        let longer = token.clone().header("kid", format!("{kid}k")).mint();
        assert_eq!(outcome(&longer), Err(VerifyError::KeyIdLength { bytes }), "{what}");
    }
    assert_eq!(with_kid(r#""""#), Err(VerifyError::KeyIdLength { bytes: 0 }));
    let escaped = format!(r#""{}""#, r"\u006b".repeat(256));
    assert_eq!(with_kid(&escaped), Err(VerifyError::UnknownKey));
    let escaped = format!(r#""{}""#, r"\u006b".repeat(257));
    assert_eq!(with_kid(&escaped), Err(VerifyError::KeyIdLength { bytes: 257 }));
}

#[test]
fn header_methods_return_its_members() {
    let token = token().header("typ", "application/AT+jwt").header("kid", "a \"b\" é").mint();
    let jws = CompactJws::parse(&token).unwrap();
    assert_eq!(jws.header().algorithm().name(), "RS256");
    assert_eq!(jws.header().key_id(), Some("a \"b\" é"));
    assert_eq!(jws.header().token_type(), Some("application/AT+jwt"));
}

// Section 5.2, step 8: the signature.

#[test]
fn signature_of_another_length_is_refused() {
    let good = token();
    let signature = URL_SAFE_NO_PAD.decode(&segments(&good.mint())[2]).unwrap();
    let cases: [(&str, Vec<u8>); 11] = [
        ("one byte", vec![1]),
        ("one byte short at the end", signature[..255].to_vec()),
        ("one byte short at the start", signature[1..].to_vec()),
        ("a zero before it", bytes(&[0], &signature, &[])),
        ("a zero after it", bytes(&[], &signature, &[0])),
        ("twice", signature.repeat(2)),
        ("four times, the length of the largest key", signature.repeat(4)),
        ("longer than the largest key", bytes(&signature.repeat(4), &[0], &[])),
        ("much longer than the largest key", signature.repeat(40)),
        ("zero", vec![0; 256]),
        ("all ones", vec![0xff; 256]),
    ];
    for (what, signature) in cases {
        let token = good.clone().signature(signature).mint();
        assert_eq!(outcome(&token), Err(VerifyError::BadSignature), "{what}");
    }
    let long = good.clone().signature_segment("!".repeat(1500)).mint();
    assert_eq!(outcome(&long), Err(VerifyError::BadSignature), "not base64url and too long");
}

#[test]
fn signature_over_anything_but_the_text_received_is_refused() {
    let good = token().mint();
    let [header, payload, signature] = segments(&good);
    let spaced = URL_SAFE_NO_PAD.encode(HEADER.replace(':', ": "));
    let reordered =
        URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"RS256","kid":"tokenring-test-key-01"}"#);
    let other = segments(&token().subject("someone else").mint());
    let cases = [
        ("same header with other white space", format!("{spaced}.{payload}.{signature}")),
        ("same header in another order", format!("{reordered}.{payload}.{signature}")),
        ("payload of another token", format!("{header}.{}.{signature}", other[1])),
        ("signature of another token", format!("{header}.{payload}.{}", other[2])),
        ("header for payload", format!("{header}.{header}.{signature}")),
        ("empty payload", format!("{header}..{signature}")),
    ];
    for (what, token) in cases {
        assert_eq!(outcome(&token), Err(VerifyError::BadSignature), "{what}");
    }
}

#[test]
fn bare_signature_is_verified_without_a_token() {
    let key = &issuer().keys()[0].clone();
    let public = public_key(key);
    assert_eq!(public.modulus_bits(), 2048);
    let signature = key.sign(b"message");
    assert_eq!(public.verify(b"message", &signature), Ok(()));
    assert_eq!(public.verify(b"Message", &signature), Err(VerifyError::BadSignature));
    assert_eq!(public.verify(b"", &signature), Err(VerifyError::BadSignature));
    assert_eq!(public.verify(b"message", &signature[1..]), Err(VerifyError::BadSignature));
    assert_eq!(public.verify(b"message", b""), Err(VerifyError::BadSignature));
}

#[test]
fn all_keys_of_the_issuer_verify_what_they_signed() {
    for key in issuer().keys() {
        let verified = verify(&token().key(key).mint()).unwrap();
        assert_eq!(verified.key_id(), Some(key.kid()));
    }
}

#[test]
fn smallest_token_is_accepted() {
    let [iss, aud, exp] = CLAIMS.map(|(name, value)| format!(r#""{name}":{value}"#));
    let header = r#"{"alg":"RS256","kid":"tokenring-test-key-01"}"#;
    assert_eq!(outcome(&signed(header, format!("{{{iss},{aud},{exp}}}"))), Ok(()));
}
