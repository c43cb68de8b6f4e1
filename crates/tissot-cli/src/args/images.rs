//! What `tissot fit` can be given for images.

use crate::parse::{Size, SquashArg};
use clap::{Args, ValueEnum};

/// How whole numbers become continuous.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DequantiseArg {
    /// By uniform noise.
    #[default]
    Uniform,
    /// By noise that a flow of its own learns.
    Variational,
}

/// Of images only.
#[derive(Debug, Args)]
#[command(next_help_heading = "Images (a folder of PNG or JPEG, IDX, CIFAR-10, NPY, NPZ)")]
pub struct ImageArgs {
    /// How often the resolution is halved, each time with a level of the flow; 2 by default, or less where the size asks for it.
    #[arg(long)]
    pub levels: Option<usize>,
    /// Steps of the flow at each level; 8 by default (realnvp-image: 3 couplings of either kind).
    #[arg(long)]
    pub level_steps: Option<usize>,
    /// HEIGHT,WIDTH that all images are resampled to.
    #[arg(long)]
    pub resize: Option<Size>,
    /// Make colours grey.
    #[arg(long)]
    pub gray: bool,
    /// Keep so many bits of each value, 1 to 8.
    #[arg(long)]
    pub bits: Option<u32>,
    /// Mirror every other image, drawn at random, left to right while training.
    #[arg(long)]
    pub flip: bool,
    /// How whole numbers become continuous.
    #[arg(long, value_enum)]
    pub dequantise: Option<DequantiseArg>,
    /// What the flow sees of a value x of (0, 1): centred (x - 1/2), logit:ALPHA (logit(ALPHA + (1 - ALPHA) x)) or
    /// logit-both:LAMBDA (logit(LAMBDA + (1 - 2 LAMBDA) x)).
    #[arg(long)]
    pub squash: Option<SquashArg>,
    /// Condition the density on the class: the folder an image is in, or its label.
    #[arg(long)]
    pub class_conditional: bool,
    /// Steps between grids of samples in MODEL.run/samples; 500 by default, 0 draws only that of the end.
    #[arg(long)]
    pub sample_every: Option<u64>,
}

impl ImageArgs {
    /// The first flag that was given.
    pub fn given(&self) -> Option<&'static str> {
        let flags = [
            ("--levels", self.levels.is_some()),
            ("--level-steps", self.level_steps.is_some()),
            ("--resize", self.resize.is_some()),
            ("--gray", self.gray),
            ("--bits", self.bits.is_some()),
            ("--flip", self.flip),
            ("--dequantise", self.dequantise.is_some()),
            ("--squash", self.squash.is_some()),
            ("--class-conditional", self.class_conditional),
            ("--sample-every", self.sample_every.is_some()),
        ];
        flags.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag)
    }
}
