//! Every kernel against its CPU twin, at odd sizes, with several networks side by side.

use super::{Check, Failure, Worst, driver, one_hidden, resident};
use crate::Result;
use crate::cpu::operations::{self as twin, MatmulShape, Transpose};
use crate::data::numpy_random::NumpyRandom;
use crate::gpu::Gpu;
use crate::gpu::plan::call::{self, SLAB, slabs};
use crate::gpu::plan::{KernelCall, Problem, Slot};
use crate::gpu::shader::kernel::Kernel;
use crate::gpu::shader::uniforms::{self as uniform, NetworkRecord};
use crate::model::params::Layout;
use crate::model::{Activation, Derivative};

/// Lengths that are 1, odd, and beyond a tile (16), a workgroup (64) and, the last, a slab (1024).
const LENGTHS: [u32; 6] = [1, 3, 17, 277, 400, 2500];
const NETWORKS: u32 = 3;
const ACTIVATIONS: [Activation; 4] =
    [Activation::Tanh, Activation::Sigmoid, Activation::Relu, Activation::LeakyRelu { slope: 0.01 }];

/// The slots of steps that are run alone; only their order counts.
const A: Slot = Slot::Inputs;
const B: Slot = Slot::Labels;
const C: Slot = Slot::Gradients;

/// The check of a kernel: one without does not compile.
pub fn check_of(kernel: Kernel) -> fn(&Gpu) -> Check {
    match kernel {
        Kernel::Matmul => matmul,
        Kernel::BiasActivation => bias_activation,
        Kernel::OutputDelta => output_delta,
        Kernel::HiddenDelta => hidden_delta,
        Kernel::BiasSum => bias_sum,
        Kernel::SumSlabs => sum_slabs,
        Kernel::Update => update,
        Kernel::Cost => cost,
        Kernel::Record => record,
        Kernel::SerialForward => one_hidden::serial_forward,
        Kernel::SerialBackward => one_hidden::serial_backward,
        Kernel::SplitForward => one_hidden::split_forward,
        Kernel::SplitBackward => one_hidden::split_backward,
        Kernel::ResidentNarrow => resident::narrow,
        Kernel::Resident => resident::two_passes,
        Kernel::ProbeLoop => driver::loops,
        Kernel::ProbeFunction => driver::functions,
        Kernel::ProbeCopy => driver::copies,
        Kernel::ProbeBarrier => driver::barriers,
    }
}

fn matmul(gpu: &Gpu) -> Check {
    let mut worst = Worst::default();
    let mut random = NumpyRandom::new(1);
    let shapes = [[1, 2, 400], [277, 2, 400], [1, 277, 400], [17, 3, 1], [3, 2500, 17], [17, 17, 17], [65, 400, 33]];
    for [rows, inner, columns] in shapes {
        for transpose in [Transpose::None, Transpose::A, Transpose::B] {
            let (a_length, b_length, c_length) = (rows * inner, inner * columns, rows * columns);
            let a = normals(&mut random, 5 + NETWORKS * a_length);
            let b = normals(&mut random, b_length); // shared by the networks
            let product = uniform::Product {
                rows,
                inner,
                columns,
                slabs: slabs(inner),
                a_offset: 5,
                a_stride: a_length,
                b_stride: 0,
                c_stride: slabs(inner) * c_length,
                scale: 0.25,
                ..Default::default()
            };
            let step = call::matmul(product, transpose, NETWORKS, [A, B, C]);
            let zeros = vec![0.0; (NETWORKS * product.c_stride) as usize];
            let got = run(gpu, &step, &[&a, &b, &zeros])?.swap_remove(2);
            for network in 0..NETWORKS as usize {
                let a = &a[5 + network * a_length as usize..][..a_length as usize];
                let parts = &got[network * product.c_stride as usize..][..product.c_stride as usize];
                let what = format!("{transpose:?} {rows}×{inner}×{columns}, network {network}");
                compare_product(&mut worst, &what, parts, a, &b, product, transpose)?;
            }
        }
    }
    Ok(worst)
}

/// Each slab of the device's product against the twin over that slab's terms.
fn compare_product(
    worst: &mut Worst,
    what: &str,
    parts: &[f32],
    a: &[f32],
    b: &[f32],
    product: uniform::Product,
    transpose: Transpose,
) -> std::result::Result<(), Failure> {
    let [rows, inner, columns] = [product.rows, product.inner, product.columns].map(|n| n as usize);
    let at = |matrix: &[f32], row: usize, column: usize, stored: [usize; 2], transposed: bool| {
        f64::from(if transposed { matrix[column * stored[0] + row] } else { matrix[row * stored[1] + column] })
    };
    for (slab, part) in parts.chunks_exact(rows * columns).enumerate() {
        let terms: Vec<usize> = (slab * SLAB as usize..inner.min((slab + 1) * SLAB as usize)).collect();
        let a_at = |row, k| at(a, row, k, [rows, inner], transpose == Transpose::A);
        let b_at = |k, column| at(b, k, column, [inner, columns], transpose == Transpose::B);
        let a: Vec<f64> = (0..rows).flat_map(|row| terms.iter().map(move |k| a_at(row, *k))).collect();
        let b: Vec<f64> = terms.iter().flat_map(|k| (0..columns).map(move |column| b_at(*k, column))).collect();
        let shape = MatmulShape { rows, inner: terms.len(), columns };
        let want = twin::matmul(&a, &b, shape, Transpose::None, f64::from(product.scale));
        let magnitude = |values: &[f64]| values.iter().map(|value| value.abs()).collect::<Vec<_>>();
        let scale = twin::matmul(&magnitude(&a), &magnitude(&b), shape, Transpose::None, f64::from(product.scale));
        worst.compare(&format!("{what}, slab {slab}"), part, &want, |i| 1e-6 * scale[i] + 1e-9)?;
    }
    Ok(())
}

fn bias_activation(gpu: &Gpu) -> Check {
    let mut worst = Worst::default();
    let mut random = NumpyRandom::new(2);
    for (units, samples) in [(1, 1), (3, 17), (17, 400), (277, 65), (5, 277)] {
        for activation in ACTIVATIONS {
            let problem = problem(2, units, samples);
            let layer = (units * samples) as usize;
            // from values that cancel to values that saturate
            let z: Vec<f32> = normals(&mut random, NETWORKS * units * samples).iter().map(|z| 6.0 * z).collect();
            let parameters = normals(&mut random, NETWORKS * problem.layout.parameters() as u32);
            let step = call::bias_activation(&problem, 0, activation);
            let networks = records(units, activation);
            let got = run_with_records(gpu, &step, &networks, &[&parameters, &z, &vec![7.0; z.len()]])?;
            for (network, record) in networks.iter().enumerate() {
                let what = format!("{activation} {units}×{samples}, network {network}");
                let bias = &parameters[network * problem.layout.parameters()..][problem.layout.bias(0).range()];
                let mut z = wide(&z[network * layer..][..layer]);
                let mut a = twin::bias_activation(&mut z, &wide(bias), with_slope(activation, record.slope));
                a[record.width as usize * samples as usize..].fill(0.0);
                worst.compare(&what, &got[2][network * layer..][..layer], &z, |i| 1e-6 * z[i].abs() + 1e-6)?;
                // z itself is off by half an ulp of up to 20, which a slope of at most 1 passes on
                worst.compare(&what, &got[3][network * layer..][..layer], &a, |i| 2e-6 * a[i].abs() + 1e-6)?;
            }
        }
    }
    Ok(worst)
}

fn output_delta(gpu: &Gpu) -> Check {
    let mut worst = Worst::default();
    let mut random = NumpyRandom::new(3);
    for samples in LENGTHS {
        let a: Vec<f32> = (0..NETWORKS * samples).map(|_| random.uniform() as f32).collect();
        let y = labels(&mut random, samples);
        let step = call::output_delta(&problem(2, 3, samples), 1);
        let got = run(gpu, &step, &[&a, &y, &vec![0.0; a.len()]])?;
        for (a, got) in a.chunks_exact(y.len()).zip(got[2].chunks_exact(y.len())) {
            worst.compare(&format!("{samples} samples"), got, &twin::output_delta(&wide(a), &wide(&y)), |_| 1e-7)?;
        }
    }
    Ok(worst)
}

fn hidden_delta(gpu: &Gpu) -> Check {
    let mut worst = Worst::default();
    let mut random = NumpyRandom::new(4);
    for (units, samples) in [(1, 1), (3, 17), (17, 400), (277, 65)] {
        for (activation, borrowed) in derivatives() {
            let layer = (units * samples) as usize;
            let z: Vec<f32> = normals(&mut random, NETWORKS * units * samples).iter().map(|z| 6.0 * z).collect();
            let da = normals(&mut random, NETWORKS * units * samples);
            let step = call::hidden_delta(&Problem { activation, borrowed, ..problem(2, units, samples) }, 0);
            let borrowed_slope = borrowed.map_or(0.0, |borrowed| 25.0 * borrowed.slope() as f32);
            let networks: Vec<NetworkRecord> = records(units, activation)
                .into_iter()
                .map(|record| NetworkRecord { borrowed_slope, ..record })
                .collect();
            let got = run_with_records(gpu, &step, &networks, &[&z, &da])?;
            for (network, record) in networks.iter().enumerate() {
                let part = |values: &[f32]| wide(&values[network * layer..][..layer]);
                let (da, z) = (part(&da), part(&z));
                let activation = with_slope(activation, record.slope);
                let borrowed = borrowed.map(|borrowed| with_slope(borrowed, record.borrowed_slope));
                let derivative = Derivative { activation, borrowed };
                let want = twin::hidden_delta(&da, &z, derivative);
                let what = format!("{derivative} {units}×{samples}, network {network}");
                // exp of a large argument errs by some ulps, but relatively: also where g′ is tiny
                worst.compare(&what, &got[2][network * layer..][..layer], &want, |i| {
                    1e-5 * da[i].abs() * derivative.magnitude(z[i]) + 1e-12
                })?;
            }
        }
    }
    Ok(worst)
}

fn bias_sum(gpu: &Gpu) -> Check {
    let mut worst = Worst::default();
    let mut random = NumpyRandom::new(5);
    for (units, samples) in [(1, 1), (3, 17), (277, 400), (17, 2500)] {
        let dz = normals(&mut random, NETWORKS * units * samples);
        let stride = slabs(samples) * units;
        let sums = uniform::BiasSum { units, samples, offset: 2, stride, scale: 0.5 };
        let step = call::bias_sum(sums, NETWORKS, [A, B]);
        let got = run(gpu, &step, &[&dz, &vec![0.0; (2 + NETWORKS * stride) as usize]])?;
        let layer = (units * samples) as usize;
        for (network, dz) in dz.chunks_exact(layer).enumerate() {
            for slab in 0..slabs(samples) {
                let terms: Vec<f64> =
                    dz.chunks_exact(samples as usize).flat_map(|row| wide(slab_of(row, slab))).collect();
                let want = twin::bias_sum(&terms, units as usize, 0.5);
                let scale = twin::bias_sum(&terms.iter().map(|x| x.abs()).collect::<Vec<_>>(), units as usize, 0.5);
                let part = &got[1][(2 + network as u32 * stride + slab * units) as usize..][..units as usize];
                worst.compare(&format!("{units}×{samples}, slab {slab}"), part, &want, |i| 1e-6 * scale[i] + 1e-9)?;
            }
        }
    }
    Ok(worst)
}

fn sum_slabs(gpu: &Gpu) -> Check {
    let mut worst = Worst::default();
    let mut random = NumpyRandom::new(6);
    for (length, slabs) in [(1, 1), (3, 17), (277, 3), (65, 400)] {
        let partial = normals(&mut random, NETWORKS * slabs * length);
        let shape = uniform::SumSlabs { length, slabs, offset: 1, stride: length + 2 };
        let total = vec![9.0; (NETWORKS * (length + 2)) as usize];
        let got = run(gpu, &call::sum_slabs(shape, NETWORKS, [A, B]), &[&partial, &total])?.swap_remove(1);
        let parts = partial.chunks_exact((slabs * length) as usize);
        for (network, part) in parts.enumerate() {
            let want = twin::sum_slabs(&wide(part), length as usize);
            let start = 1 + network * (length as usize + 2);
            worst.compare(&format!("{length}×{slabs}"), &got[start..][..length as usize], &want, |_| {
                1e-6 * f64::from(slabs)
            })?;
        }
        if got[0] != 9.0 {
            return Err(Failure("wrote before its offset".into()));
        }
    }
    Ok(worst)
}

fn update(gpu: &Gpu) -> Check {
    let mut worst = Worst::default();
    let mut random = NumpyRandom::new(7);
    for hidden in [1, 3, 17, 277, 400] {
        let problem = problem(2, hidden, 1);
        let count = problem.layout.parameters();
        let (theta, gradient) =
            (normals(&mut random, NETWORKS * count as u32), normals(&mut random, NETWORKS * count as u32));
        let networks = records(hidden, Activation::Tanh);
        let got = run_with_records(gpu, &call::update(&problem), &networks, &[&gradient, &theta])?;
        for (network, record) in networks.iter().enumerate() {
            let part = |values: &[f32]| wide(&values[network * count..][..count]);
            let mut want = part(&theta);
            twin::update(&mut want, &part(&gradient), record.learning_rate.into());
            let what = format!("{hidden} hidden units, network {network}");
            worst.compare(&what, &got[2][network * count..][..count], &want, |i| 2e-7 * (want[i].abs() + 1.0))?;
        }
    }
    Ok(worst)
}

fn cost(gpu: &Gpu) -> Check {
    let mut worst = Worst::default();
    let mut random = NumpyRandom::new(8);
    for samples in LENGTHS {
        // logits from nearly 0 to where the notebook's formula is NaN
        let z: Vec<f32> = (0..NETWORKS * samples).map(|_| 10f32.powf(random.uniform_in(-4.0, 2.0) as f32)).collect();
        let z: Vec<f32> = z.iter().map(|z| if random.uniform() < 0.5 { *z } else { -z }).collect();
        let y = labels(&mut random, samples);
        let slabs = slabs(samples);
        let step = call::cost(&problem(2, 3, samples), 1);
        let got = run(gpu, &step, &[&z, &y, &vec![0.0; (NETWORKS * slabs) as usize]])?.swap_remove(2);
        for (network, z) in z.chunks_exact(y.len()).enumerate() {
            for slab in 0..slabs {
                let (z, y) = (wide(slab_of(z, slab)), wide(slab_of(&y, slab)));
                let want = twin::cost(&z, &y, 1.0 / f64::from(samples));
                let part = got[(network as u32 * slabs + slab) as usize];
                // exp(−|z|) may err by 3 + 2|z| units in the last place, which shows where the loss is that small
                let of_exp = |z: &f64| (6.0 + 4.0 * z.abs()) * f64::from(f32::EPSILON) * (-z.abs()).exp();
                let bound = 2e-6 * want + z.iter().map(of_exp).sum::<f64>() / f64::from(samples);
                worst.compare(&format!("{samples} samples, slab {slab}"), &[part], &[want], |_| bound)?;
            }
        }
    }
    Ok(worst)
}

fn record(gpu: &Gpu) -> Check {
    let mut worst = Worst::default();
    for (networks, slabs) in [(1, 1), (3, 17), (277, 2)] {
        let problem = Problem { networks, ..problem(2, 3, slabs * SLAB) };
        let partial = normals(&mut NumpyRandom::new(9), networks * slabs);
        let in_training = vec![1; 4 * networks as usize];
        let contents = vec![bits(&partial), vec![0; 3 * networks as usize], vec![1; networks as usize], in_training];
        let step = call::record(&problem);
        let alone = gpu.call_alone(&step, &contents)?;
        alone.run(1)?;
        let contents = alone.results()?;
        for network in 0..networks as usize {
            let part = wide(&partial[network * slabs as usize..][..slabs as usize]);
            let (mut want, mut steps) = ([0.0; 3], 1);
            twin::record(&part, &mut want, &mut steps);
            twin::record(&part, &mut want, &mut steps);
            let got: Vec<f32> =
                (0..3).map(|step| f32::from_bits(contents[1][step * networks as usize + network])).collect();
            worst.compare(&format!("network {network} of {networks}"), &got, &want, |_| 1e-6 * f64::from(slabs))?;
            if contents[2][network] != steps {
                let counted = contents[2][network];
                return Err(Failure(format!("network {network} counted {counted} steps, not {steps}")));
            }
        }
    }
    Ok(worst)
}

/// Runs a step on buffers of floats, behind which the records of networks in training are bound if the step takes them.
fn run(gpu: &Gpu, step: &KernelCall, contents: &[&[f32]]) -> Result<Vec<Vec<f32>>> {
    let mut contents: Vec<Vec<u32>> = contents.iter().map(|values| bits(values)).collect();
    if step.buffers.len() > contents.len() {
        contents.push(bytemuck::cast_slice(&records(1, Activation::Tanh)).to_vec());
    }
    let got = gpu.call_alone(step, &contents)?.results()?;
    Ok(got.iter().map(|words| words.iter().map(|word| f32::from_bits(*word)).collect()).collect())
}

/// Runs a step whose first buffer holds the networks' records.
fn run_with_records(
    gpu: &Gpu,
    step: &KernelCall,
    records: &[NetworkRecord],
    contents: &[&[f32]],
) -> Result<Vec<Vec<f32>>> {
    let records: &[f32] = bytemuck::cast_slice(records);
    let all: Vec<&[f32]> = std::iter::once(records).chain(contents.iter().copied()).collect();
    run(gpu, step, &all)
}

/// Networks side by side of one hidden layer.
fn problem(inputs: usize, units: u32, samples: u32) -> Problem {
    let layout = Layout::new(&[inputs, units as usize, 1]);
    Problem { networks: NETWORKS, samples, activation: Activation::Tanh, borrowed: None, layout }
}

/// Records of networks that differ in width, rate and slope; the first is as wide as the layer.
fn records(units: u32, activation: Activation) -> Vec<NetworkRecord> {
    (0..NETWORKS)
        .map(|network| NetworkRecord {
            width: (units - units * network / 4).max(1),
            learning_rate: 0.1 + network as f32,
            slope: if activation.slope() == 0.0 { 0.0 } else { 0.125 * (1 + network) as f32 },
            borrowed_slope: 0.0,
        })
        .collect()
}

/// Every activation with its own derivative and with every other's.
fn derivatives() -> impl Iterator<Item = (Activation, Option<Activation>)> {
    let borrowed = |activation: Activation| ACTIVATIONS.map(Some).map(|other| other.filter(|g| *g != activation));
    ACTIVATIONS.into_iter().flat_map(move |activation| borrowed(activation).map(move |other| (activation, other)))
}

fn with_slope(activation: Activation, slope: f32) -> Activation {
    match activation {
        Activation::LeakyRelu { .. } => Activation::LeakyRelu { slope: slope.into() },
        other => other,
    }
}

fn slab_of(row: &[f32], slab: u32) -> &[f32] {
    row.chunks(SLAB as usize).nth(slab as usize).unwrap_or(&[])
}

fn normals(random: &mut NumpyRandom, count: u32) -> Vec<f32> {
    (0..count).map(|_| random.standard_normal() as f32).collect()
}

fn labels(random: &mut NumpyRandom, count: u32) -> Vec<f32> {
    (0..count).map(|_| f32::from(u8::from(random.uniform() < 0.5))).collect()
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}
