//! The test client makes good proofs, and bad ones with exactly the requested fault. RFC 9449 sections 4
//! and 7.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::{Value, json};
use tokenring::{
    Algorithm, JsonError, JwkError, Policy, PublicKey,
    possession::{
        BoundToken, ClientCertificate, Confirmation, Nonces, ProofError, ProofVerifier,
        ReplayMemory, Request,
    },
    testkit::{DpopClient, TestKey, TokenBuilder},
};

use crate::{
    common::{NOW, token, verifier_of},
    proofs::{ORIGIN, TOKEN, base64url, policy, sha256},
};

const URL: &str = "https://api.example.com/v1/users";

fn proof() -> TokenBuilder {
    DpopClient::default().proof_at("GET", URL, TOKEN, NOW)
}

/// A service with a memory of its own.
fn service() -> ProofVerifier {
    ProofVerifier::new(policy(), ReplayMemory::default()).unwrap()
}

/// The outcome of a request for `GET /v1/users` with the default client's token.
fn check(service: &ProofVerifier, proofs: &[&str]) -> Result<(), ProofError> {
    let token = BoundToken::new(TOKEN, DpopClient::default().confirmation());
    let request = Request::new("GET", "/v1/users").dpop(proofs.iter().copied());
    service.check_at(&request, &token, NOW).map(|_| ())
}

fn refused(proof: TokenBuilder) -> ProofError {
    check(&service(), &[&proof.mint()]).unwrap_err()
}

#[test]
fn good_proof_has_the_members_that_clients_write() {
    let key = TestKey::for_algorithm(Algorithm::ES256);
    let url = format!("{URL}?page=2#top");
    let proof = DpopClient::new(&key).with_nonce("n").proof_at("POST", &url, TOKEN, NOW);
    let header: Value = serde_json::from_str(&proof.header_json()).unwrap();
    let jwk = key.without_alg().without_member("kid").without_member("use").jwk();
    assert_eq!(header, json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk }));
    let claims: Value = serde_json::from_str(&proof.payload_json()).unwrap();
    let expected = json!({
        "jti": claims["jti"],
        "htm": "POST",
        "htu": URL,
        "iat": NOW.as_secs(),
        "ath": sha256(TOKEN.as_bytes()),
        "nonce": "n",
    });
    assert_eq!(claims, expected);
}

#[test]
fn client_of_every_algorithm_is_accepted() {
    for algorithm in policy_algorithms() {
        let client = DpopClient::new(&TestKey::for_algorithm(algorithm));
        let proof = client.proof_at("GET", URL, TOKEN, NOW).mint();
        let token = BoundToken::new(TOKEN, client.confirmation());
        let request = Request::new("GET", "/v1/users?page=2").dpop([&proof]);
        let accepted = service().check_at(&request, &token, NOW).unwrap();
        assert_eq!(
            (accepted.algorithm(), *accepted.thumbprint()),
            (algorithm, client.thumbprint())
        );
    }
}

fn policy_algorithms() -> Vec<Algorithm> {
    ProofVerifier::new(policy(), ReplayMemory::default()).unwrap().algorithms().collect()
}

#[test]
fn each_builder_has_its_own_jti() {
    let (service, proof) = (service(), proof());
    let text = proof.mint();
    assert_eq!(check(&service, &[&text]), Ok(()));
    assert_eq!(check(&service, &[&text]), Err(ProofError::Replayed));
    assert_eq!(check(&service, &[&proof.mint()]), Err(ProofError::Replayed));
    assert_eq!(check(&service, &[&self::proof().mint()]), Ok(()));
}

#[test]
fn token_is_bound_to_a_key_to_a_certificate_or_to_both() {
    let client = DpopClient::default();
    let certificate = *ClientCertificate::from_sha256([1; 32]).thumbprint();
    let policy = || {
        Policy::new(tokenring::testkit::ISSUER, tokenring::testkit::AUDIENCE)
            .allow_sender_constrained()
    };
    for (confirmation, cnf) in [
        (client.confirmation(), json!({ "jkt": client.thumbprint().to_string() })),
        (Confirmation::of_certificate(certificate), json!({ "x5t#S256": certificate.to_string() })),
        (
            client.confirmation().and_certificate(certificate),
            json!({ "jkt": client.thumbprint().to_string(), "x5t#S256": certificate.to_string() }),
        ),
    ] {
        let token = token().bound_to(&confirmation);
        let claims: Value = serde_json::from_str(&token.payload_json()).unwrap();
        assert_eq!(claims["cnf"], cnf);
        let verified = verifier_of(policy()).verify_at(&token.mint(), NOW).unwrap();
        assert_eq!(verified.confirmation(), Ok(Some(confirmation)));
    }
}

#[test]
fn thumbprint_is_the_key_s_whatever_its_jwk_says() {
    for algorithm in policy_algorithms() {
        let key = TestKey::for_algorithm(algorithm);
        let public = PublicKey::from_jwk(key.jwk().to_string().as_bytes()).unwrap();
        assert_eq!(key.thumbprint(), public.thumbprint());
        let odd = key.with_member("d", "").without_member("kty").with_kid("other");
        assert_eq!(odd.thumbprint(), key.thumbprint());
    }
}

#[test]
fn nonce_is_the_service_s_last() {
    let nonces = Nonces::with_secret([7; 32]).unwrap();
    let policy = policy().nonces(nonces);
    let service = ProofVerifier::new(policy, ReplayMemory::default()).unwrap();
    assert_eq!(check(&service, &[&proof().mint()]), Err(ProofError::NonceMissing));
    let nonce = service.nonce_at(NOW).unwrap().to_string();
    let client = DpopClient::default().with_nonce(nonce);
    let proof = client.proof_at("GET", URL, TOKEN, NOW);
    assert_eq!(check(&service, &[&proof.mint()]), Ok(()));
    let without = proof.without_claim("nonce");
    assert_eq!(check(&service, &[&without.mint()]), Err(ProofError::NonceMissing));
    let of_other_service = client.with_nonce("n").proof_at("GET", URL, TOKEN, NOW);
    assert_eq!(check(&service, &[&of_other_service.mint()]), Err(ProofError::UnknownNonce));
}

/// The table in the documentation of [`DpopClient`].
#[test]
fn each_bad_proof_has_exactly_the_requested_fault() {
    let now = NOW.as_secs();
    let key = TestKey::for_algorithm(Algorithm::ES256);
    let own = |key: &TestKey| DpopClient::new(key).proof_at("GET", URL, TOKEN, NOW);
    for (fault, error) in [
        (proof().claim("htm", "POST"), ProofError::WrongMethod),
        (proof().claim("htm", "get"), ProofError::WrongMethod),
        (
            proof().claim("htu", "https://other.example/v1/users"),
            ProofError::WrongTarget { part: "host" },
        ),
        (
            DpopClient::default().proof_at("GET", URL, "another.token", NOW),
            ProofError::WrongAccessTokenHash,
        ),
        (proof().claim("ath", sha256(TOKEN.as_bytes()) + "="), ProofError::WrongAccessTokenHash),
        (proof().claim("iat", now - 3600), ProofError::TooOld { iat: now - 3600, now }),
        (proof().claim("iat", now + 3600), ProofError::FromFuture { iat: now + 3600, now }),
        (proof().claim("iat", i64::MIN), ProofError::TooOld { iat: 0, now }),
        (proof().claim("iat", "1"), ProofError::ClaimType { claim: "iat" }),
        (proof().raw_claim("iat", "1e400"), ProofError::PayloadJson(JsonError::Syntax)),
        (proof().claim("jti", ""), ProofError::IdentifierLength { bytes: 0 }),
        (proof().without_claim("jti"), ProofError::ClaimMissing { claim: "jti" }),
        (proof().without_claim("htm"), ProofError::ClaimMissing { claim: "htm" }),
        (proof().without_claim("htu"), ProofError::ClaimMissing { claim: "htu" }),
        (proof().without_claim("iat"), ProofError::ClaimMissing { claim: "iat" }),
        (proof().without_claim("ath"), ProofError::ClaimMissing { claim: "ath" }),
        (proof().without_header("typ"), ProofError::HeaderMissing { parameter: "typ" }),
        (proof().without_header("alg"), ProofError::HeaderMissing { parameter: "alg" }),
        (proof().without_header("jwk"), ProofError::HeaderMissing { parameter: "jwk" }),
        (proof().header("typ", "JWT"), ProofError::WrongType),
        (proof().header("typ", "at+jwt"), ProofError::WrongType),
        (
            proof().header("alg", "none").signature_segment(""),
            ProofError::EmptySegment { segment: "signature" },
        ),
        (proof().header("alg", "none"), ProofError::AlgorithmNotAccepted),
        (proof().header("alg", "HS256"), ProofError::AlgorithmNotAccepted),
        (proof().forged_by(&TestKey::attacker_for(Algorithm::ES256)), ProofError::BadSignature),
        (proof().signature_in_der(), ProofError::BadSignature),
        (DpopClient::attacker().proof_at("GET", URL, TOKEN, NOW), ProofError::OtherKey),
        (own(&key.with_member("d", "")), ProofError::Key(JwkError::PrivateKey { member: "d" })),
        (own(&key.with_member("kty", "oct")), ProofError::Key(JwkError::SharedSecret)),
        (own(&key.with_member("use", "enc")), ProofError::Key(JwkError::NotForSignatures)),
        (proof().header("jwk", json!([])), ProofError::HeaderType { parameter: "jwk" }),
        (
            proof().header("jwk", TestKey::for_algorithm(Algorithm::ES384).jwk()),
            ProofError::KeyForOtherAlgorithm,
        ),
        (
            proof().raw_payload(proof().payload_json().replace('{', r#"{"htm":"GET","#)),
            ProofError::PayloadJson(JsonError::DuplicateMember),
        ),
        (proof().header("crit", json!(["exp"])), ProofError::HeaderForbidden { parameter: "crit" }),
    ] {
        assert_eq!(refused(fault.clone()), error, "{fault:?}");
    }
    let (one, other) = (proof().mint(), proof().mint());
    assert_eq!(check(&service(), &[&one, &other]), Err(ProofError::Several));
    let joined = format!("{one}, {other}");
    assert_eq!(check(&service(), &[&joined]), Err(ProofError::Several));
    assert_eq!(check(&service(), &[&one]), Ok(()));
}

/// With the small-order key of Ed25519, `key` is another than the one that signs.
#[test]
fn token_may_be_bound_to_a_key_that_verifies_everything() {
    let jwk = json!({ "crv": "Ed25519", "kty": "OKP", "x": base64url(&[0; 32]) });
    let jkt = sha256(jwk.to_string().as_bytes());
    let cnf = json!({ "jkt": jkt }).to_string();
    let token = BoundToken::new(TOKEN, Confirmation::from_json(cnf.as_bytes()).unwrap());
    let client = DpopClient::new(&TestKey::for_algorithm(Algorithm::EdDSA));
    let proof = client.proof_at("GET", URL, TOKEN, NOW).header("jwk", jwk).mint();
    let request = Request::new("GET", "/v1/users").dpop([&proof]);
    let outcome = service().check_at(&request, &token, NOW);
    assert_eq!(outcome.unwrap_err(), ProofError::KeyNumbers(JwkError::LowOrder));
}

#[test]
fn signature_in_der_is_a_good_signature_of_another_form() {
    let verifies = |algorithm, asn1: &'static dyn VerificationAlgorithm| {
        let key = TestKey::for_algorithm(algorithm);
        let jwk = key.jwk();
        let decoded = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
        let point = [vec![4], decoded("x"), decoded("y")].concat();
        // Enough for numbers with a zero in front and with the first bit set.
        for _ in 0..200 {
            let text = token().key(&key).signature_in_der().mint();
            let (input, signature) = text.rsplit_once('.').unwrap();
            let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
            let key = UnparsedPublicKey::new(asn1, &point);
            assert!(key.verify(input.as_bytes(), &signature).is_ok(), "{signature:02x?}");
        }
    };
    verifies(Algorithm::ES256, &ECDSA_P256_SHA256_ASN1);
    verifies(Algorithm::ES384, &ECDSA_P384_SHA384_ASN1);
}

#[test]
#[should_panic(expected = "only ECDSA signatures have another form")]
fn rsa_signature_has_no_other_form() {
    token().signature_in_der().mint();
}

#[test]
fn raw_claim_is_written_as_it_is() {
    let token = token().raw_claim("iat", "1.0").raw_claim("odd", "[ 1e400 ]").claim("odd", 2);
    let token = token.raw_claim("odd", "[ 1e400 ]");
    let json = token.payload_json();
    assert!(
        json.contains(r#""iat":1.0,"exp""#) && json.ends_with(r#","odd":[ 1e400 ]}"#),
        "{json}"
    );
    assert!(URL.starts_with(ORIGIN));
}
