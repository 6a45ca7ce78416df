//! Checkpoints of the page and of the command, opened.

use std::path::Path;
use std::rc::Rc;

use planar::backend::Run;
use planar::checkpoint::{Checkpoint, Description};
use planar::data::Source;
use planar::fit::Start;
use planar::model::{Derivative, Hidden};
use planar::optim;
use planar::{Error, Result};

use crate::kept::{Kept, Loaded, PRECISION};
use crate::samples::{Brought, Samples};
use crate::settings::Settings;

/// The shares that the page holds out.
const SHARES: [f64; 4] = [0.1, 0.2, 0.3, 0.5];
/// By how many the number of all samples may differ from what a share says.
const ROUNDED: [isize; 5] = [0, 1, -1, 2, -2];
/// Seeds of generated samples that are tried where a checkpoint's are not at hand.
const SEEDS: std::ops::RangeInclusive<u32> = 0..=10;

/// Opens a checkpoint on the samples that it was trained on: those at hand, or the generated set that it names.
///
/// # Errors
/// [`Error::Checkpoint`] if it is none, or if its samples are not at hand.
pub fn load(name: &str, bytes: &[u8], now: Option<(Settings, Rc<Samples>)>) -> Result<Loaded> {
    let path = Path::new(if name.is_empty() { "the file" } else { name });
    let refuse = |problem: String| Error::Checkpoint { path: path.into(), problem };
    let Checkpoint { state, parameters, moments, .. } = Checkpoint::parse(path, bytes)?;
    let of = &state.description;
    if of.precision != PRECISION {
        return Err(refuse(format!("is of a run in {}, and a browser computes in {PRECISION}", of.precision)));
    }
    let data_seed = now.as_ref().and_then(|(settings, _)| settings.data_seed);
    let at_hand = now.filter(|(_, samples)| samples.data().sha256() == of.data_hash);
    let (base, samples) = match at_hand {
        Some(found) => found,
        None => generated(of, data_seed).ok_or_else(|| {
            let data = &of.data;
            refuse(format!("was trained on {} samples of {data} that are not at hand: open them first", of.samples))
        })?,
    };
    let borrowed = of.derivative.parse::<Derivative>().ok().and_then(|derivative| derivative.borrowed);
    let Some(hidden) = of.widths.get(1..of.widths.len().saturating_sub(1)) else {
        return Err(refuse("names no network".into()));
    };
    let mut settings = Settings {
        hidden: Hidden::from(hidden.to_vec()).to_string(),
        activation: of.activation.clone(),
        backward: borrowed.map(|borrowed| borrowed.to_string()),
        output: of.output.to_string(),
        optimizer: of.recipe.optimizer.to_string(),
        rate: of.learning_rate,
        batch: of.recipe.batch_size.unwrap_or(0),
        l2: of.recipe.l2,
        ..base
    };
    if let Some((seed, scale)) = seeded(&state.start) {
        (settings.seed, settings.start) = (seed, scale);
    }
    settings.iterations = settings.iterations.max(state.iteration + 1);
    // the network of the settings has the weights of the file, and all of its recipe
    let begun = settings.run()?.seeded(samples.data())?;
    if begun.network.derivative().to_string() != of.derivative {
        return Err(refuse(format!("is of a network of {}, which a browser cannot train", of.derivative)));
    }
    if begun.parameters.layout() != parameters.layout() {
        return Err(refuse("holds the weights of another network than it names".into()));
    }
    let run = Run { parameters, recipe: of.recipe, state: optim::State { updates: state.iteration, moments }, ..begun };
    let kept = Kept { start: state.start.clone(), iteration: state.iteration, state };
    Ok(Loaded { settings, samples, run, kept })
}

/// The generated set that a description names, if it is one to the bit: whole or with a share held out that the page offers, of
/// its usual seed, the one at hand, or a small one. A checkpoint holds neither share nor seed.
fn generated(of: &Description, data_seed: Option<u32>) -> Option<(Settings, Rc<Samples>)> {
    let source = Source::GENERATED.into_iter().find(|source| source.to_string() == of.data)?;
    let all = |share: f64| (of.samples as f64 / (1.0 - share)).round() as usize;
    // what is held out of each class is rounded by itself
    let divided =
        || SHARES.into_iter().flat_map(|share| ROUNDED.map(|by| (share, all(share).saturating_add_signed(by))));
    let whole = || std::iter::once((0.0, of.samples)).chain(divided());
    let seeds = [None, data_seed].into_iter().chain(SEEDS.map(Some));
    for (seed, (share, samples)) in seeds.flat_map(|seed| whole().map(move |of| (seed, of))) {
        let settings = Settings {
            data: source.to_string(),
            samples: Some(samples),
            data_seed: seed,
            held_out: share,
            ..Settings::default()
        };
        // a set that cannot be made is not the one
        let made = Samples::new(&settings, &Brought::default()).ok();
        if let Some(samples) = made.filter(|samples| samples.data().sha256() == of.data_hash) {
            return Some((settings, Rc::new(samples)));
        }
    }
    None
}

/// Seed and scale out of `seed 2, scale 0.01`.
fn seeded(start: &str) -> Option<(u32, String)> {
    let (seed, scale) = start.strip_prefix("seed ")?.split_once(", scale ")?;
    let seed = seed.parse().ok()?;
    let is_usual = Start { seed, scale: scale.parse().ok()?, ..Start::default() }.to_string() == start;
    is_usual.then(|| (seed, scale.to_owned()))
}
