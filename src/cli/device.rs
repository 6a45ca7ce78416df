//! The flags that select the device.

use planar::backend::{LayoutChoice, PlanChoice};
use planar::fit::{DeviceChoice, DeviceSettings, Precision};
use planar::{Error, Result};

/// The device.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Device")]
pub struct DeviceArguments {
    /// auto (a hardware GPU if it pays), cpu, gpu (a software one too), an adapter's number or part of its name; sweep: all
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = device_name)]
    device: String,
    /// auto, split (two dispatches per iteration), resident (many iterations per dispatch) or layered (any depth)
    #[cfg(feature = "gpu")]
    #[arg(long, value_name = "PLAN", default_value_t = PlanChoice::Auto)]
    plan: PlanChoice,
    /// How a GPU's plan is laid out, as `planar bench` names it; affects speed only, never results [default: measured]
    #[cfg(feature = "gpu")]
    #[arg(long, value_name = "NAME")]
    layout: Option<String>,
    /// Take the layout that is likely to be the fastest instead of measuring
    #[cfg(feature = "gpu")]
    #[arg(long, conflicts_with = "layout")]
    no_tune: bool,
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
                "all" => DeviceChoice::All,
                name => DeviceChoice::Named(name.into()),
            },
            plan: self.plan(),
            layout: self.layout(),
            precision: self.precision,
            threads: self.threads,
        }
    }

    #[cfg(feature = "gpu")]
    fn plan(&self) -> PlanChoice {
        self.plan
    }

    #[cfg(feature = "gpu")]
    fn layout(&self) -> LayoutChoice {
        match &self.layout {
            Some(name) => LayoutChoice::Named(name.clone()),
            None if self.no_tune => LayoutChoice::Likeliest,
            None => LayoutChoice::Measured,
        }
    }

    #[cfg(not(feature = "gpu"))]
    fn layout(&self) -> LayoutChoice {
        LayoutChoice::Measured
    }

    #[cfg(not(feature = "gpu"))]
    fn plan(&self) -> PlanChoice {
        PlanChoice::Auto
    }
}

/// A device's name. It must not be empty, since every adapter's name contains the empty string.
pub fn device_name(text: &str) -> Result<String> {
    match text.trim() {
        "" => Err(Error::invalid("the device", "auto, cpu, gpu, an adapter's number or part of its name", "''")),
        name => Ok(name.into()),
    }
}
