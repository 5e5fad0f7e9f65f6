//! A small HTTP server that answers as its script says, well or badly, on a thread of its own.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// What it does with a connection once the request has been read.
pub(crate) type Answer = Box<dyn FnMut(&mut TcpStream) -> std::io::Result<()> + Send>;

/// The server; it ends with its owner.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    answer: Arc<Mutex<Answer>>,
    asked: Arc<AtomicUsize>,
    request: Arc<Mutex<String>>,
    stop: Arc<std::sync::atomic::AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(answer: Answer) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (answer, asked) = (Arc::new(Mutex::new(answer)), Arc::new(AtomicUsize::new(0)));
        let (request, stop) =
            (Arc::new(Mutex::new(String::new())), Arc::new(std::sync::atomic::AtomicBool::new(false)));
        let thread = {
            let (answer, asked, request, stop) = (answer.clone(), asked.clone(), request.clone(), stop.clone());
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let Ok(mut stream) = stream else { return };
                    asked.fetch_add(1, Ordering::Relaxed);
                    if let Ok(text) = head(&stream) {
                        *request.lock().unwrap() = text;
                        // The other side hangs up on bad answers: that is what is tested.
                        (answer.lock().unwrap())(&mut stream).ok();
                    }
                }
            })
        };
        Server { address, answer, asked, request, stop, thread: Some(thread) }
    }

    /// Answers otherwise from now on.
    pub(crate) fn then(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    /// How many connections there were.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// The head of the last request.
    pub(crate) fn request(&self) -> String {
        self.request.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        TcpStream::connect(self.address).ok();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// The head of a request.
fn head(stream: &TcpStream) -> std::io::Result<String> {
    let (mut reader, mut text) = (BufReader::new(stream), String::new());
    while !text.ends_with("\r\n\r\n") && reader.read_line(&mut text)? > 0 {}
    Ok(text)
}

/// A good answer: this text, whole.
pub(crate) fn whole(text: &str) -> Answer {
    let text = text.to_owned();
    Box::new(move |stream| {
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{text}", text.len())
    })
}

/// These bytes, and the end of the connection.
pub(crate) fn raw(bytes: impl Into<Vec<u8>>) -> Answer {
    let bytes = bytes.into();
    Box::new(move |stream| stream.write_all(&bytes))
}
