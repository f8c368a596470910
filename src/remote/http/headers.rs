//! The headers that an endpoint demands, and the one origin that they are sent to. RFC 9110 section 5.

use std::{io::ErrorKind, path::PathBuf, string::String, time::Duration, vec::Vec};

use ureq::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};

use crate::{
    SettingFault,
    remote::{
        config_error::FetchConfigError,
        error::FetchError,
        file::{FileFetch, error_kind},
    },
    setting_text::has_placeholder,
};

/// The headers as they were given.
#[derive(Clone, Default)]
pub(crate) struct HeaderSettings {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) bearer_token_file: Option<PathBuf>,
    pub(crate) user_agent: Option<String>,
}

/// The headers, checked.
pub(crate) struct Headers {
    given: HeaderMap,
    bearer_token_file: Option<FileFetch>,
    pub(crate) user_agent: String,
}

impl Headers {
    pub(crate) fn new(settings: &HeaderSettings) -> Result<Self, FetchConfigError> {
        let mut given = HeaderMap::new();
        for (name, text) in &settings.headers {
            let name: HeaderName = name.parse().map_err(|_| FetchConfigError::HeaderName)?;
            if RESERVED.contains(&name.as_str()) {
                return Err(FetchConfigError::ReservedHeader);
            }
            let is_authorization = name == header::AUTHORIZATION;
            if given.contains_key(&name) || is_authorization && settings.bearer_token_file.is_some()
            {
                return Err(FetchConfigError::RepeatedHeader);
            }
            given.insert(name, value(text).ok_or(FetchConfigError::HeaderValue)?);
            if has_placeholder(text) {
                let fault = SettingFault::Placeholder;
                return Err(FetchConfigError::SpoiledHeader { fault });
            }
        }
        let user_agent = match &settings.user_agent {
            Some(text) if value(text).is_none() => return Err(FetchConfigError::UserAgent),
            Some(text) => text.clone(),
            None => USER_AGENT.into(),
        };
        let token_file = settings.bearer_token_file.as_deref();
        let bearer_token_file = token_file.map(|path| FileFetch::new(path.into()));
        Ok(Self { given, bearer_token_file, user_agent })
    }

    /// The headers of one fetch. The token is read anew: Kubernetes replaces it about every hour.
    pub(crate) fn read(&self, timeout: Duration) -> Result<HeaderMap, FetchError> {
        let mut headers = self.given.clone();
        if let Some(file) = &self.bearer_token_file {
            let content = file.read_within(timeout, MAX_TOKEN_FILE).map_err(of_token_file)?;
            let invalid = FetchError::TokenFile { kind: ErrorKind::InvalidData };
            headers.insert(header::AUTHORIZATION, bearer(&content).ok_or(invalid)?);
        }
        Ok(headers)
    }
}

/// The error of a token file that cannot be read.
fn of_token_file(error: FetchError) -> FetchError {
    match error_kind(&error) {
        Some(kind) => FetchError::TokenFile { kind },
        None => error,
    }
}

/// The value of `Authorization` with the token in the file's content. White space around the token is no
/// part of it: editors end a file with a new line.
fn bearer(content: &[u8]) -> Option<HeaderValue> {
    let token = std::str::from_utf8(content).ok()?.trim();
    // RFC 6750 section 2.1. White space inside would make two tokens of one.
    let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    value(&std::format!("Bearer {token}")).filter(|_| is_token)
}

/// Visible ASCII with spaces inside. It is never shown.
fn value(text: &str) -> Option<HeaderValue> {
    let is_clean = text.is_ascii() && !text.is_empty() && text.trim() == text;
    let mut value = HeaderValue::from_str(text).ok().filter(|_| is_clean)?;
    value.set_sensitive(true);
    Some(value)
}

/// The scheme, host and port of a URL. RFC 6454 section 4.
#[derive(PartialEq, Eq)]
pub(crate) struct Origin(String, String, u16);

impl Origin {
    pub(crate) fn of(url: &Uri) -> Option<Self> {
        let (scheme, host) = (url.scheme_str()?, url.host()?);
        let default = if scheme == "http" { 80 } else { 443 };
        let port = url.port_u16().unwrap_or(default);
        Some(Self(scheme.into(), host.to_ascii_lowercase(), port))
    }
}

const USER_AGENT: &str = concat!("tokenring/", env!("CARGO_PKG_VERSION"));

/// The headers that frame a request or that the client itself sets, and those that would make a good
/// answer other than 200.
const RESERVED: [&str; 21] = [
    "accept",
    "accept-encoding",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "proxy-authorization",
    "range",
    "te",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// Less than 64 KiB, which is four times the largest token that this crate verifies.
const MAX_TOKEN_FILE: usize = 64 * 1024 - 1;

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    fn outcome(headers: &[(&str, &str)]) -> Result<(), FetchConfigError> {
        let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let settings = HeaderSettings { headers: headers.collect(), ..HeaderSettings::default() };
        Headers::new(&settings).map(drop)
    }

    const PLACEHOLDER: FetchConfigError =
        FetchConfigError::SpoiledHeader { fault: SettingFault::Placeholder };

    #[test]
    fn header_is_checked_before_it_is_ever_sent() {
        for (name, value, expected) in [
            ("X-Api-Key", "a b", Ok(())),
            ("authorization", "Basic YTpi", Ok(())),
            ("cookie", "a=b", Ok(())),
            ("", "a", Err(FetchConfigError::HeaderName)),
            ("x key", "a", Err(FetchConfigError::HeaderName)),
            ("x:", "a", Err(FetchConfigError::HeaderName)),
            ("x\r\ny", "a", Err(FetchConfigError::HeaderName)),
            ("x", r#"{"a": 1}"#, Ok(())),
            ("x", r#"a="b""#, Ok(())),
            ("authorization", "Bearer ${TOKEN}", Err(PLACEHOLDER)),
            ("authorization", "\"Bearer ${TOKEN}\"", Err(PLACEHOLDER)),
            ("x", "<your key>", Err(PLACEHOLDER)),
            ("x", "", Err(FetchConfigError::HeaderValue)),
            ("x", "a\r\nHost: b", Err(FetchConfigError::HeaderValue)),
            ("x", "a\n", Err(FetchConfigError::HeaderValue)),
            ("x", " a", Err(FetchConfigError::HeaderValue)),
            ("x", "\u{e4}", Err(FetchConfigError::HeaderValue)),
        ] {
            assert_eq!(outcome(&[(name, value)]), expected, "{name:?} {value:?}");
        }
        for name in RESERVED {
            let reserved = Err(FetchConfigError::ReservedHeader);
            assert_eq!(outcome(&[(&name.to_ascii_uppercase(), "a")]), reserved, "{name}");
        }
        assert_eq!(outcome(&[("x", "a"), ("X", "b")]), Err(FetchConfigError::RepeatedHeader));
    }

    #[test]
    fn value_of_a_header_is_in_no_debug_text() {
        let settings = HeaderSettings {
            headers: Vec::from([("x-api-key".into(), "SECRET".into())]),
            ..HeaderSettings::default()
        };
        let headers = Headers::new(&settings).unwrap().read(Duration::ZERO).unwrap();
        let text = format!("{headers:?}");
        assert!(text.contains("x-api-key") && !text.contains("SECRET"), "{text}");
    }

    #[test]
    fn token_file_that_cannot_be_read_in_time_is_named_and_a_missing_thread_is_not_its_fault() {
        let token_file = |kind| FetchError::TokenFile { kind };
        for (error, expected) in [
            (FetchError::Timeout, token_file(ErrorKind::TimedOut)),
            (FetchError::FileType, token_file(ErrorKind::InvalidData)),
            (FetchError::BodyTooLong { limit: 1 }, token_file(ErrorKind::InvalidData)),
            (
                FetchError::File { kind: ErrorKind::PermissionDenied },
                token_file(ErrorKind::PermissionDenied),
            ),
            (FetchError::Thread, FetchError::Thread),
        ] {
            assert_eq!(of_token_file(error), expected);
        }
    }

    #[test]
    fn origin_is_scheme_host_and_port() {
        let origin = |url: &str| Origin::of(&url.parse().unwrap());
        let own = origin("https://issuer.example/a?b");
        assert!(own.is_some());
        for (url, is_own) in [
            ("https://ISSUER.example:443/c", true),
            ("https://issuer.example:8443/a", false),
            ("http://issuer.example/a", false),
            ("http://issuer.example:443/a", false),
            ("https://a.issuer.example/a", false),
            ("https://issuer.example./a", false),
        ] {
            assert_eq!(origin(url) == own, is_own, "{url}");
        }
    }
}
