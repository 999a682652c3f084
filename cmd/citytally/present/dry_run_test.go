package present

import (
	"bytes"
	"strings"
	"testing"

	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/decode"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
)

func TestDryRunInWords(t *testing.T) {
	d := &ingest.DryRun{DryRun: true, Understood: &decode.Understanding{ZH: "工作簿。", EN: "A workbook."}, Foreseen: inquiry.Foreseen{
		Basis:    12,
		Verdicts: []event.Verdict{{Submission: "5f", Area: "320812", Dataset: "sti-annual", Outcome: event.AllAccepted, Rows: 1, Accepted: 1}},
		Totals: []inquiry.TotalChange{
			{Indicator: "gdp", Period: "2021", Unit: "亿元", From: &inquiry.Total{Value: "10", Stage: "final", Have: 1, Expected: 8},
				To: &inquiry.Total{Value: "12", Stage: "flash", Qualifier: "below", Change: "4.5678", ChangeKind: "percent", Have: 2, Expected: 8}},
			{Indicator: "rate", Period: "2021", Unit: "%", To: &inquiry.Total{Status: "O", Stage: "final", Change: "-0.5", ChangeKind: "point", Expected: 1}},
		}, TotalsOmitted: 3,
	}}
	for lang, want := range map[Language][]string{
		English: {"accepted, 1 of 1 rows", "A workbook.", "City totals that would move:", "gdp 2021", "10亿元 final  1/8", "nearly 12亿元 flash +4.57", "2/8", "none", "-0.5", "and 3 more totals", "nothing was stored; as of message 12 of ACCEPTED"},
		Chinese: {"已采用", "工作簿。", "随之变动的全市数：", "10亿元 年报  1/8", "近12亿元 快报 +4.57", "无", "另有 3 个", "未存储任何数据；以日志 ACCEPTED 第 12 条为准"},
	} {
		var out bytes.Buffer
		DryRun(&out, d, nil, lang)
		for _, text := range want {
			if !strings.Contains(out.String(), text) {
				t.Errorf("want %q in:\n%s", text, out.String())
			}
		}
	}
	var out bytes.Buffer
	DryRun(&out, &ingest.DryRun{}, nil, English)
	if !strings.Contains(out.String(), "no city total would move") {
		t.Error(out.String())
	}
}
