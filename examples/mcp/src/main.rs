//! Serves the MCP server. With an issuer in the environment, it accepts that issuer's tokens. Without one it
//! starts its own test issuer, and prints curl commands to try.

#[path = "../../shared/issuer.rs"]
mod issuer;

use std::{
    env::{self, VarError},
    error::Error,
};

use tokenring::{Policy, RemoteJwks, Verifier, testkit::IssuerServer};
use tokenring_mcp::router;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listen = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:0".into());
    let listener = TcpListener::bind(&listen).await?;
    let address = listener.local_addr()?;

    // Kept alive as long as the server.
    let mut test_issuer = None;
    let (resource, verifier) = match issuer::settings()? {
        Some((policy, keys)) => (resource()?, Verifier::new(policy, keys)?),
        // The test issuer's private keys are public.
        None if address.ip().is_loopback() && env::var_os("RESOURCE").is_none() => {
            let resource = format!("http://{address}/mcp");
            let issuer = test_issuer.insert(IssuerServer::start());
            let keys =
                RemoteJwks::builder(issuer.jwks_url()).danger_allow_http_loopback().no_proxy();
            let policy = Policy::new(issuer.url(), &resource);
            print_what_to_try(&resource, issuer);
            (resource, Verifier::new(policy, keys.build()?)?)
        }
        None => return Err("set ISSUER and AUDIENCE, or neither and a loopback LISTEN".into()),
    };
    let router = router(verifier, &resource)?;
    println!("{resource} is served at {address}");
    axum::serve(listener, router).await?;
    Ok(())
}

/// The URL that clients connect to. By RFC 8707 it is the audience too, but some issuers write another one.
fn resource() -> Result<String, String> {
    let resource = match env::var("RESOURCE") {
        Err(VarError::NotPresent) => env::var("AUDIENCE"),
        resource => resource,
    };
    resource.map_err(|error| format!("RESOURCE: {error}"))
}

fn print_what_to_try(resource: &str, issuer: &IssuerServer) {
    let curl = |what: &str, scope: &str, tool: &str| {
        let token = issuer.token().audience(resource).scope(scope).mint();
        let call = serde_json::json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": { "name": tool, "arguments": { "name": "a", "text": "b" } },
        });
        println!(
            "# {what}\ncurl -i {resource} -H 'Authorization: Bearer {token}' \
             -H 'Content-Type: application/json' \
             -H 'Accept: application/json, text/event-stream' -d '{call}'\n"
        );
    };
    println!("An MCP server with a test issuer, whose private keys are public. Try:\n");
    println!("# no token\ncurl -i -X POST {resource}\n");
    curl("a tool for every caller", "files:read", "list_files");
    curl("a tool that needs a further scope", "files:read", "write_file");
    curl("with that scope", "files:read files:write", "write_file");
}
