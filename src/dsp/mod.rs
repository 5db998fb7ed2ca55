//! Sample arithmetic on slices. No pins, no formats, no threads.
//!
//! Samples are `f32` and planar: one slice a channel. Three rules hold everywhere in this room:
//!
//! - **Any cutting, same samples.** What comes out does not depend on how a stream is cut into calls, bit for bit.
//!   Whatever moves counts samples, never calls.
//! - **Nothing is allocated after construction**, so that every call here may run on the audio thread.
//! - **No denormals from our own state.** What decays is set to zero while it is still a normal number.

pub mod biquad;

pub(crate) mod decibels;

pub mod delay;

pub mod dynamics;

pub(crate) mod eight;

pub mod reverb;

pub mod envelope;
pub mod gain;
pub mod lanes;
pub mod limiter;

pub mod loudness;

pub mod measure;
pub mod noise;

mod polyphase;

pub mod quantise;
pub mod ramp;
pub mod random;
pub mod resample;
pub(crate) mod wander;
pub mod wavetable;
pub(crate) mod whole;
pub mod wide;

pub mod tracking;

/// Samples that are done at once by whoever does so: what they need beside them stays in the nearest cache.
pub(crate) const PIECE: usize = 64;

pub use biquad::{Curve, Design, Prototype, Section, Tuning};

pub use delay::{DelayLine, Mover};

pub use dynamics::{Ballistics, Follower, Foresight, Knee};

pub use envelope::{Envelope, Stages};
pub use limiter::{Limited, Limiter};

pub use loudness::{Loudness, TruePeak};

pub use measure::PeakMeter;
pub use quantise::{Dither, Quantiser};
pub use ramp::Ramp;
pub use random::Random;
pub use resample::{Quality, ResampleError, Resampler};
pub use tracking::{Pursuit, TrackingResampler};

pub use noise::{Noise, NoiseColour};
pub use wavetable::{Oscillator, Shape};
