//! Names of notes, programs, drums, controllers and banks: the one table that monitors, inspectors and keyboards read.
//!
//! The names of programs and drums are those of General MIDI.

use super::message::{Message, System, controller};

/// The name of a note: middle C, 60, is `C4`.
#[must_use]
pub fn note(key: u8) -> String {
    const NAMES: [&str; 12] = [
        "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B",
    ];
    let key = key & 127;
    let octave = i32::from(key / 12) - 1;
    format!("{}{octave}", NAMES[usize::from(key % 12)])
}

/// The channel of drums in General MIDI, counted from 0.
pub const DRUM_CHANNEL: u8 = 9;

/// The name of a drum, where General MIDI has one on that key.
#[must_use]
pub fn drum(key: u8) -> Option<&'static str> {
    let index = key.checked_sub(FIRST_DRUM)?;
    DRUMS.get(usize::from(index)).copied()
}

/// The name of a program, counted from 0.
#[must_use]
pub fn program(number: u8) -> &'static str {
    PROGRAMS[usize::from(number & 127)]
}

/// The name of the family a program belongs to, counted from 0.
#[must_use]
pub fn family(number: u8) -> &'static str {
    FAMILIES[usize::from(number & 127) / 8]
}

/// The name of a bank by its two numbers.
#[must_use]
pub fn bank(coarse: u8, fine: u8) -> String {
    match (coarse, fine) {
        (0, 0) => "General MIDI".into(),
        (120, 0) => "GM2 drums".into(),
        (121, 0) => "GM2 sounds".into(),
        (121, fine) => format!("GM2 variation {fine}"),
        (64, _) => "XG effects".into(),
        (126, _) => "XG effect kits".into(),
        (127, _) => "XG drums".into(),
        (0, fine) => format!("XG variation {fine}"),
        (coarse, 0) => format!("GS variation {coarse}"),
        (coarse, fine) => format!("bank {coarse}/{fine}"),
    }
}

/// The name of a controller, where it has one.
#[must_use]
pub fn controller_name(number: u8) -> Option<&'static str> {
    use controller as c;
    Some(match number {
        c::BANK => "Bank",
        c::MODULATION => "Modulation",
        2 => "Breath",
        4 => "Foot",
        c::PORTAMENTO_TIME => "Portamento time",
        c::DATA_ENTRY => "Data entry",
        c::VOLUME => "Volume",
        8 => "Balance",
        c::PAN => "Pan",
        c::EXPRESSION => "Expression",
        12 => "Effect control 1",
        13 => "Effect control 2",
        16 => "General purpose 1",
        17 => "General purpose 2",
        18 => "General purpose 3",
        19 => "General purpose 4",
        c::BANK_FINE => "Bank, fine",
        33 => "Modulation, fine",
        34 => "Breath, fine",
        36 => "Foot, fine",
        37 => "Portamento time, fine",
        c::DATA_ENTRY_FINE => "Data entry, fine",
        39 => "Volume, fine",
        40 => "Balance, fine",
        42 => "Pan, fine",
        43 => "Expression, fine",
        c::SUSTAIN => "Sustain pedal",
        c::PORTAMENTO => "Portamento",
        c::SOSTENUTO => "Sostenuto pedal",
        c::SOFT => "Soft pedal",
        68 => "Legato",
        69 => "Hold 2",
        70 => "Sound variation",
        71 => "Resonance",
        72 => "Release time",
        73 => "Attack time",
        74 => "Brightness",
        75 => "Decay time",
        76 => "Vibrato rate",
        77 => "Vibrato depth",
        78 => "Vibrato delay",
        80 => "General purpose 5",
        81 => "General purpose 6",
        82 => "General purpose 7",
        83 => "General purpose 8",
        84 => "Portamento from",
        88 => "Velocity, fine",
        c::REVERB => "Reverb",
        92 => "Tremolo",
        c::CHORUS => "Chorus",
        94 => "Detune",
        95 => "Phaser",
        96 => "Data up",
        97 => "Data down",
        98 => "NRPN, fine",
        99 => "NRPN",
        c::RPN_FINE => "RPN, fine",
        c::RPN => "RPN",
        c::ALL_SOUND_OFF => "All sound off",
        c::RESET_CONTROLLERS => "Reset controllers",
        122 => "Local control",
        c::ALL_NOTES_OFF => "All notes off",
        124 => "Omni off",
        125 => "Omni on",
        126 => "Mono",
        127 => "Poly",
        _ => return None,
    })
}

/// A message in words, its channel counted from 1: `1  Note on  C4  velocity 100`. System exclusive, pieces of it and
/// what is no message are told as bytes.
#[must_use]
pub fn message(bytes: &[u8]) -> String {
    let Some(message) = Message::parse(bytes) else {
        let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        let what = match bytes.first() {
            Some(0xF0) => "System exclusive",
            Some(0..0x80 | 0xF7) => "...",
            _ => "Bytes",
        };
        return format!("{what}  {}", hex.join(" "));
    };
    let key_on = |channel: u8, key: u8| match drum(key).filter(|_| channel == DRUM_CHANNEL) {
        Some(drum) => format!("{} ({drum})", note(key)),
        None => note(key),
    };
    let on = |channel: u8, words: String| format!("{}  {words}", channel + 1);
    match message {
        Message::NoteOff { channel, key, .. } => {
            on(channel, format!("Note off  {}", key_on(channel, key)))
        }
        Message::NoteOn {
            channel,
            key,
            velocity,
        } => on(
            channel,
            format!("Note on  {}  velocity {velocity}", key_on(channel, key)),
        ),
        Message::PolyPressure {
            channel,
            key,
            pressure,
        } => on(
            channel,
            format!("Key pressure  {}  {pressure}", key_on(channel, key)),
        ),
        Message::ControlChange {
            channel,
            controller,
            value,
        } => on(
            channel,
            match controller_name(controller) {
                Some(name) => format!("{name}  {value}"),
                None => format!("Controller {controller}  {value}"),
            },
        ),
        Message::ProgramChange {
            channel,
            program: number,
        } => on(
            channel,
            format!("Program {}  {}", number + 1, program(number)),
        ),
        Message::ChannelPressure { channel, pressure } => {
            on(channel, format!("Pressure  {pressure}"))
        }
        Message::PitchBend { channel, bend } => on(channel, format!("Bend  {bend}")),
        Message::System(system) => match system {
            System::QuarterFrame(value) => format!("Time code  {value}"),
            System::SongPosition(sixteenths) => format!("Song position  {sixteenths}"),
            System::SongSelect(song) => format!("Song  {song}"),
            System::TuneRequest => "Tune request".into(),
            System::Clock => "Clock".into(),
            System::Start => "Start".into(),
            System::Continue => "Continue".into(),
            System::Stop => "Stop".into(),
            System::ActiveSensing => "Active sensing".into(),
            System::Reset => "Reset".into(),
        },
    }
}

const FAMILIES: [&str; 16] = [
    "Piano",
    "Chromatic percussion",
    "Organ",
    "Guitar",
    "Bass",
    "Strings",
    "Ensemble",
    "Brass",
    "Reed",
    "Pipe",
    "Synth lead",
    "Synth pad",
    "Synth effects",
    "Ethnic",
    "Percussive",
    "Sound effects",
];

/// The names of the programs.
pub const PROGRAMS: [&str; 128] = [
    "Acoustic Grand Piano",
    "Bright Acoustic Piano",
    "Electric Grand Piano",
    "Honky-tonk Piano",
    "Electric Piano 1",
    "Electric Piano 2",
    "Harpsichord",
    "Clavi",
    "Celesta",
    "Glockenspiel",
    "Music Box",
    "Vibraphone",
    "Marimba",
    "Xylophone",
    "Tubular Bells",
    "Dulcimer",
    "Drawbar Organ",
    "Percussive Organ",
    "Rock Organ",
    "Church Organ",
    "Reed Organ",
    "Accordion",
    "Harmonica",
    "Tango Accordion",
    "Acoustic Guitar (nylon)",
    "Acoustic Guitar (steel)",
    "Electric Guitar (jazz)",
    "Electric Guitar (clean)",
    "Electric Guitar (muted)",
    "Overdriven Guitar",
    "Distortion Guitar",
    "Guitar Harmonics",
    "Acoustic Bass",
    "Electric Bass (finger)",
    "Electric Bass (pick)",
    "Fretless Bass",
    "Slap Bass 1",
    "Slap Bass 2",
    "Synth Bass 1",
    "Synth Bass 2",
    "Violin",
    "Viola",
    "Cello",
    "Contrabass",
    "Tremolo Strings",
    "Pizzicato Strings",
    "Orchestral Harp",
    "Timpani",
    "String Ensemble 1",
    "String Ensemble 2",
    "Synth Strings 1",
    "Synth Strings 2",
    "Choir Aahs",
    "Voice Oohs",
    "Synth Voice",
    "Orchestra Hit",
    "Trumpet",
    "Trombone",
    "Tuba",
    "Muted Trumpet",
    "French Horn",
    "Brass Section",
    "Synth Brass 1",
    "Synth Brass 2",
    "Soprano Sax",
    "Alto Sax",
    "Tenor Sax",
    "Baritone Sax",
    "Oboe",
    "English Horn",
    "Bassoon",
    "Clarinet",
    "Piccolo",
    "Flute",
    "Recorder",
    "Pan Flute",
    "Blown Bottle",
    "Shakuhachi",
    "Whistle",
    "Ocarina",
    "Lead 1 (square)",
    "Lead 2 (sawtooth)",
    "Lead 3 (calliope)",
    "Lead 4 (chiff)",
    "Lead 5 (charang)",
    "Lead 6 (voice)",
    "Lead 7 (fifths)",
    "Lead 8 (bass and lead)",
    "Pad 1 (new age)",
    "Pad 2 (warm)",
    "Pad 3 (polysynth)",
    "Pad 4 (choir)",
    "Pad 5 (bowed)",
    "Pad 6 (metallic)",
    "Pad 7 (halo)",
    "Pad 8 (sweep)",
    "FX 1 (rain)",
    "FX 2 (soundtrack)",
    "FX 3 (crystal)",
    "FX 4 (atmosphere)",
    "FX 5 (brightness)",
    "FX 6 (goblins)",
    "FX 7 (echoes)",
    "FX 8 (sci-fi)",
    "Sitar",
    "Banjo",
    "Shamisen",
    "Koto",
    "Kalimba",
    "Bag pipe",
    "Fiddle",
    "Shanai",
    "Tinkle Bell",
    "Agogo",
    "Steel Drums",
    "Woodblock",
    "Taiko Drum",
    "Melodic Tom",
    "Synth Drum",
    "Reverse Cymbal",
    "Guitar Fret Noise",
    "Breath Noise",
    "Seashore",
    "Bird Tweet",
    "Telephone Ring",
    "Helicopter",
    "Applause",
    "Gunshot",
];

const FIRST_DRUM: u8 = 35;
const DRUMS: [&str; 47] = [
    "Acoustic Bass Drum",
    "Bass Drum 1",
    "Side Stick",
    "Acoustic Snare",
    "Hand Clap",
    "Electric Snare",
    "Low Floor Tom",
    "Closed Hi-Hat",
    "High Floor Tom",
    "Pedal Hi-Hat",
    "Low Tom",
    "Open Hi-Hat",
    "Low-Mid Tom",
    "Hi-Mid Tom",
    "Crash Cymbal 1",
    "High Tom",
    "Ride Cymbal 1",
    "Chinese Cymbal",
    "Ride Bell",
    "Tambourine",
    "Splash Cymbal",
    "Cowbell",
    "Crash Cymbal 2",
    "Vibraslap",
    "Ride Cymbal 2",
    "Hi Bongo",
    "Low Bongo",
    "Mute Hi Conga",
    "Open Hi Conga",
    "Low Conga",
    "High Timbale",
    "Low Timbale",
    "High Agogo",
    "Low Agogo",
    "Cabasa",
    "Maracas",
    "Short Whistle",
    "Long Whistle",
    "Short Guiro",
    "Long Guiro",
    "Claves",
    "Hi Wood Block",
    "Low Wood Block",
    "Mute Cuica",
    "Open Cuica",
    "Mute Triangle",
    "Open Triangle",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_its_usual_name() {
        assert_eq!(
            (note(60), note(0), note(127)),
            ("C4".into(), "C-1".into(), "G9".into())
        );
        assert_eq!((note(69), note(61)), ("A4".into(), "C#4".into()));
        assert_eq!(
            (program(0), program(73), program(127)),
            ("Acoustic Grand Piano", "Flute", "Gunshot")
        );
        assert_eq!(
            (family(0), family(73), family(127)),
            ("Piano", "Pipe", "Sound effects")
        );
        assert_eq!(
            (drum(34), drum(35), drum(38), drum(81), drum(82)),
            (
                None,
                Some("Acoustic Bass Drum"),
                Some("Acoustic Snare"),
                Some("Open Triangle"),
                None
            )
        );
        assert_eq!(
            (controller_name(7), controller_name(64), controller_name(3)),
            (Some("Volume"), Some("Sustain pedal"), None)
        );
        assert_eq!(
            (bank(0, 0), bank(8, 0), bank(127, 0)),
            (
                "General MIDI".into(),
                "GS variation 8".into(),
                "XG drums".into()
            )
        );
    }

    #[test]
    fn messages_are_told_in_words() {
        for (bytes, words) in [
            (&[0x90, 60, 100][..], "1  Note on  C4  velocity 100"),
            (
                &[0x99, 38, 1],
                "10  Note on  D2 (Acoustic Snare)  velocity 1",
            ),
            (&[0x8F, 60, 0], "16  Note off  C4"),
            (&[0x90, 60, 0], "1  Note off  C4"),
            (&[0xB0, 7, 99], "1  Volume  99"),
            (&[0xB0, 3, 9], "1  Controller 3  9"),
            (&[0xC0, 73], "1  Program 74  Flute"),
            (&[0xE1, 0, 0], "2  Bend  -8192"),
            (&[0xF0, 0x7E, 0xF7], "System exclusive  F0 7E F7"),
            (&[0x01, 0xF7], "...  01 F7"),
            (&[0xF8], "Clock"),
            (&[0xF4], "Bytes  F4"),
            (&[], "Bytes  "),
        ] {
            assert_eq!(message(bytes), words);
        }
    }
}
