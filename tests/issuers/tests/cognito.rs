//! Amazon Cognito user pools in moto: RS256, access tokens without `aud`, ID tokens with it.
//!
//! moto signs with one key, which is the same in every pool and never changes. So there is no
//! rotation to test, and only `iss` distinguishes the tokens of two pools.

use std::{
    fs,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use issuers::{Issuer, assert_genuine, refusal, string};
use tokenring::{Algorithm, Policy, RemoteJwks, Verifier, VerifyError};

/// One issuer for all tests: proxies that start at once overwrite each other's certificate.
fn pools() -> MutexGuard<'static, Issuer> {
    static POOLS: OnceLock<Mutex<Issuer>> = OnceLock::new();
    let pools = POOLS.get_or_init(|| Mutex::new(Issuer::python("cognito_server.py", &[])));
    pools.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The pool's keys, fetched over TLS from its URL at Amazon, for which moto's proxy answers.
fn keys(pools: &Issuer, issuer: &str) -> RemoteJwks {
    let keys = RemoteJwks::discovery_builder(issuer)
        .proxy(pools.fact("proxy"))
        .root_certs_pem(fs::read(pools.fact("certificates")).unwrap())
        .build()
        .unwrap();
    keys.prime().unwrap();
    keys
}

/// The policy of an API: Cognito's access tokens name the client and have no audience.
fn access_policy(pools: &Issuer) -> Policy {
    Policy::for_client(pools.identifier(), pools.fact("client_id"))
        .require_claim("token_use", "access")
}

/// The policy of the client itself.
fn id_policy(pools: &Issuer) -> Policy {
    Policy::new(pools.identifier(), pools.fact("client_id")).require_claim("token_use", "id")
}

#[test]
fn access_token_is_for_its_client() {
    let mut pools = pools();
    let keys = keys(&pools, pools.identifier());
    let tokens = pools.command("tokens");
    let policy = access_policy(&pools);
    let verified = assert_genuine(&string(&tokens, "access"), Algorithm::RS256, &policy, &keys);
    assert!(verified.has_scope("aws.cognito.signin.user.admin"));

    let verifier = Verifier::new(policy, keys).unwrap();
    let of_the_other = pools.command("tokens_of_the_other_client");
    assert_eq!(
        refusal(&verifier, &string(&of_the_other, "access")),
        VerifyError::WrongAuthorizedParty
    );
    // The ID token names the client too, but in `aud`.
    assert_eq!(refusal(&verifier, &string(&tokens, "id")), VerifyError::WrongAuthorizedParty);
}

#[test]
fn id_token_is_for_its_client() {
    let mut pools = pools();
    let keys = keys(&pools, pools.identifier());
    let tokens = pools.command("tokens");
    let policy = id_policy(&pools);
    let verified = assert_genuine(&string(&tokens, "id"), Algorithm::RS256, &policy, &keys);
    assert_eq!(verified.audience().collect::<Vec<_>>(), [pools.fact("client_id")]);

    let verifier = Verifier::new(policy, keys).unwrap();
    let of_the_other = pools.command("tokens_of_the_other_client");
    assert_eq!(refusal(&verifier, &string(&of_the_other, "id")), VerifyError::WrongAudience);
    assert_eq!(
        refusal(&verifier, &string(&tokens, "access")),
        VerifyError::ClaimMissing { claim: "aud" }
    );
}

#[test]
fn token_of_another_pool_is_refused_though_signed_by_the_same_key() {
    let mut pools = pools();
    let theirs = string(&pools.command("tokens_of_the_other_pool"), "access");
    let keys = keys(&pools, pools.identifier());
    let verifier = Verifier::new(access_policy(&pools), keys).unwrap();
    assert_eq!(refusal(&verifier, &theirs), VerifyError::WrongIssuer);
}

#[test]
fn one_verifier_takes_the_tokens_of_two_pools_each_with_its_own_policy() {
    let mut pools = pools();
    let ours = string(&pools.command("tokens"), "id");
    let theirs = string(&pools.command("tokens_of_the_other_pool"), "id");
    let other = pools.fact("other_issuer");
    let policy = Policy::new(other, pools.fact("other_pools_client_id"));
    let verifier = Verifier::new(id_policy(&pools), keys(&pools, pools.identifier()))
        .unwrap()
        .with_issuer(policy, keys(&pools, other))
        .unwrap();
    assert_eq!(verifier.verify(&ours).unwrap().issuer(), pools.identifier());
    assert_eq!(verifier.verify(&theirs).unwrap().issuer(), other);
}
