//! Labels: the values of a column as classes 0, 1, …, and their names.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::TableOptions;
use super::column::{Column, MOST_CLASSES};
use super::notice::Notice;
use super::problems::{Problems, quoted, shown};
use crate::Result;
use crate::data::Label;

/// The fewest rows in which a label that stands alone is worth a word.
const LONE_ROWS: usize = 20;

/// A class's name for a number: the same for 1, 1.0 and +1e0.
fn name_of(number: f64) -> String {
    let number = if number == 0.0 { 0.0 } else { number }; // −0 is 0
    if number.abs() < 1e15 { number.to_string() } else { format!("{number:?}") }
}

/// The name of the class that a text means.
pub(super) fn class_name(text: &str) -> String {
    text.trim().parse().map_or_else(|_| shown(text), name_of)
}

/// The values of a label column, in their order: numbers by their size, text by its letters.
pub(super) struct Values {
    /// The name of each value.
    pub names: Vec<String>,
    /// The number of rows that have it.
    pub counts: Vec<usize>,
    /// One per row: its value; none where the cell is missing.
    pub of_row: Vec<Option<u16>>,
}

impl Values {
    /// The values of the rows that are kept; none if there are over 256.
    pub fn of(column: &Column, kept: &[u32]) -> Option<Self> {
        let mut is_kept = vec![false; column.numbers.len()];
        kept.iter().for_each(|row| is_kept[*row as usize] = true);
        if column.has_too_many_texts {
            return None;
        }
        let mut found: HashMap<String, u16> = HashMap::new();
        let mut names: Vec<String> = Vec::new();
        let mut code = |name: String| -> Option<u16> {
            if let Some(code) = found.get(&name) {
                return Some(*code);
            }
            if names.len() == MOST_CLASSES {
                return None;
            }
            let code = names.len() as u16;
            names.push(name.clone());
            found.insert(name, code);
            Some(code)
        };
        let texts = column.names.iter().map(|name| code(shown(name))).collect::<Option<Vec<_>>>()?;
        let mut of_row: Vec<Option<u16>> = Vec::with_capacity(column.numbers.len());
        let mut last: Option<(u64, u16)> = None;
        for (row, number) in column.numbers.iter().enumerate() {
            let value = match last {
                _ if number.is_nan() || !is_kept[row] => None,
                Some((bits, value)) if bits == number.to_bits() => Some(value),
                _ => Some(code(name_of(*number))?),
            };
            last = value.map(|value| (number.to_bits(), value)).or(last);
            of_row.push(value);
        }
        for (row, text) in column.texts.iter().filter(|(row, _)| is_kept[*row as usize]) {
            of_row[*row as usize] = Some(texts[usize::from(*text)]);
        }
        // a name that no kept row has would be an empty class
        let mut counts = vec![0; names.len()];
        of_row.iter().flatten().for_each(|value| counts[usize::from(*value)] += 1);
        let mut order: Vec<usize> = (0..names.len()).filter(|value| counts[*value] > 0).collect();
        order.sort_by(|a, b| by_size(&names[*a], &names[*b]));
        let mut place = vec![0; names.len()];
        order.iter().enumerate().for_each(|(at, value)| place[*value] = at as u16);
        of_row.iter_mut().flatten().for_each(|value| *value = place[usize::from(*value)]);
        Some(Self {
            names: order.iter().map(|value| names[*value].clone()).collect(),
            counts: order.iter().map(|value| counts[*value]).collect(),
            of_row,
        })
    }
}

/// Numbers by their size and before text, text by its letters.
fn by_size(a: &str, b: &str) -> Ordering {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a.total_cmp(&b),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    }
}

/// The class of each kept row, the names of the classes, and whether class 0 is all but one label.
pub(super) fn classes(
    column: &Column,
    kept: &[u32],
    label: &Label,
    options: &TableOptions,
    problems: Problems,
    notices: &mut Vec<Notice>,
) -> Result<(Vec<u8>, Vec<String>, bool)> {
    if let Some(line) = column.not_utf8 {
        return Err(problems.cell(line, label.column - 1, "the file is not UTF-8 text, which is expected"));
    }
    if let Some(place) = &column.unusable {
        let problem = format!("{} is not finite, and no label", quoted(&place.cell));
        return Err(problems.cell(place.line, label.column - 1, problem));
    }
    let values = Values::of(column, kept).ok_or_else(|| {
        let problem =
            "the label has over 256 different values, where classes are expected: is another column the label?";
        problems.column(label.column - 1, problem)
    })?;
    let given = options.positive.as_deref().map(class_name);
    let positive = given.as_ref().map(|given| values.names.iter().position(|name| name == given));
    let Values { names, counts, of_row } = values;
    if positive == Some(None) {
        let there: Vec<_> = names.iter().take(7).map(|name| quoted(name)).collect();
        let problem = format!("no label is {}; there are {}", quoted(&given.unwrap_or_default()), there.join(", "));
        return Err(problems.column(label.column - 1, problem));
    }
    // many of them are no slips, but another kind of column
    let mut lone = names.iter().zip(&counts).filter(|(_, count)| **count == 1 && kept.len() >= LONE_ROWS);
    if let (Some((class, _)), None) = (lone.next(), lone.next()) {
        notices.push(Notice::Lone { class: class.clone() });
    }
    let positive = positive.flatten();
    let rest = positive.is_some() && names.len() > 2;
    let class = |value: usize| match positive {
        Some(positive) => u8::from(value == positive),
        // a sole label keeps its number
        None if names.len() == 1 => u8::from(names[0] == "1"),
        None => value as u8,
    };
    let labels = kept.iter().map(|row| class(usize::from(of_row[*row as usize].unwrap_or_default()))).collect();
    let classes = match (positive, names.len()) {
        (Some(positive), _) if rest => vec![format!("not {}", names[positive]), names[positive].clone()],
        (Some(0), 2) => vec![names[1].clone(), names[0].clone()],
        (_, 1) if names[0] == "0" || names[0] == "1" => vec!["0".into(), "1".into()],
        _ => names.clone(),
    };
    match (positive, classes.as_slice()) {
        (Some(positive), _) if rest => {
            notices.push(Notice::Rest { class: names[positive].clone(), others: names.len() - 1 });
        }
        (_, [zero, one]) if zero != "0" || one != "1" => notices.push(Notice::Classes { classes: classes.clone() }),
        _ => {}
    }
    Ok((labels, classes, rest))
}
