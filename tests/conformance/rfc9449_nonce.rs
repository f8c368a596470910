//! RFC 9449 sections 8 and 9: nonces of the service.

use tokenring::{
    UnixTime,
    possession::{Nonces, ProofAccepted, ProofError, ProofVerifier},
};

use crate::{
    common::NOW,
    proofs::{Proof, policy, proof, verifier_of},
};

fn nonces() -> Nonces {
    Nonces::with_secret("a secret of at least 32 random bytes").unwrap()
}

fn verifier() -> ProofVerifier {
    verifier_of(policy().nonces(nonces()))
}

fn later(seconds: u64) -> UnixTime {
    UnixTime::from_secs(NOW.as_secs() + seconds)
}

fn check(proof: &Proof, now: UnixTime) -> Result<ProofAccepted, ProofError> {
    proof.check_in(&verifier(), "GET", "/v1/users", now)
}

#[test]
fn proof_without_a_nonce_is_asked_for_one_and_accepted_with_it() {
    let error = check(&proof(), NOW).unwrap_err();
    assert_eq!(error, ProofError::NonceMissing);
    assert_eq!(error.oauth_error(), Some("use_dpop_nonce"));
    let nonce = verifier().nonce_at(NOW).unwrap().to_string();
    let accepted = check(&proof().claim("nonce", nonce), NOW).unwrap();
    assert_eq!(accepted.next_nonce(), None);
    assert_eq!(verifier_of(policy()).nonce_at(NOW), None);
}

#[test]
fn nonce_is_accepted_for_two_more_steps_and_then_replaced() {
    // A step begins 20 seconds before.
    assert_eq!(NOW.as_secs() % 60, 40);
    let proof = proof().claim("nonce", nonces().issue(NOW).to_string());
    for (seconds, next) in [(0, false), (19, false), (20, true), (139, true)] {
        let accepted = check(&proof, later(seconds)).unwrap();
        let expected = next.then(|| nonces().issue(later(seconds)));
        assert_eq!(accepted.next_nonce(), expected, "{seconds}");
    }
    let error = check(&proof, later(140)).unwrap_err();
    assert_eq!(error, ProofError::StaleNonce);
    assert_eq!(error.oauth_error(), Some("use_dpop_nonce"));
    // From a process whose clock is ahead by more than a step's rest.
    let early = UnixTime::from_secs(NOW.as_secs() - 60);
    assert_eq!(check(&proof, early).unwrap_err(), ProofError::StaleNonce);
}

#[test]
fn nonce_of_another_secret_is_asked_to_be_replaced() {
    for nonce in [
        Nonces::random().unwrap().issue(NOW).to_string(),
        Nonces::with_secret([0; 32]).unwrap().issue(NOW).to_string(),
        String::new(),
        "eyJ7S_zG.eyJH0-Z.HX4w-7v".into(),
    ] {
        let error = check(&proof().claim("nonce", nonce.clone()), NOW).unwrap_err();
        assert_eq!(error, ProofError::UnknownNonce, "{nonce}");
        assert_eq!(error.oauth_error(), Some("use_dpop_nonce"));
    }
    for nonce in [serde_json::json!(1), serde_json::json!(null), serde_json::json!(["a"])] {
        let error = check(&proof().claim("nonce", nonce), NOW).unwrap_err();
        assert_eq!(error, ProofError::ClaimType { claim: "nonce" });
        assert_eq!(error.oauth_error(), Some("invalid_dpop_proof"));
    }
}

#[test]
fn two_processes_with_one_secret_accept_each_other_s_nonces() {
    let nonce = verifier().nonce_at(NOW).unwrap().to_string();
    let other = verifier_of(policy().nonces(nonces()));
    let found = proof().claim("nonce", nonce).check_in(&other, "GET", "/v1/users", NOW);
    assert!(found.is_ok());
}

/// Section 11.1: the nonce has the time of the service, so the client's clock does not matter.
#[test]
fn iat_is_not_compared_with_the_clock_but_must_be_a_number() {
    let proof = || proof().claim("nonce", nonces().issue(NOW).to_string());
    for iat in ["0", "-1e300", "1e300", "1780000000.5"] {
        let (_, claims) = proof().texts();
        let claims = claims.replace("\"iat\":1780000000", &format!("\"iat\":{iat}"));
        assert!(check(&proof().payload(claims), NOW).is_ok(), "{iat}");
    }
    let missing = check(&proof().without_claim("iat"), NOW).unwrap_err();
    assert_eq!(missing, ProofError::ClaimMissing { claim: "iat" });
    let mistyped = check(&proof().claim("iat", "1"), NOW).unwrap_err();
    assert_eq!(mistyped, ProofError::ClaimType { claim: "iat" });
}

/// A client whose proof is wrong in another way would otherwise ask for a nonce again and again.
#[test]
fn nonce_is_asked_for_only_if_the_rest_of_the_proof_is_right() {
    let missing = |claim| ProofError::ClaimMissing { claim };
    for (proof, error) in [
        (proof().header("typ", "JWT"), ProofError::WrongType),
        (proof().claim("htm", "POST"), ProofError::WrongMethod),
        (
            proof().claim("htu", "https://api.example.com/"),
            ProofError::WrongTarget { part: "path" },
        ),
        (proof().without_claim("ath"), missing("ath")),
        (proof().without_claim("jti"), missing("jti")),
        (proof().without_claim("iat"), missing("iat")),
        (proof().claim("exp", 1), ProofError::Expired { exp: 1, now: NOW.as_secs() }),
    ] {
        assert_eq!(check(&proof, NOW).unwrap_err(), error);
    }
}

#[test]
fn proof_is_kept_until_its_nonce_ends() {
    let text = proof().claim("nonce", nonces().issue(NOW).to_string()).sign();
    let request = tokenring::possession::Request::new("GET", "/v1/users").dpop([&text]);
    let key = tokenring::testkit::TestKey::for_algorithm(tokenring::Algorithm::ES256);
    let token = crate::proofs::bound_to(&key);
    let unrecorded = verifier().inspect_at(&request, &token, NOW).unwrap();
    assert_eq!(unrecorded.end(), later(140));
}

#[test]
fn texts() {
    use tokenring::possession::NonceError;

    let text = "the secret of the nonces is 3 bytes long, 32 is the least";
    assert_eq!(NonceError::SecretTooShort { bytes: 3 }.to_string(), text);
    let text = "the system has no randomness for the secret of the nonces";
    assert_eq!(NonceError::NoRandomness.to_string(), text);
}
