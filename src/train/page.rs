//! A driver that waits without blocking, as a page in a browser does, over the same [`Training`].

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::fake::{Fake, drive, go_on};
use super::{Outcome, Request, Schedule, Training};
use crate::Result;

/// Is ready when it is asked a second time.
async fn once_later() {
    let mut is_asked = false;
    poll_fn(|_| if std::mem::replace(&mut is_asked, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

async fn train(device: &mut Fake, schedules: &[Schedule]) -> Result<Vec<Outcome>> {
    let mut training = Training::new(schedules, 2)?;
    loop {
        match training.next() {
            Request::Submit(iterations) => {
                device.submit(iterations);
                training.submitted(iterations)?;
            }
            Request::Collect => {
                once_later().await;
                let chunk = device.collect();
                training.collected(chunk, Duration::from_secs_f64(device.now))?;
            }
            Request::Evaluate => {
                once_later().await;
                training.evaluated(device.evaluate())?;
            }
            Request::Retire(network) => {
                device.retired.push(network);
                training.retired(network)?;
            }
            Request::Done => return Ok(training.into_outcomes()),
        }
        training.tell(|event| go_on(&event));
    }
}

#[test]
fn a_driver_that_waits_without_blocking_trains_the_same() {
    let schedules = [277, 3, 400, 17, 1].map(|length| Schedule::new(length, Some(10)).unwrap());
    let device = || {
        let mut device = Fake::new(5, 0, |_| 1e-3);
        device.not_finite[2].0 = Some(100);
        device
    };
    let (mut blocking, mut page) = (device(), device());
    let wanted = drive(&mut blocking, &schedules, 2, go_on).unwrap();
    let (outcomes, waits) = {
        let (mut training, mut waits) = (pin!(train(&mut page, &schedules)), 0);
        loop {
            match training.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(outcomes) => break (outcomes.unwrap(), waits),
                Poll::Pending => waits += 1,
            }
        }
    };
    assert_eq!(format!("{outcomes:?}"), format!("{wanted:?}"));
    assert!(waits > page.chunks.len(), "each chunk and each evaluation is waited for");
    assert_eq!((&page.chunks, &page.retired), (&blocking.chunks, &blocking.retired));
}
