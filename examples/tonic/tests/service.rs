//! The example over the wire: real calls to a server on a runtime of one thread, whose issuer is slow
//! or down. RFC 6750 section 3, and gRPC's status codes.

use std::{net::SocketAddr, time::Duration};

use axum::{body::Body, http};
use tokenring::{
    Guard, UnixTime,
    testkit::{Answer, TestKey},
};
use tokenring_oracle::{
    http::{FOREVER, bearer},
    issued::{Issued, MINUTE},
    program::{self, Started, without_settings},
};
use tokenring_tonic::{
    api::{Empty, HelloReply, ListReply, messages_client::MessagesClient},
    service,
};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinSet,
};
use tonic::{
    Code, Request, Status,
    transport::{Channel, Endpoint, Server, server::TcpIncoming},
};
use tower::ServiceExt as _;

#[test]
fn good_token_is_greeted_by_its_subject() {
    let server = TestServer::start();
    let token = server.issued.issuer.token().subject("auth0|somebody").mint();
    let reply = server.hello(&[bearer(&token)]).unwrap();
    assert_eq!(reply, HelloReply { message: "Hello, auth0|somebody".into() });
}

#[test]
fn call_without_a_token_is_told_so() {
    let server = TestServer::start();
    let status = server.hello(&[]).unwrap_err();
    assert_eq!(refusal(&status), (Code::Unauthenticated, "Authorization token is missing"));
    // RFC 6750 section 3.1: no error code.
    assert_eq!(metadata(&status, "www-authenticate"), Some(r#"Bearer realm="api""#));
    assert_eq!(refusal(&server.list(&[]).unwrap_err()), refusal(&status));
    assert_eq!(server.issued.issuer.hits(), 0);
}

#[test]
fn authorization_that_is_no_bearer_token_is_refused() {
    let server = TestServer::start();
    for value in ["", "Bearer", "Basic dXNlcjpwYXNz", "eyJhbGciOi.e30.c2ln", "Bearer one two"] {
        let status = server.hello(&[value.into()]).unwrap_err();
        assert_eq!(refusal(&status), (Code::Unauthenticated, "Invalid token format"), "{value:?}");
    }
    assert_eq!(server.issued.issuer.hits(), 0);
}

#[test]
fn several_authorization_values_are_refused_even_if_all_are_good() {
    let server = TestServer::start();
    let good = bearer(&server.issued.issuer.token().mint());
    for values in [[good.clone(), good.clone()], [good, "Basic dXNlcjpwYXNz".into()]] {
        let status = server.hello(&values).unwrap_err();
        assert_eq!(refusal(&status), (Code::Unauthenticated, "Invalid token format"));
        let challenge = r#"Bearer error="invalid_request", realm="api""#;
        assert_eq!(metadata(&status, "www-authenticate"), Some(challenge));
    }
}

#[test]
fn bad_tokens_get_the_same_answer_whatever_the_cause() {
    let server = TestServer::start();
    let token = || server.issued.issuer.token();
    let an_hour_ago = UnixTime::from_secs(UnixTime::now().as_secs() - 3600);
    let tokens = [
        ("expired an hour ago", token().expires_at(an_hour_ago).mint()),
        ("another audience", token().audience("https://other.example.com/").mint()),
        ("another issuer", token().issuer("https://other.example.com/").mint()),
        ("signed with an attacker's key", token().forged_by(&TestKey::attacker()).mint()),
        ("a key that is not published", token().key(&TestKey::attacker()).mint()),
        ("unsigned", token().header("alg", "none").signature_segment("").mint()),
    ];
    for (wrong, token) in tokens {
        let status = server.hello(&[bearer(&token)]).unwrap_err();
        assert_eq!(refusal(&status), (Code::Unauthenticated, "Invalid token"), "{wrong}");
        let challenge = r#"Bearer error="invalid_token", realm="api""#;
        assert_eq!(metadata(&status, "www-authenticate"), Some(challenge), "{wrong}");
        assert_eq!(refusal(&server.list(&[bearer(&token)]).unwrap_err()), refusal(&status));
    }
}

#[test]
fn guard_is_before_every_method_of_its_services_and_before_no_other_service() {
    let issued = Issued::start();
    let routes = service(Guard::new(issued.verifier()));
    let runtime = client_runtime();
    let code = |path: &str| {
        let request = http::Request::post(path).header("content-type", "application/grpc");
        let call = routes.clone().oneshot(request.body(Body::empty()).unwrap());
        let response = runtime.block_on(call).unwrap();
        Code::from_bytes(response.headers()["grpc-status"].as_bytes())
    };
    for path in ["/api.v1.Messages/Hello", "/api.v1.Messages/List", "/api.v1.Messages/Unknown"] {
        assert_eq!(code(path), Code::Unauthenticated, "{path}");
    }
    for path in ["/api.v1.Other/Hello", "/", "/api.v1.Messages2/Hello"] {
        assert_eq!(code(path), Code::Unimplemented, "{path}");
    }
}

#[test]
fn permission_is_required_where_a_handler_asks_for_it() {
    let server = TestServer::start();
    let without = [
        server.issued.issuer.token().without_claim("permissions"),
        server.issued.issuer.token().permissions(["write:messages"].map(String::from).to_vec()),
        server.issued.issuer.token().permissions(["read:messages2"].map(String::from).to_vec()),
    ];
    for token in without {
        let token = [bearer(&token.mint())];
        let status = server.list(&token).unwrap_err();
        assert_eq!(refusal(&status), (Code::PermissionDenied, "Insufficient scope"));
        let challenge = r#"Bearer error="insufficient_scope", realm="api""#;
        assert_eq!(metadata(&status, "www-authenticate"), Some(challenge));
        assert!(server.hello(&token).is_ok());
    }
    let token =
        server.issued.issuer.token().permissions(["read:messages"].map(String::from).to_vec());
    let reply = server.list(&[bearer(&token.mint())]).unwrap();
    assert_eq!(reply, ListReply { messages: vec!["a message".into()] });
}

#[test]
fn issuer_that_is_down_is_no_fault_of_the_token() {
    let server = TestServer::start();
    server.issued.issuer.down();
    let good = [bearer(&server.issued.issuer.token().mint())];
    let status = server.hello(&good).unwrap_err();
    assert_eq!(refusal(&status), (Code::Unavailable, "Service unavailable"));
    assert_eq!(metadata(&status, "www-authenticate"), None);
    assert_eq!(metadata(&status, "retry-after"), Some("1"));

    server.issued.issuer.up();
    server.issued.clock.advance(MINUTE);
    assert!(server.hello(&good).is_ok());
}

#[test]
fn many_calls_on_a_cold_start_cause_one_fetch_and_do_not_block_the_only_thread() {
    const CALLS: usize = 200;
    let server = TestServer::start();
    server.issued.issuer.answer_with(Answer::key_set().delay(Duration::from_secs(3)));
    let good = [bearer(&server.issued.issuer.token().mint())];
    let mut waiting = JoinSet::new();
    for _ in 0..CALLS {
        let mut client = server.client.clone();
        let call = call(&good);
        waiting.spawn_on(
            async move { client.hello(call).await.map(drop) },
            server.client_runtime.handle(),
        );
    }
    server.issued.await_waiters(CALLS);

    server.issued.assert_answers_at_once(CALLS, || {
        let status = server.hello(&[]).unwrap_err();
        assert_eq!(refusal(&status), (Code::Unauthenticated, "Authorization token is missing"));
    });

    let outcomes = server.client_runtime.block_on(waiting.join_all());
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!((server.issued.issuer.connections(), server.issued.issuer.hits()), (1, 1));
}

#[test]
fn printed_tokens_work_as_printed() {
    let mut example = Started::new(&mut without_settings(EXAMPLE));
    let mut lines = example.lines();
    let runtime = client_runtime();
    let expected = [
        ("# a good token", "Hello", Code::Ok),
        ("# no token", "Hello", Code::Unauthenticated),
        ("# an expired token", "Hello", Code::Unauthenticated),
        ("# a token with the permission", "List", Code::Ok),
        ("# a token without it", "List", Code::PermissionDenied),
    ];
    for (what, method, code) in expected {
        let printed = lines.by_ref().find(|line| line.starts_with('#')).unwrap();
        assert_eq!(printed, what);
        let line = lines.next().unwrap();
        let rest = line.strip_prefix("grpcurl -plaintext -proto api.proto ").unwrap();
        let (header, rest) = match rest.strip_prefix("-H 'Authorization: ") {
            Some(rest) => rest.split_once("' ").map(|(value, rest)| (Some(value), rest)).unwrap(),
            None => (None, rest),
        };
        let (address, called) = rest.split_once(' ').unwrap();
        assert_eq!(called, format!("api.v1.Messages/{method}"));
        let mut client = client(&runtime, address.parse().unwrap());
        let call = call(&header.map(str::to_owned).into_iter().collect::<Vec<_>>());
        let outcome = runtime.block_on(async {
            match method {
                "Hello" => client.hello(call).await.map(drop),
                _ => client.list(call).await.map(drop),
            }
        });
        assert_eq!(outcome.map_or_else(|status| status.code(), |()| Code::Ok), code, "{what}");
    }
}

#[test]
fn half_configured_environment_is_refused_by_name() {
    program::assert_half_configured_environment_is_refused_by_name(EXAMPLE);
}

/// The example on a runtime of one thread, its issuer, and a client on a runtime of its own.
struct TestServer {
    issued: Issued,
    client: MessagesClient<Channel>,
    client_runtime: Runtime,
    _runtime: Runtime,
}

impl TestServer {
    fn start() -> Self {
        let issued = Issued::start();
        let guard = Guard::new(issued.verifier());
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let bind = async { TcpIncoming::bind(SocketAddr::from(([127, 0, 0, 1], 0))) };
        let incoming = runtime.block_on(bind).unwrap();
        let address = incoming.local_addr().unwrap();
        runtime.spawn(Server::builder().add_routes(service(guard)).serve_with_incoming(incoming));
        let client_runtime = client_runtime();
        let client = client(&client_runtime, address);
        Self { issued, client, client_runtime, _runtime: runtime }
    }

    fn hello(&self, authorization: &[String]) -> Result<HelloReply, Status> {
        let mut client = self.client.clone();
        let outcome = self.client_runtime.block_on(client.hello(call(authorization)));
        outcome.map(tonic::Response::into_inner)
    }

    fn list(&self, authorization: &[String]) -> Result<ListReply, Status> {
        let mut client = self.client.clone();
        let outcome = self.client_runtime.block_on(client.list(call(authorization)));
        outcome.map(tonic::Response::into_inner)
    }
}

fn client_runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn client(runtime: &Runtime, address: SocketAddr) -> MessagesClient<Channel> {
    let endpoint = Endpoint::try_from(format!("http://{address}")).unwrap().timeout(FOREVER);
    MessagesClient::new(runtime.block_on(endpoint.connect()).unwrap())
}

/// A call with these `authorization` values.
fn call(authorization: &[String]) -> Request<Empty> {
    let mut call = Request::new(Empty {});
    for value in authorization {
        call.metadata_mut().append("authorization", value.parse().unwrap());
    }
    call
}

fn refusal(status: &Status) -> (Code, &str) {
    (status.code(), status.message())
}

fn metadata<'s>(status: &'s Status, name: &str) -> Option<&'s str> {
    let values: Vec<_> = status.metadata().get_all(name).iter().collect();
    assert!(values.len() <= 1, "{status:?}");
    values.first().map(|value| value.to_str().unwrap())
}

const EXAMPLE: &str = env!("CARGO_BIN_EXE_tokenring-tonic");
