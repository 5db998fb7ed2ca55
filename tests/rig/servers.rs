//! Sound servers without a card, private to one test: JACK's dummy driver where real-time priority is granted, else a
//! PulseAudio null sink. Both keep real time, so what is captured is what a person would have heard.
//!
//! The gate is as wide as the server is punctual: 1024 frames under FIFO priority, 2048 without.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::analysis::Sound;
use crate::rig::{PROGRAM, Process, Scratch, require, wait_for};

const RATE_HZ: u32 = 48_000;
const PATIENCE: Duration = Duration::from_secs(20);

/// A sound server with nothing behind it, and the arguments that lead the program to it.
pub(crate) struct Server {
    kind: Kind,
    process: Process,
    scratch: Scratch,
}

enum Kind {
    Jack { name: String },
    Pulse { socket: PathBuf },
}

/// A capture under way.
pub(crate) struct Capture<'server> {
    server: &'server Server,
    process: Process,
    file: PathBuf,
}

impl Drop for Server {
    /// A JACK server whose clients were killed keeps its place among the eight there are, beyond its own end: one of its
    /// name takes that place over, and gives it back since nothing keeps it.
    fn drop(&mut self) {
        if let Kind::Jack { name } = &self.kind {
            self.process.end();
            let mut again = Self::jack_process(&self.scratch, name);
            wait_for("JACK to be up or gone", PATIENCE, || {
                let is_up = again.said().contains("self-connect-mode");
                (is_up || again.ended().is_some()).then_some(())
            });
        }
    }
}

impl Server {
    /// The most punctual server that this machine allows.
    pub(crate) fn start(test: &str) -> Self {
        let scratch = Scratch::new(test);
        if real_time_allowed() {
            Self::jack(scratch, test)
        } else {
            println!(
                "real-time priority is refused here: a PulseAudio null sink at 2048 frames stands in for JACK"
            );
            Self::pulse(scratch)
        }
    }

    /// A JACK server, with real-time priority or without: for what is not sound.
    pub(crate) fn midi(test: &str) -> Self {
        Self::jack(Scratch::new(test), test)
    }

    fn jack(scratch: Scratch, test: &str) -> Self {
        require("jack_capture");
        let name = format!("ksg-{test}-{}", std::process::id());
        let process = Self::jack_process(&scratch, &name);
        let mut server = Self {
            kind: Kind::Jack { name },
            process,
            scratch,
        };
        server.wait_until("jack_lsp", &[], "system:playback_2");
        server
    }

    fn jack_process(scratch: &Scratch, name: &str) -> Process {
        let mut command = scratch.command("jackd");
        command.args(["-n", name]);
        match real_time_allowed() {
            true => command.args(["-R", "-P70"]),
            false => command.arg("-r"),
        };
        command.args(["-d", "dummy", "-r", "48000", "-p", "1024"]);
        jack_environment(&mut command, name);
        Process::start(&command, scratch.path("jackd.log"))
    }

    /// A PulseAudio server, reached by its own protocol: one that can be killed and started again.
    pub(crate) fn sharing(test: &str) -> Self {
        Self::pulse(Scratch::new(test))
    }

    /// Ends the server without a word to anybody.
    pub(crate) fn kill(&mut self) {
        self.process.signal("KILL");
        self.process.finish(PATIENCE);
    }

    /// Lets the server hang: it answers nobody, and nobody is told.
    pub(crate) fn hang(&self) {
        self.process.signal("STOP");
    }

    /// Starts the server that was killed.
    pub(crate) fn start_again(&mut self) {
        match &self.kind {
            Kind::Pulse { socket } => {
                let _ = fs::remove_file(socket);
                self.process = Self::pulse_process(&self.scratch);
                self.wait_until("pactl", &["list", "short", "sinks"], "nul");
            }
            Kind::Jack { name } => {
                self.process = Self::jack_process(&self.scratch, name);
                self.wait_until("jack_lsp", &[], "system:playback_2");
            }
        }
    }

    /// Puts a microphone in, called `mic`, that hears what is played; gives what it takes to pull it out.
    pub(crate) fn plug_microphone(&self) -> String {
        let mut load = self.command("pactl");
        load.args(["load-module", "module-remap-source", "source_name=mic"]);
        load.args([
            "master=nul.monitor",
            "source_properties=device.description=mic",
        ]);
        let out = load.output().expect("pactl can be started");
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        String::from_utf8_lossy(&out.stdout).trim().to_owned()
    }

    /// Pulls it out again, whoever listens to it.
    pub(crate) fn unplug(&self, module: &str) {
        let out = self
            .command("pactl")
            .args(["unload-module", module])
            .status();
        assert!(out.expect("pactl can be started").success());
    }

    /// How many clients a sharing server has, the one that asks not counted.
    pub(crate) fn clients(&self) -> usize {
        let mut list = self.command("pactl");
        let out = list.args(["list", "short", "clients"]).output();
        let out = out.expect("pactl can be started");
        assert!(out.status.success(), "{out:?}");
        let lines = String::from_utf8_lossy(&out.stdout);
        lines.lines().count().saturating_sub(1)
    }

    fn pulse(scratch: Scratch) -> Self {
        require("parec");
        let socket = scratch.path("run/native");
        let script = format!(
            "load-module module-native-protocol-unix socket={} auth-anonymous=1\n\
             load-module module-null-sink sink_name=nul rate={RATE_HZ} channels=2 format=float32le\n\
             set-default-sink nul\nset-default-source nul.monitor\n",
            socket.display()
        );
        fs::write(scratch.path("null.pa"), script).expect("the server's script can be written");
        fs::write(scratch.path("cookie"), [7; 256]).expect("the server's cookie can be written");
        let process = Self::pulse_process(&scratch);
        let mut server = Self {
            kind: Kind::Pulse { socket },
            process,
            scratch,
        };
        server.wait_until("pactl", &["list", "short", "sinks"], "nul");
        server
    }

    fn pulse_process(scratch: &Scratch) -> Process {
        let mut command = scratch.command("pulseaudio");
        command.arg("-n").arg("-F").arg(scratch.path("null.pa"));
        command.args([
            "--daemonize=no",
            "--exit-idle-time=-1",
            "--use-pid-file=no",
            "--realtime=no",
        ]);
        Process::start(&command, scratch.path("pulseaudio.log"))
    }

    /// Waits until `tool` names `sign`, which the server does when it is up.
    fn wait_until(&mut self, tool: &str, arguments: &[&str], sign: &str) {
        require(tool);
        wait_for(&format!("{sign} in what {tool} prints"), PATIENCE, || {
            assert!(
                self.process.ended().is_none(),
                "the sound server ended:\n{}",
                self.process.said()
            );
            let out = self
                .command(tool)
                .args(arguments)
                .stderr(Stdio::null())
                .output()
                .ok()?;
            String::from_utf8_lossy(&out.stdout)
                .contains(sign)
                .then_some(())
        });
    }

    /// A command that finds this server and no other.
    pub(crate) fn command(&self, tool: &str) -> Command {
        let mut command = self.scratch.command(tool);
        self.lead(&mut command);
        command
    }

    /// Leads a command to this server.
    pub(crate) fn lead(&self, command: &mut Command) {
        match &self.kind {
            Kind::Jack { name } => jack_environment(command, name),
            Kind::Pulse { socket } => {
                command.env("PULSE_SERVER", format!("unix:{}", socket.display()));
                // The program's client is refused without one, whatever the server allows.
                command.env("PULSE_COOKIE", self.scratch.path("cookie"));
            }
        }
    }

    /// `ksgraph play` on this server; the graph and the rest of the arguments are the caller's.
    pub(crate) fn play(&self) -> Command {
        let mut command = self.command(PROGRAM);
        command.arg("play").args(match self.kind {
            Kind::Jack { .. } => ["--host", "jack"].as_slice(),
            Kind::Pulse { .. } => {
                ["--host", "alsa", "--device", "pulse", "--quantum", "2048"].as_slice()
            }
        });
        command
    }

    /// The folder of this test, for its files.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.scratch.path(name)
    }

    /// Records what the server plays from now on.
    pub(crate) fn capture(&self) -> Capture<'_> {
        let file = self.path("capture");
        // An older one would pass for this one.
        let _ = fs::remove_file(&file);
        let command = match &self.kind {
            Kind::Jack { .. } => {
                let mut command = self.command("jack_capture");
                command.arg("--filename").arg(&file).args([
                    "--channels",
                    "2",
                    "--bitdepth",
                    "FLOAT",
                    "--no-stdin",
                    "--hide-buffer-usage",
                ]);
                command.args(["--port", "system:playback_1", "--port", "system:playback_2"]);
                command
            }
            Kind::Pulse { .. } => {
                let mut command = self.command("parec");
                command.args([
                    "--device=nul.monitor",
                    "--format=float32le",
                    "--channels=2",
                    "--latency-msec=20",
                    "--raw",
                ]);
                command.arg(format!("--rate={RATE_HZ}")).arg(&file);
                command
            }
        };
        let process = Process::start(&command, self.path("capture.log"));
        let mut capture = Capture {
            server: self,
            process,
            file,
        };
        wait_for("the capture to begin", PATIENCE, || {
            assert!(
                capture.process.ended().is_none(),
                "the recorder ended:\n{}",
                capture.process.said()
            );
            (fs::metadata(&capture.file).ok()?.len() > 0).then_some(())
        });
        capture
    }
}

impl Capture<'_> {
    /// Waits until something louder than silence was recorded.
    pub(crate) fn wait_for_sound(&self, limit: Duration) {
        wait_for("sound in the capture", limit, || {
            let bytes = fs::read(&self.file).ok()?;
            let sample = |it: &[u8]| f32::from_le_bytes([it[0], it[1], it[2], it[3]]);
            let mut samples = bytes.chunks_exact(4).map(sample);
            samples.any(|sample| sample.abs() > 0.01).then_some(())
        });
    }

    /// Ends the recording and hands out its left channel.
    pub(crate) fn stop(mut self) -> Sound {
        self.process.signal("INT");
        self.process.finish(PATIENCE);
        let samples: Vec<f32> = match self.server.kind {
            Kind::Jack { .. } => {
                let mut reader = hound::WavReader::open(&self.file).unwrap_or_else(|error| {
                    panic!(
                        "jack_capture left no wave file ({error}):\n{}",
                        self.process.said()
                    );
                });
                assert_eq!(reader.spec().sample_rate, RATE_HZ);
                let channels = usize::from(reader.spec().channels);
                reader
                    .samples::<f32>()
                    .step_by(channels)
                    .map(|sample| sample.expect("jack_capture writes whole samples"))
                    .collect()
            }
            Kind::Pulse { .. } => {
                let bytes = fs::read(&self.file).expect("parec has written its file");
                let left =
                    |frame: &[u8]| f32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]]);
                bytes.chunks_exact(8).map(left).collect()
            }
        };
        Sound {
            rate_hz: f64::from(RATE_HZ),
            samples,
        }
    }
}

fn jack_environment(command: &mut Command, name: &str) {
    command
        .env("JACK_DEFAULT_SERVER", name)
        .env("JACK_NO_START_SERVER", "1")
        .env("JACK_NO_AUDIO_RESERVATION", "1");
}

/// Whether the kernel grants FIFO priority to us, as it would have to grant it to jackd.
fn real_time_allowed() -> bool {
    let asked = Command::new("chrt")
        .args(["-f", "70", "true"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    asked.expect("chrt (util-linux) can be started").success()
}
