//! Locks for which a thread does not wait.
//!
//! A process that is forked has only one of its parent's threads. A lock that another thread held at the
//! fork stays locked in it for ever.

use std::sync::{TryLockError, TryLockResult};

/// The guard of a lock, or none if another thread holds it. A poisoned lock is used all the same.
pub(crate) fn at_once<G>(outcome: TryLockResult<G>) -> Option<G> {
    match outcome {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::RwLock, thread};

    use super::*;

    #[test]
    fn lock_is_taken_unless_another_holds_it_even_if_it_is_poisoned() {
        let lock = RwLock::new(1);
        {
            let guard = lock.write().unwrap();
            assert!(at_once(lock.try_read()).is_none() && at_once(lock.try_write()).is_none());
            drop(guard);
        }
        let poisoned = thread::scope(|scope| {
            let poison = || {
                let _guard = lock.write().unwrap();
                std::panic::resume_unwind(std::boxed::Box::new("as the test wants it"));
            };
            scope.spawn(poison).join().is_err()
        });
        assert!(poisoned && matches!(lock.try_read(), Err(TryLockError::Poisoned(_))));
        assert_eq!(at_once(lock.try_read()).as_deref(), Some(&1));
        assert_eq!(at_once(lock.try_write()).as_deref(), Some(&1));
    }
}
