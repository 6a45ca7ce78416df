//! Pictures: everything is in its place, the files are small, and what cannot be drawn is refused.
#![cfg(feature = "plot")]

use std::path::Path;

use planar::Error;
use planar::data::{Dataset, flower};
use planar::model::{Activation, Network, Parameters};
use planar::plot::{Axis, Boundary, CostPlot, Curve, Format, HeatMap, find_axes, pixels, png, sheet, svg};
use planar::train::CostAt;

/// Four corners, and a network that says 1 where x₁ > 0 and x₂ > 0.
fn quadrant() -> (Dataset, Network, Parameters) {
    let data =
        Dataset::from_points("corners", None, 2, &[-4., -4., 4., -4., -4., 4., 4., 4.], vec![0, 0, 0, 1]).unwrap();
    let network = Network::one_hidden(2, 2, Activation::Sigmoid).unwrap();
    // W1, b1, W2, b2
    let values = vec![20., 0., 0., 20., 0., 0., 40., 40., -60.];
    let parameters = Parameters::from_values(&network, values).unwrap();
    (data, network, parameters)
}

fn curve(costs: impl IntoIterator<Item = f64>) -> Vec<CostAt> {
    (0..).step_by(100).zip(costs).map(|(iteration, cost)| CostAt { iteration, cost }).collect()
}

#[test]
fn each_class_is_shaded_where_the_network_predicts_it() {
    let (data, network, parameters) = quadrant();
    let boundary = Boundary::new(&data, &network, &parameters, [0, 1]).unwrap();
    let rgba = pixels(&svg((600, 600), |area| boundary.draw(area, "")).unwrap()).unwrap();
    let at = |x: usize, y: usize| {
        let pixel = &rgba[4 * (600 * y + x)..];
        (i32::from(pixel[0]), i32::from(pixel[2]))
    };
    let (orange, blue) = (|(r, b)| r > b + 60, |(r, b)| b > r + 60);
    assert!(orange(at(420, 120)), "upper right: {:?}", at(420, 120));
    for (x, y) in [(150, 120), (150, 420), (420, 420)] {
        assert!(blue(at(x, y)), "{x}, {y}: {:?}", at(x, y));
    }
    // swapping the axes mirrors the picture at its diagonal, which leaves this one the same
    let swapped = Boundary::new(&data, &network, &parameters, [1, 0]).unwrap();
    let swapped = pixels(&svg((600, 600), |area| swapped.draw(area, "")).unwrap()).unwrap();
    assert_eq!(swapped[4 * (600 * 120 + 420)..][..3], rgba[4 * (600 * 120 + 420)..][..3]);
}

#[test]
fn the_other_features_are_at_their_mean() {
    let points = [0., 0., 5., 1., 1., 7.];
    let data = Dataset::from_points("three", None, 3, &points, vec![0, 1]).unwrap();
    let network = Network::one_hidden(3, 1, Activation::Tanh).unwrap();
    // z₂ = 100·tanh(100·(x₃ − 5.9)): class 1 everywhere at the mean of x₃, 6
    let parameters = Parameters::from_values(&network, vec![0., 0., 100., -590., 100., 0.]).unwrap();
    let boundary = Boundary::new(&data, &network, &parameters, [0, 1]).unwrap();
    let rgba = pixels(&svg((200, 200), |area| boundary.draw(area, "")).unwrap()).unwrap();
    let pixel = &rgba[4 * (200 * 60 + 60)..];
    assert!(i32::from(pixel[0]) > i32::from(pixel[2]) + 60, "{:?}", &pixel[..3]);
}

#[test]
fn a_sheet_is_small_and_a_png_twice_its_size() {
    let data = flower(400, 1).unwrap();
    let network = Network::one_hidden(2, 20, Activation::Tanh).unwrap();
    let parameters = Parameters::initial(&network, 2, 1.0);
    let boundary = Boundary::new(&data, &network, &parameters, [0, 1]).unwrap();
    let costs = curve((0..10_000).map(|k| 1.0 / f64::from(k + 1)));
    let plot = CostPlot { curves: vec![Curve { label: String::new(), costs: &costs }], log: true };
    let picture = svg((1000, 460), |area| sheet(area, "a < b & c", &boundary, &plot)).unwrap();
    assert!(picture.len() < 300_000, "{} bytes", picture.len());
    assert!(picture.contains("a &lt; b &amp; c") && picture.contains("data:image/png;base64,"));
    let png = png(&picture).unwrap();
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    // width and height of the header, big-endian
    assert_eq!((&png[16..20], &png[20..24]), (&2000_u32.to_be_bytes()[..], &920_u32.to_be_bytes()[..]));
    assert!(png.len() < 400_000, "{} bytes", png.len());
}

#[test]
fn a_curve_that_diverged_says_where() {
    let costs = curve([0.7, 0.6, 0.9, 1e30, f64::NAN]);
    for log in [false, true] {
        let plot = CostPlot { curves: vec![Curve { label: "relu".into(), costs: &costs }], log };
        let picture = svg((500, 400), |area| plot.draw(area, "cost")).unwrap();
        assert!(picture.contains("diverged at iteration 400"), "log {log}");
        assert!(picture.contains("relu"));
    }
    let nothing = curve([f64::NAN]);
    let plot = CostPlot { curves: vec![Curve { label: String::new(), costs: &nothing }], log: false };
    assert!(matches!(svg((500, 400), |area| plot.draw(area, "")), Err(Error::Plot(_))));
}

#[test]
fn curves_that_do_not_move_are_drawn() {
    for cost in [0.0, 0.7, 1e-300, 1e300] {
        let costs = curve([cost, cost]);
        for log in [false, true] {
            let plot = CostPlot { curves: vec![Curve { label: String::new(), costs: &costs }], log };
            svg((500, 400), |area| plot.draw(area, "")).unwrap();
        }
    }
}

#[test]
fn a_heat_map_has_a_number_in_each_cell_that_holds_a_value() {
    let mut map = HeatMap {
        x: Axis::of("hidden units", ["4", "20"].map(String::from)),
        y: Axis::of("learning rate", ["0.1", "1.2"].map(String::from)),
        values: vec![Some(0.5), Some(0.75), Some(f64::NAN), Some(0.875)],
        label: "held-out accuracy".into(),
        digits: 3,
        scale: None,
    };
    let picture = svg((500, 300), |area| map.draw(area, "a title")).unwrap();
    for words in ["0.500", "0.750", "–", "0.875", "hidden units", "learning rate", "a title", "held-out accuracy"] {
        assert!(picture.contains(words), "{words}");
    }
    map.values = vec![None; 4];
    svg((500, 300), |area| map.draw(area, "nothing yet")).unwrap();
    map.values.pop();
    assert!(matches!(svg((500, 300), |area| map.draw(area, "")), Err(Error::Mismatch(_))));
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let (data, network, parameters) = quadrant();
    for axes in [[0, 0], [0, 2], [7, 1]] {
        assert!(matches!(Boundary::new(&data, &network, &parameters, axes), Err(Error::Invalid { .. })), "{axes:?}");
    }
    let narrow = Dataset::from_points("line", None, 1, &[0., 1.], vec![0, 1]).unwrap();
    assert!(matches!(Boundary::new(&narrow, &network, &parameters, [0, 1]), Err(Error::Mismatch(_))));
    let boundary = Boundary::new(&data, &network, &parameters, [0, 1]).unwrap();
    for size in [(0, 100), (100, 100_000)] {
        assert!(svg(size, |area| boundary.draw(area, "")).is_err(), "{size:?}");
    }
    // areas too small to show anything are no reason to panic
    for side in [1, 2, 10, 30, 60] {
        let _ = svg((side, side), |area| boundary.draw(area, "title"));
        let _ = svg((10 * side, side), |area| boundary.draw(area, "title"));
    }
    assert_eq!(Format::of(Path::new("a.b/run.PNG")).unwrap(), Format::Png);
    for name in ["run", "run.jpg", ".svg", "svg"] {
        assert!(matches!(Format::of(Path::new(name)), Err(Error::Invalid { .. })), "{name}");
    }
}

/// Wider than 2^28 / 4096 units, whose boundary was once refused.
#[test]
fn a_network_of_70_000_units_has_a_boundary() {
    let data = Dataset::from_points("two", None, 2, &[-1., 0., 1., 0.], vec![0, 1]).unwrap();
    let network = Network::one_hidden(2, 70_000, Activation::Relu).unwrap();
    let parameters = Parameters::initial(&network, 2, 0.01);
    let boundary = Boundary::on_grid(&data, &network, &parameters, [0, 1], 65).unwrap();
    assert!(svg((200, 200), |area| boundary.draw(area, "wide")).unwrap().contains("wide"));
}

/// The values of an attribute of all elements of an SVG with this name.
fn attributes<'a>(picture: &'a str, element: &str, attribute: &str) -> Vec<&'a str> {
    let (open, named) = (format!("<{element} "), format!(" {attribute}=\""));
    let of = |(at, _): (usize, &str)| {
        let element = &picture[at..at + picture[at..].find('>')?];
        element.split_once(named.as_str())?.1.split_once('"').map(|(value, _)| value)
    };
    picture.match_indices(&open).filter_map(of).collect()
}

/// The lowest point of all lines, in the picture's steps.
fn lowest(picture: &str) -> f64 {
    let lines = attributes(picture, "polyline", "points");
    let points = lines.iter().flat_map(|line| line.split_whitespace());
    points.filter_map(|point| point.split_once(',')?.1.parse().ok()).fold(0.0, f64::max)
}

/// Where a text stands, from the top.
fn height_of(picture: &str, words: &str) -> f64 {
    let (before, _) = picture.split_once(words).unwrap_or_else(|| panic!("no '{words}'"));
    let at = before.rfind("<text ").unwrap();
    attributes(&picture[at..], "text", "y")[0].parse().unwrap()
}

#[test]
fn a_legend_stands_below_every_line_and_names_each_curve() {
    let costs: Vec<Vec<CostAt>> = (0..9).map(|k| curve([1.0, 0.5, f64::from(k) / 10.0])).collect();
    let label = |k: usize| format!("n_h {k}, leaky-relu:0.1, rate 0.073");
    let curves = costs.iter().enumerate().map(|(k, costs)| Curve { label: label(k), costs }).collect();
    let plot = CostPlot { curves, log: false };
    let picture = svg((900, 600), |area| plot.draw(area, "cost")).unwrap();
    let axis = height_of(&picture, "iteration");
    for k in 0..9 {
        let at = height_of(&picture, &label(k));
        assert!(at > axis, "{k}: {at} of {axis}");
    }
    assert!(attributes(&picture, "polyline", "points").len() >= 18, "a line and a mark for each");
}

#[test]
fn a_single_cost_is_a_dot_and_a_curve_is_broken_where_costs_are_missing() {
    let draw = |costs: &[CostAt]| {
        let plot = CostPlot { curves: vec![Curve { label: String::new(), costs }], log: true };
        svg((500, 400), |area| plot.draw(area, "")).unwrap()
    };
    assert_eq!(attributes(&draw(&curve([0.5])), "circle", "cx").len(), 1);
    let lines = |costs: &[CostAt]| attributes(&draw(costs), "polyline", "points").len();
    let whole = lines(&curve([0.7, 0.6, 0.5, 0.4, 0.3]));
    assert_eq!(lines(&curve([0.7, 0.6, f64::NAN, 0.4, 0.3])), whole + 1);
}

#[test]
fn a_picture_of_very_many_curves_is_small_and_keeps_every_end() {
    let costs: Vec<CostAt> = (0..5000).map(|k| CostAt { iteration: k, cost: 1.0 / (1 + k % 7) as f64 }).collect();
    let curves = (0..200).map(|k| Curve { label: format!("curve {k}"), costs: &costs }).collect();
    let picture = svg((900, 600), |area| CostPlot { curves, log: true }.draw(area, "")).unwrap();
    assert!(picture.len() < 2_000_000, "{} bytes", picture.len());
    assert!(picture.contains("more") && lowest(&picture) < 1200.0);
}

#[test]
fn held_out_samples_are_hollow_and_within_the_picture() {
    let (data, network, parameters) = quadrant();
    let test = Dataset::from_points("far", None, 2, &[20., 20., -30., 0.], vec![1, 0]).unwrap();
    let drawn = |held_out| {
        let boundary = Boundary::new((&data, held_out), &network, &parameters, [0, 1]).unwrap();
        svg((600, 600), |area| boundary.draw(area, "")).unwrap()
    };
    let hollow = |picture: &str| attributes(picture, "circle", "fill").iter().filter(|fill| **fill == "none").count();
    let (without, with) = (drawn(None), drawn(Some(&test)));
    assert_eq!((hollow(&without), hollow(&with)), (0, 3), "two samples and the legend's");
    assert!(with.contains("held out") && !without.contains("held out"));
    // the axes reach to the samples at −30 and 20, where those that were learnt reach to a few units
    let lowest_mark = |picture: &str| {
        let texts = picture.split('>').filter_map(|text| text.split('<').next());
        let marks = texts.filter_map(|text| text.trim().replace('−', "-").parse::<f64>().ok());
        marks.fold(0.0, f64::min)
    };
    let (without, with) = (lowest_mark(&without), lowest_mark(&with));
    assert!(with <= -20.0 && without >= -10.0, "{with}, {without}");
    let other = Dataset::from_points("three", None, 3, &[0., 0., 0.], vec![1]).unwrap();
    assert!(matches!(Boundary::new((&data, Some(&other)), &network, &parameters, [0, 1]), Err(Error::Mismatch(_))));
}

#[test]
fn axes_are_found_by_name_and_by_number_and_others_are_told_the_nearest_first() {
    let data = flower(40, 1).unwrap();
    let find = |axes: [&str; 2]| find_axes(&data, &axes.map(String::from));
    assert_eq!(find(["x2", "x1"]).unwrap(), [1, 0]);
    assert_eq!(find(["X2", "1"]).unwrap(), [1, 0]);
    for axes in [["x1", "x1"], ["x1", "1"], ["0", "1"], ["1", "3"]] {
        assert!(matches!(find(axes), Err(Error::Invalid { .. })), "{axes:?}");
    }
    let said = find(["x22", "x1"]).unwrap_err().to_string();
    assert!(said.contains("x2, x1") && said.contains("'x22'"), "{said}");
}

#[test]
fn a_cell_without_networks_is_blank_and_small_cells_have_no_numbers() {
    let map = |side: usize, value: fn(usize) -> Option<f64>| HeatMap {
        x: Axis::of("n_h", (0..side).map(|k| k.to_string())),
        y: Axis::of("rate", (0..side).map(|k| k.to_string())),
        values: (0..side * side).map(value).collect(),
        label: "accuracy".into(),
        digits: 1,
        scale: None,
    };
    let rectangles = |map: &HeatMap| {
        let picture = svg((900, 600), |area| map.draw(area, "")).unwrap();
        (attributes(&picture, "rect", "fill").len(), picture.contains("7.5"))
    };
    let full = rectangles(&map(3, |k| Some(k as f64 + 0.5)));
    let sparse = rectangles(&map(3, |k| (k != 4).then_some(k as f64 + 0.5)));
    assert_eq!((full.0 - sparse.0, full.1), (1, true));
    let fine = rectangles(&map(60, |k| Some((k % 9) as f64 + 0.5)));
    assert_eq!((fine.0 - full.0, fine.1), (60 * 60 - 9, false));
}
