//! From a query to the answer, by way of an attempt if one is needed. A thread and a future go the same
//! way: [`Lookup::step`] decides, and they differ only in how they sleep.

use std::{
    boxed::Box,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use crate::{
    KeyError, KeyQuery, SelectedKey,
    key_name::KeyName,
    remote::{
        attempt,
        error::FetchError,
        fetch::FetchFailure,
        refresh::{Found, Reason, Refresh, Step},
        snapshot::KeysState,
        source::{Control, Source, Waiter},
    },
};

/// The answer of a set within its `ttl`, without a mutex and without allocation (I1). None if a step
/// must decide.
pub(crate) fn fresh_answer(
    source: &Source,
    query: KeyQuery<'_>,
) -> Option<Result<SelectedKey, KeyError>> {
    let answer = source.published_at_hand().if_fresh(source.now(), |set| set.find(query))?;
    (Found::of(query, &answer) == Found::Answer).then_some(answer)
}

/// The answer without waiting. Starts no attempt.
pub(crate) fn answer_at_once(
    source: &Arc<Source>,
    query: KeyQuery<'_>,
) -> Result<SelectedKey, KeyError> {
    match source.lock().decide(source.now(), query, 0) {
        (Step::Use | Step::UseAndRefresh, answer) => answer,
        (Step::Wait | Step::Start(_), _) => Err(Refresh::unavailable(Duration::ZERO)),
        (Step::Refuse(error), _) => Err(error),
    }
}

/// A lookup under way.
#[derive(Default)]
struct Lookup {
    /// How many attempts had ended when it began to wait.
    waits_since: Option<u64>,
    /// How many attempts it has waited for.
    waited: u8,
}

impl Lookup {
    /// The answer, or none if `waiter` has to wait until another attempt has ended. Starts an attempt if
    /// one is due.
    fn step(
        &mut self,
        control: &mut Control<'_>,
        query: KeyQuery<'_>,
        waiter: Waiter,
    ) -> Option<Result<SelectedKey, KeyError>> {
        while self.waits_since != Some(control.ended()) {
            if self.waits_since.is_some() {
                self.waited = self.waited.saturating_add(1);
            }
            // Before the step: an attempt without a thread ends within it.
            self.waits_since = Some(control.ended());
            let now = control.source().now();
            control.reclaim_slot(now);
            let (step, answer) = control.decide(now, query, self.waited);
            match step {
                Step::Use => return Some(answer),
                Step::UseAndRefresh => {
                    attempt::start(control, now, Reason::Age);
                    return Some(answer);
                }
                Step::Refuse(error) => return Some(Err(error)),
                Step::Start(reason) => attempt::start(control, now, reason),
                Step::Wait => {}
            }
        }
        if control.admits(waiter) {
            return None;
        }
        // A slow issuer must not occupy all threads of a service, nor its memory.
        let now = control.source().now();
        Some(control.answer_without_waiting(now, query, KeyError::Busy))
    }
}

/// The answer, for which the thread waits if it must.
pub(crate) fn answer_blocking(
    source: &Arc<Source>,
    query: KeyQuery<'_>,
) -> Result<SelectedKey, KeyError> {
    let (mut lookup, mut control) = (Lookup::default(), source.lock());
    loop {
        if let Some(answer) = lookup.step(&mut control, query, Waiter::Thread) {
            return answer;
        }
        let has_ended;
        (control, has_ended) = control.wait();
        if !has_ended {
            // The attempt is overdue. Whoever comes later does not wait for it.
            let now = source.now();
            control.give_up(now);
            let unavailable = Refresh::unavailable(Duration::ZERO);
            return control.answer_without_waiting(now, query, unavailable);
        }
    }
}

/// The answer, for which a future waits if it must.
pub(crate) struct LookupFuture<'s> {
    place: Place<'s>,
    name: Option<KeyName<Box<str>>>,
    /// The query without the name of its key, which borrows from the token.
    query: KeyQuery<'static>,
    lookup: Lookup,
}

impl<'s> LookupFuture<'s> {
    pub(crate) fn new(source: &'s Arc<Source>, query: KeyQuery<'_>) -> Self {
        Self {
            place: Place { source, number: None },
            name: query.name().map(|name| name.map(Box::from)),
            query: query.with_name(None),
            lookup: Lookup::default(),
        }
    }
}

impl Future for LookupFuture<'_> {
    type Output = Result<SelectedKey, KeyError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let name = this.name.as_ref().map(KeyName::borrowed);
        let query = this.query.with_name(name);
        if let Some(answer) = fresh_answer(this.place.source, query) {
            return Poll::Ready(answer);
        }
        // Cloned before locking, and dropped after unlocking: both are the executor's code, which may look
        // up a key itself or drop another lookup.
        let waker = context.waker().clone();
        let mut control = this.place.source.lock();
        let waiter = Waiter::Future(this.place.number);
        if let Some(answer) = this.lookup.step(&mut control, query, waiter) {
            return Poll::Ready(answer);
        }
        this.place.wait(control, waker);
        Poll::Pending
    }
}

/// The place of a future among those that wait.
struct Place<'s> {
    source: &'s Arc<Source>,
    /// Its number, once it has waited.
    number: Option<u64>,
}

impl Place<'_> {
    fn wait(&mut self, mut control: Control<'_>, waker: Waker) {
        let (number, former) = control.enter(self.number, waker);
        self.number = Some(number);
        // Unlock before dropping the old waker: dropping it may drop its task, whose waiters lock again.
        drop(control);
        drop(former);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            // Dropped after the lock is released, as above.
            let waker = self.source.lock().leave(number);
            drop(waker);
        }
    }
}

/// The outcome of `prime` if it need not wait. Starts an attempt if one is due.
pub(crate) fn begin_prime(control: &mut Control<'_>) -> Option<Result<(), FetchFailure>> {
    let source = control.source();
    let now = source.now();
    if matches!(source.published().state(now), KeysState::Fresh | KeysState::RefreshDue) {
        return Some(Ok(()));
    }
    control.reclaim_slot(now);
    let refresh = control.refresh();
    if !refresh.under_way() {
        match refresh.last_error() {
            Some(failure) if !refresh.back_off(now.monotonic).is_zero() => {
                return Some(Err(failure.clone()));
            }
            _ => attempt::start(control, now, Reason::Age),
        }
    }
    None
}

/// `prime`, as a future.
pub(crate) struct PrimeFuture<'s> {
    place: Place<'s>,
    /// How many attempts had ended when it began to wait.
    waits_since: Option<u64>,
}

impl<'s> PrimeFuture<'s> {
    pub(crate) fn new(source: &'s Arc<Source>) -> Self {
        Self { place: Place { source, number: None }, waits_since: None }
    }
}

impl Future for PrimeFuture<'_> {
    type Output = Result<(), FetchFailure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        // As in `LookupFuture::poll`.
        let waker = context.waker().clone();
        let mut control = this.place.source.lock();
        // Anew in a child that was forked meanwhile: there the attempt never ends.
        let is_new = |since| since != control.ended() && !control.has_ended_one();
        if this.waits_since.is_none_or(is_new) {
            if let Some(outcome) = begin_prime(&mut control) {
                return Poll::Ready(outcome);
            }
            this.waits_since = Some(control.ended());
        }
        // An attempt without a thread has ended already.
        if !control.refresh().under_way() || this.waits_since != Some(control.ended()) {
            return Poll::Ready(last_outcome(&control));
        }
        this.place.wait(control, waker);
        Poll::Pending
    }
}

/// Waits for the attempt under way, if there is one, and returns the outcome of the last one.
pub(crate) fn outcome_of_attempt(mut control: Control<'_>) -> Result<(), FetchFailure> {
    if control.refresh().under_way() {
        let has_ended;
        (control, has_ended) = control.wait();
        if !has_ended {
            return Err(control.failure(FetchError::Timeout));
        }
    }
    last_outcome(&control)
}

fn last_outcome(control: &Control<'_>) -> Result<(), FetchFailure> {
    control.refresh().last_error().map_or(Ok(()), |failure| Err(failure.clone()))
}
