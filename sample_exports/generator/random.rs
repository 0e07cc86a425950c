//! Numbers that look random and are the same on every machine: splitmix64, one independent stream per record.

/// A stream of numbers that depends on seed, stream and record alone, so that any record can be made without the
/// ones before it.
pub struct Random(u64);

impl Random {
    /// The stream of one record.
    pub fn new(seed: u64, stream: u64, record: u64) -> Self {
        let mut random = Random(seed ^ stream.wrapping_mul(0xd6e8_feb8_6659_fd93));
        random.0 = random.next() ^ record.wrapping_mul(0xa076_1d64_78bd_642f);
        random
    }

    /// The next number of 64 bits (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `bound` - 1; 0 where the bound is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// True in `percent` of a hundred cases.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of them.
    pub fn one_of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len() as u64) as usize]
    }
}
