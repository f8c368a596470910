//! From an error of rustls to its [`TlsFault`].

use crate::{
    explain::text::up_to,
    remote::{
        error::{FetchError, MAX_TEXT},
        tls_fault::TlsFault,
    },
};

/// The error that rustls shows as `text`. The types of rustls cannot be named without depending on it.
pub(super) fn tls_error(text: &str) -> FetchError {
    FetchError::Tls { fault: fault(text), reason: up_to(text, MAX_TEXT) }
}

/// The peer chooses names in these texts, but never their beginnings.
fn fault(text: &str) -> TlsFault {
    FAULTS.iter().find(|(start, _)| text.starts_with(start)).map_or(TlsFault::Other, |row| row.1)
}

/// The beginnings of the texts, the special ones first.
const FAULTS: [(&str, TlsFault); 28] = [
    ("invalid peer certificate: UnknownIssuer", TlsFault::UnknownIssuer),
    ("invalid peer certificate: certificate not valid for name", TlsFault::OtherHost),
    ("invalid peer certificate: NotValidForName", TlsFault::OtherHost),
    ("invalid peer certificate: certificate expired", TlsFault::Expired),
    ("invalid peer certificate: Expired", TlsFault::Expired),
    ("invalid peer certificate: certificate not valid yet", TlsFault::NotYetValid),
    ("invalid peer certificate: NotValidYet", TlsFault::NotYetValid),
    ("invalid peer certificate: Other(OtherError(CaUsedAsEndEntity", TlsFault::AuthorityAsServer),
    ("invalid peer certificate: Other(OtherError(Unsupported", TlsFault::Unsupported),
    ("invalid peer certificate: Unsupported", TlsFault::Unsupported),
    ("invalid peer certificate: UnhandledCriticalExtension", TlsFault::Unsupported),
    ("invalid peer certificate: BadEncoding", TlsFault::Unsupported),
    ("received fatal alert: HandshakeFailure", TlsFault::Refused),
    ("received fatal alert: ProtocolVersion", TlsFault::Refused),
    ("received fatal alert: InsufficientSecurity", TlsFault::Refused),
    ("received fatal alert: UnrecognisedName", TlsFault::Refused),
    ("received fatal alert: InternalError", TlsFault::Refused),
    ("received fatal alert: AccessDenied", TlsFault::Refused),
    ("peer is incompatible: ", TlsFault::Refused),
    ("received fatal alert: CertificateRequired", TlsFault::ClientCertificate),
    ("received fatal alert: CertificateUnknown", TlsFault::ClientCertificate),
    ("received fatal alert: CertificateExpired", TlsFault::ClientCertificate),
    ("received fatal alert: CertificateRevoked", TlsFault::ClientCertificate),
    ("received fatal alert: BadCertificate", TlsFault::ClientCertificate),
    ("received fatal alert: UnsupportedCertificate", TlsFault::ClientCertificate),
    ("received fatal alert: UnknownCA", TlsFault::ClientCertificate),
    ("received corrupt message", TlsFault::NotTls),
    ("peer sent excess record size", TlsFault::NotTls),
];

#[cfg(test)]
mod tests {
    use std::{format, string::ToString as _};

    use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible};

    use super::*;

    #[test]
    fn peers_text_is_cut_between_characters() {
        let reason = |text: &str| match tls_error(text) {
            FetchError::Tls { fault: TlsFault::Other, reason } => reason,
            error => panic!("{error:?}"),
        };
        assert_eq!(reason("short\n"), r"short\u{a}");
        let cut = format!("{}... (402 bytes)", r"\u{e4}".repeat(200));
        assert_eq!(reason(&"\u{e4}".repeat(201)), cut);
    }

    /// The texts are rustls's own, so that a new version of it cannot change one unnoticed.
    #[test]
    fn error_of_rustls_is_recognized_by_its_text() {
        let certificate = |error: CertificateError| Error::InvalidCertificate(error);
        for (error, expected) in [
            (certificate(CertificateError::UnknownIssuer), TlsFault::UnknownIssuer),
            (certificate(CertificateError::NotValidForName), TlsFault::OtherHost),
            (certificate(CertificateError::Expired), TlsFault::Expired),
            (certificate(CertificateError::NotValidYet), TlsFault::NotYetValid),
            (certificate(CertificateError::BadEncoding), TlsFault::Unsupported),
            (certificate(CertificateError::UnhandledCriticalExtension), TlsFault::Unsupported),
            (certificate(CertificateError::Revoked), TlsFault::Other),
            (certificate(CertificateError::BadSignature), TlsFault::Other),
            (Error::AlertReceived(AlertDescription::InsufficientSecurity), TlsFault::Refused),
            (Error::AlertReceived(AlertDescription::UnrecognisedName), TlsFault::Refused),
            (Error::AlertReceived(AlertDescription::InternalError), TlsFault::Refused),
            (PeerIncompatible::ServerDoesNotSupportTls12Or13.into(), TlsFault::Refused),
            (Error::AlertReceived(AlertDescription::BadCertificate), TlsFault::ClientCertificate),
            (
                Error::AlertReceived(AlertDescription::UnsupportedCertificate),
                TlsFault::ClientCertificate,
            ),
            (
                Error::AlertReceived(AlertDescription::CertificateRevoked),
                TlsFault::ClientCertificate,
            ),
            (
                Error::AlertReceived(AlertDescription::CertificateExpired),
                TlsFault::ClientCertificate,
            ),
            (
                Error::AlertReceived(AlertDescription::CertificateUnknown),
                TlsFault::ClientCertificate,
            ),
            (Error::AlertReceived(AlertDescription::DecodeError), TlsFault::Other),
            (Error::InvalidMessage(InvalidMessage::InvalidContentType), TlsFault::NotTls),
            (Error::PeerSentOversizedRecord, TlsFault::NotTls),
            (Error::DecryptError, TlsFault::Other),
        ] {
            let text = error.to_string();
            let recognized = FetchError::Tls { fault: expected, reason: text.clone() };
            assert_eq!(tls_error(&text), recognized);
        }
    }
}
