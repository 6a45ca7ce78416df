//! What is said of a result that is no better than the share of the largest class.

use planar::fit::Fitted;
use planar::scores::LargestClass;
use planar::train::Status;

/// One line, if a finished run tells the classes apart no better than naming the largest one throughout; `command` is
/// the one that finds out why.
pub fn said(fitted: &Fitted, command: impl FnOnce() -> String) -> Option<String> {
    let last = &fitted.report.last;
    let accuracy = last.accuracy.filter(|_| fitted.report.status == Status::Finished)?;
    if fitted.data.labels().is_empty() {
        return None; // no classes, of which one could be the largest
    }
    let LargestClass { class, share } = LargestClass::of(fitted.data.labels());
    let name = |class: u8| fitted.data.columns().class(class);
    if share == 1.0 {
        let class = name(class);
        return Some(format!("every sample is of class {class}: there is nothing to tell apart"));
    }
    if accuracy <= share {
        let of = percent(share);
        return Some(format!(
            "{of} is the share of the largest class; to find out why it is not beaten: {}",
            command()
        ));
    }
    let (LargestClass { class, share }, false) = last.test_scores.as_ref()?.largest_class()? else { return None };
    Some(if share == 1.0 {
        let class = name(class);
        format!("every sample held out is of class {class}: they do not show whether the classes are told apart")
    } else {
        let of = percent(share);
        format!(
            "{of} is the share of the largest class among the samples held out: what was learnt does not hold for them"
        )
    })
}

fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}
