//! The pictures of runs and sweeps as the command draws them: smooth whatever is logged, and named by what they show.
#![cfg(all(feature = "cli", feature = "plot"))]

mod common;

use std::fs;
use std::path::Path;

use common::command::{planar, refused, run};
use tempfile::TempDir;

/// Runs a command whose last argument is a file, and reads that.
fn drawn(arguments: &str, file: &Path) -> String {
    let mut command = planar(arguments);
    command.arg(file);
    let (_, stderr, code) = run(command);
    assert_eq!(code, 0, "{arguments}: {stderr}");
    fs::read_to_string(file).unwrap().replace('\n', "")
}

/// The longest line of a picture: its points, as numbers.
fn longest(picture: &str) -> Vec<(f64, f64)> {
    let lines = picture.split("<polyline ").skip(1).filter_map(|line| line.split_once(" points=\"")?.1.split_once('"'));
    let points = lines.map(|(points, _)| -> Vec<(f64, f64)> {
        let point = |text: &str| text.split_once(',').and_then(|(x, y)| Some((x.parse().ok()?, y.parse().ok()?)));
        points.split_whitespace().filter_map(point).collect()
    });
    // the line at P = 0.5 goes back and forth
    points.filter(|points| points.is_sorted_by(|a, b| a.0 <= b.0)).max_by_key(Vec::len).unwrap()
}

const RUN: &str = "train -q --device cpu --iterations 3000 --log-every 3000";

#[test]
fn a_curve_has_200_points_whatever_is_logged_and_that_of_a_checkpoint_or_a_resumed_run_is_the_same() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name);
    let (kept, part) = (file("run.safetensors"), file("part.safetensors"));
    let whole = longest(&drawn(&format!("{RUN} --checkpoint {} --plot", kept.display()), &file("a.svg")));
    assert!(whole.len() >= 200, "{} points", whole.len());
    let plotted = longest(&drawn(&format!("plot {} --out", kept.display()), &file("b.svg")));
    assert_eq!(plotted, whole);
    assert_eq!(run(planar(&format!("{} --checkpoint {}", RUN.replacen("3000", "1100", 1), part.display()))).2, 0);
    let resumed = longest(&drawn(&format!("{RUN} --resume {} --plot", part.display()), &file("c.svg")));
    assert_eq!(resumed, whole);
    assert!(fs::metadata(&kept).unwrap().len() < 20_000, "a checkpoint stays small");
}

#[test]
fn a_sweep_keeps_curves_if_it_draws_them_and_names_what_was_swept() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name);
    let grid = "sweep -q --device cpu --hidden 2,3 --learning-rate 0.5,1.2 --iterations 2000";
    let picture = drawn(&format!("{grid} --out {} --curves", file("a.jsonl").display()), &file("a.svg"));
    let points = longest(&picture).len();
    assert!(points >= 200, "{points} points");
    for name in ["n_h 2, rate 0.5", "n_h 3, rate 0.5", "n_h 2, rate 1.2", "n_h 3, rate 1.2"] {
        assert!(picture.contains(name), "{name}");
    }
    let merged = drawn(&format!("sweep merge {} --curves", file("a.jsonl").display()), &file("b.svg"));
    assert_eq!(longest(&merged).len(), points);
    assert_eq!(run(planar(&format!("{grid} --out {}", file("b.jsonl").display()))).2, 0);
    let size = |name: &str| fs::metadata(file(name)).unwrap().len();
    assert!(size("a.jsonl") < 4 * 6000 && size("b.jsonl") < 4 * 1500, "{} {}", size("a.jsonl"), size("b.jsonl"));
}

#[test]
fn heat_maps_say_which_values_share_bins_and_what_the_colours_are() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a.svg");
    let draw = "sweep -q --device cpu --random 60 --hidden 2..30 --learning-rate 0.01:1.2:log --iterations 5";
    let picture = drawn(&format!("{draw} --test-fraction 0.2 --heatmap"), &file);
    for words in
        ["60 learning rates in 4 bins", "numbers of hidden units in 4 bins", "learning rate (logarithmic)", "0.1"]
    {
        assert!(picture.contains(words), "{words}");
    }
    assert!(picture.matches("held-out accuracy %").count() >= 2, "in the title and at the bar");
    let grid = "sweep -q --device cpu --hidden 2,3 --learning-rate 0.01:1:log3 --iterations 5 --heatmap";
    let picture = drawn(grid, &file);
    assert!(!picture.contains("bins") && picture.contains(">accuracy %<"));
}

#[test]
fn axes_are_named_by_columns_and_held_out_accuracy_is_in_the_title() {
    let folder = TempDir::new().unwrap();
    let (table, file) = (folder.path().join("t.csv"), folder.path().join("a.svg"));
    let rows: String = (0..60).map(|k| format!("{},{},{},{}\n", k % 7, k % 5, k % 11, k % 2)).collect();
    fs::write(&table, format!("age,\"mean, area\",mean texture,class\n{rows}")).unwrap();
    let train = |axes: &str| {
        let mut command = planar("train -q --device cpu --iterations 20 --test-fraction 0.3 --data");
        command.arg(&table).args(["--axes", axes, "--plot"]).arg(&file);
        command
    };
    for axes in ["mean_texture,\"mean, area\"", "3,2"] {
        let (_, stderr, code) = run(train(axes));
        assert_eq!(code, 0, "{stderr}");
        let picture = fs::read_to_string(&file).unwrap().replace('\n', "");
        assert!(picture.contains(">mean texture<") && picture.contains(">mean, area<") && !picture.contains(">age<"));
        assert!(picture.contains(" %, held out ") && picture.contains(">held out<"));
    }
    refused(train("textur,age"), &["mean texture, ", "'textur'"]);
}
