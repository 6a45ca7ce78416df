//! The data sets: the generated ones against NumPy's and scikit-learn's figures, and CSV files.

mod csv;
mod golden;
