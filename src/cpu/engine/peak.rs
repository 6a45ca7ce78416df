//! The CPU's measured peak: how fast its threads, all at once, do arithmetic on registers alone.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use web_time::Instant;

use fearless_simd::{Simd, SimdBase, SimdFloat};

use super::instructions::{Operation, Token};
use super::math::splat;

/// Steps of each chain between two looks at the clock's flag: about ten microseconds.
const STEPS: usize = 4096;
/// Operations are counted over windows of this length.
const WINDOW: Duration = Duration::from_millis(8);
/// Windows of each mix of instructions; the best counts, since other work on the machine only ever takes away.
const WINDOWS: usize = 12;

/// What the chains are made of: multiply-adds alone, few and many, and with additions beside them, which some CPUs
/// do at the same time. Registers bound how many chains run without memory, and latency how many must.
const MIXES: [fn(Token) -> f64; 4] = [
    |token| token.run(Chains::<12, 0>),
    |token| token.run(Chains::<24, 0>),
    |token| token.run(Chains::<8, 6>),
    |token| token.run(Chains::<12, 12>),
];

/// `FMA` independent chains of multiply-adds beside `ADD` chains of additions; the floating-point operations done.
struct Chains<const FMA: usize, const ADD: usize>;

impl<const FMA: usize, const ADD: usize> Operation for Chains<FMA, ADD> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f64 {
        let (factor, term) = (splat(simd, black_box(0.999_9)), splat(simd, black_box(1e-4)));
        let (mut products, mut sums) = ([term; FMA], [term; ADD]);
        for _ in 0..STEPS {
            for product in &mut products {
                *product = product.mul_add(factor, term);
            }
            for sum in &mut sums {
                *sum += term;
            }
        }
        for end in products.into_iter().chain(sums) {
            black_box(end.reduce_sum());
        }
        ((2 * FMA + ADD) * STEPS * S::f32s::LEN) as f64
    }
}

/// Floating-point operations per second of `threads` threads together, of the mix that is fastest.
pub fn peak(token: Token, threads: usize) -> f64 {
    MIXES.into_iter().map(|mix| throughput(token, threads, mix)).fold(0.0, f64::max)
}

/// Operations per second of threads that all work at the same time: their counts over the same windows, the best one. A
/// thread that begins late lowers the first windows alone. If the system refuses threads, those that it grants count, and
/// if it grants none, the caller's.
fn throughput(token: Token, threads: usize, mix: fn(Token) -> f64) -> f64 {
    let stop = AtomicBool::new(false);
    let counts: Vec<AtomicU64> = (0..threads).map(|_| AtomicU64::new(0)).collect();
    let done = || counts.iter().map(|count| count.load(Relaxed)).sum::<u64>();
    thread::scope(|scope| {
        let stop = &stop;
        let mut started = 0;
        for count in &counts {
            let work = move || {
                while !stop.load(Relaxed) {
                    count.fetch_add(mix(token) as u64, Relaxed);
                }
            };
            if thread::Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
            started += 1;
        }
        let window = |_| {
            let (before, start) = (done(), Instant::now());
            while started == 0 && start.elapsed() < WINDOW {
                counts[0].fetch_add(mix(token) as u64, Relaxed);
            }
            thread::sleep(WINDOW.saturating_sub(start.elapsed()));
            let (after, seconds) = (done(), start.elapsed().as_secs_f64());
            (after - before) as f64 / seconds
        };
        let best = (0..WINDOWS).map(window).fold(0.0, f64::max);
        stop.store(true, Relaxed);
        best
    })
}
