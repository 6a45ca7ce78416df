//! How fast work goes, what is left of it, and when a line about it is due: arithmetic without a clock.

/// The least seconds between two lines.
const BETWEEN_LINES: f64 = 10.0;
/// The least seconds from which an estimate is made.
const ENOUGH: f64 = 1.0;

/// The pace of some work, of which a part may have been done before this process.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    of: u64,
    before: u64,
    /// What was done at the last line, and after how many seconds it stood there.
    told: (u64, f64),
}

impl Pace {
    /// For this much work in all.
    pub fn new(of: u64, before: u64) -> Self {
        Self { of, before, told: (before, 0.0) }
    }

    /// All of the work.
    pub fn of(&self) -> u64 {
        self.of
    }

    /// What this process does per second: (done − before) / seconds. None as long as there is too little to tell.
    pub fn speed(&self, done: u64, seconds: f64) -> Option<f64> {
        let own = done.saturating_sub(self.before);
        (own > 0 && seconds >= ENOUGH).then(|| own as f64 / seconds)
    }

    /// The seconds left at this speed; none if it is unknown, or if less than a second is left.
    pub fn left(&self, done: u64, seconds: f64) -> Option<f64> {
        let left = self.of.saturating_sub(done) as f64 / self.speed(done, seconds)?;
        Some(left).filter(|left| *left >= 1.0)
    }

    /// Whether a line is due: 10 s and a tenth of the work after the last one. If so, the next one counts from here.
    pub fn is_due(&mut self, done: u64, seconds: f64) -> bool {
        let (then, at) = self.told;
        let tenth = (self.of.saturating_sub(self.before)).div_ceil(10);
        let is_due = seconds - at >= BETWEEN_LINES && done.saturating_sub(then) >= tenth && done < self.of;
        if is_due {
            self.told = (done, seconds);
        }
        is_due
    }
}

/// A time in the unit that suits it: 88 s, 12 min, 3.4 h, 2.5 days.
pub fn time(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 120.0 => format!("{seconds:.0} s"),
        seconds if seconds < 7_200.0 => format!("{:.0} min", seconds / 60.0),
        seconds if seconds < 172_800.0 => format!("{:.1} h", seconds / 3_600.0),
        seconds => format!("{:.1} days", seconds / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_counts_the_new_work_alone_and_is_there_only_if_it_says_something() {
        // 100 s for the 1,000 of this process, so 400 s for 4,000; the 5,000 before took no time
        assert_eq!(Pace::new(10_000, 5_000).left(6_000, 100.0), Some(400.0));
        assert_eq!(Pace::new(10_000, 5_000).left(5_000, 100.0), None);
        assert_eq!(Pace::new(10_000, 0).left(1_000, 0.5), None);
        assert_eq!(Pace::new(10_000, 0).left(10_000, 100.0), None);
        assert_eq!(Pace::new(10_000, 0).left(9_950, 100.0), None); // half a second
    }

    #[test]
    fn lines_are_ten_seconds_and_a_tenth_of_the_work_apart() {
        let lines = |seconds: u64| {
            let mut pace = Pace::new(1_000 * seconds, 0);
            (1..=seconds).filter(|second| pace.is_due(1_000 * second, *second as f64)).collect::<Vec<_>>()
        };
        assert_eq!(lines(9), [0; 0]);
        assert_eq!(lines(35), [10, 20, 30]);
        assert_eq!(lines(300), [30, 60, 90, 120, 150, 180, 210, 240, 270]);
        let mut resumed = Pace::new(2_000, 1_000);
        assert!(!resumed.is_due(1_050, 20.0) && resumed.is_due(1_100, 20.0));
    }

    #[test]
    fn a_time_has_the_unit_that_suits_it() {
        assert_eq!([1.0, 88.0, 119.4].map(time), ["1 s", "88 s", "119 s"]);
        assert_eq!([125.0, 7_190.0].map(time), ["2 min", "120 min"]);
        assert_eq!([12_240.0, 216_000.0].map(time), ["3.4 h", "2.5 days"]);
    }
}
