//! Counter-based random numbers: Philox4x64-10 (Salmon et al. 2011, SC'11, doi 10.1145/2063384.2063405).
//!
//! The n-th number of an item is a function of (seed, item, n) alone, so that any thread may draw it at any time. The
//! stream of an item is, bit for bit, that of `numpy.random.Philox(key=seed, counter=[0, item, 0, 0])`.

const MULTIPLIERS: [u64; 2] = [0xD2E7_470E_E14C_6C93, 0xCA5A_8263_9512_1157];
const WEYL: [u64; 2] = [0x9E37_79B9_7F4A_7C15, 0xBB67_AE85_84CA_A73B];

/// One block of four numbers.
#[must_use]
pub fn block(counter: [u64; 4], key: [u64; 2]) -> [u64; 4] {
    let ([mut c0, mut c1, mut c2, mut c3], mut key) = (counter, key);
    for round in 0..10 {
        if round > 0 {
            key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
        }
        let (high0, low0) = wide_product(MULTIPLIERS[0], c0);
        let (high1, low1) = wide_product(MULTIPLIERS[1], c2);
        (c0, c1, c2, c3) = (high1 ^ c1 ^ key[0], low1, high0 ^ c3 ^ key[1], low0);
    }
    [c0, c1, c2, c3]
}

fn wide_product(a: u64, b: u64) -> (u64, u64) {
    let product = u128::from(a) * u128::from(b);
    ((product >> 64) as u64, product as u64)
}

/// The random numbers of one item, in order.
#[derive(Debug, Clone)]
pub struct Stream {
    key: [u64; 2],
    item: u64,
    drawn: u64,
    words: [u64; 4],
}

impl Stream {
    /// The stream of `item` under `seed` (low word, high word).
    #[must_use]
    pub fn new(seed: [u64; 2], item: u64) -> Self {
        Self {
            key: seed,
            item,
            drawn: 0,
            words: [0; 4],
        }
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        let word = (self.drawn % 4) as usize;
        if word == 0 {
            // NumPy counts up before it draws: its first block is that of counter 1.
            self.words = block([self.drawn / 4 + 1, self.item, 0, 0], self.key);
        }
        self.drawn += 1;
        self.words[word]
    }

    /// Uniform in [0, 1), 53 bits, as NumPy's `Generator.random`.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Uniform in `0..n`: the high word of a 128-bit product (off from uniform by less than n / 2^64).
    pub fn below(&mut self, n: usize) -> usize {
        wide_product(self.bits(), n as u64).0 as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `numpy.random.Philox(key, counter=[0, item, 0, 0]).random_raw(6)`.
    #[test]
    fn the_same_bits_as_numpy() {
        let mut stream = Stream::new([0, 0], 0);
        let found: Vec<u64> = (0..6).map(|_| stream.bits()).collect();
        assert_eq!(
            found,
            [
                0x02f4_ba64_08e4_d89b,
                0x3dd6_2b0b_9ca8_c5b2,
                0x1c86_67a5_5d90_2e79,
                0x907d_7a05_2fd5_b4dc,
                0x809b_f322_8839_87c3,
                0x4711_28b9_e807_f7dd,
            ]
        );
        let mut stream = Stream::new([0x46be_c9b1_6e39_8115, 0x27e4_1b32], 7);
        let found: Vec<u64> = (0..6).map(|_| stream.bits()).collect();
        assert_eq!(
            found,
            [
                0xfd2a_e8a0_cb03_69f3,
                0x0504_2e48_c2c1_f775,
                0x879b_6a5b_d3fc_369b,
                0xe0cf_f3de_9824_d51d,
                0xbe92_347d_7aad_1cf0,
                0xbfe9_a047_d59b_ca9b,
            ]
        );
        assert_eq!(Stream::new([5, 0], 3).uniform(), 0.817_926_153_062_869_8);
    }

    #[test]
    fn whole_numbers_lie_below() {
        let mut stream = Stream::new([1, 2], 3);
        let mut seen = [0; 7];
        for _ in 0..7000 {
            seen[stream.below(7)] += 1;
        }
        assert!(seen.iter().all(|&n| (880..1120).contains(&n)), "{seen:?}");
    }
}
