//! A value of each process: after a fork, the child has one of its own.
//!
//! Of the parent's threads, a child has only the one that forked. A lock that another thread held at the
//! fork stays locked in the child for ever, so the child must not wait for any lock of its parent.

use std::{boxed::Box, process, sync::OnceLock};

/// A value, and those of the child processes that took its place.
pub(crate) struct PerProcess<T> {
    process: u32,
    value: T,
    in_child: OnceLock<Box<Self>>,
}

impl<T> PerProcess<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { process: process::id(), value, in_child: OnceLock::new() }
    }

    /// The latest value, without a system call. In a child, it is the parent's until
    /// [`own`](Self::own) is called.
    pub(crate) fn latest(&self) -> &T {
        &self.last_link().value
    }

    /// The value of this process. A child's is made by `inherit` from the latest one, whose locks it must
    /// not wait for.
    pub(crate) fn own(&self, inherit: impl FnOnce(&T) -> T) -> &T {
        let last = self.last_link();
        if last.process == process::id() {
            return &last.value;
        }
        &last.in_child.get_or_init(|| Box::new(Self::new(inherit(&last.value)))).value
    }

    /// A value that the process before this one has made.
    #[cfg(test)]
    pub(crate) fn of_parent(value: T) -> Self {
        Self { process: process::id().wrapping_add(1), ..Self::new(value) }
    }

    fn last_link(&self) -> &Self {
        let mut last = self;
        while let Some(child) = last.in_child.get() {
            last = child;
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn process_that_made_the_value_keeps_it() {
        let value = PerProcess::new(1);
        assert_eq!((*value.own(|_| unreachable!()), *value.latest()), (1, 1));
    }

    #[test]
    fn child_has_its_parents_value_until_it_needs_its_own() {
        let value = PerProcess::of_parent(1);
        assert_eq!(*value.latest(), 1);
        assert_eq!(*value.own(|parents| parents + 1), 2);
        assert_eq!((*value.own(|_| unreachable!()), *value.latest()), (2, 2));
    }

    #[test]
    fn child_of_a_child_inherits_from_the_latest() {
        let value = PerProcess::of_parent(1);
        assert!(value.in_child.set(Box::new(PerProcess::of_parent(2))).is_ok());
        assert_eq!(*value.latest(), 2);
        assert_eq!(*value.own(|parents| parents + 1), 3);
        assert_eq!((*value.own(|_| unreachable!()), *value.latest()), (3, 3));
    }
}
