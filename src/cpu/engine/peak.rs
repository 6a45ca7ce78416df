//! The CPU's measured peak: how fast its threads do fused multiply-adds on registers alone.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use fearless_simd::{Simd, SimdBase, SimdFloat};

use super::instructions::{Operation, Token};
use super::math::splat;

/// Sums that run side by side: more than latency times throughput of any CPU's multiply-add.
const CHAINS: usize = 12;
const ROUNDS: usize = 400_000;
/// How long to look for the best moment of a shared machine.
const PATIENCE: Duration = Duration::from_millis(200);

/// Chains of multiply-adds; the floating-point operations done.
struct Chains;

impl Operation for Chains {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f64 {
        let (factor, term) = (splat(simd, black_box(0.999_9)), splat(simd, black_box(1e-4)));
        let mut sums = [term; CHAINS];
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                *sum = sum.mul_add(factor, term);
            }
        }
        for sum in sums {
            black_box(sum.reduce_sum());
        }
        (2 * CHAINS * ROUNDS * S::f32s::LEN) as f64
    }
}

/// Floating-point operations a second of `threads` threads together, the best of several rounds.
pub fn peak(token: Token, threads: usize) -> f64 {
    let round = || {
        let start = Instant::now();
        let operations: f64 = thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| token.run(Chains))).collect();
            workers.into_iter().filter_map(|worker| worker.join().ok()).sum()
        });
        operations / start.elapsed().as_secs_f64()
    };
    let (start, mut best) = (Instant::now(), 0.0_f64);
    while best == 0.0 || start.elapsed() < PATIENCE {
        best = best.max(round());
    }
    best
}
