//! The connections of the issuer's server: one request each, a thread each. RFC 9112 section 2.1.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    net::{Shutdown, TcpListener, TcpStream},
    string::String,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
    vec,
    vec::Vec,
};

use crate::testkit::{Answer, TestKey};

#[derive(Debug)]
pub(super) struct Shared {
    /// The fixed keys, of which all published ones are made.
    pub(super) material: Vec<TestKey>,
    pub(super) state: Mutex<State>,
    pub(super) stopped: Condvar,
}

#[derive(Debug)]
pub(super) struct State {
    /// The published keys; the first one signs.
    pub(super) keys: Vec<TestKey>,
    pub(super) rotations: usize,
    pub(super) answer: Answer,
    pub(super) down: bool,
    pub(super) hits: usize,
    pub(super) connections: usize,
    pub(super) last_request: Option<String>,
    /// The connections open now, by their number.
    pub(super) open: BTreeMap<usize, TcpStream>,
    pub(super) stopping: bool,
}

impl State {
    pub(super) fn hang_up(&mut self) {
        for stream in self.open.values() {
            // It may be closed already.
            let _closed = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits that long, unless the server is dropped: then there is nothing more to do.
    pub(super) fn pause(&self, length: Duration) -> io::Result<()> {
        let running = |state: &mut State| !state.stopping;
        let state = self.lock();
        let (state, _) = self
            .stopped
            .wait_timeout_while(state, length, running)
            .unwrap_or_else(PoisonError::into_inner);
        match state.stopping {
            true => Err(io::ErrorKind::ConnectionAborted.into()),
            false => Ok(()),
        }
    }

    /// Takes connections until the server is dropped, then waits for their threads.
    pub(super) fn accept(&self, listener: &TcpListener) {
        thread::scope(|scope| {
            loop {
                let accepted = listener.accept();
                let mut state = self.lock();
                if state.stopping {
                    return;
                }
                let Ok((stream, _)) = accepted else {
                    drop(state);
                    // No file descriptors, perhaps: there may be some again soon.
                    let _stopping = self.pause(Duration::from_millis(10));
                    continue;
                };
                state.connections = state.connections.saturating_add(1);
                let number = state.connections;
                let Ok(copy) = stream.try_clone() else { continue };
                if state.down || state.open.len() >= MAX_CONNECTIONS {
                    continue;
                }
                state.open.insert(number, copy);
                drop(state);
                let serve = move || {
                    // The client has gone, or was sent away.
                    let _gone = self.serve(&stream);
                    self.lock().open.remove(&number);
                };
                if thread::Builder::new().spawn_scoped(scope, serve).is_err() {
                    self.lock().open.remove(&number);
                }
            }
        });
    }

    /// One request and its answer.
    fn serve(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let request = read_request(stream)?;
        let is_for_keys = request.split(' ').nth(1) == Some(JWKS_PATH);
        let mut state = self.lock();
        state.hits = state.hits.saturating_add(1);
        state.last_request = Some(request);
        let answer = match is_for_keys {
            true => state.answer.clone(),
            false => Answer::status(404),
        };
        drop(state);
        answer.write(self, stream)?;
        stream.shutdown(Shutdown::Write)
    }
}

/// Reads up to the empty line. RFC 9112 section 2.1.
fn read_request(mut stream: &TcpStream) -> io::Result<String> {
    let mut request = vec![];
    let mut part = [0; 1024];
    while !request.ends_with(b"\r\n\r\n") {
        let bytes = stream.read(&mut part)?;
        if bytes == 0 || request.len() > MAX_REQUEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        request.extend_from_slice(part.get(..bytes).unwrap_or_default());
    }
    String::from_utf8(request).map_err(|_| io::ErrorKind::InvalidData.into())
}

pub(super) const JWKS_PATH: &str = "/.well-known/jwks.json";

/// Each has a thread. More are closed at once.
const MAX_CONNECTIONS: usize = 64;

/// More than any client sends for a key set.
const MAX_REQUEST: usize = 65_536;
