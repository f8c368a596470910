//! Tokens that are bound to a key or a certificate, through the proxies: a proof is compared with the
//! request that the client has sent, and with nothing that the client says about it. RFC 9449 section 7, RFC 8705
//! section 3.

use std::{net::SocketAddr, path::Path, process::Command};

use tokenring::{
    Guard, RemoteJwks, UnixTime,
    possession::{
        ClientCertificate, Confirmation, Nonces, ProofPolicy, ProofVerifier, ReplayMemory,
    },
    testkit::{DpopClient, TokenBuilder},
};
use tokenring_forward_auth::Certificates;
use tokenring_oracle::http::{Response, bearer, get, request, values};

use crate::stack::{Application, Service, Stack};

const ORIGIN: &str = "https://api.example.com";

/// The secret of the nonces: the tests make their own.
const SECRET: [u8; 32] = [7; 32];

fn with_dpop(guard: Guard<RemoteJwks>) -> Guard<RemoteJwks> {
    let policy = ProofPolicy::new(ORIGIN).nonces(Nonces::with_secret(SECRET).unwrap());
    guard.accept_dpop(ProofVerifier::new(policy, ReplayMemory::default()).unwrap())
}

fn service() -> Service {
    Service::with(Certificates::Ignored, with_dpop)
}

/// A nonce of `seconds` ago.
fn nonce(seconds: u64) -> String {
    let then = UnixTime::from_secs(UnixTime::now().as_secs() - seconds);
    Nonces::with_secret(SECRET).unwrap().issue(then).to_string()
}

fn client() -> DpopClient {
    DpopClient::default().with_nonce(nonce(0))
}

fn token(service: &Service) -> TokenBuilder {
    service.issued.issuer.token().subject("auth0|somebody").bound_to(&client().confirmation())
}

fn proof(method: &str, target: &str, token: &str) -> TokenBuilder {
    client().proof(method, &format!("{ORIGIN}{target}"), token)
}

fn send(address: SocketAddr, target: &str, token: &str, proof: &str) -> Response {
    get(address, target, &[("Authorization", &format!("DPoP {token}")), ("DPoP", proof)])
}

#[test]
fn proof_is_compared_with_the_method_and_target_of_the_client() {
    let service = service();
    let stack = Stack::start(&service, Application::recorder());
    let token = token(&service).mint();
    let authorization = format!("DPoP {token}");
    for (proxy, address) in stack.proxies() {
        // Each as the client has sent it: nothing is decoded, merged or cut off.
        for target in [
            "/",
            "/v1/users?page=2&q=%20%2F",
            "/a//b",
            "//a",
            "/a%2Fb",
            "/a/",
            "/%7Ea",
            "/a;b=c,d",
            "/%E2%82%AC",
            "/a?x=/../b",
            "/_forward_auth/x",
        ] {
            // Traefik merges slashes, so that the application gets another target than the client has signed,
            // and decodes what needs no percent sign, which makes no other target.
            let passed_on = match proxy {
                "traefik" if target.contains("//") => continue,
                "traefik" => target.replace("%7E", "~"),
                _ => target.to_owned(),
            };
            for method in ["GET", "POST", "PATCH", "DELETE", "HEAD"] {
                let text = proof(method, target, &token).mint();
                let headers = [("Authorization", authorization.as_str()), ("DPoP", &*text)];
                let response = request(address, method, target, &headers, "");
                assert_eq!(response.status, 200, "{proxy}: {method} {target}: {}", response.text);
                let received = stack.recorder().take();
                assert!(
                    received[0].starts_with(&format!("{method} {passed_on} ")),
                    "{}",
                    received[0]
                );
                assert_eq!(values(&received[0], "X-Auth-Subject"), ["auth0|somebody"], "{proxy}");
                for name in
                    ["X-Forwarded-Method", "X-Forwarded-Uri", "X-Client-Cert", "X-Auth-Nonce"]
                {
                    assert!(values(&received[0], name).is_empty(), "{proxy}: {}", received[0]);
                }
            }
        }
        for (method, target) in [
            ("POST", "/v1/users"),
            ("get", "/v1/users"),
            ("GET", "/v1/user"),
            ("GET", "/v1/users/"),
            ("GET", "/v1//users"),
            ("GET", "/v1%2Fusers"),
            ("GET", "/"),
            ("GET", "/_forward_auth"),
        ] {
            let text = proof(method, target, &token).mint();
            let response = send(address, "/v1/users", &token, &text);
            assert_eq!(response.status, 401, "{proxy}: {method} {target}");
            assert!(stack.recorder().take().is_empty());
        }
    }
}

/// An attacker who has a token and a proof for one request, and needs them for another.
#[test]
fn client_cannot_say_which_request_it_has_sent() {
    let service = service();
    let stack = Stack::start(&service, Application::recorder());
    let token = token(&service).mint();
    let authorization = format!("DPoP {token}");
    let names = [
        "X-Forwarded-Uri",
        "X-Forwarded-Method",
        "X-Forwarded-Uri",
        "X-Forwarded-Method",
        "X-Forwarded-Host",
        "X-Original-URL",
        "X-Rewrite-URL",
        "x_original_uri",
        "X-HTTP-Method-Override",
        "Host",
    ];
    let value = |name: &str| match name.to_ascii_lowercase() {
        name if name.contains("method") => "POST",
        name if name.contains("host") => "api.example.com",
        _ => "/captured",
    };
    for (proxy, address) in stack.proxies() {
        for connection in ["close".to_owned(), format!("close, {}", names[..4].join(", "))] {
            let text = proof("POST", "/captured", &token).mint();
            let mut headers = vec![
                ("Authorization", authorization.as_str()),
                ("DPoP", &*text),
                ("Connection", connection.as_str()),
            ];
            headers.extend(names[..9].iter().map(|name| (*name, value(name))));
            let response = get(address, "/secret", &headers);
            assert_eq!(response.status, 401, "{proxy}: {}", response.text);
            assert!(stack.recorder().take().is_empty());

            // And what the proxy sets does not depend on them.
            let text = proof("GET", "/secret", &token).mint();
            headers[1].1 = &text;
            assert_eq!(get(address, "/secret", &headers).status, 200, "{proxy}");
            let received = stack.recorder().take();
            assert!(values(&received[0], "X-Forwarded-Uri").is_empty(), "{}", received[0]);
            assert!(values(&received[0], "X-Forwarded-Method").is_empty(), "{}", received[0]);
        }
    }
}

#[test]
fn nonce_is_demanded_and_renewed_through_the_proxies() {
    let service = service();
    let stack = Stack::start(&service, Application::flask());
    let token = token(&service).mint();
    let url = format!("{ORIGIN}/api/v1/");
    for (proxy, address) in stack.proxies() {
        let without = DpopClient::default().proof("GET", &url, &token).mint();
        let response = send(address, "/api/v1/", &token, &without);
        let (status, _, challenge) = response.refusal();
        let demanded =
            r#"DPoP error="use_dpop_nonce", algs="ES256 ES384 EdDSA PS256", realm="api""#;
        assert_eq!((status, challenge), (401, Some(demanded)), "{proxy}");
        assert_eq!(response.header("Cache-Control"), Some("no-store"), "{proxy}");
        let client = client().with_nonce(response.header("DPoP-Nonce").unwrap());

        let proof = client.proof("GET", &url, &token).mint();
        let response = send(address, "/api/v1/", &token, &proof);
        assert_eq!(response.status, 200, "{proxy}: {}", response.text);
        assert_eq!(response.header("DPoP-Nonce"), None, "{proxy}");
        assert_eq!(response.header("Cache-Control"), None, "{proxy}");
        let response = send(address, "/api/v1/", &token, &proof);
        let replayed =
            r#"DPoP error="invalid_dpop_proof", algs="ES256 ES384 EdDSA PS256", realm="api""#;
        let refusal = (401, "Invalid DPoP proof", Some(replayed));
        assert_eq!(response.refusal(), refusal, "{proxy}");
        assert_eq!(response.header("DPoP-Nonce"), None, "{proxy}");

        // A nonce of the minute before is accepted, and renewed.
        let proof = client.with_nonce(nonce(60)).proof("GET", &url, &token).mint();
        let response = send(address, "/api/v1/", &token, &proof);
        assert_eq!(response.status, 200, "{proxy}: {}", response.text);
        // Traefik adds nothing to the application's response: its clients get the next nonce with a 401.
        let (renewed, cache) = (response.header("DPoP-Nonce"), response.header("Cache-Control"));
        assert_eq!((renewed.is_some(), cache.is_some()), (proxy != "traefik", proxy != "traefik"));
        assert!([None, Some("no-store")].contains(&cache), "{proxy}");
        // A client that says so itself renews nothing.
        let headers = [
            ("Authorization", &*bearer(&service.issued.issuer.token().mint())),
            ("X-Auth-Nonce", "attacker"),
            ("DPoP-Nonce", "attacker"),
        ];
        let response = get(address, "/api/v1/", &headers);
        assert_eq!((response.status, response.header("DPoP-Nonce")), (200, None), "{proxy}");
    }
}

#[test]
fn bound_token_is_refused_without_its_one_proof() {
    let service = service();
    let stack = Stack::start(&service, Application::recorder());
    let token = token(&service).mint();
    for (proxy, address) in stack.proxies() {
        let text = proof("GET", "/", &token).mint();
        let good = ("DPoP", text.as_str());
        let authorization = format!("DPoP {token}");
        let authorization = ("Authorization", authorization.as_str());
        for (fault, headers) in [
            ("as bearer", vec![("Authorization", &*bearer(&token)), good]),
            ("no proof", vec![authorization]),
            ("joined", vec![authorization, ("DPoP", &*format!("{text}, {text}"))]),
            ("two tokens", vec![authorization, authorization, good]),
        ] {
            let response = get(address, "/", &headers);
            // Envoy joins two tokens to one, which is malformed.
            let expected = if fault == "two tokens" && proxy != "envoy" { 400 } else { 401 };
            assert_eq!(response.status, expected, "{proxy}: {fault}: {}", response.text);
        }
        // nginx before 1.23 passes on the first of several, with which the request is good.
        let two = proof("GET", "/", &token).mint();
        let response = get(address, "/", &[authorization, good, ("DPoP", &two)]);
        match proxy {
            "nginx" => assert!([200, 401].contains(&response.status), "{}", response.text),
            _ => assert_eq!(response.status, 401, "{proxy}"),
        }
        stack.recorder().take();
    }
}

#[test]
fn both_schemes_are_offered_to_a_client_without_a_token() {
    let service = service();
    let stack = Stack::start(&service, Application::recorder());
    let dpop = r#"DPoP algs="ES256 ES384 EdDSA PS256""#;
    for (proxy, address) in stack.proxies() {
        let response = get(address, "/", &[]);
        assert_eq!(response.status, 401);
        let challenges = values(&response.text, "WWW-Authenticate");
        assert_eq!(challenges[0], r#"Bearer realm="api""#, "{proxy}");
        // nginx before 1.23 passes on the first.
        assert!(challenges[1..] == [dpop] || proxy == "nginx", "{proxy}: {}", response.text);
    }
}

/// curl's answer from nginx, with a client certificate of `tests/vectors/tls`.
fn curl(address: SocketAddr, token: &str, certificate: Option<&str>) -> (String, String) {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/tls");
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--insecure", "--noproxy", "*", "--include"]);
    command.args(["--max-time", "30"]);
    command.args(["--header", &format!("Authorization: Bearer {token}")]);
    // A client that claims a certificate, and one that claims to claim none.
    let claimed = std::fs::read_to_string(vectors.join("client-p256.pem")).unwrap();
    let escaped = claimed.replace('+', "%2B").replace('\n', "%0A").replace(' ', "%20");
    command.args(["--header", &format!("X-Client-Cert: {escaped}")]);
    if let Some(name) = certificate {
        command.arg("--cert").arg(vectors.join(format!("{name}.pem")));
        command.arg("--key").arg(vectors.join(format!("{name}-key.pem")));
    }
    let output = command.arg(format!("https://{address}/")).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (text.split(' ').nth(1).unwrap().to_owned(), text)
}

#[test]
fn token_is_accepted_with_the_certificate_that_it_is_bound_to() {
    let service = Service::with(Certificates::FromNginx, |guard| guard);
    let stack = Stack::with_client_certificates(&service, Application::recorder());
    let (_, address) = stack.proxies().next().unwrap();
    let pem = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/tls/client-p256.pem");
    let pem = std::fs::read_to_string(pem).unwrap();
    let escaped = pem.replace('+', "%2B").replace('\n', "%0A").replace(' ', "%20");
    let certificate = ClientCertificate::from_nginx([escaped]).unwrap().unwrap();
    let token = service.issued.issuer.token();
    let bound =
        token.clone().bound_to(&Confirmation::of_certificate(*certificate.thumbprint())).mint();

    let (status, text) = curl(address, &bound, Some("client-p256"));
    assert_eq!(status, "200", "{text}");
    let received = stack.recorder().take();
    assert_eq!(values(&received[0], "X-Auth-Subject").len(), 1);
    // The client's own words about its certificate reach nobody.
    assert!(values(&received[0], "X-Client-Cert").is_empty(), "{}", received[0]);

    for other in [Some("client-rsa-2048"), Some("client-p384"), None] {
        let (status, text) = curl(address, &bound, other);
        assert_eq!(status, "401", "{other:?}: {text}");
        let challenge = r#"Bearer error="invalid_token", realm="api""#;
        assert_eq!(
            values(&text.replace("\r\n", "\n").replace('\n', "\r\n"), "WWW-Authenticate"),
            [challenge]
        );
    }
    // A token that is not bound needs none, and may come with one.
    let unbound = token.mint();
    assert_eq!(curl(address, &unbound, None).0, "200");
    assert_eq!(curl(address, &unbound, Some("client-rsa-2048")).0, "200");
}

/// The shipped configurations pass no certificates on, and without the setting nothing reads the field.
#[test]
fn certificate_that_a_client_claims_is_none() {
    let pem = include_str!("../../../../tests/vectors/tls/client-p256.pem");
    let escaped = pem.replace('+', "%2B").replace('\n', "%0A").replace(' ', "%20");
    let certificate = ClientCertificate::from_nginx([&escaped]).unwrap().unwrap();
    for certificates in [Certificates::Ignored, Certificates::FromNginx] {
        let service = Service::with(certificates, |guard| guard);
        let stack = Stack::start(&service, Application::recorder());
        let token = service.issued.issuer.token();
        let unbound = bearer(&token.mint());
        let token = token.bound_to(&Confirmation::of_certificate(*certificate.thumbprint())).mint();
        let headers = [("Authorization", &*bearer(&token)), ("X-Client-Cert", &*escaped)];
        for (proxy, address) in stack.proxies() {
            assert_eq!(get(address, "/", &headers).status, 401, "{proxy}");
            let unbound = [("Authorization", unbound.as_str()), headers[1]];
            assert_eq!(get(address, "/", &unbound).status, 200, "{proxy}");
            assert!(values(&stack.recorder().take()[0], "X-Client-Cert").is_empty(), "{proxy}");
        }
        // To the server itself, as only a proxy may do.
        let expected = if certificates == Certificates::FromNginx { 200 } else { 401 };
        assert_eq!(get(service.decisions, "/", &headers).status, expected);
    }
}
