//! `htu`, the URI that a proof is for, against the target of the request. RFC 9449 section 4.3, steps 9 and
//! 10; RFC 3986 sections 3 and 6.2.
//!
//! Scheme, authority and path are compared, query and fragment are not. Both sides are normalized by the
//! rules of RFC 3986 sections 6.2.2 and 6.2.3, and by no others: `//` stays `//`.

use alloc::{format, string::String, vec::Vec};
use core::{error::Error, fmt, net::Ipv6Addr};

use super::ProofError;

/// The scheme, host and port that clients know the service by, and the path before all of its own.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Origin {
    authority: Authority,
    /// Empty, or a path that begins with a slash and does not end with one.
    prefix: String,
}

/// Leaves out the path.
impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin").field("authority", &self.authority).finish_non_exhaustive()
    }
}

impl Origin {
    /// Reads `https://api.example.com`, or with a prefix `https://api.example.com/v1`. One slash at the end is
    /// the same as none.
    pub(super) fn parse(text: &str) -> Result<Self, UriError> {
        let (authority, path) = Authority::parse(text)?;
        let prefix = path.strip_suffix('/').unwrap_or(path);
        if prefix.contains(['?', '#']) {
            return Err(UriError::Path);
        }
        // A prefix that is no longer the same when it is normalized is a mistake.
        match normalized_path(&format!("{prefix}/"))?.strip_suffix('/') {
            Some(same) if same == prefix && !prefix.ends_with('/') => {
                Ok(Self { authority, prefix: prefix.into() })
            }
            _ => Err(UriError::Path),
        }
    }

    /// The URI of a request with this target, in origin form or absolute. RFC 9112 section 3.2.
    ///
    /// It is under the prefix. What is not is another service's, which gets proofs for its own URIs.
    pub(super) fn uri_of(&self, target: &str) -> Result<Uri, ProofError> {
        let target = target.split('?').next().unwrap_or_default();
        if !is_graphic(target) {
            return Err(ProofError::RequestTarget(UriError::NotAscii));
        }
        let normalized = |path: &str| normalized_path(path).map_err(ProofError::RequestTarget);
        let (path, is_inside) = if target.starts_with('/') {
            let path = normalized(&format!("{}{target}", self.prefix))?;
            // A `..` too many takes a segment of the prefix away.
            let is_inside = match self.prefix.as_str() {
                "" => true,
                prefix => path == format!("{prefix}{}", normalized(target)?),
            };
            (path, is_inside)
        } else {
            let (authority, rest) = Authority::parse(target).map_err(ProofError::RequestTarget)?;
            if authority != self.authority {
                return Err(ProofError::RequestOfOtherOrigin);
            }
            let path = normalized(rest)?;
            let is_inside = self.has(&path);
            (path, is_inside)
        };
        match is_inside {
            true => Ok(Uri { authority: self.authority.clone(), path }),
            false => Err(ProofError::RequestOfOtherOrigin),
        }
    }

    /// Whether a normalized path is the prefix, or under it.
    fn has(&self, path: &str) -> bool {
        let rest = path.strip_prefix(&self.prefix);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// An `http` or `https` URI without its query and fragment, normalized.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Uri {
    authority: Authority,
    path: String,
}

impl Uri {
    /// Reads an `htu`. Its query and fragment are ignored.
    pub(super) fn parse(htu: &str) -> Result<Self, UriError> {
        if !is_graphic(htu) {
            return Err(UriError::NotAscii);
        }
        let (authority, rest) = Authority::parse(htu)?;
        let path = rest.split(['?', '#']).next().unwrap_or_default();
        Ok(Self { authority, path: normalized_path(path)? })
    }

    /// The first part in which the URIs differ.
    pub(super) fn difference(&self, other: &Self) -> Option<&'static str> {
        let (one, two) = (&self.authority, &other.authority);
        match () {
            () if one.scheme != two.scheme => Some("scheme"),
            () if one.host != two.host => Some("host"),
            () if one.port != two.port => Some("port"),
            () if self.path != other.path => Some("path"),
            () => None,
        }
    }
}

/// The URI with its port, also if it is the scheme's own.
impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Authority { scheme, host, port } = &self.authority;
        let (scheme, path) = (scheme.name(), &self.path);
        match host {
            Host::Name(name) => write!(f, "{scheme}://{name}:{port}{path}"),
            Host::V6(address) => write!(f, "{scheme}://[{address}]:{port}{path}"),
        }
    }
}

/// Scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Authority {
    scheme: Scheme,
    host: Host,
    port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    /// A name or an IPv4 address, in lower case.
    Name(String),
    V6(Ipv6Addr),
}

impl Authority {
    /// The authority that `uri` begins with, and the rest of it.
    fn parse(uri: &str) -> Result<(Self, &str), UriError> {
        let (scheme, rest) = uri.split_once("://").ok_or(UriError::NotAbsolute)?;
        let scheme = match scheme {
            _ if scheme.eq_ignore_ascii_case("https") => Scheme::Https,
            _ if scheme.eq_ignore_ascii_case("http") => Scheme::Http,
            _ => return Err(UriError::NotAbsolute),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end).unwrap_or_default();
        // RFC 9110 section 4.2.4.
        if authority.contains('@') {
            return Err(UriError::UserInformation);
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(literal) => {
                let (address, port) = literal.split_once(']').ok_or(UriError::Host)?;
                (Host::V6(address.parse().map_err(|_| UriError::Host)?), port)
            }
            None => {
                let end = authority.find(':').unwrap_or(authority.len());
                let (name, port) = authority.split_at_checked(end).unwrap_or_default();
                (Host::Name(normalized_name(name)?), port)
            }
        };
        let port = scheme.port(port)?;
        Ok((Self { scheme, host, port }, rest))
    }
}

impl Scheme {
    fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that `text` names, which is empty or begins with a colon. RFC 3986 section 3.2.3.
    fn port(self, text: &str) -> Result<u16, UriError> {
        let digits = match text {
            "" | ":" => return Ok(self.default_port()),
            _ => text.strip_prefix(':').ok_or(UriError::Port)?,
        };
        match digits.bytes().all(|byte| byte.is_ascii_digit()) {
            true => digits.parse().map_err(|_| UriError::Port),
            false => Err(UriError::Port),
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// A host's name in lower case, with the percent-encoding of RFC 3986 section 6.2.2.2.
fn normalized_name(name: &str) -> Result<String, UriError> {
    if name.is_empty() {
        return Err(UriError::HostMissing);
    }
    let allowed = |byte: u8| is_unreserved(byte) || SUB_DELIMS.contains(&byte);
    let mut name = normalized_percents(name, allowed, UriError::Host)?;
    name.make_ascii_lowercase();
    Ok(name)
}

/// A path after the normalizations of RFC 3986 section 6.2.2 and 6.2.3: an empty one is `/`.
fn normalized_path(path: &str) -> Result<String, UriError> {
    let allowed =
        |byte: u8| is_unreserved(byte) || SUB_DELIMS.contains(&byte) || PATH_ALSO.contains(&byte);
    let path = normalized_percents(path, allowed, UriError::Path)?;
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.strip_prefix('/').unwrap_or(&path).split('/').peekable();
    while let Some(segment) = segments.next() {
        // RFC 3986 section 5.2.4. A dot segment at the end leaves a slash there.
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    Ok(format!("/{}", kept.join("/")))
}

/// `text` without escapes of unreserved characters, and with upper-case digits in all others. RFC 3986
/// sections 6.2.2.1 and 6.2.2.2.
fn normalized_percents(
    text: &str,
    allowed: impl Fn(u8) -> bool,
    error: UriError,
) -> Result<String, UriError> {
    let mut normalized = String::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let digits = bytes.next().zip(bytes.next()).ok_or(UriError::PercentEncoding)?;
                let byte = escaped(digits).ok_or(UriError::PercentEncoding)?;
                match is_unreserved(byte) {
                    true => normalized.push(char::from(byte)),
                    false => normalized.extend(
                        [b'%', digits.0, digits.1]
                            .map(|byte| char::from(byte).to_ascii_uppercase()),
                    ),
                }
            }
            _ if allowed(byte) => normalized.push(char::from(byte)),
            _ => return Err(error),
        }
    }
    Ok(normalized)
}

/// The byte that two hexadecimal digits are.
pub(super) fn escaped((high, low): (u8, u8)) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some((digit(high)? << 4) | digit(low)?)
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// Whether all characters are ASCII, and none of them is a space or a control.
fn is_graphic(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Why a URI cannot be compared. RFC 3986 section 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UriError {
    /// It has a character that is not ASCII, a space or a control character.
    NotAscii,
    /// It does not begin with `http://` or `https://`. RFC 9110 section 4.2.
    NotAbsolute,
    /// It has user information before its host. RFC 9110 section 4.2.4.
    UserInformation,
    /// It has no host. RFC 9110 section 4.2.1.
    HostMissing,
    /// Its host has a character that no host has, or is no IPv6 address in brackets. RFC 3986
    /// section 3.2.2.
    Host,
    /// Its port is not a number from 0 to 65535. RFC 3986 section 3.2.3.
    Port,
    /// It has a `%` without two hexadecimal digits. RFC 3986 section 2.1.
    PercentEncoding,
    /// Its path has a character that no path has; or, in a setting, the path has a query, a fragment, a dot
    /// segment, or a needless escape. RFC 3986 section 3.3.
    Path,
}

impl UriError {
    /// A stable name for this error, for metrics: one of a small fixed set.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAscii => "not_ascii",
            Self::NotAbsolute => "not_absolute",
            Self::UserInformation => "user_information",
            Self::HostMissing => "host_missing",
            Self::Host => "host",
            Self::Port => "port",
            Self::PercentEncoding => "percent_encoding",
            Self::Path => "path",
        }
    }
}

impl fmt::Display for UriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAscii => "it has a space or a character that is not ASCII",
            Self::NotAbsolute => "it does not begin with https:// or http://",
            Self::UserInformation => "it has user information before the host",
            Self::HostMissing => "it has no host",
            Self::Host => "its host is malformed",
            Self::Port => "its port is not a number up to 65535",
            Self::PercentEncoding => "it has a % without two hexadecimal digits",
            Self::Path => "its path is malformed",
        })
    }
}

impl Error for UriError {}

/// RFC 3986 section 2.2.
const SUB_DELIMS: &[u8] = b"!$&'()*+,;=";

/// The others of a path: RFC 3986 section 3.3, and four that RFC 3986 forbids and browsers send as they are.
const PATH_ALSO: &[u8] = b"/:@[]^|";
