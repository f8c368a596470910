//! One attempt to fetch the key set, on its own thread: its requests, and its end.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Weak},
    thread,
    time::Duration,
    vec::Vec,
};

use crate::{
    JwkSet, JwkSetError,
    remote::{
        clock::{Deadline, Moment},
        discovery::{Discovery, Plan, is_metadata},
        error::{FetchError, MetadataError},
        fetch::{Fetch, FetchFailure, FetchPurpose, FetchRequest},
        place::Place,
        refresh::Reason,
        source::{Control, Fetched, FetchedSet, Order, Source},
    },
};

/// Takes the slot and starts an attempt on its own thread, which holds only a `Weak` to the source.
pub(crate) fn start(control: &mut Control<'_>, now: Moment, reason: Reason) {
    let (source, order) = (control.source(), control.begin(now, reason));
    let number = order.number;
    let requests = Requests {
        order,
        fetch: Arc::clone(&source.settings.fetch),
        timeout: source.settings.timing.timeout,
        max_body: source.settings.limits.max_body,
        deadline: Deadline::after(source.settings.timing.timeout),
    };
    let source = Arc::downgrade(source);
    let run = move || {
        let mut attempt = RunningAttempt { source, number, started: now, fetched: None };
        attempt.fetched = Some(requests.run());
    };
    let thread = thread::Builder::new().name("tokenring-fetch".into());
    if thread.spawn(run).is_err() {
        // The caller learns it from the answer. A future that waits since an earlier attempt keeps its
        // waker: to wake or drop one under the lock could run a task that takes the lock.
        let _unreported = control.end(number, now, None);
    }
}

/// An attempt on its thread. It ends when it is dropped, even by a panic.
struct RunningAttempt {
    source: Weak<Source>,
    number: u64,
    started: Moment,
    fetched: Option<Fetched>,
}

impl Drop for RunningAttempt {
    fn drop(&mut self) {
        // The source was dropped: no one needs the result.
        let Some(source) = self.source.upgrade() else { return };
        let (event, wakers) = {
            let mut control = source.lock();
            let event = control.end(self.number, self.started, self.fetched.take());
            (event, control.take_wakers())
        };
        for waker in wakers.into_values() {
            // A waker may run its task and panic; the remaining wakers must still be called.
            let _panic = catch_unwind(AssertUnwindSafe(|| waker.wake()));
        }
        if let Some((hook, event)) = source.settings.hook().cloned().zip(event) {
            // Until it returns, each call has a handle.
            let calls = Arc::strong_count(&hook).saturating_sub(1);
            // A slow hook must not keep the source alive.
            drop(source);
            if calls <= MAX_HOOK_CALLS {
                let _panic = catch_unwind(AssertUnwindSafe(|| hook(&event)));
            }
        }
    }
}

/// The requests of an attempt, within one deadline.
struct Requests {
    order: Order,
    fetch: Arc<dyn Fetch>,
    timeout: Duration,
    max_body: usize,
    deadline: Deadline,
}

impl Requests {
    fn run(&self) -> Fetched {
        let (issuer, known) = match &self.order.plan {
            Plan::KeySet(place) => {
                return Fetched { jwks_uri: None, result: self.key_set(place, self.timeout) };
            }
            Plan::Discover { issuer, known } => (issuer, known),
        };
        // Silence must leave time for the URL that is known.
        let timeout = match known {
            Some(_) => self.timeout.checked_div(2).unwrap_or_default(),
            None => self.timeout,
        };
        match (self.jwks_uri(issuer, timeout), known) {
            (Ok(url), _) => {
                let place = Place::Url(Arc::clone(&url));
                let result = self.key_set(&place, self.deadline.left());
                Fetched { jwks_uri: Some(url), result }
            }
            (Err(failure), Some(known))
                if !was_read(&failure) && !self.deadline.left().is_zero() =>
            {
                Fetched { jwks_uri: None, result: self.key_set(known, self.deadline.left()) }
            }
            (Err(failure), _) => Fetched { jwks_uri: None, result: Err(failure) },
        }
    }

    fn key_set(&self, place: &Place, timeout: Duration) -> Result<FetchedSet, FetchFailure> {
        let request = FetchRequest::at(place.clone(), timeout, self.max_body);
        let (request, text) = self.send(request)?;
        let keys = JwkSet::read(&text, self.order.burnt.keys())
            .map_err(|error| request.failed(key_set_error(error, &text)))?;
        let burnt = self.order.burnt.with(keys.burnt());
        let former = self.order.former.as_ref().filter(|_| !keys.burnt().is_empty());
        let former_keys = former.and_then(|text| JwkSet::read(text, burnt.keys()).ok());
        Ok(FetchedSet { text: text.into(), keys, burnt, former_keys })
    }

    /// The `jwks_uri` of the issuer's metadata, requested within `timeout`.
    fn jwks_uri(&self, issuer: &Discovery, timeout: Duration) -> Result<Arc<str>, FetchFailure> {
        let deadline = Deadline::after(timeout);
        let send = |url: &Arc<str>, timeout: Duration| {
            let request = FetchRequest::new(Arc::clone(url), timeout, MAX_METADATA_BYTES);
            self.send(request.with_purpose(FetchPurpose::Metadata))
        };
        let (request, metadata) = match send(&issuer.openid_url, timeout) {
            Err(first) if may_be_elsewhere(first.error()) => {
                let left = deadline.left().min(self.deadline.left());
                send(&issuer.oauth_url, left).map_err(|second| match second.error() {
                    // The first may say more, such as 403.
                    FetchError::Status { status: 404, .. } => first,
                    _ => second,
                })
            }
            outcome => outcome,
        }?;
        issuer.jwks_uri(&metadata).map_err(|error| request.failed(error))
    }

    /// The request as it was sent, and the body of its response.
    fn send(&self, request: FetchRequest) -> Result<(FetchRequest, Vec<u8>), FetchFailure> {
        let request = match self.order.no_cache {
            true => request.with_no_cache(),
            false => request,
        };
        if request.timeout().is_zero() {
            return Err(request.failed(FetchError::Timeout));
        }
        let limit = request.max_body();
        match self.fetch.fetch(&request) {
            // The client is a caller's own, and has not kept to the limit.
            Ok(body) if body.len() > limit => {
                Err(request.failed(FetchError::BodyTooLong { limit }))
            }
            Ok(body) => Ok((request, body)),
            Err(error) => Err(request.failed(error)),
        }
    }
}

/// The error for a document that is no key set because of `error`.
fn key_set_error(error: JwkSetError, document: &[u8]) -> FetchError {
    match error {
        JwkSetError::KeysMissing if is_metadata(document) => FetchError::MetadataAsKeySet,
        error => FetchError::KeySet(error),
    }
}

/// Whether the metadata may be at the second address. Servers without a document at the first answer with
/// 404, but also with 400, 401, 403, 405 or 410. 429 asks for fewer requests.
fn may_be_elsewhere(error: &FetchError) -> bool {
    matches!(error, FetchError::Status { status: 400..=428 | 430..=499, .. })
}

/// Whether there was metadata, which was refused and must not be ignored. Anything else is no metadata: a
/// login page, a redirect, silence.
fn was_read(failure: &FetchFailure) -> bool {
    match failure.error() {
        FetchError::IssuerMismatch { .. } => true,
        FetchError::Metadata(error) => !matches!(error, MetadataError::Json(_)),
        _ => false,
    }
}

/// Each call occupies a thread until it returns. As many as the attempts that may lose their slot.
const MAX_HOOK_CALLS: usize = 8;

/// Ten times the size of what Keycloak, Google and Microsoft publish, 2 to 6 KiB.
const MAX_METADATA_BYTES: usize = 64 * 1024;
