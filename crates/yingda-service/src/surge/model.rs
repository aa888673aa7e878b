//! How much is too much: from measures to a degree of strain, with hysteresis. Pure.
use std::time::Duration;

/// What is given up so that what people say goes on. Each step includes those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strain {
    /// Nothing.
    #[default]
    None,
    /// Unsent words of visitors are not shown.
    Previews,
    /// Places in queues are told coarsely, and less often.
    Places,
}

impl Strain {
    /// As it stands on the wire: 0, 1, 2.
    pub fn step(self) -> u8 {
        match self {
            Strain::None => 0,
            Strain::Previews => 1,
            Strain::Places => 2,
        }
    }

    fn higher(self) -> Strain {
        match self {
            Strain::None => Strain::Previews,
            Strain::Previews | Strain::Places => Strain::Places,
        }
    }

    fn lower(self) -> Strain {
        match self {
            Strain::None | Strain::Previews => Strain::None,
            Strain::Places => Strain::Previews,
        }
    }
}

/// What was measured at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample {
    /// From handing an empty unit to the writer until it was committed: what a sentence waits at least.
    pub write: Duration,
    /// How much later than asked for a timer fired.
    pub late: Duration,
    /// Connections, in hundredths of what the node carries.
    pub connections: u8,
}

/// From here on a step is taken. The first is what people begin to feel (docs/benchmarks.md: a sentence is acknowledged within
/// milliseconds), the second what makes clients doubt that anybody is there.
const UP: [Sample; 2] = [
    Sample { write: Duration::from_millis(500), late: Duration::from_millis(200), connections: 85 },
    Sample { write: Duration::from_millis(2000), late: Duration::from_millis(1000), connections: 95 },
];
/// How long it must be so: one slow disk flush is no surge.
const RISE: Duration = Duration::from_secs(3);
/// How long all must be well below before a step is taken back: flapping would be worse than either.
const FALL: Duration = Duration::from_secs(20);

impl Sample {
    /// The step these measures call for.
    fn wanted(&self) -> Strain {
        let reaches = |bound: &Sample| self.write >= bound.write || self.late >= bound.late || self.connections >= bound.connections;
        match [reaches(&UP[0]), reaches(&UP[1])] {
            [_, true] => Strain::Places,
            [true, false] => Strain::Previews,
            [false, false] => Strain::None,
        }
    }

    /// Whether all measures are well below the bound of a step: half the time, ten hundredths of the connections.
    fn is_well_below(&self, step: Strain) -> bool {
        let bound = match step {
            Strain::None | Strain::Previews => &UP[0],
            Strain::Places => &UP[1],
        };
        self.write < bound.write / 2 && self.late < bound.late / 2 && self.connections < bound.connections - 10
    }
}

/// Remembers for how long it has been how bad.
#[derive(Debug, Default)]
pub struct Judge {
    strain: Strain,
    /// Since when samples have called for more.
    worse_since: Option<Duration>,
    /// Since when all have been well below.
    better_since: Option<Duration>,
}

impl Judge {
    /// Takes a sample at a moment of the monotonic clock; answers the strain from now on. One step at a time, in either direction.
    pub fn observe(&mut self, now: Duration, sample: &Sample) -> Strain {
        let since = |held: Option<Duration>, is_so: bool| is_so.then(|| held.unwrap_or(now));
        self.worse_since = since(self.worse_since, sample.wanted() > self.strain);
        self.better_since = since(self.better_since, self.strain > Strain::None && sample.is_well_below(self.strain));
        let has_been = |since: Option<Duration>, long: Duration| since.is_some_and(|since| now.saturating_sub(since) >= long);
        if has_been(self.worse_since, RISE) {
            *self = Judge { strain: self.strain.higher(), ..Judge::default() };
        } else if has_been(self.better_since, FALL) {
            *self = Judge { strain: self.strain.lower(), ..Judge::default() };
        }
        self.strain
    }
}

/// A place in a queue as it is told under strain: rounded up, so that nobody is promised too much. The next five are told exactly.
pub fn coarse(place: usize) -> usize {
    let ahead = place.saturating_sub(1);
    let grain = match ahead {
        0..=5 => 1,
        6..=100 => 10,
        _ => 50,
    };
    ahead.div_ceil(grain) * grain + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn slow(ms: u64) -> Sample {
        Sample { write: Duration::from_millis(ms), ..Sample::default() }
    }

    /// Steps taken while samples come every half second.
    fn play(judge: &mut Judge, from: u64, seconds: u64, sample: &Sample) -> Vec<u8> {
        let mut steps: Vec<u8> =
            (0..=2 * seconds).map(|n| judge.observe(secs(from) + Duration::from_millis(500 * n), sample).step()).collect();
        steps.dedup();
        steps
    }

    #[test]
    fn steps_are_taken_one_by_one_and_only_when_it_lasts() {
        let mut judge = Judge::default();
        assert_eq!(play(&mut judge, 0, 2, &slow(9000)), [0], "not yet");
        assert_eq!(play(&mut judge, 3, 0, &slow(0)), [0], "one good sample begins anew");
        assert_eq!(play(&mut judge, 4, 10, &slow(9000)), [0, 1, 2]);
        assert_eq!(play(&mut judge, 20, 19, &slow(0)), [2], "not yet");
        assert_eq!(play(&mut judge, 40, 60, &slow(0)), [1, 0]);
        let mut mild = Judge::default();
        assert_eq!(play(&mut mild, 0, 60, &slow(600)), [0, 1], "the first step is enough");
    }

    #[test]
    fn between_the_bounds_nothing_changes() {
        let mut judge = Judge::default();
        assert_eq!(play(&mut judge, 0, 5, &slow(600)), [0, 1]);
        assert_eq!(play(&mut judge, 10, 600, &slow(400)), [1], "below the bound, but not well below");
        let mut flapping = Judge::default();
        let steps: Vec<u8> = (0..400).map(|n| flapping.observe(secs(n), &slow(if n % 3 == 0 { 0 } else { 600 })).step()).collect();
        assert!(steps.iter().all(|step| *step == 0), "two bad seconds of three are no lasting strain");
    }

    #[test]
    fn each_measure_counts_by_itself() {
        for sample in [slow(2000), Sample { late: secs(1), ..Sample::default() }, Sample { connections: 95, ..Sample::default() }] {
            let mut judge = Judge::default();
            assert_eq!(play(&mut judge, 0, 10, &sample), [0, 1, 2], "{sample:?}");
        }
        let full = Sample { connections: 90, ..Sample::default() };
        let mut judge = Judge::default();
        assert_eq!(play(&mut judge, 0, 60, &full), [0, 1]);
        assert_eq!(play(&mut judge, 100, 60, &Sample { connections: 80, ..Sample::default() }), [1]);
        assert_eq!(play(&mut judge, 200, 60, &Sample { connections: 70, ..Sample::default() }), [1, 0]);
    }

    #[test]
    fn a_place_is_rounded_up_and_never_moves_back_by_that() {
        assert_eq!([1, 2, 6, 7, 11, 12, 37, 101, 102, 1000].map(coarse), [1, 2, 6, 11, 11, 21, 41, 101, 151, 1001]);
        assert!(
            (1..2000).all(|place| coarse(place) >= place && coarse(place + 1) >= coarse(place) && coarse(coarse(place)) == coarse(place))
        );
    }
}
