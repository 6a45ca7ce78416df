//! The flags that select the device.

use planar::backend::PlanChoice;
use planar::fit::{DeviceChoice, DeviceSettings, Precision};
use planar::{Error, Result};

/// The device.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Device")]
pub struct DeviceArguments {
    /// auto (a hardware GPU if it pays), cpu, gpu (a software one too), or part of an adapter's name
    #[arg(long, value_name = "auto|cpu|gpu|NAME", default_value = "auto", value_parser = device_name)]
    device: String,
    /// How a GPU computes: fused (two dispatches per iteration) or layered (one dispatch per operation)
    #[cfg(feature = "gpu")]
    #[arg(long, value_name = "auto|layered|fused", default_value_t = PlanChoice::Auto)]
    plan: PlanChoice,
    /// f32, or f64 on the CPU's reference
    #[arg(long, value_name = "f32|f64", default_value_t = Precision::F32)]
    precision: Precision,
    /// Threads of the CPU engine, 1 to 1024; affects speed only, never results [default: one per core]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    threads: Option<usize>,
}

impl DeviceArguments {
    /// The device settings that these flags give.
    pub fn settings(&self) -> DeviceSettings {
        DeviceSettings {
            choice: match self.device.as_str() {
                "auto" => DeviceChoice::Auto,
                "cpu" => DeviceChoice::Cpu,
                "gpu" => DeviceChoice::Gpu,
                name => DeviceChoice::Named(name.into()),
            },
            plan: self.plan(),
            precision: self.precision,
            threads: self.threads,
        }
    }

    #[cfg(feature = "gpu")]
    fn plan(&self) -> PlanChoice {
        self.plan
    }

    #[cfg(not(feature = "gpu"))]
    fn plan(&self) -> PlanChoice {
        PlanChoice::Auto
    }
}

/// A device's name. It must not be empty, since every adapter's name contains the empty string.
pub fn device_name(text: &str) -> Result<String> {
    match text.trim() {
        "" => Err(Error::invalid("the device", "auto, cpu, gpu or part of an adapter's name", "''")),
        name => Ok(name.into()),
    }
}
