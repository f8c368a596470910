//! The fuzzer's first inputs: for each target some that are accepted, and at least one for each reason
//! to refuse. They are the same every time, because the test issuer's keys are fixed.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use tokenring::{
    Algorithm, UnixTime,
    testkit::{AUDIENCE, CLIENT_ID, ISSUER, Issuer, TestKey, TokenBuilder},
};
use tokenring_oracle::{keys, tokens};

use crate::{NOW, OTHER_ISSUER, THROWN_AWAY_KID};

fn token() -> TokenBuilder {
    Issuer::default().token_at(NOW)
}

pub fn tokens() -> Vec<(&'static str, Vec<u8>)> {
    let texts = vec![
        ("accepted_auth0", token().mint()),
        ("accepted_at_jwt", token().header("typ", "at+jwt").mint()),
        ("accepted_alg_alone", "eyJhbGciOiJSUzI1NiJ9.e30.AA".into()),
        ("accepted_no_payload", "eyJhbGciOiJSUzI1NiJ9..AA".into()),
        ("accepted_payload_of_junk", "eyJhbGciOiJSUzI1NiJ9.\u{e9} \n=.+/=".into()),
        ("accepted_longest_kid", short(token().header("kid", "k".repeat(256)))),
        (
            "accepted_kid_with_escapes",
            short(token().raw_header(r#"{"alg":"RS256","kid":"\u00e9\/"}"#)),
        ),
        ("accepted_longest", long(16_384)),
        ("too_long", long(16_385)),
        ("empty", String::new()),
        ("periods", "..".into()),
        ("opaque", "3q2-7wAAAAA".into()),
        ("two_segments", "eyJhbGciOiJSUzI1NiJ9.e30".into()),
        ("four_segments", "eyJhbGciOiJSUzI1NiJ9.e30.AA.AA".into()),
        ("five_segments", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AA.AA.AA".into()),
        ("no_header", ".e30.AA".into()),
        ("no_signature", "eyJhbGciOiJSUzI1NiJ9.e30.".into()),
        ("header_padded", "eyJhbGciOiJSUzI1NiJ9=.e30.AA".into()),
        ("header_other_last_symbol", "eyJhbGciOiJSUzI1NiIgfR.e30.AA".into()),
        ("header_in_other_alphabet", "eyJhbGciOiJSUzI1NiIsIj8/IjoxfQ.e30.AA".into()),
        ("header_too_long", format!("{}.e30.AA", "A".repeat(5464))),
        ("space_in_front", " eyJhbGciOiJSUzI1NiJ9.e30.AA".into()),
        ("accepted_alg_eddsa", short(token().header("alg", "EdDSA"))),
        ("alg_none", short(token().header("alg", "none"))),
        ("alg_hs256", short(token().header("alg", "HS256"))),
        ("kid_empty", short(token().header("kid", ""))),
        ("kid_too_long", short(token().header("kid", "k".repeat(257)))),
        ("crit", short(token().header("crit", json!(["b64"])))),
    ];
    texts.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}

/// A token of this length, most of it signature.
fn long(bytes: usize) -> String {
    let signing_input = "eyJhbGciOiJSUzI1NiJ9.e30.";
    format!("{signing_input}{}", "A".repeat(bytes - signing_input.len()))
}

/// The token with a short payload and signature, which its target does not read.
fn short(token: TokenBuilder) -> String {
    token.payload_segment("e30").signature_segment("AA").mint()
}

pub fn headers() -> Vec<(&'static str, Vec<u8>)> {
    let deep = |levels: usize| {
        let (open, close) = ("[".repeat(levels - 1), "]".repeat(levels - 1));
        format!(r#"{{"alg":"RS256","a":{open}{close}}}"#)
    };
    let texts = vec![
        ("accepted_auth0", token().header_json()),
        ("accepted_alg_alone", r#"{"alg":"RS256"}"#.into()),
        ("accepted_alg_ed25519", r#"{"alg":"Ed25519"}"#.into()),
        ("accepted_64_members", format!(r#"{{"alg":"RS256",{}}}"#, many_members(63))),
        ("too_many_members", format!(r#"{{"alg":"RS256",{}}}"#, many_members(64))),
        ("too_many_members_before_a_fault", format!(r#"{{"alg":"RS256",{},"#, many_members(64))),
        ("fault_before_too_many_members", format!(r#"{{"alg":"RS256",{},"#, many_members(63))),
        ("accepted_spaces", " {\n\t\"alg\" :\r\"RS256\" } ".into()),
        ("accepted_escapes", r#"{"\u0061lg":"\u0052S256","kid":"\ud83d\udd11\"\\\/\b\f\n\r\t","typ":"application\/at+JWT"}"#.into()),
        ("accepted_ignored", r#"{"alg":"RS256","jku":"https://evil.example","jwk":{"kty":"RSA"},"x5c":[null,true,false],"a":-1.5e-3,"":{}}"#.into()),
        ("accepted_thumbprints", r#"{"alg":"RS256","x5t":"a","x5t#S256":"\u0062"}"#.into()),
        ("accepted_thumbprint_beside_kid", r#"{"alg":"RS256","kid":"a","x5t":1,"x5t#S256":[]}"#.into()),
        ("x5t_number", r#"{"alg":"RS256","x5t":1,"x5t#S256":"a"}"#.into()),
        ("x5t_s256_null", r#"{"alg":"RS256","x5t":"a","x5t#S256":null}"#.into()),
        ("accepted_numbers", r#"{"alg":"RS256","a":[0,-0,0e400000000000000000000,18446744073709551615,-9223372036854775808,1E+2,0.0001,1e-400]}"#.into()),
        ("accepted_deepest", deep(32)),
        ("accepted_nested_repetition", r#"{"alg":"RS256","a":{"b":1,"b":2}}"#.into()),
        ("accepted_many_members", format!(r#"{{"alg":"RS256",{}}}"#, many_members(30))),
        ("accepted_number_lookalike", r#"{"alg":"RS256","a":{"$serde_json::private::Number":"1"}}"#.into()),
        ("accepted_own_number_lookalike", r#"{"$serde_json::private::Number":"1","alg":"RS256"}"#.into()),
        ("too_deep", deep(33)),
        ("many_members_one_twice", format!(r#"{{"alg":"RS256",{},"m29":0}}"#, many_members(30))),
        ("alg_twice", r#"{"alg":"none","alg":"RS256"}"#.into()),
        ("alg_twice_by_escape", r#"{"alg":"RS256","\u0061lg":"RS256"}"#.into()),
        ("unknown_twice", r#"{"alg":"RS256","a":1,"a":1}"#.into()),
        ("array", r#"["RS256"]"#.into()),
        ("null", "null".into()),
        ("number", "12".into()),
        ("number_with_fraction", "-1.5".into()),
        ("empty_object", "{}".into()),
        ("two_objects", r#"{"alg":"RS256"}{}"#.into()),
        ("trailing_comma", r#"{"alg":"RS256",}"#.into()),
        ("trailing_nul", "{\"alg\":\"RS256\"}\0".into()),
        ("byte_order_mark", "\u{feff}{\"alg\":\"RS256\"}".into()),
        ("lone_surrogate", r#"{"alg":"RS256","a":"\ud800"}"#.into()),
        ("surrogates_the_wrong_way_round", r#"{"alg":"RS256","a":"\udc00\ud800"}"#.into()),
        ("control_character", "{\"alg\":\"RS256\",\"a\":\"\n\"}".into()),
        ("number_out_of_range", r#"{"alg":"RS256","a":1e400}"#.into()),
        ("not_a_number", r#"{"alg":"RS256","a":NaN}"#.into()),
        ("leading_zero", r#"{"alg":"RS256","a":01}"#.into()),
        ("alg_null", r#"{"alg":null}"#.into()),
        ("alg_none", r#"{"alg":"none"}"#.into()),
        ("alg_lower_case", r#"{"alg":"rs256"}"#.into()),
        ("alg_with_nul", r#"{"alg":"RS256\u0000"}"#.into()),
        ("kid_number", r#"{"alg":"RS256","kid":1}"#.into()),
        ("kid_empty", r#"{"alg":"RS256","kid":""}"#.into()),
        ("kid_too_long", format!(r#"{{"alg":"RS256","kid":"{}"}}"#, "k".repeat(257))),
        ("typ_object", r#"{"alg":"RS256","typ":{}}"#.into()),
        ("crit", r#"{"alg":"RS256","crit":["exp"]}"#.into()),
        ("b64", r#"{"alg":"RS256","b64":false}"#.into()),
        ("zip", r#"{"alg":"RS256","zip":"DEF"}"#.into()),
        ("enc", r#"{"alg":"RS256","enc":"A128GCM"}"#.into()),
        ("cty", r#"{"alg":"RS256","cty":"JWT"}"#.into()),
        ("too_long", format!(r#"{{"alg":"RS256","a":"{}"}}"#, "a".repeat(4096))),
    ];
    let mut seeds: Vec<(&str, Vec<u8>)> =
        texts.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    seeds.push(("not_utf8", b"{\"alg\":\"RS256\",\"a\":\"\xff\"}".to_vec()));
    seeds
}

fn many_members(count: usize) -> String {
    (0..count).map(|number| format!(r#""m{number}":{number}"#)).collect::<Vec<_>>().join(",")
}

/// Keys that OpenSSL made. The first byte is the algorithm's number and nine times the form's.
pub fn pem() -> Vec<(&'static str, Vec<u8>)> {
    let text = |choice: u8, text: &str| [&[choice], text.as_bytes()].concat();
    let der = |choice: u8, text: &str| {
        let base64: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        [vec![choice], STANDARD.decode(base64).expect("base64")].concat()
    };
    let rsa = include_str!("../../tests/vectors/pem/rsa.pem");
    let pkcs1 = include_str!("../../tests/vectors/pem/rsa-pkcs1.pem");
    let rsa_certificate = include_str!("../../tests/vectors/pem/rsa-certificate.pem");
    let p256 = include_str!("../../tests/vectors/pem/p256.pem");
    let p256_certificate = include_str!("../../tests/vectors/pem/p256-certificate.pem");
    let p384 = include_str!("../../tests/vectors/pem/p384.pem");
    let ed25519 = include_str!("../../tests/vectors/pem/ed25519.pem");
    let ed25519_certificate = include_str!("../../tests/vectors/pem/ed25519-certificate.pem");
    vec![
        ("accepted_rsa", text(0, rsa)),
        ("accepted_rsa_for_pss", text(5, rsa)),
        ("accepted_rsa_der", der(4 * 9, rsa)),
        ("accepted_pkcs1", text(1, pkcs1)),
        ("accepted_pkcs1_der", der(2 * 9, pkcs1)),
        ("accepted_rsa_certificate", der(3 * 9, rsa_certificate)),
        ("accepted_p256", text(6, p256)),
        ("accepted_p256_der", der(4 * 9 + 6, p256)),
        ("accepted_p256_certificate", der(3 * 9 + 6, p256_certificate)),
        ("accepted_p384", der(9 + 7, p384)),
        ("accepted_ed25519", text(8, ed25519)),
        ("accepted_ed25519_carriage_returns", text(8, &ed25519.replace('\n', "\r\n  "))),
        ("accepted_ed25519_der", der(9 + 8, ed25519)),
        ("accepted_ed25519_certificate", text(8, ed25519_certificate)),
        ("other_algorithm", text(7, p256)),
        ("line_breaks_lost", text(8, &ed25519.replace('\n', " "))),
        ("line_breaks_escaped", text(8, &ed25519.replace('\n', "\\n"))),
        ("two_blocks", text(8, &ed25519.repeat(2))),
        ("private", text(8, &ed25519.replace("PUBLIC", "PRIVATE"))),
        ("wrong_label", der(3 * 9 + 8, ed25519)),
        ("explicit", text(6, include_str!("../../tests/vectors/pem/refused-p256-explicit.pem"))),
        (
            "compressed",
            text(6, include_str!("../../tests/vectors/pem/refused-p256-compressed.pem")),
        ),
        ("rsa_pss", text(3, include_str!("../../tests/vectors/pem/refused-rsa-pss.pem"))),
        ("request", text(8, include_str!("../../tests/vectors/pem/refused-request.pem"))),
        ("path", text(8, "/etc/key.pem")),
        ("nothing", Vec::new()),
    ]
}

pub fn jwk_sets() -> Vec<(&'static str, Vec<u8>)> {
    let set = |keys: &[Value]| json!({ "keys": keys });
    let good = || TestKey::attacker().with_kid("kid").jwk();
    let with = |member: &str, value: Value| {
        let mut jwk = good();
        jwk[member] = value;
        json!({ "keys": [jwk] })
    };
    let without = |member: &str| {
        let mut jwk = good();
        jwk.as_object_mut().expect("a JWK").remove(member);
        json!({ "keys": [jwk] })
    };
    let n = |bytes: &[u8]| with("n", URL_SAFE_NO_PAD.encode(bytes).into());
    let e = |bytes: &[u8]| with("e", URL_SAFE_NO_PAD.encode(bytes).into());
    let other_key = || Issuer::default().keys()[1].with_kid("kid").jwk();
    let other = other_key();
    let burnt = {
        let mut jwk = good();
        jwk["d"] = "AQAB".into();
        set(&[good(), jwk])
    };
    let with_alg = |alg: &str| {
        let mut jwk = good();
        jwk["alg"] = alg.into();
        jwk
    };
    let respelled = |other: &str| {
        let n = good()["n"].as_str().expect("a string").to_owned();
        let mut others = other.chars();
        let n = n.replace('-', &others.next().unwrap().to_string());
        let n = n.replace('_', &others.next().unwrap().to_string());
        Value::from(n + &others.as_str().repeat(2))
    };
    let of_type = |algorithm| TestKey::for_algorithm(algorithm).jwk();
    let (ec, ec384) = (|| of_type(Algorithm::ES256), || of_type(Algorithm::ES384));
    let okp = || of_type(Algorithm::EdDSA);
    let octets = |octets: &[u8]| Value::from(URL_SAFE_NO_PAD.encode(octets));
    let of_one = |mut jwk: Value, member: &str, value: Value| {
        jwk[member] = value;
        jwk
    };
    let of = |jwk: Value, member: &str, value: Value| set(&[of_one(jwk, member, value)]);
    let values = vec![
        ("accepted_auth0", serde_json::from_str(&Issuer::default().jwks()).expect("JSON")),
        ("accepted_one", set(&[good()])),
        ("accepted_without_kid", without("kid")),
        ("accepted_without_alg", without("alg")),
        ("accepted_without_use", without("use")),
        ("accepted_key_ops", with("key_ops", json!(["verify", "wrapKey"]))),
        ("accepted_x5c", with("x5c", json!(["MIIC"]))),
        ("accepted_one_key_twice", set(&[good(), good()])),
        (
            "accepted_among_others",
            set(&[json!(1), json!(-1.5), good(), json!({"kty": "EC"}), json!([])]),
        ),
        ("accepted_one_kid_for_two", set(&[good(), other])),
        ("accepted_n_2048_bits", n(&rough(256, 0x80))),
        ("accepted_n_2049_bits", n(&rough(257, 0x01))),
        ("accepted_n_8192_bits", n(&rough(1024, 0xff))),
        ("accepted_e_33_bits", e(&[1, 0xff, 0xff, 0xff, 0xff])),
        ("n_2047_bits", n(&rough(256, 0x7f))),
        ("n_8193_bits", n(&rough(1025, 0x01))),
        ("accepted_n_leading_zero", n(&[&[0], rough(256, 0x80).as_slice()].concat())),
        ("n_zeros", n(&[0; 256])),
        ("n_divisible_by_997", n(&with_least_divisor(256, 0x80, Some(997)))),
        ("n_even", n(&[0x80; 256])),
        ("n_empty", n(&[])),
        ("n_roca", n(&roca())),
        ("accepted_n_padded", with("n", respelled("+/="))),
        ("accepted_n_standard", with("n", respelled("+/"))),
        ("n_of_both_alphabets", with("n", respelled("+_"))),
        ("n_number", with("n", 1.into())),
        ("n_missing", without("n")),
        ("e_missing", without("e")),
        ("e_3", e(&[3])),
        ("e_65536", e(&[1, 0, 0])),
        ("e_even", e(&[1, 0, 2])),
        ("e_34_bits", e(&[2, 0, 0, 0, 1])),
        ("e_9_bytes", e(&[1; 9])),
        ("accepted_e_leading_zero", e(&[0, 1, 0, 1])),
        ("kty_oct", with("kty", "oct".into())),
        ("kty_missing", without("kty")),
        ("kty_null", with("kty", Value::Null)),
        ("use_enc", with("use", "enc".into())),
        ("accepted_alg_rs512", with("alg", "RS512".into())),
        ("accepted_alg_two", set(&[good(), with_alg("PS384")])),
        ("alg_rs1", with("alg", "RS1".into())),
        ("alg_of_ec", with("alg", "ES256".into())),
        ("accepted_issuer", with("issuer", "https://issuer.example/{tenantid}".into())),
        ("issuer_number", with("issuer", 1.into())),
        ("kid_null", with("kid", Value::Null)),
        ("key_ops_twice", with("key_ops", json!(["verify", "verify"]))),
        ("key_ops_empty", with("key_ops", json!([]))),
        ("key_ops_mixed", with("key_ops", json!(["verify", 1]))),
        ("key_ops_string", with("key_ops", "verify".into())),
        ("private", with("d", "AQAB".into())),
        ("private_null", with("qi", Value::Null)),
        ("private_elsewhere", burnt),
        ("accepted_ec", set(&[ec(), ec384(), okp()])),
        ("accepted_ec_alone", set(&[ec()])),
        ("accepted_ec_384_alone", set(&[ec384()])),
        ("accepted_okp_alone", set(&[okp()])),
        ("accepted_okp_alg_ed25519", of(okp(), "alg", "Ed25519".into())),
        ("ec_alg_of_other_curve", of(ec(), "alg", "ES384".into())),
        ("ec_crv_p521", of(ec(), "crv", "P-521".into())),
        ("ec_crv_missing", of(ec(), "crv", Value::Null)),
        ("ec_not_on_curve", of(ec(), "x", octets(&[1; 32]))),
        ("ec_x_not_below_prime", of(ec(), "x", octets(&[255; 32]))),
        ("ec_zero", of(of_one(ec(), "x", octets(&[0; 32])), "y", octets(&[0; 32]))),
        ("ec_x_short", of(ec(), "x", octets(&[1; 31]))),
        ("ec_y_long", of(ec(), "y", octets(&[1; 33]))),
        ("ec_y_padded", of(ec(), "y", "AA==".into())),
        ("ec_private", of(ec(), "d", octets(&[1; 32]))),
        ("okp_x448", of(okp(), "crv", "X448".into())),
        ("okp_alg_es256", of(okp(), "alg", "ES256".into())),
        ("okp_not_on_curve", of(okp(), "x", octets(&little(&[2])))),
        ("okp_not_canonical", of(okp(), "x", octets(&[255; 32]))),
        ("okp_prime", of(okp(), "x", octets(&[&[0xed], [255; 30].as_slice(), &[0x7f]].concat()))),
        ("okp_order_1", of(okp(), "x", octets(&little(&[1])))),
        ("okp_order_2", of(okp(), "x", octets(&[&[0xec], [255; 30].as_slice(), &[0x7f]].concat()))),
        ("okp_order_4", of(okp(), "x", octets(&[0; 32]))),
        ("okp_order_8_odd", of(okp(), "x", "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_IU".into())),
        ("okp_order_8_even", of(okp(), "x", ORDER_8.into())),
        ("okp_x_short", of(okp(), "x", octets(&[7; 31]))),
        ("accepted_okp_x_padded", of(okp(), "x", padded_member(&okp(), "x"))),
        ("okp_x_leading_zero", of(okp(), "x", octets(&[0; 33]))),
        ("accepted_ec_x_padded", of(ec(), "x", padded_member(&ec(), "x"))),
        ("accepted_ec_y_leading_zeros", of(ec384(), "y", with_zeros(&ec384(), "y"))),
        ("accepted_ec_x_without_its_zero", set(&[short_ec()])),
        ("ec_x_empty", of(ec(), "x", "".into())),
        (
            "accepted_thumbprints",
            set(&[of_one(good(), "x5t", "a".into()), of_one(ec(), "x5t#S256", "b".into())]),
        ),
        ("accepted_thumbprint_of_two", {
            let other = of_one(other_key(), "x5t", "a".into());
            set(&[of_one(good(), "x5t", "a".into()), other])
        }),
        ("accepted_thumbprint_number", with("x5t", 1.into())),
        ("accepted_two_kids", set(&[good(), of_one(good(), "kid", "other".into())])),
        ("n_public_key_info", n(&public_key_info(&rough(256, 0x80)))),
        ("n_public_key_info_and_more", n(&[public_key_info(&rough(256, 0x80)), vec![1]].concat())),
        ("no_keys", set(&[])),
        ("thousand_entries", set(&vec![json!({}); 1000])),
        ("too_many_entries", set(&vec![json!(0); 1001])),
        ("one_key", good()),
        ("pem_by_kid", json!({"a": "-----BEGIN CERTIFICATE-----\n", "b": " -----BEGIN X-----"})),
        ("pem_and_more", json!({"a": "-----BEGIN CERTIFICATE-----\n", "b": 1})),
        ("keys_missing", json!({})),
        ("keys_object", json!({"keys": {}})),
        ("keys_null", json!({"keys": null})),
        ("array", json!([good()])),
    ];
    let mut seeds: Vec<(&str, Vec<u8>)> =
        values.into_iter().map(|(name, value)| (name, value.to_string().into_bytes())).collect();
    let jwk = good().to_string();
    let escaped = jwk.replace("RSA", r"\u0052SA").replace("AQAB", r"\u0041QAB");
    let twice = jwk.replacen('{', r#"{"a":1,"a":2,"#, 1);
    let texts = [
        ("accepted_escapes", format!(r#"{{"keys":[{escaped}]}}"#)),
        ("accepted_beside_one_with_a_member_twice", format!(r#"{{"keys":[{twice},{jwk}]}}"#)),
        ("keys_twice", format!(r#"{{"keys":[{jwk}],"keys":[]}}"#)),
        ("unfinished", format!(r#"{{"keys":[{jwk}]"#)),
        ("two_sets", format!(r#"{{"keys":[{jwk}]}} {{"keys":[{jwk}]}}"#)),
        ("set_and_array", format!(r#"{{"keys":[{jwk}]}}[]"#)),
        ("array_and_set", format!(r#"[]{{"keys":[{jwk}]}}"#)),
        ("pem", "\n-----BEGIN PUBLIC KEY-----\n".into()),
    ];
    seeds.extend(texts.map(|(name, text)| (name, text.into_bytes())));
    seeds
}

fn padded_member(jwk: &Value, member: &str) -> Value {
    let text = jwk[member].as_str().expect("a string");
    format!("{text}{}", "=".repeat((4 - text.len() % 4) % 4)).into()
}

fn with_zeros(jwk: &Value, member: &str) -> Value {
    let text = jwk[member].as_str().expect("a string");
    let number = URL_SAFE_NO_PAD.decode(text).expect("base64url");
    URL_SAFE_NO_PAD.encode([&[0, 0], number.as_slice()].concat()).into()
}

/// A point of P-256 whose x begins with a zero, which is left out.
fn short_ec() -> Value {
    json!({"kty": "EC", "crv": "P-256", "x": SHORT_X, "y": SHORT_Y})
}

/// A SubjectPublicKeyInfo with this modulus of 256 bytes and the exponent 65537.
fn public_key_info(n: &[u8]) -> Vec<u8> {
    let start = b"\x30\x82\x01\x22\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\
        \x03\x82\x01\x0f\x00\x30\x82\x01\x0a\x02\x82\x01\x01\x00";
    [start.as_slice(), n, b"\x02\x03\x01\x00\x01"].concat()
}

/// A number of this length without a divisor below 1000.
fn rough(bytes: usize, first: u8) -> Vec<u8> {
    with_least_divisor(bytes, first, None)
}

/// A number of this length whose least divisor below 1000 is `divisor`.
fn with_least_divisor(bytes: usize, first: u8, divisor: Option<u32>) -> Vec<u8> {
    let rest = |number: &[u8], divisor: u32| {
        number.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % divisor)
    };
    let mut numbers = (0..=u16::MAX).map(|end| {
        let mut number = vec![0x5b; bytes - 2];
        number[0] = first;
        [number.as_slice(), &end.to_be_bytes()].concat()
    });
    let is_it = |number: &Vec<u8>| (2..1000).find(|d| rest(number, *d) == 0) == divisor;
    numbers.find(is_it).expect("one in a few thousand")
}

/// A number of 32 bytes, the least significant first.
fn little(first: &[u8]) -> Vec<u8> {
    let mut number = vec![0; 32];
    number[..first.len()].copy_from_slice(first);
    number
}

const SHORT_X: &str = "WwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQ";
const SHORT_Y: &str = "Z1Mf8fOxN_sJ2aD3Gp3dWN4UN2Rs98Poq9tT633r8Pg";

/// A point of order 8, with an even x.
const ORDER_8: &str = "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU";

/// A modulus with the fingerprint of CVE-2017-15361: one more than a multiple of the product of the
/// primes, and 2048 bits long.
fn roca() -> Vec<u8> {
    let mut number = vec![0_u8; 256];
    number[255] = 1;
    keys::roca_primes().for_each(|prime| multiply(&mut number, prime));
    while number[0] < 0x80 {
        multiply(&mut number, 2);
    }
    number[255] |= 1;
    number
}

fn multiply(number: &mut [u8], factor: u32) {
    let mut carry = 0;
    for byte in number.iter_mut().rev() {
        let product = u32::from(*byte) * factor + carry;
        (*byte, carry) = (product.to_le_bytes()[0], product >> 8);
    }
    assert_eq!(carry, 0);
}

pub fn payloads() -> Vec<(&'static str, Vec<u8>)> {
    let ago = UnixTime::from_secs(NOW.as_secs() - 1);
    // Any `exp` will do: each payload is checked at the times where its verdict changes.
    let minimal = |claim: &str, value: &str| {
        let start = format!(r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","exp":1750000001"#);
        format!(r#"{start},"{claim}":{value}}}"#)
    };
    let texts = vec![
        ("accepted_auth0", token().payload_json()),
        ("accepted_minimal", format!(r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","exp":1}}"#)),
        ("accepted_expired_at_now", token().expires_at(ago).payload_json()),
        ("accepted_exp_fraction", token().claim("exp", 1.5).payload_json()),
        ("accepted_exp_exponent", token().payload_json().replace("1750086400", "17.500864e8")),
        ("accepted_exp_last", token().claim("exp", 253_402_300_799_u64).payload_json()),
        (
            "accepted_exp_many_digits",
            token().payload_json().replace("1750086400", "1750086400.00000000000000000001"),
        ),
        ("accepted_large_number", minimal("a", "1.75e98")),
        ("accepted_nbf", minimal("nbf", "1750000000")),
        ("accepted_nbf_negative", minimal("nbf", "-1e300")),
        ("accepted_iat_future", minimal("iat", "1e300")),
        ("accepted_cnf", token().claim("cnf", json!({"jkt": "x"})).payload_json()),
        (
            "accepted_client_id",
            token().without_claim("azp").claim("client_id", CLIENT_ID).payload_json(),
        ),
        ("accepted_azp_before_client_id", token().claim("client_id", "x").payload_json()),
        ("accepted_jti", minimal("jti", r#""a""#)),
        (
            "accepted_escapes",
            token()
                .payload_json()
                .replace("https:", r"https\u003a")
                .replace("read:", r"re\u0061d:"),
        ),
        ("accepted_scope_spaces", minimal("scope", r#""  a  b ""#)),
        ("accepted_scope_number", minimal("scope", "1")),
        ("accepted_scope_array", minimal("scope", r#"["a","","b c","\u0061 b"]"#)),
        ("accepted_scope_mixed", minimal("scope", r#"["a",1]"#)),
        ("accepted_roles", minimal("realm_access", r#"{"x":1,"roles":["a","b c",""]}"#)),
        ("accepted_roles_escaped", minimal("realm\\u005faccess", r#"{"r\u006fles":"a b"}"#)),
        ("accepted_roles_in_array", minimal("realm_access", r#"[{"roles":["a"]}]"#)),
        ("accepted_roles_repeated", minimal("realm_access", r#"{"roles":[],"roles":["a"]}"#)),
        ("accepted_permissions_mixed", minimal("permissions", r#"["a",1]"#)),
        ("accepted_permissions_strings", minimal("permissions", r#"["","a","\"","b,",",","\\"]"#)),
        (
            "accepted_spaces",
            format!(
                "{{ \"iss\" :\t\"{ISSUER}\",\n\"aud\":[\"b\" ,\r\"{AUDIENCE}\" ], \"exp\": 9 }}\n"
            ),
        ),
        ("nbf_never", minimal("nbf", "1e300")),
        ("nbf_after_exp", minimal("nbf", "1750009999")),
        ("exp_milliseconds", token().claim("exp", 1_750_086_400_000_u64).payload_json()),
        ("exp_negative", token().claim("exp", -1).payload_json()),
        ("exp_string", token().claim("exp", "1750086400").payload_json()),
        ("exp_null", token().claim("exp", Value::Null).payload_json()),
        ("exp_missing", token().without_claim("exp").payload_json()),
        ("iss_missing", token().without_claim("iss").payload_json()),
        ("iss_array", token().issuer(json!([ISSUER])).payload_json()),
        ("iss_without_slash", token().issuer(ISSUER.trim_end_matches('/')).payload_json()),
        ("aud_missing", token().without_claim("aud").payload_json()),
        ("aud_other", token().audience("another audience, not quite").payload_json()),
        ("aud_without_slash", token().audience(AUDIENCE.trim_end_matches('/')).payload_json()),
        ("aud_with_more", token().audience(json!(["", format!("{AUDIENCE}v1")])).payload_json()),
        ("aud_empty", token().audience(json!([])).payload_json()),
        ("aud_mixed", token().audience(json!([AUDIENCE, 1])).payload_json()),
        ("aud_object", token().audience(json!({})).payload_json()),
        ("aud_twice", minimal("aud", "1")),
        ("accepted_azp_other", token().claim("azp", "other").payload_json()),
        ("azp_null", token().claim("azp", Value::Null).payload_json()),
        ("sub_number", token().subject(1).payload_json()),
        ("jti_object", token().claim("jti", json!({})).payload_json()),
        ("iat_string", token().claim("iat", "now").payload_json()),
        ("nbf_true", minimal("nbf", "true")),
        ("client_id_array", minimal("client_id", "[]")),
        ("cnf_string", minimal("cnf", r#""""#)),
        ("number_lookalike", minimal("nbf", r#"{"$serde_json::private::Number":"1"}"#)),
        ("empty", String::new()),
        ("array", format!(r#"["{ISSUER}"]"#)),
        ("truncated", minimal("a", "1").replace('}', "")),
    ];
    let mut seeds: Vec<(&str, Vec<u8>)> =
        texts.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    let [front, back] = [r#"{"a":""#, r#""}"#].map(str::as_bytes);
    seeds.push(("not_utf8", [front, &[0xc0, 0x80], back].concat()));
    seeds
}

pub fn unsigned() -> Vec<(&'static str, Vec<u8>)> {
    let named = || token().header("kid", THROWN_AWAY_KID);
    vec![
        ("signed_by_another", named().mint().into_bytes()),
        ("another_kid", token().mint().into_bytes()),
        ("without_kid", token().without_header("kid").mint().into_bytes()),
        ("alg_none", named().header("alg", "none").signature_segment("").mint().into_bytes()),
        ("alg_es256", named().header("alg", "ES256").mint().into_bytes()),
        ("signature_empty", named().signature_segment("").mint().into_bytes()),
        ("signature_zeros", named().signature([0; 256]).mint().into_bytes()),
        ("signature_one", named().signature(one()).mint().into_bytes()),
        ("signature_ones", named().signature([0xff; 256]).mint().into_bytes()),
        ("signature_short", named().signature([1; 255]).mint().into_bytes()),
        ("signature_long", named().signature([1; 257]).mint().into_bytes()),
        ("signature_too_long", named().signature([1; 1025]).mint().into_bytes()),
        ("signature_padded", named().signature_segment("AA==").mint().into_bytes()),
        ("signature_and_payload_as_bytes", [vec![0x11; 256], b"{}".to_vec()].concat()),
        ("padded_hash_as_signature", padded()),
    ]
}

fn one() -> [u8; 256] {
    let mut number = [0; 256];
    number[255] = 1;
    number
}

/// The padded hash itself, in place of the signature that yields it. RFC 8017 section 9.2, with a hash
/// of zeros.
fn padded() -> Vec<u8> {
    let sha256 = [
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        0x05, 0x00, 0x04, 0x20,
    ];
    [&[0, 1], [0xff; 202].as_slice(), &[0], &sha256, &[0; 32]].concat()
}

/// Inputs as `explain_verdict` reads them: a byte that says what the rest is, then the rest.
pub fn explained() -> Vec<(&'static str, Vec<u8>)> {
    let of = |kind: u8, rest: &[u8]| [&[kind], rest].concat();
    let text = |token: TokenBuilder| of(0, token.mint().as_bytes());
    let request = |value: &str| of(4, value.replace("TOKEN", &token().mint()).as_bytes());
    let header = |json: &str| of(2, json.as_bytes());
    let payload = |members: &str| {
        let claims =
            format!(r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","exp":1750000001{members}}}"#);
        of(3, claims.as_bytes())
    };
    let kid = "tokenring-test-key-eddsa";
    vec![
        ("accepted_token", text(token())),
        ("accepted_script", of(1, &[1])),
        ("accepted_header", header(&format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#))),
        ("accepted_payload", payload("")),
        ("accepted_request", request("Bearer TOKEN")),
        ("accepted_for_client", payload(&format!(r#","azp":"{CLIENT_ID}","token_use":"access""#))),
        ("nothing", Vec::new()),
        ("expired", text(token().expires_at(NOW))),
        ("forged", text(token().forged_by(&TestKey::attacker()))),
        ("opaque", of(0, b"2YotnFZFEjr1zCsicMWpAA")),
        ("five_segments", of(0, b"a.b.c.d.e")),
        ("not_base64url", of(0, b"!!.??.**")),
        ("hs256", header(r#"{"alg":"HS256","typ":"JWT"}"#)),
        ("logout_token", header(&format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"logout+jwt"}}"#))),
        ("expired_for_another", text(token().audience("other").expires_at(NOW))),
        ("unknown_kid", header(r#"{"alg":"EdDSA","kid":"\u202e\u001b[31m"}"#)),
        ("graph", text(token().header("nonce", "n").signature([7; 256]))),
        ("other_issuer", of(3, br#"{"iss":"https://other.example","aud":["other"],"exp":1}"#)),
        ("entra", of(3, br#"{"iss":"https://sts.windows.net/8d3a/","aud":"api://8d3a","exp":1}"#)),
        ("mistyped", payload(r#","nbf":"1","azp":1,"cnf":[],"jti":null,"iat":{}"#)),
        ("exp_twice", payload(r#","exp":1"#)),
        ("name_with_escapes", payload(r#","a\"\\\n":1,"exp":"1""#)),
        ("milliseconds", of(3, br#"{"exp":1750000001000,"aud":"a"}"#)),
        ("bearer_twice", request("Bearer Bearer TOKEN")),
        ("quoted", request("Bearer \"TOKEN\"")),
        ("line_break", request("Bearer TOKEN\r\n")),
        ("null", request("Bearer null")),
        ("basic", request("Basic dXNlcjpwdw==")),
    ]
}

/// Edit scripts as `mutate_signed` reads them.
pub fn scripts() -> Vec<(&'static str, Vec<u8>)> {
    let last = |which: usize| u16::try_from(crate::SIGNED[which].len() - 1).unwrap().to_le_bytes();
    let [low, high] = last(0);
    vec![
        ("accepted_first", vec![0]),
        ("accepted_second", vec![1]),
        ("accepted_third", vec![2]),
        ("accepted_fourth", vec![3]),
        ("accepted_changed_and_back", vec![0, 1, 10, 0, 1, 1, 10, 0, 1]),
        ("accepted_inserted_and_deleted", vec![1, 3, 5, 0, b'x', 4, 5, 0, 1]),
        ("accepted_rebuilt_of_segments", vec![0, 6, 0, 0, 3, 0, 6, 1, 0, 3, 1, 6, 2, 0, 3, 2]),
        ("header_of_another", vec![0, 6, 0, 0, 1, 0]),
        ("payload_of_another", vec![0, 6, 1, 0, 3, 1]),
        ("signature_of_another", vec![0, 6, 2, 0, 3, 2]),
        ("header_as_payload", vec![0, 6, 0, 0, 0, 1]),
        ("last_symbol", vec![0, 2, low, high, 17]),
        ("last_symbol_gone", vec![0, 4, low, high, 1]),
        ("first_period_gone", vec![0, 4, 0, 0, 255, 5, 100, 0]),
        ("padding", vec![0, 8, low.wrapping_add(1), high, 0, b'=', b'=']),
        ("space_behind", vec![0, 8, low.wrapping_add(1), high, 0, b' ']),
        ("line_feed_in_front", vec![0, 3, 0, 0, b'\n']),
        ("byte_order_mark", vec![0, 8, 0, 0, 0, 0xef, 0xbb, 0xbf]),
        ("not_utf8", vec![2, 0, 3, 0, 0xff]),
        ("stretch_of_another", vec![0, 7, 200, 0, 3, 64]),
        ("fourth_segment", vec![0, 8, low.wrapping_add(1), high, 0, b'.', b'A', b'A']),
        ("no_signature", vec![0, 4, low.wrapping_sub(100), high, 200]),
        ("alg_none", [vec![0, 8, 0, 0, 20], b"eyJhbGciOiJub25lIn0".to_vec()].concat()),
    ]
}

/// `Authorization` values as `bearer_values` reads them.
pub fn authorization() -> Vec<(&'static str, Vec<u8>)> {
    let longest = format!("Bearer {}", "a".repeat(16_384));
    let texts = vec![
        ("accepted_as_usual", "Bearer TOKEN"),
        ("accepted_lower_case", "bearer TOKEN"),
        ("accepted_mixed_case", "bEaReR TOKEN"),
        ("accepted_spaces", "Bearer    TOKEN"),
        ("nothing", ""),
        ("empty_value", " "),
        ("two_values", "Bearer TOKEN\0Bearer TOKEN"),
        ("empty_second_value", "Bearer TOKEN\0"),
        ("scheme_alone", "Bearer"),
        ("no_token", "Bearer "),
        ("basic", "Basic TOKEN"),
        ("no_space", "BearerTOKEN"),
        ("tab", "Bearer\tTOKEN"),
        ("space_in_front", " Bearer TOKEN"),
        ("space_behind", "Bearer TOKEN "),
        ("tab_before_token", "Bearer \tTOKEN"),
        ("comma", "Bearer TOKEN,"),
        ("two_tokens", "Bearer TOKEN TOKEN"),
        ("padding", "Bearer TOKEN=="),
        ("padding_alone", "Bearer =="),
        ("padding_within", "Bearer a=b"),
        ("every_character", "Bearer azAZ09-._~+/="),
        ("quoted", "Bearer \"TOKEN\""),
        ("line_break", "Bearer TOKEN\r\n"),
        ("not_ascii", "Bearer TOKEN\u{e9}"),
        ("kelvin_sign", "Bearer \u{212a}"),
        ("longest", &longest),
    ];
    let mut seeds: Vec<(&str, Vec<u8>)> =
        texts.into_iter().map(|(name, text)| (name, text.into())).collect();
    seeds.push(("too_long", format!("{longest}a").into()));
    seeds.push(("too_long_spaces", format!("Bearer {}TOKEN", " ".repeat(16_384)).into()));
    seeds.push(("not_utf8", b"Bearer TOKEN\xff".to_vec()));
    seeds
}

/// Segments as `base64url_decode` reads them.
pub fn segments() -> Vec<(&'static str, Vec<u8>)> {
    let signed = Issuer::for_algorithm(ISSUER, Algorithm::EdDSA).token_at(NOW);
    let signed = signed.payload_segment("e30").mint();
    let signature = signed.rsplit('.').next().expect("a signature").to_owned();
    let alphabet = || (0..64).map(|byte| char::from(tokens::ALPHABET[byte]));
    let texts = vec![
        ("accepted_empty", String::new()),
        ("accepted_one_byte", "AA".into()),
        ("accepted_two_bytes", "AAA".into()),
        ("accepted_three_bytes", "AAAA".into()),
        ("accepted_alphabet", alphabet().collect()),
        ("accepted_alphabet_reversed", alphabet().rev().collect()),
        ("accepted_signature", signature.clone()),
        ("accepted_zeros", "A".repeat(86)),
        ("accepted_longest_signature", "A".repeat(1366)),
        ("accepted_too_long_for_a_signature", "A".repeat(1368)),
        ("accepted_long", "_-".repeat(6000)),
        ("one_character", "A".into()),
        ("five_characters", "AAAAA".into()),
        ("spare_bits_of_two", "AB".into()),
        ("spare_bits_of_three", "AAB".into()),
        ("spare_bits_behind_eight", "AAAAAAAAAB".into()),
        ("padded", "AA==".into()),
        ("padding_alone", "=".into()),
        ("standard_plus", "AA+A".into()),
        ("standard_slash", "AAAAAAA/AAAA".into()),
        ("space_within", "AA AA".into()),
        ("line_feed_behind", "AAAA\n".into()),
        ("nul", "AAA\0".into()),
        ("not_ascii", "AA\u{e9}".into()),
        ("last_of_eight", "AAAAAAA!".into()),
        ("period", "AA.A".into()),
        ("two_periods", "..".into()),
        ("accepted_too_long_for_a_token", "A".repeat(16_384)),
        ("signature_other_last", signature[..85].to_owned() + "_"),
    ];
    texts.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}

/// Inputs as `several_issuers` reads them.
pub fn of_two_issuers() -> Vec<(&'static str, Vec<u8>)> {
    let of = |kind: u8, rest: String| [&[kind], rest.as_bytes()].concat();
    let claims =
        |issuer: &str| format!(r#"{{"iss":"{issuer}","aud":"{AUDIENCE}","exp":1750000001}}"#);
    let past = |issuer: &str| claims(issuer).replace("1750000001", "1749999990");
    let header = r#"{"alg":"EdDSA","kid":"kid"}"#;
    vec![
        ("accepted_first", of(0, claims(ISSUER))),
        ("accepted_second", of(1, claims(OTHER_ISSUER))),
        ("accepted_second_within_leeway", of(1, past(OTHER_ISSUER))),
        ("accepted_escapes", of(1, claims(&OTHER_ISSUER.replace("https", r"\u0068ttps")))),
        ("accepted_header_first", of(4, header.into())),
        ("accepted_header_second", of(5, header.into())),
        ("accepted_second_cnf", of(1, claims(OTHER_ISSUER).replace('}', r#","cnf":{}}"#))),
        ("accepted_second_audience", of(1, claims(OTHER_ISSUER).replace(AUDIENCE, "other"))),
        ("accepted_key_of_tenant", of(3, claims(OTHER_ISSUER).replace('}', r#","tid":"other"}"#))),
        ("key_of_other_tenant", of(3, claims(OTHER_ISSUER).replace('}', r#","tid":"x"}"#))),
        ("key_of_no_tenant", of(3, claims(OTHER_ISSUER))),
        ("key_of_first", of(2, claims(OTHER_ISSUER))),
        ("key_of_first_for_first", of(2, claims(ISSUER))),
        ("first_audience_of_second", of(0, claims(ISSUER).replace(AUDIENCE, "other"))),
        ("no_kid_of_second", of(5, r#"{"alg":"EdDSA"}"#.into())),
        ("accepted_no_kid_of_first", of(4, r#"{"alg":"EdDSA","typ":"application/AT+jwt"}"#.into())),
        ("typ_of_first", of(4, r#"{"alg":"EdDSA","kid":"kid","typ":"logout+jwt"}"#.into())),
        ("accepted_large_number", of(0, claims(ISSUER).replace('}', r#","a":1.75e98}"#))),
        ("nothing", Vec::new()),
        ("first_cnf", of(0, claims(ISSUER).replace('}', r#","cnf":{}}"#))),
        ("first_expired", of(0, past(ISSUER))),
        ("first_signed_by_second", of(1, claims(ISSUER))),
        ("second_signed_by_first", of(0, claims(OTHER_ISSUER))),
        ("third", of(0, claims("https://third.example/"))),
        ("first_without_slash", of(0, claims(ISSUER.trim_end_matches('/')))),
        ("iss_twice", of(0, claims(ISSUER).replace('}', &format!(r#","iss":"{OTHER_ISSUER}"}}"#)))),
        ("iss_array", of(0, format!(r#"{{"iss":["{ISSUER}"]}}"#))),
        ("iss_missing", of(0, "{}".into())),
        ("iss_null", of(0, r#"{"iss":null}"#.into())),
        ("empty_payload", of(1, String::new())),
        ("not_json", of(0, "iss".into())),
        ("not_utf8", vec![0, b'{', 0xff]),
        ("algorithm_of_second_alone", of(4, r#"{"alg":"RS256","kid":"kid"}"#.into())),
        ("algorithm_of_second", of(5, r#"{"alg":"RS256","kid":"kid"}"#.into())),
        ("other_kid", of(4, r#"{"alg":"EdDSA","kid":"other"}"#.into())),
        ("payload_not_base64url", of(8, "eyJhbGciOiJFZERTQSJ9.e30=.AA".into())),
        ("two_segments", of(8, "eyJhbGciOiJFZERTQSJ9.e30".into())),
    ]
}

/// Scripts as `cache_changes_nothing` reads them: the size of the cache, then operations with their
/// arguments. Operation 0 sets the time, 1 and 2 set keys, 3 verifies a token.
pub fn histories() -> Vec<(&'static str, Vec<u8>)> {
    let history = |operations: &[[u8; 2]]| [&[0], operations.concat().as_slice()].concat();
    // The argument of an operation on keys is the set's number plus two.
    let twice = |between: &[[u8; 2]]| {
        let after = [[1, 2], [0, 0], [3, 0]];
        history(&[&[[3, 0], [3, 0]], between, &[[3, 0]], &after].concat())
    };
    let all: Vec<[u8; 2]> = (0..3).flat_map(|_| (0..13).map(|token| [3, token])).collect();
    vec![
        ("accepted_twice", twice(&[])),
        ("accepted_then_expired", twice(&[[0, 4]])),
        ("accepted_then_before_nbf", history(&[[1, 2], [0, 2], [3, 5], [3, 5], [0, 0], [3, 5]])),
        ("accepted_then_key_withdrawn", twice(&[[1, 10]])),
        ("accepted_then_key_replaced", twice(&[[1, 5]])),
        ("accepted_then_ambiguous", twice(&[[1, 6]])),
        ("accepted_then_renamed", twice(&[[1, 7]])),
        ("accepted_then_of_other_issuer", twice(&[[1, 8]])),
        ("accepted_then_burnt", twice(&[[1, 9]])),
        ("accepted_then_busy", twice(&[[1, 0]])),
        ("accepted_then_unavailable", twice(&[[1, 1]])),
        ("accepted_then_without_alg", history(&[[3, 1], [3, 1], [1, 3], [3, 1], [3, 2], [3, 1]])),
        ("accepted_then_for_pss", history(&[[3, 1], [3, 1], [1, 4], [3, 1], [3, 2], [3, 2]])),
        (
            "accepted_other_issuer",
            history(&[[3, 3], [3, 3], [2, 10], [3, 3], [1, 10], [2, 2], [3, 3]]),
        ),
        ("accepted_all_with_little_room", history(&all)),
        ("accepted_all_with_more_room", [&[3], all.concat().as_slice()].concat()),
        ("accepted_then_other_text", history(&[[3, 0], [3, 0], [3, 10], [3, 11], [3, 12]])),
        ("accepted_too_long_to_keep", history(&[[3, 7], [3, 7], [1, 10], [3, 7]])),
        ("nothing", Vec::new()),
        ("once", history(&[[3, 0]])),
        ("forged_twice", history(&[[3, 8], [3, 8], [3, 10], [3, 10]])),
        ("no_keys", history(&[[1, 10], [3, 0], [3, 0]])),
    ]
}

/// Scripts as `remote_keys` reads them: seven bytes of settings, then operations and their arguments.
pub fn lookups() -> Vec<(&'static str, Vec<u8>)> {
    let script = |operations: &[&[u8]]| [&[0; 7], operations.concat().as_slice()].concat();
    // The settings: discovery, `ttl`, `stale_cap`, cool-down, time-out, `max_waiting`, the seed.
    let with = |setting: usize, value: u8, operations: &[&[u8]]| {
        let mut script = script(operations);
        script[setting] = value;
        script
    };
    // A blocking lookup of `a` or `b`. The issuer's answers follow each: a set or an error.
    let (a, b, a_async, b_async) = ([2, 0], [2, 1], [0, 0], [0, 1]);
    let (set_a, set_ab, set_bc, burns_a, none, error, panics) =
        ([5], [6], [7], [13], [0], [27], [23]);
    let (release, poll, refresh, prime) = ([9, 0], [11], [14], [13]);
    // Steps to the time at which a refresh is due, to the `ttl`, and to the `stale_cap`.
    let (due, ttl, stale_cap, back_off) = ([5, 9], [5, 12], [5, 15], [5, 0]);
    vec![
        ("accepted_first_lookup", script(&[&a, &set_a])),
        ("accepted_new_kid", script(&[&a, &set_a, &b, &set_ab])),
        ("accepted_unknown_kid_twice", script(&[&a, &set_a, &b, &set_a, &b])),
        ("accepted_refresh_due", script(&[&a, &set_a, &due, &a_async, &release, &set_ab, &b])),
        ("accepted_withdrawn_at_ttl", script(&[&a, &set_a, &ttl, &a, &set_bc, &a])),
        ("accepted_stale", script(&[&a, &set_a, &ttl, &a, &error, &a, &back_off, &a])),
        (
            "accepted_then_dead",
            script(&[&a, &set_a, &stale_cap, &a, &error, &back_off, &a, &set_a]),
        ),
        ("accepted_dead_at_ttl", with(2, 1, &[&a, &set_a, &ttl, &a, &error])),
        (
            "accepted_futures",
            script(&[
                &a_async, &b_async, &a_async, &release, &set_a, &poll, &release, &set_ab, &poll,
            ]),
        ),
        ("accepted_too_many_wait", with(5, 1, &[&a_async, &b_async, &release, &set_ab, &poll])),
        ("accepted_burnt", script(&[&a, &set_ab, &refresh, &burns_a, &burns_a, &a, &set_ab, &b])),
        ("accepted_nothing_usable", script(&[&a, &set_a, &refresh, &none, &none, &ttl, &a, &none])),
        ("accepted_late", script(&[&a_async, &[5, 9], &a, &set_a, &release, &set_a, &a, &set_a])),
        ("accepted_wall_back", script(&[&a, &set_a, &[8, 7], &refresh, &none, &none, &[8, 6], &a])),
        ("accepted_seed", with(6, 160 + 5, &[&a])),
        ("accepted_old_seed", with(6, 192 + 5, &[&a, &error, &a])),
        ("accepted_metadata", with(0, 1, &[&a, &set_a, &[0, 0]])),
        ("accepted_metadata_of_oauth", with(0, 1, &[&a, &set_a, &[15, 5]])),
        (
            "accepted_known_jwks_uri",
            with(0, 1, &[&a, &set_a, &[0, 0], &refresh, &error, &[0, 0], &set_a, &[28, 0], &a]),
        ),
        ("accepted_after_panic", script(&[&a, &panics, &back_off, &prime, &set_a, &a])),
        ("nothing", Vec::new()),
        ("outage", script(&[&a, &error, &a, &back_off, &a, &error])),
        // These reach the longest back-off, without keys and with them.
        ("long_outage", script(&[[2, 0, 27].as_slice(), &[5, 0, 2, 0, 27].repeat(9)])),
        (
            "accepted_long_outage",
            script(&[[2, 0, 5, 5, 12, 2, 0, 27].as_slice(), &[5, 0, 2, 0, 27].repeat(12)]),
        ),
        ("other_issuers_metadata", with(0, 1, &[&a, &set_a, &[11, 0]])),
        (
            "command_while_a_late_attempt_is_held",
            vec![1, 0, 0, 0, 0, 0, 181, 0, 246, 6, 81, 14, 25, 28, 28, 22, 2, 0],
        ),
        (
            "accepted_calls_one_after_the_other_while_an_attempt_is_held",
            vec![
                0, 0, 0, 87, 255, 255, 255, 98, 7, 0, 0, 0, 134, 130, 179, 179, 179, 50, 179, 179,
                179, 126, 0, 33, 0,
            ],
        ),
        ("dead_seed", with(6, 224 + 5, &[&a, &error])),
        ("seed_without_keys", with(6, 160, &[&a])),
    ]
}

/// An `htu`, NUL, and a target.
pub fn uris() -> Vec<(&'static str, Vec<u8>)> {
    let seeds = [
        ("accepted_equal", "https://example.com/a\0/a"),
        ("accepted_case_and_port", "HTTPS://EXAMPLE.com:443/%7ea?b#c\0/~a?d"),
        ("accepted_dots", "https://example.com/a/./b/%2E./c//..\0/a/c/"),
        ("accepted_empty_path", "https://ex%41mple.com:\0/?"),
        ("accepted_whole", "https://example.com/a%2fb\0https://example.com/a%2Fb?c"),
        ("accepted_second", "!http://[2001:DB8:0::1]:08080/v1/a\0/a"),
        ("accepted_under_prefix", "!http://[2001:db8::1]:8080/v1/b\0/a/%2e%2E/b"),
        ("accepted_browser", "https://example.com/[a|b]^:@!$&'()*+,;=\0/[a|b]^:@!$&'()*+,;="),
        ("scheme", "http://example.com/a\0/a"),
        ("host", "https://example.org/a\0/a"),
        ("port", "https://example.com:8443/a\0/a"),
        ("path", "https://example.com/a//b\0/a/b"),
        ("prefix", "!http://[2001:db8::1]:8080/a\0/a"),
        ("user_information", "https://a@example.com/a\0/a"),
        ("no_host", "https:///a\0/a"),
        ("malformed_port", "https://example.com:65536/a\0/a"),
        ("malformed_escape", "https://example.com/%2\0/%2"),
        ("malformed_address", "https://[::g]/a\0/a"),
        ("malformed_path", "https://example.com/<\0/<"),
        ("not_ascii", "https://example.com/\u{e9}\0/\u{e9}"),
        ("relative", "/a\0/a"),
        ("asterisk", "https://example.com/\0*"),
        ("other_origin", "https://example.com/a\0https://example.org/a"),
        ("out_of_prefix", "!http://[2001:db8::1]:8080/a\0/../a"),
        ("out_of_prefix_and_back", "!http://[2001:db8::1]:8080/v1/a\0/.%2e/v1/a"),
        ("other_prefix", "!http://[2001:db8::1]:8080/v10\0http://[2001:db8::1]:8080/v10"),
        ("request_escape", "https://example.com/a\0/%"),
        ("fragment", "https://example.com/a\0https://example.com/a#b"),
    ];
    seeds.into_iter().map(|(name, text)| (name, text.as_bytes().to_vec())).collect()
}

/// The clock and the capacity, then triples: a proof, its life, a step of the clock.
pub fn used_proofs() -> Vec<(&'static str, Vec<u8>)> {
    // Fills a memory with `count` proofs.
    let many = |first: u8, count: u8, rest: &[u8]| {
        let fill = (0..count).flat_map(|proof| [proof, 32, 0]);
        std::iter::once(first).chain(fill).chain(rest.iter().copied()).collect()
    };
    vec![
        ("accepted_full", vec![0, 1, 5, 0, 2, 5, 1, 2, 5, 9]),
        ("accepted_large", many(126, 64, &[65, 32, 0, 66, 32, 15, 67, 32, 15, 68, 32, 15])),
        ("accepted_clock_goes_back", vec![1, 1, 9, 50, 2, 9, 50, 2, 9, 90]),
        ("empty", vec![]),
        ("replayed", vec![8, 1, 9, 0, 1, 9, 0, 1, 9, 9]),
        ("too_late", vec![8, 1, 2, 0, 1, 0, 0]),
        ("dropped", vec![1, 1, 9, 50, 2, 9, 90, 1, 18, 41]),
        ("grows", many(250, 120, &[])),
        // The first call is ahead, then come two at 10, which end at 17, and two at 100.
        (
            "accepted_clock_was_ahead",
            vec![5, 1, 9, 200, 2, 9, 10, 3, 9, 10, 4, 9, 10, 5, 9, 100, 6, 9, 100, 7, 9, 100],
        ),
    ]
}

/// The key, then operations with three arguments each, as `dpop_proof` reads them.
pub fn proofs() -> Vec<(&'static str, Vec<u8>)> {
    let script =
        |key: u8, operations: &[[u8; 4]]| [&[key], operations.concat().as_slice()].concat();
    let of_first = |operations: &[[u8; 4]]| script(0, operations);
    // A member gets a JSON text.
    let with = |part: u8, name: u8, text: &str| {
        let length = text.len().try_into().expect("a short text");
        [&[0, 1, part, name, length], text.as_bytes()].concat()
    };
    let send = [0; 4];
    vec![
        ("accepted_es256", of_first(&[])),
        ("accepted_eddsa", script(1, &[])),
        ("accepted_es384", script(2, &[])),
        ("accepted_ps256", script(3, &[])),
        ("accepted_once", of_first(&[send, send])),
        ("accepted_twice_with_other_jti", of_first(&[send, [6, 4, 12, 0], send])),
        ("accepted_name_of_ed25519", script(1, &[[4, 1, 11, 0]])),
        ("accepted_later_and_again", of_first(&[send, [12, 20, 0, 0], send, [3, 0, 0, 0]])),
        ("accepted_nonce", of_first(&[[13, 2, 5, 0]])),
        ("accepted_old_nonce", of_first(&[[13, 2, 3, 0]])),
        ("accepted_with_certificate", of_first(&[[7, 1, 7, 0], [17, 1, 0, 0]])),
        ("accepted_second_service", script(1, &[[17, 0, 0, 1], [6, 1, 7, 0]])),
        ("accepted_last_second", of_first(&[[3, 0, 18, 0]])),
        ("accepted_ignored_members", of_first(&[[4, 3, 19, 0], [5, 9, 41, 0], [6, 8, 33, 0]])),
        ("accepted_fields", with(0, 13, r#"{"a":[1.5e3,"\u00e9"]}"#)),
        ("rs256", script(4, &[])),
        ("other_key", of_first(&[[2, 5, 0, 0]])),
        ("forged", of_first(&[[2, 5, 1, 0]])),
        ("private", of_first(&[[5, 11, 100, 0]])),
        ("typ", of_first(&[[4, 0, 4, 0]])),
        ("none", of_first(&[[4, 1, 6, 0]])),
        ("no_jwk", of_first(&[[8, 2, 0, 0]])),
        ("crit", of_first(&[[4, 6, 22, 0]])),
        ("repeated_alg", of_first(&[[8, 12, 8, 1]])),
        ("low_order", script(1, &[[5, 2, 25, 0], [16, 0, 0, 0]])),
        ("modulus", script(3, &[[5, 4, 31, 0], [16, 0, 0, 0]])),
        ("not_on_curve", of_first(&[[5, 2, 27, 0], [16, 0, 0, 0]])),
        ("method", of_first(&[[14, 1, 0, 0]])),
        ("target", of_first(&[[14, 0, 2, 0]])),
        ("token", of_first(&[[15, 0, 1, 0]])),
        ("two_fields", of_first(&[[15, 2, 0, 0]])),
        ("a_part_too_old", of_first(&[[3, 0, 19, 3]])),
        ("a_part_too_new", of_first(&[[3, 0, 10, 2]])),
        ("expired", of_first(&[[3, 1, 0, 0]])),
        ("not_yet_valid", of_first(&[[3, 2, 1, 0]])),
        ("no_nonce", of_first(&[[13, 1, 0, 0]])),
        ("stale_nonce", of_first(&[[13, 2, 2, 0]])),
        ("nonce_of_other_secret", of_first(&[[13, 2, 5, 7]])),
        ("no_certificate", of_first(&[[7, 1, 7, 0]])),
        ("not_bound", of_first(&[[11, 0, 0, 0], [7, 1, 7, 0], [17, 1, 0, 0]])),
        ("cnf_is_empty", of_first(&[[11, 0, 0, 0]])),
        ("cnf_mistyped", of_first(&[[7, 0, 14, 0]])),
        ("edited", of_first(&[[18, 5, 200, 9]])),
        ("padded", of_first(&[[18, 8, 255, b'=']])),
        ("long_header", of_first(&[[18, 3, 0, 90]])),
        ("huge_iat", with(2, 3, "1e400")),
    ]
}
