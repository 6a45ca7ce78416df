//! What an adapter allows, and how a software adapter computes.

use crate::{Error, Result};

/// The adapter's limits that a plan is held to, and what it is made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The adapter's name, for messages.
    pub adapter: String,
    /// `maxStorageBufferBindingSize`, bytes.
    pub binding_size: u64,
    /// `maxBufferSize`, bytes.
    pub buffer_size: u64,
    /// `maxComputeWorkgroupsPerDimension`.
    pub workgroups: u64,
    /// `maxComputeInvocationsPerWorkgroup`.
    pub invocations: u64,
    /// `maxComputeWorkgroupStorageSize`, bytes.
    pub workgroup_storage: u64,
    /// `maxStorageBuffersPerShaderStage`.
    pub storage_buffers: u64,
    /// `maxUniformBufferBindingSize`, bytes.
    pub uniform_size: u64,
    /// How it computes if it is a software adapter.
    pub software: Option<Software>,
}

/// A software adapter: few fat invocations suit it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Software {
    /// Invocations that a thread computes at once.
    pub lanes: u32,
    /// Threads.
    pub threads: u32,
}

impl Limits {
    /// The limits that every WebGPU adapter has, of hardware.
    pub fn webgpu() -> Self {
        Self {
            adapter: "WebGPU".into(),
            binding_size: 128 << 20,
            buffer_size: 256 << 20,
            workgroups: 65_535,
            invocations: 256,
            workgroup_storage: 16 << 10,
            storage_buffers: 8,
            uniform_size: 64 << 10,
            software: None,
        }
    }

    /// Fails if this much is needed of a limit that allows less.
    pub(super) fn hold(&self, what: String, needed: u64, limit: &'static str, allowed: u64) -> Result<()> {
        match needed <= allowed {
            true => Ok(()),
            false => Err(Error::Limit { what, needed, limit, allowed, adapter: self.adapter.clone() }),
        }
    }
}
