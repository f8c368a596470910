//! MCP's own clients, in TypeScript (both generations) and Python, with oidc-provider as the authorization
//! server: from no token to a call, and from a 403 to the call of a tool that needs more.
//!
//! `run-tests` installs them and starts this.

use std::{
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
};

use axum::{
    extract::{Request, State},
    http::header,
    middleware::{self, Next},
    response::Response,
};
use issuers::{Issuer, get, installed, string};
use serde_json::{Value, json};
use tokenring::{Policy, Verifier};
use tokenring_mcp::router;
use tokenring_oracle::http::{bearer, request};
use tokio::{net::TcpListener, runtime::Runtime};

/// The example and its authorization server.
struct Served {
    issuer: Issuer,
    address: std::net::SocketAddr,
    resource: String,
    exchanges: Exchanges,
    _runtime: Runtime,
}

/// A request as the server saw it, and the answer.
#[derive(Clone, Debug, PartialEq)]
struct Exchange {
    method: String,
    path: String,
    has_token: bool,
    status: u16,
    challenge: Option<String>,
}

type Exchanges = Arc<Mutex<Vec<Exchange>>>;

async fn record(State(exchanges): State<Exchanges>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().to_string(), request.uri().to_string());
    let has_token = request.headers().contains_key(header::AUTHORIZATION);
    let response = next.run(request).await;
    let challenge = response.headers().get(header::WWW_AUTHENTICATE);
    let challenge = challenge.map(|value| value.to_str().unwrap().to_owned());
    let status = response.status().as_u16();
    exchanges.lock().unwrap().push(Exchange { method, path, has_token, status, challenge });
    response
}

fn served() -> Served {
    let issuer = Issuer::node("authorization_server.mjs");
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let resource = format!("http://{address}/mcp");
    // oidc-provider follows the profile.
    let policy = Policy::rfc9068(issuer.identifier(), &resource);
    let router = router(Verifier::new(policy, issuer.keys()).unwrap(), &resource).unwrap();
    let exchanges = Exchanges::default();
    let router = router.layer(middleware::from_fn_with_state(exchanges.clone(), record));
    runtime.spawn(async move { axum::serve(listener, router).await });
    Served { issuer, address, resource, exchanges, _runtime: runtime }
}

impl Served {
    /// Runs a client, which prints the scopes that it requested and the results of its calls.
    fn run(&self, command: &mut Command) -> Value {
        let output = command.arg(&self.resource).arg(self.issuer.identifier()).output().unwrap();
        let (out, err) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{out}\n{err}\n{:#?}", self.exchanges.lock().unwrap());
        serde_json::from_str(&out).unwrap()
    }

    /// A token by client credentials for `resource`.
    fn token(&self, resource: &str, scope: &str) -> String {
        let answer = self.issuer.token_answer(&[
            ("grant_type", "client_credentials"),
            ("client_id", "service"),
            ("client_secret", self.issuer.fact("secret")),
            ("scope", scope),
            ("resource", resource),
        ]);
        string(&answer, "access_token")
    }

    fn metadata_url(&self) -> String {
        format!("http://{}/.well-known/oauth-protected-resource/mcp", self.address)
    }

    /// Asserts that `run` gets the results of both tools, and that the server's answers led it there.
    fn assert_leads(&self, client: &mut Command) {
        let printed = self.run(client);
        assert_eq!(printed["results"], json!(["", "wrote a", "a"]));
        let [first, second] = printed["scopes"].as_array().unwrap().as_slice() else {
            panic!("a login and a step-up: {printed}")
        };
        assert_eq!(first, "files:read");
        let mut second: Vec<&str> = second.as_str().unwrap().split(' ').collect();
        second.sort_unstable();
        assert_eq!(second, ["files:read", "files:write"]);

        let exchanges = self.exchanges.lock().unwrap().clone();
        let rest = format!(r#"resource_metadata="{}", realm="api""#, self.metadata_url());
        assert_eq!(
            exchanges[0],
            Exchange {
                method: "POST".into(),
                path: "/mcp".into(),
                has_token: false,
                status: 401,
                challenge: Some(format!(r#"Bearer scope="files:read", {rest}"#)),
            },
        );
        let document = &exchanges[1];
        assert_eq!(
            (&*document.path, document.status, document.has_token),
            ("/.well-known/oauth-protected-resource/mcp", 200, false),
            "{exchanges:#?}",
        );
        let refused = exchanges.iter().position(|one| one.status == 403).unwrap();
        let step_up = r#"Bearer error="insufficient_scope", scope="files:read files:write", "#;
        assert_eq!(exchanges[refused].challenge, Some(format!("{step_up}{rest}")));
        let (before, after) = exchanges.split_at(refused);
        for (exchanges, what) in [(before, "the first call"), (&after[1..], "the second call")] {
            let is_call =
                |one: &Exchange| one.has_token && one.method == "POST" && one.status == 200;
            assert!(exchanges.iter().any(is_call), "{what}: {exchanges:#?}");
        }
        // Each login is caused by one refusal, and nothing else is refused.
        let refusals = exchanges.iter().filter(|one| matches!(one.status, 400..=403 | 500..));
        assert_eq!(refusals.count(), 2, "{exchanges:#?}");
        // An answer that is no refusal has no challenge.
        assert_eq!(exchanges.iter().filter(|one| one.challenge.is_some()).count(), 2);
    }
}

#[test]
fn typescript_client_is_led_to_both_tools() {
    let script = installed("client.mjs");
    served().assert_leads(Command::new("node").arg(script).arg("@modelcontextprotocol/sdk"));
}

#[test]
fn second_generation_of_the_typescript_client_is_led_to_both_tools() {
    let script = installed("client.mjs");
    served().assert_leads(Command::new("node").arg(script).arg("@modelcontextprotocol/client"));
}

#[test]
fn python_client_is_led_to_both_tools() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/client.py");
    served().assert_leads(Command::new(installed("venv/bin/python")).arg("-B").arg(script));
}

#[test]
fn document_is_at_both_places_and_names_the_authorization_server() {
    let served = served();
    let expected = json!({
        "resource": served.resource,
        "authorization_servers": [served.issuer.identifier()],
        "scopes_supported": ["files:read", "files:write"],
        "bearer_methods_supported": ["header"],
        "resource_name": "Files",
    });
    let root = format!("http://{}/.well-known/oauth-protected-resource", served.address);
    for url in [served.metadata_url(), root] {
        assert_eq!(get(&url), expected, "{url}");
    }
}

#[test]
fn token_for_another_resource_is_refused() {
    let served = served();
    let other = format!("http://{}/other", served.address);
    let list = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "list_files", "arguments": {} },
    });
    let status = |resource: &str| {
        let token = bearer(&served.token(resource, "files:read"));
        let headers = [
            ("Authorization", &*token),
            ("Content-Type", "application/json"),
            ("Accept", "application/json, text/event-stream"),
        ];
        let response = request(served.address, "POST", "/mcp", &headers, &list.to_string());
        (response.status, response.header("WWW-Authenticate").map(str::to_owned))
    };
    assert_eq!(status(&served.resource), (200, None));
    let challenge = format!(
        r#"Bearer error="invalid_token", scope="files:read", resource_metadata="{}", realm="api""#,
        served.metadata_url(),
    );
    assert_eq!(status(&other), (401, Some(challenge)));
}
