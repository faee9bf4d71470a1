//! A PostgreSQL server of one's own: its data, its port and its life.
//!
//! It is removed when this process is gone, however that ends.

use std::{
    io::Write as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// A PostgreSQL server.
#[derive(Debug)]
pub struct Cluster {
    /// The server refuses to run as root; then it runs as this user.
    user: Option<&'static str>,
    folder: PathBuf,
    port: u16,
}

impl Cluster {
    /// Makes a server and starts it, with further lines for its `postgresql.conf`.
    ///
    /// # Panics
    /// When no server can be had: the message says what is missing.
    pub fn start_new(settings: &[&str]) -> Cluster {
        let folder = tempfile::Builder::new().prefix("wayfare-postgres-").tempdir();
        let folder = folder.map(tempfile::TempDir::keep);
        let folder = folder.unwrap_or_else(|error| fail(&format!("no folder for PostgreSQL: {error}")));
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = port.map_or(54_321, |address| address.port());
        let cluster = Cluster { user: is_root().then_some("postgres"), folder, port };
        if let Some(user) = cluster.user {
            run(Command::new("chown").arg(user).arg(&cluster.folder));
        }
        let mut initdb = cluster.command(&program("initdb"));
        run(initdb.args(["-A", "trust", "-U", "postgres", "--no-sync", "-D"]).arg(cluster.data()));
        let written = std::fs::OpenOptions::new().append(true).open(cluster.data().join("postgresql.conf"));
        let lines = format!(
            "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\nmax_connections = 200\n{}\n",
            cluster.folder.display(),
            settings.join("\n")
        );
        if let Err(error) = written.and_then(|mut file| file.write_all(lines.as_bytes())) {
            fail(&format!("PostgreSQL cannot be set up: {error}"));
        }
        cluster.start();
        cluster.watch();
        cluster
    }

    /// The server's URL, without a database.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}", self.port)
    }

    /// Starts the server, and waits until it takes connections.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(&self) {
        let mut start = self.command(&program("pg_ctl"));
        start.args(["-w", "-t", "60", "start", "-D"]).arg(self.data());
        run(start.arg("-l").arg(self.folder.join("log")));
    }

    /// Stops the server without giving anybody time, as a crash of the server would.
    ///
    /// # Panics
    /// When it does not stop.
    pub fn stop_at_once(&self) {
        let mut stop = self.command(&program("pg_ctl"));
        run(stop.args(["-w", "-t", "60", "-m", "immediate", "stop", "-D"]).arg(self.data()));
    }

    /// Kills every process of the server with SIGKILL.
    ///
    /// # Panics
    /// When they cannot be killed.
    pub fn kill(&self) {
        let file = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        let Some(Ok(first)) = file.lines().next().map(str::parse::<u32>) else {
            fail("PostgreSQL does not run, so it cannot be killed");
        };
        // Stopped first, so that it has no further children while they are listed.
        run(Command::new("kill").args(["-STOP", &first.to_string()]));
        let all: Vec<u32> = std::iter::once(first).chain(children(first)).collect();
        run(Command::new("kill").arg("-9").args(all.iter().map(u32::to_string)));
        let end = Instant::now() + Duration::from_secs(10);
        while all.iter().any(|process| parent(*process).is_some()) {
            if Instant::now() > end {
                fail("PostgreSQL outlives SIGKILL");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        // Whoever is dead and not yet waited for would be taken for alive.
        let socket = self.folder.join(format!(".s.PGSQL.{}.lock", self.port));
        for lock in [self.data().join("postmaster.pid"), socket] {
            let _there_may_be_none = std::fs::remove_file(lock);
        }
    }

    /// Carries out a statement.
    ///
    /// # Panics
    /// When it fails.
    pub fn execute(&self, statement: &str) {
        psql(&self.url(), statement);
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Stops the server and removes its folder when this process is gone.
    fn watch(&self) {
        let script = "while [ -d \"/proc/$1\" ]; do sleep 0.5; done; \
                      \"$2\" -m immediate stop -D \"$3\" >/dev/null 2>&1; rm -rf \"$4\"";
        let watcher = self
            .command(Path::new("sh"))
            .args(["-c", script, "sh", &std::process::id().to_string()])
            .args([&program("pg_ctl"), &self.data(), &self.folder])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        if let Err(error) = watcher {
            fail(&format!("PostgreSQL cannot be watched: {error}"));
        }
    }

    fn command(&self, program: &Path) -> Command {
        match self.user {
            None => Command::new(program),
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(program).current_dir("/");
                command
            }
        }
    }
}

/// Carries out a statement in a server's own database.
pub(crate) fn psql(server: &str, statement: &str) {
    run(Command::new("psql").args([&format!("{server}/postgres"), "-q", "-c", statement]));
}

/// The processes that another one has started.
fn children(of: u32) -> Vec<u32> {
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    numbers.filter(|process| parent(*process) == Some(of)).collect()
}

/// The parent of a process that lives; none of one that does not, or is only waited for.
fn parent(process: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, rest) = status.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    fields.next().filter(|state| *state != "Z")?;
    fields.next()?.parse().ok()
}

/// A program of PostgreSQL's server.
pub(crate) fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        versions.map(|version| version.path().join("bin").join(name)).filter(|path| path.exists()).collect();
    found.sort();
    found.pop().unwrap_or_else(|| PathBuf::from(name))
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    Path::new("/proc/self").metadata().is_ok_and(|meta| meta.uid() == 0)
}

/// Runs a program to its end.
pub(crate) fn run(command: &mut Command) {
    match command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => fail(&format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr))),
        Err(error) => fail(&format!("{command:?} cannot be started ({error}); install PostgreSQL's server")),
    }
}

#[expect(clippy::panic, reason = "a test without its database must fail")]
pub(crate) fn fail(reason: &str) -> ! {
    panic!("{reason}")
}
