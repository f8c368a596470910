//! RFC 7800, RFC 9449 section 6 and RFC 8705 section 3.1: the claim `cnf`.

use tokenring::{
    JsonError,
    possession::{Confirmation, ConfirmationError, Thumbprint},
};

use crate::common::{NOW, policy, token, verifier_of};

const JKT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
const CERTIFICATE: &str = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";

fn read(cnf: &str) -> Result<(Option<String>, Option<String>), ConfirmationError> {
    let text = |thumbprint: Option<&Thumbprint>| thumbprint.map(ToString::to_string);
    Confirmation::from_json(cnf.as_bytes())
        .map(|found| (text(found.jkt()), text(found.certificate())))
}

#[test]
fn key_and_certificate_are_read() {
    let (jkt, certificate) = (Some(JKT.to_owned()), Some(CERTIFICATE.to_owned()));
    let of_key = format!(r#"{{"jkt":"{JKT}"}}"#);
    assert_eq!(read(&of_key), Ok((jkt.clone(), None)));
    let of_certificate = format!(r#"{{"x5t#S256":"{CERTIFICATE}"}}"#);
    assert_eq!(read(&of_certificate), Ok((None, certificate.clone())));
    let of_both = format!(r#" {{ "x5t#S256": "{CERTIFICATE}", "jkt" : "{JKT}" }} "#);
    assert_eq!(read(&of_both), Ok((jkt.clone(), certificate)));
    // RFC 7800 section 3.1: members that are not understood are ignored.
    let and_others = format!(r#"{{"kid":[1],"\u006akt":"{JKT}","osc":{{"a":1,"a":2}}}}"#);
    assert_eq!(read(&and_others), Ok((jkt, None)));
}

#[test]
fn confirmation_that_cannot_be_checked_is_refused() {
    let not = |member| Err(ConfirmationError::NotThumbprint { member });
    let member = |name: &str, value: &str| format!(r#"{{"{name}":"{value}"}}"#);
    let cases = [
        ("{}".to_owned(), Err(ConfirmationError::Empty)),
        ("[]".into(), Err(ConfirmationError::Json(JsonError::NotObject))),
        ("null".into(), Err(ConfirmationError::Json(JsonError::NotObject))),
        (member("", JKT), Err(ConfirmationError::NotSupported)),
        (member("JKT", JKT), Err(ConfirmationError::NotSupported)),
        (member("x5t", CERTIFICATE), Err(ConfirmationError::NotSupported)),
        (member("kid", "a"), Err(ConfirmationError::NotSupported)),
        (r#"{"jwk":{"kty":"EC"}}"#.into(), Err(ConfirmationError::NotSupported)),
        (r#"{"jku":"https://a/"}"#.into(), Err(ConfirmationError::NotSupported)),
        (r#"{"jwe":"a"}"#.into(), Err(ConfirmationError::NotSupported)),
        (r#"{"jkt":1}"#.into(), Err(ConfirmationError::MemberType { member: "jkt" })),
        (r#"{"jkt":null}"#.into(), Err(ConfirmationError::MemberType { member: "jkt" })),
        (
            format!(r#"{{"jkt":"{JKT}","x5t#S256":[]}}"#),
            Err(ConfirmationError::MemberType { member: "x5t#S256" }),
        ),
        (
            format!(r#"{{"jkt":"{JKT}","\u006akt":"{JKT}"}}"#),
            Err(ConfirmationError::Json(JsonError::DuplicateMember)),
        ),
        (member("jkt", ""), not("jkt")),
        // 42 and 44 characters; padding; the standard alphabet; spare bits that are not zero.
        (member("jkt", &JKT[..42]), not("jkt")),
        (member("jkt", &format!("{JKT}A")), not("jkt")),
        (member("jkt", &format!("{JKT}=")), not("jkt")),
        (member("jkt", &JKT.replace('-', "+")), not("jkt")),
        (member("jkt", &format!("{}J", &JKT[..42])), not("jkt")),
        (member("x5t#S256", &CERTIFICATE.to_lowercase()[..42]), not("x5t#S256")),
    ];
    for (cnf, outcome) in cases {
        assert_eq!(read(&cnf), outcome, "{cnf}");
    }
    let not_utf8 = Confirmation::from_json(b"{\"jkt\":\"\xFF\"}");
    assert_eq!(not_utf8, Err(ConfirmationError::Json(JsonError::NotUtf8)));
}

#[test]
fn confirmation_of_an_accepted_token() {
    let verifier = verifier_of(policy().allow_sender_constrained());
    let confirmation = |cnf: serde_json::Value| {
        verifier.verify_at(&token().claim("cnf", cnf).mint(), NOW).unwrap().confirmation()
    };
    let bearer = verifier.verify_at(&token().mint(), NOW).unwrap();
    assert_eq!(bearer.confirmation(), Ok(None));
    let cnf = serde_json::json!({ "jkt": JKT });
    let expected = Confirmation::from_json(cnf.to_string().as_bytes()).unwrap();
    assert_eq!(confirmation(cnf), Ok(Some(expected)));
    assert_eq!(confirmation(serde_json::json!({})), Err(ConfirmationError::Empty));
    let unknown = serde_json::json!({ "kid": "a" });
    assert_eq!(confirmation(unknown), Err(ConfirmationError::NotSupported));
}

#[test]
fn texts_and_codes() {
    for (error, code, text) in [
        (
            ConfirmationError::Json(JsonError::Syntax),
            "json",
            "the token's `cnf`: not well-formed JSON",
        ),
        (ConfirmationError::Empty, "empty", "the token's `cnf` is empty"),
        (
            ConfirmationError::NotSupported,
            "not_supported",
            "the token's `cnf` has neither `jkt` nor `x5t#S256`",
        ),
        (
            ConfirmationError::MemberType { member: "jkt" },
            "member_type",
            "`jkt` in the token's `cnf` is not a string",
        ),
        (
            ConfirmationError::NotThumbprint { member: "jkt" },
            "not_thumbprint",
            "`jkt` in the token's `cnf` is not the base64url of a SHA-256",
        ),
    ] {
        assert_eq!((error.code(), error.to_string().as_str()), (code, text));
    }
}
