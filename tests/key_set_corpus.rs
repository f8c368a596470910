//! RFC 7517 section 5, RFC 7518 section 6.3.1: whole JWK Sets and what becomes of each, to the
//! exact reason. All written for this file.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests may"
)]

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tokenring::testkit::{Issuer, TestKey};
use tokenring::{Algorithm, JsonError, JwkError, JwkSet, JwkSetError, KeyError};

/// Stands in every set, and in no error.
const MARKER: &str = "m4rk3r";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// The whole set.
    Set(JwkSetError),
    /// Its only entry.
    Key(JwkError),
}

/// One set, and what is wrong with it.
struct Refused {
    wrong: &'static str,
    json: Vec<u8>,
    refusal: Refusal,
}

/// One set, the `kid`s that can be selected, and the places that are skipped.
struct Accepted<'a> {
    what: &'static str,
    json: Vec<u8>,
    kids: &'a [&'a str],
    skipped: &'a [usize],
}

fn accepted<'a>(
    what: &'static str,
    json: Vec<u8>,
    kids: &'a [&'a str],
    skipped: &'a [usize],
) -> Accepted<'a> {
    Accepted { what, json, kids, skipped }
}

/// A usable key in pieces, so that a set can be put together with one of them wrong.
struct Pieces {
    n: String,
    attacker_n: String,
}

impl Pieces {
    fn new() -> Self {
        let n = |key: &TestKey| key.jwk()["n"].as_str().unwrap().to_owned();
        Self { n: n(&Issuer::default().keys()[0]), attacker_n: n(&TestKey::attacker()) }
    }

    /// A usable key with these further members.
    fn key(&self, members: &str) -> String {
        format!(r#"{{"kty":"RSA","kid":"{MARKER}","n":"{}","e":"AQAB"{members}}}"#, self.n)
    }

    /// A set of that key alone.
    fn with(&self, members: &str) -> Vec<u8> {
        set(&self.key(members))
    }

    /// A set of one key, with `n` and `e` as given: JSON values.
    fn numbers(n: &str, e: &str) -> Vec<u8> {
        set(&format!(r#"{{"kty":"RSA","kid":"{MARKER}","n":{n},"e":{e}}}"#))
    }

    /// A set of one key, with that `e`.
    fn exponent(&self, e: &str) -> Vec<u8> {
        Self::numbers(&self.quoted(), e)
    }

    fn quoted(&self) -> String {
        format!(r#""{}""#, self.n)
    }

    /// The bytes of the modulus, changed.
    fn modulus(&self, change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
        let mut bytes = URL_SAFE_NO_PAD.decode(&self.n).unwrap();
        change(&mut bytes);
        Self::numbers(&format!(r#""{}""#, URL_SAFE_NO_PAD.encode(bytes)), r#""AQAB""#)
    }
}

fn set(entries: &str) -> Vec<u8> {
    format!(r#"{{"keys":[{entries}]}}"#).into_bytes()
}

fn text_of(entries: &str) -> String {
    String::from_utf8(set(entries)).unwrap()
}

/// The modulus of that name in `vectors/rsa_moduli.txt`, as a JSON string.
fn vector(name: &str) -> String {
    let hex = include_str!("vectors/rsa_moduli.txt")
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix("  "))
        .unwrap();
    let pairs = (0..hex.len()).step_by(2).map(|at| &hex[at..at + 2]);
    let bytes: Vec<u8> = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
    format!(r#""{}""#, URL_SAFE_NO_PAD.encode(bytes))
}

fn refused() -> Vec<Refused> {
    let p = Pieces::new();
    let good = p.key("");
    let whole = set(&good);
    let text = String::from_utf8(whole.clone()).unwrap();
    let e = r#""AQAB""#;

    let json = |error| Refusal::Set(JwkSetError::Json(error));
    let syntax = json(JsonError::Syntax);
    let not_object = Refusal::Key(JwkError::Json(JsonError::NotObject));
    let twice = Refusal::Key(JwkError::Json(JsonError::DuplicateMember));
    let mistyped = |member| Refusal::Key(JwkError::MemberType { member });
    let missing = |member| Refusal::Key(JwkError::MemberMissing { member });
    let private = |member| Refusal::Key(JwkError::PrivateKey { member });
    let not_base64url = |member| Refusal::Key(JwkError::NotBase64url { member });
    let too_small = |bits| Refusal::Key(JwkError::ModulusTooSmall { bits });
    // Of the second byte of the modulus.
    let zero_bits =
        usize::try_from(URL_SAFE_NO_PAD.decode(&p.n).unwrap()[1].leading_zeros()).unwrap();

    let sets: Vec<(&'static str, Vec<u8>, Refusal)> = vec![
        // The set.
        (
            "one byte more than 512 KiB",
            [whole.as_slice(), &vec![b' '; 524_289 - whole.len()]].concat(),
            Refusal::Set(JwkSetError::TooLong { bytes: 524_289 }),
        ),
        ("a byte order mark", ["\u{feff}".as_bytes(), &whole].concat(), syntax),
        (
            "Latin-1 in a name",
            text.replace("m4rk3r", "m4rk3r\u{e9}").chars().map(latin1).collect(),
            json(JsonError::NotUtf8),
        ),
        (
            "UTF-16",
            text.encode_utf16().flat_map(u16::to_be_bytes).chain(*b"m4rk3r").collect(),
            syntax,
        ),
        ("cut off in the middle of the modulus", whole[..200].to_vec(), syntax),
        ("cut off before the last brace", whole[..whole.len() - 1].to_vec(), syntax),
        ("a second set behind it", [whole.as_slice(), &whole].concat(), syntax),
        ("a zero byte behind it", [whole.as_slice(), b"\0"].concat(), syntax),
        ("a prefix against script inclusion", [b")]}',\n", whole.as_slice()].concat(), syntax),
        ("an HTML page", format!("<!DOCTYPE html><title>{MARKER}</title>").into_bytes(), syntax),
        ("a PEM key", format!("-----BEGIN PUBLIC KEY-----\n{MARKER}\n").into_bytes(), syntax),
        ("single quotation marks", text.replace('"', "'").into_bytes(), syntax),
        ("a comma behind the last key", text.replace("}]", "},]").into_bytes(), syntax),
        ("no comma between two keys", set(&format!("{good}{good}")), syntax),
        ("a comment", text.replace("[{", "[/* m4rk3r */{").into_bytes(), syntax),
        ("a line break within a string", text.replace("m4rk3r", "m4rk3r\n").into_bytes(), syntax),
        ("half of a surrogate pair", p.with(r#","x":"\ud83d""#), syntax),
        ("a number that is infinite", p.with(r#","x":1e400"#), syntax),
        ("NaN, as Python writes it", p.with(r#","x":NaN"#), syntax),
        (
            "an array that is opened 10,000 times",
            p.with(&format!(r#","x":{}"#, "[".repeat(10_000))),
            json(JsonError::TooDeep),
        ),
        (
            "33 levels",
            p.with(&format!(r#","x":{}{}"#, "[".repeat(30), "]".repeat(30))),
            json(JsonError::TooDeep),
        ),
        ("a bare string", format!(r#""{MARKER}""#).into_bytes(), json(JsonError::NotObject)),
        (
            "the keys without a set around them",
            format!("[{good}]").into_bytes(),
            json(JsonError::NotObject),
        ),
        (
            "a string that holds a set",
            serde_json::to_vec(&text).unwrap(),
            json(JsonError::NotObject),
        ),
        (
            "`keys` twice",
            text.replace("]}", r#"],"keys":[]}"#).into_bytes(),
            json(JsonError::DuplicateMember),
        ),
        (
            "an unknown member twice",
            text.replace("]}", r#"],"x":1,"\u0078":1}"#).into_bytes(),
            json(JsonError::DuplicateMember),
        ),
        (
            "a key without a set around it",
            good.clone().into_bytes(),
            Refusal::Set(JwkSetError::KeysMissing),
        ),
        (
            "an error message of the issuer",
            format!(r#"{{"error":"{MARKER}"}}"#).into_bytes(),
            Refusal::Set(JwkSetError::KeysMissing),
        ),
        (
            "`Keys`",
            text.replace("keys", "Keys").into_bytes(),
            Refusal::Set(JwkSetError::KeysMissing),
        ),
        (
            "`keys` is null",
            format!(r#"{{"x":"{MARKER}","keys":null}}"#).into_bytes(),
            Refusal::Set(JwkSetError::KeysType),
        ),
        (
            "`keys` is an object of keys by `kid`",
            format!(r#"{{"keys":{{"{MARKER}":{good}}}}}"#).into_bytes(),
            Refusal::Set(JwkSetError::KeysType),
        ),
        (
            "`keys` is one key",
            format!(r#"{{"keys":{good}}}"#).into_bytes(),
            Refusal::Set(JwkSetError::KeysType),
        ),
        (
            "101 keys",
            set(&vec![good.as_str(); 101].join(",")),
            Refusal::Set(JwkSetError::TooManyKeys),
        ),
        (
            "101 nulls and nothing else",
            format!(r#"{{"x":"{MARKER}","keys":[{}]}}"#, vec!["null"; 101].join(",")).into_bytes(),
            Refusal::Set(JwkSetError::TooManyKeys),
        ),
        // The entry.
        ("the key is a string", set(&format!(r#""{MARKER}""#)), not_object),
        (
            "the key is an array of its values",
            set(&format!(r#"["RSA","{MARKER}",{},{e}]"#, p.quoted())),
            not_object,
        ),
        ("`kid` twice", p.with(r#","kid":"other""#), twice),
        (
            "`n` twice, the first one a good one",
            p.with(&format!(r#","n":"{}""#, p.attacker_n)),
            twice,
        ),
        ("`alg` twice, once with an escape", p.with(r#","alg":"RS256","\u0061lg":"none""#), twice),
        ("an ignored member twice", p.with(r#","x5c":[],"x5c":[]"#), twice),
        ("no `kty`", set(&good.replace(r#""kty":"RSA","#, "")), missing("kty")),
        ("no `n`", set(&format!(r#"{{"kty":"RSA","kid":"{MARKER}","e":"AQAB"}}"#)), missing("n")),
        ("no `e`", set(&format!(r#"{{"kty":"RSA","kid":"{MARKER}","n":"AQAB"}}"#)), missing("e")),
        ("`kty` is null", set(&good.replace(r#""RSA""#, "null")), mistyped("kty")),
        ("`kty` is an array of one", set(&good.replace(r#""RSA""#, r#"["RSA"]"#)), mistyped("kty")),
        ("`use` is an array", p.with(r#","use":["sig"]"#), mistyped("use")),
        ("`use` is null", p.with(r#","use":null"#), mistyped("use")),
        ("`key_ops` is a string", p.with(r#","key_ops":"verify""#), mistyped("key_ops")),
        ("`key_ops` holds null", p.with(r#","key_ops":["verify",null]"#), mistyped("key_ops")),
        ("`alg` is null", p.with(r#","alg":null"#), mistyped("alg")),
        (
            "`kid` is a number",
            set(&format!(r#"{{"x":"{MARKER}","kty":"RSA","kid":1,"n":{},"e":{e}}}"#, p.quoted())),
            mistyped("kid"),
        ),
        ("`n` is a number", Pieces::numbers("65537", e), mistyped("n")),
        ("`e` is a number", p.exponent("65537"), mistyped("e")),
        (
            "a symmetric key",
            set(&format!(r#"{{"kty":"oct","kid":"{MARKER}","alg":"HS256","k":"AQAB"}}"#)),
            Refusal::Key(JwkError::KeyType),
        ),
        (
            "a symmetric key that has an RSA key's members too",
            set(&good.replace(r#""RSA""#, r#""oct","k":"AQAB""#)),
            Refusal::Key(JwkError::KeyType),
        ),
        (
            "an EC key whose coordinates are too short",
            set(&format!(r#"{{"kty":"EC","crv":"P-256","kid":"{MARKER}","x":"AQAB","y":"AQAB"}}"#)),
            Refusal::Key(JwkError::CoordinateLength { member: "x", bytes: 3, expected: 32 }),
        ),
        (
            "an EC key that calls itself RSA",
            set(&format!(
                r#"{{"kty":"RSA","crv":"P-256","kid":"{MARKER}","x":"AQAB","y":"AQAB"}}"#
            )),
            missing("n"),
        ),
        (
            "`kty` in small letters",
            set(&good.replace("RSA", "rsa")),
            Refusal::Key(JwkError::KeyType),
        ),
        ("the private exponent", p.with(r#","d":"AQAB""#), private("d")),
        ("a prime factor", p.with(r#","p":"AQAB""#), private("p")),
        ("further primes, though none", p.with(r#","oth":[]"#), private("oth")),
        ("a private member that is null", p.with(r#","qi":null"#), private("qi")),
        ("for encryption", p.with(r#","use":"enc""#), Refusal::Key(JwkError::NotForSignatures)),
        ("an empty `use`", p.with(r#","use":"""#), Refusal::Key(JwkError::NotForSignatures)),
        (
            "to sign with only",
            p.with(r#","key_ops":["sign"]"#),
            Refusal::Key(JwkError::NotForVerify),
        ),
        ("for no operation", p.with(r#","key_ops":[]"#), Refusal::Key(JwkError::NotForVerify)),
        (
            "an operation twice",
            p.with(r#","key_ops":["verify","verify"]"#),
            Refusal::Key(JwkError::DuplicateKeyOperation),
        ),
        ("for ES256K", p.with(r#","alg":"ES256K""#), Refusal::Key(JwkError::AlgorithmNotAccepted)),
        (
            "an RSA key for ES256",
            p.with(r#","alg":"ES256""#),
            Refusal::Key(JwkError::AlgorithmOfOtherKeyType),
        ),
        (
            "for HS256, to have the modulus taken for a secret",
            p.with(r#","alg":"HS256""#),
            Refusal::Key(JwkError::AlgorithmNotAccepted),
        ),
        (
            "`alg` in small letters",
            p.with(r#","alg":"rs256""#),
            Refusal::Key(JwkError::AlgorithmNotAccepted),
        ),
        (
            "base64 with more padding than there is",
            Pieces::numbers(&format!(r#""{}===""#, p.n), e),
            not_base64url("n"),
        ),
        (
            "base64 with line breaks",
            Pieces::numbers(&format!(r#""{}\n{}""#, &p.n[..76], &p.n[76..]), e),
            not_base64url("n"),
        ),
        (
            "base64 in both alphabets",
            Pieces::numbers(&format!(r#""+-{}""#, &p.n[2..]), e),
            not_base64url("n"),
        ),
        (
            "a modulus in hexadecimal, odd in its digits",
            Pieces::numbers(&format!(r#""0x{}""#, "a".repeat(511)), e),
            not_base64url("n"),
        ),
        ("bits behind the last byte of `e`", p.exponent(r#""AR""#), not_base64url("e")),
        ("an exponent in decimal", p.exponent(r#""65537""#), not_base64url("e")),
        ("an empty modulus", Pieces::numbers(r#""""#, e), too_small(0)),
        ("a modulus of zero bytes", p.modulus(|n| n.fill(0)), too_small(0)),
        (
            "2040 bits at most behind a zero byte",
            p.modulus(|n| n[0] = 0),
            too_small(2040 - zero_bits),
        ),
        ("an empty exponent", p.exponent(r#""""#), Refusal::Key(JwkError::ExponentTooSmall)),
        (
            "an exponent that is zero",
            p.exponent(r#""AA""#),
            Refusal::Key(JwkError::ExponentTooSmall),
        ),
        (
            "a modulus that is divisible by 3",
            p.modulus(|n| n.fill(0xff)),
            Refusal::Key(JwkError::ModulusSmallFactor { factor: 3 }),
        ),
        (
            "1024 bits",
            Pieces::numbers(&vector("bits-1024"), e),
            Refusal::Key(JwkError::ModulusTooSmall { bits: 1024 }),
        ),
        (
            "2041 bits, which ring takes",
            Pieces::numbers(&vector("bits-2041"), e),
            Refusal::Key(JwkError::ModulusTooSmall { bits: 2041 }),
        ),
        (
            "2047 bits, which ring takes",
            Pieces::numbers(&vector("bits-2047"), e),
            Refusal::Key(JwkError::ModulusTooSmall { bits: 2047 }),
        ),
        (
            "8193 bits",
            Pieces::numbers(&vector("bits-8193"), e),
            Refusal::Key(JwkError::ModulusTooLarge { bits: 8193 }),
        ),
        (
            "300,000 characters of modulus",
            Pieces::numbers(&format!(r#""{}""#, "_".repeat(300_000)), e),
            Refusal::Key(JwkError::ModulusTooLarge { bits: 1_800_000 }),
        ),
        (
            "the last byte of the modulus is missing",
            p.modulus(|n| n.truncate(255)),
            Refusal::Key(JwkError::ModulusTooSmall { bits: 2040 }),
        ),
        ("an even modulus", p.modulus(|n| n[255] ^= 1), Refusal::Key(JwkError::ModulusEven)),
        (
            "a modulus of CVE-2017-15361",
            Pieces::numbers(&vector("roca-2048"), e),
            Refusal::Key(JwkError::ModulusRoca),
        ),
        (
            "modulus and exponent exchanged",
            Pieces::numbers(e, &p.quoted()),
            Refusal::Key(JwkError::ModulusTooSmall { bits: 17 }),
        ),
        (
            "e = 1: any text is its own signature",
            p.exponent(r#""AQ""#),
            Refusal::Key(JwkError::ExponentTooSmall),
        ),
        ("e = 3", p.exponent(r#""Aw""#), Refusal::Key(JwkError::ExponentTooSmall)),
        ("e = 65535", p.exponent(r#""__8""#), Refusal::Key(JwkError::ExponentTooSmall)),
        ("e = 65538", p.exponent(r#""AQAC""#), Refusal::Key(JwkError::ExponentEven)),
        ("e = 2^33", p.exponent(r#""AgAAAAA""#), Refusal::Key(JwkError::ExponentTooLarge)),
        (
            "e = n, to make verification slow",
            p.exponent(&p.quoted()),
            Refusal::Key(JwkError::ExponentTooLarge),
        ),
    ];
    sets.into_iter().map(|(wrong, json, refusal)| Refused { wrong, json, refusal }).collect()
}

fn latin1(character: char) -> u8 {
    u8::try_from(u32::from(character)).unwrap()
}

#[test]
fn every_refused_set_is_refused_for_its_own_reason() {
    let corpus = refused();
    for Refused { wrong, json, refusal } in &corpus {
        let outcome = match JwkSet::from_json(json) {
            Err(error) => Refusal::Set(error),
            Ok(set) => {
                assert_eq!((set.len(), set.skipped().len()), (0, 1), "{wrong}");
                assert_eq!(set.skipped()[0].index(), 0, "{wrong}");
                for kid in [None, Some(MARKER), Some("")] {
                    let selected = set.select(kid, Algorithm::RS256);
                    assert_eq!(selected, Err(KeyError::UnknownKey), "{wrong}");
                }
                Refusal::Key(set.skipped()[0].error())
            }
        };
        assert_eq!(outcome, *refusal, "{wrong}");
    }
    assert_eq!(corpus.len(), 98);
    let names: BTreeSet<&str> = corpus.iter().map(|refused| refused.wrong).collect();
    assert_eq!(names.len(), corpus.len());
}

#[test]
fn no_text_of_a_set_appears_in_an_error() {
    for Refused { wrong, json, .. } in refused() {
        assert!(json.escape_ascii().to_string().contains(MARKER), "{wrong}");
        let texts = match JwkSet::from_json(&json) {
            Err(error) => vec![error.to_string(), format!("{error:?}")],
            Ok(set) => {
                let error = set.skipped()[0].error();
                vec![error.to_string(), format!("{error:?}")]
            }
        };
        for text in texts {
            assert!(!text.contains(MARKER), "{wrong}: {text}");
            // Nor a piece of a modulus.
            assert!(!text.split_whitespace().any(|word| word.len() > 40), "{wrong}: {text}");
        }
    }
}

#[test]
fn every_accepted_set_has_the_keys_it_is_to_have() {
    let p = Pieces::new();
    let other = p.key("").replace(&p.n, &p.attacker_n).replace(MARKER, "other");
    let good = p.key("");
    let issuer = Issuer::default();
    let names = ["tokenring-test-key-01", "tokenring-test-key-02", "tokenring-test-key-03"];
    let full = format!(r#"{{"keys":[{}]}}"#, vec![r#"{"kty":"oct"}"#; 99].join(","));
    let full = full.replacen("[", &format!("[{good},"), 1).into_bytes();

    let behind_the_first: Vec<usize> = (1..100).collect();
    let every_member = concat!(
        r#","use":"sig","key_ops":["verify"],"alg":"RS256","#,
        r#""x5c":["AQAB"],"x5t":"AQAB","x5u":"https://issuer.example/""#,
    );
    let types_of_others = format!(r#"{{"kty":"EC"}},{{"kty":"OKP"}},{good},{{"kty":"oct"}}"#);
    let unknown = p.key(r#","ext":[{},null,1e300]"#);
    let unknown = format!(r#"{{"issuer":null,"keys":[{unknown}],"ext":{{"keys":0}}}}"#);
    let spaced = text_of(&good).replace(',', " \t,\r\n ").replace(':', " : ");
    let escaped = text_of(&good)
        .replace("keys", r"k\u0065ys")
        .replace("kty", r"\u006bty")
        .replace("AQAB", r"\u0041QAB");
    let almost_roca = Pieces::numbers(&vector("roca-near-miss-11"), r#""AQAB""#);
    let brackets = format!("{}{}", "[".repeat(29), "]".repeat(29));
    let filled = [set(&good), vec![b' '; 524_288 - set(&good).len()]].concat();

    let corpus = [
        accepted("as the test issuer publishes it", issuer.jwks().into_bytes(), &names, &[]),
        accepted("the least members", set(&good), &[MARKER], &[]),
        accepted("every member that may be there", p.with(every_member), &[MARKER], &[]),
        accepted("two keys", set(&format!("{good},{other}")), &[MARKER, "other"], &[]),
        accepted("one key twice", set(&format!("{good},{good}")), &[MARKER], &[]),
        accepted("no keys", format!(r#"{{"x":"{MARKER}","keys":[]}}"#).into_bytes(), &[], &[]),
        accepted(
            "one bad entry among good ones",
            set(&format!("{good},null,{other}")),
            &[MARKER, "other"],
            &[1],
        ),
        accepted("key types of others", set(&types_of_others), &[MARKER], &[0, 1, 3]),
        accepted(
            "unknown members, of the set and of the key",
            unknown.into_bytes(),
            &[MARKER],
            &[],
        ),
        accepted("white space wherever it may be", spaced.into_bytes(), &[MARKER], &[]),
        accepted("names and values with escapes", escaped.into_bytes(), &[MARKER], &[]),
        accepted("100 entries, 99 of them of no use", full, &[MARKER], &behind_the_first),
        accepted(
            "the largest modulus",
            Pieces::numbers(&vector("bits-8192"), r#""AQAB""#),
            &[MARKER],
            &[],
        ),
        accepted(
            "a modulus of 2049 bits",
            Pieces::numbers(&vector("bits-2049"), r#""AQAB""#),
            &[MARKER],
            &[],
        ),
        accepted("almost the fingerprint of CVE-2017-15361", almost_roca, &[MARKER], &[]),
        accepted("the largest exponent, 2^33 - 1", p.exponent(r#""Af____8""#), &[MARKER], &[]),
        accepted("512 KiB to the byte", filled, &[MARKER], &[]),
        accepted("32 levels", p.with(&format!(r#","x":{brackets}"#)), &[MARKER], &[]),
    ];
    for Accepted { what, json, kids, skipped } in &corpus {
        let set = JwkSet::from_json(json).unwrap();
        assert_eq!(set.len(), kids.len(), "{what}");
        for kid in *kids {
            let key = set.select(Some(kid), Algorithm::RS256).unwrap();
            assert_eq!(key.key_id(), Some(*kid), "{what}");
        }
        let indexes: Vec<usize> = set.skipped().iter().map(|skipped| skipped.index()).collect();
        assert_eq!(indexes, *skipped, "{what}");
        let without = set.select(None, Algorithm::RS256).map(|key| key.key_id().map(str::len));
        assert_eq!(
            without,
            match kids {
                [] => Err(KeyError::UnknownKey),
                [kid] => Ok(Some(kid.len())),
                _ => Err(KeyError::AmbiguousKey),
            },
            "{what}"
        );
    }
    assert_eq!(corpus.len(), 18);
}
