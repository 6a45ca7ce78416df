//! Trains the network of the exercise *Planar data classification with one hidden layer*, any width, any activation, on any
//! GPU that WebGPU reaches or on the CPU, and shows that GPU and CPU agree. This page is a short book on the library; the
//! command `planar`, built on it, is described in the README.
//!
//! # Quick start
//!
//! A [`Backend`](backend::Backend) loads a [`Dataset`](data::Dataset) and networks to train on it, its
//! [`Session`](backend::Session) advances them, and [`train`](train::train) drives the session. Weights, data and activations
//! stay on the device; costs come back at the end of each chunk of iterations.
//!
//! ```
//! use std::ops::ControlFlow;
//! use planar::backend::{Backend, Run};
//! use planar::cpu::Engine;
//! use planar::data::flower;
//! use planar::model::{Activation, Network, Parameters};
//! use planar::train::{Schedule, train};
//!
//! let data = flower(400, 1)?; // the notebook's 400 points, bit for bit
//! let network = Network::one_hidden(data.features(), 4, Activation::Tanh)?;
//! let parameters = Parameters::initial(&network, 2, 0.01); // NumPy's randn with seed 2, times 0.01
//! let mut session = Engine::new(None)?.load(&data, &[Run { network, parameters, learning_rate: 1.2 }])?;
//! let outcome = train(session.as_mut(), Schedule::new(2000, None)?, |at| {
//!     println!("iteration {}: cost {:.6}", at.iteration, at.cost);
//!     ControlFlow::Continue(()) // Break ends the training here
//! })?;
//! assert!(data.accuracy(&outcome.evaluation.logits) > 0.88);
//! # Ok::<(), planar::Error>(())
//! ```
//!
//! Full-batch gradient descent, θ ← θ − α·dθ, on the mean of the binary cross-entropy, which is computed from the logit.
//! Networks have any number of hidden layers of one activation and one output; [`Network::one_hidden`](model::Network::one_hidden)
//! is the exercise's. Weights are those of [`Parameters::from_values`](model::Parameters::from_values) if you bring your own.
//!
//! # One call
//!
//! [`fit::fit`] is the training that the command calls: from [`fit::Settings`] (data, network, start, device, files) to
//! [`fit::Fitted`], whose [`fit::Report`] has a JSON form. It chooses the device, keeps checkpoints and metrics, and evaluates
//! the result on the samples held out. [`sweep::Sweep`] does the same for many networks. Their modules have examples.
//!
//! # Choosing a device
//!
//! | backend | what it is | take it for |
//! |---|---|---|
//! | [`cpu::Engine`] | vector instructions and threads, `f32`, one hidden layer | nearly everything on this exercise: it is hard to beat below some thousand units |
//! | [`gpu::Gpu`] | WGSL compute shaders, `f32` | wide networks, many samples, many networks |
//! | [`cpu::Reference`] | a textbook, `f32` or `f64`, any depth | judging the others; `f64` |
//!
//! ```no_run
//! # #[cfg(feature = "gpu")] {
//! use planar::gpu::{Adapter, Choice, Gpu, plan::PlanChoice};
//!
//! let adapters = Adapter::all(); // best first; WGPU_BACKEND narrows them
//! let adapter = Adapter::choose(&adapters, &Choice::Hardware)?; // Any: a software adapter too
//! let gpu = Gpu::open(adapter)?.with_plan(PlanChoice::Fused); // or leave the plan to the shape
//! # }
//! # Ok::<(), planar::Error>(())
//! ```
//!
//! [`Gpu::from_device`](gpu::Gpu::from_device) trains on a wgpu device that you have opened.
//! [`measure::speed`] tells which backend is faster for your networks, and [`compare::check_backend`] whether a
//! driver computes right, before you rely on it. A `Gpu` can be cloned and shared by threads: clones are of one device.
//!
//! # Your own data
//!
//! [`Dataset::from_points`](data::Dataset::from_points) takes points and labels, [`data::csv::read`] a file. Up to
//! [`MAX_FEATURES`](data::MAX_FEATURES) features, labels 0 and 1. [`split`](data::Dataset::split) holds a share of each class
//! out of training, for [`cpu::accuracy_on`] to judge the trained network by.
//!
//! ```
//! use planar::data::Dataset;
//!
//! let points = [0.1, 1.2, 0.3, 0.9, -1.0, 0.4, -0.8, 0.2]; // samples × features
//! let data = Dataset::from_points("mine", None, 2, &points, vec![1, 1, 0, 0])?;
//! let (train_on, held_out) = data.split(0.5, 1)?;
//! assert_eq!((train_on.samples(), held_out.samples()), (2, 2));
//! # Ok::<(), planar::Error>(())
//! ```
//!
//! # Many networks
//!
//! A session trains as many networks side by side as it is given: on a GPU in the same dispatches, on the CPU one a core.
//! Each ends by itself, converged, diverged or done, and to the same bits as if it had trained alone.
//!
//! ```
//! use std::ops::ControlFlow;
//! use planar::backend::{Backend, Run};
//! use planar::cpu::Engine;
//! use planar::data::flower;
//! use planar::model::{Network, Parameters};
//! use planar::train::{Event, Schedule, train_all};
//!
//! let data = flower(400, 1)?;
//! let network = Network::one_hidden(2, 8, "leaky-relu:0.01".parse()?)?;
//! let seeds = |seed| Run {
//!     network: network.clone(),
//!     parameters: Parameters::initial(&network, seed, 0.01),
//!     learning_rate: 0.5,
//! };
//! let runs: Vec<Run> = (0..20).map(seeds).collect();
//! let mut session = Engine::new(None)?.load(&data, &runs)?;
//! let outcomes = train_all(session.as_mut(), &vec![Schedule::new(500, None)?; 20], |event| {
//!     if let Event::Ended { network, outcome } = event {
//!         println!("seed {network}: {:?} after {}", outcome.status, outcome.iterations);
//!     }
//!     ControlFlow::Continue(())
//! })?;
//! assert_eq!(outcomes.len(), 20);
//! # Ok::<(), planar::Error>(())
//! ```
//!
//! [`sweep`] does this for grids and draws of widths, rates and seeds, in batches that fit the device, with a results file
//! that survives being killed.
//!
//! # Comparing
//!
//! Training is chaotic: after some thousand iterations two right devices part. So [`compare::compare`] holds one step from
//! the same weights to 1e-5·Σ|terms| + 1e-9, element by element, and tells beside the cost curves when `f64` parts from
//! itself. [`gradcheck::check`] holds the gradients to central differences of the cost, and [`diagnose::diagnose`] says why a
//! training diverges.
//!
//! ```
//! use planar::backend::Run;
//! use planar::compare::{Bounds, compare};
//! use planar::cpu::{Engine, Reference};
//! use planar::data::flower;
//! use planar::model::{Activation, Network, Parameters};
//!
//! let data = flower(400, 1)?;
//! let network = Network::one_hidden(2, 20, Activation::Tanh)?;
//! let run = Run { parameters: Parameters::initial(&network, 2, 0.01), network, learning_rate: 1.2 };
//! let (f64, engine) = (Reference::<f64>::new(), Engine::new(None)?);
//! let found = compare([&f64, &engine], &data, &run, 100, Bounds::F32_TO_F64, |_| {})?;
//! assert!(found.agrees());
//! # Ok::<(), planar::Error>(())
//! ```
//!
//! # Keeping and showing
//!
//! [`checkpoint::Checkpoint`] keeps a run in a safetensors file that NumPy reads; [`checkpoint::Weights`] reads anyone's.
//! [`predict::predict`] gives the probabilities of new samples. [`plot`] draws boundaries, cost curves and heat
//! maps, as SVG or PNG.
//!
//! # Errors
//!
//! Every function that can fail returns [`Result`]; an [`Error`] is one line that says what was wanted and what was there.
//!
//! | error | what to do |
//! |---|---|
//! | [`Invalid`](Error::Invalid), [`Mismatch`](Error::Mismatch) | the call is wrong: mend the value that it names |
//! | [`Limit`](Error::Limit) | the device is too small; found before anything is allocated. Another plan, device or size |
//! | [`Conflict`](Error::Conflict) | two settings of a device exclude each other: leave one out |
//! | [`NoAdapter`](Error::NoAdapter) | train on [`cpu::Engine`] |
//! | [`Lost`](Error::Lost) | the device was lost for the second time, or is gone: load on another, from the last parameters |
//! | [`Device`](Error::Device), [`Incomplete`](Error::Incomplete) | the device failed, and the result is void: load again, from the last parameters |
//! | [`Wrong`](Error::Wrong), [`Shader`](Error::Shader) | the driver computes or compiles wrong: another plan or device |
//! | [`Io`](Error::Io), [`Csv`](Error::Csv), [`Checkpoint`](Error::Checkpoint), [`Results`](Error::Results) | the file that they name |
//! | [`Plot`](Error::Plot) | the picture's size or format |
//!
//! A training that diverges is no error: its [`Status`](train::Status) says so, and its last finite weights are there.
//!
//! # Features
//!
//! `default = ["gpu", "cli", "plot"]`; the library builds with none of them.
//!
//! | feature | brings | dependencies |
//! |---|---|---|
//! | `gpu` | `gpu`, `selftest` | wgpu |
//! | `testing` | doors that the project's own tests use | none |
//! | `plot` | `plot` | plotters, resvg |
//! | `cli` | the command `planar` | clap, indicatif and others |
//!
//! # The public surface
//!
//! | module | of it |
//! |---|---|
//! | [`data`] | [`Dataset`](data::Dataset), [`flower`](data::flower) and four more, [`csv`](data::csv), [`Source`](data::Source) by its name, [`NumpyRandom`](data::numpy_random::NumpyRandom) |
//! | [`model`] | [`Network`](model::Network), [`Activation`](model::Activation), [`Parameters`](model::Parameters), [`Derivative`](model::Derivative) |
//! | [`backend`] | the traits [`Backend`](backend::Backend) and [`Session`](backend::Session), [`Run`](backend::Run), [`Chunk`](backend::Chunk), [`Evaluation`](backend::Evaluation), [`DeviceInfo`](backend::DeviceInfo) |
//! | [`fit`] | [`fit`](fit::fit), [`Settings`](fit::Settings), [`Observer`](fit::Observer), [`Report`](fit::Report), [`choose`](fit::choose) |
//! | [`cpu`] | [`Engine`](cpu::Engine), [`Reference`](cpu::Reference), [`accuracy_on`](cpu::accuracy_on), [`logits_at`](cpu::logits_at) |
//! | [`gpu`] | [`Adapter`](gpu::Adapter), [`Choice`](gpu::Choice), [`Gpu`](gpu::Gpu), [`PlanChoice`](gpu::plan::PlanChoice) |
//! | [`train`] | [`train`](train::train), [`train_all`](train::train_all), [`Training`](train::Training), [`Schedule`](train::Schedule), [`Event`](train::Event), [`Outcome`](train::Outcome), [`Status`](train::Status) |
//! | [`sweep`] | [`run`](sweep::run), [`grid`](sweep::grid), [`results`](sweep::results), [`summary`](sweep::summary) |
//! | [`compare`], [`gradcheck`], [`diagnose`] | [`compare`](compare::compare), [`check`](gradcheck::check), [`diagnose`](diagnose::diagnose) and what they find |
//! | [`checkpoint`], [`metrics`], [`predict`], [`plot`] | [`Checkpoint`](checkpoint::Checkpoint), [`Weights`](checkpoint::Weights); [`predict`](predict::predict); [`Boundary`](plot::Boundary), [`CostPlot`](plot::CostPlot), [`write`](plot::write) |
//! | [`measure`], [`selftest`], [`reproduce`] | [`speed`](measure::speed); [`run`](selftest::run); [`reproduce`](reproduce::reproduce) and [`claims`](reproduce::claims) |
//!
//! `examples/` has a program for each of the first chapters.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod backend;
pub mod checkpoint;
pub mod compare;
pub mod cpu;
pub mod data;
pub mod diagnose;
mod error;
pub mod fit;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod gradcheck;
pub mod measure;
pub mod metrics;
pub mod model;
#[cfg(feature = "plot")]
pub mod plot;
pub mod predict;
pub mod reproduce;
#[cfg(feature = "gpu")]
pub mod selftest;
pub mod sweep;
pub mod train;

pub use error::{Conflict, Error, Result};

/// The README's example, compiled with the doctests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
