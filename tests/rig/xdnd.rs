//! A file in another program's hand: the source's side of drag and drop between X11 windows (XDND), version 5.
//!
//! No tool drags files, so this speaks the protocol itself: a window of its own offers a list of file names, tells the
//! window below that they hang over it and were let go there, and hands the list out when it is asked.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

const SELECTION_REQUEST: u8 = 30;
const SELECTION_NOTIFY: u8 = 31;
const CLIENT_MESSAGE: u8 = 33;
const VERSION: u32 = 5;

/// A connection to a screen with a window that nobody sees.
struct Source {
    stream: UnixStream,
    window: u32,
    target: u32,
}

/// Drops `files` on the window `target` at a place of the screen. The pointer stands there already.
pub(crate) fn drop_files(display: &str, target: u32, at: (u32, u32), files: &[&Path]) {
    let mut source = Source::connect(display, target);
    let atom = |source: &mut Source, name: &str| source.atom(name);
    let [enter, position, drop, finished, selection, uris, copy] = [
        "XdndEnter",
        "XdndPosition",
        "XdndDrop",
        "XdndFinished",
        "XdndSelection",
        "text/uri-list",
        "XdndActionCopy",
    ]
    .map(|name| atom(&mut source, name));
    let list: String = files.iter().map(|file| uri(file)).collect();

    // Owner of the selection: whoever converts it gets the list.
    let own = source.window;
    source.send(&[22, 0, 4, 0], &[own, selection, 0]);
    source.tell(enter, [own, VERSION << 24, uris, 0, 0]);
    let hang = [own, 0, at.0 << 16 | at.1, 0, copy];
    source.tell(position, hang);
    source.hand_out(list.as_bytes());
    // Twice, as a hand that does not stand quite still.
    source.tell(position, hang);
    source.tell(drop, [own, 0, 0, 0, 0]);
    let data = source.wait(CLIENT_MESSAGE, |event| word(event, 8) == finished);
    assert!(
        word(&data, 16) & 1 == 1,
        "the window did not take the files"
    );
}

fn uri(file: &Path) -> String {
    let text = file.to_str().expect("files of the test have plain names");
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let letters = text.chars().map(|c| match plain(c) {
        true => c.to_string(),
        false => {
            let mut bytes = [0; 4];
            let bytes = c.encode_utf8(&mut bytes).bytes();
            bytes.map(|byte| format!("%{byte:02X}")).collect()
        }
    });
    format!("file://{}\r\n", letters.collect::<String>())
}

impl Source {
    fn connect(display: &str, target: u32) -> Self {
        let socket = format!("/tmp/.X11-unix/X{}", display.trim_start_matches(':'));
        let stream = UnixStream::connect(&socket).expect("the screen's socket is there");
        let limit = Some(Duration::from_secs(20));
        stream.set_read_timeout(limit).expect("a limit can be set");
        let mut source = Self {
            stream,
            window: 0,
            target,
        };
        // Little endian, protocol 11, no password: the screen is this user's.
        source.write(&[b'l', 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let head = source.read(8);
        let rest = source.read(usize::from(u16::from_le_bytes([head[6], head[7]])) * 4);
        assert_eq!(head[0], 1, "the screen refused: {rest:?}");
        let vendor = usize::from(u16::from_le_bytes([rest[16], rest[17]]));
        let formats = usize::from(rest[21]);
        let root = word(&rest, 32 + vendor.next_multiple_of(4) + formats * 8);
        source.window = word(&rest, 4) | 1;
        // An input-only window of one pixel; it is never shown.
        let own = source.window;
        source.send(&[1, 0, 8, 0], &[own, root, 0, 1 | 1 << 16, 2 << 16, 0, 0]);
        source
    }

    fn atom(&mut self, name: &str) -> u32 {
        let padded = name.len().next_multiple_of(4);
        let mut request = vec![16, 0];
        request.extend((2 + padded as u16 / 4).to_le_bytes());
        request.extend((name.len() as u16).to_le_bytes());
        request.extend([0, 0]);
        request.extend(name.bytes());
        request.resize(8 + padded, 0);
        self.write(&request);
        word(&self.read(32), 8)
    }

    /// Sends the target a message.
    fn tell(&mut self, kind: u32, data: [u32; 5]) {
        let mut event = vec![CLIENT_MESSAGE, 32, 0, 0];
        event.extend([self.target, kind].map(u32::to_le_bytes).concat());
        event.extend(data.map(u32::to_le_bytes).concat());
        self.send_event(self.target, &event);
    }

    /// Waits until the list is asked for, and hands it out.
    fn hand_out(&mut self, list: &[u8]) {
        let asked = self.wait(SELECTION_REQUEST, |_| true);
        let [time, requestor, selection, target, property] =
            [4, 12, 16, 20, 24].map(|at| word(&asked, at));
        let padded = list.len().next_multiple_of(4);
        let mut change = vec![18, 0];
        change.extend((6 + padded as u16 / 4).to_le_bytes());
        change.extend(
            [requestor, property, target, 8, list.len() as u32]
                .map(u32::to_le_bytes)
                .concat(),
        );
        change.extend(list);
        change.resize(24 + padded, 0);
        self.write(&change);
        let mut event = vec![SELECTION_NOTIFY, 0, 0, 0];
        event.extend(
            [time, requestor, selection, target, property]
                .map(u32::to_le_bytes)
                .concat(),
        );
        event.resize(32, 0);
        self.send_event(requestor, &event);
    }

    fn send_event(&mut self, to: u32, event: &[u8]) {
        let mut request = vec![25, 0, 11, 0];
        request.extend([to, 0].map(u32::to_le_bytes).concat());
        request.extend(event);
        self.write(&request);
    }

    fn send(&mut self, head: &[u8], words: &[u32]) {
        let mut request = head.to_vec();
        request.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        self.write(&request);
    }

    /// The next event of a kind.
    fn wait(&mut self, kind: u8, is_it: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        loop {
            let event = self.read(32);
            assert_ne!(event[0], 0, "the screen answered with an error: {event:?}");
            if event[0] & 0x7F == kind && is_it(&event) {
                return event;
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the screen listens");
    }

    fn read(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        let read = self.stream.read_exact(&mut bytes);
        read.expect("the screen and the window answer in time");
        bytes
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
