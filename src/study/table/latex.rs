//! A table as LaTeX: a `tabular` with the rules of the package `booktabs`.

use super::sheet::Table;

/// The table, with a comment that names the package.
pub(super) fn text(table: &Table) -> String {
    let columns = table.shown();
    let sides: String = columns.iter().map(|column| if column.is_number() { 'r' } else { 'l' }).collect();
    let line = |cells: Vec<String>| format!("{} \\\\\n", cells.join(" & "));
    let head = line(columns.iter().map(|column| escaped(&column.title)).collect());
    let row = |cells: Vec<String>| line(cells.iter().map(|cell| escaped(cell)).collect());
    let rows: String = table.rows.iter().map(|line| row(line.shown(&table.columns))).collect();
    format!(
        "% needs \\usepackage{{booktabs}}\n\\begin{{tabular}}{{{sides}}}\n\\toprule\n{head}\\midrule\n{rows}\\bottomrule\n\\end{{tabular}}\n"
    )
}

/// Comments, a line each.
pub(super) fn notes(notes: &[String]) -> String {
    notes.iter().map(|note| format!("% {}\n", note.replace(['\n', '\r'], " "))).collect()
}

/// A text in which nothing is a command.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => out.extend(['\\', character]),
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '<' => out.push_str("\\textless{}"),
            '>' => out.push_str("\\textgreater{}"),
            '|' => out.push_str("\\textbar{}"),
            // After a line break they would belong to it.
            '[' | '*' => out.extend(['{', character, '}']),
            '±' => out.push_str("$\\pm$"),
            '−' => out.push_str("$-$"),
            '²' => out.push_str("$^2$"),
            '–' => out.push_str("--"),
            '·' => out.push_str("$\\cdot$"),
            '\u{a0}' => out.push_str("\\,"),
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::sheet::tests::table;
    use super::*;

    #[test]
    fn rows_stand_between_rules_and_nothing_is_a_command() {
        let want = "% needs \\usepackage{booktabs}\n\\begin{tabular}{lrrr}\n\\toprule\nrun & mIoU & gain & min \\\\\n\\midrule\n\
                    a\\_b\\textbar{}\\textless{}c\\textgreater{} & 0.4500 $\\pm$ 0.0707 & +0.010 & -- \\\\\n\
                    10 \\% \\& more & 0.4902 & $-$0.020 & 1.50 \\\\\n\\bottomrule\n\\end{tabular}\n";
        assert_eq!(text(&table()), want);
        assert_eq!(escaped("[2pt]*"), "{[}2pt]{*}");
        assert_eq!(escaped("1 % · x"), "1 \\% $\\cdot$ x");
        assert_eq!(escaped("\\input{x}^~"), "\\textbackslash{}input\\{x\\}\\textasciicircum{}\\textasciitilde{}");
    }
}
