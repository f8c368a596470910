//! Starts other projects' issuers on loopback and gets tokens from them.
//!
//! `run-tests`, beside this package's `Cargo.toml`, installs them and passes their directory.

use std::{
    env,
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{self, Child, ChildStdin, Command, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc::{self, Receiver},
    },
    thread,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use tokenring::{Algorithm, Policy, RemoteJwks, UnixTime, Verified, Verifier, VerifyError};

pub use tokenring_oracle::ALGORITHMS;

/// A running issuer. It ends when this value is dropped, or when this process ends.
///
/// It answers each command, a line, with a line of JSON. Its first line has its settings.
pub struct Issuer {
    process: Child,
    commands: Option<ChildStdin>,
    answers: Receiver<String>,
    log: PathBuf,
    facts: Value,
}

impl Issuer {
    /// Starts `servers/{program}` in Python.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn python(program: &str, arguments: &[&str]) -> Self {
        let servers = Path::new(env!("CARGO_MANIFEST_DIR")).join("servers");
        let mut command = Command::new(installed("venv/bin/python"));
        // No `__pycache__` in the working copy.
        command.arg("-B").arg(servers.join(program)).args(arguments);
        Self::start(program, command)
    }

    /// Starts `servers/{program}` in Node.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn node(program: &str) -> Self {
        let mut command = Command::new("node");
        command.arg(installed(program));
        Self::start(program, command)
    }

    fn start(program: &str, mut command: Command) -> Self {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let log = installed(&format!("logs/{program}-{}-{number}", process::id()));
        fs::create_dir_all(log.parent().unwrap()).unwrap();
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let commands = process.stdin.take();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (sender, answers) = mpsc::channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut issuer = Self { process, commands, answers, log, facts: Value::Null };
        issuer.facts = issuer.answer("its start");
        issuer
    }

    fn answer(&self, command: &str) -> Value {
        let line = self
            .answers
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|error| panic!("no answer to {command}: {error}"));
        serde_json::from_str(&line).unwrap()
    }

    /// Sends the command `name`, and returns the answer.
    ///
    /// # Panics
    ///
    /// If there is no answer.
    pub fn command(&mut self, name: &str) -> Value {
        writeln!(self.commands.as_mut().unwrap(), "{name}").unwrap();
        self.answer(name)
    }

    /// The issuer's setting `name`.
    ///
    /// # Panics
    ///
    /// If there is none, or if it is not a string.
    pub fn fact(&self, name: &str) -> &str {
        self.facts[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.facts))
    }

    /// The issuer's identifier, the `iss` of its tokens.
    pub fn identifier(&self) -> &str {
        self.fact("issuer")
    }

    /// The issuer's keys, found by discovery.
    ///
    /// # Panics
    ///
    /// If they cannot be fetched.
    pub fn keys(&self) -> RemoteJwks {
        let keys = RemoteJwks::discovery_builder(self.identifier())
            .danger_allow_http_loopback()
            .build()
            .unwrap();
        keys.prime().unwrap();
        keys
    }

    /// The URL of an endpoint, from the issuer's metadata.
    pub fn endpoint(&self, name: &str) -> String {
        let issuer = self.identifier().trim_end_matches('/');
        let metadata = get(&format!("{issuer}/.well-known/openid-configuration"));
        string(&metadata, name)
    }

    /// The token endpoint's answer to a form.
    pub fn token_answer(&self, form: &[(&str, &str)]) -> Value {
        post(&self.endpoint("token_endpoint"), form)
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        // The issuer ends when its input ends.
        drop(self.commands.take());
        let deadline = Instant::now() + Duration::from_secs(5);
        let mut ended = false;
        while !ended && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
            ended = matches!(self.process.try_wait(), Ok(Some(_)));
        }
        if !ended {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
        if thread::panicking() {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            eprintln!("{}:\n{log}", self.log.display());
        } else {
            assert!(ended, "the issuer did not end");
        }
    }
}

/// A path below the directory that `run-tests` installs into.
///
/// # Panics
///
/// If `run-tests` did not start this process.
pub fn installed(path: &str) -> PathBuf {
    let directory =
        env::var_os("TOKENRING_ISSUERS").expect("start this with `bash tests/issuers/run-tests`");
    Path::new(&directory).join(path)
}

/// The JSON at `url`.
///
/// # Panics
///
/// If there is none.
pub fn get(url: &str) -> Value {
    let mut answer = agent().get(url).call().unwrap();
    json(url, answer.status().as_u16(), &answer.body_mut().read_to_string().unwrap())
}

/// The answer of `url` to a form.
///
/// # Panics
///
/// If the status is not 200.
pub fn post(url: &str, form: &[(&str, &str)]) -> Value {
    let mut answer = agent().post(url).send_form(form.iter().copied()).unwrap();
    json(url, answer.status().as_u16(), &answer.body_mut().read_to_string().unwrap())
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .build()
        .into()
}

fn json(url: &str, status: u16, body: &str) -> Value {
    assert_eq!(status, 200, "{url}: {body}");
    serde_json::from_str(body).unwrap()
}

/// The string called `name` in an answer.
///
/// # Panics
///
/// If there is none.
pub fn string(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned()
}

/// A member of the token's header, unverified.
///
/// # Panics
///
/// If `token` is not a token.
pub fn header(token: &str, name: &str) -> Option<String> {
    let (header, _) = token.split_once('.').unwrap();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    header[name].as_str().map(str::to_owned)
}

/// Asserts that `token` is accepted under `policy` with only `algorithm`, and refused if it is
/// changed, under the other algorithms, and at its `exp`.
///
/// # Panics
///
/// If an assertion fails.
pub fn assert_genuine(
    token: &str,
    algorithm: Algorithm,
    policy: &Policy,
    keys: &RemoteJwks,
) -> Verified {
    let verifier = Verifier::new(policy.clone().algorithms([algorithm]), keys.clone()).unwrap();
    let verified = verifier.verify(token).unwrap_or_else(|error| panic!("{algorithm}: {error}"));
    assert_eq!(verified.key_id(), header(token, "kid").as_deref());

    for tampered in tampered(token) {
        assert_eq!(refusal(&verifier, &tampered), VerifyError::BadSignature, "{algorithm}");
    }
    let others = ALGORITHMS.into_iter().filter(|&other| other != algorithm);
    let verifier_of_others =
        Verifier::new(policy.clone().algorithms(others), keys.clone()).unwrap();
    assert_eq!(refusal(&verifier_of_others, token), VerifyError::AlgorithmNotAccepted);

    let exp = verified.expires_at().as_secs();
    assert_eq!(
        verifier.verify_at(token, UnixTime::from_secs(exp)).map(|_| ()),
        Err(VerifyError::Expired { exp, now: exp })
    );
    verified
}

/// Asserts that tokens of a new key are accepted at once, beside those of the old key, and that the old
/// ones are refused once the issuer no longer publishes their key. `tokens` requests tokens.
///
/// # Panics
///
/// If not.
pub fn assert_follows_rotation(
    mut issuer: Issuer,
    policy: Policy,
    tokens: impl Fn(&Issuer) -> Vec<String>,
) {
    let keys = issuer.keys();
    let verifier = Verifier::new(policy, keys.clone()).unwrap();
    let old = tokens(&issuer);
    for token in &old {
        assert!(verifier.verify(token).is_ok());
    }

    issuer.command("rotate");
    let new = tokens(&issuer);
    for (new, old) in new.iter().zip(&old) {
        assert_ne!(header(new, "kid"), header(old, "kid"));
    }
    for token in new.iter().chain(&old) {
        assert!(verifier.verify(token).is_ok());
    }

    issuer.command("retire");
    keys.refresh_now().unwrap();
    for (new, old) in new.iter().zip(&old) {
        assert!(verifier.verify(new).is_ok());
        assert_eq!(refusal(&verifier, old), VerifyError::UnknownKey);
    }
}

/// The error with which the verifier refuses the token.
///
/// # Panics
///
/// If the verifier accepts it.
pub fn refusal(verifier: &Verifier<RemoteJwks>, token: &str) -> VerifyError {
    verifier.verify(token).map(|verified| verified.expires_at()).expect_err("the token is accepted")
}

/// The token with one bit of its payload changed, one bit of its signature changed, and the payload
/// `{}`.
fn tampered(token: &str) -> [String; 3] {
    let segments: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = segments[..] else { panic!("no token") };
    let flipped = |segment: &str| {
        let mut bytes = URL_SAFE_NO_PAD.decode(segment).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        URL_SAFE_NO_PAD.encode(bytes)
    };
    [
        format!("{header}.{}.{signature}", flipped(payload)),
        format!("{header}.{payload}.{}", flipped(signature)),
        format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode("{}")),
    ]
}

/// The longest time that an issuer takes to answer, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
