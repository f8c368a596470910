//! How a token names its key: `kid` or, without one, the thumbprint of a certificate. RFC 7515
//! section 6.

#[cfg(feature = "std")]
use alloc::boxed::Box;

/// The name that a token has for its key. `S` is the text: borrowed from the token, or kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyName<S> {
    /// `kid`. RFC 7515 section 4.1.4.
    KeyId(S),
    /// `x5t`. RFC 7515 section 4.1.7.
    X5t(S),
    /// `x5t#S256`. RFC 7515 section 4.1.8.
    X5tS256(S),
}

impl<S> KeyName<S> {
    /// The thumbprint that chooses the key of a token without `kid`: of two, the one that is harder to
    /// forge.
    pub(crate) fn thumbprint(x5t: Option<S>, x5t_s256: Option<S>) -> Option<Self> {
        x5t_s256.map(Self::X5tS256).or_else(|| x5t.map(Self::X5t))
    }

    #[inline]
    pub(crate) fn map<T>(self, f: impl FnOnce(S) -> T) -> KeyName<T> {
        match self {
            Self::KeyId(text) => KeyName::KeyId(f(text)),
            Self::X5t(text) => KeyName::X5t(f(text)),
            Self::X5tS256(text) => KeyName::X5tS256(f(text)),
        }
    }

    #[inline]
    pub(crate) fn as_ref(&self) -> KeyName<&S> {
        match self {
            Self::KeyId(text) => KeyName::KeyId(text),
            Self::X5t(text) => KeyName::X5t(text),
            Self::X5tS256(text) => KeyName::X5tS256(text),
        }
    }
}

#[cfg(feature = "std")]
impl KeyName<Box<str>> {
    pub(crate) fn borrowed(&self) -> KeyName<&str> {
        self.as_ref().map(|text| &**text)
    }
}

impl<S: Copy> KeyName<S> {
    pub(crate) fn text(self) -> S {
        match self {
            Self::KeyId(text) | Self::X5t(text) | Self::X5tS256(text) => text,
        }
    }
}
