//! The vector instructions that the engine computes with, detected at run time.

use std::fmt;

use fearless_simd::{Level, Simd};

use crate::{Error, Result};

/// A set of vector instructions, the narrowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instructions {
    /// Available on every CPU, but left out of WebAssembly with vectors; the compiler may still use the target's baseline.
    Scalar,
    /// 4 lanes, every 64-bit ARM.
    Neon,
    /// 8 lanes, x86-64 with AVX2 and FMA.
    Avx2,
    /// 16 lanes, x86-64 from Ice Lake and Zen 4 on.
    Avx512,
    /// 4 lanes, WebAssembly; it is compiled in or not, since a browser cannot be asked.
    Simd128,
}

impl Instructions {
    /// The sets that this CPU has, the narrowest first.
    pub fn available() -> Vec<Self> {
        [Self::Scalar, Self::Neon, Self::Avx2, Self::Avx512, Self::Simd128]
            .into_iter()
            .filter(|instructions| instructions.token().is_some())
            .collect()
    }

    /// The widest set that this CPU has.
    pub fn best() -> Self {
        Self::available().last().copied().unwrap_or(Self::Scalar)
    }

    /// The proof that the CPU has these instructions, if it does.
    fn token(self) -> Option<Token> {
        let level = Level::new();
        match self {
            #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
            Self::Scalar => match Level::fallback() {
                Level::Fallback(token) => Some(Token::Scalar(token)),
                #[allow(unreachable_patterns, reason = "the only variant on targets without vectors")]
                _ => None,
            },
            #[cfg(target_arch = "aarch64")]
            Self::Neon => level.as_neon().map(Token::Neon),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => level.as_avx2().map(Token::Avx2),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => level.as_avx512().map(Token::Avx512),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::Simd128 => level.as_wasm_simd128().map(Token::Simd128),
            #[allow(unreachable_patterns, reason = "sets of other architectures")]
            _ => {
                let _ = level;
                None
            }
        }
    }
}

impl fmt::Display for Instructions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scalar => "scalar",
            Self::Neon => "NEON",
            Self::Avx2 => "AVX2",
            Self::Avx512 => "AVX-512",
            Self::Simd128 => "SIMD128",
        })
    }
}

/// An instruction set that the CPU is known to have.
#[derive(Clone, Copy, Debug)]
pub(super) enum Token {
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    Scalar(fearless_simd::Fallback),
    #[cfg(target_arch = "aarch64")]
    Neon(fearless_simd::aarch64::Neon),
    #[cfg(target_arch = "x86_64")]
    Avx2(fearless_simd::x86::Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(fearless_simd::x86::Avx512),
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    Simd128(fearless_simd::wasm32::WasmSimd128),
}

/// A computation written once for all instruction sets. `run` is `#[inline(always)]` in every implementation,
/// so that it is compiled anew with each set's instructions.
pub(super) trait Operation {
    type Output;
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

impl Token {
    /// # Errors
    /// [`Error::Invalid`] if the CPU lacks the instructions.
    pub fn new(instructions: Instructions) -> Result<Self> {
        instructions.token().ok_or_else(|| {
            let names: Vec<_> = Instructions::available().iter().map(ToString::to_string).collect();
            Error::invalid("the instruction set", format!("one that this CPU has ({})", names.join(", ")), instructions)
        })
    }

    /// Runs an operation compiled for this set.
    pub fn run<O: Operation>(self, operation: O) -> O::Output {
        fn vectorized<S: Simd, O: Operation>(simd: S, operation: O) -> O::Output {
            simd.vectorize(
                #[inline(always)]
                || operation.run(simd),
            )
        }
        match self {
            #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
            Self::Scalar(simd) => vectorized(simd, operation),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(simd) => vectorized(simd, operation),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd) => vectorized(simd, operation),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(simd) => vectorized(simd, operation),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::Simd128(simd) => vectorized(simd, operation),
        }
    }

    /// The number of f32 in a register.
    pub fn lanes(self) -> usize {
        struct Lanes;
        impl Operation for Lanes {
            type Output = usize;
            #[inline(always)]
            fn run<S: Simd>(self, _: S) -> usize {
                use fearless_simd::SimdBase;
                S::f32s::LEN
            }
        }
        self.run(Lanes)
    }
}
