//! A guard's check that may wait for a key.

use alloc::string::String;
use core::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use crate::{
    Guard, KeyLookup, KeySource, Rejection, UnixTime, Verified, policy::Usage, trust::Chosen,
    verifier::Waiting,
};

/// The future of [`Guard::check_async`] and [`Guard::check_token_async`].
///
/// It is `Send` if `K` is `Sync`, needs no runtime, and may be dropped at any time.
#[must_use = "futures do nothing unless polled"]
pub struct GuardCheck<'g, K>(CheckState<'g, K>);

impl<'g, K: KeySource> GuardCheck<'g, K> {
    pub(super) fn finished(outcome: Result<Verified, Rejection>) -> Self {
        Self(CheckState::Finished(Some(outcome)))
    }

    pub(super) fn waiting(guard: &'g Guard<K>, token: &str, waiting: Waiting<'g, K>) -> Self {
        let Waiting { issuer, lookup } = waiting;
        Self(CheckState::Waiting { guard, token: token.into(), issuer: Some(issuer), lookup })
    }
}

enum CheckState<'g, K> {
    Finished(Option<Result<Verified, Rejection>>),
    Waiting {
        guard: &'g Guard<K>,
        token: String,
        /// Taken when the look-up ends.
        issuer: Option<Chosen<'g, K>>,
        lookup: KeyLookup<'g>,
    },
}

impl<K: KeySource> Future for GuardCheck<'_, K> {
    type Output = Result<Verified, Rejection>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            CheckState::Finished(outcome) => match outcome.take() {
                Some(outcome) => Poll::Ready(outcome),
                // Polled after completion: no correct executor does that.
                None => Poll::Pending,
            },
            CheckState::Waiting { guard, token, issuer, lookup } => {
                let key = ready!(Pin::new(lookup).poll(context));
                let Some(issuer) = issuer.take() else { return Poll::Pending };
                let verdict = guard.verifier.verify_with(token, issuer, Usage::Bearer, key);
                let outcome = guard.admit(token, verdict, UnixTime::now);
                self.0 = CheckState::Finished(None);
                Poll::Ready(outcome)
            }
        }
    }
}

/// Shows no fields: one of them is the token.
impl<K> fmt::Debug for GuardCheck<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardCheck").finish_non_exhaustive()
    }
}
