//! A [`ReplayStore`] in Redis: several processes behind one origin accept each DPoP proof once between them.
//! RFC 9449 section 11.1.
//!
//! The whole protocol is one command, `SET key "" NX EX seconds`, so there is no client library. A proof is
//! accepted only if Redis has said `+OK`. Every other answer, and none, refuses the request.

mod connection;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokenring::{
    UnixTime,
    possession::{Insertion, ReplayError, ReplayKey, ReplayStore},
};
use tokio::task;

use connection::{Connection, Reply};

/// The memory of used proofs in a Redis server.
///
/// A call takes at most about twice the [timeout](Self::timeout). Clones share their connections.
#[derive(Clone)]
pub struct RedisReplay {
    address: SocketAddr,
    password: Option<String>,
    prefix: String,
    timeout: Duration,
    margin: Duration,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl RedisReplay {
    /// The memory in the server at `address`. Nothing is connected yet.
    ///
    /// The connection is not encrypted: the address should be this machine's, a sidecar's, or in a network
    /// that only the service is in. Whoever can delete keys there can use proofs again.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            password: None,
            prefix: "dpop:".into(),
            timeout: Duration::from_millis(250),
            margin: Duration::from_secs(60),
            idle: Arc::default(),
        }
    }

    /// Logs in with this password.
    #[must_use]
    pub fn password(self, password: impl Into<String>) -> Self {
        Self { password: Some(password.into()), ..self }
    }

    /// Begins each key with `prefix`, `dpop:` without this. All processes need the same.
    #[must_use]
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// Waits for each step of a call at most so long: 250 milliseconds without this.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Keeps each proof so much longer than it is accepted, in whole seconds: a minute without this.
    ///
    /// Half of it is for the clocks of the processes, which may differ by so much, the other half for a
    /// process that stands still between the check of a proof and this call.
    #[must_use]
    pub fn margin(self, margin: Duration) -> Self {
        Self { margin, ..self }
    }

    /// Runs the command on a connection that is kept from an earlier call, or on a new one.
    fn set(&self, key: &str, seconds: u64) -> Result<Reply, ReplayError> {
        let seconds = seconds.to_string();
        let command = ["SET", key, "", "NX", "EX", &seconds];
        let kept = self.idle().pop();
        if let Some(mut connection) = kept {
            if let Ok(reply) = connection.call(&command) {
                self.keep(connection);
                return Ok(reply);
            }
            // Redis has closed it, or restarted. If the command arrived all the same, the second one finds
            // the key, and the client needs another proof.
        }
        let unavailable = |_| ReplayError::Unavailable;
        let password = self.password.as_deref();
        let connection = Connection::open(self.address, password, self.timeout);
        let mut connection = connection.map_err(unavailable)?;
        let reply = connection.call(&command).map_err(unavailable)?;
        self.keep(connection);
        Ok(reply)
    }

    fn keep(&self, connection: Connection) {
        let mut idle = self.idle();
        if idle.len() < MAX_IDLE {
            idle.push(connection);
        }
    }

    /// No code can panic while it holds the lock.
    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReplayStore for RedisReplay {
    fn insert(&self, key: &ReplayKey, end: UnixTime, now: UnixTime) -> Result<(), ReplayError> {
        let seconds = end.as_secs().saturating_sub(now.as_secs());
        if seconds == 0 {
            return Err(ReplayError::TooLate);
        }
        let margin = self.margin.as_secs();
        let reply = self.set(&format!("{}{key}", self.prefix), seconds.saturating_add(margin))?;
        // If this process stood still, an earlier use may have been forgotten before Redis was asked.
        let last = end.as_secs().saturating_add(margin / 2);
        match reply {
            Reply::Ok if UnixTime::now().as_secs() >= last => Err(ReplayError::TooLate),
            Reply::Ok => Ok(()),
            Reply::Null => Err(ReplayError::Replayed),
            Reply::OutOfMemory => Err(ReplayError::Full),
            Reply::Error => Err(ReplayError::Unavailable),
        }
    }

    /// On a thread that may block, of the runtime that the request is in.
    fn insert_async(&self, key: &ReplayKey, end: UnixTime, now: UnixTime) -> Insertion<'_> {
        let (store, key) = (self.clone(), *key);
        let call = task::spawn_blocking(move || store.insert(&key, end, now));
        // The runtime may be shutting down.
        Insertion::pending(async { call.await.unwrap_or(Err(ReplayError::Unavailable)) })
    }
}

/// Connections that are kept for later calls. Others are closed after their call.
const MAX_IDLE: usize = 32;
