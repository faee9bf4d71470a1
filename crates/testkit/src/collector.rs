//! A collector of traces that records what it is sent, byte by byte, and takes it, refuses it or keeps silent.

use std::{
    io::{self, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
};

use crate::partner::{Recorded, read_bytes};

/// What a collector does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It takes it.
    Takes,
    /// It answers with this status.
    Answers(u16),
    /// It never answers.
    Hangs,
}

type Seen = Mutex<Vec<(Recorded, Vec<u8>)>>;

/// A collector that runs until the process ends.
pub struct Collector {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Arc<Seen>,
}

impl Collector {
    /// Starts a collector. The manner is given how many requests came before.
    ///
    /// # Errors
    /// When it cannot listen.
    pub fn start(manner: impl Fn(usize) -> Manner + Send + Sync + 'static) -> io::Result<Collector> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (seen, manner) = (Arc::<Seen>::default(), Arc::new(manner));
        let recorder = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (recorder, manner) = (recorder.clone(), manner.clone());
                // A connection that breaks is the client's affair.
                std::thread::spawn(move || drop(converse(stream, &recorder, &*manner)));
            }
        });
        Ok(Collector { address, seen })
    }

    /// Every request so far, and its body.
    pub fn seen(&self) -> Vec<(Recorded, Vec<u8>)> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn converse(stream: TcpStream, seen: &Seen, manner: &dyn Fn(usize) -> Manner) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read_bytes(&mut stream)? {
        let before = {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.push(request);
            seen.len() - 1
        };
        let status = match manner(before) {
            Manner::Takes => 200,
            Manner::Answers(status) => status,
            Manner::Hangs => loop {
                std::thread::park();
            },
        };
        // An answer without bytes is one that says nothing against any span.
        let answer = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n"
        );
        stream.get_mut().write_all(answer.as_bytes())?;
    }
    Ok(())
}
