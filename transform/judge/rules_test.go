package judge

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// past is what was accepted before, given as a table of one area's figures.
type past map[ledger.Cell]ledger.Figure

func (p past) Read(f func(moment)) { f(p) }

func (p past) buffers() *buffers { return &buffers{} }

func (p past) Basis() uint64 { return 0 }

func (p past) Figure(_ string, cell ledger.Cell) (ledger.Figure, bool) {
	return p[cell], p[cell].Counts()
}

func (p past) CellStates(_ string, rows []event.AcceptedObservation, into []ledger.CellState) {
	for i := range rows {
		into[i] = ledger.CellState{Best: p[ledger.CellOf(&rows[i])]}
	}
}

func (p past) TakenBack(string, ledger.Cell) (ledger.Figure, bool) { return ledger.Figure{}, false }

func (p past) Years(_, indicator string) (years catalogue.Years) {
	for cell := range p {
		if cell.Indicator == indicator {
			years = years.With(cell.Period.Year)
		}
	}
	return years
}

func (p past) Periods(_, indicator string, year int16) (periods catalogue.PeriodSet) {
	for cell := range p {
		if cell.Indicator == indicator && cell.Period.Year == year {
			periods |= catalogue.SetOf(cell.Period)
		}
	}
	return periods
}

func (p past) Locked(catalogue.Period) bool { return false }

func (p past) Figures() tally.Source             { return nil }
func (p past) Claims(ledger.Item) []ledger.Claim { return nil }

func (p past) ListCount(string, ledger.Cell) ledger.ListCount { return ledger.ListCount{} }

func (p past) ListedBesides(string, ledger.Cell, map[string]bool, int) []ledger.Claim { return nil }

func (past) PendingOfList(string, ledger.Cell, func(*ledger.Hold) bool) int { return 0 }
func (p past) RegisteredIn(string, ledger.Cell) []ledger.Claim              { return nil }
func (p past) ForeseeLists(ledger.Cell, []ledger.Claim) []ledger.Part       { return nil }

func judged(t *testing.T, s event.Submission, history past) judgement {
	t.Helper()
	j := checks{catalogue: fixture.Catalogue(t)}
	return j.apply(&received{
		area: s.Area, dataset: s.Dataset, submission: s,
		delivery: stream.Delivery{StoredAt: time.Date(2022, 3, 1, 0, 0, 0, 0, time.UTC)},
	}, history, nil)
}

// Every refusal says what was seen, in which column, and what to do, in both
// languages; the good row beside it is kept.
//
// Rules: validity, contradicting status, spoilt by Excel, stage backwards, city.
func TestRefusals(t *testing.T) {
	good := fixture.Figure("gdp", "2020", "100")
	with := func(o event.Observation, change func(*event.Observation)) event.Observation { change(&o); return o }
	for _, test := range []struct {
		name           string
		area           string
		row            event.Observation
		code, column   string
		seen           string
		wantZH, wantEN string
	}{
		{"unknown indicator", "901", fixture.Figure("gpd", "2021", "1"), "INDICATOR_UNKNOWN", "indicator", "gpd", `是否应为“`, `did you mean "gdp"?`},
		{"nothing like it", "901", fixture.Figure("zzzzzz", "2021", "1"), "INDICATOR_UNKNOWN", "indicator", "zzzzzz", "指标目录", "catalogue"},
		{"computed", "901", fixture.Figure("rd_intensity", "2021", "1"), "INDICATOR_COMPUTED", "indicator", "rd_intensity", "研发投入除以地区生产总值", "R&D over GDP"},
		{"city only", "901", fixture.Figure("contribution", "2021", "58"), "INDICATOR_CITY_ONLY", "indicator", "contribution", "市级直接填报", "by the city itself"},
		{"not measured yet", "901", fixture.Figure("visits", "2020", "1"), "INDICATOR_NOT_VALID", "period", "2020", "有效期 2021-01-01 – …", "valid 2021-01-01 – …"},
		{"bad period", "901", fixture.Figure("gdp", "21", "1"), "PERIOD_INVALID", "period", "21", "2021年三季度", "2021-Q3"},
		{"period of another dataset", "901", fixture.Figure("gdp", "2021-06", "1"), "PERIOD_NOT_IN_DATASET", "period", "2021-06", "只报年度（如 2021年）", "takes years (2021), "},
		{"future", "901", fixture.Figure("gdp", "2023", "1"), "PERIOD_FUTURE", "period", "2023", "尚未开始", "has not begun"},
		{"area of another time", "904", fixture.Figure("gdp", "2021", "1"), "AREA_NOT_VALID", "period", "2021", "不存在", "does not exist"},
		{"stage", "901", with(good, func(o *event.Observation) { o.Stage = "fnal" }), "STAGE_UNKNOWN", "stage", "fnal", "年报", "final"},
		{"status", "901", with(good, func(o *event.Observation) { o.Status = "X" }), "STATUS_UNKNOWN", "status", "X", "缺失", "missing"},
		{"qualifier", "901", with(good, func(o *event.Observation) { o.Qualifier = "ca." }), "QUALIFIER_UNKNOWN", "qualifier", "ca.", "近", "below"},
		{"unit", "901", with(good, func(o *event.Observation) { o.Unit = "家" }), "UNIT_MISMATCH", "unit", "家", "亿元", "亿元"},
		{"escape in the note", "901", with(good, func(o *event.Observation) { o.Note = "a\x1b[2Jb" }), "TEXT_CONTROL", "note", `"a\x1b[2Jb"`, "U+001B", "U+001B"},
		{"turned note", "901", with(good, func(o *event.Observation) { o.Note = "a\u202eb" }), "TEXT_CONTROL", "note", `"a\u202eb"`, "控制字符", "take it out"},
		{"two units", "901", with(fixture.Figure("gdp", "2021", "5家"), func(o *event.Observation) { o.Unit = "亿元" }), "UNIT_CONFLICT", "unit", "5家", "不一致", "contradicts"},
		{"words", "901", fixture.Figure("gdp", "2021", "约五十"), "VALUE_NOT_A_NUMBER", "value", "约五十", "不是数字", "not a number"},
		{"scientific", "901", fixture.Figure("gdp", "2021", "3.20812E+05"), "VALUE_SCIENTIFIC", "value", "3.20812E+05", "科学计数法", "scientific notation"},
		{"date", "901", fixture.Figure("gdp", "2021", "2021-03-05"), "VALUE_DATE", "value", "2021-03-05", "日期", "is a date"},
		{"Excel error", "901", fixture.Figure("gdp", "2021", "#REF!"), "VALUE_EXCEL_ERROR", "value", "#REF!", "错误值", "Excel error"},
		{"too long", "901", fixture.Figure("gdp", "2021", "1234567890123456789"), "VALUE_TOO_LONG", "value", "1234567890123456789", "位数过多", "too many digits"},
		{"out of range", "901", fixture.Figure("enterprises", "2021", "100001"), "VALUE_OUT_OF_RANGE", "value", "100001", "应在 0 家 至 100000 家 之间", "between 0 and 100000"},
		{"missing with a value", "901", with(good, func(o *event.Observation) { o.Period, o.Status = "2021", "O" }), "STATUS_CONTRADICTS_VALUE", "status", "100", "缺失", "missing"},
		{"missing for a reason, with a value", "901", with(good, func(o *event.Observation) { o.Status = "m" }), "STATUS_CONTRADICTS_VALUE", "status", "100", "缺失", "missing"},
		{"normal without a value", "901", with(good, func(o *event.Observation) { o.Value, o.Status = "", "A" }), "STATUS_CONTRADICTS_VALUE", "status", "", "却没有数值", "no value"},
		{"imputed with a dash", "901", with(good, func(o *event.Observation) { o.Value, o.Status = "—", "I" }), "STATUS_CONTRADICTS_VALUE", "status", "—", "却没有数值", "no value"},
		{"unknown action", "901", with(good, func(o *event.Observation) { o.Action = "R" }), "ACTION_UNKNOWN", "action", "R", "撤回", "withdraw"},
		{"withdrawal of a value", "901", with(good, func(o *event.Observation) { o.Action = "D" }), "ACTION_CONTRADICTS_VALUE", "action", "100", "撤回", "withdraws"},
		{"malformed", "901", event.Observation{Malformed: "gdp;2021;1", Problem: "want 3 fields, got 1"}, "ROW_MALFORMED", "", "gdp;2021;1", "无法读取", "cannot be read"},
		{"of another area", "901", event.Observation{Malformed: "902 gdp 2021 1", Problem: "other", Foreign: "902"}, "AREA_OTHER", "area", "902 gdp 2021 1", "乙区的数据", "leave it to that area"},
		{"stage backwards", "901", with(fixture.Figure("rd", "2020", "5"), func(o *event.Observation) { o.Stage = "estimate" }), "STAGE_BACKWARDS", "stage", "estimate", "不能退回", "cannot go back"},
	} {
		t.Run(test.name, func(t *testing.T) {
			severity, effect := event.Reject, isRefused
			if test.row.Foreign != "" { // passed over: the counts are of the area's own rows
				severity, effect = event.Inform, isSilent
			}
			test.row.Row = 7
			rows := []event.Observation{test.row}
			if test.area == "901" {
				rows = append(rows, fixture.Figure("enterprises", "2020", "5"))
			}
			history := past{{Indicator: "rd", Period: fixture.Period("2020")}: {Stage: catalogue.Final, Status: catalogue.Normal, Value: catalogue.Value{Coefficient: 3}}}
			result := judged(t, fixture.From(test.area, rows...), history)
			if len(result.accepted) != len(rows)-1 || len(result.findings) != 1 {
				t.Fatalf("accepted %d rows with findings %+v; want one finding and the other row kept", len(result.accepted), result.findings)
			}
			f := result.findings[0]
			if f.Code != test.code || f.Column != test.column || f.Seen != test.seen || f.Row != 7 || f.Severity != severity || result.effects.of[effect].count != 1 {
				t.Errorf("finding = %+v, or its effect\nwant %s in column %q of row 7, seen %q", f, test.code, test.column, test.seen)
			}
			if !strings.Contains(f.MessageZH, test.wantZH) || !strings.Contains(f.MessageEN, test.wantEN) {
				t.Errorf("messages:\n  %s\n  %s\nwant them to contain %q and %q", f.MessageZH, f.MessageEN, test.wantZH, test.wantEN)
			}
		})
	}
}

// What is wrong with a submission as a whole rejects all of it.
func TestWholeSubmissionRefused(t *testing.T) {
	row := fixture.Figure("gdp", "2021", "1")
	for _, test := range []struct {
		name    string
		subject [2]string
		body    event.Submission
		code    string
	}{
		{"unknown area", [2]string{"999", "annual"}, event.Submission{Area: "999", Dataset: "annual", Observations: []event.Observation{row}}, "AREA_UNKNOWN"},
		{"unknown dataset", [2]string{"901", "weekly"}, event.Submission{Area: "901", Dataset: "weekly", Observations: []event.Observation{row}}, "DATASET_UNKNOWN"},
		{"another area's subject", [2]string{"901", "annual"}, event.Submission{Area: "902", Dataset: "annual", Observations: []event.Observation{row}}, "SUBJECT_MISMATCH"},
		{"another dataset's subject", [2]string{"901", "annual"}, event.Submission{Area: "901", Dataset: "monthly", Observations: []event.Observation{row}}, "SUBJECT_MISMATCH"},
		{"empty", [2]string{"901", "annual"}, event.Submission{Area: "901", Dataset: "annual"}, "SUBMISSION_EMPTY"},
	} {
		t.Run(test.name, func(t *testing.T) {
			j := checks{catalogue: fixture.Catalogue(t)}
			result := j.apply(&received{area: test.subject[0], dataset: test.subject[1], submission: test.body}, past{}, nil)
			if len(result.accepted) != 0 || len(result.findings) != 1 || result.findings[0].Code != test.code || result.findings[0].Row != 0 {
				t.Errorf("judgement = %+v; want %s on row 0", result, test.code)
			}
		})
	}
}

func TestDuplicateCells(t *testing.T) {
	rows := []event.Observation{fixture.Figure("gdp", "2021", "1"), fixture.Figure("gdp", "2021", "1.0"), fixture.Figure("rd", "2021", "1"), fixture.Figure("rd", "2021", "2"), fixture.Figure("enterprises", "2021", "3")}
	result := judged(t, fixture.From("901", rows...), past{})
	var kept []string
	for _, o := range result.accepted {
		kept = append(kept, o.Indicator)
	}
	if !slices.Equal(kept, []string{"gdp", "enterprises"}) {
		t.Errorf("kept %v; want the first of the equal rows and none of those that differ", kept)
	}
	var codes []string
	for _, f := range result.findings {
		codes = append(codes, f.Code)
	}
	if !slices.Equal(codes, []string{"CELL_REPEATED", "CELL_CONTRADICTED", "CELL_CONTRADICTED"}) {
		t.Errorf("findings %v", codes)
	}
	if seen := []string{result.findings[1].Seen, result.findings[2].Seen}; slices.Contains(seen, "rd") || seen[0] == seen[1] {
		t.Errorf("contradicted rows show %v, want the two figures", seen)
	}
	if !strings.Contains(result.findings[1].MessageEN, "rows 3, 4") {
		t.Errorf("message %q does not name rows 3 and 4", result.findings[1].MessageEN)
	}
}

// Repeated cells are found whether or not the rows are in order.
func TestDuplicatesInOrder(t *testing.T) {
	for _, test := range []struct {
		name    string
		periods []string
		kept    int
	}{
		{"ascending", []string{"2019", "2020", "2021"}, 3},
		{"equal neighbours", []string{"2019", "2020", "2020"}, 2},
		{"descending", []string{"2021", "2020", "2019"}, 3},
		{"equal apart", []string{"2020", "2021", "2020"}, 2},
		{"with a refused row between", []string{"2020", "soon", "2020"}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var rows []event.Observation
			for _, period := range test.periods {
				rows = append(rows, fixture.Figure("gdp", period, "1"))
			}
			if result := judged(t, fixture.From("901", rows...), past{}); len(result.accepted) != test.kept {
				t.Errorf("kept %d rows, want %d: %+v", len(result.accepted), test.kept, result.findings)
			}
		})
	}
}

// What is accepted is exact, in the indicator's unit, with what the reporter
// wrote kept beside it.
//
// Rules: exact, nothing invented.
func TestAcceptedRows(t *testing.T) {
	for _, test := range []struct {
		name  string
		row   event.Observation
		value string
		raw   string
		want  event.AcceptedObservation
	}{
		{"plain", event.Observation{Value: "100"}, "100", "", event.AcceptedObservation{Status: catalogue.Normal}},
		{"unit in its column", event.Observation{Value: "12345.67", Unit: "万元"}, "1.234567", "12345.67万元", event.AcceptedObservation{Status: catalogue.Normal}},
		{"unit behind the number", event.Observation{Value: "60亿元"}, "60", "60亿元", event.AcceptedObservation{Status: catalogue.Normal}},
		{"qualifier and thousands", event.Observation{Value: "近１,２３４"}, "1234", "近１,２３４", event.AcceptedObservation{Status: catalogue.Normal, Qualifier: catalogue.Below}},
		{"missing by status", event.Observation{Status: "o"}, "0", "", event.AcceptedObservation{Status: catalogue.Missing}},
		{"a dash and the status", event.Observation{Value: "-", Status: "O"}, "0", "", event.AcceptedObservation{Status: catalogue.Missing}},
		{"missing, with why", event.Observation{Status: "M"}, "0", "M", event.AcceptedObservation{Status: catalogue.Missing}},
		{"the unit behind the number alone is told", event.Observation{Value: "2850000万元", Unit: "亿元"}, "285", "2850000万元", event.AcceptedObservation{Status: catalogue.Normal}},
		{"zero is zero", event.Observation{Value: "0"}, "0", "", event.AcceptedObservation{Status: catalogue.Normal}},
		{"imputed", event.Observation{Value: "5", Status: "I"}, "5", "", event.AcceptedObservation{Status: catalogue.Imputed}},
		{"forecast of a future year", event.Observation{Value: "5", Stage: "预测", Period: "2023"}, "5", "", event.AcceptedObservation{Status: catalogue.Normal, Stage: catalogue.Forecast}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.row.Indicator = "gdp"
			if test.row.Period == "" {
				test.row.Period = "2021"
			}
			if test.want.Stage == 0 {
				test.want.Stage = catalogue.Final
			}
			result := judged(t, fixture.From("901", test.row), past{})
			if len(result.accepted) != 1 {
				t.Fatalf("findings %+v; want the row accepted", result.findings)
			}
			got := result.accepted[0]
			if got.Value.String() != test.value || got.Raw != test.raw || got.Status != test.want.Status || got.Qualifier != test.want.Qualifier || got.Stage != test.want.Stage || got.Unit != "亿元" {
				t.Errorf("accepted %+v; want value %s, raw %q, %+v", got, test.value, test.raw, test.want)
			}
		})
	}
}

// The city's time zone decides when a period begins and ends, to the second.
//
// Rules: zone of the city.
func TestPeriodsBeginAndEndInTheCity(t *testing.T) {
	at := func(text string) time.Time {
		instant, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return instant
	}
	for _, test := range []struct {
		zone, received, period, stage string
		code                          string // "" is accepted
	}{
		{"Asia/Shanghai", "2021-12-31T15:59:59Z", "2022", "estimate", "PERIOD_FUTURE"},
		{"Asia/Shanghai", "2021-12-31T16:00:00Z", "2022", "estimate", ""}, // midnight in Shanghai
		{"Asia/Shanghai", "2021-12-31T23:59:00Z", "2022", "estimate", ""}, // 07:59 in Shanghai, where UTC has 2021
		{"Asia/Shanghai", "2021-12-31T15:59:59Z", "2021", "final", "PERIOD_NOT_ENDED"},
		{"Asia/Shanghai", "2021-12-31T15:59:59Z", "2021", "", "PERIOD_NOT_ENDED"}, // the dataset's own stage is final
		{"Asia/Shanghai", "2021-12-31T15:59:59Z", "2021", "flash", ""},
		{"Asia/Shanghai", "2021-12-31T16:00:00Z", "2021", "final", ""},
		{"Asia/Shanghai", "2021-12-31T16:00:00Z", "2023", "forecast", ""},
		{"Asia/Shanghai", "2021-12-31T16:00:00Z", "2023", "final", "PERIOD_FUTURE"},
		{"America/New_York", "2022-01-01T04:59:59Z", "2022", "estimate", "PERIOD_FUTURE"},
		{"America/New_York", "2022-01-01T04:59:59Z", "2021", "final", "PERIOD_NOT_ENDED"},
		{"America/New_York", "2022-01-01T05:00:00Z", "2021", "final", ""},
	} {
		o := fixture.Figure("gdp", test.period, "1")
		o.Stage = test.stage
		j := checks{catalogue: fixture.CatalogueWith(t, "time_zone: "+test.zone+"\n")}
		result := j.apply(&received{
			area: "901", dataset: "annual", submission: fixture.From("901", o), delivery: stream.Delivery{StoredAt: at(test.received)},
		}, past{}, nil)
		code := ""
		if len(result.findings) > 0 {
			code = result.findings[0].Code
		}
		if code != test.code || (code == "") != (len(result.accepted) == 1) {
			t.Errorf("%s in %s, %s %q: %q, accepted %d; want %q", test.received, test.zone, test.period, test.stage, code, len(result.accepted), test.code)
		}
	}
}
