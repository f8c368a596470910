//! The test issuer mints what it says: good tokens, and broken ones. RFC 7515 section 7.1.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rsa::PublicKeyComponents,
    signature::{
        RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_SHA384,
        RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaParameters,
    },
};
use serde_json::{Value, json};
use tokenring::{
    UnixTime,
    testkit::{AUDIENCE, Issuer, TestKey},
};

const NOW: UnixTime = UnixTime::from_secs(1_750_000_000);

#[test]
fn default_token_is_an_auth0_access_token() {
    let token = Issuer::default().token_at(NOW).mint();
    let [header, payload, signature] = segments(&token);
    assert_eq!(header, br#"{"alg":"RS256","typ":"JWT","kid":"tokenring-test-key-01"}"#.as_slice());
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
        .verify(algorithm, signing_input.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
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
