//! Plans at work: networks in training, and networks that predict.
//!
//! - `on_device`: a plan's buffers and bind groups on one device; chunks submitted and read back
//! - `updates`: what the host tells of the updates of dense networks
//! - `tuner`, `layouts`: which layout is the fastest, on the first chunks of a training
//! - `recovering`: the session that users have, which goes on if its device is lost
//! - `inference`: forward passes alone
//! - `dispatch`, `readback`: a bound step; from the GPU to the host

pub mod dispatch;
pub mod inference;
mod layouts;
mod on_device;
pub mod readback;
mod recovering;
mod tuner;
mod updates;

pub use recovering::GpuSession;
