//! The example over the wire: real calls to a server on a runtime of one thread, whose issuer is slow
//! or down. RFC 6750 section 3, and gRPC's status codes.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokenring::{
    Guard, Policy, RemoteJwks, UnixTime, Verifier,
    remote::Clock,
    testkit::{AUDIENCE, Answer, IssuerServer, TestKey},
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

#[test]
fn good_token_is_greeted_by_its_subject() {
    let server = TestServer::start();
    let token = server.issuer.token().subject("auth0|somebody").mint();
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
    assert_eq!(server.issuer.hits(), 0);
}

#[test]
fn authorization_that_is_no_bearer_token_is_refused() {
    let server = TestServer::start();
    for value in ["", "Bearer", "Basic dXNlcjpwYXNz", "eyJhbGciOi.e30.c2ln", "Bearer one two"] {
        let status = server.hello(&[value.into()]).unwrap_err();
        assert_eq!(refusal(&status), (Code::Unauthenticated, "Invalid token format"), "{value:?}");
    }
    assert_eq!(server.issuer.hits(), 0);
}

#[test]
fn several_authorization_values_are_refused_even_if_all_are_good() {
    let server = TestServer::start();
    let good = bearer(&server.issuer.token().mint());
    for values in [[good.clone(), good.clone()], [good, "Basic dXNlcjpwYXNz".into()]] {
        let status = server.hello(&values).unwrap_err();
        assert_eq!(refusal(&status), (Code::Unauthenticated, "Invalid token format"));
        let challenge = r#"Bearer realm="api", error="invalid_request""#;
        assert_eq!(metadata(&status, "www-authenticate"), Some(challenge));
    }
}

#[test]
fn bad_tokens_get_one_answer_whatever_the_cause() {
    let server = TestServer::start();
    let token = || server.issuer.token();
    let an_hour_ago = UnixTime::from_secs(UnixTime::now().as_secs() - 3600);
    let tokens = [
        ("expired an hour ago", token().expires_at(an_hour_ago).mint()),
        ("another audience", token().audience("https://other.example.com/").mint()),
        ("another issuer", token().issuer("https://other.example.com/").mint()),
        ("signed with a key of somebody else", token().forged_by(&TestKey::attacker()).mint()),
        ("a key that nobody publishes", token().key(&TestKey::attacker()).mint()),
        ("unsigned", token().header("alg", "none").signature_segment("").mint()),
    ];
    for (wrong, token) in tokens {
        let status = server.hello(&[bearer(&token)]).unwrap_err();
        assert_eq!(refusal(&status), (Code::Unauthenticated, "Invalid token"), "{wrong}");
        let challenge = r#"Bearer realm="api", error="invalid_token""#;
        assert_eq!(metadata(&status, "www-authenticate"), Some(challenge), "{wrong}");
        assert_eq!(refusal(&server.list(&[bearer(&token)]).unwrap_err()), refusal(&status));
    }
}

#[test]
fn permission_is_required_where_a_handler_asks_for_it() {
    let server = TestServer::start();
    let without = [
        server.issuer.token().without_claim("permissions"),
        server.issuer.token().permissions(["write:messages"].map(String::from).to_vec()),
        server.issuer.token().permissions(["read:messages2"].map(String::from).to_vec()),
    ];
    for token in without {
        let token = [bearer(&token.mint())];
        let status = server.list(&token).unwrap_err();
        assert_eq!(refusal(&status), (Code::PermissionDenied, "Insufficient scope"));
        let challenge = r#"Bearer realm="api", error="insufficient_scope", scope="read:messages""#;
        assert_eq!(metadata(&status, "www-authenticate"), Some(challenge));
        assert!(server.hello(&token).is_ok());
    }
    let token = server.issuer.token().permissions(["read:messages"].map(String::from).to_vec());
    let reply = server.list(&[bearer(&token.mint())]).unwrap();
    assert_eq!(reply, ListReply { messages: vec!["a message".into()] });
}

#[test]
fn issuer_that_is_down_is_no_fault_of_the_token() {
    let server = TestServer::start();
    server.issuer.down();
    let good = [bearer(&server.issuer.token().mint())];
    let status = server.hello(&good).unwrap_err();
    assert_eq!(refusal(&status), (Code::Unavailable, "Service unavailable"));
    assert_eq!(metadata(&status, "www-authenticate"), None);
    assert_eq!(metadata(&status, "retry-after"), Some("1"));

    server.issuer.up();
    server.clock.advance(MINUTE);
    assert!(server.hello(&good).is_ok());
}

#[test]
fn many_calls_on_a_cold_start_cause_one_fetch_and_do_not_block_the_only_thread() {
    const CALLS: usize = 200;
    let server = TestServer::start();
    server.issuer.answer_with(Answer::key_set().delay(Duration::from_secs(3)));
    let good = [bearer(&server.issuer.token().mint())];
    let mut waiting = JoinSet::new();
    for _ in 0..CALLS {
        let mut client = server.client.clone();
        let call = call(&good);
        waiting.spawn_on(
            async move { client.hello(call).await.map(drop) },
            server.client_runtime.handle(),
        );
    }
    while server.keys.health().waiters() < CALLS {
        assert_eq!(server.keys.health().generation(), 0, "the keys came before the calls");
        thread::sleep(Duration::from_millis(1));
    }

    // The machine may be busy, so the fastest of ten counts. If the thread were blocked, none would be
    // answered.
    let refused_at_once = || {
        let start = Instant::now();
        let status = server.hello(&[]).unwrap_err();
        assert_eq!(refusal(&status), (Code::Unauthenticated, "Authorization token is missing"));
        start.elapsed()
    };
    let fastest = (0..10).map(|_| refused_at_once()).min().unwrap();
    assert_eq!(server.keys.health().waiters(), CALLS);
    assert!(fastest <= Duration::from_millis(50), "{fastest:?}");

    let outcomes = server.client_runtime.block_on(waiting.join_all());
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!((server.issuer.connections(), server.issuer.hits()), (1, 1));
}

#[test]
fn printed_tokens_work_as_printed() {
    let mut child = Started(example().stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines().map(Result::unwrap);
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
    let domain = ("AUTH0_ISSUER_BASE_URL", "tenant.eu.auth0.com");
    let audience = ("AUTH0_AUDIENCE", "https://api.example.com/");
    let vectors = [
        (domain, "AUTH0_AUDIENCE is not set, it must be "),
        (audience, "AUTH0_ISSUER_BASE_URL is not set, it must be "),
        // No port.
        (("LISTEN", "127.0.0.1"), "LISTEN must be an address and a port"),
        // A test issuer on an address that others could reach.
        (("LISTEN", "0.0.0.0:0"), "AUTH0_ISSUER_BASE_URL is not set, without it"),
    ];
    for (variable, sentence) in vectors {
        let mut example = example();
        example.envs([variable]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = Started(example.spawn().unwrap());
        // A program that started would print an address.
        let line = BufReader::new(child.0.stdout.take().unwrap()).lines().next();
        assert!(line.is_none(), "{variable:?}: {line:?}");
        assert_eq!(child.0.wait().unwrap().code(), Some(1), "{variable:?}");
        let mut stderr = String::new();
        child.0.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert!(stderr.starts_with(sentence), "{variable:?}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{variable:?}: {stderr}");
    }
}

/// The example on a runtime of one thread, its issuer, the clock that ages its keys, and a
/// client on a runtime of its own.
struct TestServer {
    issuer: IssuerServer,
    keys: RemoteJwks,
    clock: TestClock,
    client: MessagesClient<Channel>,
    client_runtime: Runtime,
    _runtime: Runtime,
}

impl TestServer {
    fn start() -> Self {
        let issuer = IssuerServer::start();
        let clock = TestClock::default();
        let keys = RemoteJwks::builder(issuer.jwks_url())
            .danger_allow_http_loopback()
            .no_proxy()
            .timeout(FOREVER)
            .clock(clock.clone())
            .build()
            .unwrap();
        let policy = Policy::new(issuer.url(), AUDIENCE);
        let guard = Guard::new(Verifier::new(policy, keys.clone()).unwrap());
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let bind = async { TcpIncoming::bind(SocketAddr::from(([127, 0, 0, 1], 0))) };
        let incoming = runtime.block_on(bind).unwrap();
        let address = incoming.local_addr().unwrap();
        runtime.spawn(Server::builder().add_service(service(guard)).serve_with_incoming(incoming));
        let client_runtime = client_runtime();
        let client = client(&client_runtime, address);
        Self { issuer, keys, clock, client, client_runtime, _runtime: runtime }
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

/// The clock of a key source, in seconds. It moves only when told to.
#[derive(Clone, Default)]
struct TestClock(Arc<AtomicU64>);

impl TestClock {
    fn advance(&self, time: Duration) {
        self.0.fetch_add(time.as_secs(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::SeqCst))
    }

    fn wall(&self) -> Duration {
        self.monotonic()
    }
}

/// The example's program without settings.
fn example() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokenring-tonic"));
    for variable in ["AUTH0_ISSUER_BASE_URL", "AUTH0_AUDIENCE", "AUTH0_CLIENT_ID", "LISTEN"] {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// A program that is killed when the test ends.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        // The program may have ended already.
        let _ended = self.0.kill().and_then(|()| self.0.wait());
    }
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

const MINUTE: Duration = Duration::from_secs(60);

/// Far longer than anything here takes: more means a failure.
const FOREVER: Duration = Duration::from_secs(30);
