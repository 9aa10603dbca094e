//! Runtime choice of the instruction set, and prefetching. The only module with unsafe code.
//!
//! Kernels are plain loops over lanes that the compiler vectorises; [`vectorize`] compiles each loop three times
//! (AVX-512, AVX2, baseline) and calls the widest that the machine has. Fused multiply-add is never contracted in, so
//! that all three give the same bits.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicU8, Ordering};

/// An instruction set that [`vectorize`] can choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What the target guarantees: SSE2 on x86-64, NEON on aarch64.
    Baseline,
    /// AVX2.
    Avx2,
    /// AVX-512 F, BW, DQ, VL.
    Avx512,
}

impl Level {
    /// Its name as `build_info` prints it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// Bytes that its registers hold.
    #[must_use]
    pub fn register(self) -> usize {
        match self {
            Self::Baseline => 16,
            Self::Avx2 => 32,
            Self::Avx512 => 64,
        }
    }
}

/// The widest level that this machine has (cached by the standard library).
#[must_use]
pub fn level() -> Level {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
        {
            return Level::Avx512;
        }
        if is_x86_feature_detected!("avx2") {
            return Level::Avx2;
        }
    }
    Level::Baseline
}

static LIMIT: AtomicU8 = AtomicU8::new(Level::Avx512 as u8);

/// Lets [`vectorize`] use no set wider than `at` from now on, in the whole process.
///
/// For tests, which prove that results do not depend on it, and for benches.
pub fn limit(at: Level) {
    LIMIT.store(at as u8, Ordering::Relaxed);
}

fn limited() -> Level {
    let limit = LIMIT.load(Ordering::Relaxed);
    if limit == Level::Avx512 as u8 {
        Level::Avx512
    } else if limit == Level::Avx2 as u8 {
        Level::Avx2
    } else {
        Level::Baseline
    }
}

/// What [`vectorize`] uses now.
#[must_use]
pub fn in_use() -> Level {
    limited().min(level())
}

/// A loop to be compiled for each instruction set. Implement `run` with `#[inline(always)]`, and so everything it calls.
pub trait Vectorized {
    /// What the loop returns.
    type Output;
    /// The loop.
    fn run(self) -> Self::Output;
}

/// Runs `kernel` compiled for the widest instruction set of this machine, within the [`limit`].
#[inline]
pub fn vectorize<K: Vectorized>(kernel: K) -> K::Output {
    vectorize_at(limited(), kernel)
}

/// Runs `kernel` compiled for `at`, or for the widest set of this machine where it has not that one.
#[inline]
pub fn vectorize_at<K: Vectorized>(at: Level, kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    {
        match at.min(level()) {
            // SAFETY: `level` found the features on this machine.
            Level::Avx512 => return unsafe { run_avx512(kernel) },
            // SAFETY: as above.
            Level::Avx2 => return unsafe { run_avx2(kernel) },
            Level::Baseline => {}
        }
    }
    let _ = at;
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi1,bmi2,lzcnt,popcnt")]
unsafe fn run_avx512<K: Vectorized>(kernel: K) -> K::Output {
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt")]
unsafe fn run_avx2<K: Vectorized>(kernel: K) -> K::Output {
    kernel.run()
}

/// Asks for the cache line of `slice[index]`; past the end it does nothing.
#[inline(always)]
pub fn prefetch<T>(slice: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if index < slice.len() {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the address lies inside the slice, and a prefetch neither reads nor faults.
        unsafe { _mm_prefetch(slice.as_ptr().add(index).cast(), _MM_HINT_T0) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slice, index);
}

/// As [`prefetch`], for a line that will be written: it is taken from the other cores at once.
#[inline(always)]
pub fn prefetch_write<T>(slice: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if index < slice.len() {
        use core::arch::x86_64::{_MM_HINT_ET0, _mm_prefetch};
        // SAFETY: as above.
        unsafe { _mm_prefetch(slice.as_ptr().add(index).cast(), _MM_HINT_ET0) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slice, index);
}
