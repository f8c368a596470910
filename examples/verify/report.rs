//! Prints a verdict for an operator.

use std::io::{self, Write};

use tokenring::{KeySource, UnixTime, Verified, Verifier};

/// Prints the verdict in a few lines. Returns whether the token was accepted.
pub(crate) fn print_verdict<K: KeySource>(
    out: &mut impl Write,
    verifier: &Verifier<K>,
    token: &str,
) -> io::Result<bool> {
    let verdict = verifier.verify(token);
    match &verdict {
        Ok(verified) => print_accepted(out, verified)?,
        Err(error) => writeln!(out, "refused: {}\n  {error}", error.code())?,
    }
    Ok(verdict.is_ok())
}

/// Prints the verdict and, if the token was refused, every check with its expected and actual value.
pub(crate) fn print_explained<K: KeySource>(
    out: &mut impl Write,
    verifier: &Verifier<K>,
    token: &str,
) -> io::Result<bool> {
    let verdict = verifier.verify(token);
    match &verdict {
        Ok(verified) => print_accepted(out, verified)?,
        Err(_) => print_explanation(out, verifier, token)?,
    }
    Ok(verdict.is_ok())
}

pub(crate) fn print_explanation<K: KeySource>(
    out: &mut impl Write,
    verifier: &Verifier<K>,
    token: &str,
) -> io::Result<()> {
    writeln!(out, "{}", verifier.explain(token))
}

fn print_accepted(out: &mut impl Write, verified: &Verified) -> io::Result<()> {
    // Control characters of a claim must not reach the terminal.
    let text = |text: Option<&str>| text.unwrap_or("not given").escape_debug().to_string();
    let time =
        |time: Option<UnixTime>| time.map_or("not given".to_owned(), |time| time.to_string());
    writeln!(out, "accepted")?;
    writeln!(out, "  key      {}", text(verified.key_id()))?;
    writeln!(out, "  issuer   {}", text(Some(verified.issuer())))?;
    writeln!(out, "  subject  {}", text(verified.subject()))?;
    writeln!(
        out,
        "  audience {}",
        text(Some(&verified.audience().collect::<Vec<_>>().join(", ")))
    )?;
    writeln!(out, "  client   {}", text(verified.authorized_party()))?;
    writeln!(out, "  issued   {}", time(verified.issued_at()))?;
    writeln!(out, "  expires  {}", verified.expires_at())?;
    writeln!(out, "  scopes   {}", text(Some(&verified.scopes().collect::<Vec<_>>().join(" "))))?;
    writeln!(out, "  claims   {}", String::from_utf8_lossy(verified.payload()))
}
