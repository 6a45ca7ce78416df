//! Boundaries of several classes, and pictures of a number: each region has its colour, and the lines lie where classes meet.
#![cfg(feature = "plot")]

use planar::Error;
use planar::data::Dataset;
use planar::model::{Activation, Network, Output, Parameters};
use planar::plot::terminal::preview;
use planar::plot::{Boundary, CostPlot, Curve, pixels, svg};
use planar::train::CostAt;

/// Side of a picture in pixels; it is small, so that it has no legend and its axes take little.
const SIDE: u32 = 230;

/// A network of 2 inputs whose outputs are W·x, through one layer of the identity.
fn linear(output: Output, rows: &[[f64; 2]]) -> (Network, Parameters) {
    let network = Network::new(2, &[2], Activation::Identity).unwrap().with_output(output, rows.len()).unwrap();
    let mut values = vec![1., 0., 0., 1., 0., 0.];
    values.extend(rows.as_flattened());
    values.extend(vec![0.0; rows.len()]);
    let parameters = Parameters::from_values(&network, values).unwrap();
    (network, parameters)
}

fn rgb(rgba: &[u8], x: u32, y: u32) -> [i32; 3] {
    let at = 4 * (SIDE * y + x) as usize;
    [0, 1, 2].map(|k| i32::from(rgba[at + k]))
}

/// Whether one of the pixels around this one is dark, as lines are.
fn has_line(rgba: &[u8], x: u32, y: u32) -> bool {
    let near = |at: u32| at - 3..=at + 3;
    near(y).any(|y| near(x).any(|x| rgb(rgba, x, y).iter().sum::<i32>() < 240))
}

fn corners(classes: &[&str]) -> Dataset {
    let points = [-4., -4., 4., -4., -4., 4., 4., 4.];
    let names = classes.iter().map(|name| (*name).to_owned()).collect();
    let last = classes.len() as u8 - 1;
    Dataset::from_classes("corners", None, 2, &points, names, vec![0, 1, last, last]).unwrap()
}

fn costs() -> Vec<CostAt> {
    vec![CostAt { iteration: 0, cost: 1.0 }, CostAt { iteration: 10, cost: 0.5 }]
}

/// Logits 5x₁, −5x₁ and 5x₂ of fox, owl and bat: bat above both diagonals, fox on the right, owl on the left of the rest.
#[test]
fn each_of_three_classes_has_its_colour_where_it_is_said_and_a_line_where_two_meet() {
    let (network, parameters) = linear(Output::Softmax, &[[5., 0.], [-5., 0.], [0., 5.]]);
    let data = corners(&["fox", "owl", "bat"]);
    let boundary = Boundary::new(&data, &network, &parameters, [0, 1]).unwrap();
    let rgba = pixels(&svg((SIDE, SIDE), |area| boundary.draw(area, "")).unwrap()).unwrap();
    let [top, right, left] = [(123, 40), (190, 150), (50, 150)].map(|(x, y)| rgb(&rgba, x, y));
    assert!(top[1] > top[0] + 20, "green above: {top:?}");
    assert!(right[2] > right[0] + 20, "blue on the right: {right:?}");
    assert!(left[0] > left[2] + 20, "orange on the left: {left:?}");
    // the three meet in the middle of the axes, and the lines go to the corners above and straight down
    let (middle_x, middle_y) = (119, 108);
    for (x, y) in [(middle_x - 45, middle_y - 45), (middle_x + 45, middle_y - 45), (middle_x, middle_y + 60)] {
        assert!(has_line(&rgba, x, y), "no line near {x}, {y}");
    }
    for (x, y) in [(123, 40), (190, 150), (50, 150), (middle_x, middle_y - 60)] {
        assert!(!has_line(&rgba, x, y), "a line near {x}, {y}");
    }
    let large = svg((600, 460), |area| boundary.draw(area, "")).unwrap();
    for words in ["fox", "owl", "bat", "equally likely"] {
        assert!(large.contains(words), "{words}");
    }
    assert!(!large.contains("P(y = 1)") && !large.contains("P = 0.5"));
}

/// softmax of two logits is the logistic of their difference.
#[test]
fn a_softmax_of_two_classes_is_drawn_as_the_logistic_of_its_difference() {
    let data = corners(&["0", "1"]);
    let drawn = |output, rows: &[[f64; 2]]| {
        let (network, parameters) = linear(output, rows);
        let boundary = Boundary::new(&data, &network, &parameters, [0, 1]).unwrap();
        svg((600, 460), |area| boundary.draw(area, "")).unwrap()
    };
    let logistic = drawn(Output::Logistic, &[[3., -1.]]);
    assert_eq!(drawn(Output::Softmax, &[[-1., 0.5], [2., -0.5]]), logistic);
    assert_ne!(drawn(Output::Softmax, &[[2., -0.5], [-1., 0.5]]), logistic);
}

#[test]
fn a_number_is_shaded_from_its_lowest_to_its_highest_with_a_bar_in_its_unit() {
    let points = [-4., -4., 4., -4., -4., 4., 4., 4.];
    let data = Dataset::from_numbers("slope", None, 2, &points, 1, &[-40., 40., -40., 40.]).unwrap();
    let (network, parameters) = linear(Output::Squares, &[[10., 0.]]);
    let boundary = Boundary::new(&data, &network, &parameters, [0, 1]).unwrap();
    let rgba = pixels(&svg((SIDE, SIDE), |area| boundary.draw(area, "")).unwrap()).unwrap();
    let brightness = [40, 80, 120, 160, 200].map(|x| rgb(&rgba, x, 100).iter().take(2).sum::<i32>());
    assert!(brightness.is_sorted() && brightness[4] > brightness[0] + 200, "{brightness:?}");
    let large = svg((600, 460), |area| boundary.draw(area, "")).unwrap();
    for words in [">−40<", ">0<", ">40<"] {
        assert!(large.replace('\n', "").contains(words), "{words} in\n{large}");
    }
    assert!(!large.contains("P(y = 1)"));
}

#[test]
fn without_colour_each_class_has_its_letter_and_its_shade() {
    let (network, parameters) = linear(Output::Softmax, &[[5., 0.], [-5., 0.], [0., 5.]]);
    let boundary = Boundary::new(&corners(&["fox", "owl", "bat"]), &network, &parameters, [0, 1]).unwrap();
    let costs = costs();
    let curve = Curve { label: String::new(), costs: &costs };
    let text = preview(&boundary, &CostPlot { curves: vec![curve], log: false }, 60, false).unwrap().to_string();
    let rows: Vec<&str> = text.lines().collect();
    assert!(rows[0].contains("o fox  + owl  x bat"), "{text}");
    // from the top: bat alone; at the bottom owl, then fox
    assert!(rows[2].matches('▒').count() > 30, "{text}");
    let (_, bottom) = text.split_once("−5┤").unwrap();
    let bottom = bottom.lines().next().unwrap().trim_end();
    let half = "░".repeat(28);
    assert_eq!(bottom, half, "{text}");
}

#[test]
fn several_numbers_or_labels_are_refused_in_one_line() {
    let points = [-4., -4., 4., 4.];
    let data = Dataset::from_numbers("two", None, 2, &points, 2, &[1., 2., 3., 4.]).unwrap();
    let (network, parameters) = linear(Output::Squares, &[[1., 0.], [0., 1.]]);
    let refused = Boundary::new(&data, &network, &parameters, [0, 1]).unwrap_err();
    assert!(matches!(refused, Error::Mismatch(_)));
    assert_eq!(refused.to_string(), "a picture shows classes or one number, and two has 2 targets");
}
