//! Serves the protected API. With an issuer in the environment, it accepts that issuer's tokens.
//! Without one it starts its own test issuer, and prints curl commands to try.

#[path = "../../shared/issuer.rs"]
mod issuer;

use std::{env, error::Error, net::SocketAddr, process::ExitCode};

use actix_web::{App, HttpServer, rt::System};
use tokenring::{
    Guard, Policy, RemoteJwks, UnixTime, Verifier,
    testkit::{AUDIENCE, IssuerServer},
};
use tokenring_actix::routes;

fn main() -> ExitCode {
    match System::new().block_on(serve()) {
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

    let guard = Guard::new(verifier);
    let server = HttpServer::new(move || App::new().configure(routes(guard.clone())));
    let server = server.bind(address)?;
    let url = format!("http://{}", server.addrs().first().unwrap_or(&address));
    match &test_issuer {
        Some(issuer) => print_what_to_try(&url, issuer),
        None => println!("{url}/api/v1/ accepts access tokens of the issuer, see also {url}/ready"),
    }
    Ok(server.run().await?)
}

fn print_what_to_try(url: &str, issuer: &IssuerServer) {
    let curl = |what: &str, path: &str, header: &str| {
        println!("# {what}\ncurl -i {url}{path}{header}\n");
    };
    let bearer = |token: String| format!(" -H 'Authorization: Bearer {token}'");
    let yesterday = UnixTime::from_secs(UnixTime::now().as_secs().saturating_sub(86_400));
    let good = bearer(issuer.token().mint());
    let expired = bearer(issuer.token().expires_at(yesterday).mint());
    let unprivileged = bearer(issuer.token().without_claim("permissions").mint());
    println!("A protected API with a test issuer, whose private keys are public. Try:\n");
    curl("a good token", "/api/v1/", &good);
    curl("no token", "/api/v1/", "");
    curl("an expired token", "/api/v1/", &expired);
    curl("a token with the permission", "/api/v1/messages", &good);
    curl("a token without it", "/api/v1/messages", &unprivileged);
    curl("ready?", "/ready", "");
}
