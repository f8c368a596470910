//! The connections of the issuer's server: one request each, a thread each. RFC 9112 section 2.1.

use std::{
    io::{self, Read},
    net::{Shutdown, TcpListener, TcpStream},
    string::String,
    thread,
    time::Duration,
    vec,
};

use crate::testkit::site::Shared;

impl Shared {
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
        let answer = self.lock().answer_to(request);
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

/// Each has a thread. More are closed at once.
const MAX_CONNECTIONS: usize = 64;

/// More than any client sends for a key set.
const MAX_REQUEST: usize = 65_536;
