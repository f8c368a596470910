//! The interface of an HTTP client: from one request with its limits to the bytes of the body, or to
//! its failure.

use std::{
    boxed::Box,
    error::Error,
    fmt,
    io::{self, Read},
    sync::Arc,
    time::Duration,
    vec::Vec,
};

use crate::{
    explain::{Hint, hint_for_failure, text},
    remote::{discovery::Location, error::FetchError, place::Place},
};

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
    /// [`FetchError`]. [`FetchError::custom`] is for what it has no variant for.
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

// Pointers, as of a `KeySource`. A reference or a `Box` of any other type cannot have an `impl` beside the
// one for closures, since a pointer to a closure is a closure too.
impl<F: Fetch + ?Sized> Fetch for Arc<F> {
    fn fetch(&self, request: &FetchRequest) -> Result<Vec<u8>, FetchError> {
        (**self).fetch(request)
    }
}

impl Fetch for Box<dyn Fetch> {
    fn fetch(&self, request: &FetchRequest) -> Result<Vec<u8>, FetchError> {
        (**self).fetch(request)
    }
}

impl Fetch for &dyn Fetch {
    fn fetch(&self, request: &FetchRequest) -> Result<Vec<u8>, FetchError> {
        (**self).fetch(request)
    }
}

/// The bytes of `source`, or none if they are more than `limit`.
pub(crate) fn read_within(limit: usize, source: impl Read) -> io::Result<Option<Vec<u8>>> {
    let one_more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    source.take(one_more).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= limit).then_some(bytes))
}

/// A request for a document, with its limits. `Debug` shows the host of the URL and not the rest.
#[derive(Clone)]
pub struct FetchRequest {
    place: Place,
    purpose: FetchPurpose,
    timeout: Duration,
    max_body: usize,
    no_cache: bool,
}

impl FetchRequest {
    /// A request for a key set within these limits, for tests of a [`Fetch`].
    pub fn new(url: impl Into<Arc<str>>, timeout: Duration, max_body: usize) -> Self {
        Self::at(Place::Url(url.into()), timeout, max_body)
    }

    pub(crate) fn at(place: Place, timeout: Duration, max_body: usize) -> Self {
        Self { place, purpose: FetchPurpose::KeySet, timeout, max_body, no_cache: false }
    }

    /// The same request, with `Cache-Control: no-cache`.
    #[must_use]
    pub fn with_no_cache(self) -> Self {
        Self { no_cache: true, ..self }
    }

    /// The same request for another purpose.
    #[must_use]
    pub fn with_purpose(self, purpose: FetchPurpose) -> Self {
        Self { purpose, ..self }
    }

    pub(crate) fn failed(&self, error: FetchError) -> FetchFailure {
        FetchFailure::new(&self.place, self.purpose, error)
    }

    /// The URL of the key set or of the metadata.
    pub fn url(&self) -> &str {
        // A request for a file reaches no `Fetch` of a caller.
        let (Place::Url(text) | Place::File(text)) = &self.place;
        text
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

impl fmt::Debug for FetchRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchRequest")
            .field("host", &self.place.host())
            .field("purpose", &self.purpose)
            .field("timeout", &self.timeout)
            .field("max_body", &self.max_body)
            .field("no_cache", &self.no_cache)
            .finish()
    }
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

impl FetchPurpose {
    /// The name of the document, for messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::KeySet => "the key set",
            Self::Metadata => "the issuer's metadata",
        }
    }
}

/// A failed attempt: the error, the host, and what was requested from it.
///
/// Its text names the host and the error, or the file and the error. It never contains the path or the query
/// of a URL, the directory of a file, or credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchFailure {
    host: Arc<str>,
    file_name: Option<Arc<str>>,
    purpose: FetchPurpose,
    error: FetchError,
    /// Whether the source finds its key set through the issuer's metadata.
    has_discovery: bool,
}

impl FetchFailure {
    pub(crate) fn new(place: &Place, purpose: FetchPurpose, error: FetchError) -> Self {
        let (host, file_name) = (place.host().into(), place.file_name().cloned());
        Self { host, file_name, purpose, error, has_discovery: purpose == FetchPurpose::Metadata }
    }

    /// The failure of the source whose key set is at `location`.
    pub(crate) fn of_source_at(self, location: &Location) -> Self {
        Self { has_discovery: matches!(location, Location::Discovery(_)), ..self }
    }

    pub(crate) fn has_discovery(&self) -> bool {
        self.has_discovery
    }

    /// The host of the URL, with its port if the URL names one. Empty if the URL has no host, as it may be
    /// with your own [`Fetch`], and for a file.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The name of the file, without its directories, if the source is
    /// [`RemoteJwks::from_file`](crate::RemoteJwks::from_file). Bytes that are not UTF-8 are replaced.
    pub fn file_name(&self) -> Option<&str> {
        self.file_name.as_deref()
    }

    /// What was requested from the host.
    pub fn purpose(&self) -> FetchPurpose {
        self.purpose
    }

    /// The error.
    pub fn error(&self) -> &FetchError {
        &self.error
    }

    /// [`FetchError::code`]
    pub fn code(&self) -> &'static str {
        self.error.code()
    }

    /// What to do about it, for operators: a guess from the error, from what was requested, and from whether
    /// the source uses [discovery](crate::RemoteJwks::discover). It contains no text of the host's.
    ///
    /// ```
    /// use tokenring::{RemoteJwks, remote::{FetchError, FetchRequest}};
    ///
    /// # let not_found = |_: &FetchRequest| Err(FetchError::Status { status: 404, retry_after: None });
    /// let keys = RemoteJwks::builder("https://issuer.example/keys").fetch(not_found).build()?;
    /// keys.prime().unwrap_err();
    /// let hint = keys.health().last_error().and_then(|failure| failure.hint());
    /// assert_eq!(hint.map(|hint| hint.code()), Some("fetch_not_found"));
    /// # Ok::<(), tokenring::FetchConfigError>(())
    /// ```
    pub fn hint(&self) -> Option<Hint> {
        hint_for_failure(self)
    }
}

impl fmt::Display for FetchFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file_name {
            Some(name) => {
                write!(f, "cannot read {} from {}", self.purpose.name(), text::quoted(name))?;
            }
            None if self.host.is_empty() => write!(f, "cannot fetch {}", self.purpose.name())?,
            None => write!(f, "cannot fetch {} from {}", self.purpose.name(), self.host)?,
        }
        write!(f, ": {}", self.error)
    }
}

impl Error for FetchFailure {}
