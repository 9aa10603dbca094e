//! Eight numbers side by side, and the elementary functions of them.
//!
//! Plain loops that the compiler turns into vector instructions inside `simd::vectorize`. The elementary functions are
//! our own so that they vectorise and give the same bits on every machine; they are within 2 ulp.
#![allow(clippy::inline_always)]

use std::ops::{Add, Mul, Neg, Sub};

/// Numbers in a [`Pack`].
pub(super) const LANES: usize = 8;

/// Eight f64.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(64))]
pub(super) struct Pack(pub(super) [f64; LANES]);

impl Pack {
    pub(super) const ZERO: Self = Self([0.0; LANES]);

    #[inline(always)]
    pub(super) fn splat(x: f64) -> Self {
        Self([x; LANES])
    }

    #[inline(always)]
    pub(super) fn map(self, f: impl Fn(f64) -> f64) -> Self {
        let mut out = self;
        for l in 0..LANES {
            out.0[l] = f(self.0[l]);
        }
        out
    }

    #[inline(always)]
    pub(super) fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        let mut out = self;
        for l in 0..LANES {
            out.0[l] = f(self.0[l], other.0[l]);
        }
        out
    }

    #[inline(always)]
    pub(super) fn over(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }

    #[inline(always)]
    pub(super) fn sqrt(self) -> Self {
        self.map(f64::sqrt)
    }

    #[inline(always)]
    pub(super) fn clamp(self, bound: f64) -> Self {
        self.map(|x| if x > bound { bound } else { x })
            .map(|x| if x < -bound { -bound } else { x })
    }

    /// `yes` where `self > limit`, else `no`.
    #[inline(always)]
    pub(super) fn above(self, limit: Self, yes: Self, no: Self) -> Self {
        let mut out = no;
        for l in 0..LANES {
            out.0[l] = if self.0[l] > limit.0[l] {
                yes.0[l]
            } else {
                no.0[l]
            };
        }
        out
    }

    /// Sine and cosine of arguments up to some 1e5 (Cody and Waite's reduction, fdlibm's polynomials).
    #[inline(always)]
    pub(super) fn sin_cos(self) -> (Self, Self) {
        let (mut sin, mut cos) = (Self::ZERO, Self::ZERO);
        for l in 0..LANES {
            let x = self.0[l];
            let shifted = x * std::f64::consts::FRAC_2_PI + ROUND;
            let quarter = shifted - ROUND;
            let r = ((x - quarter * HALF_PI[0]) - quarter * HALF_PI[1]) - quarter * HALF_PI[2];
            let z = r * r;
            let s = r + r * z * horner(z, &SIN);
            let c = 1.0 - 0.5 * z + z * z * horner(z, &COS);
            let turn = shifted.to_bits();
            let (a, b) = if turn & 1 == 0 { (s, c) } else { (c, s) };
            sin.0[l] = if turn & 2 == 0 { a } else { -a };
            cos.0[l] = if (turn + 1) & 2 == 0 { b } else { -b };
        }
        (sin, cos)
    }

    /// Exponential, for arguments within +-700 (others are taken as the nearer end).
    #[inline(always)]
    pub(super) fn exp(self) -> Self {
        let mut out = self.clamp(700.0);
        for l in 0..LANES {
            let x = out.0[l];
            let shifted = x * std::f64::consts::LOG2_E + ROUND;
            let k = shifted - ROUND;
            let r = (x - k * LN_2[0]) - k * LN_2[1];
            let e = 1.0 + r + r * r * horner(r, &EXP);
            let power = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1023 << 52));
            out.0[l] = e * power;
        }
        out
    }
}

/// Adding it rounds to an integer, which then stands in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;
const HALF_PI: [f64; 3] = [
    1.570_796_251_296_997,
    7.549_789_415_861_596e-8,
    5.390_302_858_158_119e-15,
];
const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];
const SIN: [f64; 6] = [
    -1.666_666_666_666_663_2e-1,
    8.333_333_333_322_49e-3,
    -1.984_126_982_985_795e-4,
    2.755_731_370_707_006_8e-6,
    -2.505_076_025_340_686_3e-8,
    1.589_690_995_211_55e-10,
];
const COS: [f64; 6] = [
    4.166_666_666_666_66e-2,
    -1.388_888_888_887_411e-3,
    2.480_158_728_947_673e-5,
    -2.755_731_435_139_066_3e-7,
    2.087_572_321_298_175e-9,
    -1.135_964_755_778_819_5e-11,
];
/// 1/2!, 1/3!, ... 1/13!
const EXP: [f64; 12] = [
    1.0 / 2.0,
    1.0 / 6.0,
    1.0 / 24.0,
    1.0 / 120.0,
    1.0 / 720.0,
    1.0 / 5040.0,
    1.0 / 40_320.0,
    1.0 / 362_880.0,
    1.0 / 3_628_800.0,
    1.0 / 39_916_800.0,
    1.0 / 479_001_600.0,
    1.0 / 6_227_020_800.0,
];

#[inline(always)]
fn horner<const N: usize>(x: f64, coefficients: &[f64; N]) -> f64 {
    let mut sum = coefficients[N - 1];
    for i in (0..N - 1).rev() {
        sum = sum * x + coefficients[i];
    }
    sum
}

macro_rules! operator {
    ($trait:ident, $method:ident, $op:tt) => {
        impl $trait for Pack {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.zip(other, |a, b| a $op b)
            }
        }
        impl $trait<f64> for Pack {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: f64) -> Self {
                self.map(|a| a $op other)
            }
        }
    };
}
operator!(Add, add, +);
operator!(Sub, sub, -);
operator!(Mul, mul, *);

impl Neg for Pack {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.map(|a| -a)
    }
}

/// Eight complex numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Complex {
    pub(super) re: Pack,
    pub(super) im: Pack,
}

impl Complex {
    pub(super) const ZERO: Self = Self {
        re: Pack::ZERO,
        im: Pack::ZERO,
    };

    #[inline(always)]
    pub(super) fn new(re: Pack, im: Pack) -> Self {
        Self { re, im }
    }

    #[inline(always)]
    pub(super) fn times_i(self) -> Self {
        Self::new(-self.im, self.re)
    }

    /// Re(conj(self) other): the dot product of the two as vectors.
    #[inline(always)]
    pub(super) fn dot(self, other: Self) -> Pack {
        self.re * other.re + self.im * other.im
    }

    /// conj(self) other.
    #[inline(always)]
    pub(super) fn conj_mul(self, other: Self) -> Self {
        Self::new(self.dot(other), self.re * other.im - self.im * other.re)
    }

    #[inline(always)]
    pub(super) fn norm2(self) -> Pack {
        self.dot(self)
    }
}

impl Add for Complex {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self::new(self.re + other.re, self.im + other.im)
    }
}

impl Sub for Complex {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self::new(self.re - other.re, self.im - other.im)
    }
}

impl Mul for Complex {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self::new(
            self.re * other.re - self.im * other.im,
            self.re * other.im + self.im * other.re,
        )
    }
}

impl Mul<Pack> for Complex {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Pack) -> Self {
        Self::new(self.re * other, self.im * other)
    }
}

impl Mul<f64> for Complex {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: f64) -> Self {
        Self::new(self.re * other, self.im * other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elementary_functions_agree_with_the_standard_library() {
        for i in -20_000..20_000 {
            let x = f64::from(i) * 0.0173 + 1e-5;
            let (sin, cos) = Pack::splat(x).sin_cos();
            assert!(
                (sin.0[3] - x.sin()).abs() < 3e-16,
                "sin {x}: {} {}",
                sin.0[3],
                x.sin()
            );
            assert!(
                (cos.0[5] - x.cos()).abs() < 3e-16,
                "cos {x}: {} {}",
                cos.0[5],
                x.cos()
            );
            let e = Pack::splat(x).exp().0[1];
            assert!((e / x.exp() - 1.0).abs() < 5e-16, "exp {x}: {e}");
        }
        assert_eq!(Pack::splat(0.0).exp(), Pack::splat(1.0));
        assert_eq!(
            Pack::splat(0.0).sin_cos(),
            (Pack::splat(0.0), Pack::splat(1.0))
        );
    }
}
