//! RFC 8705: a client's certificate, in the forms of three proxies (RFC 9440, nginx, Envoy).

use base64::{Engine, engine::general_purpose::STANDARD};
use tokenring::{
    DerError, PemError,
    possession::{CertificateError, ClientCertificate, Confirmation, ProofError, Thumbprint},
};

use crate::proofs::sha256;

/// Appendix A.
const PEM: &str = "-----BEGIN CERTIFICATE-----
MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAx
ODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ
/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwID
SQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOV
bUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=
-----END CERTIFICATE-----
";

const THUMBPRINT: &str = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";

/// The same in hexadecimal digits.
const HASH: &str = "0380ed2f626650c840b2f263e6d2b29fae12ab39ae5db32b25ad27efad72e6fd";

type Outcome = Result<Option<ClientCertificate>, CertificateError>;

fn base64_of_der() -> String {
    PEM.lines().filter(|line| !line.starts_with('-')).collect()
}

fn der() -> Vec<u8> {
    STANDARD.decode(base64_of_der()).unwrap()
}

/// As nginx escapes it: all but the unreserved characters.
fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

fn client_cert(value: &str) -> Outcome {
    ClientCertificate::from_client_cert_field([value])
}

fn nginx(value: &str) -> Outcome {
    ClientCertificate::from_nginx([value])
}

fn envoy(value: &str) -> Outcome {
    ClientCertificate::from_envoy([value])
}

#[track_caller]
fn assert_is_the_example(outcome: Outcome) {
    assert_eq!(outcome.unwrap().unwrap().thumbprint().to_string(), THUMBPRINT);
}

#[test]
fn thumbprint_of_the_documents_certificate() {
    assert_is_the_example(ClientCertificate::from_der(&der()).map(Some));
    assert_is_the_example(client_cert(&format!(":{}:", base64_of_der())));
    assert_is_the_example(client_cert(&format!("  :{}: ", base64_of_der())));
    assert_is_the_example(nginx(&escaped(PEM)));
    assert_is_the_example(nginx(&escaped(&PEM.replace('\n', "\r\n"))));
    // Proxies that leave some characters as they are: a plus sign is one.
    assert_is_the_example(nginx(&PEM.replace('\n', "%0A").replace(' ', "%20")));
    assert_is_the_example(envoy(&format!("Hash={HASH}")));
    assert_is_the_example(envoy(&format!("Hash={}", HASH.to_uppercase())));
    assert_is_the_example(envoy(&format!("By=spiffe://a/b;Hash={HASH};URI=spiffe://c/d")));
    assert_is_the_example(envoy(&format!(r#"hash={HASH};Subject="CN=a,O=b;Hash=c\",";URI="#)));
    assert_eq!(sha256(&der()), THUMBPRINT);
}

#[test]
fn no_value_is_no_certificate_and_for_nginx_an_empty_one() {
    let none: [&str; 0] = [];
    assert_eq!(ClientCertificate::from_client_cert_field(none), Ok(None));
    assert_eq!(ClientCertificate::from_nginx(none), Ok(None));
    assert_eq!(ClientCertificate::from_envoy(none), Ok(None));
    assert_eq!(nginx(""), Ok(None));
    assert_eq!(client_cert(""), Err(CertificateError::NotByteSequence));
    assert_eq!(envoy(""), Err(CertificateError::Element));
}

#[test]
fn several_certificates_are_refused() {
    let (item, element) = (format!(":{}:", base64_of_der()), format!("Hash={HASH}"));
    let several = Err(CertificateError::Several);
    assert_eq!(ClientCertificate::from_client_cert_field([&item, &item]), several);
    assert_eq!(client_cert(&format!("{item}, {item}")), several);
    assert_eq!(ClientCertificate::from_nginx([escaped(PEM), String::new()]), several);
    assert_eq!(
        nginx(&escaped(&PEM.repeat(2))),
        Err(CertificateError::Pem(PemError::SeveralBlocks))
    );
    assert_eq!(ClientCertificate::from_envoy([&element, &element]), several);
    assert_eq!(envoy(&format!("{element},{element}")), several);
    assert_eq!(envoy(&format!("{element},")), several);
    let twice = format!("{element};hash={HASH}");
    assert_eq!(envoy(&twice), Err(CertificateError::SeveralHashes));
}

#[test]
fn malformed_value_is_refused_with_its_fault() {
    let base64 = base64_of_der();
    let unpadded = base64.trim_end_matches('=');
    let url_safe = base64.replace('+', "-").replace('/', "_");
    for (value, error) in [
        (base64.clone(), CertificateError::NotByteSequence),
        (":".into(), CertificateError::NotByteSequence),
        (format!("\":{base64}:\""), CertificateError::NotByteSequence),
        (format!(":{base64}:;a=1"), CertificateError::NotByteSequence),
        (format!(":{base64}"), CertificateError::NotByteSequence),
        (format!(":{unpadded}:"), CertificateError::NotBase64),
        (format!(":{url_safe}:"), CertificateError::NotBase64),
        (format!(": {base64}:"), CertificateError::NotBase64),
        ("::".into(), CertificateError::Der(DerError::Truncated)),
        (format!(":{}:", &base64[..200]), CertificateError::Der(DerError::Truncated)),
        (
            format!(":{}:", STANDARD.encode([&der()[..], &[0]].concat())),
            CertificateError::Der(DerError::TrailingBytes),
        ),
        (":ä:".into(), CertificateError::NotAscii),
        ("A".repeat(65_537), CertificateError::TooLong { bytes: 65_537 }),
    ] {
        assert_eq!(client_cert(&value), Err(error), "{value}");
    }
    let key = include_str!("../vectors/pem/p256.pem");
    for (value, error) in [
        ("%".to_owned(), CertificateError::PercentEncoding),
        ("%4".into(), CertificateError::PercentEncoding),
        ("%4g".into(), CertificateError::PercentEncoding),
        (escaped(key), CertificateError::OtherPem),
        (escaped(&base64), CertificateError::Pem(PemError::LabelsMissing)),
        (PEM.replace('\n', "%0A").replace(' ', "+"), CertificateError::Pem(PemError::NotPem)),
        (format!("\t{}", escaped("a")), CertificateError::Pem(PemError::NotPem)),
    ] {
        assert_eq!(nginx(&value), Err(error), "{value}");
    }
    for (value, error) in [
        ("By=a".to_owned(), CertificateError::HashMissing),
        ("Subject=\"Hash=a\"".into(), CertificateError::HashMissing),
        ("Hash".into(), CertificateError::Element),
        (format!("Hash={HASH};"), CertificateError::Element),
        (format!("Hash={HASH};Subject=\"a"), CertificateError::Element),
        (format!("Hash={HASH};Subject=\"a\\\""), CertificateError::Element),
        (format!("Hash={}", &HASH[..62]), CertificateError::Hash),
        (format!("Hash={}", &HASH[..63]), CertificateError::Hash),
        (format!("Hash={HASH}0"), CertificateError::Hash),
        (format!("Hash={}", HASH.replace('f', "g")), CertificateError::Hash),
        (format!("Hash=\"{HASH}\""), CertificateError::Hash),
        ("Hash=".into(), CertificateError::Hash),
    ] {
        assert_eq!(envoy(&value), Err(error), "{value}");
    }
    assert_eq!(ClientCertificate::from_envoy([b"\xFF"]), Err(CertificateError::NotAscii));
}

/// A name in a certificate is chosen by whoever asks for it.
#[test]
fn quoted_subject_that_ends_early_does_not_bring_another_hash() {
    let other = "0".repeat(64);
    for subject in [
        format!(r#"CN=x\\";Hash={other};a="b"#),
        format!(r#"CN=x";Hash={other};a="b"#),
        format!(r#"CN=x\\\\";Hash={other};a="b"#),
    ] {
        let value = format!("Hash={HASH};Subject=\"{subject}\";URI=spiffe://c");
        assert_eq!(envoy(&value), Err(CertificateError::SeveralHashes), "{value}");
    }
    let value = format!("Hash={HASH};Subject=\"CN=x\\\\\",Hash={other};a=\"\"");
    assert_eq!(envoy(&value), Err(CertificateError::Several));
}

#[test]
fn token_that_is_bound_to_a_certificate_needs_this_certificate() {
    let certificate = ClientCertificate::from_der(&der()).unwrap();
    let other = ClientCertificate::from_sha256([0; 32]);
    let bound = Confirmation::of_certificate(*certificate.thumbprint());
    assert_eq!(bound.check_certificate(Some(&certificate)), Ok(()));
    assert_eq!(bound.check_certificate(Some(&other)), Err(ProofError::OtherCertificate));
    assert_eq!(bound.check_certificate(None), Err(ProofError::CertificateMissing));
    let of_key = Confirmation::of_key(Thumbprint::from_sha256([0; 32]));
    assert_eq!(of_key.check_certificate(None), Ok(()));
}

#[test]
fn texts_and_codes() {
    let several = "the request has several client certificates, check that the proxy removes what clients send";
    for (error, code, text) in [
        (CertificateError::Several, "several", several),
        (
            CertificateError::TooLong { bytes: 65_537 },
            "too_long",
            "the client certificate is 65537 bytes long, the limit is 65536",
        ),
        (CertificateError::NotAscii, "not_ascii", "the client certificate's field is not ASCII"),
        (
            CertificateError::NotByteSequence,
            "not_byte_sequence",
            "the client certificate's field is not base64 between colons",
        ),
        (CertificateError::NotBase64, "not_base64", "the client certificate is not base64"),
        (
            CertificateError::PercentEncoding,
            "percent_encoding",
            "the client certificate's field has a % without two hexadecimal digits",
        ),
        (
            CertificateError::Pem(PemError::Empty),
            "pem",
            "the client certificate's field: the key is empty",
        ),
        (
            CertificateError::OtherPem,
            "other_pem",
            "the client certificate's field has PEM of something else",
        ),
        (
            CertificateError::Der(DerError::Truncated),
            "der",
            "the client certificate: the DER is cut off",
        ),
        (
            CertificateError::Element,
            "element",
            "the client certificate's field does not consist of keys and values",
        ),
        (
            CertificateError::HashMissing,
            "hash_missing",
            "the client certificate's field has no Hash",
        ),
        (
            CertificateError::SeveralHashes,
            "several_hashes",
            "the client certificate's field has several of Hash",
        ),
        (
            CertificateError::Hash,
            "hash",
            "the client certificate's Hash is not 64 hexadecimal digits",
        ),
    ] {
        assert_eq!((error.code(), error.to_string().as_str()), (code, text));
    }
}
