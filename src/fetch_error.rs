//! Every way in which keys cannot be had over the network. Never inside a verdict.

use std::{error::Error, fmt, io::ErrorKind, string::String, time::Duration};

use crate::{JwkSetError, PolicyError};

/// Why one attempt to fetch a key set failed. Never inside a verdict: see
/// [`RemoteJwks::health`](crate::RemoteJwks::health).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchError {
    /// Operator: the host's name cannot be resolved.
    HostNotFound,
    /// Operator: no connection, or it broke before there was a status.
    Connect {
        /// What the operating system said.
        kind: ErrorKind,
    },
    /// Operator: TLS failed: certificate, host name or protocol.
    Tls {
        /// What the TLS library said.
        reason: String,
    },
    /// Operator: not done within the time allowed.
    Timeout,
    /// Issuer: a status other than 200.
    Status {
        /// The status code.
        status: u16,
        /// `Retry-After`, if it was a number of seconds. RFC 9110 section 10.2.3.
        retry_after: Option<Duration>,
    },
    /// Operator: a redirect, which is never followed. The URL must be that of the key set itself.
    Redirect {
        /// The status code.
        status: u16,
        /// `Location`, cut at 200 characters.
        location: String,
    },
    /// Issuer: the answer is not HTTP as it should be, or its headers are too large.
    Protocol,
    /// Issuer: the body is encoded, although no encoding was accepted. RFC 9110 section 8.4.
    ContentEncoding,
    /// Issuer: the body is longer than allowed.
    BodyTooLong {
        /// The most bytes it may have.
        limit: usize,
    },
    /// Issuer: the connection broke before the body's end.
    Truncated,
    /// Issuer: the body is not a JWK Set.
    KeySet(JwkSetError),
    /// Issuer: the set has no key that can be used.
    NoUsableKeys {
        /// How many keys were skipped.
        skipped: usize,
    },
    /// Operator: the proxy cannot be reached, or it refused.
    Proxy,
    /// Operator: no thread could be started for the fetch, or it panicked.
    Thread,
}

impl FetchError {
    /// A name for this error in metrics: stable, and one of a small number.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::HostNotFound => "host_not_found",
            Self::Connect { .. } => "connect",
            Self::Tls { .. } => "tls",
            Self::Timeout => "timeout",
            Self::Status { .. } => "status",
            Self::Redirect { .. } => "redirect",
            Self::Protocol => "protocol",
            Self::ContentEncoding => "content_encoding",
            Self::BodyTooLong { .. } => "body_too_long",
            Self::Truncated => "truncated",
            Self::KeySet(_) => "key_set",
            Self::NoUsableKeys { .. } => "no_usable_keys",
            Self::Proxy => "proxy",
            Self::Thread => "thread",
        }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HostNotFound => f.write_str("the key set's host is not known"),
            Self::Connect { kind } => write!(f, "no connection to the key set's host: {kind}"),
            Self::Tls { reason } => write!(f, "TLS with the key set's host failed: {reason}"),
            Self::Timeout => f.write_str("the key set did not come in time"),
            Self::Status { status, .. } => {
                write!(f, "the key set's host answered with status {status} instead of 200")
            }
            Self::Redirect { status, location } => write!(
                f,
                "the key set's host redirects ({status}) to {location:?}, which is not followed"
            ),
            Self::Protocol => f.write_str("the key set's host did not answer in proper HTTP"),
            Self::ContentEncoding => f.write_str("the key set came encoded, which is not accepted"),
            Self::BodyTooLong { limit } => write!(f, "the key set is longer than {limit} bytes"),
            Self::Truncated => f.write_str("the key set broke off"),
            Self::KeySet(error) => write!(f, "{error}"),
            Self::NoUsableKeys { skipped } => {
                write!(f, "the key set has no usable key, {skipped} were skipped")
            }
            Self::Proxy => f.write_str("the proxy cannot be used"),
            Self::Thread => f.write_str("the thread that fetched the key set failed"),
        }
    }
}

impl Error for FetchError {}

/// Why a [`RemoteJwks`](crate::RemoteJwks) cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchConfigError {
    /// Operator: not an absolute URL with a host, or one with user information or a fragment.
    Url,
    /// Operator: neither `https:` nor an `http:` that was allowed.
    NotHttps,
    /// Operator: `http:` is allowed for loopback hosts only.
    NotLoopback,
    /// Operator: a duration or a limit is zero.
    Zero {
        /// The builder's method.
        setting: &'static str,
    },
    /// Operator: `stale_cap` is less than `ttl`.
    StaleCapBelowTtl,
    /// Operator: no certificate in the PEM text, or one that cannot be read.
    RootCerts,
    /// Operator: the proxy's address cannot be read, or the proxy is not an HTTP proxy.
    Proxy,
}

impl fmt::Display for FetchConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url => f.write_str(
                "the key set's URL must be absolute, with a host, without user information and fragment",
            ),
            Self::NotHttps => f.write_str("the key set's URL must begin with https:"),
            Self::NotLoopback => {
                f.write_str("http: is allowed for 127.0.0.0/8, [::1] and localhost only")
            }
            Self::Zero { setting } => write!(f, "{setting} must not be zero"),
            Self::StaleCapBelowTtl => f.write_str("stale_cap must not be less than ttl"),
            Self::RootCerts => f.write_str("root_certs_pem must hold certificates in PEM"),
            Self::Proxy => f.write_str("the proxy must be an HTTP proxy, given by its URL"),
        }
    }
}

impl Error for FetchConfigError {}

/// Why [`Auth0`](crate::Auth0) has no use for its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Auth0ConfigError {
    /// Operator: not set, or empty.
    Missing {
        /// The variable's name.
        variable: &'static str,
    },
    /// Operator: not Unicode.
    NotUnicode {
        /// The variable's name.
        variable: &'static str,
    },
    /// Operator: not a DNS host name with or without `https://` and one slash at the end.
    NotHostName {
        /// The variable's name.
        variable: &'static str,
    },
    /// Operator: the key source cannot be built.
    Keys(FetchConfigError),
    /// Operator: the policy cannot be used.
    Policy(PolicyError),
}

impl fmt::Display for Auth0ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { variable } => {
                let example = match *variable {
                    "AUTH0_AUDIENCE" => {
                        "the identifier of the API, such as https://api.example.com/"
                    }
                    _ => "the domain of the tenant, such as tenant.eu.auth0.com",
                };
                write!(f, "{variable} is not set, it must be {example}")
            }
            Self::NotUnicode { variable } => write!(f, "{variable} is not Unicode"),
            Self::NotHostName { variable } => write!(
                f,
                "{variable} must be a host name in lower case, such as tenant.eu.auth0.com or https://tenant.eu.auth0.com/, without port, path or anything else"
            ),
            Self::Keys(error) => write!(f, "the tenant's keys cannot be fetched: {error}"),
            Self::Policy(error) => write!(f, "{error}"),
        }
    }
}

impl Error for Auth0ConfigError {}
