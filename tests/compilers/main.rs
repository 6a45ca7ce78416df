//! What compilers of real hardware make of every kernel, without that hardware: RADV's for three families of AMD's chips,
//! DX12's DXC, and Tint, the WGSL front end of Chrome.
//!
//! What is not installed is reported as ignored, and standard error says why. It fails instead with REQUIRE_COMPILERS=1
//! (RADV), REQUIRE_DXC=1 and REQUIRE_TINT=1; CONTRIBUTING.md says where these compilers come from.

mod figures;
mod folder;
#[path = "../common/needs.rs"]
mod needs;
mod radv;
#[path = "../common/shaders.rs"]
mod shaders;
mod vulkan;

use libtest_mimic::{Arguments, Trial};
use needs::{Check, required, trial};

fn main() {
    if let Some(set) = radv::asked() {
        return radv::compile(&set);
    }
    let arguments = Arguments::from_args();
    let radv = required("REQUIRE_COMPILERS");
    let driver = radv::driver();
    let mut trials: Vec<Trial> = radv::FAMILIES
        .iter()
        .map(|family| {
            let check = |_| radv::every_kernel_fits(family);
            trial(&format!("radv_compiles_every_kernel_for_{family}"), driver.clone(), radv, check)
        })
        .collect();
    // another Mesa has other figures: that is no fault of the kernels
    let same = driver.clone().and_then(figures::same_driver);
    trials.push(trial("figures", same, radv && driver.is_err(), figures::are_as_written));
    trials.push(trial("dxc_compiles_every_kernel", folder::dxc(), required("REQUIRE_DXC"), folder::every_hlsl));
    trials.push(trial("tint_reads_every_kernel", folder::tint(), required("REQUIRE_TINT"), folder::every_wgsl));
    libtest_mimic::run(&arguments, trials).exit();
}
