//! Given bad arguments, the library returns an error, `None` or an empty result, and does not panic.

use std::ops::ControlFlow;
use std::time::Duration;

use planar::backend::{Backend, CHUNK_LIMIT, Run};
use planar::checkpoint::Weights;
use planar::compare::{Bounds, compare};
use planar::cpu::{Engine, Reference, accuracy_on, logits_at};
use planar::data::table::{Input, SampleTable, TableOptions, samples};
use planar::data::{Dataset, flower, noisy_moons};
use planar::diagnose::{activations_all_nan, diagnose, rounded};
use planar::gradcheck::check;
use planar::measure::speed;
use planar::model::params::{Kind, Layout, Tensor};
use planar::model::{Activation, Network, Parameters};
use planar::predict::predict;
use planar::sweep::grid::Space;
use planar::sweep::range::Values;
use planar::sweep::summary::configurations;
use planar::train::{Schedule, train, train_all};

fn network(inputs: usize) -> Network {
    Network::one_hidden(inputs, 3, Activation::Tanh).unwrap()
}

fn run(inputs: usize) -> Run {
    let network = network(inputs);
    Run::initial(network, 2, 0.01, 1.2)
}

fn backends() -> [Box<dyn Backend>; 2] {
    [Box::new(Engine::new(Some(1)).unwrap()), Box::new(Reference::<f64>::new())]
}

/// One sample of two columns, read for a network of this many inputs.
fn two(inputs: usize, options: &TableOptions) -> planar::Result<SampleTable> {
    samples(Input::Bytes("x.csv".as_ref(), b"1,2\n"), inputs, None, options, &mut |_| ())
}

#[test]
fn samples_and_layers_that_are_not_there_are_empty() {
    let data = flower(10, 1).unwrap();
    assert_eq!((data.point(9).count(), data.point(10).count(), data.point(usize::MAX).count()), (2, 0, 0));
    assert_eq!((data.accuracy(&[]), data.accuracy(&[f64::NAN; 10])), (0.0, 0.5));
    assert!(data.accuracy(&[1.0; 20]) <= 1.0);
    let mut parameters = run(2).parameters;
    for layer in [2, 3, usize::MAX] {
        assert!(parameters.weights(layer).is_empty() && parameters.bias(layer).is_empty());
        assert!(parameters.weights_mut(layer).is_empty() && parameters.bias_mut(layer).is_empty());
        assert_eq!((parameters.layout().weights(layer).rows, parameters.layout().bias(layer).range()), (0, 0..0));
    }
    for widths in [&[][..], &[1], &[0, 0], &[usize::MAX, usize::MAX, usize::MAX]] {
        let layout = Layout::new(widths);
        assert!(
            layout.layers() <= 2 && layout.tensors().iter().all(|tensor| tensor.range().start <= tensor.range().end)
        );
    }
    let huge = Tensor { kind: Kind::Weights, layer: 0, rows: usize::MAX, columns: 2, offset: 7 };
    assert_eq!(huge.range(), 7..usize::MAX);
}

#[test]
fn absurd_sizes_are_refused_before_anything_is_allocated() {
    for (inputs, hidden) in [
        (0, &[4][..]),
        (2, &[]),
        (2, &[0]),
        (usize::MAX, &[4]),
        (2, &[usize::MAX]),
        (1 << 24, &[1 << 24]),
        (2, &[1 << 24, 1 << 24]),
    ] {
        assert!(Network::new(inputs, hidden, Activation::Relu).is_err(), "{inputs} {hidden:?}");
    }
    for samples in [0, 1, 3, usize::MAX] {
        assert!(flower(samples, 1).is_err() && noisy_moons(samples, 1).is_err());
    }
    let data = flower(10, 1).unwrap();
    for backend in backends() {
        assert!(backend.memory(&data, &network(2), usize::MAX).unwrap() > backend.memory_limit());
    }
    let wide = Network::one_hidden(2, 1 << 24, Activation::Tanh).unwrap();
    let many = Dataset::from_points("many", None, 2, &vec![0.0; 400], vec![0; 200]).unwrap();
    let run = Run::new(wide.clone(), Parameters::zeros(&wide), 1.0);
    assert!(Reference::<f64>::new().load(&many, &[run]).is_err());
    assert!(Engine::new(Some(0)).is_err() && Engine::new(Some(usize::MAX)).is_err());
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let data = flower(10, 1).unwrap();
    let [other, deep] = [run(3), {
        let network = Network::new(2, &[3, 3], Activation::Tanh).unwrap();
        Run::new(network, run(2).parameters, 1.0)
    }];
    let slope = Network::one_hidden(2, 3, Activation::LeakyRelu { slope: f64::NAN }).unwrap();
    let nan = Run { network: slope, ..run(2) };
    let still = Run { learning_rate: 0.0, ..run(2) };
    for backend in backends() {
        for wrong in [&other, &deep, &nan, &still] {
            assert!(backend.load(&data, std::slice::from_ref(wrong)).is_err(), "{wrong:?}");
            assert!(speed(backend.as_ref(), &data, std::slice::from_ref(wrong), Duration::ZERO).is_err());
        }
        assert!(backend.load(&data, &[]).is_err());
        let samples = two(2, &TableOptions::default()).unwrap();
        assert!(predict(backend.as_ref(), &other.network, &other.parameters, &samples).is_err());
        assert!(predict(backend.as_ref(), &deep.network, &deep.parameters, &samples).is_err());
        assert!(activations_all_nan(backend.as_ref(), &data, &other, 0, u64::MAX).is_err());
    }
    let [left, right] = backends();
    for wrong in [&other, &deep] {
        assert!(accuracy_on(&data, &wrong.network, &wrong.parameters).is_err() && check(&data, wrong).is_err());
        assert!(diagnose(&data, wrong, 0, None, Duration::ZERO).is_err());
        let sides = [left.as_ref(), right.as_ref()];
        assert!(compare(sides, &data, wrong, 1, Bounds::F32_TO_F64, |_| {}).is_err());
    }
    assert!(compare([left.as_ref(), right.as_ref()], &data, &run(2), 0, Bounds::F32_TO_F64, |_| {}).is_ok());
    assert!(diagnose(&data, &run(2), 0, None, Duration::ZERO).is_ok());
    assert!(logits_at(&run(2).network, &run(2).parameters, &[1.0, 2.0, 3.0]).is_err());
    assert!(logits_at(&run(2).network, &other.parameters, &[1.0, 2.0]).is_err());
    assert!(logits_at(&run(2).network, &run(2).parameters, &[]).unwrap().is_empty());
    assert!(two(0, &TableOptions::default()).is_err());
    assert!(two(usize::MAX, &TableOptions { label: Some(String::new()), ..TableOptions::default() }).is_err());
    let weights =
        Weights { parameters: run(2).parameters, widths: Vec::new(), moments: Vec::new(), best: None, state: None };
    assert!(weights.network("x".as_ref(), Some(Activation::Tanh), None).is_err());
    assert!(data.split(f64::NAN, 1).is_err() && data.split(0.001, 1).is_err());
    for value in [0.0, -1.0, f64::NAN, f64::INFINITY, 5e-324] {
        rounded(value);
    }
}

#[test]
fn a_session_refuses_chunks_and_networks_that_it_has_not() {
    let data = flower(10, 1).unwrap();
    for backend in backends() {
        let mut session = backend.load(&data, &[run(2), run(2)]).unwrap();
        for iterations in [0, CHUNK_LIMIT + 1, u32::MAX] {
            assert!(session.advance(iterations).is_err(), "{iterations}");
        }
        assert!(session.retire(2).is_err() && session.retire(usize::MAX).is_err());
        assert!(session.collect().unwrap().is_none());
        let once = Schedule::new(1, None).unwrap();
        assert!(train(session.as_mut(), once, |_| ControlFlow::Continue(())).is_err());
        // already done: no chunk says how many networks there are
        assert!(train(session.as_mut(), once.after(1), |_| ControlFlow::Continue(())).is_err());
        assert!(train_all(session.as_mut(), &[], |_| ControlFlow::Continue(())).unwrap().is_empty());
        let apart = [once, once.after(1)];
        assert!(train_all(session.as_mut(), &apart, |_| ControlFlow::Continue(())).is_err());
    }
}

#[test]
fn a_schedule_beyond_its_end_or_of_absurd_length_ends() {
    assert!(Schedule::new(0, None).is_err() && Schedule::new(1, Some(0)).is_err());
    assert!(Schedule::new(u64::MAX, Some(1)).is_err());
    let data = flower(10, 1).unwrap();
    let schedule = Schedule::new(5, None).unwrap();
    for schedule in
        [schedule.after(5), schedule.after(9), schedule.after(u64::MAX).with_stops(3), schedule.with_stops(0)]
    {
        let mut session = Engine::new(Some(1)).unwrap().load(&data, &[run(2)]).unwrap();
        train(session.as_mut(), schedule, |_| ControlFlow::Continue(())).unwrap();
        assert!(schedule.snapshots().next().is_none());
    }
    let most = 1 << 53;
    let long = Schedule::new(most, None).unwrap().with_stops(u64::MAX).with_snapshots(2).after(most - 1);
    assert_eq!(long.snapshots().count(), 2);
    let mut session = Engine::new(Some(1)).unwrap().load(&data, &[run(2)]).unwrap();
    assert!(train(session.as_mut(), long, |_| ControlFlow::Continue(())).is_ok());
}

#[test]
fn a_sweep_of_nothing_or_of_too_much_is_refused() {
    let space = |seeds: usize| Space {
        data: vec!["flower".parse().unwrap()],
        hidden: vec![4.into(); 1000],
        recipes: vec![Default::default()],
        activations: vec![Activation::Tanh; 1000],
        learning_rates: Values::List(vec![1.0; 1000]),
        iterations: vec![1],
        init_seeds: vec![1; seeds],
        folds: None,
    };
    assert!(space(0).grid().unwrap().is_empty() && space(0).random(5, 1).is_err());
    assert!(space(1).grid().is_err() && space(1).random(u64::MAX, 1).is_err());
    let rates = Space { learning_rates: Values::List(Vec::new()), ..space(1) };
    assert!(rates.random(1, 1).is_err() && rates.grid().unwrap().is_empty());
    assert!(configurations(&[]).is_empty());
}

#[cfg(feature = "plot")]
#[test]
fn pictures_of_any_size_and_of_nothing_are_drawn_or_refused() {
    use planar::plot::terminal::preview;
    use planar::plot::{Axis, Boundary, CostPlot, Curve, HeatMap, check_axes, gif, pixels, png, sheet, svg, sweep};
    use planar::train::CostAt;

    let (data, of) = (flower(10, 1).unwrap(), run(2));
    for axes in [[0, 0], [0, 2], [usize::MAX - 1, 0]] {
        assert!(check_axes(&data, axes).is_err());
        assert!(Boundary::new(&data, &of.network, &of.parameters, axes).is_err());
    }
    for grid in [0, 1, usize::MAX] {
        assert!(Boundary::on_grid(&data, &of.network, &of.parameters, [0, 1], grid).is_err());
    }
    assert!(Boundary::new(&data, &of.network, &run(3).parameters, [0, 1]).is_err());
    let boundary = Boundary::on_grid(&data, &of.network, &of.parameters, [0, 1], 2).unwrap();
    let at = |iteration, cost| CostAt { iteration, cost };
    let logs = [
        vec![],
        vec![at(0, f64::NAN)],
        vec![at(0, 1.0)],
        vec![at(u64::MAX, 0.0), at(0, f64::MAX), at(5, f64::INFINITY)],
        vec![at(0, -1e308), at(1, 1e308)],
        vec![at(0, 5e-324), at(1, 5e-324)],
    ];
    let map = |low: f64, digits| HeatMap {
        x: Axis::of("n_h", ["4", "5"].map(String::from)),
        y: Axis::of("", ["a long name of a row".into()]),
        values: vec![Some(f64::NAN), None],
        digits,
        scale: Some([low, f64::INFINITY]),
        ..HeatMap::default()
    };
    let maps = [HeatMap::default(), map(0.0, usize::MAX), map(f64::NAN, 2), map(f64::NEG_INFINITY, 2)];
    let maps = maps
        .into_iter()
        .chain([HeatMap { values: vec![Some(1.0), Some(-1e300)], ..map(f64::NEG_INFINITY, usize::MAX) }]);
    let maps: Vec<HeatMap> = maps.collect();
    for size in [(0, 0), (u32::MAX, u32::MAX), (1, 1), (2, 400), (400, 2), (25, 25), (90, 40), (320, 260)] {
        for costs in &logs {
            for log in [false, true] {
                let plot = CostPlot { curves: vec![Curve { label: "a".into(), costs }], log };
                let _ = svg(size, |area| plot.draw(area, "a title"));
                let _ = svg(size, |area| sheet(area, "a title", &boundary, &plot));
                for columns in [0, 23, 24, 63, 64, usize::MAX] {
                    let _ = preview(&boundary, &plot, columns, log);
                }
            }
        }
        let _ = svg(size, |area| boundary.draw(area, ""));
        for map in &maps {
            let _ = svg(size, |area| map.draw(area, "a title"));
        }
        assert!(svg(size, |area| sweep::heat_maps(area, &[])).is_err());
        assert!(svg(size, |area| sweep::curves(area, &[])).is_err());
        assert!(svg(size, |area| sweep::boundaries(area, &[])).is_err());
        let _ = svg(size, |area| sweep::boundaries(area, &[("one".into(), boundary.clone())]));
    }
    assert!(svg((100, 100), |area| CostPlot::default().draw(area, "")).is_err());
    assert!(png("").is_err() && pixels("<svg").is_err());
    assert!(gif((2, 2), &[vec![0; 16], vec![0; 15]]).is_err() && gif((70_000, 1), &[]).is_err());
    let _ = (gif((0, 0), &[Vec::new()]), gif((2, 2), &[]));
}
