//! The requests of one attempt, within one deadline: from an issuer's identifier to the URL of its key
//! set, and from there to a valid set or to the reason why there is none. OpenID Connect Discovery 1.0
//! section 4, RFC 8414 section 3.

use std::{format, string::String, sync::Arc, time::Duration, vec::Vec};

use crate::{
    Fetch, FetchConfigError, FetchError, FetchFailure, FetchPurpose, FetchRequest, JsonError,
    JwkSet, MetadataError,
    json::{self, Value},
    remote::{
        clock::Stopwatch,
        http::{check_url, host_of},
        snapshot::Burnt,
    },
};

/// Where a source finds its key set.
#[derive(Clone, Debug)]
pub(crate) enum Location {
    /// At a URL that was configured.
    Url(Arc<str>),
    /// At the `jwks_uri` of the issuer's metadata.
    Discovery(Arc<Issuer>),
}

impl Location {
    /// The name and the text of the setting.
    pub(crate) fn setting(&self) -> (&'static str, &str) {
        match self {
            Self::Url(url) => ("url", url),
            Self::Discovery(issuer) => ("issuer", &issuer.identifier),
        }
    }
}

/// An issuer whose key set is found through its metadata.
#[derive(Debug)]
pub(crate) struct Issuer {
    /// The metadata's `issuer` must equal it byte for byte.
    identifier: Arc<str>,
    /// `/.well-known/openid-configuration`, appended. OpenID Connect Discovery 1.0 section 4.
    pub(crate) openid_url: Arc<str>,
    /// `/.well-known/oauth-authorization-server`, inserted before the path. Used if the first is not
    /// found. RFC 8414 section 3.1.
    pub(crate) oauth_url: Arc<str>,
    /// Whether `http:` to loopback hosts is allowed, for `jwks_uri` as for the issuer.
    http_loopback: bool,
}

impl Issuer {
    /// The issuer with this identifier, a URL without query.
    pub(crate) fn new(identifier: &str, http_loopback: bool) -> Result<Self, FetchConfigError> {
        check_url(identifier, http_loopback)?;
        if identifier.contains('?') {
            return Err(FetchConfigError::IssuerQuery);
        }
        // Both specifications remove a slash at the end first.
        let base = identifier.strip_suffix('/').unwrap_or(identifier);
        let (scheme, rest) = base.split_once("://").ok_or(FetchConfigError::Url)?;
        let (host, path) = match rest.find('/').and_then(|slash| rest.split_at_checked(slash)) {
            Some((host, path)) => (host, path),
            None => (rest, ""),
        };
        let oauth_url = format!("{scheme}://{host}/.well-known/oauth-authorization-server{path}");
        Ok(Self {
            identifier: identifier.into(),
            openid_url: format!("{base}/.well-known/openid-configuration").into(),
            oauth_url: oauth_url.into(),
            http_loopback,
        })
    }

    /// The `jwks_uri` of the issuer's metadata. Nothing else in it is used.
    pub(crate) fn jwks_uri(&self, metadata: &[u8]) -> Result<Arc<str>, FetchError> {
        let Members { issuer, jwks_uri } = members(metadata).map_err(FetchError::Metadata)?;
        // RFC 8414 section 3.3: "MUST be identical"; "MUST NOT be used" otherwise. Checked
        // first, so that nothing else in another issuer's metadata is read.
        if issuer != *self.identifier {
            return Err(FetchError::IssuerMismatch);
        }
        let jwks_uri = jwks_uri.map_err(FetchError::Metadata)?;
        let unusable = |error| FetchError::Metadata(MetadataError::JwksUri(error));
        check_url(&jwks_uri, self.http_loopback).map_err(unusable)?;
        Ok(jwks_uri.into())
    }
}

/// The two members that are used.
struct Members {
    issuer: String,
    jwks_uri: Result<String, MetadataError>,
}

/// The members of strict JSON metadata. All others are ignored.
fn members(metadata: &[u8]) -> Result<Members, MetadataError> {
    let text = core::str::from_utf8(metadata).map_err(|_| JsonError::NotUtf8);
    let text = text.map_err(MetadataError::Json)?;
    let (mut issuer, mut jwks_uri) = (None, None);
    let mut read = || {
        let mut members = json::Members::of(text)?;
        while let Some((name, value)) = members.next()? {
            match &*name {
                "issuer" => issuer = Some(value),
                "jwks_uri" => jwks_uri = Some(value),
                _ => {}
            }
        }
        Ok(())
    };
    read().map_err(MetadataError::Json)?;
    let string = |value: Option<Value>, member| match value {
        None => Err(MetadataError::MemberMissing { member }),
        Some(Value::String(string)) => Ok(string.characters(text).into()),
        Some(_) => Err(MetadataError::MemberType { member }),
    };
    Ok(Members { issuer: string(issuer, "issuer")?, jwks_uri: string(jwks_uri, "jwks_uri") })
}

/// Ten times the size of what Keycloak, Google and Microsoft publish, 2 to 6 KiB.
pub(crate) const MAX_METADATA_BYTES: usize = 64 * 1024;

/// The documents that an attempt requests.
pub(crate) enum Plan {
    KeySet(Arc<str>),
    /// The metadata, then the key set at its `jwks_uri`; or at the `known` one, if the metadata is not
    /// available.
    Discover {
        issuer: Arc<Issuer>,
        known: Option<Arc<str>>,
    },
}

/// The outcome of an attempt.
pub(crate) struct Outcome {
    /// The `jwks_uri`, if metadata was read.
    pub(crate) jwks_uri: Option<Arc<str>>,
    pub(crate) result: Result<Fetched, FetchFailure>,
}

/// A valid set, which may have no usable key.
pub(crate) struct Fetched {
    pub(crate) text: Arc<[u8]>,
    pub(crate) keys: JwkSet,
    /// All keys burnt so far, including those that this set burns.
    pub(crate) burnt: Burnt,
    /// If this set burns keys: the keys of the former set without those.
    pub(crate) former_keys: Option<JwkSet>,
    pub(crate) from: Place,
}

/// The URL of a response and its purpose, for error messages.
pub(crate) struct Place {
    url: Arc<str>,
    purpose: FetchPurpose,
}

impl Place {
    pub(crate) fn failed(&self, error: FetchError) -> FetchFailure {
        FetchFailure::new(host_of(&self.url), self.purpose, error)
    }
}

/// The requests of an attempt, within one deadline.
pub(crate) struct Requests {
    pub(crate) fetch: Arc<dyn Fetch>,
    pub(crate) timeout: Duration,
    pub(crate) max_body: usize,
    pub(crate) no_cache: bool,
    pub(crate) stopwatch: Stopwatch,
    /// The keys burnt so far.
    pub(crate) burnt: Burnt,
    /// The text of the set in use. Only the attempt that holds the slot changes it.
    pub(crate) former: Option<Arc<[u8]>>,
}

impl Requests {
    pub(crate) fn run(&self, plan: &Plan) -> Outcome {
        match plan {
            Plan::KeySet(url) => {
                Outcome { jwks_uri: None, result: self.key_set(url, self.timeout) }
            }
            Plan::Discover { issuer, known } => match (self.jwks_uri(issuer), known) {
                (Ok(url), _) => {
                    let result = self.key_set(&url, self.left());
                    Outcome { jwks_uri: Some(url), result }
                }
                (Err(failure), Some(known)) if is_absence(&failure) && !self.left().is_zero() => {
                    Outcome { jwks_uri: None, result: self.key_set(known, self.left()) }
                }
                (Err(failure), _) => Outcome { jwks_uri: None, result: Err(failure) },
            },
        }
    }

    fn key_set(&self, url: &Arc<str>, timeout: Duration) -> Result<Fetched, FetchFailure> {
        let from = Place { url: Arc::clone(url), purpose: FetchPurpose::KeySet };
        let text = self.body(&from, self.max_body, timeout)?;
        let keys = JwkSet::read(&text, self.burnt.keys())
            .map_err(|error| from.failed(FetchError::KeySet(error)))?;
        let burnt = self.burnt.with(keys.burnt());
        let former = self.former.as_ref().filter(|_| !keys.burnt().is_empty());
        let former_keys = former.and_then(|text| JwkSet::read(text, burnt.keys()).ok());
        Ok(Fetched { text: text.into(), keys, burnt, former_keys, from })
    }

    fn jwks_uri(&self, issuer: &Issuer) -> Result<Arc<str>, FetchFailure> {
        let place =
            |url: &Arc<str>| Place { url: Arc::clone(url), purpose: FetchPurpose::Metadata };
        let (openid, oauth) = (place(&issuer.openid_url), place(&issuer.oauth_url));
        let (from, body) = match self.body(&openid, MAX_METADATA_BYTES, self.timeout) {
            Err(failure) if is_not_found(&failure) => {
                let body = self.body(&oauth, MAX_METADATA_BYTES, self.left());
                (oauth, body)
            }
            outcome => (openid, outcome),
        };
        issuer.jwks_uri(&body?).map_err(|error| from.failed(error))
    }

    /// The body of one response.
    fn body(
        &self,
        from: &Place,
        max_body: usize,
        timeout: Duration,
    ) -> Result<Vec<u8>, FetchFailure> {
        if timeout.is_zero() {
            return Err(from.failed(FetchError::Timeout));
        }
        let request = FetchRequest::new(Arc::clone(&from.url), timeout, max_body)
            .with_purpose(from.purpose)
            .with_no_cache(self.no_cache);
        match self.fetch.fetch(&request) {
            Ok(body) if body.len() > max_body => {
                Err(from.failed(FetchError::BodyTooLong { limit: max_body }))
            }
            outcome => outcome.map_err(|error| from.failed(error)),
        }
    }

    /// The time left for all requests.
    fn left(&self) -> Duration {
        self.timeout.saturating_sub(self.stopwatch.elapsed())
    }
}

/// Whether the metadata was not available. Metadata that was received and refused must not be ignored.
fn is_absence(failure: &FetchFailure) -> bool {
    matches!(
        failure.error(),
        FetchError::HostNotFound
            | FetchError::Connect { .. }
            | FetchError::Tls { .. }
            | FetchError::Timeout
            | FetchError::Status { .. }
            | FetchError::Truncated
            | FetchError::Proxy
    )
}

fn is_not_found(failure: &FetchFailure) -> bool {
    matches!(failure.error(), FetchError::Status { status: 404, .. })
}
