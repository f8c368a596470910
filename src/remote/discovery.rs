//! From an issuer's identifier to the URL of its key set. OpenID Connect Discovery 1.0 section 4,
//! RFC 8414 section 3.

use std::{borrow::Cow, format, sync::Arc};

use crate::{
    FetchConfigError, FetchError, JsonError, MetadataError,
    json::{self, Value},
    remote::http::check_url,
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
        let json = core::str::from_utf8(metadata).map_err(|_| unreadable(JsonError::NotUtf8))?;
        let [issuer, jwks_uri] = json::pick(json, ["issuer", "jwks_uri"]).map_err(unreadable)?;
        // RFC 8414 section 3.3: "MUST be identical"; "MUST NOT be used" otherwise. Checked
        // first, so that nothing else in another issuer's metadata is read.
        if string(issuer, "issuer", json)? != *self.identifier {
            return Err(FetchError::IssuerMismatch);
        }
        let jwks_uri = string(jwks_uri, "jwks_uri", json)?;
        let unusable = |error| FetchError::Metadata(MetadataError::JwksUri(error));
        check_url(&jwks_uri, self.http_loopback).map_err(unusable)?;
        Ok(jwks_uri.into())
    }
}

fn unreadable(error: JsonError) -> FetchError {
    FetchError::Metadata(MetadataError::Json(error))
}

fn string<'j>(
    value: Option<Value>,
    member: &'static str,
    json: &'j str,
) -> Result<Cow<'j, str>, FetchError> {
    match value {
        None => Err(FetchError::Metadata(MetadataError::MemberMissing { member })),
        Some(Value::String(string)) => Ok(string.characters(json)),
        Some(_) => Err(FetchError::Metadata(MetadataError::MemberType { member })),
    }
}

/// Ten times the size of what Keycloak, Google and Microsoft publish, 2 to 6 KiB.
pub(crate) const MAX_METADATA_BYTES: usize = 64 * 1024;
