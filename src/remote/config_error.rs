//! Every reason why a key source cannot be built.

use std::{error::Error, fmt, io::ErrorKind};

use crate::{JwkSetError, SettingFault};

/// Why a [`RemoteJwks`](crate::RemoteJwks) cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchConfigError {
    /// Operator: not an absolute URL with a host, or one with user information or a fragment.
    Url,
    /// Operator: no URL is meant with this text.
    SpoiledUrl {
        /// The fault of its text.
        fault: SettingFault,
    },
    /// Operator: the URL begins with its host.
    UrlWithoutScheme,
    /// Operator: neither `https:` nor an `http:` that was allowed.
    NotHttps,
    /// Operator: `danger_allow_http` was given something else than a host.
    HttpHost,
    /// Operator: the issuer's URL has a query. OpenID Connect Discovery 1.0 section 3.
    IssuerQuery,
    /// Operator: the issuer's URL has a segment `.well-known`, so it is that of the metadata.
    IssuerWellKnown,
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
    /// Operator: root certificates that are not PEM, or have something else beside them.
    RootCerts(RootCertsFault),
    /// Operator: a file of root certificates cannot be read.
    RootCertsFile {
        /// The operating system's error. `InvalidData` for a directory, a pipe or a device, and for a file of
        /// more than 4 MiB.
        kind: ErrorKind,
    },
    /// Operator: the client certificates are not PEM, or the first is not one of version 3.
    ClientCert,
    /// Operator: not one private key in PEM, or one that cannot be used: RSA from 2048 bits, P-256, P-384
    /// and Ed25519 can.
    ClientKey,
    /// Operator: the private key is not that of the first client certificate.
    ClientKeyMismatch,
    /// Operator: the name of a header is not a token. RFC 9110 section 5.1.
    HeaderName,
    /// Operator: the value of a header is empty, or not visible ASCII with spaces inside.
    HeaderValue,
    /// Operator: the value of a header has a placeholder.
    SpoiledHeader {
        /// The fault of its text.
        fault: SettingFault,
    },
    /// Operator: a header that the client itself sets, or that would make the answer another than 200.
    ReservedHeader,
    /// Operator: a header is given twice, or `Authorization` beside `bearer_token_file`.
    RepeatedHeader,
    /// Operator: `user_agent` is empty, or not visible ASCII with spaces inside.
    UserAgent,
    /// Operator: not the URL of a proxy. Characters such as `@`, `/` and `#` in its credentials must be
    /// percent-encoded.
    Proxy {
        /// The environment variable, or the builder's method.
        setting: &'static str,
    },
    /// Operator: a proxy of another kind than `http:` and `https:`, such as `socks5:`.
    ProxyScheme {
        /// The environment variable, or the builder's method.
        setting: &'static str,
    },
    /// Operator: the path of the key set's file ends in no name.
    FileName,
    /// Operator: a file has no HTTP client that [`fetch`](crate::remote::RemoteJwksBuilder::fetch) could replace.
    FetchOfFile,
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
            Self::SpoiledUrl { fault } => write!(f, "the URL {fault}"),
            Self::UrlWithoutScheme => {
                f.write_str("the URL has no scheme, write https:// before its host")
            }
            Self::NotHttps => f.write_str(
                "the URL must begin with https:, unless danger_allow_http or danger_allow_http_loopback allows http: for its host",
            ),
            Self::HttpHost => f.write_str(
                "danger_allow_http must be given a host, without scheme, port and path",
            ),
            Self::IssuerQuery => f.write_str("the issuer's URL must not have a query"),
            Self::IssuerWellKnown => f.write_str(
                "the issuer's URL is that of its metadata, end it before /.well-known/",
            ),
            Self::Zero { setting } => write!(f, "{setting} must not be zero"),
            Self::TtlTooShort => f.write_str("ttl must be at least a second"),
            Self::StaleCapBelowTtl => f.write_str("stale_cap must not be less than ttl"),
            Self::TimeoutTooLong { setting } => write!(f, "{setting} must not exceed a day"),
            Self::MaxBodyTooLarge => f.write_str("max_body must not exceed 524288"),
            Self::RootCerts(fault) => write!(f, "{fault}"),
            Self::RootCertsFile { kind } => {
                write!(f, "the file of root certificates cannot be read: {kind}")
            }
            Self::ClientCert => f.write_str(
                "client_cert_pem must be given certificates in PEM, of version 3, with nothing else beside them",
            ),
            Self::ClientKey => f.write_str(
                "client_cert_pem must be given one private key in PEM, of RSA, P-256, P-384 or Ed25519",
            ),
            Self::ClientKeyMismatch => {
                f.write_str("the private key is not that of the first client certificate")
            }
            Self::HeaderName => f.write_str("the name of a header must be a token of RFC 9110"),
            Self::HeaderValue => {
                f.write_str("the value of a header must be visible ASCII, with spaces only inside")
            }
            Self::SpoiledHeader { fault } => write!(f, "the value of a header {fault}"),
            Self::ReservedHeader => {
                f.write_str("this header is set by the client itself, or may not be sent with a fetch")
            }
            Self::RepeatedHeader => f.write_str(
                "a header must be given once, and Authorization not beside bearer_token_file",
            ),
            Self::UserAgent => {
                f.write_str("user_agent must be visible ASCII, with spaces only inside")
            }
            Self::Proxy { setting } => write!(
                f,
                "{setting} must be the URL of a proxy, http://HOST:PORT, with credentials percent-encoded"
            ),
            Self::ProxyScheme { setting } => {
                write!(f, "{setting} must be an http: or https: proxy, other kinds are not supported")
            }
            Self::FileName => f.write_str("the path must be that of a file and end in its name"),
            Self::FetchOfFile => {
                f.write_str("fetch is for a URL or an issuer, a key set in a file has no HTTP client")
            }
            Self::Seed(error) => write!(f, "the seed is not a key set: {error}"),
            Self::SeedWithoutKeys => f.write_str("the seed has no usable key"),
            Self::SeedFromFuture => f.write_str("the seed's time must not be in the future"),
        }
    }
}

impl Error for FetchConfigError {}

/// Why root certificates cannot be used. RFC 7468 section 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RootCertsFault {
    /// Nothing, or nothing but white space.
    Empty,
    /// The text is UTF-16.
    Utf16,
    /// The text begins with a byte order mark.
    ByteOrderMark,
    /// DER in place of a PEM text.
    Der,
    /// Line breaks are written as a backslash and `n`.
    EscapedLineBreaks,
    /// A private key, alone or beside certificates.
    PrivateKey,
    /// Not PEM, no certificate, or something else beside certificates.
    NotCertificates,
}

impl fmt::Display for RootCertsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the root certificates are empty",
            Self::Utf16 => "the root certificates are UTF-16, save them as UTF-8 or ASCII",
            Self::ByteOrderMark => "the root certificates begin with a byte order mark, remove it",
            Self::Der => {
                "the root certificates are DER, convert them with openssl x509 -inform DER"
            }
            Self::EscapedLineBreaks => {
                "the line breaks of the root certificates are written as \\n, replace them with line breaks"
            }
            Self::PrivateKey => {
                "the root certificates have a private key beside them, which belongs to their owner alone"
            }
            Self::NotCertificates => {
                "root certificates must be in PEM, with nothing else beside them"
            }
        })
    }
}
