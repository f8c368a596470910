//! RFC 9449: what a DPoP proof must say. Its URI, nonces and used proofs are in the modules beside this one.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};
use tokenring::{
    Algorithm, JsonError, JwkError, UnixTime,
    possession::{
        BoundToken, ClientCertificate, Confirmation, ConfirmationError, ProofCheck, ProofError,
        ProofOutcome, ProofPolicy, ProofPolicyError, ProofVerifier, Request, Thumbprint, UriError,
    },
    testkit::TestKey,
};

use crate::{
    common::{NOW, variant_in_snake_case},
    proofs::{
        Forgetful, ORIGIN, Proof, TOKEN, assert_findings, base64url, bound_to, jwk, policy, proof,
        sha256, verifier, verifier_of,
    },
};

const ALL: [Algorithm; 5] =
    [Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA, Algorithm::PS256, Algorithm::RS256];

/// Section 7.1: the access token and the proof of a request to a resource server.
const EXAMPLE_TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
const EXAMPLE_PROOF: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";

/// Section 4.1: the proof of a token request.
const TOKEN_REQUEST_PROOF: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";

fn example_token() -> BoundToken<'static> {
    let cnf = br#"{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}"#;
    BoundToken::new(EXAMPLE_TOKEN, Confirmation::from_json(cnf).unwrap())
}

#[test]
fn documents_proof_for_a_resource_server_is_accepted() {
    let policy = ProofPolicy::new("https://resource.example.org");
    let verifier = ProofVerifier::new(policy, Forgetful).unwrap();
    let request = Request::new("GET", "/protectedresource").dpop([EXAMPLE_PROOF]);
    let now = UnixTime::from_secs(1_562_262_618);
    let accepted = verifier.check_at(&request, &example_token(), now).unwrap();
    assert_eq!(accepted.thumbprint().to_string(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    assert_eq!(accepted.algorithm(), Algorithm::ES256);
    assert_eq!(accepted.next_nonce(), None);
    assert_eq!(sha256(EXAMPLE_TOKEN.as_bytes()), "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
}

#[test]
fn documents_proof_for_a_token_request_is_refused_by_a_resource_server() {
    let verifier =
        ProofVerifier::new(ProofPolicy::new("https://server.example.com"), Forgetful).unwrap();
    let request = Request::new("POST", "/token").dpop([TOKEN_REQUEST_PROOF]);
    let now = UnixTime::from_secs(1_562_262_616);
    let outcome = verifier.check_at(&request, &example_token(), now);
    assert_eq!(outcome.unwrap_err(), ProofError::ClaimMissing { claim: "ath" });
}

#[test]
fn good_proof_is_accepted_with_every_algorithm() {
    for algorithm in ALL {
        let proof = Proof::with_key(&TestKey::for_algorithm(algorithm));
        let accepted = proof.check_in(&verifier(), "GET", "/v1/users", NOW).unwrap();
        assert_eq!(accepted.algorithm(), algorithm);
    }
    // RFC 9864 section 2.2: the other name of Ed25519, as some clients write it.
    let proof = Proof::with_key(&TestKey::for_algorithm(Algorithm::EdDSA));
    assert_eq!(proof.clone().header("alg", "Ed25519").check(), Ok(()));
    assert_eq!(proof.clone().header("alg", "Ed25519").jwk("alg", "EdDSA").check(), Ok(()));
    assert_eq!(proof.jwk("alg", "Ed25519").check(), Ok(()));
}

#[test]
fn further_members_and_claims_are_ignored_whatever_they_hold() {
    for (name, value) in [
        ("kid", json!(1)),
        ("kid", json!("x".repeat(300))),
        ("jku", json!("https://attacker.example/")),
        ("x5u", json!([])),
        ("x5c", json!(["a"])),
        ("x5t#S256", json!(null)),
        ("nonce", json!(1)),
        ("iss", json!({})),
    ] {
        assert_eq!(proof().header(name, value).check(), Ok(()), "{name} of the header");
    }
    for (name, value) in [
        ("kid", json!(1)),
        ("use", json!("sig")),
        ("alg", json!("ES256")),
        ("key_ops", json!("nonsense")),
        ("key_ops", json!(["encrypt", "encrypt"])),
        ("ext", json!(true)),
        ("x5c", json!([1])),
        ("n", json!(1)),
        ("e", json!([])),
        ("issuer", json!("https://other.example/")),
    ] {
        assert_eq!(proof().jwk(name, value).check(), Ok(()), "{name} of the key");
    }
    for (name, value) in [
        ("aud", json!({})),
        ("iss", json!(1)),
        ("sub", json!([])),
        ("cnf", json!(1)),
        ("events", json!({})),
        ("nonce", json!("of another service of this origin")),
        ("nonce", json!(1)),
    ] {
        assert_eq!(proof().claim(name, value).check(), Ok(()), "{name}");
    }
}

/// Section 4.3, step 1.
#[test]
fn request_needs_one_proof() {
    let text = proof().sign();
    let check = |request: Request<'_>| {
        let token = bound_to(&TestKey::for_algorithm(Algorithm::ES256));
        let outcome = verifier().check_at(&request, &token, NOW).map(|_| ());
        assert_findings(&verifier().findings_at(&request, &token, NOW), outcome.err());
        outcome
    };
    let request = Request::new("GET", "/v1/users");
    assert_eq!(check(request.dpop([&text])), Ok(()));
    assert_eq!(check(request), Err(ProofError::Missing));
    assert_eq!(check(request.dpop::<str>([])), Err(ProofError::Missing));
    assert_eq!(check(request.dpop([&text, &text])), Err(ProofError::Several));
    assert_eq!(check(request.dpop(["", &text])), Err(ProofError::Several));
    for joined in [format!("{text},{text}"), format!("{text}, {text}"), format!("{text},")] {
        assert_eq!(check(request.dpop([&joined])), Err(ProofError::Several));
    }
    assert_eq!(check(request.dpop([""])), Err(ProofError::SegmentCount { found: 1 }));
    assert_eq!(check(request.dpop([b"\xFF"])), Err(ProofError::NotAscii));
    let refused = |value: &str| check(request.dpop([value])).unwrap_err();
    assert_eq!(refused("a.b"), ProofError::SegmentCount { found: 2 });
    assert_eq!(refused("a.b.c.d.e"), ProofError::SegmentCount { found: 5 });
    let not = |segment| ProofError::NotBase64url { segment };
    let [header, payload, signature] = text.split('.').collect::<Vec<_>>()[..] else { panic!() };
    assert_eq!(refused(&format!(" {text}")), not("header"));
    assert_eq!(refused(&format!("{header}=.{payload}.{signature}")), not("header"));
    assert_eq!(refused(&format!("{header}.{payload}=.{signature}")), not("payload"));
    assert_eq!(refused(&format!("{header}.{payload}.{signature}==")), not("signature"));
    for (value, segment) in [
        (format!(".{payload}.{signature}"), "header"),
        (format!("{header}..{signature}"), "payload"),
        (format!("{header}.{payload}."), "signature"),
    ] {
        assert_eq!(refused(&value), ProofError::EmptySegment { segment });
    }
    let long = format!("{header}.{}.{signature}", "A".repeat(9000));
    assert_eq!(refused(&long), ProofError::TooLong { bytes: long.len() });
    let header = base64url(format!("{{\"a\":{:4096}}}", 0).as_bytes());
    let found = refused(&format!("{header}.{payload}.{signature}"));
    assert_eq!(found, ProofError::HeaderTooLong { bytes: 4102 });
}

#[test]
fn header_must_be_one_strict_object() {
    let json = |error| Err(ProofError::HeaderJson(error));
    for (header, outcome) in [
        ("[]", json(JsonError::NotObject)),
        ("", Err(ProofError::EmptySegment { segment: "header" })),
        ("{", json(JsonError::Syntax)),
        (r#"{"a":1}{"a":1}"#, json(JsonError::Syntax)),
    ] {
        assert_eq!(proof().header_text(header.into()).check(), outcome, "{header}");
    }
    let repeated = json(JsonError::DuplicateMember);
    assert_eq!(proof().header_and(r#""alg":"ES256""#).check(), repeated);
    assert_eq!(proof().header_and(r#""\u006awk":{}"#).check(), repeated);
    assert_eq!(proof().header_and(r#""x":1,"x":1"#).check(), repeated);
    let members: Vec<String> = (0..61).map(|number| format!(r#""x{number}":0"#)).collect();
    assert_eq!(proof().header_and(&members.join(",")).check(), Ok(()));
    let members = members.join(",") + r#","y":0"#;
    assert_eq!(proof().header_and(&members).check(), json(JsonError::TooManyMembers));
    for parameter in ["crit", "b64", "zip", "enc", "cty"] {
        for value in [json!(null), json!([]), json!(true), json!("JWT")] {
            let found = proof().header(parameter, value).check();
            assert_eq!(found, Err(ProofError::HeaderForbidden { parameter }));
        }
    }
}

/// Section 4.3, steps 4 and 5.
#[test]
fn typ_and_alg_are_those_of_a_proof() {
    for typ in ["DPoP+JWT", "application/dpop+jwt", "APPLICATION/dpop+jwt"] {
        assert_eq!(proof().header("typ", typ).check(), Ok(()), "{typ}");
    }
    for typ in ["JWT", "at+jwt", "dpop", "dpop+jwt ", "application/application/dpop+jwt", ""] {
        assert_eq!(proof().header("typ", typ).check(), Err(ProofError::WrongType), "{typ}");
    }
    for parameter in ["typ", "alg", "jwk"] {
        let missing = Err(ProofError::HeaderMissing { parameter });
        assert_eq!(proof().without_header(parameter).check(), missing);
        for value in [json!(null), json!(1), json!(["dpop+jwt"])] {
            let mistyped = Err(ProofError::HeaderType { parameter });
            assert_eq!(proof().header(parameter, value).check(), mistyped);
        }
    }
    let mistyped = Err(ProofError::HeaderType { parameter: "jwk" });
    assert_eq!(proof().header("jwk", "{}").check(), mistyped);
    for alg in ["none", "None", "HS256", "HS512", "es256", "ES512", "ES256K", "RSA-OAEP", ""] {
        let found = proof().header("alg", alg).check();
        assert_eq!(found, Err(ProofError::AlgorithmNotAccepted), "{alg}");
    }
    // RS256 only on request.
    let rs256 = Proof::with_key(&TestKey::for_algorithm(Algorithm::RS256));
    let found = rs256.check_in(&verifier_of(ProofPolicy::new(ORIGIN)), "GET", "/v1/users", NOW);
    assert_eq!(found.unwrap_err(), ProofError::AlgorithmNotAccepted);
    for algorithm in [Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA, Algorithm::PS256] {
        let proof = Proof::with_key(&TestKey::for_algorithm(algorithm));
        let verifier = verifier_of(ProofPolicy::new(ORIGIN));
        assert!(proof.check_in(&verifier, "GET", "/v1/users", NOW).is_ok(), "{algorithm}");
    }
}

/// Section 4.3, step 7.
#[test]
fn private_key_and_shared_secret_are_refused() {
    for algorithm in ALL {
        let key = TestKey::for_algorithm(algorithm);
        for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            for value in [json!(""), json!("AQAB"), json!(null), json!([])] {
                let found = Proof::with_key(&key).jwk(member, value).check();
                assert_eq!(found, Err(ProofError::Key(JwkError::PrivateKey { member })));
            }
        }
    }
    let header = r#"{"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"EC","\u0064":""}}"#;
    let found = proof().header_text(header.into()).check();
    assert_eq!(found, Err(ProofError::Key(JwkError::PrivateKey { member: "d" })));
    let found = proof().header("jwk", json!({ "kty": "oct", "k": "AQAB" })).check();
    assert_eq!(found, Err(ProofError::Key(JwkError::SharedSecret)));
}

#[test]
fn key_must_fit_the_algorithm() {
    for one in ALL {
        for other in ALL {
            let is_rsa = |algorithm| matches!(algorithm, Algorithm::RS256 | Algorithm::PS256);
            if one == other || (is_rsa(one) && is_rsa(other)) {
                continue;
            }
            let proof = Proof::with_key(&TestKey::for_algorithm(one)).header("alg", other.name());
            assert_eq!(proof.check(), Err(ProofError::KeyForOtherAlgorithm), "{one} {other}");
        }
    }
    let other_alg = proof().jwk("alg", "ES384").check();
    assert_eq!(other_alg, Err(ProofError::KeyForOtherAlgorithm));
    let rsa = Proof::with_key(&TestKey::for_algorithm(Algorithm::PS256)).jwk("alg", "RS256");
    assert_eq!(rsa.check(), Err(ProofError::KeyForOtherAlgorithm));
    assert_eq!(proof().jwk("alg", "nonsense").check(), Err(ProofError::KeyForOtherAlgorithm));
}

/// Section 4.3, step 7: nothing is tolerated that a key set may have.
#[test]
fn malformed_key_is_refused() {
    let key = |error| Err(ProofError::Key(error));
    assert_eq!(proof().jwk("use", "enc").check(), key(JwkError::NotForSignatures));
    for member in ["kty", "use", "alg", "crv", "x", "y"] {
        let found = proof().jwk(member, 1).check();
        assert_eq!(found, key(JwkError::MemberType { member }));
    }
    assert_eq!(proof().jwk("kty", "ec").check(), key(JwkError::KeyType));
    assert_eq!(proof().jwk("crv", "P-521").check(), key(JwkError::Curve));
    assert_eq!(proof().jwk("crv", "secp256k1").check(), key(JwkError::Curve));
    assert_eq!(
        proof().header("jwk", json!({})).check(),
        key(JwkError::MemberMissing { member: "kty" })
    );
    let es256 = jwk(&TestKey::for_algorithm(Algorithm::ES256));
    for member in ["x", "y", "crv"] {
        let mut without = es256.clone();
        without.as_object_mut().unwrap().remove(member);
        let found = proof().header("jwk", without).check();
        assert_eq!(found, key(JwkError::MemberMissing { member }));
    }
    let repeated = format!(
        r#"{{"alg":"ES256","typ":"dpop+jwt","jwk":{{"kty":"EC",{}}}"#,
        &es256.to_string()[1..]
    );
    let found = proof().header_text(repeated).check();
    assert_eq!(found, key(JwkError::Json(JsonError::DuplicateMember)));

    let x = es256["x"].as_str().unwrap();
    assert_eq!(
        proof().jwk("x", format!("{x}=")).check(),
        key(JwkError::NotBase64url { member: "x" })
    );
    let y = es256["y"].as_str().unwrap().to_owned() + "!";
    assert_eq!(proof().jwk("y", y).check(), key(JwkError::NotBase64url { member: "y" }));
    for (bytes, octets) in [(0, vec![]), (31, vec![1; 31]), (33, vec![0; 33]), (48, vec![1; 48])] {
        let length = JwkError::CoordinateLength { member: "x", bytes, expected: 32 };
        assert_eq!(proof().jwk("x", base64url(&octets)).check(), key(length));
    }
    let rsa = || Proof::with_key(&TestKey::for_algorithm(Algorithm::RS256));
    let zero = |member| Err(ProofError::KeyZeroInFront { member });
    assert_eq!(rsa().jwk("e", "AAEAAQ").check(), zero("e"));
    assert_eq!(rsa().jwk("n", base64url(&[0; 257])).check(), zero("n"));
    assert_eq!(rsa().jwk("e", "AQAB=").check(), key(JwkError::NotBase64url { member: "e" }));
    let okp = || Proof::with_key(&TestKey::for_algorithm(Algorithm::EdDSA));
    assert_eq!(okp().jwk("crv", "X25519").check(), key(JwkError::Curve));
    let length = JwkError::CoordinateLength { member: "x", bytes: 31, expected: 32 };
    assert_eq!(okp().jwk("x", base64url(&[1; 31])).check(), key(length));
}

/// The outcome of a proof whose key is `jwk`, for a token that is bound to this key, signed by another.
fn with_bound_key(algorithm: Algorithm, jwk: Value) -> Result<(), ProofError> {
    let names: &[&str] = match jwk["kty"].as_str() {
        Some("RSA") => &["e", "kty", "n"],
        Some("EC") => &["crv", "kty", "x", "y"],
        _ => &["crv", "kty", "x"],
    };
    let members: Vec<String> = names.iter().map(|name| format!("{name:?}:{}", jwk[name])).collect();
    let jkt = sha256(format!("{{{}}}", members.join(",")).as_bytes());
    let cnf = json!({ "jkt": jkt }).to_string();
    let token = BoundToken::new(TOKEN, Confirmation::from_json(cnf.as_bytes()).unwrap());
    let proof = Proof::with_key(&TestKey::for_algorithm(algorithm)).header("jwk", jwk).sign();
    let request = Request::new("GET", "/v1/users").dpop([&proof]);
    let outcome = verifier().check_at(&request, &token, NOW).map(|_| ());
    assert_findings(&verifier().findings_at(&request, &token, NOW), outcome.err());
    outcome
}

#[test]
fn bad_numbers_are_refused_even_if_the_token_is_bound_to_them() {
    let numbers = |error| Err(ProofError::KeyNumbers(error));
    let okp = |x: [u8; 32]| json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(&x) });
    let mut one = [0; 32];
    one[0] = 1;
    for (x, error) in [
        ([0; 32], JwkError::LowOrder),
        (one, JwkError::LowOrder),
        ([0xFF; 32], JwkError::NotCanonical),
        ([2; 32], JwkError::NotOnCurve),
    ] {
        assert_eq!(with_bound_key(Algorithm::EdDSA, okp(x)), numbers(error));
    }
    let rsa = |n: &[u8], e: &[u8]| json!({ "kty": "RSA", "n": base64url(n), "e": base64url(e) });
    let small = JwkError::ModulusTooSmall { bits: 2041 };
    let mut modulus = [0xFF; 256];
    modulus[0] = 1;
    assert_eq!(with_bound_key(Algorithm::PS256, rsa(&modulus, &[1, 0, 1])), numbers(small));
    assert_eq!(
        with_bound_key(Algorithm::PS256, rsa(&[0xFE; 256], &[1, 0, 1])),
        numbers(JwkError::ModulusEven)
    );
    let large = Err(ProofError::ModulusTooLarge { bytes: 513 });
    assert_eq!(with_bound_key(Algorithm::PS256, rsa(&[0xFF; 513], &[1, 0, 1])), large);
    let found = with_bound_key(Algorithm::PS256, rsa(&[0xFF; 512], &[1, 0, 1]));
    assert_eq!(found, numbers(JwkError::ModulusSmallFactor { factor: 3 }));
    assert_eq!(
        with_bound_key(Algorithm::PS256, rsa(&[], &[])),
        numbers(JwkError::ModulusTooSmall { bits: 0 })
    );
    let n = fixed_modulus();
    let exponent = |e: &[u8]| json!({ "kty": "RSA", "n": n, "e": base64url(e) });
    assert_eq!(
        with_bound_key(Algorithm::RS256, exponent(&[3])),
        numbers(JwkError::ExponentTooSmall)
    );
    // ring looks at the point of an EC key.
    let ec = |x: u8| json!({ "kty": "EC", "crv": "P-256", "x": base64url(&[x; 32]), "y": base64url(&[1; 32]) });
    for x in [0, 1, 0xFF] {
        assert_eq!(with_bound_key(Algorithm::ES256, ec(x)), Err(ProofError::BadSignature));
    }
    assert_eq!(
        with_bound_key(Algorithm::ES256, jwk(&TestKey::for_algorithm(Algorithm::ES256))),
        Ok(())
    );
}

fn fixed_modulus() -> Value {
    jwk(&TestKey::for_algorithm(Algorithm::RS256))["n"].clone()
}

/// Section 4.3, step 12: the key is compared before its numbers, its claims and its signature.
#[test]
fn stranger_s_key_goes_no_further_than_its_thumbprint() {
    let stranger = TestKey::attacker_for(Algorithm::ES256);
    let token = bound_to(&TestKey::for_algorithm(Algorithm::ES256));
    let off_curve = Proof::with_key(&stranger).jwk("x", base64url(&[1; 32]));
    for proof in
        [Proof::with_key(&stranger), Proof::with_key(&stranger).payload("{".into()), off_curve]
    {
        let text = proof.sign();
        let request = Request::new("GET", "/v1/users").dpop([&text]);
        let outcome = verifier().check_at(&request, &token, NOW);
        assert_eq!(outcome.unwrap_err(), ProofError::OtherKey);
        assert_eq!(ProofError::OtherKey.oauth_error(), Some("invalid_token"));
    }
}

#[test]
fn token_that_is_bound_to_a_certificate_too_needs_both() {
    let key = TestKey::for_algorithm(Algorithm::ES256);
    let certificate = ClientCertificate::from_sha256([1; 32]);
    let other = ClientCertificate::from_sha256([2; 32]);
    let of_certificate = Confirmation::of_certificate(*certificate.thumbprint());
    let thumbprint = key.thumbprint();
    let of_both = Confirmation::of_key(thumbprint).and_certificate(*certificate.thumbprint());
    let text = proof().sign();
    let check = |confirmation, certificate| {
        let request =
            Request::new("GET", "/v1/users").dpop([&text]).client_certificate(certificate);
        verifier().check_at(&request, &BoundToken::new(TOKEN, confirmation), NOW).map(|_| ())
    };
    assert_eq!(check(of_both, Some(&certificate)), Ok(()));
    assert_eq!(check(of_both, None), Err(ProofError::CertificateMissing));
    assert_eq!(check(of_both, Some(&other)), Err(ProofError::OtherCertificate));
    let of_other_key = Confirmation::of_key(Thumbprint::from_sha256([0; 32]))
        .and_certificate(*certificate.thumbprint());
    assert_eq!(check(of_other_key, Some(&certificate)), Err(ProofError::OtherKey));
    // A proof proves nothing about a token that is bound to no key.
    assert_eq!(check(of_certificate, Some(&certificate)), Err(ProofError::NotBound));
    // The certificate is compared only if the token is bound to it.
    assert_eq!(check(Confirmation::of_key(thumbprint), Some(&other)), Ok(()));
}

#[test]
fn claims_must_be_one_strict_object() {
    let json = |error| Err(ProofError::PayloadJson(error));
    assert_eq!(proof().payload("[]".into()).check(), json(JsonError::NotObject));
    assert_eq!(proof().payload("{}{}".into()).check(), json(JsonError::Syntax));
    let repeated = json(JsonError::DuplicateMember);
    assert_eq!(proof().claims_and(r#""htm":"GET""#).check(), repeated);
    assert_eq!(proof().claims_and(r#""\u0069at":1780000000"#).check(), repeated);
    assert_eq!(proof().claims_and(r#""x":1,"x":1"#).check(), repeated);
    for claim in ["htm", "htu", "ath", "jti", "iat"] {
        let missing = Err(ProofError::ClaimMissing { claim });
        assert_eq!(proof().without_claim(claim).check(), missing);
        for value in [json!(null), json!({}), json!([])] {
            let mistyped = Err(ProofError::ClaimType { claim });
            assert_eq!(proof().claim(claim, value).check(), mistyped);
        }
    }
    for claim in ["htm", "htu", "ath", "jti"] {
        assert_eq!(proof().claim(claim, 1).check(), Err(ProofError::ClaimType { claim }));
    }
    for claim in ["iat", "exp", "nbf"] {
        for value in [json!("1"), json!(null), json!("1780000000")] {
            let mistyped = Err(ProofError::ClaimType { claim });
            assert_eq!(proof().claim(claim, value).check(), mistyped);
        }
    }
}

/// Section 4.3, step 8.
#[test]
fn method_is_compared_with_its_case() {
    assert_eq!(proof().claim("htm", "PATCH").check_for("PATCH", "/v1/users"), Ok(()));
    for (htm, method) in [
        ("get", "GET"),
        ("GET", "get"),
        ("POST", "GET"),
        ("", "GET"),
        ("GET ", "GET"),
        ("PATCH", "patch"),
    ] {
        let found = proof().claim("htm", htm).check_for(method, "/v1/users");
        assert_eq!(found, Err(ProofError::WrongMethod), "{htm} {method}");
    }
    assert_eq!(proof().claim("htm", "patch").check_for("patch", "/v1/users"), Ok(()));
}

/// Section 4.3, step 12.
#[test]
fn access_token_is_compared_by_its_hash() {
    let ath = sha256(TOKEN.as_bytes());
    let hexadecimal: String = (0..64).map(|_| 'a').collect();
    for wrong in [
        sha256(b"another token"),
        sha256(format!("DPoP {TOKEN}").as_bytes()),
        format!("{ath}="),
        ath[..42].to_owned(),
        format!("{}{}", &ath[..42], '_'),
        ath.to_lowercase(),
        hexadecimal,
        String::new(),
        TOKEN.to_owned(),
    ] {
        assert_eq!(
            proof().claim("ath", wrong.clone()).check(),
            Err(ProofError::WrongAccessTokenHash),
            "{wrong}"
        );
    }
}

#[test]
fn identifier_has_1_to_256_bytes() {
    for (jti, outcome) in [
        ("x".to_owned(), Ok(())),
        ("x".repeat(256), Ok(())),
        ("\u{e9}".repeat(128), Ok(())),
        ("\0".into(), Ok(())),
        (String::new(), Err(ProofError::IdentifierLength { bytes: 0 })),
        ("x".repeat(257), Err(ProofError::IdentifierLength { bytes: 257 })),
        ("\u{e9}".repeat(129), Err(ProofError::IdentifierLength { bytes: 258 })),
    ] {
        assert_eq!(proof().claim("jti", jti.clone()).check(), outcome, "{jti}");
    }
    let bytes = proof().claim("jti", "x".repeat(100_000)).sign().len();
    let found = proof().claim("jti", "x".repeat(100_000)).check();
    assert_eq!(found, Err(ProofError::TooLong { bytes }));
}

/// Section 11.1. The time is exact: no rounding lets a proof in.
#[test]
fn proof_is_accepted_from_30_seconds_before_its_iat_until_5_minutes_after_it() {
    let now = NOW.as_secs();
    let old = |iat| Err(ProofError::TooOld { iat, now });
    let future = |iat| Err(ProofError::FromFuture { iat, now });
    for (iat, outcome) in [
        ("1779999700".to_owned(), Ok(())),
        ("1779999700.0".into(), Ok(())),
        ("1.7799997e9".into(), Ok(())),
        ("1779999699.99999999999999999999999".into(), old(now - 301)),
        ("1779999699.5".into(), old(now - 301)),
        ("1779999699".into(), old(now - 301)),
        ("1780000030".into(), Ok(())),
        ("1780000029.9999999999999999999".into(), Ok(())),
        ("1780000030.00000000000000000000001".into(), future(now + 31)),
        ("1780000031".into(), future(now + 31)),
        ((now - 3600).to_string(), old(now - 3600)),
        ((now + 3600).to_string(), future(now + 3600)),
        // In milliseconds.
        ((now * 1000).to_string(), future(now * 1000)),
        ("0".into(), old(0)),
        ("-1".into(), old(0)),
        ("-0.5".into(), old(0)),
        (i64::MIN.to_string(), old(0)),
        ("-1e300".into(), old(0)),
        (u64::MAX.to_string(), future(u64::MAX)),
        ("1e300".into(), future(u64::MAX)),
        ("1e-300".into(), old(0)),
        ("1e400".into(), Err(ProofError::PayloadJson(JsonError::Syntax))),
    ] {
        assert_eq!(proof().raw_claim("iat", &iat).check(), outcome, "{iat}");
    }
    // The clock at its ends.
    assert_eq!(proof().claim("iat", 0).check_at(UnixTime::from_secs(0)), Ok(()));
    assert_eq!(proof().claim("iat", 0).check_at(UnixTime::from_secs(300)), Ok(()));
    let end = UnixTime::from_secs(u64::MAX);
    let old = Err(ProofError::TooOld { iat: now, now: u64::MAX });
    assert_eq!(proof().check_at(end), old);
}

#[test]
fn times_can_be_set() {
    let seconds = Duration::from_secs;
    let verifier = verifier_of(policy().max_age(seconds(10)).ahead(seconds(0)));
    let check = |iat: u64| {
        proof().claim("iat", iat).check_in(&verifier, "GET", "/v1/users", NOW).map(|_| ())
    };
    let now = NOW.as_secs();
    assert_eq!(check(now - 10), Ok(()));
    assert_eq!(check(now - 11), Err(ProofError::TooOld { iat: now - 11, now }));
    assert_eq!(check(now), Ok(()));
    assert_eq!(check(now + 1), Err(ProofError::FromFuture { iat: now + 1, now }));
}

#[test]
fn proof_s_own_times_hold_with_the_leeway_of_the_token() {
    let now = NOW.as_secs();
    let expired = |exp| Err(ProofError::Expired { exp, now });
    let early = |nbf| Err(ProofError::NotYetValid { nbf, now });
    let token = bound_to(&TestKey::for_algorithm(Algorithm::ES256));
    for (leeway, claim, json, outcome) in [
        (0, "exp", (now + 1).to_string(), Ok(())),
        (0, "exp", format!("{now}.1"), Ok(())),
        (0, "exp", now.to_string(), expired(now)),
        (0, "exp", format!("{}.9", now - 1), expired(now)),
        (5, "exp", (now - 4).to_string(), Ok(())),
        (5, "exp", (now - 5).to_string(), expired(now - 5)),
        (5, "exp", "-1".into(), expired(0)),
        (5, "exp", "1e300".into(), Ok(())),
        (0, "nbf", now.to_string(), Ok(())),
        (0, "nbf", format!("{now}.00000000000000000001"), early(now + 1)),
        (5, "nbf", (now + 5).to_string(), Ok(())),
        (5, "nbf", (now + 6).to_string(), early(now + 6)),
        (5, "nbf", "-1e300".into(), Ok(())),
        (5, "nbf", "1e300".into(), early(u64::MAX)),
    ] {
        let text = proof().raw_claim(claim, &json).sign();
        let request = Request::new("GET", "/v1/users").dpop([&text]);
        let token = token.leeway(Duration::from_secs(leeway));
        let found = verifier().check_at(&request, &token, NOW).map(|_| ());
        assert_eq!(found, outcome, "{claim} {json}");
    }
}

/// Section 4.3, step 6.
#[test]
fn signature_is_checked_over_the_proof_as_it_was_sent() {
    for algorithm in ALL {
        let key = TestKey::for_algorithm(algorithm);
        let text = Proof::with_key(&key).sign();
        let (input, signature) = text.rsplit_once('.').unwrap();
        let attacker = base64url(&TestKey::attacker_for(algorithm).sign(input.as_bytes()));
        let other = Proof::with_key(&key).claim("jti", "another").sign();
        let of_other = other.rsplit_once('.').unwrap().1.to_owned();
        let zeros = base64url(&vec![0; signature.len() * 3 / 4]);
        for wrong in [attacker, of_other, zeros, "AA".into(), "A".repeat(1000)] {
            let text = format!("{input}.{wrong}");
            let request = Request::new("GET", "/v1/users").dpop([&text]);
            let outcome = verifier().check_at(&request, &bound_to(&key), NOW);
            assert_eq!(outcome.unwrap_err(), ProofError::BadSignature, "{algorithm}");
        }
    }
}

/// RFC 7518 section 3.4: a signature is `r` and `s`, not ASN.1.
#[test]
fn signature_in_der_is_refused() {
    let key = TestKey::for_algorithm(Algorithm::ES256);
    let text = proof().sign_in_der();
    let request = Request::new("GET", "/v1/users").dpop([&text]);
    let outcome = verifier().check_at(&request, &bound_to(&key), NOW);
    assert_eq!(outcome.unwrap_err(), ProofError::BadSignature);
}

#[test]
fn findings_go_on_past_the_first_failure() {
    let now = NOW.as_secs();
    let text = proof()
        .header("typ", "JWT")
        .claim("htm", "POST")
        .claim("htu", "https://api.example.com:8443/v1/users")
        .claim("iat", now - 900)
        .without_claim("jti")
        .sign();
    let (input, _) = text.rsplit_once('.').unwrap();
    let text = format!("{input}.{}", base64url(&[1; 64]));
    let request = Request::new("GET", "/v1/users").dpop([&text]);
    let token = bound_to(&TestKey::for_algorithm(Algorithm::ES256));
    let failed: Vec<_> = verifier()
        .findings_at(&request, &token, NOW)
        .into_iter()
        .filter_map(|finding| match finding.outcome() {
            ProofOutcome::Failed(error) => Some(error),
            _ => None,
        })
        .collect();
    let expected = [
        ProofError::WrongType,
        ProofError::WrongMethod,
        ProofError::WrongTarget { part: "port" },
        ProofError::ClaimMissing { claim: "jti" },
        ProofError::TooOld { iat: now - 900, now },
        ProofError::BadSignature,
    ];
    assert_eq!(failed, expected);
    // What needs a key that cannot be read is not checked.
    let text = proof().jwk("d", "").sign();
    let request = Request::new("GET", "/v1/users").dpop([&text]);
    let findings = verifier().findings_at(&request, &token, NOW);
    let not_checked: Vec<_> = findings
        .iter()
        .filter(|finding| finding.outcome() == ProofOutcome::NotChecked)
        .map(|finding| finding.check())
        .collect();
    let needs_key = [ProofCheck::Binding, ProofCheck::KeyNumbers, ProofCheck::Signature];
    assert_eq!(not_checked, needs_key);
    // Nothing of a text that is no proof.
    let findings = verifier().findings_at(&request.dpop(["a.b"]), &token, NOW);
    let outcomes: Vec<_> = findings.iter().map(|finding| finding.outcome()).collect();
    let segments = ProofOutcome::Failed(ProofError::SegmentCount { found: 2 });
    assert_eq!(
        outcomes[..4],
        [ProofOutcome::Passed, ProofOutcome::Passed, segments, ProofOutcome::NotChecked]
    );
    assert!(outcomes[4..].iter().all(|outcome| *outcome == ProofOutcome::NotChecked));
}

#[test]
fn policy_that_cannot_be_used_is_refused() {
    let refused = |policy: ProofPolicy| ProofVerifier::new(policy, Forgetful).err();
    let seconds = Duration::from_secs;
    assert_eq!(refused(policy().algorithms([])), Some(ProofPolicyError::NoAlgorithm));
    for (max_age, error) in [
        (seconds(9), Some(ProofPolicyError::MaxAge { seconds: 9 })),
        (seconds(10), None),
        (seconds(3600), None),
        (seconds(3601), Some(ProofPolicyError::MaxAge { seconds: 3601 })),
        (Duration::MAX, Some(ProofPolicyError::Fraction)),
        (seconds(u64::MAX), Some(ProofPolicyError::MaxAge { seconds: u64::MAX })),
        (Duration::from_millis(10_001), Some(ProofPolicyError::Fraction)),
    ] {
        assert_eq!(refused(policy().max_age(max_age)), error);
    }
    for (ahead, error) in [
        (seconds(0), None),
        (seconds(300), None),
        (seconds(301), Some(ProofPolicyError::Ahead { seconds: 301 })),
        (Duration::from_millis(1), Some(ProofPolicyError::Fraction)),
    ] {
        assert_eq!(refused(policy().ahead(ahead)), error);
    }
    let origin = |origin: &str| refused(ProofPolicy::new(origin));
    for good in [
        "https://api.example.com",
        "https://api.example.com/",
        "http://localhost:3000",
        "HTTPS://API.example.com:8443/v1",
        "https://[::1]/a/b/",
        "https://api.example.com/a%2Fb",
    ] {
        assert_eq!(origin(good), None, "{good}");
    }
    for (bad, error) in [
        ("", UriError::NotAbsolute),
        ("api.example.com", UriError::NotAbsolute),
        ("//api.example.com", UriError::NotAbsolute),
        ("ftp://api.example.com", UriError::NotAbsolute),
        ("https://", UriError::HostMissing),
        ("https://user@api.example.com", UriError::UserInformation),
        ("https://api.example.com:port", UriError::Port),
        ("https://api.example.com?a", UriError::Path),
        ("https://api.example.com/#", UriError::Path),
        ("https://api.example.com/a/../b", UriError::Path),
        ("https://api.example.com/a/.", UriError::Path),
        ("https://api.example.com/a//", UriError::Path),
        ("https://api.example.com/%61", UriError::Path),
        ("https://api.example.com/a%2fb", UriError::Path),
        ("https://api.example.com/a b", UriError::Path),
        ("https://b\u{fc}cher.example", UriError::Host),
        ("https://api.example.com/%", UriError::PercentEncoding),
    ] {
        assert_eq!(origin(bad), Some(ProofPolicyError::Origin(error)), "{bad}");
    }
}

/// A text, and the class of the answer, for each error.
#[test]
fn texts_codes_and_answers() {
    let now = NOW.as_secs();
    let cases = [
        (ProofError::Missing, "the request has no DPoP proof"),
        (ProofError::Several, "the request has several DPoP proofs"),
        (ProofError::TooLong { bytes: 9000 }, "the proof is 9000 bytes long, the limit is 8192"),
        (ProofError::NotAscii, "the proof is not ASCII"),
        (ProofError::SegmentCount { found: 1 }, "the proof has 1 segment instead of 3"),
        (ProofError::SegmentCount { found: 5 }, "the proof has 5 segments instead of 3"),
        (ProofError::EmptySegment { segment: "payload" }, "the proof's payload is empty"),
        (
            ProofError::NotBase64url { segment: "header" },
            "the proof's header is not canonical base64url without padding",
        ),
        (
            ProofError::HeaderTooLong { bytes: 5000 },
            "the proof's header is 5000 bytes long, the limit is 4096",
        ),
        (ProofError::HeaderJson(JsonError::Syntax), "the proof's header: not well-formed JSON"),
        (
            ProofError::HeaderForbidden { parameter: "crit" },
            "the proof's header has `crit`, which is not supported",
        ),
        (ProofError::HeaderMissing { parameter: "jwk" }, "the proof's header has no `jwk`"),
        (
            ProofError::HeaderType { parameter: "jwk" },
            "`jwk` in the proof's header has the wrong JSON type",
        ),
        (ProofError::WrongType, "the proof's `typ` is not dpop+jwt"),
        (ProofError::AlgorithmNotAccepted, "the proof's `alg` is not one accepted for proofs here"),
        (
            ProofError::Key(JwkError::PrivateKey { member: "d" }),
            "the proof's key has the private member `d`, replace it",
        ),
        (ProofError::Key(JwkError::SharedSecret), "the proof's key is a shared secret"),
        (
            ProofError::Key(JwkError::MemberMissing { member: "x" }),
            "in the proof, the key has no `x`",
        ),
        (
            ProofError::KeyForOtherAlgorithm,
            "the proof's key is for another algorithm than its `alg`",
        ),
        (ProofError::KeyZeroInFront { member: "n" }, "`n` of the proof's key has zeros in front"),
        (ProofError::Confirmation(ConfirmationError::Empty), "the token's `cnf` is empty"),
        (ProofError::NotBound, "the token is not bound to a key"),
        (ProofError::OtherKey, "the token is bound to another key than the proof's"),
        (
            ProofError::CertificateMissing,
            "the token is bound to a certificate, and the client has shown none",
        ),
        (
            ProofError::OtherCertificate,
            "the token is bound to another certificate than the client's",
        ),
        (
            ProofError::ModulusTooLarge { bytes: 513 },
            "the modulus of the proof's key is 513 bytes long, the limit is 512",
        ),
        (
            ProofError::KeyNumbers(JwkError::NotOnCurve),
            "in the proof, the key is not a point on its curve",
        ),
        (ProofError::PayloadJson(JsonError::NotObject), "the proof's payload: not a JSON object"),
        (ProofError::ClaimMissing { claim: "ath" }, "the proof has no `ath`"),
        (ProofError::ClaimType { claim: "iat" }, "the proof's `iat` has the wrong JSON type"),
        (ProofError::WrongMethod, "the proof's `htm` is not the method of the request"),
        (
            ProofError::MalformedTarget(UriError::Port),
            "the proof's `htu` cannot be compared: its port is not a number up to 65535",
        ),
        (
            ProofError::RequestTarget(UriError::NotAbsolute),
            "the target of the request cannot be compared: it does not begin with https:// or http://",
        ),
        (
            ProofError::RequestOfOtherOrigin,
            "the target of the request is a URI of another origin than the service's",
        ),
        (
            ProofError::WrongTarget { part: "host" },
            "the proof's `htu` is not the URI of the request, their hosts differ",
        ),
        (ProofError::WrongAccessTokenHash, "the proof's `ath` is not the hash of the access token"),
        (
            ProofError::IdentifierLength { bytes: 0 },
            "the proof's `jti` is 0 bytes long instead of 1 to 256",
        ),
        (
            ProofError::Expired { exp: now, now },
            "the proof expired at 2026-05-28T20:26:40Z, now is 2026-05-28T20:26:40Z",
        ),
        (
            ProofError::NotYetValid { nbf: now, now },
            "the proof is not valid before 2026-05-28T20:26:40Z, now is 2026-05-28T20:26:40Z",
        ),
        (
            ProofError::TooOld { iat: now, now },
            "the proof was made at 2026-05-28T20:26:40Z, too long ago, now is 2026-05-28T20:26:40Z",
        ),
        (
            ProofError::FromFuture { iat: now, now },
            "the proof's `iat` is 2026-05-28T20:26:40Z, now is 2026-05-28T20:26:40Z",
        ),
        (ProofError::NonceMissing, "the proof has no `nonce`"),
        (ProofError::UnknownNonce, "the proof's `nonce` is not one of this service"),
        (ProofError::StaleNonce, "the proof's `nonce` is too old"),
        (ProofError::BadSignature, "the signature does not match the proof and its key"),
        (ProofError::Replayed, "the proof has been used before"),
        (ProofError::TooLate, "the proof's time ended while the request was checked"),
        (ProofError::MemoryFull, "the memory of used proofs is full"),
        (ProofError::MemoryUnavailable, "the memory of used proofs is not available"),
    ];
    let mut codes = BTreeSet::new();
    for (error, text) in cases {
        assert_eq!(error.to_string(), text);
        let code = variant_in_snake_case(error);
        let is_certificate = code.contains("certificate");
        let code = if is_certificate { code } else { format!("proof_{code}") };
        assert_eq!(error.code(), code);
        codes.insert(error.code());
        let answer = match error {
            ProofError::Confirmation(_)
            | ProofError::NotBound
            | ProofError::OtherKey
            | ProofError::CertificateMissing
            | ProofError::OtherCertificate => Some("invalid_token"),
            ProofError::NonceMissing | ProofError::UnknownNonce | ProofError::StaleNonce => {
                Some("use_dpop_nonce")
            }
            ProofError::MemoryFull | ProofError::MemoryUnavailable => None,
            _ => Some("invalid_dpop_proof"),
        };
        assert_eq!(error.oauth_error(), answer, "{error:?}");
        assert!(!error.check().clause().is_empty() && !error.check().name().is_empty());
    }
    assert_eq!(codes.len(), 46);
    for (error, text) in [
        (ProofPolicyError::Origin(UriError::HostMissing), "the origin for proofs: it has no host"),
        (ProofPolicyError::NoAlgorithm, "no algorithm is accepted for proofs"),
        (ProofPolicyError::Fraction, "a time for proofs is not in whole seconds"),
        (
            ProofPolicyError::MaxAge { seconds: 9 },
            "the greatest age of proofs is 9 s, instead of 10 to 3600",
        ),
        (ProofPolicyError::Ahead { seconds: 301 }, "proofs may be 301 s ahead, 300 is the most"),
    ] {
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn names_of_the_checks_are_distinct_and_in_the_order_of_the_findings() {
    let token = bound_to(&TestKey::for_algorithm(Algorithm::ES256));
    let findings = verifier().findings_at(&Request::new("GET", "/v1/users"), &token, NOW);
    let names: Vec<_> = findings.iter().map(|finding| finding.check().to_string()).collect();
    let expected = [
        "DPoP field",
        "proof size",
        "proof segments",
        "proof header",
        "proof typ",
        "proof alg",
        "proof jwk",
        "jkt",
        "x5t#S256",
        "proof key",
        "proof payload",
        "htm",
        "htu",
        "ath",
        "jti",
        "proof exp",
        "proof nbf",
        "proof iat",
        "proof nonce",
        "proof signature",
    ];
    assert_eq!(names, expected);
    assert_eq!(format!("{:>7}", ProofCheck::Replay), " replay");
    assert_eq!(ProofCheck::Replay.clause(), "RFC 9449 section 11.1");
    let algorithms: Vec<_> = verifier_of(ProofPolicy::new(ORIGIN)).algorithms().collect();
    let default = [Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA, Algorithm::PS256];
    assert_eq!(algorithms, default);
}

/// Section 5.2 of RFC 6750: a token in a log is a token lost.
#[test]
fn debug_texts_show_neither_token_nor_proof() {
    let text = proof().sign();
    let request = Request::new("GET", "/v1/users?secret=1").dpop([&text]);
    let token = bound_to(&TestKey::for_algorithm(Algorithm::ES256));
    assert_eq!(format!("{request:?}"), r#"Request { method: "GET", target_bytes: 18, .. }"#);
    assert!(format!("{token:?}").starts_with("BoundToken { bytes: 24, "), "{token:?}");
    assert!(!format!("{token:?}").contains(TOKEN));
    let nonces = tokenring::possession::Nonces::with_secret([b's'; 32]).unwrap();
    assert_eq!(format!("{nonces:?}"), "Nonces { .. }");
    assert_eq!(format!("{:?}", nonces.issue(NOW)), "Nonce { .. }");
    let verifier = verifier_of(policy().nonces(nonces));
    assert!(format!("{verifier:?}").contains("nonces: Some(Nonces { .. })"), "{verifier:?}");
}
