//! NPZ archives, and the array in one that is meant as a table.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};

use npyz::NpyHeader;
use npyz::npz::{NpzArchive, file_name_from_array_name};

use tissot::printable;

use super::error::list;
use super::header;
use super::layout::Layout;
use super::npy::NpyRows;
use super::source::{Origin, Source};
use super::{ReadOptions, TableError};

/// What an archive is read from.
trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// An open archive.
pub(crate) struct Archive {
    pub origin: Origin,
    /// The names of its arrays, sorted; one at least.
    pub names: Vec<String>,
    archive: NpzArchive<Box<dyn ReadSeek>>,
}

impl Archive {
    /// Opens the archive, and says which array the path names.
    pub(crate) fn open(source: Source) -> Result<(Self, Option<String>), TableError> {
        let Source { origin, mut bytes, path, array, .. } = source;
        let seekable: Box<dyn ReadSeek> = match path {
            Some(path) => Box::new(BufReader::new(File::open(path).map_err(|error| origin.fault(error))?)),
            None => {
                let mut whole = Vec::new();
                bytes.read_to_end(&mut whole).map_err(|error| origin.fault(error))?;
                Box::new(Cursor::new(whole))
            }
        };
        let archive = NpzArchive::new(seekable).map_err(|error| corrupt(&origin, error))?;
        let mut names: Vec<String> = archive.array_names().map(str::to_owned).collect();
        names.sort();
        match (array, &names[..]) {
            (_, []) => Err(corrupt(&origin, "it holds no arrays")),
            (Some(array), _) if !names.contains(&array) => {
                Err(TableError::UnknownArray { file: origin.file, array, existing: list(names) })
            }
            (array, _) => Ok((Self { origin, names, archive }, array)),
        }
    }

    /// The header of an array.
    pub(crate) fn header(&mut self, name: &str) -> Result<NpyHeader, TableError> {
        let entry = self.archive.zip_archive().by_name(&file_name_from_array_name(name));
        header::read(&self.origin, &mut entry.map_err(|error| corrupt(&self.origin, error))?)
    }

    /// The bytes of an array with its header, `most` of them at most, and what it is called in messages.
    pub(crate) fn read(&mut self, name: &str, most: u64) -> Result<(Origin, Vec<u8>), TableError> {
        let mut data = Vec::new();
        let entry = self.archive.zip_archive().by_name(&file_name_from_array_name(name));
        let entry = entry.map_err(|error| corrupt(&self.origin, error))?;
        entry.take(most).read_to_end(&mut data).map_err(|error| corrupt(&self.origin, error))?;
        let mut origin = self.origin.clone();
        origin.file = format!("{}:{}", origin.file, printable(name));
        Ok((origin, data))
    }

    /// The same of an array and no more bytes than its header says that it has: a few compressed ones can become any number.
    fn read_claimed(&mut self, name: &str) -> Result<(Origin, Vec<u8>), TableError> {
        let header = self.header(name)?;
        let numbers = header.shape().iter().fold(1, |numbers: u64, &side| numbers.saturating_mul(side));
        let size = Layout::of(&header.dtype()).map_or(0, |layout| numbers.saturating_mul(layout.size as u64));
        self.read(name, header::MOST.saturating_add(size))
    }
}

fn corrupt(origin: &Origin, reason: impl ToString) -> TableError {
    TableError::Npz { file: origin.file.clone(), reason: printable(&reason.to_string()) }
}

/// Reads the array that the path names, or else the only one of two dimensions, or else the only one.
pub(super) fn open(source: Source, options: &ReadOptions) -> Result<NpyRows, TableError> {
    let (mut archive, array) = Archive::open(source)?;
    let name = match (array, &archive.names[..]) {
        (Some(array), _) => array,
        (None, [name]) => name.clone(),
        (None, _) => only_table(&mut archive)?,
    };
    let (origin, data) = archive.read_claimed(&name)?;
    NpyRows::open(origin, Box::new(Cursor::new(data)), options)
}

/// The only array of two dimensions.
fn only_table(archive: &mut Archive) -> Result<String, TableError> {
    let (mut tables, mut described) = (Vec::new(), Vec::new());
    for name in archive.names.clone() {
        let header = archive.header(&name)?;
        described.push(format!("{name} {}", header::shape(&header)));
        if header.shape().len() == 2 {
            tables.push(name);
        }
    }
    match &tables[..] {
        [name] => Ok(name.clone()),
        _ => Err(TableError::WhichArray { file: archive.origin.file.clone(), existing: list(described) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::reader::RowSource;
    use npyz::npz::NpzWriter;
    use std::io::Write;

    #[test]
    fn no_more_is_unpacked_than_an_array_says_that_it_has() {
        let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }\n";
        let mut array =
            [&b"\x93NUMPY\x01\x00"[..], &(header.len() as u16).to_le_bytes(), header.as_bytes()].concat();
        array.resize(array.len() + (16 << 20), 0);
        let mut writer = NpzWriter::new(Cursor::new(Vec::new()));
        writer.zip_writer().start_file("a.npy", Default::default()).unwrap();
        writer.zip_writer().write_all(&array).unwrap();
        let packed = writer.zip_writer().finish().unwrap().into_inner();
        assert!(packed.len() < 1 << 16, "{}", packed.len());
        let source =
            || Source::from_bytes(Origin::named("f"), Box::new(Cursor::new(packed.clone()))).unwrap();
        let (mut archive, _) = Archive::open(source()).unwrap();
        let (_, data) = archive.read_claimed("a").unwrap();
        assert!(data.len() as u64 <= header::MOST + 16, "{}", data.len());
        let mut values = Vec::new();
        open(source(), &ReadOptions::default()).unwrap().next_row(&mut values, Default::default()).unwrap();
        assert_eq!(values, [0.0, 0.0]);
    }
}
