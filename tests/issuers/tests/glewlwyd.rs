//! Glewlwyd: access tokens of RFC 9068, nine algorithms, a key with `alg` for each of them.

use issuers::{
    ALGORITHMS, Issuer, assert_follows_rotation, assert_genuine, header, installed, refusal, string,
};
use tokenring::{Algorithm, Policy, TokenType, Verifier, VerifyError};

fn glewlwyd() -> Issuer {
    let package = installed("glewlwyd");
    Issuer::python("glewlwyd_server.py", &[package.to_str().unwrap()])
}

/// An access token for the client named `algorithm`, which has its tokens signed with `algorithm`.
fn token(issuer: &Issuer, algorithm: &str) -> String {
    let answer = issuer.token_answer(&[
        ("grant_type", "client_credentials"),
        ("client_id", algorithm),
        ("client_secret", issuer.fact("secret")),
        ("scope", issuer.fact("scope")),
        ("resource", issuer.fact("api")),
    ]);
    string(&answer, "access_token")
}

fn policy(issuer: &Issuer) -> Policy {
    Policy::new(issuer.identifier(), issuer.fact("api")).token_type(TokenType::AccessToken)
}

#[test]
fn access_token_of_each_algorithm_is_accepted() {
    let issuer = glewlwyd();
    let keys = issuer.keys();
    for algorithm in ALGORITHMS {
        let token = token(&issuer, algorithm.name());
        assert_eq!(header(&token, "alg").as_deref(), Some(algorithm.name()));
        let policy = policy(&issuer).authorized_party(algorithm.name());
        // The token names the client in `client_id`, as RFC 9068 says.
        let verified = assert_genuine(&token, algorithm, &policy, &keys);
        assert!(verified.has_scope(issuer.fact("scope")));

        let policy = Policy::new(issuer.identifier(), "https://other.example.com/");
        let verifier = Verifier::new(policy.algorithms([algorithm]), keys.clone()).unwrap();
        assert_eq!(refusal(&verifier, &token), VerifyError::WrongAudience);
    }
}

#[test]
fn es512_is_refused_and_its_key_skipped() {
    let issuer = glewlwyd();
    let keys = issuer.keys();
    assert_eq!((keys.health().usable_keys(), keys.health().skipped_keys()), (9, 1));
    let verifier = Verifier::new(policy(&issuer).algorithms(ALGORITHMS), keys).unwrap();
    assert_eq!(refusal(&verifier, &token(&issuer, "ES512")), VerifyError::AlgorithmNotAccepted);
}

#[test]
fn rotation_is_followed_at_once_and_a_key_no_longer_published_is_refused() {
    let issuer = glewlwyd();
    let rotated = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];
    let policy = policy(&issuer).algorithms(rotated);
    assert_follows_rotation(issuer, policy, |issuer| {
        rotated.map(|algorithm| token(issuer, algorithm.name())).into()
    });
}
