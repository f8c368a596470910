//! A test issuer, a source of its keys, and the clock of that source.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokenring::{
    Policy, RemoteJwks, Verifier,
    remote::Clock,
    testkit::{AUDIENCE, IssuerServer},
};

use crate::http::FOREVER;

pub struct Issued {
    pub issuer: IssuerServer,
    pub keys: RemoteJwks,
    pub clock: TestClock,
}

impl Issued {
    /// Starts the issuer. Its keys are not fetched yet.
    pub fn start() -> Self {
        let issuer = IssuerServer::start();
        let clock = TestClock::default();
        let keys = RemoteJwks::builder(issuer.jwks_url())
            .danger_allow_http_loopback()
            .no_proxy()
            .timeout(FOREVER)
            .clock(clock.clone())
            .build()
            .unwrap();
        Self { issuer, keys, clock }
    }

    /// A verifier of the issuer's tokens for [`AUDIENCE`].
    pub fn verifier(&self) -> Verifier<RemoteJwks> {
        Verifier::new(Policy::new(self.issuer.url(), AUDIENCE), self.keys.clone()).unwrap()
    }

    /// Waits until so many calls wait for the first keys.
    pub fn await_waiters(&self, waiters: usize) {
        while self.keys.health().waiters() < waiters {
            assert_eq!(self.keys.health().generation(), 0, "the keys came before the calls");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Asserts that a server answers `call` at once while so many other calls wait for the keys. The
    /// machine may be busy, so the fastest of ten counts. A server whose threads were all blocked would
    /// not answer.
    pub fn assert_answers_at_once(&self, waiters: usize, call: impl Fn()) {
        let time = || {
            let start = Instant::now();
            call();
            start.elapsed()
        };
        let fastest = (0..10).map(|_| time()).min().unwrap();
        assert_eq!(self.keys.health().waiters(), waiters);
        assert!(fastest <= Duration::from_millis(50), "{fastest:?}");
    }
}

/// The clock of a key source, in seconds. It moves only by `advance`.
#[derive(Clone, Default)]
pub struct TestClock(Arc<AtomicU64>);

impl TestClock {
    pub fn advance(&self, time: Duration) {
        self.0.fetch_add(time.as_secs(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::SeqCst))
    }

    fn wall(&self) -> Duration {
        self.monotonic()
    }
}

pub const MINUTE: Duration = Duration::from_secs(60);
