//! From a path to bytes, within limits: a key set in a file in place of a URL, or the token that an endpoint
//! demands.

use std::{
    fs::{self, File, Metadata},
    io,
    path::Path,
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
    vec::Vec,
};

use crate::remote::{
    error::FetchError,
    fetch::{Fetch, FetchRequest, read_within},
    fork::PerProcess,
};

/// Reads the file at a path. Each read has a thread of its own, since a read has no timeout: one from a
/// network file system may never return.
pub(crate) struct FileFetch {
    /// Each read under way has another handle. Those of a parent's threads are dropped in no child.
    path: PerProcess<Arc<Path>>,
}

impl FileFetch {
    pub(crate) fn new(path: Arc<Path>) -> Self {
        Self { path: PerProcess::new(path) }
    }
}

impl Fetch for FileFetch {
    fn fetch(&self, request: &FetchRequest) -> Result<Vec<u8>, FetchError> {
        self.read_within(request.timeout(), request.max_body())
    }
}

impl FileFetch {
    /// The content of the file, if it is a regular one of no more than `limit` bytes.
    pub(crate) fn read_within(
        &self,
        timeout: Duration,
        limit: usize,
    ) -> Result<Vec<u8>, FetchError> {
        self.within(timeout, move |path| read(path, limit))
    }

    /// The content that `read` returns within `timeout`.
    fn within(
        &self,
        timeout: Duration,
        read: impl FnOnce(&Path) -> Result<Vec<u8>, FetchError> + Send + 'static,
    ) -> Result<Vec<u8>, FetchError> {
        let path = self.path.own(|parents| Arc::from(&**parents));
        if Arc::strong_count(path) > MAX_READS {
            return Err(FetchError::Timeout);
        }
        let (sender, receiver) = mpsc::sync_channel(1);
        let path = Arc::clone(path);
        let run = move || {
            let outcome = read(&path);
            // First: after the send, the handles may be counted again at once.
            drop(path);
            // If it took too long, there is no receiver any more.
            let _late = sender.send(outcome);
        };
        let thread = thread::Builder::new().name("tokenring-file".into());
        thread.spawn(run).map_err(|_| FetchError::Thread)?;
        match receiver.recv_timeout(timeout) {
            Ok(outcome) => outcome,
            Err(RecvTimeoutError::Timeout) => Err(FetchError::Timeout),
            Err(RecvTimeoutError::Disconnected) => Err(FetchError::Thread),
        }
    }
}

/// The content of the file, if it is a regular one of no more than `limit` bytes.
pub(crate) fn read(path: &Path, limit: usize) -> Result<Vec<u8>, FetchError> {
    let unreadable = |error: io::Error| FetchError::File { kind: error.kind() };
    // Before it is opened: to open a pipe waits for its writer, and to open a device may change its state.
    check_type(&fs::metadata(path).map_err(unreadable)?)?;
    let file = File::open(path).map_err(unreadable)?;
    // The path may lead to another file than just now.
    check_type(&file.metadata().map_err(unreadable)?)?;
    let content = read_within(limit, file).map_err(unreadable)?;
    content.ok_or(FetchError::BodyTooLong { limit })
}

/// The kind of I/O error that stands for a failed read of a file. `None` if the file is not the reason.
pub(crate) fn error_kind(error: &FetchError) -> Option<io::ErrorKind> {
    match error {
        FetchError::File { kind } => Some(*kind),
        FetchError::Timeout => Some(io::ErrorKind::TimedOut),
        FetchError::FileType | FetchError::BodyTooLong { .. } => Some(io::ErrorKind::InvalidData),
        _ => None,
    }
}

fn check_type(metadata: &Metadata) -> Result<(), FetchError> {
    match metadata.is_file() {
        true => Ok(()),
        false => Err(FetchError::FileType),
    }
}

/// The reads that may be under way at once, as many as the attempts that may lose their slot.
const MAX_READS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    const FOREVER: Duration = Duration::from_secs(30);

    #[test]
    fn read_that_does_not_return_ends_at_the_timeout_and_eight_are_the_most() {
        let fetch = FileFetch::new(Path::new("jwks.json").into());
        let hang = || {
            let (release, hang) = mpsc::channel::<()>();
            let outcome = fetch.within(Duration::from_millis(1), move |_| {
                // Until the sender is dropped.
                let _released = hang.recv();
                Ok(Vec::new())
            });
            assert_eq!(outcome, Err(FetchError::Timeout));
            release
        };
        let mut hung: Vec<_> = (0..MAX_READS).map(|_| hang()).collect();
        let unreached = |_: &Path| panic!("a ninth read");
        assert_eq!(fetch.within(FOREVER, unreached), Err(FetchError::Timeout));
        // One of them returns after all.
        drop(hung.pop());
        while Arc::strong_count(fetch.path.latest()) > MAX_READS {
            thread::yield_now();
        }
        // As often as one likes, since each has ended when its outcome is there.
        for _ in 0..100 {
            assert_eq!(fetch.within(FOREVER, |_| Ok(Vec::from(*b"{}"))), Ok(Vec::from(*b"{}")));
        }
    }

    #[test]
    fn reads_of_the_parent_do_not_count_in_a_forked_child() {
        let parents: Arc<Path> = Path::new("jwks.json").into();
        let _reads = [(); MAX_READS].map(|()| Arc::clone(&parents));
        let fetch = FileFetch { path: PerProcess::of_parent(parents) };
        let outcome = fetch.within(FOREVER, |path| {
            assert_eq!(path, Path::new("jwks.json"));
            Ok(Vec::new())
        });
        assert_eq!(outcome, Ok(Vec::new()));
    }

    #[test]
    fn read_that_panics_is_reported_at_once() {
        let fetch = FileFetch::new(Path::new("jwks.json").into());
        let outcome =
            fetch.within(FOREVER, |_| std::panic::resume_unwind(std::boxed::Box::new(())));
        assert_eq!(outcome, Err(FetchError::Thread));
    }
}
