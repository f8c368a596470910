//! Every fault of a key in PEM or DER. RFC 7468, ITU-T X.690, RFC 5280 section 4.1.

use core::{error::Error, fmt};

use crate::{Algorithm, JwkError};

/// Why a PEM text, or DER, is not a public key that this crate accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PemError {
    /// Operator: longer than 64 KiB.
    TooLong {
        /// The length in bytes.
        bytes: usize,
    },
    /// Operator: nothing, or nothing but white space.
    Empty,
    /// Operator: the text is UTF-16.
    Utf16,
    /// Operator: the text begins with a byte order mark.
    ByteOrderMark,
    /// Operator: DER in place of a PEM text.
    DerForPem,
    /// Operator: a PEM text in place of DER.
    PemForDer,
    /// Operator: the text is not UTF-8.
    NotUtf8,
    /// Operator: a private key, which a verifier must not have. RFC 7468 sections 10, 11 and appendix A.
    PrivateKey,
    /// Operator: the text is JSON, perhaps a JWK or a JWK Set.
    Json,
    /// Operator: the text is a public key in SSH's own format. RFC 4253 section 6.6.
    SshKey,
    /// Operator: the text is base64 of DER, without the lines around it. RFC 7468 section 2.
    LabelsMissing,
    /// Operator: the text is the path of a file, not its contents.
    Path,
    /// Operator: the text has no line that begins with `-----BEGIN`. RFC 7468 section 2.
    NotPem,
    /// Operator: line breaks are written as a backslash and `n`.
    EscapedLineBreaks,
    /// Operator: the text has several blocks.
    SeveralBlocks,
    /// Operator: a line break after the first line or before the last one is missing. RFC 7468
    /// section 3.
    LineBreaksMissing,
    /// Operator: the first line is malformed, or the last line is not its counterpart. RFC 7468
    /// section 2.
    Boundary,
    /// Operator: there is text before or after the block.
    TextOutside,
    /// Operator: a certificate request, not a certificate. RFC 7468 section 7.
    CertificateRequest,
    /// Operator: the label is none of `PUBLIC KEY`, `RSA PUBLIC KEY` and `CERTIFICATE`.
    Label,
    /// Operator: the last line is missing. RFC 7468 section 2.
    EndMissing,
    /// Operator: the text between the lines is not canonical base64 with padding. RFC 4648 section 4.
    NotBase64,
    /// Operator: the contents are not DER of the structure that the label names.
    Der(DerError),
    /// Operator: the key is not an RSA, EC or Ed25519 key. RFC 5280 section 4.1.2.7.
    KeyType,
    /// Operator: the curve is neither P-256 nor P-384. RFC 5480 section 2.1.1.1.
    Curve,
    /// Operator: the parameters are not those of the key's type: NULL for RSA, a named curve for EC, none
    /// for Ed25519. RFC 3279 section 2.3.1, RFC 5480 section 2.1.1, RFC 8410 section 3.
    Parameters,
    /// Operator: the point is compressed, or has another length than the curve's. RFC 5480 section 2.2.
    Point,
    /// Operator: the algorithm is not one of the key's. RFC 7518 section 3.1.
    AlgorithmOfOtherKeyType {
        /// The algorithm that was asked for.
        algorithm: Algorithm,
        /// `RSA`, `P-256`, `P-384` or `Ed25519`.
        key: &'static str,
    },
    /// Issuer: the numbers do not satisfy the rules for keys.
    Key(JwkError),
}

impl fmt::Display for PemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong { bytes } => {
                return write!(f, "the key is {bytes} bytes long, the limit is 65536");
            }
            Self::Empty => "the key is empty",
            Self::Utf16 => "the key's text is UTF-16, save it as UTF-8 or ASCII",
            Self::ByteOrderMark => "the key's text begins with a byte order mark, remove it",
            Self::DerForPem => "the key is DER, not PEM, convert it with openssl or use from_der",
            Self::PemForDer => "the key is PEM, not DER, use from_pem",
            Self::NotUtf8 => "the key's text is not UTF-8",
            Self::PrivateKey => {
                "this is a private key, which belongs to the issuer alone, use its public key"
            }
            Self::Json => "the key is JSON, not PEM, use JwkSet::from_json or PublicKey::from_jwk",
            Self::SshKey => "the key is in the format of SSH, convert it with ssh-keygen -e -m PKCS8",
            Self::LabelsMissing => "the key's text has no lines -----BEGIN and -----END, add them",
            Self::Path => "the key's text is the path of a file, read the file and pass its contents",
            Self::NotPem => "the key's text is not PEM, it has no line that begins with -----BEGIN",
            Self::EscapedLineBreaks => {
                "the line breaks of the key's text are written as \\n, replace them with line breaks"
            }
            Self::SeveralBlocks => "the key's text has several blocks, pass the one with the key",
            Self::LineBreaksMissing => "the line breaks of the key's text are lost",
            Self::Boundary => "the key's lines -----BEGIN and -----END are malformed or do not match",
            Self::TextOutside => "there is text before or after the key's block, remove it",
            Self::CertificateRequest => {
                "this is a certificate request, use the certificate or the public key"
            }
            Self::Label => {
                "the key's label is none of PUBLIC KEY, RSA PUBLIC KEY and CERTIFICATE"
            }
            Self::EndMissing => "the key's text has no line -----END, it is cut off",
            Self::NotBase64 => "the text between the key's labels is not base64",
            Self::Der(error) => return write!(f, "the key: {error}"),
            Self::KeyType => "the key is none of RSA, P-256, P-384 and Ed25519",
            Self::Curve => "the key's curve is neither P-256 nor P-384",
            Self::Parameters => "the key's parameters are not those of its type",
            Self::Point => "the key's point is compressed or of another length than its curve's",
            Self::AlgorithmOfOtherKeyType { algorithm, key } => {
                let article = if key.starts_with('P') { "a" } else { "an" };
                return write!(f, "the key is {article} {key} key, which {algorithm} does not use");
            }
            Self::Key(error) => return write!(f, "{error}"),
        })
    }
}

impl Error for PemError {}

impl From<DerError> for PemError {
    fn from(error: DerError) -> Self {
        Self::Der(error)
    }
}

/// Why bytes are not the DER of a public key. ITU-T X.690.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DerError {
    /// An element is cut off. X.690 section 8.1.
    Truncated,
    /// A length is indefinite, not in its shortest form, or above 64 KiB. X.690 section 10.1.
    Length,
    /// An element has another type than the structure demands.
    Type,
    /// There are bytes after the last element.
    TrailingBytes,
    /// An INTEGER is not positive, or has more octets than it needs. X.690 section 8.3.2.
    Integer,
    /// A BIT STRING is empty or does not end with an octet. X.690 section 8.6.2.
    UnusedBits,
}

impl fmt::Display for DerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the DER is cut off",
            Self::Length => "a length in the DER is not in its shortest form",
            Self::Type => "the DER does not have the expected structure",
            Self::TrailingBytes => "there are bytes after the DER",
            Self::Integer => "a number in the DER is not positive or not in its shortest form",
            Self::UnusedBits => "a bit string in the DER does not consist of whole octets",
        })
    }
}

impl Error for DerError {}
