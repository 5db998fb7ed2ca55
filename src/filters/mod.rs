//! The built-in filters, one file each. This is the list: a `mod` line and a table line for every filter.

pub mod audio_device_out;

pub mod keyboard;

pub mod limiter;

pub mod midi_device_in;
pub mod midi_device_out;

pub mod midi_file_reader;

pub mod midi_converter;

pub mod arpeggiator;

pub mod midi_file_writer;

pub mod midi_merge;
pub mod midi_sequencer;
pub mod mpu401_out;

pub mod midi_monitor;

pub mod midi_router;

pub mod midi_transform;

pub mod metronome;

pub mod on_screen_keyboard;

pub mod tone_synth;

pub mod fm_synth;

pub mod dls_synth;

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::ks::{Catalogue, FileFact, Filter};
use crate::portcls::{Cards, MidiPorts};
use crate::stream::errand::{in_time, patience};

pub mod channel_mapper;

pub mod chorus;

pub mod compressor;

pub mod delay;

pub mod envelope;

pub mod equaliser;

pub mod feedback_return;

pub mod feedback_send;

pub mod format_converter;

pub mod format_filter;

pub mod gain;

pub mod clock_slave;
pub mod clock_source;
pub mod quality_injector;

pub mod guard;

pub mod lab_card_mixer;

pub mod lab_device;

pub mod lab_card_topology;

pub mod lab_card_wave;

pub mod meter;

pub mod mixer;

pub mod noise;

pub mod null_renderer;

pub mod pull_source;

pub mod rate_converter;

pub mod reverb;

pub mod splitter;

pub mod tone;

pub mod wave_reader;

pub mod wave_writer;

pub mod audio_device_in;

pub mod loudness_meter;

pub mod scope;

pub mod spectrum;

#[cfg(test)]
mod tests;

/// Filters that need nothing but themselves.
pub fn plain() -> Vec<Arc<dyn Filter>> {
    let lab = crate::portcls::lab_card::LabCards::default();
    vec![
        Arc::new(channel_mapper::ChannelMapper),
        Arc::new(format_converter::FormatConverter),
        Arc::new(feedback_return::FeedbackReturn),
        Arc::new(feedback_send::FeedbackSend),
        Arc::new(format_filter::FormatFilter),
        Arc::new(gain::Gain),
        Arc::new(clock_slave::ClockSlave),
        Arc::new(clock_source::ClockSource),
        Arc::new(quality_injector::QualityInjector),
        Arc::new(meter::Meter),
        Arc::new(loudness_meter::LoudnessMeter),
        Arc::new(scope::Scope),
        Arc::new(spectrum::Spectrum),
        Arc::new(mixer::Mixer),
        Arc::new(noise::Noise),
        Arc::new(null_renderer::NullRenderer),
        Arc::new(lab_card_wave::LabCardWave::new(lab.clone())),
        Arc::new(lab_device::lab_device()),
        Arc::new(lab_card_topology::LabCardTopology),
        Arc::new(lab_card_mixer::LabCardMixer::new(lab)),
        Arc::new(pull_source::PullSource),
        Arc::new(rate_converter::RateConverter),
        Arc::new(splitter::Splitter),
        Arc::new(tone::Tone),
        Arc::new(keyboard::Keyboard),
        Arc::new(tone_synth::ToneSynth),
        Arc::new(fm_synth::FmSynth),
        Arc::new(dls_synth::DlsSynth),
        Arc::new(equaliser::Equaliser),
        Arc::new(envelope::EnvelopeFilter),
        Arc::new(delay::Delay),
        Arc::new(compressor::Compressor),
        Arc::new(limiter::Limiter),
        Arc::new(guard::Guard),
        Arc::new(chorus::Chorus),
        Arc::new(reverb::Reverb),
        Arc::new(metronome::Metronome),
        Arc::new(on_screen_keyboard::OnScreenKeyboard),
        Arc::new(wave_reader::wave_reader()),
        Arc::new(wave_writer::wave_writer()),
        Arc::new(midi_file_reader::MidiFileReader),
        Arc::new(midi_converter::MidiConverter),
        Arc::new(arpeggiator::Arpeggiator),
        Arc::new(midi_file_writer::MidiFileWriter),
        Arc::new(midi_monitor::MidiMonitor),
        Arc::new(midi_merge::MidiMerge),
        Arc::new(midi_sequencer::MidiSequencer),
        Arc::new(mpu401_out::Mpu401Out),
        Arc::new(midi_router::MidiRouter),
        Arc::new(midi_transform::MidiTransform),
    ]
}

/// Looks what a file is that a filter is to read. For observers: it takes as long as the disk does, but not for ever.
pub fn probe(path: &Path) -> FileFact {
    let own = path.to_owned();
    let fact = in_time(path, patience(true), move || look(&own));
    fact.unwrap_or_else(|late| FileFact::Unusable(late.to_string()))
}

fn look(path: &Path) -> FileFact {
    let is_file = std::fs::metadata(path).is_ok_and(|about| about.is_file());
    let mut head = vec![];
    let looked = is_file
        && std::fs::File::open(path).is_ok_and(|file| file.take(12).read_to_end(&mut head).is_ok());
    let ending = path.extension().map(|ending| ending.to_ascii_lowercase());
    let is_called_so =
        ending.is_some_and(|it| it == "mid" || it == "midi" || it == "kar" || it == "smf");
    if dls_synth::is_bank(&head) {
        dls_synth::probe(path)
    } else if midi_file_reader::is_song(&head) || (looked && is_called_so) {
        midi_file_reader::probe(path)
    } else {
        wave_reader::probe(path)
    }
}

/// Filters that reach a device, through what is handed in: the machine's cards and MIDI ports, or
/// [`Offline`](crate::portcls::Offline) for renders and tests.
pub fn devices(cards: Arc<dyn Cards>, ports: Arc<dyn MidiPorts>) -> Vec<Arc<dyn Filter>> {
    vec![
        Arc::new(audio_device_in::AudioDeviceIn::new(cards.clone())),
        Arc::new(audio_device_out::AudioDeviceOut::new(cards)),
        Arc::new(midi_device_in::MidiDeviceIn::new(ports.clone())),
        Arc::new(midi_device_out::MidiDeviceOut::new(ports)),
    ]
}

/// Every built-in filter.
///
/// # Panics
/// When two of them have the same key: a mistake in this list that any test finds.
pub fn catalogue(cards: Arc<dyn Cards>, ports: Arc<dyn MidiPorts>) -> Catalogue {
    let mut catalogue = Catalogue::default();
    for filter in plain().into_iter().chain(devices(cards, ports)) {
        catalogue
            .register(filter)
            .expect("built-in filters have different keys");
    }
    catalogue
}
