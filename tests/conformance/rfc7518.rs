//! RFC 7518: the encoding of RSA numbers (section 2), the rules for RSA keys (section 6.3.1), and
//! their signatures (section 3.3).

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use tokenring::testkit::{Issuer, TestKey};
use tokenring::{Algorithm, CompactJws, JwkError, PublicKey, VerifyError};

const F4: &[u8] = &[1, 0, 1];

/// The moduli that `vectors/make_moduli.py` made and describes.
fn moduli() -> Vec<(&'static str, Vec<u8>)> {
    let lines = include_str!("../vectors/rsa_moduli.txt").lines();
    lines.filter_map(|line| line.split_once("  ")).map(|(name, hex)| (name, bytes(hex))).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = (0..hex.len()).step_by(2).map(|at| &hex[at..at + 2]);
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

fn modulus(name: &str) -> Vec<u8> {
    moduli().into_iter().find(|(known, _)| *known == name).unwrap().1
}

fn jwk(n: &str, e: &str) -> Vec<u8> {
    format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}"}}"#).into_bytes()
}

/// The result of both constructors. Asserts that it is the same.
#[track_caller]
fn key(n: &[u8], e: &[u8]) -> Result<PublicKey, JwkError> {
    let from_components = PublicKey::from_rsa_components(n, e);
    let from_jwk =
        PublicKey::from_jwk(&jwk(&URL_SAFE_NO_PAD.encode(n), &URL_SAFE_NO_PAD.encode(e)));
    assert_eq!(from_components, from_jwk);
    from_components
}

/// The public half of `key`: `n` and `e`.
fn components(key: &TestKey) -> (Vec<u8>, Vec<u8>) {
    let jwk = key.jwk();
    let decode = |member: &str| URL_SAFE_NO_PAD.decode(jwk[member].as_str().unwrap()).unwrap();
    (decode("n"), decode("e"))
}

fn public(key: &TestKey) -> PublicKey {
    PublicKey::from_jwk(key.jwk().to_string().as_bytes()).unwrap()
}

fn test_key(index: usize) -> TestKey {
    Issuer::default().keys()[index].clone()
}

/// One private key of each size.
fn signers() -> [(TestKey, usize); 3] {
    let own = |der: &[u8]| TestKey::from_pkcs8("own", der);
    [
        (test_key(0), 2048),
        (own(include_bytes!("../../benches/keys/rsa-3072.pk8")), 3072),
        (own(include_bytes!("../../benches/keys/rsa-4096.pk8")), 4096),
    ]
}

// Section 3.1: the names of algorithms

#[test]
fn algorithm_is_shown_by_its_name_and_read_from_it() {
    let names = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];
    for name in names {
        let algorithm: Algorithm = name.parse().unwrap();
        assert_eq!(algorithm.name(), name);
        assert_eq!(algorithm.to_string(), name);
        assert_eq!(format!("{algorithm:?}"), name);
        assert_eq!(format!("[{algorithm:>7}]"), format!("[{name:>7}]"));
    }
    let unknown = "none".parse::<Algorithm>().unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "the algorithm is none of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and EdDSA"
    );
    for name in ["", "none", "rs256", "RS256 ", " RS256", "HS256", "ES512", "Ed448", "RS", "RS2560"]
    {
        assert_eq!(name.parse::<Algorithm>(), Err(unknown), "{name}");
    }
}

// Section 2: Base64urlUInt

#[test]
fn number_that_is_not_base64_is_refused() {
    let n = URL_SAFE_NO_PAD.encode(modulus("bits-2048"));
    assert_eq!(n.len(), 342);
    let front = &n[..341];
    // The last of the 342 characters has four spare bits, which must be zero.
    let last = n.as_bytes()[341];
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = digits.iter().position(|digit| *digit == last).unwrap();
    assert_eq!(place % 16, 0);
    let mut broken: Vec<String> = digits[place + 1..place + 16]
        .iter()
        .map(|digit| format!("{front}{}", char::from(*digit)))
        .collect();
    broken.extend([
        format!("{n}==="),
        format!("{n}AAA"),
        format!("{n} "),
        format!(" {n}"),
        format!("{n}\\n"),
        format!("{n}\\u0000"),
        format!("{}\\r\\n{}", &n[..64], &n[64..]),
        // Characters of both alphabets in one number.
        format!("{}+/-_{}", &n[..64], &n[68..]),
        format!("{}.{}", &n[..64], &n[65..]),
        format!("{}%41{}", &n[..64], &n[67..]),
        format!("{}\u{e4}{}", &n[..64], &n[66..]),
        front.to_owned(),
        "A".to_owned(),
        "=".to_owned(),
    ]);
    for n in &broken {
        let outcome = PublicKey::from_jwk(&jwk(n, "AQAB"));
        assert_eq!(outcome, Err(JwkError::NotBase64url { member: "n" }), "{n}");
    }
    for e in
        ["A", "AQABA", "AQAB=", "AQAB====", "AQAB ", " AQAB", "AQ===", "AR", "AQB", "65537!", "+/"]
    {
        let outcome = PublicKey::from_jwk(&jwk(&n, e));
        assert_eq!(outcome, Err(JwkError::NotBase64url { member: "e" }), "{e}");
    }
    // `n` is checked first.
    let outcome = PublicKey::from_jwk(&jwk("=", "="));
    assert_eq!(outcome, Err(JwkError::NotBase64url { member: "n" }));
}

#[test]
fn number_with_padding_or_in_the_standard_alphabet_is_the_same_number() {
    let n = modulus("bits-2048");
    let usual = PublicKey::from_jwk(&jwk(&URL_SAFE_NO_PAD.encode(&n), "AQAB"));
    assert_eq!(usual.as_ref().map(PublicKey::modulus_bits), Ok(2048));
    assert!(STANDARD.encode(&n).contains('+') && STANDARD.encode(&n).contains('/'));
    for spelled in [URL_SAFE.encode(&n), STANDARD.encode(&n), STANDARD_NO_PAD.encode(&n)] {
        assert_eq!(PublicKey::from_jwk(&jwk(&spelled, "AQAB")), usual, "{spelled}");
    }
    // Incomplete padding is accepted, excessive padding is not.
    let n = URL_SAFE_NO_PAD.encode(&n);
    assert_eq!(PublicKey::from_jwk(&jwk(&format!("{n}="), "AQAB")), usual);
    let outcome = PublicKey::from_jwk(&jwk(&format!("{n}==="), "AQAB"));
    assert_eq!(outcome, Err(JwkError::NotBase64url { member: "n" }));
    // An exponent whose text has both characters that differ between the alphabets: 0x1fbffff.
    for e in ["AfvvvQ", "Afu_vQ==", "Afu/vQ", "Afu/vQ=="] {
        assert_eq!(PublicKey::from_jwk(&jwk(&n, e)).map(|_| ()), Ok(()));
    }
}

#[test]
fn leading_zero_bytes_do_not_count() {
    let n = modulus("bits-2048");
    let usual = key(&n, F4);
    assert_eq!(usual.as_ref().map(PublicKey::modulus_bits), Ok(2048));
    for zeros in [1, 2, 256] {
        assert_eq!(key(&[vec![0; zeros], n.clone()].concat(), F4), usual);
        assert_eq!(key(&n, &[vec![0; zeros], F4.to_vec()].concat()), usual);
    }
    // A leading zero byte does not turn 2041 bits into 2048.
    let padded = [vec![0], modulus("bits-2041")].concat();
    assert_eq!(key(&padded, F4), Err(JwkError::ModulusTooSmall { bits: 2041 }));
    for nothing in [&[][..], &[0], &[0, 0, 0], &[0; 256]] {
        assert_eq!(key(nothing, F4), Err(JwkError::ModulusTooSmall { bits: 0 }));
        assert_eq!(key(&n, nothing), Err(JwkError::ExponentTooSmall));
    }
    // A zero byte elsewhere is part of the number: this is 65537 * 2^8.
    assert_eq!(key(&n, &[1, 0, 1, 0]), Err(JwkError::ExponentEven));
}

// Section 6.3.1.1: the modulus

#[test]
fn modulus_has_2048_to_8192_bits_counted_exactly() {
    for (name, expected) in [
        ("bits-1024", Err(JwkError::ModulusTooSmall { bits: 1024 })),
        ("bits-2041", Err(JwkError::ModulusTooSmall { bits: 2041 })),
        ("bits-2047", Err(JwkError::ModulusTooSmall { bits: 2047 })),
        ("bits-2048", Ok(2048)),
        ("bits-2049", Ok(2049)),
        ("bits-8192", Ok(8192)),
        ("bits-8193", Err(JwkError::ModulusTooLarge { bits: 8193 })),
    ] {
        assert_eq!(key(&modulus(name), F4).map(|key| key.modulus_bits()), expected, "{name}");
    }
}

#[test]
fn modulus_of_every_length_around_the_limits_is_measured_exactly() {
    // The greatest number of this length that no prime below 1000 divides. None of those used here
    // has a ROCA fingerprint.
    let greatest = |bits: usize| {
        let mut n = vec![0xff; bits.div_ceil(8)];
        n[0] >>= (8 - bits % 8) % 8;
        while bits >= 2048 && has_factor_below_1000(&n) {
            n = difference(&n, &[vec![0; n.len() - 1], vec![2]].concat());
        }
        n
    };
    for bits in
        [1, 2, 7, 8, 9, 16, 17, 512, 1023, 1025, 2016, 2039, 2040].into_iter().chain(2041..2048)
    {
        let outcome = key(&greatest(bits), F4);
        assert_eq!(outcome, Err(JwkError::ModulusTooSmall { bits }));
    }
    for bits in (2048..2066).chain(8177..=8192) {
        assert_eq!(key(&greatest(bits), F4).map(|key| key.modulus_bits()), Ok(bits));
    }
    for bits in (8193..8210).chain([16_384, 65_536, 3_000_000]) {
        assert_eq!(key(&greatest(bits), F4), Err(JwkError::ModulusTooLarge { bits }));
    }
    // The position of the leading bit counts, not the number of bits that are set.
    let mut n = vec![0; 256];
    (n[0], n[255]) = (0x80, 1);
    while has_factor_below_1000(&n) {
        n = sum(&n, &[vec![0; 255], vec![2]].concat()).0;
    }
    assert_eq!(key(&n, F4).map(|key| key.modulus_bits()), Ok(2048));
    n[0] = 0x7f;
    assert_eq!(key(&n, F4), Err(JwkError::ModulusTooSmall { bits: 2047 }));
}

fn has_factor_below_1000(number: &[u8]) -> bool {
    // Five primes at a time: their product is below 2^50.
    primes_below_1000().chunks(5).any(|primes| {
        let rest = remainder(number, primes.iter().product());
        primes.iter().any(|prime| rest % prime == 0)
    })
}

fn primes_below_1000() -> Vec<u64> {
    let is_prime = |number: u64| (2..number).all(|divisor| number % divisor != 0);
    (2..1000).filter(|number| is_prime(*number)).collect()
}

/// `number` modulo `divisor`, which is below 2^56, byte by byte.
fn remainder(number: &[u8], divisor: u64) -> u64 {
    number.iter().fold(0, |rest, byte| (rest << 8 | u64::from(*byte)) % divisor)
}

#[test]
fn modulus_that_a_prime_below_1000_divides_is_refused_whatever_the_prime() {
    let primes = primes_below_1000();
    assert_eq!(primes.len(), 168);
    let good = modulus("bits-2048");
    assert_eq!(key(&good, F4).map(|key| key.modulus_bits()), Ok(2048));
    let plus = |n: &[u8], more: u64| sum(n, &[&[0; 248], &more.to_be_bytes()[..]].concat()).0;
    for factor in primes.iter().copied().chain([1009]).filter(|factor| *factor > 2) {
        // The next odd multiple of `factor` that no smaller prime divides.
        let mut n = plus(&good, factor - remainder(&good, factor));
        while primes.iter().any(|prime| *prime < factor && remainder(&n, *prime) == 0) {
            n = plus(&n, factor);
        }
        assert_eq!(remainder(&n, factor), 0);
        let expected = match factor {
            // The next prime, which the crate does not try.
            1009 => Ok(2048),
            _ => Err(JwkError::ModulusSmallFactor { factor: u32::try_from(factor).unwrap() }),
        };
        assert_eq!(key(&n, F4).map(|key| key.modulus_bits()), expected);
    }
}

#[test]
fn even_modulus_is_refused() {
    assert_eq!(key(&modulus("even-2048"), F4), Err(JwkError::ModulusEven));
    let mut n = modulus("bits-8192");
    n[1023] &= 0xf0;
    assert_eq!(key(&n, F4), Err(JwkError::ModulusEven));
}

#[test]
fn modulus_with_the_roca_fingerprint_is_refused_and_its_near_misses_are_not() {
    let (mut refused, mut accepted) = (0, 0);
    for (name, n) in moduli() {
        match name {
            _ if name.starts_with("roca-near-miss-") => {
                assert_eq!(key(&n, F4).map(|key| key.modulus_bits()), Ok(2048), "{name}");
                accepted += 1;
            }
            _ if name.starts_with("roca-") => {
                assert_eq!(key(&n, F4), Err(JwkError::ModulusRoca), "{name}");
                refused += 1;
            }
            _ => {}
        }
    }
    // One near miss for each of the 17 primes that the fingerprint depends on.
    assert_eq!((refused, accepted), (2, 17));
    // The exponent does not matter.
    assert_eq!(key(&modulus("roca-2048"), &[3]), Err(JwkError::ModulusRoca));
}

#[test]
fn every_modulus_of_the_vectors_is_used_in_some_test() {
    let others: Vec<&str> =
        moduli().iter().map(|(name, _)| *name).filter(|name| !name.starts_with("roca-")).collect();
    let expected = [
        "bits-1024",
        "bits-2041",
        "bits-2047",
        "bits-2048",
        "bits-2049",
        "bits-8192",
        "bits-8193",
        "even-2048",
    ];
    assert_eq!(others, expected);
    assert_eq!(moduli().len(), 27);
}

// Section 6.3.1.2: the exponent

#[test]
fn exponent_is_odd_and_from_65537_to_2_to_the_33() {
    let n = modulus("bits-2048");
    for (e, expected) in [
        (1_u64, Err(JwkError::ExponentTooSmall)), // every text would be its own signature
        (2, Err(JwkError::ExponentTooSmall)),
        (3, Err(JwkError::ExponentTooSmall)),
        (5, Err(JwkError::ExponentTooSmall)),
        (17, Err(JwkError::ExponentTooSmall)),
        (257, Err(JwkError::ExponentTooSmall)),
        (65_535, Err(JwkError::ExponentTooSmall)),
        (65_536, Err(JwkError::ExponentTooSmall)),
        (65_537, Ok(())),
        (65_538, Err(JwkError::ExponentEven)),
        (65_539, Ok(())),
        (1 << 24, Err(JwkError::ExponentEven)),
        ((1 << 24) + 1, Ok(())),
        ((1 << 32) - 1, Ok(())),
        (1 << 32, Err(JwkError::ExponentEven)),
        ((1 << 32) + 1, Ok(())),
        // 65537 if it were truncated to 32 bits.
        ((1 << 32) + 65_537, Ok(())),
        ((1 << 33) - 2, Err(JwkError::ExponentEven)),
        ((1 << 33) - 1, Ok(())),
        (1 << 33, Err(JwkError::ExponentTooLarge)),
        ((1 << 33) + 1, Err(JwkError::ExponentTooLarge)),
        ((1 << 40) + 1, Err(JwkError::ExponentTooLarge)),
        ((1 << 56) + 65_537, Err(JwkError::ExponentTooLarge)),
        (u64::MAX, Err(JwkError::ExponentTooLarge)),
    ] {
        let bytes = e.to_be_bytes();
        let minimal = &bytes[bytes.iter().position(|byte| *byte != 0).unwrap()..];
        assert_eq!(key(&n, minimal).map(|_| ()), expected, "{e}");
    }
}

#[test]
fn exponent_longer_than_any_integer_is_refused() {
    let n = modulus("bits-2048");
    // 65537 if they were truncated to 64 bits.
    for length in [9, 10, 16, 17, 256] {
        let mut e = vec![0; length];
        e[0] = 1;
        e[length - 3..].copy_from_slice(F4);
        assert_eq!(key(&n, &e), Err(JwkError::ExponentTooLarge), "{length}");
    }
    // The modulus itself, and an exponent that fills a key set of 512 KiB.
    assert_eq!(key(&n, &n), Err(JwkError::ExponentTooLarge));
    assert_eq!(key(&n, &vec![0xff; 390_000]), Err(JwkError::ExponentTooLarge));
}

#[test]
fn faults_of_the_modulus_come_before_those_of_the_exponent() {
    assert_eq!(key(&[], &[]), Err(JwkError::ModulusTooSmall { bits: 0 }));
    assert_eq!(key(F4, &[3]), Err(JwkError::ModulusTooSmall { bits: 17 }));
    assert_eq!(key(&modulus("even-2048"), &[2]), Err(JwkError::ModulusEven));
}

#[test]
fn key_of_components_is_the_key_of_its_jwk() {
    let signer = test_key(1);
    let (n, e) = components(&signer);
    let from_components = PublicKey::from_rsa_components(&n, &e).unwrap();
    let jwk = jwk(&URL_SAFE_NO_PAD.encode(&n), &URL_SAFE_NO_PAD.encode(&e));
    assert_eq!(PublicKey::from_jwk(&jwk), Ok(from_components.clone()));
    assert_eq!(from_components.key_id(), None);
    // With `kid` it is a different value, but verifies the same signatures.
    assert_ne!(from_components, public(&signer));
    let signature = signer.sign(b"m");
    assert_eq!(from_components.verify(b"m", &signature), Ok(()));
    assert_eq!(public(&signer).verify(b"m", &signature), Ok(()));
}

// Section 3.3: the signature

#[test]
fn signature_of_every_key_size_is_accepted_over_its_message_and_no_other() {
    let other = public(&TestKey::attacker());
    for (signer, bits) in signers() {
        let public = public(&signer);
        assert_eq!(public.modulus_bits(), bits);
        for message in [&b""[..], b"m", b"header.payload", &[0; 65], &[0xff; 5000]] {
            let signature = signer.sign(message);
            assert_eq!(signature.len(), bits / 8);
            assert_eq!(public.verify(message, &signature), Ok(()), "{bits}");
            assert_eq!(other.verify(message, &signature), Err(VerifyError::BadSignature));
            let longer = [message, &[0]].concat();
            assert_eq!(public.verify(&longer, &signature), Err(VerifyError::BadSignature));
        }
    }
}

#[test]
fn token_signed_with_the_largest_key_is_accepted_and_a_longer_signature_is_refused() {
    let lines = include_str!("../vectors/rsa_8192.txt").lines();
    let [n, token] = lines.filter(|line| !line.starts_with('#')).collect::<Vec<_>>()[..] else {
        panic!("expected a modulus and a token");
    };
    let key = PublicKey::from_jwk(&jwk(n, "AQAB")).unwrap();
    assert_eq!(key.modulus_bits(), 8192);
    let verify = |token: &str| CompactJws::parse(token).unwrap().verify(&key);
    assert_eq!(verify(token).unwrap().as_bytes(), b"m");
    assert_eq!(verify(&format!("{token}A")).unwrap_err(), VerifyError::BadSignature);
}

#[test]
fn signature_with_any_bit_flipped_is_refused() {
    let signer = test_key(0);
    let public = public(&signer);
    let signature = signer.sign(b"m");
    for bit in 0..2048 {
        let mut signature = signature.clone();
        signature[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(public.verify(b"m", &signature), Err(VerifyError::BadSignature), "{bit}");
    }
    for bit in 0..8 {
        assert_eq!(public.verify(&[b'm' ^ 1 << bit], &signature), Err(VerifyError::BadSignature));
    }
    assert_eq!(public.verify(b"m", &signature), Ok(()));
}

#[test]
fn signature_of_another_length_than_the_modulus_is_refused() {
    for (signer, bits) in signers() {
        let public = public(&signer);
        let signature = signer.sign(b"m");
        let size = bits / 8;
        for length in [0, 1, 32, size / 2, size - 1] {
            let outcome = public.verify(b"m", &signature[..length]);
            assert_eq!(outcome, Err(VerifyError::BadSignature), "first {length} of {size}");
            let outcome = public.verify(b"m", &signature[size - length..]);
            assert_eq!(outcome, Err(VerifyError::BadSignature), "last {length} of {size}");
        }
        for extra in [1, 8, size, 8192 / 8, 100_000] {
            let zeros = vec![0; extra];
            // With leading zeros the number is the same, but the signature must not be accepted.
            for longer in
                [[zeros.as_slice(), &signature].concat(), [&signature[..], &zeros].concat()]
            {
                assert_eq!(public.verify(b"m", &longer), Err(VerifyError::BadSignature), "{extra}");
            }
        }
        assert_eq!(public.verify(b"m", &signature), Ok(()));
    }
}

#[test]
fn signature_that_starts_with_a_zero_byte_keeps_it() {
    // One message in 256 has such a signature; this is the first one with the first test key.
    let signer = test_key(0);
    let public = public(&signer);
    let (message, signature) = (0_u16..)
        .map(|number| number.to_be_bytes())
        .map(|message| (message, signer.sign(&message)))
        .find(|(_, signature)| signature[0] == 0)
        .unwrap();
    assert_eq!(public.verify(&message, &signature), Ok(()));
    assert_eq!(public.verify(&message, &signature[1..]), Err(VerifyError::BadSignature));
    let moved = [&signature[1..], &[0]].concat();
    assert_eq!(public.verify(&message, &moved), Err(VerifyError::BadSignature));
}

#[test]
fn signature_that_is_not_a_number_below_the_modulus_is_refused() {
    for (signer, bits) in signers() {
        let public = public(&signer);
        let (n, _) = components(&signer);
        let signature = signer.sign(b"m");
        let size = bits / 8;
        let small = |number: u8| [vec![0; size - 1], vec![number]].concat();
        let mut below = n.clone();
        below[size - 1] -= 1;
        let mut half = n.clone();
        half[0] >>= 1;
        for (signature, what) in [
            (small(0), "zero"),
            (small(1), "one, whose every power is one"),
            (small(2), "two"),
            (below, "n - 1, whose every odd power is n - 1"),
            (n.clone(), "n, which is zero"),
            (vec![0xff; size], "above n"),
            (half, "about half of n"),
            (difference(&n, &signature), "n - s, whose odd power is n - m"),
        ] {
            assert_eq!(public.verify(b"m", &signature), Err(VerifyError::BadSignature), "{what}");
        }
    }
}

#[test]
fn signature_plus_the_modulus_is_refused() {
    // The same number modulo n, of the same length. This requires that s + n still fits, which it
    // does for about half of all messages if the modulus is not near the maximum of its size.
    let mut tried = 0;
    for (signer, _) in signers() {
        let public = public(&signer);
        let (n, _) = components(&signer);
        for number in 0_u8..8 {
            let signature = signer.sign(&[number]);
            assert_eq!(public.verify(&[number], &signature), Ok(()));
            let (sum, carry) = sum(&signature, &n);
            if carry == 0 {
                tried += 1;
                assert_eq!(public.verify(&[number], &sum), Err(VerifyError::BadSignature));
            }
            let longer = [vec![carry], sum].concat();
            assert_eq!(public.verify(&[number], &longer), Err(VerifyError::BadSignature));
        }
    }
    assert!(tried > 0);
}

/// The sum of two numbers of one length, and the carry.
fn sum(one: &[u8], other: &[u8]) -> (Vec<u8>, u8) {
    let mut carry = 0;
    let mut sum = one.to_vec();
    for (byte, other) in sum.iter_mut().zip(other).rev() {
        let [high, low] = (u16::from(*byte) + u16::from(*other) + carry).to_be_bytes();
        (*byte, carry) = (low, u16::from(high));
    }
    (sum, u8::from(carry != 0))
}

/// `one - other`, which must not be negative, computed with the complement.
fn difference(one: &[u8], other: &[u8]) -> Vec<u8> {
    let complement: Vec<u8> = other.iter().map(|byte| !byte).collect();
    let unit = [vec![0; one.len() - 1], vec![1]].concat();
    sum(&sum(one, &complement).0, &unit).0
}

#[test]
fn sum_and_difference_of_this_file_are_right() {
    assert_eq!(sum(&[0, 0xff], &[0, 1]), (vec![1, 0], 0));
    assert_eq!(sum(&[0xff, 0xff], &[0, 2]), (vec![0, 1], 1));
    assert_eq!(difference(&[1, 0], &[0, 1]), [0, 0xff]);
    assert_eq!(difference(&[5, 7], &[5, 7]), [0, 0]);
}

#[test]
fn signature_of_another_algorithm_by_the_same_key_is_refused() {
    let others =
        [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];
    for (signer, _) in signers() {
        let public = public(&signer);
        for other in others {
            let signature = signer.with_algorithm(other).sign(b"m");
            assert_eq!(public.verify(b"m", &signature), Err(VerifyError::BadSignature), "{other}");
        }
    }
}

#[test]
fn key_at_the_upper_limits_refuses_signatures_it_did_not_make() {
    // Nobody has a private key for these. The verdict shows that ring accepts the key itself and
    // does not fail in another way.
    let largest_exponent = &[1, 0xff, 0xff, 0xff, 0xff];
    for name in ["bits-2048", "bits-2049", "bits-8192"] {
        let n = modulus(name);
        for e in [F4, largest_exponent] {
            let key = key(&n, e).unwrap();
            let mut signature = vec![0; n.len()];
            for last in [0, 1, 2, 0xff] {
                signature[n.len() - 1] = last;
                assert_eq!(key.verify(b"m", &signature), Err(VerifyError::BadSignature), "{name}");
            }
            assert_eq!(key.verify(b"m", &n), Err(VerifyError::BadSignature), "{name}");
        }
    }
}
