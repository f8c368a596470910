//! The example over the wire, with the test issuer: what its middleware and its tools let through.

use std::net::SocketAddr;

use axum::{
    Router,
    extract::Request,
    http::request::Parts,
    middleware::{self, Next},
    routing::any,
};
use serde_json::{Value, json};
use tokenring::{Guard, Policy, ResourceMetadataError, Verified, Verifier, testkit::IssuerServer};
use tokenring_mcp::{
    files::Files,
    protection::{Protection, protect},
    router, service,
};
use tokenring_oracle::{
    http::{Response, bearer, request},
    issued::Issued,
    program::{Started, refusal_to_start, without_settings},
};
use tokio::{net::TcpListener, runtime::Runtime};

struct Served {
    issued: Issued,
    address: SocketAddr,
    /// Serves until it is dropped.
    _runtime: Runtime,
}

impl Served {
    fn start(router: impl FnOnce(Verifier<tokenring::RemoteJwks>, &str) -> Router) -> Self {
        let (issued, runtime) = (Issued::start(), Runtime::new().unwrap());
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let resource = format!("http://{address}/mcp");
        let policy = Policy::new(issued.issuer.url(), &resource);
        let router = router(Verifier::new(policy, issued.keys.clone()).unwrap(), &resource);
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { issued, address, _runtime: runtime }
    }

    fn example() -> Self {
        Self::start(|verifier, resource| router(verifier, resource).unwrap())
    }

    fn token(&self, scope: &str) -> String {
        let resource = format!("http://{}/mcp", self.address);
        self.issued.issuer.token().audience(resource).scope(scope).mint()
    }

    fn post(&self, scope: &str, body: &str) -> Response {
        let token = bearer(&self.token(scope));
        let headers = [
            ("Authorization", &*token),
            ("Content-Type", "application/json"),
            ("Accept", "application/json, text/event-stream"),
        ];
        request(self.address, "POST", "/mcp", &headers, body)
    }

    fn call(&self, scope: &str, tool: &str) -> Response {
        self.post(scope, &call(tool).to_string())
    }
}

fn call(tool: &str) -> Value {
    json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": tool, "arguments": { "name": "a", "text": "b" } },
    })
}

/// The text of a tool's result.
fn result(response: &Response) -> Option<String> {
    let message: Value = serde_json::from_str(response.body()).unwrap();
    message["result"]["content"][0]["text"].as_str().map(str::to_owned)
}

#[test]
fn tool_is_called_with_its_scopes_and_no_tool_with_fewer() {
    let served = Served::example();
    assert_eq!(result(&served.call("files:read", "list_files")).as_deref(), Some(""));
    assert_eq!(
        result(&served.call("files:read files:write", "write_file")).as_deref(),
        Some("wrote a"),
    );
    // The broader scope includes the narrower one.
    assert_eq!(result(&served.call("files:write", "list_files")).as_deref(), Some("a"));
    for (scope, tool) in [("", "list_files"), ("files", "list_files"), ("files:read", "write_file")]
    {
        assert_eq!(served.call(scope, tool).status, 403, "{scope} {tool}");
    }
}

#[test]
fn challenges_name_all_scopes_of_the_operation_and_the_document() {
    let served = Served::example();
    let rest = format!(
        r#"resource_metadata="http://{}/.well-known/oauth-protected-resource/mcp", realm="api""#,
        served.address,
    );
    let missing = request(served.address, "POST", "/mcp", &[], "not JSON");
    let challenge = format!(r#"Bearer scope="files:read", {rest}"#);
    assert_eq!((missing.status, missing.header("WWW-Authenticate")), (401, Some(&*challenge)));

    let scopes = r#"error="insufficient_scope", scope="files:read files:write""#;
    let challenge = format!("Bearer {scopes}, {rest}");
    let refused = served.call("files:read", "write_file");
    assert_eq!((refused.status, refused.header("WWW-Authenticate")), (403, Some(&*challenge)));
    // In a batch, the scopes of all calls.
    let batch = json!([call("list_files"), call("write_file")]).to_string();
    let refused = served.post("files:read", &batch);
    assert_eq!((refused.status, refused.header("WWW-Authenticate")), (403, Some(&*challenge)));
}

/// A parser that takes the first of two members would see another tool than one that takes the last.
#[test]
fn message_that_names_two_tools_does_not_get_past_the_scope() {
    let served = Served::example();
    for name in [
        r#""name":"list_files","name":"write_file""#,
        r#""name":"write_file","name":"list_files""#,
        r#""name":"write_file"},"params":{"name":"list_files""#,
        r#""name":"list_files"},"params":{"name":"write_file""#,
        r#""name":"write_file"},"method":"x","params":{"name":"list_files""#,
        r#""\u006eame":"write\u005ffile""#,
    ] {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{{name},"arguments":{{"name":"a","text":"b"}}}}}}"#
        );
        let response = served.post("files:read", &body);
        assert!(!response.text.contains("wrote a"), "{name}: {}", response.text);
    }
    assert_eq!(result(&served.call("files:read", "list_files")).as_deref(), Some(""));
}

#[test]
fn tool_checks_its_scope_whatever_the_middleware_has_read() {
    let served = Served::start(|verifier, resource| {
        let guard = Guard::new(verifier);
        let files = Files::new(Protection::new(guard.clone()));
        let host = resource.strip_prefix("http://").unwrap().strip_suffix("/mcp").unwrap();
        let checks_no_tool = move |mut request: Request, next: Next| {
            let values = request.headers().get_all("authorization");
            let caller = guard.check(&values).unwrap();
            request.extensions_mut().insert(caller);
            next.run(request)
        };
        Router::new()
            .route_service("/mcp", service(files, host))
            .route_layer(middleware::from_fn(checks_no_tool))
    });
    let refused = served.call("files:read", "write_file");
    assert!(refused.body().contains("Insufficient scope"), "{}", refused.text);
    assert_eq!(result(&served.call("files:read", "list_files")).as_deref(), Some(""));
    assert_eq!(result(&served.call("files:write", "write_file")).as_deref(), Some("wrote a"));
}

#[test]
fn resource_may_have_any_path_and_must_fit_the_metadata() {
    let issued = Issued::start();
    let build = |resource: &str| {
        let policy = Policy::new(issued.issuer.url(), resource);
        router(Verifier::new(policy, issued.keys.clone()).unwrap(), resource).map(drop)
    };
    for resource in ["http://localhost", "http://localhost/", "http://[::1]:80/a/b/?c=d"] {
        assert_eq!(build(resource), Ok(()), "{resource}");
    }
    let plain = Err(ResourceMetadataError::NotHttps { member: "resource" });
    assert_eq!(build("http://api.example.com/mcp"), plain);
}

#[test]
fn token_is_not_passed_on_and_the_caller_is() {
    /// Prints the request as a tool sees it.
    async fn echo(parts: Parts) -> String {
        let caller = parts.extensions.get::<Verified>().unwrap();
        format!("{} {:?} {:?}", caller.subject().unwrap(), parts.headers, parts.uri)
    }
    let served = Served::start(|verifier, _| {
        let protection = Protection::new(Guard::new(verifier));
        let protect = middleware::from_fn_with_state(protection, protect);
        Router::new().route("/mcp", any(echo)).route_layer(protect)
    });
    let token = served.token("files:read");
    let value = bearer(&token);
    for name in ["Authorization", "authorization", "AUTHORIZATION"] {
        let headers = [(name, &*value), ("X-Request", "kept")];
        let seen = request(served.address, "POST", "/mcp", &headers, "{}");
        assert_eq!(seen.status, 200);
        assert!(seen.body().starts_with("auth0|64b7f1c2a9d3e8f0b5c6a7d8 "), "{}", seen.text);
        assert!(seen.body().contains("kept"), "{}", seen.text);
        assert!(!seen.body().to_ascii_lowercase().contains("authorization"), "{}", seen.text);
        assert!(token.split('.').all(|part| !seen.body().contains(part)), "{}", seen.text);
    }
    // A token elsewhere is none.
    let path = format!("/mcp?access_token={token}");
    assert_eq!(request(served.address, "POST", &path, &[], "{}").status, 401);
}

#[test]
fn message_that_is_too_long_is_refused_after_the_token() {
    let served = Served::example();
    let long = " ".repeat((4 << 20) + 1);
    assert_eq!(served.post("files:read", &long).status, 413);
    assert_eq!(served.post("files:read", "not JSON").status / 100, 4);
}

#[test]
fn document_needs_no_token_and_browsers_may_read_it() {
    let served = Served::example();
    let [one, root] = ["/mcp", ""].map(|end| {
        let path = format!("/.well-known/oauth-protected-resource{end}");
        let preflight = [
            ("Origin", "https://app.example"),
            ("Access-Control-Request-Method", "GET"),
            ("Access-Control-Request-Headers", "mcp-protocol-version"),
        ];
        let options = request(served.address, "OPTIONS", &path, &preflight, "");
        assert_eq!(options.status, 204);
        assert_eq!(options.header("Access-Control-Allow-Headers"), Some("*"));
        let document = request(served.address, "GET", &path, &[], "");
        assert_eq!(document.header("Access-Control-Allow-Origin"), Some("*"));
        document.json()
    });
    assert_eq!(one, root);
    assert_eq!(one["resource"], format!("http://{}/mcp", served.address));
    // Of another path there is none, and it is no redirect.
    let other = request(served.address, "GET", "/.well-known/oauth-protected-resource/x", &[], "");
    assert_eq!(other.status, 404);
}

#[test]
fn issuer_and_audience_are_settings() {
    let issuer = IssuerServer::start();
    let example = env!("CARGO_BIN_EXE_tokenring-mcp");
    let resource = "http://127.0.0.1:1/mcp";
    for (variable, audience) in [(Some(("RESOURCE", resource)), "files-api"), (None, resource)] {
        let mut command = without_settings(example);
        command.env_remove("RESOURCE").envs(variable);
        let issuer_url = issuer.url();
        command.envs([("ISSUER", issuer_url.as_str()), ("AUDIENCE", audience)]);
        let mut program = Started::new(&mut command);
        let line = program.lines().next().unwrap();
        let address = line.strip_prefix(&format!("{resource} is served at ")).unwrap();
        let status = |audience: &str| {
            let token = issuer.token().audience(audience).scope("files:read").mint();
            let headers = [("Authorization", &*bearer(&token))];
            request(address.parse().unwrap(), "POST", "/mcp", &headers, "{}").status
        };
        // Behind the guard, rmcp refuses the host, which is not the resource's.
        assert_eq!(status(audience), 403);
        assert_eq!(status("other"), 401);
        assert_eq!(status(if variable.is_some() { resource } else { "files-api" }), 401);
    }
    for (variable, sentence) in [
        (("ISSUER", "https://issuer.example"), "AUDIENCE is not set"),
        (("AUDIENCE", resource), "ISSUER is not set"),
        (("RESOURCE", resource), "set ISSUER and AUDIENCE"),
    ] {
        let mut command = without_settings(example);
        let stderr = refusal_to_start(command.env_remove("RESOURCE").envs([variable]));
        assert!(stderr.contains(sentence), "{variable:?}: {stderr}");
    }
}
