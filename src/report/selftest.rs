//! What `planar selftest` reports.

use serde::Serialize;

use planar::backend::DeviceInfo;
use planar::gpu::Adapter;
use planar::selftest::Finding;

/// All the checks on one adapter.
#[derive(Clone, Debug, Serialize)]
pub struct SelftestReport {
    /// The version of planar.
    pub version: &'static str,
    /// The system that planar was built for.
    pub system: String,
    /// The adapter's number.
    pub number: usize,
    /// The adapter.
    pub device: DeviceInfo,
    /// Whether everything passed.
    pub passed: bool,
    /// The result of each check.
    pub findings: Vec<Finding>,
}

impl SelftestReport {
    /// The report of an adapter's findings.
    pub fn new(adapter: &Adapter, findings: Vec<Finding>) -> Self {
        let passed = findings.iter().all(|finding| finding.passed);
        let system = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
        Self {
            version: env!("CARGO_PKG_VERSION"),
            system,
            number: adapter.number(),
            device: adapter.device_info(),
            passed,
            findings,
        }
    }

    /// For people, and for pasting into an issue.
    pub fn summary(&self) -> String {
        let DeviceInfo { kind, name, backend, driver } = &self.device;
        let failed = self.findings.iter().filter(|finding| !finding.passed).count();
        let count = self.findings.len();
        let seconds: f64 = self.findings.iter().map(|finding| finding.seconds).sum();
        let verdict = match failed {
            0 => format!("all {count} checks passed in {seconds:.0} s"),
            failed => format!("{failed} of {count} checks FAILED, in {seconds:.0} s"),
        };
        let about = vec![
            vec!["planar".into(), format!("{}, {}", self.version, self.system)],
            vec!["adapter".into(), format!("{}: {name} ({kind}, {backend})", self.number)],
            vec!["driver".into(), driver.clone()],
            vec!["verdict".into(), verdict],
        ];
        let row = |finding: &Finding| {
            let word = if finding.passed { "passed" } else { "FAILED" };
            vec![word.into(), finding.check.clone(), finding.found.clone()]
        };
        let rows = std::iter::once(["", "check", "found"].map(str::to_owned).to_vec());
        format!("{}\n{}", super::columns(about), super::columns(rows.chain(self.findings.iter().map(row)).collect()))
    }
}
