//! A Vulkan device that compiles kernels and tells what became of them (`VK_KHR_pipeline_executable_properties`). Nothing
//! is run on it. It is opened, and SPIR-V is written, as wgpu does on that driver.
#![allow(unsafe_code)] // ash is Vulkan as it stands: each call promises what Vulkan's specification asks of its arguments

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char};

use ash::{khr, vk};
use naga::back::spv;
use naga::proc::{BoundsCheckPolicies, BoundsCheckPolicy};
use planar::gpu::testing::{Binding, Constant, Kernel};

use crate::shaders::{Variant, module, zeroed};

/// What a driver says of a compiled kernel, by the driver's names: registers, spills, bytes.
pub type Statistics = BTreeMap<String, u64>;

/// A device of the first adapter that Vulkan finds.
pub struct Compiler {
    // the library stays loaded while the device lives
    _entry: ash::Entry,
    device: ash::Device,
    properties: khr::pipeline_executable_properties::Device,
    /// The adapter and its driver.
    pub name: String,
    pub driver: String,
}

impl Compiler {
    /// Opens the adapter.
    pub fn open() -> Result<Self, String> {
        let failed = |what: &'static str| move |error| format!("{what}: {error}");
        // SAFETY: the library that the system calls Vulkan's is Vulkan's, and every argument below lives through its call
        unsafe {
            let entry = ash::Entry::load().map_err(|error| format!("no Vulkan: {error}"))?;
            let application = vk::ApplicationInfo::default().api_version(vk::API_VERSION_1_3);
            let create = vk::InstanceCreateInfo::default().application_info(&application);
            let instance = entry.create_instance(&create, None).map_err(failed("no instance"))?;
            let adapters = instance.enumerate_physical_devices().map_err(failed("no adapters"))?;
            let adapter = *adapters.first().ok_or("no adapter")?;

            let mut driver = vk::PhysicalDeviceDriverProperties::default();
            let mut about = vk::PhysicalDeviceProperties2::default().push_next(&mut driver);
            instance.get_physical_device_properties2(adapter, &mut about);
            let name = text(&about.properties.device_name);
            let driver = text(&driver.driver_info);

            let queues = [vk::DeviceQueueCreateInfo::default().queue_priorities(&[1.0])];
            let extensions = [khr::pipeline_executable_properties::NAME, ash::ext::robustness2::NAME].map(CStr::as_ptr);
            let features = vk::PhysicalDeviceFeatures::default().robust_buffer_access(true);
            let mut told =
                vk::PhysicalDevicePipelineExecutablePropertiesFeaturesKHR::default().pipeline_executable_info(true);
            let mut zero = vk::PhysicalDeviceZeroInitializeWorkgroupMemoryFeatures::default()
                .shader_zero_initialize_workgroup_memory(true);
            let mut bounds = vk::PhysicalDeviceRobustness2FeaturesEXT::default().robust_buffer_access2(true);
            let create = vk::DeviceCreateInfo::default()
                .queue_create_infos(&queues)
                .enabled_extension_names(&extensions)
                .enabled_features(&features)
                .push_next(&mut told)
                .push_next(&mut zero)
                .push_next(&mut bounds);
            let device = instance.create_device(adapter, &create, None).map_err(failed("no device"))?;
            let properties = khr::pipeline_executable_properties::Device::new(&instance, &device);
            Ok(Self { _entry: entry, device, properties, name, driver })
        }
    }

    /// Compiles a kernel.
    pub fn statistics(&self, variant: &Variant) -> Result<Statistics, String> {
        let name = variant.0.name();
        let code = spirv(variant)?;
        let entry = CString::new(name).map_err(|error| error.to_string())?;
        let bindings = bindings(variant);
        // SAFETY: naga writes valid SPIR-V, whose entry point and bindings these are; what is made is destroyed once, at
        // the end, and lost with the process where something fails before
        unsafe {
            let compile = || -> Result<Vec<vk::PipelineExecutableStatisticKHR>, vk::Result> {
                let device = &self.device;
                let create = vk::DescriptorSetLayoutCreateInfo::default().bindings(&bindings);
                let set = [device.create_descriptor_set_layout(&create, None)?];
                let create = vk::PipelineLayoutCreateInfo::default().set_layouts(&set);
                let layout = device.create_pipeline_layout(&create, None)?;
                let create = vk::ShaderModuleCreateInfo::default().code(&code);
                let module = device.create_shader_module(&create, None)?;
                let stage = vk::PipelineShaderStageCreateInfo::default()
                    .stage(vk::ShaderStageFlags::COMPUTE)
                    .module(module)
                    .name(&entry);
                let create = vk::ComputePipelineCreateInfo::default()
                    .stage(stage)
                    .layout(layout)
                    .flags(vk::PipelineCreateFlags::CAPTURE_STATISTICS_KHR);
                let made = device.create_compute_pipelines(vk::PipelineCache::null(), &[create], None);
                let pipeline = made.map_err(|(_, error)| error)?[0];
                let info = vk::PipelineExecutableInfoKHR::default().pipeline(pipeline);
                let said = self.properties.get_pipeline_executable_statistics(&info)?;
                device.destroy_pipeline(pipeline, None);
                device.destroy_shader_module(module, None);
                device.destroy_pipeline_layout(layout, None);
                device.destroy_descriptor_set_layout(set[0], None);
                Ok(said)
            };
            let said = compile().map_err(|error| format!("{name}: {error}"))?;
            let number = |said: &vk::PipelineExecutableStatisticKHR| match said.format {
                vk::PipelineExecutableStatisticFormatKHR::UINT64 => Ok((text(&said.name), said.value.u64)),
                format => Err(format!("{name}: {} is a {format:?}, not a UINT64", text(&said.name))),
            };
            said.iter().map(number).collect()
        }
    }
}

fn text(chars: &[c_char]) -> String {
    let bytes: Vec<u8> = chars.iter().map(|c| c.to_ne_bytes()[0]).take_while(|byte| *byte != 0).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn bindings((kernel, constants): &Variant) -> Vec<vk::DescriptorSetLayoutBinding<'static>> {
    let is_table = |name| constants.iter().any(|(of, value)| *of == name && matches!(value, Constant::Table(_)));
    let binding = |(at, (name, binding)): (u32, &(&'static str, Binding))| {
        let is_uniform = *binding == Binding::Uniform || is_table(*name);
        vk::DescriptorSetLayoutBinding::default()
            .binding(at)
            .descriptor_count(1)
            .stage_flags(vk::ShaderStageFlags::COMPUTE)
            .descriptor_type(match is_uniform {
                true => vk::DescriptorType::UNIFORM_BUFFER,
                false => vk::DescriptorType::STORAGE_BUFFER,
            })
    };
    (0..).zip(Kernel::bindings(*kernel)).map(binding).collect()
}

/// The SPIR-V that wgpu writes for Vulkan 1.3 with robustBufferAccess2.
fn spirv(variant: &Variant) -> Result<Vec<u32>, String> {
    let (module, info) = module(variant)?;
    let unchecked = BoundsCheckPolicy::Unchecked;
    let options = spv::Options {
        lang_version: (1, 6),
        flags: spv::WriterFlags::LABEL_VARYINGS | spv::WriterFlags::FORCE_POINT_SIZE,
        bounds_check_policies: BoundsCheckPolicies {
            index: BoundsCheckPolicy::Restrict,
            buffer: unchecked,
            image_load: unchecked,
            binding_array: unchecked,
        },
        zero_initialize_workgroup_memory: match zeroed(variant.0) {
            true => spv::ZeroInitializeWorkgroupMemoryMode::Native,
            false => spv::ZeroInitializeWorkgroupMemoryMode::None,
        },
        force_loop_bounding: true,
        ..Default::default()
    };
    let entry = spv::PipelineOptions { shader_stage: naga::ShaderStage::Compute, entry_point: variant.0.name().into() };
    spv::write_vec(&module, &info, &options, Some(&entry)).map_err(|error| format!("{}: {error}", variant.0.name()))
}
