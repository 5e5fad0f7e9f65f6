//! Pages that are slow, huge, cut off or no pages of metrics: one line of trouble each, in time, and the next look is good again.

use std::io::Write;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use gpuhm::event::Time;
use gpuhm::event::sample::Body;
use gpuhm::source::Source;
use gpuhm::source::endpoint::{Endpoint, Trouble};
use gpuhm::source::endpoints::Endpoints;

use crate::exporter::server::{Answer, Server, raw, whole};
use crate::exporter::{NOW, events, page, page_within};

const GOOD: &str = "DCGM_FI_DEV_GPU_TEMP{gpu=\"0\",UUID=\"GPU-a\",Hostname=\"n1\"} 41\n\
                    DCGM_FI_DEV_GPU_TEMP{gpu=\"1\",UUID=\"GPU-b\",Hostname=\"n1\"} 42\n";

/// What a bad answer leads to; the look after it, of a good page, is good.
#[expect(clippy::disallowed_methods, reason = "how long a look takes is real time")]
fn trouble(answer: Answer) -> Trouble {
    let server = Server::start(answer);
    let mut page = page_within(&server, Duration::from_millis(800));
    let started = Instant::now();
    let trouble = page.read(NOW).unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(2), "{trouble}: {:?}", started.elapsed());
    assert!(!trouble.why.contains('\n') && trouble.why.len() < 300, "{trouble}");
    server.then(whole(GOOD));
    assert_eq!(page.read(NOW).unwrap().readings.len(), 2, "after {trouble}");
    trouble
}

fn why(answer: Answer) -> String {
    trouble(answer).why
}

fn ok(head: &str, body: &[u8]) -> Answer {
    raw([format!("HTTP/1.1 200 OK\r\n{head}\r\n").as_bytes(), body].concat())
}

#[test]
fn a_page_that_drips_is_left_in_time() {
    let drip: Answer = Box::new(|stream| {
        write!(stream, "HTTP/1.1 200 OK\r\n\r\n")?;
        for byte in GOOD.bytes().cycle().take(60) {
            stream.write_all(&[byte])?;
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    });
    assert_eq!(why(drip), "the page took too long");
    let head: Answer = Box::new(|stream| {
        for byte in "HTTP/1.1 200 OK\r\nX-Slow: ".bytes().chain(std::iter::repeat(b'x')).take(60) {
            stream.write_all(&[byte])?;
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    });
    assert_eq!(why(head), "the page took too long");
    let silent: Answer = Box::new(|_| {
        std::thread::sleep(Duration::from_millis(1200));
        Ok(())
    });
    assert_eq!(why(silent), "the page took too long");
}

#[test]
fn a_page_without_end_is_left_at_its_bound() {
    let huge: Answer = Box::new(|stream| {
        write!(stream, "HTTP/1.1 200 OK\r\n\r\n")?;
        let lines = "DCGM_FI_DEV_GPU_TEMP{gpu=\"0\",UUID=\"GPU-a\"} 41\n".repeat(20_000);
        loop {
            stream.write_all(lines.as_bytes())?;
        }
    });
    let server = Server::start(huge);
    let error = page_within(&server, Duration::from_mins(1)).read(NOW).unwrap_err();
    assert_eq!(error.why, "the page is longer than 64 MiB");
    let one: Answer = Box::new(|stream| {
        write!(stream, "HTTP/1.1 200 OK\r\n\r\n")?;
        let part = vec![b'x'; 1 << 16];
        loop {
            stream.write_all(&part)?;
        }
    });
    server.then(one);
    let error = page_within(&server, Duration::from_mins(1)).read(NOW).unwrap_err();
    assert_eq!(error.why, "the page is longer than 64 MiB", "one line that never ends");
    let headers: Answer = Box::new(|stream| {
        write!(stream, "HTTP/1.1 200 OK\r\n")?;
        loop {
            write!(stream, "X-More: {}\r\n", "x".repeat(1000))?;
        }
    });
    let trouble = why(headers);
    assert!(trouble.contains("HTTP") || trouble.contains("header"), "{trouble}");
}

#[test]
fn a_page_that_is_cut_off_is_not_taken() {
    let half = &GOOD[..GOOD.len() - 4];
    assert!(why(ok("", half.as_bytes())).starts_with("the page is cut off"));
    assert!(why(ok("Content-Length: 5000\r\n", GOOD.as_bytes())).starts_with("the page is cut off"));
    let chunked = format!("{:x}\r\n{GOOD}\r\n", GOOD.len());
    assert!(why(ok("Transfer-Encoding: chunked\r\n", chunked.as_bytes())).starts_with("the page is cut off"));
    let whole = format!("{chunked}0\r\n\r\n");
    let server = Server::start(ok("Transfer-Encoding: chunked\r\n", whole.as_bytes()));
    assert_eq!(page(&server).read(NOW).unwrap().readings.len(), 2);
}

#[test]
fn what_is_no_page_of_metrics_is_said() {
    assert_eq!(why(ok("", b"")), "the page is empty");
    assert_eq!(why(ok("Content-Type: text/html\r\n", b"<html>\n<a href=\"/metrics\">\n")), "not a page of metrics");
    assert_eq!(why(ok("", "a\u{e9}\n".repeat(9).replace('\u{e9}', "\u{fffd}").as_bytes())), "not a page of metrics");
    assert_eq!(why(ok("", &[b"DCGM_FI\xff\xfe 1\n".as_slice(); 3].concat())), "not a page of metrics");
    assert_eq!(why(ok("", b"go_threads 7\n")), "no GPU on the page: 1 samples of other things");
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(GOOD.as_bytes()).unwrap();
    let mut gzip = gzip.finish().unwrap();
    gzip.push(b'\n');
    assert_eq!(why(ok("Content-Encoding: gzip\r\n", &gzip)), "the page is compressed (gzip), which was not asked for");
    assert_eq!(why(ok("", &gzip)), "not a page of metrics");
    assert_eq!(why(raw("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")), "HTTP 503");
    let elsewhere = trouble(raw("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/x\r\nContent-Length: 0\r\n\r\n"));
    assert_eq!(elsewhere.why, "HTTP 302: the page is elsewhere");
    assert!(elsewhere.hint.unwrap().contains("127.0.0.1:1/x"));
    let ssh = why(raw("SSH-2.0-OpenSSH_9.6\r\n"));
    assert!(ssh.starts_with("no HTTP"), "{ssh}");
    why(raw(""));
}

#[test]
fn nobody_there_is_said_with_what_to_do() {
    let server = Server::start(whole(GOOD));
    let mut page = page(&server);
    drop(server);
    let trouble = page.read(NOW).unwrap_err();
    assert_eq!(trouble.why, "connection refused");
    assert!(trouble.hint.unwrap().contains("exporter runs"));
}

#[test]
fn a_request_asks_for_plain_text_and_gives_nothing_away() {
    let server = Server::start(whole(GOOD));
    let mut page = page(&server);
    page.read(NOW).unwrap();
    page.read(NOW).unwrap();
    assert_eq!(server.asked(), 2, "a connection a look");
    let head = server.request().to_ascii_lowercase();
    assert!(head.starts_with("get /metrics http/1.1\r\n"), "{head}");
    assert!(head.contains("accept-encoding: identity") && head.contains("user-agent: gpuhm/"), "{head}");
}

#[test]
fn xids_are_told_when_they_appear_and_not_again() {
    let with = |code: i64| format!("{GOOD}DCGM_FI_DEV_XID_ERRORS{{gpu=\"1\",UUID=\"GPU-b\",Hostname=\"n1\"}} {code}\n");
    let server = Server::start(whole(&with(13)));
    let mut page = page(&server);
    let mut look = |at: i64| {
        let taken = page.read(Time(at))?;
        let xids = |event: &gpuhm::event::Event<'static>| match &event.body {
            Body::Sample(_, _, xids) => xids.iter().map(|xid| (xid.code, xid.at.0)).collect::<Vec<_>>(),
            _ => Vec::new(),
        };
        Ok::<_, Trouble>(events(&taken).into_iter().flat_map(xids).collect::<Vec<_>>())
    };
    assert_eq!(look(1), Ok(vec![]), "from before the first look");
    server.then(whole(&with(79)));
    assert_eq!(look(2), Ok(vec![(79, 2)]));
    assert_eq!(look(3), Ok(vec![]));
    server.then(raw(""));
    assert!(look(4).is_err());
    server.then(whole(&with(48)));
    assert_eq!(look(5), Ok(vec![(48, 5)]), "a look that failed loses none");
}

#[test]
fn old_values_are_not_taken_and_a_gpu_without_values_says_so_once() {
    let line = |stamp: i64| format!("DCGM_FI_DEV_GPU_TEMP{{gpu=\"0\",UUID=\"GPU-a\"}} 41 {stamp}\n");
    let server = Server::start(whole(&line(NOW.0 - 5_000)));
    let mut page = page(&server);
    let quality = |page: &mut gpuhm::source::exporter::Page| {
        let taken = page.read(NOW).unwrap();
        let event = events(&taken)[0];
        assert_eq!(event.time, Some(NOW));
        (event.quality.stale, event.quality.error.clone())
    };
    assert_eq!(quality(&mut page), (Some(false), None));
    server.then(whole(&line(NOW.0 - 60_000)));
    assert_eq!(quality(&mut page), (Some(true), Some("no fresh value of it on the page".into())));
    let taken = page.read(NOW).unwrap();
    assert!(taken.readings.is_empty(), "its silence is what the rules judge: {taken:?}");
    assert_eq!((taken.hosts[0].seen, taken.hosts[0].expected), (0, Some(1)));
    assert_eq!(taken.hosts[0].state, "GPU 0 has no fresh values on the page");
    server.then(whole("DCGM_FI_DEV_GPU_TEMP{gpu=\"0\",UUID=\"GPU-a\"} 9223372036854775794\n"));
    assert_eq!(quality(&mut page), (Some(false), Some("no value of it on the page".into())), "another reason");
    assert!(page.read(NOW).unwrap().readings.is_empty());
    server.then(whole(&line(NOW.0)));
    assert_eq!(quality(&mut page), (Some(false), None), "it is back");
}

#[test]
fn a_dead_gpu_beside_a_live_one_is_silent_and_its_xid_is_told_all_the_same() {
    let dead = "DCGM_FI_DEV_GPU_TEMP{gpu=\"1\",UUID=\"GPU-b\",Hostname=\"n1\"} 9223372036854775794\n";
    let live = GOOD.lines().next().unwrap();
    let xid = |code: i64| format!("DCGM_FI_DEV_XID_ERRORS{{gpu=\"1\",UUID=\"GPU-b\",Hostname=\"n1\"}} {code}\n");
    let server = Server::start(whole(GOOD));
    let mut page = page(&server);
    let mut entities = |second: i64| {
        let taken = page.read(NOW.plus(second * 10_000)).unwrap();
        let all: Vec<_> = events(&taken).iter().map(|event| event.entity().unwrap().into_owned()).collect();
        (all, taken.hosts[0].clone())
    };
    assert_eq!(entities(0).0, ["GPU-a", "GPU-b"]);
    server.then(whole(&format!("{live}\n{dead}{}", xid(0))));
    assert_eq!(entities(1).0, ["GPU-a", "GPU-b"], "it says so");
    for look in 2..5 {
        let (all, host) = entities(look);
        assert_eq!(all, ["GPU-a"]);
        assert_eq!((host.seen, host.expected), (1, Some(2)));
        assert_eq!(host.state, "GPU 1 has no values on the page");
    }
    server.then(whole(&format!("{live}\n{dead}{}", xid(79))));
    assert_eq!(entities(5).0, ["GPU-a", "GPU-b"], "an XID is told");
    assert_eq!(entities(6).0, ["GPU-a"]);
}

#[test]
fn each_value_is_old_by_its_own_time() {
    let server = Server::start(whole(&format!(
        "DCGM_FI_DEV_GPU_TEMP{{gpu=\"0\",UUID=\"GPU-a\"}} 41 {}\nDCGM_FI_DEV_POWER_USAGE{{gpu=\"0\",UUID=\"GPU-a\"}} 300 {}\n",
        NOW.0 - 26_000,
        NOW.0 - 24_000
    )));
    let taken = page(&server).read(NOW).unwrap();
    let Body::Sample(_, values, _) = &events(&taken)[0].body else { panic!("{taken:?}") };
    assert_eq!(values.len(), 1, "the temperature is more than 2.5 intervals old: {values:?}");
    assert_eq!((events(&taken)[0].quality.stale, taken.hosts[0].state.as_str()), (Some(true), "ok"));
}

#[test]
fn a_bad_page_holds_up_no_good_one_and_a_gpu_that_is_gone_is_missed() {
    let silent: Answer = Box::new(|_| {
        std::thread::sleep(Duration::from_secs(2));
        Ok(())
    });
    let (good, bad) = (Server::start(whole(GOOD)), Server::start(silent));
    let member = |server: &Server| {
        let place = format!("exporter:http://{}/metrics", server.address).parse().unwrap();
        let page: Box<dyn Endpoint> = Box::new(page_within(server, Duration::from_millis(300)));
        (place, page)
    };
    let mut source = Endpoints::start(vec![member(&good), member(&bad)], "here", 1000).unwrap();
    let mut readings = Vec::new();
    source.read(NOW, &mut readings).unwrap();
    assert_eq!(readings.len(), 2);
    let hosts = source.hosts();
    assert_eq!((hosts[0].hostname.as_str(), hosts[0].seen, hosts[0].expected), ("n1", 2, Some(2)));
    assert_eq!(hosts[1].state, "the page took too long");
    good.then(whole(GOOD.lines().next().map(|line| format!("{line}\n")).as_deref().unwrap()));
    source.read(NOW.plus(1000), &mut readings).unwrap();
    let hosts = source.hosts();
    assert_eq!((hosts[0].seen, hosts[0].expected), (1, Some(2)), "one is gone");
}
