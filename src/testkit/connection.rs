//! The connections of the issuer's server: each has one request and its own thread. RFC 9112
//! section 2.1.

use std::{
    io::{self, Read},
    net::{Shutdown, TcpListener, TcpStream},
    string::String,
    thread,
    time::Duration,
    vec,
};

use crate::testkit::site::Site;

impl Site {
    /// Accepts connections until the server is dropped, then waits for their threads.
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
                    // Perhaps there are no file descriptors left; there may be some again soon.
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
                    // The client closed the connection, or the server did.
                    let _gone = self.serve(&stream);
                    self.lock().open.remove(&number);
                };
                if thread::Builder::new().spawn_scoped(scope, serve).is_err() {
                    self.lock().open.remove(&number);
                }
            }
        });
    }

    /// Reads one request and answers it.
    fn serve(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let request = read_request(stream)?;
        let answer = self.lock().answer_to(request);
        answer.write(self, stream)?;
        stream.shutdown(Shutdown::Write)
    }
}

/// Reads a request up to the empty line. RFC 9112 section 2.1.
fn read_request(stream: &TcpStream) -> io::Result<String> {
    let mut request = vec![];
    // At its end the limit is like a closed connection.
    let mut stream = stream.take(MAX_REQUEST);
    let mut part = [0; 1024];
    while !request.ends_with(b"\r\n\r\n") {
        let bytes = stream.read(&mut part)?;
        if bytes == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        request.extend_from_slice(part.get(..bytes).unwrap_or_default());
    }
    String::from_utf8(request).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Each connection has a thread. Further ones are closed at once.
const MAX_CONNECTIONS: usize = 64;

/// In bytes: more than any client sends to get a key set.
const MAX_REQUEST: u64 = 65_536;
