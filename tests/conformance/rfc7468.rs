//! RFC 7468: public keys as PEM texts, and the names of texts that are something else.

use base64::{Engine, engine::general_purpose::STANDARD};
use tokenring::{Algorithm, DerError, JwkError, PemError, PublicKey, testkit::TestKey};

/// RFC 8410 section 10.1.
const ED25519: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
";

const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";
const BASE64: &str = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";

fn read(pem: impl AsRef<[u8]>) -> Result<PublicKey, PemError> {
    PublicKey::from_pem(pem, Algorithm::EdDSA)
}

fn block(label: &str) -> String {
    format!("-----BEGIN {label}-----\n{BASE64}\n-----END {label}-----\n")
}

fn der() -> Vec<u8> {
    STANDARD.decode(BASE64).unwrap()
}

/// The text in UTF-16 with a byte order mark.
fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(to_bytes).collect()
}

#[test]
fn key_of_rfc_8410_is_that_of_its_octets() {
    let key = read(ED25519).unwrap();
    assert_eq!((key.algorithm(), key.key_id()), (Algorithm::EdDSA, None));
    let jwk = br#"{"kty":"OKP","crv":"Ed25519","x":"Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE"}"#;
    assert_eq!(PublicKey::from_jwk(jwk), Ok(key.clone()));
    assert_eq!(PublicKey::from_der(&der(), Algorithm::EdDSA), Ok(key));
}

// Section 2: white space and line breaks.

#[test]
fn white_space_around_lines_and_any_line_break_are_accepted() {
    let key = read(ED25519);
    assert!(key.is_ok());
    let (one, other) = BASE64.split_at(20);
    for text in [
        ED25519.trim_end().to_string(),
        ED25519.replace('\n', "\r\n"),
        ED25519.replace('\n', "\r"),
        ED25519.replace('\n', "\n\n"),
        ED25519.replace('\n', " \t\n    "),
        format!("\n \r\n\t{ED25519}\n \n"),
        format!("{BEGIN}\n{one}\n{other}\n{END}"),
        // One character a line.
        format!("{BEGIN}\n{}{END}", BASE64.chars().map(|c| format!("{c}\n")).collect::<String>()),
    ] {
        assert_eq!(read(&text), key, "{text}");
    }
}

#[test]
fn line_breaks_that_are_missing_are_named() {
    for text in [
        ED25519.replace('\n', ""),
        ED25519.replace('\n', " "),
        format!("{BEGIN}{BASE64}\n{END}"),
        format!("{BEGIN} {BASE64}\n{END}"),
        format!("{BEGIN}\n{BASE64}{END}"),
        format!("{BEGIN}\n{BASE64} {END}"),
    ] {
        assert_eq!(read(&text), Err(PemError::LineBreaksMissing), "{text}");
    }
}

#[test]
fn line_breaks_that_are_escaped_are_named() {
    for escaped in ["\\n", "\\r\\n", "\\r"] {
        let text = ED25519.replace('\n', escaped);
        assert_eq!(read(&text), Err(PemError::EscapedLineBreaks), "{text}");
        assert_eq!(read(format!("\"{text}\"")), Err(PemError::EscapedLineBreaks), "{text}");
    }
}

#[test]
fn text_outside_the_block_is_refused() {
    for text in [
        format!("subject=example\n{ED25519}"),
        format!("'{ED25519}"),
        format!("# a comment\r\n{ED25519}"),
        format!("{ED25519}\nend"),
        format!("{ED25519}\n{BASE64}"),
        format!("\"{ED25519}\""),
        format!("x {ED25519}"),
    ] {
        assert_eq!(read(&text), Err(PemError::TextOutside), "{text}");
    }
}

#[test]
fn boundary_that_is_malformed_is_refused() {
    for text in [
        format!("{BEGIN}\n{BASE64}\n-----END PUBLIC KEY----"),
        format!("{BEGIN}\n{BASE64}\n-----END PUBLIC KEY------"),
        format!("{BEGIN}\n{BASE64}\n-----END CERTIFICATE-----"),
        format!("{BEGIN}\n{BASE64}\n-----END public key-----"),
        format!("{BEGIN}\n{BASE64}\n-----END PUBLIC KEY----- x"),
        format!("-----BEGIN PUBLIC KEY----\n{BASE64}\n{END}"),
        format!("-----BEGIN PUBLIC KEY\n{BASE64}\n{END}"),
    ] {
        assert_eq!(read(&text), Err(PemError::Boundary), "{text}");
    }
    for text in [
        format!("{BEGIN}\n{BASE64}\n"),
        format!("{BEGIN}\n{BASE64}\n-----"),
        format!("{BEGIN}\n{BASE64}\n--END PUBLIC KEY-----"),
        BEGIN.to_string(),
    ] {
        assert_eq!(read(&text), Err(PemError::EndMissing), "{text}");
    }
}

#[test]
fn several_blocks_are_refused() {
    let certificate = include_str!("../vectors/pem/ed25519-certificate.pem");
    for text in [
        format!("{ED25519}{ED25519}"),
        certificate.repeat(3),
        format!("{certificate}{ED25519}"),
        format!("{BEGIN}\n{ED25519}"),
    ] {
        assert_eq!(read(&text), Err(PemError::SeveralBlocks), "{text}");
    }
}

// Section 3: the contents.

#[test]
fn contents_are_canonical_base64_of_the_standard_alphabet() {
    for (old, new) in [
        ("MCow", "MCo"),        // a character fewer
        ("MCow", "MCow*"),      // no character of base64
        ("MC", "M C"),          // white space in a line
        ("ZuE=", "ZuE"),        // no padding
        ("ZuE=", "ZuE=="),      // too much of it
        ("ZuE=", "ZuF="),       // the last bits are not zero
        ("Gb9E", "-_9E"),       // base64url
        ("MCow", "=MCow"),      // padding in front
        ("MCow", "\u{a0}MCow"), // a space that is not ASCII
        ("MCow", "Proc-Type: 4,ENCRYPTED\n\nMCow"),
    ] {
        assert_eq!(read(ED25519.replace(old, new)), Err(PemError::NotBase64), "{new}");
    }
    // No contents are base64 of nothing.
    assert_eq!(read(format!("{BEGIN}\n{END}")), Err(PemError::Der(DerError::Truncated)));
}

// Other texts, by name.

#[test]
fn private_keys_are_named_before_any_other_fault() {
    for label in [
        "PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "RSA PRIVATE KEY",
        "EC PRIVATE KEY",
        "DSA PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
    ] {
        let text = block(label);
        for text in [
            text.clone(),
            // OpenSSL writes the parameters in front.
            format!("{}{text}", block("EC PARAMETERS")),
            format!("{ED25519}{text}"),
            format!("{text}{ED25519}"),
            text.replace('\n', "\\n"),
            text.replace('\n', ""),
            format!("-----BEGIN {label}-----"),
        ] {
            assert_eq!(read(&text), Err(PemError::PrivateKey), "{text}");
            let found = PublicKey::from_der(text.as_bytes(), Algorithm::EdDSA);
            assert_eq!(found, Err(PemError::PrivateKey), "{text}");
        }
    }
    let key = include_bytes!("../../src/testkit/tokenring-test-key-eddsa.pk8");
    for label in ["PUBLIC KEY", "RSA PUBLIC KEY"] {
        let text = block(label).replace(BASE64, &STANDARD.encode(key));
        assert_eq!(read(text), Err(PemError::PrivateKey), "{label}");
    }
}

#[test]
fn labels_of_other_things_are_refused() {
    let request = include_str!("../vectors/pem/refused-request.pem");
    assert_eq!(read(request), Err(PemError::CertificateRequest));
    for label in ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"] {
        assert_eq!(read(block(label)), Err(PemError::CertificateRequest), "{label}");
    }
    for label in [
        "X509 CRL",
        "X509 CERTIFICATE",
        "TRUSTED CERTIFICATE",
        "PKCS7",
        "CMS",
        "EC PARAMETERS",
        "EC PUBLIC KEY",
        "PGP PUBLIC KEY BLOCK",
        "SSH2 PUBLIC KEY",
        "public key",
        " PUBLIC KEY",
        "PUBLIC KEY ",
        "PUBLIC  KEY",
        "",
    ] {
        assert_eq!(read(block(label)), Err(PemError::Label), "{label}");
    }
}

#[test]
fn label_must_be_that_of_the_contents() {
    let rsa = include_str!("../vectors/pem/rsa.pem");
    let pkcs1 = include_str!("../vectors/pem/rsa-pkcs1.pem");
    let certificate = include_str!("../vectors/pem/rsa-certificate.pem");
    for (text, label) in [
        (rsa, "RSA PUBLIC KEY"),
        (rsa, "CERTIFICATE"),
        (pkcs1, "PUBLIC KEY"),
        (pkcs1, "CERTIFICATE"),
        (certificate, "PUBLIC KEY"),
        (certificate, "RSA PUBLIC KEY"),
    ] {
        let base64: String =
            text.lines().filter(|line| !line.starts_with('-')).collect::<Vec<_>>().join("\n");
        let text = block(label).replace(BASE64, &base64);
        let found = PublicKey::from_pem(&text, Algorithm::RS256);
        assert_eq!(found, Err(PemError::Der(DerError::Type)), "{text}");
    }
}

#[test]
fn texts_that_are_no_pem_are_named() {
    let jwk = TestKey::for_algorithm(Algorithm::EdDSA).jwk().to_string();
    for (text, error) in [
        ("", PemError::Empty),
        (" \r\n\t", PemError::Empty),
        (&*jwk, PemError::Json),
        (&format!(" {{\"keys\":[{jwk}]}}\n"), PemError::Json),
        ("[]", PemError::Json),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBm/ user@host", PemError::SshKey),
        ("ecdsa-sha2-nistp256 AAAA", PemError::SshKey),
        (BASE64, PemError::LabelsMissing),
        (&format!("{}\n{}\n", &BASE64[..40], &BASE64[40..]), PemError::LabelsMissing),
        ("key.pem", PemError::Path),
        ("keys/issuer 1.CRT\n", PemError::Path),
        ("/etc/keys/public", PemError::Path),
        ("./public", PemError::Path),
        ("~/public", PemError::Path),
        (r"C:\new\key.pem", PemError::Path),
        ("file:///etc/key", PemError::Path),
        ("secret", PemError::NotPem),
        ("${PUBLIC_KEY}", PemError::NotPem),
        ("a.b.pem\nc", PemError::NotPem),
        ("BEGIN PUBLIC KEY", PemError::NotPem),
        ("----- BEGIN PUBLIC KEY -----", PemError::NotPem),
        ("---- BEGIN SSH2 PUBLIC KEY ----", PemError::NotPem),
        ("-----BEGINPUBLIC KEY-----", PemError::NotPem),
    ] {
        assert_eq!(read(text), Err(error), "{text}");
    }
}

#[test]
fn encodings_that_are_no_text_are_named() {
    for text in [ED25519, &block("PRIVATE KEY"), ""] {
        for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let with_mark = utf16(text, to_bytes);
            assert_eq!(read(&with_mark), Err(PemError::Utf16));
            let expected = if text.is_empty() { PemError::Empty } else { PemError::Utf16 };
            assert_eq!(read(&with_mark[2..]), Err(expected));
        }
    }
    assert_eq!(read(format!("\u{feff}{ED25519}")), Err(PemError::ByteOrderMark));
    assert_eq!(read(der()), Err(PemError::DerForPem));
    let rsa = STANDARD.decode(
        include_str!("../vectors/pem/rsa.pem")
            .lines()
            .filter(|l| !l.starts_with('-'))
            .collect::<String>(),
    );
    assert_eq!(read(rsa.unwrap()), Err(PemError::DerForPem));
    assert_eq!(
        read([b"-----BEGIN PUBLIC KEY-----\n\xe9\n".as_slice()].concat()),
        Err(PemError::NotUtf8)
    );
}

#[test]
fn pem_is_not_der() {
    for text in [ED25519, include_str!("../vectors/pem/rsa-certificate.pem"), "\n-----BEGIN X-----"]
    {
        let found = PublicKey::from_der(text.as_bytes(), Algorithm::EdDSA);
        assert_eq!(found, Err(PemError::PemForDer), "{text}");
    }
    assert_eq!(PublicKey::from_der(b"", Algorithm::EdDSA), Err(PemError::Empty));
}

#[test]
fn text_has_at_most_64_kib() {
    let fill = |bytes: usize| format!("{ED25519}{}", " ".repeat(bytes - ED25519.len()));
    assert_eq!(read(fill(65_536)), read(ED25519));
    assert_eq!(read(fill(65_537)), Err(PemError::TooLong { bytes: 65_537 }));
    let found = PublicKey::from_der(&[0; 65_537], Algorithm::EdDSA);
    assert_eq!(found, Err(PemError::TooLong { bytes: 65_537 }));
}

#[test]
fn every_fault_has_its_text() {
    let texts = [
        (PemError::TooLong { bytes: 65_537 }, "the key is 65537 bytes long, the limit is 65536"),
        (PemError::Empty, "the key is empty"),
        (PemError::Utf16, "the key's text is UTF-16, save it as UTF-8 or ASCII"),
        (PemError::ByteOrderMark, "the key's text begins with a byte order mark, remove it"),
        (PemError::DerForPem, "the key is DER, not PEM, convert it with openssl or use from_der"),
        (PemError::PemForDer, "the key is PEM, not DER, use from_pem"),
        (PemError::NotUtf8, "the key's text is not UTF-8"),
        (
            PemError::PrivateKey,
            "this is a private key, which belongs to the issuer alone, use its public key",
        ),
        (PemError::Json, "the key is JSON, not PEM, use JwkSet::from_json or PublicKey::from_jwk"),
        (
            PemError::SshKey,
            "the key is in the format of SSH, convert it with ssh-keygen -e -m PKCS8",
        ),
        (PemError::LabelsMissing, "the key's text has no lines -----BEGIN and -----END, add them"),
        (
            PemError::Path,
            "the key's text is the path of a file, read the file and pass its contents",
        ),
        (PemError::NotPem, "the key's text is not PEM, it has no line that begins with -----BEGIN"),
        (
            PemError::EscapedLineBreaks,
            "the line breaks of the key's text are written as \\n, replace them with line breaks",
        ),
        (PemError::SeveralBlocks, "the key's text has several blocks, pass the one with the key"),
        (PemError::LineBreaksMissing, "the line breaks of the key's text are lost"),
        (
            PemError::Boundary,
            "the key's lines -----BEGIN and -----END are malformed or do not match",
        ),
        (PemError::TextOutside, "there is text before or after the key's block, remove it"),
        (
            PemError::CertificateRequest,
            "this is a certificate request, use the certificate or the public key",
        ),
        (PemError::Label, "the key's label is none of PUBLIC KEY, RSA PUBLIC KEY and CERTIFICATE"),
        (PemError::EndMissing, "the key's text has no line -----END, it is cut off"),
        (PemError::NotBase64, "the text between the key's labels is not base64"),
        (PemError::Der(DerError::Truncated), "the key: the DER is cut off"),
        (
            PemError::Der(DerError::Length),
            "the key: a length in the DER is not in its shortest form",
        ),
        (PemError::Der(DerError::Type), "the key: the DER does not have the expected structure"),
        (PemError::Der(DerError::TrailingBytes), "the key: there are bytes after the DER"),
        (
            PemError::Der(DerError::Integer),
            "the key: a number in the DER is not positive or not in its shortest form",
        ),
        (
            PemError::Der(DerError::UnusedBits),
            "the key: a bit string in the DER does not consist of whole octets",
        ),
        (PemError::KeyType, "the key is none of RSA, P-256, P-384 and Ed25519"),
        (PemError::Curve, "the key's curve is neither P-256 nor P-384"),
        (PemError::Parameters, "the key's parameters are not those of its type"),
        (PemError::Point, "the key's point is compressed or of another length than its curve's"),
        (
            PemError::AlgorithmOfOtherKeyType { algorithm: Algorithm::ES256, key: "RSA" },
            "the key is an RSA key, which ES256 does not use",
        ),
        (
            PemError::AlgorithmOfOtherKeyType { algorithm: Algorithm::PS384, key: "Ed25519" },
            "the key is an Ed25519 key, which PS384 does not use",
        ),
        (
            PemError::AlgorithmOfOtherKeyType { algorithm: Algorithm::ES256, key: "P-384" },
            "the key is a P-384 key, which ES256 does not use",
        ),
        (
            PemError::Key(JwkError::ModulusTooSmall { bits: 1024 }),
            "the key's modulus has 1024 bits, 2048 is the least",
        ),
    ];
    for (error, text) in texts {
        assert_eq!(error.to_string(), text);
    }
}
