//! A URL in its own spelling: nothing is normalized. RFC 3986.

use crate::{
    ResourceMetadataError, SettingFault,
    host::{is_host, is_loopback, is_port},
};

/// The hosts that `http:` is allowed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PlainHttp {
    Refused,
    Loopback,
}

/// The parts of an absolute https URL.
pub(super) struct Url<'u> {
    /// The member of the document that it is for.
    member: &'static str,
    /// Scheme, host and port.
    pub(super) origin: &'u str,
    /// Empty, or begins with a slash.
    pub(super) path: &'u str,
    /// Without the question mark.
    pub(super) query: Option<&'u str>,
    fragment: Option<&'u str>,
}

impl<'u> Url<'u> {
    pub(super) fn parse(
        member: &'static str,
        text: &'u str,
        plain_http: PlainHttp,
    ) -> Result<Self, ResourceMetadataError> {
        if let Some(fault) = SettingFault::of(text) {
            return Err(ResourceMetadataError::SpoiledUrl { member, fault });
        }
        let malformed = ResourceMetadataError::Url { member };
        if !has_only_url_characters(text) {
            return Err(malformed);
        }
        let (rest, fragment) = cut(text, '#');
        let (rest, query) = cut(rest, '?');
        let (scheme, after_scheme) =
            rest.split_once("://").ok_or(ResourceMetadataError::NotHttps { member })?;
        let (authority, _) = cut(after_scheme, '/');
        if authority.contains('@') {
            return Err(ResourceMetadataError::UserInformation { member });
        }
        let host = match authority.strip_prefix('[') {
            // The colons of an IPv6 address are not those of a port.
            Some(_) => authority.split_inclusive(']').next(),
            None => authority.split(':').next(),
        };
        let (host, path) = host
            .filter(|host| is_host(host) && authority.strip_prefix(host).is_some_and(is_port))
            .zip(after_scheme.strip_prefix(authority))
            .ok_or(malformed)?;
        let is_bracket = |character| matches!(character, '[' | ']');
        let after_host = [Some(path), query, fragment];
        if after_host.into_iter().flatten().any(|part| part.contains(is_bracket)) {
            return Err(malformed);
        }
        match scheme {
            "https" => {}
            "http" if plain_http == PlainHttp::Loopback && is_loopback(host) => {}
            _ => return Err(ResourceMetadataError::NotHttps { member }),
        }
        let origin = rest.strip_suffix(path).unwrap_or(rest);
        Ok(Self { member, origin, path, query, fragment })
    }

    pub(super) fn without_fragment(self) -> Result<Self, ResourceMetadataError> {
        match self.fragment {
            None => Ok(self),
            Some(_) => Err(ResourceMetadataError::Fragment { member: self.member }),
        }
    }

    /// Whether the path has a segment that clients take out of a URL, with the segment before it: `.`, `..`,
    /// or one of them with `%2e`. RFC 3986 section 5.2.4, WHATWG URL section 4.4.
    pub(super) fn has_dot_segment(&self) -> bool {
        self.path.split('/').any(|segment| {
            let segment = segment.replace("%2e", ".").replace("%2E", ".");
            segment == "." || segment == ".."
        })
    }
}

/// The text before the first `mark`, and the text after it, if there is one.
fn cut(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

/// Whether each character may occur in a URL, and each `%` begins an escape. RFC 3986 sections 2.1 to 2.3.
fn has_only_url_characters(text: &str) -> bool {
    let is_url_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    let is_escape = |rest: &str| {
        let digits = rest.bytes().take(2);
        digits.filter(u8::is_ascii_hexdigit).count() == 2
    };
    text.bytes().all(is_url_byte) && text.split('%').skip(1).all(is_escape)
}
