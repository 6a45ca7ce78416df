// The loss of an output and its derivative dZ, the formulas of src/model/output.rs, for four samples at once.
//# uses lib/activation, lib/loss

// Of one row of the outputs.
struct Judged {
    dz: vec4<f32>,
    loss: vec4<f32>,
}

// A logit: σ(z) − y, and the cross-entropy.
fn logistic(z: vec4<f32>, y: vec4<f32>) -> Judged {
    return Judged(sigmoid(z).value - y, logit_loss(z, y));
}

// A number: z − y, and half the square of that.
fn squares(z: vec4<f32>, y: vec4<f32>) -> Judged {
    let apart = z - y;
    return Judged(apart, 0.5 * apart * apart);
}

// What softmax has to know of all rows: the largest z and its row, Σ exp(z − largest) over the other rows, and
// Σ (z − largest)·y.
struct Classes {
    largest: vec4<f32>,
    row: vec4<u32>,
    others: vec4<f32>,
    right: vec4<f32>,
}

// The first row.
fn first_class(z: vec4<f32>) -> Classes {
    return Classes(z, vec4<u32>(), vec4<f32>(), vec4<f32>());
}

// With one more row to find the largest among.
fn with_class(classes: Classes, row: u32, z: vec4<f32>) -> Classes {
    let is_larger = z > classes.largest;
    let largest = select(classes.largest, z, is_larger);
    return Classes(largest, select(classes.row, vec4<u32>(row), is_larger), classes.others, classes.right);
}

// The largest known, with one more row to add up.
fn plus_class(classes: Classes, row: u32, z: vec4<f32>, y: vec4<f32>) -> Classes {
    let below = z - classes.largest;
    let others = classes.others + select(exp(below), vec4<f32>(), classes.row == vec4<u32>(row));
    return Classes(classes.largest, classes.row, others, fma(below, y, classes.right));
}

// ln Σ exp(z) − Σ z·y = ln(1 + others) − right, where y is 1 in the row of the sample's class.
fn softmax_loss(classes: Classes) -> vec4<f32> {
    return log_of_1_plus(classes.others) - classes.right;
}

// exp(z) / Σ exp − y. The share of the largest is 1 − others / (1 + others): a small difference from 1 keeps its digits.
fn softmax_delta(classes: Classes, row: u32, z: vec4<f32>, y: vec4<f32>) -> vec4<f32> {
    let r = 1.0 / (1.0 + classes.others);
    let of_largest = (1.0 - y) - classes.others * r;
    return select(fma(exp(z - classes.largest), r, -y), of_largest, classes.row == vec4<u32>(row));
}
