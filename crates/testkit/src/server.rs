//! The real binary, run for a test or a measurement.

use std::{
    fs,
    io::{self, BufRead, BufReader},
    net::{SocketAddr, TcpListener},
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::http::Client;

/// The admin key of every server that is run here.
pub const ADMIN_KEY: &str = "admin-key-for-tests-only";
/// The write key of every server that is run here.
pub const WRITE_KEY: &str = "write-key-for-tests-only";

/// The signal that nobody can refuse (POSIX, signal.h).
const SIGKILL: i32 = 9;

/// What a server is run with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The program.
    pub program: PathBuf,
    /// The folder of journeys.
    pub journeys: PathBuf,
    /// The database's URL.
    pub database: String,
    /// Connections, each with the address that it really has.
    pub connections: Vec<(String, SocketAddr)>,
    /// Variables of the environment.
    pub environment: Vec<(String, String)>,
    /// A folder for its settings file and log.
    pub folder: PathBuf,
}

/// A server that runs; killed when it is dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Setup {
    /// Starts the server and waits until it is ready.
    ///
    /// # Errors
    /// When it cannot be started or is not ready within a minute; the error holds the end of its log.
    pub fn start(&self) -> io::Result<Server> {
        self.start_node("server")
    }

    /// Starts one of several servers on the same database, and waits until it is ready. Under the same name it listens
    /// at the same address again, as servers do.
    ///
    /// # Errors
    /// When it cannot be started or is not ready within a minute; the error holds the end of its log.
    pub fn start_node(&self, name: &str) -> io::Result<Server> {
        let address = self.address(name)?;
        let config = self.folder.join("wayfare.toml");
        fs::write(&config, self.settings())?;
        let log = fs::File::options().create(true).append(true).open(self.log_of(name))?;
        let child = Command::new(&self.program)
            .arg("serve")
            .arg("--journeys")
            .arg(&self.journeys)
            .args(["--database", &self.database, "--listen", &address.to_string()])
            .arg("--config")
            .arg(&config)
            .env("WAYFARE_ADMIN_KEYS", ADMIN_KEY)
            .env("WAYFARE_WRITE_KEYS", WRITE_KEY)
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        let mut server = Server { child, address };
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(60) {
            if server.child.try_wait()?.is_some() {
                break;
            }
            if Client::new(address, None).get("/health/ready").is_ok_and(|answer| answer.status == 200) {
                return Ok(server);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err(io::Error::other(format!("the server is not ready; its log ends\n{}", self.log_end(name))))
    }

    fn settings(&self) -> String {
        let connection = |(name, address): &(String, SocketAddr)| {
            format!("[connection.{name}]\nurl = \"http://{address}\"\nprivate = [\"{}\"]\n", address.ip())
        };
        let connections: String = self.connections.iter().map(connection).collect();
        connections + &fs::read_to_string(self.further_settings()).unwrap_or_default()
    }

    /// Where further settings of a server may be put, in the language of its settings file.
    pub fn further_settings(&self) -> PathBuf {
        self.folder.join("further.toml")
    }

    /// Where the server's log is.
    pub fn log(&self) -> PathBuf {
        self.log_of("server")
    }

    /// Where the log of one of several servers is.
    pub fn log_of(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.log"))
    }

    /// Where one of several servers listens, or will: where it did before, or at a free place.
    ///
    /// # Errors
    /// When there is none.
    pub fn address(&self, name: &str) -> io::Result<SocketAddr> {
        let file = self.folder.join(format!("{name}.address"));
        let before = fs::read_to_string(&file).ok().and_then(|text| text.parse::<SocketAddr>().ok());
        if let Some(address) = before.filter(|address| TcpListener::bind(address).is_ok()) {
            return Ok(address);
        }
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        fs::write(file, address.to_string())?;
        Ok(address)
    }

    fn log_end(&self, name: &str) -> String {
        let Ok(file) = fs::File::open(self.log_of(name)) else { return String::new() };
        let lines: Vec<String> = BufReader::new(file).lines().map_while(Result::ok).collect();
        lines.iter().rev().take(20).rev().cloned().collect::<Vec<_>>().join("\n")
    }
}

impl Server {
    /// A client with the admin key.
    pub fn admin(&self) -> Client {
        Client::new(self.address, Some(ADMIN_KEY))
    }

    /// A client with the write key.
    pub fn writer(&self) -> Client {
        Client::new(self.address, Some(WRITE_KEY))
    }

    /// The process's id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends the process a signal, by its name as in `STOP` and `CONT`.
    ///
    /// # Errors
    /// When it cannot be sent.
    pub fn signal(&self, name: &str) -> io::Result<()> {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.pid().to_string()).status()?;
        if sent.success() { Ok(()) } else { Err(io::Error::other(format!("no signal {name} was sent"))) }
    }

    /// Has the process stop by itself, and waits until it has.
    ///
    /// # Errors
    /// When it does not end well within a minute.
    pub fn stop(mut self) -> io::Result<()> {
        self.signal("TERM")?;
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(60) {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(io::Error::other(format!("it ended with {status}"))),
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        }
        Err(io::Error::other("it does not stop"))
    }

    /// Waits for so long that something kills the process; whether it has. That it ends otherwise is an error.
    ///
    /// # Errors
    /// When it ends by itself, or cannot be waited for.
    pub fn is_killed(mut self, within: Duration) -> io::Result<bool> {
        let start = Instant::now();
        while start.elapsed() < within {
            match self.child.try_wait()? {
                Some(status) if status.signal() == Some(SIGKILL) => return Ok(true),
                Some(status) => return Err(io::Error::other(format!("it ended with {status}"))),
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        }
        Ok(false)
    }

    /// Kills the process at once, as a power cut or the kernel would.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub fn kill(mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The workspace's folder.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").components().collect()
}
