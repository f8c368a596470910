//! The memory of used proofs, compared with a set.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
};

use tokenring::{
    UnixTime,
    possession::{ReplayError, ReplayKey, ReplayMemory, ReplayStore, Thumbprint},
};

/// With a clock that goes on, the memory answers as a set of live proofs does. With any other, it admits no
/// proof twice, refuses none as used that is not, and is full only of proofs that are live. A script is accepted if
/// the memory was full and had room again.
///
/// The first byte says which clock, and how many proofs there is room for. The rest is triples: a proof, its
/// life, and a step of the clock, or else the time.
pub fn replay_memory(script: &[u8]) -> bool {
    let Some((first, script)) = script.split_first() else { return false };
    let (goes_on, capacity) = (first % 2 == 0, usize::from(first / 2) + 1);
    let memory = ReplayMemory::new(NonZeroUsize::new(capacity).expect("not zero"));
    let (mut clock, mut live, mut admitted) = (100, BTreeMap::new(), BTreeSet::new());
    let (mut was_full, mut had_room_again) = (false, false);
    for triple in script.chunks_exact(3) {
        let [proof, life, step] = [triple[0], triple[1], triple[2]].map(u64::from);
        let now = if goes_on { clock + step % 16 } else { step };
        clock = now;
        let end = now.saturating_add(life % 64).saturating_sub(2);
        let key = ReplayKey::new(&Thumbprint::from_sha256([0; 32]), "/", &proof.to_string());
        let found = memory.insert(&key, UnixTime::from_secs(end), UnixTime::from_secs(now));
        let is_live = |one: &(u64, u64)| one.0 == proof && one.1 > now;
        if goes_on {
            live.retain(|_, end| *end > now);
            let expected = match () {
                () if end <= now => Err(ReplayError::TooLate),
                () if live.contains_key(&proof) => Err(ReplayError::Replayed),
                () if live.len() >= capacity => Err(ReplayError::Full),
                () => Ok(()),
            };
            assert_eq!(found, expected);
        }
        match found {
            Ok(()) => {
                assert!(end > now);
                assert!(admitted.insert((proof, end)), "admitted twice");
                live.insert(proof, end);
                had_room_again |= was_full;
            }
            Err(ReplayError::Replayed) => assert!(admitted.iter().any(is_live)),
            Err(ReplayError::TooLate) => {
                assert!(end <= now || admitted.iter().any(|(_, other)| *other >= end));
            }
            Err(ReplayError::Full) => {
                let live = admitted.iter().filter(|(_, end)| *end > now).map(|(proof, _)| proof);
                assert!(live.collect::<BTreeSet<_>>().len() >= capacity, "there is room");
                was_full = true;
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    had_room_again
}
