//! Files of weights by the format's documented layout, made by hand.

use serde_json::{Value, json};

/// A file by the format's documented layout: 8 bytes little-endian length, a JSON header, the tensors' bytes.
pub fn file(header: &Value, data: &[u8]) -> Vec<u8> {
    let header = header.to_string();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

/// W1 (3 × 2), b1 (3 × 1), W2 (1 × 3), b2 (1 × 1) and their values 0.5, 1.0, 1.5, …, in a type.
pub fn plain(dtype: &str, bias_shape: Value) -> Vec<u8> {
    let size = if dtype == "F64" { 8 } else { 4 };
    let at = |from: usize, to: usize| json!([from * size, to * size]);
    let header = json!({
        "W1": {"dtype": dtype, "shape": [3, 2], "data_offsets": at(0, 6)},
        "b1": {"dtype": dtype, "shape": bias_shape, "data_offsets": at(6, 9)},
        "W2": {"dtype": dtype, "shape": [1, 3], "data_offsets": at(9, 12)},
        "b2": {"dtype": dtype, "shape": [1, 1], "data_offsets": at(12, 13)},
    });
    let values = (1..=13).map(|k| 0.5 * f64::from(k));
    let data: Vec<u8> = match size {
        8 => values.flat_map(f64::to_le_bytes).collect(),
        _ => values.flat_map(|value| (value as f32).to_le_bytes()).collect(),
    };
    file(&header, &data)
}
