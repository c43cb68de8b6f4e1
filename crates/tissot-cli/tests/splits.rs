//! Which rows train, validate and test: by group, by time; by text, too.

mod common;

use common::{Folder, TINY, csv, normal, rng, rows};
use rand::RngExt;

/// The numbers of training, validation and test rows after a fit, and the columns of the model.
fn fitted(folder: &Folder, flags: &[&str]) -> ([u64; 3], Vec<String>) {
    folder.fit("table.csv", "model.tissot", &[flags, &TINY].concat());
    let info = folder.json(&["info", "model.tissot", "--json"]);
    let rows = ["train_rows", "validation_rows", "test_rows"];
    let rows = rows.map(|part| info["provenance"][part].as_u64().unwrap());
    let columns = info["columns"].as_array().unwrap().iter();
    (rows, columns.map(|column| column["name"].as_str().unwrap().to_owned()).collect())
}

/// 405 rows of x, y and what `last` says about each.
fn table(folder: &Folder, name: &str, last: impl Fn(usize) -> String) {
    let mut rng = rng(13);
    let rows = (0..405).map(|i| format!("{},{},{}\n", normal(&mut rng), normal(&mut rng), last(i)));
    folder.write("table.csv", format!("x,y,{name}\n{}", rows.collect::<String>()));
}

#[test]
fn groups_of_text_stay_together() {
    let folder = Folder::new();
    table(&folder, "station", |i| format!("\"St. {}, north\"", i % 45));
    for flags in [&["--split", "group:station"][..], &["--split", "group:station", "--columns", "x,y"]] {
        let (rows, columns) = fitted(&folder, flags);
        assert_eq!(columns, ["x", "y"], "the column of the groups is none of the density's");
        assert_eq!(rows.iter().sum::<u64>(), 405);
        assert!(rows.iter().all(|n| *n > 0 && n.is_multiple_of(9)), "{rows:?} are no groups of 9");
    }
}

#[test]
fn groups_of_numbers_may_be_a_column_or_a_context_too() {
    let folder = Folder::new();
    table(&folder, "group", |i| if i % 2 == 0 { (i % 45).to_string() } else { format!("{}.0", i % 45) });
    let split = ["--split", "group:group"];
    let whole = |rows: [u64; 3]| assert!(rows.iter().all(|n| *n > 0 && n.is_multiple_of(9)), "{rows:?}");
    let (rows, columns) = fitted(&folder, &split);
    whole(rows);
    assert_eq!(columns, ["x", "y"]);
    let (rows, columns) = fitted(&folder, &[&split[..], &["--columns", "x,group"]].concat());
    whole(rows);
    assert_eq!(columns, ["x", "group"]);
    for more in [&["--context", "group"][..], &["--context", "group", "--columns", "x,y"]] {
        let (rows, columns) = fitted(&folder, &[&split[..], more].concat());
        whole(rows);
        assert_eq!(columns, ["x", "y"]);
        assert_eq!(folder.json(&["info", "model.tissot", "--json"])["context"][0]["name"], "group");
    }
}

/// Writes 400 rows in a random order of time: those of the last tenth lie at 100, which no other row does.
fn late(folder: &Folder, time: impl Fn(usize) -> String) {
    let mut rng = rng(14);
    let mut times: Vec<usize> = (0..400).collect();
    for i in (1..400).rev() {
        times.swap(i, rng.random_range(0..=i));
    }
    let rows = times.into_iter().map(|t| {
        let shift = if t >= 360 { 100.0 } else { 0.0 };
        format!("{},{},{}\n", shift + normal(&mut rng), time(t), normal(&mut rng))
    });
    folder.write("table.csv", format!("x,when,y\n{}", rows.collect::<String>()));
}

#[test]
fn the_latest_rows_test_whatever_their_order_in_the_file() {
    let folder = Folder::new();
    let day = |t: usize| format!("2018-{:02}-{:02}", 1 + t / 28 % 12, 1 + t % 28);
    let dates = |t: usize| {
        format!(
            "{}T{:02}:00:00Z",
            if t < 336 { day(t) } else { "2019".to_owned() + &day(t - 336)[4..] },
            t % 24
        )
    };
    let times: [&dyn Fn(usize) -> String; 2] = [&|t| (1.5e9 + 10.0 * t as f64).to_string(), &dates];
    for time in times {
        late(&folder, time);
        let (rows, columns) = fitted(&folder, &["--split", "time:when"]);
        assert_eq!((rows, columns), ([320, 40, 40], vec!["x".into(), "y".into()]));
        let model = &folder.json(&["info", "model.tissot", "--json"]);
        // The rows that train know nothing of the shift, and the rows that test have nothing else.
        let mean = model["columns"][0]["mean"].as_f64().unwrap();
        assert!(mean.abs() < 0.5, "{mean}");
        let held_out = model["provenance"]["held_out"][0].as_f64().unwrap();
        assert!(held_out < -100.0, "{held_out}");
    }
    // At random, the shifted rows are everywhere.
    let (_, _) = fitted(&folder, &["--columns", "x,y"]);
    let mean = folder.json(&["info", "model.tissot", "--json"])["columns"][0]["mean"].as_f64().unwrap();
    assert!(mean > 5.0, "{mean}");
}

#[test]
fn rows_that_have_no_group_or_time() {
    let folder = Folder::new();
    let fails = |split: &str, message: &str| {
        folder.fails(
            &[&["fit", "table.csv", "--out", "m.tissot", "--split", split], &TINY[..]].concat(),
            1,
            message,
        );
    };
    table(
        &folder,
        "when",
        |i| if i == 7 { "28/02/2018".into() } else { format!("2018-02-{:02}", 1 + i % 28) },
    );
    fails(
        "time:when",
        "table.csv: row 9, column \"when\": found \"28/02/2018\", expected a time: numbers in all rows, or dates such as 2018-02-28T09:30",
    );
    fails(
        "time:whan",
        "table.csv: there is no column \"whan\" (did you mean \"when\"?); the columns are x, y, when",
    );
    table(&folder, "g", |i| if i == 7 { String::new() } else { format!("g{}", i % 5) });
    fails(
        "group:g",
        "table.csv: row 9, column \"g\": the value is missing (found \"\"); --missing drop drops such rows",
    );
    let (rows, _) = fitted(&folder, &["--split", "group:g", "--missing", "drop"]);
    assert_eq!(rows.iter().sum::<u64>(), 404);
    table(&folder, "g", |_| "all".into());
    folder.fails(
        &[&["fit", "table.csv", "--out", "m.tissot", "--split", "group:g"], &TINY[..]].concat(),
        1,
        "too few groups (1) to keep training, validation and test rows apart",
    );
}

#[test]
fn the_test_rows_can_be_kept() {
    let folder = Folder::new();
    let mut rng = rng(15);
    let drawn: Vec<Vec<f64>> =
        (0..200).map(|i| vec![normal(&mut rng), normal(&mut rng), f64::from(i)]).collect();
    folder.write("table.csv", csv("x,y,c", drawn.clone()));
    let flags = ["--columns", "y,x", "--context", "c", "--test", "0.25", "--test-out", "test.csv"];
    folder.fit("table.csv", "model.tissot", &[&flags[..], &TINY].concat());
    let kept = std::fs::read_to_string(folder.path("test.csv")).unwrap();
    assert!(kept.starts_with("y,x,c\n"), "{kept}");
    let kept = rows(&kept);
    assert_eq!(kept.len(), 50);
    for row in kept {
        let source = &drawn[row[2] as usize];
        assert_eq!(row, [source[1], source[0], source[2]]);
    }
    // They are what the model has not seen: the score is the one that it was saved with.
    let held_out =
        folder.json(&["info", "model.tissot", "--json"])["provenance"]["held_out"][0].as_f64().unwrap();
    let mean = folder.json(&["score", "model.tissot", "test.csv", "--out", "scores.csv", "--json"])["mean"]
        .as_f64()
        .unwrap();
    assert!((held_out - mean).abs() < 1e-6, "{held_out} and {mean}");
    folder.fails(
        &["fit", "table.csv", "--out", "other.tissot", "--test-out", "table.csv"],
        2,
        &format!(
            "--test-out {}: is the file that is read (table.csv); give the name of another",
            folder.path("table.csv").canonicalize().unwrap().display()
        ),
    );
}
