//! Tests that need something which is not on every machine.

use libtest_mimic::{Failed, Trial};

/// How a check ends.
pub type Check = Result<(), String>;

/// Whether what is missing fails its tests.
pub fn required(variable: &str) -> bool {
    std::env::var(variable).is_ok_and(|value| value == "1")
}

/// A test that needs something, or that says why it is not run.
pub fn trial<T: Send + 'static>(
    name: &str,
    needs: Result<T, String>,
    required: bool,
    check: impl FnOnce(T) -> Check + Send + 'static,
) -> Trial {
    if let Err(missing) = &needs {
        eprintln!("{name} {}: {missing}", if required { "fails" } else { "is not run" });
    }
    let ignored = needs.is_err() && !required;
    Trial::test(name, move || needs.and_then(check).map_err(Failed::from)).with_ignored_flag(ignored)
}
