//! Your own wgpu device: planar trains on it while you keep using it.
//!
//! `cargo run --release --example 05_own_wgpu_device`

use std::error::Error;
use std::ops::ControlFlow;

use planar::backend::{Backend, Run};
use planar::data::flower;
use planar::gpu::{Gpu, wgpu};
use planar::model::{Activation, Network, Parameters};
use planar::train::{Schedule, train};

fn main() -> Result<(), Box<dyn Error>> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
    let adapter = pollster::block_on(instance.request_adapter(&Default::default()))?;
    // the default limits are those that every WebGPU implementation supports
    let (device, queue) = pollster::block_on(adapter.request_device(&Default::default()))?;
    println!("on {}", device.adapter_info().name);

    // device and queue are handles: clones refer to the same device
    let gpu = Gpu::from_device(device.clone(), queue.clone());
    let data = flower(400, 1)?;
    let network = Network::one_hidden(data.features(), 20, Activation::Tanh)?;
    let parameters = Parameters::initial(&network, 2, 0.01);
    let mut session = gpu.load(&data, &[Run::new(network, parameters, 1.2)])?;
    let outcome = train(session.as_mut(), Schedule::new(2000, None)?, |_| ControlFlow::Continue(()))?;
    let accuracy = data.accuracy(&outcome.evaluation.logits);
    println!("cost {:.6}, accuracy {:.2} %", outcome.evaluation.cost, 100.0 * accuracy);
    assert!(accuracy > 0.85, "{accuracy}");

    // the device is still ours
    let buffer = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("ours"),
        size: 4,
        usage: wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    queue.write_buffer(&buffer, 0, &1_u32.to_le_bytes());
    queue.submit([]);
    device.poll(wgpu::PollType::wait_indefinitely())?;
    Ok(())
}
