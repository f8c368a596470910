//! oidc-provider issues tokens that are bound to the certificate that curl has shown it, and curl calls an API
//! behind nginx and the forward-auth example with them. RFC 8705.
//!
//! `run-tests` installs all of them and starts this.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use axum::{Router, http::HeaderMap};
use issuers::{Issuer, installed};
use serde_json::Value;
use tokenring::Guard;
use tokenring_forward_auth::{Certificates, ForwardAuth, decisions};
use tokenring_possession::{AUDIENCE, serve, verifier};

/// curl's output, with a client certificate of `tests/vectors/tls`.
fn curl(certificate: Option<&str>, arguments: &[&str]) -> String {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--insecure", "--noproxy", "*", "--max-time", "30"]);
    if let Some(name) = certificate {
        command.arg("--cert").arg(installed(&format!("{name}.pem")));
        command.arg("--key").arg(installed(&format!("{name}-key.pem")));
    }
    let output = command.args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A token that is bound to this certificate.
fn token(issuer: &Issuer, client: &str, certificate: &str) -> String {
    let user = format!("{client}:{}", issuer.fact("secret"));
    let form = [
        "grant_type=client_credentials".to_owned(),
        format!("resource={AUDIENCE}"),
        "scope=read:messages".to_owned(),
    ];
    let mut arguments = vec!["--user", &user, issuer.fact("tls_token_endpoint")];
    for field in &form {
        arguments.extend(["--data", field]);
    }
    let answer: Value = serde_json::from_str(&curl(Some(certificate), &arguments)).unwrap();
    answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// nginx with TLS and the configuration that `examples/forward-auth` ships. It ends when this value is dropped.
struct Nginx(Child, SocketAddr);

impl Nginx {
    fn start(decisions: SocketAddr, application: SocketAddr) -> Self {
        let shipped =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/forward-auth/nginx.conf");
        let mut site = fs::read_to_string(shipped).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let file = |name: &str| installed(name).display().to_string();
        let tls = format!(
            "listen {address} ssl;\nssl_certificate {};\nssl_certificate_key {};",
            file("loopback.pem"),
            file("server-key.pem")
        );
        for (written, replacement) in [
            ("server 127.0.0.1:9000;", format!("server {decisions};")),
            ("server 127.0.0.1:5000;", format!("server {application};")),
            ("listen 127.0.0.1:8080;", tls),
            ("# ssl_verify_client optional_no_ca;", "ssl_verify_client optional_no_ca;".into()),
        ] {
            assert_eq!(site.matches(written).count(), 1, "{written}");
            site = site.replace(written, &replacement);
        }
        let directory = installed("nginx");
        fs::create_dir_all(&directory).unwrap();
        let path = directory.display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|name| format!("{name}_temp_path {path}/{name};\n"))
            .collect();
        // As root, nginx would change to a user without access to the directory.
        let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
        let user = if is_root { "user root;" } else { "" };
        let configuration = directory.join("nginx.conf");
        let around = format!(
            "{user}\npid {path}/nginx.pid;\nevents {{ }}\n\
             http {{\naccess_log off;\n{temporary}{site}\n}}\n"
        );
        fs::write(&configuration, around).unwrap();
        drop(listener);
        // Debian installs it in a directory that only root's path has.
        let debian = Path::new("/usr/sbin/nginx");
        let program = if debian.is_file() { debian } else { Path::new("nginx") };
        let process = Command::new(program)
            .arg("-c")
            .arg(configuration)
            .args(["-e", "stderr", "-g", "daemon off;"])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut nginx = Self(process, address);
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(nginx.0.try_wait().unwrap().is_none(), "nginx has ended");
            assert!(start.elapsed() < Duration::from_secs(30), "nginx does not listen");
            thread::sleep(Duration::from_millis(10));
        }
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The main process ends its workers, which SIGKILL would leave behind.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

#[test]
fn token_passes_with_the_certificate_that_it_was_issued_for() {
    let issuer = Issuer::node("authorization_server.mjs");
    let guard = Guard::new(verifier(&issuer)).require_scope("read:messages");
    let decisions = serve(|_| decisions(ForwardAuth::new(guard, Certificates::FromNginx), None));
    let application = serve(|_| {
        Router::new().fallback(async |headers: HeaderMap| {
            headers.get("x-auth-client").map_or("nobody".into(), |client| {
                String::from_utf8_lossy(client.as_bytes()).into_owned()
            })
        })
    });
    let nginx = Nginx::start(decisions, application);
    let url = format!("https://{}/", nginx.1);
    let call = |token: &str, certificate| {
        let authorization = format!("Authorization: Bearer {token}");
        let write = ["--write-out", " %{http_code} %header{www-authenticate}"];
        let arguments = [&["--header", &*authorization][..], &write, &[&*url]].concat();
        curl(certificate, &arguments)
    };
    let refused = r#"{"message": "Invalid token"} 401 Bearer error="invalid_token", scope="read:messages", realm="api""#;
    for certificate in ["client-p256", "client-rsa-2048", "client-ed25519"] {
        let token = token(&issuer, "certificate", certificate);
        assert_eq!(call(&token, Some(certificate)), "certificate 200 ", "{certificate}");
        // Once more: it is no proof for one request.
        assert_eq!(call(&token, Some(certificate)), "certificate 200 ", "{certificate}");
        assert_eq!(call(&token, Some("client-p384")), refused, "{certificate}");
        assert_eq!(call(&token, None), refused, "{certificate}");
    }
}
