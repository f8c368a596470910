//! The frequent faults of a TLS connection, in words. RFC 8446, RFC 5280.

use std::fmt;

/// Why a TLS connection failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsFault {
    /// No trusted authority signed the certificate. Also for a self-signed one.
    UnknownIssuer,
    /// The certificate is for another host.
    OtherHost,
    /// The certificate has expired.
    Expired,
    /// The certificate is not valid yet.
    NotYetValid,
    /// The certificate is that of an authority, not of a server.
    AuthorityAsServer,
    /// The certificate or one above it has a version, a signature algorithm or an extension that the client
    /// does not support.
    Unsupported,
    /// The host refused the handshake: it has no protocol version or cipher in common with the client, or
    /// does not know the host's name.
    Refused,
    /// The host demands a client certificate, or does not accept the one that was shown.
    ClientCertificate,
    /// The answer was not TLS.
    NotTls,
    /// The host closed the connection during the handshake.
    Closed,
    /// Another fault.
    Other,
}

impl TlsFault {
    /// A stable name of this fault for metrics. There are few of them.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownIssuer => "unknown_issuer",
            Self::OtherHost => "other_host",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::AuthorityAsServer => "authority_as_server",
            Self::Unsupported => "unsupported",
            Self::Refused => "refused",
            Self::ClientCertificate => "client_certificate",
            Self::NotTls => "not_tls",
            Self::Closed => "closed",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownIssuer => "no trusted authority signed its certificate",
            Self::OtherHost => "its certificate is for another host",
            Self::Expired => "its certificate has expired",
            Self::NotYetValid => "its certificate is not valid yet",
            Self::AuthorityAsServer => "its certificate is that of an authority, not of a server",
            Self::Unsupported => "its certificate has a form that is not supported",
            Self::Refused => "it refused the handshake",
            Self::ClientCertificate => "it demands another client certificate, or one at all",
            Self::NotTls => "it answered with something else than TLS",
            Self::Closed => "it closed the connection",
            Self::Other => "another fault",
        })
    }
}
