//! The memory of used proofs, in many schedules.

use std::{
    num::NonZeroUsize,
    sync::{Arc, LazyLock},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use minted::testkit::TestKey;
use modelled::{
    PublicKey, UnixTime,
    possession::{
        BoundToken, Confirmation, ProofError, ProofPolicy, ProofVerifier, ReplayError, ReplayKey,
        ReplayMemory, ReplayStore, Request, Thumbprint,
    },
};
use shuttle::thread;

#[test]
fn of_threads_with_one_proof_exactly_one_is_admitted() {
    for capacity in [1, 2, SHARDED] {
        explore(move || {
            let memory = memory(capacity);
            let threads = [(), (), ()].map(|()| insert(&memory, vec![(1, 10)], 0));
            let outcomes = threads.map(|thread| thread.join().unwrap()).concat();
            let admitted = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
            let used = outcomes.iter().filter(|one| **one == Err(ReplayError::Replayed)).count();
            assert_eq!((admitted, used), (1, 2));
        });
    }
}

/// The same with all that is checked before.
#[test]
fn of_requests_with_one_proof_exactly_one_is_admitted() {
    explore(|| {
        let policy = ProofPolicy::new("https://api.example.com");
        let proofs = ProofVerifier::new(policy, ReplayMemory::default()).unwrap();
        let threads = [(), ()].map(|()| {
            let proofs = proofs.clone();
            thread::spawn(move || {
                let request = Request::new("GET", "/a").dpop([PROOF.as_str()]);
                let token = BoundToken::new("token", Confirmation::of_key(*JKT));
                proofs.check_at(&request, &token, UnixTime::from_secs(NOW)).map(drop)
            })
        });
        let outcomes = threads.map(|thread| thread.join().unwrap());
        assert!(outcomes.contains(&Ok(())), "{outcomes:?}");
        assert!(outcomes.contains(&Err(ProofError::Replayed)), "{outcomes:?}");
    });
}

/// No proof has expired, so a full memory stays full, and what it has admitted stays used.
#[test]
fn full_memory_admits_no_further_proof_and_forgets_none() {
    explore(|| {
        let memory = memory(2);
        let proofs = |numbers: [u8; 3]| numbers.map(|number| (number, 10)).to_vec();
        let threads = [
            insert(&memory, proofs([1, 2, 3]), 0),
            insert(&memory, proofs([3, 1, 4]), 0),
            insert(&memory, proofs([4, 2, 1]), 0),
        ];
        let outcomes = threads.map(|thread| thread.join().unwrap()).concat();
        let admitted = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(admitted, 2);
        let expected = [Ok(()), Err(ReplayError::Replayed), Err(ReplayError::Full)];
        assert!(outcomes.iter().all(|outcome| expected.contains(outcome)), "{outcomes:?}");
        let again = insert_all(&memory, &[(1, 10), (2, 10), (3, 10), (4, 10)], 0);
        let used = again.iter().filter(|one| **one == Err(ReplayError::Replayed)).count();
        let full = again.iter().filter(|one| **one == Err(ReplayError::Full)).count();
        assert_eq!((used, full), (2, 2));
    });
}

/// A thread that read its clock later makes room by dropping what has expired for it. For the others, it has
/// not.
#[test]
fn proof_that_a_later_clock_has_dropped_is_not_admitted_by_an_earlier_one() {
    explore(|| {
        let memory = memory(2);
        let early = vec![(1, 10), (2, 10)];
        let threads = [
            insert(&memory, early.clone(), 9),
            insert(&memory, vec![(3, 20)], 10),
            insert(&memory, early, 9),
        ];
        let [first, second, third] = threads.map(|thread| thread.join().unwrap());
        for (one, other) in first.iter().zip(&third) {
            assert!(one.is_err() || other.is_err());
        }
        // There is room for the later proof: for its thread, the earlier ones have expired.
        assert_eq!(second, [Ok(())]);
    });
}

/// Shards do not share a lock.
#[test]
fn different_proofs_in_a_memory_of_many_shards_are_all_admitted_once() {
    explore(|| {
        let memory = memory(SHARDED);
        let threads = [0, 1, 2].map(|first| {
            let proofs = [first, first + 1, first + 2].map(|number| (number, 10)).to_vec();
            insert(&memory, proofs, 0)
        });
        let outcomes = threads.map(|thread| thread.join().unwrap()).concat();
        let admitted = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        let used = outcomes.iter().filter(|one| **one == Err(ReplayError::Replayed)).count();
        // Of the proofs 0, 1, 2, 1, 2, 3, 2, 3, 4.
        assert_eq!((admitted, used), (5, 4));
    });
}

/// Runs `model` in many schedules.
fn explore(model: impl Fn() + Clone + Send + Sync + 'static) {
    // Initialized here, outside of any schedule.
    LazyLock::force(&PROOF);
    LazyLock::force(&JKT);
    shuttle::check_random(model.clone(), RUNS);
    shuttle::check_pct(model, RUNS, 3);
}

const RUNS: usize = 300;

/// A memory of this capacity has several shards.
const SHARDED: usize = 60_000;

fn memory(capacity: usize) -> Arc<ReplayMemory> {
    Arc::new(ReplayMemory::new(NonZeroUsize::new(capacity).unwrap()))
}

type Outcomes = Vec<Result<(), ReplayError>>;

/// Inserts the proofs, each with its end, in a thread whose clock says `now`.
fn insert(
    memory: &Arc<ReplayMemory>,
    proofs: Vec<(u8, u64)>,
    now: u64,
) -> thread::JoinHandle<Outcomes> {
    let memory = Arc::clone(memory);
    thread::spawn(move || insert_all(&memory, &proofs, now))
}

fn insert_all(memory: &ReplayMemory, proofs: &[(u8, u64)], now: u64) -> Outcomes {
    let insert = |(number, end): &(u8, u64)| {
        let key = Thumbprint::from_sha256([*number; 32]);
        let key = ReplayKey::new(&key, "https://api.example.com:443/", "1");
        memory.insert(&key, UnixTime::from_secs(*end), UnixTime::from_secs(now))
    };
    proofs.iter().map(insert).collect()
}

const NOW: u64 = 1_750_000_000;

static KEY: LazyLock<TestKey> = LazyLock::new(|| {
    let key = TestKey::for_algorithm(minted::Algorithm::EdDSA);
    key.without_alg().without_member("kid").without_member("use")
});

static JKT: LazyLock<Thumbprint> =
    LazyLock::new(|| PublicKey::from_jwk(KEY.jwk().to_string().as_bytes()).unwrap().thumbprint());

/// A proof for `GET https://api.example.com/a` and the text `token`.
static PROOF: LazyLock<String> = LazyLock::new(|| {
    let header = format!(r#"{{"typ":"dpop+jwt","alg":"EdDSA","jwk":{}}}"#, KEY.jwk());
    let claims = format!(
        r#"{{"jti":"1","htm":"GET","htu":"https://api.example.com/a","iat":{NOW},"ath":"{}"}}"#,
        "PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A",
    );
    let base64url = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let input = format!("{}.{}", base64url(header.as_bytes()), base64url(claims.as_bytes()));
    format!("{input}.{}", base64url(&KEY.sign(input.as_bytes())))
});
