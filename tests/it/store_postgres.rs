//! The store on a server keeps the contract of every store, on PostgreSQL and on TimescaleDB.

use gpuhm::store::Store;
use gpuhm::store::postgres::{Postgres, Settings};

use crate::database::{Schema, everywhere};
use crate::store_retention::Drops;
use crate::{store_contract, store_judged};

/// A store with this version's schema.
fn made(schema: &Schema) -> Postgres {
    schema.fill();
    Postgres::open(Settings::parse(&schema.url()).unwrap()).unwrap()
}

#[test]
fn keeps_the_contract() {
    for schema in everywhere("store_postgres::keeps_the_contract") {
        let store = std::cell::RefCell::new(Vec::new());
        store_contract::suite(Drops::Parts, || {
            let fresh = schema.beside();
            let made: Box<dyn Store> = Box::new(made(&fresh));
            store.borrow_mut().push(fresh);
            made
        });
    }
}

#[test]
fn keeps_the_contract_of_judgement() {
    for schema in everywhere("store_postgres::keeps_the_contract_of_judgement") {
        let store = std::cell::RefCell::new(Vec::new());
        store_judged::suite(Drops::Parts, || {
            let fresh = schema.beside();
            drop(made(&fresh));
            let two = [(); 2].map(|()| -> Box<dyn Store> {
                Box::new(Postgres::open(Settings::parse(&fresh.url()).unwrap()).unwrap())
            });
            store.borrow_mut().push(fresh);
            two
        });
    }
}
