//! A second normalizer of URIs, for `htu`. It works on tokens, and by the text of RFC 3986 section 5.2.4.

use std::net::Ipv6Addr;

/// The result of comparing an `htu` with the target of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    /// The `htu` is malformed.
    Malformed,
    /// The target of the request is malformed.
    BadRequest,
    /// The target of the request is a whole URI of another origin, or not under the origin's prefix.
    OtherOrigin,
    /// The first part that differs.
    Differs(&'static str),
}

/// An `http` or `https` URI without query and fragment, normalized.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Uri {
    scheme: &'static str,
    host: String,
    port: u16,
    path: String,
}

/// Whether `htu` is the URI of a request for `target` at `origin`.
pub fn compare(htu: &str, target: &str, origin: &Uri) -> Comparison {
    let Some(htu) =
        parse(htu.split(['?', '#']).next().expect("a part")).filter(|_| is_visible(htu))
    else {
        return Comparison::Malformed;
    };
    let request = match of_request(target, origin) {
        Ok(request) => request,
        Err(comparison) => return comparison,
    };
    match () {
        () if htu.scheme != request.scheme => Comparison::Differs("scheme"),
        () if htu.host != request.host => Comparison::Differs("host"),
        () if htu.port != request.port => Comparison::Differs("port"),
        () if htu.path != request.path => Comparison::Differs("path"),
        () => Comparison::Equal,
    }
}

/// The URI of a request for `target` at `origin`.
pub fn of_request(target: &str, origin: &Uri) -> Result<Uri, Comparison> {
    let target = target.split('?').next().expect("a part");
    if !is_visible(target) {
        return Err(Comparison::BadRequest);
    }
    let prefix = origin.path.trim_end_matches('/');
    if target.starts_with('/') {
        let path = path(&format!("{prefix}{target}")).ok_or(Comparison::BadRequest)?;
        return match !prefix.is_empty() && climbs(target) {
            true => Err(Comparison::OtherOrigin),
            false => Ok(Uri { path, ..origin.clone() }),
        };
    }
    // A fragment is never sent, and `#` is no character of a path.
    let (front, fragment) = match target.split_once('#') {
        Some((front, _)) => (front, true),
        None => (target, false),
    };
    let (found, rest) = authority(front).ok_or(Comparison::BadRequest)?;
    if (found.scheme, &found.host, found.port) != (origin.scheme, &origin.host, origin.port) {
        return Err(Comparison::OtherOrigin);
    }
    let path = path(rest).filter(|_| !fragment).ok_or(Comparison::BadRequest)?;
    match path == prefix || path.starts_with(&format!("{prefix}/")) {
        true => Ok(Uri { path, ..found }),
        false => Err(Comparison::OtherOrigin),
    }
}

/// Whether more segments of a path go up than down, at any place in it.
fn climbs(path: &str) -> bool {
    let mut depth = 0;
    path.split('/').skip(1).any(|segment| {
        depth += match segment.to_lowercase().replace("%2e", ".").as_str() {
            "." => 0,
            ".." => -1,
            _ => 1,
        };
        depth < 0
    })
}

fn is_visible(text: &str) -> bool {
    text.chars().all(|character| ('!'..='~').contains(&character))
}

/// Reads an absolute URI without query and fragment.
pub fn parse(uri: &str) -> Option<Uri> {
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
