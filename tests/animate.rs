//! `--animate`: a GIF of the run that every viewer can show. It changes nothing about the run.
#![cfg(all(feature = "cli", feature = "plot"))]

mod common;

use std::fs;
use std::path::Path;

use common::command::{interrupt, planar, run, training};
use gif::{ColorOutput, DecodeOptions};
use planar::plot;
use serde_json::Value;
use tempfile::TempDir;

const TRAIN: &str = "train --device cpu --json -q --iterations 2000";

/// A file as a viewer shows it: its size, and each frame's RGB and delay in hundredths of a second.
struct Shown {
    size: (u16, u16),
    frames: Vec<(Vec<u8>, u16)>,
    loops: bool,
}

fn shown(bytes: &[u8]) -> Shown {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::RGBA);
    let mut decoder = options.read_info(bytes).unwrap();
    let size = (decoder.width(), decoder.height());
    let mut canvas = vec![0; 3 * usize::from(size.0) * usize::from(size.1)];
    let mut frames = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        for (k, pixel) in frame.buffer.chunks_exact(4).enumerate().filter(|(_, pixel)| pixel[3] > 0) {
            canvas[3 * k..3 * k + 3].copy_from_slice(&pixel[..3]);
        }
        frames.push((canvas.clone(), frame.delay));
    }
    Shown { size, frames, loops: decoder.repeat() == gif::Repeat::Infinite }
}

/// Trains with these flags and an animation. Returns stdout, stderr, the exit code and the animation.
fn animated(arguments: &str, file: &Path) -> (String, String, i32, Shown) {
    let mut command = planar(arguments);
    command.arg("--force").arg("--animate").arg(file);
    let (stdout, stderr, code) = run(command);
    let bytes = fs::read(file).unwrap_or_else(|error| panic!("{error}: {stderr}"));
    assert!(bytes.len() < 2_000_000, "{} bytes", bytes.len());
    (stdout, stderr, code, shown(&bytes))
}

#[test]
fn a_run_is_shown_from_its_start_to_its_end_in_sixty_frames_that_loop() {
    let folder = TempDir::new().unwrap();
    let (_, _, code, shown) = animated(TRAIN, &folder.path().join("run.gif"));
    assert_eq!((code, shown.size, shown.frames.len(), shown.loops), (0, (480, 400), 60, true));
    let delays: Vec<u16> = shown.frames.iter().map(|(_, delay)| *delay).collect();
    assert!(delays[..59].iter().all(|delay| *delay == 10) && delays[59] > 100, "{delays:?}");
    // class 1 ends up between the centre and the right edge, which no network knows at the start
    let at = |frame: usize| &shown.frames[frame].0[3 * (480 * 150 + 380)..][..3];
    assert!(at(59)[0] > at(59)[2] + 60, "{:?}", at(59));
    assert!(at(0)[0].abs_diff(at(0)[2]) < 30, "{:?}", at(0));
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "a temporary file is left");
}

#[test]
fn the_run_is_the_same_to_the_bit_with_and_without() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name);
    for (name, flags) in [("a", "--hidden 5"), ("b", "--precision f64"), ("c", "--checkpoint-every 70 --log-every 30")]
    {
        let kept = |which: &str| file(&format!("{name}-{which}.safetensors"));
        let train = |which: &str| format!("{TRAIN} {flags} --checkpoint {}", kept(which).display());
        let (with, ..) = animated(&train("with"), &file("run.gif"));
        let (without, ..) = run(planar(&train("without")));
        let [with, without] = [with, without].map(|text| serde_json::from_str::<Value>(&text).unwrap());
        assert_eq!((&with["costs"], &with["final"]), (&without["costs"], &without["final"]));
        assert_eq!(fs::read(kept("with")).unwrap(), fs::read(kept("without")).unwrap(), "{flags}");
    }
}

#[test]
fn short_long_resumed_and_diverging_runs_are_shown_as_far_as_they_went() {
    let folder = TempDir::new().unwrap();
    let (file, kept) = (folder.path().join("run.gif"), folder.path().join("run.safetensors"));
    let frames = |shown: &Shown| shown.frames.len();
    let (_, _, code, short) =
        animated(&format!("train -q --device cpu --iterations 3 --checkpoint {}", kept.display()), &file);
    assert_eq!((code, frames(&short)), (0, 4));
    // iteration 3 and each of the next five
    let resume = format!("train -q --device cpu --iterations 8 --resume {}", kept.display());
    let (_, stderr, code, resumed) = animated(&resume, &file);
    assert_eq!((code, frames(&resumed)), (0, 6), "{stderr}");
    let diverging = "train -q --device cpu --activation relu --learning-rate 300 --iterations 5000";
    let (_, _, code, diverged) = animated(diverging, &file);
    assert!(code == 5 && (1..60).contains(&frames(&diverged)), "{code}, {}", frames(&diverged));

    let table = folder.path().join("three.csv");
    fs::write(&table, "a,b,c,y\n0,5,0,0\n1,5,1,1\n0,6,1,1\n1,6,0,0\n").unwrap();
    let three = format!("train -q --device cpu --iterations 50 --axes 1,3 --data {}", table.display());
    assert_eq!(animated(&three, &file).2, 0);
}

/// Ctrl-C leaves an animation of the part that is done.
#[cfg(unix)]
#[test]
fn an_interrupted_run_is_shown_as_far_as_it_went() {
    use std::process::{Command, Stdio};

    let folder = TempDir::new().unwrap();
    let file = folder.path().join("run.gif");
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("planar"));
    command.args(["train", "--iterations", "2000000000", "--device", "cpu", "-v", "--animate"]).arg(&file);
    let mut child = training(command.stdout(Stdio::null()));
    std::thread::sleep(std::time::Duration::from_millis(300));
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let frames = shown(&fs::read(&file).unwrap()).frames.len();
    assert!((2..60).contains(&frames), "{frames}");
}

#[test]
fn what_cannot_be_animated_is_refused_before_training() {
    let folder = TempDir::new().unwrap();
    let line = folder.path().join("line.csv");
    fs::write(&line, "x,y\n0,0\n1,1\n2,1\n").unwrap();
    let one_feature = format!("--animate run.gif --data {}", line.display());
    for (arguments, words) in [
        ("--animate run.svg", &["FILE.gif", "'run.svg'"][..]),
        ("--animate run", &["FILE.gif", "'run'"]),
        ("--animate no/such/folder/run.gif", &["folder that exists"]),
        ("--animate run.gif --axes 1,3", &["between 1 and 2", "1,3"]),
        ("--animate run.gif --log-cost", &["--plot", "--preview"]),
        (&one_feature, &["2 features", "has 1"]),
    ] {
        let (stdout, stderr, code) = run(planar(&format!("train --iterations 2000000000 --device cpu -q {arguments}")));
        assert_eq!((code, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{arguments}: {stderr}");
        assert!(words.iter().all(|word| stderr.contains(word)), "{arguments}: {stderr}");
    }
}

#[test]
fn frames_of_few_colours_are_kept_to_the_pixel_and_of_many_the_most_frequent() {
    let frame = |colour: &dyn Fn(u32, u32) -> [u8; 3]| -> Vec<u8> {
        (0..64 * 32)
            .flat_map(|k| {
                let [red, green, blue] = colour(k % 64, k / 64);
                [red, green, blue, 255]
            })
            .collect()
    };
    let rgb = |frame: &[u8]| -> Vec<u8> { frame.chunks_exact(4).flat_map(|pixel| pixel[..3].to_vec()).collect() };
    // the second differs in one pixel, the third is the first again
    let first = frame(&|x, y| [4 * x as u8 / 16, 0, y as u8 / 8]);
    let mut second = first.clone();
    second[1] = 200;
    let frames = [first.clone(), second, first];
    let shown_as = shown(&plot::gif((64, 32), &frames).unwrap());
    for (shown, frame) in shown_as.frames.iter().zip(&frames) {
        assert_eq!(shown.0, rgb(frame));
    }
    // 512 colours in the upper half, and a single one, which most pixels have, in the lower half
    let many = frame(&|x, y| if y < 16 { [4 * x as u8, 8 * (y / 2) as u8, 128] } else { [7, 8, 9] });
    let shown_as = shown(&plot::gif((64, 32), std::slice::from_ref(&many)).unwrap());
    assert_eq!(shown_as.frames[0].0[3 * 64 * 16..], rgb(&many)[3 * 64 * 16..]);
    assert!(plot::gif((64, 31), &frames).is_err() && plot::gif((70_000, 1), &[]).is_err());
}
