//! The rules of a header and a payload as texts: which one failed, and where. RFC 7515 section 4, RFC 8259.

use alloc::{format, string::String};

use crate::{
    JsonError, VerifyError,
    explain::{text, walk::Walk},
    header::{MAX_HEADER_BYTES, MAX_KEY_ID_BYTES, MAX_PARAMETERS},
    json,
};

impl Walk<'_> {
    /// The rule of the header that failed, or all of them.
    pub(super) fn header_rule(&self, error: Option<VerifyError>) -> (String, String) {
        let bytes = self.texts.header.as_deref();
        let parameter_and_type = |parameter, kind: &str| {
            let expected = format!("`{parameter}`: {kind}");
            (expected, format!("`{parameter}`: {}", self.header.kind(parameter)))
        };
        match error {
            Some(VerifyError::HeaderTooLong { bytes }) => {
                (format!("at most {}", text::bytes(MAX_HEADER_BYTES)), text::bytes(bytes))
            }
            Some(VerifyError::HeaderJson(JsonError::TooManyMembers)) => (
                format!("at most {}", text::counted(MAX_PARAMETERS, "member")),
                text::counted(self.header.count(), "member"),
            ),
            Some(VerifyError::HeaderForbidden { parameter }) => {
                parameter_and_type(parameter, "none")
            }
            Some(VerifyError::HeaderType { parameter }) => {
                parameter_and_type(parameter, "a string")
            }
            Some(VerifyError::KeyIdLength { bytes }) => (
                format!("`kid`: 1 to {}", text::bytes(MAX_KEY_ID_BYTES)),
                format!("`kid`: {}", text::bytes(bytes)),
            ),
            Some(error) => self.object_rule(error, 0, bytes),
            None => (
                "one JSON object in base64url, without crit, b64, zip, enc and cty".into(),
                length(bytes),
            ),
        }
    }

    /// The same of the payload.
    pub(super) fn payload_rule(&self, error: Option<VerifyError>) -> (String, String) {
        let bytes = self.texts.payload.as_deref();
        match error {
            Some(error) => self.object_rule(error, 1, bytes),
            None => (OBJECT.into(), length(bytes)),
        }
    }

    /// The fault of segment number `index`, which should be a JSON object, and `bytes` if it is decoded.
    fn object_rule(
        &self,
        error: VerifyError,
        index: usize,
        bytes: Option<&[u8]>,
    ) -> (String, String) {
        let segment = self.token.split('.').nth(index).unwrap_or_default();
        let fault = bytes.and_then(json::fault);
        match (error, fault) {
            (VerifyError::NotBase64url { .. }, _) => {
                ("base64url without padding".into(), base64url_fault(segment))
            }
            (VerifyError::HeaderJson(_) | VerifyError::PayloadJson(_), Some(fault)) => {
                let name = fault.name.map(|name| format!(", named {}", text::quoted(&name)));
                let name = name.unwrap_or_default();
                let actual = format!("{} at byte {}{name}", fault.what, fault.at);
                ("one strict JSON object".into(), actual)
            }
            _ => (OBJECT.into(), length(bytes)),
        }
    }
}

fn length(bytes: Option<&[u8]>) -> String {
    bytes.map_or("not readable".into(), |bytes| text::bytes(bytes.len()))
}

/// Why `segment` is not canonical base64url. RFC 4648 sections 3.5 and 5.
fn base64url_fault(segment: &str) -> String {
    let is_foreign = |c: &(usize, char)| !c.1.is_ascii_alphanumeric() && !matches!(c.1, '-' | '_');
    match segment.char_indices().find(is_foreign) {
        Some((at, character)) => {
            format!("{} at byte {at}", text::quoted(character.encode_utf8(&mut [0; 4])))
        }
        None if segment.len() % 4 == 1 => {
            format!("{}, which no bytes have", text::counted(segment.len(), "character"))
        }
        None => "a last character whose unused bits are not zero".into(),
    }
}

const OBJECT: &str = "one JSON object in base64url";
