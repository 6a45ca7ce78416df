//! Whether the first row names the columns: the whole column decides, not the first row alone.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::cell::Cell;
use super::rows::Rows;
use crate::{Error, Result};

/// Whether the first row names the columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Header {
    /// The columns decide.
    #[default]
    Auto,
    /// It does.
    Yes,
    /// It is a sample.
    No,
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Yes => "yes",
            Self::No => "no",
        })
    }
}

impl FromStr for Header {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let named = [Self::Auto, Self::Yes, Self::No].into_iter().find(|header| header.to_string() == text);
        named.ok_or_else(|| Error::invalid("the header", "yes, no or auto", format_args!("'{text}'")))
    }
}

impl Header {
    /// Whether the first row of these names the columns.
    ///
    /// It does if it has text, and no numbers or gaps beside it, unless a text stands in its column again, as a label
    /// does. A first row of numbers with an odd cell among them is a sample with a slip, not a header. An exception is
    /// what pandas writes for a frame whose columns it numbered itself, 0, 1, 2, …, with a name at the end.
    pub(super) fn decide(self, rows: &Rows) -> bool {
        match self {
            Self::Yes => return true,
            Self::No => return false,
            Self::Auto => {}
        }
        let (mut numbers, mut gaps, mut texts, mut again, mut slip) = (Vec::new(), 0, 0, false, false);
        for column in 0..rows.first.len() {
            match rows.first_cell(column) {
                Cell::Number(number) => numbers.push(number),
                // a cell without anything in it decides nothing: pandas writes no name above its index
                Cell::Missing if rows.first[column].is_empty() => {}
                Cell::Missing => gaps += 1,
                Cell::Text(text) => {
                    texts += 1;
                    again |= rows.columns[column].holds(text);
                    slip |= !text.starts_with(|letter: char| letter.is_alphabetic() || letter == '_');
                }
            }
        }
        let counts_up = numbers.len() > 1 && !slip && (0..).zip(&numbers).all(|(k, number)| f64::from(k) == *number);
        texts > 0 && !again && gaps == 0 && (numbers.is_empty() || counts_up)
    }
}
