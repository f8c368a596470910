//! One connection to Redis. <https://redis.io/docs/latest/develop/reference/protocol-spec/>

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// A connection that is logged in.
pub(crate) struct Connection(TcpStream);

/// The answers to `SET` with `NX`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// The key has been set.
    Ok,
    /// The key was there.
    Null,
    /// The limit `maxmemory` is reached.
    OutOfMemory,
    /// Any other error, such as that of a replica.
    Error,
}

impl Connection {
    pub(crate) fn open(
        address: SocketAddr,
        password: Option<&str>,
        timeout: Duration,
    ) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, timeout)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(timeout))?;
        stream.set_write_timeout(Some(timeout))?;
        let mut connection = Self(stream);
        if let Some(password) = password {
            match connection.call(&["AUTH", password])? {
                Reply::Ok => {}
                _ => return Err(io::ErrorKind::PermissionDenied.into()),
            }
        }
        Ok(connection)
    }

    /// Sends a command and reads its answer. After an error, the connection must not be used again: the next
    /// answer could belong to this command.
    pub(crate) fn call(&mut self, command: &[&str]) -> io::Result<Reply> {
        let mut text = format!("*{}\r\n", command.len());
        for argument in command {
            text.push_str(&format!("${}\r\n{argument}\r\n", argument.len()));
        }
        self.0.write_all(text.as_bytes())?;
        let line = self.line()?;
        match line.as_slice() {
            b"+OK" => Ok(Reply::Ok),
            b"$-1" => Ok(Reply::Null),
            _ if line.starts_with(b"-OOM ") => Ok(Reply::OutOfMemory),
            _ if line.starts_with(b"-") => Ok(Reply::Error),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// The one line that these answers have, without its end. Nothing may follow it.
    fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        let mut buffer = [0; 256];
        // A server that sends one byte at a time may take longer than the timeout, but not for ever.
        for _ in 0..MAX_READS {
            let (read, _) = match self.0.read(&mut buffer)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                length => buffer.split_at(length),
            };
            line.extend_from_slice(read);
            if let Some(before) = line.strip_suffix(b"\r\n") {
                return match before.contains(&b'\n') {
                    true => Err(io::ErrorKind::InvalidData.into()),
                    false => Ok(before.to_vec()),
                };
            }
        }
        Err(io::ErrorKind::InvalidData.into())
    }
}

/// Redis's answers are one packet.
const MAX_READS: usize = 16;
