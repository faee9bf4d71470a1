//! A network that can fail: a relay that stands in front of a server, and passes what clients and server say to each
//! other, keeps it waiting, or loses it.
//!
//! Each direction is set apart, for connections that are there and those that come. What is lost is lost for ever: a
//! connection of which something was lost says nothing more in that direction, as if a firewall had forgotten it, and
//! nobody is told. A connection that is opened while something is lost or waits, begins when that is over.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// How often it is looked whether something has changed.
const LOOK: Duration = Duration::from_millis(5);

/// What becomes of what is said in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It arrives.
    Passes,
    /// It arrives so much later.
    Late(Duration),
    /// It arrives once the way is free again, as what TCP repeats until it is heard.
    Waits,
    /// It is lost.
    Vanishes,
}

impl Way {
    fn is_open(self) -> bool {
        matches!(self, Way::Passes | Way::Late(_))
    }
}

/// A relay in front of a server; it lives as long as the process.
#[derive(Clone, Debug)]
pub struct Relay {
    /// Where clients find it.
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    /// From clients to the server.
    there: Way,
    /// From the server to clients.
    back: Way,
    connections: Vec<Arc<Connection>>,
}

#[derive(Debug)]
struct Connection {
    client: TcpStream,
    server: TcpStream,
    over: AtomicBool,
}

impl Relay {
    /// A relay in front of whoever listens at an address, or will.
    ///
    /// # Errors
    /// When there is no place to listen at.
    pub fn before(server: SocketAddr) -> io::Result<Relay> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let state = State { there: Way::Passes, back: Way::Passes, connections: Vec::new() };
        let relay = Relay { address: listener.local_addr()?, state: Arc::new(Mutex::new(state)) };
        let all = relay.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let relay = all.clone();
                // Who cannot be relayed finds the connection closed.
                thread::spawn(move || drop(relay.begin(client, server)));
            }
        });
        Ok(relay)
    }

    /// From now on what clients say, and what the server says, goes these ways.
    pub fn set(&self, there: Way, back: Way) {
        let mut state = self.state();
        (state.there, state.back) = (there, back);
    }

    /// From now on everything arrives, but for what was lost and whatever would follow it.
    pub fn heal(&self) {
        self.set(Way::Passes, Way::Passes);
    }

    /// Cuts those of the connections off whose place among them is chosen; gives how many.
    pub fn cut(&self, mut chosen: impl FnMut(usize) -> bool) -> usize {
        let mut state = self.state();
        state.connections.retain(|connection| !connection.over.load(Ordering::Relaxed));
        let cut = state.connections.iter().enumerate().filter(|(place, _)| chosen(*place));
        cut.map(|(_, connection)| connection.end()).count()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ways(&self) -> (Way, Way) {
        let state = self.state();
        (state.there, state.back)
    }

    /// Connects a client with the server.
    fn begin(&self, client: TcpStream, server: SocketAddr) -> io::Result<()> {
        while !(self.ways().0.is_open() && self.ways().1.is_open()) {
            thread::sleep(LOOK);
        }
        let server = TcpStream::connect(server)?;
        for stream in [&client, &server] {
            stream.set_nodelay(true)?;
        }
        let connection = Arc::new(Connection { client, server, over: AtomicBool::new(false) });
        self.state().connections.push(connection.clone());
        let (other, relay) = (connection.clone(), self.clone());
        thread::spawn(move || relay.carry(&other, &other.server, &other.client, |relay| relay.ways().1));
        self.carry(&connection, &connection.client, &connection.server, |relay| relay.ways().0);
        Ok(())
    }

    /// Carries what one says to the other, until either is gone.
    fn carry(
        &self,
        connection: &Connection,
        mut from: &TcpStream,
        mut to: &TcpStream,
        way: impl Fn(&Relay) -> Way,
    ) {
        let (mut piece, mut lost) = ([0; 16 * 1024], false);
        loop {
            let length = from.read(&mut piece).unwrap_or_default();
            // What is said while it waits may yet be lost.
            while way(self) == Way::Waits && !connection.over.load(Ordering::Relaxed) {
                thread::sleep(LOOK);
            }
            lost |= way(self) == Way::Vanishes;
            if let (Way::Late(delay), false) = (way(self), lost) {
                thread::sleep(delay);
            }
            let said = piece.get(..length).filter(|said| !said.is_empty());
            let arrived = match said {
                Some(_) if lost => Ok(()),
                Some(said) => to.write_all(said),
                // That one of them is gone is heard as little as anything else.
                None if way(self) == Way::Vanishes => {
                    thread::sleep(LOOK);
                    Ok(())
                }
                None => Err(io::ErrorKind::UnexpectedEof.into()),
            };
            if arrived.is_err() {
                return connection.end();
            }
        }
    }
}

impl Connection {
    fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
        for stream in [&self.client, &self.server] {
            // It may be closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    /// Says back whatever it hears.
    fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || io::copy(&mut &stream, &mut &stream));
            }
        });
        address
    }

    fn client(relay: &Relay) -> TcpStream {
        let stream = TcpStream::connect(relay.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        stream
    }

    /// What is heard of it, if it is heard in time.
    fn say(mut stream: &TcpStream, what: &str) -> Option<String> {
        stream.write_all(what.as_bytes()).ok()?;
        hear(stream)
    }

    fn hear(mut stream: &TcpStream) -> Option<String> {
        let mut heard = [0; 64];
        let length = stream.read(&mut heard).ok().filter(|length| *length > 0)?;
        Some(String::from_utf8_lossy(heard.get(..length)?).into_owned())
    }

    #[test]
    fn what_waits_arrives_and_what_vanishes_never_does() {
        let relay = Relay::before(echo()).unwrap();
        let (one, other) = (client(&relay), client(&relay));
        assert_eq!(say(&one, "a").as_deref(), Some("a"));
        assert_eq!(say(&other, "a").as_deref(), Some("a"));
        relay.set(Way::Waits, Way::Passes);
        assert_eq!(say(&one, "b"), None);
        relay.heal();
        assert_eq!(hear(&one).as_deref(), Some("b"));
        relay.set(Way::Passes, Way::Vanishes);
        assert_eq!(say(&one, "c"), None);
        let late = client(&relay);
        assert_eq!(say(&late, "d"), None, "who comes meanwhile is kept waiting");
        relay.heal();
        assert_eq!(hear(&late).as_deref(), Some("d"));
        assert_eq!(say(&one, "e"), None, "nothing follows what was lost");
        assert_eq!(say(&other, "e").as_deref(), Some("e"), "of the other nothing was lost");
    }

    #[test]
    fn whoever_is_chosen_is_cut_off() {
        let relay = Relay::before(echo()).unwrap();
        let (one, other) = (client(&relay), client(&relay));
        assert_eq!(say(&one, "a").as_deref(), Some("a"));
        assert_eq!(say(&other, "a").as_deref(), Some("a"));
        assert_eq!(relay.cut(|place| place == 0), 1);
        let heard = [say(&one, "b"), say(&other, "b")];
        assert_eq!(heard.iter().flatten().count(), 1, "{heard:?}");
    }
}
