//! TLS: the trusted certificates, and the time limit of a handshake.

use std::{
    env, fs,
    io::{self, Write},
    net::Shutdown,
    path::Path,
    sync::{Arc, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerifier},
    },
    crypto::{ring::default_provider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime as TlsTime, pem::PemObject},
    server::{
        NoClientAuth,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
    sign::CertifiedKey,
};
use tokenring::{
    FetchConfigError, RemoteJwks,
    remote::{FetchError, RemoteJwksBuilder, RootCertsFault, TlsFault},
    testkit::{Answer, IssuerServer},
};

use crate::{
    fake::bare,
    sockets::{
        AUTHORITY, DRIP, LOOPBACK, OTHER_AUTHORITY, OTHER_HOST, SERVER_KEY, TIMEOUT, TempFile, der,
        failure, serve, serve_tls, serve_tls_to, trusting,
    },
};

#[test]
fn plain_http_is_refused_when_the_source_is_built() {
    let outcome = |url: &str| RemoteJwks::new(url).map(drop);
    assert_eq!(outcome("http://127.0.0.1:1/"), Err(FetchConfigError::NotHttps));
    let builder = RemoteJwks::builder("http://192.0.2.1/").danger_allow_http_loopback();
    assert_eq!(builder.build().map(drop), Err(FetchConfigError::NotHttps));
}

#[test]
fn certificate_of_a_private_authority() {
    let (address, _) = serve_tls(LOOPBACK);
    assert_eq!(trusting(AUTHORITY, address).build().unwrap().prime(), Ok(()));
}

#[test]
fn self_signed_certificate() {
    let (address, _) = serve_tls(SELF_SIGNED);
    assert_tls_failure(trusting(AUTHORITY, address), "UnknownIssuer");
}

#[test]
fn certificate_of_an_authority_that_is_not_trusted() {
    let (address, _) = serve_tls(LOOPBACK);
    let with_defaults = RemoteJwks::builder(format!("https://{address}/")).no_proxy();
    assert_tls_failure(with_defaults, "UnknownIssuer");
}

#[test]
fn only_the_given_root_certificates_are_trusted() {
    let (address, _) = serve_tls(LOOPBACK);
    assert_tls_failure(trusting(OTHER_AUTHORITY, address), "UnknownIssuer");
    let both = format!("{OTHER_AUTHORITY}{AUTHORITY}");
    assert_eq!(trusting(&both, address).build().unwrap().prime(), Ok(()));
}

#[test]
fn certificate_of_another_host() {
    let (address, _) = serve_tls(OTHER_HOST);
    assert_tls_failure(trusting(AUTHORITY, address), "not valid for name");
}

#[test]
fn expired_certificate() {
    let (address, _) = serve_tls(EXPIRED);
    assert_tls_failure(trusting(AUTHORITY, address), "expired");
}

/// The certificates are files that could expire unnoticed. Asserts the expiry that rustls sees.
#[test]
fn certificates_of_these_tests_are_valid_until_the_year_4000() {
    for (certificate, name, end) in [
        (LOOPBACK, "127.0.0.1", END_OF_3999),
        (OTHER_HOST, "other.example", END_OF_3999),
        (EXPIRED, "127.0.0.1", END_OF_2019),
    ] {
        let mut roots = RootCertStore::empty();
        roots.add(der(AUTHORITY)).unwrap();
        let provider = Arc::new(default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        let verifier = verifier.build().unwrap();
        let at = |seconds| {
            let now = TlsTime::since_unix_epoch(Duration::from_secs(seconds));
            let name = ServerName::try_from(name).unwrap();
            verifier.verify_server_cert(&der(certificate), &[], &name, &[], now).map(drop)
        };
        // Before 2019 they are not yet valid.
        assert!(matches!(
            at(BEGINNING_OF_2019 - 1),
            Err(Error::InvalidCertificate(CertificateError::NotValidYetContext { .. }))
        ));
        assert_eq!((at(BEGINNING_OF_2019), at(end)), (Ok(()), Ok(())), "{name}");
        assert!(matches!(
            at(end + 1),
            Err(Error::InvalidCertificate(CertificateError::ExpiredContext { .. }))
        ));
    }
}

#[test]
fn plain_http_behind_an_https_url() {
    let server = IssuerServer::start();
    server.answer_with(Answer::key_set());
    let url = server.jwks_url().replace("http:", "https:");
    let (address, _) = serve(|mut stream, _| stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    assert_tls_failure(RemoteJwks::builder(format!("https://{address}/")).no_proxy(), "");
    // This server waits for the end of a request, which never comes.
    assert_eq!(failure(RemoteJwks::builder(url).no_proxy()), FetchError::TlsTimeout);
}

#[test]
fn handshake_that_arrives_byte_by_byte() {
    let (address, _) = serve(|mut stream, _| {
        // The header of a handshake record of 16 KiB, which then arrives byte by byte.
        stream.write_all(&[22, 3, 3, 64, 0, 2, 0, 63, 252])?;
        loop {
            stream.write_all(&[0])?;
            thread::sleep(DRIP);
        }
    });
    let keys = RemoteJwks::builder(format!("https://{address}/")).no_proxy();
    assert_eq!(failure(keys), FetchError::TlsTimeout);
}

#[test]
fn connection_has_a_timeout_of_its_own() {
    let (address, _) = serve(|mut stream, _| io::copy(&mut stream, &mut io::sink()).map(drop));
    let keys = RemoteJwks::builder(format!("https://{address}/")).no_proxy();
    let keys = keys.timeout(10 * TIMEOUT).connect_timeout(TIMEOUT).build().unwrap();
    let start = Instant::now();
    assert_eq!(bare(keys.prime()), Err(FetchError::TlsTimeout));
    assert!(start.elapsed() < TIMEOUT + Duration::from_millis(200), "{:?}", start.elapsed());
}

#[test]
fn tls_that_is_closed_at_once_is_tried_twice() {
    let (address, connections) = serve(|stream, _| stream.shutdown(Shutdown::Write));
    let keys = RemoteJwks::builder(format!("https://{address}/")).no_proxy();
    let reason = "unexpected end of file".into();
    assert_eq!(failure(keys), FetchError::Tls { fault: TlsFault::Closed, reason });
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[test]
fn root_certificates_must_be_certificates() {
    let utf16: Vec<u8> = AUTHORITY.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bad, fault) in [
        (Vec::new(), RootCertsFault::Empty),
        (b" \n".to_vec(), RootCertsFault::Empty),
        ([&[0xff, 0xfe], utf16.as_slice()].concat(), RootCertsFault::Utf16),
        (utf16, RootCertsFault::Utf16),
        (format!("\u{feff}{AUTHORITY}").into(), RootCertsFault::ByteOrderMark),
        (der(AUTHORITY).to_vec(), RootCertsFault::Der),
        (AUTHORITY.replace('\n', "\\n").into(), RootCertsFault::EscapedLineBreaks),
        (SERVER_KEY.into(), RootCertsFault::PrivateKey),
        (format!("{AUTHORITY}{SERVER_KEY}").into(), RootCertsFault::PrivateKey),
        (b"no PEM".to_vec(), RootCertsFault::NotCertificates),
        (AUTHORITY.replace("-----END", "----END").into(), RootCertsFault::NotCertificates),
        (AUTHORITY.replace('M', "*").into(), RootCertsFault::NotCertificates),
        (AUTHORITY.replace("CERTIFICATE", "PUBLIC KEY").into(), RootCertsFault::NotCertificates),
    ] {
        let refused = Err(FetchConfigError::RootCerts(fault));
        let keys = || RemoteJwks::builder("https://issuer.example/");
        let shown = String::from_utf8_lossy(&bad);
        assert_eq!(keys().root_certs_pem(bad.clone()).build().map(drop), refused, "{shown}");
        assert_eq!(keys().add_root_certs_pem(bad.clone()).build().map(drop), refused, "{shown}");
        let file = TempFile::with(&bad);
        assert_eq!(keys().root_certs_file(&file.0).build().map(drop), refused, "{shown}");
    }
}

#[test]
fn added_roots_are_trusted_beside_the_others() {
    let (address, connections) = serve_tls(LOOPBACK);
    let built_in = || RemoteJwks::builder(format!("https://{address}/")).no_proxy();
    assert_eq!(built_in().add_root_certs_pem(AUTHORITY).build().unwrap().prime(), Ok(()));
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    let added = trusting(OTHER_AUTHORITY, address).add_root_certs_pem(AUTHORITY);
    assert_eq!(added.build().unwrap().prime(), Ok(()));
    // Neither among the added certificates nor among the built-in ones, which are tried as well.
    let before = connections.load(Ordering::SeqCst);
    assert_tls_failure(built_in().add_root_certs_pem(OTHER_AUTHORITY), "UnknownIssuer");
    assert_eq!(connections.load(Ordering::SeqCst), before + 2);
    // Another fault of a certificate ends the fetch, and is reported.
    let (address, connections) = serve_tls(EXPIRED);
    let expired = RemoteJwks::builder(format!("https://{address}/")).no_proxy();
    assert_tls_failure(expired.add_root_certs_pem(AUTHORITY), "expired");
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[test]
fn roots_may_be_in_a_file() {
    let (address, _) = serve_tls(LOOPBACK);
    let built_in = || RemoteJwks::builder(format!("https://{address}/")).no_proxy();
    let file = TempFile::with(AUTHORITY);
    assert_eq!(built_in().root_certs_file(&file.0).build().unwrap().prime(), Ok(()));
    assert_eq!(built_in().add_root_certs_file(&file.0).build().unwrap().prime(), Ok(()));
    let key = TempFile::with(SERVER_KEY);
    let outcome = built_in().root_certs_file(&key.0).build().map(drop);
    assert_eq!(outcome, Err(FetchConfigError::RootCerts(RootCertsFault::PrivateKey)));
    let unreadable = |kind| Err(FetchConfigError::RootCertsFile { kind });
    let of_file = |path: &Path| built_in().add_root_certs_file(path).build().map(drop);
    assert_eq!(of_file(Path::new("/no/file")), unreadable(io::ErrorKind::NotFound));
    assert_eq!(of_file(&env::temp_dir()), unreadable(io::ErrorKind::InvalidData));
    #[cfg(unix)]
    assert_eq!(of_file(Path::new("/dev/zero")), unreadable(io::ErrorKind::InvalidData));
    let of_bytes =
        |bytes: usize| TempFile::with(AUTHORITY.to_owned() + &"\n".repeat(bytes - AUTHORITY.len()));
    let (longest, too_long) = (of_bytes(4 << 20), of_bytes((4 << 20) + 1));
    assert_eq!(of_file(&longest.0), Ok(()));
    assert_eq!(of_file(&too_long.0), unreadable(io::ErrorKind::InvalidData));
}

/// Accepts [`LOOPBACK`] as the client's certificate, and no other.
#[derive(Debug)]
pub(crate) struct OneClient;

impl ClientCertVerifier for OneClient {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: TlsTime,
    ) -> Result<ClientCertVerified, Error> {
        match *certificate == der(LOOPBACK) {
            true => Ok(ClientCertVerified::assertion()),
            false => Err(CertificateError::UnknownIssuer.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = default_provider().signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = default_provider().signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}

#[test]
fn client_certificate_is_shown_to_the_server_that_demands_it() {
    let (address, _) = serve_tls_to(LOOPBACK, Arc::new(OneClient), None);
    assert!(trusting(AUTHORITY, address).build().unwrap().prime().is_err());
    let keys = trusting(AUTHORITY, address).client_cert_pem(LOOPBACK, SERVER_KEY);
    assert_eq!(keys.build().unwrap().prime(), Ok(()));
    let keys = trusting(AUTHORITY, address).client_cert_pem(SELF_SIGNED, SERVER_KEY);
    assert!(keys.build().unwrap().prime().is_err());

    // An issuer whose keys are on that server, which is another origin.
    let issuer = IssuerServer::start();
    let mut metadata = issuer.metadata();
    metadata["jwks_uri"] = format!("https://{address}/").into();
    issuer.answer_metadata_with(Answer::body(metadata.to_string()));
    let keys = RemoteJwks::discovery_builder(issuer.url()).danger_allow_http_loopback().no_proxy();
    let keys = keys.root_certs_pem(AUTHORITY).client_cert_pem(LOOPBACK, SERVER_KEY);
    assert!(keys.build().unwrap().prime().is_err());
}

#[test]
fn client_certificate_and_key_are_checked_when_the_source_is_built() {
    let outcome = |cert: &str, key: &str| {
        let keys = RemoteJwks::builder("https://issuer.example/").client_cert_pem(cert, key);
        keys.build().map(drop)
    };
    assert_eq!(outcome(LOOPBACK, SERVER_KEY), Ok(()));
    assert_eq!(outcome(&format!("{LOOPBACK}{AUTHORITY}"), SERVER_KEY), Ok(()));
    for cert in ["", "no PEM", SERVER_KEY, &format!("{LOOPBACK}{SERVER_KEY}")] {
        assert_eq!(outcome(cert, SERVER_KEY), Err(FetchConfigError::ClientCert), "{cert}");
    }
    let broken = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let mislabeled = SERVER_KEY.replace("PRIVATE KEY", "RSA PRIVATE KEY");
    for key in ["", "no PEM", LOOPBACK, &SERVER_KEY.repeat(2), broken, &mislabeled] {
        assert_eq!(outcome(LOOPBACK, key), Err(FetchConfigError::ClientKey), "{key}");
    }
    assert_eq!(outcome(AUTHORITY, SERVER_KEY), Err(FetchConfigError::ClientKeyMismatch));
}

/// A pair that is accepted and that rustls refuses would make every fetch panic.
#[test]
fn pairs_of_certificate_and_key_are_accepted_if_rustls_can_use_them() {
    let ok = Ok(());
    let key = Err(FetchConfigError::ClientKey);
    for (name, cert, private, expected) in [
        ("RSA", CLIENT_RSA, CLIENT_RSA_KEY, ok),
        ("RSA, PKCS#1", CLIENT_RSA, CLIENT_RSA_KEY_PKCS1, ok),
        ("RSA of 1024 bits", CLIENT_RSA_1024, CLIENT_RSA_1024_KEY, key),
        ("P-256", CLIENT_P256, CLIENT_P256_KEY, ok),
        ("P-256, SEC1", CLIENT_P256, CLIENT_P256_KEY_SEC1, ok),
        ("P-384", CLIENT_P384, CLIENT_P384_KEY, ok),
        ("P-384, SEC1", CLIENT_P384, CLIENT_P384_KEY_SEC1, ok),
        ("P-521", CLIENT_P521, CLIENT_P521_KEY, key),
        ("Ed25519", CLIENT_ED25519, CLIENT_ED25519_KEY, ok),
        ("version 1", CLIENT_VERSION_1, CLIENT_P256_KEY, Err(FetchConfigError::ClientCert)),
        ("other key", CLIENT_P256, CLIENT_P384_KEY, Err(FetchConfigError::ClientKeyMismatch)),
        ("other key", CLIENT_RSA, SERVER_KEY, Err(FetchConfigError::ClientKeyMismatch)),
    ] {
        let keys = RemoteJwks::builder("https://issuer.example/").client_cert_pem(cert, private);
        assert_eq!(keys.build().map(drop), expected, "{name}");
        let private = PrivateKeyDer::from_pem_slice(private.as_bytes()).unwrap();
        let pair = CertifiedKey::from_der(vec![der(cert)], private, &default_provider());
        assert_eq!(pair.is_ok(), expected.is_ok(), "{name}: {:?}", pair.err());
    }
}

/// The lines for Kubernetes on the page of issuers, against an API server that demands the token of a
/// service account and has a certificate of the cluster's authority.
#[test]
fn keys_of_a_kubernetes_cluster() {
    let (address, connections) =
        serve_tls_to(LOOPBACK, Arc::new(NoClientAuth), Some("authorization: Bearer a.b.c\r\n"));
    let (token, authority) = (TempFile::with("a.b.c"), TempFile::with(AUTHORITY));
    let keys = || {
        let keys = RemoteJwks::builder(format!("https://{address}/openid/v1/jwks")).no_proxy();
        keys.root_certs_file(&authority.0)
    };
    let with_token = keys().bearer_token_file(&token.0).build().unwrap();
    assert_eq!(with_token.prime(), Ok(()));
    let refused = FetchError::Status { status: 401, retry_after: None };
    assert_eq!(bare(keys().build().unwrap().prime()), Err(refused.clone()));
    fs::write(&token.0, "d.e.f").unwrap();
    assert_eq!(bare(with_token.refresh_now()), Err(refused));
    // A server of another authority is not sent the token.
    let before = connections.load(Ordering::SeqCst);
    let other = TempFile::with(OTHER_AUTHORITY);
    let keys = keys().root_certs_file(&other.0).bearer_token_file(&token.0);
    assert_tls_failure(keys, "UnknownIssuer");
    assert_eq!(connections.load(Ordering::SeqCst), before + 1);
}

fn assert_tls_failure(keys: RemoteJwksBuilder, why: &str) {
    match failure(keys) {
        FetchError::Tls { reason, .. } => assert!(reason.contains(why), "{reason}"),
        error => panic!("{error:?}"),
    }
}

/// A certificate for 127.0.0.1 that expired in 2020, signed by [`AUTHORITY`].
pub(crate) const EXPIRED: &str = include_str!("../vectors/tls/expired.pem");
/// A self-signed certificate for 127.0.0.1.
pub(crate) const SELF_SIGNED: &str = include_str!("../vectors/tls/self-signed.pem");

// Made by `vectors/tls/make-clients.sh`.

const CLIENT_RSA: &str = include_str!("../vectors/tls/client-rsa-2048.pem");
const CLIENT_RSA_KEY: &str = include_str!("../vectors/tls/client-rsa-2048-key.pem");
const CLIENT_RSA_KEY_PKCS1: &str =
    include_str!("../vectors/tls/client-rsa-2048-key-traditional.pem");
const CLIENT_RSA_1024: &str = include_str!("../vectors/tls/client-rsa-1024.pem");
const CLIENT_RSA_1024_KEY: &str = include_str!("../vectors/tls/client-rsa-1024-key.pem");
const CLIENT_P256: &str = include_str!("../vectors/tls/client-p256.pem");
const CLIENT_P256_KEY: &str = include_str!("../vectors/tls/client-p256-key.pem");
const CLIENT_P256_KEY_SEC1: &str = include_str!("../vectors/tls/client-p256-key-traditional.pem");
const CLIENT_P384: &str = include_str!("../vectors/tls/client-p384.pem");
const CLIENT_P384_KEY: &str = include_str!("../vectors/tls/client-p384-key.pem");
const CLIENT_P384_KEY_SEC1: &str = include_str!("../vectors/tls/client-p384-key-traditional.pem");
const CLIENT_P521: &str = include_str!("../vectors/tls/client-p521.pem");
const CLIENT_P521_KEY: &str = include_str!("../vectors/tls/client-p521-key.pem");
const CLIENT_ED25519: &str = include_str!("../vectors/tls/client-ed25519.pem");
const CLIENT_ED25519_KEY: &str = include_str!("../vectors/tls/client-ed25519-key.pem");
const CLIENT_VERSION_1: &str = include_str!("../vectors/tls/client-version-1.pem");

const BEGINNING_OF_2019: u64 = 1_546_300_800;
const END_OF_2019: u64 = 1_577_836_800;
const END_OF_3999: u64 = 64_060_588_800;
