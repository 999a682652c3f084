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

// Rules: stage left out.
func TestReceiptInWords(t *testing.T) {
	receipt := &ingest.Receipt{ID: "5f", Area: "320812", Dataset: "sti-annual", File: "f.csv", Rows: 3, Status: ingest.Received}
	judged := *receipt
	judged.Status, judged.Repeated = string(event.Partial), true
	judged.Verdict = &event.Verdict{Outcome: event.Partial, Rows: 3, Accepted: 2, Silent: 1, AssumedStage: "final",
		Effects: []event.RowEffect{{Effect: event.New, Count: 1}, {Effect: event.Changed, Count: 1}},
		Changes: []event.Change{{Row: 2, Indicator: "gdp", Period: "2021", Effect: event.Changed, Submission: "4e",
			From: &event.Said{Status: "O", Stage: "flash"}, To: &event.Said{Value: "87", Stage: "final", Qualifier: "below"}}},
		Findings: []event.Finding{
			{Row: 3, Column: "value", Seen: strings.Repeat("九", 100), MessageZH: "不是数字", MessageEN: "not a number"},
		}}
	placed := judged
	placed.Understood = &decode.Understanding{ZH: "Excel 工作簿。", EN: "Excel workbook.", Notes: []event.Finding{{MessageZH: "未读", MessageEN: "passed over"}}}
	placed.Verdict = &event.Verdict{Outcome: event.Partial, FindingsOmitted: 12, Findings: []event.Finding{{Row: 4, Cell: "表1!C4", Column: "value", Seen: "12O", MessageZH: "字母 O", MessageEN: "letter O"}}}
	decided := *receipt
	decided.Status, decided.Held = string(event.Partial), &inquiry.Standing{Pending: 1, Released: 1, Refused: 1}
	decided.Verdict = &event.Verdict{Outcome: event.Partial, Rows: 4, Accepted: 1, Held: 3, Effects: []event.RowEffect{{Effect: event.New, Count: 1}, {Effect: event.Held, Count: 3}}}
	said := &inquiry.Statement{Text: "按发票核实", Person: event.Person{Name: "王统计"}}
	decided.Life = &ingest.Life{Stage: ingest.LifeReceived, Holds: []inquiry.Hold{
		{ID: "7.4", State: "pending", Indicator: "gdp", Period: "2021", Said: event.Said{Value: "9", Stage: "flash"}, Releaser: event.ByDistrict},
		{ID: "7.3", State: "refused", Indicator: "gdp", Period: "2020", Said: event.Said{Status: "O", Stage: "flash"}, Decision: said},
	}}
	for _, test := range []struct {
		receipt *ingest.Receipt
		lang    Language
		want    []string
	}{
		{receipt, English, []string{"f.csv → 320812 sti-annual  received, not judged yet, 3 rows  5f\n"}},
		{receipt, Chinese, []string{"f.csv → 320812 sti-annual  已收到，尚未审核，共 3 行  5f\n"}},
		{&judged, English, []string{"partly accepted, 2 of 3 rows (same content as before", "--again", "  1 new, 1 changed, without a stage: taken as final\n", "gross product 2021", "no figure flash", "nearly 87 final", "4e", "3  value", "九…", "not a number"}},
		{&judged, Chinese, []string{"部分采用，采用 2 行，共 3 行（内容与先前报送相同", "--again", "  新增 1 行，更改 1 行，未填阶段的按年报\n", "地区生产总值 2021年", "无数据 快报", "近87 年报", "  数值  ", "不是数字"}},
		{&decided, English, []string{"partly accepted, 2 of 4 rows", "by now: 1 held, 1 released, 1 refused", "7.4  held", "9 flash", "an explanation", "7.3  refused", "no figure flash", "王统计", "按发票核实"}},
		{&decided, Chinese, []string{"采用 2 行，共 4 行", "至今：待核实 1 行，已采用 1 行，已退回 1 行", "7.3   已退回", "无数据 快报", "按发票核实"}},
		{&placed, English, []string{"  Excel workbook.\n  - passed over\n", "row  cell    column  seen", "4  表1!C4  value   12O   letter O", "… and 12 more\n"}},
		{&placed, Chinese, []string{"  Excel 工作簿。\n  - 未读\n", "单元格", "表1!C4", "字母 O"}},
	} {
		var out bytes.Buffer
		Receipt(&out, test.receipt, map[string]string{"gdp": test.lang.Choose("地区生产总值", "gross product")}, test.lang)
		for _, want := range test.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("want %q in:\n%s", want, out.String())
			}
		}
		if strings.Contains(out.String(), strings.Repeat("九", 30)) {
			t.Errorf("want what was seen clipped:\n%s", out.String())
		}
	}
}
