//! What holds for any shape, any numbers and any range. Cases are drawn at random, the same in every run.

#[path = "../fuzz/checks.rs"]
mod checks;
#[path = "common/properties.rs"]
mod properties;

use planar::checkpoint::{Checkpoint, Description, State};
use planar::cpu::{Engine, Reference};
use planar::data::flower;
use planar::model::{Activation, Network, Parameters};
use planar::sweep::range::{Values, list, numbers};
use planar::train::CostAt;
use properties::{cases, chunks_change_no_bit, hold, one_step_is_the_references};
use proptest::prelude::*;
use tempfile::TempDir;

#[test]
fn the_engine_takes_the_references_step_in_any_shape() {
    for threads in [Some(1), None] {
        let engine = Engine::new(threads).unwrap();
        hold(256, cases(70), |case| one_step_is_the_references(&engine, case)).unwrap();
    }
}

#[test]
fn any_chunks_give_the_same_bits_on_the_engine_and_on_the_reference() {
    hold(256, cases(70), |case| chunks_change_no_bit(&Engine::new(None).map_err(|e| e.to_string())?, case)).unwrap();
    hold(64, cases(70), |case| chunks_change_no_bit(&Reference::<f32>::new(), case)).unwrap();
}

#[test]
fn whole_numbers_and_ranges_of_them_are_read_as_they_are_written() {
    let parts = prop::collection::vec((0..5000_u64, 0..20_u64, any::<bool>()), 1..8);
    hold(256, parts, |parts| {
        let part = |&(first, more, is_range): &(u64, u64, bool)| match is_range {
            true => (format!("{first}..{}", first + more), (first..=first + more).collect()),
            false => (first.to_string(), vec![first]),
        };
        let (texts, values): (Vec<String>, Vec<Vec<u64>>) = parts.iter().map(part).unzip();
        let read = list::<u64>("n", &texts.join(", ")).map_err(|error| error.to_string())?;
        if read == values.concat() { Ok(()) } else { Err(format!("{read:?}")) }
    })
    .unwrap();
}

#[test]
fn rates_ranges_of_them_and_activations_are_read_as_they_are_written() {
    let rates = prop::collection::vec(any::<f64>(), 1..8);
    hold(256, rates, |rates| {
        let text = rates.iter().map(f64::to_string).collect::<Vec<_>>().join(",");
        match numbers("rates", &text).map_err(|error| error.to_string())? {
            Values::List(read) if bits(&read) == bits(rates) => Ok(()),
            read => Err(format!("{read:?}")),
        }
    })
    .unwrap();
    hold(256, (1e-9..1e3_f64, 1.001..1e6_f64, 2..200_usize), |&(first, ratio, count)| {
        let last = first * ratio;
        for (scale, drawn) in [("log", Values::Log(first, last)), ("lin", Values::Linear(first, last))] {
            let text = format!("{first}:{last}:{scale}");
            let read = numbers("rates", &text).map_err(|error| error.to_string())?;
            let spread = numbers("rates", &format!("{text}{count}")).map_err(|error| error.to_string())?;
            let Values::List(spread) = spread else { return Err(format!("{spread:?}")) };
            let ends = (spread[0], spread[count - 1]) == (first, last);
            if read != drawn || !ends || spread.len() != count || !spread.is_sorted() {
                return Err(format!("{text}: {read:?}, {spread:?}"));
            }
        }
        Ok(())
    })
    .unwrap();
    hold(256, any::<f64>(), |slope| {
        let activation = Activation::LeakyRelu { slope: *slope };
        match activation.to_string().parse::<Activation>() {
            Ok(read) if read == activation => Ok(()),
            read => Err(format!("{read:?}")),
        }
    })
    .unwrap();
}

#[test]
fn a_checkpoint_is_read_as_it_was_written_whatever_its_numbers_bit_for_bit() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("any.safetensors");
    let data = flower(4, 1).unwrap();
    // values beyond f32 are inverted, since no network can have them
    let weight = any::<f64>().prop_map(|value| if (value as f32).is_finite() { value } else { 1.0 / value });
    let weights = prop::collection::vec(weight, 4 * 9 + 1);
    let costs = prop::collection::vec(any::<f64>(), 0..5);
    hold(
        256,
        (1..=9_usize, weights, costs, any::<bool>(), any::<u64>()),
        |(hidden, values, costs, wide, iteration)| {
            let network = Network::one_hidden(2, *hidden, Activation::Tanh).map_err(|error| error.to_string())?;
            let narrow = |value: &f64| if *wide { *value } else { f64::from(*value as f32) };
            let values = values[..4 * hidden + 1].iter().map(narrow).collect();
            let parameters = Parameters::from_values(&network, values).map_err(|error| error.to_string())?;
            let rate = costs.first().copied().unwrap_or(0.5);
            let description = Description::new(&data, &network, rate, if *wide { "f64" } else { "f32" });
            let mut state = State::new(description, "seed 2".into(), "any\ndevice \"".into(), "split");
            state.iteration = *iteration;
            state.costs = costs.iter().zip(0..).map(|(cost, iteration)| CostAt { iteration, cost: *cost }).collect();
            let written = Checkpoint { state, parameters, moments: Vec::new(), best: None };
            written.write(&path).map_err(|error| error.to_string())?;
            let read = Checkpoint::read(&path).map_err(|error| error.to_string())?;
            let same =
                bits(read.parameters.values()) == bits(written.parameters.values()) && read.state == written.state;
            if same { Ok(()) } else { Err(format!("{read:?}")) }
        },
    )
    .unwrap();
}

#[test]
fn any_text_is_shown_without_what_steers_a_terminal_and_means_the_same_as_json() {
    hold(2000, prop::collection::vec(any::<char>(), 0..20), |letters| {
        checks::text(letters.iter().collect::<String>().as_bytes());
        Ok(())
    })
    .unwrap();
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}
