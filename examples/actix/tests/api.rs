//! The example over the wire: real requests to a server with one worker thread, whose issuer is slow
//! or down. RFC 6750 section 3.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use actix_web::{App, HttpServer, rt::System};
use serde_json::{Value, json};
use tokenring::{
    Guard, Policy, RemoteJwks, UnixTime, Verifier,
    remote::Clock,
    testkit::{AUDIENCE, Answer, IssuerServer, TestKey},
};
use tokenring_actix::routes;

/// One behind the extractor, one behind the middleware.
const PROTECTED: [&str; 2] = ["/api/v1/", "/api/v1/messages"];

#[test]
fn good_token_is_greeted_by_its_subject() {
    let server = Server::start();
    let token = server.issuer.token().subject("auth0|somebody").mint();
    let response = server.get("/api/v1/", &[bearer(&token)]);
    assert_eq!(response.status, 200);
    assert_eq!(response.json(), json!({ "message": "Hello, auth0|somebody" }));
    assert_eq!(response.header("www-authenticate"), None);
}

#[test]
fn request_without_a_token_is_told_so() {
    let server = Server::start();
    for path in PROTECTED {
        let response = server.get(path, &[]);
        assert_eq!(response.refusal(), (401, "Authorization token is missing"), "{path}");
        // RFC 6750 section 3.1: no error code.
        assert_eq!(response.header("www-authenticate"), Some(r#"Bearer realm="api""#), "{path}");
    }
    assert_eq!(server.issuer.hits(), 0);
}

#[test]
fn authorization_that_is_no_bearer_token_is_refused() {
    let server = Server::start();
    let values = [
        "",                    // nothing
        "Bearer",              // no token
        "Basic dXNlcjpwYXNz",  // another scheme
        "eyJhbGciOi.e30.c2ln", // no scheme
        "Bearer one two",      // two tokens
        "Bearer one,two",      // a character that no token has
        "Bearer t\u{f6}ken",   // not ASCII
    ];
    for value in values {
        for path in PROTECTED {
            let response = server.get(path, &[value.into()]);
            assert_eq!(response.refusal(), (401, "Invalid token format"), "{value:?}");
            assert_eq!(response.header("www-authenticate"), Some(r#"Bearer realm="api""#));
        }
    }
    assert_eq!(server.issuer.hits(), 0);
}

#[test]
fn several_authorization_headers_are_refused_even_if_all_are_good() {
    let server = Server::start();
    let good = bearer(&server.issuer.token().mint());
    for values in [[good.clone(), good.clone()], [good, "Basic dXNlcjpwYXNz".into()]] {
        for path in PROTECTED {
            let response = server.get(path, &values);
            assert_eq!(response.refusal(), (400, "Invalid token format"));
            let challenge = r#"Bearer realm="api", error="invalid_request""#;
            assert_eq!(response.header("www-authenticate"), Some(challenge));
        }
    }
}

#[test]
fn bad_tokens_get_one_answer_whatever_the_cause() {
    let server = Server::start();
    let token = || server.issuer.token();
    let an_hour_ago = UnixTime::from_secs(UnixTime::now().as_secs() - 3600);
    let tokens = [
        ("expired an hour ago", token().expires_at(an_hour_ago).mint()),
        ("another audience", token().audience("https://other.example.com/").mint()),
        ("another issuer", token().issuer("https://other.example.com/").mint()),
        ("signed with a key of somebody else", token().forged_by(&TestKey::attacker()).mint()),
        ("a key that nobody publishes", token().key(&TestKey::attacker()).mint()),
        ("unsigned", token().header("alg", "none").signature_segment("").mint()),
        ("two segments", "eyJhbGciOi.e30".into()),
    ];
    for (wrong, token) in tokens {
        for path in PROTECTED {
            let response = server.get(path, &[bearer(&token)]);
            assert_eq!(response.refusal(), (401, "Invalid token"), "{wrong}");
            let challenge = r#"Bearer realm="api", error="invalid_token""#;
            assert_eq!(response.header("www-authenticate"), Some(challenge), "{wrong}");
        }
    }
}

#[test]
fn permission_is_required_where_a_handler_asks_for_it() {
    let server = Server::start();
    let without = [
        ("none", server.issuer.token().without_claim("permissions").mint()),
        ("another", server.issuer.token().permissions(json!(["write:messages"])).mint()),
        ("a longer one", server.issuer.token().permissions(json!(["read:messages2"])).mint()),
    ];
    for (permissions, token) in without {
        let response = server.get("/api/v1/messages", &[bearer(&token)]);
        assert_eq!(response.refusal(), (403, "Insufficient scope"), "{permissions}");
        let challenge = r#"Bearer realm="api", error="insufficient_scope", scope="read:messages""#;
        assert_eq!(response.header("www-authenticate"), Some(challenge), "{permissions}");
        assert_eq!(server.get("/api/v1/", &[bearer(&token)]).status, 200, "{permissions}");
    }
    let token = server.issuer.token().permissions(json!(["read:messages"])).mint();
    let response = server.get("/api/v1/messages", &[bearer(&token)]);
    assert_eq!(response.status, 200);
    assert_eq!(response.json(), json!({ "messages": [], "permissions": ["read:messages"] }));
}

#[test]
fn public_route_needs_no_token_and_looks_at_none() {
    let server = Server::start();
    for values in [vec![], vec![bearer("nonsense")]] {
        assert_eq!(server.get("/", &values).status, 200);
        // The middleware does not answer for an unknown path as for a protected one.
        assert_eq!(server.get("/api/v1/unknown", &values).status, 404);
    }
    assert_eq!(server.issuer.hits(), 0);
}

#[test]
fn issuer_that_is_down_is_no_fault_of_the_token() {
    let server = Server::start();
    server.issuer.down();
    let good = [bearer(&server.issuer.token().mint())];
    for path in PROTECTED {
        let response = server.get(path, &good);
        assert_eq!(response.refusal(), (503, "Service unavailable"));
        assert_eq!(response.header("www-authenticate"), None);
        assert_eq!(response.header("retry-after"), Some("1"));
    }
    assert_eq!(server.get("/ready", &[]).status, 503);

    // The probe itself has the keys fetched.
    server.issuer.up();
    server.clock.advance(MINUTE);
    let ready = server.get("/ready", &[]);
    let body = json!({ "keys": "fresh", "usable": 1, "last_error": null });
    assert_eq!((ready.status, ready.json()), (200, body));
    for path in PROTECTED {
        assert_eq!(server.get(path, &good).status, 200);
    }
}

#[test]
fn many_requests_on_a_cold_start_cause_one_fetch_and_do_not_block_the_only_worker() {
    const REQUESTS: usize = 200;
    let server = Server::start();
    server.issuer.answer_with(Answer::key_set().delay(Duration::from_secs(3)));
    let good = [bearer(&server.issuer.token().mint())];
    // Half of them wait in the extractor, half in the middleware.
    let paths = PROTECTED.iter().cycle().take(REQUESTS);
    let waiting: Vec<_> = paths.map(|path| send(server.address, path, &good)).collect();
    while server.keys.health().waiters() < REQUESTS {
        assert_eq!(server.keys.health().generation(), 0, "the keys came before the requests");
        thread::sleep(Duration::from_millis(1));
    }

    // The machine may be busy, so the fastest of ten counts. If the worker were blocked, none would be
    // answered.
    let public = || {
        let start = Instant::now();
        assert_eq!(server.get("/", &[]).status, 200);
        start.elapsed()
    };
    let fastest = (0..10).map(|_| public()).min().unwrap();
    assert_eq!(server.keys.health().waiters(), REQUESTS);
    assert!(fastest <= Duration::from_millis(50), "{fastest:?}");

    for stream in waiting {
        assert_eq!(receive(stream).status, 200);
    }
    assert_eq!((server.issuer.connections(), server.issuer.hits()), (1, 1));
}

#[test]
fn printed_curl_lines_work_as_printed() {
    let mut child = Started(example().stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let expected = [
        ("# a good token", 200, "Hello, auth0|64b7f1c2a9d3e8f0b5c6a7d8"),
        ("# no token", 401, "Authorization token is missing"),
        ("# an expired token", 401, "Invalid token"),
        ("# a token with the permission", 200, "read:messages"),
        ("# a token without it", 403, "Insufficient scope"),
        ("# ready?", 200, "fresh"),
    ];
    for (what, status, text) in expected {
        let printed = lines.by_ref().find(|line| line.starts_with('#')).unwrap();
        assert_eq!(printed, what);
        let line = lines.next().unwrap();
        let response = run_curl(&line);
        assert_eq!(response.status, status, "{line}");
        assert!(response.body().contains(&format!("\"{text}\"")), "{line}: {}", response.text);
    }
}

#[test]
fn refusals_are_logged_with_their_cause_and_without_the_token() {
    let mut command = example();
    let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Started(piped.spawn().unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut curl = |what: &str| {
        lines.by_ref().find(|line| line == what).unwrap();
        lines.next().unwrap()
    };
    assert_eq!(run_curl(&curl("# an expired token")).status, 401);
    assert_eq!(run_curl(&curl("# a token without it")).status, 403);
    let mut log = BufReader::new(child.0.stderr.take().unwrap()).lines().map(Result::unwrap);
    let expired = log.next().unwrap();
    assert!(expired.starts_with("expired: the token expired at "), "{expired}");
    assert!(!expired.contains("eyJ"), "{expired}");
    let insufficient = log.next().unwrap();
    assert!(insufficient.starts_with("insufficient_scope: "), "{insufficient}");
}

#[test]
fn half_configured_environment_is_refused_by_name() {
    let domain = ("AUTH0_ISSUER_BASE_URL", "tenant.eu.auth0.com");
    let audience = ("AUTH0_AUDIENCE", "https://api.example.com/");
    let vectors = [
        (vec![domain], "AUTH0_AUDIENCE is not set, it must be "),
        (vec![audience], "AUTH0_ISSUER_BASE_URL is not set, it must be "),
        // No port.
        (vec![("LISTEN", "127.0.0.1")], "LISTEN must be an address and a port"),
        // A test issuer on an address that others could reach.
        (vec![("LISTEN", "0.0.0.0:0")], "AUTH0_ISSUER_BASE_URL is not set, without it"),
    ];
    for (variables, sentence) in vectors {
        let mut example = example();
        example.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = Started(example.spawn().unwrap());
        // A program that started would print an address.
        let line = BufReader::new(child.0.stdout.take().unwrap()).lines().next();
        assert!(line.is_none(), "{variables:?}: {line:?}");
        assert_eq!(child.0.wait().unwrap().code(), Some(1), "{variables:?}");
        let mut stderr = String::new();
        child.0.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert!(stderr.starts_with(sentence), "{variables:?}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{variables:?}: {stderr}");
    }
}

/// The example with one worker, its issuer, and the clock that ages its keys.
struct Server {
    issuer: IssuerServer,
    keys: RemoteJwks,
    clock: TestClock,
    address: SocketAddr,
}

impl Server {
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
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let app = move || App::new().configure(routes(guard.clone()));
        // The thread ends with the process.
        thread::spawn(move || {
            let server = HttpServer::new(app).workers(1).disable_signals();
            System::new().block_on(server.listen(listener).unwrap().run())
        });
        Self { issuer, keys, clock, address }
    }

    /// The response to a request with these `Authorization` headers. Asserts that it contains none of
    /// their text.
    fn get(&self, path: &str, authorization: &[String]) -> Response {
        let response = receive(send(self.address, path, authorization));
        let parts = authorization.iter().flat_map(|value| value.split([' ', '.']));
        for part in parts.filter(|part| part.len() > "Bearer".len()) {
            assert!(!response.text.contains(part), "{part} in {}", response.text);
        }
        response
    }
}

/// Sends a request, and leaves the response for [`receive`].
fn send(address: SocketAddr, path: &str, authorization: &[String]) -> TcpStream {
    let mut request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for value in authorization {
        request.push_str(&format!("Authorization: {value}\r\n"));
    }
    request.push_str("\r\n");
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(FOREVER)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

fn receive(mut stream: TcpStream) -> Response {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let status = text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    Response { status: status.unwrap().parse().unwrap(), text }
}

/// Sends the request of a `curl` command that the example prints.
fn run_curl(line: &str) -> Response {
    let rest = line.trim_end().strip_prefix("curl -i http://").unwrap();
    let (url, header) = rest.split_once(' ').unwrap_or((rest, ""));
    let (address, path) = url.split_once('/').unwrap();
    let header =
        header.strip_prefix("-H 'Authorization: ").and_then(|rest| rest.strip_suffix('\''));
    let authorization: Vec<String> = header.map(str::to_owned).into_iter().collect();
    receive(send(address.parse().unwrap(), &format!("/{path}"), &authorization))
}

/// A whole response, read until the connection closes.
struct Response {
    status: u16,
    text: String,
}

impl Response {
    fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").unwrap().1
    }

    fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"));
        serde_json::from_str(self.body()).unwrap()
    }

    /// The value of the one header called `name`, in lower case. There is at most one.
    fn header(&self, name: &str) -> Option<&str> {
        let head = self.text.split("\r\n\r\n").next().unwrap();
        let headers = head.lines().skip(1).map(|line| line.split_once(": ").unwrap());
        let values: Vec<&str> =
            headers.filter(|(known, _)| *known == name).map(|(_, value)| value).collect();
        assert!(values.len() <= 1, "{head}");
        values.first().copied()
    }

    /// The status and the message, if the body has nothing else.
    fn refusal(&self) -> (u16, &str) {
        let message = self.body().strip_prefix("{\"message\": \"");
        let message = message.and_then(|rest| rest.strip_suffix("\"}"));
        assert_eq!(self.json(), json!({ "message": message }));
        (self.status, message.unwrap())
    }
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
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokenring-actix"));
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
