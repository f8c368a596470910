//! Every reason why keys cannot be fetched, and why a key source cannot be built. Never part of a
//! verdict.

use std::{error::Error, fmt, io::ErrorKind, string::String, time::Duration, vec::Vec};

use crate::{JsonError, JwkSetError, SkippedKey};

/// Why one attempt to fetch a key set failed. Never part of a verdict: see
/// [`Health::last_error`](crate::remote::Health::last_error), which names the host as well.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchError {
    /// Operator: the host's name cannot be resolved.
    HostNotFound,
    /// Operator: there was no connection, or it broke before the status line.
    Connect {
        /// The operating system's error.
        kind: ErrorKind,
    },
    /// Operator: TLS failed: certificate, host name or protocol.
    Tls {
        /// The TLS library's error.
        reason: String,
    },
    /// Operator: the request was not complete within its timeout.
    Timeout,
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
        /// `Location` without query and fragment, cut after 200 characters.
        location: String,
    },
    /// Issuer: the response is not valid HTTP, or its headers are too large.
    Protocol,
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
    IssuerMismatch,
    /// Issuer: the body is not a JWK Set.
    KeySet(JwkSetError),
    /// Issuer: the set has no key that can be used.
    NoUsableKeys {
        /// How many entries were skipped.
        skipped: usize,
        /// The first ten of them, with their reasons.
        reasons: Vec<SkippedKey>,
    },
    /// Operator: the proxy cannot be reached, or it refused the connection.
    Proxy,
    /// Operator: no thread could be started for the fetch, or it panicked.
    Thread,
}

impl FetchError {
    /// A set without a usable key, in which these entries were skipped.
    pub(crate) fn no_usable_keys(skipped: &[SkippedKey]) -> Self {
        let reasons = skipped.iter().take(MAX_REASONS).cloned().collect();
        Self::NoUsableKeys { skipped: skipped.len(), reasons }
    }

    /// A stable name of this error for metrics. There are few of them.
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
            Self::Metadata(_) => "metadata",
            Self::IssuerMismatch => "issuer_mismatch",
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
            Self::HostNotFound => f.write_str("the host's name cannot be resolved"),
            Self::Connect { kind } => write!(f, "no connection to the host: {kind}"),
            Self::Tls { reason } => write!(f, "TLS with the host failed: {reason}"),
            Self::Timeout => f.write_str("the answer was not complete in time"),
            Self::Status { status, .. } => {
                write!(f, "the host answered with status {status} instead of 200")
            }
            Self::Redirect { status, location } => {
                write!(f, "the host redirects ({status}) to ")?;
                match target_host(location) {
                    Some(host) => write!(f, "{host:?}")?,
                    None => f.write_str("another path")?,
                }
                f.write_str(", which is not followed")
            }
            Self::Protocol => f.write_str("the host did not answer in proper HTTP"),
            Self::ContentEncoding => f.write_str("the body came encoded, which is not accepted"),
            Self::BodyTooLong { limit } => write!(f, "the body is longer than {limit} bytes"),
            Self::Truncated => f.write_str("the connection closed before the end of the body"),
            Self::Metadata(error) => write!(f, "{error}"),
            Self::IssuerMismatch => f.write_str(
                "the metadata's `issuer` is not the issuer configured here, compare them including the trailing slash",
            ),
            Self::KeySet(error) => write!(f, "{error}"),
            Self::NoUsableKeys { skipped, reasons } => {
                write!(f, "the key set has no usable key, {skipped} were skipped")?;
                for (place, key) in reasons.iter().enumerate() {
                    let separator = if place == 0 { ": " } else { "; " };
                    write!(f, "{separator}entry {}: {}", key.index(), key.error())?;
                }
                Ok(())
            }
            Self::Proxy => f.write_str("the proxy cannot be reached or refused the connection"),
            Self::Thread => f.write_str("the fetch had no thread to run on, or it panicked"),
        }
    }
}

impl Error for FetchError {}

/// The host of a redirect's target. None if the target is relative. The path is left out: it may hold
/// a secret.
fn target_host(location: &str) -> Option<&str> {
    let (_, rest) = location.split_once("//")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    authority.rsplit('@').next()
}

/// Why the issuer's metadata cannot be used. OpenID Connect Discovery 1.0 section 4.2, RFC 8414
/// section 3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetadataError {
    /// Issuer: not one strict JSON object.
    Json(JsonError),
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
            Self::MemberMissing { member } => write!(f, "the metadata has no `{member}`"),
            Self::MemberType { member } => write!(f, "the metadata's `{member}` is not a string"),
            Self::JwksUri(error) => write!(f, "the metadata's `jwks_uri` cannot be used: {error}"),
        }
    }
}

impl Error for MetadataError {}

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
    /// Operator: the issuer's URL has a query. OpenID Connect Discovery 1.0 section 3.
    IssuerQuery,
    /// Operator: a duration or a limit is zero.
    Zero {
        /// The builder's method.
        setting: &'static str,
    },
    /// Operator: `ttl` is less than a second.
    TtlTooShort,
    /// Operator: `stale_cap` is less than `ttl`.
    StaleCapBelowTtl,
    /// Operator: a timeout is longer than a day.
    TimeoutTooLong {
        /// The builder's method.
        setting: &'static str,
    },
    /// Operator: `max_body` is more than the 512 KiB that a key set may have.
    MaxBodyTooLarge,
    /// Operator: no certificate in the PEM text, or one that cannot be read.
    RootCerts,
    /// Operator: the proxy's address cannot be read, or the proxy is not an HTTP proxy.
    Proxy,
    /// Operator: the seed is not a JWK Set.
    Seed(JwkSetError),
    /// Operator: the seed has no usable key.
    SeedWithoutKeys,
    /// Operator: the seed's time is later than the clock's.
    SeedFromFuture,
}

impl fmt::Display for FetchConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url => f.write_str(
                "the URL must be absolute, with a host, without user information and fragment",
            ),
            Self::NotHttps => f.write_str("the URL must begin with https:"),
            Self::NotLoopback => {
                f.write_str("http: is allowed for 127.0.0.0/8, [::1] and localhost only")
            }
            Self::IssuerQuery => f.write_str("the issuer's URL must not have a query"),
            Self::Zero { setting } => write!(f, "{setting} must not be zero"),
            Self::TtlTooShort => f.write_str("ttl must be at least a second"),
            Self::StaleCapBelowTtl => f.write_str("stale_cap must not be less than ttl"),
            Self::TimeoutTooLong { setting } => write!(f, "{setting} must not exceed a day"),
            Self::MaxBodyTooLarge => f.write_str("max_body must not exceed 524288"),
            Self::RootCerts => f.write_str("root_certs_pem must hold certificates in PEM"),
            Self::Proxy => f.write_str("the proxy must be an HTTP proxy, given by its URL"),
            Self::Seed(error) => write!(f, "the seed is not a key set: {error}"),
            Self::SeedWithoutKeys => f.write_str("the seed has no usable key"),
            Self::SeedFromFuture => f.write_str("the seed's time must not be in the future"),
        }
    }
}

impl Error for FetchConfigError {}

/// The most entries that are described, so that a set of a hundred bad ones gives a short log line.
const MAX_REASONS: usize = 10;
