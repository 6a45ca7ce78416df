//! What is trained: the network, its parameters, and each formula once for the CPU.

pub mod activation;
pub mod derivative;
mod hidden;
mod init_scale;
pub mod loss;
pub mod network;
pub mod output;
pub mod params;
pub mod real;

pub use activation::Activation;
pub use derivative::Derivative;
pub use hidden::Hidden;
pub use init_scale::{ByInputs, InitScale};
pub use network::Network;
pub use output::Output;
pub use params::Parameters;
pub use real::Real;
