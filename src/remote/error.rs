//! Every reason why keys cannot be fetched. Never part of a verdict.

use std::{
    error::Error,
    fmt,
    io::ErrorKind,
    string::{String, ToString as _},
    time::Duration,
    vec::Vec,
};

use crate::{
    JsonError, JwkSetError, SkippedKey,
    explain::text::{quoted, up_to},
    host::host_of,
    remote::{config_error::FetchConfigError, tls_fault::TlsFault},
};

/// Why one attempt to fetch a key set failed. Never part of a verdict: see
/// [`Health::last_error`](crate::remote::Health::last_error), which names the host as well.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchError {
    /// Operator: the host's name cannot be resolved.
    HostNotFound,
    /// Operator: the name servers did not answer in time.
    ResolveTimeout,
    /// Operator: there was no connection, or it broke before the status line.
    Connect {
        /// The operating system's error.
        kind: ErrorKind,
    },
    /// Operator: there was no connection in time.
    ConnectTimeout,
    /// Operator: TLS failed: certificate, host name or protocol.
    Tls {
        /// The fault, if it is a frequent one.
        fault: TlsFault,
        /// The TLS library's error, escaped and cut.
        reason: String,
    },
    /// Operator: the handshake of TLS was not complete in time.
    TlsTimeout,
    /// Operator: the request was not complete within its timeout. The built-in client reports this if it
    /// waited for the status line or the headers.
    Timeout,
    /// Operator: the body of the response was not complete in time.
    BodyTimeout,
    /// Issuer: a status other than 200.
    Status {
        /// The status code.
        status: u16,
        /// `Retry-After`, if it was a number of seconds or a date. RFC 9110 section 10.2.3.
        retry_after: Option<Duration>,
    },
    /// Operator: a redirect, which is never followed. Configure the URL of the document itself.
    Redirect {
        /// The status code.
        status: u16,
        /// The host that `Location` names, with its port. None if it names no host that can be read, as
        /// in `/login`. The rest of `Location` may hold secrets, and is not kept.
        host: Option<String>,
    },
    /// Issuer: the response is not valid HTTP.
    Protocol,
    /// Issuer: the headers of the response have more than 64 KiB, or are more than 128.
    HeadersTooLarge,
    /// Issuer: the body is encoded, although no encoding was accepted. RFC 9110 section 8.4.
    ContentEncoding,
    /// Issuer: the body is longer than allowed.
    BodyTooLong {
        /// The most bytes that it may have.
        limit: usize,
    },
    /// Issuer: the connection broke before the body's end.
    Truncated,
    /// Issuer: the metadata cannot be used.
    Metadata(MetadataError),
    /// Operator: the metadata is another issuer's: its `issuer` does not equal the configured one byte
    /// for byte. RFC 8414 section 3.3.
    IssuerMismatch {
        /// The issuer that is configured; its host alone if it has user information.
        expected: String,
        /// The metadata's `issuer`, cut after 200 characters.
        found: String,
    },
    /// Issuer: the body is not a JWK Set.
    KeySet(JwkSetError),
    /// Operator: the body is the issuer's metadata, not a JWK Set.
    MetadataAsKeySet,
    /// Issuer: the set has no key that can be used.
    NoUsableKeys {
        /// How many entries were skipped.
        skipped: usize,
        /// The first ten of them, with their reasons.
        reasons: Vec<SkippedKey>,
    },
    /// Operator: the proxy cannot be reached, refused the connection, or could not reach the host.
    Proxy {
        /// The host of the proxy, with its port if its URL names one.
        proxy: String,
        /// What happened.
        error: ProxyError,
    },
    /// Operator: the file of the key set cannot be read.
    File {
        /// The operating system's error.
        kind: ErrorKind,
    },
    /// Operator: the path of the key set leads to a directory, a pipe or a device.
    FileType,
    /// Operator: the file of `bearer_token_file` cannot be read, or holds no token. Nothing was sent.
    TokenFile {
        /// The operating system's error, `TimedOut` if the read did not end within the timeout, or
        /// `InvalidData` if the path leads to a directory, a pipe or a device, or the file is empty, has
        /// 64 KiB or more, or holds something else than one token.
        kind: ErrorKind,
    },
    /// Operator: no thread could be started for the fetch, or it panicked.
    Thread,
    /// Operator: an error of your own [`Fetch`](crate::remote::Fetch) that has no variant here. Made by
    /// [`FetchError::custom`].
    Custom {
        /// The error in words. `Display` escapes what is not printable ASCII.
        reason: String,
    },
}

impl FetchError {
    /// An error of your own [`Fetch`](crate::remote::Fetch), in the words of `reason`. The first 200
    /// characters are kept.
    ///
    /// [`Health`](crate::remote::Health), logs and explanations show them, so they must hold no secret. The
    /// errors of many HTTP clients contain the whole URL.
    ///
    /// ```
    /// use tokenring::remote::FetchError;
    ///
    /// let error = FetchError::custom("the vault is sealed");
    /// assert_eq!((error.code(), error.to_string()), ("custom", "the vault is sealed".to_owned()));
    /// ```
    pub fn custom(reason: impl fmt::Display) -> Self {
        let reason = reason.to_string();
        Self::Custom { reason: reason.chars().take(MAX_TEXT).collect() }
    }

    /// A set without a usable key, in which these entries were skipped.
    pub(crate) fn no_usable_keys(skipped: &[SkippedKey]) -> Self {
        let reasons = skipped.iter().take(MAX_REASONS).cloned().collect();
        Self::NoUsableKeys { skipped: skipped.len(), reasons }
    }

    /// Metadata of the issuer `found` in place of `expected`.
    pub(crate) fn issuer_mismatch(expected: &str, found: &str) -> Self {
        let found = found.chars().take(MAX_TEXT).collect();
        // With a caller's own client it may have a password, which no text shows.
        let expected = match expected.contains('@') {
            true => host_of(expected).unwrap_or_default(),
            false => expected,
        };
        Self::IssuerMismatch { expected: expected.into(), found }
    }

    /// A redirect to `location`, the value of that header. Keeps its host only.
    pub fn redirect(status: u16, location: &str) -> Self {
        let host = host_of(location).filter(|host| host.len() <= MAX_HOST_BYTES);
        Self::Redirect { status, host: host.map(String::from) }
    }

    /// A stable name of this error for metrics. There are few of them.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::HostNotFound => "host_not_found",
            Self::ResolveTimeout => "resolve_timeout",
            Self::Connect { .. } => "connect",
            Self::ConnectTimeout => "connect_timeout",
            Self::Tls { .. } => "tls",
            Self::TlsTimeout => "tls_timeout",
            Self::Timeout => "timeout",
            Self::BodyTimeout => "body_timeout",
            Self::Status { .. } => "status",
            Self::Redirect { .. } => "redirect",
            Self::Protocol => "protocol",
            Self::HeadersTooLarge => "headers_too_large",
            Self::ContentEncoding => "content_encoding",
            Self::BodyTooLong { .. } => "body_too_long",
            Self::Truncated => "truncated",
            Self::Metadata(_) => "metadata",
            Self::IssuerMismatch { .. } => "issuer_mismatch",
            Self::KeySet(_) => "key_set",
            Self::MetadataAsKeySet => "metadata_as_key_set",
            Self::NoUsableKeys { .. } => "no_usable_keys",
            Self::Proxy { error, .. } => error.code(),
            Self::File { .. } => "file",
            Self::FileType => "file_type",
            Self::TokenFile { .. } => "token_file",
            Self::Thread => "thread",
            Self::Custom { .. } => "custom",
        }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HostNotFound => f.write_str("the host's name cannot be resolved"),
            Self::ResolveTimeout => f.write_str("the name servers did not answer in time"),
            Self::Connect { kind } => write!(f, "no connection to the host: {kind}"),
            Self::ConnectTimeout => f.write_str("there was no connection to the host in time"),
            Self::Tls { fault: TlsFault::Other, reason } => {
                write!(f, "TLS with the host failed: {reason}")
            }
            Self::Tls { fault, reason } => {
                write!(f, "TLS with the host failed, {fault}: {reason}")
            }
            Self::TlsTimeout => f.write_str("the TLS handshake was not complete in time"),
            Self::Timeout => f.write_str("the answer was not complete in time"),
            Self::BodyTimeout => f.write_str("the body was not complete in time"),
            Self::Status { status, .. } => {
                write!(f, "the host answered with status {status} instead of 200")
            }
            Self::Redirect { status, host: Some(host) } => {
                write!(f, "the host redirects ({status}) to {host:?}, which is not followed")
            }
            Self::Redirect { status, host: None } => {
                write!(
                    f,
                    "the host redirects ({status}) without naming a host, which is not followed"
                )
            }
            Self::Protocol => f.write_str("the host did not answer in proper HTTP"),
            Self::HeadersTooLarge => {
                f.write_str("the headers of the answer are longer than 64 KiB, or more than 128")
            }
            Self::ContentEncoding => f.write_str("the body came encoded, which is not accepted"),
            Self::BodyTooLong { limit } => write!(f, "the body is longer than {limit} bytes"),
            Self::Truncated => f.write_str("the connection closed before the end of the body"),
            Self::Metadata(error) => write!(f, "{error}"),
            Self::IssuerMismatch { expected, found } => write!(
                f,
                "the metadata's `issuer` is {}, and the issuer configured here is {}",
                quoted(found),
                quoted(expected),
            ),
            Self::KeySet(error) => write!(f, "{error}"),
            Self::MetadataAsKeySet => {
                f.write_str("the document is the issuer's metadata, not a key set")
            }
            Self::NoUsableKeys { skipped, reasons } => {
                write!(f, "the key set has no usable key, {skipped} were skipped")?;
                for (place, key) in reasons.iter().enumerate() {
                    let separator = if place == 0 { ": " } else { "; " };
                    write!(f, "{separator}entry {}: {}", key.index(), key.error())?;
                }
                Ok(())
            }
            Self::Proxy { proxy, error } => write!(f, "the proxy {proxy} {error}"),
            Self::TokenFile { kind } => {
                write!(f, "the file of the bearer token cannot be used: {kind}")
            }
            Self::File { kind } => write!(f, "the file cannot be read: {kind}"),
            Self::FileType => f.write_str("the path leads to a directory, a pipe or a device"),
            Self::Thread => f.write_str("the fetch had no thread to run on, or it panicked"),
            Self::Custom { reason } => f.write_str(&up_to(reason, MAX_TEXT)),
        }
    }
}

impl Error for FetchError {}

/// Why the issuer's metadata cannot be used. OpenID Connect Discovery 1.0 section 4.2, RFC 8414
/// section 3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetadataError {
    /// Issuer: not one strict JSON object.
    Json(JsonError),
    /// Operator: a JWK Set, not metadata.
    KeySet,
    /// Issuer: a required member is absent.
    MemberMissing {
        /// `issuer` or `jwks_uri`.
        member: &'static str,
    },
    /// Issuer: a member is not a string.
    MemberType {
        /// `issuer` or `jwks_uri`.
        member: &'static str,
    },
    /// Issuer: `jwks_uri` is not a URL that may be fetched.
    JwksUri(FetchConfigError),
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "the metadata: {error}"),
            Self::KeySet => f.write_str("the document is a key set, not the issuer's metadata"),
            Self::MemberMissing { member } => write!(f, "the metadata has no `{member}`"),
            Self::MemberType { member } => write!(f, "the metadata's `{member}` is not a string"),
            Self::JwksUri(error) => write!(f, "the metadata's `jwks_uri` cannot be used: {error}"),
        }
    }
}

impl Error for MetadataError {}

/// What happened at the proxy. The text follows the proxy's name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyError {
    /// Operator: the proxy's name cannot be resolved.
    HostNotFound,
    /// Operator: there was no connection to the proxy, or it broke before the proxy's answer.
    Connect {
        /// The operating system's error.
        kind: ErrorKind,
    },
    /// Operator: TLS with the proxy failed, whose URL begins with `https:`.
    Tls {
        /// The TLS library's error.
        reason: String,
    },
    /// Operator: the proxy accepted the connection and did not answer in time.
    Timeout,
    /// Operator: the proxy did not answer in HTTP.
    Protocol,
    /// Operator: the proxy does not connect to the host. With status 407 it demands credentials, or others
    /// than those of its URL; with 403 its rules forbid the host.
    Refused {
        /// The status code of its answer.
        status: u16,
    },
    /// Operator: the proxy tried, and could not reach the host.
    HostUnreachable {
        /// The status code of its answer: 502, 503 or 504. For plain `http:`, a 503 may be the host's, and
        /// is a [`FetchError::Status`].
        status: u16,
    },
}

impl ProxyError {
    /// The error for a proxy's answer with this status. RFC 9110 section 15.6.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            502..=504 => Self::HostUnreachable { status },
            _ => Self::Refused { status },
        }
    }

    const fn code(&self) -> &'static str {
        match self {
            Self::HostNotFound
            | Self::Connect { .. }
            | Self::Tls { .. }
            | Self::Timeout
            | Self::Protocol => "proxy_unreachable",
            Self::Refused { .. } => "proxy_refused",
            Self::HostUnreachable { .. } => "proxy_host_unreachable",
        }
    }
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HostNotFound => f.write_str("has a name that cannot be resolved"),
            Self::Connect { kind } => write!(f, "cannot be reached: {kind}"),
            Self::Tls { reason } => write!(f, "cannot be reached over TLS: {reason}"),
            Self::Timeout => f.write_str("did not answer in time"),
            Self::Protocol => f.write_str("did not answer in proper HTTP, so it may be no proxy"),
            Self::Refused { status: 407 } => {
                f.write_str("demands credentials (status 407), and its URL has none or others")
            }
            Self::Refused { status: 403 } => {
                f.write_str("forbids the connection to the host (status 403)")
            }
            Self::Refused { status } => {
                write!(f, "refused the connection to the host with status {status}")
            }
            Self::HostUnreachable { status } => {
                write!(f, "could not reach the host (status {status})")
            }
        }
    }
}

impl Error for ProxyError {}

/// How many characters are kept of a text that others wrote: a peer, a TLS library, a caller's own client.
/// No issuer's identifier that we know is longer.
pub(crate) const MAX_TEXT: usize = 200;

/// The most entries that are described, so that a set of a hundred bad ones gives a short log line.
const MAX_REASONS: usize = 10;

/// The longest name that DNS allows, 253 bytes, and a port.
const MAX_HOST_BYTES: usize = 259;
