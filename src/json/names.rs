//! Whether a member's name occurs twice, compared after unescaping. RFC 8259 section 4.

use alloc::{borrow::Cow, collections::BTreeSet};

/// The names of an object's members so far.
#[derive(Default)]
pub(super) struct Names<'a> {
    /// A bit for each name, which most names have to themselves: they need not be compared.
    bits: u64,
    first: [&'a str; 24],
    taken: usize,
    /// Those for which there was no room, and those written with escapes.
    others: BTreeSet<Cow<'a, str>>,
    count: usize,
    repeated: bool,
}

impl<'a> Names<'a> {
    #[inline]
    #[expect(clippy::ptr_arg, reason = "a borrowed name is kept as it is")]
    pub(super) fn insert(&mut self, name: &Cow<'a, str>) {
        let bit = bit(name);
        if self.bits & bit != 0 {
            self.repeated |= self.contains(name);
        }
        self.bits |= bit;
        self.count = self.count.saturating_add(1);
        match (name, self.first.get_mut(self.taken)) {
            (Cow::Borrowed(name), Some(place)) => {
                *place = name;
                self.taken = self.taken.saturating_add(1);
            }
            _ => {
                self.others.insert(name.clone());
            }
        }
    }

    /// How many names there have been.
    #[inline]
    pub(super) fn count(&self) -> usize {
        self.count
    }

    #[inline]
    pub(super) fn any_repeated(&self) -> bool {
        self.repeated
    }

    fn contains(&self, name: &str) -> bool {
        self.first.iter().take(self.taken).any(|taken| *taken == name) || self.others.contains(name)
    }
}

/// One of 64 bits, by the length and the last two characters.
#[inline]
fn bit(name: &str) -> u64 {
    let last = name.as_bytes().last_chunk::<2>().copied().unwrap_or_default();
    let mixed = u16::from_le_bytes(last).wrapping_mul(0x9E37);
    let length = u32::try_from(name.len()).unwrap_or_default();
    1_u64.rotate_left((u32::from(mixed) >> 10).wrapping_add(length))
}
