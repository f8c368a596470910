//! Serves the MCP server. With `ISSUER` and `RESOURCE` in the environment, it accepts that issuer's tokens
//! for that resource. Without them it starts its own test issuer, and prints curl commands to try.

use std::{env, error::Error};

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
    let (resource, verifier) = match (env::var("ISSUER"), env::var("RESOURCE")) {
        (Ok(issuer), Ok(resource)) => {
            let policy = Policy::new(&issuer, &resource);
            (resource, Verifier::new(policy, RemoteJwks::discover(&issuer)?)?)
        }
        // The test issuer's private keys are public.
        (Err(_), Err(_)) if address.ip().is_loopback() => {
            let resource = format!("http://{address}/mcp");
            let issuer = test_issuer.insert(IssuerServer::start());
            let keys =
                RemoteJwks::builder(issuer.jwks_url()).danger_allow_http_loopback().no_proxy();
            let policy = Policy::new(issuer.url(), &resource);
            print_what_to_try(&resource, issuer);
            (resource, Verifier::new(policy, keys.build()?)?)
        }
        _ => return Err("set ISSUER and RESOURCE, or neither and a loopback LISTEN".into()),
    };
    axum::serve(listener, router(verifier, &resource)?).await?;
    Ok(())
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
