//! oauth2-mock-server: nine algorithms, a key with `alg` for each, an issuer on `localhost`.

use std::collections::BTreeMap;

use issuers::{ALGORITHMS, Issuer, assert_genuine, header, refusal, string};
use tokenring::{Algorithm, Policy, UnixTime, Verifier, VerifyError};

const API: &str = "https://api.example.com/";

fn oauth2_mock_server() -> Issuer {
    Issuer::node("oauth2_mock_server.mjs")
}

fn access_token(issuer: &Issuer) -> String {
    let request = [("grant_type", "client_credentials"), ("scope", "read:messages"), ("aud", API)];
    string(&issuer.token_answer(&request), "access_token")
}

/// Access tokens by `alg`. The server signs each token with the next key.
fn access_tokens(issuer: &Issuer) -> BTreeMap<String, String> {
    let tokens: BTreeMap<_, _> = (0..KEYS)
        .map(|_| access_token(issuer))
        .map(|token| (header(&token, "alg").unwrap(), token))
        .collect();
    assert_eq!(tokens.len(), KEYS);
    tokens
}

#[test]
fn access_token_of_each_algorithm_is_accepted() {
    let issuer = oauth2_mock_server();
    let keys = issuer.keys();
    let tokens = access_tokens(&issuer);
    for algorithm in ALGORITHMS {
        let token = &tokens[algorithm.name()];
        let policy = Policy::new(issuer.identifier(), API);
        let verified = assert_genuine(token, algorithm, &policy, &keys);
        assert!(verified.has_scope("read:messages"));

        let policy = Policy::new(issuer.identifier(), "https://other.example.com/");
        let verifier = Verifier::new(policy.algorithms([algorithm]), keys.clone()).unwrap();
        assert_eq!(refusal(&verifier, token), VerifyError::WrongAudience);
    }
}

#[test]
fn key_and_token_whose_alg_is_ed25519_are_accepted_as_eddsa() {
    let issuer = oauth2_mock_server();
    let policy = Policy::new(issuer.identifier(), API);
    let tokens = access_tokens(&issuer);
    assert_genuine(&tokens["Ed25519"], Algorithm::EdDSA, &policy, &issuer.keys());
}

#[test]
fn es512_is_refused_and_its_key_skipped() {
    let issuer = oauth2_mock_server();
    let keys = issuer.keys();
    assert_eq!((keys.health().usable_keys(), keys.health().skipped_keys()), (KEYS - 1, 1));
    let policy = Policy::new(issuer.identifier(), API).algorithms(ALGORITHMS);
    let verifier = Verifier::new(policy, keys).unwrap();
    let tokens = access_tokens(&issuer);
    assert_eq!(refusal(&verifier, &tokens["ES512"]), VerifyError::AlgorithmNotAccepted);
}

#[test]
fn id_token_is_accepted_by_its_client_and_an_access_token_without_aud_by_nobody() {
    let issuer = oauth2_mock_server();
    let answer = issuer.token_answer(&[
        ("grant_type", "password"),
        ("username", "alice"),
        ("client_id", "web"),
        ("scope", "openid"),
    ]);
    let policy = Policy::new(issuer.identifier(), "web").algorithms(ALGORITHMS);
    let verifier = Verifier::new(policy, issuer.keys()).unwrap();
    let verified = verifier.verify(&string(&answer, "id_token")).unwrap();
    assert_eq!(verified.audience().collect::<Vec<_>>(), ["web"]);
    assert_eq!(
        refusal(&verifier, &string(&answer, "access_token")),
        VerifyError::ClaimMissing { claim: "aud" }
    );
}

#[test]
fn expired_token_is_refused() {
    let mut issuer = oauth2_mock_server();
    let token = string(&issuer.command("expired"), "token");
    let policy = Policy::new(issuer.identifier(), API).algorithms(ALGORITHMS);
    let verifier = Verifier::new(policy, issuer.keys()).unwrap();
    let now = UnixTime::now();
    match refusal(&verifier, &token) {
        VerifyError::Expired { exp, now: then } => {
            assert!(exp < now.as_secs() && now.as_secs() <= then);
        }
        other => panic!("{other}"),
    }
}

#[test]
fn key_added_later_is_found_by_its_first_token() {
    let mut issuer = oauth2_mock_server();
    let keys = issuer.keys();
    let policy = Policy::new(issuer.identifier(), API).algorithms([Algorithm::ES256]);
    let verifier = Verifier::new(policy, keys.clone()).unwrap();

    let added = string(&issuer.command("add"), "kid");
    let token = (0..=KEYS)
        .map(|_| access_token(&issuer))
        .find(|token| header(token, "kid").as_ref() == Some(&added))
        .unwrap();
    assert_eq!(keys.health().usable_keys(), KEYS - 1);
    assert_eq!(verifier.verify(&token).unwrap().key_id(), Some(added.as_str()));
    assert_eq!(keys.health().usable_keys(), KEYS);
}

#[test]
fn issuer_that_starts_again_with_other_keys_is_followed_at_once() {
    let mut issuer = oauth2_mock_server();
    let keys = issuer.keys();
    let policy = Policy::new(issuer.identifier(), API).algorithms(ALGORITHMS);
    let verifier = Verifier::new(policy, keys.clone()).unwrap();
    let old = access_tokens(&issuer);
    assert!(verifier.verify(&old["RS256"]).is_ok());

    issuer.command("restart");
    let new = access_tokens(&issuer);
    for algorithm in ALGORITHMS.map(Algorithm::name) {
        assert!(verifier.verify(&new[algorithm]).is_ok());
        assert_eq!(refusal(&verifier, &old[algorithm]), VerifyError::UnknownKey);
    }
}

/// Keys for the nine algorithms, for `Ed25519` and for `ES512`.
const KEYS: usize = 11;
