//! TLS: the trusted certificates, and the time limit of a handshake.

use std::{
    io::{self, Write},
    net::Shutdown,
    sync::{Arc, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use rustls::{
    CertificateError, Error, RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::ring::default_provider,
    pki_types::{ServerName, UnixTime as TlsTime},
};
use tokenring::{
    FetchConfigError, RemoteJwks,
    remote::{FetchError, RemoteJwksBuilder},
    testkit::{Answer, IssuerServer},
};

use crate::sockets::{
    AUTHORITY, DRIP, LOOPBACK, OTHER_AUTHORITY, SERVER_KEY, TIMEOUT, der, failure, serve,
    serve_tls, trusting,
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
    assert_eq!(failure(RemoteJwks::builder(url).no_proxy()), FetchError::Timeout);
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
    assert_eq!(failure(keys), FetchError::Timeout);
}

#[test]
fn connection_has_a_timeout_of_its_own() {
    let (address, _) = serve(|mut stream, _| io::copy(&mut stream, &mut io::sink()).map(drop));
    let keys = RemoteJwks::builder(format!("https://{address}/")).no_proxy();
    let keys = keys.timeout(10 * TIMEOUT).connect_timeout(TIMEOUT).build().unwrap();
    let start = Instant::now();
    assert_eq!(keys.prime(), Err(FetchError::Timeout));
    assert!(start.elapsed() < TIMEOUT + Duration::from_millis(200), "{:?}", start.elapsed());
}

#[test]
fn tls_that_is_closed_at_once_is_tried_twice() {
    let (address, connections) = serve(|stream, _| stream.shutdown(Shutdown::Write));
    let keys = RemoteJwks::builder(format!("https://{address}/")).no_proxy();
    assert!(matches!(failure(keys), FetchError::Connect { .. }));
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[test]
fn root_certificates_must_be_certificates() {
    for bad in [
        String::new(),
        "no PEM".into(),
        SERVER_KEY.into(),
        format!("{AUTHORITY}{SERVER_KEY}"),
        AUTHORITY.replace("-----END", "----END"),
        AUTHORITY.replace('M', "*"),
    ] {
        let keys = RemoteJwks::builder("https://issuer.example/").root_certs_pem(bad.clone());
        assert_eq!(keys.build().map(drop), Err(FetchConfigError::RootCerts), "{bad}");
    }
}

fn assert_tls_failure(keys: RemoteJwksBuilder, why: &str) {
    match failure(keys) {
        FetchError::Tls { reason } => assert!(reason.contains(why), "{reason}"),
        error => panic!("{error:?}"),
    }
}

/// A certificate for other.example, signed by [`AUTHORITY`].
const OTHER_HOST: &str = include_str!("../vectors/tls/other-host.pem");
/// A certificate for 127.0.0.1 that expired in 2020, signed by [`AUTHORITY`].
const EXPIRED: &str = include_str!("../vectors/tls/expired.pem");
/// A self-signed certificate for 127.0.0.1.
const SELF_SIGNED: &str = include_str!("../vectors/tls/self-signed.pem");

const BEGINNING_OF_2019: u64 = 1_546_300_800;
const END_OF_2019: u64 = 1_577_836_800;
const END_OF_3999: u64 = 64_060_588_800;
