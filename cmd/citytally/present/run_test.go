package present

import (
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// The record of a run is told in the reader's language: what was computed, what differed and why, and whether
// ClickHouse shows it now.
func TestRunIsToldInTheReadersLanguage(t *testing.T) {
	began := time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	mended := event.Run{
		Schedule: "nightly", Trigger: event.BySchedule, StartedAt: began, FinishedAt: began.Add(1500 * time.Millisecond), Basis: 7, Cells: 12, Changed: 3, ObservationsMissing: 4,
		Imbalances: []event.Imbalance{{Area: "320812", Dataset: "d", What: event.CountObservations, Lacking: 4}}, Healed: true,
		Mended:      []event.Mended{{What: event.CountObservations, Stored: 4}},
		Differences: []event.Difference{{Indicator: "gdp", Period: "2021-Q3", Why: event.ShownOtherwise, Fields: []string{"value"}, Was: "1.5", Becomes: "2.5", Unit: "亿元"}},
	}
	dry := event.Run{Trigger: event.ByManual, Cells: 12, Changed: 1, Dry: true, Imbalances: mended.Imbalances}
	broken := event.Run{Trigger: event.ByManual, Problem: "stopped at year 3"}
	checked := event.Run{Trigger: event.ByManual, Job: "close", Did: []string{"locked 2021"}}
	for _, test := range []struct {
		language Language
		run      event.Run
		want     []string
		lacks    string
	}{
		{Chinese, mended, []string{"重算（定时任务 nightly），用时 1.5s", "计算全市数 12 项，其中更正 3 项", "已补齐", "数据：补入 4 行", "2021年三季度", "与原显示不同：value", "另有 2 项未列出", "ClickHouse 现与日志一致"}, "the log"},
		{English, mended, []string{"recompute, asked for by the schedule nightly, took 1.5s", "12 totals computed, 3 of them published again", "was shown otherwise: value", "and 2 more", "shows what the log holds"}, "still"},
		{Chinese, dry, []string{"人工执行", "其中需更正 1 项", "未作任何更改"}, "仍不一致"},
		{English, broken, []string{"did not come to its end: stopped at year 3"}, "still"},
		{English, checked, []string{"close, asked for by hand", "locked 2021"}, "totals computed"},
	} {
		var out strings.Builder
		if err := (&Printer{Catalogue: &catalogue.Catalogue{}, Language: test.language, Location: time.UTC}).Run(&out, &test.run, FormatTable); err != nil {
			t.Fatal(err)
		}
		for _, want := range test.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("lacks %q:\n%s", want, out.String())
			}
		}
		if strings.Contains(out.String(), test.lacks) {
			t.Errorf("has %q:\n%s", test.lacks, out.String())
		}
	}
}
