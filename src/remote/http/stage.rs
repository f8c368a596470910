//! How far a connection has come, to tell what a request waited for when it failed.

use std::{
    boxed::Box,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use ureq::unversioned::transport::{
    ConnectProxyConnector, ConnectionDetails, Connector, RustlsConnector, TcpConnector, Transport,
};

use crate::remote::error::FetchError;

/// The stages that a connection has passed.
#[derive(Debug, Default)]
pub(crate) struct Stages {
    resolved: AtomicBool,
    connected: AtomicBool,
    secured: AtomicBool,
}

impl Stages {
    pub(crate) fn has_resolved(&self) {
        self.resolved.store(true, Ordering::Relaxed);
    }

    /// There is a connection, perhaps through a proxy.
    pub(crate) fn has_connected(&self, needs_tls: bool) {
        self.connected.store(true, Ordering::Relaxed);
        self.secured.store(!needs_tls, Ordering::Relaxed);
    }

    fn has_secured(&self) {
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

/// ureq's own connectors, with `stages` noted between them.
pub(crate) fn connector(stages: &Arc<Stages>) -> impl Connector<(), Out = Box<dyn Transport>> {
    ().chain(ConnectProxyConnector::default())
        .chain(TcpConnector::default())
        .chain(AfterTcp(Arc::clone(stages)))
        .chain(RustlsConnector::default())
        .chain(AfterTls(Arc::clone(stages)))
}

#[derive(Debug)]
struct AfterTcp(Arc<Stages>);

impl<In: Transport> Connector<In> for AfterTcp {
    type Out = In;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<In>, ureq::Error> {
        self.0.has_connected(details.needs_tls());
        Ok(chained)
    }
}

#[derive(Debug)]
struct AfterTls(Arc<Stages>);

impl<In: Transport> Connector<In> for AfterTls {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        _details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        self.0.has_secured();
        Ok(chained.map(Transport::boxed))
    }
}
