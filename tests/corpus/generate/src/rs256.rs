//! RS256 tokens of the test issuer, each with one thing wrong or special.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokenring::{
    Algorithm, JsonError, UnixTime, VerifyError,
    VerifyError::{
        AlgorithmMissing, AlgorithmNotAccepted, AmbiguousKey, BadSignature, ClaimMissing,
        ClaimRange, ClaimType, EmptyPayload, EmptySegment, Encrypted, Expired, HeaderForbidden,
        HeaderJson, HeaderTooLong, HeaderType, KeyIdLength, NotBase64url, NotYetValid, PayloadJson,
        SegmentCount, SenderConstrained, TokenTooLong, TokenTypeNotAccepted, UnknownKey,
        WrongAudience, WrongIssuer,
    },
    testkit::{AUDIENCE, CLIENT_ID, ISSUER, Issuer, TestKey, TokenBuilder},
};

use crate::{
    base::{MARKER, arrays},
    case::{NOW, TokenCase},
};

/// Every case, accepted or refused.
pub fn cases() -> Vec<TokenCase> {
    let mut cases: Vec<TokenCase> = accepted()
        .into_iter()
        .map(|(name, token)| TokenCase::new(name, "RFC 7515; RFC 7519", token))
        .collect();
    cases.extend(refused());
    cases
}

const HEADER: &str = r#"{"alg":"RS256","typ":"JWT","kid":"tokenring-test-key-01"}"#;

/// The three required claims; `exp` is a day from [`NOW`].
const CLAIMS: [(&str, &str); 3] = [
    ("iss", r#""https://tenant.example.auth0.com/""#),
    ("aud", r#""https://api.example.com/""#),
    ("exp", "1780086400"),
];

/// A good token with [`MARKER`] in its header and payload.
fn token() -> TokenBuilder {
    let token = Issuer::default().token_at(UnixTime::from_secs(NOW));
    token.header("x", MARKER).subject(MARKER).claim("jti", MARKER)
}

/// A good token, except that `members`, JSON text, are appended to its header.
fn header(members: &str) -> String {
    raw_header(format!(r#"{{"x":"{MARKER}",{},{members}}}"#, HEADER.trim_matches(['{', '}'])))
}

/// A good token, except for its header.
fn raw_header(header: impl Into<Vec<u8>>) -> String {
    token().raw_header(header).mint()
}

/// A good token, except for `alg`, JSON text; signed with RS256.
fn alg(alg: &str) -> String {
    raw_header(HEADER.replace(r#""RS256""#, alg))
}

/// A good token, except for `kid`, JSON text.
fn kid(kid: &str) -> String {
    raw_header(HEADER.replace(r#""tokenring-test-key-01""#, kid))
}

/// [`CLAIMS`] with the claim `name` set to the JSON text `value`, or added.
fn claims_with(name: &str, value: &str) -> String {
    let kept = CLAIMS.iter().filter(|(known, _)| *known != name);
    let members: Vec<String> =
        kept.chain([&(name, value)]).map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
    format!("{{{}}}", members.join(","))
}

/// A good token, except for one claim, JSON text.
fn claim(name: &str, value: &str) -> String {
    raw_payload(claims_with(name, value).replacen('{', r#"{"m":"MARKER","#, 1))
}

/// A good token, except that `members`, JSON text, are appended to its payload.
fn claims(members: &str) -> String {
    let [iss, aud, exp] = CLAIMS.map(|(name, value)| format!(r#""{name}":{value}"#));
    raw_payload(format!(r#"{{"m":"{MARKER}",{iss},{aud},{exp},{members}}}"#))
}

/// A good token, except for its payload.
fn raw_payload(payload: impl Into<Vec<u8>>) -> String {
    token().raw_payload(payload).mint()
}

/// A good token but for the text of its first segment.
fn header_segment(text: impl Into<String>) -> String {
    token().header_segment(text).mint()
}

/// A good token but for the text of its second segment.
fn payload_segment(text: impl Into<String>) -> String {
    token().payload_segment(text).mint()
}

/// A good token but for `typ`.
fn typ(typ: &str) -> String {
    token().header("typ", typ).mint()
}

fn segments() -> [String; 3] {
    let segments: Vec<String> = token().mint().split('.').map(str::to_owned).collect();
    segments.try_into().unwrap()
}

const HEADER_SYNTAX: VerifyError = HeaderJson(JsonError::Syntax);
const PAYLOAD_SYNTAX: VerifyError = PayloadJson(JsonError::Syntax);
const HEADER_TWICE: VerifyError = HeaderJson(JsonError::DuplicateMember);
const PAYLOAD_TWICE: VerifyError = PayloadJson(JsonError::DuplicateMember);
const HEADER_NOT_OBJECT: VerifyError = HeaderJson(JsonError::NotObject);
const PAYLOAD_NOT_OBJECT: VerifyError = PayloadJson(JsonError::NotObject);
const EXP_RANGE: VerifyError = ClaimRange { claim: "exp" };

fn not_base64url(segment: &'static str) -> VerifyError {
    NotBase64url { segment }
}

fn header_type(parameter: &'static str) -> VerifyError {
    HeaderType { parameter }
}

fn forbidden(parameter: &'static str) -> VerifyError {
    HeaderForbidden { parameter }
}

fn claim_type(claim: &'static str) -> VerifyError {
    ClaimType { claim }
}

/// The fault, the token, the verdict.
type Refused = (&'static str, String, VerifyError);

/// Cases that are refused under one clause.
struct Group {
    cases: Vec<TokenCase>,
    clause: &'static str,
}

impl Group {
    fn clause(&mut self, clause: &'static str) -> &mut Self {
        self.clause = clause;
        self
    }

    fn refused(&mut self, refused: Vec<Refused>) {
        let case = |(name, token, error)| TokenCase::new(name, self.clause, token).refused(error);
        self.cases.extend(refused.into_iter().map(case));
    }
}

/// The refused tokens by clause. Unless its name says otherwise, a token is signed with the key it
/// names and has no other fault.
fn refused() -> Vec<TokenCase> {
    let mut cases = Group { cases: vec![], clause: "" };
    let [h, p, s] = segments();
    let attacker = TestKey::attacker();
    let issuer = Issuer::default();
    let now = NOW;
    let number = r#""$serde_json::private::Number""#;
    let digits = "9".repeat(400);
    let large = claim("x", &format!(r#""{}""#, "x".repeat(20_480)));
    cases.clause("RFC 7515 section 7.1; RFC 7516 section 9").refused(vec![
        ("empty text", String::new(), SegmentCount { found: 1 }),
        ("opaque token", "MARKERMARKER".into(), SegmentCount { found: 1 }),
        ("JSON and no period", r#"{"alg":"RS256"}"#.into(), SegmentCount { found: 1 }),
        ("header alone", h.clone(), SegmentCount { found: 1 }),
        ("no signature, no period for it", format!("{h}.{p}"), SegmentCount { found: 2 }),
        ("period at the end", format!("{h}.{p}.{s}."), SegmentCount { found: 4 }),
        ("period at the start", format!(".{h}.{p}.{s}"), SegmentCount { found: 4 }),
        (
            "four segments, signed",
            token().signing_input(format!("{h}.{p}.{p}")).mint(),
            SegmentCount { found: 4 },
        ),
        (
            "two tokens with a period between",
            format!("{h}.{p}.{s}.{h}.{p}.{s}"),
            SegmentCount { found: 6 },
        ),
        ("five segments: JWE", format!("{h}.{p}.{s}.{p}.{s}"), Encrypted),
        ("five segments, key in the header: JWE", format!("{h}..{p}.{s}.{s}"), Encrypted),
        ("nothing but two periods", "..".into(), EmptySegment { segment: "header" }),
        ("no header", format!(".{p}.{s}"), EmptySegment { segment: "header" }),
        ("no signature, alg RS256", format!("{h}.{p}."), EmptySegment { segment: "signature" }),
        (
            "no signature, alg none",
            token().header("alg", "none").signature_segment("").mint(),
            EmptySegment { segment: "signature" },
        ),
        ("detached payload", format!("{h}..{s}"), BadSignature),
    ]);
    cases.clause("limits of this crate, against CVE-2025-61920").refused(vec![
        ("one byte more than 16 KiB", "A".repeat(16_385), TokenTooLong { bytes: 16_385 }),
        ("good but for 20 KiB of claims", large.clone(), TokenTooLong { bytes: large.len() }),
        ("header one byte too long", raw_header(" ".repeat(4097)), HeaderTooLong { bytes: 4097 }),
        (
            "header of 8 KiB, not base64url",
            header_segment("!".repeat(10_924)),
            HeaderTooLong { bytes: 8193 },
        ),
    ]);
    cases.clause("RFC 7515 section 2; RFC 4648 section 3.5").refused(vec![
        ("header padded", header_segment("eyJhbGciOiJSUzI1NiJ9Cg=="), not_base64url("header")),
        ("header with a space in front", header_segment(format!(" {h}")), not_base64url("header")),
        (
            "header with a line feed behind",
            header_segment(format!("{h}\n")),
            not_base64url("header"),
        ),
        (
            "header folded",
            header_segment(format!("{}\r\n{}", &h[..40], &h[40..])),
            not_base64url("header"),
        ),
        ("header of one character", header_segment("e"), not_base64url("header")),
        ("header with a spare bit set", header_segment("e31"), not_base64url("header")),
        ("header as JSON", header_segment(HEADER), not_base64url("header")),
        ("header percent-encoded", header_segment(h.replace('J', "%4A")), not_base64url("header")),
        (
            "header with a non-ASCII letter",
            header_segment(h.replace('J', "Ј")),
            not_base64url("header"),
        ),
        ("bearer scheme in front", format!("Bearer {h}.{p}.{s}"), not_base64url("header")),
        ("quotation marks around", format!("\"{h}.{p}.{s}\""), not_base64url("header")),
        ("payload padded", payload_segment("e30="), not_base64url("payload")),
        (
            "payload in the standard alphabet",
            payload_segment("eyJhIjoi+/8ifQ"),
            not_base64url("payload"),
        ),
        ("payload with spare bits set", payload_segment("e31"), not_base64url("payload")),
        ("payload of one character", payload_segment("e"), not_base64url("payload")),
        (
            "payload not encoded at all",
            payload_segment(token().payload_json().replace('.', "")),
            not_base64url("payload"),
        ),
        (
            "payload folded",
            payload_segment(format!("{}\n{}", &p[..76], &p[76..])),
            not_base64url("payload"),
        ),
        ("signature padded", format!("{h}.{p}.{s}=="), not_base64url("signature")),
        ("signature with a space behind", format!("{h}.{p}.{s} "), not_base64url("signature")),
        ("signature with a line feed behind", format!("{h}.{p}.{s}\n"), not_base64url("signature")),
        ("signature with a NUL behind", format!("{h}.{p}.{s}\0"), not_base64url("signature")),
        (
            "signature in hexadecimal",
            token().signature_segment("0g".repeat(256)).mint(),
            BadSignature,
        ),
        ("comma and another token behind", format!("{h}.{p}.{s},x"), not_base64url("signature")),
    ]);
    cases.clause("RFC 7515 sections 4 and 5.2 step 3").refused(vec![
        ("header is empty JSON", raw_header(" "), HEADER_SYNTAX),
        (
            "header is an array of its values",
            raw_header(r#"["RS256","MARKER","tokenring-test-key-01"]"#),
            HEADER_NOT_OBJECT,
        ),
        ("header is a string", raw_header(r#""MARKER""#), HEADER_NOT_OBJECT),
        ("header is null", raw_header("null"), HEADER_NOT_OBJECT),
        ("header is a number", raw_header("1"), HEADER_NOT_OBJECT),
        (
            "header is not UTF-8",
            raw_header(b"{\"alg\":\"RS256\",\"MARKER\":\"\xff\"}"),
            HeaderJson(JsonError::NotUtf8),
        ),
        (
            "header is UTF-16",
            raw_header(HEADER.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()),
            HEADER_SYNTAX,
        ),
        (
            "header starts with a byte order mark",
            raw_header(format!("\u{feff}{HEADER}")),
            HEADER_SYNTAX,
        ),
        ("header stands there twice", raw_header(format!("{HEADER}{HEADER}")), HEADER_SYNTAX),
        ("header has something behind it", raw_header(format!("{HEADER}MARKER")), HEADER_SYNTAX),
        ("header has a NUL behind it", raw_header(format!("{HEADER}\0")), HEADER_SYNTAX),
        ("header is cut short", raw_header(r#"{"alg":"RS256","MARKER""#), HEADER_SYNTAX),
        ("header has a comma too many", header(""), HEADER_SYNTAX),
        ("header has a comment", header(r#"/*MARKER*/"y":1"#), HEADER_SYNTAX),
        ("header has a name without quotes", header("MARKER:1"), HEADER_SYNTAX),
        ("ignored parameter is NaN", header(r#""y":NaN"#), HEADER_SYNTAX),
        ("ignored parameter is out of range", header(r#""y":1e400"#), HEADER_SYNTAX),
        (
            "ignored parameter is out of range, deep inside",
            header(r#""y":[{"z":[-1e400]}]"#),
            HEADER_SYNTAX,
        ),
        ("ignored parameter has a lone surrogate", header(r#""y":"MARKER\ud800""#), HEADER_SYNTAX),
        ("ignored parameter has a raw line feed", header("\"y\":\"MARKER\n\""), HEADER_SYNTAX),
        ("ignored name has a lone surrogate", header(r#""\udc00MARKER":1"#), HEADER_SYNTAX),
        (
            "header of 33 levels",
            header(&format!(r#""y":{}"#, arrays(32))),
            HeaderJson(JsonError::TooDeep),
        ),
        ("alg twice", header(r#""alg":"RS256""#), HEADER_TWICE),
        ("alg twice, once escaped", header(r#""a\u006cg":"none""#), HEADER_TWICE),
        ("kid twice", header(r#""kid":"MARKER""#), HEADER_TWICE),
        ("typ twice", header(r#""typ":"MARKER""#), HEADER_TWICE),
        ("ignored parameter twice", header(r#""MARKER":1,"MARKER":1"#), HEADER_TWICE),
        (
            "ignored parameter twice, once escaped",
            header(r#""MARKER":1,"\u004dARKER":1"#),
            HEADER_TWICE,
        ),
    ]);
    let changes_processing = concat!(
        "RFC 7515 section 4.1.11; RFC 7797 section 6; ",
        "RFC 7516 section 4.1; RFC 7519 section 5.2",
    );
    cases.clause(changes_processing).refused(vec![
        ("crit names an extension", header(r#""crit":["MARKER"]"#), forbidden("crit")),
        ("crit names exp", header(r#""crit":["exp"],"exp":1"#), forbidden("crit")),
        ("crit is empty", header(r#""crit":[]"#), forbidden("crit")),
        ("crit is null", header(r#""crit":null"#), forbidden("crit")),
        ("crit is escaped", header(r#""\u0063rit":["MARKER"]"#), forbidden("crit")),
        ("b64 is false", header(r#""b64":false"#), forbidden("b64")),
        ("b64 is true", header(r#""b64":true"#), forbidden("b64")),
        ("b64 is false and critical", header(r#""b64":false,"crit":["b64"]"#), forbidden("b64")),
        ("zip is DEF", header(r#""zip":"DEF""#), forbidden("zip")),
        ("zip is null", header(r#""zip":null"#), forbidden("zip")),
        ("enc, as in a JWE", header(r#""enc":"A256GCM""#), forbidden("enc")),
        ("cty: a token in the token", header(r#""cty":"JWT""#), forbidden("cty")),
        ("cty is empty", header(r#""cty":"""#), forbidden("cty")),
    ]);
    cases.clause("RFC 7515 section 4.1.1; RFC 8725 section 3.1").refused(vec![
        ("no alg", raw_header(r#"{"kid":"tokenring-test-key-01","x":"MARKER"}"#), AlgorithmMissing),
        ("empty header object", raw_header("{}"), AlgorithmMissing),
        ("alg is null", alg("null"), header_type("alg")),
        ("alg is an array", alg(r#"["RS256"]"#), header_type("alg")),
        ("alg is a number", alg("256"), header_type("alg")),
        ("alg is an object", alg(&format!(r#"{{{number}:"256"}}"#)), header_type("alg")),
        ("alg is empty", alg("\"\""), AlgorithmNotAccepted),
        ("alg is unknown", alg(r#""MARKER""#), AlgorithmNotAccepted),
        ("alg in lower case", alg(r#""rs256""#), AlgorithmNotAccepted),
        ("alg with a space behind", alg(r#""RS256 ""#), AlgorithmNotAccepted),
        ("alg with a NUL behind", alg(r#""RS256\u0000""#), AlgorithmNotAccepted),
        ("alg none", alg(r#""none""#), AlgorithmNotAccepted),
        ("alg none in other letters", alg(r#""nOnE""#), AlgorithmNotAccepted),
        (
            "alg none and a signature of one zero",
            token().header("alg", "none").signature([0]).mint(),
            AlgorithmNotAccepted,
        ),
        ("alg HS256", alg(r#""HS256""#), AlgorithmNotAccepted),
        ("alg ES256", alg(r#""ES256""#), AlgorithmNotAccepted),
        ("alg EdDSA", alg(r#""EdDSA""#), AlgorithmNotAccepted),
        (
            "alg RS384, honestly",
            token().header("alg", "RS384").forged_as(Algorithm::RS384).mint(),
            AlgorithmNotAccepted,
        ),
        (
            "alg RS512, honestly",
            token().header("alg", "RS512").forged_as(Algorithm::RS512).mint(),
            AlgorithmNotAccepted,
        ),
        (
            "alg PS256, honestly",
            token().header("alg", "PS256").forged_as(Algorithm::PS256).mint(),
            AlgorithmNotAccepted,
        ),
        ("RS384 called RS256", token().forged_as(Algorithm::RS384).mint(), BadSignature),
        ("RS512 called RS256", token().forged_as(Algorithm::RS512).mint(), BadSignature),
        ("PS256 called RS256", token().forged_as(Algorithm::PS256).mint(), BadSignature),
        ("PS384 called RS256", token().forged_as(Algorithm::PS384).mint(), BadSignature),
    ]);
    cases.clause("RFC 7515 section 4.1.4; RFC 8725 section 3.10").refused(vec![
        ("kid is null", kid("null"), header_type("kid")),
        ("kid is a number", kid("1"), header_type("kid")),
        ("kid is an array", kid(r#"["tokenring-test-key-01"]"#), header_type("kid")),
        ("kid is an object", kid(r#"{"MARKER":1}"#), header_type("kid")),
        ("kid is empty", kid("\"\""), KeyIdLength { bytes: 0 }),
        ("kid of 257 bytes", kid(&format!(r#""{}""#, "k".repeat(257))), KeyIdLength { bytes: 257 }),
        ("kid of 256 bytes nobody has", kid(&format!(r#""{}""#, "k".repeat(256))), UnknownKey),
        ("kid is unknown", kid(r#""MARKER""#), UnknownKey),
        ("kid in capitals", kid(r#""TOKENRING-TEST-KEY-01""#), UnknownKey),
        ("kid is the start of one", kid(r#""tokenring-test-key-0""#), UnknownKey),
        ("kid goes on", kid(r#""tokenring-test-key-01MARKER""#), UnknownKey),
        ("kid with a NUL behind", kid(r#""tokenring-test-key-01\u0000""#), UnknownKey),
        ("kid is a path", kid(r#""../../dev/null""#), UnknownKey),
        ("kid of another key than the signer", kid(r#""tokenring-test-key-03""#), BadSignature),
        ("no kid, and there are three keys", token().without_header("kid").mint(), AmbiguousKey),
        ("typ is null", raw_header(HEADER.replace(r#""JWT""#, "null")), header_type("typ")),
        (
            "typ is an array",
            raw_header(HEADER.replace(r#""JWT""#, r#"["JWT"]"#)),
            header_type("typ"),
        ),
    ]);
    cases.clause("RFC 7515 section 5.2 step 8; RFC 8017 section 8.2.2").refused(vec![
        ("signed by an attacker", token().forged_by(&attacker).mint(), BadSignature),
        ("signed by an attacker in his own name", token().key(&attacker).mint(), UnknownKey),
        (
            "signed by an attacker who brings his key",
            token().header("jwk", attacker.jwk()).forged_by(&attacker).mint(),
            BadSignature,
        ),
        (
            "signed by an attacker who tells where his keys are",
            token().header("jku", "https://attacker.example/MARKER").key(&attacker).mint(),
            UnknownKey,
        ),
        (
            "signed by an attacker, expired as well",
            token().claim("exp", 1).forged_by(&attacker).mint(),
            BadSignature,
        ),
        (
            "signed by an attacker, payload no JSON",
            token().raw_payload(MARKER).forged_by(&attacker).mint(),
            BadSignature,
        ),
        (
            "signature of another token",
            format!("{h}.{}.{s}", URL_SAFE_NO_PAD.encode(token().subject("admin").payload_json())),
            BadSignature,
        ),
        ("signature of one byte", token().signature([1]).mint(), BadSignature),
        ("signature of zeros", token().signature([0; 256]).mint(), BadSignature),
        ("signature of ones", token().signature([0xff; 256]).mint(), BadSignature),
        (
            "signature with a zero in front",
            token().signature([vec![0], URL_SAFE_NO_PAD.decode(&s).unwrap()].concat()).mint(),
            BadSignature,
        ),
        (
            "signature without its last byte",
            token().signature(&URL_SAFE_NO_PAD.decode(&s).unwrap()[..255]).mint(),
            BadSignature,
        ),
        (
            "signature over the payload alone",
            token().signature(issuer.keys()[0].sign(p.as_bytes())).mint(),
            BadSignature,
        ),
        (
            "signature over the JSON texts",
            token().signature(issuer.keys()[0].sign(token().payload_json().as_bytes())).mint(),
            BadSignature,
        ),
    ]);
    cases.clause("RFC 7519 section 7.2 step 10").refused(vec![
        ("payload is empty", raw_payload(""), EmptyPayload),
        ("payload is a space", raw_payload(" "), PAYLOAD_SYNTAX),
        ("payload is no JSON", raw_payload("MARKER"), PAYLOAD_SYNTAX),
        ("payload is a token", raw_payload(format!("{h}.{p}.{s}")), PAYLOAD_SYNTAX),
        (
            "payload is an array of the claims' values",
            raw_payload(format!("[{}]", CLAIMS.map(|(_, value)| value).join(","))),
            PAYLOAD_NOT_OBJECT,
        ),
        (
            "payload is an array of one good claims set",
            raw_payload(format!("[{}]", token().payload_json())),
            PAYLOAD_NOT_OBJECT,
        ),
        (
            "payload is a string that holds the claims",
            raw_payload(Value::from(token().payload_json()).to_string()),
            PAYLOAD_NOT_OBJECT,
        ),
        ("payload is a number", raw_payload("1780086400"), PAYLOAD_NOT_OBJECT),
        (
            "payload is not UTF-8",
            raw_payload(b"{\"MARKER\":\"\xc3\x28\"}"),
            PayloadJson(JsonError::NotUtf8),
        ),
        (
            "payload starts with a byte order mark",
            raw_payload(format!("\u{feff}{}", token().payload_json())),
            PAYLOAD_SYNTAX,
        ),
        (
            "payload has something behind it",
            raw_payload(format!("{}MARKER", token().payload_json())),
            PAYLOAD_SYNTAX,
        ),
        ("payload has a comma too many", claims(""), PAYLOAD_SYNTAX),
        ("ignored claim is out of range", claims(r#""MARKER":1e400"#), PAYLOAD_SYNTAX),
        ("ignored claim has 400 digits", claims(&format!(r#""MARKER":{digits}"#)), PAYLOAD_SYNTAX),
        ("ignored claim has a lone surrogate", claims(r#""x":["MARKER\udfff"]"#), PAYLOAD_SYNTAX),
        (
            "payload of 33 levels",
            claims(&format!(r#""MARKER":{}"#, arrays(32))),
            PayloadJson(JsonError::TooDeep),
        ),
        (
            "payload of 1000 levels",
            claims(&format!(r#""MARKER":{}"#, arrays(1000))),
            PayloadJson(JsonError::TooDeep),
        ),
        ("iss twice", claims(r#""iss":"MARKER""#), PAYLOAD_TWICE),
        ("exp twice", claims(r#""exp":9999999999"#), PAYLOAD_TWICE),
        ("aud twice, once escaped", claims(r#""\u0061ud":"MARKER""#), PAYLOAD_TWICE),
        ("ignored claim twice", claims(r#""MARKER":1,"MARKER":2"#), PAYLOAD_TWICE),
        (
            "ignored claim twice, once escaped",
            claims(r#""MARKER":1,"MARKE\u0052":2"#),
            PAYLOAD_TWICE,
        ),
        (
            "member of serde_json's twice",
            claims(&format!(r#"{number}:"1",{number}:"1""#)),
            PAYLOAD_TWICE,
        ),
    ]);
    cases.clause("RFC 7519 section 4.1.1; RFC 8725 section 3.8").refused(vec![
        ("no claims at all", raw_payload("{}"), ClaimMissing { claim: "iss" }),
        ("no iss", token().without_claim("iss").mint(), ClaimMissing { claim: "iss" }),
        ("iss is null", claim("iss", "null"), claim_type("iss")),
        ("iss is an array", claim("iss", &format!(r#"["{ISSUER}"]"#)), claim_type("iss")),
        ("iss is empty", claim("iss", "\"\""), WrongIssuer),
        ("iss is another", claim("iss", r#""https://MARKER.example/""#), WrongIssuer),
        (
            "iss without its slash",
            claim("iss", r#""https://tenant.example.auth0.com""#),
            WrongIssuer,
        ),
        (
            "iss in other letters",
            claim("iss", r#""https://tenant.example.AUTH0.com/""#),
            WrongIssuer,
        ),
        (
            "iss is only the start",
            claim("iss", r#""https://tenant.example.auth0.com/MARKER""#),
            WrongIssuer,
        ),
    ]);
    cases.clause("RFC 7519 section 4.1.3; RFC 8725 section 3.9").refused(vec![
        ("no aud", token().without_claim("aud").mint(), ClaimMissing { claim: "aud" }),
        ("aud is null", claim("aud", "null"), claim_type("aud")),
        ("aud is an object", claim("aud", r#"{"MARKER":1}"#), claim_type("aud")),
        ("aud is an empty array", claim("aud", "[]"), claim_type("aud")),
        (
            "aud has a number besides the right string",
            claim("aud", &format!(r#"["{AUDIENCE}",1]"#)),
            claim_type("aud"),
        ),
        (
            "aud has null besides the right string",
            claim("aud", &format!(r#"["{AUDIENCE}",null]"#)),
            claim_type("aud"),
        ),
        ("aud is nested", claim("aud", &format!(r#"[["{AUDIENCE}"]]"#)), claim_type("aud")),
        ("aud is empty", claim("aud", "\"\""), WrongAudience),
        ("aud is another", claim("aud", r#""MARKER""#), WrongAudience),
        ("aud are others", claim("aud", r#"["MARKER","x"]"#), WrongAudience),
        (
            "aud is a list in one string",
            claim("aud", &format!(r#""{AUDIENCE} MARKER""#)),
            WrongAudience,
        ),
        ("aud is cut in two", claim("aud", r#"["https://api.","example.com/"]"#), WrongAudience),
        (
            "aud pretends to be several by quotation marks",
            claim("aud", &format!(r#"["MARKER\",\"{AUDIENCE}\",\""]"#)),
            WrongAudience,
        ),
        (
            "aud is the client: an ID token",
            claim("aud", &format!(r#""{CLIENT_ID}""#)),
            WrongAudience,
        ),
    ]);
    cases.clause("RFC 7519 sections 4.1.4 to 4.1.6").refused(vec![
        ("no exp", token().without_claim("exp").mint(), ClaimMissing { claim: "exp" }),
        ("exp is null", claim("exp", "null"), claim_type("exp")),
        ("exp is a string", claim("exp", r#""1780086400""#), claim_type("exp")),
        ("exp is an array", claim("exp", "[1780086400]"), claim_type("exp")),
        (
            "exp looks like serde_json's number",
            claim("exp", &format!(r#"{{{number}:"1780086400"}}"#)),
            claim_type("exp"),
        ),
        ("exp is now", claim("exp", "1780000000"), Expired { exp: now, now }),
        ("exp is past", claim("exp", "1"), Expired { exp: 1, now }),
        ("exp is 0", claim("exp", "0"), Expired { exp: 0, now }),
        ("exp is -0.0", claim("exp", "-0.0"), Expired { exp: 0, now }),
        ("exp was half a second ago", claim("exp", "1779999999.5"), Expired { exp: now, now }),
        ("exp is negative", claim("exp", "-1"), EXP_RANGE),
        ("exp is negative and a fraction", claim("exp", "-0.5"), EXP_RANGE),
        ("exp in milliseconds", claim("exp", "1780086400000"), EXP_RANGE),
        ("exp in the year 10000", claim("exp", "253402300800"), EXP_RANGE),
        ("exp is 2^63", claim("exp", "9223372036854775808"), EXP_RANGE),
        ("exp is 2^64", claim("exp", "18446744073709551616"), EXP_RANGE),
        ("exp is 1e308", claim("exp", "1e308"), EXP_RANGE),
        ("exp is 1e400", claim("exp", "1e400"), PAYLOAD_SYNTAX),
        ("nbf is to come", claim("nbf", "1780000001"), NotYetValid { nbf: 1_780_000_001, now }),
        (
            "nbf comes within the second",
            claim("nbf", "1780000000.25"),
            NotYetValid { nbf: 1_780_000_001, now },
        ),
        ("nbf is 1e308", claim("nbf", "1e308"), NotYetValid { nbf: u64::MAX, now }),
        ("nbf is null", claim("nbf", "null"), claim_type("nbf")),
        ("nbf is a string", claim("nbf", r#""0""#), claim_type("nbf")),
        ("iat is a string", claim("iat", r#""MARKER""#), claim_type("iat")),
        ("iat is null", claim("iat", "null"), claim_type("iat")),
    ]);
    cases
        .clause("RFC 7519 section 4.1; RFC 7800 section 3.1; OpenID Connect Core section 2")
        .refused(vec![
            ("sub is a number", claim("sub", "1"), claim_type("sub")),
            ("sub is null", claim("sub", "null"), claim_type("sub")),
            ("sub is an array", claim("sub", r#"["MARKER"]"#), claim_type("sub")),
            ("jti is a number", claim("jti", "1"), claim_type("jti")),
            ("azp is null", claim("azp", "null"), claim_type("azp")),
            ("client_id is an array", claim("client_id", r#"["MARKER"]"#), claim_type("client_id")),
            ("cnf is null", claim("cnf", "null"), claim_type("cnf")),
            ("cnf is a string", claim("cnf", r#""MARKER""#), claim_type("cnf")),
            ("cnf: bound to a DPoP key", claim("cnf", r#"{"jkt":"MARKER"}"#), SenderConstrained),
            (
                "cnf: bound to a certificate",
                claim("cnf", r#"{"x5t#S256":"MARKER"}"#),
                SenderConstrained,
            ),
            ("cnf is empty", claim("cnf", "{}"), SenderConstrained),
        ]);
    cases.clause("RFC 8725 section 3.11; RFC 7515 section 4.1.9").refused(vec![
        ("typ is empty", typ(""), TokenTypeNotAccepted),
        ("typ is unknown", typ("MARKER+jwt"), TokenTypeNotAccepted),
        ("typ of a logout token", typ("logout+jwt"), TokenTypeNotAccepted),
        ("typ of a DPoP proof", typ("dpop+jwt"), TokenTypeNotAccepted),
        ("typ of an event", typ("application/secevent+jwt"), TokenTypeNotAccepted),
        ("typ with a space", typ("JWT "), TokenTypeNotAccepted),
    ]);
    cases.cases
}

/// The special property, and the token.
fn accepted() -> Vec<(&'static str, String)> {
    let issuer = Issuer::default();
    let keys = issuer.keys();
    let attacker = TestKey::attacker();
    let number = r#""$serde_json::private::Number""#;
    let spaced = token().payload_json().replace("\":", "\"\r\n\t :");
    vec![
        ("nothing", token().mint()),
        ("second key", token().key(&keys[1]).mint()),
        ("third key", token().key(&keys[2]).mint()),
        ("smallest header", raw_header(r#"{"alg":"RS256","kid":"tokenring-test-key-01"}"#)),
        ("only the claims that must be there", raw_payload(claims_with("exp", "1780086400"))),
        ("header with white space", raw_header(HEADER.replace(':', "\n: ").replace(',', "\t,\r"))),
        ("payload with white space", raw_payload(format!(" {spaced}\n"))),
        (
            "names with escapes",
            raw_header(r#"{"\u0061lg":"RS256","k\u0069d":"tokenring-test-key-01"}"#),
        ),
        (
            "values with escapes",
            raw_header(r#"{"alg":"\u0052S256","kid":"tokenring\u002dtest-key-01"}"#),
        ),
        ("claim names with escapes", claims(r#""\u0073ub":"MARKER""#)),
        ("header of 32 levels", header(&format!(r#""y":{}"#, arrays(31)))),
        ("payload of 32 levels", claims(&format!(r#""y":{}"#, arrays(31)))),
        (
            "unknown parameters of all types",
            header(r#""a":null,"b":true,"c":-1.5e-3,"d":[[],{}],"e":{"f":"MARKER"}"#),
        ),
        (
            "attacker's key in the header, and not used",
            token().header("jwk", attacker.jwk()).mint(),
        ),
        (
            "URL in the header, and not fetched",
            token()
                .header("jku", "https://attacker.example/")
                .header("x5u", "file:///dev/null")
                .mint(),
        ),
        (
            "certificates in the header beside kid, and not looked at",
            header(r#""x5c":["MARKER"],"x5t":"MARKER","x5t#S256":null"#),
        ),
        (
            "parameter names that look alike",
            header(r#""Alg":"none","KID":1,"Crit":[],"b\u0036\u0034x":1"#),
        ),
        ("no typ", token().without_header("typ").mint()),
        ("typ of an access token", typ("at+jwt")),
        ("typ in full and in capitals", typ("APPLICATION/AT+JWT")),
        ("typ in small letters", typ("jwt")),
        ("aud is a string", token().audience(AUDIENCE).mint()),
        ("aud has the right one last", token().audience(["MARKER", "", AUDIENCE]).mint()),
        ("aud with escapes", claim("aud", r#""https:\/\/api.example.com\/""#)),
        (
            "aud with escapes in another element",
            claim("aud", &format!(r#"["MARKER\"\\","{AUDIENCE}"]"#)),
        ),
        ("iss with escapes", claim("iss", r#""https:\/\/tenant.example.auth0.com\/""#)),
        ("exp in a second", claim("exp", "1780000001")),
        ("exp in a millisecond", claim("exp", "1780000000.001")),
        ("exp with an exponent", claim("exp", "1e10")),
        ("exp at the end of 9999", claim("exp", "253402300799")),
        ("nbf is now", claim("nbf", "1780000000")),
        ("nbf is negative", claim("nbf", "-1e308")),
        ("nbf is -0", claim("nbf", "-0")),
        ("iat is to come", claim("iat", "9999999999")),
        ("iat in milliseconds", claim("iat", "1780000000000")),
        ("iat before 1970", claim("iat", "-1.5")),
        ("sub and jti are empty", claims(r#""sub":"","jti":"""#)),
        ("sub is any text", claims(r#""sub":"MARKER\u0000\ud83d\ude00\"{}""#)),
        ("azp is another client: the policy names none", token().claim("azp", "MARKER").mint()),
        ("scope is no string: grants nothing", claim("scope", r#"["MARKER"]"#)),
        ("permissions are no array: grant nothing", claim("permissions", r#""MARKER""#)),
        ("permissions are not all strings: grant nothing", claim("permissions", r#"["MARKER",1]"#)),
        (
            "ignored claim looks like serde_json's number",
            claims(&format!(r#""x":{{{number}:"MARKER"}},{number}:"1""#)),
        ),
        (
            "ignored claim is large and one is small",
            claims(r#""x":[1e308,-1e308,1e-400,123456789012345678901234567890]"#),
        ),
        ("ignored claim repeats a member within", claims(r#""x":{"MARKER":1,"MARKER":2}"#)),
        (
            "claims nested like registered ones",
            token().claim("x", json!({"iss": MARKER, "exp": 0, "cnf": {}})).mint(),
        ),
        ("claim without a name", claims(r#""":"MARKER""#)),
        ("kilobytes of claims", claim("x", &format!(r#""{}""#, "x".repeat(10_000)))),
    ]
}
