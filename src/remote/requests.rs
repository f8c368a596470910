//! The requests of one attempt, within one deadline. They end with a valid key set or with the reason
//! why there is none.

use std::{sync::Arc, time::Duration, vec::Vec};

use crate::{
    Fetch, FetchError, FetchFailure, FetchPurpose, FetchRequest, JwkSet,
    remote::{
        burnt::Burnt,
        clock::Stopwatch,
        discovery::{Issuer, MAX_METADATA_BYTES},
        http::host_of,
    },
};

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
