//! Decodes base64url with the `base64` crate, whose vector code is `unsafe`.

use std::sync::LazyLock;

use base64::{
    Engine as _,
    engine::{Simd, general_purpose::NO_PAD},
};

use super::NotBase64url;

/// Decodes with vector instructions if the processor has them.
pub(super) fn decode_exactly(text: &[u8], bytes: &mut [u8]) -> Result<(), NotBase64url> {
    // What is written has the length of `bytes`: each valid text decodes to one length.
    ENGINE.decode_slice(text, bytes).map(drop).map_err(|_| NotBase64url)
}

static ENGINE: LazyLock<Simd> = LazyLock::new(|| Simd::url_safe(NO_PAD));
