//! RFC 7517: the form of a JWK and of a JWK Set, and the choice of a key from a set.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests may"
)]

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

use tokenring::testkit::{Issuer, TestKey};
use tokenring::{Algorithm, JsonError, JwkError, JwkSet, JwkSetError, KeyError, PublicKey};

use crate::common::variant_in_snake_case;

const LIMIT: usize = 524_288;

/// 32 zero bytes.
const ZEROS: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// `n` of the test issuer's three keys.
static MODULI: LazyLock<Vec<String>> = LazyLock::new(|| {
    let keys = Issuer::default();
    keys.keys().iter().map(|key| key.jwk()["n"].as_str().unwrap().to_owned()).collect()
});

/// A usable key with only the required members, and with `members` appended.
fn jwk_and(members: &str) -> String {
    format!(r#"{{"kty":"RSA","n":"{}","e":"AQAB"{members}}}"#, MODULI[0])
}

/// A usable key with this `kid` and the modulus of this index.
fn named(kid: &str, modulus: usize) -> String {
    format!(r#"{{"kty":"RSA","kid":"{kid}","n":"{}","e":"AQAB"}}"#, MODULI[modulus])
}

fn set_of<T: AsRef<str>>(entries: &[T]) -> String {
    let entries: Vec<&str> = entries.iter().map(AsRef::as_ref).collect();
    format!(r#"{{"keys":[{}]}}"#, entries.join(","))
}

fn read_set(set: impl AsRef<[u8]>) -> JwkSet {
    JwkSet::from_json(set.as_ref()).unwrap()
}

/// The number of usable keys, and the index and error of each other entry.
fn outcome(set: &str) -> Result<(usize, Vec<(usize, JwkError)>), JwkSetError> {
    JwkSet::from_json(set.as_bytes()).map(|set| {
        let skipped = set.skipped().iter().map(|skipped| (skipped.index(), skipped.error()));
        (set.len(), skipped.collect())
    })
}

/// Asserts that `jwk` is refused, alone and between two good keys, which stay usable.
#[track_caller]
fn assert_refused(jwk: &str, error: JwkError) {
    assert_eq!(PublicKey::from_jwk(jwk.as_bytes()), Err(error), "{jwk}");
    let set = set_of(&[named("one", 1).as_str(), jwk, &named("two", 2)]);
    assert_eq!(outcome(&set), Ok((2, vec![(1, error)])), "{jwk}");
    assert_eq!(read_set(&set).select(Some("one"), Algorithm::RS256).unwrap().key_id(), Some("one"));
    assert_eq!(read_set(&set).select(Some("two"), Algorithm::RS256).unwrap().key_id(), Some("two"));
}

/// Asserts that `jwk` is accepted, alone and between two other keys, as the same key.
#[track_caller]
fn assert_accepted(jwk: &str) -> PublicKey {
    let key = PublicKey::from_jwk(jwk.as_bytes()).unwrap();
    assert_eq!(key.modulus_bits(), 2048, "{jwk}");
    assert_eq!(key.algorithm(), Algorithm::RS256, "{jwk}");
    let set = set_of(&[named("one", 1).as_str(), jwk, &named("two", 2)]);
    assert_eq!(outcome(&set), Ok((3, vec![])), "{jwk}");
    if key.key_id().is_some() {
        assert_eq!(*read_set(&set).select(key.key_id(), Algorithm::RS256).unwrap(), key, "{jwk}");
    }
    let alone = read_set(set_of(&[jwk]));
    assert_eq!(*alone.select(None, Algorithm::RS256).unwrap(), key, "{jwk}");
    key
}

/// Every JSON value that is not a string.
const NOT_STRINGS: [&str; 9] =
    ["null", "true", "false", "0", "-1.5e3", "[]", r#"["RSA"]"#, "{}", r#"{"RSA":"RSA"}"#];

// Section 4: a JWK

#[test]
fn jwk_with_kty_n_and_e_is_enough() {
    let key = assert_accepted(&jwk_and(""));
    assert_eq!(key.key_id(), None);
}

#[test]
fn jwk_of_the_test_issuer_is_accepted_and_keeps_its_kid() {
    let jwk = TestKey::attacker().jwk().to_string();
    assert_eq!(assert_accepted(&jwk).key_id(), Some("attacker"));
}

#[test]
fn order_of_members_and_white_space_between_them_do_not_count() {
    let n = &MODULI[0];
    let usual = PublicKey::from_jwk(named("k", 0).as_bytes());
    for jwk in [
        format!(r#"{{"e":"AQAB","n":"{n}","kid":"k","kty":"RSA"}}"#),
        format!("\t\r\n {{ \"kid\" :\n\"k\" ,\t\"n\":\"{n}\",\"kty\":\"RSA\",\"e\":\"AQAB\" }} \n"),
        // The same names and values with escapes.
        format!(r#"{{"\u006bty":"\u0052SA","\u006e":"{n}","e":"\u0041QAB","k\u0069d":"\u006b"}}"#),
    ] {
        assert_eq!(PublicKey::from_jwk(jwk.as_bytes()), usual, "{jwk}");
        assert!(usual.is_ok());
    }
}

#[test]
fn jwk_that_is_not_an_object_is_refused() {
    for json in ["null", "true", "false", "0", "1e9", r#""RSA""#, "[]", r#"["RSA","AQAB"]"#] {
        assert_refused(json, JwkError::Json(JsonError::NotObject));
    }
    // In the order of a struct's fields, as a derived deserializer would accept.
    let positional = format!(r#"["RSA","sig",["verify"],"RS256","k","{}","AQAB"]"#, MODULI[0]);
    assert_refused(&positional, JwkError::Json(JsonError::NotObject));
    assert_refused(&format!("[{}]", jwk_and("")), JwkError::Json(JsonError::NotObject));
}

#[test]
fn jwk_without_a_member_it_must_have_is_refused() {
    let n = &MODULI[0];
    for (jwk, member) in [
        ("{}".to_owned(), "kty"),
        (format!(r#"{{"n":"{n}","e":"AQAB"}}"#), "kty"),
        (format!(r#"{{"KTY":"RSA","n":"{n}","e":"AQAB"}}"#), "kty"),
        (r#"{"kty":"RSA","e":"AQAB"}"#.to_owned(), "n"),
        (r#"{"kty":"RSA"}"#.to_owned(), "n"),
        (format!(r#"{{"kty":"RSA","n":"{n}"}}"#), "e"),
        (format!(r#"{{"kty":"RSA","n":"{n}","E":"AQAB"}}"#), "e"),
    ] {
        assert_refused(&jwk, JwkError::MemberMissing { member });
    }
}

#[test]
fn member_that_is_not_a_string_is_refused() {
    let n = &MODULI[0];
    for value in NOT_STRINGS {
        for (jwk, member) in [
            (format!(r#"{{"kty":{value},"n":"{n}","e":"AQAB"}}"#), "kty"),
            (jwk_and(&format!(r#","use":{value}"#)), "use"),
            (jwk_and(&format!(r#","alg":{value}"#)), "alg"),
            (jwk_and(&format!(r#","kid":{value}"#)), "kid"),
            (format!(r#"{{"kty":"RSA","n":{value},"e":"AQAB"}}"#), "n"),
            (format!(r#"{{"kty":"RSA","n":"{n}","e":{value}}}"#), "e"),
        ] {
            assert_refused(&jwk, JwkError::MemberType { member });
        }
    }
    // The exponent as a JSON number.
    let jwk = format!(r#"{{"kty":"RSA","n":"{n}","e":65537}}"#);
    assert_refused(&jwk, JwkError::MemberType { member: "e" });
}

#[test]
fn kty_that_is_not_a_supported_type_is_refused() {
    let n = &MODULI[0];
    for kty in [
        "OCT",
        "AKP",
        "ec",
        "okp",
        "Ec",
        "rsa",
        "Rsa",
        "RSA ",
        " RSA",
        "RS",
        "RSAA",
        "",
        "RSA\\u0000",
    ] {
        let jwk = format!(r#"{{"kty":"{kty}","n":"{n}","e":"AQAB"}}"#);
        assert_refused(&jwk, JwkError::KeyType);
    }
}

#[test]
fn published_secret_is_called_that() {
    for jwk in [
        r#"{"kty":"oct","k":"c2VjcmV0","alg":"HS256"}"#.to_owned(),
        r#"{"kty":"oct"}"#.to_owned(),
        // Whatever else it has.
        format!(r#"{{"kty":"oct","k":1,"n":"{}","e":"AQAB","use":"enc","d":"AQAB"}}"#, MODULI[0]),
    ] {
        assert_refused(&jwk, JwkError::SharedSecret);
    }
}

#[test]
fn use_other_than_sig_is_refused() {
    assert_accepted(&jwk_and(r#","use":"sig""#));
    for usage in ["enc", "Sig", "SIG", "", "sig ", "sign", "si", "signature", "sig,enc"] {
        let jwk = jwk_and(&format!(r#","use":"{usage}""#));
        assert_refused(&jwk, JwkError::NotForSignatures);
    }
}

#[test]
fn key_ops_without_verify_are_refused() {
    for operations in [
        r#"["verify"]"#,
        r#"["sign","verify"]"#,
        r#"[ "verify" , "encrypt" ]"#,
        r#"["sign","verify","encrypt","decrypt","wrapKey","unwrapKey","deriveKey"]"#,
        r#"["sign","encrypt","verif\u0079","deriveBits"]"#,
        r#"["","verify"]"#,
        r#"["verif\u0079"]"#,
        r#"["s\u0069gn","verify"]"#,
        r#"["verify","s\u0069gn"]"#,
        r#"["x-own","verify"]"#,
    ] {
        assert_accepted(&jwk_and(&format!(r#","key_ops":{operations}"#)));
    }
    for operations in [
        "[]",
        r#"["sign"]"#,
        r#"["encrypt","wrapKey"]"#,
        r#"["Verify"]"#,
        r#"["verify "]"#,
        r#"["ver","ify"]"#,
        r#"["sign,verify"]"#,
        r#"["sign\",\"verify"]"#,
        r#"[","]"#,
        r#"[""]"#,
    ] {
        let jwk = jwk_and(&format!(r#","key_ops":{operations}"#));
        assert_refused(&jwk, JwkError::NotForVerify);
    }
}

#[test]
fn key_ops_that_name_an_operation_twice_are_refused() {
    for operations in [
        r#"["verify","verify"]"#,
        r#"["verify","sign","verify"]"#,
        r#"["sign","verify","sign"]"#,
        r#"["verify","verif\u0079"]"#,
        r#"["verif\u0079","verify"]"#,
        r#"["sign","sign"]"#,
        r#"["","verify",""]"#,
    ] {
        let jwk = jwk_and(&format!(r#","key_ops":{operations}"#));
        assert_refused(&jwk, JwkError::DuplicateKeyOperation);
    }
}

#[test]
fn key_ops_that_are_not_an_array_of_strings_are_refused() {
    for value in [
        "null",
        "true",
        "1",
        r#""verify""#,
        "{}",
        r#"{"verify":"verify"}"#,
        "[null]",
        r#"["verify",null]"#,
        r#"[null,"verify"]"#,
        r#"["verify",1]"#,
        r#"["verify",true,"sign"]"#,
        r#"[["verify"]]"#,
        r#"["verify",["sign"]]"#,
        r#"["verify",{}]"#,
        r#"["verif\u0079",0]"#,
    ] {
        let jwk = jwk_and(&format!(r#","key_ops":{value}"#));
        assert_refused(&jwk, JwkError::MemberType { member: "key_ops" });
    }
}

#[test]
fn use_and_key_ops_must_both_allow_verification() {
    assert_accepted(&jwk_and(r#","use":"sig","key_ops":["verify"]"#));
    let jwk = jwk_and(r#","use":"enc","key_ops":["verify"]"#);
    assert_refused(&jwk, JwkError::NotForSignatures);
    assert_refused(&jwk_and(r#","use":"sig","key_ops":["encrypt"]"#), JwkError::NotForVerify);
}

#[test]
fn alg_that_is_not_a_supported_algorithm_is_refused() {
    assert_accepted(&jwk_and(r#","alg":"RS256""#));
    for alg in [
        "HS256",
        "ES512",
        "ES256K",
        "Ed448",
        "ML-DSA-44",
        "none",
        "RSA-OAEP",
        "RSA1_5",
        "rs256",
        "Rs256",
        "RS256 ",
        " RS256",
        "RS25",
        "RS2566",
        "",
        "RS256\\u0000",
        "RSA",
    ] {
        let jwk = jwk_and(&format!(r#","alg":"{alg}""#));
        assert_refused(&jwk, JwkError::AlgorithmNotAccepted);
    }
}

#[test]
fn alg_of_another_type_of_key_is_refused() {
    for alg in ["ES256", "ES384", "EdDSA", "Ed25519"] {
        let jwk = jwk_and(&format!(r#","alg":"{alg}""#));
        assert_refused(&jwk, JwkError::AlgorithmOfOtherKeyType);
    }
}

#[test]
fn kid_is_kept_as_it_is() {
    for (kid, characters) in [
        ("k", "k"),
        ("", ""),
        (" k ", " k "),
        ("../../etc/passwd", "../../etc/passwd"),
        ("\\u006b\\n\\\"", "k\n\""),
        ("\u{fc}\u{1f511}", "\u{fc}\u{1f511}"),
        ("\\ud83d\\udd11", "\u{1f511}"),
        ("\\u0000", "\0"),
    ] {
        let key = assert_accepted(&jwk_and(&format!(r#","kid":"{kid}""#)));
        assert_eq!(key.key_id(), Some(characters));
    }
}

#[test]
fn jwk_with_a_private_member_is_burnt() {
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
        // With any value, and also if the name is written with escapes.
        for value in [r#""AQAB""#, r#""""#, "null", "[]", "{}", "0", "false"] {
            let jwk = jwk_and(&format!(r#","{member}":{value}"#));
            assert_refused(&jwk, JwkError::PrivateKey { member });
        }
        let (first, rest) = member.split_at(1);
        let escaped = format!("\\u{:04x}{rest}", first.as_bytes()[0]);
        let jwk = jwk_and(&format!(r#","{escaped}":"AQAB""#));
        assert_refused(&jwk, JwkError::PrivateKey { member });
        let jwk = format!(r#"{{"{member}":"AQAB",{}"#, &jwk_and("")[1..]);
        assert_refused(&jwk, JwkError::PrivateKey { member });
    }
    // The error names the first one. A burnt key for encryption is burnt all the same.
    let jwk = jwk_and(r#","use":"enc","qi":"AQAB","d":"AQAB""#);
    assert_refused(&jwk, JwkError::PrivateKey { member: "qi" });
}

#[test]
fn burnt_key_is_burnt_under_every_name_in_its_set() {
    let burnt = |member: &str| {
        format!(r#"{{"kty":"RSA","kid":"old","n":"{}","e":"AQAB","{member}":"AQAB"}}"#, MODULI[0])
    };
    let error = JwkError::PrivateKey { member: "p" };
    // The burnt entry may come before or after the other, and may have another fault too.
    for entry in [burnt("p"), burnt("p").replace("AQAB\",\"p", "AQAC\",\"use\":\"enc\",\"p")] {
        for (set, places) in [
            (set_of(&[named("new", 0), entry.clone(), named("other", 1)]), [0, 1]),
            (set_of(&[entry.clone(), named("other", 1), named("new", 0)]), [0, 2]),
        ] {
            assert_eq!(
                outcome(&set),
                Ok((1, places.map(|place| (place, error)).to_vec())),
                "{set}"
            );
            assert_eq!(
                read_set(&set).select(Some("new"), Algorithm::RS256),
                Err(KeyError::UnknownKey)
            );
        }
    }
}

#[test]
fn private_member_burns_the_key_that_any_reader_sees_however_it_is_spelled() {
    let error = JwkError::PrivateKey { member: "d" };
    let duplicate = JwkError::Json(JsonError::DuplicateMember);
    let [one, two] = [&MODULI[0], &MODULI[1]];
    // Of a repeated member, some readers take the first and some the last.
    let repeated = format!(r#"{{"n":"{one}","n":"AQAB","n":"{two}","kty":"RSA","d":"AQAB"}}"#);
    let set = set_of(&[&repeated, &named("a", 0), &named("b", 1), &named("c", 2)]);
    assert_eq!(outcome(&set), Ok((1, vec![(0, duplicate), (1, error), (2, error)])));
    // With line breaks; with leading zeros in the standard alphabet.
    let octets = URL_SAFE_NO_PAD.decode(one).unwrap();
    let standard = STANDARD.encode([&[0; 3], &*octets].concat());
    for spelled in [format!(" {}\\n{}\\t", &one[..100], &one[100..]), standard] {
        let burnt = format!(r#"{{"kty":"RSA","n":"{spelled}","d":"AQAB"}}"#);
        let set = set_of(&[&named("a", 0), &named("b", 1), &burnt]);
        assert_eq!(outcome(&set), Ok((1, vec![(0, error), (2, error)])), "{spelled}");
    }
}

/// Each number in a burnt entry was once hashed with SHA-256 to compare it with the keys: the set
/// below took 15 seconds with optimization.
#[test]
fn set_with_a_burnt_entry_of_many_numbers_is_read_as_fast_as_any_other() {
    let mut entries: Vec<String> = (0..99).map(|kid| named(&kid.to_string(), 0)).collect();
    let room = LIMIT - set_of(&entries).len() - 20;
    entries.push(format!(r#"{{"d":1{}}}"#, r#","n":"""#.repeat(room / 7)));
    let started = Instant::now();
    let (usable, skipped) = outcome(&set_of(&entries)).unwrap();
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert_eq!((usable, skipped.len()), (99, 1));
}

#[test]
fn unknown_members_are_ignored() {
    for members in [
        // Members of other key types, and names similar to private ones.
        r#","k":"AQAB","crv":"P-256","x":"AQAB","y":"AQAB","D":"AQAB","dd":"AQAB","":"d""#,
        r#","exp":1,"iat":null,"x-own":[{"kty":"oct"},[],null,true,1.5],"issuer":"i""#,
        // Nothing inside an ignored member counts.
        r#","ext":{"d":"AQAB","kty":"oct","use":"enc","kid":"x","kid":"x"}"#,
        r#","keys":[{"kty":"RSA"}],"__proto__":{"kid":"x"}"#,
        r#","\ud83d\udd11":"\u0000""#,
    ] {
        let key = assert_accepted(&jwk_and(members));
        assert_eq!(key.key_id(), None);
    }
}

#[test]
fn certificate_members_of_any_type_leave_a_key_usable() {
    for member in ["x5c", "x5t", "x5t#S256", "x5u"] {
        for value in [
            r#""not base64 and no certificate""#,
            r#"["not base64 and no certificate"]"#,
            r#""https://attacker.example/key.pem""#,
            r#""file:///etc/passwd""#,
            r#"[]"#,
            "null",
            "0",
            "false",
            r#"{"d":"AQAB"}"#,
        ] {
            assert_accepted(&jwk_and(&format!(r#","{member}":{value}"#)));
        }
    }
}

#[test]
fn repeated_member_makes_its_key_unusable_and_no_other() {
    let n = &MODULI[0];
    let twice = [
        format!(r#"{{"kty":"RSA","kty":"RSA","n":"{n}","e":"AQAB"}}"#),
        format!(r#"{{"kty":"oct","kty":"RSA","n":"{n}","e":"AQAB"}}"#),
        format!(r#"{{"kty":"RSA","n":"{n}","e":"AQAB","n":"{n}"}}"#),
        jwk_and(r#","kid":"a","kid":"b""#),
        jwk_and(r#","kid":"a","k\u0069d":"a""#),
        jwk_and(r#","\u006bid":"a","k\u0069d":"a""#),
        jwk_and(r#","use":"enc","use":"sig""#),
        jwk_and(r#","key_ops":["sign"],"key_ops":["verify"]"#),
        jwk_and(r#","alg":"none","alg":"RS256""#),
        jwk_and(r#","x5c":1,"x5c":2"#),
        jwk_and(r#","unknown":1,"unknown":1"#),
        jwk_and(r#","":1,"":1"#),
        jwk_and(r#","d":1,"d":1"#),
        r#"{"a":1,"a":1}"#.to_owned(),
        // Further apart than any real key has members.
        jwk_and(&format!(r#",{},"n":0"#, many_members(200))),
        jwk_and(&format!(r#",{},"m150":0"#, many_members(200))),
        jwk_and(&format!(r#",{},"m\u00315":0"#, many_members(200))),
    ];
    for jwk in twice {
        assert_refused(&jwk, JwkError::Json(JsonError::DuplicateMember));
    }
    assert_accepted(&jwk_and(&format!(",{}", many_members(200))));
    // Names that differ in case or in an escaped character are different.
    assert_accepted(&jwk_and(r#","a":1,"A":1,"a\u0000":1,"\u00e4":1,"a\u0308":1"#));
}

fn many_members(count: usize) -> String {
    let members: Vec<String> =
        (0..count).map(|number| format!(r#""m{number}":{number}"#)).collect();
    members.join(",")
}

#[test]
fn text_that_is_not_json_is_neither_a_jwk_nor_part_of_a_set() {
    let unfinished = r#"{"kty":"RSA""#.to_owned();
    for jwk in [
        unfinished,
        jwk_and(","),
        jwk_and(r#","x":"#),
        jwk_and(r#","x":01"#),
        jwk_and(r#","x":+1"#),
        jwk_and(r#","x":.5"#),
        jwk_and(r#","x":1."#),
        jwk_and(r#","x":0x10"#),
        jwk_and(r#","x":NaN"#),
        jwk_and(r#","x":Infinity"#),
        jwk_and(r#","x":1e309"#),
        jwk_and(r#","x":-1e309"#),
        jwk_and(r#","x":undefined"#),
        jwk_and(r#","x":True"#),
        jwk_and(r#","x":'y'"#),
        jwk_and(",x:1"),
        jwk_and(r#","x":1,"#),
        jwk_and(r#","x":[1,]"#),
        jwk_and(r#","x":1/*c*/"#),
        jwk_and("//c\n"),
        jwk_and(r#","x":"\x""#),
        jwk_and(r#","x":"\ud83d""#),
        jwk_and(r#","x":"\udd11""#),
        jwk_and(r#","x":"\ud83d\ud83d""#),
        jwk_and(r#","\udd11":"x""#),
        jwk_and(r#","x5c":["\ud83d"]"#),
        jwk_and(",\"x\":\"\n\""),
        jwk_and(",\"x\":\"\0\""),
        jwk_and(",\"x\":\"\u{1f}\""),
    ] {
        let error = JsonError::Syntax;
        assert_eq!(PublicKey::from_jwk(jwk.as_bytes()), Err(JwkError::Json(error)), "{jwk}");
        // The end of a key that is not JSON cannot be found.
        assert_eq!(outcome(&set_of(&[jwk.as_str()])), Err(JwkSetError::Json(error)), "{jwk}");
    }
}

#[test]
fn text_before_or_after_a_jwk_or_a_set_is_refused() {
    let set = set_of(&[named("a", 0)]);
    for (before, after) in [
        ("\u{feff}", ""),
        ("\0", ""),
        ("\u{a0}", ""),
        ("\u{c}", ""),
        ("x", ""),
        (")]}'\n", ""),
        ("", "x"),
        ("", "\0"),
        ("", ","),
        ("", "[]"),
        ("", "\u{feff}"),
        ("", "}"),
        ("", " null"),
        ("[", ""),
    ] {
        let jwk = format!("{before}{}{after}", named("a", 0));
        let outcome_of_jwk = PublicKey::from_jwk(jwk.as_bytes());
        assert_eq!(outcome_of_jwk, Err(JwkError::Json(JsonError::Syntax)), "{jwk}");
        let set = format!("{before}{set}{after}");
        let error = match before {
            "\u{feff}" => JwkSetError::ByteOrderMark,
            _ => JwkSetError::Json(JsonError::Syntax),
        };
        assert_eq!(outcome(&set), Err(error), "{set}");
    }
    for empty in ["", " ", "\n\t "] {
        let jwk = PublicKey::from_jwk(empty.as_bytes());
        assert_eq!(jwk, Err(JwkError::Json(JsonError::Syntax)));
        assert_eq!(outcome(empty), Err(JwkSetError::Empty));
    }
    // A value that is not an object, followed by another value: the syntax error comes first.
    assert_eq!(outcome("null null"), Err(JwkSetError::Json(JsonError::Syntax)));
}

#[test]
fn bytes_that_are_not_utf8_are_refused_wherever_they_are() {
    let sequences: [&[u8]; 8] = [
        b"\xff",             // never in UTF-8
        b"\x80",             // continuation without a start
        b"\xc3",             // start without a continuation
        b"\xc0\xaf",         // overlong `/`
        b"\xc1\xa4",         // overlong `d`
        b"\xed\xa0\x80",     // a surrogate
        b"\xf4\x90\x80\x80", // above U+10FFFF
        b"\xf0\x9f\x94",     // cut short
    ];
    for bytes in sequences {
        for (before, after) in [
            (r#"","x":""#, r#"""#), // in an ignored value
            (r#"",""#, r#"":1"#),   // in a name
            ("", r#"""#),           // in `kid`
            (r#"""#, ""),           // outside of strings
        ] {
            let jwk = named("a", 0);
            let (front, back) = jwk.split_once(r#"a","#).unwrap();
            let jwk = [front, "a", before].concat().into_bytes();
            let jwk = [&jwk, bytes, after.as_bytes(), b",", back.as_bytes()].concat();
            let outcome = PublicKey::from_jwk(&jwk);
            assert_eq!(outcome, Err(JwkError::Json(JsonError::NotUtf8)), "{}", jwk.escape_ascii());
            let set = [br#"{"keys":["#, jwk.as_slice(), b"]}"].concat();
            let outcome = JwkSet::from_json(&set).map(|set| set.len());
            assert_eq!(outcome, Err(JwkSetError::Json(JsonError::NotUtf8)));
        }
    }
    // UTF-16 with and without a byte order mark.
    let outcome = |json: &[u8]| JwkSet::from_json(json).map(|set| set.len());
    for set in [set_of(&[named("a", 0)]), "\r\n{}".into(), "{}".into()] {
        let utf16: Vec<u8> = set.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(outcome(&utf16), Err(JwkSetError::Utf16));
        let with_mark = [b"\xff\xfe", utf16.as_slice()].concat();
        assert_eq!(outcome(&with_mark), Err(JwkSetError::Utf16));
        let big_endian: Vec<u8> = set.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(outcome(&big_endian), Err(JwkSetError::Utf16));
        let with_mark = [b"\xfe\xff", big_endian.as_slice()].concat();
        assert_eq!(outcome(&with_mark), Err(JwkSetError::Utf16));
    }
    // UTF-32, a single NUL, and fewer than two characters.
    for other in
        [b"{\0\0\0}\0\0\0".as_slice(), b"\0\0\0{\0\0\0}", b"{\0}", b"\0{}", b"{\0", b"\0\0"]
    {
        let syntax = JwkSetError::Json(JsonError::Syntax);
        assert_eq!(outcome(other), Err(syntax), "{}", other.escape_ascii());
    }
}

/// This many nested arrays or objects.
fn nested(levels: usize, [open, inner, close]: [&str; 3]) -> String {
    [open.repeat(levels).as_str(), inner, &close.repeat(levels)].concat()
}

const ARRAYS: [&str; 3] = ["[", "", "]"];
const OBJECTS: [&str; 3] = [r#"{"a":"#, "1", "}"];

#[test]
fn jwk_has_up_to_32_levels() {
    for shape in [ARRAYS, OBJECTS] {
        let jwk = |levels: usize| jwk_and(&format!(r#","x":{}"#, nested(levels - 1, shape)));
        assert_accepted_alone(&jwk(31));
        assert_accepted_alone(&jwk(32));
        for levels in [33, 34, 127, 128, 129, 200, 10_000] {
            let outcome = PublicKey::from_jwk(jwk(levels).as_bytes());
            assert_eq!(outcome, Err(JwkError::Json(JsonError::TooDeep)), "{levels}");
        }
    }
    // The same for a text that is not an object, and for one that is never closed.
    for (json, error) in [
        (nested(32, ARRAYS), JsonError::NotObject),
        (nested(33, ARRAYS), JsonError::TooDeep),
        ("[".repeat(LIMIT), JsonError::TooDeep),
        (r#"{"a":"#.repeat(LIMIT / 5), JsonError::TooDeep),
    ] {
        assert_eq!(PublicKey::from_jwk(json.as_bytes()), Err(JwkError::Json(error)));
        assert_eq!(outcome(&json), Err(JwkSetError::Json(error)));
    }
}

fn assert_accepted_alone(jwk: &str) {
    assert_eq!(PublicKey::from_jwk(jwk.as_bytes()).map(|key| key.modulus_bits()), Ok(2048));
}

/// A set with `value` at this place.
fn set_with(place: &str, value: &str) -> String {
    match place {
        "beside the keys" => format!(r#"{{"x":{value},{}"#, &set_of(&[named("a", 0)])[1..]),
        "in a key" => set_of(&[jwk_and(&format!(r#","x":{value}"#))]),
        "in key_ops" => set_of(&[jwk_and(&format!(r#","key_ops":{value}"#))]),
        _ => set_of(&[value]),
    }
}

#[test]
fn set_has_up_to_32_levels() {
    for shape in [ARRAYS, OBJECTS] {
        for (place, around) in
            [("beside the keys", 1), ("in place of a key", 2), ("in a key", 3), ("in key_ops", 3)]
        {
            for levels in [33, 34, 127, 128, 129, 200, 10_000] {
                let set = set_with(place, &nested(levels - around, shape));
                let error = JwkSetError::Json(JsonError::TooDeep);
                assert_eq!(outcome(&set), Err(error), "{place}, {levels}");
            }
            assert!(outcome(&set_with(place, &nested(32 - around, shape))).is_ok(), "{place}");
        }
    }
    let deepest = set_of(&[jwk_and(&format!(r#","x":{}"#, nested(29, ARRAYS)))]);
    assert_eq!(outcome(&deepest), Ok((1, vec![])));
    let deepest = set_of(&[&nested(30, ARRAYS)]);
    assert_eq!(outcome(&deepest), Ok((0, vec![(0, JwkError::Json(JsonError::NotObject))])));
}

// Section 5: a JWK Set

#[test]
fn set_without_entries_is_empty_and_no_error() {
    for set in [r#"{"keys":[]}"#, " { \"keys\" : [ ] } ", r#"{"k\u0065ys":[]}"#] {
        assert_eq!(outcome(set), Ok((0, vec![])));
        assert!(read_set(set).is_empty());
        for kid in [None, Some(""), Some("a")] {
            assert_eq!(read_set(set).select(kid, Algorithm::RS256), Err(KeyError::UnknownKey));
        }
    }
}

#[test]
fn set_that_is_not_an_object_is_refused() {
    for json in ["null", "true", "1", "1e300", r#""keys""#, "[]"] {
        assert_eq!(outcome(json), Err(JwkSetError::Json(JsonError::NotObject)), "{json}");
    }
    let bare_array = format!("[{}]", named("a", 0));
    assert_eq!(outcome(&bare_array), Err(JwkSetError::Json(JsonError::NotObject)));
}

#[test]
fn set_without_keys_is_refused() {
    let key = named("a", 0);
    for set in [
        "{}".to_owned(),
        format!(r#"{{"KEYS":[{key}]}}"#),
        format!(r#"{{"keys ":[{key}]}}"#),
        format!(r#"{{"key":[{key}]}}"#),
        format!(r#"{{"set":{{"keys":[{key}]}}}}"#),
    ] {
        assert_eq!(outcome(&set), Err(JwkSetError::KeysMissing), "{set}");
    }
}

#[test]
fn one_key_without_a_set_is_called_that() {
    for set in
        [named("a", 0), r#"{"kty":null}"#.into(), r#"{"x":"-----BEGIN X","kty":"oct"}"#.into()]
    {
        assert_eq!(outcome(&set), Err(JwkSetError::KeyWithoutSet), "{set}");
    }
}

#[test]
fn pem_in_place_of_a_set_is_called_that() {
    let pem = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n";
    for text in [pem.to_owned(), format!(" \r\n\t{pem}"), "-----BEGIN CERTIFICATE".to_owned()] {
        assert_eq!(outcome(&text), Err(JwkSetError::Pem), "{text}");
    }
    let not_json = Err(JwkSetError::Json(JsonError::Syntax));
    for text in ["-----BEGIN", "-----END X-----", "----BEGIN X-----", "---"] {
        assert_eq!(outcome(text), not_json, "{text}");
    }
    assert_eq!(outcome(&serde_json::json!(pem).to_string()), {
        Err(JwkSetError::Json(JsonError::NotObject))
    });
    for map in
        [serde_json::json!({ "a": pem }), serde_json::json!({ "a": pem, "b": format!("\n{pem}") })]
    {
        assert_eq!(outcome(&map.to_string()), Err(JwkSetError::PemByKeyId), "{map}");
    }
    for map in [
        serde_json::json!({ "a": pem, "b": 1 }),
        serde_json::json!({ "a": pem, "b": "" }),
        serde_json::json!({ "a": [pem] }),
        serde_json::json!({ "a": { "b": pem } }),
    ] {
        assert_eq!(outcome(&map.to_string()), Err(JwkSetError::KeysMissing), "{map}");
    }
}

#[test]
fn private_key_in_pem_in_place_of_a_set_is_called_that() {
    for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
        let text = format!("-----BEGIN {label}-----\nMIIB\n-----END {label}-----\n");
        let after_parameters = format!("-----BEGIN EC PARAMETERS-----\nBg==\n{text}");
        for text in [&text, &after_parameters, &text.replace('\n', "\\n")] {
            assert_eq!(outcome(text), Err(JwkSetError::PrivateKey), "{text}");
        }
    }
}

// Section 9.2: private and symmetric keys must be protected. The advice for one public key, to write it into
// a set, would publish them once more.
#[test]
fn private_key_in_jwk_in_place_of_a_set_is_called_that() {
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "\\u0064"] {
        for kty in ["EC", "RSA", "oct"] {
            for set in [
                format!(r#"{{"kty":"{kty}","{member}":"AQAB"}}"#),
                format!(r#"{{"{member}":"","x":1,"kty":"{kty}"}}"#),
            ] {
                assert_eq!(outcome(&set), Err(JwkSetError::PrivateKey), "{set}");
            }
        }
    }
    // Without `kty` it is no key.
    assert_eq!(outcome(r#"{"d":"AQAB","k":"AQAB"}"#), Err(JwkSetError::KeysMissing));
    let pem = |label: &str| format!("-----BEGIN {label}-----\nMIIB\n-----END {label}-----\n");
    for map in [
        serde_json::json!({ "a": pem("PRIVATE KEY") }),
        serde_json::json!({ "a": pem("CERTIFICATE"), "b": pem("RSA PRIVATE KEY") }),
        serde_json::json!({ "a": 1, "b": pem("EC PRIVATE KEY") }),
    ] {
        assert_eq!(outcome(&map.to_string()), Err(JwkSetError::PrivateKey), "{map}");
    }
}

#[test]
fn der_in_place_of_a_set_is_called_that() {
    for der in [
        include_bytes!("../../src/testkit/tokenring-test-key-rsa.pk8").as_slice(),
        include_bytes!("../../src/testkit/tokenring-test-key-eddsa.pk8"),
        b"\x30\x80",
        b"\x30\x82\x01",
        b"\x30\x00",
        b"\x30\x02\x05\x00",
    ] {
        let outcome = JwkSet::from_json(der).map(|set| set.len());
        assert_eq!(outcome, Err(JwkSetError::Der), "{der:x?}");
    }
    for text in ["0", "01", "0 ", "00000000"] {
        assert_ne!(outcome(text), Err(JwkSetError::Der), "{text}");
    }
}

#[test]
fn escaped_line_breaks_of_a_set_are_called_that() {
    let set = set_of(&[named("a", 0)]);
    for escaped in ["\\n", "\\r\\n"] {
        let at_start = set.replacen('{', &format!(" {{ {escaped}"), 1);
        assert_eq!(outcome(&at_start), Err(JwkSetError::EscapedLineBreaks), "{at_start}");
    }
    let at_end = format!("{set}\\n");
    assert_eq!(outcome(&at_end), Err(JwkSetError::EscapedLineBreaks), "{at_end}");
    let syntax = Err(JwkSetError::Json(JsonError::Syntax));
    for text in ["\\n", "[\\n]", "[{}\\n", "{\\t}", "x{\\n}"] {
        assert_eq!(outcome(text), syntax, "{text}");
    }
}

#[test]
fn second_object_after_a_set_is_called_that() {
    let set = set_of(&[named("a", 0)]);
    for text in [
        format!("{set}{set}"),
        format!("{set}\r\n{set}\r\n"),
        format!("{set} {{"),
        "{}{}".to_owned(),
    ] {
        assert_eq!(outcome(&text), Err(JwkSetError::SeveralObjects), "{text}");
    }
    for text in [
        format!("{set}[]"),
        format!("{set},{set}"),
        format!("[]{set}"),
        format!("1{set}"),
        format!("{{\"a\":}}{set}"),
    ] {
        assert_eq!(outcome(&text), Err(JwkSetError::Json(JsonError::Syntax)), "{text}");
    }
}

#[test]
fn keys_that_are_not_an_array_are_refused() {
    let key = named("a", 0);
    let object = format!(r#"{{"0":{key}}}"#);
    for value in ["null", "true", "false", "0", "-1e5", r#""""#, r#""[]""#, "{}", &key, &object] {
        let set = format!(r#"{{"keys":{value}}}"#);
        assert_eq!(outcome(&set), Err(JwkSetError::KeysType), "{set}");
    }
}

#[test]
fn repeated_member_of_the_set_is_refused() {
    let (a, b) = (named("a", 0), named("b", 1));
    for set in [
        format!(r#"{{"keys":[{a}],"keys":[{b}]}}"#),
        format!(r#"{{"keys":[{a}],"keys":[{a}]}}"#),
        format!(r#"{{"keys":[],"k\u0065ys":[{a}]}}"#),
        format!(r#"{{"k\u0065ys":[{a}],"keys":null}}"#),
        format!(r#"{{"x":1,"keys":[{a}],"x":1}}"#),
        format!(r#"{{"keys":[{a}],{},"m7":0}}"#, many_members(40)),
    ] {
        assert_eq!(outcome(&set), Err(JwkSetError::Json(JsonError::DuplicateMember)), "{set}");
    }
}

#[test]
fn unknown_members_of_the_set_are_ignored() {
    let a = named("a", 0);
    for set in [
        format!(r#"{{"x":[1,{{"keys":[]}}],"keys":[{a}],"issuer":null,"n":"AQAB","d":"AQAB"}}"#),
        format!(r#"{{{},"keys":[{a}]}}"#, many_members(500)),
        // Inside an ignored member, duplicates are allowed.
        format!(r#"{{"x":{{"y":1,"y":2}},"keys":[{a}]}}"#),
    ] {
        assert_eq!(outcome(&set), Ok((1, vec![])), "{set}");
    }
}

#[test]
fn entries_that_are_not_objects_are_skipped() {
    let entries = ["null", "1", "-1", "1.5", "1e30", r#""a""#, r#""\u0061""#, "true", "[]", "[{}]"];
    for entry in entries {
        let set = set_of(&[named("a", 0).as_str(), entry, &named("b", 1)]);
        let not_object = JwkError::Json(JsonError::NotObject);
        assert_eq!(outcome(&set), Ok((2, vec![(1, not_object)])), "{entry}");
    }
    let skipped = (0..10).map(|index| (index, JwkError::Json(JsonError::NotObject))).collect();
    assert_eq!(outcome(&set_of(&entries)), Ok((0, skipped)));
    // A key inside an array is not in the set.
    let set = set_of(&[format!("[{}]", named("a", 0)).as_str(), "{}"]);
    let expected = vec![
        (0, JwkError::Json(JsonError::NotObject)),
        (1, JwkError::MemberMissing { member: "kty" }),
    ];
    assert_eq!(outcome(&set), Ok((0, expected)));
}

#[test]
fn skipped_entries_are_numbered_by_their_place_and_keep_their_order() {
    let set = set_of(&[
        "null".to_owned(),
        named("a", 2),
        jwk_and(r#","use":"enc""#),
        named("b", 1),
        // A repeated key is neither skipped nor counted again.
        named("b", 1),
        jwk_and(r#","d":"AQAB""#),
        jwk_and(r#","kid":"x","kid":"x""#),
    ]);
    let expected = vec![
        (0, JwkError::Json(JsonError::NotObject)),
        (2, JwkError::NotForSignatures),
        (5, JwkError::PrivateKey { member: "d" }),
        (6, JwkError::Json(JsonError::DuplicateMember)),
    ];
    assert_eq!(outcome(&set), Ok((2, expected)));
}

#[test]
fn set_has_up_to_1000_entries_usable_or_not() {
    let usable: Vec<String> = (0..1001).map(|number| named(&format!("k{number}"), 0)).collect();
    assert_eq!(outcome(&set_of(&usable[..1000])), Ok((1000, vec![])));
    assert_eq!(outcome(&set_of(&usable)), Err(JwkSetError::TooManyKeys));
    let set = read_set(set_of(&usable[..1000]));
    for number in [0, 1, 3, 499, 998, 999] {
        let kid = format!("k{number}");
        assert_eq!(set.select(Some(&kid), Algorithm::RS256).unwrap().key_id(), Some(&*kid));
    }
    for kid in ["", "k", "k1000", "k9990", "j", "l"] {
        assert_eq!(set.select(Some(kid), Algorithm::RS256), Err(KeyError::UnknownKey), "{kid}");
    }
    let order: Vec<_> = set.iter().map(|key| key.key_id().unwrap().to_owned()).collect();
    assert_eq!(order, (0..1000).map(|number| format!("k{number}")).collect::<Vec<_>>());

    let same = vec![named("a", 0); 1001];
    assert_eq!(outcome(&set_of(&same[..1000])), Ok((1, vec![])));
    assert_eq!(outcome(&set_of(&same)), Err(JwkSetError::TooManyKeys));

    for entry in ["0", "{}", "[]", "null", r#""""#] {
        let entries = vec![entry; 1001];
        let (usable, skipped) = outcome(&set_of(&entries[..1000])).unwrap();
        assert_eq!((usable, skipped.len(), skipped[999].0), (0, 1000, 999));
        assert_eq!(outcome(&set_of(&entries)), Err(JwkSetError::TooManyKeys));
    }
    // After the thousandth entry, the text must still be JSON.
    let set = set_of(&vec!["0"; 1500]).replace("]}", ",\"\\ud800\"]}");
    assert_eq!(outcome(&set), Err(JwkSetError::Json(JsonError::Syntax)));
}

#[test]
fn jwk_and_set_have_up_to_512_kib() {
    let fill = |json: &str, length: usize| {
        let mut json = json.to_owned();
        json.extend(std::iter::repeat_n(' ', length - json.len()));
        json
    };
    let (jwk, set) = (named("a", 0), set_of(&[named("a", 0)]));
    assert_accepted_alone(&fill(&jwk, LIMIT));
    assert_eq!(outcome(&fill(&set, LIMIT)), Ok((1, vec![])));
    for bytes in [LIMIT + 1, 2 * LIMIT] {
        let outcome_of_jwk = PublicKey::from_jwk(fill(&jwk, bytes).as_bytes());
        assert_eq!(outcome_of_jwk, Err(JwkError::TooLong { bytes }));
        assert_eq!(outcome(&fill(&set, bytes)), Err(JwkSetError::TooLong { bytes }));
    }
    // The length is checked first: this is not even UTF-8.
    let bytes = LIMIT + 1;
    let junk = vec![0xff; bytes];
    assert_eq!(PublicKey::from_jwk(&junk), Err(JwkError::TooLong { bytes }));
    let outcome = JwkSet::from_json(&junk).map(|set| set.len());
    assert_eq!(outcome, Err(JwkSetError::TooLong { bytes }));
}

#[test]
fn keys_of_other_types_with_the_same_kid_are_no_obstacle() {
    let others = [
        r#"{"kty":"oct","kid":"a","alg":"HS256","k":"AQAB"}"#,
        r#"{"kty":"EC","kid":"a","crv":"secp256k1","x":"AQAB","y":"AQAB","use":"sig"}"#,
        r#"{"kty":"OKP","kid":"a","crv":"Ed448","x":"AQAB","alg":"EdDSA"}"#,
    ];
    let faults = [JwkError::SharedSecret, JwkError::Curve, JwkError::Curve];
    let good = named("a", 0);
    for place in 0..=3 {
        let mut entries = others.to_vec();
        entries.insert(place, &good);
        let set = read_set(set_of(&entries));
        let selected = set.select(Some("a"), Algorithm::RS256).unwrap();
        assert_eq!(*selected, PublicKey::from_jwk(good.as_bytes()).unwrap());
        assert_eq!(set.select(None, Algorithm::RS256), Ok(selected));
        let skipped: Vec<usize> = set.skipped().iter().map(|skipped| skipped.index()).collect();
        let expected: Vec<usize> = (0..4).filter(|index| *index != place).collect();
        assert_eq!(skipped, expected);
        let errors: Vec<JwkError> = set.skipped().iter().map(|skipped| skipped.error()).collect();
        assert_eq!(errors, faults);
    }
    let set = read_set(set_of(&others));
    assert_eq!(set.select(Some("a"), Algorithm::RS256), Err(KeyError::UnknownKey));
}

#[test]
fn unusable_key_with_the_same_kid_is_no_obstacle() {
    let unusable = jwk_and(r#","kid":"a","use":"enc""#);
    let set = read_set(set_of(&[unusable, named("a", 1)]));
    let selected = set.select(Some("a"), Algorithm::RS256).unwrap();
    assert_eq!(*selected, PublicKey::from_jwk(named("a", 1).as_bytes()).unwrap());
}

// Section 4.5: `kid`

#[test]
fn two_different_keys_with_one_kid_are_ambiguous() {
    let set = read_set(set_of(&[named("a", 0), named("b", 2), named("a", 1)]));
    assert_eq!(set.len(), 3);
    assert_eq!(set.select(Some("a"), Algorithm::RS256), Err(KeyError::AmbiguousKey));
    assert_eq!(set.select(Some("b"), Algorithm::RS256).unwrap().key_id(), Some("b"));
    // The same modulus with another exponent is another key.
    let other_exponent = named("a", 0).replace("AQAB", "AQAD");
    let set = read_set(set_of(&[named("a", 0), other_exponent]));
    assert_eq!(set.select(Some("a"), Algorithm::RS256), Err(KeyError::AmbiguousKey));
    // The same with three keys, of which two are the same.
    let set = read_set(set_of(&[named("a", 0), named("a", 1), named("a", 0)]));
    assert_eq!(set.len(), 2);
    assert_eq!(set.select(Some("a"), Algorithm::RS256), Err(KeyError::AmbiguousKey));
}

#[test]
fn same_key_twice_is_one_key() {
    let again = named("a", 0).replace(r#""kty""#, r#""use":"sig","alg":"RS256","x5c":[],"kty""#);
    let set = read_set(set_of(&[named("a", 0), again.clone(), again]));
    // With `alg` it is for that algorithm, without it for the policy's: two entries, one key.
    assert_eq!((set.len(), set.skipped().len()), (2, 0));
    assert_eq!(set.select(Some("a"), Algorithm::RS256).unwrap().key_id(), Some("a"));
    assert_eq!(set.select(None, Algorithm::RS256).unwrap().key_id(), Some("a"));
    let same = read_set(set_of(&[named("a", 0), named("a", 0), named("a", 0)]));
    assert_eq!((same.len(), same.skipped().len()), (1, 0));
}

#[test]
fn same_key_under_two_kids_is_one_key_for_a_token_without_kid() {
    let select = |entries: &[String], kid: Option<&str>| {
        let selected = read_set(set_of(entries)).select(kid, Algorithm::RS256);
        selected.map(|key| key.key_id().map(str::to_owned))
    };
    let found = |kid: &str| Ok(Some(kid.to_owned()));
    let two = [named("b", 0), named("a", 0)];
    assert_eq!(select(&two, Some("a")), found("a"));
    assert_eq!(select(&two, Some("b")), found("b"));
    // The first in the set's order.
    assert_eq!(select(&two, None), found("b"));
    assert_eq!(select(&[named("a", 0), named("b", 0), jwk_and("")], None), found("a"));
    assert_eq!(select(&[jwk_and(""), named("b", 0)], None), Ok(None));
    // One of several is another key.
    let ambiguous = Err(KeyError::AmbiguousKey);
    assert_eq!(select(&[named("a", 0), named("b", 0), named("c", 1)], None), ambiguous);
    // Another exponent.
    let other = named("b", 0).replace("AQAB", "AQAD");
    assert_eq!(select(&[named("a", 0), other], None), ambiguous);
    // Each is for the tokens of another issuer.
    let of = |kid, issuer| named(kid, 0).replace('}', &format!(r#","issuer":"{issuer}"}}"#));
    assert_eq!(select(&[of("a", "x"), of("b", "x")], None), found("a"));
    assert_eq!(select(&[of("a", "x"), of("b", "y")], None), ambiguous);
    assert_eq!(select(&[of("a", "x"), named("b", 0)], None), ambiguous);
}

#[test]
fn token_without_kid_needs_a_set_with_one_usable_key() {
    let select = |entries: &[String]| {
        let selected = read_set(set_of(entries)).select(None, Algorithm::RS256);
        selected.map(|key| key.key_id().map(str::to_owned))
    };
    assert_eq!(select(&[]), Err(KeyError::UnknownKey));
    assert_eq!(select(&["{}".to_owned()]), Err(KeyError::UnknownKey));
    assert_eq!(select(&[named("a", 0)]), Ok(Some("a".to_owned())));
    assert_eq!(select(&[jwk_and("")]), Ok(None));
    assert_eq!(select(&["{}".to_owned(), named("a", 0), "0".to_owned()]), Ok(Some("a".to_owned())));
    assert_eq!(select(&[named("a", 0), named("b", 1)]), Err(KeyError::AmbiguousKey));
    // A key without `kid` has no precedence.
    assert_eq!(select(&[jwk_and(""), named("b", 1)]), Err(KeyError::AmbiguousKey));
}

#[test]
fn kid_is_compared_byte_for_byte() {
    let set = read_set(set_of(&[named("Key-1", 0), named("\\u00e9", 1), jwk_and(r#","x":2"#)]));
    assert_eq!(set.len(), 3);
    assert_eq!(set.select(Some("Key-1"), Algorithm::RS256).unwrap().key_id(), Some("Key-1"));
    assert_eq!(set.select(Some("\u{e9}"), Algorithm::RS256).unwrap().key_id(), Some("\u{e9}"));
    for kid in [
        "key-1", "KEY-1", "Key-", "Key-11", "Key-1 ", " Key-1", "Key-1\0", "ey-1", "", "*",
        "Key_1", "e\u{301}", "\\u00e9", "null",
    ] {
        let selected = set.select(Some(kid), Algorithm::RS256);
        assert_eq!(selected, Err(KeyError::UnknownKey), "{kid:?}");
    }
}

#[test]
fn empty_kid_is_a_name_and_not_the_absence_of_one() {
    let set = read_set(set_of(&[named("", 0), jwk_and(r#","x":"another""#)]));
    assert_eq!(set.len(), 2);
    assert_eq!(set.select(Some(""), Algorithm::RS256).unwrap().key_id(), Some(""));
    let without = read_set(set_of(&[jwk_and("")]));
    assert_eq!(without.select(Some(""), Algorithm::RS256), Err(KeyError::UnknownKey));
}

#[test]
fn published_keys_of_the_test_issuer_are_all_usable() {
    let issuer = Issuer::default();
    let set = read_set(issuer.jwks());
    assert_eq!((set.len(), set.skipped().len()), (3, 0));
    for key in issuer.keys() {
        let selected = set.select(Some(key.kid()), Algorithm::RS256).unwrap();
        assert_eq!(*selected, PublicKey::from_jwk(key.jwk().to_string().as_bytes()).unwrap());
        assert_eq!(selected.verify(b"m", &key.sign(b"m")), Ok(()));
    }
}

// Every error and its text

#[test]
fn every_fault_of_a_key_has_its_text() {
    let n = &MODULI[0];
    let with = |n: &str, e: &str| format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}"}}"#);
    // The last of the 342 characters holds the last two bits.
    let even = format!("{}A", &n[..341]);
    let one_bit_too_long = URL_SAFE_NO_PAD.encode([1; 1025]);
    let roca = include_str!("../vectors/rsa_moduli.txt")
        .lines()
        .find_map(|line| line.strip_prefix("roca-2048  "))
        .map(|digits| URL_SAFE_NO_PAD.encode(bytes_of(digits)))
        .unwrap();
    let faults = [
        (
            " ".repeat(LIMIT + 1),
            JwkError::TooLong { bytes: 524_289 },
            "the key is 524289 bytes long, the limit is 524288",
        ),
        ("[]".to_owned(), JwkError::Json(JsonError::NotObject), "the key: not a JSON object"),
        (
            nested(33, ARRAYS),
            JwkError::Json(JsonError::TooDeep),
            "the key: nested deeper than 32 levels",
        ),
        ("{".to_owned(), JwkError::Json(JsonError::Syntax), "the key: not well-formed JSON"),
        (
            r#"{"a":1,"a":1}"#.to_owned(),
            JwkError::Json(JsonError::DuplicateMember),
            "the key: a member occurs twice",
        ),
        ("{}".to_owned(), JwkError::MemberMissing { member: "kty" }, "the key has no `kty`"),
        (
            r#"{"kty":1}"#.to_owned(),
            JwkError::MemberType { member: "kty" },
            "the key's `kty` has the wrong JSON type",
        ),
        (
            r#"{"kty":"AKP"}"#.to_owned(),
            JwkError::KeyType,
            "the key's `kty` is none of RSA, EC and OKP",
        ),
        (
            r#"{"kty":"oct"}"#.to_owned(),
            JwkError::SharedSecret,
            "the key is a shared secret (`kty` is oct), which may be public because it is in a key set, replace it",
        ),
        (
            with(&public_key_info(256), "AQAB"),
            JwkError::ModulusIsPublicKeyInfo,
            "the key's `n` is a whole SubjectPublicKeyInfo, not the modulus in it",
        ),
        (
            jwk_and(r#","d":"AQAB""#),
            JwkError::PrivateKey { member: "d" },
            "the private member `d` of the key is published, replace the key",
        ),
        (jwk_and(r#","use":"enc""#), JwkError::NotForSignatures, "the key's `use` is not sig"),
        (
            jwk_and(r#","key_ops":["sign"]"#),
            JwkError::NotForVerify,
            "the key's `key_ops` does not contain verify",
        ),
        (
            jwk_and(r#","key_ops":["verify","verify"]"#),
            JwkError::DuplicateKeyOperation,
            "the key's `key_ops` names an operation twice",
        ),
        (
            jwk_and(r#","alg":"HS256""#),
            JwkError::AlgorithmNotAccepted,
            "the key's `alg` is not a signature algorithm accepted here",
        ),
        (
            jwk_and(r#","alg":"ES256""#),
            JwkError::AlgorithmOfOtherKeyType,
            "the key's `alg` does not fit its `kty` or `crv`",
        ),
        (
            with("=", "AQAB"),
            JwkError::NotBase64url { member: "n" },
            "the key's `n` is not base64url",
        ),
        (
            r#"{"kty":"EC","crv":"P-521"}"#.to_owned(),
            JwkError::Curve,
            "the key's `crv` is not a curve accepted here",
        ),
        (
            r#"{"kty":"OKP","crv":"Ed25519","x":"AQAB"}"#.to_owned(),
            JwkError::CoordinateLength { member: "x", bytes: 3, expected: 32 },
            "the key's `x` is 3 bytes long instead of 32",
        ),
        (
            format!(r#"{{"kty":"EC","crv":"P-256","x":"{ZEROS}","y":"{ZEROS}"}}"#),
            JwkError::NotOnCurve,
            "the key is not a point on its curve",
        ),
        (
            format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, "_".repeat(42) + "8"),
            JwkError::NotCanonical,
            "the key's `x` is not encoded canonically",
        ),
        (
            format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{ZEROS}"}}"#),
            JwkError::LowOrder,
            "the key is a point of low order, for which signatures can be forged",
        ),
        (
            with("AQAB", "AQAB"),
            JwkError::ModulusTooSmall { bits: 17 },
            "the key's modulus has 17 bits, 2048 is the least",
        ),
        (
            with(&one_bit_too_long, "AQAB"),
            JwkError::ModulusTooLarge { bits: 8193 },
            "the key's modulus has 8193 bits, 8192 is the most",
        ),
        (with(&even, "AQAB"), JwkError::ModulusEven, "the key's modulus is even"),
        (
            with(&URL_SAFE_NO_PAD.encode([0xff; 256]), "AQAB"),
            JwkError::ModulusSmallFactor { factor: 3 },
            "the key's modulus is divisible by 3, replace the key",
        ),
        (
            with(&roca, "AQAB"),
            JwkError::ModulusRoca,
            "the key's modulus has the ROCA fingerprint, replace the key",
        ),
        (with(n, "Aw"), JwkError::ExponentTooSmall, "the key's exponent is below 65537"),
        (with(n, "AgAAAAE"), JwkError::ExponentTooLarge, "the key's exponent is 2^33 or more"),
        (with(n, "AQAC"), JwkError::ExponentEven, "the key's exponent is even"),
    ];
    for (jwk, error, text) in faults {
        assert_eq!(PublicKey::from_jwk(jwk.as_bytes()), Err(error), "{text}");
        assert_eq!(error.to_string(), text);
        assert_eq!(error.code(), variant_in_snake_case(error));
    }
    // No system without randomness is available here, so only the text is tested.
    assert_eq!(
        JwkError::NoRandomness.to_string(),
        "the key cannot be checked because the system has no randomness"
    );
    assert_eq!(JwkError::NoRandomness.code(), "no_randomness");
    let error = JwkError::Json(JsonError::NotUtf8);
    assert_eq!(PublicKey::from_jwk(b"{\xff}"), Err(error));
    assert_eq!(error.to_string(), "the key: not UTF-8");
}

/// A SubjectPublicKeyInfo with a modulus of so many bytes, in base64url.
fn public_key_info(bytes: u16) -> String {
    let sequence = |content: &[u8]| {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[0x30, 0x82], length.as_slice(), content].concat()
    };
    let mut modulus = vec![0xb5; bytes.into()];
    modulus[0] = 0;
    let integer = [&[0x02, 0x82], bytes.to_be_bytes().as_slice(), &modulus].concat();
    let numbers = sequence(&[integer.as_slice(), &[0x02, 3, 1, 0, 1]].concat());
    let bits = u16::try_from(numbers.len() + 1).unwrap().to_be_bytes();
    let algorithm = bytes_of("300d06092a864886f70d0101010500");
    URL_SAFE_NO_PAD
        .encode(sequence(&[algorithm.as_slice(), &[0x03, 0x82], &bits, &[0], &numbers].concat()))
}

#[test]
fn n_that_is_a_whole_public_key_is_refused_by_that_name() {
    let with = |n: &str| format!(r#"{{"kty":"RSA","n":"{n}","e":"AQAB"}}"#);
    for bytes in [257, 385, 513, 1025, 2049] {
        let info = public_key_info(bytes);
        assert_refused(&with(&info), JwkError::ModulusIsPublicKeyInfo);
        // In standard base64 with padding, as openssl writes it.
        let octets = URL_SAFE_NO_PAD.decode(&info).unwrap();
        assert_refused(&with(&STANDARD.encode(&octets)), JwkError::ModulusIsPublicKeyInfo);
        assert_eq!(
            PublicKey::from_rsa_components(&octets, &[1, 0, 1]),
            Err(JwkError::ModulusIsPublicKeyInfo)
        );
        // Not the whole, or more than the whole: a number like any other.
        for octets in [&octets[..octets.len() - 1], &[octets.as_slice(), &[1]].concat()] {
            let found = PublicKey::from_jwk(with(&URL_SAFE_NO_PAD.encode(octets)).as_bytes());
            assert_ne!(found, Err(JwkError::ModulusIsPublicKeyInfo));
        }
    }
}

fn bytes_of(digits: &str) -> Vec<u8> {
    let pairs = (0..digits.len()).step_by(2).map(|at| &digits[at..at + 2]);
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

#[test]
fn every_fault_of_a_set_has_its_text() {
    let too_many = set_of(&vec!["0"; 1001]);
    let faults: [(&[u8], JwkSetError, &str); 19] = [
        (
            &[b' '; LIMIT + 1],
            JwkSetError::TooLong { bytes: 524_289 },
            "the key set is 524289 bytes long, the limit is 524288",
        ),
        (b"", JwkSetError::Empty, "the key set is empty"),
        (b"\xff\xfe{\0", JwkSetError::Utf16, "the key set is UTF-16, not UTF-8"),
        (
            b"\xef\xbb\xbf{}",
            JwkSetError::ByteOrderMark,
            "the key set begins with a byte order mark, which JSON must not have",
        ),
        (b"\x30\0", JwkSetError::Der, "the key set is DER, not a JWK Set"),
        (b"{\xff}", JwkSetError::Json(JsonError::NotUtf8), "the key set: not UTF-8"),
        (
            b"-----BEGIN PRIVATE KEY-----",
            JwkSetError::PrivateKey,
            "the key set is a private or secret key, which belongs to the issuer alone",
        ),
        (
            br"{\n}",
            JwkSetError::EscapedLineBreaks,
            r"the line breaks of the key set are written as \n, replace them with line breaks",
        ),
        (b"[]", JwkSetError::Json(JsonError::NotObject), "the key set: not a JSON object"),
        (
            &[b'['; 33],
            JwkSetError::Json(JsonError::TooDeep),
            "the key set: nested deeper than 32 levels",
        ),
        (b"{", JwkSetError::Json(JsonError::Syntax), "the key set: not well-formed JSON"),
        (
            br#"{"a":1,"a":1}"#,
            JwkSetError::Json(JsonError::DuplicateMember),
            "the key set: a member occurs twice",
        ),
        (b"-----BEGIN ", JwkSetError::Pem, "the key set is a PEM text, not a JWK Set"),
        (
            b"{}{",
            JwkSetError::SeveralObjects,
            "the key set has a second JSON object after the first",
        ),
        (
            br#"{"kty":1}"#,
            JwkSetError::KeyWithoutSet,
            r#"the key set is one key without a set around it, write it as {"keys":[KEY]}"#,
        ),
        (
            br#"{"a":"-----BEGIN "}"#,
            JwkSetError::PemByKeyId,
            "the key set is an object of PEM texts by `kid`, use the issuer's JWK Set",
        ),
        (b"{}", JwkSetError::KeysMissing, "the key set has no `keys`"),
        (br#"{"keys":{}}"#, JwkSetError::KeysType, "`keys` of the key set is not an array"),
        (too_many.as_bytes(), JwkSetError::TooManyKeys, "the key set has more than 1000 keys"),
    ];
    for (set, error, text) in faults {
        assert_eq!(JwkSet::from_json(set).map(|set| set.len()), Err(error), "{text}");
        assert_eq!(error.to_string(), text);
        assert_eq!(error.code(), variant_in_snake_case(error));
        if let JwkSetError::Json(error) = error {
            assert_eq!(format!("the key set: {error}"), text);
        }
    }
}

#[test]
fn every_key_error_has_its_text() {
    let set = read_set(set_of(&[named("a", 0), named("a", 1)]));
    let unknown = set.select(Some("b"), Algorithm::RS256).unwrap_err();
    assert_eq!(unknown, KeyError::UnknownKey);
    assert_eq!(unknown.to_string(), "the issuer has no usable key for the token's `kid` and `alg`");
    let ambiguous = set.select(Some("a"), Algorithm::RS256).unwrap_err();
    assert_eq!(ambiguous, KeyError::AmbiguousKey);
    assert_eq!(
        ambiguous.to_string(),
        "the issuer has several keys that fit the token's `kid` or its absence"
    );
}
