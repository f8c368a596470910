//! An HTTP/1.1 client for servers on loopback. It sends exactly the given header fields, as often as
//! they are given, and reads responses whole.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::{Value, json};

/// Sends `GET path` with these header fields.
pub fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Response {
    request(address, "GET", path, headers, "")
}

pub fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Response {
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    if !headers.iter().any(|(name, _)| *name == "Connection") {
        request.push_str("Connection: close\r\n");
    }
    if !body.is_empty() {
        request.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    receive(send(address, &format!("{request}\r\n{body}")))
}

/// Sends `request` as it is, and leaves the response for [`receive`].
pub fn send(address: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(FOREVER)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

pub fn receive(mut stream: TcpStream) -> Response {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let status = text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    let status = status.unwrap_or_else(|| panic!("{text:?}"));
    Response { status: status.parse().unwrap(), text }
}

/// A whole response, read until the connection closes.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub text: String,
}

impl Response {
    pub fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").unwrap().1
    }

    pub fn json(&self) -> Value {
        assert_eq!(self.header("Content-Type"), Some("application/json"), "{}", self.text);
        serde_json::from_str(self.body()).unwrap()
    }

    /// The value of the one header field called `name`. There is at most one.
    pub fn header(&self, name: &str) -> Option<&str> {
        let values = values(&self.text, name);
        assert!(values.len() <= 1, "{}", self.text);
        values.first().copied()
    }

    /// The status, the message and the challenge of a refusal. Its body has nothing but the message.
    pub fn refusal(&self) -> Refusal<'_> {
        let message = self.body().strip_prefix("{\"message\": \"");
        let message = message.and_then(|rest| rest.strip_suffix("\"}"));
        assert_eq!(self.json(), json!({ "message": message }));
        (self.status, message.unwrap(), self.header("WWW-Authenticate"))
    }
}

/// The status, the message and the challenge.
pub type Refusal<'r> = (u16, &'r str, Option<&'r str>);

/// The values of the header field called `name` in a request or a response.
pub fn values<'m>(message: &'m str, name: &str) -> Vec<&'m str> {
    let head = message.split("\r\n\r\n").next().unwrap();
    let fields = head.lines().skip(1).map(|line| line.split_once(':').unwrap());
    let named = fields.filter(|(known, _)| known.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value.trim()).collect()
}

pub fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// Far longer than a test takes: more means a failure.
pub const FOREVER: Duration = Duration::from_secs(30);
