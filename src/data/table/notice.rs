//! What was done to a table on the way to a data set, to be told in one line each.

use std::fmt;

/// Something that a reader of the results should know. The text names no flag: a front end adds what can be done.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Notice {
    /// Lines of `#` before the first row were skipped.
    Comments {
        /// How many.
        lines: usize,
    },
    /// Numbers have decimal commas.
    DecimalComma {
        /// One of them.
        example: String,
    },
    /// The first column numbers the rows and was dropped.
    Index {
        /// Its name, which may be empty.
        name: String,
        /// The number of its first row.
        first: u8,
    },
    /// Features that have the same value in every row were left out.
    Constant {
        /// Their names.
        columns: Vec<String>,
    },
    /// A feature is sorted and has another value in every row, as a row's number has.
    Sorted {
        /// Its name.
        column: String,
    },
    /// Another column than the label has a name that labels have.
    OtherLabel {
        /// The label's.
        label: String,
        /// The other's.
        other: String,
    },
    /// Which label is which class.
    Classes {
        /// The names of classes 0, 1, …
        classes: Vec<String>,
    },
    /// Numbers are taken for classes, more than two.
    ManyClasses {
        /// The label.
        column: String,
        /// How many.
        classes: usize,
    },
    /// The label is learnt as a number.
    Numbers {
        /// The label.
        column: String,
    },
    /// Several labels are learnt as numbers, since not all of their values are 0 or 1.
    SeveralNumbers {
        /// The labels.
        columns: Vec<String>,
    },
    /// One class is told from the rest.
    Rest {
        /// The class.
        class: String,
        /// The number of other labels.
        others: usize,
    },
    /// A class has one sample, which may be a slip.
    Lone {
        /// The class.
        class: String,
    },
    /// Rows with missing cells were left out.
    RowsDropped {
        /// How many.
        rows: usize,
        /// Of how many.
        of: usize,
    },
    /// Missing cells were filled with the mean of their column.
    Filled {
        /// How many.
        cells: usize,
        /// The names of their columns.
        columns: Vec<String>,
    },
    /// The features were standardised, because one of them would have stopped the network.
    Scaled {
        /// The first such feature.
        feature: String,
        /// Why, as in `reaches 2500`.
        why: String,
        /// The number of others.
        others: usize,
    },
    /// Columns that the network does not know were ignored.
    Ignored {
        /// Their names.
        columns: Vec<String>,
    },
    /// It is about a file of samples to test with.
    Of {
        /// The file's name.
        file: String,
        /// What there is to know about it.
        notice: Box<Notice>,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Comments { lines: 1 } => f.write_str("1 line of # before the first row is skipped"),
            Self::Comments { lines } => write!(f, "{lines} lines of # before the first row are skipped"),
            Self::DecimalComma { example } => write!(f, "numbers have decimal commas, as in {example}"),
            Self::Index { name, first } if name.is_empty() => {
                write!(f, "the first column has no name and counts {first}, {}, …: it is dropped", first + 1)
            }
            Self::Index { name, first } => {
                write!(f, "the first column, {name}, counts {first}, {}, …: it is dropped", first + 1)
            }
            Self::Constant { columns } => {
                let (is, value) = if columns.len() == 1 { ("is", "has") } else { ("are", "have") };
                write!(f, "{} {is} left out: {value} the same value in every row", list(columns))
            }
            Self::Sorted { column } => {
                write!(
                    f,
                    "{column} is sorted and different in every row, as a row's number is; it is learnt as a feature"
                )
            }
            Self::OtherLabel { label, other } => {
                write!(f, "the label is {label}, the last column, and {other} a feature")
            }
            Self::Classes { classes } => {
                let named = classes.iter().enumerate().map(|(class, name)| format!("{name} is class {class}"));
                f.write_str(&named.collect::<Vec<_>>().join(", "))
            }
            Self::ManyClasses { column, classes } => write!(f, "the {classes} values of {column} are classes"),
            Self::Numbers { column } => write!(f, "{column} is learnt as a number"),
            Self::SeveralNumbers { columns } => write!(f, "{} are learnt as numbers", list(columns)),
            Self::Rest { class, others } => write!(f, "{class} is class 1, and {others} other labels are class 0"),
            Self::Lone { class } => write!(f, "the label {class} stands in one row alone: is it a slip?"),
            Self::RowsDropped { rows, of } => {
                write!(f, "{rows} of {of} rows are left out, since they have missing cells")
            }
            Self::Filled { cells: 1, columns } => {
                write!(f, "1 missing cell in {} is filled with the mean", list(columns))
            }
            Self::Filled { cells, columns } => {
                write!(f, "{cells} missing cells in {} are filled with the mean", list(columns))
            }
            Self::Scaled { feature, why, others } => {
                let others = match others {
                    0 => String::new(),
                    1 => ", and 1 other is like it".into(),
                    others => format!(", and {others} others are like it"),
                };
                write!(f, "features are standardised, since {feature} {why}{others}")
            }
            Self::Ignored { columns } => write!(f, "columns that were not learnt are ignored: {}", list(columns)),
            Self::Of { file, notice } => write!(f, "{file}: {notice}"),
        }
    }
}

/// The first few names, and how many more there are.
pub(crate) fn list(names: &[String]) -> String {
    const SHOWN: usize = 6;
    match names.len() {
        more if more > SHOWN + 1 => format!("{} and {} more", names[..SHOWN].join(", "), more - SHOWN),
        _ => names.join(", "),
    }
}
