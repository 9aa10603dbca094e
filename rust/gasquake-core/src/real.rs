//! The two element types that kernels read and write.

/// f32 or f64. All arithmetic happens in f64; `Real` is what lies in memory.
pub trait Real: Copy + Default + PartialOrd + Send + Sync + 'static {
    /// The missing value.
    const NAN: Self;
    /// Positive infinity; the negative one is its negation.
    const INFINITY: Self;
    /// Negative infinity.
    const NEG_INFINITY: Self;
    /// The largest finite value.
    const MAX: Self;
    /// Exact widening.
    fn to_f64(self) -> f64;
    /// Rounds to nearest, ties to even.
    fn from_f64(x: f64) -> Self;
    /// The least value that is not below `x`: comparing with it is the same as comparing with `x`.
    fn ceil_from(x: f64) -> Self;
    /// Neither NaN nor infinite: a sample that counts.
    fn valid(self) -> bool;
}

impl Real for f32 {
    const NAN: Self = Self::NAN;
    const INFINITY: Self = Self::INFINITY;
    const NEG_INFINITY: Self = Self::NEG_INFINITY;
    const MAX: Self = Self::MAX;
    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn from_f64(x: f64) -> Self {
        x as Self
    }
    #[inline(always)]
    fn ceil_from(x: f64) -> Self {
        let rounded = x as Self;
        if f64::from(rounded) < x {
            rounded.next_up()
        } else {
            rounded
        }
    }
    #[inline(always)]
    fn valid(self) -> bool {
        self.abs() < Self::INFINITY
    }
}

impl Real for f64 {
    const NAN: Self = Self::NAN;
    const INFINITY: Self = Self::INFINITY;
    const NEG_INFINITY: Self = Self::NEG_INFINITY;
    const MAX: Self = Self::MAX;
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }
    #[inline(always)]
    fn from_f64(x: f64) -> Self {
        x
    }
    #[inline(always)]
    fn ceil_from(x: f64) -> Self {
        x
    }
    #[inline(always)]
    fn valid(self) -> bool {
        self.abs() < Self::INFINITY
    }
}
