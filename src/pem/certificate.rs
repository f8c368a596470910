//! From an X.509 certificate to the SubjectPublicKeyInfo in it. RFC 5280 section 4.1.

use super::{
    DerError,
    der::{BIT_STRING, INTEGER, Reader, SEQUENCE},
};

/// The SubjectPublicKeyInfo. Of the other fields only the places are checked: the certificate is a
/// container here, and no trust is derived from it.
pub(super) fn key_info(der: &[u8]) -> Result<&[u8], DerError> {
    let mut reader = Reader::new(der);
    let key_info = reader.elements(SEQUENCE, |certificate| {
        let key_info = certificate.elements(SEQUENCE, to_be_signed)?;
        certificate.contents(SEQUENCE)?;
        certificate.contents(BIT_STRING)?;
        Ok::<_, DerError>(key_info)
    })?;
    reader.end()?;
    Ok(key_info)
}

/// TBSCertificate.
fn to_be_signed<'a>(fields: &mut Reader<'a>) -> Result<&'a [u8], DerError> {
    if fields.is_next(VERSION) {
        fields.contents(VERSION)?;
    }
    fields.contents(INTEGER)?;
    // Signature algorithm, issuer, validity, subject.
    for _ in 0..4 {
        fields.contents(SEQUENCE)?;
    }
    let key_info = fields.whole(SEQUENCE)?;
    for optional in [ISSUER_UNIQUE_ID, SUBJECT_UNIQUE_ID, EXTENSIONS] {
        if fields.is_next(optional) {
            fields.contents(optional)?;
        }
    }
    Ok(key_info)
}

const VERSION: u8 = 0xA0;
const ISSUER_UNIQUE_ID: u8 = 0x81;
const SUBJECT_UNIQUE_ID: u8 = 0x82;
const EXTENSIONS: u8 = 0xA3;
