//! The fixed private keys, which are public. `README.md` in this directory says how they were made.

use alloc::{format, vec, vec::Vec};

use crate::{Algorithm, testkit::TestKey};

/// The default keys of an issuer.
pub(super) fn published() -> Vec<TestKey> {
    vec![
        TestKey::from_pkcs8("tokenring-test-key-01", include_bytes!("tokenring-test-key-01.pk8")),
        TestKey::from_pkcs8("tokenring-test-key-02", include_bytes!("tokenring-test-key-02.pk8")),
        TestKey::from_pkcs8("tokenring-test-key-03", include_bytes!("tokenring-test-key-03.pk8")),
    ]
}

/// As many keys as in [`published`], all of different material. The first is the key of
/// [`TestKey::for_algorithm`], which loads no other: that takes milliseconds.
pub(super) fn for_algorithm(algorithm: Algorithm) -> impl Iterator<Item = TestKey> {
    let ders: [&[u8]; 3] = match algorithm {
        Algorithm::RS256
        | Algorithm::RS384
        | Algorithm::RS512
        | Algorithm::PS256
        | Algorithm::PS384
        | Algorithm::PS512 => [
            include_bytes!("tokenring-test-key-rsa.pk8"),
            include_bytes!("tokenring-test-key-02.pk8"),
            include_bytes!("tokenring-test-key-03.pk8"),
        ],
        Algorithm::ES256 => [
            include_bytes!("tokenring-test-key-es256.pk8"),
            include_bytes!("tokenring-test-key-es256-02.pk8"),
            include_bytes!("tokenring-test-key-es256-03.pk8"),
        ],
        Algorithm::ES384 => [
            include_bytes!("tokenring-test-key-es384.pk8"),
            include_bytes!("tokenring-test-key-es384-02.pk8"),
            include_bytes!("tokenring-test-key-es384-03.pk8"),
        ],
        Algorithm::EdDSA => [
            include_bytes!("tokenring-test-key-eddsa.pk8"),
            include_bytes!("tokenring-test-key-eddsa-02.pk8"),
            include_bytes!("tokenring-test-key-eddsa-03.pk8"),
        ],
    };
    let kid = format!("tokenring-test-key-{}", algorithm.name().to_ascii_lowercase());
    ders.into_iter().map(move |der| TestKey::load(algorithm, &*kid, der))
}

/// A key that no issuer publishes.
pub(super) fn attacker(algorithm: Algorithm) -> TestKey {
    let der: &[u8] = match algorithm {
        Algorithm::RS256
        | Algorithm::RS384
        | Algorithm::RS512
        | Algorithm::PS256
        | Algorithm::PS384
        | Algorithm::PS512 => include_bytes!("attacker.pk8"),
        Algorithm::ES256 => include_bytes!("attacker-es256.pk8"),
        Algorithm::ES384 => include_bytes!("attacker-es384.pk8"),
        Algorithm::EdDSA => include_bytes!("attacker-eddsa.pk8"),
    };
    TestKey::load(algorithm, "attacker", der)
}
