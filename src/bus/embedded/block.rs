//! How the records of one batch are written: lengths and bytes in a row, compressed as one block.
//!
//! Events of one partition resemble each other, so a block compresses far better than events one by one, and a reader
//! decompresses once and hands out slices of the one buffer. A record that is kept for long keeps its whole block: who
//! stores one copies it. What a row says is never believed: lengths are bounded before anything is allocated.

use bytes::Bytes;
use zstd::bulk::{Compressor, Decompressor};

use crate::event::{Record, Time};

/// Key and value of one record. It bounds what one row can make a reader allocate; a real event has a few KiB.
pub(super) const RECORD_LIMIT: usize = 8 << 20;
/// A block is closed at this many bytes. Half, and blocks compress worse; double, and a reader that wants one record
/// decompresses twice as much.
pub(super) const BLOCK_BYTES: usize = 1 << 20;
/// … or this many records, which bounds by how much a read exceeds what it was asked for.
pub(super) const BLOCK_RECORDS: usize = 4096;
/// zstd's fastest ordinary level: the disk is not what a node is short of, its cores belong to others.
const LEVEL: i32 = 1;
/// Bytes of the two lengths before a record.
const LENGTHS: usize = 8;
/// The largest block: one record of the largest size.
const RAW_LIMIT: usize = RECORD_LIMIT + LENGTHS;

/// A closed block.
#[derive(Debug)]
pub(super) struct Block {
    /// How many records.
    pub(super) count: usize,
    /// Bytes before compression.
    pub(super) raw: usize,
    /// The compressed bytes.
    pub(super) body: Vec<u8>,
}

/// A row's account of its block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    /// Offset of the first record.
    pub(super) base: i64,
    /// How many records.
    pub(super) count: i64,
    /// When they reached the bus.
    pub(super) arrived: Time,
    /// Bytes before compression.
    pub(super) raw: i64,
}

/// Compression contexts, which are worth keeping.
pub(super) struct Codec {
    pack: Compressor<'static>,
    unpack: Decompressor<'static>,
}

impl Codec {
    pub(super) fn new() -> std::io::Result<Codec> {
        let mut pack = Compressor::new(LEVEL)?;
        // Four bytes a block, and a flipped bit is an error instead of another event.
        pack.include_checksum(true)?;
        Ok(Codec { pack, unpack: Decompressor::new()? })
    }

    fn close(&mut self, open: &Open) -> std::io::Result<Block> {
        let mut body = self.pack.compress(&open.raw)?;
        body.shrink_to_fit();
        Ok(Block { count: open.count, raw: open.raw.len(), body })
    }

    /// The block's records; the reason where it is none.
    pub(super) fn read(&mut self, head: Head, body: &[u8]) -> Result<Vec<Record>, String> {
        let raw = usize::try_from(head.raw).ok().filter(|raw| *raw <= RAW_LIMIT);
        let count = usize::try_from(head.count).ok().filter(|count| (1..=BLOCK_RECORDS).contains(count));
        let (Some(raw), Some(count)) = (raw, count) else {
            return Err(format!("says {} records in {} bytes", head.count, head.raw));
        };
        let block = self.unpack.decompress(body, raw).map_err(|error| error.to_string())?;
        if block.len() != raw {
            return Err(format!("has {} bytes instead of {raw}", block.len()));
        }
        let mut rest = Bytes::from(block);
        let mut records = Vec::with_capacity(count);
        let mut offset = head.base;
        while records.len() < count {
            let (key, value) = split_record(&mut rest).ok_or_else(|| format!("ends within offset {offset}"))?;
            records.push(Record { offset, time: head.arrived, key, value });
            offset = offset.saturating_add(1);
        }
        if rest.is_empty() { Ok(records) } else { Err(format!("has {} bytes too many", rest.len())) }
    }
}

fn split_record(rest: &mut Bytes) -> Option<(Bytes, Bytes)> {
    let (key, value) = (length(rest.get(..4)?)?, length(rest.get(4..LENGTHS)?)?);
    let end = LENGTHS.checked_add(key)?.checked_add(value)?;
    if end > rest.len() {
        return None;
    }
    let mut record = rest.split_to(end).split_off(LENGTHS);
    let value = record.split_off(key);
    Some((record, value))
}

fn length(bytes: &[u8]) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
}

/// A block being filled.
#[derive(Debug, Default)]
struct Open {
    raw: Vec<u8>,
    count: usize,
}

/// The blocks of one partition's records, in order.
#[derive(Debug, Default)]
pub(super) struct Filling {
    open: Open,
    closed: Vec<Block>,
}

impl Filling {
    /// Adds a record, which the caller has found to be within [`RECORD_LIMIT`].
    pub(super) fn push(&mut self, codec: &mut Codec, key: &[u8], value: &[u8]) -> std::io::Result<()> {
        let too_long = |_| std::io::Error::other("record too long");
        let (key_length, value_length) =
            (u32::try_from(key.len()).map_err(too_long)?, u32::try_from(value.len()).map_err(too_long)?);
        let size = LENGTHS + key.len() + value.len();
        let full = self.open.count >= BLOCK_RECORDS || self.open.raw.len() + size > BLOCK_BYTES;
        if full && self.open.count > 0 {
            self.close(codec)?;
        }
        self.open.raw.reserve(size);
        self.open.raw.extend_from_slice(&key_length.to_le_bytes());
        self.open.raw.extend_from_slice(&value_length.to_le_bytes());
        self.open.raw.extend_from_slice(key);
        self.open.raw.extend_from_slice(value);
        self.open.count += 1;
        Ok(())
    }

    fn close(&mut self, codec: &mut Codec) -> std::io::Result<()> {
        self.closed.push(codec.close(&self.open)?);
        self.open.raw.clear();
        self.open.count = 0;
        Ok(())
    }

    /// The blocks.
    pub(super) fn finish(mut self, codec: &mut Codec) -> std::io::Result<Vec<Block>> {
        if self.open.count > 0 {
            self.close(codec)?;
        }
        Ok(self.closed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn pack(codec: &mut Codec, records: &[(Vec<u8>, Vec<u8>)]) -> Vec<Block> {
        let mut filling = Filling::default();
        for (key, value) in records {
            filling.push(codec, key, value).unwrap();
        }
        filling.finish(codec).unwrap()
    }

    fn head(block: &Block, base: i64) -> Head {
        Head {
            base,
            count: i64::try_from(block.count).unwrap(),
            arrived: Time(9),
            raw: i64::try_from(block.raw).unwrap(),
        }
    }

    proptest! {
        #[test]
        fn what_was_packed_is_read(records in vec((vec(any::<u8>(), 0..40), vec(any::<u8>(), 0..400)), 1..60)) {
            let mut codec = Codec::new().unwrap();
            let blocks = pack(&mut codec, &records);
            let read = codec.read(head(&blocks[0], 7), &blocks[0].body).unwrap();
            prop_assert_eq!(read.len(), records.len());
            for (at, (record, (key, value))) in read.iter().zip(&records).enumerate() {
                prop_assert_eq!(record.offset, 7 + i64::try_from(at).unwrap());
                prop_assert_eq!(&record.key[..], &key[..]);
                prop_assert_eq!(&record.value[..], &value[..]);
            }
        }

        #[test]
        fn rubbish_is_an_error(body in vec(any::<u8>(), 0..200), count in any::<i64>(), raw in any::<i64>()) {
            let mut codec = Codec::new().unwrap();
            let head = Head { base: 0, count, arrived: Time(0), raw };
            prop_assert!(codec.read(head, &body).is_err());
        }

        #[test]
        fn a_changed_byte_is_an_error_or_changes_nothing(at in any::<prop::sample::Index>(), by in 1u8..) {
            let mut codec = Codec::new().unwrap();
            let mut block = pack(&mut codec, &[(b"key".to_vec(), vec![7; 500]), (vec![], b"value".to_vec())]).remove(0);
            let before = codec.read(head(&block, 0), &block.body).unwrap();
            let at = at.index(block.body.len());
            block.body[at] = block.body[at].wrapping_add(by);
            if let Ok(after) = codec.read(head(&block, 0), &block.body) {
                prop_assert_eq!(after, before);
            }
        }
    }

    #[test]
    fn blocks_are_closed_by_count_and_by_size() {
        let mut codec = Codec::new().unwrap();
        let counts = |blocks: Vec<Block>| blocks.iter().map(|block| block.count).collect::<Vec<_>>();
        assert_eq!(counts(pack(&mut codec, &vec![(vec![], vec![]); BLOCK_RECORDS + 1])), [BLOCK_RECORDS, 1]);
        assert_eq!(counts(pack(&mut codec, &vec![(vec![], vec![0; BLOCK_BYTES / 2]); 3])), [1, 1, 1]);
        assert_eq!(counts(pack(&mut codec, &vec![(vec![], vec![0; BLOCK_BYTES / 4]); 4])), [3, 1]);
        assert_eq!(counts(pack(&mut codec, &vec![(vec![], vec![0; RECORD_LIMIT]); 2])), [1, 1]);
    }
}
