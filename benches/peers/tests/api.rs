//! The servers of the load test do the same work: their guards accept and refuse the same tokens,
//! and a good token gets the same response from all of them.

use std::{net::SocketAddr, process::Command};

use tokenring::{
    UnixTime,
    testkit::{Issuer, TestKey, TokenBuilder},
};
use tokenring_oracle::{
    http::{self, bearer},
    program::Started,
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
    issuer: String,
    tokens: Vec<String>,
    address: SocketAddr,
    _program: Started,
}

impl Server {
    fn start(kind: &'static str) -> Self {
        let mut program = Started::new(Command::new(env!("CARGO_BIN_EXE_api")).arg(kind));
        let (mut issuer, mut tokens) = (String::new(), vec![]);
        for line in program.lines() {
            match line.split_once('=').unwrap() {
                ("issuer", url) => issuer = url.into(),
                ("token", token) => tokens.push(token.into()),
                ("url", url) => {
                    let rest = url.strip_prefix("http://").unwrap();
                    let address = rest.strip_suffix("/api/v1/").unwrap().parse().unwrap();
                    return Self { kind, issuer, tokens, address, _program: program };
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
        let authorization = token.map(bearer);
        let headers: Vec<_> =
            authorization.iter().map(|value| ("Authorization", value.as_str())).collect();
        let response = http::get(self.address, "/api/v1/", &headers).text;
        response.split_inclusive("\r\n").filter(|line| !line.starts_with("date: ")).collect()
    }
}

const GUARDED: [&str; 3] = ["guard", "cache", "jsonwebtoken"];
