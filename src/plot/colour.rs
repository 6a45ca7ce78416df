//! Colours that people with any colour vision can tell apart: blue and orange for two classes, Okabe and Ito's for
//! curves.

use plotters::style::RGBColor;

/// Titles and labels.
pub const TEXT: RGBColor = RGBColor(34, 34, 34);
/// Axes and backgrounds of data.
pub const AXIS: RGBColor = RGBColor(110, 110, 110);
/// Grid lines.
pub const GRID: RGBColor = RGBColor(225, 225, 225);
/// What is not a number.
pub const UNKNOWN: RGBColor = RGBColor(200, 200, 200);
/// The points of class 0 and of class 1, then of further classes, dark enough to stand out from their shades.
const CLASSES: [RGBColor; 10] = [
    RGBColor(0, 84, 148),
    RGBColor(200, 82, 0),
    RGBColor(0, 122, 84),
    RGBColor(172, 70, 132),
    RGBColor(176, 130, 0),
    RGBColor(60, 150, 205),
    RGBColor(86, 86, 86),
    RGBColor(120, 60, 20),
    RGBColor(98, 72, 170),
    RGBColor(190, 30, 60),
];
/// Full certainty of class 0 and of class 1, lighter than the points on it.
const CERTAIN: [[f64; 3]; 2] = [[120.0, 175.0, 220.0], [250.0, 178.0, 105.0]];
/// Between the two.
const UNDECIDED: [f64; 3] = [250.0, 250.0, 248.0];
/// Steps from certainty of one class to that of the other.
const BANDS: f64 = 20.0;

/// The points of a class among this many; of more than ten, colours repeat.
pub fn of_class(class: usize, classes: usize) -> RGBColor {
    CLASSES[class.min(classes.saturating_sub(1)) % CLASSES.len()]
}

/// The shade of the likeliest class among K, whose probability is between 1/K and 1; grey if it is NaN.
pub fn of_certainty(class: usize, classes: usize, probability: f64) -> RGBColor {
    if probability.is_nan() {
        return UNKNOWN;
    }
    let least = 1.0 / classes as f64;
    let certainty = ((probability - least) / (1.0 - least)).clamp(0.0, 1.0);
    let RGBColor(red, green, blue) = of_class(class, classes);
    // a class that is certain has half of its points' colour
    mixed(UNDECIDED, [red, green, blue].map(f64::from), 0.5 * (certainty * BANDS).round() / BANDS)
}

/// The first colour with this share of the second.
fn mixed(from: [f64; 3], to: [f64; 3], share: f64) -> RGBColor {
    let mix = |k: usize| (from[k] + (to[k] - from[k]) * share).round() as u8;
    RGBColor(mix(0), mix(1), mix(2))
}

/// Okabe and Ito's palette, the most salient first; it repeats after the last.
pub fn of_curve(curve: usize) -> RGBColor {
    const COLOURS: [RGBColor; 7] = [
        RGBColor(0, 114, 178),
        RGBColor(213, 94, 0),
        RGBColor(0, 158, 115),
        RGBColor(204, 121, 167),
        RGBColor(86, 180, 233),
        RGBColor(230, 159, 0),
        RGBColor(90, 90, 90),
    ];
    COLOURS[curve % COLOURS.len()]
}

/// The shade of a probability of class 1, in steps of 1/20; grey if it is NaN.
pub fn of_probability(probability: f64) -> RGBColor {
    if probability.is_nan() {
        return UNKNOWN;
    }
    let step = ((probability * BANDS).floor().clamp(0.0, BANDS - 1.0) + 0.5) / BANDS;
    let (end, share) = if step < 0.5 { (CERTAIN[0], 1.0 - 2.0 * step) } else { (CERTAIN[1], 2.0 * step - 1.0) };
    mixed(UNDECIDED, end, share)
}

/// Cividis at a share of its range, and whether text on it should be light.
pub fn of_share(share: f64) -> (RGBColor, bool) {
    let colorous::Color { r, g, b } = colorous::CIVIDIS.eval_continuous(share.clamp(0.0, 1.0));
    let luminance = 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b);
    (RGBColor(r, g, b), luminance < 128.0)
}
