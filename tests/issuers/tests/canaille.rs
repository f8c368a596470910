//! Canaille: nine algorithms, no `alg` in any key, a slash at the end of `iss`.

use issuers::{
    ALGORITHMS, Issuer, assert_follows_rotation, assert_genuine, header, refusal, string,
};
use tokenring::{Algorithm, Policy, RemoteJwks, Verifier, VerifyError, remote::FetchError};

/// Its keys are an RSA key and one key on each of these curves.
fn canaille(curve: &str, edwards_curve: &str) -> Issuer {
    Issuer::python("canaille_server.py", &[curve, edwards_curve])
}

/// An access token for the client named `algorithm`, which has its tokens signed with `algorithm`.
fn token(issuer: &Issuer, algorithm: &str) -> String {
    let answer = issuer.token_answer(&[
        ("grant_type", "password"),
        ("username", "alice"),
        ("password", issuer.fact("password")),
        ("client_id", algorithm),
        ("client_secret", issuer.fact("password")),
        ("scope", "openid profile"),
    ]);
    string(&answer, "access_token")
}

#[test]
fn access_token_of_each_algorithm_is_accepted_for_its_client_alone() {
    let curves = [canaille("P-256", "Ed25519"), canaille("P-384", "Ed25519")];
    let [p256, p384] = &curves;
    let (keys_p256, keys_p384) = (p256.keys(), p384.keys());
    for algorithm in ALGORITHMS {
        let (issuer, keys) =
            if algorithm == Algorithm::ES384 { (p384, &keys_p384) } else { (p256, &keys_p256) };
        assert!(issuer.identifier().ends_with('/'));
        let token = token(issuer, algorithm.name());
        assert_eq!(header(&token, "alg").as_deref(), Some(algorithm.name()));
        let policy = Policy::new(issuer.identifier(), algorithm.name());
        let verified = assert_genuine(&token, algorithm, &policy, keys);
        assert_eq!(verified.subject(), Some("alice"));

        let policy = Policy::new(issuer.identifier(), "another client").algorithms([algorithm]);
        let verifier = Verifier::new(policy, keys.clone()).unwrap();
        assert_eq!(refusal(&verifier, &token), VerifyError::WrongAudience);

        // The same identifier without the slash.
        let issuer = issuer.identifier().trim_end_matches('/');
        let policy = Policy::new(issuer, algorithm.name()).algorithms([algorithm]);
        let verifier = Verifier::new(policy, keys.clone()).unwrap();
        assert_eq!(refusal(&verifier, &token), VerifyError::WrongIssuer);
    }
}

#[test]
fn discovery_of_the_issuer_without_its_slash_is_refused() {
    let issuer = canaille("P-256", "Ed25519");
    let without_slash = issuer.identifier().trim_end_matches('/');
    let keys =
        RemoteJwks::discovery_builder(without_slash).danger_allow_http_loopback().build().unwrap();
    let (expected, found) = (without_slash.into(), issuer.identifier().into());
    let mismatch = FetchError::IssuerMismatch { expected, found };
    assert_eq!(keys.prime().unwrap_err().error(), &mismatch);
}

#[test]
fn token_whose_alg_is_ed25519_is_accepted_as_eddsa() {
    let issuer = canaille("P-256", "Ed25519");
    let token = token(&issuer, "Ed25519");
    assert_eq!(header(&token, "alg").as_deref(), Some("Ed25519"));
    let policy = Policy::new(issuer.identifier(), "Ed25519");
    assert_genuine(&token, Algorithm::EdDSA, &policy, &issuer.keys());
}

#[test]
fn rsa_key_is_for_the_first_rsa_algorithm_of_the_policy_and_no_other() {
    let issuer = canaille("P-256", "Ed25519");
    let policy = Policy::new(issuer.identifier(), "RS256")
        .accept_audience("PS256")
        .accept_audience("ES256")
        .algorithms([Algorithm::PS256, Algorithm::ES256, Algorithm::RS256]);
    let verifier = Verifier::new(policy, issuer.keys()).unwrap();
    for algorithm in ["PS256", "ES256"] {
        assert!(verifier.verify(&token(&issuer, algorithm)).is_ok());
    }
    assert_eq!(refusal(&verifier, &token(&issuer, "RS256")), VerifyError::UnknownKey);
}

#[test]
fn other_algorithms_are_refused_and_their_keys_skipped() {
    for (curve, edwards_curve, algorithms) in [
        ("P-521", "Ed448", ["ES512", "Ed448", "EdDSA"]),
        ("secp256k1", "Ed448", ["ES256K", "Ed448", "EdDSA"]),
    ] {
        let issuer = canaille(curve, edwards_curve);
        let keys = issuer.keys();
        assert_eq!((keys.health().usable_keys(), keys.health().skipped_keys()), (1, 2));
        for algorithm in algorithms {
            let policy = Policy::new(issuer.identifier(), algorithm).algorithms(ALGORITHMS);
            let verifier = Verifier::new(policy, keys.clone()).unwrap();
            let expected = match algorithm {
                // `alg` is the accepted `EdDSA`, but the key is on another curve.
                "EdDSA" => VerifyError::UnknownKey,
                _ => VerifyError::AlgorithmNotAccepted,
            };
            assert_eq!(refusal(&verifier, &token(&issuer, algorithm)), expected, "{algorithm}");
        }
    }
}

#[test]
fn rotation_is_followed_at_once_and_a_key_no_longer_published_is_refused() {
    let issuer = canaille("P-256", "Ed25519");
    let policy = Policy::new(issuer.identifier(), "RS256")
        .accept_audience("ES256")
        .algorithms([Algorithm::RS256, Algorithm::ES256]);
    assert_follows_rotation(issuer, policy, |issuer| {
        ["RS256", "ES256"].map(|algorithm| token(issuer, algorithm)).into()
    });
}
