//! The time by two clocks, neither of which is trusted alone.

use std::{
    boxed::Box,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use ring::rand::{SecureRandom, SystemRandom};

/// Where a [`RemoteJwks`](crate::RemoteJwks) reads the time. Replace it in tests only.
///
/// Its methods must not panic, nor call the key source: they may be called under a lock, while lookups wait.
pub trait Clock: Send + Sync {
    /// The time since some fixed point. It never goes back.
    fn monotonic(&self) -> Duration;

    /// The time since 1970-01-01T00:00:00Z. It may jump.
    fn wall(&self) -> Duration;

    /// A random number from 0 to 1, which spreads the refreshes and back-offs of a fleet.
    fn jitter(&self) -> f64 {
        let mut random = [0; 4];
        match SystemRandom::new().fill(&mut random) {
            Ok(()) => f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX),
            Err(_) => 0.5,
        }
    }
}

macro_rules! forward_to_pointee {
    ($($pointer:ty),*) => {$(
        impl<C: Clock + ?Sized> Clock for $pointer {
            fn monotonic(&self) -> Duration {
                (**self).monotonic()
            }

            fn wall(&self) -> Duration {
                (**self).wall()
            }

            fn jitter(&self) -> f64 {
                (**self).jitter()
            }
        }
    )*};
}

forward_to_pointee!(&C, Arc<C>, Box<C>);

/// The clocks of the system.
pub(crate) struct SystemClock {
    start: Instant,
}

impl SystemClock {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    fn wall(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}

/// The clock's random number. Anything but 0 to 1, NaN included, would make `mul_f64` panic and leave
/// the slot occupied.
pub(crate) fn jitter(clock: &dyn Clock) -> f64 {
    let jitter = Some(clock.jitter()).filter(|jitter| (0.0..=1.0).contains(jitter));
    jitter.unwrap_or(0.5)
}

/// A point in time on both clocks.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) monotonic: Duration,
    pub(crate) wall: Duration,
}

impl Moment {
    pub(crate) fn now(clock: &dyn Clock) -> Self {
        Self { monotonic: clock.monotonic(), wall: clock.wall() }
    }

    /// The time since `earlier`: the longer of what the clocks say (I9). The monotonic clock may
    /// stop while the machine sleeps, and the wall clock may be set back.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        let monotonic = self.monotonic.saturating_sub(earlier.monotonic);
        monotonic.max(self.wall.saturating_sub(earlier.wall))
    }
}

/// The end of a time limit in real time, for I/O: a test's [`Clock`] does not move it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    start: Instant,
    timeout: Duration,
}

impl Deadline {
    pub(crate) fn after(timeout: Duration) -> Self {
        Self { start: Instant::now(), timeout }
    }

    pub(crate) fn left(self) -> Duration {
        self.timeout.saturating_sub(self.start.elapsed())
    }
}
