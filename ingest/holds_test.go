package ingest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
	"github.com/citytally/citytally/transform"
	"github.com/citytally/citytally/transform/rules"
)

// holdRules hold what is ten times the year before, until the district explains it, and what is
// a hundred times, until the bureau decides.
const holdRules = `rules:
  - id: tenfold
    severity: hold
    released_by: district
    expression: value > year_before * 10
    message_zh: "{value} 是上年 {year_before} 的十倍"
    message_en: "{value} is ten times {year_before}"
    pass: [{value: "5", year_before: "1"}]
    fail: [{value: "11", year_before: "1"}]
  - id: hundredfold
    severity: hold
    expression: value > year_before * 100
    message_zh: "{value} 是上年 {year_before} 的百倍"
    message_en: "{value} is a hundred times {year_before}"
    pass: [{value: "5", year_before: "1"}]
    fail: [{value: "101", year_before: "1"}]
`

// holding runs the stage that judges, with holdRules.
func (h *house) holding() {
	h.t.Helper()
	cat, err := catalogue.Parse([]byte(catalogueText))
	check(h.t, err)
	set, err := rules.Parse("rules", []byte(holdRules), cat)
	check(h.t, err)
	h.transform(transform.WithRules(set))
}

// reports has an area report a figure of a year, and returns the receipt with its verdict.
func (h *house) reports(area, year, value string) ingest.Receipt {
	h.t.Helper()
	r := h.do("POST", "/v1/submissions", area, map[string]string{"Prefer": "wait=30"}, strings.ReplaceAll(figure(area, value), "2021", year)).receipt(h.t)
	if r.Verdict == nil {
		h.t.Fatalf("no verdict on %s of %s", value, area)
	}
	return r
}

// total returns the city's total of 2021.
func (h *house) total() inquiry.Total {
	h.t.Helper()
	var told inquiry.Totals
	if h.into("/v1/totals?period=2021", "*", &told); len(told.Totals) == 0 {
		return inquiry.Total{}
	}
	return told.Totals[0].Total
}

// held returns what the list of held figures has for an area's token.
func (h *house) held(area, query string) (ids []string) {
	h.t.Helper()
	var page ingest.Holds
	h.into("/v1/holds?"+query, area, &page)
	for _, hold := range page.Holds {
		ids = append(ids, hold.ID)
	}
	return ids
}

// A district explains what is held of its own, and the bureau decides; the total says what it
// would be, and follows. Hostile first: others' figures, what nobody may write, the same again.
func TestHeldFiguresOverHTTP(t *testing.T) {
	h := open(t)
	h.holding()
	for _, area := range []string{"320812", "320804"} {
		h.reports(area, "2020", "10")
		h.reports(area, "2021", "20")
	}
	odd := h.reports("320812", "2021", "150")
	if odd.Status != "held" || odd.Verdict.Held != 1 {
		t.Fatalf("150 after 10: %+v", odd.Verdict)
	}
	id := fmt.Sprintf("%d.1", odd.Sequence)
	if total := h.total(); total.Value != "40" || total.Held == nil || total.Held.Value != "170" || !slices.Equal(total.Held.Holds, []string{id}) {
		t.Errorf("the total while 150 is held: %+v", total)
	}
	explanations, decisions := "/v1/submissions/"+odd.ID+"/explanations", "/v1/submissions/"+odd.ID+"/decisions"
	other := h.reports("320804", "2021", "2000")
	before := h.stored(stream.Accepted)
	release := `{"decision":"release","reason":"x"}`
	for _, test := range []struct {
		name, area, path, body, code string
		status                       int
	}{
		{"another area explains", "320804", explanations, `{"text":"x"}`, "HOLD_UNKNOWN", 404},
		{"another area explains by id", "320804", "/v1/submissions/" + other.ID + "/explanations", `{"text":"x","holds":["` + id + `"]}`, "HOLD_UNKNOWN", 404},
		{"another area releases", "320804", decisions, release, "HOLD_NOT_YOURS", 403},
		{"the district releases", "320812", decisions, release, "HOLD_NOT_YOURS", 403},
		{"the district refuses", "320812", decisions, `{"decision":"refuse","reason":"x"}`, "HOLD_NOT_YOURS", 403},
		{"a decision that is an explanation", "320812", decisions, `{"decision":"explain","reason":"x"}`, "HOLD_DECISION", 422},
		{"nothing said", "320812", explanations, `{"text":" \n"}`, "HOLD_TEXT", 422},
		{"too much said", "320812", explanations, `{"text":"` + strings.Repeat("长", 1400) + `"}`, "HOLD_TEXT", 422},
		{"control characters", "320812", explanations, `{"text":"a\u001b[2Jb"}`, "HOLD_TEXT", 422},
		{"turned writing", "320812", explanations, `{"text":"a\u202eb"}`, "HOLD_TEXT", 422},
		{"a body without end", "320812", explanations, `{"text":"` + strings.Repeat("x", 1<<17) + `"}`, "", 413},
		{"no JSON", "320812", explanations, `text=x`, "MALFORMED", 400},
		{"a member twice", "320812", explanations, `{"text":"x","text":"y"}`, "MALFORMED", 400},
		{"a member that is not known", "320812", explanations, `{"text":"x","area":"320804"}`, "MALFORMED", 400},
		{"no such figure", "320812", explanations, `{"text":"x","holds":["1.1"]}`, "HOLD_UNKNOWN", 404},
		{"no id", "320812", explanations, `{"text":"x","holds":["\u001b[2J"]}`, "HOLD_UNKNOWN", 404},
		{"no such submission", "320812", "/v1/submissions/[2J/explanations", `{"text":"x"}`, "HOLD_UNKNOWN", 404},
		{"control characters", "320812", "/v1/submissions/%1b%5b2J/explanations", `{"text":"x"}`, "", 400},
	} {
		a := h.do("POST", test.path, test.area, asJSON, test.body)
		problem := a.problem(t)
		if a.status != test.status || problem.DetailZH == "" || test.code != "" && (len(problem.Errors) != 1 || problem.Errors[0].Code != test.code) || len(a.body) > 2000 {
			t.Errorf("%s: want %d %s, got %d %.600s", test.name, test.status, test.code, a.status, a.body)
		}
	}
	if a := h.do("POST", explanations, "320812", map[string]string{"Content-Type": "text/plain"}, `{"text":"x"}`); a.status != http.StatusUnsupportedMediaType {
		t.Errorf("as plain text: %d %s", a.status, a.body)
	}
	for path, status := range map[string]int{
		"/v1/holds?area=320804": 403, "/v1/holds?area=9": 422, "/v1/holds?state=odd": 400, "/v1/holds?before=x": 400, "/v1/holds?limit=101": 400, "/v1/holds?period=never": 422,
		"/v1/holds?indicator=x": 422, "/v1/holds?dataset=x": 422, "/v1/holds/x": 404, "/v1/holds/" + fmt.Sprintf("%d.1", other.Sequence): 404,
	} {
		if a := h.do("GET", path, "320812", nil, ""); a.status != status || a.problem(t).DetailZH == "" {
			t.Errorf("%s: want %d, got %d %s", path, status, a.status, a.body)
		}
	}
	if after := h.stored(stream.Accepted); after != before {
		t.Fatalf("ACCEPTED grew from %d to %d", before, after)
	}

	// Then the honest one: the district explains, which releases what the rule leaves to it.
	district := h.client("320812")
	said := ingest.Explanation{Text: "新并入三家企业\n口径未变"}
	for again := range 2 { // the same again changes nothing
		told, err := district.Explain(soon(t), odd.ID, said)
		check(t, err)
		if again > 0 {
			check(t, json.Unmarshal(h.do("POST", explanations, "320812", asJSON, `{"text":"新并入三家企业\n口径未变","holds":["`+id+`"]}`).body, &told))
		}
		if len(told.Holds) != 1 || told.Holds[0].State != "released" || len(told.Holds[0].Explanations) != 1 || told.Holds[0].Explanations[0].Text != said.Text {
			t.Fatalf("explained: %+v", told)
		}
	}
	if after := h.stored(stream.Accepted); after != before+1 {
		t.Errorf("two equal explanations make %d messages", after-before)
	}
	if total := h.total(); total.Value != "170" || total.Held.Value != "2150" {
		t.Errorf("the total after the explanation: %+v", total)
	}

	// What the bureau alone releases stays held; of its clerks the first is heard.
	_, err := h.client("320804").Explain(soon(t), other.ID, ingest.Explanation{Text: "统计口径调整"})
	check(t, err)
	if ids := h.held("*", ""); len(ids) != 1 || h.total().Value != "170" {
		t.Errorf("held after the explanation: %v", ids)
	}
	h.decidedByTheFirst(other)
	hold, err := h.client("320804").Hold(soon(t), fmt.Sprintf("%d.1", other.Sequence))
	check(t, err)
	if hold.Decision == nil || len(hold.Explanations) != 1 || len(hold.Findings) != 2 || len(hold.Findings[0].Values) == 0 || hold.InForce == nil {
		t.Errorf("the figure afterwards: %+v", hold)
	}
	if total := h.total(); total.Held != nil || total.Value != map[string]string{"released": "2150", "refused": "170"}[hold.State] {
		t.Errorf("the total in the end: %+v", total)
	}
}

// What the bureau corrects for an area stands: the area's old file does not bring its figure
// back, and a new one waits for the bureau.
func TestACorrectionStandsOverHTTP(t *testing.T) {
	h := open(t)
	h.holding()
	h.reports("320812", "2021", "110")
	corrected := h.do("POST", "/v1/submissions", "*", map[string]string{"Prefer": "wait=30"}, figure("320812", "120")).receipt(t)
	for _, header := range []string{"", "k-1"} { // with a key of its own it is another submission
		a := h.do("POST", "/v1/submissions", "320812", map[string]string{"Prefer": "wait=30", "Idempotency-Key": header}, figure("320812", "110")).receipt(t)
		if v := a.Verdict; v == nil || v.CountOf(event.Superseded) != 1 || len(v.Findings) != 1 || v.Findings[0].Code != "CORRECTED_BY_BUREAU" || !strings.Contains(v.Findings[0].MessageZH, corrected.ID) {
			t.Errorf("the old file: %+v", v)
		}
	}
	anew := h.reports("320812", "2021", "130")
	if total := h.total(); anew.Status != "held" || anew.Verdict.Findings[0].Code != "OVER_CORRECTION" || total.Value != "120" || total.Held.Value != "130" {
		t.Errorf("a new figure: %+v, total %+v", anew.Verdict, total)
	}
	if _, err := h.client("*").DecideHeld(soon(t), anew.ID, ingest.HoldDecision{Decision: event.ReleaseHeld, Reason: "核实"}); err != nil || h.total().Value != "130" {
		t.Errorf("released: %v, total %+v", err, h.total())
	}
	var history inquiry.History
	h.into("/v1/figures/hnte_valid/2021", "320812", &history)
	if v := history.Vintages; len(v) != 3 || v[0].OnBehalf || !v[1].OnBehalf || v[2].OnBehalf {
		t.Errorf("history: %+v", v)
	}
}

// decidedByTheFirst has several clerks decide about a submission at once, half of them each way.
// The first is heard, and the others are told what was decided.
func (h *house) decidedByTheFirst(r ingest.Receipt) {
	h.t.Helper()
	cat, err := catalogue.Parse([]byte(catalogueText))
	check(h.t, err)
	const clerks = 4
	secrets := make([]string, clerks)
	for i := range secrets {
		secrets[i], _, err = token.Create(h.t.Context(), h.log, cat, token.Holder{Area: token.AnyArea, Role: token.Bureau, Name: fmt.Sprintf("clerk %d", i)},
			event.Person{Name: "clerk", Role: event.RoleOperator, Way: event.WayLocal}, time.Now())
		check(h.t, err)
		h.eventually("the clerk's token is known", func() bool {
			return h.do("GET", "/v1/areas", "", map[string]string{"Authorization": "Bearer " + secrets[i]}, "").status == http.StatusOK
		})
	}
	var heard, late []string
	var mu sync.Mutex
	var running sync.WaitGroup
	for i, secret := range secrets {
		running.Go(func() {
			c := h.client("*")
			c.Token = secret
			decision := []event.DecisionKind{event.ReleaseHeld, event.RefuseHeld}[i%2]
			_, err := c.DecideHeld(soon(h.t), r.ID, ingest.HoldDecision{Decision: decision, Reason: "checked"})
			mu.Lock()
			defer mu.Unlock()
			problem, refused := errors.AsType[*ingest.Problem](err)
			switch {
			case err == nil:
				heard = append(heard, secret)
				again := h.do("POST", "/v1/submissions/"+r.ID+"/decisions", "", map[string]string{"Authorization": "Bearer " + secret}, fmt.Sprintf(`{"decision":%q,"reason":"checked"}`, decision))
				if again.status != http.StatusOK {
					h.t.Errorf("the same decision again: %d %s", again.status, again.body)
				}
			case refused && problem.Status == http.StatusConflict && problem.Errors[0].Code == "HOLD_DECIDED":
				late = append(late, secret)
			default:
				h.t.Errorf("a clerk is told %v", err)
			}
		})
	}
	running.Wait()
	if len(heard) != 1 || len(late) != clerks-1 {
		h.t.Errorf("%d clerks were heard and %d told of it", len(heard), len(late))
	}
}

// The list goes from page to page, each figure once, and takes filters.
func TestListOfHeldFigures(t *testing.T) {
	h := open(t)
	h.holding()
	h.reports("320812", "2020", "1")
	h.reports("320804", "2020", "1")
	var want []string
	for i := range 5 {
		r := h.reports("320812", "2021", fmt.Sprint(200+i))
		want = append([]string{fmt.Sprintf("%d.1", r.Sequence)}, want...)
	}
	other := h.reports("320804", "2021", "300")
	var got []string
	for next := "/v1/holds?state=all&limit=2"; next != ""; {
		var page ingest.Holds
		h.into(next, "320812", &page)
		for _, hold := range page.Holds {
			got = append(got, hold.ID)
		}
		if next = page.Next; len(got) > len(want) {
			t.Fatal("the pages do not end")
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("want %v, got %v", want, got)
	}
	for query, n := range map[string]int{"": 1, "state=superseded": 4, "state=released": 0, "indicator=hnte_valid&period=2021": 1, "period=2020": 0, "dataset=sti-annual": 1, "submission=" + other.ID: 0} {
		if ids := h.held("320812", query); len(ids) != n {
			t.Errorf("%s: %v, want %d", query, ids, n)
		}
	}
	if all := h.held("*", "submission="+other.ID); len(all) != 1 || len(h.held("*", "")) != 2 || len(h.held("*", "area=320812")) != 1 {
		t.Errorf("for the bureau: %v", all)
	}
	var hold inquiry.Hold
	check(t, json.Unmarshal(h.do("GET", "/v1/holds/"+want[0], "320812", nil, "").body, &hold))
	if hold.State != "pending" || hold.Value != "204" || hold.Releaser != event.ByBureau {
		t.Errorf("%+v", hold)
	}
}

// A receipt says what has become of what was held: while it waits, when it was released, refused or
// superseded, and of the same sent again. The verdict stays as it was.
func TestReceiptFollowsWhatWasHeld(t *testing.T) {
	h := open(t)
	h.holding()
	h.reports("320812", "2020", "10")
	receipt := func(id string) (r ingest.Receipt) {
		h.t.Helper()
		h.into("/v1/submissions/"+id, "320812", &r)
		return r
	}
	decide := func(id, decision string) {
		h.t.Helper()
		if a := h.do("POST", "/v1/submissions/"+id+"/decisions", "*", asJSON, `{"decision":"`+decision+`","reason":"已核实"}`); a.status != http.StatusOK {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	listed := func(status string) (ids []string) {
		h.t.Helper()
		var page ingest.Submissions
		h.into("/v1/submissions?status="+status, "320812", &page)
		for _, r := range page.Submissions {
			ids = append(ids, r.ID)
		}
		return ids
	}
	refused := h.reports("320812", "2021", "2000")
	if r := receipt(refused.ID); r.Status != "held" || *r.Held != (inquiry.Standing{Pending: 1}) || !slices.Equal(listed("held"), []string{refused.ID}) {
		t.Errorf("while it is held: %+v, %v", r.Held, listed("held"))
	}
	decide(refused.ID, "refuse")
	if r := receipt(refused.ID); r.Status != "rejected" || *r.Held != (inquiry.Standing{Refused: 1}) || r.Verdict.Outcome != event.AllHeld || !slices.Equal(listed("rejected"), []string{refused.ID}) {
		t.Errorf("refused: %s %+v %v", r.Status, r.Held, listed("rejected"))
	}
	book, err := excelize.OpenReader(bytes.NewReader(h.do("GET", "/v1/submissions/"+refused.ID+"?format=xlsx", "320812", nil, "").body))
	check(t, err)
	t.Cleanup(func() { check(t, book.Close()) })
	for cell, want := range map[string]string{"A1": "未采用", "B1": "0/1", "G3": "核实后已退回 · bureau · 已核实"} {
		if got, err := book.GetCellValue("审核结果", cell); err != nil || got != want {
			t.Errorf("workbook: %s is %q, want %q (%v)", cell, got, want, err)
		}
	}
	released := h.reports("320812", "2021", "3000")
	decide(released.ID, "release")
	r := receipt(released.ID)
	if r.Status != "accepted" || *r.Held != (inquiry.Standing{Released: 1}) || r.Counting() != 1 {
		t.Errorf("released: %s %+v", r.Status, r.Held)
	}
	if a := h.do("POST", "/v1/submissions", "320812", map[string]string{"Prefer": "wait=30"}, figure("320812", "3000")).receipt(t); !a.Repeated || a.Status != "accepted" || a.Held == nil || a.Held.Released != 1 {
		t.Errorf("the released one sent again: %+v", a)
	}
	waiting := h.reports("320812", "2022", "1000000")
	again := h.do("POST", "/v1/submissions", "320812", map[string]string{"Prefer": "wait=30", "Idempotency-Key": "other"}, strings.ReplaceAll(figure("320812", "1000000"), "2021", "2022")).receipt(t)
	if again.ID == waiting.ID || again.Status != "held" || again.Held == nil || again.Held.Pending != 1 || again.Verdict.Findings[0].Hold != fmt.Sprintf("%d.1", waiting.Sequence) {
		t.Fatalf("the same figure in another submission: %+v", again)
	}
	h.reports("320812", "2022", "3500")
	for _, id := range []string{waiting.ID, again.ID} {
		if r := receipt(id); r.Status != "rejected" || *r.Held != (inquiry.Standing{Superseded: 1}) {
			t.Errorf("superseded: %s %+v", r.Status, r.Held)
		}
	}
	for _, status := range []string{"pending", "Accepted"} {
		if a := h.do("GET", "/v1/submissions?status="+status, "320812", nil, ""); a.status != http.StatusBadRequest {
			t.Errorf("status %s: %d", status, a.status)
		}
	}
	if a := h.do("GET", "/v1/submissions?dataset=none", "320812", nil, ""); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a dataset that is not known: %d", a.status)
	}
}
