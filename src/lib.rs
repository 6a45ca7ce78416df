//! Trains the planar-data network of any width on any GPU that WebGPU reaches, and shows that GPU and CPU agree.
//!
//! A [`Backend`](backend::Backend) loads a [`Dataset`](data::Dataset) and networks, its [`Session`](backend::Session)
//! advances them, and [`train`](train::train) drives it.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod backend;
pub mod checkpoint;
pub mod compare;
pub mod cpu;
pub mod data;
pub mod diagnose;
mod error;
pub mod gpu;
pub mod gradcheck;
pub mod measure;
pub mod metrics;
pub mod model;
pub mod plot;
pub mod predict;
pub mod report;
pub mod reproduce;
pub mod selftest;
pub mod sweep;
pub mod train;

pub use error::{Error, Result};

/// The README's example, compiled with the doctests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
