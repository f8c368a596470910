//! A future that waits for a key.

use std::{
    boxed::Box,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use crate::{KeyError, KeyQuery, RemoteJwks, SelectedKey, remote::remote_jwks::Progress};

/// A lookup that waits without a thread.
pub(crate) struct Waiter<'r> {
    remote: &'r RemoteJwks,
    key_id: Option<Box<str>>,
    /// The query without its `kid`, which borrows from the token.
    query: KeyQuery<'static>,
    /// Its number among the waiting futures, once it has waited.
    number: Option<u64>,
    /// How many attempts had ended when it began to wait.
    ended: Option<u64>,
    /// How many attempts it has waited for.
    waited: u8,
}

impl<'r> Waiter<'r> {
    pub(crate) fn new(remote: &'r RemoteJwks, query: KeyQuery<'_>) -> Self {
        Self {
            remote,
            key_id: query.key_id().map(Box::from),
            query: query.with_key_id(None),
            number: None,
            ended: None,
            waited: 0,
        }
    }
}

impl Future for Waiter<'_> {
    type Output = Result<SelectedKey, KeyError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let source = &*this.remote.0;
        let query = this.query.with_key_id(this.key_id.as_deref());
        if let Some(answer) = source.fresh_answer(query) {
            return Poll::Ready(answer);
        }
        let mut control = source.lock();
        loop {
            if let Some(ended) = this.ended {
                if control.ended == ended {
                    let is_new = !this.number.is_some_and(|it| control.wakers.contains_key(&it));
                    if is_new && control.wakers.len() >= source.settings.max_waiting {
                        control.count_busy();
                        let (now, busy) = (source.now(), KeyError::Busy);
                        let answer = source.answer_without_waiting(&mut control, now, query, busy);
                        return Poll::Ready(answer);
                    }
                    let number = *this.number.get_or_insert_with(|| {
                        control.last_waiter = control.last_waiter.wrapping_add(1);
                        control.last_waiter
                    });
                    let former = control.wakers.insert(number, context.waker().clone());
                    // Unlock before dropping the old waker: dropping it may drop its task, whose
                    // waiters lock again.
                    drop(control);
                    drop(former);
                    return Poll::Pending;
                }
                this.waited = this.waited.saturating_add(1);
            }
            let ended = control.ended;
            match this.remote.step(&mut control, query, this.waited) {
                Progress::Answer(answer) => return Poll::Ready(answer),
                Progress::Wait => this.ended = Some(ended),
            }
        }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            // Dropped after the lock is released, as above.
            let waker = self.remote.0.lock().wakers.remove(&number);
            drop(waker);
        }
    }
}
