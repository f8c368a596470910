//! Reads the settings, fetches the issuer's keys, and only then listens.

use std::{
    error::Error,
    net::{SocketAddr, TcpListener},
    process::ExitCode,
    sync::Arc,
};

use tokenring::ResourceMetadata;
use tokenring_forward_auth::{ForwardAuth, Settings, decisions, probes};
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
    let Settings { issuer, keys, guard, certificates, metadata, listen, listen_probes } =
        Settings::from_env()?;
    // A proxy in front of several of these servers sends no requests to one that does not listen yet.
    keys.prime().map_err(|failure| match failure.hint() {
        Some(hint) => format!("no keys of {issuer}: {failure}. {hint}"),
        None => format!("no keys of {issuer}: {failure}"),
    })?;
    let listeners = (bind(listen)?, bind(listen_probes)?);
    println!("decisions at http://{}", listeners.0.local_addr()?);
    println!("health, ready and metrics at http://{}", listeners.1.local_addr()?);
    Runtime::new()?.block_on(serve(ForwardAuth::new(guard, certificates), metadata, listeners))
}

async fn serve(
    service: Arc<ForwardAuth>,
    metadata: Option<ResourceMetadata>,
    (listener, probes_listener): (TcpListener, TcpListener),
) -> Result<(), Box<dyn Error>> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let probes_listener = tokio::net::TcpListener::from_std(probes_listener)?;
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    tokio::select! {
        ended = axum::serve(listener, decisions(service.clone(), metadata.as_ref())) => ended?,
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
