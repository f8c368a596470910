//! `std` with shuttle's locks, atomics and threads. shuttle runs one thread at a time, and chooses
//! which at each operation of a lock or an atomic.

pub use std::*;

pub mod sync {
    //! `Arc` and channels are `std`'s own.
    pub use std::sync::*;

    pub use shuttle::sync::{
        Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard,
    };

    pub mod atomic {
        //! Sequentially consistent, whatever order is requested.
        pub use shuttle::sync::atomic::*;
    }
}

pub mod thread {
    pub use shuttle::thread::*;
}
