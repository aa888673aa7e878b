//! How long a failed job waits.
use crate::random::Entropy;
use std::time::Duration;

const FIRST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(3600);

/// Doubles with each attempt up to an hour; a random half keeps those that failed together from coming back together.
pub(super) fn pause(attempts: i64, entropy: &Entropy) -> Duration {
    let doublings = u32::try_from(attempts.clamp(1, 20) - 1).expect("between 0 and 19");
    let whole = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    let half = whole / 2;
    let ms = u64::try_from(half.as_millis()).unwrap_or(u64::MAX);
    half + Duration::from_millis(entropy.below(ms + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pauses_grow_within_bounds(attempts in 0..1000_i64, seed: u64) {
            let entropy = Entropy::seeded(seed);
            let now = pause(attempts, &entropy);
            prop_assert!(now >= FIRST / 2 && now <= LONGEST);
            prop_assert!(pause(attempts + 2, &entropy) >= now || now >= LONGEST / 2);
        }
    }
}
