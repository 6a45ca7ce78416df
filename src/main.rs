//! The command line of planar; see `planar --help`.

mod cli;
mod report;

fn main() -> std::process::ExitCode {
    #[cfg(target_os = "linux")]
    quieten_mesa();
    cli::main()
}

/// Without a desktop session, Mesa's device-select layer still asks Wayland for the default GPU, and libwayland
/// complains on stderr. Planar sorts the adapters without that layer, so it is switched off.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn quieten_mesa() {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // SAFETY: no other thread exists yet that could read the environment.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}
