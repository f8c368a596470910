//! Key sets with their outcomes.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use tokenring::{
    Algorithm, JsonError,
    JwkError::{
        self, AlgorithmNotAccepted, AlgorithmOfOtherKeyType, CoordinateLength, Curve,
        DuplicateKeyOperation, ExponentEven, ExponentTooLarge, ExponentTooSmall, KeyType, LowOrder,
        MemberMissing, MemberType, ModulusEven, ModulusIsPublicKeyInfo, ModulusRoca,
        ModulusSmallFactor, ModulusTooLarge, ModulusTooSmall, NotBase64url, NotCanonical,
        NotForSignatures, NotForVerify, NotOnCurve, PrivateKey, SharedSecret,
    },
    JwkSetError,
    testkit::{Issuer, TestKey},
};

use self::Refusal::{Key, Set};
use crate::{
    algorithms::ALGORITHMS,
    base::{MARKER, base64url},
    case::SetCase,
};

pub fn cases() -> Vec<SetCase> {
    let refused = refused().into_iter().map(|(name, jwks, refusal)| match refusal {
        Set(error) => SetCase::refused(name, "RFC 7517 section 5", jwks, error),
        Key(error) => unusable(name, jwks, error),
    });
    let groups = [accepted(), each_algorithm(), types(), curves(), names(), limits()];
    refused.chain(groups.into_iter().flatten()).collect()
}

#[derive(Clone, Copy)]
enum Refusal {
    /// The whole set.
    Set(JwkSetError),
    /// Its only entry.
    Key(JwkError),
}

/// A set whose only entry is skipped for this error.
fn unusable(name: impl Into<String>, jwks: impl Into<Vec<u8>>, error: JwkError) -> SetCase {
    SetCase::skipped(name, clause(&error), jwks, error)
}

/// The clause by which a key with this error is not usable.
fn clause(error: &JwkError) -> &'static str {
    match error {
        JwkError::Json(_) | MemberType { .. } => "RFC 7517 section 4",
        MemberMissing { .. } => "RFC 7517 section 4; RFC 7518 section 6",
        KeyType => "RFC 7518 section 6.1; RFC 8037 section 2",
        PrivateKey { .. } => "RFC 7517 section 9.2",
        SharedSecret => "RFC 7518 section 6.4; RFC 8725 section 3.1",
        ModulusIsPublicKeyInfo => "RFC 7518 section 6.3.1.1",
        NotForSignatures => "RFC 7517 section 4.2",
        NotForVerify | DuplicateKeyOperation => "RFC 7517 section 4.3",
        AlgorithmNotAccepted => "RFC 7517 section 4.4",
        AlgorithmOfOtherKeyType => "RFC 7518 section 3.1; RFC 8725 section 3.1",
        NotBase64url { .. } => "RFC 7518 section 2",
        Curve => "RFC 7518 section 6.2.1.1; RFC 8037 section 2",
        CoordinateLength { .. } => "RFC 7518 section 6.2.1.2; RFC 8037 section 2",
        NotOnCurve => "RFC 8725 section 3.4",
        NotCanonical => "RFC 8032 section 5.1.3",
        LowOrder => "RFC 8032 section 5.1.7; RFC 8725 section 3.4",
        ModulusTooSmall { .. } => "RFC 7518 section 3.3",
        ModulusRoca => "CVE-2017-15361",
        ModulusTooLarge { .. } => "limit of this crate; RFC 8725 section 3.4",
        ModulusEven | ModulusSmallFactor { .. } => "RFC 8017 section 3.1",
        ExponentTooSmall | ExponentTooLarge | ExponentEven => "FIPS 186-5 section 5.4",
        _ => panic!("no clause for {error:?}"),
    }
}

/// The members of a usable key, from which sets with one wrong member are made.
struct Pieces {
    n: String,
    attacker_n: String,
}

impl Pieces {
    fn new() -> Self {
        let n = |key: &TestKey| key.jwk()["n"].as_str().unwrap().to_owned();
        Self { n: n(&Issuer::default().keys()[0]), attacker_n: n(&TestKey::attacker()) }
    }

    /// A usable key with these additional members.
    fn key(&self, members: &str) -> String {
        format!(r#"{{"kty":"RSA","kid":"{MARKER}","n":"{}","e":"AQAB"{members}}}"#, self.n)
    }

    /// A set with only that key.
    fn with(&self, members: &str) -> Vec<u8> {
        set(&self.key(members))
    }

    /// A set of one key, with `n` and `e` as given: JSON values.
    fn numbers(n: &str, e: &str) -> Vec<u8> {
        set(&format!(r#"{{"kty":"RSA","kid":"{MARKER}","n":{n},"e":{e}}}"#))
    }

    /// A set of one key, with this `e`.
    fn exponent(&self, e: &str) -> Vec<u8> {
        Self::numbers(&self.quoted(), e)
    }

    fn quoted(&self) -> String {
        format!(r#""{}""#, self.n)
    }

    /// A set whose key has this modulus after the `change`.
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

/// A SubjectPublicKeyInfo with this modulus of 256 bytes and the exponent 65537.
fn public_key_info(n: &[u8]) -> Vec<u8> {
    let start = b"\x30\x82\x01\x22\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\
        \x03\x82\x01\x0f\x00\x30\x82\x01\x0a\x02\x82\x01\x01\x00";
    [start.as_slice(), n, b"\x02\x03\x01\x00\x01"].concat()
}

/// The modulus of that name in `vectors/rsa_moduli.txt`, as a JSON string.
fn vector(name: &str) -> String {
    let hex = include_str!("../../../vectors/rsa_moduli.txt")
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix("  "))
        .unwrap();
    let pairs = (0..hex.len()).step_by(2).map(|at| &hex[at..at + 2]);
    let bytes: Vec<u8> = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
    format!(r#""{}""#, URL_SAFE_NO_PAD.encode(bytes))
}

/// The fault, the set, the error.
fn refused() -> Vec<(&'static str, Vec<u8>, Refusal)> {
    let p = Pieces::new();
    let good = p.key("");
    let whole = set(&good);
    let text = String::from_utf8(whole.clone()).unwrap();
    let e = r#""AQAB""#;

    let json = |error| Set(JwkSetError::Json(error));
    let syntax = json(JsonError::Syntax);
    let not_object = Key(JwkError::Json(JsonError::NotObject));
    let twice = Key(JwkError::Json(JsonError::DuplicateMember));
    let mistyped = |member| Key(MemberType { member });
    let missing = |member| Key(MemberMissing { member });
    let private = |member| Key(PrivateKey { member });
    let not_base64url = |member| Key(NotBase64url { member });
    let too_small = |bits| Key(ModulusTooSmall { bits });
    let of = |name| Pieces::numbers(&vector(name), e);
    let keys_missing = Set(JwkSetError::KeysMissing);
    let keys_type = Set(JwkSetError::KeysType);
    // The leading zero bits of the second byte of the modulus.
    let zero_bits =
        usize::try_from(URL_SAFE_NO_PAD.decode(&p.n).unwrap()[1].leading_zeros()).unwrap();

    vec![
        // The set.
        (
            "one byte more than 512 KiB",
            [whole.as_slice(), &vec![b' '; 524_289 - whole.len()]].concat(),
            Set(JwkSetError::TooLong { bytes: 524_289 }),
        ),
        ("nothing", Vec::new(), Set(JwkSetError::Empty)),
        (
            "a byte order mark",
            ["\u{feff}".as_bytes(), &whole].concat(),
            Set(JwkSetError::ByteOrderMark),
        ),
        (
            "UTF-16 with a byte order mark",
            "\u{feff}"
                .encode_utf16()
                .chain(text.encode_utf16())
                .flat_map(u16::to_le_bytes)
                .collect(),
            Set(JwkSetError::Utf16),
        ),
        ("DER", b"\x30\x82\x00\xff\x0c\x06MARKER".to_vec(), Set(JwkSetError::Der)),
        (
            "line breaks that are escaped",
            text.replacen('{', r"{\n", 1).into_bytes(),
            Set(JwkSetError::EscapedLineBreaks),
        ),
        (
            "a private key in PEM",
            format!("-----BEGIN PRIVATE KEY-----\n{MARKER}\n").into_bytes(),
            Set(JwkSetError::PrivateKey),
        ),
        (
            "Latin-1 in a name",
            text.replace("MARKER", "MARKER\u{e9}").chars().map(latin1).collect(),
            json(JsonError::NotUtf8),
        ),
        (
            "UTF-16",
            text.encode_utf16().flat_map(u16::to_be_bytes).chain(*b"MARKER").collect(),
            Set(JwkSetError::Utf16),
        ),
        ("cut off in the middle of the modulus", whole[..200].to_vec(), syntax),
        ("cut off before the last brace", whole[..whole.len() - 1].to_vec(), syntax),
        (
            "a second set behind it",
            [whole.as_slice(), &whole].concat(),
            Set(JwkSetError::SeveralObjects),
        ),
        (
            "a second object on the next line",
            [whole.as_slice(), b"\r\n{}"].concat(),
            Set(JwkSetError::SeveralObjects),
        ),
        ("an array behind it", [whole.as_slice(), b"[{}]"].concat(), syntax),
        ("a zero byte behind it", [whole.as_slice(), b"\0"].concat(), syntax),
        ("a prefix against script inclusion", [b")]}',\n", whole.as_slice()].concat(), syntax),
        ("an HTML page", format!("<!DOCTYPE html><title>{MARKER}</title>").into_bytes(), syntax),
        (
            "a PEM key",
            format!("-----BEGIN PUBLIC KEY-----\n{MARKER}\n").into_bytes(),
            Set(JwkSetError::Pem),
        ),
        (
            "PEM certificates by `kid`",
            format!(
                r#"{{"{MARKER}":"-----BEGIN CERTIFICATE-----\n","b":"\u002d----BEGIN X-----"}}"#
            )
            .into_bytes(),
            Set(JwkSetError::PemByKeyId),
        ),
        (
            "a PEM certificate and something else",
            format!(r#"{{"{MARKER}":"-----BEGIN CERTIFICATE-----\n","b":1}}"#).into_bytes(),
            Set(JwkSetError::KeysMissing),
        ),
        ("single quotation marks", text.replace('"', "'").into_bytes(), syntax),
        ("a comma behind the last key", text.replace("}]", "},]").into_bytes(), syntax),
        ("no comma between two keys", set(&format!("{good}{good}")), syntax),
        ("a comment", text.replace("[{", "[/* MARKER */{").into_bytes(), syntax),
        ("a line break within a string", text.replace("MARKER", "MARKER\n").into_bytes(), syntax),
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
            Set(JwkSetError::KeyWithoutSet),
        ),
        (
            "an error message of the issuer",
            format!(r#"{{"error":"{MARKER}"}}"#).into_bytes(),
            keys_missing,
        ),
        ("`Keys`", text.replace("keys", "Keys").into_bytes(), keys_missing),
        ("`keys` is null", format!(r#"{{"x":"{MARKER}","keys":null}}"#).into_bytes(), keys_type),
        (
            "`keys` is an object of keys by `kid`",
            format!(r#"{{"keys":{{"{MARKER}":{good}}}}}"#).into_bytes(),
            keys_type,
        ),
        ("`keys` is one key", format!(r#"{{"keys":{good}}}"#).into_bytes(), keys_type),
        ("1001 keys", set(&vec![good.as_str(); 1001].join(",")), Set(JwkSetError::TooManyKeys)),
        (
            "1001 nulls and nothing else",
            format!(r#"{{"x":"{MARKER}","keys":[{}]}}"#, vec!["null"; 1001].join(",")).into_bytes(),
            Set(JwkSetError::TooManyKeys),
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
            Key(SharedSecret),
        ),
        (
            "a symmetric key that has an RSA key's members too",
            set(&good.replace(r#""RSA""#, r#""oct","k":"AQAB""#)),
            Key(SharedSecret),
        ),
        (
            "an EC key whose coordinates are small numbers",
            set(&format!(r#"{{"kty":"EC","crv":"P-256","kid":"{MARKER}","x":"AQAB","y":"AQAB"}}"#)),
            Key(NotOnCurve),
        ),
        (
            "an EC key that calls itself RSA",
            set(&format!(
                r#"{{"kty":"RSA","crv":"P-256","kid":"{MARKER}","x":"AQAB","y":"AQAB"}}"#
            )),
            missing("n"),
        ),
        ("`kty` in small letters", set(&good.replace("RSA", "rsa")), Key(KeyType)),
        ("the private exponent", p.with(r#","d":"AQAB""#), private("d")),
        ("a prime factor", p.with(r#","p":"AQAB""#), private("p")),
        ("further primes, though none", p.with(r#","oth":[]"#), private("oth")),
        ("a private member that is null", p.with(r#","qi":null"#), private("qi")),
        ("for encryption", p.with(r#","use":"enc""#), Key(NotForSignatures)),
        ("an empty `use`", p.with(r#","use":"""#), Key(NotForSignatures)),
        ("to sign with only", p.with(r#","key_ops":["sign"]"#), Key(NotForVerify)),
        ("for no operation", p.with(r#","key_ops":[]"#), Key(NotForVerify)),
        (
            "an operation twice",
            p.with(r#","key_ops":["verify","verify"]"#),
            Key(DuplicateKeyOperation),
        ),
        ("for ES256K", p.with(r#","alg":"ES256K""#), Key(AlgorithmNotAccepted)),
        ("an RSA key for ES256", p.with(r#","alg":"ES256""#), Key(AlgorithmOfOtherKeyType)),
        (
            "for HS256, to have the modulus taken for a secret",
            p.with(r#","alg":"HS256""#),
            Key(AlgorithmNotAccepted),
        ),
        ("`alg` in small letters", p.with(r#","alg":"rs256""#), Key(AlgorithmNotAccepted)),
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
        (
            "a whole SubjectPublicKeyInfo instead of the modulus",
            p.modulus(|n| *n = public_key_info(n)),
            Key(ModulusIsPublicKeyInfo),
        ),
        ("an empty modulus", Pieces::numbers(r#""""#, e), too_small(0)),
        ("a modulus of zero bytes", p.modulus(|n| n.fill(0)), too_small(0)),
        (
            "2040 bits at most behind a zero byte",
            p.modulus(|n| n[0] = 0),
            too_small(2040 - zero_bits),
        ),
        ("an empty exponent", p.exponent(r#""""#), Key(ExponentTooSmall)),
        ("an exponent that is zero", p.exponent(r#""AA""#), Key(ExponentTooSmall)),
        (
            "a modulus that is divisible by 3",
            p.modulus(|n| n.fill(0xff)),
            Key(ModulusSmallFactor { factor: 3 }),
        ),
        ("1024 bits", of("bits-1024"), too_small(1024)),
        ("2041 bits, which ring takes", of("bits-2041"), too_small(2041)),
        ("2047 bits, which ring takes", of("bits-2047"), too_small(2047)),
        ("8193 bits", of("bits-8193"), Key(ModulusTooLarge { bits: 8193 })),
        (
            "300,000 characters of modulus",
            Pieces::numbers(&format!(r#""{}""#, "_".repeat(300_000)), e),
            Key(ModulusTooLarge { bits: 1_800_000 }),
        ),
        (
            "the last byte of the modulus is missing",
            p.modulus(|n| n.truncate(255)),
            too_small(2040),
        ),
        ("an even modulus", p.modulus(|n| n[255] ^= 1), Key(ModulusEven)),
        ("a modulus of CVE-2017-15361", of("roca-2048"), Key(ModulusRoca)),
        ("modulus and exponent exchanged", Pieces::numbers(e, &p.quoted()), too_small(17)),
        ("e = 1: any text is its own signature", p.exponent(r#""AQ""#), Key(ExponentTooSmall)),
        ("e = 3", p.exponent(r#""Aw""#), Key(ExponentTooSmall)),
        ("e = 65535", p.exponent(r#""__8""#), Key(ExponentTooSmall)),
        ("e = 65538", p.exponent(r#""AQAC""#), Key(ExponentEven)),
        ("e = 2^33", p.exponent(r#""AgAAAAA""#), Key(ExponentTooLarge)),
        ("e = n, to make verification slow", p.exponent(&p.quoted()), Key(ExponentTooLarge)),
    ]
}

fn latin1(character: char) -> u8 {
    u8::try_from(u32::from(character)).unwrap()
}

fn accepted() -> Vec<SetCase> {
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

    vec![
        rs256("as the test issuer publishes it", issuer.jwks(), &names, &[]),
        rs256("the least members", set(&good), &[MARKER], &[]),
        rs256("every member that may be there", p.with(every_member), &[MARKER], &[]),
        rs256("two keys", set(&format!("{good},{other}")), &[MARKER, "other"], &[]),
        rs256("one key twice", set(&format!("{good},{good}")), &[MARKER], &[]),
        rs256("no keys", format!(r#"{{"x":"{MARKER}","keys":[]}}"#), &[], &[]),
        rs256(
            "one bad entry among good ones",
            set(&format!("{good},null,{other}")),
            &[MARKER, "other"],
            &[1],
        ),
        rs256("key types of others", set(&types_of_others), &[MARKER], &[0, 1, 3]),
        rs256("unknown members, of the set and of the key", unknown, &[MARKER], &[]),
        rs256("white space wherever it may be", spaced, &[MARKER], &[]),
        rs256("names and values with escapes", escaped, &[MARKER], &[]),
        rs256("100 entries, 99 of them of no use", full, &[MARKER], &behind_the_first),
        rs256(
            "the largest modulus",
            Pieces::numbers(&vector("bits-8192"), r#""AQAB""#),
            &[MARKER],
            &[],
        ),
        rs256(
            "a modulus of 2049 bits",
            Pieces::numbers(&vector("bits-2049"), r#""AQAB""#),
            &[MARKER],
            &[],
        ),
        rs256("almost the fingerprint of CVE-2017-15361", almost_roca, &[MARKER], &[]),
        rs256("the largest exponent, 2^33 - 1", p.exponent(r#""Af____8""#), &[MARKER], &[]),
        rs256("512 KiB to the byte", filled, &[MARKER], &[]),
        rs256("32 levels", p.with(&format!(r#","x":{brackets}"#)), &[MARKER], &[]),
    ]
}

/// A set with these usable keys, all for RS256, and these skipped entries.
fn rs256(name: &str, jwks: impl Into<Vec<u8>>, kids: &[&str], skipped: &[usize]) -> SetCase {
    let usable: Vec<_> = kids.iter().map(|kid| (*kid, "RS256")).collect();
    let skipped: Vec<_> = skipped.iter().map(|index| (*index, fault_of(name, *index))).collect();
    SetCase::read(name, "RFC 7517 section 5", jwks, &usable, &skipped)
}

/// The error of a skipped entry in one of the sets of [`accepted`].
fn fault_of(name: &str, index: usize) -> JwkError {
    match (name, index) {
        ("one bad entry among good ones", 1) => JwkError::Json(JsonError::NotObject),
        ("key types of others", 0 | 1) => MemberMissing { member: "crv" },
        _ => SharedSecret,
    }
}

/// A key for `algorithm` with `changes`: a member that is null is removed, any other is set.
fn jwk(algorithm: Algorithm, changes: &Value) -> Value {
    let mut jwk = TestKey::for_algorithm(algorithm).with_kid(MARKER).jwk();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(jwk.as_object_mut().unwrap().remove(name)),
            value => jwk[name] = value.clone(),
        }
    }
    jwk
}

/// A set of one key, as [`jwk`] has it.
fn one(algorithm: Algorithm, changes: Value) -> String {
    set_of(&[jwk(algorithm, &changes)])
}

fn set_of(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

fn each_algorithm() -> Vec<SetCase> {
    let mut cases = vec![];
    for algorithm in ALGORITHMS {
        let alg = algorithm.name();
        let one = |changes| one(algorithm, changes);
        let usable = |what: &str, jwks: String, found: &'static str| {
            let clause = "RFC 7517 section 4; RFC 7518 section 6; RFC 8037 section 2";
            SetCase::read(format!("{alg}: {what}"), clause, jwks, &[(MARKER, found)], &[])
        };
        let skipped = |name, changes, error| skipped(algorithm, name, changes, error);
        cases.extend([
            usable("a key", one(json!({})), alg),
            usable("no use", one(json!({ "use": null })), alg),
            usable("key_ops verify", one(json!({ "use": null, "key_ops": ["verify"] })), alg),
            skipped("for encryption", json!({ "use": "enc" }), NotForSignatures),
            skipped("private member d", json!({ "d": "AQAB" }), PrivateKey { member: "d" })
                .strict("a private key that was published is nobody's"),
            SetCase::nameless(
                format!("{alg}: no kid"),
                "RFC 7517 section 4.5",
                one(json!({ "kid": null })),
                alg,
            ),
        ]);
        // All RSA algorithms use one key here, so without `alg` their JWKs are the same.
        let rsa = alg.starts_with(['R', 'P']);
        if alg == "RS256" || !rsa {
            let other = if rsa { "ES256" } else { "RS256" };
            let not_accepted = AlgorithmNotAccepted;
            cases.extend([
                usable("no alg", one(json!({ "alg": null })), alg),
                skipped(
                    "alg of another type of key",
                    json!({ "alg": other }),
                    AlgorithmOfOtherKeyType,
                ),
                skipped("alg HS256", json!({ "alg": "HS256" }), not_accepted),
                skipped("alg none", json!({ "alg": "none" }), not_accepted),
            ]);
        }
    }
    cases
}

/// A value of each JSON type except string, as each member.
fn types() -> Vec<SetCase> {
    let values = [
        ("null", json!(null)),
        ("a boolean", json!(true)),
        ("a number", json!(1)),
        ("an array", json!(["x"])),
        ("an object", json!({})),
    ];
    let members: [(&str, &[&'static str]); 3] = [
        ("RS256", &["kty", "use", "key_ops", "alg", "kid", "issuer", "n", "e"]),
        ("ES256", &["kty", "crv", "x", "y"]),
        ("EdDSA", &["kty", "use", "key_ops", "alg", "kid", "crv", "x"]),
    ];
    let mut cases = vec![];
    for (alg, members) in members {
        for member in members {
            for (what, value) in &values {
                if (*member, *what) == ("key_ops", "an array") {
                    continue;
                }
                let mut key = jwk(alg.parse().unwrap(), &json!({}));
                key[*member] = value.clone();
                let name = format!("{alg}: {member} is {what}");
                let error = MemberType { member };
                cases.push(unusable(name, set_of(&[key]), error));
            }
        }
        for member in ["x5c", "x5t", "x5u", "x5t#S256", "ext"] {
            let mut key = jwk(alg.parse().unwrap(), &json!({}));
            key[member] = json!([{}]);
            let name = format!("{alg}: {member} of any type is not looked at");
            let usable =
                [(MARKER, key["alg"].as_str().unwrap().parse::<Algorithm>().unwrap().name())];
            cases.push(SetCase::read(name, "RFC 7517 section 4", set_of(&[key]), &usable, &[]));
        }
    }
    for (what, value) in values {
        let jwks = json!({ "keys": value }).to_string();
        let name = format!("keys is {what}");
        cases.push(match what {
            "an array" => SetCase::skipped(
                "keys is an array of a string",
                "RFC 7517 section 5.1",
                jwks,
                JwkError::Json(JsonError::NotObject),
            ),
            _ => SetCase::refused(name, "RFC 7517 section 5.1", jwks, JwkSetError::KeysType),
        });
    }
    cases
}

/// A key for `algorithm` with `changes`, which make it unusable.
fn skipped(algorithm: Algorithm, name: &str, changes: Value, error: JwkError) -> SetCase {
    let name = format!("{}: {name}", algorithm.name());
    unusable(name, one(algorithm, changes), error)
}

fn curves() -> Vec<SetCase> {
    let length = |member, bytes, expected| CoordinateLength { member, bytes, expected };
    let mut cases = vec![];
    for (algorithm, bytes) in [(Algorithm::ES256, 32), (Algorithm::ES384, 48)] {
        let skipped = |name, changes, error| skipped(algorithm, name, changes, error);
        let good = jwk(algorithm, &json!({}));
        let [x, y] =
            ["x", "y"].map(|name| URL_SAFE_NO_PAD.decode(good[name].as_str().unwrap()).unwrap());
        let flipped = {
            let mut y = y.clone();
            y[0] ^= 1;
            base64url(y)
        };
        let zeros = base64url(vec![0; bytes]);
        let longer = base64url([&[0], x.as_slice()].concat());
        let other = if bytes == 32 { "P-384" } else { "P-256" };
        let other_bytes = if bytes == 32 { 48 } else { 32 };
        let missing = |member| MemberMissing { member };
        let read = |name: &str, changes: Value| {
            let clause = "RFC 7518 section 6.2.1.2: taken, there is no doubt about the number";
            let name = format!("{}: {name}", algorithm.name());
            let jwks = set_of(&[jwk(algorithm, &changes)]);
            SetCase::read(name, clause, jwks, &[(MARKER, algorithm.name())], &[])
        };
        cases.extend([
            skipped("no crv", json!({ "crv": null }), missing("crv")),
            skipped("no x", json!({ "x": null }), missing("x")),
            skipped("no y", json!({ "y": null }), missing("y")),
            skipped("not on the curve", json!({ "y": flipped }), NotOnCurve),
            skipped("x and y exchanged", json!({ "x": good["y"], "y": good["x"] }), NotOnCurve),
            skipped("the point at infinity", json!({ "x": zeros, "y": zeros }), NotOnCurve),
            skipped("x above the field", json!({ "x": base64url(vec![0xff; bytes]) }), NotOnCurve),
            skipped("x one byte short", json!({ "x": base64url(&x[1..]) }), NotOnCurve),
            skipped(
                "x one byte long",
                json!({ "x": base64url([&[1], x.as_slice()].concat()) }),
                length("x", bytes + 1, bytes),
            ),
            read("x with a zero in front", json!({ "x": longer })),
            skipped("y is empty", json!({ "y": "" }), length("y", 0, bytes)),
            read("y in the standard alphabet", json!({ "y": STANDARD.encode(&y) })),
            skipped(
                "y in both alphabets",
                json!({ "y": format!("+_{}", &good["y"].as_str().unwrap()[2..]) }),
                NotBase64url { member: "y" },
            ),
            skipped("crv P-521", json!({ "crv": "P-521" }), Curve),
            skipped("crv secp256k1", json!({ "crv": "secp256k1" }), Curve),
            skipped("crv in small letters", json!({ "crv": "p-256" }), Curve),
            skipped("crv of the other algorithm", json!({ "crv": other }), AlgorithmOfOtherKeyType),
            skipped(
                "crv of the other algorithm, no alg",
                json!({ "crv": other, "alg": null }),
                if bytes > other_bytes { length("x", bytes, other_bytes) } else { NotOnCurve },
            ),
            skipped("kty OKP", json!({ "kty": "OKP" }), Curve),
        ]);
    }
    // A coordinate of P-384 has no padding in base64.
    cases.push(SetCase::read(
        "ES256: x with padding",
        "RFC 7518 section 6.2.1.2: taken, there is no doubt about the number",
        {
            let x = jwk(Algorithm::ES256, &json!({}))["x"].as_str().unwrap().to_owned();
            set_of(&[jwk(Algorithm::ES256, &json!({ "x": x + "=" }))])
        },
        &[(MARKER, "ES256")],
        &[],
    ));
    let skipped = |name, changes, error| skipped(Algorithm::EdDSA, name, changes, error);
    let x = |bytes: &[u8]| json!({ "x": base64url(bytes) });
    // p = 2^255 - 19, little-endian, plus a number.
    let field = |add: u8| [&[0xed_u8.wrapping_add(add)], [0xff; 30].as_slice(), &[0x7f]].concat();
    let small = |y: u8| [vec![y], vec![0; 31]].concat();
    let order_8 = {
        let digits = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a";
        (0..64).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
    };
    let order_8: Vec<u8> = order_8;
    let with_sign = |mut bytes: Vec<u8>| {
        bytes[31] |= 0x80;
        bytes
    };
    cases.extend([
        skipped("no crv", json!({ "crv": null }), MemberMissing { member: "crv" }),
        skipped("no x", json!({ "x": null }), MemberMissing { member: "x" }),
        skipped("crv Ed448", json!({ "crv": "Ed448" }), Curve),
        skipped("crv X25519", json!({ "crv": "X25519" }), Curve),
        skipped("crv in small letters", json!({ "crv": "ed25519" }), Curve),
        skipped("x is empty", x(&[]), length("x", 0, 32)),
        skipped("x of 31 bytes", x(&[1; 31]), length("x", 31, 32)),
        skipped("x of 33 bytes", x(&[1; 33]), length("x", 33, 32)),
        skipped("x with a zero in front", x(&[0; 33]), length("x", 33, 32)),
        skipped(
            "x with too much padding",
            json!({ "x": format!("{}==", base64url([1; 32])) }),
            NotBase64url { member: "x" },
        ),
        skipped("y is 2, which is not on the curve", x(&small(2)), NotOnCurve),
        skipped("y is p", x(&field(0)), NotCanonical),
        skipped("y is p + 1", x(&field(1)), NotCanonical),
        skipped("y is 2^255 - 1", x(&field(18)), NotCanonical),
        skipped("order 1: y is 1", x(&small(1)), LowOrder),
        skipped("order 1 with a sign", x(&with_sign(small(1))), LowOrder),
        skipped("order 2: y is -1", x(&field(255)), LowOrder),
        skipped("order 4: y is 0", x(&small(0)), LowOrder),
        skipped("order 4 with a sign", x(&with_sign(small(0))), LowOrder),
        skipped("order 8", x(&order_8), LowOrder),
        skipped("order 8 with a sign", x(&with_sign(order_8.clone())), LowOrder),
        skipped("kty EC", json!({ "kty": "EC" }), Curve),
        skipped("kty RSA", json!({ "kty": "RSA" }), AlgorithmOfOtherKeyType),
    ]);
    cases
}

fn names() -> Vec<SetCase> {
    let clause = "RFC 7517 section 4.5";
    let key = |algorithm: Algorithm| TestKey::for_algorithm(algorithm).with_kid(MARKER).jwk();
    let ed = key(Algorithm::EdDSA);
    let attacker = TestKey::attacker_for(Algorithm::EdDSA).with_kid(MARKER).jwk();
    let mut burnt = ed.clone();
    burnt["d"] = "AQAB".into();
    burnt["kid"] = "other".into();
    let private = PrivateKey { member: "d" };
    let good = |name, clause, jwks| SetCase::read(name, clause, jwks, &[(MARKER, "EdDSA")], &[]);
    let operations = |names: Value| {
        let mut key = ed.clone();
        key.as_object_mut().unwrap().remove("use");
        key["key_ops"] = names;
        set_of(&[key])
    };
    let all: Vec<Value> = ALGORITHMS.map(key).to_vec();
    let usable: Vec<_> = ALGORITHMS.map(|algorithm| (MARKER, algorithm.name())).to_vec();
    vec![
        SetCase::read("keys of all algorithms, one kid", clause, set_of(&all), &usable, &[]),
        SetCase::read(
            "two keys, one kid",
            clause,
            set_of(&[ed.clone(), attacker]),
            &[(MARKER, "EdDSA"), (MARKER, "EdDSA")],
            &[],
        ),
        good("one EdDSA key twice", clause, set_of(&[ed.clone(), ed.clone()])),
        SetCase::read(
            "a key, and its private key under another kid",
            "RFC 7517 section 9.2",
            set_of(&[ed.clone(), burnt.clone()]),
            &[],
            &[(0, private), (1, private)],
        )
        .strict("a private key that was published is nobody's"),
        SetCase::read(
            "a private key, and its public key under another kid",
            "RFC 7517 section 9.2",
            set_of(&[burnt, ed.clone()]),
            &[],
            &[(0, private), (1, private)],
        )
        .strict("a private key that was published is nobody's"),
        good(
            "key_ops verify and sign",
            "RFC 7517 section 4.3",
            operations(json!(["sign", "verify"])),
        ),
        good(
            "key_ops with a name of others",
            "RFC 7517 section 4.3",
            operations(json!(["verify", "x"])),
        ),
        unusable("key_ops encrypt", operations(json!(["encrypt"])), NotForVerify),
        unusable("key_ops Verify", operations(json!(["Verify"])), NotForVerify),
        unusable(
            "key_ops with another operation twice",
            operations(json!(["verify", "x", "x"])),
            DuplicateKeyOperation,
        ),
        unusable("use SIG", one(Algorithm::EdDSA, json!({ "use": "SIG" })), NotForSignatures),
        SetCase::read(
            "an empty kid",
            clause,
            one(Algorithm::EdDSA, json!({ "kid": "" })),
            &[("", "EdDSA")],
            &[],
        ),
        good(
            "alg Ed25519, RFC 9864",
            "RFC 9864 section 2.2",
            one(Algorithm::EdDSA, json!({ "alg": "Ed25519" })),
        ),
        unusable(
            "alg ES256K",
            one(Algorithm::ES256, json!({ "alg": "ES256K" })),
            AlgorithmNotAccepted,
        ),
        unusable(
            "alg RSA-OAEP",
            one(Algorithm::RS256, json!({ "alg": "RSA-OAEP" })),
            AlgorithmNotAccepted,
        ),
    ]
}

fn limits() -> Vec<SetCase> {
    let limit = "limit of this crate";
    let number = "RFC 7518 section 2: taken, there is no doubt about it";
    let ed = jwk(Algorithm::EdDSA, &json!({}));
    let exponent = |e: &str| one(Algorithm::RS256, json!({ "e": e }));
    let of = |name: &'static str| Pieces::numbers(&vector(name), r#""AQAB""#);
    let deep = |levels: usize| {
        let mut key = ed.to_string();
        let inner = format!("{}{}", "[".repeat(levels - 3), "]".repeat(levels - 3));
        key.insert_str(1, &format!(r#""x1":{inner},"#));
        format!(r#"{{"keys":[{key}]}}"#)
    };
    let usable = [(MARKER, "EdDSA")];
    // ES256, because checking other keys takes long in a build without optimization.
    let ec = jwk(Algorithm::ES256, &json!({}));
    let many = vec![ec.clone(); 1000];
    let rs256 = [(MARKER, "RS256")];
    let mut cases = vec![
        SetCase::read("1000 times one key", limit, set_of(&many), &[(MARKER, "ES256")], &[]),
        SetCase::refused(
            "1001 times one key",
            limit,
            set_of(&[many, vec![ec]].concat()),
            JwkSetError::TooManyKeys,
        ),
        SetCase::read("EdDSA key of 32 levels", limit, deep(32), &usable, &[]),
        SetCase::refused("EdDSA key of 33 levels", limit, deep(33), {
            JwkSetError::Json(JsonError::TooDeep)
        }),
        SetCase::read("e is 65539", "FIPS 186-5 section 5.4", exponent("AQAD"), &rs256, &[]),
        unusable("e is 65536", exponent("AQAA"), ExponentTooSmall),
        unusable("e of nine bytes", exponent("AQAAAAAAAAAB"), ExponentTooLarge),
        SetCase::read(
            "e with a zero in front",
            "RFC 7518 section 2",
            exponent("AAEAAQ"),
            &rs256,
            &[],
        ),
        SetCase::read("2048 bits", "RFC 7518 section 3.3", of("bits-2048"), &rs256, &[]),
        unusable("2048 bits and even", of("even-2048"), ModulusEven),
        unusable("a modulus of CVE-2017-15361, 39 primes", of("roca-2048-m39"), ModulusRoca),
        SetCase::read(
            "x of EdDSA with padding",
            "RFC 8037 section 2: taken, there is no doubt about it",
            one(Algorithm::EdDSA, json!({ "x": format!("{}=", ed["x"].as_str().unwrap()) })),
            &usable,
            &[],
        ),
        SetCase::read(
            "x of P-256 without its zero in front",
            "RFC 7518 section 6.2.1.2: taken, there is no doubt about the number",
            one(
                Algorithm::ES256,
                json!({
                    "x": "WwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQ",
                    "y": "Z1Mf8fOxN_sJ2aD3Gp3dWN4UN2Rs98Poq9tT633r8Pg",
                }),
            ),
            &[(MARKER, "ES256")],
            &[],
        ),
        SetCase::read(
            "n with padding",
            number,
            Pieces::numbers(&format!(r#""{}==""#, Pieces::new().n), r#""AQAB""#),
            &rs256,
            &[],
        ),
        SetCase::read(
            "n with a zero in front",
            number,
            Pieces::new().modulus(|n| n.insert(0, 0)),
            &rs256,
            &[],
        ),
    ];
    for prime in [13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157] {
        let n = vector(&format!("roca-near-miss-{prime}"));
        let name = format!("almost CVE-2017-15361, but for {prime}");
        let jwks = Pieces::numbers(&n, r#""AQAB""#);
        cases.push(SetCase::read(name, "CVE-2017-15361", jwks, &rs256, &[]));
    }
    cases
}
