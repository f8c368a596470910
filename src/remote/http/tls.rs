//! The certificates that the client trusts, and the one that it shows. RFC 7468, RFC 5280.

use std::{io::ErrorKind, path::PathBuf, string::String, sync::Arc, vec::Vec};

use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
        Ed25519KeyPair, KeyPair as _, RsaKeyPair,
    },
};
use ureq::tls::{Certificate, ClientCert, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

use crate::{
    encoding::Encoding,
    pem::{has_escaped_line_break, is_private},
    remote::{
        config_error::{FetchConfigError, RootCertsFault},
        file::{error_kind, read},
    },
};

/// The settings as they were given.
#[derive(Clone, Default)]
pub(crate) struct TlsSettings {
    /// In place of the built-in certificates.
    pub(crate) roots: Option<Pem>,
    /// Beside the others.
    pub(crate) added_roots: Vec<Pem>,
    /// The certificates and the private key, in PEM.
    pub(crate) client: Option<(Vec<u8>, Vec<u8>)>,
}

#[derive(Clone)]
pub(crate) enum Pem {
    Text(Vec<u8>),
    File(PathBuf),
}

/// The settings, checked.
pub(crate) struct Tls {
    /// Each is tried in turn until one knows the issuer of the server's certificate.
    roots: Vec<RootCerts>,
    client: Option<ClientCert>,
}

impl Tls {
    /// Reads the files, once.
    pub(crate) fn new(settings: &TlsSettings) -> Result<Self, FetchConfigError> {
        let mut given = Vec::new();
        for pem in settings.roots.iter().chain(&settings.added_roots) {
            given.extend(pem.certificates()?);
        }
        // ureq takes either its own roots or given ones. A certificate has one issuer, so two attempts
        // trust as much as one with both.
        let mut roots = Vec::new();
        if !given.is_empty() {
            roots.push(RootCerts::Specific(Arc::new(given)));
        }
        if settings.roots.is_none() {
            roots.push(RootCerts::WebPki);
        }
        let client = settings.client.as_ref().map(|(cert, key)| client_cert(cert, key));
        Ok(Self { roots, client: client.transpose()? })
    }

    /// One configuration for each set of roots. Only the configured host is shown the client certificate.
    pub(crate) fn configs(&self, is_own_host: bool) -> impl Iterator<Item = TlsConfig> {
        self.roots.iter().map(move |roots| {
            let client = self.client.clone().filter(|_| is_own_host);
            let config = TlsConfig::builder().provider(TlsProvider::Rustls);
            config.root_certs(roots.clone()).client_cert(client).build()
        })
    }
}

impl Pem {
    fn certificates(&self) -> Result<Vec<Certificate<'static>>, FetchConfigError> {
        match self {
            Self::Text(pem) => root_certs(pem),
            Self::File(path) => {
                let unreadable = |error| FetchConfigError::RootCertsFile {
                    kind: error_kind(&error).unwrap_or(ErrorKind::Other),
                };
                root_certs(&read(path, MAX_ROOTS_FILE).map_err(unreadable)?)
            }
        }
    }
}

fn root_certs(pem: &[u8]) -> Result<Vec<Certificate<'static>>, FetchConfigError> {
    let text = String::from_utf8_lossy(pem);
    let fault = match Encoding::of(pem) {
        Some(Encoding::Empty) => RootCertsFault::Empty,
        Some(Encoding::Utf16) => RootCertsFault::Utf16,
        Some(Encoding::ByteOrderMark) => RootCertsFault::ByteOrderMark,
        Some(Encoding::Der) => RootCertsFault::Der,
        None if is_private(&text) => RootCertsFault::PrivateKey,
        None => match certificates(pem) {
            Some(certificates) => return Ok(certificates),
            None if has_escaped_line_break(&text) => RootCertsFault::EscapedLineBreaks,
            None => RootCertsFault::NotCertificates,
        },
    };
    Err(FetchConfigError::RootCerts(fault))
}

/// The certificates in `pem`. None if there is none, or something else.
fn certificates(pem: &[u8]) -> Option<Vec<Certificate<'static>>> {
    let certificates: Option<Vec<_>> = parse_pem(pem)
        .map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    certificates.filter(|found| !found.is_empty())
}

fn client_cert(cert: &[u8], key: &[u8]) -> Result<ClientCert, FetchConfigError> {
    let chain = certificates(cert).ok_or(FetchConfigError::ClientCert)?;
    let mut items = parse_pem(key);
    let (Some(Ok(PemItem::PrivateKey(private))), None) = (items.next(), items.next()) else {
        return Err(FetchConfigError::ClientKey);
    };
    let has_label = |label: &[u8]| key.windows(label.len()).any(|part| part == label);
    let form = match () {
        () if has_label(b"BEGIN RSA PRIVATE KEY") => Form::Pkcs1,
        () if has_label(b"BEGIN EC PRIVATE KEY") => Form::Sec1,
        () => Form::Pkcs8,
    };
    let key_info = public_key_info(form, private.der()).ok_or(FetchConfigError::ClientKey)?;
    // ureq panics if rustls refuses the pair, so the same checks are made here.
    let leaf = chain.first().map(Certificate::der).unwrap_or_default();
    if !leaf.windows(VERSION_3.len()).take(MAX_HEADERS).any(|part| part == VERSION_3) {
        return Err(FetchConfigError::ClientCert);
    }
    match leaf.windows(key_info.len()).any(|part| part == key_info) {
        true => Ok(ClientCert::new_with_certs(&chain, private)),
        false => Err(FetchConfigError::ClientKeyMismatch),
    }
}

/// The form of a private key, which its label names. RFC 7468 section 10, RFC 8017 appendix A.1.2,
/// RFC 5915 section 4.
#[derive(Clone, Copy)]
enum Form {
    Pkcs1,
    Pkcs8,
    Sec1,
}

/// The SubjectPublicKeyInfo of a private key that rustls can use. RFC 5280 section 4.1.2.7.
fn public_key_info(form: Form, der: &[u8]) -> Option<Vec<u8>> {
    let rsa = match form {
        Form::Pkcs1 => Some(RsaKeyPair::from_der(der).ok()?),
        Form::Pkcs8 => RsaKeyPair::from_pkcs8(der).ok(),
        Form::Sec1 => None,
    };
    if let Some(rsa) = rsa {
        return key_info(RSA, rsa.public_key().as_ref());
    }
    let random = SystemRandom::new();
    let curves = [(&ECDSA_P256_SHA256_ASN1_SIGNING, P256), (&ECDSA_P384_SHA384_ASN1_SIGNING, P384)];
    for (algorithm, identifier) in curves {
        let pkcs8 = match form {
            Form::Sec1 => pkcs8_of_sec1(identifier, der)?,
            _ => der.to_vec(),
        };
        if let Ok(ec) = EcdsaKeyPair::from_pkcs8(algorithm, &pkcs8, &random) {
            return key_info(identifier, ec.public_key().as_ref());
        }
    }
    let ed25519 = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok()?;
    key_info(ED25519, ed25519.public_key().as_ref())
}

fn key_info(identifier: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    let bits = [&[0], key].concat();
    wrapped(SEQUENCE, &[wrapped(SEQUENCE, identifier)?, wrapped(BIT_STRING, &bits)?].concat())
}

/// RFC 5958 section 2 around RFC 5915 section 3.
fn pkcs8_of_sec1(identifier: &[u8], sec1: &[u8]) -> Option<Vec<u8>> {
    let (algorithm, key) = (wrapped(SEQUENCE, identifier)?, wrapped(OCTET_STRING, sec1)?);
    wrapped(SEQUENCE, &[VERSION_0, &algorithm, &key].concat())
}

/// A DER value with its tag and its length, of less than 64 KiB.
fn wrapped(tag: u8, content: &[u8]) -> Option<Vec<u8>> {
    let [high, low] = u16::try_from(content.len()).ok()?.to_be_bytes();
    let header = match (high, low) {
        (0, 0..=0x7f) => Vec::from([tag, low]),
        (0, _) => Vec::from([tag, 0x81, low]),
        _ => Vec::from([tag, 0x82, high, low]),
    };
    Some([header.as_slice(), content].concat())
}

/// Ten times what the bundle of a Linux distribution has.
const MAX_ROOTS_FILE: usize = 4 * 1024 * 1024;

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const VERSION_0: &[u8] = &[2, 1, 0];
/// The version of a certificate with extensions; rustls reads no other. It follows the headers of two
/// sequences, each of at most 4 bytes.
const VERSION_3: [u8; 5] = [0xa0, 3, 2, 1, 2];
const MAX_HEADERS: usize = 9;

// Algorithm identifiers. RFC 8017 appendix C, RFC 5480 section 2.1.1, RFC 8410 section 3.
const RSA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
const P256: &[u8] =
    &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const P384: &[u8] = &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 0x22];
const ED25519: &[u8] = &[6, 3, 0x2b, 0x65, 0x70];
