//! Serves the protected service. With an issuer in the environment, it accepts that issuer's tokens.
//! Without one it starts its own test issuer, and prints grpcurl commands to try.

#[path = "../../shared/issuer.rs"]
mod issuer;

use std::{env, error::Error, net::SocketAddr, process::ExitCode};

use tokenring::{
    Guard, Policy, RemoteJwks, UnixTime, Verifier,
    testkit::{AUDIENCE, IssuerServer},
};
use tokenring_tonic::service;
use tokio::signal;
use tonic::transport::{Server, server::TcpIncoming};

#[tokio::main]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let listen = env::var_os("LISTEN").unwrap_or_else(|| "127.0.0.1:0".into());
    let address: Option<SocketAddr> = listen.to_str().and_then(|listen| listen.parse().ok());
    let address = address.ok_or("LISTEN must be an address and a port, such as 127.0.0.1:3000")?;

    // Kept alive as long as the server.
    let mut test_issuer = None;
    let verifier = if let Some((policy, keys)) = issuer::settings()? {
        Verifier::new(policy, keys)?
    } else if address.ip().is_loopback() {
        let issuer = test_issuer.insert(IssuerServer::start());
        let keys = RemoteJwks::builder(issuer.jwks_url()).danger_allow_http_loopback().no_proxy();
        Verifier::new(Policy::new(issuer.url(), AUDIENCE), keys.build()?)?
    } else {
        // The test issuer's private keys are public.
        return Err("ISSUER is not set, without an issuer LISTEN must be loopback".into());
    };

    let incoming = TcpIncoming::bind(address)?;
    let address = incoming.local_addr()?;
    match &test_issuer {
        Some(issuer) => print_what_to_try(address, issuer),
        None => println!("http://{address} accepts access tokens of the issuer"),
    }
    let stop = async {
        // Without a signal handler, the server runs until it is killed.
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let server = Server::builder().add_routes(service(Guard::new(verifier)));
    Ok(server.serve_with_incoming_shutdown(incoming, stop).await?)
}

fn print_what_to_try(address: SocketAddr, issuer: &IssuerServer) {
    let grpcurl = |what: &str, method: &str, header: &str| {
        println!(
            "# {what}\ngrpcurl -plaintext -proto api.proto{header} {address} api.v1.Messages/{method}\n"
        );
    };
    let bearer = |token: String| format!(" -H 'Authorization: Bearer {token}'");
    let yesterday = UnixTime::from_secs(UnixTime::now().as_secs().saturating_sub(86_400));
    let good = bearer(issuer.token().mint());
    let expired = bearer(issuer.token().expires_at(yesterday).mint());
    let unprivileged = bearer(issuer.token().without_claim("permissions").mint());
    println!("A protected service with a test issuer, whose private keys are public. Try:\n");
    grpcurl("a good token", "Hello", &good);
    grpcurl("no token", "Hello", "");
    grpcurl("an expired token", "Hello", &expired);
    grpcurl("a token with the permission", "List", &good);
    grpcurl("a token without it", "List", &unprivileged);
}
