//! A token's text -> the value that the cache recognizes it by: NH of UMAC, RFC 4418 section 5.2, with
//! words of 64 bits.

use std::{
    boxed::Box,
    hash::{BuildHasher as _, RandomState},
    vec,
};

use ring::rand::{SecureRandom as _, SystemRandom};

use crate::compact::MAX_TOKEN_BYTES;

/// A universal hash of a token: NH twice, the second time with the key shifted by a block, which the
/// RFC calls a Toeplitz construction.
///
/// Tokens of different lengths never have equal hashes. Two tokens of one length have with probability
/// at most 2^-128, whoever chooses them, as long as nobody outside the process sees key or sums (Black,
/// Halevi, Krawczyk, Krovetz, Rogaway, "UMAC: Fast and Secure Message Authentication", 1999).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TokenHash {
    sums: [u128; 2],
    bytes: usize,
    place: u64,
}

impl TokenHash {
    /// A second keyed hash, of the sums. Places in a table are chosen by it, so that the time of a
    /// look-up shows nothing of the sums.
    pub(super) fn place(&self) -> u64 {
        self.place
    }
}

/// Makes [`TokenHash`]es with keys that only this cache has.
pub(super) struct TokenHasher {
    /// Two words for each block of the longest token, and two for the second pass.
    key: Box<[[u64; 2]]>,
    places: RandomState,
}

impl TokenHasher {
    /// `None` if the system gives no random bytes.
    pub(super) fn new() -> Option<Self> {
        let mut bytes = vec![0; KEY_BLOCKS.saturating_mul(BLOCK_BYTES)];
        SystemRandom::new().fill(&mut bytes).ok()?;
        let key = bytes.chunks_exact(BLOCK_BYTES).map(words).collect();
        Some(Self { key, places: RandomState::new() })
    }

    /// `None` for a token that is too long to be accepted: refusing it must be cheap.
    pub(super) fn hash(&self, token: &str) -> Option<TokenHash> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let sums = self.sums(token.as_bytes());
        Some(TokenHash { sums, bytes: token.len(), place: self.places.hash_one(sums) })
    }

    fn sums(&self, text: &[u8]) -> [u128; 2] {
        let blocks = text.chunks_exact(BLOCK_BYTES);
        // Filled up with zeros: the length is part of the hash.
        let mut last = [0; BLOCK_BYTES];
        last.iter_mut().zip(blocks.remainder()).for_each(|(to, from)| *to = *from);
        let end = blocks.len();

        let mut sums = [0, 0];
        // measured: a loop over all blocks with the last one chained to them takes half again as long.
        for (block, key) in blocks.zip(self.key.windows(2)) {
            add(&mut sums, block, key);
        }
        if let Some(key) = self.key.windows(2).nth(end) {
            add(&mut sums, &last, key);
        }
        sums
    }
}

/// Adds the products of a block in both passes, whose keys are one block apart.
#[inline]
fn add([first, second]: &mut [u128; 2], block: &[u8], key: &[[u64; 2]]) {
    if let [one, two] = key {
        let block = words(block);
        *first = first.wrapping_add(product(block, *one));
        *second = second.wrapping_add(product(block, *two));
    }
}

/// The product of a block's two words, each with its key's word added.
fn product([one, two]: [u64; 2], [key_one, key_two]: [u64; 2]) -> u128 {
    let one = u128::from(one.wrapping_add(key_one));
    one.wrapping_mul(u128::from(two.wrapping_add(key_two)))
}

fn words(block: &[u8]) -> [u64; 2] {
    let word = |bytes: &[u8]| bytes.first_chunk().copied().map_or(0, u64::from_le_bytes);
    let (one, two) = block.split_at(block.len() / 2);
    [word(one), word(two)]
}

/// Two words of 8 bytes: NH multiplies them.
const BLOCK_BYTES: usize = 16;

/// 16 KiB and 32 bytes: a block more than the longest token has, because the last one may be empty, and
/// another one for the second pass.
const KEY_BLOCKS: usize = MAX_TOKEN_BYTES / BLOCK_BYTES + 2;

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn sums_are_those_of_the_definition() {
        let hasher = hasher();
        for (bytes, first, second) in SUMS {
            assert_eq!(hasher.sums(&text(bytes)), [first, second], "{bytes}");
        }
    }

    #[test]
    fn every_changed_byte_changes_both_sums() {
        let hasher = TokenHasher::new().unwrap();
        for bytes in [1, 15, 16, 17, 840] {
            let text = text(bytes);
            let sums = hasher.sums(&text);
            for place in 0..bytes {
                let mut changed = text.clone();
                changed[place] ^= 1;
                let changed = hasher.sums(&changed);
                assert!(changed[0] != sums[0] && changed[1] != sums[1], "{place}");
            }
        }
    }

    #[test]
    fn exchanged_blocks_change_the_sums() {
        let hasher = TokenHasher::new().unwrap();
        let (one, two) = (text(48), text(48));
        let exchanged = [&two[16..32], &one[..16], &one[32..]].concat();
        assert_ne!(hasher.sums(&one), hasher.sums(&exchanged));
    }

    #[test]
    fn zeros_at_the_end_change_the_hash() {
        let hasher = hasher();
        for bytes in 0..50 {
            let token = "x".repeat(bytes);
            let longer = token.clone() + "\0";
            assert_ne!(hasher.hash(&token), hasher.hash(&longer), "{bytes}");
        }
    }

    #[test]
    fn key_covers_the_last_block_of_the_longest_token() {
        let hasher = hasher();
        for bytes in [MAX_TOKEN_BYTES - 17, MAX_TOKEN_BYTES - 1, MAX_TOKEN_BYTES] {
            let text = text(bytes);
            let mut changed = text.clone();
            changed[bytes - 1] ^= 1;
            assert_ne!(hasher.sums(&text), hasher.sums(&changed), "{bytes}");
        }
    }

    #[test]
    fn two_hashers_have_different_keys() {
        let (one, two) = (TokenHasher::new().unwrap(), TokenHasher::new().unwrap());
        assert_ne!(one.key, two.key);
        let (one, two) = (one.hash("a.b.c").unwrap(), two.hash("a.b.c").unwrap());
        assert!(one.sums != two.sums && one.place != two.place);
    }

    #[test]
    fn token_too_long_to_be_accepted_is_not_hashed() {
        let longest = "x".repeat(MAX_TOKEN_BYTES);
        assert!(hasher().hash(&longest).is_some());
        assert_eq!(hasher().hash(&(longest + "x")), None);
    }

    #[expect(clippy::arithmetic_side_effects, reason = "tests may")]
    fn hasher() -> TokenHasher {
        let word = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let key = (0..).take(KEY_BLOCKS).map(|n| [word(2 * n + 1), word(2 * n + 2)]);
        TokenHasher { key: key.collect(), places: RandomState::new() }
    }

    #[expect(clippy::arithmetic_side_effects, reason = "tests may")]
    fn text(bytes: usize) -> Vec<u8> {
        (0..bytes).map(|n| u8::try_from((n * n * 31 + 7 * n) % 94 + 33).unwrap()).collect()
    }

    /// The sums of `text` of so many bytes under the key of `hasher`, computed from the definition with
    /// the integers of Python, which have no bounds.
    const SUMS: [(usize, u128, u128); 13] = [
        (0, 0x2559_92d3_8220_8bbc_be88_5a45_9c90_b372, 0x673b_8a0f_0f99_5618_7732_1da1_ab64_34ac),
        (1, 0x2559_92d3_8220_8bc4_88d5_bc18_6dc4_b0dc, 0x673b_8a0f_0f99_5628_0bcc_e147_4dcc_2f80),
        (8, 0x3c4e_91f0_043e_99aa_e5d6_2538_c13a_56dc, 0x1c47_a162_16ab_81a0_c5cd_b387_f4b7_7b80),
        (15, 0x3caf_c106_f42e_18ec_291f_e043_0bd6_62be, 0x1c5e_6aad_29c4_f696_fc75_eaa9_5464_d1a0),
        (16, 0xe2c9_8985_1fba_c80e_ea51_fde4_b73a_976a, 0x3b75_025f_3f0a_6f48_c673_34bd_80df_554e),
        (17, 0xe2c9_8985_1fba_c839_e133_11a5_b523_0546, 0x3b75_025f_3f0a_6f89_38c4_d25e_fdbb_fa18),
        (31, 0x812a_d005_7c6a_c049_c4e1_e3d0_5cb3_ae3c, 0x5e5b_b82c_42e5_e5e5_23cc_df8a_f7fb_43f4),
        (32, 0x9410_e2fa_09b7_409d_04df_2de4_892e_31ea, 0xbcc1_6e07_2a78_b6f9_16b6_bf28_17ce_e46c),
        (33, 0x9410_e2fa_09b7_40ba_0e2e_2624_dac1_6e18, 0xbcc1_6e07_2a78_b71f_cdca_b4d3_2f3d_df54),
        (840, 0xfebf_e056_a286_230f_6b97_c932_3b01_2202, 0xb529_3beb_707a_f9ea_1451_fd62_1ab3_eae2),
        (
            8007,
            0x8139_18dd_2569_c4c4_eaa1_064e_77e0_68ac,
            0x2c1e_e09b_3a56_fc3c_986c_a27c_139e_4054,
        ),
        (
            16_383,
            0xe13d_db00_8518_b245_1890_7a11_4eeb_ad2c,
            0x6688_fbe8_afed_b286_1298_25fe_dfeb_0a50,
        ),
        (
            16_384,
            0xec32_2ad4_ddc8_e927_3407_a9c4_2225_b89e,
            0x0df4_0801_9e44_5ec9_665d_72d6_cd2f_b6fc,
        ),
    ];
}
