//! Days since 1970-01-01 on an axis of 366 slots a year.

use crate::error::{Error, Result};

/// Where each sample lies in the year, and which samples lie in a slot of a year.
#[derive(Debug, Clone)]
pub struct Calendar {
    days: usize,
    years: usize,
    /// Samples in order of their slot on the axis of all years.
    samples: Vec<u32>,
    /// Where each slot's samples start in `samples`; one year of empty slots lies before the first and after the last.
    starts: Vec<u32>,
    occupied: Vec<bool>,
}

impl Calendar {
    /// Slots of a year: January 1 is 0, February 29 is 59, March 1 is 60 in every year.
    pub const SLOTS: usize = 366;
    /// Slot of February 29.
    const LEAP: usize = 59;
    /// Years that one call may span.
    const MAX_YEARS: i64 = 10_000;

    /// Sorts `days` (since 1970-01-01, any order, repeats allowed) into slots.
    ///
    /// # Errors
    /// More samples than 2^32 or days further apart than ten thousand years.
    pub fn new(days: &[i64]) -> Result<Self> {
        if u32::try_from(days.len()).is_err() {
            return Err(Error::value(
                "day",
                format!("has {} samples, too many", days.len()),
            ));
        }
        let (first, last) = match (days.iter().min(), days.iter().max()) {
            (Some(&low), Some(&high))
                if low.unsigned_abs() < 1 << 40 && high.unsigned_abs() < 1 << 40 =>
            {
                (year_slot(low).0, year_slot(high).0)
            }
            (None, _) | (_, None) => (1970, 1969),
            (Some(&low), Some(&high)) => return Err(far(low, high)),
        };
        if last - first > Self::MAX_YEARS {
            return Err(far(
                days.iter().copied().min().unwrap_or(0),
                days.iter().copied().max().unwrap_or(0),
            ));
        }
        let dated: Vec<(i64, usize)> = days.iter().map(|&day| year_slot(day)).collect();
        // An occurrence may be centred in the year before or after one with data and still reach into it. Other years
        // are left out: one wrong date far away must not cost thousands of empty ones.
        let mut near: Vec<i64> = dated.iter().map(|&(year, _)| year).collect();
        near.sort_unstable();
        near.dedup();
        near = near.iter().flat_map(|year| year - 1..=year + 1).collect();
        near.sort_unstable();
        near.dedup();
        let years = near.len();
        let cells: Vec<usize> = dated
            .iter()
            .map(|&(year, slot)| {
                let place = near.partition_point(|&y| y < year);
                (place + 1) * Self::SLOTS + slot
            })
            .collect();
        let mut starts = vec![0u32; (years + 2) * Self::SLOTS + 2];
        let mut occupied = vec![false; Self::SLOTS];
        for &cell in &cells {
            starts[cell + 2] += 1;
            occupied[cell % Self::SLOTS] = true;
        }
        // A short series fills few of the slots.
        if let (Some(&low), Some(&high)) = (cells.iter().min(), cells.iter().max()) {
            for i in low + 2..=high + 2 {
                starts[i] += starts[i - 1];
            }
            starts[high + 2..].fill(days.len() as u32);
        }
        // One place on, where a slot's samples start moves on to where the next one's do.
        let mut samples = vec![0u32; days.len()];
        for (t, &cell) in cells.iter().enumerate() {
            samples[starts[cell + 1] as usize] = t as u32;
            starts[cell + 1] += 1;
        }
        starts.pop();
        Ok(Self {
            days: days.len(),
            years,
            samples,
            starts,
            occupied,
        })
    }

    /// Number of samples.
    pub(crate) fn len(&self) -> usize {
        self.days
    }

    /// Number of years, counted by where a season is centred.
    pub(crate) fn years(&self) -> usize {
        self.years
    }

    /// Whether any year has a sample in `slot`.
    pub(crate) fn has(&self, slot: usize) -> bool {
        self.occupied[slot]
    }

    /// Samples in a slot, counted from January 1 of the `year`-th year; slots beyond the year are in its neighbours.
    #[inline(always)]
    pub(crate) fn samples(&self, year: usize, slot: isize) -> &[u32] {
        let cell = ((year + 1) * Self::SLOTS).wrapping_add_signed(slot);
        match (self.starts.get(cell), self.starts.get(cell + 1)) {
            (Some(&from), Some(&to)) => &self.samples[from as usize..to as usize],
            _ => &[],
        }
    }

    /// First and last slot within `half_width` days of the year of `slot`, on the axis of [`Self::samples`].
    pub(crate) fn stretch(slot: usize, half_width: usize) -> (isize, isize) {
        // In half days, so that February 29 is a whole number. It shifts the ends by one slot at most.
        let (centre, reach) = (place(slot as isize), 2 * half_width as isize);
        let mut from = slot as isize - half_width as isize - 1;
        while place(from) < centre - reach {
            from += 1;
        }
        let mut to = slot as isize + half_width as isize + 1;
        while place(to) > centre + reach {
            to -= 1;
        }
        (from, to)
    }
}

/// Twice the day of year of a slot, unrolled over the years: 365 days each.
fn place(slot: isize) -> isize {
    let slots = Calendar::SLOTS as isize;
    let leap = Calendar::LEAP as isize;
    let (year, slot) = (slot.div_euclid(slots), slot.rem_euclid(slots));
    let day = match slot.cmp(&leap) {
        std::cmp::Ordering::Less => 2 * (slot + 1),
        std::cmp::Ordering::Equal => 2 * leap + 1,
        std::cmp::Ordering::Greater => 2 * slot,
    };
    730 * year + day
}

/// Year and slot of a day (proleptic Gregorian, counted in cycles of 400 years from a March 1).
fn year_slot(day: i64) -> (i64, usize) {
    let since_march = day + 719_468;
    let (cycle, day) = (
        since_march.div_euclid(146_097),
        since_march.rem_euclid(146_097),
    );
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let year = year + 400 * cycle;
    // March 1 is slot 60 of the year; from January 1 on (day 306) it is the next year.
    if day_of_year < 306 {
        (year, day_of_year as usize + 60)
    } else {
        (year + 1, day_of_year as usize - 306)
    }
}

fn far(low: i64, high: i64) -> Error {
    Error::value(
        "day",
        format!(
            "must be days since 1970-01-01 within ten thousand years of each other, got {low} to {high}"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days() {
        assert_eq!(year_slot(0), (1970, 0));
        assert_eq!(year_slot(58), (1970, 58));
        assert_eq!(year_slot(59), (1970, 60)); // March 1 of a common year
        assert_eq!(year_slot(11_016), (2000, 59)); // February 29
        assert_eq!(year_slot(11_017), (2000, 60));
        assert_eq!(year_slot(-1), (1969, 365));
    }

    #[test]
    fn february_29_is_half_a_day_off() {
        // 49 + 10 = 59 < 59.5: not in; 50 + 10 = 60: in.
        assert_eq!(Calendar::stretch(48, 10), (38, 58));
        assert_eq!(Calendar::stretch(49, 10), (39, 60));
        // 59.5 +- 10 holds 50..=59, itself, and 60..=69.
        assert_eq!(Calendar::stretch(59, 10), (49, 69));
        assert_eq!(Calendar::stretch(0, 3), (-3, 3));
    }
}
