//! What is written, and what is left when that fails.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use flate2::read::GzDecoder;
use tissot_train::table::{ReadOptions, Table, TableWriter};

use super::Files;

fn write(path: &Path) {
    let mut writer = TableWriter::create(path, &["a", "b,c"]).unwrap();
    writer.write_row(&[1.0, -2.5]).unwrap();
    writer.write_row(&[1.0 / 3.0, f64::MIN_POSITIVE]).unwrap();
    writer.finish().unwrap();
}

#[test]
fn what_is_written_is_read_back() {
    let files = Files::new();
    for name in ["t.csv", "t.tsv", "t.csv.gz", "t.tsv.gz", "t"] {
        write(&files.path(name));
        let table = Table::read(files.path(name), &ReadOptions::default()).unwrap();
        assert_eq!(table.columns, ["a", "b,c"], "{name}");
        assert_eq!(table.values, [1.0, -2.5, 1.0 / 3.0, f64::MIN_POSITIVE], "{name}");
    }
    let expected = "a,\"b,c\"\n1,-2.5\n0.3333333333333333,2.2250738585072014e-308\n";
    assert_eq!(fs::read_to_string(files.path("t.csv")).unwrap(), expected);
    let mut text = String::new();
    GzDecoder::new(&fs::read(files.path("t.csv.gz")).unwrap()[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, expected);
    let tabs = expected.replace("\"b,c\"", "b|c").replace(',', "\t").replace('|', ",");
    assert_eq!(fs::read_to_string(files.path("t.tsv")).unwrap(), tabs);
    assert_eq!(files.names(), ["t", "t.csv", "t.csv.gz", "t.tsv", "t.tsv.gz"], "nothing else is left");
}

#[test]
fn a_file_is_only_there_when_it_is_finished() {
    let files = Files::new();
    let path = files.write("t.csv", b"before");
    let mut writer = TableWriter::create(&path, &["a"]).unwrap();
    for _ in 0..100_000 {
        writer.write_row(&[1.5]).unwrap();
    }
    assert_eq!(fs::read(&path).unwrap(), b"before");
    drop(writer);
    assert_eq!((fs::read(&path).unwrap(), files.names()), (b"before".to_vec(), vec!["t.csv".to_owned()]));
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let files = Files::new();
    files.write("real.csv", b"before");
    std::os::unix::fs::symlink("real.csv", files.path("link.csv")).unwrap();
    write(&files.path("link.csv"));
    assert!(files.path("link.csv").is_symlink());
    assert!(fs::read_to_string(files.path("real.csv")).unwrap().starts_with("a,"));
}

#[test]
fn outputs_that_cannot_be() {
    let files = Files::new();
    fs::create_dir(files.path("d")).unwrap();
    let open = |name: &str| files.message(TableWriter::create(files.path(name), &["a"]).unwrap_err());
    assert_eq!(open("d"), "d: cannot be written: this is a directory; give the name of a file");
    let directory = files.path("no").display().to_string();
    let error = TableWriter::create(files.path("no/t.csv"), &["a"]).unwrap_err().to_string();
    let message = format!("cannot be written: the directory {directory} does not exist; create it first");
    assert_eq!(error, format!("{directory}/t.csv: {message}"));
    let message = "cannot be written: tables are written as text or Parquet; name the file .csv, .tsv, .csv.gz, .tsv.gz or .parquet";
    assert_eq!(open("t.npy"), format!("t.npy: {message}"));
    assert_eq!(files.names(), ["d"]);
}

/// A disk with room for some bytes.
struct Disk(usize);

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.checked_sub(bytes.len()) {
            Some(left) => {
                self.0 = left;
                Ok(bytes.len())
            }
            None => Err(io::Error::other("no space")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_reported() {
    let mut writer = TableWriter::to_writer("t", Disk(100), &["a"]).unwrap();
    writer.write_row(&[1.0]).unwrap();
    for _ in 0..30 {
        writer.write_row(&[1.25]).unwrap();
    }
    assert_eq!(writer.finish().unwrap_err().to_string(), "t: cannot be written: no space");

    let mut writer = TableWriter::to_writer("t", Disk(100_000), &["a"]).unwrap();
    let error = (0..100_000).find_map(|_| writer.write_row(&[1.25]).err()).expect("the disk is full");
    assert_eq!(error.to_string(), "t: cannot be written: no space");
    assert_eq!(writer.finish().unwrap_err().to_string(), "t: not kept, as an earlier write to it failed");
}

/// The device is opened here and never by its name, so that no mistake can replace it.
#[cfg(target_os = "linux")]
#[test]
fn a_full_device_is_reported() {
    let device = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut writer = TableWriter::to_writer("t", device, &["a"]).unwrap();
    writer.write_row(&[1.0]).unwrap();
    let error = writer.finish().unwrap_err().to_string();
    assert_eq!(error, "t: cannot be written: No space left on device (os error 28)");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_written_and_stays_a_pipe() {
    use std::os::unix::fs::FileTypeExt;

    let files = Files::new();
    let path = files.path("pipe.csv");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let (send, receive) = std::sync::mpsc::channel();
    let reader = path.clone();
    std::thread::spawn(move || send.send(fs::read_to_string(reader)));
    write(&path);
    assert!(fs::metadata(&path).unwrap().file_type().is_fifo());
    let text = receive.recv_timeout(std::time::Duration::from_secs(60)).unwrap().unwrap();
    assert!(text.starts_with("a,\"b,c\"\n1,-2.5\n"), "{text}");
}
