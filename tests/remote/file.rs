//! Key sets in files that change.

use std::{
    env, fs,
    fs::File,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Instant,
};

use tokenring::{
    FetchConfigError, JsonError, JwkSetError, RemoteJwks,
    remote::{FetchError, FetchPurpose, FetchRequest, KeysState, RemoteJwksBuilder},
};

use crate::fake::{
    COOLDOWN, FakeClock, STALE_CAP, UNKNOWN, bare, found, jwks, key, last_error, millis, secs,
    unavailable, until,
};

/// The `ttl` of a file.
const TTL: std::time::Duration = secs(60);

/// A directory that is removed when it is dropped, and a source for a file in it.
struct Mount {
    directory: PathBuf,
    clock: FakeClock,
    keys: RemoteJwks,
}

impl Mount {
    /// Without the file.
    fn new() -> Self {
        Self::with(|builder| builder)
    }

    fn with(settings: impl FnOnce(RemoteJwksBuilder) -> RemoteJwksBuilder) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let directory =
            env::temp_dir().join(format!("tokenring-SECRET-{}-{number}", process::id()));
        fs::create_dir(&directory).unwrap();
        let clock = FakeClock::new();
        // On a busy machine a read may be slow.
        let builder = RemoteJwks::file_builder(directory.join("jwks.json")).timeout(secs(30));
        let keys = settings(builder.clock(clock.clone())).build().unwrap();
        Self { directory, clock, keys }
    }

    /// With a file of these keys, which the source has read.
    fn primed(kids: &[&str]) -> Self {
        let mount = Self::new();
        mount.write(jwks(kids));
        assert_eq!(mount.keys.prime(), Ok(()));
        mount
    }

    fn path(&self) -> PathBuf {
        self.directory.join("jwks.json")
    }

    /// Replaces the file by renaming another one.
    fn write(&self, content: impl AsRef<[u8]>) {
        let new = self.directory.join("new");
        fs::write(&new, content).unwrap();
        fs::rename(new, self.path()).unwrap();
    }

    /// Asserts that the next read fails with `error`, and that the old key stays in use.
    fn assert_fails(&self, error: FetchError) {
        let failure = self.keys.refresh_now().unwrap_err();
        assert_eq!(failure.error(), &error);
        assert_eq!((failure.host(), failure.file_name()), ("", Some("jwks.json")));
        assert_eq!(failure.purpose(), FetchPurpose::KeySet);
        let health = self.keys.health();
        assert_eq!(health.last_error(), Some(&failure));
        assert_eq!((health.generation(), health.usable_keys(), health.is_ready()), (1, 1, true));
        assert_eq!(key(&self.keys, "a"), found("a"));
        let texts = format!("{failure} {failure:?} {health:?} {:?}", self.keys);
        assert!(texts.contains("jwks.json") && !texts.contains("SECRET"), "{texts}");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.directory).unwrap();
    }
}

#[test]
fn file_that_is_renamed_into_place_replaces_the_keys() {
    let mount = Mount::primed(&["a"]);
    mount.write(jwks(&["b"]));
    // Within `ttl` the old set is used, and an unknown `kid` causes a read.
    assert_eq!(key(&mount.keys, "a"), found("a"));
    assert_eq!(key(&mount.keys, "b"), found("b"));
    assert_eq!(key(&mount.keys, "a"), UNKNOWN);
    // Not again within the cool-down.
    mount.write(jwks(&["c"]));
    assert_eq!(key(&mount.keys, "c"), UNKNOWN);
    mount.clock.advance(COOLDOWN);
    assert_eq!(key(&mount.keys, "c"), found("c"));
}

#[test]
fn withdrawn_key_ends_at_the_ttl_of_a_minute() {
    let mount = Mount::primed(&["a", "b"]);
    mount.write(jwks(&["b"]));
    mount.clock.advance(TTL - crate::fake::NANO);
    assert_eq!(mount.keys.health().state(), KeysState::RefreshDue);
    assert_eq!(key(&mount.keys, "a"), found("a"));
    // That was a background read.
    until(|| mount.keys.health().generation() == 2);
    assert_eq!(key(&mount.keys, "a"), UNKNOWN);
    mount.write(jwks(&["c"]));
    mount.clock.advance(TTL);
    assert_eq!(mount.keys.health().state(), KeysState::Expired);
    assert_eq!(key(&mount.keys, "b"), UNKNOWN);
    // It can be set.
    let mount = Mount::with(|builder| builder.ttl(secs(1)));
    mount.write(jwks(&["a"]));
    assert_eq!(mount.keys.prime(), Ok(()));
    mount.clock.advance(secs(1));
    assert_eq!(mount.keys.health().state(), KeysState::Expired);
}

/// As the kubelet does: `jwks.json` leads to `..data/jwks.json`, `..data` to a directory with the time in
/// its name, and the new link is renamed over the old one.
#[cfg(unix)]
#[test]
fn link_that_the_kubelet_changes_replaces_the_keys() {
    use std::os::unix::fs::symlink;

    let mount = Mount::new();
    let publish = |version: &str, kids: &[&str]| {
        let directory = mount.directory.join(version);
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("jwks.json"), jwks(kids)).unwrap();
        symlink(version, mount.directory.join("..data_tmp")).unwrap();
        fs::rename(mount.directory.join("..data_tmp"), mount.directory.join("..data")).unwrap();
    };
    publish("..2026_11_29_00_00_00.1", &["a"]);
    symlink("..data/jwks.json", mount.path()).unwrap();
    assert_eq!(mount.keys.prime(), Ok(()));
    publish("..2026_11_29_00_01_00.2", &["b"]);
    fs::remove_dir_all(mount.directory.join("..2026_11_29_00_00_00.1")).unwrap();
    assert_eq!(key(&mount.keys, "b"), found("b"));
    assert_eq!(key(&mount.keys, "a"), UNKNOWN);
    assert_eq!(mount.keys.health().generation(), 2);
    // The secret is deleted, and the link leads nowhere.
    fs::remove_dir_all(mount.directory.join("..2026_11_29_00_01_00.2")).unwrap();
    mount.keys.refresh_now().unwrap_err();
    assert_eq!(last_error(&mount.keys.health()), Some(not_found()));
    assert_eq!(key(&mount.keys, "b"), found("b"));
}

#[cfg(unix)]
#[test]
fn link_to_itself_is_an_error() {
    let mount = Mount::primed(&["a"]);
    fs::remove_file(mount.path()).unwrap();
    std::os::unix::fs::symlink("jwks.json", mount.path()).unwrap();
    let kind = fs::metadata(mount.path()).unwrap_err().kind();
    mount.assert_fails(FetchError::File { kind });
}

#[test]
fn content_that_is_no_key_set_keeps_the_old_keys() {
    let whole = jwks(&["b"]);
    let json = |error| JwkSetError::Json(error);
    let pem = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
    for (content, error) in [
        ("", JwkSetError::Empty),
        ("\n \n", JwkSetError::Empty),
        // Written in place, and read in the middle.
        (&whole[..whole.len() / 2], json(JsonError::Syntax)),
        (&whole[..whole.len() - 1], json(JsonError::Syntax)),
        (&format!("{whole}{}", &whole[whole.len() - 5..]), json(JsonError::Syntax)),
        (pem, JwkSetError::Pem),
        ("{}", JwkSetError::KeysMissing),
    ] {
        let mount = Mount::primed(&["a"]);
        fs::write(mount.path(), content).unwrap();
        mount.assert_fails(FetchError::KeySet(error));
        // The back-off is that of any failure, and the complete file is then taken.
        fs::write(mount.path(), &whole).unwrap();
        assert_eq!(key(&mount.keys, "b"), unavailable(secs(1)), "{content:?}");
        mount.clock.advance(secs(1));
        assert_eq!(key(&mount.keys, "b"), found("b"));
    }
    let mount = Mount::primed(&["a"]);
    mount.write("{\"keys\":[]}");
    mount.assert_fails(FetchError::NoUsableKeys { skipped: 0, reasons: vec![] });
}

#[test]
fn deleted_file_keeps_the_old_keys_until_the_stale_cap() {
    let mount = Mount::primed(&["a"]);
    fs::remove_file(mount.path()).unwrap();
    mount.assert_fails(not_found());
    mount.clock.advance(STALE_CAP);
    assert_eq!(key(&mount.keys, "a"), unavailable(secs(2)));
    assert_eq!(mount.keys.health().state(), KeysState::Dead);
    mount.write(jwks(&["a"]));
    mount.clock.advance(secs(10));
    assert_eq!(key(&mount.keys, "a"), found("a"));
}

#[test]
fn file_that_does_not_exist_yet_is_found_later() {
    let mount = Mount::new();
    assert_eq!(mount.keys.health().state(), KeysState::Empty);
    let failure = mount.keys.prime().unwrap_err();
    assert_eq!(failure.error(), &not_found());
    assert_eq!(
        failure.to_string(),
        "cannot read the key set from \"jwks.json\": the file cannot be read: entity not found"
    );
    mount.write(jwks(&["a"]));
    assert_eq!(bare(mount.keys.prime()), Err(not_found()), "in back-off");
    mount.clock.advance(secs(1));
    assert_eq!(mount.keys.prime(), Ok(()));
}

#[test]
fn directory_in_place_of_the_file_is_refused() {
    let mount = Mount::primed(&["a"]);
    fs::remove_file(mount.path()).unwrap();
    fs::create_dir(mount.path()).unwrap();
    mount.assert_fails(FetchError::FileType);
    // A file in place of the directory.
    let keys = RemoteJwks::from_file(mount.directory.join("new").join("jwks.json")).unwrap();
    fs::write(mount.directory.join("new"), "").unwrap();
    let failure = keys.prime().unwrap_err();
    assert_eq!(failure.error(), &FetchError::File { kind: ErrorKind::NotADirectory });
}

#[test]
fn file_of_exactly_the_longest_length_is_read_and_no_more() {
    let padded = |length: usize| {
        let set = jwks(&["a"]);
        format!("{}{set}", " ".repeat(length - set.len()))
    };
    let mount = Mount::primed(&["a"]);
    mount.write(padded(512 * 1024));
    assert_eq!(mount.keys.refresh_now(), Ok(()));
    mount.write(padded(513 * 1024));
    let too_long = FetchError::BodyTooLong { limit: 512 * 1024 };
    assert_eq!(bare(mount.keys.refresh_now()), Err(too_long.clone()));
    mount.write(padded(512 * 1024 + 1));
    assert_eq!(bare(mount.keys.refresh_now()), Err(too_long));
    // A sparse file of a gibibyte.
    File::create(mount.path()).unwrap().set_len(1 << 30).unwrap();
    let start = Instant::now();
    mount.keys.refresh_now().unwrap_err();
    assert!(start.elapsed() < secs(5), "{:?}", start.elapsed());
    let mount = Mount::with(|builder| builder.max_body(100));
    mount.write(jwks(&["a"]));
    assert_eq!(bare(mount.keys.prime()), Err(FetchError::BodyTooLong { limit: 100 }));
}

#[cfg(unix)]
#[test]
fn pipe_is_refused_and_never_opened() {
    let mount = Mount::primed(&["a"]);
    fs::remove_file(mount.path()).unwrap();
    make_pipe(&mount.path());
    let start = Instant::now();
    mount.assert_fails(FetchError::FileType);
    assert!(start.elapsed() < secs(5), "{:?}", start.elapsed());
    // A writer would now be let in by a reader, and would be told if that reader had gone.
    let path = mount.path();
    let writer = thread::spawn(move || File::create(path).and_then(|mut pipe| pipe.write(b"{}")));
    mount.keys.refresh_now().unwrap_err();
    thread::sleep(millis(20));
    assert!(!writer.is_finished(), "the pipe was opened");
    let _reader = File::open(mount.path()).unwrap();
    assert_eq!(writer.join().unwrap().unwrap(), 2);
}

#[cfg(unix)]
#[test]
fn device_is_refused() {
    for device in ["/dev/zero", "/dev/null"] {
        let keys = RemoteJwks::from_file(device).unwrap();
        assert_eq!(bare(keys.prime()), Err(FetchError::FileType), "{device}");
        let mount = Mount::primed(&["a"]);
        fs::remove_file(mount.path()).unwrap();
        std::os::unix::fs::symlink(device, mount.path()).unwrap();
        mount.assert_fails(FetchError::FileType);
    }
}

#[cfg(unix)]
#[test]
fn file_that_may_not_be_read_keeps_the_old_keys() {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};

    let mount = Mount::primed(&["a"]);
    fs::set_permissions(mount.path(), Permissions::from_mode(0o000)).unwrap();
    // The superuser may read every file.
    if File::open(mount.path()).is_err() {
        mount.assert_fails(FetchError::File { kind: ErrorKind::PermissionDenied });
    }
}

#[test]
fn keys_that_a_file_burns_stay_refused() {
    let mount = Mount::primed(&["a"]);
    mount.write(jwks(&["a"]).replacen("\"kty\"", "\"d\":\"AQAB\",\"kty\"", 1));
    assert_eq!(mount.keys.refresh_now().unwrap_err().code(), "no_usable_keys");
    mount.write(jwks(&["a"]));
    mount.keys.refresh_now().unwrap_err();
    assert_ne!(key(&mount.keys, "a"), found("a"));
}

#[test]
fn readers_see_one_set_or_the_other_while_the_file_is_replaced() {
    let mount = Mount::with(|builder| builder.ttl(secs(1)));
    let sets = [jwks(&["a", "b"]), jwks(&["a", "c"])];
    mount.write(&sets[0]);
    assert_eq!(mount.keys.prime(), Ok(()));
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 0..200 {
                mount.write(&sets[number % 2]);
            }
        });
        while !writer.is_finished() {
            assert_eq!(mount.keys.refresh_now(), Ok(()));
            mount.clock.advance(secs(1));
            assert_eq!(key(&mount.keys, "a"), found("a"));
        }
    });
}

#[test]
fn path_that_names_no_file_is_refused_when_it_is_configured() {
    for path in ["", "/", ".", "..", "a/.."] {
        let outcome = RemoteJwks::from_file(path).map(drop);
        assert_eq!(outcome, Err(FetchConfigError::FileName), "{path}");
    }
    let fetch = |_: &FetchRequest| -> Result<Vec<u8>, FetchError> { Err(FetchError::Timeout) };
    let outcome = RemoteJwks::file_builder("jwks.json").fetch(fetch).build().map(drop);
    assert_eq!(outcome, Err(FetchConfigError::FetchOfFile));
    // A path is neither a URL nor a pattern.
    for path in ["file:///etc/hostname", "https://issuer.example/jwks.json", "*", "a\0b"] {
        let failure = RemoteJwks::from_file(path).unwrap().prime().unwrap_err();
        assert_eq!(failure.code(), "file", "{path}");
    }
}

#[test]
fn name_of_the_file_is_printable_and_its_directories_are_not_shown() {
    let path = Path::new("/SECRET").join("a\u{1b}[31m\n\"b\u{202e}.json");
    let builder = RemoteJwks::file_builder(&path);
    let debug = r#"RemoteJwksBuilder { file: "a\u{1b}[31m\n\"b\u{202e}.json", .. }"#;
    assert_eq!(format!("{builder:?}"), debug);
    let keys = builder.build().unwrap();
    let failure = keys.prime().unwrap_err();
    assert_eq!(
        failure.to_string(),
        "cannot read the key set from \"a\\u{1b}[31m\\u{a}\\\"b\\u{202e}.json\": \
            the file cannot be read: entity not found"
    );
    let texts = format!("{failure:?} {:?} {keys:?}", keys.health());
    assert!(!texts.contains("SECRET") && !texts.contains('\u{1b}'), "{texts}");
}

fn not_found() -> FetchError {
    FetchError::File { kind: ErrorKind::NotFound }
}

#[cfg(unix)]
pub(crate) fn make_pipe(path: &Path) {
    assert!(process::Command::new("mkfifo").arg(path).status().unwrap().success());
}
