//! RFC 7517 sections 9.2 and 9.3: a private key that was published burns its public key, under
//! every `kid` and in every encoding that some reader accepts.

use std::sync::LazyLock;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use tokenring::{Algorithm, JwkError, JwkSet, testkit::TestKey};

const D: JwkError = JwkError::PrivateKey { member: "d" };

/// The member by which a burnt key is recognized, `n` or `x`, and its bytes.
fn number(key: &TestKey) -> (&'static str, Vec<u8>) {
    let member = if key.jwk()["kty"] == "RSA" { "n" } else { "x" };
    (member, URL_SAFE_NO_PAD.decode(key.jwk()[member].as_str().unwrap()).unwrap())
}

/// One key of each type.
fn keys() -> [TestKey; 4] {
    ALGORITHMS.map(|algorithm| TestKey::for_algorithm(algorithm).with_kid("new"))
}

/// A key for `algorithm` that no entry in this file burns.
fn other_jwk(algorithm: Algorithm) -> String {
    static JWKS: LazyLock<[String; 4]> = LazyLock::new(|| {
        ALGORITHMS.map(|other| TestKey::attacker_for(other).with_kid("other").jwk().to_string())
    });
    let place = ALGORITHMS.iter().position(|other| *other == algorithm).unwrap();
    JWKS[place].clone()
}

const ALGORITHMS: [Algorithm; 4] =
    [Algorithm::RS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA];

/// Asserts that `entry`, before or after a good entry for `key`, has the error `own`, and that it
/// burns the good entry if and only if `burnt`.
#[track_caller]
fn assert_burns(key: &TestKey, entry: &str, own: JwkError, burnt: bool) {
    let other = other_jwk(key.algorithm());
    let good = key.jwk();
    for (set, place) in [
        (format!(r#"{{"keys":[{entry},{good},{other}]}}"#), 1),
        (format!(r#"{{"keys":[{good},{other},{entry}]}}"#), 0),
    ] {
        let set = JwkSet::from_json(set.as_bytes()).unwrap();
        let skipped: Vec<_> =
            set.skipped().iter().map(|skipped| (skipped.index(), skipped.error())).collect();
        let own = (2 - 2 * place, own);
        let expected = match (burnt, place) {
            (false, _) => vec![own],
            (true, 1) => vec![own, (1, D)],
            (true, _) => vec![(0, D), own],
        };
        assert_eq!(skipped, expected, "{entry}");
        // The other key stays usable.
        assert_eq!(set.select(Some("other"), key.algorithm()).map(drop), Ok(()));
        assert_eq!(set.select(Some("new"), key.algorithm()).is_ok(), !burnt, "{entry}");
    }
}

#[test]
fn number_is_recognized_in_every_encoding() {
    for key in keys() {
        let (member, number) = number(&key);
        let url_safe = URL_SAFE_NO_PAD.encode(&number);
        let zeros = |count: usize| [vec![0; count], number.clone()].concat();
        let mut spellings = vec![
            url_safe.clone(),
            URL_SAFE.encode(&number),
            STANDARD.encode(&number),
            STANDARD_NO_PAD.encode(&number),
            URL_SAFE_NO_PAD.encode(zeros(1)),
            STANDARD.encode(zeros(2)),
            URL_SAFE.encode(zeros(16)),
            format!(" {url_safe} "),
            format!("{}\\n{}", &url_safe[..20], &url_safe[20..]),
            format!("{}\\r\\n {}\\t", &url_safe[..20], &url_safe[20..]),
            format!("\\u{:04x}{}", u32::from(url_safe.as_bytes()[0]), &url_safe[1..]),
            // Characters of both alphabets in one text.
            url_safe.replacen('-', "+", 1),
            url_safe.replacen('_', "/", 1),
        ];
        // Bits after the last byte, which lenient readers drop.
        if number.len() % 3 != 0 {
            let (front, last) = url_safe.split_at(url_safe.len() - 1);
            spellings.push(format!("{front}{}", char::from(last.as_bytes()[0] + 1)));
        }
        for spelled in spellings {
            // The value of `d` and other faults of the entry do not matter.
            let entry = format!(r#"{{"kty":"RSA","kid":"old","{member}":"{spelled}","d":"AQAB"}}"#);
            assert_burns(&key, &entry, D, true);
        }
    }
}

#[test]
fn number_of_another_key_burns_nothing() {
    for key in keys() {
        let (member, number) = number(&key);
        let mut changed = number.clone();
        changed[number.len() - 1] ^= 4;
        let behind = [number.as_slice(), &[0]].concat();
        for other in [changed, behind, number[1..].to_vec(), Vec::new(), vec![0]] {
            let other = URL_SAFE_NO_PAD.encode(other);
            let entry = format!(r#"{{"kty":"RSA","{member}":"{other}","d":"AQAB"}}"#);
            assert_burns(&key, &entry, D, false);
        }
        let entry = format!(r#"{{"kty":"RSA","{member}":"!","d":"AQAB"}}"#);
        assert_burns(&key, &entry, D, false);
    }
}

#[test]
fn repeated_member_hides_nothing() {
    let twice = JwkError::Json(tokenring::JsonError::DuplicateMember);
    for key in keys() {
        let (member, number) = number(&key);
        let n = URL_SAFE_NO_PAD.encode(number);
        for entry in [
            format!(r#"{{"kty":"RSA","{member}":"{n}","{member}":"AQAB","d":"AQAB"}}"#),
            format!(r#"{{"kty":"RSA","{member}":"AQAB","{member}":"{n}","d":"AQAB"}}"#),
            format!(r#"{{"d":"AQAB","kty":"RSA","{member}":null,"{member}":"{n}"}}"#),
            format!(r#"{{"kty":"RSA","{member}":"{n}","d":"AQAB","d":"AQAB"}}"#),
            format!(r#"{{"kty":"RSA","{member}":"{n}","d":"AQAB","\u0064":null}}"#),
            format!(r#"{{"kty":"RSA","kty":"RSA","{member}":"{n}","d":"AQAB"}}"#),
        ] {
            assert_burns(&key, &entry, twice, true);
        }
    }
}

#[test]
fn unusable_entry_burns_the_key_all_the_same() {
    for key in keys() {
        let (member, number) = number(&key);
        let n = URL_SAFE_NO_PAD.encode(number);
        for (entry, own) in [
            // `kty` is missing, unknown, not a string, or that of a symmetric key.
            (format!(r#"{{"{member}":"{n}","d":""}}"#), JwkError::MemberMissing { member: "kty" }),
            (format!(r#"{{"kty":"AKP","{member}":"{n}","d":0}}"#), JwkError::KeyType),
            (
                format!(r#"{{"kty":1,"{member}":"{n}","d":0}}"#),
                JwkError::MemberType { member: "kty" },
            ),
            (
                format!(r#"{{"kty":"oct","k":"AA","{member}":"{n}","d":null}}"#),
                JwkError::SharedSecret,
            ),
            // The key is for encryption.
            (format!(r#"{{"kty":"EC","use":"enc","{member}":"{n}","d":"AQAB"}}"#), D),
            (format!(r#"{{"\u0064":"AQAB","kty":"OKP","{member}":"{n}"}}"#), D),
        ] {
            assert_burns(&key, &entry, own, true);
        }
    }
}

#[test]
fn member_is_private_only_at_the_top_level_of_an_entry() {
    let key = &keys()[0];
    let (_, number) = number(key);
    let n = URL_SAFE_NO_PAD.encode(number);
    for entry in [
        format!(r#"{{"kty":"AKP","n":"{n}","ext":{{"d":"AQAB"}}}}"#),
        format!(r#"{{"kty":"AKP","n":"{n}","D":"AQAB","x5d":"AQAB"}}"#),
        format!(r#"{{"kty":"AKP","key":{{"n":"{n}"}},"d":"AQAB"}}"#),
    ] {
        assert_burns(key, &entry, JwkError::KeyType, false);
    }
}
