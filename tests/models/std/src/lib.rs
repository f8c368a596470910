//! `std`, but for the locks, atomics and threads: those are shuttle's, which runs one thread at a time
//! and chooses at each of their operations which.

pub use std::*;

pub mod sync {
    //! `Arc` and channels are those of `std`.
    pub use std::sync::*;

    pub use shuttle::sync::{
        Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard,
    };

    pub mod atomic {
        //! Sequentially consistent, whatever order is asked for.
        pub use shuttle::sync::atomic::*;
    }
}

pub mod thread {
    pub use shuttle::thread::*;
}
