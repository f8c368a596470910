//! The single fetch, in many schedules.

use std::{
    future::Future,
    mem::ManuallyDrop,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll, RawWaker, RawWakerVTable, Waker},
    time::Duration,
};

use modelled::{
    Algorithm, KeyError, KeyQuery, KeySource, RemoteJwks,
    remote::{Clock, Fetch, FetchError, FetchRequest, KeysState},
};
use shuttle::{future, thread};

#[test]
fn threads_that_need_a_key_at_once_share_one_fetch() {
    explore(|| {
        let (remote, issuer, _) = source(Answer::Keys);
        let threads: Vec<_> = (0..3).map(|_| look_up(&remote, "known")).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), Ok(()));
        }
        assert_eq!(issuer.fetches(), 1);
        assert_eq!(remote.health().waiters(), 0);
        assert_eq!(remote.health().fetches_ok(), 1);
        assert!(!remote.health().is_fetching());
    });
}

#[test]
fn threads_and_futures_share_one_fetch_and_no_wake_up_is_lost() {
    explore(|| {
        let (remote, issuer, _) = source(Answer::Keys);
        let blocked = look_up(&remote, "known");
        let futures: Vec<_> = (0..2)
            .map(|_| {
                let remote = remote.clone();
                future::spawn(async move { remote.key_async(known()).await.map(drop) })
            })
            .collect();
        assert_eq!(blocked.join().unwrap(), Ok(()));
        for future in futures {
            assert_eq!(future::block_on(future).unwrap(), Ok(()));
        }
        assert_eq!(issuer.fetches(), 1);
        assert_eq!(remote.health().waiters(), 0);
    });
}

#[test]
fn fetch_that_fails_answers_all_waiters_and_is_not_repeated() {
    explore(|| {
        let (remote, issuer, _) = source(Answer::Failure);
        let threads: Vec<_> = (0..3).map(|_| look_up(&remote, "known")).collect();
        for thread in threads {
            let outcome = thread.join().unwrap();
            assert!(matches!(outcome, Err(KeyError::Unavailable { .. })), "{outcome:?}");
        }
        assert_eq!(issuer.fetches(), 1);
        assert_eq!(remote.health().consecutive_failures(), 1);
        assert_eq!(remote.health().waiters(), 0);
    });
}

#[test]
fn unknown_kids_and_commands_never_make_two_fetches_overlap() {
    explore(|| {
        let (remote, issuer, clock) = source(Answer::Keys);
        remote.prime().unwrap();
        // Past the cool-down of unknown `kid`s.
        clock.advance(Duration::from_secs(60));
        let unknown: Vec<_> = (0..2).map(|_| look_up(&remote, "unknown")).collect();
        let commanded = {
            let remote = remote.clone();
            thread::spawn(move || remote.refresh_now())
        };
        for thread in unknown {
            assert_eq!(thread.join().unwrap(), Err(KeyError::UnknownKey));
        }
        assert_eq!(commanded.join().unwrap(), Ok(()));
        // The first fetch, the command's, and one for the unknown `kid` unless the command won.
        assert!((2..=3).contains(&issuer.fetches()), "{}", issuer.fetches());
        assert_eq!(usize::try_from(remote.health().generation()), Ok(issuer.fetches()));
    });
}

#[test]
fn set_past_its_ttl_is_refreshed_once() {
    explore(|| {
        let (remote, issuer, clock) = source(Answer::Keys);
        remote.prime().unwrap();
        clock.advance(TTL);
        assert_eq!(remote.health().state(), KeysState::Expired);
        let threads: Vec<_> = (0..3).map(|_| look_up(&remote, "known")).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), Ok(()));
        }
        assert_eq!(issuer.fetches(), 2);
        assert_eq!((remote.health().state(), remote.health().generation()), (KeysState::Fresh, 2));
    });
}

#[test]
fn future_that_is_dropped_at_any_moment_takes_no_other_wake_up() {
    explore(|| {
        let (remote, issuer, _) = source(Answer::Keys);
        let waiting = {
            let remote = remote.clone();
            future::spawn(async move { remote.key_async(known()).await.map(drop) })
        };
        let dropped = {
            let remote = remote.clone();
            thread::spawn(move || {
                let mut lookup = Box::pin(remote.key_async(known()));
                let _ready = poll_once(lookup.as_mut());
                thread::yield_now();
                drop(lookup);
            })
        };
        assert_eq!(future::block_on(waiting).unwrap(), Ok(()));
        dropped.join().unwrap();
        assert_eq!(issuer.fetches(), 1);
        assert_eq!(remote.health().waiters(), 0);
    });
}

#[test]
fn waker_that_uses_the_source_when_it_is_cloned_or_dropped_never_deadlocks() {
    explore(|| {
        let (remote, issuer, _) = source(Answer::Keys);
        let mut other: OtherLookup = {
            let remote = remote.clone();
            Box::pin(async move { remote.key_async(known()).await.map(drop) })
        };
        assert!(poll_once(other.as_mut()).is_pending());
        let meddler = Meddler { remote: remote.clone(), other: Mutex::new(Some(other)) };
        let waker = meddler.waker();
        let mut lookup = Box::pin(remote.key_async(known()));
        let mut context = Context::from_waker(&waker);
        for _ in 0..3 {
            if lookup.as_mut().poll(&mut context).is_ready() {
                break;
            }
            thread::yield_now();
        }
        drop(lookup);
        drop(waker);
        assert_eq!(remote.prime(), Ok(()));
        assert_eq!(issuer.fetches(), 1);
        assert_eq!(remote.health().waiters(), 0);
    });
}

type OtherLookup = Pin<Box<dyn Future<Output = Result<(), KeyError>> + Send>>;

/// A waker that looks up a key and drops another lookup whenever it is cloned, called or dropped.
struct Meddler {
    remote: RemoteJwks,
    other: Mutex<Option<OtherLookup>>,
}

impl Meddler {
    fn waker(self) -> Waker {
        let data = Arc::into_raw(Arc::new(self)).cast();
        // SAFETY: the functions of the table treat the pointer as that of an `Arc<Self>`, which is
        // `Send` and `Sync`.
        unsafe { Waker::new(data, &MEDDLER) }
    }

    fn meddle(&self) {
        assert!(self.remote.health().waiters() <= 2);
        let _answer = self.remote.try_key(known());
        let other = self.other.lock().unwrap().take();
        drop(other);
    }
}

static MEDDLER: RawWakerVTable = RawWakerVTable::new(
    |data| {
        // SAFETY: as in `Meddler::waker`. The caller keeps its own count.
        let meddler = unsafe { ManuallyDrop::new(Arc::from_raw(data.cast::<Meddler>())) };
        meddler.meddle();
        RawWaker::new(Arc::into_raw(Arc::clone(&meddler)).cast(), &MEDDLER)
    },
    // SAFETY: as in `Meddler::waker`. The caller gives up its count.
    |data| unsafe { Arc::from_raw(data.cast::<Meddler>()) }.meddle(),
    // SAFETY: as in `Meddler::waker`. The caller keeps its own count.
    |data| unsafe { ManuallyDrop::new(Arc::from_raw(data.cast::<Meddler>())) }.meddle(),
    // SAFETY: as in `Meddler::waker`. The caller gives up its count.
    |data| unsafe { Arc::from_raw(data.cast::<Meddler>()) }.meddle(),
);

#[test]
fn source_that_is_dropped_during_its_fetch_is_freed() {
    explore(|| {
        let (remote, issuer, clock) = source(Answer::Keys);
        let mut lookup = Box::pin(remote.key_async(known()));
        assert!(poll_once(lookup.as_mut()).is_pending());
        drop(lookup);
        drop(remote);
        while issuer.ended() == 0 {
            thread::yield_now();
        }
        // The source owns a clone of the clock, and the attempt may still hold the source.
        while Arc::strong_count(&clock) > 1 {
            thread::yield_now();
        }
    });
}

/// Runs `model` in many schedules.
fn explore(model: fn()) {
    shuttle::check_random(model, RUNS);
    shuttle::check_pct(model, RUNS, 3);
}

const RUNS: usize = 1000;

const TTL: Duration = Duration::from_secs(600);

fn source(answer: Answer) -> (RemoteJwks, Arc<TestIssuer>, Arc<FakeClock>) {
    let issuer = Arc::new(TestIssuer {
        answer,
        fetches: AtomicUsize::new(0),
        ended: AtomicUsize::new(0),
        under_way: AtomicUsize::new(0),
    });
    let clock = Arc::new(FakeClock(AtomicU64::new(1_000_000)));
    let remote = RemoteJwks::builder("https://issuer.example/jwks.json")
        .ttl(TTL)
        .fetch(Shared(Arc::clone(&issuer)))
        .clock(Arc::clone(&clock))
        .build()
        .unwrap();
    (remote, issuer, clock)
}

fn known() -> KeyQuery<'static> {
    KeyQuery::new(Some("known"), Algorithm::EdDSA)
}

fn look_up(remote: &RemoteJwks, kid: &'static str) -> thread::JoinHandle<Result<(), KeyError>> {
    let remote = remote.clone();
    thread::spawn(move || remote.key(KeyQuery::new(Some(kid), Algorithm::EdDSA)).map(drop))
}

fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[derive(Clone, Copy)]
enum Answer {
    Keys,
    Failure,
}

/// Its counters are `std`'s atomics, because they are not part of the model.
struct TestIssuer {
    answer: Answer,
    fetches: AtomicUsize,
    ended: AtomicUsize,
    under_way: AtomicUsize,
}

impl TestIssuer {
    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }

    fn ended(&self) -> usize {
        self.ended.load(Ordering::SeqCst)
    }
}

struct Shared(Arc<TestIssuer>);

impl Fetch for Shared {
    fn fetch(&self, _: &FetchRequest) -> Result<Vec<u8>, FetchError> {
        let issuer = &*self.0;
        issuer.fetches.fetch_add(1, Ordering::SeqCst);
        assert_eq!(issuer.under_way.fetch_add(1, Ordering::SeqCst), 0, "two fetches at a time");
        // Other threads may run while the fetch is in flight.
        thread::yield_now();
        assert_eq!(issuer.under_way.fetch_sub(1, Ordering::SeqCst), 1);
        issuer.ended.fetch_add(1, Ordering::SeqCst);
        match issuer.answer {
            Answer::Keys => Ok(JWKS.into()),
            Answer::Failure => Err(FetchError::Status { status: 503, retry_after: None }),
        }
    }
}

/// The time of both clocks, in milliseconds.
struct FakeClock(AtomicU64);

impl FakeClock {
    fn advance(&self, time: Duration) {
        self.0.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }

    fn wall(&self) -> Duration {
        self.monotonic()
    }

    fn jitter(&self) -> f64 {
        0.5
    }
}

/// RFC 8037 appendix A.2.
const JWKS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"known",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
