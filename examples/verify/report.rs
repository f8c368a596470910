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
    let text = |text: Option<&str>| visible(text.unwrap_or("not given"));
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
    writeln!(out, "  claims   {}", visible(&String::from_utf8_lossy(verified.payload())))
}

/// `text` with all but printable ASCII escaped, as in an explanation. A claim may contain terminal sequences,
/// marks of writing direction, and characters without width or that look like others.
fn visible(text: &str) -> String {
    let escaped = |character: char| match character {
        ' '..='~' => character.to_string(),
        _ => character.escape_unicode().to_string(),
    };
    text.chars().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use tokenring::{
        JwkSet, Policy,
        testkit::{AUDIENCE, ISSUER, Issuer},
    };

    use super::*;

    #[test]
    fn claims_of_an_accepted_token_are_printed_in_printable_ascii() {
        let issuer = Issuer::default();
        let keys = JwkSet::from_json(issuer.jwks().as_bytes()).unwrap();
        let verifier = Verifier::new(Policy::new(ISSUER, AUDIENCE), keys).unwrap();
        // CSI in one character, a mark of writing direction, a space without width, DEL, and a Cyrillic letter.
        let token = issuer.token().subject("\u{9b}2J\u{202e}\u{200b}\u{7f}\u{430}");
        let payload = token.payload_json();
        assert!(payload.contains("\u{9b}2J\u{202e}"), "not escaped in the JSON text: {payload}");
        let mut out = Vec::new();
        assert!(print_explained(&mut out, &verifier, &token.mint()).unwrap());
        let out = String::from_utf8(out).unwrap();
        let is_printable = |character| matches!(character, ' '..='~' | '\n');
        assert!(out.chars().all(is_printable), "{out:?}");
        let subject = r"\u{9b}2J\u{202e}\u{200b}\u{7f}\u{430}";
        assert_eq!(out.matches(subject).count(), 2, "{out}");
        assert!(out.contains(&format!(r#""sub":"{subject}""#)), "{out}");
    }
}
