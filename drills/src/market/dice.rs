//! A small seeded random source: SplitMix64.
//!
//! Our own rather than a crate's, because a seed printed in one report must give the same market in
//! every later version; a library's default generator is free to change.

#[derive(Clone, Debug)]
pub struct Dice {
    state: u64,
}

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice { state: seed }
    }

    pub fn roll(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in `0.0..1.0`.
    pub fn unit(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Uniform in `low..=high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        debug_assert!(low <= high);
        low + (self.roll() % (high - low + 1) as u64) as i64
    }

    /// Exponentially distributed with the given mean: the time to the next of independent events.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// One of the items.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[(self.roll() % items.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_for_ever() {
        let mut dice = Dice::new(7);
        let first: Vec<u64> = (0..3).map(|_| dice.roll()).collect();
        assert_eq!(first, [7191089600892374487, 309689372594955804, 16616101746815609346]);
    }

    #[test]
    fn distributions_have_the_mean_they_promise() {
        let mut dice = Dice::new(1);
        let n = 20_000;
        let mean = (0..n).map(|_| dice.exponential(3.0)).sum::<f64>() / f64::from(n);
        assert!((mean - 3.0).abs() < 0.1, "{mean}");
        let heads = (0..n).filter(|_| dice.chance(0.25)).count() as f64 / f64::from(n);
        assert!((heads - 0.25).abs() < 0.02, "{heads}");
        assert!((0..n).all(|_| (-2..=2).contains(&dice.between(-2, 2))));
    }
}
