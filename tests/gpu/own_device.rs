//! `Gpu::from_device`: a device that its owner opened, and goes on using.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use planar::Error;
use planar::backend::{Backend, Run};
use planar::data::flower;
use planar::gpu::{Adapter, Gpu, wgpu};
use planar::model::{Activation, Network};
use planar::train::{Outcome, Schedule, train};

use crate::Check;
use crate::limits::NamedOnAdapter;

pub fn checks() -> Vec<NamedOnAdapter> {
    vec![
        ("own_device_with_default_limits_trains_to_the_same_bits".into(), same_bits),
        ("own_device_that_is_destroyed_ends_the_training_and_calls_nobody".into(), destroyed),
        ("own_device_too_small_for_a_plan_is_told_by_its_own_limit".into(), held_to_its_limits),
    ]
}

/// The device as its owner opens it: with the limits that WebGPU gives by default.
fn open() -> Result<(wgpu::Device, wgpu::Queue), String> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
    let adapter = pollster::block_on(instance.request_adapter(&Default::default())).map_err(|e| e.to_string())?;
    pollster::block_on(adapter.request_device(&Default::default())).map_err(|e| e.to_string())
}

fn run() -> Run {
    let network = Network::one_hidden(2, 17, Activation::Tanh).unwrap();
    Run::initial(network, 2, 0.01, 1.2)
}

fn trained(gpu: &Gpu) -> planar::Result<Outcome> {
    let mut session = gpu.load(&flower(400, 1)?, &[run()])?;
    train(session.as_mut(), Schedule::new(300, None)?, |_| ControlFlow::Continue(()))
}

fn same_bits(_: &Adapter, gpu: &Gpu) -> Check {
    let (device, queue) = open()?;
    let own = trained(&Gpu::from_device(device.clone(), queue)).map_err(|error| error.to_string())?;
    let opened = trained(gpu).map_err(|error| error.to_string())?;
    // the owner goes on using it
    device.poll(wgpu::PollType::wait_indefinitely()).map_err(|error| error.to_string())?;
    if own.costs == opened.costs && own.parameters == opened.parameters {
        Ok(())
    } else {
        Err(format!("costs {:?} on a device of one's own, {:?} on ours", own.costs, opened.costs))
    }
}

fn destroyed(_: &Adapter, _: &Gpu) -> Check {
    let (device, queue) = open()?;
    let called = Arc::new(AtomicBool::new(false));
    let on_error = Arc::clone(&called);
    device.on_uncaptured_error(Arc::new(move |_| on_error.store(true, Ordering::Relaxed)));
    let mut session = Gpu::from_device(device.clone(), queue).load(&flower(400, 1).unwrap(), &[run()]).unwrap();
    session.advance(10).map_err(|error| error.to_string())?;
    device.destroy();
    match session.collect().and_then(|_| session.advance(10)).and_then(|()| session.collect()) {
        Err(_) if called.load(Ordering::Relaxed) => Err("the owner's handler was called for our work".into()),
        Err(_) => Ok(()),
        Ok(_) => Err("a destroyed device trains".into()),
    }
}

fn held_to_its_limits(_: &Adapter, _: &Gpu) -> Check {
    let (device, queue) = open()?;
    let allowed = device.limits().max_storage_buffer_binding_size;
    // X alone is larger than a binding: 2 features of 4 bytes
    let samples = allowed as usize / 8 + 1;
    let data = planar::data::Dataset::from_points("large", None, 2, &vec![0.5; 2 * samples], vec![1; samples]).unwrap();
    match Gpu::from_device(device, queue).load(&data, &[run()]).map(|_| ()) {
        Err(Error::Limit { allowed: said, .. }) if said == allowed => Ok(()),
        other => Err(format!("{other:?}")),
    }
}
