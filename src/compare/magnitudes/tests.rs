use super::*;
use crate::backend::Backend;
use crate::compare::compare_step;
use crate::cpu::Reference;
use crate::data::flower;
use crate::model::Network;
use crate::model::activation::sigmoid;

/// g, the borrowed derivative if any, n_h, the scale of the weights; Σ of the logits' magnitudes, the cost's, and Σ of
/// those of dW1, db1, dW2 and db2: as the formulas that knew one hidden layer alone had them.
#[rustfmt::skip]
const ONE_HIDDEN_LAYER: [(&str, &str, usize, f64, [f64; 6]); 21] = [
    ("tanh", "", 1, 1.0, [741.6125622752958, 2.716004526523811, 6.345375440846704, 1.8797472174048202, 0.7423078609384909, 0.811801743748697]),
    ("tanh", "", 17, 0.5, [2444.6657137780917, 5.3108701009165955, 25.816852438907762, 8.027619944822186, 23.435389829417076, 1.3530180698571324]),
    ("tanh", "", 277, 0.01, [40.21173048200008, 0.7457142156950768, 3.6734006516911695, 1.1248101189992241, 6.987693143077673, 0.5250284778233525]),
    ("sigmoid", "", 1, 1.0, [555.993052334352, 2.468353292005598, 1.4840161206349047, 0.440052619290444, 0.49365199211660754, 0.747740010153709]),
    ("sigmoid", "", 17, 0.5, [1714.7638116142311, 3.972927582262507, 6.97161000235677, 2.1231961167185776, 14.341192700255007, 1.250950003582035]),
    ("sigmoid", "", 277, 0.01, [433.6821370035634, 1.3579260798712285, 1.3316798154955587, 0.4120872202580395, 108.07172384443533, 0.7700079297204613]),
    ("relu", "", 1, 1.0, [622.5815958582201, 2.208686713054603, 3.041881906694668, 0.9229936336195684, 0.625363284449917, 0.6733234578118132]),
    ("relu", "", 17, 0.5, [3144.6382193986706, 6.574340630087313, 12.929769435659187, 3.8477180742845594, 27.937066392593483, 1.2834844469315199]),
    ("relu", "", 277, 0.01, [20.102602307858625, 0.7204062368605026, 1.7775141577172098, 0.5490516082623517, 3.395287879834003, 0.5125176159398412]),
    ("leaky-relu:0.2", "", 1, 1.0, [742.0991982516861, 2.495732513857079, 3.510546428618107, 1.0561843998375018, 0.7230418437686802, 0.7438209759540002]),
    ("leaky-relu:0.2", "", 17, 0.5, [3746.5342998948736, 7.688961632685057, 18.225908430149392, 5.264427311921172, 38.80652886603117, 1.4642308348414244]),
    ("leaky-relu:0.2", "", 277, 0.01, [24.135943628948873, 0.7252836140526289, 2.1468905710825363, 0.661826533886584, 4.099178820193273, 0.5150268580811971]),
    ("relu", "tanh", 1, 1.0, [622.5815958582201, 2.208686713054603, 13.112755602396398, 3.3601479388977635, 0.625363284449917, 0.6733234578118132]),
    ("relu", "tanh", 17, 0.5, [3144.6382193986706, 6.574340630087313, 153.4877964531001, 36.45048043488834, 27.937066392593483, 1.2834844469315199]),
    ("relu", "tanh", 277, 0.01, [20.102602307858625, 0.7204062368605026, 3.56536232064381, 1.0983487706191133, 3.395287879834003, 0.5125176159398412]),
    ("tanh", "sigmoid", 1, 1.0, [741.6125622752958, 2.716004526523811, 9.497217505878238, 2.363217564004863, 0.7423078609384909, 0.811801743748697]),
    ("tanh", "sigmoid", 17, 0.5, [2444.6657137780917, 5.3108701009165955, 52.190874502573045, 13.506108259860317, 23.435389829417076, 1.3530180698571324]),
    ("tanh", "sigmoid", 277, 0.01, [40.21173048200008, 0.7457142156950768, 0.22386097794448698, 0.05440207576145321, 6.987693143077673, 0.5250284778233525]),
    ("tanh", "leaky-relu", 1, 1.0, [741.6125622752958, 2.716004526523811, 2.9683113211320262, 0.9017387277808538, 0.7423078609384909, 0.811801743748697]),
    ("tanh", "leaky-relu", 17, 0.5, [2444.6657137780917, 5.3108701009165955, 14.444548038190945, 4.365927576796136, 23.435389829417076, 1.3530180698571324]),
    ("tanh", "leaky-relu", 277, 0.01, [40.21173048200008, 0.7457142156950768, 1.8503557702806397, 0.5680005009664327, 6.987693143077673, 0.5250284778233525]),
];

fn run(g: &str, borrowed: &str, hidden: &[usize], scale: f64) -> Run {
    let mut network = Network::new(2, hidden, g.parse().unwrap()).unwrap();
    if !borrowed.is_empty() {
        network = network.with_backward(borrowed.parse().unwrap());
    }
    Run::initial(network, 2, scale, 1.0)
}

#[test]
fn for_one_hidden_layer_they_are_those_of_the_formulas_written_for_it() {
    let data = flower(400, 1).unwrap();
    for (g, borrowed, hidden, scale, want) in ONE_HIDDEN_LAYER {
        let run = run(g, borrowed, &[hidden], scale);
        let found = Magnitudes::new(&data, &run, 0.0);
        let mut got = vec![found.logits.iter().sum::<f64>(), found.cost];
        got.extend(run.parameters.layout().tensors().iter().map(|t| found.gradients[t.range()].iter().sum::<f64>()));
        for (got, want) in got.iter().zip(want) {
            assert!((got - want).abs() <= 1e-14 * want, "{g} {borrowed} {hidden} {scale}: {got:?}, not {want:?}");
        }
    }
}

const DEEP: [&[usize]; 5] = [&[8, 5], &[17, 3], &[1, 1, 1], &[33, 17, 5], &[3]];
const ACTIVATIONS: [(&str, &str); 6] =
    [("tanh", ""), ("sigmoid", ""), ("relu", ""), ("leaky-relu:0.2", ""), ("relu", "tanh"), ("tanh", "sigmoid")];
const SCALES: [f64; 3] = [0.01, 0.5, 1.0];

/// Calls with every run of the deep sizes, activations and scales, its weights exact in `f32`.
fn each_deep_run(mut call: impl FnMut(&str, &Run)) {
    for hidden in DEEP {
        for (g, borrowed) in ACTIVATIONS {
            for scale in SCALES {
                let run = run(g, borrowed, hidden, scale);
                let run = Run { parameters: run.parameters.cast::<f32>().cast(), ..run };
                call(&format!("{hidden:?} {g} {borrowed} {scale}"), &run);
            }
        }
    }
}

/// The gradient in plain loops, one sample at a time; `derivative` is g′ of a hidden layer at z.
fn plain_gradient(data: &Dataset, run: &Run, derivative: impl Fn(usize, f64) -> f64) -> Vec<f64> {
    let (theta, m) = (&run.parameters, data.samples() as f64);
    let layers = theta.layout().layers();
    let mut sums = vec![0.0; theta.values().len()];
    for (sample, y) in data.labels().iter().enumerate() {
        let (mut a, mut z) = (vec![data.point(sample).collect::<Vec<f64>>()], Vec::<Vec<f64>>::new());
        for n in 0..layers {
            let row = |w: &[f64]| w.iter().zip(&a[n]).map(|(w, a)| w * a).sum::<f64>();
            z.push(theta.weights(n).chunks_exact(a[n].len()).zip(theta.bias(n)).map(|(w, b)| row(w) + b).collect());
            a.push(z[n].iter().map(|z| run.network.activation().apply(*z)).collect());
        }
        let mut dz = vec![sigmoid(z[layers - 1][0]) - f64::from(*y)];
        for n in (0..layers).rev() {
            let (w, b) = (theta.layout().weights(n), theta.layout().bias(n));
            for (unit, dz) in dz.iter().enumerate() {
                let row = &mut sums[w.offset + unit * w.columns..][..w.columns];
                row.iter_mut().zip(&a[n]).for_each(|(sum, a)| *sum += dz * a / m);
                sums[b.offset + unit] += dz / m;
            }
            if n > 0 {
                let of_unit = |k: usize| (0..w.rows).map(|u| theta.weights(n)[u * w.columns + k] * dz[u]).sum::<f64>();
                dz = (0..w.columns).map(|k| of_unit(k) * derivative(n - 1, z[n - 1][k])).collect();
            }
        }
    }
    sums
}

/// Whether every element of a gradient keeps its bound.
fn agrees(got: &[f64], want: &[f64], magnitudes: &Magnitudes) -> bool {
    let bound = |magnitude: f64| Bounds::F32_TO_F64.of(magnitude);
    got.iter().zip(want).zip(&magnitudes.gradients).all(|((got, want), of)| (got - want).abs() <= bound(*of))
}

#[test]
fn one_step_in_f32_keeps_the_bounds_at_any_depth() {
    let data = flower(400, 1).unwrap();
    each_deep_run(|what, run| {
        let (f64, f32) = (Reference::<f64>::new(), Reference::<f32>::new());
        let step = compare_step([&f64, &f32], &data, run, 0, Bounds::F32_TO_F64).unwrap();
        if let Some(apart) = step.differences.iter().find(|difference| !difference.agrees) {
            panic!("{what}: {apart:?}");
        }
    });
}

#[test]
fn one_element_that_is_off_by_a_ten_thousandth_of_its_terms_is_found_in_any_tensor() {
    let data = flower(400, 1).unwrap();
    each_deep_run(|what, run| {
        let gradients = |backend: &dyn Backend| {
            let mut session = backend.load(&data, std::slice::from_ref(run)).unwrap();
            session.gradients().unwrap()[0].values().to_vec()
        };
        let (want, got) = (gradients(&Reference::<f64>::new()), gradients(&Reference::<f32>::new()));
        let magnitudes = Magnitudes::new(&data, run, 0.0);
        assert!(agrees(&got, &want, &magnitudes), "{what}");
        for tensor in run.parameters.layout().tensors() {
            let (mut off, at) = (got.clone(), tensor.range().end - 1);
            off[at] += 1e-4 * magnitudes.gradients[at] + 2e-9;
            assert!(!agrees(&off, &want, &magnitudes), "{what}: d{}", tensor.name());
        }
    });
}

#[test]
fn a_wrong_derivative_is_found_in_any_layer() {
    let (data, mut found) = (flower(400, 1).unwrap(), 0);
    each_deep_run(|what, run| {
        let right = run.network.derivative();
        let wrong = if right.activation.name() == "sigmoid" { "tanh" } else { "leaky-relu:0.5" };
        let wrong = Derivative { borrowed: Some(wrong.parse().unwrap()), ..right };
        let magnitudes = Magnitudes::new(&data, run, 0.0);
        let want = plain_gradient(&data, run, |_, z| right.at(z));
        for bad in 0..run.network.hidden().len() {
            let got = plain_gradient(&data, run, |layer, z| if layer == bad { wrong.at(z) } else { right.at(z) });
            let is_felt = got.iter().zip(&want).any(|(got, want)| (got - want).abs() > 1e-8);
            assert!(!is_felt || !agrees(&got, &want, &magnitudes), "{what}: layer {bad}");
            found += u32::from(is_felt);
        }
    });
    assert_eq!(found, 185, "of 198; the others change no gradient");
}
