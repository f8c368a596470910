//! The URI that a proof is for, compared with a second normalizer.

use std::{net::Ipv6Addr, sync::LazyLock};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use tokenring::{
    Algorithm, PublicKey,
    possession::{
        BoundToken, Confirmation, ProofError, ProofPolicy, ProofVerifier, ReplayError, ReplayKey,
        ReplayStore, Request, Thumbprint,
    },
    testkit::TestKey,
};

use crate::{NOW, assert_plain};

/// `htu` is the URI of a request if and only if a second normalizer, which works on tokens and by the text of
/// RFC 3986 section 5.2.4, finds them equal; otherwise the first part that it finds different is named.
///
/// The input is an `htu`, NUL, and the target of a request. A first byte that is odd chooses the second origin.
pub fn htu(input: &str) -> bool {
    let Some((htu, target)) = input.split_once('\0') else { return false };
    let second = htu.bytes().next().is_some_and(|byte| byte == b'!');
    let htu = htu.strip_prefix('!').unwrap_or(htu);
    let (origin, verifier) = &VERIFIERS[usize::from(second)];
    let proof = unsigned(htu);
    let request = Request::new("GET", target).dpop([&proof]);
    let found = verifier.inspect_at(&request, &bound(), NOW).expect_err("it is not signed");
    assert_plain(&found);
    if let ProofError::TooLong { .. } = found {
        return false;
    }
    let expected = expected(htu, target, origin);
    match (found, expected) {
        // The signature is checked later.
        (ProofError::BadSignature, Expected::Equal) => true,
        (ProofError::MalformedTarget(_), Expected::Malformed)
        | (ProofError::RequestTarget(_), Expected::BadRequest)
        | (ProofError::RequestOfOtherOrigin, Expected::OtherOrigin) => false,
        (ProofError::WrongTarget { part }, Expected::Differs(expected)) => {
            assert_eq!(part, expected);
            false
        }
        (found, expected) => panic!("{found:?} instead of {expected:?}"),
    }
}

/// The origins of two services: scheme, host, port, prefix.
const ORIGINS: [&str; 2] = ["https://example.com", "http://[2001:db8::1]:8080/v1"];

static VERIFIERS: LazyLock<[(Uri, ProofVerifier); 2]> = LazyLock::new(|| {
    ORIGINS.map(|origin| {
        let verifier = ProofVerifier::new(ProofPolicy::new(origin), Nothing).expect("a policy");
        (parse(origin).expect("an origin"), verifier)
    })
});

/// Nothing gets so far as to be recorded.
struct Nothing;

impl ReplayStore for Nothing {
    fn insert(
        &self,
        _: &ReplayKey,
        _: tokenring::UnixTime,
        _: tokenring::UnixTime,
    ) -> Result<(), ReplayError> {
        unreachable!("a proof without a signature is not recorded")
    }
}

fn bound() -> BoundToken<'static> {
    static KEY: LazyLock<Thumbprint> = LazyLock::new(|| {
        let jwk = TestKey::for_algorithm(Algorithm::ES256).jwk().to_string();
        PublicKey::from_jwk(jwk.as_bytes()).expect("a key").thumbprint()
    });
    BoundToken::new("token", Confirmation::of_key(*KEY))
}

/// A proof that is right but for its `htu`, perhaps, and its signature.
fn unsigned(htu: &str) -> String {
    static HEADER: LazyLock<String> = LazyLock::new(|| {
        let jwk = TestKey::for_algorithm(Algorithm::ES256).jwk();
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk });
        URL_SAFE_NO_PAD.encode(header.to_string())
    });
    let claims = json!({
        "htm": "GET",
        "htu": htu,
        "iat": NOW.as_secs(),
        "jti": "1",
        // Of the text `token`.
        "ath": "PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A",
    });
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    format!("{}.{claims}.{}", *HEADER, "A".repeat(86))
}

#[derive(Debug)]
enum Expected {
    Equal,
    Malformed,
    BadRequest,
    OtherOrigin,
    Differs(&'static str),
}

#[derive(Clone, PartialEq)]
struct Uri {
    scheme: &'static str,
    host: String,
    port: u16,
    path: String,
}

fn expected(htu: &str, target: &str, origin: &Uri) -> Expected {
    let Some(htu) =
        parse(htu.split(['?', '#']).next().expect("a part")).filter(|_| is_visible(htu))
    else {
        return Expected::Malformed;
    };
    let target = target.split('?').next().expect("a part");
    if !is_visible(target) {
        return Expected::BadRequest;
    }
    let request = if target.starts_with('/') {
        let prefix = origin.path.trim_end_matches('/');
        match path(&format!("{prefix}{target}")) {
            Some(path) => Uri { path, ..origin.clone() },
            None => return Expected::BadRequest,
        }
    } else {
        // A fragment is never sent, and `#` is no character of a path.
        let (front, fragment) = match target.split_once('#') {
            Some((front, _)) => (front, true),
            None => (target, false),
        };
        match authority(front) {
            None => return Expected::BadRequest,
            Some((found, _))
                if (found.scheme, &found.host, found.port)
                    != (origin.scheme, &origin.host, origin.port) =>
            {
                return Expected::OtherOrigin;
            }
            Some(_) if fragment => return Expected::BadRequest,
            Some((found, rest)) => match path(rest) {
                Some(path) => Uri { path, ..found },
                None => return Expected::BadRequest,
            },
        }
    };
    match () {
        () if htu.scheme != request.scheme => Expected::Differs("scheme"),
        () if htu.host != request.host => Expected::Differs("host"),
        () if htu.port != request.port => Expected::Differs("port"),
        () if htu.path != request.path => Expected::Differs("path"),
        () => Expected::Equal,
    }
}

fn is_visible(text: &str) -> bool {
    text.chars().all(|character| ('!'..='~').contains(&character))
}

fn parse(uri: &str) -> Option<Uri> {
    let (found, rest) = authority(uri)?;
    Some(Uri { path: path(rest)?, ..found })
}

/// Scheme, host and port, and the text after them.
fn authority(uri: &str) -> Option<(Uri, &str)> {
    let lower = uri.to_ascii_lowercase();
    let (scheme, own, length) = match () {
        () if lower.starts_with("https://") => ("https", 443, 8),
        () if lower.starts_with("http://") => ("http", 80, 7),
        () => return None,
    };
    let rest = &uri[length..];
    let (authority, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = match authority.rfind(']') {
        Some(end) if authority.starts_with('[') => {
            let address: Ipv6Addr = authority[1..end].parse().ok()?;
            (format!("[{address:?}]"), &authority[end + 1..])
        }
        _ => {
            let (name, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
            let plain = |byte: u8| is_unreserved(byte) || b"!$&'()*+,;=".contains(&byte);
            let name = render(&tokens(name, plain)?).to_ascii_lowercase();
            if name.is_empty() {
                return None;
            }
            (name, port)
        }
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => own,
        None => return None,
        Some("") => own,
        Some(digits) if digits.chars().all(|digit| digit.is_ascii_digit()) => {
            let significant = digits.trim_start_matches('0');
            if significant.len() > 5 {
                return None;
            }
            let number =
                significant.bytes().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
            u16::try_from(number).ok()?
        }
        Some(_) => return None,
    };
    Some((Uri { scheme, host, port, path: String::new() }, rest))
}

/// A character, or a byte that stays escaped.
enum Token {
    Plain(u8),
    Escaped(u8),
}

fn is_unreserved(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~')
}

fn tokens(text: &str, plain: impl Fn(u8) -> bool) -> Option<Vec<Token>> {
    let mut parts = text.split('%');
    let mut tokens = Vec::new();
    let take = |part: &str, tokens: &mut Vec<Token>| {
        part.bytes().all(|byte| {
            tokens.push(Token::Plain(byte));
            plain(byte)
        })
    };
    if !take(parts.next()?, &mut tokens) {
        return None;
    }
    for part in parts {
        let digits =
            part.get(..2).filter(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()))?;
        let byte = u8::from_str_radix(digits, 16).ok()?;
        tokens.push(if is_unreserved(byte) { Token::Plain(byte) } else { Token::Escaped(byte) });
        if !take(&part[2..], &mut tokens) {
            return None;
        }
    }
    Some(tokens)
}

fn render(tokens: &[Token]) -> String {
    let text = |token: &Token| match token {
        Token::Plain(byte) => char::from(*byte).to_string(),
        Token::Escaped(byte) => format!("%{byte:02X}"),
    };
    tokens.iter().map(text).collect()
}

/// RFC 3986 section 5.2.4, as it is written there.
fn path(text: &str) -> Option<String> {
    let plain = |byte: u8| is_unreserved(byte) || b"!$&'()*+,;=:@/[]^|".contains(&byte);
    let mut input = render(&tokens(text, plain)?);
    if input.is_empty() {
        return Some("/".into());
    }
    let mut output = String::new();
    while !input.is_empty() {
        if input.starts_with("/./") {
            input.drain(..2);
        } else if input == "/." {
            input = "/".into();
        } else if input.starts_with("/../") || input == "/.." {
            input = if input == "/.." { "/".into() } else { input[3..].into() };
            output.truncate(output.rfind('/').unwrap_or(0));
        } else {
            let end = input[1..].find('/').map_or(input.len(), |end| end + 1);
            output.extend(input.drain(..end));
        }
    }
    Some(output)
}
