//! Reads the settings, fetches the issuer's keys, and only then listens.

use std::{
    env,
    error::Error,
    net::{SocketAddr, TcpListener},
    process::ExitCode,
    sync::Arc,
};

use tokenring::{Guard, Policy, RemoteJwks, Verifier};
use tokenring_forward_auth::{ForwardAuth, decisions, probes};
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let issuer = required("ISSUER", "the text that stands in `iss`")?;
    let audience = required("AUDIENCE", "one that stands in `aud`")?;
    let listen = address("LISTEN", "127.0.0.1:9000")?;
    let listen_probes = address("LISTEN_PROBES", "127.0.0.1:9001")?;

    let mut keys = RemoteJwks::discovery_builder(&issuer);
    if issuer.starts_with("http://") {
        // A sidecar or a test issuer. Anything farther away than this machine is refused.
        keys = keys.danger_allow_http_loopback();
    }
    let keys = keys.build().map_err(|error| format!("ISSUER: {error}"))?;
    let mut guard = Guard::new(Verifier::new(Policy::new(&issuer, audience), keys.clone())?);
    if let Some(scope) = setting("SCOPE")? {
        guard = guard.require_scope(&scope);
    }

    // A proxy in front of several of these sends nothing to one that does not listen yet.
    keys.prime().map_err(|error| format!("no keys of {issuer}: {error}"))?;
    let listeners = (bind(listen)?, bind(listen_probes)?);
    println!("decisions at http://{}", listeners.0.local_addr()?);
    println!("health, ready and metrics at http://{}", listeners.1.local_addr()?);
    Runtime::new()?.block_on(serve(ForwardAuth::new(guard), listeners))
}

async fn serve(
    service: Arc<ForwardAuth>,
    (listener, probes_listener): (TcpListener, TcpListener),
) -> Result<(), Box<dyn Error>> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let probes_listener = tokio::net::TcpListener::from_std(probes_listener)?;
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    tokio::select! {
        ended = axum::serve(listener, decisions(service.clone())) => ended?,
        ended = axum::serve(probes_listener, probes(service)) => ended?,
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
    Ok(())
}

fn bind(address: SocketAddr) -> Result<TcpListener, Box<dyn Error>> {
    let listener = TcpListener::bind(address).map_err(|error| format!("{address}: {error}"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn required(name: &str, meaning: &str) -> Result<String, String> {
    setting(name)?.ok_or_else(|| format!("{name} is not set, it must be {meaning}"))
}

fn address(name: &str, default: &str) -> Result<SocketAddr, String> {
    let text = setting(name)?.unwrap_or_else(|| default.into());
    text.parse().map_err(|_| format!("{name} must be an address and a port, such as {default}"))
}

/// What the environment says. Set but empty is a mistake: an empty `SCOPE` must not mean that none is
/// required.
fn setting(name: &str) -> Result<Option<String>, String> {
    match env::var(name) {
        Ok(value) if value.is_empty() => Err(format!("{name} is set but empty")),
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(format!("{name} is not UTF-8")),
    }
}
