//! Pictures: everything is in its place, the files are small, and what cannot be drawn is refused.
#![cfg(feature = "plot")]

use std::path::Path;

use planar::Error;
use planar::data::{Dataset, flower};
use planar::model::{Activation, Network, Parameters};
use planar::plot::{Boundary, CostPlot, Curve, Format, HeatMap, pixels, png, sheet, svg};
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
        x: "hidden units".into(),
        y: "learning rate".into(),
        columns: vec!["4".into(), "20".into()],
        rows: vec!["0.1".into(), "1.2".into()],
        values: vec![Some(0.5), Some(0.75), None, Some(0.875)],
        digits: 3,
        scale: None,
    };
    let picture = svg((500, 300), |area| map.draw(area, "accuracy")).unwrap();
    for words in ["0.500", "0.750", "–", "0.875", "hidden units", "learning rate", "accuracy"] {
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
