//! How far a connection has come, to tell what a request waited for when it failed.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::remote::error::FetchError;

/// The stages that a connection has passed.
#[derive(Debug, Default)]
pub(crate) struct Stages {
    resolved: AtomicBool,
    connected: AtomicBool,
    secured: AtomicBool,
}

impl Stages {
    /// Those of a connection that stands.
    pub(crate) fn all() -> Self {
        let passed = || AtomicBool::new(true);
        Self { resolved: passed(), connected: passed(), secured: passed() }
    }

    pub(crate) fn has_resolved(&self) {
        self.resolved.store(true, Ordering::Relaxed);
    }

    /// There is a connection, perhaps through a proxy.
    pub(crate) fn has_connected(&self, needs_tls: bool) {
        self.connected.store(true, Ordering::Relaxed);
        self.secured.store(!needs_tls, Ordering::Relaxed);
    }

    pub(crate) fn has_secured(&self) {
        self.secured.store(true, Ordering::Relaxed);
    }

    /// The error of a request that ran out of time now.
    pub(crate) fn timeout(&self) -> FetchError {
        match () {
            () if !self.resolved.load(Ordering::Relaxed) => FetchError::ResolveTimeout,
            () if !self.connected.load(Ordering::Relaxed) => FetchError::ConnectTimeout,
            () if self.is_in_handshake() => FetchError::TlsTimeout,
            () => FetchError::Timeout,
        }
    }

    pub(crate) fn is_in_handshake(&self) -> bool {
        self.connected.load(Ordering::Relaxed) && !self.secured.load(Ordering::Relaxed)
    }
}
