//! The terminal as the observer of a training: a bar, and lines on stderr.

use std::ops::ControlFlow;

use planar::data::Dataset;
use planar::fit::{Advanced, Note, Observer};

use super::Verbosity;
use super::picture::PictureArguments;
use super::progress::{self, Progress};

/// What the terminal shows while a network trains.
pub struct Terminal<'a> {
    picture: &'a PictureArguments,
    verbosity: Verbosity,
    bar: Option<Progress>,
}

impl<'a> Terminal<'a> {
    /// For a training with these pictures.
    pub fn new(picture: &'a PictureArguments, verbosity: Verbosity) -> Self {
        Self { picture, verbosity, bar: None }
    }
}

impl Observer for Terminal<'_> {
    fn loaded(&mut self, data: &Dataset) -> planar::Result<()> {
        self.picture.check(data)
    }

    fn note(&mut self, note: Note) {
        match &note {
            Note::Rescued { path, .. } => super::tell(format_args!("{note}: --resume {} continues", path.display())),
            Note::Lost(_) => super::tell(note),
            _ => self.verbosity.say(note),
        }
    }

    fn begins(&mut self, iterations: u64) {
        progress::stop_on_ctrl_c();
        self.bar = Some(Progress::new(iterations, self.verbosity.quiet));
    }

    fn advanced(&mut self, Advanced { at, .. }: Advanced<'_>) -> ControlFlow<()> {
        self.bar.as_ref().map_or(ControlFlow::Continue(()), |bar| bar.show(at))
    }

    fn ends(&mut self) {
        self.bar.take().into_iter().for_each(Progress::finish);
    }
}
