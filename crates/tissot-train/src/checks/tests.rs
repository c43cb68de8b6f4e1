use super::*;
use crate::embedded;

/// A table from a function of the row.
fn table<const N: usize>(rows: usize, row: impl Fn(f64) -> [f64; N]) -> (Vec<String>, Vec<f64>) {
    let names = ('a'..).take(N).map(String::from).collect();
    (names, (0..rows).flat_map(|i| row(i as f64)).collect())
}

/// Two columns of numbers that neither repeat nor depend on each other.
fn wild(i: f64) -> [f64; 2] {
    [(i * 0.618_033_988_7).fract() * 3.0 - 1.0, (i * 0.414_213_562_4).fract() + i * 1e-3]
}

fn lines(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}

#[test]
fn a_good_table_has_no_findings() {
    let (names, values) = table(200, wild);
    assert_eq!(inspect_columns(&names, &values, &[[Some(-5.0), None], [None, Some(3.0)]], &[]), []);
}

#[test]
fn constant_columns_are_errors_or_warnings_if_integer() {
    let (names, values) = table(40, |i| [wild(i)[0], 3.5, wild(i)[1]]);
    let findings = inspect_columns(&names, &values, &[], &[]);
    let expected = [
        "error: column `b` is 3.5 in all 40 rows: such rows have no density; leave it out with `--columns a,c`",
        "error: the 3 columns have the numerical rank 2 (tolerance 1e-9), expected 3: leave it out with `--columns a,c`",
    ];
    assert_eq!(lines(&findings), expected);
    assert_eq!((findings[0].kind, findings[1].kind), (FindingKind::Constant, FindingKind::Rank));
    assert_eq!(findings[0].columns, ["b"]);
    let findings = inspect_columns(&names, &values, &[], &[false, true, false]);
    assert_eq!(
        lines(&findings)[0],
        "warning: column `b` is 3.5 in all 40 rows: only the noise added to integers gives it a density; leave it out \
         with `--columns a,c`"
    );
    assert!(findings.iter().all(|finding| finding.severity == Severity::Warning));
}

#[test]
fn copies_are_named_with_their_twin() {
    let (names, values) = table(40, |i| [wild(i)[0], wild(i)[1], wild(i)[0]]);
    let findings = inspect_columns(&names, &values, &[], &[]);
    let expected = "error: column `c` is a copy of column `a`: such rows have no density; leave it out with `--columns a,b`";
    assert_eq!(lines(&findings)[0], expected);
    assert_eq!(findings[0].columns, ["c", "a"]);
    // the integer one is the one to go, and it has noise
    let findings = inspect_columns(&names, &values, &[], &[true, false, false]);
    let expected = "warning: column `a` is a copy of column `c`: only the noise added to integers gives it a density; \
                    leave it out with `--columns b,c`";
    assert_eq!(lines(&findings)[0], expected);
}

#[test]
fn combinations_are_named_with_their_coefficients() {
    let (names, values) = table(60, |i| {
        let [a, b] = wild(i);
        [a, b, 2.0 * a - 0.25 * b + 7.0, (i * 0.732_050_8).fract(), 1e6 * b]
    });
    let findings = inspect_columns(&names, &values, &[], &[]);
    let expected = [
        "error: column `c` is 2 * `a` - 0.25 * `b` + 7 to 1e-9 of its standard deviation: such rows have no density; \
         leave such columns out with `--columns a,b,d`",
        "error: column `e` is 1000000 * `b` to 1e-9 of its standard deviation: such rows have no density; leave such \
         columns out with `--columns a,b,d`",
        "error: the 5 columns have the numerical rank 3 (tolerance 1e-9), expected 5: leave such columns out with \
         `--columns a,b,d`",
    ];
    assert_eq!(lines(&findings), expected);
    assert_eq!(findings[0].kind, FindingKind::Dependent);
    assert_eq!(findings[0].columns, ["c", "a", "b"]);
    assert_eq!(findings[2].columns, ["c", "e"]);
}

#[test]
fn an_integer_member_breaks_a_combination() {
    let (names, values) = table(60, |i| [(i * 7.0) % 31.0, wild(i)[0], wild(i)[0] + (i * 7.0) % 31.0]);
    let findings = inspect_columns(&names, &values, &[], &[true, false, false]);
    let expected = "warning: column `a` is -`b` + `c` to 1e-9 of its standard deviation: only the noise added to integers \
                    gives it a density; leave it out with `--columns b,c`";
    assert_eq!(lines(&findings)[0], expected);
    assert!(findings.iter().all(|finding| finding.severity == Severity::Warning));
}

#[test]
fn nearly_dependent_columns_pass_and_large_offsets_do_not_hide_dependence() {
    let (names, values) = table(60, |i| [wild(i)[0], wild(i)[0] + 1e-7 * wild(i)[1]]);
    assert_eq!(inspect_columns(&names, &values, &[], &[]), []);
    let (names, values) = table(60, |i| [wild(i)[0], 1.5e9 + wild(i)[0]]);
    let findings = inspect_columns(&names, &values, &[], &[]);
    assert_eq!(findings[0].kind, FindingKind::Dependent, "{findings:?}");
    assert!(findings[0].message.contains("is `a` + 1500000000 to "), "{findings:?}");
}

#[test]
fn too_few_rows_are_no_dependence() {
    let (names, values) = table(3, |i| [wild(i)[0], wild(i)[1], i * i, (i + 1.0).ln()]);
    let expected = "warning: 3 rows cannot show which of 4 columns depend on others, expected more rows than columns: \
                    keep fewer columns with `--columns`";
    assert_eq!(lines(&inspect_columns(&names, &values, &[], &[])), [expected]);
}

#[test]
fn ties_name_the_grain_and_the_remedy() {
    let (names, values) = table(100, |i| [wild(i)[0], (i * 7.0) % 4.0, ((i * i) % 9.0) / 10.0]);
    let findings = inspect_columns(&names, &values, &[], &[]);
    let expected = [
        "warning: column `b`: 100% of 100 rows share their value with another row (most often 0, 25 times), on a grid \
         of 1: the density can grow without bound there; declare it with `--domain b=integer`",
        "warning: column `c`: 100% of 100 rows share their value with another row (most often 0, 34 times), on a grid \
         of 0.1: the density can grow without bound there; multiply it by 10 and declare it with `--domain c=integer`, \
         or leave it out with `--columns a,b`",
    ];
    assert_eq!(lines(&findings), expected);
    assert_eq!(inspect_columns(&names, &values, &[], &[false, true, true]), []);
    // a spike in a column that is smooth elsewhere
    let (names, values) = table(100, |i| [if i < 25.0 { 0.0 } else { wild(i)[0] }, wild(i)[1]]);
    let expected = "warning: column `a`: 25% of 100 rows share their value with another row (most often 0, 25 times): the \
                    density can grow without bound there; leave it out with `--columns b`";
    assert_eq!(lines(&inspect_columns(&names, &values, &[], &[])), [expected]);
    let (names, values) = table(100, |i| [if i < 20.0 { 0.0 } else { wild(i)[0] }, wild(i)[1]]);
    assert_eq!(inspect_columns(&names, &values, &[], &[]), []);
    let (names, values) = table(49, |i| [i % 3.0, wild(i)[0]]);
    assert_eq!(inspect_columns(&names, &values, &[], &[]), []);
}

#[test]
fn values_on_and_beyond_bounds_are_errors() {
    let (names, mut values) = table(40, |i| [wild(i)[0], 0.5 + 0.3 * wild(i)[0].sin()]);
    (values[1], values[3], values[5]) = (0.0, 0.0, 1.5);
    let findings = inspect_columns(&names, &values, &[[None, None], [Some(0.0), Some(1.0)]], &[]);
    let expected = [
        "error: column `b`: 2 of 40 values are exactly on the lower bound 0, where the density is not finite; widen the \
         bounds with `--domain 'b=bounded(-0.015,1.515)'`",
        "error: column `b`: 1 of 40 values are above the upper bound 1, where there is no density; widen the bounds with \
         `--domain 'b=bounded(-0.015,1.515)'`",
    ];
    assert_eq!(lines(&findings), expected);
    assert_eq!((findings[0].kind, findings[1].kind), (FindingKind::AtBound, FindingKind::OutOfBounds));
    let findings = inspect_columns(&names, &values, &[[None, None], [Some(0.0), None]], &[]);
    let expected = "error: column `b`: 2 of 40 values are exactly on the lower bound 0, where the density is not finite; drop \
                    `--domain b=positive`, or leave it out with `--columns a`";
    assert_eq!(lines(&findings), [expected]);
    assert_eq!(inspect_columns(&names, &values, &[[None, None], [Some(0.0), Some(1.0)]], &[false, true]), []);
}

#[test]
fn the_embedded_tables_have_what_their_readme_says() {
    let digits = embedded::digits();
    let names: Vec<String> = digits.columns.iter().map(ToString::to_string).collect();
    let findings = inspect_columns(&names, &digits.values, &[], &[true; 65]);
    assert!(findings.iter().all(|finding| finding.severity == Severity::Warning));
    let constant = findings.iter().filter(|finding| finding.kind == FindingKind::Constant);
    let constant: Vec<&str> = constant.flat_map(|finding| &finding.columns).map(String::as_str).collect();
    assert_eq!(constant, ["pixel_0_0", "pixel_4_0", "pixel_4_7"]);
    let quakes = embedded::earthquakes();
    let names: Vec<String> = quakes.columns.iter().map(ToString::to_string).collect();
    let findings = inspect_columns(&names, &quakes.values, &[], &[]);
    assert!(findings.iter().all(|finding| finding.kind == FindingKind::Ties), "{:?}", lines(&findings));
    assert!(findings.iter().any(|finding| finding.columns == ["depth"]));
}
