//! JSON Web Token: the Claims Set and the registered claims. RFC 7519.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use tokenring::{
    JsonError, PolicyError, UnixTime, Verified, Verifier, VerifyError,
    testkit::{AUDIENCE, ISSUER},
};

use crate::common::{
    CLAIMS, HEADER, NOW, claims_and, claims_with, issuer, outcome, policy, signed, token, verifier,
    verifier_of, verify,
};

/// The verdict on a token that is good except for its payload.
fn with_payload(payload: impl Into<Vec<u8>>) -> Result<(), VerifyError> {
    outcome(&signed(HEADER, payload))
}

/// The verdict on a good token in which the claim `name` has the JSON text `value`.
fn with_claim(name: &str, value: &str) -> Result<(), VerifyError> {
    with_payload(claims_with(name, value))
}

fn with_claim_at(name: &str, value: &str, now: u64) -> Result<(), VerifyError> {
    let token = signed(HEADER, claims_with(name, value));
    verifier().verify_at(&token, UnixTime::from_secs(now)).map(|_| ())
}

fn with_leeway(name: &str, value: u64, leeway: u64, now: u64) -> Result<(), VerifyError> {
    let token = signed(HEADER, claims_with(name, &value.to_string()));
    let verifier = verifier_of(policy().leeway(Duration::from_secs(leeway)));
    verifier.verify_at(&token, UnixTime::from_secs(now)).map(|_| ())
}

fn verified(payload: &str) -> Verified {
    verify(&signed(HEADER, payload)).unwrap()
}

/// JSON values that are not strings.
const NO_STRINGS: [&str; 8] =
    ["null", "true", "false", "0", "1.5", "[]", "{}", r#"{"$serde_json::private::Number":"1"}"#];

/// JSON values that are not numbers.
const NO_NUMBERS: [&str; 12] = [
    "null",
    "true",
    "\"\"",
    r#""1780086400""#,
    "[]",
    "[1780086400]",
    "{}",
    r#"{"$serde_json::private::Number":"1780086400"}"#,
    r#"{"$serde_json::private::Number":1780086400}"#,
    r#"{"\u0024serde_json::private::Number":"1780086400"}"#,
    r#"{"$serde_json::private::RawValue":"1780086400"}"#,
    r#"{"$serde_json::private::Number":"1780086400","x":1}"#,
];

// Section 7.2, step 10: the payload is a JSON object; section 4: its names are unique.

#[test]
fn payload_that_is_not_an_object_is_refused() {
    let [iss, aud, exp] = CLAIMS.map(|(_, value)| value);
    let good = claims_with("x", "1");
    let cases = [
        // A derived deserializer of `struct Claims { iss, aud, exp }` would accept this.
        ("the claims' values in their order", format!("[{iss},{aud},{exp}]")),
        ("array around the claims", format!("[{good}]")),
        ("claims as a string", Value::from(good).to_string()),
        ("empty array", "[]".into()),
        ("empty string", "\"\"".into()),
        ("null", "null".into()),
        ("false", "false".into()),
        ("integer", "1780086400".into()),
        ("negative number", "-0".into()),
        ("fraction", "1.5e9".into()),
        ("huge integer", "1".repeat(300)),
    ];
    for (what, payload) in cases {
        assert_eq!(
            with_payload(payload),
            Err(VerifyError::PayloadJson(JsonError::NotObject)),
            "{what}"
        );
    }
}

#[test]
fn payload_that_is_not_one_json_text_is_refused() {
    let good = claims_with("x", "1");
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("white space only", b"\n".into()),
        ("binary", vec![1, 2, 3]),
        ("letter after it", format!("{good}x").into()),
        ("object after it", format!("{good}{{}}").into()),
        ("NUL after it", format!("{good}\0").into()),
        ("byte order mark", format!("\u{feff}{good}").into()),
        ("UTF-16LE", good.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("nested token", token().mint().into()),
        ("not closed", good.trim_end_matches('}').into()),
        ("comma at the end", claims_and("").into()),
        ("comment", claims_and(r#"/**/"x":1"#).into()),
        ("NaN", claims_and(r#""x":NaN"#).into()),
        ("exp is NaN", claims_with("exp", "NaN").into()),
        ("exp is Infinity", claims_with("exp", "Infinity").into()),
        ("exp has a leading zero", claims_with("exp", "01780086400").into()),
        ("exp has a plus", claims_with("exp", "+1780086400").into()),
        ("exp is hexadecimal", claims_with("exp", "0x7fffffff").into()),
        ("exp is not a finite number", claims_with("exp", "1e400").into()),
        ("exp is not a finite number, negative", claims_with("exp", "-1e400").into()),
        ("exp has 400 digits", claims_with("exp", &"9".repeat(400)).into()),
        ("number out of range in an ignored claim", claims_and(r#""x":[{"y":1e400}]"#).into()),
        ("lone surrogate in an ignored claim", claims_and(r#""x":{"y":"\udc00"}"#).into()),
        ("lone surrogate in a name", claims_and(r#""\ud800":1"#).into()),
        ("lone surrogate in iss", claims_with("iss", r#""https\ud800""#).into()),
        ("control character in an ignored claim", claims_and("\"x\":\"\u{1f}\"").into()),
        ("invalid escape in an ignored claim", claims_and(r#""x":"\'""#).into()),
    ];
    for (what, payload) in cases {
        assert_eq!(
            with_payload(payload),
            Err(VerifyError::PayloadJson(JsonError::Syntax)),
            "{what}"
        );
    }
}

#[test]
fn payload_that_is_not_utf8_is_refused() {
    let good = claims_and(r#""x":["@"]"#);
    let (front, back) = good.split_once('@').unwrap();
    for octets in [b"\xff".as_slice(), b"\xc0\xaf", b"\xed\xa0\x80", b"\xe9", b"\xf4\x90\x80\x80"] {
        assert_eq!(
            with_payload([front.as_bytes(), octets, back.as_bytes()].concat()),
            Err(VerifyError::PayloadJson(JsonError::NotUtf8)),
            "{octets:x?}"
        );
    }
    assert_eq!(
        with_payload([front.as_bytes(), "é😀".as_bytes(), back.as_bytes()].concat()),
        Ok(())
    );
}

#[test]
fn empty_payload_is_refused() {
    assert_eq!(with_payload(""), Err(VerifyError::EmptyPayload));
}

#[test]
fn repeated_claim_is_refused() {
    let repeated = [
        r#""iss":"https://tenant.example.auth0.com/""#,
        r#""iss":"https://attacker.example/""#,
        r#""\u0069ss":"https://tenant.example.auth0.com/""#,
        r#""aud":"https://api.example.com/""#,
        r#""aud":[]"#,
        r#""a\u0075d":"other""#,
        r#""exp":1780086400"#,
        r#""exp":9999999999"#,
        r#""ex\u0070":0"#,
        r#""exp":null"#,
        r#""sub":"a","sub":"a""#,
        r#""sub":"a","s\u0075b":"admin""#,
        r#""nbf":0,"nbf":0"#,
        r#""iat":0,"iat":1"#,
        r#""jti":"a","jti":"b""#,
        r#""azp":"a","azp":"b""#,
        r#""client_id":"a","client_id":"b""#,
        r#""cnf":{},"cnf":{}"#,
        r#""scope":"a","scope":"b""#,
        r#""permissions":[],"permissions":["b"]"#,
        r#""roles":["user"],"roles":["admin"]"#,
        r#""https://a.example/r\u006fles":1,"https://a.example/roles":2"#,
        r#""":1,"":2"#,
        r#""$serde_json::private::Number":1,"$serde_json::private::Number":2"#,
        r#""$serde_json::private::Number":"1","$serde_json::private::Number":"2""#,
        r#""$serde_json::private::RawValue":"1","$serde_json::private::RawValue":"2""#,
    ];
    for members in repeated {
        assert_eq!(
            with_payload(claims_and(members)),
            Err(VerifyError::PayloadJson(JsonError::DuplicateMember)),
            "{members}"
        );
    }
}

/// `count` claims with different names, and then `repeated` as the name of another one.
fn many_claims(count: usize, repeated: Option<&str>) -> String {
    let names = (0..count).map(|index| format!("c{index}"));
    let members: Vec<String> =
        names.chain(repeated.map(str::to_owned)).map(|name| format!(r#""{name}":0"#)).collect();
    claims_and(&members.join(","))
}

#[test]
fn repeated_claim_is_refused_however_many_there_are() {
    // The repeated name may be near the start, near the end, or in the middle.
    for count in [1, 2, 19, 20, 21, 22, 23, 24, 25, 26, 50, 500] {
        assert_eq!(with_payload(many_claims(count, None)), Ok(()), "{count}");
        let last = count - 1;
        for repeated in [0, count / 2, last] {
            for name in [format!("c{repeated}"), format!("\\u0063{repeated}")] {
                assert_eq!(
                    with_payload(many_claims(count, Some(&name))),
                    Err(VerifyError::PayloadJson(JsonError::DuplicateMember)),
                    "{name} again after {count}"
                );
            }
        }
        for name in ["iss", "aud", "e\\u0078p"] {
            assert_eq!(
                with_payload(many_claims(count, Some(name))),
                Err(VerifyError::PayloadJson(JsonError::DuplicateMember)),
                "{name} again after {count}"
            );
        }
    }
}

#[test]
fn claim_after_many_others_is_not_overlooked() {
    assert_eq!(with_payload(many_claims(1000, Some("nbf"))), Ok(()));
    let payload = many_claims(1000, Some("cnf")).replace(r#""cnf":0"#, r#""cnf":{}"#);
    assert_eq!(with_payload(payload), Err(VerifyError::SenderConstrained));
}

#[test]
fn repeated_claim_is_refused_among_as_many_as_a_token_can_hold() {
    // 12 KiB of payload: 1500 names of two letters, or 700 that begin with an escape.
    let letters = || ('a'..='z').chain('A'..='Z');
    let names = letters().flat_map(|first| letters().map(move |second| format!("{first}{second}")));
    let names: Vec<String> = names.collect();
    for (count, escape) in [(1500, "a"), (700, r"\u0061")] {
        let members: Vec<String> = names
            .iter()
            .take(count)
            .map(|name| format!(r#""{}":1"#, name.replacen('a', escape, 1)))
            .collect();
        let members = members.join(",");
        assert_eq!(with_payload(claims_and(&members)), Ok(()), "{count}");
        assert_eq!(
            with_payload(claims_and(&format!(r#"{members},"\u0061b":1"#))),
            Err(VerifyError::PayloadJson(JsonError::DuplicateMember)),
            "{count}"
        );
    }
}

#[test]
fn repeated_member_inside_a_claim_is_left_to_whoever_reads_it() {
    assert_eq!(with_claim("x", r#"{"a":1,"a":2}"#), Ok(()));
}

#[test]
fn payload_of_32_levels_is_accepted_and_one_of_33_is_refused() {
    let too_deep = Err(VerifyError::PayloadJson(JsonError::TooDeep));
    for (more, expected) in [(31, Ok(())), (32, too_deep), (120, too_deep)] {
        for (open, close) in [("[", "]"), (r#"{"":"#, "}"), (r#"[{"a":0,"b":"#, "}]")] {
            let levels = open.matches(['[', '{']).count();
            let times = more / levels;
            let rest = "[".repeat(more - times * levels);
            let value = format!(
                "{}{rest}0{}{}",
                open.repeat(times),
                rest.replace('[', "]"),
                close.repeat(times)
            );
            assert_eq!(with_claim("x", &value), expected, "{more} of {open}");
        }
        // The same in the claims whose strings are kept.
        for claim in ["permissions", "scope"] {
            let value = format!("{}\"a\"{}", "[".repeat(more), "]".repeat(more));
            assert_eq!(with_claim(claim, &value), expected, "{more} in {claim}");
        }
    }
    assert_eq!(with_claim("x", &"[".repeat(11_000)), too_deep);
    assert_eq!(with_claim("x", &r#"{"":"#.repeat(2_500)), too_deep);
    assert_eq!(with_payload("[".repeat(11_000)), too_deep);
}

#[test]
fn object_that_looks_like_a_number_of_serde_json_is_an_object() {
    // With its feature `arbitrary_precision`, serde_json represents numbers as such objects.
    let number = "$serde_json::private::Number";
    let values = [
        format!(r#"{{"{number}":"1"}}"#),
        format!(r#"{{"{number}":"1e400"}}"#),
        format!(r#"{{"{number}":"x"}}"#),
        format!(r#"{{"{number}":1}}"#),
        format!(r#"{{"{number}":null}}"#),
        format!(r#"{{"{number}":{{"{number}":"1"}}}}"#),
        format!(r#"{{"{number}":"\u0031"}}"#),
        format!(r#"{{"{number}":"1","{number}":"2"}}"#),
        format!(r#"{{"x":1,"{number}":"1"}}"#),
        format!(r#"[{{"{number}":"1"}}]"#),
        r#"{"$serde_json::private::RawValue":"{"}"#.to_owned(),
    ];
    for value in &values {
        assert_eq!(with_claim("x", value), Ok(()), "{value}");
        assert_eq!(with_claim(number, value), Ok(()), "{value} as a claim of that name");
        for claim in ["exp", "nbf", "iat", "iss", "aud", "sub"] {
            assert_eq!(with_claim(claim, value), Err(VerifyError::ClaimType { claim }), "{value}");
        }
    }
    // As the first claim.
    let claims = claims_with("x", "1");
    for value in ["\"1\"", "1", "null", "[]", r#""1e999""#] {
        let payload = claims.replacen('{', &format!(r#"{{"{number}":{value},"#), 1);
        assert_eq!(with_payload(payload), Ok(()), "{value}");
    }
    // An invalid number stays invalid inside such an object.
    assert_eq!(
        with_payload(claims_and(&format!(r#""x":{{"{number}":1e400}}"#))),
        Err(VerifyError::PayloadJson(JsonError::Syntax))
    );
    // Such an object counts as a level.
    let value = format!(r#"{}1{}"#, format!(r#"{{"{number}":"#).repeat(32), "}".repeat(32));
    assert_eq!(with_claim("x", &value), Err(VerifyError::PayloadJson(JsonError::TooDeep)));
    let value = format!(r#"{}1{}"#, format!(r#"{{"{number}":"#).repeat(31), "}".repeat(31));
    assert_eq!(with_claim("x", &value), Ok(()));
}

// Section 4.1.1: `iss`.

#[test]
fn token_without_iss_is_refused() {
    let missing = Err(VerifyError::ClaimMissing { claim: "iss" });
    assert_eq!(outcome(&token().without_claim("iss").mint()), missing);
    assert_eq!(with_payload("{}"), missing);
    let other_case = claims_with("iss", "null").replace("\"iss\":null", "\"Iss\":\"x\"");
    assert_eq!(with_payload(other_case), missing);
}

#[test]
fn token_whose_iss_is_not_a_string_is_refused() {
    let good = format!(r#""{ISSUER}""#);
    let arrays = [format!("[{good}]"), format!(r#"["https://attacker.example/",{good}]"#)];
    for value in NO_STRINGS.into_iter().chain(arrays.iter().map(String::as_str)) {
        assert_eq!(
            with_claim("iss", value),
            Err(VerifyError::ClaimType { claim: "iss" }),
            "{value}"
        );
    }
}

#[test]
fn token_whose_iss_is_not_the_issuer_byte_for_byte_is_refused() {
    let others = [
        "",
        "https://tenant.example.auth0.com",
        "https://tenant.example.auth0.com//",
        "https://tenant.example.auth0.com/ ",
        " https://tenant.example.auth0.com/",
        r"https://tenant.example.auth0.com/\u0000",
        r"https://tenant.example.auth0.com/\n",
        "http://tenant.example.auth0.com/",
        "HTTPS://tenant.example.auth0.com/",
        "https://Tenant.example.auth0.com/",
        "https://tenant.example.auth0.com:443/",
        "https://tenant.example.auth0.com/?",
        "https://tenant.example.auth0.com/#",
        "https://tenant.example.auth0.com/.",
        "https://tenant.example.auth0.com./",
        "https://tenant.example.auth0.com/%20",
        "https://user@tenant.example.auth0.com/",
        "https://tenant.example.auth0.com.attacker.example/",
        "https://attacker.example/https://tenant.example.auth0.com/",
        "https://other.example.auth0.com/",
        "tenant.example.auth0.com",
        "https://",
        "t",
        "https://tenant.examplе.auth0.com/",
    ];
    for iss in others {
        assert_eq!(
            with_claim("iss", &format!(r#""{iss}""#)),
            Err(VerifyError::WrongIssuer),
            "{iss}"
        );
    }
    // The same characters with escapes.
    assert_eq!(with_claim("iss", r#""https:\/\/tenant.example.auth0.com\u002f""#), Ok(()));
}

// Section 4.1.3: `aud`.

#[test]
fn token_without_aud_is_refused() {
    let missing = Err(VerifyError::ClaimMissing { claim: "aud" });
    assert_eq!(outcome(&token().without_claim("aud").mint()), missing);
}

#[test]
fn absent_aud_and_exp_are_reported_after_mistyped_claims_and_before_any_comparison() {
    let without = || token().without_claim("aud");
    for (claim, error) in [
        ("exp", VerifyError::ClaimType { claim: "exp" }),
        ("cnf", VerifyError::ClaimType { claim: "cnf" }),
    ] {
        assert_eq!(outcome(&without().claim(claim, "x").mint()), Err(error));
    }
    let [aud, exp] = ["aud", "exp"].map(|claim| VerifyError::ClaimMissing { claim });
    assert_eq!(outcome(&without().without_claim("exp").mint()), Err(aud));
    assert_eq!(outcome(&token().without_claim("exp").header("typ", "dpop+jwt").mint()), Err(exp));
    assert_eq!(outcome(&without().header("typ", "dpop+jwt").mint()), Err(aud));
    assert_eq!(outcome(&without().issuer("https://other.example/").mint()), Err(aud));
    assert_eq!(outcome(&without().claim("exp", 1).mint()), Err(aud));
}

#[test]
fn token_whose_aud_is_neither_a_string_nor_strings_is_refused() {
    let api = format!(r#""{AUDIENCE}""#);
    let arrays = [
        "[]".to_owned(),
        "[null]".to_owned(),
        format!("[{api},null]"),
        format!("[null,{api}]"),
        format!("[{api},1]"),
        format!("[1.5e3,{api}]"),
        format!("[{api},true]"),
        format!("[{api},[]]"),
        format!("[[{api}]]"),
        format!("[{api},[{api}]]"),
        format!("[{api},{{}}]"),
        format!(r#"[{api},"\u0061",0]"#),
        format!(r#"["\u0061",0,{api}]"#),
        format!(r#"{{"0":{api}}}"#),
        format!(r#"{{"aud":{api}}}"#),
        format!(r#"[{api},{{"$serde_json::private::Number":"1"}}]"#),
    ];
    for value in NO_STRINGS.into_iter().chain(arrays.iter().map(String::as_str)) {
        assert_eq!(
            with_claim("aud", value),
            Err(VerifyError::ClaimType { claim: "aud" }),
            "{value}"
        );
    }
}

#[test]
fn token_for_another_audience_is_refused() {
    let api = AUDIENCE;
    let others = [
        "\"\"".to_owned(),
        r#""https://api.example.com""#.to_owned(),
        r#""https://api.example.com/ ""#.to_owned(),
        r#""https://API.example.com/""#.to_owned(),
        r#""https://api.example.com/v2""#.to_owned(),
        r#""https://api.example.com/\u0000""#.to_owned(),
        r#""h""#.to_owned(),
        r#""https://other.example.com/""#.to_owned(),
        // A list within one string.
        format!(r#""{api} https://other.example.com/""#),
        format!(r#""{api},{api}""#),
        format!(r#""[\"{api}\"]""#),
        format!(r#""\"{api}\"""#),
        r#"[""]"#.to_owned(),
        r#"["",""]"#.to_owned(),
        r#"["https://api.example.com","/"]"#.to_owned(),
        r#"["https://api.","example.com/"]"#.to_owned(),
        r#"["https://other.example.com/","https://api.example.com"]"#.to_owned(),
        // Escaped quotation marks do not end a string.
        format!(r#"["a\",\"{api}\",\"b"]"#),
        format!(r#"["a","\",\"{api}\",\"","b"]"#),
        format!(r#"["a\\","\"{api}\""]"#),
        format!(r#"["\u0022{api}\u0022"]"#),
        // The separator between two strings is not an audience.
        r#"["a" , "b"]"#.to_owned(),
    ];
    for aud in others {
        assert_eq!(with_claim("aud", &aud), Err(VerifyError::WrongAudience), "{aud}");
    }
}

#[test]
fn separator_between_audiences_is_no_audience() {
    for (policy_audience, aud) in
        [(",", r#"["a","b"]"#), (",", r#"["a" , "b"]"#), ("a", r#"["b","\u0063"]"#)]
    {
        let token = signed(HEADER, claims_with("aud", aud));
        let policy = tokenring::Policy::new(ISSUER, policy_audience);
        assert_eq!(
            verifier_of(policy).verify_at(&token, NOW).map(|_| ()),
            Err(VerifyError::WrongAudience),
            "{aud}"
        );
    }
}

#[test]
fn token_for_this_audience_among_others_is_accepted() {
    let api = AUDIENCE;
    let auds = [
        format!(r#""{api}""#),
        format!(r#"["{api}"]"#),
        format!(r#"["{api}","{api}"]"#),
        format!(r#"["","{api}"]"#),
        format!(r#"["{api}",""]"#),
        format!("[ \"a\" ,\n\"{api}\"\t, \"b\"\r]"),
        format!(r#"["a","b","{api}"]"#),
        format!(r#"["a\"b","{api}"]"#),
        format!(r#"["{api}","a\\\"b"]"#),
        r#""https:\/\/api.example.com\/""#.to_owned(),
        r#"["a","https:\/\/api.example.com\u002f"]"#.to_owned(),
        r#"["\u0061","https:\/\/api.example.com/","c"]"#.to_owned(),
    ];
    for aud in auds {
        assert_eq!(with_claim("aud", &aud), Ok(()), "{aud}");
    }
}

#[test]
fn additional_audience_of_the_policy_is_accepted() {
    let verifier = verifier_of(policy().accept_audience("b").accept_audience("c"));
    for (aud, expected) in [
        (r#""b""#, Ok(())),
        (r#""c""#, Ok(())),
        (r#"["x","c"]"#, Ok(())),
        (r#""https://api.example.com/""#, Ok(())),
        (r#""bc""#, Err(VerifyError::WrongAudience)),
        (r#""d""#, Err(VerifyError::WrongAudience)),
        (r#""""#, Err(VerifyError::WrongAudience)),
    ] {
        let token = signed(HEADER, claims_with("aud", aud));
        assert_eq!(verifier.verify_at(&token, NOW).map(|_| ()), expected, "{aud}");
    }
}

// Section 4.1.4: `exp`, on or after which the token is not accepted; section 2: NumericDate.

#[test]
fn token_without_exp_is_refused() {
    let missing = Err(VerifyError::ClaimMissing { claim: "exp" });
    assert_eq!(outcome(&token().without_claim("exp").mint()), missing);
    let misspelled = claims_with("exp", "1").replace("\"exp\"", "\"EXP\"");
    assert_eq!(with_payload(misspelled), missing);
}

#[test]
fn token_whose_exp_nbf_or_iat_is_not_a_number_is_refused() {
    for claim in ["exp", "nbf", "iat"] {
        for value in NO_NUMBERS {
            assert_eq!(
                with_claim(claim, value),
                Err(VerifyError::ClaimType { claim }),
                "{claim} {value}"
            );
        }
    }
}

#[test]
fn token_is_refused_from_exp_on() {
    let exp = 1_780_000_000;
    let text = exp.to_string();
    assert_eq!(with_claim_at("exp", &text, exp - 1), Ok(()));
    for now in [exp, exp + 1, exp + 1_000_000, u64::MAX] {
        assert_eq!(
            with_claim_at("exp", &text, now),
            Err(VerifyError::Expired { exp, now }),
            "{now}"
        );
    }
}

#[test]
fn exp_may_have_a_fraction_or_an_exponent() {
    // For a time in whole seconds, `exp` 1.5 is the same as 2.
    let cases = [
        ("1780000000.5", 1_780_000_001),
        ("1780000000.000001", 1_780_000_001),
        ("1780000000.999", 1_780_000_001),
        ("1780000000.0", 1_780_000_000),
        ("1780000000.000", 1_780_000_000),
        ("1.78e9", 1_780_000_000),
        ("1.78E+9", 1_780_000_000),
        ("178e7", 1_780_000_000),
        ("17800000000e-1", 1_780_000_000),
        ("0.178e10", 1_780_000_000),
        ("1e10", 10_000_000_000),
        ("0.5", 1),
        ("1e-300", 1),
        ("1", 1),
        ("253402300799", 253_402_300_799),
        ("253402300798.5", 253_402_300_799),
        ("2.53402300799e11", 253_402_300_799),
    ];
    for (text, exp) in cases {
        assert_eq!(with_claim_at("exp", text, exp - 1), Ok(()), "{text}");
        let expired = Err(VerifyError::Expired { exp, now: exp });
        assert_eq!(with_claim_at("exp", text, exp), expired, "{text}");
    }
    // Zero, or too small for a double and so zero.
    for text in ["0", "-0", "0.0", "-0.0", "0e5", "1e-400", "-1e-400", "0e400", "-0e-999999"] {
        let expired = Err(VerifyError::Expired { exp: 0, now: 0 });
        assert_eq!(with_claim_at("exp", text, 0), expired, "{text}");
    }
}

/// serde_json rounds some numbers wrongly unless a crate in the build turns on a feature of it. The
/// verdict must not depend on that.
#[test]
fn number_is_the_nearest_double_in_every_build() {
    // The largest doubles, in notations that are easily mistaken for too large.
    for text in [
        "1.7976931348623158e308",
        "1.7976931348623157081e308",
        "179769313486231570000000000000000000000e270",
    ] {
        assert_eq!(
            outcome(&signed(HEADER, claims_and(&format!(r#""x":{text}"#)))),
            Ok(()),
            "{text}"
        );
    }
    let range = Err(VerifyError::ClaimRange { claim: "exp" });
    assert_eq!(with_claim_at("exp", "253402300799.00002", 0), range);
    // Half a step above a whole second rounds down to the even double, anything more rounds up.
    let exp = NOW.as_secs();
    let half = format!("{exp}.00000011920928955078125");
    assert_eq!(with_claim_at("exp", &half, exp), Err(VerifyError::Expired { exp, now: exp }));
    let more = format!("{exp}.00000012");
    assert_eq!(with_claim_at("exp", &more, exp), Ok(()));
}

#[test]
fn exp_out_of_range_is_refused_whatever_the_time() {
    let texts = [
        "-1",
        "-0.5",
        "-1e-300",
        "-1780086400",
        "-1e308",
        "-9223372036854775808",
        "-9223372036854775809",
        "253402300800",
        "253402300799.5",
        "253402300799.001",
        "2.534023008e11",
        // A time in milliseconds.
        "1780086400000",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "36893488147420103232",
        "123456789012345678901234567890",
        "1e20",
        "1e308",
    ];
    for text in texts {
        for now in [0, NOW.as_secs(), u64::MAX] {
            assert_eq!(
                with_claim_at("exp", text, now),
                Err(VerifyError::ClaimRange { claim: "exp" }),
                "{text}"
            );
        }
    }
}

#[test]
fn leeway_delays_exp_by_exactly_itself() {
    let exp = 1_780_000_000;
    for leeway in [0, 1, 60, 599, 600] {
        assert_eq!(with_leeway("exp", exp, leeway, exp + leeway - 1), Ok(()), "{leeway}");
        for now in [exp + leeway, exp + leeway + 1] {
            assert_eq!(
                with_leeway("exp", exp, leeway, now),
                Err(VerifyError::Expired { exp, now }),
                "{leeway}"
            );
        }
    }
}

#[test]
fn leeway_does_not_overflow() {
    let exp = 253_402_300_799;
    let now = u64::MAX;
    assert_eq!(with_leeway("exp", exp, 600, now), Err(VerifyError::Expired { exp, now }));
    assert_eq!(
        verifier_of(policy().leeway(Duration::from_secs(600)))
            .verify_at(&signed(HEADER, claims_with("nbf", "1e300")), NOW)
            .map(|_| ()),
        Err(VerifyError::NotYetValid { nbf: u64::MAX, now: NOW.as_secs() })
    );
    assert_eq!(with_leeway("exp", 0, 600, 599), Ok(()));
    assert_eq!(with_leeway("exp", 0, 600, 600), Err(VerifyError::Expired { exp: 0, now: 600 }));
}

fn policy_with_leeway(leeway: Duration) -> Result<(), PolicyError> {
    Verifier::new(policy().leeway(leeway), verifier().keys()).map(|_| ())
}

#[test]
fn leeway_of_600_seconds_is_accepted_and_one_of_601_is_refused() {
    assert_eq!(policy_with_leeway(Duration::from_secs(600)), Ok(()));
    for seconds in [601, 3600, u64::MAX] {
        assert_eq!(
            policy_with_leeway(Duration::from_secs(seconds)),
            Err(PolicyError::LeewayTooLong { seconds })
        );
    }
    let error = Err(PolicyError::LeewayTooLong { seconds: 601 });
    assert_eq!(policy_with_leeway(Duration::from_millis(600_001)), error);
    assert_eq!(
        policy_with_leeway(Duration::MAX),
        Err(PolicyError::LeewayTooLong { seconds: u64::MAX })
    );
}

#[test]
fn leeway_with_a_fraction_of_a_second_is_refused() {
    let fraction = Err(PolicyError::LeewayFraction);
    for millis in [1, 999, 1500, 599_999] {
        assert_eq!(policy_with_leeway(Duration::from_millis(millis)), fraction);
    }
    assert_eq!(policy_with_leeway(Duration::from_nanos(1)), fraction);
}

// Section 4.1.5: `nbf`.

#[test]
fn token_is_refused_before_nbf() {
    let nbf = 1_780_000_000;
    let text = nbf.to_string();
    assert_eq!(with_claim_at("nbf", &text, nbf), Ok(()));
    assert_eq!(with_claim_at("nbf", &text, nbf + 1), Ok(()));
    for now in [nbf - 1, 0] {
        assert_eq!(
            with_claim_at("nbf", &text, now),
            Err(VerifyError::NotYetValid { nbf, now }),
            "{now}"
        );
    }
}

#[test]
fn leeway_advances_nbf_by_exactly_itself() {
    let nbf = 1_780_000_000;
    for leeway in [0, 1, 60, 600] {
        assert_eq!(with_leeway("nbf", nbf, leeway, nbf - leeway), Ok(()), "{leeway}");
        let now = nbf - leeway - 1;
        assert_eq!(
            with_leeway("nbf", nbf, leeway, now),
            Err(VerifyError::NotYetValid { nbf, now }),
            "{leeway}"
        );
    }
}

#[test]
fn nbf_may_be_any_finite_number() {
    let now = NOW.as_secs();
    for text in ["0", "-0", "-1", "-0.5", "-1e308", "1e-400", "-9223372036854775809", "1.78e9"] {
        assert_eq!(with_claim_at("nbf", text, now), Ok(()), "{text}");
    }
    for (text, nbf) in [
        ("1780000000.5", 1_780_000_001),
        ("1780000000.000001", 1_780_000_001),
        ("1e10", 10_000_000_000),
        ("1780000000000", 1_780_000_000_000),
        ("18446744073709551615", u64::MAX),
        ("18446744073709551616", u64::MAX),
        ("1e308", u64::MAX),
    ] {
        assert_eq!(
            with_claim_at("nbf", text, now),
            Err(VerifyError::NotYetValid { nbf, now }),
            "{text}"
        );
    }
}

#[test]
fn expiry_is_reported_before_not_yet_valid() {
    let now = NOW.as_secs();
    let token = signed(HEADER, claims_with("exp", "1").replace('}', r#","nbf":9999999999}"#));
    assert_eq!(outcome(&token), Err(VerifyError::Expired { exp: 1, now }));
}

// Section 4.1.6: `iat`.

#[test]
fn iat_is_never_a_reason_to_refuse() {
    for text in ["0", "-1", "-1e308", "1780000001", "1780000000000", "1e308", "0.5", "-0"] {
        assert_eq!(with_claim("iat", text), Ok(()), "{text}");
    }
}

// Sections 4.1.2 and 4.1.7: `sub` and `jti`, and the other claims that must be strings.

#[test]
fn sub_jti_azp_and_client_id_are_strings_if_present() {
    for claim in ["sub", "jti", "azp", "client_id"] {
        for value in NO_STRINGS.into_iter().chain([r#"["a"]"#]) {
            assert_eq!(
                with_claim(claim, value),
                Err(VerifyError::ClaimType { claim }),
                "{claim} {value}"
            );
        }
        for value in ["\"\"", "\"a\"", r#""\u0000\ud83d\ude00\"""#] {
            assert_eq!(with_claim(claim, value), Ok(()), "{claim} {value}");
        }
        assert_eq!(outcome(&token().without_claim(claim).mint()), Ok(()), "{claim}");
    }
}

#[test]
fn azp_of_the_wrong_type_is_not_overlooked_for_client_id() {
    assert_eq!(
        with_payload(claims_and(r#""azp":null,"client_id":"a""#)),
        Err(VerifyError::ClaimType { claim: "azp" })
    );
    assert_eq!(
        with_payload(claims_and(r#""azp":"a","client_id":null"#)),
        Err(VerifyError::ClaimType { claim: "client_id" })
    );
}

// The methods of an accepted token.

#[test]
fn verified_token_has_the_claims_that_the_issuer_signed() {
    let verified = verify(&token().claim("nbf", 1_780_000_000).claim("jti", "j").mint()).unwrap();
    assert_eq!(verified.issuer(), ISSUER);
    assert_eq!(verified.subject(), Some("auth0|64b7f1c2a9d3e8f0b5c6a7d8"));
    let audience: Vec<&str> = verified.audience().collect();
    assert_eq!(audience, [AUDIENCE, "https://tenant.example.auth0.com/userinfo"]);
    assert_eq!(verified.expires_at(), UnixTime::from_secs(1_780_086_400));
    assert_eq!(verified.issued_at(), Some(NOW));
    assert_eq!(verified.not_before(), Some(NOW));
    assert_eq!(verified.jwt_id(), Some("j"));
    assert_eq!(verified.key_id(), Some(issuer().keys().first().unwrap().kid()));
    assert_eq!(verified.authorized_party(), Some("tokenringTestkitClientIdentifier"));
    let scopes: Vec<&str> = verified.scopes().collect();
    assert_eq!(scopes, ["openid", "profile", "email", "read:messages"]);
    let permissions: Vec<&str> = verified.permissions().collect();
    assert_eq!(permissions, ["read:messages"]);
}

#[test]
fn absent_claims_are_none_or_empty() {
    let verified = verified(&claims_with("x", "1"));
    assert_eq!(verified.subject(), None);
    assert_eq!(verified.issued_at(), None);
    assert_eq!(verified.not_before(), None);
    assert_eq!(verified.jwt_id(), None);
    assert_eq!(verified.authorized_party(), None);
    assert_eq!(verified.scopes().count(), 0);
    assert_eq!(verified.permissions().count(), 0);
    assert!(!verified.has_scope(""));
    assert!(!verified.has_permission(""));
}

#[test]
fn times_are_rounded_up_and_cut_off_at_the_ends() {
    let claims = verified(&claims_and(r#""iat":-5,"nbf":-0.5"#));
    assert_eq!(claims.issued_at(), Some(UnixTime::from_secs(0)));
    assert_eq!(claims.not_before(), Some(UnixTime::from_secs(0)));
    let claims = verified(&claims_and(r#""iat":1e308,"nbf":0.25"#));
    assert_eq!(claims.issued_at(), Some(UnixTime::from_secs(u64::MAX)));
    assert_eq!(claims.not_before(), Some(UnixTime::from_secs(1)));
    let claims = verified(&claims_with("exp", "1780086399.001"));
    assert_eq!(claims.expires_at(), UnixTime::from_secs(1_780_086_400));
}

#[test]
fn azp_takes_precedence_over_client_id() {
    for (members, expected) in [
        (r#""azp":"a""#, Some("a")),
        (r#""client_id":"c""#, Some("c")),
        (r#""client_id":"c","azp":"a""#, Some("a")),
        (r#""client_id":"c","azp":"""#, Some("")),
    ] {
        assert_eq!(verified(&claims_and(members)).authorized_party(), expected, "{members}");
    }
}

#[test]
fn strings_are_returned_without_escapes() {
    let claims = r#""sub":"a\"b\\c\/d\u00e9\ud83d\ude00\u0000\b\f\n\r\t","jti":"é""#;
    let claims = verified(&claims_and(claims));
    assert_eq!(claims.subject(), Some("a\"b\\c/dé😀\0\u{8}\u{c}\n\r\t"));
    assert_eq!(claims.jwt_id(), Some("é"));
    assert_eq!(verified(&claims_with("sub", "\"\"")).subject(), Some(""));
}

#[test]
fn audience_is_returned_as_in_the_token() {
    let cases: [(&str, &[&str]); 7] = [
        (r#""https://api.example.com/""#, &[AUDIENCE]),
        (r#"["https://api.example.com/"]"#, &[AUDIENCE]),
        (r#"["","https://api.example.com/",""]"#, &["", AUDIENCE, ""]),
        (r#"[ "a" , "https://api.example.com/" ]"#, &["a", AUDIENCE]),
        (r#"["a,b","https://api.example.com/","[c]"]"#, &["a,b", AUDIENCE, "[c]"]),
        (r#"["a\"","https://api.example.com/","\\"]"#, &["a\"", AUDIENCE, "\\"]),
        (r#"["https:\/\/api.example.com\/"]"#, &[AUDIENCE]),
    ];
    for (aud, expected) in cases {
        let claims = verified(&claims_with("aud", aud));
        let audience: Vec<&str> = claims.audience().collect();
        assert_eq!(audience, expected, "{aud}");
    }
}

#[test]
fn scopes_are_the_values_between_spaces_or_the_strings_of_an_array() {
    let cases: [(&str, &[&str]); 20] = [
        (r#""a b""#, &["a", "b"]),
        (r#""a""#, &["a"]),
        (r#""  a   b  ""#, &["a", "b"]),
        (r#""""#, &[]),
        (r#"" ""#, &[]),
        // Only the space character separates.
        (r#""a\tb\nc""#, &["a\tb\nc"]),
        (r#""a,b""#, &["a,b"]),
        ("\"a\u{a0}b\"", &["a\u{a0}b"]),
        // With escapes.
        (r#""r\u0065ad\u0020write\"x""#, &["read", "write\"x"]),
        (r#"["a","b"]"#, &["a", "b"]),
        (r#"["a b"," c"]"#, &["a b", " c"]),
        (r#"["r\u0065ad"]"#, &["read"]),
        (r#"["","a",""]"#, &["a"]),
        ("[]", &[]),
        // Anything else grants nothing.
        (r#"["a",1]"#, &[]),
        (r#"["a",null]"#, &[]),
        (r#"[["a"]]"#, &[]),
        (r#"{"a":"a"}"#, &[]),
        ("null", &[]),
        ("7", &[]),
    ];
    for (scope, expected) in cases {
        let claims = verified(&claims_with("scope", scope));
        let scopes: Vec<&str> = claims.scopes().collect();
        assert_eq!(scopes, expected, "{scope}");
        assert!(expected.iter().all(|value| claims.has_scope(value)), "{scope}");
    }
}

#[test]
fn scope_is_compared_byte_for_byte() {
    let claims = verified(&claims_with("scope", r#""read:messages write""#));
    assert!(claims.has_scope("read:messages") && claims.has_scope("write"));
    for other in ["", " ", "read", "messages", "read:messages write", "Write", "write ", "read:"] {
        assert!(!claims.has_scope(other), "{other}");
    }
}

#[test]
fn permissions_are_the_strings_of_the_array() {
    let cases: [(&str, &[&str]); 20] = [
        ("[]", &[]),
        (r#"["a"]"#, &["a"]),
        (r#"["a","b"]"#, &["a", "b"]),
        (r#"[""]"#, &[""]),
        (r#"["",""]"#, &["", ""]),
        (r#"["","a",""]"#, &["", "a", ""]),
        ("[\n\"a\" ,\t\"b\"\r]", &["a", "b"]),
        (r#"["a b"]"#, &["a b"]),
        (r#"["[\"a\"]"]"#, &["[\"a\"]"]),
        (r#"["a\",\"b"]"#, &["a\",\"b"]),
        (r#"["a\\","b"]"#, &["a\\", "b"]),
        (r#"["a","\"","b"]"#, &["a", "\"", "b"]),
        (r#"["\u0061","b","\u0063"]"#, &["a", "b", "c"]),
        (r#"["a","","\n","d"]"#, &["a", "", "\n", "d"]),
        (r#"["é","\u20ac","😀","\ud83d\ude00"]"#, &["é", "€", "😀", "😀"]),
        (r#"[",",":","a"]"#, &[",", ":", "a"]),
        // A value that is not an array of strings grants nothing.
        (r#""a""#, &[]),
        (r#"["a",1]"#, &[]),
        (r#"["\u0061",["b"]]"#, &[]),
        (r#"{"a":"b"}"#, &[]),
    ];
    for (permissions, expected) in cases {
        let claims = verified(&claims_with("permissions", permissions));
        let found: Vec<&str> = claims.permissions().collect();
        assert_eq!(found, expected, "{permissions}");
        assert!(expected.iter().all(|value| claims.has_permission(value)), "{permissions}");
        for never in ["z", ",", "\",\"", " ,"] {
            assert_eq!(claims.has_permission(never), expected.contains(&never), "{permissions}");
        }
    }
}

#[test]
fn payload_is_returned_byte_for_byte() {
    let payload = format!(" {}\r\n", claims_and(r#""a" : [ 1.50, "\u0061" ]"#));
    assert_eq!(verified(&payload).payload(), payload.as_bytes());
}

#[test]
fn claims_are_deserialized_into_the_callers_type() {
    let claims = verified(&claims_and(r#""sub":"s","roles":["a"],"level":3"#));
    let map: BTreeMap<String, Value> = claims.claims().unwrap();
    assert_eq!(map.get("roles"), Some(&json!(["a"])));
    assert_eq!(map.get("level"), Some(&json!(3)));
    assert_eq!(map.len(), 6);
    let value: Value = claims.claims().unwrap();
    assert_eq!(value["sub"], "s");
}

#[test]
fn clone_of_a_verified_token_is_the_same() {
    let claims = verified(&claims_and(r#""sub":"a\"b","permissions":["x","y"]"#));
    let clone = claims.clone();
    drop(claims);
    assert_eq!(clone.subject(), Some("a\"b"));
    let permissions: Vec<&str> = clone.permissions().collect();
    assert_eq!(permissions, ["x", "y"]);
}

// The time.

#[test]
fn unix_time_is_whole_seconds_in_order() {
    assert_eq!(UnixTime::from_secs(5).as_secs(), 5);
    assert!(UnixTime::from_secs(4) < UnixTime::from_secs(5));
}

#[cfg(feature = "std")]
#[test]
fn now_is_the_time_of_the_system_clock() {
    let clock =
        || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let (before, now, after) = (clock(), UnixTime::now().as_secs(), clock());
    assert!((before..=after).contains(&now), "{before} {now} {after}");
}

#[cfg(feature = "std")]
#[test]
fn verify_and_try_verify_take_the_time_from_the_system_clock() {
    let verifier = verifier();
    let good = issuer().token().mint();
    assert_eq!(verifier.verify(&good).unwrap().issuer(), ISSUER);
    assert_eq!(verifier.try_verify(&good).unwrap().issuer(), ISSUER);
    let old = issuer().token_at(UnixTime::from_secs(1_000_000_000)).mint();
    let exp = 1_000_086_400;
    for outcome in [verifier.verify(&old), verifier.try_verify(&old)] {
        assert!(
            matches!(outcome, Err(VerifyError::Expired { exp: e, now }) if e == exp && now > exp)
        );
    }
}
