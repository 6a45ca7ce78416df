//! The widths of the hidden layers, as people write them: `4`, `64x32`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Error, Result};

/// Units of each hidden layer, the one nearest the inputs first. In JSON one layer is a number, as 4, and several are a
/// text, as "64x32".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hidden(Vec<usize>);

impl Hidden {
    /// The layers' units.
    pub fn layers(&self) -> &[usize] {
        &self.0
    }

    /// The units of the only layer; none if there are several.
    pub fn only(&self) -> Option<usize> {
        if let [units] = self.0[..] { Some(units) } else { None }
    }

    /// The units of all layers.
    pub fn units(&self) -> usize {
        self.0.iter().copied().fold(0, usize::saturating_add)
    }

    /// Units times units of neighbouring layers and the units themselves: nearly how much work a network is.
    pub(crate) fn work(&self) -> usize {
        let between: usize =
            self.0.windows(2).map(|pair| pair[0].saturating_mul(pair[1])).fold(0, usize::saturating_add);
        between.saturating_add(self.units())
    }
}

impl From<Vec<usize>> for Hidden {
    fn from(layers: Vec<usize>) -> Self {
        Self(layers)
    }
}

impl From<usize> for Hidden {
    fn from(units: usize) -> Self {
        Self(vec![units])
    }
}

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, units) in self.0.iter().enumerate() {
            write!(f, "{}{units}", if place == 0 { "" } else { "x" })?;
        }
        Ok(())
    }
}

impl FromStr for Hidden {
    type Err = Error;

    /// Reads whole numbers with an `x` between them. Whether such a network can be is for
    /// [`Network::new`](super::Network::new) to say.
    ///
    /// ```
    /// use planar::model::Hidden;
    /// assert_eq!("64x32".parse::<Hidden>()?.layers(), [64, 32]);
    /// # Ok::<(), planar::Error>(())
    /// ```
    fn from_str(text: &str) -> Result<Self> {
        let layers =
            text.split(['x', 'X', '×']).map(|units| units.trim().parse()).collect::<std::result::Result<_, _>>();
        let wanted = "a whole number, or one for each layer, as in 64x32";
        layers.map(Self).map_err(|_| Error::invalid("the number of hidden units", wanted, format_args!("'{text}'")))
    }
}

impl Serialize for Hidden {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        match self.only() {
            Some(units) => units.serialize(to),
            None => to.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            One(usize),
            Several(String),
        }
        match Written::deserialize(from)? {
            Written::One(units) => Ok(units.into()),
            Written::Several(text) => text.parse().map_err(serde::de::Error::custom),
        }
    }
}
