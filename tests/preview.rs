//! `--preview`: it fits the terminal, shows what the network predicts, and has escape codes only on a colour terminal.
#![cfg(all(feature = "cli", feature = "plot"))]

mod common;

use common::command::{ended, planar, run};
use planar::data::Dataset;
use planar::model::{Activation, Network, Parameters};
use planar::plot::terminal::{Cell, preview};
use planar::plot::{Boundary, CostPlot, Curve};
use planar::train::CostAt;
use tempfile::TempDir;

const TRAIN: &str = "train --device cpu -q --iterations 300 --preview";

/// The part below the summary.
fn below_summary(stdout: &str) -> &str {
    stdout.split_once("accuracy").and_then(|(_, rest)| rest.split_once("\n\n")).unwrap().1
}

/// Four corners, and a network that says 1 where x₁ > 0 and x₂ > 0: wrong about the lower right corner.
fn quadrant() -> Boundary {
    let points = [-4., -4., 4., -4., -4., 4., 4., 4.];
    let data = Dataset::from_points("corners", None, 2, &points, vec![0, 1, 0, 1]).unwrap();
    let network = Network::one_hidden(2, 2, Activation::Sigmoid).unwrap();
    // W1, b1, W2, b2
    let parameters = Parameters::from_values(&network, vec![20., 0., 0., 20., 0., 0., 40., 40., -60.]).unwrap();
    Boundary::new(&data, &network, &parameters, [0, 1]).unwrap()
}

#[test]
fn a_preview_is_no_wider_than_it_may_be_and_of_a_pipe_holds_no_escapes() {
    for columns in [24, 40, 63, 64, 80, 200] {
        for data in ["flower", "noisy-moons --log-cost"] {
            let mut command = planar(&format!("{TRAIN} --data {data}"));
            command.env("COLUMNS", columns.to_string());
            let (stdout, stderr, code) = run(command);
            assert_eq!((code, stderr.as_str()), (0, ""));
            assert!(!stdout.contains('\u{1b}'), "{columns}: {stdout}");
            let picture = below_summary(&stdout);
            let widest = picture.lines().map(|line| line.chars().count()).max().unwrap();
            assert!((columns.min(100) - 4..=columns).contains(&widest), "{widest} of {columns} columns:\n{picture}");
            for words in ["y = 0", "y = 1", "x1", "x2", "cost", "iteration", "300", "░"] {
                assert!(picture.contains(words), "{columns}: no '{words}' in\n{picture}");
            }
        }
    }
}

#[test]
fn where_nothing_says_the_width_it_is_80_and_too_few_columns_are_told() {
    let mut command = planar(TRAIN);
    command.env_remove("COLUMNS");
    let wide = run(command).0;
    let mut command = planar(TRAIN);
    command.env("COLUMNS", "80");
    assert_eq!(below_summary(&wide), below_summary(&run(command).0));
    let mut command = planar(TRAIN);
    command.env("COLUMNS", "23");
    let (stdout, stderr, code) = run(command);
    assert_eq!((code, stderr.lines().count()), (0, 1), "{stderr}");
    assert!(stderr.contains("24 columns") && stderr.contains("23") && stdout.contains("accuracy"), "{stderr}");
}

/// What a command prints on a terminal of 70 columns.
#[cfg(target_os = "linux")]
fn on_a_terminal(arguments: &str, variables: &[(&str, &str)]) -> String {
    let binary = assert_cmd::cargo::cargo_bin!("planar").display();
    let mut command = assert_cmd::Command::new("script");
    command.args(["-qec", &format!("stty rows 40 cols 70; '{binary}' {arguments}"), "/dev/null"]);
    command.env("COLUMNS", "30").env_remove("NO_COLOR").env_remove("COLORTERM").env("TERM", "xterm-256color");
    command.envs(variables.iter().copied());
    run(command).0.replace('\r', "")
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_gets_its_own_width_and_as_many_colours_as_it_has() {
    let picture = |variables: &[_]| below_summary(&on_a_terminal(TRAIN, variables)).to_owned();
    for variables in [[("NO_COLOR", "1")], [("TERM", "dumb")]] {
        let plain = picture(&variables);
        assert!(!plain.contains('\u{1b}') && plain.contains('░'), "{plain}");
        let widest = plain.lines().map(|line| line.chars().count()).max().unwrap();
        assert!((66..=70).contains(&widest), "{widest} of 70 columns:\n{plain}");
    }
    let (few, all) = (picture(&[("COLUMNS", "30")]), picture(&[("COLORTERM", "truecolor")]));
    assert!(few.contains("\u{1b}[38;5;") && few.contains("\u{1b}[48;5;") && !few.contains(";2;"), "{few}");
    assert!(all.contains("\u{1b}[38;2;0;84;148") && !all.contains(";5;"), "{all}");
    for coloured in [few, all] {
        for line in coloured.lines() {
            let parts: Vec<&str> = line.split('\u{1b}').collect();
            let shown =
                |part: &&str| part.split_once('m').map_or(part.chars().count(), |(_, text)| text.chars().count());
            assert!(parts[0].chars().count() + parts[1..].iter().map(shown).sum::<usize>() <= 70, "{line}");
            // a colour ends with its line
            assert!(!line.contains('\u{1b}') || line.trim_end_matches(|c: char| !c.is_ascii()).contains("\u{1b}[0m"));
        }
    }
}

#[test]
fn each_class_is_shown_where_it_is_predicted_and_where_its_samples_are() {
    let boundary = quadrant();
    let plain = preview(&boundary, &CostPlot::default(), 40, false).unwrap();
    let rows: Vec<&[Cell]> = plain.rows().collect();
    let (left, right, upper, lower) = (8, 35, 2, rows.len() - 5);
    let at = |column: usize, row: usize| rows[row][column].symbol;
    assert_eq!([at(left, upper), at(right, upper), at(left, lower), at(right, lower)], [' ', '░', ' ', ' '], "{plain}");
    // below the legend are two samples of each class, one on the left and one on the right
    let field: String = rows[1..rows.len() - 2].iter().flat_map(|row| row.iter().map(|cell| cell.symbol)).collect();
    assert_eq!((field.matches('o').count(), field.matches('+').count()), (2, 2), "{plain}");
    let columns =
        |symbol| rows[1..rows.len() - 2].iter().filter_map(move |row| row.iter().position(|c| c.symbol == symbol));
    assert!(columns('o').all(|column| column < 20) && columns('+').all(|column| column > 20), "{plain}");

    let coloured = preview(&boundary, &CostPlot::default(), 40, true).unwrap();
    let rows: Vec<&[Cell]> = coloured.rows().collect();
    let warmth = |column: usize, row: usize| {
        let [red, _, blue] = rows[row][column].paper.unwrap();
        i32::from(red) - i32::from(blue)
    };
    assert!(warmth(right, upper) > 60);
    assert!([(left, upper), (left, lower), (right, lower)].iter().all(|(column, row)| warmth(*column, *row) < -60));
    assert!(preview(&boundary, &CostPlot::default(), 23, false).is_err());
}

#[test]
fn a_cost_is_drawn_from_its_first_to_its_last_and_says_where_it_diverged() {
    let costs = |costs: &[f64]| -> Vec<CostAt> {
        (0..).step_by(100).zip(costs).map(|(iteration, cost)| CostAt { iteration, cost: *cost }).collect()
    };
    let drawn = |costs: &[CostAt], log: bool| {
        let plot = CostPlot { curves: vec![Curve { label: String::new(), costs }], log };
        preview(&quadrant(), &plot, 40, false).map(|picture| picture.to_string())
    };
    let falls = drawn(&costs(&[0.8, 0.6, 0.4, 0.2]), false).unwrap();
    let curve: Vec<&str> = falls.lines().skip_while(|line| line.trim() != "cost").skip(1).collect();
    assert!(curve[0].starts_with("0.8┤") && curve[0].contains('⠑'), "{falls}");
    assert_eq!(curve.iter().position(|line| line.starts_with("  0┤")), Some(5), "{falls}");
    for log in [false, true] {
        let went_off = drawn(&costs(&[0.7, 0.6, 1e30, f64::NAN]), log).unwrap();
        assert!(went_off.contains("diverged at 300"), "{went_off}");
        for still in [0.0, 0.7, 1e-300, 1e300] {
            drawn(&costs(&[still, still]), log).unwrap();
        }
    }
    assert!(drawn(&costs(&[f64::NAN]), false).is_err());
}

#[test]
fn a_checkpoint_is_shown_with_its_title_and_json_has_stdout_to_itself() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("run.safetensors");
    let mut command = planar("train --device cpu -q --iterations 300 --checkpoint");
    command.arg(&path);
    run(command);
    let mut command = planar("plot --preview");
    command.arg(&path).env("COLUMNS", "40");
    let (stdout, stderr, code) = run(command);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.lines().all(|line| line.chars().count() <= 40), "{stdout}");
    assert!(
        stdout.replace('\n', " ").starts_with("flower, 2–4–1, tanh, rate 1.2, 300 iterations: accuracy"),
        "{stdout}"
    );
    assert!(stdout.contains("y = 0") && stdout.contains("cost"), "{stdout}");

    let mut command = planar("plot");
    command.arg(&path);
    for (stdout, stderr, code) in [run(command), ended(&format!("{TRAIN} --json"))] {
        assert_eq!((code, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{stderr}");
        assert!(stderr.contains("--out") || (stderr.contains("--preview") && stderr.contains("--json")), "{stderr}");
    }
}
