//! Lookups as futures, and sources that are dropped while futures wait.

use std::{
    future::Future,
    panic::resume_unwind,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Instant,
};

use tokenring::{
    Algorithm, KeyError, KeyQuery, KeySource, Policy, RemoteJwks, UnixTime, Verifier, VerifyError,
    testkit::{AUDIENCE, ISSUER, Issuer, TestKey},
};

use crate::fake::{
    self, Manual, NANO, Reply, Rig, TTL, UNKNOWN, bare, block_on, found, join, key_async, name,
    secs, status, until,
};

// Futures.

#[test]
fn futures_are_send_and_need_no_lifetime_but_their_own() {
    fn assert_send<T: Send>(_: &T) {}
    fn assert_shared<T: Send + Sync + Clone + 'static>() {}
    assert_shared::<RemoteJwks>();
    assert_shared::<Verifier<RemoteJwks>>();
    let rig = Rig::new();
    let verifier = Verifier::new(Policy::new(ISSUER, AUDIENCE), rig.keys.clone()).unwrap();
    assert_send(&rig.keys.key_async(KeyQuery::new(Some("a"), Algorithm::RS256)));
    assert_send(&verifier.verify_async("token"));
}

#[test]
fn prime_as_a_future_has_the_outcomes_of_prime() {
    let rig = Rig::new();
    rig.issuer.fails();
    assert_eq!(bare(block_on(rig.keys.prime_async())), Err(status(500)));
    // During the back-off it does not fetch again.
    assert_eq!((bare(block_on(rig.keys.prime_async())), rig.issuer.count()), (Err(status(500)), 1));
    rig.clock.advance(secs(1));
    rig.issuer.serves(&["a"]);
    assert_eq!((block_on(rig.keys.prime_async()), rig.issuer.count()), (Ok(()), 2));
    rig.clock.advance(TTL - NANO);
    assert_eq!((block_on(rig.keys.prime_async()), rig.issuer.count()), (Ok(()), 2));
    rig.clock.advance(NANO);
    assert_eq!((block_on(rig.keys.prime_async()), rig.issuer.count()), (Ok(()), 3));
    assert_eq!(rig.keys.health().waiters(), 0);
}

#[test]
fn primes_and_lookups_share_one_fetch_and_each_is_woken() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    let mut primes = [(); 3].map(|()| Manual::new(rig.keys.prime_async()));
    let mut lookup = Manual::new(key_async(&rig.keys, "a"));
    assert!(primes.iter_mut().all(|prime| prime.poll().is_pending()));
    assert!(lookup.poll().is_pending());
    assert_eq!(rig.keys.health().waiters(), 4);
    let [first, second, dropped] = primes;
    drop(dropped);
    assert_eq!(rig.keys.health().waiters(), 3);
    rig.issuer.open_gate();
    for mut prime in [first, second] {
        until(|| prime.woken() == 1);
        assert_eq!(prime.poll(), Poll::Ready(Ok(())));
    }
    until(|| lookup.woken() == 1);
    assert_eq!(lookup.poll(), Poll::Ready(found("a")));
    assert_eq!((rig.issuer.count(), rig.keys.health().waiters()), (1, 0));
}

#[test]
fn future_has_the_same_outcome_as_the_blocking_lookup() {
    let now = UnixTime::now();
    let issuer = Issuer::default();
    let rig = Rig::new();
    rig.issuer.reply(Reply::Body(issuer.jwks().into_bytes()));
    let verifier = Verifier::new(Policy::new(ISSUER, AUDIENCE), rig.keys.clone()).unwrap();
    let token = issuer.token_at(now).mint();
    let unknown = issuer.token_at(now).key(&TestKey::attacker().with_kid("unknown")).mint();
    let forged = issuer.token_at(now).forged_by(&TestKey::attacker()).mint();

    assert_eq!(
        verifier.try_verify(&token).unwrap_err(),
        VerifyError::KeysUnavailable { retry_after: secs(1) },
    );
    assert_eq!(rig.issuer.count(), 0);
    assert_eq!(block_on(verifier.verify_async(&token)).unwrap().issuer(), ISSUER);
    assert_eq!(verifier.verify(&token).unwrap().issuer(), ISSUER);
    assert_eq!(verifier.try_verify(&token).unwrap().issuer(), ISSUER);
    let error = block_on(verifier.verify_async(&unknown)).unwrap_err();
    assert_eq!(error, VerifyError::UnknownKey);
    assert_eq!(verifier.verify(&unknown).unwrap_err(), VerifyError::UnknownKey);
    assert_eq!(verifier.try_verify(&unknown).unwrap_err(), VerifyError::UnknownKey);
    let error = block_on(verifier.verify_async(&forged)).unwrap_err();
    assert_eq!(error, VerifyError::BadSignature);
    assert_eq!(block_on(verifier.verify_async("")).unwrap_err(), verifier.verify("").unwrap_err());
    assert_eq!(rig.issuer.count(), 2);
}

/// I1.
#[test]
fn known_key_is_ready_at_once_and_allocation_free() {
    let rig = Rig::primed(&["a"]);
    let mut key = None;
    let spent = allocation_counter::measure(|| {
        let mut lookup = rig.keys.key_async(KeyQuery::new(Some("a"), Algorithm::RS256));
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(answer) = Pin::new(&mut lookup).poll(&mut context) {
            key = Some(answer);
        }
    });
    assert_eq!(spent.count_total, 0);
    assert_eq!(name(key.unwrap()), found("a"));
}

/// The future does not borrow from the token whose `kid` it looks up.
#[test]
fn future_outlives_the_kid_it_was_given() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    let kid = String::from("a");
    let lookup = rig.keys.key_async(KeyQuery::new(Some(&kid), Algorithm::RS256));
    drop(kid);
    let mut future = Manual::new(lookup);
    assert_eq!(future.poll().map(name), Poll::Pending);
    rig.issuer.open_gate();
    rig.settle();
    assert_eq!(future.poll().map(name), Poll::Ready(found("a")));
}

#[test]
fn future_that_was_not_polled_does_nothing() {
    let rig = Rig::new();
    drop(key_async(&rig.keys, "a"));
    assert_eq!((rig.issuer.count(), rig.keys.health().waiters()), (0, 0));
}

#[test]
fn dropped_futures_leave_nothing_behind_and_do_not_delay_others() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    let mut futures: Vec<_> = (0..1000).map(|_| Manual::new(key_async(&rig.keys, "a"))).collect();
    for future in &mut futures {
        assert_eq!(future.poll(), Poll::Pending);
        // Polled without being woken, it still counts as one waiter.
        assert_eq!(future.poll(), Poll::Pending);
    }
    assert_eq!(rig.keys.health().waiters(), 1000);
    // All are dropped except one, among them the one that started the fetch.
    let mut last = futures.pop().unwrap();
    drop(futures);
    assert_eq!(rig.keys.health().waiters(), 1);
    assert_eq!(last.woken(), 0);
    rig.issuer.open_gate();
    until(|| last.woken() == 1);
    assert_eq!(last.poll(), Poll::Ready(found("a")));
    drop(last);
    let health = rig.keys.health();
    assert_eq!((health.waiters(), health.is_fetching(), rig.issuer.count()), (0, false, 1));
}

#[test]
fn fetch_of_a_dropped_future_without_other_waiters_serves_the_next_lookup() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    let mut future = Manual::new(key_async(&rig.keys, "a"));
    assert_eq!(future.poll(), Poll::Pending);
    drop(future);
    rig.issuer.await_count(1);
    rig.issuer.open_gate();
    rig.settle();
    assert_eq!((rig.key("a"), rig.issuer.count()), (found("a"), 1));
}

#[test]
fn future_dropped_after_it_was_woken_and_before_its_poll_does_not_affect_others() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    let mut first = Manual::new(key_async(&rig.keys, "a"));
    let mut second = Manual::new(key_async(&rig.keys, "a"));
    assert_eq!((first.poll(), second.poll()), (Poll::Pending, Poll::Pending));
    rig.issuer.open_gate();
    until(|| first.woken() == 1 && second.woken() == 1);
    drop(first);
    assert_eq!(second.poll(), Poll::Ready(found("a")));
    assert_eq!(rig.keys.health().waiters(), 0);
}

#[test]
fn future_that_moved_to_another_task_wakes_that_one() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    let mut future = Manual::new(key_async(&rig.keys, "a"));
    let (former, latter) = (Arc::new(Count::default()), Arc::new(Count::default()));
    assert_eq!(future.poll_with(&Waker::from(Arc::clone(&former))), Poll::Pending);
    assert_eq!(future.poll_with(&Waker::from(Arc::clone(&latter))), Poll::Pending);
    assert_eq!((rig.keys.health().waiters(), Arc::strong_count(&former)), (1, 1));
    rig.issuer.open_gate();
    until(|| latter.0.load(Ordering::SeqCst) == 1);
    assert_eq!(former.0.load(Ordering::SeqCst), 0);
    assert_eq!(future.poll(), Poll::Ready(found("a")));
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

type Lookup = Pin<Box<dyn Future<Output = Result<String, KeyError>> + Send>>;

fn owned(keys: &RemoteJwks, kid: &'static str) -> Lookup {
    let keys = keys.clone();
    Box::pin(async move { key_async(&keys, kid).await })
}

/// A task that its waker polls directly.
struct Inline {
    future: Mutex<Option<Lookup>>,
    output: Mutex<Option<Result<String, KeyError>>>,
}

impl Inline {
    fn start(future: Lookup) -> Arc<Self> {
        let task = Arc::new(Self { future: Mutex::new(Some(future)), output: Mutex::default() });
        Arc::clone(&task).wake();
        task
    }

    fn done(&self) -> bool {
        self.output.lock().unwrap().is_some()
    }

    fn output(&self) -> Result<String, KeyError> {
        until(|| self.done());
        self.output.lock().unwrap().clone().unwrap()
    }
}

impl Wake for Inline {
    fn wake(self: Arc<Self>) {
        let mut future = self.future.lock().unwrap();
        let Some(task) = future.as_mut() else { return };
        let waker = Waker::from(Arc::clone(&self));
        if let Poll::Ready(output) = task.as_mut().poll(&mut Context::from_waker(&waker)) {
            *future = None;
            *self.output.lock().unwrap() = Some(output);
        }
    }
}

#[test]
fn wakers_that_poll_where_they_are_woken_do_not_deadlock() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    // The lookups of the unknown `kid` start the second fetch while the first one ends.
    let kids = ["a", "b", "a", "b"];
    let tasks = kids.map(|kid| Inline::start(owned(&rig.keys, kid)));
    let thread = rig.spawn_key("b");
    rig.await_waiters(5);
    rig.issuer.open_gate();
    let outputs = tasks.map(|task| task.output());
    assert_eq!(outputs, [found("a"), UNKNOWN, found("a"), UNKNOWN]);
    assert_eq!(join(thread), UNKNOWN);
    rig.settle();
    assert_eq!((rig.issuer.count(), rig.keys.health().waiters()), (2, 0));
}

#[test]
fn waker_that_panics_does_not_keep_the_others_waiting() {
    struct Panicking;
    impl Wake for Panicking {
        fn wake(self: Arc<Self>) {
            resume_unwind(Box::new("as the test wants it"));
        }
    }
    for reply in [Reply::keys(&["a"]), Reply::Panic] {
        let rig = Rig::new();
        rig.issuer.reply(reply);
        rig.issuer.close_gate();
        let mut bad = Manual::new(key_async(&rig.keys, "a"));
        assert_eq!(bad.poll_with(&Waker::from(Arc::new(Panicking))), Poll::Pending);
        let mut good = Manual::new(key_async(&rig.keys, "a"));
        assert_eq!(good.poll(), Poll::Pending);
        rig.issuer.open_gate();
        until(|| good.woken() == 1);
        assert!(good.poll().is_ready());
        assert!(bad.poll().is_ready());
        assert_eq!(rig.keys.health().waiters(), 0);
    }
}

/// A waker may own the last reference to a task, and the task may own more lookups. All of these
/// are dropped with the waker, so the waker must be dropped outside the lock.
#[test]
fn waker_that_owns_the_last_reference_to_a_task_with_lookups_does_not_deadlock() {
    struct Holder(#[allow(dead_code, reason = "to be dropped")] Mutex<Option<Lookup>>);
    impl Wake for Holder {
        fn wake(self: Arc<Self>) {}
    }
    let holding = |keys: &RemoteJwks| {
        let mut inner = owned(keys, "a");
        let poll = inner.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(poll, Poll::Pending);
        Waker::from(Arc::new(Holder(Mutex::new(Some(inner)))))
    };
    let rig = Rig::new();
    rig.issuer.close_gate();
    let keys = rig.keys.clone();
    let poller = thread::spawn(move || {
        let mut future = owned(&keys, "a");
        let mut poll = |waker: Waker| future.as_mut().poll(&mut Context::from_waker(&waker));
        // The first waker is replaced by another, which is dropped with its future.
        assert_eq!(poll(holding(&keys)), Poll::Pending);
        assert_eq!(poll(holding(&keys)), Poll::Pending);
        assert_eq!(keys.health().waiters(), 2);
        drop(future);
        assert_eq!(keys.health().waiters(), 0);
        // This waker is dropped after it was woken.
        let mut future = owned(&keys, "a");
        let waker = holding(&keys);
        assert_eq!(future.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Pending);
        future
    });
    let future = join(poller);
    rig.issuer.open_gate();
    rig.settle();
    assert_eq!(block_on(future), found("a"));
    assert_eq!(rig.keys.health().waiters(), 0);
}

// The end of a source.

#[test]
fn source_dropped_during_a_fetch_is_gone_at_once_and_the_thread_ends_with_the_fetch() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    let mut future = Manual::new(key_async(&rig.keys, "a"));
    assert_eq!(future.poll(), Poll::Pending);
    rig.issuer.await_count(1);
    drop(future);
    let Rig { clock, issuer, keys } = rig;
    // The clones of the test, the issuer and the source; then without the source's.
    assert_eq!(clock.handles(), 3);
    let start = Instant::now();
    drop(keys);
    assert!(start.elapsed() < secs(5));
    assert_eq!(clock.handles(), 2);
    assert_eq!((issuer.in_flight(), issuer.handles()), (1, 2));
    issuer.open_gate();
    until(|| issuer.handles() == 1);
}

#[test]
fn source_may_be_dropped_by_its_own_fetch() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    let Rig { clock, issuer, keys } = rig;
    let task = Inline::start(owned(&keys, "a"));
    drop(keys);
    // The task owns the last clone, and drops it when it is woken.
    assert_eq!(clock.handles(), 3);
    issuer.open_gate();
    assert_eq!(task.output(), found("a"));
    until(|| (clock.handles(), issuer.handles()) == (2, 1));
}

#[test]
fn clones_share_everything() {
    let rig = Rig::new();
    let clone = rig.keys.clone();
    clone.prime().unwrap();
    assert_eq!((rig.try_key("a"), rig.issuer.count()), (found("a"), 1));
    drop(rig.keys);
    assert_eq!(fake::key(&clone, "a"), found("a"));
}
