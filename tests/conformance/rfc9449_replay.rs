//! RFC 9449 section 11.1: a proof is accepted once.

use std::{
    collections::{HashMap, HashSet},
    num::NonZeroUsize,
    pin::pin,
    sync::{Arc, Barrier},
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use tokenring::{
    Algorithm, UnixTime,
    possession::{
        ProofError, ProofVerifier, ReplayError, ReplayKey, ReplayMemory, ReplayStore, Request,
        Thumbprint,
    },
    testkit::TestKey,
};

use crate::{
    common::NOW,
    proofs::{Proof, bound_to, policy, proof},
};

fn memory(capacity: usize) -> ReplayMemory {
    ReplayMemory::new(NonZeroUsize::new(capacity).unwrap())
}

fn key(number: u32) -> ReplayKey {
    ReplayKey::new(&Thumbprint::from_sha256([0; 32]), "https://a/", &number.to_string())
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::from_secs(seconds)
}

fn verifier() -> ProofVerifier {
    ProofVerifier::new(policy(), ReplayMemory::default()).unwrap()
}

fn check(proof: &Proof, verifier: &ProofVerifier, now: UnixTime) -> Result<(), ProofError> {
    proof.check_in(verifier, "GET", "/v1/users", now).map(|_| ())
}

#[test]
fn proof_is_accepted_once() {
    let verifier = verifier();
    assert_eq!(check(&proof(), &verifier, NOW), Ok(()));
    assert_eq!(check(&proof(), &verifier, NOW), Err(ProofError::Replayed));
    // Until it is too old, to the second.
    let last = UnixTime::from_secs(NOW.as_secs() + 300);
    assert_eq!(check(&proof(), &verifier, last), Err(ProofError::Replayed));
    assert_eq!(check(&proof().claim("jti", "another"), &verifier, NOW), Ok(()));
}

/// What is signed anew is another proof, but its identifier has been used.
#[test]
fn identifier_is_accepted_once_however_it_is_written() {
    let verifier = verifier();
    assert_eq!(check(&proof(), &verifier, NOW), Ok(()));
    for again in [
        proof().claim("iat", NOW.as_secs() + 1),
        proof().claim("htu", "HTTPS://API.example.com:443/v1/./users?page=2#a"),
        proof().claim("further", "claim"),
        proof().without_claim("jti").claims_and(r#""jti":"\u0061-good-identifier""#),
        proof().header("kid", "a"),
    ] {
        assert_eq!(check(&again, &verifier, NOW), Err(ProofError::Replayed));
    }
    // Another key, or another URI, has identifiers of its own.
    let other_key = Proof::with_key(&TestKey::for_algorithm(Algorithm::EdDSA));
    assert_eq!(check(&other_key, &verifier, NOW), Ok(()));
    let other_uri = proof().claim("htu", "https://api.example.com/v1/groups");
    let found = other_uri.check_in(&verifier, "GET", "/v1/groups", NOW);
    assert!(found.is_ok());
}

/// Otherwise anybody could use up the identifiers of others.
#[test]
fn refused_proof_is_not_recorded() {
    let verifier = verifier();
    let text = proof().sign();
    let (input, _) = text.rsplit_once('.').unwrap();
    let forged = format!("{input}.{}", "A".repeat(86));
    let token = bound_to(&TestKey::for_algorithm(Algorithm::ES256));
    let request = Request::new("GET", "/v1/users").dpop([&forged]);
    assert_eq!(verifier.check_at(&request, &token, NOW).unwrap_err(), ProofError::BadSignature);
    assert_eq!(check(&proof().claim("htm", "POST"), &verifier, NOW), Err(ProofError::WrongMethod));
    let early = UnixTime::from_secs(NOW.as_secs() - 31);
    assert!(check(&proof(), &verifier, early).is_err());
    assert_eq!(check(&proof(), &verifier, NOW), Ok(()));
}

#[test]
fn looking_at_a_proof_does_not_use_it() {
    let verifier = verifier();
    let text = proof().sign();
    let token = bound_to(&TestKey::for_algorithm(Algorithm::ES256));
    let request = Request::new("GET", "/v1/users").dpop([&text]);
    for _ in 0..3 {
        assert!(verifier.inspect_at(&request, &token, NOW).is_ok());
        verifier.findings_at(&request, &token, NOW);
    }
    let unrecorded = verifier.inspect_at(&request, &token, NOW).unwrap();
    assert_eq!(unrecorded.end(), UnixTime::from_secs(NOW.as_secs() + 301));
    assert!(verifier.check_at(&request, &token, NOW).is_ok());
    // It still passes every other check.
    assert!(verifier.inspect_at(&request, &token, NOW).is_ok());
    let own = memory(1);
    assert!(unrecorded.record(&own, NOW).is_ok());
    assert_eq!(unrecorded.record(&own, NOW).unwrap_err(), ProofError::Replayed);
    // A store of the caller's finds it under the same name.
    let again = own.insert(unrecorded.replay_key(), unrecorded.end(), NOW);
    assert_eq!(again, Err(ReplayError::Replayed));
}

#[test]
fn insertion_that_has_ended_may_be_polled_again() {
    let mut context = Context::from_waker(Waker::noop());
    let own = memory(1);
    let mut insertion = pin!(own.insert_async(&key(1), at(NOW.as_secs() + 1), NOW));
    assert_eq!(format!("{insertion:?}"), "Insertion { .. }");
    assert_eq!(insertion.as_mut().poll(&mut context), Poll::Ready(Ok(())));
    assert_eq!(insertion.as_mut().poll(&mut context), Poll::Pending);
}

#[test]
fn fraction_of_iat_does_not_end_a_record_early() {
    let verifier = verifier();
    let proof = proof().raw_claim("iat", "1780000000.9");
    let last = UnixTime::from_secs(NOW.as_secs() + 300);
    assert_eq!(check(&proof, &verifier, last), Ok(()));
    assert_eq!(check(&proof, &verifier, last), Err(ProofError::Replayed));
    let past = UnixTime::from_secs(NOW.as_secs() + 301);
    assert!(matches!(check(&proof, &verifier, past), Err(ProofError::TooOld { .. })));
}

/// A store that answers as it is told.
struct Told(ReplayError);

impl ReplayStore for Told {
    fn insert(&self, _: &ReplayKey, _: UnixTime, _: UnixTime) -> Result<(), ReplayError> {
        Err(self.0)
    }
}

#[test]
fn proof_that_cannot_be_recorded_is_refused() {
    for (told, error) in [
        (ReplayError::Replayed, ProofError::Replayed),
        (ReplayError::TooLate, ProofError::TooLate),
        (ReplayError::Full, ProofError::MemoryFull),
        (ReplayError::Unavailable, ProofError::MemoryUnavailable),
    ] {
        let verifier = ProofVerifier::new(policy(), Told(told)).unwrap();
        assert_eq!(check(&proof(), &verifier, NOW), Err(error));
        assert!(!told.to_string().is_empty());
    }
}

#[test]
fn verifiers_can_share_a_memory() {
    let shared = Arc::new(memory(10));
    let one = ProofVerifier::new(policy(), Arc::clone(&shared)).unwrap();
    let other = ProofVerifier::new(policy().max_age(Duration::from_secs(600)), shared).unwrap();
    assert_eq!(check(&proof(), &one, NOW), Ok(()));
    assert_eq!(check(&proof(), &other, NOW), Err(ProofError::Replayed));
    assert_eq!(check(&proof(), &one.clone(), NOW), Err(ProofError::Replayed));
}

#[test]
fn full_memory_refuses_and_has_room_again_when_proofs_end() {
    for capacity in [1, 2, 63, 64, 1000] {
        let memory = memory(capacity);
        let last = u32::try_from(capacity).unwrap();
        for number in 0..last {
            assert_eq!(memory.insert(&key(number), at(10 + u64::from(number)), at(9)), Ok(()));
        }
        assert_eq!(memory.insert(&key(last), at(2000), at(9)), Err(ReplayError::Full));
        for number in 0..last {
            let again = memory.insert(&key(number), at(2000), at(9));
            assert_eq!(again, Err(ReplayError::Replayed), "{capacity}");
        }
        // One ends, one has room.
        assert_eq!(memory.insert(&key(last), at(2000), at(10)), Ok(()));
        assert_eq!(memory.insert(&key(last + 1), at(2000), at(10)), Err(ReplayError::Full));
    }
}

#[test]
fn memory_holds_300_000_proofs_in_16_megabytes_and_grows_with_them() {
    let memory = ReplayMemory::default();
    assert_eq!(memory.bytes(), 0);
    for number in 0..300_000 {
        if number == 1000 {
            assert!(memory.bytes() < 200_000, "{}", memory.bytes());
        }
        assert_eq!(memory.insert(&key(number), at(400), at(100)), Ok(()), "{number}");
    }
    let bytes = memory.bytes();
    // A table is replaced by one that is as large, one shard at a time.
    assert!(bytes + bytes / 16 <= 16_000_000, "{bytes}");
    for number in (0..300_000).step_by(10) {
        assert_eq!(memory.insert(&key(number), at(400), at(399)), Err(ReplayError::Replayed));
    }
    let more = (300_000..350_000).map(|number| memory.insert(&key(number), at(400), at(100)));
    let full = more.filter(|outcome| *outcome == Err(ReplayError::Full)).count();
    assert!((10_000..20_000).contains(&full), "{full}");
    assert_eq!(memory.bytes(), bytes);
    // All have ended.
    for number in (0..300_000).step_by(10) {
        assert_eq!(memory.insert(&key(number), at(800), at(400)), Ok(()), "{number}");
    }
    assert!(memory.bytes() <= bytes);
}

/// Each thread reads the clock before it records, and another may record in between.
#[test]
fn proof_that_was_dropped_is_not_accepted_by_a_thread_with_an_earlier_time() {
    let memory = memory(1);
    assert_eq!(memory.insert(&key(0), at(10), at(5)), Ok(()));
    // Drops it.
    assert_eq!(memory.insert(&key(1), at(20), at(10)), Ok(()));
    assert_eq!(memory.insert(&key(0), at(10), at(9)), Err(ReplayError::TooLate));
    assert_eq!(memory.insert(&key(2), at(10), at(10)), Err(ReplayError::TooLate));
    // The clock was wrong by a year, and is right again: later ends are accepted.
    assert_eq!(memory.insert(&key(3), at(30), at(31_000_000)), Err(ReplayError::TooLate));
    assert_eq!(memory.insert(&key(4), at(32_000_000), at(31_000_000)), Ok(()));
    let other = self::memory(2);
    assert_eq!(other.insert(&key(0), at(10), at(5)), Ok(()));
    assert_eq!(other.insert(&key(1), at(31_000_300), at(31_000_000)), Ok(()));
    assert_eq!(other.insert(&key(2), at(31_000_300), at(31_000_000)), Ok(()));
    assert_eq!(other.insert(&key(0), at(10), at(5)), Err(ReplayError::TooLate));
}

/// Whatever the clocks of the callers do, no proof is admitted twice.
#[test]
fn no_name_is_admitted_twice_with_one_end() {
    let mut state = 1_u64;
    let mut random = move |end: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % end
    };
    let keys: Vec<ReplayKey> = (0..150).map(key).collect();
    for capacity in [1, 3, 50, 200] {
        let (memory, mut admitted) = (memory(capacity), HashSet::new());
        for round in 0..50_000 {
            // Clocks that differ by up to 30 seconds, and go on.
            let (number, start) = (usize::try_from(random(150)).unwrap(), round / 100);
            let (now, end) = (start + random(30), start + random(60));
            if memory.insert(&keys[number], at(end), at(now)) == Ok(()) {
                assert!(now < end);
                assert!(admitted.insert((number, end)), "{number} until {end} twice");
            }
        }
        assert!(admitted.len() > 20, "{}", admitted.len());
    }
}

/// At start, the clock was two hours ahead, until it was set.
#[test]
fn memory_has_room_for_live_proofs_after_a_clock_that_was_ahead() {
    let memory = memory(100);
    assert_eq!(memory.insert(&key(0), at(7501), at(7200)), Ok(()));
    for number in 1..100 {
        assert_eq!(memory.insert(&key(number), at(301), at(0)), Ok(()), "{number}");
    }
    assert_eq!(memory.insert(&key(100), at(301), at(0)), Err(ReplayError::Full));
    for (round, now) in (1..).zip([400, 500, 3600, 7100]) {
        for number in round * 100..round * 100 + 50 {
            let outcome = memory.insert(&key(number), at(now + 1), at(now));
            assert_eq!(outcome, Ok(()), "{number} at {now}");
        }
    }
    assert_eq!(memory.insert(&key(0), at(7501), at(7100)), Err(ReplayError::Replayed));
}

/// Whatever the clocks of the callers do, a memory is full only of proofs that live.
#[test]
fn full_memory_has_as_many_live_proofs_as_there_is_room_for() {
    let mut state = 1_u64;
    let mut random = move |end: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % end
    };
    for capacity in [2, 3, 40, 100] {
        let (mut full, mut admitted) = (0, 0);
        for _ in 0..2 {
            let (memory, mut ends) = (memory(capacity), HashMap::new());
            for step in 0..10_000 {
                // The clock is ahead by far at first. Later, those of the callers differ.
                let ahead = if step == 0 { 900 } else { random(5) };
                let now = step / 20 + ahead;
                let (number, end) = (u32::try_from(random(500)).unwrap(), now + random(60));
                match memory.insert(&key(number), at(end), at(now)) {
                    Ok(()) => {
                        admitted += 1;
                        let last = ends.entry(number).or_insert(end);
                        *last = end.max(*last);
                    }
                    Err(ReplayError::Full) => {
                        full += 1;
                        let live = ends.values().filter(|end| **end > now).count();
                        assert!(live >= capacity, "{live} of {capacity} live at {now}");
                    }
                    Err(_) => {}
                }
            }
        }
        assert!(full > 50 && admitted > 20, "{capacity}: {full} full, {admitted} admitted");
    }
}

#[test]
fn of_many_threads_with_one_proof_exactly_one_is_admitted() {
    let memory = ReplayMemory::default();
    for round in 0..200 {
        let barrier = Barrier::new(8);
        let admitted: usize = thread::scope(|scope| {
            let insert = || {
                barrier.wait();
                let one = memory.insert(&key(round), at(400), at(100));
                usize::from(one == Ok(()))
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(insert)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(admitted, 1);
    }
}

#[test]
fn debug_text_does_not_show_the_contents() {
    assert_eq!(format!("{:?}", memory(1)), "ReplayMemory { .. }");
    assert_eq!(format!("{:?}", key(1)).len(), "ReplayKey()".len() + 43);
}
