//! What run a file is of.

use serde::{Deserialize, Serialize};

use super::{Description, State};

/// What makes two runs the same: data, network, learning rate, and the weights that they start from. How long they train,
/// how often they log and on what device does not count. It is part of every file of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// What is trained.
    #[serde(flatten)]
    pub description: Description,
    /// The origin of the weights before the first update, such as `seed 2, scale 0.01`.
    pub start: String,
}

impl Origin {
    /// The first difference between this run and another, in words.
    pub fn difference(&self, here: &Self) -> Option<String> {
        let start = || format!("its start is {}, not {}", self.start, here.start);
        (self.start != here.start).then(start).or_else(|| self.description.difference(&here.description))
    }
}

impl From<&State> for Origin {
    fn from(state: &State) -> Self {
        Self { description: state.description.clone(), start: state.start.clone() }
    }
}
