//! The data sets: the generated ones against NumPy's and scikit-learn's figures, CSV files, and their names.

mod golden;
mod prepared;
mod source;
mod table;
mod targets;
mod values;
