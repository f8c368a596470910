//! Verifies a token and says what it found: `cargo run --example verify -- --help`.

#![allow(clippy::arithmetic_side_effects, clippy::unwrap_used, reason = "examples may")]

mod demonstration;
#[path = "../shared/issuer.rs"]
mod issuer;
mod report;
mod settings;

use std::{
    env,
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

use settings::{HELP, Settings};

fn main() -> ExitCode {
    let arguments: Vec<String> = match env::args_os().skip(1).map(|one| one.into_string()).collect()
    {
        Ok(arguments) => arguments,
        Err(_) => return refuse("an argument is not Unicode"),
    };
    let mut out = io::stdout().lock();
    match run(&arguments, &mut out) {
        Ok(code) => code,
        Err(Failure::Settings(message)) => refuse(&message),
        // The reader of the output has closed it, which is no error.
        Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Failure::Output(error)) => refuse(&format!("standard output: {error}")),
    }
}

fn run(arguments: &[String], out: &mut impl Write) -> Result<ExitCode, Failure> {
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        out.write_all(HELP.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    // With an issuer in the environment, the missing token is an error.
    if arguments.is_empty() && matches!(issuer::settings(), Ok(None)) {
        demonstration::run(out)?;
        return Ok(ExitCode::SUCCESS);
    }
    match Settings::parse(arguments)?.verify(out)? {
        true => Ok(ExitCode::SUCCESS),
        false => Ok(ExitCode::from(1)),
    }
}

fn refuse(message: &str) -> ExitCode {
    // If standard error is closed, the exit status still tells the outcome.
    let _ignored = writeln!(io::stderr(), "{message}\n\nTry --help.");
    ExitCode::from(2)
}

/// Why there is no verdict.
enum Failure {
    Settings(String),
    Output(io::Error),
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Settings(message)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
