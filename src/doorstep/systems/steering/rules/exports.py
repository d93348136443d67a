"""Writes a report as CSV, for those who reckon on with it."""

import csv
import io
from typing import Any

from doorstep.systems.steering.rules import wording
from doorstep.systems.steering.rules.formats import Format
from doorstep.systems.steering.rules.report import Line, Report
from doorstep.systems.steering.rules.view import heading


def to_csv(report: Report, fmt: Format) -> str:
    """One row for each figure: codes and numbers for machines (points for decimals), titles and notice for people."""
    notice = heading(report, fmt).notice
    out = io.StringIO(newline="")
    rows: Any = None
    for section in report.sections:
        for line in section.lines:
            row = _csv_row(section.code, line) | {
                "title": wording.title(line, fmt),
                "period": report.period.label,
                "unit": report.unit,
                "made_at": report.made_at.isoformat(),
                "until": report.until or "",
                "simulated_scale": report.simulated_scale,
                "notice": notice,
            }
            if rows is None:
                rows = csv.DictWriter(out, row)
                rows.writeheader()
            rows.writerow(row)
    return out.getvalue()


def _csv_row(section: str, line: Line) -> dict[str, Any]:
    figure, comparison, computed, apart = line.submitted, line.comparison, line.computed, line.difference
    return {
        "key": line.key,
        "section": section,
        "title": "",
        "scope": (figure.area or figure.scope) if figure else "",
        "qualifier": figure.qualifier if figure else "",
        "value": figure.value if figure else "",
        "measure_unit": figure.measure_unit if figure else computed.measure_unit if computed else "",
        "denominator": figure.denominator if figure else "",
        "as_of": figure.as_of if figure else "",
        "baseline": comparison.baseline if comparison else "",
        "baseline_as_of": comparison.baseline_as_of if comparison else "",
        "baseline_derived": comparison.derived if comparison else "",
        "change": comparison.change if comparison else "",
        "change_unit": comparison.change_unit if comparison and comparison.change is not None else "",
        "target": comparison.target if comparison else "",
        "target_due": comparison.target_due if comparison else "",
        "target_distance": comparison.distance if comparison else "",
        "submitted_by": figure.submitted_by if figure else "",
        "source": figure.source if figure else "",
        "computed_by": computed.owner if computed else "",
        "computed": computed.total.value if computed else "",
        "computed_numerator": computed.total.numerator if computed else "",
        "computed_denominator": computed.total.denominator if computed else "",
        "computed_at_scale_one": apart.comparable if apart else "",
        "difference": apart.absolute if apart else "",
        "difference_percent": apart.relative if apart else "",
        "agrees": apart.agrees if apart else "",
    }
