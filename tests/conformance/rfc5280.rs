//! RFC 5280 sections 4.1 and 4.1.2.7, RFC 3279 section 2.3.1, RFC 5480, RFC 8410, RFC 8017 appendix
//! A.1.1, ITU-T X.690: the DER of public keys and certificates.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use tokenring::{Algorithm, DerError, JwkError, PemError, PublicKey, testkit::TestKey};

use crate::algorithms::ALGORITHMS;

const RSA: &str = include_str!("../vectors/pem/rsa.pem");
const RSA_PKCS1: &str = include_str!("../vectors/pem/rsa-pkcs1.pem");
const P256: &str = include_str!("../vectors/pem/p256.pem");
const P384: &str = include_str!("../vectors/pem/p384.pem");
const ED25519: &str = include_str!("../vectors/pem/ed25519.pem");

/// The PEM texts that OpenSSL made of the test kit's keys, and the name of the key's type.
const KEYS: [(&str, &str); 9] = [
    ("RSA", RSA),
    ("RSA", RSA_PKCS1),
    ("RSA", include_str!("../vectors/pem/rsa-certificate.pem")),
    ("P-256", P256),
    ("P-256", include_str!("../vectors/pem/p256-certificate.pem")),
    ("P-384", P384),
    ("P-384", include_str!("../vectors/pem/p384-certificate.pem")),
    ("Ed25519", ED25519),
    ("Ed25519", include_str!("../vectors/pem/ed25519-certificate.pem")),
];

fn key_type(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::ES256 => "P-256",
        Algorithm::ES384 => "P-384",
        Algorithm::EdDSA => "Ed25519",
        _ => "RSA",
    }
}

/// The DER in a PEM text.
fn der(pem: &str) -> Vec<u8> {
    STANDARD.decode(pem.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap()
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// An element with its length in the shortest form.
fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut element = vec![tag];
    match contents.len() {
        length @ ..0x80 => element.push(length.try_into().unwrap()),
        length @ 0x80..0x100 => element.extend([0x81, length.try_into().unwrap()]),
        length => {
            element.push(0x82);
            element.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    element.extend(contents);
    element
}

fn sequence(elements: &[&[u8]]) -> Vec<u8> {
    element(0x30, &elements.concat())
}

fn key_info(oid: &[u8], parameters: &[u8], key: &[u8]) -> Vec<u8> {
    let identifier = sequence(&[&element(6, oid), parameters]);
    sequence(&[&identifier, &element(3, &[&[0], key].concat())])
}

fn rsa_info(key: &[u8]) -> Vec<u8> {
    key_info(RSA_OID, &[5, 0], key)
}

fn read(der: &[u8], algorithm: Algorithm) -> Result<PublicKey, PemError> {
    PublicKey::from_der(der, algorithm)
}

/// A member of the JWK of the test kit's key.
fn number(algorithm: Algorithm, member: &str) -> Vec<u8> {
    let jwk = TestKey::for_algorithm(algorithm).jwk();
    URL_SAFE_NO_PAD.decode(jwk[member].as_str().unwrap()).unwrap()
}

const RSA_OID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1];
const EC_OID: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const ED25519_OID: &[u8] = &[0x2b, 0x65, 0x70];
const P256_OID: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const P384_OID: &[u8] = &[6, 5, 0x2b, 0x81, 4, 0, 34];

// The keys of OpenSSL.

#[test]
fn key_is_that_of_the_jwk_and_verifies_with_its_algorithms_alone() {
    for (key_type_of_text, text) in KEYS {
        for algorithm in ALGORITHMS {
            let found = PublicKey::from_pem(text, algorithm);
            if key_type(algorithm) != key_type_of_text {
                let key = key_type_of_text;
                assert_eq!(found, Err(PemError::AlgorithmOfOtherKeyType { algorithm, key }));
                continue;
            }
            let signer = TestKey::for_algorithm(algorithm);
            let key = found.unwrap();
            let jwk = signer.without_member("kid").without_member("use").jwk();
            assert_eq!(PublicKey::from_jwk(jwk.to_string().as_bytes()), Ok(key.clone()));
            assert_eq!(key.algorithm(), algorithm);
            assert_eq!(key.verify(b"message", &signer.sign(b"message")), Ok(()));
        }
    }
}

#[test]
fn keys_that_openssl_makes_and_that_are_not_accepted() {
    let key = |error| PemError::Key(error);
    for (text, error) in [
        (
            include_str!("../vectors/pem/refused-rsa-1024.pem"),
            key(JwkError::ModulusTooSmall { bits: 1024 }),
        ),
        (
            include_str!("../vectors/pem/refused-rsa-exponent-3.pem"),
            key(JwkError::ExponentTooSmall),
        ),
        // It may be used with PSS alone, and its parameters say how. RFC 4055 section 1.2.
        (include_str!("../vectors/pem/refused-rsa-pss.pem"), PemError::KeyType),
        (include_str!("../vectors/pem/refused-p521.pem"), PemError::Curve),
        (include_str!("../vectors/pem/refused-secp256k1.pem"), PemError::Curve),
        (include_str!("../vectors/pem/refused-p256-explicit.pem"), PemError::Parameters),
        (include_str!("../vectors/pem/refused-p256-compressed.pem"), PemError::Point),
        (include_str!("../vectors/pem/refused-x25519.pem"), PemError::KeyType),
        (include_str!("../vectors/pem/refused-ed448.pem"), PemError::KeyType),
    ] {
        let algorithm = match error {
            PemError::Key(_) => Algorithm::RS256,
            _ => Algorithm::ES256,
        };
        assert_eq!(PublicKey::from_pem(text, algorithm), Err(error), "{text}");
        assert_eq!(PublicKey::from_der(&der(text), algorithm), Err(error), "{text}");
    }
}

#[test]
fn every_byte_counts() {
    // Each with the places of its one or two numbers.
    let keys = [
        (RSA, "PUBLIC KEY", Algorithm::RS256, [33..289, 291..294]),
        (RSA_PKCS1, "RSA PUBLIC KEY", Algorithm::PS512, [9..265, 267..270]),
        (P256, "PUBLIC KEY", Algorithm::ES256, [27..91, 91..91]),
        (P384, "PUBLIC KEY", Algorithm::ES384, [24..120, 120..120]),
        (ED25519, "PUBLIC KEY", Algorithm::EdDSA, [12..44, 44..44]),
    ];
    for (text, label, algorithm, numbers) in keys {
        let der = der(text);
        let read = |der: &[u8]| PublicKey::from_pem(pem(label, der), algorithm);
        let key = read(&der).unwrap();
        assert_eq!(numbers[1].end, der.len());
        for at in 0..der.len() {
            // All changes of the structure and some of the numbers, whose checks are slow.
            let changes = match numbers.iter().any(|places| places.contains(&at)) {
                true => vec![1, 0x80],
                false => (1..=255).collect(),
            };
            for change in changes {
                let mut changed = der.clone();
                changed[at] ^= change;
                let is_same = read(&changed).is_ok_and(|found| found == key);
                assert!(!is_same, "{label}: {change:#x} at {at}");
            }
            // The byte left out, doubled, and the last one.
            let mut shorter = der.clone();
            let byte = shorter.remove(at);
            let mut longer = der.clone();
            longer.insert(at, byte);
            for changed in [&shorter, &longer] {
                assert!(read(changed).is_err(), "{label}: at {at}");
            }
            assert_eq!(read(&der[..at]), Err(PemError::Der(DerError::Truncated)), "{at}");
        }
        for byte in 0..=255 {
            let longer = [&der, [byte].as_slice()].concat();
            assert_eq!(read(&longer), Err(PemError::Der(DerError::TrailingBytes)));
        }
    }
}

// X.690 section 10.1: lengths.

#[test]
fn length_has_one_form() {
    let short = der(ED25519);
    let rest = &short[2..];
    for length in [
        &[0x80][..],    // indefinite
        &[0x81, 42],    // long form of a short length
        &[0x82, 0, 42], // zeros in front
        &[0x83, 0, 0, 42],
        &[0x84, 0, 0, 0, 42],
        &[0x88, 0, 0, 0, 0, 0, 0, 0, 42],
        &[0x83, 1, 0, 0], // longer than any text
        &[0xff, 0, 0],    // reserved
    ] {
        let changed = [&[0x30], length, rest].concat();
        assert_eq!(read(&changed, Algorithm::EdDSA), Err(PemError::Der(DerError::Length)));
    }
    let long = der(RSA);
    assert_eq!(long[..4], [0x30, 0x82, 1, 0x22]);
    for length in [&[0x83, 0, 1, 0x22][..], &[0x80], &[0x84, 0, 0, 1, 0x22]] {
        let changed = [&[0x30], length, &long[4..]].concat();
        assert_eq!(read(&changed, Algorithm::RS256), Err(PemError::Der(DerError::Length)));
    }
    // 129 bytes: the shortest form has one octet more.
    let middle = sequence(&[&[0x30, 0x81, 0x7f], &[0; 127]]);
    assert_eq!(read(&middle, Algorithm::RS256), Err(PemError::Der(DerError::Length)));
    let huge = [0x30, 0x82, 0xff, 0xff, 0];
    assert_eq!(read(&huge, Algorithm::RS256), Err(PemError::Der(DerError::Truncated)));
}

// RFC 8017 appendix A.1.1, X.690 section 8.3: the numbers of RSA.

#[test]
fn integers_are_positive_and_minimal() {
    let n = number(Algorithm::RS256, "n");
    let positive = [&[0], &*n].concat();
    let e = [1, 0, 1];
    let key = |n: &[u8], e: &[u8]| sequence(&[&element(2, n), &element(2, e)]);
    assert_eq!(der(RSA_PKCS1), key(&positive, &e));
    assert_eq!(der(RSA), rsa_info(&key(&positive, &e)));
    let integer = Err(PemError::Der(DerError::Integer));
    for (n, e) in [
        (&*n, &e[..]),                       // negative
        (&*[&[0], &*positive].concat(), &e), // two sign octets
        (&positive, &[0, 1, 0, 1]),          // one that is not needed
        (&positive, &[]),
        (&positive, &[0]),
        (&positive, &[0, 0]),
        (&positive, &[0xff]),
        (&positive, &[0x81, 0, 1]),
    ] {
        assert_eq!(read(&rsa_info(&key(n, e)), Algorithm::RS256), integer, "{e:?}");
        let text = pem("RSA PUBLIC KEY", &key(n, e));
        assert_eq!(PublicKey::from_pem(text, Algorithm::RS256), integer, "{e:?}");
    }
    // Any other fault is one of the numbers.
    for (e, error) in [
        (&[3][..], JwkError::ExponentTooSmall),
        (&[1, 0, 0, 0], JwkError::ExponentEven),
        (&[2, 0, 0, 0, 1], JwkError::ExponentTooLarge),
    ] {
        let found = read(&rsa_info(&key(&positive, e)), Algorithm::RS256);
        assert_eq!(found, Err(PemError::Key(error)));
    }
    let mut even = positive.clone();
    *even.last_mut().unwrap() &= 0xfe;
    let found = read(&rsa_info(&key(&even, &e)), Algorithm::RS256);
    assert_eq!(found, Err(PemError::Key(JwkError::ModulusEven)));
}

#[test]
fn rsa_key_has_two_integers_and_nothing_else() {
    let n = element(2, &[&[0], &*number(Algorithm::RS256, "n")].concat());
    let e = element(2, &[1, 0, 1]);
    for (key, error) in [
        (sequence(&[&n, &e, &e]), DerError::TrailingBytes),
        (sequence(&[&n, &e, &[5, 0]]), DerError::TrailingBytes),
        (sequence(&[&n]), DerError::Truncated),
        (sequence(&[]), DerError::Truncated),
        (sequence(&[&n, &element(4, &[1, 0, 1])]), DerError::Type),
        ([sequence(&[&n, &e]), vec![0]].concat(), DerError::TrailingBytes),
        (element(0x31, &[n, e].concat()), DerError::Type),
        (vec![], DerError::Truncated),
    ] {
        let found = read(&rsa_info(&key), Algorithm::RS256);
        assert_eq!(found, Err(PemError::Der(error)), "{key:?}");
    }
}

// Section 4.1.2.7: SubjectPublicKeyInfo.

#[test]
fn key_info_has_an_identifier_and_bits_and_nothing_else() {
    let octets = number(Algorithm::EdDSA, "x");
    let identifier = sequence(&[&element(6, ED25519_OID)]);
    let bits = element(3, &[&[0], &*octets].concat());
    assert_eq!(der(ED25519), sequence(&[&identifier, &bits]));
    for (info, error) in [
        (sequence(&[&identifier, &bits, &[5, 0]]), DerError::TrailingBytes),
        (sequence(&[&identifier]), DerError::Truncated),
        (sequence(&[&bits]), DerError::Type),
        (sequence(&[&identifier, &element(4, &octets)]), DerError::Type),
        (sequence(&[&element(6, ED25519_OID), &bits]), DerError::Type),
        (sequence(&[]), DerError::Truncated),
        (element(0x31, &[&*identifier, &bits].concat()), DerError::Type),
        // The bits that are not used, and a constructed string (X.690 section 10.2).
        (sequence(&[&identifier, &element(3, &[&[1], &*octets].concat())]), DerError::UnusedBits),
        (sequence(&[&identifier, &element(3, &[8])]), DerError::UnusedBits),
        (sequence(&[&identifier, &element(3, &[])]), DerError::UnusedBits),
        (sequence(&[&identifier, &element(0x23, &bits)]), DerError::Type),
        (sequence(&[&sequence(&[]), &bits]), DerError::Truncated),
        (sequence(&[&sequence(&[&[5, 0]]), &bits]), DerError::Type),
        // PKCS #1, and the whole in an OCTET STRING.
        (der(RSA_PKCS1), DerError::Type),
        (element(4, &der(ED25519)), DerError::Type),
    ] {
        let found = read(&info, Algorithm::EdDSA);
        assert_eq!(found, Err(PemError::Der(error)), "{info:x?}");
    }
}

#[test]
fn parameters_are_those_of_the_type() {
    let rsa = der(RSA_PKCS1);
    let point = der(P256)[26..].to_vec();
    let octets = number(Algorithm::EdDSA, "x");
    assert_eq!(key_info(EC_OID, P256_OID, &point), der(P256));
    let null = [5, 0];
    for (oid, parameters, key) in [
        (RSA_OID, &[][..], &rsa),
        (RSA_OID, &[5, 0, 5, 0], &rsa),
        (RSA_OID, &[5, 1, 0], &rsa),
        (RSA_OID, &[5, 0x81, 0], &rsa),
        (RSA_OID, P256_OID, &rsa),
        (RSA_OID, &[0x30, 0], &rsa),
        (EC_OID, &[], &point),
        (EC_OID, &null, &point),
        (EC_OID, &[0x30, 0], &point),
        (ED25519_OID, &null, &octets),
        (ED25519_OID, P256_OID, &octets),
        (ED25519_OID, &[0], &octets),
    ] {
        let info = key_info(oid, parameters, key);
        assert_eq!(read(&info, Algorithm::RS256), Err(PemError::Parameters), "{parameters:x?}");
    }
    for parameters in [&[P256_OID, &null].concat()[..], &[6, 0], &[6, 1, 0x2a], &P256_OID[..9]] {
        let info = key_info(EC_OID, parameters, &point);
        assert_eq!(read(&info, Algorithm::ES256), Err(PemError::Curve), "{parameters:x?}");
    }
    for oid in [&[][..], &[0x2a], &RSA_OID[..8], &[RSA_OID, &[1]].concat(), P256_OID] {
        let info = key_info(oid, &null, &rsa);
        assert_eq!(read(&info, Algorithm::RS256), Err(PemError::KeyType), "{oid:x?}");
    }
}

// RFC 5480 section 2.2, RFC 8410 section 4: points.

#[test]
fn point_is_uncompressed_and_on_its_curve() {
    let (x, y) = (number(Algorithm::ES256, "x"), number(Algorithm::ES256, "y"));
    let found = |point: &[u8]| read(&key_info(EC_OID, P256_OID, point), Algorithm::ES256);
    let point = |first: &[u8], y: &[u8]| [first, &x, y].concat();
    assert!(found(&point(&[4], &y)).is_ok());
    for refused in [
        vec![],
        vec![0],
        vec![4],
        point(&[2], &[]),
        point(&[3], &[]),
        // Hybrid forms. SEC 1 section 2.3.3 does not have them.
        point(&[6], &y),
        point(&[7], &y),
        point(&[5], &y),
        point(&[], &y),
        point(&[4, 0], &y),
        point(&[4], &y[1..]),
        point(&[4], &[&*y, &[0]].concat()),
    ] {
        assert_eq!(found(&refused), Err(PemError::Point), "{refused:?}");
    }
    let off = Err(PemError::Key(JwkError::NotOnCurve));
    assert_eq!(found(&point(&[4], &x)), off);
    assert_eq!(found(&[&[4][..], &[0; 64]].concat()), off);
    // A point of the other curve.
    let info = key_info(EC_OID, P384_OID, &point(&[4], &y));
    assert_eq!(read(&info, Algorithm::ES384), Err(PemError::Point));
}

#[test]
fn octets_of_ed25519_are_a_point_of_high_order() {
    let found = |octets: &[u8]| read(&key_info(ED25519_OID, &[], octets), Algorithm::EdDSA);
    for bytes in [0, 31, 33] {
        let error = JwkError::CoordinateLength { member: "x", bytes, expected: 32 };
        assert_eq!(found(&vec![9; bytes]), Err(PemError::Key(error)));
    }
    assert_eq!(found(&[0; 32]), Err(PemError::Key(JwkError::LowOrder)));
    assert_eq!(found(&[0xff; 32]), Err(PemError::Key(JwkError::NotCanonical)));
    let mut two = [0; 32];
    two[0] = 2;
    assert_eq!(found(&two), Err(PemError::Key(JwkError::NotOnCurve)));
}

// Private keys, by their structure.

#[test]
fn private_key_in_der_is_named() {
    let number = element(2, &[1, 0, 1]);
    for key in [
        // RFC 8410 section 10.3, version 0 and version 1.
        STANDARD
            .decode("MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC")
            .unwrap(),
        include_bytes!("../../src/testkit/tokenring-test-key-eddsa.pk8").to_vec(),
        include_bytes!("../../src/testkit/tokenring-test-key-rsa.pk8").to_vec(),
        include_bytes!("../../src/testkit/tokenring-test-key-es256.pk8").to_vec(),
        // RFC 8017 appendix A.1.2 and RFC 5915 section 3.
        sequence(&[&element(2, &[0]), &number, &number, &number]),
        sequence(&[&element(2, &[1]), &element(4, &[1; 32])]),
    ] {
        assert_eq!(read(&key, Algorithm::EdDSA), Err(PemError::PrivateKey), "{key:?}");
        for label in ["PUBLIC KEY", "RSA PUBLIC KEY"] {
            let found = PublicKey::from_pem(pem(label, &key), Algorithm::EdDSA);
            assert_eq!(found, Err(PemError::PrivateKey), "{key:?}");
        }
        // In a bit string too.
        let found = read(&rsa_info(&key), Algorithm::RS256);
        assert_eq!(found, Err(PemError::PrivateKey), "{key:?}");
    }
}

// Section 4.1: certificates.

struct Certificate {
    version: Vec<u8>,
    serial: Vec<u8>,
    after_key: Vec<u8>,
    after: Vec<u8>,
}

impl Default for Certificate {
    fn default() -> Self {
        Self {
            version: element(0xa0, &[2, 1, 2]),
            serial: element(2, &[1]),
            after_key: vec![],
            after: [sequence(&[]), element(3, &[0])].concat(),
        }
    }
}

impl Certificate {
    fn read(&self) -> Result<PublicKey, PemError> {
        let empty = sequence(&[]);
        let fields =
            [&*self.version, &self.serial, &empty.repeat(4), &der(ED25519), &self.after_key];
        let certificate = sequence(&[&sequence(&fields), &self.after]);
        PublicKey::from_pem(pem("CERTIFICATE", &certificate), Algorithm::EdDSA)
    }
}

#[test]
fn certificate_is_a_container_of_its_key() {
    let key = PublicKey::from_pem(ED25519, Algorithm::EdDSA).unwrap();
    let optional = [0x81, 0x82, 0xa3].map(|tag| element(tag, &[0]));
    for certificate in [
        Certificate::default(),
        // Version 1 is the default, and its field is left out.
        Certificate { version: vec![], ..Certificate::default() },
        // A serial number that is negative, as some are.
        Certificate { serial: element(2, &[0xff, 0xff]), ..Certificate::default() },
        Certificate { after_key: optional.concat(), ..Certificate::default() },
        Certificate { after_key: optional[2].clone(), ..Certificate::default() },
    ] {
        assert_eq!(certificate.read(), Ok(key.clone()));
    }
    let after = Certificate::default().after;
    for (certificate, error) in [
        (Certificate { after_key: vec![5, 0], ..Certificate::default() }, DerError::TrailingBytes),
        (
            Certificate {
                after_key: [&*optional[2], &optional[0]].concat(),
                ..Certificate::default()
            },
            DerError::TrailingBytes,
        ),
        (Certificate { serial: vec![], ..Certificate::default() }, DerError::Type),
        (Certificate { version: element(0xa1, &[]), ..Certificate::default() }, DerError::Type),
        (Certificate { after: vec![], ..Certificate::default() }, DerError::Truncated),
        (Certificate { after: sequence(&[]), ..Certificate::default() }, DerError::Truncated),
        (
            Certificate { after: [after, vec![5, 0]].concat(), ..Certificate::default() },
            DerError::TrailingBytes,
        ),
    ] {
        assert_eq!(certificate.read(), Err(PemError::Der(error)));
    }
}

#[test]
fn certificate_that_is_cut_off_or_followed_is_refused() {
    let certificate = der(include_str!("../vectors/pem/p256-certificate.pem"));
    let read = |der: &[u8]| PublicKey::from_pem(pem("CERTIFICATE", der), Algorithm::ES256);
    assert!(read(&certificate).is_ok());
    for length in 0..certificate.len() {
        let found = read(&certificate[..length]);
        assert_eq!(found, Err(PemError::Der(DerError::Truncated)), "{length}");
    }
    let longer = [&*certificate, &[0]].concat();
    assert_eq!(read(&longer), Err(PemError::Der(DerError::TrailingBytes)));
    // A certificate is no SubjectPublicKeyInfo.
    let found = PublicKey::from_der(&certificate, Algorithm::ES256);
    assert_eq!(found, Err(PemError::Der(DerError::Type)));
}
