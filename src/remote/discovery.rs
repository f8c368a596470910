//! From an issuer's identifier to the URL of its key set. OpenID Connect Discovery 1.0 section 4,
//! RFC 8414 section 3.

use std::{borrow::Cow, format, sync::Arc};

use crate::{
    JsonError,
    json::{self, Value},
    remote::{
        clock::Moment,
        config_error::FetchConfigError,
        error::{FetchError, MetadataError},
        fetch::{FetchFailure, FetchPurpose},
        http::{PlainHttp, check_url},
        place::Place,
        refresh::Reason,
        settings::Settings,
        snapshot::KeysState,
    },
};

/// Where a source finds its key set.
#[derive(Clone)]
pub(crate) enum Location {
    /// At a place that was configured.
    Configured(Place),
    /// At the `jwks_uri` of the issuer's metadata.
    Discovery(Arc<Discovery>),
}

impl Location {
    /// The place of the key set, or the issuer's URL.
    pub(crate) fn place(&self) -> Place {
        match self {
            Self::Configured(place) => place.clone(),
            Self::Discovery(issuer) => Place::Url(Arc::clone(&issuer.identifier)),
        }
    }
}

/// An issuer whose key set is found through its metadata.
pub(crate) struct Discovery {
    /// The metadata's `issuer` must equal it byte for byte.
    identifier: Arc<str>,
    /// `/.well-known/openid-configuration`, appended. OpenID Connect Discovery 1.0 section 4.
    pub(crate) openid_url: Arc<str>,
    /// `/.well-known/oauth-authorization-server`, inserted before the path. Used if the first is
    /// refused. RFC 8414 section 3.1.
    pub(crate) oauth_url: Arc<str>,
    /// The hosts that `jwks_uri` may reach over plain `http:`.
    plain_http: PlainHttp,
}

impl Discovery {
    /// The issuer with this identifier, a URL without query.
    pub(crate) fn new(identifier: &str, plain_http: PlainHttp) -> Result<Self, FetchConfigError> {
        if identifier.contains('?') {
            return Err(FetchConfigError::IssuerQuery);
        }
        // RFC 8615 section 3: no issuer is below it.
        if identifier.split('/').any(|segment| segment == ".well-known") {
            return Err(FetchConfigError::IssuerWellKnown);
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
            plain_http,
        })
    }

    /// The `jwks_uri` of the issuer's metadata. Nothing else in it is used.
    pub(crate) fn jwks_uri(&self, metadata: &[u8]) -> Result<Arc<str>, FetchError> {
        let json = core::str::from_utf8(metadata).map_err(|_| unreadable(JsonError::NotUtf8))?;
        let [issuer, jwks_uri, keys] =
            json::pick(json, ["issuer", "jwks_uri", "keys"]).map_err(unreadable)?;
        if issuer.is_none() && keys.is_some() {
            return Err(FetchError::Metadata(MetadataError::KeySet));
        }
        // RFC 8414 section 3.3: "MUST be identical"; "MUST NOT be used" otherwise. Checked
        // first, so that nothing else in another issuer's metadata is used.
        let issuer = string(issuer, "issuer", json)?;
        if issuer != *self.identifier {
            return Err(FetchError::issuer_mismatch(&self.identifier, &issuer));
        }
        let jwks_uri = string(jwks_uri, "jwks_uri", json)?;
        let unusable = |error| FetchError::Metadata(MetadataError::JwksUri(error));
        check_url(&jwks_uri, &self.plain_http).map_err(unusable)?;
        Ok(jwks_uri.into())
    }
}

/// Whether `document`, which is no key set, is metadata: it says where the key set is.
pub(crate) fn is_metadata(document: &[u8]) -> bool {
    let json = core::str::from_utf8(document).unwrap_or_default();
    matches!(json::pick(json, ["jwks_uri"]), Ok([Some(Value::String(_))]))
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

/// The key set's URL as far as it is known.
#[derive(Clone, Default)]
pub(crate) struct Discovered {
    /// With discovery: the `jwks_uri` in use, and the start of the attempt that read it.
    jwks_uri: Option<(Arc<str>, Moment)>,
    /// Whether the metadata must be read again first.
    metadata_due: bool,
}

impl Discovered {
    /// The requests of the attempt that starts at `now`. `state` is that of the set in use.
    pub(crate) fn plan(
        &mut self,
        Settings { location, timing, .. }: &Settings,
        state: KeysState,
        now: Moment,
        reason: Reason,
    ) -> Plan {
        let issuer = match location {
            Location::Configured(place) => return Plan::KeySet(place.clone()),
            Location::Discovery(issuer) => Arc::clone(issuer),
        };
        // A `jwks_uri` from the time of a dead set is not trusted any longer than the set.
        if state == KeysState::Dead {
            self.jwks_uri = None;
        }
        // The next refresh may come as late as `ttl` from now.
        let is_old = |read| now.since(read).saturating_add(timing.ttl) >= timing.stale_cap;
        match self.jwks_uri.clone() {
            Some((jwks_uri, read))
                if reason == Reason::Age && !self.metadata_due && !is_old(read) =>
            {
                Plan::KeySet(Place::Url(jwks_uri))
            }
            known => {
                Plan::Discover { issuer, known: known.map(|(jwks_uri, _)| Place::Url(jwks_uri)) }
            }
        }
    }

    /// The metadata that the attempt read names this `jwks_uri`.
    pub(crate) fn learn(&mut self, jwks_uri: Arc<str>, started: Moment) {
        self.jwks_uri = Some((jwks_uri, started));
    }

    /// An attempt has ended. After a failure, the next one reads the metadata again.
    pub(crate) fn end<T, E>(&mut self, result: &Result<T, E>) {
        self.metadata_due = result.is_err();
    }

    /// The failure of an attempt that did not report its own, or of the set it got: with the host of the
    /// next request.
    pub(crate) fn failure(&self, location: &Location, error: FetchError) -> FetchFailure {
        let url = |url: &Arc<str>| Place::Url(Arc::clone(url));
        let (place, purpose) = match (location, &self.jwks_uri) {
            (Location::Configured(place), _) => (place.clone(), FetchPurpose::KeySet),
            (Location::Discovery(_), Some((jwks_uri, _))) => (url(jwks_uri), FetchPurpose::KeySet),
            (Location::Discovery(issuer), None) => {
                (url(&issuer.openid_url), FetchPurpose::Metadata)
            }
        };
        FetchFailure::new(&place, purpose, error).of_source_at(location)
    }
}

/// The documents that an attempt requests.
pub(crate) enum Plan {
    KeySet(Place),
    /// The metadata, then the key set at its `jwks_uri`; or at the `known` one, if the metadata is not
    /// available.
    Discover {
        issuer: Arc<Discovery>,
        known: Option<Place>,
    },
}
