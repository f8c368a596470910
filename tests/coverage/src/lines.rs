//! The lines with code, and whether any test ran them.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use llvm_profparser::{CoverageMapping, SourceLocation, merge_profiles};

pub struct Line {
    /// Relative to `src`.
    pub file: String,
    pub number: usize,
    pub text: String,
    pub covered: bool,
}

/// Every line with code in `sources`, except in its unit tests.
pub fn of(sources: &Path, programs: &[PathBuf], profiles: &[PathBuf]) -> Vec<Line> {
    let profile = merge_profiles(profiles).unwrap();
    let mapping = CoverageMapping::new(programs, &profile, false).unwrap();
    let report = mapping
        .generate_subreport(|paths| paths.iter().any(|path| path.starts_with(sources)))
        .unwrap();

    let mut lines = Vec::new();
    for (path, result) in &report.files {
        let Ok(file) = path.strip_prefix(sources) else { continue };
        let text = fs::read_to_string(path).unwrap();
        // Unit tests are at the end of their file.
        let code = text.lines().take_while(|line| *line != "#[cfg(test)]");
        for (index, text) in code.enumerate() {
            let number = index + 1;
            if let Some(covered) = covered(&result.hits, number) {
                let file = file.to_str().unwrap().replace('\\', "/");
                lines.push(Line { file, number, text: text.to_owned(), covered });
            }
        }
    }
    lines
}

/// Whether a region that begins on the line ran, or the innermost region that continues from an
/// earlier line; `None` if the line has no code. `llvm-cov` counts lines in the same way.
fn covered(regions: &BTreeMap<SourceLocation, usize>, line: usize) -> Option<bool> {
    let begun = regions.iter().filter(|(region, _)| region.line_start == line);
    let around = regions
        .iter()
        .filter(|(region, _)| region.line_start < line && line <= region.line_end)
        .max_by_key(|(region, _)| (region.line_start, region.column_start));
    begun.chain(around).map(|(_, count)| *count > 0).reduce(|some, more| some || more)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(from: (usize, usize), to: (usize, usize)) -> SourceLocation {
        let ((line_start, column_start), (line_end, column_end)) = (from, to);
        SourceLocation { line_start, column_start, line_end, column_end }
    }

    /// ```text
    /// 1  fn f(a: bool) -> u8 {
    /// 2      if a {
    /// 3          1
    /// 4      } else {
    /// 5          2
    /// 6      }
    /// 7  }
    /// ```
    #[test]
    fn line_counts_as_run_if_a_region_that_begins_on_it_or_continues_on_it_ran() {
        let regions = BTreeMap::from([
            (region((1, 1), (2, 9)), 1),
            (region((2, 10), (4, 6)), 1),
            (region((4, 12), (6, 6)), 0),
            (region((7, 1), (7, 2)), 1),
        ]);
        let lines = [0, 1, 2, 3, 4, 5, 6, 7, 8].map(|line| covered(&regions, line));
        let (run, missed) = (Some(true), Some(false));
        assert_eq!(lines, [None, run, run, run, run, missed, missed, run, None]);
    }

    #[test]
    fn code_that_did_not_run_is_missed_within_code_that_did() {
        let regions = BTreeMap::from([(region((1, 1), (9, 2)), 1), (region((2, 5), (4, 6)), 0)]);
        assert_eq!(
            [2, 3, 5].map(|line| covered(&regions, line)),
            [Some(true), Some(false), Some(true)]
        );
    }
}
