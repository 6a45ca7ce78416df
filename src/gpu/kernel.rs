//! From the WGSL files in `shaders/` to pipelines: a shader is the `lib/` files that it uses, a prelude of constants,
//! and the kernel, one after another.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use super::device::Opened;
use crate::{Error, Result};

/// A kernel: a file of `shaders/` and the function of that name in it. `shaders/README.md` has their formulas,
/// `cpu::operations` their twins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kernel {
    /// C = scale·A·B, in tiles.
    Matmul,
    /// Z ← Z + b, A = g(Z).
    BiasActivation,
    /// dZ = A − Y.
    OutputDelta,
    /// dZ = dA ∘ g′(Z).
    HiddenDelta,
    /// db = scale·Σ dZ.
    BiasSum,
    /// Σ over slabs.
    SumSlabs,
    /// θ ← θ − α·dθ.
    Update,
    /// scale·Σ loss, a slab at a time.
    Cost,
    /// The cost into the history; the step counted.
    Record,
}

/// How a kernel uses one of its bindings, in the order of `@binding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// `var<uniform>`.
    Uniform,
    /// `var<storage, read>`.
    Read,
    /// `var<storage, read_write>`.
    ReadWrite,
}

/// The value of a constant in the prelude.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Constant {
    /// `const NAME: u32 = …u;`
    U32(u32),
    /// `const NAME: bool = …;`
    Bool(bool),
}

/// The constants of a shader's prelude, by name.
pub type Constants = Vec<(&'static str, Constant)>;

impl Kernel {
    /// All kernels.
    pub const ALL: [Self; 9] = [
        Self::Matmul,
        Self::BiasActivation,
        Self::OutputDelta,
        Self::HiddenDelta,
        Self::BiasSum,
        Self::SumSlabs,
        Self::Update,
        Self::Cost,
        Self::Record,
    ];

    /// The name of its function; its file is `NAME.wgsl`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Matmul => "matmul",
            Self::BiasActivation => "bias_activation",
            Self::OutputDelta => "output_delta",
            Self::HiddenDelta => "hidden_delta",
            Self::BiasSum => "bias_sum",
            Self::SumSlabs => "sum_slabs",
            Self::Update => "update",
            Self::Cost => "cost",
            Self::Record => "record",
        }
    }

    /// What it binds, from `@binding(0)`.
    pub fn bindings(self) -> &'static [Binding] {
        use Binding::{Read, ReadWrite, Uniform};
        match self {
            Self::Matmul => &[Uniform, Read, Read, ReadWrite],
            Self::BiasActivation => &[Uniform, Read, Read, ReadWrite, ReadWrite],
            Self::OutputDelta => &[Uniform, Read, Read, ReadWrite],
            Self::HiddenDelta => &[Uniform, Read, Read, ReadWrite],
            Self::BiasSum => &[Uniform, Read, ReadWrite],
            Self::SumSlabs => &[Uniform, Read, ReadWrite],
            Self::Update => &[Uniform, Read, Read, ReadWrite],
            Self::Cost => &[Uniform, Read, Read, ReadWrite],
            Self::Record => &[Uniform, Read, ReadWrite, ReadWrite],
        }
    }

    /// The files of `shaders/lib/` that it uses, without `.wgsl`.
    pub fn libraries(self) -> &'static [&'static str] {
        match self {
            Self::BiasActivation | Self::HiddenDelta => &["lib/activation", "lib/network"],
            Self::Update => &["lib/network"],
            Self::Cost => &["lib/loss"],
            Self::Matmul | Self::OutputDelta | Self::BiasSum | Self::SumSlabs | Self::Record => &[],
        }
    }
}

/// The WGSL files by their names under `shaders/`, without `.wgsl`.
#[derive(Clone, Debug)]
pub struct Sources(HashMap<&'static str, Cow<'static, str>>);

macro_rules! embed {
    ($($name:literal),* $(,)?) => {
        [$(($name, Cow::Borrowed(include_str!(concat!("../../shaders/", $name, ".wgsl"))))),*]
    };
}

impl Sources {
    /// The files as they were when planar was built.
    pub fn embedded() -> Self {
        let files = embed![
            "lib/activation",
            "lib/loss",
            "lib/network",
            "matmul",
            "bias_activation",
            "output_delta",
            "hidden_delta",
            "bias_sum",
            "sum_slabs",
            "update",
            "cost",
            "record",
        ];
        Self(HashMap::from(files))
    }

    /// The text of a file; empty where there is none of that name.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |text| text.as_ref())
    }

    /// Puts another text in a file's place.
    pub fn replace(&mut self, name: &'static str, text: String) {
        self.0.insert(name, Cow::Owned(text));
    }

    /// The whole shader of a kernel.
    pub fn compose(&self, kernel: Kernel, constants: &Constants) -> Shader {
        let mut shader = Shader { text: String::new(), starts: Vec::new() };
        let prelude = constants.iter().fold(String::new(), |mut prelude, (name, value)| {
            // writing to a String cannot fail
            let _ = match value {
                Constant::U32(value) => writeln!(prelude, "const {name}: u32 = {value}u;"),
                Constant::Bool(value) => writeln!(prelude, "const {name}: bool = {value};"),
            };
            prelude
        });
        for library in kernel.libraries() {
            shader.append(format!("shaders/{library}.wgsl"), self.text(library));
        }
        shader.append("the prelude".into(), &prelude);
        shader.append(format!("shaders/{}.wgsl", kernel.name()), self.text(kernel.name()));
        shader
    }
}

/// A composed shader that remembers which lines came from which file.
#[derive(Clone, Debug)]
pub struct Shader {
    text: String,
    /// Each part's name and its first line, counted from 1.
    starts: Vec<(String, usize)>,
}

impl Shader {
    /// The WGSL.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The file and line that a line of the composed text came from, both counted from 1.
    pub fn origin(&self, line: usize) -> (&str, usize) {
        let part = self.starts.iter().rev().find(|(_, first)| *first <= line);
        part.map_or(("", line), |(name, first)| (name, line - first + 1))
    }

    fn append(&mut self, name: String, text: &str) {
        self.starts.push((name, self.text.lines().count() + 1));
        self.text.push_str(text);
        if !text.is_empty() && !text.ends_with('\n') {
            self.text.push('\n');
        }
    }
}

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

    /// The pipeline of a kernel with these constants.
    pub fn get(&self, gpu: &Opened, kernel: Kernel, constants: &Constants) -> Result<wgpu::ComputePipeline> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (kernel, constants.clone());
        if let Some(pipeline) = made.get(&key) {
            return Ok(pipeline.clone());
        }
        let pipeline = compile(gpu, kernel, &self.sources.compose(kernel, constants))?;
        made.insert(key, pipeline.clone());
        Ok(pipeline)
    }
}

fn compile(gpu: &Opened, kernel: Kernel, shader: &Shader) -> Result<wgpu::ComputePipeline> {
    let name = kernel.name();
    let device = &gpu.device;
    let mut module = None;
    let created = gpu.guarded(name, || {
        let source = wgpu::ShaderSource::Wgsl(shader.text().into());
        module = Some(device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(name), source }));
    });
    let Some(module) = module else { return Err(Error::Shader(format!("{name}: no module was made"))) };
    if let Err(error) = created {
        return Err(located(&module, shader).unwrap_or(error));
    }
    gpu.guarded(name, || {
        let entries: Vec<_> = kernel.bindings().iter().zip(0..).map(|(use_, at)| layout_entry(*use_, at)).collect();
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

fn layout_entry(binding: Binding, at: u32) -> wgpu::BindGroupLayoutEntry {
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
