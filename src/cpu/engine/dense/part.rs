//! The gradient's sums over a part of a batch, panel by panel.

use std::ops::Range;

use fearless_simd::Simd;

use super::super::instructions::Operation;
use super::super::line::{LINE, Line, flat, flat_mut, zeros};
use super::layers::Layers;
use super::panel::{LINES, WIDTH};
use super::panels::Panels;
use super::pass::{Functions, Pass, Run};
use super::samples::{Batch, Samples};
use super::wide::Wide;
use crate::optim::Dropout;

/// The panels that f32 sums run over before they are added to f64 sums.
const RUN: usize = 16;

/// The work of a part, in products of a weight and a sample: several microseconds.
const WORK: usize = 100_000;

/// The most parts.
const MOST: usize = 32;

/// The most numbers in the sums of all parts together, a quarter of a gigabyte.
const NUMBERS: usize = 1 << 26;

/// Such products that the functions of a unit cost.
const COST_OF_UNIT: usize = 8;

/// How many parts a batch has: a power of two that follows from the shape alone, whatever the number of threads.
pub fn parts(layers: &Layers, samples: usize) -> usize {
    let units: usize = layers.layers().iter().map(|layer| layer.units).sum();
    let lines = samples.div_ceil(LINE);
    let work = (layers.len() + COST_OF_UNIT * units).saturating_mul(lines * LINE) / WORK;
    let most = MOST.min(NUMBERS / layers.len().max(1)).max(1);
    // a part has a whole panel at least: with fewer samples, the weights would be loaded too often
    1 << work.min(lines / LINES).clamp(1, most).ilog2()
}

/// Whether each part is one panel at most. The sums are then the same whether the parts are added up in turn or go on from one
/// to the next.
pub fn are_panels(parts: usize, samples: usize) -> bool {
    samples.div_ceil(LINE).div_ceil(parts) * LINE <= WIDTH
}

/// The places that one of a batch's parts has, in whole lines.
pub fn places(part: usize, parts: usize, samples: usize) -> Range<usize> {
    let lines = samples.div_ceil(LINE);
    let place = |part: usize| (lines * part / parts * LINE).min(samples);
    place(part)..place(part + 1)
}

/// The places of each panel of a batch, part by part.
pub fn panels(parts: usize, samples: usize) -> impl Iterator<Item = Range<usize>> {
    (0..parts).map(move |part| places(part, parts, samples)).flat_map(|places| {
        let end = places.end;
        places.step_by(WIDTH).map(move |first| first..end.min(first + WIDTH))
    })
}

/// Sums over the samples of a part, not yet divided by their weight.
#[derive(Default)]
pub struct Part {
    /// dθ, as the parameters lie.
    pub sums: Vec<Line>,
    /// dθ of more panels than an f32 sum runs over.
    totals: Vec<f64>,
    /// Σ weight·loss.
    pub cost: f64,
    /// Σ weight.
    pub weight: f64,
    /// Z of the outputs, row-major (samples × outputs), of an evaluation.
    pub logits: Vec<f64>,
}

/// What a part is computed from.
pub struct Task<'a> {
    pub functions: Functions,
    pub theta: &'a [Line],
    pub samples: &'a Samples,
    pub batch: Batch<'a>,
    pub places: Range<usize>,
    pub panels: &'a mut Panels,
    pub part: &'a mut Part,
    /// Whether the part's sums are gone on from.
    pub goes_on: bool,
    /// What computes the first layer, if not the passes, and the number of the part's first panel there.
    pub below: Option<(&'a Wide, usize)>,
}

impl Task<'_> {
    /// Calls `act` with a pass over each panel of samples in turn, and the number of the panel.
    #[inline(always)]
    fn panels<S: Simd>(&mut self, simd: S, mut act: impl FnMut(&mut Pass<S>, &mut Part, usize, Range<usize>)) {
        if !self.goes_on {
            (self.part.cost, self.part.weight) = (0.0, 0.0);
        }
        self.part.weight += self.samples.weight(self.batch, self.places.clone());
        for (k, first) in self.places.clone().step_by(WIDTH).enumerate() {
            let places = first..self.places.end.min(first + WIDTH);
            match self.below {
                None => self.samples.gather(simd, self.batch, places.clone(), self.panels),
                Some((wide, first)) => {
                    self.samples.put_targets(self.batch, places.clone(), self.panels);
                    wide.fetch(first + k, self.panels);
                }
            }
            let (theta, samples, first) = (flat(self.theta), places.len(), usize::from(self.below.is_some()));
            let mut pass = Pass { simd, functions: self.functions, theta, panels: &mut *self.panels, samples, first };
            act(&mut pass, self.part, k, places);
            if let Some((wide, first)) = self.below {
                wide.keep(first + k, &self.panels.deltas[0]);
            }
        }
    }
}

/// The sums of a part.
pub struct Gradient<'a> {
    pub task: Task<'a>,
    pub dropout: Dropout,
    /// Updates done before.
    pub update: u64,
}

impl Operation for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { mut task, dropout, update } = self;
        let (len, panels, goes_on) = (task.theta.len(), task.places.len().div_ceil(WIDTH), task.goes_on);
        if task.part.sums.len() != len {
            task.part.sums = zeros(len);
        }
        task.part.totals.clear();
        task.part.totals.resize(if panels > RUN { len * LINE } else { 0 }, 0.0);
        task.panels(simd, |pass, part, k, places| {
            pass.forward(|layer, a, slopes| {
                if !dropout.is_none() {
                    drop_units(simd, dropout, update, layer, 0, places.clone(), a, slopes);
                }
            });
            part.cost += pass.output();
            let run = Run { begins: k % RUN == 0, ends: k % RUN == RUN - 1 || k + 1 == panels, goes_on };
            pass.backward(flat_mut(&mut part.sums), run);
            if run.ends {
                part.totals.iter_mut().zip(flat(&part.sums)).for_each(|(total, sum)| *total += f64::from(*sum));
            }
        });
        let Part { sums, totals, .. } = task.part;
        flat_mut(sums).iter_mut().zip(&*totals).for_each(|(sum, total)| *sum = *total as f32);
    }
}

/// The cost and the logits of a part, with no unit dropped.
pub struct Evaluate<'a>(pub Task<'a>);

impl Operation for Evaluate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        self.0.part.logits.clear();
        self.0.panels(simd, |pass, part, _, _| {
            pass.forward(|_, _, _| {});
            part.logits.extend(pass.logits());
            part.cost += pass.output();
        });
    }
}

/// Multiplies A and g′ of each unit, from number `first` of the layer on, by 0 where it is dropped, else by 1 / (1 − rate).
#[expect(clippy::too_many_arguments, reason = "where the numbers are is six of them")]
pub fn drop_units<S: Simd>(
    simd: S,
    dropout: Dropout,
    update: u64,
    layer: usize,
    first: usize,
    places: Range<usize>,
    a: &mut [f32],
    slopes: &mut [f32],
) {
    simd.vectorize(
        #[inline(always)]
        || {
            let factor: f32 = dropout.factor();
            for (unit, (a, slopes)) in a.chunks_exact_mut(WIDTH).zip(slopes.chunks_exact_mut(WIDTH)).enumerate() {
                let mask = dropout.mask(update, layer, first + unit);
                for (lane, (a, slope)) in a.iter_mut().zip(slopes).enumerate() {
                    let kept = if mask.keeps(places.start + lane) { factor } else { 0.0 };
                    *a *= kept;
                    *slope *= kept;
                }
            }
        },
    );
}
