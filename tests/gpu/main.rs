//! The GPU against its CPU twins and against NumPy's figures.
//!
//! Without an adapter these tests are reported as ignored; with REQUIRE_GPU=1 they fail instead.

mod chaotic;
mod command;
#[path = "../common/mod.rs"]
mod common;
mod dense;
mod dense_golden;
mod dense_mutations;
mod dense_resident;
mod dense_terms;
mod faults;
mod limits;
mod loops;
mod mutations;
mod own_device;
mod properties;
mod retired;
mod sessions;
mod support;
mod together;
mod training;
mod tuner;
mod workgroup_memory;

use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use planar::gpu::{Adapter, Choice, Gpu};

/// What a check finds: nothing, or how far off something is.
pub type Check = Result<(), String>;
type BoxedCheck = Box<dyn Fn(&Adapter, &Gpu) -> Check + Send>;

fn main() {
    let arguments = Arguments::from_args();
    let required = common::required();
    let adapters = Adapter::all();
    let gpu = match Adapter::choose(&adapters, &Choice::Any) {
        Ok(adapter) => {
            eprintln!("GPU tests run on {adapter}, driver {}", adapter.device_info().driver);
            Some((adapter.clone(), Arc::new(Gpu::open(adapter).expect("the adapter opens"))))
        }
        Err(error) => {
            eprintln!("GPU tests {}: {error}", if required { "fail" } else { "are ignored" });
            None
        }
    };

    let mut trials = Vec::new();
    let mut add = |name: String, check: BoxedCheck| {
        let gpu = gpu.clone();
        let ignored = gpu.is_none() && !required;
        let run = move || match gpu {
            Some((adapter, gpu)) => check(&adapter, &gpu).map_err(Failed::from),
            None => Err("there is no adapter, and REQUIRE_GPU=1 demands one".into()),
        };
        trials.push(Trial::test(name, run).with_ignored_flag(ignored));
    };
    for (name, check) in
        support::kernels().into_iter().chain(training::checks()).chain(properties::checks()).chain(retired::checks())
    {
        add(name, Box::new(move |_, gpu| check(gpu)));
    }
    let on_adapter = [
        chaotic::checks(),
        command::checks(),
        dense::checks(),
        dense_golden::checks(),
        dense_mutations::checks(),
        dense_resident::checks(),
        faults::checks(),
        loops::checks(),
        limits::checks(),
        mutations::checks(),
        own_device::checks(),
        sessions::checks(),
        together::checks(),
        tuner::checks(),
        workgroup_memory::checks(),
    ];
    for (name, check) in on_adapter.into_iter().flatten() {
        add(name, Box::new(check));
    }
    libtest_mimic::run(&arguments, trials).exit();
}
