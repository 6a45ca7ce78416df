//! The terminal as the observer of a training: a bar, and lines on stderr.

use std::ops::ControlFlow;

use planar::checkpoint::Origin;
use planar::data::Dataset;
use planar::data::table::Progress;
use planar::fit::{Advanced, Note, Observer};

use super::picture::PictureArguments;
use super::progress::{At, Progress as Bar, ReadBar};
use super::{Verbosity, again, signals, table};

/// What the terminal shows while a network trains.
pub struct Terminal<'a> {
    picture: Option<&'a PictureArguments>,
    /// Whether pictures of other runs are overwritten.
    force: bool,
    verbosity: Verbosity,
    bar: Option<Bar>,
    reading: Option<ReadBar>,
    /// Iterations done by the run that is resumed.
    before: u64,
}

impl<'a> Terminal<'a> {
    /// For a training with these pictures.
    pub fn new(picture: &'a PictureArguments, force: bool, verbosity: Verbosity) -> Self {
        Self { picture: Some(picture), force, verbosity, bar: None, reading: None, before: 0 }
    }

    /// For a training of which nothing is told: signals end it as any other.
    pub fn silent() -> Self {
        let verbosity = Verbosity { quiet: true, verbose: 0 };
        Self { picture: None, force: false, verbosity, bar: None, reading: None, before: 0 }
    }
}

impl Observer for Terminal<'_> {
    fn loaded(&mut self, data: &Dataset) -> planar::Result<()> {
        self.picture.map_or(Ok(()), |picture| picture.check(data))
    }

    fn prepared(&mut self, origin: &Origin) -> planar::Result<()> {
        self.picture.map_or(Ok(()), |picture| picture.may_draw(origin, self.force))
    }

    fn reading(&mut self, at: Progress) {
        let quiet = self.verbosity.quiet;
        self.reading.get_or_insert_with(|| ReadBar::new(quiet)).show(at);
    }

    fn note(&mut self, note: Note) {
        if let Some(bar) = self.reading.take() {
            bar.finish();
        }
        if let Note::GoesOn { iteration } = note {
            self.before = iteration;
        }
        match &note {
            Note::Data(notice) => table::say(notice, self.verbosity),
            Note::Rescued { path, .. } => {
                super::tell(format_args!("{note}: --resume {} continues", again::quoted(&path.to_string_lossy())))
            }
            Note::Lost(_) => super::tell(note),
            _ => self.verbosity.say(note),
        }
    }

    fn begins(&mut self, iterations: u64) {
        if let Some(bar) = self.reading.take() {
            bar.finish();
        }
        signals::listen();
        self.bar = Some(Bar::new(iterations, self.before, self.verbosity.quiet));
    }

    fn advanced(&mut self, Advanced { at, .. }: Advanced<'_>) -> ControlFlow<()> {
        let at = At { iterations: at.iteration, cost: Some(at.cost), networks: None };
        self.bar.as_mut().map_or(ControlFlow::Continue(()), |bar| bar.show(at))
    }

    fn ends(&mut self) {
        self.bar.take().into_iter().for_each(Bar::finish);
    }
}
