//! From shaders to pipelines, each variant compiled once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::device::Opened;
use super::kernel::{Binding, Kernel};
use super::shader::{Constant, Constants, Shader, Sources};
use crate::{Error, Result};

/// The compiled kernels of a device, each variant made once.
#[derive(Debug)]
pub(super) struct Pipelines {
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
    pub fn get(&self, gpu: &Opened, kernel: Kernel, constants: &Constants) -> Result<wgpu::ComputePipeline> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (kernel, constants.clone());
        if let Some(pipeline) = made.get(&key) {
            return Ok(pipeline.clone());
        }
        let start = Instant::now();
        let pipeline = compile(gpu, kernel, constants, &self.sources.compose(kernel, constants)?)?;
        log::debug!("compiled {} in {:.3?}", kernel.name(), start.elapsed());
        made.insert(key, pipeline.clone());
        Ok(pipeline)
    }
}

fn compile(gpu: &Opened, kernel: Kernel, constants: &Constants, shader: &Shader) -> Result<wgpu::ComputePipeline> {
    let name = kernel.name();
    let device = &gpu.device;
    let mut module = None;
    let created = gpu.guarded(name, || {
        let source = wgpu::ShaderSource::Wgsl(shader.text().into());
        module = Some(device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(name), source }));
    });
    let Some(module) = module else { return Err(Error::Shader(format!("{name}: no module was made"))) };
    match created {
        Err(error @ Error::Device(_)) => return Err(located(&module, shader).unwrap_or(error)),
        other => other?,
    }
    gpu.guarded(name, || {
        let is_table =
            |name: &str| constants.iter().any(|(of, value)| *of == name && matches!(value, Constant::Table(_)));
        let used = |(name, binding): &(&str, Binding)| if is_table(name) { Binding::Uniform } else { *binding };
        let entries: Vec<_> = kernel.bindings().iter().map(used).zip(0..).map(layout_entry).collect();
        let group =
            device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(name), entries: &entries });
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(name),
            bind_group_layouts: &[Some(&group)],
            immediate_size: 0,
        });
        device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(name),
            layout: Some(&layout),
            module: &module,
            entry_point: Some(name),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        })
    })
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
fn located(module: &wgpu::ShaderModule, shader: &Shader) -> Option<Error> {
    let info = pollster::block_on(module.get_compilation_info());
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
