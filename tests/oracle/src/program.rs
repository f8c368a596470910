//! Programs under test, with what they print.

use std::{
    io::{BufRead as _, BufReader, Lines, Read},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A program that ends when the test does.
pub struct Started(pub Child);

impl Started {
    /// Starts `command`, whose output can then be read.
    pub fn new(command: &mut Command) -> Self {
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(piped.spawn().unwrap())
    }

    /// The lines that it prints.
    pub fn lines(&mut self) -> impl Iterator<Item = String> + use<> {
        let lines: Lines<BufReader<ChildStdout>> =
            BufReader::new(self.0.stdout.take().unwrap()).lines();
        lines.map(Result::unwrap)
    }

    /// Ends it. Returns the lines that it has written to standard error.
    pub fn log(mut self) -> Vec<String> {
        let log = self.0.stderr.take().unwrap();
        drop(self);
        BufReader::new(log).lines().map(Result::unwrap).collect()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // SIGTERM, which lets a program end its own processes too.
        let _ended =
            Command::new("kill").arg(self.0.id().to_string()).stderr(Stdio::null()).status();
        let start = Instant::now();
        while self.0.try_wait().is_ok_and(|ended| ended.is_none()) && start.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(5));
        }
        // It has ended already, or it is killed now.
        let _ended = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// How long a program may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// The line that a program prints if it cannot start. It prints no other, and fails.
pub fn refusal_to_start(command: &mut Command) -> String {
    let mut program = Started::new(command);
    // A program that started would print its address.
    assert_eq!(program.lines().next(), None, "{command:?}");
    assert_eq!(program.0.wait().unwrap().code(), Some(1), "{command:?}");
    let mut stderr = String::new();
    program.0.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(stderr.lines().count(), 1, "{command:?}: {stderr}");
    stderr
}

/// `program` without the settings of the examples.
pub fn without_settings(program: &str) -> Command {
    let mut command = Command::new(program);
    let auth0 = ["AUTH0_ISSUER_BASE_URL", "AUTH0_AUDIENCE", "AUTH0_CLIENT_ID"];
    for variable in auth0.into_iter().chain([
        "ISSUER",
        "AUDIENCE",
        "JWKS_URL",
        "PUBLIC_ORIGIN",
        "NONCE_SECRET",
        "LISTEN",
        "LOG",
    ]) {
        command.env_remove(variable);
    }
    command
}

/// Asserts that an example does not start if its environment lacks a part of its settings, and that it
/// names the variable.
pub fn assert_half_configured_environment_is_refused_by_name(program: &str) {
    let domain = ("AUTH0_ISSUER_BASE_URL", "tenant.eu.auth0.com");
    let audience = ("AUTH0_AUDIENCE", "https://api.example.com/");
    let client = ("AUTH0_CLIENT_ID", "client");
    let issuer = ("ISSUER", "https://issuer.example/");
    let api = ("AUDIENCE", "api");
    let vectors: &[(&[(&str, &str)], &str)] = &[
        (&[domain], "AUTH0_AUDIENCE is not set, it must be "),
        (&[domain, client], "AUTH0_AUDIENCE is not set, it must be "),
        (&[audience], "AUTH0_ISSUER_BASE_URL is not set, it must be "),
        (&[client], "AUTH0_ISSUER_BASE_URL is not set, it must be "),
        // Set, but empty.
        (&[(domain.0, ""), audience], "AUTH0_ISSUER_BASE_URL is not set, it must be "),
        (&[domain, (audience.0, "")], "AUTH0_AUDIENCE is not set, it must be "),
        // Not a host name.
        (
            &[(domain.0, "http://tenant.eu.auth0.com"), audience],
            "AUTH0_ISSUER_BASE_URL must be a host name",
        ),
        // No port.
        (&[("LISTEN", "127.0.0.1")], "LISTEN must be an address and a port"),
        // A test issuer on an address that others could reach.
        (
            &[("LISTEN", "0.0.0.0:0")],
            "ISSUER is not set, without an issuer LISTEN must be loopback",
        ),
        // The variables for any issuer.
        (&[issuer], "AUDIENCE is not set, it must be "),
        (&[api], "ISSUER is not set, it must be "),
        (&[("JWKS_URL", "https://issuer.example/jwks")], "ISSUER is not set, it must be "),
        (&[(issuer.0, ""), api], "ISSUER is not set, it must be "),
        (&[issuer, (api.0, " ")], "AUDIENCE is not set, it must be "),
        // Empty must not mean discovery.
        (&[issuer, api, ("JWKS_URL", "")], "JWKS_URL is not set, it must be "),
        (&[issuer, api, ("JWKS_URL", "issuer.example")], "JWKS_URL: the URL has no scheme"),
        (&[("ISSUER", "http://issuer.example/"), api], "ISSUER: the URL must begin with https:"),
        (&[issuer, api, domain], "ISSUER is for any issuer and AUTH0_ISSUER_BASE_URL for Auth0"),
        (&[api, client], "AUDIENCE is for any issuer and AUTH0_CLIENT_ID for Auth0"),
    ];
    for (variables, sentence) in vectors {
        let mut command = without_settings(program);
        let stderr = refusal_to_start(command.envs(variables.iter().copied()));
        assert!(stderr.starts_with(sentence), "{variables:?}: {stderr}");
    }
}
