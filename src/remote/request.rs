//! The interface of an HTTP client: from one request with its limits to the bytes of the body.

use std::{sync::Arc, time::Duration, vec::Vec};

use crate::FetchError;

/// Fetches key sets. Implement it to replace the built-in HTTP client.
///
/// An implementation must keep the promises of the built-in client: it returns within
/// [`FetchRequest::timeout`], reads no more than [`FetchRequest::max_body`] bytes, follows no
/// redirect, and treats only status 200 as success. One thread at a time calls it. If a call has not
/// returned a minute after its timeout, another thread may call it at the same time.
pub trait Fetch: Send + Sync {
    /// The body of the response to `request`: a key set, or with
    /// [discovery](crate::RemoteJwks::discover) the issuer's metadata.
    ///
    /// # Errors
    ///
    /// [`FetchError`]
    fn fetch(&self, request: &FetchRequest) -> Result<Vec<u8>, FetchError>;
}

impl<F> Fetch for F
where
    F: Fn(&FetchRequest) -> Result<Vec<u8>, FetchError> + Send + Sync,
{
    fn fetch(&self, request: &FetchRequest) -> Result<Vec<u8>, FetchError> {
        self(request)
    }
}

/// A request for a document, with its limits.
#[derive(Clone, Debug)]
pub struct FetchRequest {
    url: Arc<str>,
    purpose: FetchPurpose,
    timeout: Duration,
    max_body: usize,
    no_cache: bool,
}

/// What a [`FetchRequest`] is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchPurpose {
    /// The JWK Set. RFC 7517 section 5.
    KeySet,
    /// The issuer's metadata. OpenID Connect Discovery 1.0 section 4, RFC 8414 section 3.
    Metadata,
}

impl FetchRequest {
    /// A request for a key set within these limits, for tests of a [`Fetch`].
    pub fn new(url: impl Into<Arc<str>>, timeout: Duration, max_body: usize) -> Self {
        let purpose = FetchPurpose::KeySet;
        Self { url: url.into(), purpose, timeout, max_body, no_cache: false }
    }

    /// The same request, with or without `Cache-Control: no-cache`.
    #[must_use]
    pub fn with_no_cache(self, no_cache: bool) -> Self {
        Self { no_cache, ..self }
    }

    /// The same request for another purpose.
    #[must_use]
    pub fn with_purpose(self, purpose: FetchPurpose) -> Self {
        Self { purpose, ..self }
    }

    /// The URL of the key set or of the metadata.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Which document is at the URL.
    pub fn purpose(&self) -> FetchPurpose {
        self.purpose
    }

    /// The limit for the whole request: DNS, connection, TLS, headers and body.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The most bytes that the body may have, after any decoding. 64 KiB for metadata.
    pub fn max_body(&self) -> usize {
        self.max_body
    }

    /// Whether to send `Cache-Control: no-cache`. RFC 9111 section 5.2.1.4.
    pub fn no_cache(&self) -> bool {
        self.no_cache
    }

    /// The media types to accept. RFC 7517 section 8.5.
    pub fn accept(&self) -> &'static str {
        match self.purpose {
            FetchPurpose::KeySet => "application/jwk-set+json, application/json",
            FetchPurpose::Metadata => "application/json",
        }
    }
}

impl FetchPurpose {
    /// The name of the document, for messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::KeySet => "the key set",
            Self::Metadata => "the issuer's metadata",
        }
    }
}
