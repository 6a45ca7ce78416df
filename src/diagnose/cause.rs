//! The causes that are told apart.

use serde::Serialize;

/// What is wrong with a training. The names in JSON are those of the variants in kebab case, and a fixed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// `wrong-adapter`: the device computes something else than the CPU, or loses NaN or infinity.
    WrongAdapter,
    /// `wrong-derivative`: the backward pass is not the derivative of the forward pass.
    WrongDerivative,
    /// `start-not-finite`: weights or cost are not finite before the first update.
    StartNotFinite,
    /// `not-finite-moments`: the optimiser's moments that a file holds are not finite, though its weights are.
    NotFiniteMoments,
    /// `one-class`: every sample has the same label.
    OneClass,
    /// `contradicting-labels`: samples with the same features have both labels, so that no network passes some accuracy.
    ContradictingLabels,
    /// `badly-scaled-data`: features are large, tiny, far from 0, of unequal scales, constant or an index.
    BadlyScaledData,
    /// `badly-scaled-targets`: the numbers to be learnt are so large that their errors drive any usual step too far.
    BadlyScaledTargets,
    /// `too-much-regularisation`: L2, weight decay or dropout keep the network from learning.
    TooMuchRegularisation,
    /// `too-much-momentum`: the optimiser remembers gradients for so long that it overshoots.
    TooMuchMomentum,
    /// `equal-units`: the units of a layer start with equal weights, and learn the same.
    EqualUnits,
    /// `exploding-gradients`: in a network of several hidden layers the gradient grows from layer to layer towards the
    /// inputs, or from update to update, until nothing is finite.
    ExplodingGradients,
    /// `start-too-large`: the initial weights saturate units or output, or give a cost far above that of knowing nothing.
    StartTooLarge,
    /// `vanishing-gradients`: in a network of several hidden layers next to nothing of what comes back from the output
    /// reaches the first.
    VanishingGradients,
    /// `dead-units`: ReLU units that fire on no sample, since the start or since an iteration, and so learn nothing.
    DeadUnits,
    /// `saturated-units`: tanh or σ units whose slope has vanished in training.
    SaturatedUnits,
    /// `learning-rate-too-large`: it diverges, oscillates, or ends above its start.
    LearningRateTooLarge,
    /// `learning-rate-too-small`: the cost has hardly moved, and would still fall.
    LearningRateTooSmall,
    /// `rare-class`: nearly all samples are of one class, and the other is not found.
    RareClass,
    /// `plateau`: the gradient has all but vanished at a cost that another start leaves.
    Plateau,
    /// `too-little-capacity`: a linear activation or too few units, where a wider network fits the data.
    TooLittleCapacity,
    /// `stopped-too-early`: early stopping ended the training, and the samples held out fare much better if it goes on.
    StoppedTooEarly,
    /// `overfitting`: samples held out fare worse and worse while those trained on fare better.
    Overfitting,
    /// `nothing-learnt`: no better than a constant, and nothing that was tried is.
    NothingLearnt,
    /// `undecided`: the result is poor, and time ran out before all that the evidence points to was tried.
    Undecided,
    /// `saturated-cost`: training is healthy; only the notebook's cost formula is NaN, where σ rounds to 0 or 1.
    SaturatedCost,
    /// `healthy`: the run did what a run of its kind can.
    Healthy,
}

impl Cause {
    /// All of them, in the order in which they are looked for.
    pub const ALL: [Self; 27] = [
        Self::WrongAdapter,
        Self::WrongDerivative,
        Self::StartNotFinite,
        Self::NotFiniteMoments,
        Self::OneClass,
        Self::ContradictingLabels,
        Self::BadlyScaledData,
        Self::BadlyScaledTargets,
        Self::TooMuchRegularisation,
        Self::TooMuchMomentum,
        Self::EqualUnits,
        Self::ExplodingGradients,
        Self::StartTooLarge,
        Self::VanishingGradients,
        Self::DeadUnits,
        Self::SaturatedUnits,
        Self::LearningRateTooLarge,
        Self::LearningRateTooSmall,
        Self::RareClass,
        Self::Plateau,
        Self::TooLittleCapacity,
        Self::StoppedTooEarly,
        Self::Overfitting,
        Self::NothingLearnt,
        Self::Undecided,
        Self::SaturatedCost,
        Self::Healthy,
    ];

    /// The name in JSON.
    ///
    /// ```
    /// use planar::diagnose::Cause;
    /// assert_eq!(Cause::LearningRateTooLarge.name(), "learning-rate-too-large");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::WrongAdapter => "wrong-adapter",
            Self::WrongDerivative => "wrong-derivative",
            Self::StartNotFinite => "start-not-finite",
            Self::NotFiniteMoments => "not-finite-moments",
            Self::OneClass => "one-class",
            Self::ContradictingLabels => "contradicting-labels",
            Self::BadlyScaledData => "badly-scaled-data",
            Self::BadlyScaledTargets => "badly-scaled-targets",
            Self::TooMuchRegularisation => "too-much-regularisation",
            Self::TooMuchMomentum => "too-much-momentum",
            Self::EqualUnits => "equal-units",
            Self::ExplodingGradients => "exploding-gradients",
            Self::StartTooLarge => "start-too-large",
            Self::VanishingGradients => "vanishing-gradients",
            Self::DeadUnits => "dead-units",
            Self::SaturatedUnits => "saturated-units",
            Self::LearningRateTooLarge => "learning-rate-too-large",
            Self::LearningRateTooSmall => "learning-rate-too-small",
            Self::RareClass => "rare-class",
            Self::Plateau => "plateau",
            Self::TooLittleCapacity => "too-little-capacity",
            Self::StoppedTooEarly => "stopped-too-early",
            Self::Overfitting => "overfitting",
            Self::NothingLearnt => "nothing-learnt",
            Self::Undecided => "undecided",
            Self::SaturatedCost => "saturated-cost",
            Self::Healthy => "healthy",
        }
    }

    /// Whether the training failed: not where it is healthy, or only the notebook's formula for its cost fails.
    pub fn is_failure(self) -> bool {
        !matches!(self, Self::Healthy | Self::SaturatedCost)
    }
}
