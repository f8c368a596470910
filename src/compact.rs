//! From token text to three segments and a header. RFC 7515 sections 5.2 and 7.1.

use core::fmt;

use crate::{JoseHeader, VerifyError};

/// A compact JWS, split at its periods, with a header that this crate can process.
///
/// Nothing in it is verified. The payload cannot be reached before [`verify`](Self::verify).
///
/// Most callers want a [`Verifier`](crate::Verifier), which also checks the claims. This is for those who
/// choose the key themselves, or whose payload is not a Claims Set:
///
/// ```
/// use tokenring::{CompactJws, PublicKey};
///
/// // RFC 8037 appendices A.2 and A.4.
/// let key = br#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
/// let jws = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
///     hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
/// let payload = CompactJws::parse(jws)?.verify(&PublicKey::from_jwk(key)?)?;
/// assert_eq!(payload.as_bytes(), b"Example of Ed25519 signing");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias("decode_header", "unverified", "split"))]
#[derive(Clone)]
pub struct CompactJws<'t> {
    header: JoseHeader,
    /// Everything before the second period. RFC 7515 section 2, JWS Signing Input.
    signing_input: &'t str,
    segments: [&'t str; 3],
}

impl<'t> CompactJws<'t> {
    /// Splits `token` and checks its header: RFC 7515 section 5.2, steps 1 to 5.
    ///
    /// An empty payload is accepted here, because a JWS may have one.
    ///
    /// # Errors
    ///
    /// Every [`VerifyError`] from `TokenTooLong` to `KeyIdLength`.
    pub fn parse(token: &'t str) -> Result<Self, VerifyError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(VerifyError::TokenTooLong { bytes: token.len() });
        }
        let (signing_input, segments) = cut(token).map_err(|found| match found {
            // RFC 7516 section 9: five segments distinguish a JWE from a JWS.
            5 => VerifyError::Encrypted,
            found => VerifyError::SegmentCount { found },
        })?;
        let [header, _, signature] = segments;
        for (segment, text) in [("header", header), ("signature", signature)] {
            if text.is_empty() {
                return Err(VerifyError::EmptySegment { segment });
            }
        }
        Ok(Self { header: JoseHeader::parse(header)?, signing_input, segments })
    }

    /// The header, not verified.
    pub fn header(&self) -> &JoseHeader {
        &self.header
    }

    /// The header, payload and signature as in the token: base64url, not verified.
    pub fn segments(&self) -> [&'t str; 3] {
        self.segments
    }

    pub(crate) fn signing_input(&self) -> &'t str {
        self.signing_input
    }
}

/// Shows the length of the token, not its text.
impl fmt::Debug for CompactJws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [_, _, signature] = self.segments;
        let bytes = self.signing_input.len().saturating_add(1).saturating_add(signature.len());
        f.debug_struct("CompactJws")
            .field("header", &self.header)
            .field("bytes", &bytes)
            .finish_non_exhaustive()
    }
}

/// The JWS Signing Input and the three segments of `token`, or else the number of its segments.
#[inline]
pub(crate) fn cut(token: &str) -> Result<(&str, [&str; 3]), usize> {
    let (header, rest) = split_at_period(token).ok_or(1_usize)?;
    let (payload, signature) = split_at_period(rest).ok_or(2_usize)?;
    if split_at_period(signature).is_some() {
        let periods = token.bytes().filter(|byte| *byte == b'.').count();
        return Err(periods.saturating_add(1));
    }
    let signing_input = token.len().saturating_sub(signature.len()).saturating_sub(1);
    Ok((token.get(..signing_input).unwrap_or_default(), [header, payload, signature]))
}

/// The texts before and after the first period. Skips the chunks that have none: each is compared as a
/// whole, which vectorizes.
fn split_at_period(text: &str) -> Option<(&str, &str)> {
    let has_none = |chunk: &&[u8]| chunk.iter().fold(true, |none, byte| none & (*byte != b'.'));
    let chunks = text.as_bytes().chunks_exact(CHUNK).take_while(has_none).count();
    let skipped = chunks.saturating_mul(CHUNK);
    let place = text.as_bytes().get(skipped..)?.iter().position(|byte| *byte == b'.')?;
    let (before, rest) = text.split_at_checked(skipped.saturating_add(place))?;
    Some((before, rest.get(1..)?))
}

/// Twice what common servers accept for all headers of a request together.
pub(crate) const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Two vectors of the baseline x86-64.
const CHUNK: usize = 32;
