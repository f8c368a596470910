//! From a PEM text to its label and the DER in it, and the names of texts that are something else.
//! RFC 7468 sections 2 and 3.

use alloc::{format, string::String, vec::Vec};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{PemError, encoding::Encoding};

/// The one block of a PEM text.
pub(super) struct Armored {
    pub(super) label: Label,
    pub(super) der: Vec<u8>,
}

/// The labels of public keys. RFC 7468 sections 5 and 13; OpenSSL writes the second.
pub(super) enum Label {
    PublicKey,
    RsaPublicKey,
    Certificate,
}

/// Whether `text` is PEM. Explanatory text before the first label is not looked for.
pub(crate) fn is_pem(text: &str) -> bool {
    text.trim_ascii_start().starts_with(BEGIN)
}

/// Whether `text` has a block with a private key.
pub(crate) fn is_private(text: &str) -> bool {
    labels(text).any(|label| label.ends_with("PRIVATE KEY"))
}

/// Reads the one block of `pem`.
pub(super) fn read(pem: &[u8]) -> Result<Armored, PemError> {
    match Encoding::of(pem) {
        None => {}
        Some(Encoding::Empty) => return Err(PemError::Empty),
        Some(Encoding::Utf16) => return Err(PemError::Utf16),
        Some(Encoding::ByteOrderMark) => return Err(PemError::ByteOrderMark),
        Some(Encoding::Der) => return Err(PemError::DerForPem),
    }
    let text = core::str::from_utf8(pem).map_err(|_| PemError::NotUtf8)?;
    // A private key in the wrong place is named before any fault of its text.
    if is_private(text) {
        return Err(PemError::PrivateKey);
    }
    let label = match (labels(text).next(), labels(text).nth(1)) {
        (None, _) => return Err(of_no_pem(text)),
        _ if has_escaped_line_break(text) => return Err(PemError::EscapedLineBreaks),
        (_, Some(_)) => return Err(PemError::SeveralBlocks),
        (Some(label), None) => label,
    };
    let mut lines = text.split(['\r', '\n']).map(str::trim_ascii).filter(|line| !line.is_empty());
    let (first, last) = (lines.next().unwrap_or_default(), lines.next_back().unwrap_or_default());
    let (begin, end) = (format!("{BEGIN}{label}{DASHES}"), format!("{END}{label}{DASHES}"));
    if first != begin {
        return Err(match first {
            _ if first.starts_with(&begin) => PemError::LineBreaksMissing,
            _ if first.starts_with(BEGIN) => PemError::Boundary,
            _ => PemError::TextOutside,
        });
    }
    let label = match label {
        "PUBLIC KEY" => Label::PublicKey,
        "RSA PUBLIC KEY" => Label::RsaPublicKey,
        "CERTIFICATE" => Label::Certificate,
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => {
            return Err(PemError::CertificateRequest);
        }
        _ => return Err(PemError::Label),
    };
    if last != end {
        return Err(match last {
            _ if lines.any(|line| line == end) => PemError::TextOutside,
            _ if last.starts_with(END) => PemError::Boundary,
            _ if last.contains(END) => PemError::LineBreaksMissing,
            _ => PemError::EndMissing,
        });
    }
    let base64: String = lines.collect();
    // RFC 4648 section 4, with padding and zero bits at the end.
    let der = STANDARD.decode(base64).map_err(|_| PemError::NotBase64)?;
    Ok(Armored { label, der })
}

/// The labels of all blocks, each up to the next dashes or the end of its line.
fn labels(text: &str) -> impl Iterator<Item = &str> {
    text.split(BEGIN).skip(1).map(|rest| {
        let line = rest.split(['\r', '\n']).next().unwrap_or_default();
        line.split(DASHES).next().unwrap_or_default()
    })
}

/// The error for a text without any block.
fn of_no_pem(text: &str) -> PemError {
    let text = text.trim_ascii();
    match text {
        _ if text.starts_with(['{', '[']) => PemError::Json,
        _ if text.starts_with("ssh-") || text.starts_with("ecdsa-sha2-") => PemError::SshKey,
        _ if is_base64_of_der(text) => PemError::LabelsMissing,
        _ if is_path(text) => PemError::Path,
        _ => PemError::NotPem,
    }
}

fn is_base64_of_der(text: &str) -> bool {
    let base64: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(base64).is_ok_and(|bytes| Encoding::of(&bytes) == Some(Encoding::Der))
}

/// Whether `text` looks like the name of a file, for an error.
fn is_path(text: &str) -> bool {
    let file = text.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_key = ["pem", "crt", "cer", "der", "key", "pub"].iter().any(|extension| {
        file.rsplit_once('.').is_some_and(|(_, found)| found.eq_ignore_ascii_case(extension))
    });
    let is_absolute = text.starts_with(['/', '.', '~']) || text.starts_with("file:");
    !text.contains(['\r', '\n']) && (is_key || is_absolute)
}

/// Whether line breaks are written as a backslash and a letter, as in some environment variables.
pub(crate) fn has_escaped_line_break(text: &str) -> bool {
    text.contains("\\n") || text.contains("\\r")
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
