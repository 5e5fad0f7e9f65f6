//! An exporter's page of 1,000 GPUs read into events, against the least a reader of its text can do.
//!
//! The baseline reads the same bytes from the same server, splits them into lines, and each line that is no comment at its
//! last blank; what stands behind it is parsed as a number and added up. It keeps nothing, and knows neither labels nor GPUs.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use gpuhm::event::Time;
use gpuhm::metric::METRICS;
use gpuhm::source::endpoint::Endpoint;
use gpuhm::source::exporter::{Options, Page};

use super::harness::{Pair, Random, Rounds, Took, real, timed};

const GPUS: usize = 1000;
/// GPUs of a host.
const EACH: usize = 8;
const TICK: i64 = 10_000;

pub(crate) fn run() -> anyhow::Result<()> {
    let text = Arc::new(page());
    let at = serve(Arc::clone(&text))?;
    let place = format!("exporter:http://{at}/metrics").parse().map_err(|why| anyhow::anyhow!("{why}"))?;
    let mut page = Page::new(place, Options::new("here", TICK));
    let mut now = 1_770_805_800_000;
    let subject = || {
        now += TICK;
        let (took, taken) = timed(|| page.read(Time(now)));
        let taken = taken?;
        anyhow::ensure!(taken.readings.len() == GPUS, "{} GPUs", taken.readings.len());
        black_box(taken);
        Ok(took)
    };
    let rounds = Rounds::of(subject, || least(at))?;
    let samples = text.lines().filter(|line| !line.starts_with('#')).count();
    let pair = Pair {
        subject: format!("page of {GPUS} GPUs, {samples} samples, {:.1} MB", real(text.len()) / 1e6),
        baseline: "lines, numbers",
        unit: "sample",
        items: real(samples),
        bytes: real(text.len()) / real(samples),
        aim: Some(3.0),
    };
    println!("{}", rounds.line(&pair, |took| took.cpu));
    Ok(())
}

/// A page as dcgm-exporter writes it: family by family, a line a GPU.
fn page() -> String {
    let mut random = Random(7);
    let mut text = String::new();
    for metric in METRICS.iter().filter(|metric| metric.name != "xids") {
        let Some(name) = metric.exporter.first() else { continue };
        append(&mut text, format_args!("# HELP {name} {} ({}).\n# TYPE {name} gauge\n", metric.name, metric.unit));
        for gpu in 0..GPUS {
            let (host, index) = (gpu / EACH, gpu % EACH);
            let value = if metric.dcgm_factor > 1.0 {
                format!("{:.6}", real(random.below(1_000_000)) / 1e6)
            } else {
                random.below(100).to_string()
            };
            append(
                &mut text,
                format_args!(
                    "{name}{{gpu=\"{index}\",UUID=\"GPU-{gpu:08x}-86f3-7a43-b711-4771313afc00\",\
                     pci_bus_id=\"00000000:{index:02X}:00.0\",device=\"nvidia{index}\",\
                     modelName=\"NVIDIA H100 80GB HBM3\",Hostname=\"gpu-node-{host:03}\",\
                     DCGM_FI_DRIVER_VERSION=\"550.90.07\"}} {value}\n"
                ),
            );
        }
    }
    text
}

fn append(text: &mut String, part: std::fmt::Arguments<'_>) {
    if text.write_fmt(part).is_err() {
        debug_assert!(false, "writing to a String cannot fail");
    }
}

/// Serves the page to whoever asks for anything, one after the other, on a thread that ends with the process.
fn serve(text: Arc<String>) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let at = listener.local_addr()?;
    std::thread::spawn(move || {
        for mut asked in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", text.len());
            let sent = asked
                .read(&mut request)
                .and_then(|_| asked.write_all(head.as_bytes()))
                .and_then(|()| asked.write_all(text.as_bytes()));
            // Who asked finds the page cut off, and says so.
            drop(sent);
        }
    });
    Ok(at)
}

fn least(at: SocketAddr) -> anyhow::Result<Took> {
    let (took, sum) = timed(|| -> anyhow::Result<f64> {
        let mut stream = TcpStream::connect(at)?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")?;
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        while reader.read_line(&mut line)? > 2 {
            line.clear();
        }
        line.clear();
        let mut sum = 0.0;
        while reader.read_line(&mut line)? > 0 {
            if !line.starts_with('#')
                && let Some((_, value)) = line.trim_end().rsplit_once(' ')
            {
                sum += value.parse::<f64>()?;
            }
            line.clear();
        }
        Ok(sum)
    });
    black_box(sum?);
    Ok(took)
}
