//! Three brokers of one cluster, of which a test kills and starts some.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::node::Node;
use super::told;

/// Whose turn it is: a test that kills brokers shares them with no other.
static TURN: Mutex<()> = Mutex::new(());

/// The cluster. Whatever broker is dead is started again when this is dropped.
#[derive(Debug)]
pub(crate) struct Three {
    nodes: Vec<Node>,
    _turn: MutexGuard<'static, ()>,
}

impl Three {
    pub(crate) fn at(dir: &str) -> Three {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let jars = PathBuf::from(told("GPUHM_TEST_KAFKA_LIBS").unwrap());
        let node = |number: usize| {
            let dir = Path::new(dir).join(number.to_string());
            let address = std::fs::read_to_string(dir.join("address")).unwrap().trim().to_owned();
            Node::at(jars.clone(), dir, address)
        };
        Three { nodes: (1..=3).map(node).collect(), _turn: turn }
    }

    /// `127.0.0.1:A,127.0.0.1:B,127.0.0.1:C`.
    pub(crate) fn addresses(&self) -> String {
        self.nodes.iter().map(Node::address).collect::<Vec<_>>().join(",")
    }

    /// Kill -9 of broker `number` (1, 2 or 3, its id in metadata too), and gone when this returns.
    pub(crate) fn kill(&self, number: usize) {
        self.nodes[number - 1].end("KILL");
    }

    /// Starts broker `number` again, with its data and its address.
    pub(crate) fn start(&self, number: usize) {
        self.nodes[number - 1].start();
    }
}

impl Drop for Three {
    fn drop(&mut self) {
        for node in self.nodes.iter().filter(|node| !node.runs()) {
            node.start();
        }
    }
}
