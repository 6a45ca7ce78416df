//! What must hold for any bytes, one function per fuzz target: there is no panic, an error is one line, and what was
//! read is the same after being written and read again. `tests/seeds.rs` replays the seeds through the same functions.
#![allow(dead_code)] // each target uses its own

use std::fmt::Display;
use std::path::Path;

use planar::Error;
use planar::checkpoint::{Checkpoint, Contents, State, Weights};
use planar::data::table::{Input, Missing, TableOptions, read, samples};
use planar::data::{Columns, Dataset, Source};
use planar::metrics::kept;
use planar::model::Activation;
use planar::sweep::range::{Values, list, numbers, whole};
use planar::sweep::results::{self, JobResult};
use planar::text::{visible, visible_json, visible_lines};
use planar::train::CostAt;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What was read, or none if there was an error, which must be one line.
fn told<T>(read: Result<T, impl Display>) -> Option<T> {
    let error = match read {
        Ok(read) => return Some(read),
        Err(error) => error.to_string(),
    };
    assert!(!error.is_empty() && !error.contains(char::is_control), "{error:?}");
    None
}

/// Data sets from a table, with and without labels.
pub fn csv(bytes: &[u8]) {
    let path = Path::new("any.csv");
    let check = |data: &Dataset| {
        assert!(data.samples() > 0 && data.labels().len() == data.samples());
        let classes = data.columns().classes.len();
        assert!(data.labels().iter().all(|label| usize::from(*label) < classes));
        let columns = data.columns();
        let mut names = columns.features.iter().map(|feature| &feature.name).chain(&columns.classes);
        assert!(names.all(|name| !name.contains(char::is_control)));
        assert!((0..data.samples()).all(|s| data.point(s).all(|value| (value as f32).is_finite())));
    };
    let input = Input::Bytes(path, bytes);
    for (label, missing) in [(None, Missing::Refuse), (Some("y"), Missing::Drop), (None, Missing::Mean)] {
        let options = TableOptions { label: label.map(String::from), missing, ..TableOptions::default() };
        let mut learnt: Option<Columns> = None;
        if let Some(table) = told(read(input, &options, &mut |_| ())) {
            assert!(table.notices.iter().all(|notice| !notice.to_string().contains(char::is_control)));
            if let Some(data) = told(table.dataset()) {
                check(&data);
                learnt = Some(data.columns().clone());
            }
        }
        // what was learnt from a table reads that table, and without it any of one or two columns
        let of_learnt = learnt.iter().map(|learnt| (learnt.features.len(), Some(learnt)));
        for (inputs, model) in of_learnt.chain([(1, None), (2, None)]) {
            if let Some(samples) = told(samples(input, inputs, model, &options, &mut |_| ())) {
                check(&samples.data);
                assert_eq!(samples.data.features(), inputs);
            }
        }
    }
}

/// Weights are finite, whichever way they are laid out; a checkpoint is written as it was read.
pub fn checkpoint(bytes: &[u8]) {
    let path = Path::new("any.safetensors");
    told(Contents::parse(path, bytes));
    let is_finite = |weights: &Weights| weights.parameters.values().iter().all(|value| (*value as f32).is_finite());
    assert!(told(Weights::parse_transposed(path, bytes)).is_none_or(|weights| is_finite(&weights)));
    let Some(weights) = told(Weights::parse(path, bytes)) else { return };
    assert!(is_finite(&weights));
    told(weights.network(path, None, None));
    let Some(read) = told(Checkpoint::parse(path, bytes)) else { return };
    let written = read.to_bytes(path).unwrap();
    let again = Checkpoint::parse(path, &written).unwrap();
    assert_eq!(again.parameters, read.parameters);
    // as text, so that a cost that is NaN equals itself
    assert_eq!(json_of(&again.state), json_of(&read.state));
}

/// The part that is kept of a file of metrics consists of whole lines, and all of it is kept again.
pub fn metrics(bytes: &[u8]) {
    for from in [0, 1, 100, u64::MAX] {
        let lines = bytes.split_inclusive(|byte| *byte == b'\n').count();
        match kept(bytes, from) {
            Ok(whole) => {
                let whole = &bytes[..whole as usize];
                assert!(whole.is_empty() || whole.ends_with(b"\n"));
                assert_eq!(kept(whole, from), Ok(whole.len() as u64));
            }
            Err(line) => assert!((1..=lines).contains(&line)),
        }
    }
}

/// The whole lines of a results file hold all that was read from it, and are written again unchanged.
pub fn results(bytes: &[u8]) {
    let path = Path::new("any.jsonl");
    let Some((sweep, found, whole)) = told(results::parse(path, bytes)) else { return };
    let (_, again, length) = results::parse(path, &bytes[..whole as usize]).unwrap();
    assert_eq!((length, again.dropped), (whole, false));
    assert_eq!(json_of(&again.ended), json_of(&found.ended));
    let written: String = found.ended.iter().map(|ended| json_of(ended) + "\n").collect();
    let (header, again, _) = results::parse(path, format!("{sweep}\n{written}").as_bytes()).unwrap();
    assert_eq!((header, again.dropped), (sweep, false));
    assert_eq!(json_of(&again.ended), json_of(&found.ended));
}

/// Lists, ranges and the names in them read the same again from their displayed form.
pub fn ranges(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    match told(numbers("the rates", text)) {
        Some(Values::List(values)) => {
            assert!(!values.is_empty());
            if values.iter().all(|value| value.is_finite()) {
                let Some(Values::List(again)) = told(numbers("the rates", &shown(&values))) else { panic!() };
                assert_eq!(bits(&again), bits(&values));
            }
        }
        Some(Values::Log(first, last)) => assert!(0.0 < first && first < last && last.is_finite()),
        Some(Values::Linear(first, last)) => assert!(first < last && (last - first) >= 0.0),
        None => {}
    }
    if let Some(value) = told(whole("the iterations", text)) {
        assert_eq!(whole("the iterations", &value.to_string()).unwrap(), value);
    }
    if let Some(values) = told(list::<u32>("the seeds", text)) {
        assert_eq!(list::<u32>("the seeds", &shown(&values)).unwrap(), values);
    }
    if let Some(values) = told(list::<Activation>("the activations", text)) {
        assert_eq!(list::<Activation>("the activations", &shown(&values)).unwrap(), values);
    }
    if let Some(source) = told(text.parse::<Source>()) {
        assert_eq!(source.to_string().parse::<Source>().unwrap(), source);
    }
}

/// Any text is shown on one line without what steers a terminal, by itself and in an error; in JSON it means the same.
pub fn text(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let steers = |letter: char| letter.is_control() || ('\u{2028}'..='\u{202e}').contains(&letter);
    let shown = visible(&text);
    assert!(!shown.contains(steers), "{shown:?}");
    assert_eq!(visible(&shown), shown);
    let lines = visible_lines(&text);
    assert!(!lines.replace('\n', "").contains(steers) && lines.lines().count() == text.split_terminator('\n').count());
    for error in [Error::NoAdapter(text.to_string()), Error::invalid("the text", "plain", &text)] {
        assert!(!error.to_string().contains(steers), "{error}");
    }
    let json = json_of(&text);
    let shown = visible_json(&json);
    assert!(!shown.contains(steers), "{shown:?}");
    assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
}

/// A value read from JSON is the same after being written and read again.
pub fn json(bytes: &[u8]) {
    fn round_trip<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
        let Ok(read) = serde_json::from_slice::<T>(bytes) else { return };
        let written = json_of(&read);
        assert_eq!(json_of(&serde_json::from_str::<T>(&written).unwrap()), written);
    }
    round_trip::<JobResult>(bytes);
    round_trip::<State>(bytes);
    round_trip::<Vec<CostAt>>(bytes);
    round_trip::<serde_json::Value>(bytes);
}

fn json_of(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

/// Values as written on the command line: `4,20`.
fn shown(values: &[impl Display]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}
