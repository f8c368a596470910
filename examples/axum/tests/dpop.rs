//! The example with DPoP, over the wire: tokens that are bound to a key, with proofs that have its nonces.
//! RFC 9449 section 7.

use std::{net::SocketAddr, sync::Arc};

use axum::{Json, Router, middleware, response::IntoResponse, routing};
use serde_json::{Value, json};
use tokenring::{
    Guard, RemoteJwks, UnixTime, Verifier,
    possession::{Nonces, ProofPolicy, ProofVerifier, ReplayMemory},
    testkit::{AUDIENCE, DpopClient, IssuerServer, TokenBuilder},
};
use tokenring_axum::{
    Api as Example,
    caller::{Caller, Claims, Shared, headers_of, require_token},
    router,
};
use tokenring_oracle::{
    api::Api,
    http::{Response, bearer, get, values},
    program::{Started, refusal_to_start, without_settings},
};
use tokio::{net::TcpListener, runtime::Builder};

const EXAMPLE: &str = env!("CARGO_BIN_EXE_tokenring-axum");
const ORIGIN: &str = "https://api.example.com";
const HELLO: &str = "https://api.example.com/api/v1/";
const SECRET: &str = "77777777777777777777777777777777";

/// The example with [`ORIGIN`], on a runtime of two threads, which end with the process.
fn served() -> Api {
    served_as(|verifier| {
        router(Example::with_dpop(verifier, ORIGIN, Nonces::random().unwrap()).unwrap())
    })
}

fn served_as(router: impl FnOnce(Verifier<RemoteJwks>) -> Router) -> Api {
    Api::start(|verifier| {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_io().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let router = router(verifier);
        Box::leak(Box::new(runtime)).spawn(async move { axum::serve(listener, router).await });
        address
    })
}

/// A token that is bound to the client's key.
fn token(api: &Api, client: &DpopClient) -> TokenBuilder {
    api.issued.issuer.token().subject("auth0|somebody").bound_to(&client.confirmation())
}

fn send(address: SocketAddr, path: &str, token: &str, proof: &str) -> Response {
    get(address, path, &[("Authorization", &format!("DPoP {token}")), ("DPoP", proof)])
}

/// The client, with the nonce that the example asks for.
fn with_nonce(api: &Api, client: &DpopClient, token: &str) -> DpopClient {
    let response = send(api.address, "/api/v1/", token, &client.proof("GET", HELLO, token).mint());
    client.with_nonce(response.header("DPoP-Nonce").unwrap())
}

fn dpop(error: &str) -> String {
    format!(r#"DPoP error="{error}", algs="ES256 ES384 EdDSA PS256", realm="api""#)
}

#[test]
fn nonce_is_demanded_then_accepted_and_a_proof_is_good_for_one_request() {
    let (api, client) = (served(), DpopClient::default());
    let token = token(&api, &client).mint();
    let first = client.proof("GET", HELLO, &token).mint();
    for _ in 0..2 {
        let response = send(api.address, "/api/v1/", &token, &first);
        let (status, _, challenge) = response.refusal();
        assert_eq!((status, challenge), (401, Some(&*dpop("use_dpop_nonce"))));
        assert_eq!(response.header("Cache-Control"), Some("no-store"));
    }

    let client = with_nonce(&api, &client, &token);
    let proof = client.proof("GET", HELLO, &token).mint();
    let response = send(api.address, "/api/v1/?page=2", &token, &proof);
    assert_eq!(response.status, 200, "{}", response.text);
    assert_eq!(response.json(), json!({ "message": "Hello, auth0|somebody" }));

    let response = send(api.address, "/api/v1/", &token, &proof);
    let refused = dpop("invalid_dpop_proof");
    assert_eq!(response.refusal(), (401, "Invalid DPoP proof", Some(&*refused)));
    assert_eq!(response.header("DPoP-Nonce"), None);
    // The middleware.
    let proof = client.proof("GET", &format!("{HELLO}messages"), &token).mint();
    assert_eq!(send(api.address, "/api/v1/messages", &token, &proof).status, 200);
    assert_eq!(send(api.address, "/api/v1/messages", &token, &proof).status, 401);
}

/// The subject, by two extractors.
async fn subject(Caller(caller): Caller, Claims(claims, same): Claims<Value>) -> impl IntoResponse {
    assert_eq!(caller.verified().subject(), same.verified().subject());
    (headers_of(&same), Json(claims["sub"].clone()))
}

#[test]
fn layer_and_extractors_of_one_guard_share_one_check_and_renew_the_nonce_once() {
    let nonces = Nonces::with_secret([7; 32]).unwrap();
    let policy = ProofPolicy::new(ORIGIN).nonces(nonces.clone());
    let api = served_as(|verifier| {
        let proofs = ProofVerifier::new(policy, ReplayMemory::default()).unwrap();
        let guard = Arc::new(Guard::new(verifier).accept_dpop(proofs));
        let stricter = Arc::new((*guard).clone().require_permission("delete:everything"));
        let layer = |guard: &Shared| middleware::from_fn_with_state(guard.clone(), require_token);
        Router::new()
            .route("/both", routing::get(subject))
            .route_layer(layer(&guard))
            .route("/extractors", routing::get(subject))
            .with_state(guard.clone())
            // The extractors ask for more than the layer.
            .merge(
                Router::new()
                    .route("/stricter", routing::get(subject))
                    .route_layer(layer(&guard))
                    .with_state(stricter),
            )
    });
    let client = DpopClient::default();
    let plain = api.issued.issuer.token().subject("auth0|somebody").mint();
    let token = token(&api, &client).mint();
    let minute_ago = UnixTime::from_secs(UnixTime::now().as_secs() - 60);
    let client = client.with_nonce(nonces.issue(minute_ago).to_string());
    for path in ["/both", "/extractors"] {
        let proof = client.proof("GET", &format!("{ORIGIN}{path}"), &token).mint();
        let response = send(api.address, path, &token, &proof);
        assert_eq!((response.status, response.body()), (200, r#""auth0|somebody""#), "{path}");
        let renewed = values(&response.text, "DPoP-Nonce");
        assert_eq!(renewed.len(), 1, "{path}: {renewed:?}");
        // The next request has a check of its own.
        assert_eq!(send(api.address, path, &token, &proof).status, 401, "{path}");
    }
    // With another guard it is a second check, of which the proof is not good.
    let permitted = json!(["delete:everything"]);
    let token = self::token(&api, &client).claim("permissions", permitted).mint();
    let proof = client.proof("GET", &format!("{ORIGIN}/stricter"), &token).mint();
    assert_eq!(send(api.address, "/stricter", &token, &proof).status, 401);
    let response = get(api.address, "/stricter", &[("Authorization", &bearer(&plain))]);
    assert_eq!(response.status, 403, "{}", response.text);
}

#[test]
fn bound_token_is_worth_nothing_without_its_key() {
    let (api, client) = (served(), DpopClient::default());
    let token = token(&api, &client).mint();
    let client = with_nonce(&api, &client, &token);
    let proof = |method, url: &str| client.proof(method, url, &token);

    let as_bearer = get(api.address, "/api/v1/", &[("Authorization", &bearer(&token))]);
    let challenges = values(&as_bearer.text, "WWW-Authenticate");
    assert_eq!(as_bearer.status, 401);
    assert_eq!(
        challenges,
        [r#"Bearer error="invalid_token", realm="api""#, r#"DPoP algs="ES256 ES384 EdDSA PS256""#,]
    );
    let own_nonce = |other: DpopClient| {
        let nonce: Value = serde_json::from_str(&proof("GET", HELLO).payload_json()).unwrap();
        other.with_nonce(nonce["nonce"].as_str().unwrap())
    };
    for (fault, bad) in [
        ("another method", proof("POST", HELLO).mint()),
        ("another path", proof("GET", ORIGIN).mint()),
        (
            "the address of the server",
            proof("GET", &format!("http://{}/api/v1/", api.address)).mint(),
        ),
        ("a path without its prefix", proof("GET", &format!("{ORIGIN}/")).mint()),
        ("another token", client.proof("GET", HELLO, "another.access.token").mint()),
        ("another key", own_nonce(DpopClient::attacker()).proof("GET", HELLO, &token).mint()),
        ("no proof", String::new()),
        ("another kind of token", proof("GET", HELLO).header("typ", "JWT").mint()),
    ] {
        let response = send(api.address, "/api/v1/", &token, &bad);
        assert_eq!(response.status, 401, "{fault}: {}", response.text);
    }
    assert_eq!(send(api.address, "/api/v1/", &token, &proof("GET", HELLO).mint()).status, 200);
}

#[test]
fn bearer_tokens_are_accepted_as_before() {
    let api = served();
    let token = api.issued.issuer.token().mint();
    assert_eq!(get(api.address, "/api/v1/", &[("Authorization", &bearer(&token))]).status, 200);
    let proof = DpopClient::default().proof("GET", HELLO, &token).mint();
    // A proof for a token that is not bound proves nothing.
    assert_eq!(send(api.address, "/api/v1/", &token, &proof).status, 401);
    let response = get(api.address, "/api/v1/", &[]);
    let challenges = values(&response.text, "WWW-Authenticate");
    assert_eq!(challenges, [r#"Bearer realm="api""#, r#"DPoP algs="ES256 ES384 EdDSA PS256""#]);
}

#[test]
fn origin_is_a_setting() {
    let stderr =
        refusal_to_start(without_settings(EXAMPLE).env("PUBLIC_ORIGIN", "api.example.com"));
    assert!(stderr.starts_with("PUBLIC_ORIGIN: "), "{stderr}");
    let stderr = refusal_to_start(without_settings(EXAMPLE).env("NONCE_SECRET", SECRET));
    assert!(stderr.starts_with("PUBLIC_ORIGIN is not set"), "{stderr}");
    let mut example = Started::new(without_settings(EXAMPLE).env("PUBLIC_ORIGIN", ORIGIN));
    // Kept: a program whose output nobody reads ends.
    let mut lines = example.lines();
    let line = lines.find(|line| line.starts_with("curl -i ")).unwrap();
    let address = line.split('/').nth(2).unwrap().parse().unwrap();
    assert_eq!(values(&get(address, "/api/v1/", &[]).text, "WWW-Authenticate").len(), 2);
}

/// A nonce from before a restart, or of another process.
#[test]
fn nonces_of_the_secret_in_the_settings_are_accepted() {
    let (issuer, client) = (IssuerServer::start(), DpopClient::default());
    let mut command = without_settings(EXAMPLE);
    command.env("ISSUER", issuer.url()).env("AUDIENCE", AUDIENCE).env("PUBLIC_ORIGIN", ORIGIN);
    let token = issuer.token().bound_to(&client.confirmation()).mint();
    let nonce = Nonces::with_secret(SECRET).unwrap().issue(UnixTime::now()).to_string();
    for (secret, status) in
        [(Some(SECRET), 200), (Some(&SECRET.replace('7', "8")), 401), (None, 401)]
    {
        match secret {
            Some(secret) => command.env("NONCE_SECRET", secret),
            None => command.env_remove("NONCE_SECRET"),
        };
        let mut example = Started::new(&mut command);
        let line = example.lines().next().unwrap();
        let address = line.split('/').nth(2).unwrap().parse().unwrap();
        let proof = client.with_nonce(nonce.as_str()).proof("GET", HELLO, &token).mint();
        assert_eq!(send(address, "/api/v1/", &token, &proof).status, status, "{secret:?}");
    }
    let short = command.env("NONCE_SECRET", &SECRET[1..]);
    let stderr = refusal_to_start(short);
    let expected = "NONCE_SECRET: the secret of the nonces is 31 bytes long, 32 is the least";
    assert_eq!(stderr.trim(), expected);
}

#[test]
fn refused_proof_is_explained_in_the_log_without_its_text() {
    let (issuer, client) = (IssuerServer::start(), DpopClient::default());
    let mut command = without_settings(EXAMPLE);
    command.env("ISSUER", issuer.url()).env("AUDIENCE", AUDIENCE);
    command.env("JWKS_URL", issuer.jwks_url()).env("PUBLIC_ORIGIN", ORIGIN);
    let mut example = Started::new(command.env("LOG", "explanation"));
    let line = example.lines().next().unwrap();
    let address = line.split('/').nth(2).unwrap().parse().unwrap();
    let token = issuer.token().bound_to(&client.confirmation()).mint();
    let proof = client.proof("GET", HELLO, &token).claim("htm", "POST").mint();
    assert_eq!(send(address, "/api/v1/", &token, &proof).status, 401);
    let log = example.log();
    let failed = log.iter().filter_map(|line| line.trim().strip_prefix("FAILED "));
    let failed: Vec<_> = failed.map(|check| check.trim().split("  ").next().unwrap()).collect();
    assert_eq!(failed, ["htm", "proof nonce"], "{log:#?}");
    assert!(!log.iter().any(|line| line.contains("eyJ")), "{log:#?}");
}
