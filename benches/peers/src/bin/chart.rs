//! Draws `results/rust.csv` and, if it exists, `results/others.csv` as `results/chart.svg`.
//!
//! `chart [--check] [DIRECTORY]`: with `--check` it writes nothing, and fails unless the chart is
//! up to date; `DIRECTORY` is used in place of `results`.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use peers::report::COLUMNS;

fn main() -> ExitCode {
    let mut check = false;
    let mut directory = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/results"));
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--check" => check = true,
            _ if argument.starts_with('-') => {
                eprintln!("usage: chart [--check] [DIRECTORY]");
                return ExitCode::FAILURE;
            }
            _ => directory = argument.into(),
        }
    }
    match run(&directory, check) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("chart: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(directory: &Path, check: bool) -> Result<(), String> {
    let mut rows = vec![];
    for (name, needed) in [("rust.csv", true), ("others.csv", false)] {
        let path = directory.join(name);
        match fs::read_to_string(&path) {
            Ok(csv) => {
                rows.extend(parse(&csv).map_err(|error| format!("{}:{error}", path.display()))?);
            }
            Err(error) if !needed && error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("{}: {error}", path.display())),
        }
    }
    let path = directory.join("chart.svg");
    let chart = draw(rows)?;
    if !check {
        return fs::write(&path, chart).map_err(|error| format!("{}: {error}", path.display()));
    }
    match fs::read_to_string(&path) {
        Ok(there) if there == chart => Ok(()),
        Ok(_) => Err(format!("{} is not the chart of the CSV beside it", path.display())),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// The time that a library takes for an accepted token.
struct Row {
    date: String,
    processor: String,
    toolchain: String,
    library: String,
    version: String,
    median: f64,
    q1: f64,
    q3: f64,
    p99: f64,
}

/// The rows of `csv` that are drawn. An error begins with the line's number.
fn parse(csv: &str) -> Result<Vec<Row>, String> {
    let mut rows = vec![];
    for (index, line) in csv.lines().enumerate() {
        let row = if index == 0 { parse_head(line).map(|()| None) } else { parse_line(line) };
        rows.extend(row.map_err(|error| format!("{}: {error}", index + 1))?);
    }
    if csv.is_empty() { Err("1: the file is empty".into()) } else { Ok(rows) }
}

fn parse_head(line: &str) -> Result<(), String> {
    if line == COLUMNS { Ok(()) } else { Err(format!("the columns have to be {COLUMNS}")) }
}

fn parse_line(line: &str) -> Result<Option<Row>, String> {
    // The values in the CSV have no commas, so none is quoted.
    if line.contains(|c: char| c == '"' || c.is_control()) {
        return Err("a quotation mark or a control character".into());
    }
    let fields: Vec<&str> = line.split(',').collect();
    let &[date, processor, toolchain, library, version, case, median, q1, q3, p99, ..] =
        fields.as_slice()
    else {
        return Err(wrong_number_of_fields(&fields));
    };
    if fields.len() != COLUMNS.split(',').count() {
        return Err(wrong_number_of_fields(&fields));
    }
    if case != CASE {
        return Ok(None);
    }
    let [median, q1, q3, p99] = [median, q1, q3, p99].map(microseconds);
    let row = Row {
        date: date.into(),
        processor: processor.into(),
        toolchain: toolchain.into(),
        library: library.into(),
        version: version.into(),
        median: median?,
        q1: q1?,
        q3: q3?,
        p99: p99?,
    };
    if row.q1 > row.median || row.median > row.q3 {
        return Err("the median does not lie between the quartiles".into());
    }
    Ok(Some(row))
}

fn wrong_number_of_fields(fields: &[&str]) -> String {
    format!("{} fields in place of {}", fields.len(), COLUMNS.split(',').count())
}

fn microseconds(nanoseconds: &str) -> Result<f64, String> {
    match nanoseconds.parse::<f64>() {
        Ok(number) if number > 0.0 && number.is_finite() => Ok(number / 1000.0),
        _ => Err(format!("{nanoseconds:?} is not a time")),
    }
}

fn draw(mut rows: Vec<Row>) -> Result<String, String> {
    rows.sort_by(|one, other| {
        one.median.total_cmp(&other.median).then_with(|| one.library.cmp(&other.library))
    });
    let Some(floor) = rows.iter().find(|row| row.library == FLOOR).map(|row| row.median) else {
        return Err(format!("no row {FLOOR:?} for {CASE}"));
    };
    let longest = rows.iter().map(|row| row.q3).fold(0.0, f64::max);
    let x = |time: f64| LEFT + time / longest * (RIGHT - LEFT);
    let bottom = TOP + ROW * rows.len() as f64;

    let mut svg = head(&rows, bottom + 100.0);
    let step = tick_step(longest);
    for index in 0..=(longest / step) as u32 {
        let tick = f64::from(index) * step;
        let x = x(tick);
        line(&mut svg, "grid", [x, TOP, x, bottom]);
        text(&mut svg, "small muted middle", x, bottom + 16.0, &format!("{tick}"));
    }
    text(&mut svg, "small muted", RIGHT + 16.0, bottom + 16.0, "µs");
    for (index, row) in rows.iter().enumerate() {
        draw_row(&mut svg, row, TOP + ROW * (index as f64 + 0.5), x);
    }
    line(&mut svg, "floor", [x(floor), TOP - 4.0, x(floor), bottom]);
    text(&mut svg, "small muted middle", x(floor), TOP - 9.0, FLOOR);
    for (x, column) in [(MEDIAN, "median"), (P99, "p99")] {
        text(&mut svg, "small muted end", x, TOP - 9.0, column);
    }
    for (index, note) in [CONDITIONS, READING, &source(&rows)].into_iter().enumerate() {
        text(&mut svg, "small muted", MARGIN, bottom + 46.0 + 18.0 * index as f64, note);
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

/// The fixed parts of the chart: its text alternative, colors, title and legend.
fn head(rows: &[Row], height: f64) -> String {
    let figures: Vec<String> = rows
        .iter()
        .map(|row| format!("{} {}: {} µs", row.library, row.version, figure(row.median)))
        .collect();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-labelledby=\"title desc\">\n\
         <title id=\"title\">{TITLE}</title>\n<desc id=\"desc\">Medians. {}.</desc>\n{STYLE}\
         <rect class=\"card\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"6\"/>\n",
        escape(&figures.join("; ")),
        WIDTH - 1.0,
        height - 1.0,
    );
    text(&mut svg, "title", MARGIN, 34.0, TITLE);
    let mut x = MARGIN;
    for (class, name, width) in
        [("ours", "tokenring", 92.0), ("peer", "other libraries", 122.0), ("alone", ALONE, 0.0)]
    {
        rect(&mut svg, class, [x, 50.0, 11.0, 11.0]);
        text(&mut svg, "small muted", x + 17.0, 60.0, name);
        x += width;
    }
    svg
}

fn draw_row(svg: &mut String, row: &Row, middle: f64, x: impl Fn(f64) -> f64) {
    let (class, weight) = match row.library.as_str() {
        name if name.starts_with("tokenring") => ("ours", " strong"),
        name if name.ends_with(" alone") => ("alone", ""),
        _ => ("peer", ""),
    };
    // The version does not show the language, unless it is Rust.
    let runtime = row.toolchain.split(' ').next().filter(|name| !name.starts_with("rust"));
    let version = runtime.map_or(row.version.clone(), |name| format!("{}, {name}", row.version));
    let baseline = middle + 4.5;
    let _ = writeln!(
        svg,
        "<text class=\"end{weight}\" x=\"{:.1}\" y=\"{baseline:.1}\">{} \
         <tspan class=\"small muted\">{}</tspan></text>",
        LEFT - 10.0,
        escape(&row.library),
        escape(&version),
    );
    rect(svg, class, [LEFT, middle - BAR / 2.0, x(row.median) - LEFT, BAR]);
    let (q1, q3) = (x(row.q1), x(row.q3));
    line(svg, "whisker", [q1, middle, q3, middle]);
    for end in [q1, q3] {
        line(svg, "whisker", [end, middle - 3.0, end, middle + 3.0]);
    }
    let class = format!("end{weight}");
    text(svg, &class, MEDIAN, baseline, &figure(row.median));
    text(svg, "end muted", P99, baseline, &figure(row.p99));
}

/// Dates, processors and toolchains, each only once.
fn source(rows: &[Row]) -> String {
    let dates = distinct(rows.iter().map(|row| row.date.as_str()));
    let processors = distinct(rows.iter().map(|row| row.processor.as_str()));
    // Without the commit and its date.
    let toolchains = distinct(rows.iter().filter_map(|row| row.toolchain.split(" (").next()));
    [dates, processors, toolchains].concat().join(" · ")
}

fn distinct<'a>(values: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    BTreeSet::from_iter(values).into_iter().collect()
}

/// 1, 2 or 5 times a power of ten, so that there are at most six ticks besides the one at 0.
fn tick_step(longest: f64) -> f64 {
    let power = 10_f64.powf((longest / 6.0).log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|step| longest / step <= 6.0)
        .unwrap_or(longest)
}

/// Microseconds, with as many digits as a second run would reproduce.
fn figure(time: f64) -> String {
    match time {
        0.0..1.0 => format!("{time:.2}"),
        1.0..100.0 => format!("{time:.1}"),
        _ => format!("{time:.0}"),
    }
}

fn text(svg: &mut String, class: &str, x: f64, y: f64, text: &str) {
    let text = escape(text);
    let _ = writeln!(svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>");
}

fn rect(svg: &mut String, class: &str, [x, y, width, height]: [f64; 4]) {
    let _ = writeln!(
        svg,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
         height=\"{height:.1}\"/>"
    );
}

fn line(svg: &mut String, class: &str, [x1, y1, x2, y2]: [f64; 4]) {
    let _ = writeln!(
        svg,
        "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
    );
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The case that is drawn: a token that is accepted.
const CASE: &str = "RSA-2048";

/// The minimum work of every verifier on ring.
const FLOOR: &str = "ring alone";

const TITLE: &str = "Microseconds to accept an RS256 token";
const ALONE: &str = "the signature alone: nothing decoded, nothing checked";
const CONDITIONS: &str = "RSA-2048; issuer, audience, exp and nbf demanded; one call at a time. \
    With a cache: a token seen before.";
const READING: &str = "Bars are medians, whiskers quartiles; p99 is of calls timed one by one.";

/// The chart has its own background, so that its text is readable on any page.
const STYLE: &str = "<style>
text { font: 13px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; \
    fill: #1f2328; font-variant-numeric: tabular-nums; }
.title { font-size: 18px; font-weight: 600; }
.strong { font-weight: 600; }
.small { font-size: 11.5px; font-weight: 400; }
.muted { fill: #59636e; }
.middle { text-anchor: middle; }
.end { text-anchor: end; }
.card { fill: #ffffff; stroke: #d1d9e0; }
.ours { fill: #d4691e; }
.peer { fill: #7c9cc4; }
.alone { fill: #cdd5dd; }
.grid { stroke: #e7ebef; }
.floor { stroke: #59636e; stroke-dasharray: 3 3; }
.whisker { stroke: #1f2328; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.muted { fill: #9198a1; }
.card { fill: #0d1117; stroke: #3d444d; }
.ours { fill: #e8833a; }
.peer { fill: #4f76a8; }
.alone { fill: #484f58; }
.grid { stroke: #21262d; }
.floor { stroke: #9198a1; }
.whisker { stroke: #e6edf3; }
}
</style>
";

const WIDTH: f64 = 800.0;
const MARGIN: f64 = 20.0;
const TOP: f64 = 100.0;
const ROW: f64 = 26.0;
const BAR: f64 = 14.0;

/// The left end of the bars, and the right end of the longest whisker.
const LEFT: f64 = 290.0;
const RIGHT: f64 = 650.0;

/// The right ends of the columns of figures.
const MEDIAN: f64 = 722.0;
const P99: f64 = 780.0;
