//! From shaders to pipelines, each variant compiled once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use web_time::Instant;

use super::device::Device;
use super::shader::kernel::{Binding, Kernel};
use super::shader::{Constant, Constants, Shader, Sources};
use crate::{Error, Result};

/// The compiled kernels of a device, each variant made once.
#[derive(Debug)]
pub struct Pipelines {
    sources: Sources,
    made: Mutex<HashMap<(Kernel, Constants), wgpu::ComputePipeline>>,
}

impl Pipelines {
    pub fn new(sources: Sources) -> Self {
        Self { sources, made: Mutex::default() }
    }

    /// What the kernels are made of.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The pipeline of a kernel with these constants.
    ///
    /// # Errors
    /// [`Error::Shader`] if the shader does not compile, and those of [`Device::guarded`].
    pub async fn get(&self, device: &Device, kernel: Kernel, constants: &Constants) -> Result<wgpu::ComputePipeline> {
        let key = (kernel, constants.clone());
        if let Some(pipeline) = self.made().get(&key) {
            return Ok(pipeline.clone());
        }
        let start = Instant::now();
        let pipeline = compile(device, kernel, constants, &self.sources.compose(kernel, constants)?).await?;
        log::debug!("compiled {} in {:.3?}", kernel.name(), start.elapsed());
        self.made().insert(key, pipeline.clone());
        Ok(pipeline)
    }

    /// Two threads may compile the same variant at once; a lock is not held while a shader compiles.
    fn made(&self) -> MutexGuard<'_, HashMap<(Kernel, Constants), wgpu::ComputePipeline>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn compile(
    device: &Device,
    kernel: Kernel,
    constants: &Constants,
    shader: &Shader,
) -> Result<wgpu::ComputePipeline> {
    let name = kernel.name();
    let mut module = None;
    let created = device.guarded(name, || {
        let source = wgpu::ShaderSource::Wgsl(shader.text().into());
        module = Some(device.wgpu.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(name), source }));
    });
    let created = created.await;
    let Some(module) = module else { return Err(Error::Shader(format!("{name}: no module was made"))) };
    match created {
        Err(error @ Error::Device(_)) => return Err(located(&module, shader).await.unwrap_or(error)),
        other => other?,
    }
    let made = device.guarded(name, || {
        let is_table =
            |name: &str| constants.iter().any(|(of, value)| *of == name && matches!(value, Constant::Table(_)));
        let used = |(name, binding): &(&str, Binding)| if is_table(name) { Binding::Uniform } else { *binding };
        let entries: Vec<_> = kernel.bindings().iter().map(used).zip(0..).map(layout_entry).collect();
        let group = device
            .wgpu
            .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(name), entries: &entries });
        let layout = device.wgpu.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(name),
            bind_group_layouts: &[Some(&group)],
            immediate_size: 0,
        });
        device.wgpu.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(name),
            layout: Some(&layout),
            module: &module,
            entry_point: Some(name),
            compilation_options: wgpu::PipelineCompilationOptions {
                zero_initialize_workgroup_memory: !kernel.writes_workgroup_memory_first(),
                ..Default::default()
            },
            cache: None,
        })
    });
    made.await
}

fn layout_entry((binding, at): (Binding, u32)) -> wgpu::BindGroupLayoutEntry {
    let ty = match binding {
        Binding::Uniform => wgpu::BufferBindingType::Uniform,
        Binding::Read => wgpu::BufferBindingType::Storage { read_only: true },
        Binding::ReadWrite => wgpu::BufferBindingType::Storage { read_only: false },
    };
    wgpu::BindGroupLayoutEntry {
        binding: at,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
        count: None,
    }
}

/// The compiler's first error, with the file and line that it came from.
async fn located(module: &wgpu::ShaderModule, shader: &Shader) -> Option<Error> {
    let info = module.get_compilation_info().await;
    let message = info.messages.into_iter().find(|m| m.message_type == wgpu::CompilationMessageType::Error)?;
    let reason = message.message.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("does not compile");
    let reason = reason.to_owned();
    Some(Error::Shader(match message.location {
        Some(place) => {
            let (file, line) = shader.origin(place.line_number as usize);
            format!("{file}, line {line}, column {}: {reason}", place.line_position)
        }
        None => reason,
    }))
}
