//! Forks this process. In a package of its own, because it needs `unsafe` code.
#![cfg(unix)]

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
    time::{Duration, Instant},
};

/// How a child process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It returned this number.
    Returned(u8),
    Panicked,
    /// It was killed, because it was still running after this long.
    Hung(Duration),
}

/// Runs `child` in a forked process, and kills it if it takes longer than [`LIMIT`].
pub fn in_child(child: impl FnOnce() -> u8) -> Outcome {
    // SAFETY: no argument. The child runs code that POSIX does not promise to work after a fork; that it
    // works is what is tested here.
    let process = unsafe { fork() };
    assert!(process >= 0, "no child process");
    if process == 0 {
        let status = catch_unwind(AssertUnwindSafe(child)).unwrap_or(PANICKED);
        // SAFETY: no pointer. Ends the child without the parent's clean-up, such as that of the tests.
        unsafe { _exit(status.into()) }
    }
    let (start, mut status) = (Instant::now(), 0);
    loop {
        // SAFETY: `status` is alive and written by nobody else.
        match unsafe { waitpid(process, &raw mut status, WITHOUT_WAITING) } {
            0 if start.elapsed() < LIMIT => thread::sleep(Duration::from_millis(1)),
            0 => {
                // SAFETY: no pointer. The child has not been waited for, so its number is still its own.
                let (killed, ended) =
                    unsafe { (kill(process, KILL), waitpid(process, &raw mut status, 0)) };
                assert_eq!((killed, ended), (0, process));
                return Outcome::Hung(LIMIT);
            }
            ended => {
                assert_eq!((ended, status & 0x7f), (process, 0), "ended by a signal");
                let [_, code, ..] = status.to_le_bytes();
                return if code == PANICKED { Outcome::Panicked } else { Outcome::Returned(code) };
            }
        }
    }
}

/// Far longer than a child needs, and less than the minute after which an attempt loses its slot.
pub const LIMIT: Duration = Duration::from_secs(20);

const PANICKED: u8 = 101;

const WITHOUT_WAITING: i32 = 1;
const KILL: i32 = 9;

unsafe extern "C" {
    fn fork() -> i32;
    fn waitpid(process: i32, status: *mut i32, options: i32) -> i32;
    fn kill(process: i32, signal: i32) -> i32;
    fn _exit(status: i32) -> !;
}
