//! oidc-provider: access tokens of RFC 9068 and ID tokens, nine algorithms, one RSA key without `alg`
//! for six of them, an issuer with a path.

use issuers::{
    ALGORITHMS, Issuer, assert_follows_rotation, assert_genuine, header, post, refusal, string,
};
use tokenring::{Algorithm, Policy, TokenType, Verifier, VerifyError};

const API: &str = "https://api.example.com/";

fn oidc_provider() -> Issuer {
    Issuer::node("oidc_provider_server.mjs")
}

/// An access token by client credentials, signed with `algorithm`.
fn access_token(issuer: &Issuer, algorithm: &str) -> String {
    let answer = issuer.token_answer(&[
        ("grant_type", "client_credentials"),
        ("client_id", algorithm),
        ("client_secret", issuer.fact("secret")),
        ("scope", "read:messages"),
        ("resource", &format!("{API}{algorithm}")),
    ]);
    string(&answer, "access_token")
}

/// An ID token for the client named `algorithm`, which has its tokens signed with `algorithm`.
fn id_token(issuer: &Issuer, algorithm: &str) -> String {
    let client = [("client_id", algorithm), ("client_secret", issuer.fact("secret"))];
    let request = [&client[..], &[("scope", "openid"), ("login_hint", "alice")]].concat();
    let answer = post(&issuer.endpoint("backchannel_authentication_endpoint"), &request);
    let request_id = string(&answer, "auth_req_id");
    let grant = ("grant_type", "urn:openid:params:grant-type:ciba");
    let request = [&client[..], &[grant, ("auth_req_id", &request_id)]].concat();
    string(&issuer.token_answer(&request), "id_token")
}

/// The policy of the API.
fn access_policy(issuer: &Issuer) -> Policy {
    Policy::new(issuer.identifier(), API).token_type(TokenType::AccessToken)
}

#[test]
fn access_token_of_each_algorithm_is_accepted() {
    let issuer = oidc_provider();
    let keys = issuer.keys();
    for algorithm in ALGORITHMS {
        let token = access_token(&issuer, algorithm.name());
        assert_eq!(header(&token, "alg").as_deref(), Some(algorithm.name()));
        let policy = access_policy(&issuer).authorized_party(algorithm.name());
        let verified = assert_genuine(&token, algorithm, &policy, &keys);
        assert!(verified.has_scope("read:messages"));

        let policy = Policy::new(issuer.identifier(), "https://other.example.com/");
        let verifier = Verifier::new(policy.algorithms([algorithm]), keys.clone()).unwrap();
        assert_eq!(refusal(&verifier, &token), VerifyError::WrongAudience);
    }
}

#[test]
fn id_token_of_each_algorithm_is_accepted_by_its_client_and_by_no_api() {
    let issuer = oidc_provider();
    let keys = issuer.keys();
    for algorithm in ALGORITHMS {
        let token = id_token(&issuer, algorithm.name());
        assert_eq!(header(&token, "alg").as_deref(), Some(algorithm.name()));
        let policy = Policy::new(issuer.identifier(), algorithm.name());
        let verified = assert_genuine(&token, algorithm, &policy, &keys);
        assert_eq!(verified.subject(), Some("alice"));

        let policy = Policy::new(issuer.identifier(), "another client").algorithms([algorithm]);
        let verifier = Verifier::new(policy, keys.clone()).unwrap();
        assert_eq!(refusal(&verifier, &token), VerifyError::WrongAudience);

        // With the right audience it is still refused, because it is not an access token.
        let policy = access_policy(&issuer).accept_audience(algorithm.name());
        let verifier = Verifier::new(policy.algorithms([algorithm]), keys.clone()).unwrap();
        assert_eq!(refusal(&verifier, &token), VerifyError::TokenTypeNotAccepted);
    }
}

#[test]
fn token_whose_alg_is_ed25519_is_accepted_as_eddsa() {
    let issuer = oidc_provider();
    let token = access_token(&issuer, "Ed25519");
    assert_eq!(header(&token, "alg").as_deref(), Some("Ed25519"));
    assert_genuine(&token, Algorithm::EdDSA, &access_policy(&issuer), &issuer.keys());
}

#[test]
fn rsa_key_without_alg_is_for_the_first_rsa_algorithm_of_the_policy_and_no_other() {
    let issuer = oidc_provider();
    let policy = access_policy(&issuer).algorithms(ALGORITHMS);
    let verifier = Verifier::new(policy, issuer.keys()).unwrap();
    for algorithm in ["RS256", "ES256", "ES384", "EdDSA"] {
        assert!(verifier.verify(&access_token(&issuer, algorithm)).is_ok());
    }
    for algorithm in ["RS384", "RS512", "PS256", "PS384", "PS512"] {
        let token = access_token(&issuer, algorithm);
        assert_eq!(refusal(&verifier, &token), VerifyError::UnknownKey, "{algorithm}");
    }
}

#[test]
fn hs256_and_es512_are_refused() {
    let issuer = oidc_provider();
    let keys = issuer.keys();
    // The skipped key is the one on P-521.
    assert_eq!((keys.health().usable_keys(), keys.health().skipped_keys()), (4, 1));
    for algorithm in ["HS256", "ES512"] {
        for token in [access_token(&issuer, algorithm), id_token(&issuer, algorithm)] {
            assert_eq!(header(&token, "alg").as_deref(), Some(algorithm));
            let policy = Policy::new(issuer.identifier(), API)
                .accept_audience(algorithm)
                .algorithms(ALGORITHMS);
            let verifier = Verifier::new(policy, keys.clone()).unwrap();
            assert_eq!(refusal(&verifier, &token), VerifyError::AlgorithmNotAccepted);
        }
    }
}

#[test]
fn rotation_is_followed_at_once_and_a_key_no_longer_published_is_refused() {
    let issuer = oidc_provider();
    let accepted = [Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA];
    let policy = access_policy(&issuer).algorithms(accepted);
    assert_follows_rotation(issuer, policy, |issuer| {
        accepted.map(|algorithm| access_token(issuer, algorithm.name())).into()
    });
}
