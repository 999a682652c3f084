package event_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

var update = flag.Bool("update", false, "write golden files that do not exist yet")

// Every layout that any version has written is read for ever. Each file in testdata is an
// event as some version wrote it. A file is never changed, and the newest layout of an
// event is written to the same bytes as before. A new layout gets a new file, and so does
// an event with a new field, which an event without it leaves out.
func TestGoldenEvents(t *testing.T) {
	at := time.Date(2022, 1, 31, 8, 0, 0, 123_000_000, time.UTC)
	submission := event.Submission{
		Area: "320812", Dataset: "sti-annual", Reason: "corrected", File: "年报.csv",
		Observations: []event.Observation{
			{Indicator: "hnte_valid", Period: "2021", Value: "0.10", Unit: "家", Stage: "estimate", Status: "A", Qualifier: "近", Note: "修订", Row: 2},
			{Malformed: "a,b", Problem: "two fields", Row: 3},
		},
	}
	verdict := event.Verdict{
		Submission: "00112233445566778899aabbccddeeff", Area: "320812", Dataset: "sti-annual", Outcome: event.Partial, Repeated: true,
		Sequence: 300, AcceptedSequence: 200, ReceivedAt: at, DecidedAt: at.Add(time.Second), Via: "http", By: "清江浦区", File: "年报.csv",
		Rows: 2, Accepted: 1, RejectedRows: 1, Catalogue: "0123456789ab",
		Findings: []event.Finding{{Code: "ROW_MALFORMED", Severity: event.Reject, Row: 3, Column: "value", Indicator: "i", Period: "2021", Seen: "a,b", MessageZH: "无法读取", MessageEN: "cannot be read"}},
	}
	placed := event.Submission{
		Area: "320812", Dataset: "sti-annual", File: "年报.xlsx", Sheet: "表 1", Columns: map[string]string{"indicator": "A"},
		Observations: []event.Observation{{Indicator: "hnte_valid", Period: "2021", Value: "0.10", Row: 4, Cell: "C4"}},
	}
	placedVerdict := verdict
	placedVerdict.Findings = []event.Finding{{Code: "ROW_MALFORMED", Severity: event.Reject, Row: 4, Cell: "'表 1'!C4", Seen: "a", MessageZH: "无法读取", MessageEN: "cannot be read"}}
	command := event.Command{ID: "nightly.2022-01-31T08:00:00Z", Schedule: "nightly", Trigger: event.BySchedule, Slot: at, Period: "2021", Indicator: "hnte_valid"}
	run := event.Run{
		ID: command.ID, Schedule: "nightly", Trigger: event.BySchedule, Slot: at, StartedAt: at, FinishedAt: at.Add(time.Minute),
		Period: "2021", Indicator: "hnte_valid", Basis: 200, Catalogue: "0123456789ab", Cells: 8, Changed: 1, ObservationsMissing: 2, Problem: "gave up",
	}
	dead := event.DeadLetter{
		Stage: "sink", Stream: "ACCEPTED", Sequence: 7, Subject: "accepted.320812.sti-annual", StoredAt: at, DiedAt: at.Add(time.Hour),
		Error: "decode event: want layout version 1", Body: []byte{2, 0xff, '\n'},
	}
	reopened := event.AcceptedSubmission{ID: verdict.Submission, Area: "320812", Dataset: "sti-annual", Sequence: 301, ReceivedAt: at.UnixMilli()}
	reopened.Add(event.AcceptedObservation{Indicator: "gdp", Unit: "亿元", Period: catalogue.Period{Year: 2021, Kind: catalogue.Year}, Value: catalogue.Value{Coefficient: 905, Scale: 1}, Stage: catalogue.Estimate, Status: catalogue.Normal, Row: 2, Epoch: 1})
	decisions := &event.AcceptedBatch{
		Submissions: []event.AcceptedSubmission{reopened},
		Decisions: []event.Decision{
			{Kind: event.Lock, Period: "2021", Reason: "公报已发布", By: "bureau", At: at.UnixMilli()},
			{Kind: event.Reopen, Period: "2021", Indicator: "gdp", Area: "320812", Reason: "重新核算", By: "bureau", At: at.UnixMilli()},
		},
	}
	clerk := event.Person{Name: "clerk", Role: event.RoleOperator, Way: event.WayLocal}
	byClerk := &event.AcceptedBatch{Decisions: []event.Decision{
		{Kind: event.Lock, Period: "2021", Reason: "公报已发布", By: clerk.Name, At: at.UnixMilli(), Person: clerk},
	}}
	revoked := &event.AcceptedBatch{Decisions: []event.Decision{
		{Kind: event.RevokeToken, Area: "320812", Token: strings.Repeat("0f", 32), Reason: "调离", By: clerk.Name, At: at.UnixMilli(), Person: clerk},
	}}
	adopted := &event.AcceptedBatch{Decisions: []event.Decision{
		{Kind: event.Adopt, Reason: "2022年报表制度", By: clerk.Name, At: at.UnixMilli(), Catalogue: "city: \"320800\"\n", Person: clerk},
	}}
	ruled := &event.AcceptedBatch{Decisions: []event.Decision{
		{Kind: event.AdoptRules, Reason: "阈值调整", By: clerk.Name, At: at.UnixMilli(), Rules: "rules: []\n", Person: clerk},
	}}
	manual := event.Run{ID: "manual.x", Schedule: "manual", Trigger: event.ByManual, StartedAt: at, FinishedAt: at, Person: clerk}
	bounded := event.Command{ID: "manual.y", Schedule: "manual", Trigger: event.ByManual, Period: "2019", Until: "2021-06", Area: "320812", Catalogue: "0123456789ab", Full: true, Person: clerk}
	healed := event.Run{
		ID: "weekly.2022-01-31T08:00:00Z", Schedule: "weekly", Job: "recompute", Trigger: event.BySchedule, Slot: at, StartedAt: at, FinishedAt: at.Add(time.Minute),
		Period: "2019", Until: "2021-06", Area: "320812", Full: true, Basis: 200, Catalogue: "0123456789ab", Cells: 8, Healed: true,
		Imbalances: []event.Imbalance{{Area: "320812", Dataset: "sti-annual", What: event.CountObservations, Indicator: "gdp", Period: "2021", Lacking: 1}},
		Mended:     []event.Mended{{What: event.CountObservations, Stored: 2, Removed: 1, Detached: 1}}, Did: []string{"locked 2021"}, Problem: "conservation was violated",
	}
	withdrawal := event.AcceptedSubmission{
		ID: verdict.Submission, Area: "320812", Dataset: "sti-annual", Sequence: 302, ReceivedAt: at.UnixMilli(), Key: "k-1", Content: "ffeeddccbbaa99887766554433221100",
	}
	withdrawal.Add(event.AcceptedObservation{Indicator: "gdp", Unit: "亿元", Period: catalogue.Period{Year: 2021, Kind: catalogue.Year}, Stage: catalogue.Final, Status: catalogue.Withdrawn, Row: 2})
	withdrawn := &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{withdrawal}}
	lacking := exampleRelease("公报-2021")
	lacking.Absent = []string{"gdp", "rd"}
	again := event.Submission{
		Area: "320812", Dataset: "sti-annual", Key: "k-1", Again: true,
		Observations: []event.Observation{{Indicator: "gdp", Period: "2021", Action: "D", Row: 2}},
	}
	effects := verdict
	effects.Silent, effects.AssumedStage, effects.ChangesOmitted = 1, "final", 3
	effects.Effects = []event.RowEffect{{Effect: event.New, Count: 2, Rows: "2-3"}, {Effect: event.Changed, Count: 1, Rows: "5"}}
	effects.Changes = []event.Change{{
		Row: 5, Indicator: "gdp", Period: "2021", Effect: event.Changed, Submission: verdict.Submission, Sequence: 200,
		From: &event.Said{Stage: "flash", Status: "O"}, To: &event.Said{Value: "90.5", Stage: "final", Qualifier: "below"},
	}}
	listed := event.AcceptedSubmission{ID: verdict.Submission, Area: "320831", Dataset: "hnte-list", Sequence: 303, ReceivedAt: at.UnixMilli()}
	for row, e := range []event.ListedEntity{
		{Code: "91350100M000100Y43", Name: "示例企业", From: 20191205, To: 20221204, Registered: "320812", Since: 301},
		{Code: "91000000X000000010", Name: "合成样例", Registered: "320831"}, {Code: "91000000X000000023", Name: "合成样例"},
	} {
		listed.Add(event.AcceptedObservation{
			Indicator: "hnte_valid", Unit: "家", Period: catalogue.Period{Year: 2021, Kind: catalogue.Year}, Value: catalogue.Value{Coefficient: 1},
			Stage: catalogue.Final, Status: catalogue.Normal, Row: row + 2, Entity: &e,
		})
	}
	lists := &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{listed}}
	roster := event.Submission{Area: "320831", Dataset: "hnte-list", Observations: []event.Observation{{Indicator: "hnte_valid", Period: "2021", Row: 2, Listing: &event.Listing{
		Entity: "91350100M000100Y43", EntityName: "示例企业", ValidFrom: "2019-12-05", ValidTo: "2022", RegisteredArea: "清江浦区",
	}}}}
	derived := exampleTotals()
	derived.Totals[0].Inputs = event.NewInputs(
		event.Input{Area: "320812", Indicator: "hnte_valid", Value: catalogue.Value{Coefficient: 120}, Stage: catalogue.Estimate, Sequence: 300},
		event.Input{Area: "320813", Indicator: "hnte_valid", Value: catalogue.Value{Coefficient: 12}, Stage: catalogue.Estimate, Sequence: 301, Qualifier: catalogue.About},
		event.Input{Area: "320826", Indicator: "hnte_valid", Value: catalogue.Value{Coefficient: -5, Scale: 1}, Stage: catalogue.Final, Sequence: 302,
			Period: catalogue.Period{Year: 2021, Kind: catalogue.Quarter, Index: 1}, Subtracted: true},
		event.Input{Area: "320826", Indicator: "gdp", Value: catalogue.Value{Coefficient: 1}, Stage: catalogue.Final, Sequence: 302},
	)
	withheld := exampleTotals()
	withheld.Totals[0].ChangeQualifier, withheld.Totals[0].ChangeAreas = "above", []string{"320812"}
	withheld.Totals[0].Carried, withheld.Totals[0].Flags = []string{"320804"}, []string{event.Overflow}
	held := event.AcceptedSubmission{ID: verdict.Submission, Area: "320812", Dataset: "sti-annual", Sequence: 303, ReceivedAt: at.UnixMilli()}
	figure := event.AcceptedObservation{Indicator: "gdp", Unit: "亿元", Period: catalogue.Period{Year: 2021, Kind: catalogue.Year}, Value: catalogue.Value{Coefficient: 8134100}, Stage: catalogue.Final, Status: catalogue.Normal, Row: 2}
	held.Held = []event.HeldRow{event.NewHeldRow(&figure, []event.Finding{{
		Code: "UNIT_SLIP", Rule: "unit_slip", MessageZH: "疑似单位有误", MessageEN: "another unit", Values: []event.SeenValue{{Name: "value", Value: "8134100"}}, ReleasedBy: event.ByDistrict,
	}})}
	holding := &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{held}}
	district := event.Person{Name: "清江浦区", Role: "district", Way: event.WayToken}
	released := event.AcceptedSubmission{ID: held.ID, Area: held.Area, Dataset: held.Dataset, Sequence: held.Sequence, ReceivedAt: at.UnixMilli(), Released: true}
	released.Add(figure)
	releasing := &event.AcceptedBatch{
		Submissions: []event.AcceptedSubmission{released},
		Decisions: []event.Decision{
			{Kind: event.ExplainHeld, Area: held.Area, Submission: held.ID, Sequence: 303, Rows: []uint32{2}, Reason: "并入", By: district.Name, At: at.UnixMilli(), Person: district},
			{Kind: event.ReleaseHeld, Area: held.Area, Submission: held.ID, Sequence: 303, Rows: []uint32{2}, Reason: "核实", By: clerk.Name, At: at.UnixMilli(), Person: clerk},
			{Kind: event.RefuseHeld, Area: held.Area, Submission: held.ID, Sequence: 303, Rows: []uint32{3}, Reason: "不实", By: clerk.Name, At: at.UnixMilli(), Person: clerk},
		},
	}
	corrected := event.AcceptedSubmission{ID: verdict.Submission, Area: "320812", Dataset: "sti-annual", Sequence: 304, ReceivedAt: at.UnixMilli(), By: "bureau", OnBehalf: true}
	corrected.Add(figure)
	correcting := &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{corrected}}
	heldList := held
	heldList.Held = nil
	for n := range 2 {
		listed := figure
		listed.Indicator, listed.Unit, listed.Value, listed.Row = "hnte", "家", catalogue.Value{Coefficient: 1}, n+1
		listed.Entity = &event.ListedEntity{Code: fmt.Sprintf("91320812MA000000%dX", n), Name: "某企业", From: 20200101, To: 20221231, Registered: "320804", Since: 12}
		heldList.Held = append(heldList.Held, event.NewHeldRow(&listed, []event.Finding{{Code: "LARGE_CHANGE", Rule: "large_change", MessageZH: "变动大", MessageEN: "large", ReleasedBy: event.ByDistrict}}))
	}
	heldList.Held[1].Entity.Registered, heldList.Held[1].Entity.From = "", 0
	holdingList := &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{heldList}}
	heldVerdict := verdict
	heldVerdict.Outcome, heldVerdict.Repeated, heldVerdict.Accepted, heldVerdict.Held = event.AllHeld, false, 0, 1
	heldVerdict.Effects = []event.RowEffect{{Effect: event.Held, Count: 1, Rows: "2"}}
	heldVerdict.Findings = []event.Finding{{Code: "UNIT_SLIP", Severity: event.Hold, Row: 2, Seen: "8134100", Rule: "unit_slip", ReleasedBy: event.ByDistrict}}
	part := again
	part.Again, part.Part = false, &event.Part{Number: 2, Of: 3, Content: verdict.Submission}
	partVerdict := verdict
	partVerdict.Part = part.Part
	withHeld := exampleTotals()
	withHeld.Totals[0].Held = &event.TotalWithHeld{Holds: []string{"303.2"}, Areas: []string{"320812"}, Value: "8134100", Change: "1000000.5"}
	qualified := exampleTotals()
	qualified.Totals[0].Held = &event.TotalWithHeld{Holds: []string{"303.2"}, Areas: []string{"320812"}, Value: "8134100", Change: "1.5", Qualifier: "below", ChangeQualifier: "about"}
	for _, event := range []struct {
		file   string
		want   any
		encode func() ([]byte, error)
		decode func([]byte) (any, error)
	}{
		{"accepted.v1.cbor", exampleAccepted(t), nil, func(b []byte) (any, error) { return event.DecodeAccepted(b) }},
		{"decisions.v1.cbor", decisions, nil, func(b []byte) (any, error) { return event.DecodeAccepted(b) }},
		{"totals.v1.cbor", exampleTotals(), nil, func(b []byte) (any, error) { return event.DecodeTotals(b) }},
		{"accepted.v2.cbor", exampleAccepted(t), nil, func(b []byte) (any, error) { return event.DecodeAccepted(b) }},
		{"decisions.v2.cbor", decisions, nil, func(b []byte) (any, error) { return event.DecodeAccepted(b) }},
		{"accepted.v3.cbor", exampleAccepted(t), func() ([]byte, error) { return event.EncodeAccepted(exampleAccepted(t)) },
			func(b []byte) (any, error) { return event.DecodeAccepted(b) }},
		{"decisions.v3.cbor", decisions, func() ([]byte, error) { return event.EncodeAccepted(decisions) },
			func(b []byte) (any, error) { return event.DecodeAccepted(b) }},
		{"adopted.v4.cbor", adopted, func() ([]byte, error) { return event.EncodeAccepted(adopted) },
			func(b []byte) (any, error) { return event.DecodeAccepted(b) }},
		{"rules.v7.cbor", ruled, func() ([]byte, error) { return event.EncodeAccepted(ruled) },
			func(b []byte) (any, error) { return event.DecodeAccepted(b) }},
		{"accepted.v5.lists.cbor", lists, func() ([]byte, error) { return event.EncodeAccepted(lists) },
			func(b []byte) (any, error) { return event.DecodeAccepted(b) }},
		{"submission.v1.list.json", roster, asJSON(roster), func(b []byte) (any, error) { return event.DecodeSubmission(b) }},
		{"accepted.v3.withdrawn.cbor", withdrawn, func() ([]byte, error) { return event.EncodeAccepted(withdrawn) },
			func(b []byte) (any, error) { return event.DecodeAccepted(b) }},
		{"held.v6.cbor", holding, func() ([]byte, error) { return event.EncodeAccepted(holding) },
			func(b []byte) (any, error) { return event.DecodeAccepted(b) }},
		{"released.v6.cbor", releasing, func() ([]byte, error) { return event.EncodeAccepted(releasing) },
			func(b []byte) (any, error) { return event.DecodeAccepted(b) }},
		{"held.v9.lists.cbor", holdingList, func() ([]byte, error) { return event.EncodeAccepted(holdingList) },
			func(b []byte) (any, error) { return event.DecodeAccepted(b) }},
		{"corrected.v8.cbor", correcting, func() ([]byte, error) { return event.EncodeAccepted(correcting) },
			func(b []byte) (any, error) { return event.DecodeAccepted(b) }},
		{"verdict.v1.held.json", heldVerdict, asJSON(heldVerdict), fromJSON[event.Verdict]},
		{"verdict.v1.part.json", partVerdict, asJSON(partVerdict), fromJSON[event.Verdict]},
		{"totals.v2.cbor", exampleTotals(), nil, func(b []byte) (any, error) { return event.DecodeTotals(b) }},
		{"totals.v3.cbor", derived, func() ([]byte, error) { return event.EncodeTotals(derived) },
			func(b []byte) (any, error) { return event.DecodeTotals(b) }},
		{"totals.v3.withheld.cbor", withheld, func() ([]byte, error) { return event.EncodeTotals(withheld) },
			func(b []byte) (any, error) { return event.DecodeTotals(b) }},
		{"totals.v3.held.cbor", withHeld, func() ([]byte, error) { return event.EncodeTotals(withHeld) },
			func(b []byte) (any, error) { return event.DecodeTotals(b) }},
		{"totals.v3.qualified.cbor", qualified, func() ([]byte, error) { return event.EncodeTotals(qualified) },
			func(b []byte) (any, error) { return event.DecodeTotals(b) }},
		{"submission.v1.json", submission, asJSON(submission), func(b []byte) (any, error) { return event.DecodeSubmission(b) }},
		{"submission.v1.again.json", again, asJSON(again), func(b []byte) (any, error) { return event.DecodeSubmission(b) }},
		{"submission.v1.part.json", part, asJSON(part), func(b []byte) (any, error) { return event.DecodeSubmission(b) }},
		{"verdict.v1.json", verdict, asJSON(verdict), fromJSON[event.Verdict]},
		{"submission-places.v1.json", placed, asJSON(placed), func(b []byte) (any, error) { return event.DecodeSubmission(b) }},
		{"verdict-places.v1.json", placedVerdict, asJSON(placedVerdict), fromJSON[event.Verdict]},
		{"verdict.v1.effects.json", effects, asJSON(effects), fromJSON[event.Verdict]},
		{"command.v1.json", command, asJSON(command), fromJSON[event.Command]},
		{"run.v1.json", run, asJSON(run), fromJSON[event.Run]},
		{"run-person.v1.json", manual, asJSON(manual), fromJSON[event.Run]},
		{"run-healed.v1.json", healed, asJSON(healed), fromJSON[event.Run]},
		{"command-bounds.v1.json", bounded, asJSON(bounded), fromJSON[event.Command]},
		{"decisions-person.v2.cbor", byClerk, nil, func(b []byte) (any, error) { return event.DecodeAccepted(b) }},
		{"decisions-person.v3.cbor", byClerk, func() ([]byte, error) { return event.EncodeAccepted(byClerk) },
			func(b []byte) (any, error) { return event.DecodeAccepted(b) }},
		{"revoked.v3.cbor", revoked, func() ([]byte, error) { return event.EncodeAccepted(revoked) },
			func(b []byte) (any, error) { return event.DecodeAccepted(b) }},
		{"dead.v1.json", dead, asJSON(dead), fromJSON[event.DeadLetter]},
		{"release.v1.zst", exampleRelease("公报-2021"), nil, func(b []byte) (any, error) { return event.DecodeRelease(b) }},
		{"release.v2.zst", exampleRelease("公报-2021"), nil, func(b []byte) (any, error) { return event.DecodeRelease(b) }},
		{"release.v3.absent.zst", lacking, func() ([]byte, error) { return event.EncodeRelease(lacking) },
			func(b []byte) (any, error) { return event.DecodeRelease(b) }},
		{"release.v3.zst", exampleRelease("公报-2021"), func() ([]byte, error) { return event.EncodeRelease(exampleRelease("公报-2021")) },
			func(b []byte) (any, error) { return event.DecodeRelease(b) }},
	} {
		t.Run(event.file, func(t *testing.T) {
			path := filepath.Join("testdata", event.file)
			old, err := os.ReadFile(path)
			if *update && os.IsNotExist(err) {
				old, err = event.encode()
				check(t, err)
				err = os.WriteFile(path, old, 0o644)
			}
			check(t, err)
			got, err := event.decode(old)
			check(t, err)
			if diff := cmp.Diff(event.want, got, cmp.Transformer("figures", figures)); diff != "" {
				t.Errorf("an event of old is read otherwise (-want +got)\n%s", diff)
			}
			if event.encode == nil {
				return // a layout that is only read
			}
			now, err := event.encode()
			check(t, err)
			if strings.HasSuffix(event.file, ".zst") {
				old, now = unpacked(t, old), unpacked(t, now) // the same text may be packed in more than one way
			}
			if diff := cmp.Diff(string(old), string(now)); diff != "" {
				t.Errorf("the same event is written otherwise; programs of the last version read it during an upgrade\n%s", diff)
			}
		})
	}
}

// figures reads inputs, which each layout writes differently.
func figures(in event.Inputs) []event.Input {
	all, err := in.All()
	if err != nil {
		panic(err)
	}
	return all
}

func unpacked(t testing.TB, body []byte) []byte {
	t.Helper()
	z, err := zstd.NewReader(nil)
	check(t, err)
	defer z.Close()
	body, err = z.DecodeAll(body, nil)
	check(t, err)
	return body
}

func asJSON(v any) func() ([]byte, error) { return func() ([]byte, error) { return json.Marshal(v) } }

func fromJSON[T any](body []byte) (any, error) {
	var v T
	err := json.Unmarshal(body, &v)
	return v, err
}

// The id of a submission is part of many later events, so its computation never changes.
func TestGoldenSubmissionID(t *testing.T) {
	body, err := os.ReadFile("testdata/submission.v1.json")
	check(t, err)
	s, err := event.DecodeSubmission(body)
	check(t, err)
	const want = "711ba0a12793724856d0339c50ebbdbc"
	if got := s.ID(); got != want {
		t.Errorf("id = %s, want %s", got, want)
	}
}
