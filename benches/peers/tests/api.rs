//! The servers of the load test do the same work: their guards accept and refuse the same tokens,
//! and a good token gets the same response from all of them.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokenring::{
    UnixTime,
    testkit::{Issuer, TestKey, TokenBuilder},
};

#[test]
fn good_token_gets_the_same_response_from_every_server() {
    let [guard, cache, jsonwebtoken] = GUARDED.map(Server::start);
    let off = Server::start("off");
    for user in [0, 99] {
        let expected = guard.get(Some(&guard.tokens[user]));
        assert!(expected.starts_with("HTTP/1.1 200 "), "{expected}");
        let body = format!(r#"{{"message":"Hello, auth0|{user:024x}"}}"#);
        assert_eq!(expected.split_once("\r\n\r\n").unwrap().1, body);
        // The second time is a cache hit.
        for server in [&jsonwebtoken, &cache, &cache] {
            assert_eq!(server.get(Some(&server.tokens[user])), expected, "{}", server.kind);
        }
    }
    // Without a guard, the caller is always the first user.
    let expected = guard.get(Some(&guard.tokens[0]));
    for token in [Some(off.tokens[0].as_str()), Some(&off.tokens[99]), None] {
        assert_eq!(off.get(token), expected);
    }
}

#[test]
fn every_server_brings_a_token_for_each_of_a_hundred_users() {
    let server = Server::start("guard");
    let mut responses: Vec<String> =
        server.tokens.iter().map(|token| server.get(Some(token))).collect();
    assert!(responses.iter().all(|response| response.starts_with("HTTP/1.1 200 ")));
    responses.sort();
    responses.dedup();
    assert_eq!((server.tokens.len(), responses.len()), (100, 100));
}

#[test]
fn every_guard_refuses_bad_tokens() {
    for server in GUARDED.map(Server::start) {
        let now = UnixTime::now().as_secs();
        let token = || server.token();
        let expired = token().expires_at(UnixTime::from_secs(now - 90));
        let tokens = [
            ("bad signature", token().forged_by(&TestKey::attacker())),
            ("unknown key", token().key(&TestKey::attacker())),
            ("expired", expired),
            ("not valid yet", token().claim("nbf", now + 90)),
            ("another audience", token().audience("https://other.example.com/")),
            ("another issuer", token().issuer("https://other.example.com/")),
            ("no audience", token().without_claim("aud")),
            ("no issuer", token().without_claim("iss")),
            ("no expiration", token().without_claim("exp")),
            ("HS256", token().header("alg", "HS256")),
        ];
        for (wrong, token) in tokens {
            let (kind, response) = (server.kind, server.get(Some(&token.mint())));
            assert!(response.starts_with("HTTP/1.1 401 "), "{kind}, {wrong}: {response}");
        }
        for token in [Some("junk"), None] {
            let (kind, response) = (server.kind, server.get(token));
            assert!(response.starts_with("HTTP/1.1 401 "), "{kind}, {token:?}: {response}");
        }
    }
}

#[test]
fn every_guard_allows_clocks_to_be_a_minute_apart() {
    for server in GUARDED.map(Server::start) {
        let now = UnixTime::now().as_secs();
        let tokens = [
            ("expired", server.token().expires_at(UnixTime::from_secs(now - 30))),
            ("not valid yet", server.token().claim("nbf", now + 30)),
        ];
        for (what, token) in tokens {
            let (kind, response) = (server.kind, server.get(Some(&token.mint())));
            assert!(response.starts_with("HTTP/1.1 200 "), "{kind}, {what}: {response}");
        }
    }
}

/// The running program, until it is dropped.
struct Server {
    kind: &'static str,
    child: Child,
    issuer: String,
    tokens: Vec<String>,
    address: String,
}

impl Server {
    fn start(kind: &'static str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_api"));
        let mut child = command.arg(kind).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut server =
            Self { kind, child, issuer: String::new(), tokens: vec![], address: String::new() };
        for line in stdout.lines().map(Result::unwrap) {
            match line.split_once('=').unwrap() {
                ("issuer", url) => server.issuer = url.into(),
                ("token", token) => server.tokens.push(token.into()),
                ("url", url) => {
                    let rest = url.strip_prefix("http://").unwrap();
                    server.address = rest.strip_suffix("/api/v1/").unwrap().into();
                    return server;
                }
                _ => panic!("{kind}: {line}"),
            }
        }
        panic!("{kind} ended");
    }

    /// A good token of the server's issuer.
    fn token(&self) -> TokenBuilder {
        Issuer::new(&self.issuer).token().claim("nbf", UnixTime::now().as_secs())
    }

    /// The response to a request with this token, without its date.
    fn get(&self, token: Option<&str>) -> String {
        let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let request = format!(
            "GET /api/v1/ HTTP/1.1\r\nHost: {}\r\n{}Connection: close\r\n\r\n",
            self.address,
            authorization.unwrap_or_default()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response.split_inclusive("\r\n").filter(|line| !line.starts_with("date: ")).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

const GUARDED: [&str; 3] = ["guard", "cache", "jsonwebtoken"];
