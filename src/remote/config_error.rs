//! Why a key source cannot be built.

use std::{error::Error, fmt};

use crate::JwkSetError;

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
