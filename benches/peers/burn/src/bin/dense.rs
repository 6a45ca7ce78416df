//! Burn on digits as its users would write it: `dense {burn-flex|burn-wgpu} UPDATES`. 64-128-64-10, ReLU, Adam, batches of 64;
//! the numbers are random, since only the time matters here.

use std::time::Instant;

use burn::module::Module;
use burn::nn::loss::{CrossEntropyLoss, CrossEntropyLossConfig};
use burn::nn::{Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Distribution, Int, Tensor, activation::relu};

const SAMPLES: usize = 1437;
const BATCH: usize = 64;

#[derive(Module, Debug)]
struct Digits {
    first: Linear,
    second: Linear,
    third: Linear,
}

impl Digits {
    fn new(device: &Device) -> Self {
        let layer = |from, to| LinearConfig::new(from, to).init(device);
        Self { first: layer(64, 128), second: layer(128, 64), third: layer(64, 10) }
    }

    fn loss(&self, of: &CrossEntropyLoss, x: Tensor<2>, y: Tensor<1, Int>) -> Tensor<1> {
        let a = relu(self.second.forward(relu(self.first.forward(x))));
        of.forward(self.third.forward(a), y)
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let updates: usize = args[2].parse().unwrap();
    let device: Device = match args[1].as_str() {
        "burn-wgpu" => Device::wgpu(Default::default()),
        _ => Device::flex(),
    }
    .autodiff();
    let x = Tensor::<2>::random([SAMPLES, 64], Distribution::Normal(0.0, 1.0), &device);
    let y = Tensor::<1>::random([SAMPLES], Distribution::Uniform(0.0, 10.0), &device).int();
    let loss_of = CrossEntropyLossConfig::new().init(&device);
    let mut network = Digits::new(&device);
    let mut adam = AdamConfig::new().with_epsilon(1e-8).init();
    let warm_up = 30;
    let (mut start, mut loss) = (Instant::now(), None);
    for update in 0..warm_up + updates {
        if update == warm_up {
            let _ = network.first.weight.val().into_data();
            start = Instant::now();
        }
        let first = update * BATCH % (SAMPLES - BATCH);
        let (x, y) = (x.clone().narrow(0, first, BATCH), y.clone().narrow(0, first, BATCH));
        let of_batch = network.loss(&loss_of, x, y);
        let gradients = GradientsParams::from_grads(of_batch.backward(), &network);
        network = adam.step(1e-3, network, gradients);
        loss = Some(of_batch);
    }
    let _ = network.first.weight.val().into_data();
    let each = start.elapsed().as_secs_f64() / updates as f64;
    let loss: f32 = loss.unwrap().into_scalar();
    println!("{{\"peer\": \"{}\", \"work\": \"digits\", \"us\": {:.1}, \"loss\": {loss}}}", args[1], each * 1e6);
}
