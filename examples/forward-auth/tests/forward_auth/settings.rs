//! The program with each of its settings, good and bad.

use std::{
    ffi::OsStr,
    fs,
    net::SocketAddr,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;
use tokenring::{
    Algorithm, UnixTime,
    possession::{ClientCertificate, Confirmation, Nonces},
    testkit::{AUDIENCE, DpopClient, IssuerServer},
};
use tokenring_oracle::{
    http::{bearer, get},
    program::{Started, refusal_to_start},
};

use crate::stack::Directory;

/// The issuer that tokens name, where no host of this machine is.
const PUBLIC: &str = "https://login.example.com/realms/shop";

#[test]
fn key_url_serves_an_issuer_that_tokens_name_by_another_host() {
    let issuer = IssuerServer::start();
    let program = Running::start(
        program(&issuer).envs([("ISSUER", PUBLIC), ("JWKS_URL", &issuer.jwks_url())]),
    );
    assert_eq!(program.ask(&issuer.token().issuer(PUBLIC).mint()), 200);
    // The host of the keys is no issuer.
    assert_eq!(program.ask(&issuer.token().mint()), 401);
    assert_eq!((issuer.metadata_hits(), issuer.key_set_hits()), (0, 1));
}

#[test]
fn algorithms_are_those_of_the_setting_alone() {
    let issuer = IssuerServer::for_algorithm(Algorithm::ES256);
    let by_default = Running::start(&mut program(&issuer));
    assert_eq!(by_default.ask(&issuer.token().mint()), 401);
    let named = Running::start(program(&issuer).env("ALGORITHMS", "EdDSA ES256"));
    assert_eq!(named.ask(&issuer.token().mint()), 200);
}

#[test]
fn scopes_are_read_from_the_claim_of_the_setting() {
    let issuer = IssuerServer::start();
    let variables = [("SCOPE", "admin"), ("SCOPES_CLAIM", "/realm_access/roles")];
    let program = Running::start(program(&issuer).envs(variables));
    let roles =
        |roles| issuer.token().scope("admin").claim("realm_access", json!({ "roles": roles }));
    assert_eq!(program.ask(&roles(["user", "admin"]).mint()), 200);
    assert_eq!(program.ask(&roles(["user", "administrator"]).mint()), 403);
}

#[test]
fn proofs_and_certificates_are_accepted_if_the_settings_say_so() {
    let issuer = IssuerServer::start();
    let pem = fs::read_to_string(certificate("client-p256.pem")).unwrap();
    let escaped = pem.replace('+', "%2B").replace('\n', "%0A").replace(' ', "%20");
    let of_certificate = ClientCertificate::from_nginx([&escaped]).unwrap().unwrap();
    let of_certificate = Confirmation::of_certificate(*of_certificate.thumbprint());
    let client = DpopClient::default();
    let with_certificate = issuer.token().bound_to(&of_certificate).mint();
    let with_key = issuer.token().bound_to(&client.confirmation()).mint();
    let statuses = |program: &Running| {
        let proof = client.proof("GET", "https://api.example.com/v1/a", &with_key).mint();
        let ask = |authorization: &str, dpop: &str| {
            let headers = [
                ("Authorization", authorization),
                ("DPoP", dpop),
                ("X-Forwarded-Method", "GET"),
                ("X-Forwarded-Uri", "/v1/a?b"),
                ("X-Client-Cert", &escaped),
            ];
            get(program.decisions, "/", &headers)
        };
        let first = ask(&format!("DPoP {with_key}"), &proof);
        let second = first.header("DPoP-Nonce").map(|nonce| {
            let proof =
                client.with_nonce(nonce).proof("GET", "https://api.example.com/v1/a", &with_key);
            ask(&format!("DPoP {with_key}"), &proof.mint()).status
        });
        (second.unwrap_or(first.status), ask(&bearer(&with_certificate), "").status)
    };
    let by_default = Running::start(&mut program(&issuer));
    assert_eq!(statuses(&by_default), (401, 401));
    let origin = ("PUBLIC_ORIGIN", "https://api.example.com");
    let with_dpop = Running::start(program(&issuer).envs([origin]));
    assert_eq!(statuses(&with_dpop), (200, 401));
    let with_nginx = Running::start(program(&issuer).env("CLIENT_CERTIFICATES", "nginx"));
    assert_eq!(statuses(&with_nginx), (401, 200));
    let with_prefix = ("PUBLIC_ORIGIN", "https://api.example.com/v1");
    assert_eq!(statuses(&Running::start(program(&issuer).envs([with_prefix]))), (401, 401));
}

/// A nonce from before a restart, or of another process.
#[test]
fn nonces_of_the_secret_in_the_settings_are_accepted() {
    let issuer = IssuerServer::start();
    let secret = "7".repeat(32);
    let nonce = Nonces::with_secret(&secret).unwrap().issue(UnixTime::now());
    let client = DpopClient::default().with_nonce(nonce.to_string());
    let token = issuer.token().bound_to(&client.confirmation()).mint();
    let origin = ("PUBLIC_ORIGIN", "https://api.example.com");
    for (secret, status) in [(Some(secret), 200), (Some("8".repeat(32)), 401), (None, 401)] {
        let secret = secret.as_deref().map(|secret| ("NONCE_SECRET", secret));
        let program = Running::start(program(&issuer).envs([origin]).envs(secret));
        let proof = client.proof("GET", "https://api.example.com/", &token).mint();
        let headers = [
            ("Authorization", &*format!("DPoP {token}")),
            ("DPoP", &proof),
            ("X-Forwarded-Method", "GET"),
            ("X-Forwarded-Uri", "/"),
        ];
        assert_eq!(get(program.decisions, "/", &headers).status, status, "{secret:?}");
    }
}

#[test]
fn clients_without_a_token_are_told_of_the_resource() {
    let path = "/.well-known/oauth-protected-resource/v1";
    let issuer = IssuerServer::start();
    let by_default = Running::start(&mut program(&issuer));
    assert_eq!(get(by_default.decisions, path, &[]).status, 404);
    // The issuer of this test is on loopback, which metadata does not name.
    let variables = [
        ("ISSUER", PUBLIC),
        ("JWKS_URL", &issuer.jwks_url()),
        ("RESOURCE", "https://api.example.com/v1"),
        ("SCOPE", "read"),
    ];
    let program = Running::start(program(&issuer).envs(variables));
    let response = get(program.decisions, path, &[]);
    assert_eq!(response.status, 200);
    let document = response.json();
    assert_eq!(document["resource"], "https://api.example.com/v1");
    assert_eq!(document["authorization_servers"], json!([PUBLIC]));
    assert_eq!(document["scopes_supported"], json!(["read"]));
    assert_eq!(get(program.decisions, &format!("{path}/x"), &[]).status, 404);
    let challenge = get(program.decisions, "/", &[]);
    let url = format!("resource_metadata=\"https://api.example.com{path}\"");
    assert_eq!(challenge.status, 401);
    assert!(challenge.header("WWW-Authenticate").unwrap().contains(&url));
}

#[test]
fn headers_and_token_are_sent_for_the_keys() {
    let directory = Directory::new();
    let token = directory.write("token", "t0k3n\n");
    let issuer = IssuerServer::start();
    let headers = "X-Api-Key: a:b c\nX-Tenant:shop";
    let mut command = program(&issuer);
    command.env("JWKS_HEADERS", headers).env("JWKS_TOKEN_FILE", token);
    let _program = Running::start(&mut command);
    let request = issuer.last_request().unwrap().to_lowercase();
    for line in ["x-api-key: a:b c\r\n", "x-tenant: shop\r\n", "authorization: bearer t0k3n\r\n"] {
        assert!(request.contains(line), "{line:?}: {request}");
    }
}

#[test]
fn http_host_is_allowed_by_its_name_only() {
    let issuer = IssuerServer::start();
    // The system takes this for 127.0.0.1. The crate knows it as a name like any other.
    let url = issuer.jwks_url().replace("127.0.0.1", "127.1");
    let mut command = program(&issuer);
    command.env("JWKS_URL", &url);
    let sentence =
        "JWKS_URL: the URL must begin with https:, or DANGER_ALLOW_HTTP must name its host";
    assert_eq!(refusal_to_start(&mut command).trim_end(), sentence);
    command.env("DANGER_ALLOW_HTTP", "keycloak 127.1");
    assert_eq!(Running::start(&mut command).ask(&issuer.token().mint()), 200);
}

#[test]
fn authority_and_client_certificate_are_those_of_the_files() {
    let directory = Directory::new();
    let issuer = IssuerServer::start();
    let key_set = directory.write("jwks.json", &issuer.issuer().jwks());
    let mut server = Command::new("python3");
    server.arg("-B").arg(tests().join("keys_over_tls.py"));
    server
        .args(["loopback.pem", "server-key.pem", "client-p256.pem"].map(certificate))
        .arg(key_set);
    let mut server = Started::new(&mut server);
    let port = server.lines().next().unwrap();
    let mut command = program(&issuer);
    command.env("JWKS_URL", format!("https://127.0.0.1:{port}/"));
    command.env("JWKS_CLIENT_CERT_FILE", certificate("client-p256.pem"));
    command.env("JWKS_CLIENT_KEY_FILE", certificate("client-p256-key.pem"));
    let refusal = refusal_to_start(&mut command);
    assert!(refusal.starts_with(&format!("no keys of {}: ", issuer.url())), "{refusal}");
    command.env("CA_FILE", certificate("authority.pem"));
    assert_eq!(Running::start(&mut command).ask(&issuer.token().mint()), 200);
    // The server demands a certificate.
    command.env_remove("JWKS_CLIENT_CERT_FILE").env_remove("JWKS_CLIENT_KEY_FILE");
    let refusal = refusal_to_start(&mut command);
    assert!(refusal.starts_with(&format!("no keys of {}: ", issuer.url())), "{refusal}");
}

#[test]
fn unusable_settings_are_refused_by_name_and_their_values_are_not_shown() {
    let directory = Directory::new();
    let no_pem = directory.write("no-pem", "s3cret");
    let (empty, missing) = (directory.write("empty", "\n"), directory.path("missing"));
    let (certificate, key) = (certificate("loopback.pem"), certificate("server-key.pem"));
    let [no_pem, empty, missing, certificate, key] =
        [&no_pem, &empty, &missing, &certificate, &key].map(|path| path.to_str().unwrap());
    let algorithm = "ALGORITHMS must be names such as RS256, with spaces between them: ";
    let hosts = "DANGER_ALLOW_HTTP must be hosts without scheme, port and path";
    let once =
        "JWKS_HEADERS must have each header once, and Authorization not beside JWKS_TOKEN_FILE";
    let vectors: &[(&[(&str, &str)], &str)] = &[
        (&[("SCOPE", " ")], "SCOPE is set but empty"),
        (&[("AUDIENCE", "\t")], "AUDIENCE is set but empty"),
        (&[("JWKS_URL", "")], "JWKS_URL is set but empty"),
        (&[("JWKS_URL", "s3cret.example/keys")], "JWKS_URL: the URL has no scheme, write https://"),
        (&[("JWKS_URL", "https:s3cret")], "JWKS_URL: the URL must be absolute"),
        (&[("JWKS_URL", "https://s3cret.example/keys ")], "JWKS_URL: the URL has white space"),
        (&[("JWKS_URL", "\"https://s3cret.example/\"")], "JWKS_URL: the URL has quotation marks"),
        (&[("JWKS_URL", "https://${S3CRET}/")], "JWKS_URL: the URL has a placeholder"),
        (&[("JWKS_URL", "https://user:s3cret@h/")], "JWKS_URL: the URL must be absolute"),
        (
            &[("JWKS_URL", "http://192.0.2.1/s3cret")],
            "JWKS_URL: the URL must begin with https:, or",
        ),
        (&[("ALGORITHMS", "RS256,ES256")], algorithm),
        (&[("ALGORITHMS", "HS256")], algorithm),
        (&[("ALGORITHMS", "rs256")], algorithm),
        (&[("ALGORITHMS", "none")], algorithm),
        (&[("SCOPES_CLAIM", "/a/~s3cret")], "SCOPES_CLAIM: "),
        (&[("AUDIENCE", "s3cret\n")], "AUDIENCE: an audience of the policy has white space"),
        (&[("AUDIENCE", "<s3cret>")], "AUDIENCE: an audience of the policy has a placeholder"),
        (&[("ISSUER", "s3cret.example")], "ISSUER: the URL has no scheme, write https://"),
        (&[("ISSUER", "https://s3cret.example/\n")], "ISSUER: the URL has white space"),
        (
            &[("ISSUER", "https://s3cret.example/?a")],
            "ISSUER: the issuer's URL must not have a query",
        ),
        (
            &[("ISSUER", "https://s3cret.example/.well-known/openid-configuration")],
            "ISSUER: the issuer's URL is that of its metadata",
        ),
        (
            &[("ISSUER", "'s3cret'"), ("JWKS_URL", "https://keys.example/")],
            "ISSUER: the policy's issuer has quotation marks",
        ),
        (&[("PUBLIC_ORIGIN", " ")], "PUBLIC_ORIGIN is set but empty"),
        (&[("PUBLIC_ORIGIN", "s3cret.example")], "PUBLIC_ORIGIN: "),
        (&[("PUBLIC_ORIGIN", "https://user:s3cret@h")], "PUBLIC_ORIGIN: "),
        (&[("NONCE_SECRET", "s3cret")], "PUBLIC_ORIGIN is not set, it must be "),
        (
            &[("PUBLIC_ORIGIN", PUBLIC), ("NONCE_SECRET", "s3cret")],
            "NONCE_SECRET: the secret of the nonces is 6 bytes long, 32 is the least",
        ),
        (
            &[("PUBLIC_ORIGIN", "https://${S3CRET}")],
            "PUBLIC_ORIGIN: the origin for proofs has a placeholder",
        ),
        (&[("RESOURCE", "http://s3cret.example/")], "RESOURCE: "),
        (&[("CLIENT_CERTIFICATES", "s3cret")], "CLIENT_CERTIFICATES must be nginx, or not be set"),
        (&[("CLIENT_CERTIFICATES", "")], "CLIENT_CERTIFICATES is set but empty"),
        (&[("DANGER_ALLOW_HTTP", "keycloak:8080")], hosts),
        (&[("DANGER_ALLOW_HTTP", "http://keycloak")], hosts),
        (&[("DANGER_ALLOW_HTTP", "*")], hosts),
        (&[("DANGER_ALLOW_HTTP", "a,b")], hosts),
        (
            &[("JWKS_HEADERS", "X-A: s3cret\ns3cret")],
            "JWKS_HEADERS must have `Name: value` on each line, line 2 has no colon",
        ),
        (&[("JWKS_HEADERS", "X A: s3cret")], "JWKS_HEADERS: the name of a header"),
        (&[("JWKS_HEADERS", "X-A:")], "JWKS_HEADERS: the value of a header"),
        (&[("JWKS_HEADERS", "X-A: s3cret\u{7f}")], "JWKS_HEADERS: the value of a header"),
        (
            &[("JWKS_HEADERS", "X-A: ${S3CRET}")],
            "JWKS_HEADERS: the value of a header has a placeholder",
        ),
        (&[("JWKS_HEADERS", "Host: s3cret")], "JWKS_HEADERS: this header"),
        (&[("JWKS_HEADERS", "X-A: s3cret\nx-a: b")], once),
        (&[("JWKS_HEADERS", "Authorization: s3cret"), ("JWKS_TOKEN_FILE", no_pem)], once),
        (&[("JWKS_TOKEN_FILE", missing)], "no keys of "),
        (&[("CA_FILE", missing)], "CA_FILE: the file of root certificates cannot be read: "),
        (&[("CA_FILE", no_pem)], "CA_FILE: root certificates must be in PEM"),
        (&[("CA_FILE", key)], "CA_FILE: the root certificates have a private key beside them"),
        (&[("CA_FILE", empty)], "CA_FILE: the root certificates are empty"),
        (&[("JWKS_CLIENT_CERT_FILE", certificate)], "JWKS_CLIENT_KEY_FILE is not set, it must be "),
        (&[("JWKS_CLIENT_KEY_FILE", key)], "JWKS_CLIENT_CERT_FILE is not set, it must be "),
        (
            &[("JWKS_CLIENT_CERT_FILE", missing), ("JWKS_CLIENT_KEY_FILE", key)],
            "JWKS_CLIENT_CERT_FILE: the file cannot be read: ",
        ),
        (
            &[("JWKS_CLIENT_CERT_FILE", key), ("JWKS_CLIENT_KEY_FILE", key)],
            "JWKS_CLIENT_CERT_FILE: ",
        ),
        (
            &[("JWKS_CLIENT_CERT_FILE", certificate), ("JWKS_CLIENT_KEY_FILE", certificate)],
            "JWKS_CLIENT_KEY_FILE: ",
        ),
        (&[("ALL_PROXY", "socks5://s3cret")], "ALL_PROXY must be an http: or https: proxy"),
        (&[("https_proxy", "socks5://s3cret")], "https_proxy must be an http: or https: proxy"),
        (&[("HTTPS_PROXY", "http://u:s3cret@h:x")], "HTTPS_PROXY must be the URL of a proxy"),
        (
            &[("http_proxy", "http://u:s3cret@"), ("DANGER_ALLOW_HTTP", "keycloak")],
            "http_proxy must be the URL of a proxy",
        ),
    ];
    let issuer = IssuerServer::start();
    for (variables, sentence) in vectors {
        let stderr = refusal_to_start(program(&issuer).envs(variables.iter().copied()));
        assert!(stderr.starts_with(sentence), "{variables:?}: {stderr}");
        assert!(!stderr.contains("s3cret"), "{variables:?}: {stderr}");
    }
    let stderr = refusal_to_start(program(&issuer).env("SCOPE", OsStr::from_bytes(b"\xff")));
    assert_eq!(stderr.trim_end(), "SCOPE is not UTF-8");
    assert_eq!(issuer.connections(), 0);
}

/// The README's table has each setting that the program reads, and no other.
#[test]
fn readme_lists_each_setting() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let code = fs::read_to_string(package.join("src/settings.rs")).unwrap();
    let calls = ["setting(\"", "required(\"", "address(\"", "file(\""];
    let after = calls.iter().flat_map(|call| code.split(call).skip(1));
    let mut read: Vec<&str> = after.map(|rest| rest.split('"').next().unwrap()).collect();
    let readme = fs::read_to_string(package.join("README.md")).unwrap();
    let rows = readme.split("## Settings").nth(1).unwrap().split("\n## ").next().unwrap().lines();
    let rows = rows.filter_map(|row| row.strip_prefix("| `"));
    let mut listed: Vec<&str> = rows.map(|row| row.split('`').next().unwrap()).collect();
    read.sort_unstable();
    listed.sort_unstable();
    assert_eq!(read, listed);
}

/// The program, and the address for the proxy.
struct Running {
    decisions: SocketAddr,
    _program: Started,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut program = Started::new(command);
        // Both lines: a program whose output nobody reads ends.
        let lines: Vec<String> = program.lines().take(2).collect();
        let line = lines.first().unwrap_or_else(|| panic!("{}", refusal_to_start(command)));
        let address = line.strip_prefix("decisions at http://").unwrap();
        Self { decisions: address.parse().unwrap(), _program: program }
    }

    /// The status for a request with this token.
    fn ask(&self, token: &str) -> u16 {
        get(self.decisions, "/", &[("Authorization", &bearer(token))]).status
    }
}

/// The program with the settings it needs for `issuer`, and no other.
pub fn program(issuer: &IssuerServer) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokenring-forward-auth"));
    command
        .env_clear()
        .env("ISSUER", issuer.url())
        .env("AUDIENCE", AUDIENCE)
        .env("LISTEN", "127.0.0.1:0")
        .env("LISTEN_PROBES", "127.0.0.1:0");
    command
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/forward_auth")
}

/// A file of the crate's own tests of TLS.
fn certificate(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/tls").join(name)
}
