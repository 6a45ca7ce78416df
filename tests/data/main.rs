//! The data sets against NumPy's and scikit-learn's figures.

mod golden;
