//! Long tokens, long fields and many fields, through the whole chain: what cannot be accepted is the
//! client's fault, and never a 5xx.

use tokenring::testkit::TokenBuilder;
use tokenring_oracle::http::{bearer, get};

use crate::stack::{Application, Service, Stack};

/// The longest token that the crate accepts.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

#[test]
fn longest_token_and_its_identity_reach_flask_even_if_percent_encoded() {
    let service = Service::start(None);
    let stack = Stack::start(&service, Application::flask());
    let token = || service.issued.issuer.token().without_claim("permissions");
    // Each byte of the first character becomes three.
    let vectors = [
        ("sub", "\u{fc}", "%C3%BC", "HTTP_X_AUTH_SUBJECT"),
        ("sub", "s", "s", "HTTP_X_AUTH_SUBJECT"),
        ("scope", "\u{fc}", "%C3%BC", "HTTP_X_AUTH_SCOPES"),
        ("azp", "\u{fc}", "%C3%BC", "HTTP_X_AUTH_CLIENT"),
    ];
    for (claim, character, encoded, name) in vectors {
        let (token, count) = longest(character, |text| token().claim(claim, text));
        let authorization = bearer(&token);
        for (proxy, address) in stack.proxies() {
            let response = get(address, "/echo/x", &[("Authorization", &authorization)]);
            assert_eq!(response.status, 200, "{proxy} {name}: {}", response.text);
            let environ = &response.json()["environ"];
            assert_eq!(environ[name], encoded.repeat(count), "{proxy} {name}");
            assert_eq!(environ["HTTP_AUTHORIZATION"], authorization, "{proxy} {name}");
        }
    }
}

#[test]
fn token_that_is_too_long_is_an_invalid_token() {
    let service = Service::start(None);
    let stack = Stack::start(&service, Application::recorder());
    let challenge = r#"Bearer error="invalid_token", realm="api""#;
    for (proxy, address) in stack.proxies() {
        for bytes in [MAX_TOKEN_BYTES + 1, 20_000] {
            let response = get(address, "/", &[("Authorization", &bearer(&"x".repeat(bytes)))]);
            let expected = (401, "Invalid token", Some(challenge));
            assert_eq!(response.refusal(), expected, "{proxy} {bytes}: {}", response.text);
        }
    }
    assert_eq!(stack.recorder().take(), [""; 0]);
}

#[test]
fn field_that_no_proxy_takes_is_a_431() {
    let service = Service::start(None);
    let stack = Stack::start(&service, Application::recorder());
    let good = bearer(&service.issued.issuer.token().mint());
    for (proxy, address) in stack.proxies() {
        // nginx takes 20 KiB, Envoy 60 KiB, this server 400 KiB, and Caddy and Traefik 1 MiB.
        let sizes = match proxy {
            "nginx" => [21_000, 600_000, 2_000_000],
            "envoy" => [62_000, 64_000, 66_000],
            "traefik" => [1_100_000, 1_500_000, 2_000_000],
            _ => [600_000, 1_000_000, 2_000_000],
        };
        for bytes in sizes {
            let long = "x".repeat(bytes);
            let token = get(address, "/", &[("Authorization", &bearer(&long))]);
            assert_eq!(token.status, 431, "{proxy} {bytes}");
            let cookie = get(address, "/", &[("Authorization", &good), ("Cookie", &long)]);
            assert_eq!(cookie.status, 431, "{proxy} {bytes}");
        }
    }
    assert_eq!(stack.recorder().take(), [""; 0]);
}

#[test]
fn long_cookies_do_not_count_against_the_token() {
    let service = Service::start(None);
    let stack = Stack::start(&service, Application::recorder());
    let good = bearer(&service.issued.issuer.token().mint());
    let cookie = "x".repeat(19_000);
    for (proxy, address) in stack.proxies() {
        let headers = [("Authorization", good.as_str()), ("Cookie", &cookie), ("X-Other", &cookie)];
        assert_eq!(get(address, "/", &headers).status, 200, "{proxy}");
    }
}

#[test]
fn too_many_fields_are_a_431() {
    let service = Service::start(None);
    let stack = Stack::start(&service, Application::recorder());
    let good = bearer(&service.issued.issuer.token().mint());
    let names: Vec<String> = (0..2000).map(|number| format!("X-Many-{number}")).collect();
    for (proxy, address) in stack.proxies() {
        let ask = |fields: usize| {
            let mut headers = vec![("Authorization", good.as_str())];
            headers.extend(names.iter().take(fields).map(|name| (name.as_str(), "a")));
            get(address, "/", &headers).status
        };
        // Envoy takes a hundred, its own included, and answers 500 to those who leave no room for these.
        assert_eq!(ask(85), 200, "{proxy}");
        // Caddy sends this server all fields, the others the token alone.
        let passes = ["nginx", "traefik"].contains(&proxy);
        assert_eq!(ask(150), if passes { 200 } else { 431 }, "{proxy}");
        // Traefik counts bytes only. nginx does so in some versions, and in others refuses as many.
        let expected: &[u16] = match proxy {
            "nginx" => &[200, 431],
            "traefik" => &[200],
            _ => &[431],
        };
        let status = ask(2000);
        assert!(expected.contains(&status), "{proxy}: {status}");
    }
}

/// The token of the greatest length whose claims have this character as often as possible, and how
/// often.
fn longest(character: &str, with: impl Fn(String) -> TokenBuilder) -> (String, usize) {
    let fits = |count: usize| with(character.repeat(count)).mint().len() <= MAX_TOKEN_BYTES;
    let (mut fitting, mut failing) = (0, MAX_TOKEN_BYTES);
    while failing - fitting > 1 {
        let middle = (fitting + failing) / 2;
        match fits(middle) {
            true => fitting = middle,
            false => failing = middle,
        }
    }
    // Members that mean nothing fill the rest: base64url has no segment of some lengths.
    let count = fitting - 16;
    let fillers = (0..4).flat_map(|header| (0..48).map(move |claim| (header, claim)));
    let mut tokens = fillers.map(|(header, claim)| {
        let token = with(character.repeat(count)).header("x", "h".repeat(header));
        token.claim("x", "c".repeat(claim)).mint()
    });
    (tokens.find(|token| token.len() == MAX_TOKEN_BYTES).unwrap(), count)
}
