//! An issuer that a service reaches at another host than tokens name, such as Keycloak in a compose file.
//! `src/issuers.md` has the same policy and the settings of Keycloak.

use tokenring::{
    Policy, RemoteJwks, Verifier, VerifyError,
    remote::RemoteJwksBuilder,
    testkit::{AUDIENCE, Answer, IssuerServer},
};

/// The issuer that tokens name. Nothing here contacts it.
const PUBLIC: &str = "https://login.example.com/realms/shop";

/// Keycloak at its inner host, which has these members of the metadata.
fn keycloak(issuer: Option<&str>, jwks_uri: Option<&str>) -> IssuerServer {
    let server = IssuerServer::start_at("/realms/shop");
    server.move_key_set("/realms/shop/protocol/openid-connect/certs");
    let mut metadata = server.metadata();
    for (name, value) in [("issuer", issuer), ("jwks_uri", jwks_uri)] {
        if let Some(value) = value {
            metadata[name] = value.into();
        }
    }
    server.answer_metadata_with(Answer::body(metadata.to_string()));
    server
}

fn allowed(keys: RemoteJwksBuilder) -> RemoteJwks {
    keys.danger_allow_http("127.0.0.1").build().unwrap()
}

fn outcome(issuer: &str, keys: &RemoteJwks, token: &str) -> Result<(), VerifyError> {
    Verifier::new(Policy::new(issuer, AUDIENCE), keys.clone()).unwrap().verify(token).map(drop)
}

#[test]
fn metadata_at_the_inner_host_names_the_public_issuer_and_is_refused() {
    let public_keys = format!("{PUBLIC}/protocol/openid-connect/certs");
    // As `KC_HOSTNAME_BACKCHANNEL_DYNAMIC` is set: the URL of the keys follows the request, `issuer` not.
    for jwks_uri in [Some(public_keys.as_str()), None] {
        let server = keycloak(Some(PUBLIC), jwks_uri);
        let keys = allowed(RemoteJwks::discovery_builder(server.url()));
        assert_eq!(keys.prime().unwrap_err().code(), "issuer_mismatch");
        assert_eq!((server.metadata_hits(), server.key_set_hits()), (1, 0));
    }
}

#[test]
fn key_url_at_the_inner_host_verifies_tokens_of_the_public_issuer_alone() {
    let server = keycloak(Some(PUBLIC), None);
    assert!(server.jwks_url().ends_with("/realms/shop/protocol/openid-connect/certs"));
    let keys = allowed(RemoteJwks::builder(server.jwks_url()));
    let token = server.token().issuer(PUBLIC).mint();
    assert_eq!(outcome(PUBLIC, &keys, &token), Ok(()));
    assert_eq!((server.metadata_hits(), server.key_set_hits()), (0, 1));
    // The inner host in place of the public one.
    assert_eq!(outcome(PUBLIC, &keys, &server.token().mint()), Err(VerifyError::WrongIssuer));
    assert_eq!(outcome(&server.url(), &keys, &token), Err(VerifyError::WrongIssuer));
}

#[test]
fn without_a_hostname_discovery_works_and_tokens_requested_elsewhere_are_refused() {
    // Metadata and tokens name the host of the request.
    let server = keycloak(None, None);
    let keys = allowed(RemoteJwks::discovery_builder(server.url()));
    let inner = server.token().mint();
    let outer = server.token().issuer("http://localhost:8080/realms/shop").mint();
    assert_eq!(outcome(&server.url(), &keys, &inner), Ok(()));
    assert_eq!(outcome(&server.url(), &keys, &outer), Err(VerifyError::WrongIssuer));
    assert_eq!(outcome("http://localhost:8080/realms/shop", &keys, &outer), Ok(()));
}
