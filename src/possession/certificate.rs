//! A client's certificate: from the TLS layer, or in the three forms in which proxies hand it on. RFC 8705
//! section 3, RFC 9440.

use alloc::vec::Vec;
use core::{error::Error, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Thumbprint, sha256, target::escaped};
use crate::{DerError, PemError, pem};

/// The certificate that a client has shown, as its SHA-256. RFC 8705 section 3.1.
///
/// Neither its dates nor its chain are checked: the authorization server has bound the token to this
/// certificate, and the TLS layer has checked that the client has the private key.
///
/// # Behind a proxy
///
/// A field is the proxy's word only if the proxy removes what clients send in it, and if nobody reaches the
/// service past the proxy. Choose the one form that your proxy sets, and never try several: a client would
/// then choose. Each of the functions takes all values of the field, and returns `None` if there is no
/// certificate.
///
/// ```
/// use tokenring::possession::ClientCertificate;
///
/// let values = ["Hash=0380ed2f626650c840b2f263e6d2b29fae12ab39ae5db32b25ad27efad72e6fd;URI=spiffe://client"];
/// let certificate = ClientCertificate::from_envoy(values)?.unwrap();
/// // RFC 8705 appendix A.
/// assert_eq!(certificate.thumbprint().to_string(), "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0");
/// # Ok::<(), tokenring::possession::CertificateError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientCertificate(Thumbprint);

impl ClientCertificate {
    /// The certificate with this DER, as a TLS library returns it.
    ///
    /// # Errors
    ///
    /// [`CertificateError::TooLong`], [`CertificateError::Der`].
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        check_length(der)?;
        pem::check_certificate(der).map_err(CertificateError::Der)?;
        Ok(Self(Thumbprint::from_sha256(sha256([der]))))
    }

    /// The certificate whose DER has this SHA-256, for proxies that hand on nothing else.
    pub const fn from_sha256(digest: [u8; 32]) -> Self {
        Self(Thumbprint::from_sha256(digest))
    }

    /// The certificate in the field `Client-Cert`, which is `:`, base64 of DER, `:`. RFC 9440 section 2.2.
    ///
    /// # Errors
    ///
    /// [`CertificateError`].
    pub fn from_client_cert_field<V: AsRef<[u8]>>(
        values: impl IntoIterator<Item = V>,
    ) -> Result<Option<Self>, CertificateError> {
        single(values, |value| {
            // RFC 8941 section 4.2: spaces around an item are not part of it.
            let item = value.trim_matches(' ');
            if item.contains(',') {
                return Err(CertificateError::Several);
            }
            let between = item.strip_prefix(':').and_then(|rest| rest.strip_suffix(':'));
            let base64 = between.ok_or(CertificateError::NotByteSequence)?;
            let der = STANDARD.decode(base64).map_err(|_| CertificateError::NotBase64)?;
            Self::from_der(&der).map(Some)
        })
    }

    /// The certificate in a field that nginx sets to `$ssl_client_escaped_cert`: PEM, percent-encoded. An empty
    /// value is no certificate.
    ///
    /// # Errors
    ///
    /// [`CertificateError`].
    pub fn from_nginx<V: AsRef<[u8]>>(
        values: impl IntoIterator<Item = V>,
    ) -> Result<Option<Self>, CertificateError> {
        single(values, |value| {
            if value.is_empty() {
                return Ok(None);
            }
            let text = without_escapes(value)?;
            let der = pem::certificate(&text).map_err(CertificateError::Pem)?;
            Self::from_der(&der.ok_or(CertificateError::OtherPem)?).map(Some)
        })
    }

    /// The certificate in the field `x-forwarded-client-cert` of Envoy: the SHA-256 in its key `Hash`.
    ///
    /// The field must have one element. Envoy's mode `sanitize_set` removes what clients send; `append_forward`
    /// and `always_forward_only` do not.
    ///
    /// # Errors
    ///
    /// [`CertificateError`].
    pub fn from_envoy<V: AsRef<[u8]>>(
        values: impl IntoIterator<Item = V>,
    ) -> Result<Option<Self>, CertificateError> {
        single(values, |value| {
            let mut elements = outside_quotes(value, ',')?;
            let (Some(element), None) = (elements.pop(), elements.pop()) else {
                return Err(CertificateError::Several);
            };
            let mut hashes = Vec::new();
            for pair in outside_quotes(element, ';')? {
                let (key, value) = pair.split_once('=').ok_or(CertificateError::Element)?;
                if key.trim_ascii().eq_ignore_ascii_case("Hash") {
                    hashes.push(value);
                }
            }
            // Envoy writes one. Another would come from a text that it quotes in an ambiguous way.
            match hashes.as_slice() {
                [] => Err(CertificateError::HashMissing),
                [hash] => of_hex(hash).map(|digest| Some(Self::from_sha256(digest))),
                _ => Err(CertificateError::SeveralHashes),
            }
        })
    }

    /// The SHA-256 of its DER: `x5t#S256`. RFC 8705 section 3.1.
    pub const fn thumbprint(&self) -> &Thumbprint {
        &self.0
    }
}

/// Reads the one value of a field with `read`. No value is no certificate.
fn single<V: AsRef<[u8]>>(
    values: impl IntoIterator<Item = V>,
    read: impl FnOnce(&str) -> Result<Option<ClientCertificate>, CertificateError>,
) -> Result<Option<ClientCertificate>, CertificateError> {
    let mut values = values.into_iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(CertificateError::Several);
    }
    let value = value.as_ref();
    check_length(value)?;
    match core::str::from_utf8(value) {
        Ok(value) if value.is_ascii() => read(value),
        _ => Err(CertificateError::NotAscii),
    }
}

fn check_length(bytes: &[u8]) -> Result<(), CertificateError> {
    match bytes.len() {
        ..=MAX_BYTES => Ok(()),
        bytes => Err(CertificateError::TooLong { bytes }),
    }
}

/// `text` with its percent-encoding decoded. A plus sign is one, not a space. RFC 3986 section 2.1.
fn without_escapes(text: &str) -> Result<Vec<u8>, CertificateError> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let digits = bytes.next().zip(bytes.next());
                digits.and_then(escaped).ok_or(CertificateError::PercentEncoding)?
            }
            other => other,
        });
    }
    Ok(decoded)
}

/// The parts of `text` between separators that are not in quotation marks. A backslash before a character in
/// them makes it an ordinary one.
fn outside_quotes(text: &str, separator: char) -> Result<Vec<&str>, CertificateError> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let is_end = |character: char| {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ => return character == separator && !is_quoted,
        }
        false
    };
    let parts = text.split(is_end).collect();
    match is_quoted {
        true => Err(CertificateError::Element),
        false => Ok(parts),
    }
}

/// The 32 bytes that 64 hexadecimal digits are.
fn of_hex(text: &str) -> Result<[u8; 32], CertificateError> {
    let mut digest = [0; 32];
    let (pairs, rest) = (text.as_bytes().chunks_exact(2), text.len() % 2);
    if pairs.len() != digest.len() || rest != 0 {
        return Err(CertificateError::Hash);
    }
    for (place, pair) in digest.iter_mut().zip(pairs) {
        let digits = pair.first().copied().zip(pair.last().copied());
        *place = digits.and_then(escaped).ok_or(CertificateError::Hash)?;
    }
    Ok(digest)
}

/// Why a field has no certificate that can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateError {
    /// Operator: the field has several values, elements or certificates, so it is unclear which one counts.
    /// Perhaps the proxy does not remove what the client sent.
    Several,
    /// Sender: the value, or the certificate, is longer than 64 KiB.
    TooLong {
        /// The length in bytes.
        bytes: usize,
    },
    /// Operator: the value is not ASCII.
    NotAscii,
    /// Operator: the value is not a Byte Sequence, base64 between two colons. RFC 8941 section 3.3.5.
    NotByteSequence,
    /// Operator: the text between the colons is not canonical base64 with padding. RFC 4648 section 4.
    NotBase64,
    /// Operator: the value has a `%` without two hexadecimal digits. RFC 3986 section 2.1.
    PercentEncoding,
    /// Operator: the value is not one PEM block.
    Pem(PemError),
    /// Operator: the PEM block is not a certificate.
    OtherPem,
    /// Sender: the bytes are not a certificate. RFC 5280 section 4.1.
    Der(DerError),
    /// Operator: the element does not consist of keys and values.
    Element,
    /// Operator: the element has no `Hash`.
    HashMissing,
    /// Operator: the element has several of `Hash`.
    SeveralHashes,
    /// Operator: `Hash` is not 64 hexadecimal digits.
    Hash,
}

impl CertificateError {
    /// A stable name for this error, for metrics: one of a small fixed set.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Several => "several",
            Self::TooLong { .. } => "too_long",
            Self::NotAscii => "not_ascii",
            Self::NotByteSequence => "not_byte_sequence",
            Self::NotBase64 => "not_base64",
            Self::PercentEncoding => "percent_encoding",
            Self::Pem(_) => "pem",
            Self::OtherPem => "other_pem",
            Self::Der(_) => "der",
            Self::Element => "element",
            Self::HashMissing => "hash_missing",
            Self::SeveralHashes => "several_hashes",
            Self::Hash => "hash",
        }
    }
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Several => {
                "the request has several client certificates, check that the proxy removes what clients send"
            }
            Self::TooLong { bytes } => {
                return write!(
                    f,
                    "the client certificate is {bytes} bytes long, the limit is 65536"
                );
            }
            Self::NotAscii => "the client certificate's field is not ASCII",
            Self::NotByteSequence => "the client certificate's field is not base64 between colons",
            Self::NotBase64 => "the client certificate is not base64",
            Self::PercentEncoding => {
                "the client certificate's field has a % without two hexadecimal digits"
            }
            Self::Pem(error) => return write!(f, "the client certificate's field: {error}"),
            Self::OtherPem => "the client certificate's field has PEM of something else",
            Self::Der(error) => return write!(f, "the client certificate: {error}"),
            Self::Element => "the client certificate's field does not consist of keys and values",
            Self::HashMissing => "the client certificate's field has no Hash",
            Self::SeveralHashes => "the client certificate's field has several of Hash",
            Self::Hash => "the client certificate's Hash is not 64 hexadecimal digits",
        };
        f.write_str(text)
    }
}

impl Error for CertificateError {}

/// Few certificates have more than 8 KiB, and percent-encoding adds a few percent.
const MAX_BYTES: usize = 64 * 1024;
