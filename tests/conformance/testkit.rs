//! The test issuer mints good tokens, and broken ones with exactly the requested fault. RFC 7515
//! section 7.1.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest::{SHA256, digest},
    rsa::PublicKeyComponents,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
        RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
        RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, UnparsedPublicKey,
        VerificationAlgorithm,
    },
};
use serde_json::{Value, json};
use tokenring::{
    Algorithm, JwkSet, Policy, UnixTime, Verifier, VerifyError,
    testkit::{AUDIENCE, Issuer, TestKey},
};

use crate::algorithms::ALGORITHMS;

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

/// Callers may have stored the token. OpenSSL made the same one from the same text and key.
#[test]
fn default_token_is_the_same_in_every_version() {
    let token = Issuer::default().token_at(NOW).mint();
    let hex: String =
        digest(&SHA256, token.as_bytes()).as_ref().iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, "6f02c4390f719c50dccd54dcdc1b0d4762bf53254c1c473177f8048af636825e");
}

#[test]
fn token_of_each_algorithm_names_it_and_verifies_with_its_jwk() {
    for algorithm in ALGORITHMS {
        let issuer = Issuer::for_algorithm("https://issuer.example/", algorithm);
        let kid = format!("tokenring-test-key-{}", algorithm.name().to_lowercase());
        let set: Value = serde_json::from_str(&issuer.jwks()).unwrap();
        let [jwk] = set["keys"].as_array().unwrap().as_slice() else { panic!("one key") };
        assert_eq!((&jwk["alg"], &jwk["kid"]), (&algorithm.name().into(), &kid.as_str().into()));
        assert_eq!(issuer.keys()[0].algorithm(), algorithm);

        let token = issuer.token_at(NOW).mint();
        let header = json!({ "alg": algorithm.name(), "typ": "JWT", "kid": kid });
        assert_eq!(header_of(&token), header);
        let (message, _) = token.rsplit_once('.').unwrap();
        let signature = &segments(&token)[2];
        for other in ALGORITHMS {
            // Only RSA keys can be tried with another algorithm.
            if other == algorithm || (is_rsa(other) && is_rsa(algorithm)) {
                let verified = verifies(jwk, other, message.as_bytes(), signature);
                assert_eq!(verified, other == algorithm, "{algorithm:?} as {other:?}");
            }
        }
        assert!(!verifies(jwk, algorithm, b"another message", signature));
    }
}

#[test]
fn token_of_each_algorithm_is_accepted_by_a_policy_with_it_and_a_forged_one_is_not() {
    for algorithm in ALGORITHMS {
        let issuer = Issuer::for_algorithm("https://issuer.example/", algorithm);
        let keys = JwkSet::from_json(issuer.jwks().as_bytes()).unwrap();
        let policy = Policy::new("https://issuer.example/", AUDIENCE).algorithms([algorithm]);
        let verifier = Verifier::new(policy, keys).unwrap();
        let verified = verifier.verify_at(&issuer.token_at(NOW).mint(), NOW).unwrap();
        assert_eq!(verified.key_id(), Some(issuer.keys()[0].kid()));
        let forged = issuer.token_at(NOW).forged_by(&TestKey::attacker_for(algorithm)).mint();
        assert_eq!(verifier.verify_at(&forged, NOW).unwrap_err(), VerifyError::BadSignature);
    }
}

#[test]
fn attacker_of_each_algorithm_signs_with_another_key_than_the_published_one() {
    for algorithm in ALGORITHMS {
        let issuer = Issuer::for_algorithm("https://issuer.example/", algorithm);
        let attacker = TestKey::attacker_for(algorithm);
        assert_eq!((attacker.kid(), attacker.algorithm()), ("attacker", algorithm));
        let token = issuer.token_at(NOW).forged_by(&attacker).mint();
        assert_eq!(header_of(&token), header_of(&issuer.token_at(NOW).mint()));
        let (message, _) = token.rsplit_once('.').unwrap();
        let signature = &segments(&token)[2];
        assert!(verifies(&attacker.jwk(), algorithm, message.as_bytes(), signature));
        assert!(!verifies(&issuer.keys()[0].jwk(), algorithm, message.as_bytes(), signature));
    }
    assert_eq!(TestKey::attacker().jwk(), TestKey::attacker_for(Algorithm::RS256).jwk());
}

#[test]
fn signatures_have_the_length_of_their_algorithm() {
    // RFC 7518 section 3.4: both numbers have the length of the curve's order.
    for (algorithm, bytes) in
        [(Algorithm::ES256, 64), (Algorithm::ES384, 96), (Algorithm::EdDSA, 64)]
    {
        assert_eq!(TestKey::for_algorithm(algorithm).sign(b"message").len(), bytes);
    }
    for algorithm in ALGORITHMS.into_iter().filter(|algorithm| is_rsa(*algorithm)) {
        assert_eq!(TestKey::for_algorithm(algorithm).sign(b"message").len(), 256);
    }
}

#[test]
fn only_pss_and_ecdsa_are_random() {
    let random: Vec<&str> = ALGORITHMS
        .into_iter()
        .map(TestKey::for_algorithm)
        .filter(|key| key.sign(b"message") != key.sign(b"message"))
        .map(|key| key.algorithm().name())
        .collect();
    assert_eq!(random, ["PS256", "PS384", "PS512", "ES256", "ES384"]);
}

/// RFC 7518 sections 6.2.1 and 6.3.1, RFC 8037 section 2.
#[test]
fn jwk_has_the_public_members_of_its_type_and_no_others() {
    let members = |algorithm| {
        let jwk = TestKey::for_algorithm(algorithm).jwk();
        let names = jwk.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>();
        (names.join(" "), jwk["kty"].clone(), jwk["crv"].clone())
    };
    let ec = String::from("alg crv kid kty use x y");
    assert_eq!(members(Algorithm::ES256), (ec.clone(), "EC".into(), "P-256".into()));
    assert_eq!(members(Algorithm::ES384), (ec, "EC".into(), "P-384".into()));
    let okp = String::from("alg crv kid kty use x");
    assert_eq!(members(Algorithm::EdDSA), (okp, "OKP".into(), "Ed25519".into()));
    let rsa = String::from("alg e kid kty n use");
    assert_eq!(members(Algorithm::PS384), (rsa, "RSA".into(), Value::Null));
    for (algorithm, bytes) in
        [(Algorithm::ES256, 32), (Algorithm::ES384, 48), (Algorithm::EdDSA, 32)]
    {
        assert_eq!(decoded(&TestKey::for_algorithm(algorithm).jwk(), "x").len(), bytes);
    }
}

#[test]
fn rsa_keys_of_all_algorithms_share_one_modulus_that_the_default_issuer_does_not_publish() {
    let modulus = TestKey::for_algorithm(Algorithm::RS256).jwk()["n"].clone();
    for algorithm in ALGORITHMS.into_iter().filter(|algorithm| is_rsa(*algorithm)) {
        assert_eq!(TestKey::for_algorithm(algorithm).jwk()["n"], modulus);
    }
    assert!(Issuer::default().keys().iter().all(|key| key.jwk()["n"] != modulus));
}

#[test]
fn rsa_key_takes_another_rsa_algorithm() {
    let key = Issuer::default().keys()[0].with_algorithm(Algorithm::PS512);
    assert_eq!((key.kid(), key.algorithm()), ("tokenring-test-key-01", Algorithm::PS512));
    let mut jwk = Issuer::default().keys()[0].jwk();
    jwk["alg"] = "PS512".into();
    assert_eq!(key.jwk(), jwk);
    assert!(verifies(&jwk, Algorithm::PS512, b"message", &key.sign(b"message")));
}

#[test]
fn key_of_each_type_takes_its_own_algorithm() {
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA] {
        let key = TestKey::for_algorithm(algorithm);
        assert_eq!(key.with_algorithm(algorithm).jwk(), key.jwk());
    }
}

#[test]
#[should_panic(expected = "the key's type is for another algorithm")]
fn ec_key_does_not_take_an_rsa_algorithm() {
    let _key = TestKey::for_algorithm(Algorithm::ES256).with_algorithm(Algorithm::RS256);
}

#[test]
#[should_panic(expected = "the key's type is for another algorithm")]
fn ec_key_does_not_take_the_algorithm_of_another_curve() {
    let _key = TestKey::for_algorithm(Algorithm::ES256).with_algorithm(Algorithm::ES384);
}

#[test]
#[should_panic(expected = "the key's type is for another algorithm")]
fn ed25519_key_forges_no_token_as_an_rsa_algorithm() {
    let key = TestKey::for_algorithm(Algorithm::EdDSA);
    let _token = Issuer::default().token_at(NOW).key(&key).forged_as(Algorithm::PS256);
}

#[test]
fn changed_members_are_in_the_jwk_and_nowhere_else() {
    let key = TestKey::for_algorithm(Algorithm::ES256);
    let odd = key
        .without_member("kid")
        .with_member("use", "enc")
        .with_member("x5t", json!(["a"]))
        .without_alg()
        .with_member("use", "sig")
        .without_member("never there")
        .with_kid("renamed");
    let mut jwk = key.jwk();
    jwk.as_object_mut().unwrap().remove("kid");
    jwk.as_object_mut().unwrap().remove("alg");
    jwk["x5t"] = json!(["a"]);
    assert_eq!(odd.jwk(), jwk);
    assert_eq!((odd.kid(), odd.algorithm()), ("renamed", Algorithm::ES256));
    assert!(verifies(&key.jwk(), Algorithm::ES256, b"message", &odd.sign(b"message")));

    let back = odd.with_member("alg", "Ed25519").jwk();
    assert_eq!(back["alg"], "Ed25519");
    assert_eq!(key.jwk()["alg"], "ES256");
}

#[test]
fn key_sets_alg_unless_alg_was_chosen() {
    let token = Issuer::default().token_at(NOW);
    let eddsa = TestKey::for_algorithm(Algorithm::EdDSA);
    let expected = r#"{"alg":"EdDSA","typ":"JWT","kid":"tokenring-test-key-eddsa"}"#;
    assert_eq!(token.clone().key(&eddsa).header_json(), expected);
    let expected = r#"{"alg":"RS256","typ":"JWT","kid":"tokenring-test-key-01"}"#;
    assert_eq!(token.clone().forged_by(&eddsa).header_json(), expected);
    // RFC 9864 section 2.2: the other name of the same algorithm.
    let expected = r#"{"alg":"Ed25519","typ":"JWT","kid":"tokenring-test-key-eddsa"}"#;
    assert_eq!(token.clone().key(&eddsa).header("alg", "Ed25519").header_json(), expected);
    assert_eq!(token.clone().header("alg", "Ed25519").key(&eddsa).header_json(), expected);
    let expected = r#"{"typ":"JWT","kid":"tokenring-test-key-eddsa"}"#;
    assert_eq!(token.without_header("alg").key(&eddsa).header_json(), expected);
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
    let token = token.forged_as(Algorithm::RS384);
    let jwk = Issuer::default().keys()[0].jwk();
    assert!(holds(&token.mint(), &jwk, &RSA_PKCS1_2048_8192_SHA384));
    let token = token.header("alg", "PS256").forged_as(Algorithm::PS256).mint();
    assert!(holds(&token, &jwk, &RSA_PSS_2048_8192_SHA256));
    assert!(!holds(&token, &jwk, &RSA_PKCS1_2048_8192_SHA256));
}

#[test]
fn jwk_is_public_and_names_its_use() {
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
fn given_signing_input_is_signed_as_it_is() {
    let token = Issuer::default().token_at(NOW).signing_input("a.b.c").mint();
    assert!(token.starts_with("a.b.c."));
    let jwk = Issuer::default().keys()[0].jwk();
    assert!(holds(&token, &jwk, &RSA_PKCS1_2048_8192_SHA256));
}

#[test]
fn issuer_has_the_given_url_and_finds_its_keys_by_kid() {
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

/// Verifies with ring alone, given the published JWK.
fn holds(token: &str, jwk: &Value, algorithm: &'static RsaParameters) -> bool {
    let (signing_input, signature) = token.rsplit_once('.').unwrap();
    PublicKeyComponents { n: decoded(jwk, "n"), e: decoded(jwk, "e") }
        .verify(algorithm, signing_input.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
        .is_ok()
}

/// The same for any algorithm. RFC 7518 section 3, RFC 8037 section 3.1.
fn verifies(jwk: &Value, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
    let rsa = |parameters| {
        PublicKeyComponents { n: decoded(jwk, "n"), e: decoded(jwk, "e") }
            .verify(parameters, message, signature)
            .is_ok()
    };
    let other = |verification: &'static dyn VerificationAlgorithm, key: Vec<u8>| {
        UnparsedPublicKey::new(verification, key).verify(message, signature).is_ok()
    };
    let point = || [vec![4], decoded(jwk, "x"), decoded(jwk, "y")].concat();
    match algorithm {
        Algorithm::RS256 => rsa(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => rsa(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => rsa(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => rsa(&RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => rsa(&RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => rsa(&RSA_PSS_2048_8192_SHA512),
        Algorithm::ES256 => other(&ECDSA_P256_SHA256_FIXED, point()),
        Algorithm::ES384 => other(&ECDSA_P384_SHA384_FIXED, point()),
        Algorithm::EdDSA => other(&ED25519, decoded(jwk, "x")),
        _ => unreachable!("an algorithm that the test issuer does not have"),
    }
}

fn decoded(jwk: &Value, name: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap()
}

fn is_rsa(algorithm: Algorithm) -> bool {
    algorithm.name().starts_with("RS") || algorithm.name().starts_with("PS")
}

fn header_of(token: &str) -> Value {
    serde_json::from_slice(&segments(token)[0]).unwrap()
}

fn segments(token: &str) -> [Vec<u8>; 3] {
    let decoded: Vec<Vec<u8>> =
        token.split('.').map(|segment| URL_SAFE_NO_PAD.decode(segment).unwrap()).collect();
    decoded.try_into().unwrap()
}
