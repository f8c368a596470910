//! Serves the protected API. With an issuer in the environment, it accepts that issuer's tokens.
//! Without one it starts its own test issuer, and prints curl commands to try.

#[path = "../../shared/issuer.rs"]
mod issuer;

use std::{env, error::Error, net::SocketAddr, process::ExitCode};

use tokenring::{
    Policy, RemoteJwks, UnixTime, Verifier,
    possession::Nonces,
    testkit::{AUDIENCE, IssuerServer},
};
use tokenring_axum::{Api, router};
use tokio::{net::TcpListener, signal};

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

    // Read for each refusal, in `caller.rs`.
    if env::var_os("LOG").is_some_and(|log| log != "cause" && log != "explanation") {
        return Err("LOG must be cause or explanation".into());
    }
    let api = match (env::var_os("PUBLIC_ORIGIN"), env::var_os("NONCE_SECRET")) {
        (None, None) => Api::new(verifier),
        (None, Some(_)) => return Err("PUBLIC_ORIGIN is not set, NONCE_SECRET needs it".into()),
        (Some(origin), secret) => {
            let nonces = match secret {
                Some(secret) => Nonces::with_secret(secret.as_encoded_bytes()),
                None => Nonces::random(),
            };
            let nonces = nonces.map_err(|error| format!("NONCE_SECRET: {error}"))?;
            let origin = origin.to_str().ok_or("PUBLIC_ORIGIN is not UTF-8")?;
            let api = Api::with_dpop(verifier, origin, nonces);
            api.map_err(|error| format!("PUBLIC_ORIGIN: {error}"))?
        }
    };

    let listener = TcpListener::bind(address).await?;
    let url = format!("http://{}", listener.local_addr()?);
    match &test_issuer {
        Some(issuer) => print_what_to_try(&url, issuer),
        None => println!("{url}/api/v1/ accepts access tokens of the issuer, see also {url}/ready"),
    }
    let stop = async {
        // Without a signal handler, the server runs until it is killed.
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    axum::serve(listener, router(api)).with_graceful_shutdown(stop).await?;
    Ok(())
}

fn print_what_to_try(url: &str, issuer: &IssuerServer) {
    let curl = |what: &str, path: &str, header: &str| {
        println!("# {what}\ncurl -i {url}{path}{header}\n");
    };
    let bearer = |token: String| format!(" -H 'Authorization: Bearer {token}'");
    let yesterday = UnixTime::from_secs(UnixTime::now().as_secs().saturating_sub(86_400));
    let good = bearer(issuer.token().mint());
    let expired = bearer(issuer.token().expires_at(yesterday).mint());
    let misdirected = bearer(issuer.token().audience("https://other.example.com/").mint());
    let unprivileged = bearer(issuer.token().without_claim("permissions").mint());
    println!("A protected API with a test issuer, whose private keys are public. Try:\n");
    curl("a good token", "/api/v1/", &good);
    curl("no token", "/api/v1/", "");
    curl("a malformed header", "/api/v1/", " -H 'Authorization: Basic dXNlcjpwYXNz'");
    curl("an expired token", "/api/v1/", &expired);
    curl("a token for another audience", "/api/v1/", &misdirected);
    curl("a token with the permission", "/api/v1/messages", &good);
    curl("a token without it", "/api/v1/messages", &unprivileged);
    curl("ready?", "/ready", "");
}
