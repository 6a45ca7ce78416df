//! Trains the network of the exercise *Planar data classification with one hidden layer*, with any width and
//! activation, on any GPU that WebGPU reaches or on the CPU, and checks that GPU and CPU agree. This page is a short
//! book on the library; the README describes the command `planar`, which is built on it.
//!
//! # Quick start
//!
//! A [`Backend`](backend::Backend) loads a [`Dataset`](data::Dataset) and the networks to train on it, its
//! [`Session`](backend::Session) advances them, and [`train`](train::train) drives the session. Weights, data and
//! activations stay on the device; costs come back at the end of each chunk of iterations.
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
//! let mut session = Engine::new(None)?.load(&data, &[Run::new(network, parameters, 1.2)])?;
//! let outcome = train(session.as_mut(), Schedule::new(2000, None)?, |at| {
//!     println!("iteration {}: cost {:.6}", at.iteration, at.cost);
//!     ControlFlow::Continue(()) // Break would end the training here
//! })?;
//! assert!(data.accuracy(&outcome.evaluation.logits) > 0.88);
//! # Ok::<(), planar::Error>(())
//! ```
//!
//! Training is full-batch gradient descent, θ ← θ − α·dθ, on the mean binary cross-entropy, which is computed from the
//! logit. A network has one output and any number of hidden layers, all with the same activation;
//! [`Network::one_hidden`](model::Network::one_hidden) makes that of the exercise. To start from your own weights, use
//! [`Parameters::from_values`](model::Parameters::from_values).
//!
//! # One call
//!
//! [`fit::fit`] is the training that the command calls: from [`fit::Settings`] (data, network, start, device, files) to
//! [`fit::Fitted`], whose [`fit::Report`] has a JSON form. It chooses the device, writes checkpoints and metrics, and
//! evaluates the result on the held-out samples. [`sweep::Sweep`] does the same for many networks.
//!
//! ```
//! use planar::data::{HeldOut, Options, Source};
//! use planar::fit::{DataSettings, DeviceSettings, Files, RunSettings, Settings, fit};
//! use planar::model::Activation;
//!
//! let fitted = fit(
//!     &Settings {
//!         data: DataSettings {
//!             source: Source::Flower,
//!             options: Options::default(),
//!             held_out: Some(HeldOut::Fraction { share: 0.2, seed: 1 }),
//!         },
//!         run: RunSettings {
//!             hidden: vec![4],
//!             activation: Activation::Tanh,
//!             learning_rate: 1.2,
//!             ..RunSettings::default() // the notebook's weights, plain gradient descent
//!         },
//!         iterations: 2000,
//!         epochs: None,
//!         log_every: None, // ten times per run
//!         early_stopping: None,
//!         device: DeviceSettings::default(), // the faster of the CPU and a hardware GPU
//!         files: Files::default(), // no checkpoint, no metrics
//!         snapshots: false,
//!     },
//!     &mut (), // an Observer that ignores the progress
//! )?;
//! println!("cost {:?} on {}", fitted.report.last.cost, fitted.report.device.name);
//! # assert!(fitted.report.last.test_accuracy.is_some_and(|accuracy| accuracy > 0.8));
//! # Ok::<(), planar::Error>(())
//! ```
//!
//! # Choosing a device
//!
//! | backend | what it is | use it for |
//! |---|---|---|
//! | [`cpu::Engine`] | vector instructions and threads, `f32`, any depth | nearly everything: it is hard to beat below a few thousand units |
//! | [`gpu::Gpu`] | WGSL compute shaders, `f32` | wide networks, many samples, many networks |
//! | [`cpu::Reference`] | textbook loops, `f32` or `f64`, any depth | judging the other backends; `f64` |
//!
//! ```no_run
//! # #[cfg(feature = "gpu")] {
//! use planar::gpu::{Adapter, Choice, Gpu, plan::PlanChoice};
//!
//! let adapters = Adapter::all(); // best first; WGPU_BACKEND restricts the list
//! let adapter = Adapter::choose(&adapters, &Choice::Hardware)?; // Choice::Any allows a software adapter too
//! let gpu = Gpu::open(adapter)?.with_plan(PlanChoice::Split); // by default, the network's shape decides
//! # }
//! # Ok::<(), planar::Error>(())
//! ```
//!
//! [`fit::choose`] makes this choice by measuring; [`fit::choose_among`] takes GPUs that a front keeps open. [`Gpu::from_device`](gpu::Gpu::from_device) trains on a wgpu device
//! that you have opened. A front that must not block awaits [`Gpu::load_async`](gpu::Gpu::load_async), whose
//! [session](gpu::GpuSession) has async methods, and [`Gpu::forward_async`](gpu::Gpu::forward_async); it drives
//! [`train::Training`] itself, as the page in `bindings/web` does.
//! [`measure::speed`] measures a backend on your networks, and [`compare::check_backend`] checks that a driver computes
//! correctly before you rely on it. A `Gpu` can be cloned and shared between threads: all clones use the same device.
//!
//! # Your own data
//!
//! [`Dataset::from_points`](data::Dataset::from_points) takes points and labels, and [`data::table::read`] reads a file
//! of any two labels. There may be any number of features.
//! [`Source::prepare`](data::Source::prepare) also holds samples out, fills missing cells and scales features, and
//! [`data::table::samples`] treats new samples in the same way.
//! [`split`](data::Dataset::split) holds a share of each class out of training, and [`cpu::accuracy_on`] gives the
//! trained network's accuracy on it.
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
//! A session trains all the networks that it is given side by side: on a GPU in the same dispatches, on the CPU one per
//! core. Each network ends independently, finished or diverged, with the same bits as if it had trained alone.
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
//! let seeds = |seed| Run::initial(network.clone(), seed, 0.01, 0.5);
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
//! [`sweep::Sweep`] does this for grids and random draws of widths, rates and seeds, in batches that fit the device,
//! with a results file that survives being killed.
//!
//! # Comparing
//!
//! Training is chaotic: after a few thousand iterations, two correct devices diverge from each other. So
//! [`compare::compare`] compares single steps from the same weights, element by element, with the bound 1e-5·Σ|terms| +
//! 1e-9, and whether each side trains again to the same bits. It also tells when the cost curves part, and when the reference
//! parts from itself if it is only rounded otherwise.
//! [`gradcheck::check`] checks the gradients against central differences of the cost, and [`diagnose::diagnose`] finds
//! out why a training fails, and tries what it advises.
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
//! let run = Run::initial(network, 2, 0.01, 1.2);
//! let (f64, engine) = (Reference::<f64>::new(), Engine::new(None)?);
//! let found = compare([&f64, &engine], &data, &run, 100, Bounds::F32_TO_F64, |_| {})?;
//! assert!(found.agrees());
//! # Ok::<(), planar::Error>(())
//! ```
//!
//! # Keeping and showing
//!
//! [`checkpoint::Checkpoint`] saves a run in a safetensors file that NumPy can read; [`checkpoint::Weights`] reads any
//! safetensors file with W1, b1, W2, b2, … or PyTorch's names. [`Backend::forward`](backend::Backend::forward) gives the logits of new
//! samples, [`predict::predict`] their probabilities, and [`scores::Scores`] says what those are worth. [`plot`] draws boundaries, cost curves and heat maps as SVG
//! or PNG.
//!
//! # Errors
//!
//! Every function that can fail returns [`Result`]; an [`Error`] is one line that says what was wanted and what was
//! found.
//!
//! | error | what to do |
//! |---|---|
//! | [`Invalid`](Error::Invalid), [`Mismatch`](Error::Mismatch) | the call is wrong: correct the value that the error names |
//! | [`Limit`](Error::Limit) | the device is too small, which is found before anything is allocated: choose another plan, device or size |
//! | [`Conflict`](Error::Conflict) | two settings of the device exclude each other: leave one out |
//! | [`NoAdapter`](Error::NoAdapter) | train on [`cpu::Engine`] |
//! | [`Lost`](Error::Lost) | the device was lost and could not be replaced: load the last parameters on another device |
//! | [`Device`](Error::Device), [`Incomplete`](Error::Incomplete) | the device failed, and the result is void: load the last parameters again |
//! | [`Wrong`](Error::Wrong), [`Shader`](Error::Shader) | the driver computes or compiles wrongly: choose another plan or device |
//! | [`Io`](Error::Io), [`Csv`](Error::Csv), [`Checkpoint`](Error::Checkpoint), [`Results`](Error::Results) | correct or replace the file that the error names |
//! | [`Plot`](Error::Plot) | change the picture's size or format |
//!
//! A training that diverges is not an error: its [`Status`](train::Status) says so, and its last finite weights are
//! kept.
//!
//! # Features
//!
//! The default is `["gpu", "cli", "plot"]`; the library builds without any of them.
//!
//! | feature | brings | dependencies |
//! |---|---|---|
//! | `gpu` | `gpu`, `selftest`, `survey` | wgpu |
//! | `plot` | `plot` | plotters, resvg and others |
//! | `cli` | the command `planar` | clap, indicatif and others |
//! | `testing` | access for the project's own tests, outside the stable interface | none |
//!
//! # The public surface
//!
//! | module | main items |
//! |---|---|
//! | [`data`] | [`Dataset`](data::Dataset), [`flower`](data::flower) and six more, [`table`](data::table), [`Source`](data::Source), [`NumpyRandom`](data::numpy_random::NumpyRandom) |
//! | [`model`] | [`Network`](model::Network), [`Activation`](model::Activation), [`Parameters`](model::Parameters), [`Derivative`](model::Derivative) |
//! | [`backend`] | the traits [`Backend`](backend::Backend) and [`Session`](backend::Session), [`Run`](backend::Run), [`Chunk`](backend::Chunk), [`Evaluation`](backend::Evaluation), [`DeviceInfo`](backend::DeviceInfo), [`PlanChoice`](backend::PlanChoice) |
//! | [`fit`] | [`fit`](fit::fit), [`Settings`](fit::Settings), [`Observer`](fit::Observer), [`Fitted`](fit::Fitted), [`Report`](fit::Report), [`choose`](fit::choose) |
//! | [`cpu`] | [`Engine`](cpu::Engine), [`Reference`](cpu::Reference), [`accuracy_on`](cpu::accuracy_on), [`evaluate_on`](cpu::evaluate_on), [`logits_at`](cpu::logits_at) |
//! | [`gpu`] | [`Adapter`](gpu::Adapter), [`Choice`](gpu::Choice), [`Gpu`](gpu::Gpu), [`PlanChoice`](gpu::plan::PlanChoice) |
//! | [`train`] | [`train`](train::train), [`train_all`](train::train_all), [`Training`](train::Training), [`Schedule`](train::Schedule), [`Event`](train::Event), [`Outcome`](train::Outcome), [`Status`](train::Status) |
//! | [`sweep`] | [`Sweep`](sweep::Sweep), [`run`](sweep::run), [`grid`](sweep::grid), [`results`](sweep::results), [`summary`](sweep::summary) |
//! | [`compare`], [`gradcheck`], [`diagnose`] | [`compare`](compare::compare), [`check`](gradcheck::check), [`diagnose`](diagnose::diagnose), and their results |
//! | [`checkpoint`], [`metrics`], [`predict`], [`scores`], [`plot`] | [`Checkpoint`](checkpoint::Checkpoint), [`Weights`](checkpoint::Weights), [`Contents`](checkpoint::Contents); [`predict`](predict::predict); [`Scores`](scores::Scores); [`Boundary`](plot::Boundary), [`CostPlot`](plot::CostPlot), [`write`](plot::write) |
//! | [`text`] | [`visible`](text::visible) |
//! | [`measure`], [`selftest`], [`survey`], [`reproduce`] | [`speed`](measure::speed); [`run`](selftest::run); [`survey`](survey::survey); [`reproduce`](reproduce::reproduce) and [`claims`](reproduce::claims) |
//!
//! `examples/` has one program for each of the first chapters.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod backend;
pub mod checkpoint;
pub mod compare;
pub mod cpu;
pub mod data;
pub mod diagnose;
mod error;
pub mod files;
pub mod fit;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod gradcheck;
pub mod measure;
mod memory;
pub mod metrics;
pub mod model;
mod names;
pub mod optim;
#[cfg(feature = "plot")]
pub mod plot;
pub mod predict;
pub mod reproduce;
pub mod scores;
#[cfg(feature = "gpu")]
pub mod selftest;
#[cfg(feature = "gpu")]
pub mod survey;
pub mod sweep;
pub mod text;
pub mod train;

pub use error::{Conflict, Error, Result};

/// The README's example, compiled with the doctests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
