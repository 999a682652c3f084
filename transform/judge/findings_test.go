package judge

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally/tallytest"
)

var (
	codesInSource = regexp.MustCompile(`(?:reject|hold|inform)\("([A-Z_]+)"`)
	aside         = regexp.MustCompile(`“[^”]*”|\d{4}-\d\d-\d\d`) // what the reporter wrote, and days
	idInZH        = regexp.MustCompile(`[a-z][a-z_]+|\d{4}-(?:\d\d\b|[SQ]\d|YTD)`)
)

// Every finding speaks to people in their own language: no id of the catalogue, name of a field or
// code of a period or stage stands in a Chinese sentence, but for what the reporter wrote.
func TestFindingsAreInTheReadersLanguage(t *testing.T) {
	c := fixture.Catalogue(t)
	r := &checks{catalogue: c}
	indicator := func(id string) *catalogue.Indicator { i, _ := c.Indicator(id); return i }
	area, _ := c.Area("901")
	annual, _ := c.Dataset("annual")
	period := fixture.Period("2021")
	o := &event.AcceptedObservation{Indicator: "gdp", Period: fixture.Period("2021-YTD06"), Stage: catalogue.Estimate, Value: catalogue.Value{Coefficient: 5}}
	state := &ledger.CellState{Best: ledger.Figure{Stage: catalogue.Final, Status: catalogue.Normal, Value: catalogue.Value{Coefficient: 7}}}
	held := &ledger.Hold{Cell: ledger.CellOf(o), Releaser: event.ByBureau, Decision: &ledger.Statement{Text: "有误", Person: event.Person{Name: "王某"}}}
	held.Figure = state.Best
	moved := &movedTotal{cell: ledger.Cell{Indicator: "rd_intensity", Period: period}, before: &event.Total{Value: "1"}, after: &event.Total{Value: "1", ChangeReason: "BASE_MISSING"}}
	entity := &event.ListedEntity{Code: tallytest.EntityCode(1), Name: "某企业", From: 20210101, To: 20201231}
	listing := *o
	listing.Entity = entity
	reported := event.Observation{Value: "5", Status: "m"}
	findings := []*event.Finding{
		malformed(&event.Observation{Malformed: "x", ProblemZH: "列数不符", Problem: "wrong"}), r.areaOther(&event.Observation{Malformed: "乙区,5", Foreign: "320804"}),
		r.computedIndicator(indicator("rd_intensity")), r.otherDataset(indicator("rd"), annual), cityOnly(indicator("contribution"), area), districtsOnly(indicator("gdp"), area),
		otherPeriod(fixture.Period("2021-YTD09"), annual), futurePeriod(fixture.Period("2023-Q1")), finalTooEarly(period, true), finalTooEarly(period, false),
		areaNotValid(area, fixture.Period("2021-S1")), indicatorNotValid(indicator("visits"), fixture.Period("2020-12")), statusContradictsValue('M', "5"), statusContradictsValue('A', ""),
		actionUnknown("R"), actionContradictsValue(&reported), r.nothingToWithdraw(o), r.staysInForce(o, state), r.superseded(o, state), keyReused("k"),
		outOfRange(indicator("gdp"), catalogue.Value{Coefficient: -5}), outOfRange(indicator("enterprises"), catalogue.Value{Coefficient: 1e6}),
		r.repeatedItem(ledger.ItemOf(o), []int{2, 3, 4}, 12, true), r.repeatedItem(ledger.ItemOf(o), []int{2, 3}, 2, false), r.stageBackwards(o, &state.Best), notAcceptedThen(), verdictLost(),
		r.periodLocked(o), r.totalLocked(o, moved), r.heldByLock(o, period), r.stillHeld(o, held), r.heldSuperseded(o, held), r.heldStays(o, held), r.supersededByHeld(o, held, true), heldRefused(held), r.refusedBefore(o, held),
		r.unknownArea("320812"), r.unknownDataset("weekly"), subjectMismatch("dataset", "monthly", "annual"), nothingReported(), tooLarge(9, 8),
		controlCharacter("valid_from", "a\x1bb"), textTooLong("registered_area", "x", 0), unknownIndicator("gpd"),
		listTakesNoFigure(indicator("enterprises"), "5"), withdrawEntity('O'), entityNameMissing(""), validityReversed(entity), registeredAreaUnknown("某县"), r.notOfFigures(annual),
		notValidThen(entity, period, 20211231), r.claimedTwice(&listing, []ledger.Claim{{Area: "902"}}, "901"), listGoesFirst("value", "5", period, 4),
		r.registeredElsewhere(&event.ListedEntity{Code: entity.Code, Name: entity.Name, Registered: "902"}), r.listedByOthers(indicator("enterprises"), period, []ledger.Claim{{Area: "902", Figure: ledger.Figure{Entity: entity}}}),
		listLeavesOut(period, 2, []ledger.Claim{{Figure: ledger.Figure{Entity: entity}}}),
	}
	for column, err := range map[string]error{
		"indicator": c.UnknownIndicator("gpd"), "stage": second(catalogue.ParseStage("fnal")), "status": second(catalogue.ParseStatus("OK")), "qualifier": second(catalogue.ParseQualifier("ca")),
		"period": second(catalogue.ReadPeriod("soon", 0)), "value": second(catalogue.ParseValue("many")), "unit": second(indicator("gdp").ReadFigure("5", "家", "")), "valid_to": second(catalogue.ParseDay("三年", true)),
		"entity": second(catalogue.ParseEntityCode("91000000X0000000IO")),
	} {
		if _, ok := errors.AsType[*catalogue.Problem](err); !ok {
			t.Errorf("%s: %v is no problem", column, err)
		}
		findings = append(findings, rejectProblem(column, err))
	}
	told := map[string]bool{
		"SUBMISSION_UNREADABLE": true, // shows the JSON that it wants
		"UNREADABLE":            true,
	}
	for _, f := range findings {
		told[f.Code] = true
		if id := idInZH.FindString(aside.ReplaceAllString(f.MessageZH, "")); id != "" {
			t.Errorf("%s: %q in %s", f.Code, id, f.MessageZH)
		}
		if strings.Contains(f.MessageEN, "_") {
			t.Errorf("%s: an id in %s", f.Code, f.MessageEN)
		}
	}
	for _, file := range []string{"findings.go", "findings_held.go", "findings_list.go", "findings_submission.go", "suggestions.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range codesInSource.FindAllStringSubmatch(string(source), -1) {
			if !told[m[1]] {
				t.Errorf("%s of %s is not tried here", m[1], file)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }
